package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// step changes a file from one schema version to the next. It runs inside a
// transaction, and rows it writes need no slots: those are computed afterwards
// where the declaration of a table has changed (see migrate).
type step func(ctx context.Context, c *conn) error

// schema are the steps between all versions there have been: the first one
// leads from version 1 to 2.
type schema []step

// released is the schema of this program. A change of the format is one more
// step here, and a test with a file of the version before it.
func released() schema { return schema{addSummaries} }

// addSummaries makes the tables of documents anew with the column of version 2. Summaries, indexes and
// triggers are made by migrate, for the tables that are opened; the index of _id is made of all of them, because
// a table can be read whole by that.
func addSummaries(ctx context.Context, c *conn) error {
	var tables []string
	err := c.query(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%body BLOB%' ORDER BY name", nil, func(row []driver.Value) bool {
		tables = append(tables, row[0].(string))
		return true
	})
	if err != nil {
		return err
	}
	const columns = "id, created, updated, scope, ord, v0, v1, v2, v3, v4, v5, t0, t1, t2"
	for _, name := range tables {
		for _, sql := range []string{
			`CREATE TABLE v2 (
				id TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
				scope TEXT NOT NULL, ord INTEGER,
				v0 TEXT, v1 TEXT, v2 TEXT, v3 TEXT, v4 TEXT, v5 TEXT,
				t0 INTEGER, t1 INTEGER, t2 INTEGER,
				summary BLOB, body BLOB NOT NULL)`,
			fmt.Sprintf("INSERT INTO v2 (%[1]s, body) SELECT %[1]s, body FROM %[2]s ORDER BY rowid", columns, name),
			"DROP TABLE " + name,
			"ALTER TABLE v2 RENAME TO " + name,
			fmt.Sprintf("CREATE UNIQUE INDEX %[1]s_id ON %[1]s (id)", name),
			fmt.Sprintf("DELETE FROM meta WHERE name = 'index of %s'", name),
		} {
			if err := c.run(ctx, sql); err != nil {
				return err
			}
		}
	}
	return nil
}

// version is that of a file after all steps. It is written into the file; a
// higher one is refused.
func (s schema) version() int64 { return int64(len(s)) + 1 }

// upgrade takes the steps that the file lacks, all of them in one transaction:
// when one fails, or the process dies, the file is as it was.
func (s schema) upgrade(ctx context.Context, c *conn) error {
	have, err := c.number(ctx, "PRAGMA user_version")
	if err != nil || have >= s.version() {
		return err
	}
	return c.transaction(func() error {
		for v := have; v < s.version(); v++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s[v-1](ctx, c); err != nil {
				return fmt.Errorf("from schema version %d to %d: %w", v, v+1, err)
			}
		}
		return c.pragma(fmt.Sprintf("PRAGMA user_version = %d", s.version()))
	})
}
