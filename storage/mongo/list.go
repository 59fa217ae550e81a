package mongo

import (
	"context"
	"iter"

	"bcs-storage/storage"
)

// List streams from the server's cursors, one for each MongoDB collection that
// the query concerns. It is no snapshot: what is written meanwhile may or may
// not be seen.
func (e *Engine) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := e.list(ctx, c, q, func(doc []byte) bool { return yield(doc, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func (e *Engine) list(ctx context.Context, c *storage.Collection, q storage.Query, yield func([]byte) bool) error {
	if err := q.CheckAfter(c); err != nil {
		return err
	}
	parts, err := e.plan(ctx, c, q)
	if err != nil {
		return err
	}
	if q.After != "" {
		if err := behind(parts, q.After); err != nil {
			return err
		}
	}
	s := e.stream(c, q.Filter, parts, orderOf(c))
	defer s.close(ctx)
	s.page(q.Skip, q.Limit)
	s.project(q.Fields)
	var doc []byte
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		rec := r.record(c)
		doc = q.Fields.Append(doc[:0], &rec)
		if !yield(doc) {
			return nil
		}
	}
}

// behind narrows parts to the documents whose _id is greater.
func behind(parts []part, id string) error {
	if checkPart(id) != nil {
		return storage.Invalid("after", "%q is no _id", id)
	}
	for i := range parts {
		parts[i].where = allOf(exactly(is(nameID, "$gt", id)), parts[i].where)
	}
	return nil
}
