package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"bcs-storage/storage"
)

// Assign runs as one change of the writer.
func (e *Engine) Assign(ctx context.Context, c *storage.Collection, a storage.Assignment, now time.Time) error {
	t, err := e.table(c)
	if err != nil {
		return err
	}
	return e.writer.do(ctx, 0, true, func(conn *conn) error {
		w := assigning{t: t, conn: conn, field: a.Field, now: now}
		return w.run(ctx, a)
	})
}

// assigning is an assignment inside its transaction.
type assigning struct {
	t     *table
	conn  *conn
	field string
	now   time.Time
}

func (w *assigning) run(ctx context.Context, a storage.Assignment) error {
	if a.Exclusive {
		if err := w.takeAway(ctx, a); err != nil {
			return err
		}
	}
	for _, key := range a.Keys {
		body, err := w.body(ctx, key)
		if err != nil {
			return err
		}
		if err := w.set(key, body, a.Value); err != nil {
			return err
		}
	}
	return nil
}

// body is the body of the document with the key, or that of a new one.
func (w *assigning) body(ctx context.Context, key storage.Key) (body []byte, err error) {
	err = w.conn.query(ctx, w.t.get, values(key.ID()), func(row []driver.Value) bool {
		body = row[2].([]byte)
		return false
	})
	if body == nil {
		body = storage.NewDocument(w.t.c, key).Body
	}
	return body, err
}

func (w *assigning) set(key storage.Key, body []byte, value string) error {
	change, err := w.t.change(key, storage.WithField(body, w.field, value), w.now)
	if err != nil {
		return fmt.Errorf("assign: %w", err)
	}
	return change.put(w.conn)
}

// takeAway empties the field of every document that has the value and is not named.
func (w *assigning) takeAway(ctx context.Context, a storage.Assignment) error {
	named := map[string]bool{}
	for _, key := range a.Keys {
		named[key.ID()] = true
	}
	has := storage.OneOf(storage.Path{a.Field}, storage.String(a.Value))
	p := narrow(w.t, storage.Query{Filter: has})
	s := &stream{t: w.t, access: within(w.conn), filter: has, groups: p.groups}
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		if named[r.at.id] {
			continue
		}
		if err := w.set(storage.ParseID(r.at.id), r.body, ""); err != nil {
			return err
		}
	}
}
