package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bcs-storage/storage"
)

// Put prepares everything outside the writer.
func (e *Engine) Put(ctx context.Context, c *storage.Collection, d storage.Document, now time.Time) error {
	t, err := e.table(c)
	if err != nil {
		return err
	}
	change, err := t.change(d.Key, d.Body, now)
	if err != nil {
		return fmt.Errorf("put: %w", err)
	}
	return e.writer.do(ctx, len(d.Body), false, change.put)
}

// Delete runs as one change of the writer.
func (e *Engine) Delete(ctx context.Context, c *storage.Collection, q storage.Query) (n int64, err error) {
	t, err := e.table(c)
	if err != nil {
		return 0, err
	}
	var removed int64
	err = e.writer.do(ctx, 0, true, func(c *conn) (err error) {
		removed, err = t.deleteAll(ctx, c, q)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// within lends the connection of a transaction.
func within(c *conn) access {
	return func(_ context.Context, f func(*conn) error) error { return f(c) }
}

func (t *table) deleteAll(ctx context.Context, c *conn, q storage.Query) (total int64, err error) {
	p, err := spread(ctx, t, q, within(c))
	if err != nil {
		return 0, err
	}
	for _, g := range p.groups {
		sure, unsure := g.split()
		for i := range sure {
			n, err := sure[i].delete(t, c)
			if err != nil {
				return 0, err
			}
			total += n
		}
		n, err := t.deleteMatching(ctx, c, &stream{t: t, access: within(c), filter: q.Filter, groups: unsure, keys: true})
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// delete removes the rows of src that raise no doubt.
func (src *source) delete(t *table, c *conn) (int64, error) {
	sure := *src
	sure.rest = append(slices.Clip(src.rest), src.certain()...)
	var s statement
	s.add("DELETE")
	s.from(t, &sure)
	return c.exec(s.String(), s.args...)
}

func (t *table) deleteMatching(ctx context.Context, c *conn, s *stream) (total int64, err error) {
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return total, err
		}
		n, err := c.exec("DELETE FROM "+t.name+" WHERE rowid = ?", values(r.rowid)...)
		if err != nil {
			return 0, err
		}
		total += n
	}
}

// Trim runs as one statement.
func (e *Engine) Trim(ctx context.Context, c *storage.Collection, scope storage.Key, keep int64) (int64, error) {
	t, err := e.table(c)
	if err != nil {
		return 0, err
	}
	src := t.newestCreated(scope)
	var s statement
	s.add("DELETE FROM " + t.name + " WHERE rowid IN (SELECT rowid")
	s.from(t, &src)
	s.add(" ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?)", max(keep, 0))
	var removed int64
	err = e.writer.do(ctx, 0, false, func(c *conn) (err error) {
		removed, err = c.exec(s.String(), s.args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// newestCreated is the source of what is below key; by the index of createTime
// where there is one for it.
func (t *table) newestCreated(key storage.Key) source {
	n := narrowing{t: t}
	target := n.target(key)
	src := idRange(target.lo, target.hi)
	if len(key) == t.c.Scope {
		src.index, src.lead = "created", []cond{scopeIs(t.c, key)}
	}
	return src
}
