package sqlite

import (
	"context"
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
func released() schema { return nil }

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
