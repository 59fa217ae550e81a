package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"

	"bcs-storage/storage"
)

// reindexStep is how many rows are recomputed in one transaction.
const reindexStep = 500

// migrate makes the tables and brings those up to date whose declaration
// changed. It can be interrupted at any point and then starts again.
func (e *Engine) migrate(ctx context.Context, c *conn) error {
	for _, sql := range []string{metaSQL, totalSQL} {
		if err := c.pragma(sql); err != nil {
			return err
		}
	}
	stale, err := e.staleTables(ctx, c)
	if err != nil || len(stale) == 0 {
		return err
	}
	err = c.transaction(func() error {
		for _, t := range stale {
			if err := t.prepare(ctx, c); err != nil {
				return fmt.Errorf("collection %s: %w", t.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range stale {
		if err := t.recompute(ctx, c); err != nil {
			return fmt.Errorf("index collection %s: %w", t.name, err)
		}
	}
	return c.transaction(func() error {
		for _, t := range stale {
			if err := t.finish(c); err != nil {
				return fmt.Errorf("index collection %s: %w", t.name, err)
			}
		}
		return nil
	})
}

// fingerprintName is the name under which meta keeps what the table was made by.
func (t *table) fingerprintName() string { return "index of " + t.name }

func (e *Engine) staleTables(ctx context.Context, c *conn) (stale []*table, err error) {
	for _, t := range e.tables {
		have, err := c.one(ctx, "SELECT value FROM meta WHERE name = ?", values(t.fingerprintName())...)
		if err != nil {
			return nil, err
		}
		if have != t.fingerprint() {
			stale = append(stale, t)
		}
	}
	return stale, nil
}

// prepare makes the table, without the indexes and totals it may have had: a
// name may now stand for other columns. Until finish the file says of no declaration that it was made by that.
func (t *table) prepare(ctx context.Context, c *conn) error {
	if err := c.pragma(t.createSQL()); err != nil {
		return err
	}
	if _, err := c.exec("DELETE FROM meta WHERE name = ?", values(t.fingerprintName())...); err != nil {
		return err
	}
	return errors.Join(t.dropIndexes(ctx, c), t.dropTotals(c))
}

// finish makes the indexes and totals and notes by what declaration.
func (t *table) finish(c *conn) error {
	for _, ix := range t.indexes() {
		if err := c.pragma(ix.sql(t.name)); err != nil {
			return err
		}
	}
	if err := t.makeTotals(c); err != nil {
		return err
	}
	_, err := c.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		values(t.fingerprintName(), t.fingerprint())...)
	return err
}

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

// recompute fills the slot columns and the summary of all rows, a step at a time.
func (t *table) recompute(ctx context.Context, c *conn) error {
	for last, more := int64(math.MinInt64), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := last
		err := c.transaction(func() (err error) {
			next, err = t.recomputeStep(ctx, c, last)
			return err
		})
		if err != nil {
			return err
		}
		more, last = next > last, next
	}
	return nil
}

// recomputeStep does the rows behind last and says which was the last of them.
func (t *table) recomputeStep(ctx context.Context, c *conn, last int64) (int64, error) {
	update := fmt.Sprintf("UPDATE %s SET %s = ?, summary = ? WHERE rowid = ?", t.name, strings.Join(t.slotColumns(), " = ?, "))
	var updates [][]driver.NamedValue
	err := c.query(ctx, fmt.Sprintf("SELECT rowid, id, body FROM %s WHERE rowid > ? ORDER BY rowid LIMIT ?", t.name), values(last, int64(reindexStep)),
		func(row []driver.Value) bool {
			last = row[0].(int64)
			key, body := storage.ParseID(row[1].(string)), row[2].([]byte)
			slots, summary := t.derived(key, body)
			updates = append(updates, values(append(slots, summary, last)...))
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
