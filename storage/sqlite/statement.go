package sqlite

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
)

// statement collects SQL and its arguments.
type statement struct {
	strings.Builder
	args []driver.NamedValue
}

func (s *statement) add(sql string, args ...driver.Value) {
	s.WriteString(sql)
	for _, v := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: len(s.args) + 1, Value: v})
	}
}

// from appends the table, the index and all conditions. An index that is named
// is used, or the statement fails: no plan depends on the planner's mood.
func (s *statement) from(t *table, src *source) {
	s.add(" FROM " + t.name + " INDEXED BY " + t.name + "_" + src.index + " WHERE ")
	for _, c := range src.lead {
		s.add(c.sql+" AND ", c.args...)
	}
	for _, c := range src.rest {
		s.add(c.sql+" AND ", c.args...)
	}
	if src.byOrder {
		s.add("(ord, id) < (?, ?) AND (ord, id) >= (?, ?)", src.high.ord, src.high.id, src.low.ord, src.low.id)
		if src.lo == "" && src.hi == nil {
			return
		}
		s.add(" AND ")
	}
	hi := src.hi
	if hi == nil {
		hi = endOfIDs
	}
	s.add("id >= ? AND id < ?", src.lo, hi)
}

// order appends the order of the source's rows.
func (s *statement) order(src *source) {
	if src.byOrder {
		s.add(" ORDER BY ord DESC, id DESC")
		return
	}
	s.add(" ORDER BY id")
}

// limit appends how many rows there are at most. The sign is there because
// SQLite plans a statement with LIMIT ? anew for every value.
func (s *statement) limit(n int64) { s.add(" LIMIT +?", n) }

// place is the place of the row that has n rows of src before it; nil when
// there are not so many.
func (src *source) place(ctx context.Context, t *table, c *conn, n int64) (*position, error) {
	var s statement
	s.add("SELECT id, " + src.ord())
	s.from(t, src)
	s.order(src)
	s.add(" LIMIT 1 OFFSET ?", n)
	var at *position
	err := c.query(ctx, s.String(), s.args, func(row []driver.Value) bool {
		at = &position{id: row[0].(string)}
		at.ord, _ = row[1].(int64)
		return false
	})
	return at, err
}

// ord is the column of the order, unless the index does not have it.
func (src *source) ord() string {
	if src.byOrder {
		return "ord"
	}
	return "NULL"
}

// count is how many rows src has that raise no doubt.
func (src *source) count(ctx context.Context, t *table, c *conn) (int64, error) {
	if n, known, err := src.total(ctx, t, c); known || err != nil {
		return n, err
	}
	sure := *src
	sure.rest = append(slices.Clip(src.rest), sure.certain()...)
	var s statement
	s.add("SELECT count(*)")
	s.from(t, &sure)
	return c.number(ctx, s.String(), s.args...)
}
