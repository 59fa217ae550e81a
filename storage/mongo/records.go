package mongo

import (
	"context"
	"iter"

	"bcs-storage/storage"
)

// Records reads one MongoDB collection after the other, each in the order of
// _id: a cursor that waits for its turn in a merge would be ended by the server.
// It is no snapshot: what is written meanwhile may or may not be seen.
func (e *Engine) Records(ctx context.Context, c *storage.Collection) iter.Seq2[storage.Record, error] {
	return func(yield func(storage.Record, error) bool) {
		if err := e.records(ctx, c, func(r storage.Record) bool { return yield(r, nil) }); err != nil {
			yield(storage.Record{}, err)
		}
	}
}

func (e *Engine) records(ctx context.Context, c *storage.Collection, yield func(storage.Record) bool) error {
	parts, err := e.plan(ctx, c, storage.Query{})
	if err != nil {
		return err
	}
	if len(parts) == 0 {
		return e.usable(ctx)
	}
	for _, p := range parts {
		more, err := e.recordsOf(ctx, c, p, yield)
		if !more || err != nil {
			return err
		}
	}
	return nil
}

// recordsOf says whether yield wants more.
func (e *Engine) recordsOf(ctx context.Context, c *storage.Collection, p part, yield func(storage.Record) bool) (more bool, err error) {
	s := e.stream(c, nil, []part{p}, byID)
	defer s.close(ctx)
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return true, err
		}
		if !yield(storage.Record{ID: r.id, Body: r.body, Created: r.created, Updated: r.updated}) {
			return false, nil
		}
	}
}
