package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

// Write is one change of the writer, so one transaction. Everything that can
// be prepared is, before the writer sees it.
func (e *Engine) Write(ctx context.Context, c *storage.Collection, writes []storage.Write, now time.Time) []error {
	t, err := e.table(c)
	if err != nil {
		return all(len(writes), err)
	}
	b := newBulk(t, writes, now)
	if err := e.writer.do(ctx, b.size, false, b.run); err != nil {
		return all(len(writes), err)
	}
	return b.errs
}

func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// bulk are many changes on their way into one transaction.
type bulk struct {
	t       *table
	writes  []storage.Write
	changes []*change // of a removal only the id
	// order is that in which changes are made: by id, because neighbours are on
	// the same pages; those of one id as they came.
	order []int
	errs  []error // nil as long as none failed
	size  int
	// isNew guesses what the next document is by what the last one was: clusters
	// send all new ones, or all again, and the right guess saves a statement.
	isNew bool
	args  []driver.NamedValue // of the last statement, to be used again
}

func newBulk(t *table, writes []storage.Write, now time.Time) *bulk {
	b := &bulk{t: t, writes: writes, changes: make([]*change, len(writes))}
	for i := range writes {
		w := &writes[i]
		ch, err := t.changeOf(w, now)
		if err != nil {
			b.fail(i, fmt.Errorf("write: %w", err))
			continue
		}
		b.changes[i] = ch
		b.order = append(b.order, i)
		b.size += len(w.Body)
	}
	slices.SortStableFunc(b.order, func(i, j int) int { return strings.Compare(b.changes[i].id, b.changes[j].id) })
	return b
}

// changeOf prepares a write; of a removal only the id is needed.
func (t *table) changeOf(w *storage.Write, now time.Time) (*change, error) {
	if w.Body != nil {
		return t.changeTo(w.Key, w.Body, now)
	}
	if len(w.Key) != t.c.Parts {
		return nil, t.wrongKey(w.Key)
	}
	return &change{t: t, id: w.Key.ID()}, nil
}

func (b *bulk) fail(i int, err error) {
	if b.errs == nil {
		b.errs = make([]error, len(b.writes))
	}
	b.errs[i] = err
}

// run makes the changes in the writer's transaction. One that fails undoes
// itself, being one statement that writes; one that spoils the transaction
// fails them all.
func (b *bulk) run(c *conn) error {
	for _, i := range b.order {
		err := b.make(c, i)
		if err != nil && spoilsTransaction(err) {
			return err
		}
		if err != nil {
			b.fail(i, contractError("write", err))
		}
	}
	return nil
}

func (b *bulk) make(c *conn, i int) error {
	if w := &b.writes[i]; w.Body == nil {
		return b.remove(c, b.changes[i].id, w.Filter)
	}
	return b.put(c, b.changes[i])
}

func (b *bulk) put(c *conn, ch *change) error {
	if b.isNew {
		n, err := c.exec(b.t.fresh, b.inserted(ch)...)
		if n > 0 || err != nil {
			return err
		}
	}
	n, err := c.exec(b.t.touch, b.touched(ch)...)
	if b.isNew = n == 0; n > 0 || err != nil {
		return err
	}
	_, err = c.exec(b.t.put, b.inserted(ch)...)
	return err
}

func (b *bulk) remove(c *conn, id string, f storage.Filter) error {
	if f != nil {
		r := row{at: position{id: id}}
		err := c.query(background, b.t.get, values(id), func(values []driver.Value) bool {
			r.created, r.updated, r.body = values[0].(int64), values[1].(int64), values[2].([]byte)
			return false
		})
		if r.body == nil || err != nil {
			return err
		}
		if rec := r.record(b.t.c); !storage.Match(f, &rec) {
			return nil
		}
	}
	_, err := c.exec(b.t.remove, values(id)...)
	return err
}

// touched are the arguments of touchSQL.
func (b *bulk) touched(ch *change) []driver.NamedValue {
	return b.arguments(ch.slots, nil, ch.updated, ch.summary, ch.body, ch.id)
}

// inserted are the arguments of putSQL and freshSQL.
func (b *bulk) inserted(ch *change) []driver.NamedValue {
	return b.arguments(ch.slots, []driver.Value{ch.summary, ch.body}, ch.id, ch.updated, ch.updated)
}

// arguments are those of a statement, by position; valid until the next call.
func (b *bulk) arguments(slots, last []driver.Value, first ...driver.Value) []driver.NamedValue {
	b.args = b.args[:0]
	for _, part := range [][]driver.Value{first, slots, last} {
		for _, v := range part {
			b.args = append(b.args, driver.NamedValue{Ordinal: len(b.args) + 1, Value: v})
		}
	}
	return b.args
}

// freshSQL is the statement of a Put of what is probably new: as putSQL, but
// nothing happens when the id is there.
func (t *table) freshSQL() string { return t.insertSQL() + " ON CONFLICT (id) DO NOTHING" }
