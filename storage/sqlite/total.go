package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// totalSQL makes the table of totals: how many rows a scope has in a table
// whose lists are asked for with the total of all there are. Counting them
// anew would take a look at each. Triggers keep the totals, in the transaction
// of the write.
const totalSQL = `CREATE TABLE IF NOT EXISTS total (name TEXT NOT NULL, scope TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, scope)) WITHOUT ROWID`

// totalTriggers keep the totals of the table; none where nobody asks for them.
func (t *table) totalTriggers() []string {
	if !t.newest() {
		return nil
	}
	return []string{
		fmt.Sprintf("CREATE TRIGGER %[1]s_added AFTER INSERT ON %[1]s BEGIN INSERT INTO total (name, scope, n) VALUES ('%[1]s', new.scope, 1) "+
			"ON CONFLICT (name, scope) DO UPDATE SET n = n + 1; END", t.name),
		fmt.Sprintf("CREATE TRIGGER %[1]s_removed AFTER DELETE ON %[1]s BEGIN UPDATE total SET n = n - 1 WHERE name = '%[1]s' AND scope = old.scope; END", t.name),
	}
}

// dropTotals forgets the totals.
func (t *table) dropTotals(c *conn) error {
	for _, sql := range []string{"DROP TRIGGER IF EXISTS " + t.name + "_added", "DROP TRIGGER IF EXISTS " + t.name + "_removed"} {
		if err := c.pragma(sql); err != nil {
			return err
		}
	}
	_, err := c.exec("DELETE FROM total WHERE name = ?", values(t.name)...)
	return err
}

// makeTotals counts what is there and sees to what comes.
func (t *table) makeTotals(c *conn) error {
	triggers := t.totalTriggers()
	if len(triggers) == 0 {
		return nil
	}
	if _, err := c.exec(fmt.Sprintf("INSERT INTO total SELECT '%[1]s', scope, count(*) FROM %[1]s GROUP BY scope", t.name)); err != nil {
		return err
	}
	for _, sql := range triggers {
		if err := c.pragma(sql); err != nil {
			return err
		}
	}
	return nil
}

// total is how many rows src has, where that is the total of a scope or of the table.
func (src *source) total(ctx context.Context, t *table, c *conn) (n int64, known bool, err error) {
	if !t.newest() || len(src.rest) > 0 || !src.byOrder || src.lo != "" || src.hi != nil || src.low != firstPosition || src.high != endPosition {
		return 0, false, nil
	}
	var scope []driver.Value
	sql := "SELECT coalesce(sum(n), 0) FROM total WHERE name = ?"
	switch src.index {
	case "all":
	case "order":
		sql += " AND scope = ?"
		scope = src.lead[0].args
	default:
		return 0, false, nil
	}
	n, err = c.number(ctx, sql, values(append([]driver.Value{t.name}, scope...)...)...)
	return n, true, err
}
