package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"bcs-storage/storage"
)

// reindexStep is how many rows are recomputed in one transaction.
const reindexStep = 500

// migrate makes the tables and brings rows up to date whose index declaration
// changed. It can be interrupted at any point and then starts again.
func (e *Engine) migrate(ctx context.Context, c *conn) error {
	if err := c.pragma(metaSQL); err != nil {
		return err
	}
	for _, t := range e.tables {
		if err := t.migrate(ctx, c); err != nil {
			return fmt.Errorf("collection %s: %w", t.name, err)
		}
	}
	return nil
}

func (t *table) migrate(ctx context.Context, c *conn) error {
	name := "index of " + t.name
	have, err := c.one(ctx, "SELECT value FROM meta WHERE name = ?", values(name)...)
	if err != nil || have == t.fingerprint() {
		return err
	}
	create := t.createSQL()
	if err := c.pragma(create[0]); err != nil {
		return err
	}
	if err := t.dropIndexes(ctx, c); err != nil {
		return err
	}
	if err := t.recompute(ctx, c); err != nil {
		return err
	}
	for _, sql := range create[1:] {
		if err := c.pragma(sql); err != nil {
			return err
		}
	}
	_, err = c.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", values(name, t.fingerprint())...)
	return err
}

// dropIndexes drops what was made by an earlier declaration: a name may now
// stand for other columns.
func (t *table) dropIndexes(ctx context.Context, c *conn) error {
	var names []string
	err := c.query(ctx, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", values(t.name),
		func(row []driver.Value) bool {
			names = append(names, row[0].(string))
			return true
		})
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := c.pragma(fmt.Sprintf("DROP INDEX %q", name)); err != nil {
			return err
		}
	}
	return nil
}

// recompute fills the slot columns of all rows, a step at a time.
func (t *table) recompute(ctx context.Context, c *conn) error {
	for last, more := int64(-1<<63), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.pragma("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		next, err := t.recomputeStep(ctx, c, last)
		if err != nil {
			_ = c.pragma("ROLLBACK") // the step is done again at the next start
			return err
		}
		if err := c.pragma("COMMIT"); err != nil {
			return err
		}
		more, last = next > last, next
	}
	return nil
}

// recomputeStep does the rows behind last and says which was the last of them.
func (t *table) recomputeStep(ctx context.Context, c *conn, last int64) (int64, error) {
	update := fmt.Sprintf("UPDATE %s SET %s = ? WHERE rowid = ?", t.name, strings.Join(t.slotColumns(), " = ?, "))
	var updates [][]driver.NamedValue
	err := c.query(ctx, fmt.Sprintf("SELECT rowid, id, body FROM %s WHERE rowid > ? ORDER BY rowid LIMIT ?", t.name), values(last, int64(reindexStep)),
		func(row []driver.Value) bool {
			last = row[0].(int64)
			args := t.slots(storage.ParseID(row[1].(string)), row[2].([]byte))
			updates = append(updates, values(append(args, last)...))
			return true
		})
	if err != nil {
		return last, err
	}
	for _, args := range updates {
		if _, err := c.exec(update, args...); err != nil {
			return last, err
		}
	}
	return last, nil
}
