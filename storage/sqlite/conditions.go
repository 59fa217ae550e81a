package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

// term is a part of the filter as a condition on columns.
type term struct {
	cond
	slot *slotIn // set when the condition is one on the value of a slot
	span *span   // set when it is a range of times
}

// slotIn is the condition that the value in a column is one of keys.
type slotIn struct {
	column string
	keys   []driver.Value
	// single: the path never leads to more than one value.
	single bool
}

// span is a range of a time column in milliseconds: from <= column < to.
type span struct {
	column   string
	from, to int64
	slot     bool // a row may have no time there, or many
}

const (
	earliest = noOrder + 1
	latest   = 1<<63 - 1
)

// inTerm is f as a condition; false when f has to be left to Match.
func (t *table) inTerm(ix storage.Index, f storage.In) (term, bool) {
	i := valueAt(ix, f.Path)
	if i < 0 || len(f.Values) > maxInValues || slices.ContainsFunc(f.Values, storage.Value.IsNull) {
		return term{}, false
	}
	s := &slotIn{column: fmt.Sprintf("v%d", i), single: len(f.Path) == 1 && slices.Contains(t.c.Key, f.Path[0])}
	for _, v := range f.Values {
		if key := driver.Value(slotKey(v.IndexKey())); !slices.Contains(s.keys, key) {
			s.keys = append(s.keys, key)
		}
	}
	return term{cond: s.cond(), slot: s}, true
}

func (s *slotIn) cond() cond {
	marks := slices.Repeat([]string{"?"}, len(s.keys))
	if s.single {
		return cond{sql: s.column + " IN (" + strings.Join(marks, ", ") + ")", args: s.keys}
	}
	marks = append(marks, "'*'")
	return cond{sql: s.column + " IN (" + strings.Join(marks, ", ") + ")", args: s.keys, doubt: s.column + " = '*'"}
}

// timeTerm is f as a condition; false when f has to be left to Match. exact
// says that Match is not needed for rows that raise no doubt.
func (t *table) timeTerm(ix storage.Index, f storage.TimeRange) (_ term, exact, ok bool) {
	s := &span{from: earliest, to: latest}
	switch i := timeAt(ix, f.Path); {
	case f.Path.Equal(storage.Path{storage.FieldCreateTime}):
		s.column = "created"
	case f.Path.Equal(storage.Path{storage.FieldUpdateTime}) && t.c.KeepUpdateTime:
		s.column = "updated"
	case i >= 0:
		s.column, s.slot = fmt.Sprintf("t%d", i), true
	default:
		return term{}, false, false
	}
	fromWhole, toWhole := true, true
	if !f.From.IsZero() {
		s.from, fromWhole = milliseconds(f.From, !s.slot)
	}
	if !f.To.IsZero() {
		s.to, toWhole = milliseconds(f.To, true)
	}
	// What is in a slot lost its fraction of a millisecond, the others never had one.
	return term{cond: s.cond(), span: s}, !s.slot || fromWhole && toWhole, true
}

// milliseconds is t in milliseconds, rounded up or down, and whether it is whole.
func milliseconds(t time.Time, up bool) (ms int64, whole bool) {
	ms = t.UnixMilli()
	whole = time.UnixMilli(ms).Equal(t)
	if up && !whole {
		ms++
	}
	return ms, whole
}

// only is the range without the rows that have many times.
func (s *span) only() cond {
	return cond{sql: s.column + " >= ? AND " + s.column + " < ?", args: []driver.Value{s.from, s.to}}
}

// cond is the condition that a row is in the range, or may be.
func (s *span) cond() cond {
	if !s.slot {
		return s.only()
	}
	return cond{
		sql:   fmt.Sprintf("(%[1]s >= ? AND %[1]s < ? OR %[1]s = '*')", s.column),
		args:  []driver.Value{s.from, s.to},
		doubt: s.column + " = '*'",
	}
}

// many is the condition that a row has many values or times in the column.
func many(column string) cond { return cond{sql: column + " = '*'"} }
