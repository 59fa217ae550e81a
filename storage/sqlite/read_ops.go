package sqlite

import (
	"context"
	"database/sql/driver"
	"iter"

	"bcs-storage/storage"
)

// Get is one read by _id.
func (e *Engine) Get(ctx context.Context, c *storage.Collection, key storage.Key, filter storage.Filter, fields *storage.Projection) ([]byte, error) {
	t, err := e.table(c)
	if err != nil {
		return nil, err
	}
	r := row{at: position{id: key.ID()}}
	err = e.reads.with(ctx, func(conn *conn) error {
		return conn.query(background, t.get, values(r.at.id), func(values []driver.Value) bool {
			r.created, r.updated, r.body = values[0].(int64), values[1].(int64), values[2].([]byte)
			return false
		})
	})
	if err != nil {
		return nil, contractError("get", err)
	}
	rec := r.record(c)
	if r.body == nil || !storage.Match(filter, &rec) {
		return nil, storage.ErrNotFound
	}
	return fields.Append(make([]byte, 0, roomFor(&rec, fields)), &rec), nil
}

// roomFor is about how long the answer for a record is.
func roomFor(rec *storage.Record, fields *storage.Projection) int {
	if fields == nil {
		return len(rec.Body) + len(rec.ID) + 128
	}
	return 512
}

// stream opens the query. Rows may change while it is read.
func (e *Engine) stream(t *table, q storage.Query) *stream {
	return &stream{t: t, access: e.reads.with, filter: q.Filter, fields: q.Fields, groups: narrow(t, q).groups}
}

// List reads chunk by chunk and holds no connection while the caller is busy.
// It is no snapshot: what is written meanwhile may or may not be seen.
func (e *Engine) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := e.list(ctx, c, q, func(doc []byte) bool { return yield(doc, nil) })
		if err != nil {
			yield(nil, contractError("list", err))
		}
	}
}

func (e *Engine) list(ctx context.Context, c *storage.Collection, q storage.Query, yield func([]byte) bool) error {
	t, err := e.table(c)
	if err != nil {
		return err
	}
	if err := q.CheckAfter(c); err != nil {
		return err
	}
	s := e.stream(t, q)
	s.groups = behind(s.groups, q.After)
	if err := s.skip(ctx, q.Skip); err != nil {
		return err
	}
	var doc []byte
	for n := int64(0); q.Limit <= 0 || n < q.Limit; n++ {
		s.most = max(0, q.Limit-n)
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
	return nil
}

// Count asks SQL for the rows that need no Match and reads the others.
func (e *Engine) Count(ctx context.Context, c *storage.Collection, q storage.Query) (int64, error) {
	t, err := e.table(c)
	if err != nil {
		return 0, err
	}
	p, err := spread(ctx, t, q, e.reads.with)
	if err != nil {
		return 0, contractError("count", err)
	}
	var total int64
	for _, g := range p.groups {
		n, err := e.count(ctx, t, q.Filter, g)
		if err != nil {
			return 0, contractError("count", err)
		}
		total += n
	}
	return total, nil
}

func (e *Engine) count(ctx context.Context, t *table, filter storage.Filter, g group) (total int64, err error) {
	sure, unsure := g.split()
	for i := range sure {
		err := e.reads.with(ctx, func(c *conn) error {
			n, err := sure[i].count(ctx, t, c)
			total += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	s := &stream{t: t, access: e.reads.with, filter: filter, groups: unsure, keys: true}
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return total, err
		}
		total++
	}
}

// split parts what is read of a group, when order does not matter, into the
// sources whose rows match unless they raise a doubt, and the rest, where
// Match has to see every row.
func (g group) split() (sure []source, unsure []group) {
	sources := g.sources
	if len(g.byTime) > 0 {
		if !g.byTime[0].exact {
			return nil, []group{g}
		}
		sources = g.byTime
	}
	for _, src := range sources {
		if src.exact {
			sure = append(sure, src)
		}
		if u, ok := src.uncertain(); ok {
			unsure = append(unsure, group{sources: []source{u}})
		}
	}
	return sure, unsure
}
