package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"bcs-storage/storage"
)

// Load is one change of the writer: all records are stored, or none.
func (e *Engine) Load(ctx context.Context, c *storage.Collection, records []storage.Record) error {
	t, err := e.table(c)
	if err != nil {
		return err
	}
	if err := storage.CheckRecords(c, records); err != nil {
		return err
	}
	size, changes := 0, make([]loaded, len(records))
	for i, r := range records {
		change, err := t.change(storage.ParseID(r.ID), r.Body, r.Updated)
		if err != nil {
			return fmt.Errorf("load %s: %w", r.ID, err)
		}
		changes[i] = loaded{change, r.Created.UnixMilli()}
		size += len(r.Body)
	}
	return e.writer.do(ctx, size, true, func(conn *conn) error {
		sql := t.loadSQL()
		for _, l := range changes {
			if err := l.put(conn, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// loaded is a change that says when the document was created.
type loaded struct {
	*change
	created int64
}

// loadSQL is putSQL with createTime replaced, too.
func (t *table) loadSQL() string {
	return strings.Replace(t.putSQL(), "DO UPDATE SET ", "DO UPDATE SET created = excluded.created, ", 1)
}

func (l loaded) put(c *conn, sql string) error {
	args := make([]driver.Value, 0, 5+len(l.slots))
	args = append(append(args, l.id, l.created, l.updated), l.slots...)
	_, err := c.exec(sql, values(append(args, l.summary, l.body)...)...)
	return err
}
