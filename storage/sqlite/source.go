package sqlite

import (
	"database/sql/driver"
	"math"
	"slices"
	"strings"

	"bcs-storage/storage"
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
	// summary is what is kept beside the bodies; nil where nothing is, or where bodies are wanted.
	summary *storage.Projection
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
