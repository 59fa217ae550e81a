package sqlite

import (
	"context"
	"iter"
	"time"

	"bcs-storage/storage"
)

// Records reads in the order of _id, chunk by chunk, and holds no connection
// while the caller is busy. It is no snapshot: what is written meanwhile may or
// may not be seen.
func (e *Engine) Records(ctx context.Context, c *storage.Collection) iter.Seq2[storage.Record, error] {
	return func(yield func(storage.Record, error) bool) {
		t, err := e.table(c)
		if err == nil {
			err = t.records(ctx, e.reads.with, func(r storage.Record) bool { return yield(r, nil) })
		}
		if err != nil {
			yield(storage.Record{}, contractError("read records", err))
		}
	}
}

// records reads the whole table until yield has enough.
func (t *table) records(ctx context.Context, access access, yield func(storage.Record) bool) error {
	s := &stream{t: t, access: access, groups: []group{{sources: []source{idRange("", nil)}}}}
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		if !yield(storage.Record{ID: r.at.id, Body: r.body, Created: time.UnixMilli(r.created).UTC(), Updated: time.UnixMilli(r.updated).UTC()}) {
			return nil
		}
	}
}
