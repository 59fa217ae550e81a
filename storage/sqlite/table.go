package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"bcs-storage/storage"
)

// table is the SQL side of a collection.
type table struct {
	c      *storage.Collection
	limits limits
	name   string
	values int // slots in use: the most that any type has
	times  int
	order  int    // position of NewestFirst among the indexed times, -1 when lists are by id
	put    string // see putSQL
	touch  string // see touchSQL
	fresh  string // see freshSQL
	remove string // of an id
	get    string // created, updated, body of an id
	row    string // what scan takes, of an id
	brief  string // the same with the summary instead of the body
}

func newTable(c *storage.Collection, l limits) (*table, error) {
	if !plainWord(c.Name) {
		return nil, fmt.Errorf("collection %q: the name of a table is made of lower case letters", c.Name)
	}
	t := &table{c: c, limits: l, name: c.Name, order: -1}
	for _, typ := range append(c.Types(), "") {
		ix := t.indexOfType(typ)
		t.values = max(t.values, len(ix.Values))
		t.times = max(t.times, len(ix.Times))
		if p := c.SummaryOf(t.keyOfType(typ)); p != nil && !summarisesIndex(c, p, ix) {
			return nil, fmt.Errorf("collection %s: the summary of %q lacks what is indexed", c.Name, typ)
		}
	}
	if t.values > storage.MaxIndexedValues || t.times > storage.MaxIndexedTimes {
		return nil, fmt.Errorf("collection %s: at most %d values and %d times are indexed", c.Name, storage.MaxIndexedValues, storage.MaxIndexedTimes)
	}
	if c.NewestFirst != "" {
		if t.order = timeAt(t.indexOfType(""), storage.Path{c.NewestFirst}); t.order < 0 {
			return nil, fmt.Errorf("collection %s: lists are ordered by %s, which is not indexed", c.Name, c.NewestFirst)
		}
	}
	t.put, t.touch, t.fresh = t.putSQL(), t.touchSQL(), t.freshSQL()
	t.get = fmt.Sprintf("SELECT created, updated, body FROM %[1]s INDEXED BY %[1]s_id WHERE id = ?", t.name)
	t.remove = fmt.Sprintf("DELETE FROM %[1]s INDEXED BY %[1]s_id WHERE id = ?", t.name)
	const row = "SELECT rowid, id, created, updated, ord, 0, %[2]s FROM %[1]s INDEXED BY %[1]s_id WHERE id = ?"
	t.row, t.brief = fmt.Sprintf(row, t.name, "body"), fmt.Sprintf(row, t.name, summaryColumn)
	return t, nil
}

// summarisesIndex says whether what is indexed of a body is also that of its summary.
func summarisesIndex(c *storage.Collection, p *storage.Projection, ix storage.Index) bool {
	for _, path := range slices.Concat(ix.Values, ix.Times) {
		if !c.CoversFilter(p, storage.Exists{Path: path}) {
			return false
		}
	}
	return true
}

// indexOfType is what is indexed of the documents of a type.
func (t *table) indexOfType(typ string) storage.Index {
	return t.c.IndexOf(t.keyOfType(typ))
}

// keyOfType is above all documents of a type.
func (t *table) keyOfType(typ string) storage.Key {
	key := make(storage.Key, t.c.Scope)
	if t.c.Scope > 0 {
		key[t.c.Scope-1] = typ
	}
	return key
}

func plainWord(s string) bool {
	for _, r := range s {
		if r < 'a' || r > 'z' {
			return false
		}
	}
	return s != ""
}

func valueAt(ix storage.Index, path storage.Path) int {
	for i, p := range ix.Values {
		if p.Equal(path) {
			return i
		}
	}
	return -1
}

func timeAt(ix storage.Index, path storage.Path) int {
	for i, p := range ix.Times {
		if p.Equal(path) {
			return i
		}
	}
	return -1
}

// newest says whether lists are ordered by time.
func (t *table) newest() bool { return t.order >= 0 }

// slotColumns are the columns that are computed from the key and the body.
func (t *table) slotColumns() []string {
	columns := []string{"scope"}
	if t.newest() {
		columns = append(columns, "ord")
	}
	for i := range t.values {
		columns = append(columns, fmt.Sprintf("v%d", i))
	}
	for i := range t.times {
		columns = append(columns, fmt.Sprintf("t%d", i))
	}
	return columns
}

// scopeOf is the scope column of the documents at or below key, which has all
// parts of the scope.
func scopeOf(c *storage.Collection, key storage.Key) string { return key[:c.Scope].Prefix() }

// scopeIs is the condition that a row is in the scope of key.
func scopeIs(c *storage.Collection, key storage.Key) cond {
	return cond{sql: "scope = ?", args: []driver.Value{scopeOf(c, key)}}
}
