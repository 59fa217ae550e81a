package sqlite

import (
	"context"
	"database/sql/driver"
	"math"
	"slices"
	"strings"
)

// cond is a condition on columns. Its SQL is made of names and question marks;
// values are only ever arguments.
type cond struct {
	sql  string
	args []driver.Value
	// doubt is SQL that is true for rows that pass although they may not match;
	// empty when there are none.
	doubt string
}

// position is a place in the order of a list.
type position struct {
	ord int64
	id  string
}

// source is a range of an index: rows that come in the order of the list
// without being sorted.
type source struct {
	index string // without the table's name
	lead  []cond // conditions on the index's leading columns
	rest  []cond // conditions that are checked row by row
	// exact: rows that raise no doubt match, Match need not see them.
	exact bool
	// lo <= id < hi, nil is no end. With byOrder it is another condition.
	lo string
	hi driver.Value
	// byOrder: rows are in the order of (ord, id), latest first; low <= (ord, id) < high.
	byOrder   bool
	low, high position
}

// endOfIDs is greater than every id: SQLite orders blobs behind texts.
var endOfIDs = []byte{0}

// firstPosition and endPosition are around all that is in order.
var (
	firstPosition = position{ord: math.MinInt64}
	endPosition   = position{ord: math.MaxInt64}
)

// idRange is the source of the rows whose id is in the range.
func idRange(lo string, hi driver.Value) source {
	return source{index: "id", exact: true, lo: lo, hi: hi}
}

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

// doubt is the SQL that is true for the rows of src that Match has to see
// although src is exact; empty when there are none.
func (src *source) doubt() string {
	var doubts []string
	for _, c := range src.rest {
		if c.doubt != "" {
			doubts = append(doubts, c.doubt)
		}
	}
	return strings.Join(doubts, " OR ")
}

// sparse says whether many rows may be passed by between two that are found.
func (src *source) sparse() bool {
	return len(src.rest) > 0 || src.byOrder && (src.lo != "" || src.hi != nil)
}

// after narrows src to what comes behind the position.
func (src *source) after(p position) {
	if src.byOrder {
		src.high = p
		return
	}
	src.lo = p.id + "\x00" // the smallest id greater than it
}

// until narrows src to what comes up to the position, and the position itself.
func (src *source) until(p position) {
	if src.byOrder {
		src.low = p
		return
	}
	src.hi = p.id + "\x00"
}

// startAt narrows src to the row at the position and what comes behind it.
func (src *source) startAt(p position) {
	if src.byOrder {
		src.high = position{p.ord, p.id + "\x00"}
		return
	}
	src.lo = p.id
}

// bare is the range of the index alone, without what is checked row by row.
func (src *source) bare() source {
	b := *src
	b.rest = nil
	if b.byOrder {
		b.lo, b.hi = "", nil
	}
	return b
}

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
	sure := *src
	sure.rest = append(slices.Clip(src.rest), sure.certain()...)
	var s statement
	s.add("SELECT count(*)")
	s.from(t, &sure)
	return c.number(ctx, s.String(), s.args...)
}

// certain is the condition that a row raises no doubt.
func (src *source) certain() []cond {
	if doubt := src.doubt(); doubt != "" {
		return []cond{{sql: "NOT coalesce(" + doubt + ", 0)"}}
	}
	return nil
}

// uncertain is src without the rows that need no Match; false when none remain.
func (src *source) uncertain() (source, bool) {
	u := *src
	if !src.exact {
		return u, true
	}
	doubt := src.doubt()
	if doubt == "" {
		return u, false
	}
	u.exact = false
	u.rest = append(slices.Clip(src.rest), cond{sql: "(" + doubt + ")"})
	return u, true
}
