package sqlite

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"bcs-storage/storage"
)

const (
	// noOrder is the order of a document without the time its list is ordered
	// by: after all others.
	noOrder = math.MinInt64
	// longestSlot is the longest index key that is kept as it is.
	longestSlot = 256
)

// table is the SQL side of a collection.
type table struct {
	c      *storage.Collection
	name   string
	values int // slots in use: the most that any type has
	times  int
	order  int    // position of NewestFirst among the indexed times, -1 when lists are by id
	put    string // see putSQL
	touch  string // see touchSQL
	get    string // created, updated, body of an id
	row    string // what scan takes, of an id
}

func newTable(c *storage.Collection) (*table, error) {
	if !plainWord(c.Name) {
		return nil, fmt.Errorf("collection %q: the name of a table is made of lower case letters", c.Name)
	}
	t := &table{c: c, name: c.Name, order: -1}
	for _, typ := range append(c.Types(), "") {
		ix := t.indexOfType(typ)
		t.values = max(t.values, len(ix.Values))
		t.times = max(t.times, len(ix.Times))
	}
	if t.values > storage.MaxIndexedValues || t.times > storage.MaxIndexedTimes {
		return nil, fmt.Errorf("collection %s: at most %d values and %d times are indexed", c.Name, storage.MaxIndexedValues, storage.MaxIndexedTimes)
	}
	if c.NewestFirst != "" {
		if t.order = timeAt(t.indexOfType(""), storage.Path{c.NewestFirst}); t.order < 0 {
			return nil, fmt.Errorf("collection %s: lists are ordered by %s, which is not indexed", c.Name, c.NewestFirst)
		}
	}
	t.put, t.touch = t.putSQL(), t.touchSQL()
	t.get = fmt.Sprintf("SELECT created, updated, body FROM %[1]s INDEXED BY %[1]s_id WHERE id = ?", t.name)
	t.row = fmt.Sprintf("SELECT rowid, id, created, updated, ord, 0, body FROM %[1]s INDEXED BY %[1]s_id WHERE id = ?", t.name)
	return t, nil
}

// indexOfType is what is indexed of the documents of a type.
func (t *table) indexOfType(typ string) storage.Index {
	key := make(storage.Key, t.c.Scope)
	if t.c.Scope > 0 {
		key[t.c.Scope-1] = typ
	}
	return t.c.IndexOf(key)
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

// putSQL is the statement of Put: id, created, updated, the slot columns, body.
func (t *table) putSQL() string {
	slots := t.slotColumns()
	var set strings.Builder
	for _, column := range slots[1:] { // the scope follows from the id
		fmt.Fprintf(&set, ", %s = excluded.%s", column, column)
	}
	return fmt.Sprintf("INSERT INTO %s (id, created, updated, %s, body) VALUES (?, ?, ?, %s?) "+
		"ON CONFLICT (id) DO UPDATE SET updated = excluded.updated%s, body = excluded.body",
		t.name, strings.Join(slots, ", "), strings.Repeat("?, ", len(slots)), &set)
}

// touchSQL is the statement of a Put that leaves the slots as they are, which
// most do: updated, body, id, the slot columns. SQLite writes every index whose
// columns are assigned, even to what they were; this one assigns none of them.
func (t *table) touchSQL() string {
	return fmt.Sprintf("UPDATE %[1]s INDEXED BY %[1]s_id SET updated = ?, body = ? WHERE id = ? AND %[2]s IS ?",
		t.name, strings.Join(t.slotColumns(), " IS ? AND "))
}

// change is a document as it is written.
type change struct {
	t       *table
	id      string
	updated int64
	slots   []driver.Value
	body    []byte
}

func (t *table) change(key storage.Key, body []byte, now time.Time) *change {
	return &change{t, key.ID(), now.UnixMilli(), t.slots(key, body), body}
}

// put writes the change: one statement when the document is there and its slots
// stay, otherwise one more. Both are within the writer's transaction.
func (ch *change) put(c *conn) error {
	args := make([]driver.Value, 0, 4+len(ch.slots))
	n, err := c.exec(ch.t.touch, values(append(append(args, ch.updated, ch.body, ch.id), ch.slots...)...)...)
	if n > 0 || err != nil {
		return err
	}
	args = append(append(args, ch.id, ch.updated, ch.updated), ch.slots...)
	_, err = c.exec(ch.t.put, values(append(args, ch.body)...)...)
	return err
}

// slots are the values of slotColumns.
func (t *table) slots(key storage.Key, body []byte) []driver.Value {
	out := make([]driver.Value, 1, 2+t.values+t.times)
	out[0] = scopeOf(t.c, key)
	if t.newest() {
		out = append(out, int64(noOrder))
	}
	values := len(out)
	out = out[:cap(out)][:values+t.values+t.times]
	times := values + t.values
	t.c.IndexOf(key).Entries(body,
		func(i int, k string) { out[values+i] = slotKey(k) },
		func(i int, at time.Time, many bool) {
			if many {
				out[times+i] = storage.IndexMany
				return
			}
			out[times+i] = at.UnixMilli()
			if i == t.order {
				out[1] = at.UnixMilli()
			}
		})
	return out
}

// scopeOf is the scope column of the documents at or below key, which has all
// parts of the scope.
func scopeOf(c *storage.Collection, key storage.Key) string { return key[:c.Scope].Prefix() }

// scopeIs is the condition that a row is in the scope of key.
func scopeIs(c *storage.Collection, key storage.Key) cond {
	return cond{sql: "scope = ?", args: []driver.Value{scopeOf(c, key)}}
}

// slotKey is what is kept of an index key. A long one is replaced by its hash,
// so that indexes stay narrow; a hash starts with a character that no key does.
func slotKey(k string) string {
	if len(k) <= longestSlot {
		return k
	}
	sum := sha256.Sum256([]byte(k))
	return "#" + hex.EncodeToString(sum[:])
}
