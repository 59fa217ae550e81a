package sqlite

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
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
	// longestSummary is the longest that is kept beside its body. To read a longer one
	// would spare little.
	longestSummary = 8 << 10
	// maxBody is the largest body that is stored.
	maxBody = 64 << 20
)

// putSQL is the statement of Put: id, created, updated, the slot columns, summary, body.
func (t *table) putSQL() string {
	slots := t.slotColumns()
	var set strings.Builder
	for _, column := range slots[1:] { // the scope follows from the id
		fmt.Fprintf(&set, ", %s = excluded.%s", column, column)
	}
	return t.insertSQL() + " ON CONFLICT (id) DO UPDATE SET updated = excluded.updated" + set.String() + ", summary = excluded.summary, body = excluded.body"
}

// insertSQL begins putSQL and freshSQL.
func (t *table) insertSQL() string {
	slots := t.slotColumns()
	return fmt.Sprintf("INSERT INTO %s (id, created, updated, %s, summary, body) VALUES (?, ?, ?, %s?, ?)",
		t.name, strings.Join(slots, ", "), strings.Repeat("?, ", len(slots)))
}

// touchSQL is the statement of a Put that leaves the slots as they are, which
// most do: updated, summary, body, id, the slot columns. SQLite writes every index whose
// columns are assigned, even to what they were; this one assigns none of them.
func (t *table) touchSQL() string {
	return fmt.Sprintf("UPDATE %[1]s INDEXED BY %[1]s_id SET updated = ?, summary = ?, body = ? WHERE id = ? AND %[2]s IS ?",
		t.name, strings.Join(t.slotColumns(), " IS ? AND "))
}

// change is a document as it is written.
type change struct {
	t       *table
	id      string
	updated int64
	slots   []driver.Value
	summary driver.Value // nil or bytes
	body    []byte
}

// change prepares the write of a document. The body is copied: the caller may
// have its buffer back before the writer is done with it.
func (t *table) change(key storage.Key, body []byte, now time.Time) (*change, error) {
	return t.changeTo(key, slices.Clone(body), now)
}

// changeTo is change with a body that nobody changes any more.
func (t *table) changeTo(key storage.Key, body []byte, now time.Time) (*change, error) {
	if len(key) != t.c.Parts {
		return nil, t.wrongKey(key)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("%d bytes, at most %d are stored: %w", len(body), maxBody, storage.ErrTooLarge)
	}
	slots, summary := t.derived(key, body)
	return &change{t, key.ID(), now.UnixMilli(), slots, summary, body}, nil
}

// derived is what is computed of a body: the values of slotColumns, and the summary, nil where none is kept.
func (t *table) derived(key storage.Key, body []byte) ([]driver.Value, driver.Value) {
	p := t.c.SummaryOf(key)
	if p == nil || len(body) < t.limits.summary {
		return t.slots(key, body), nil
	}
	summary := p.Summary(body)
	slots := t.slots(key, summary) // it has all that is indexed (see newTable)
	if len(summary) > longestSummary {
		return slots, nil
	}
	return slots, summary
}

func (t *table) wrongKey(key storage.Key) error {
	return fmt.Errorf("the key %q has %d parts, %s has %d", key, len(key), t.name, t.c.Parts)
}

// put writes the change: one statement when the document is there and its slots
// stay, otherwise one more. Both are within the writer's transaction.
func (ch *change) put(c *conn) error {
	args := make([]driver.Value, 0, 5+len(ch.slots))
	n, err := c.exec(ch.t.touch, values(append(append(args, ch.updated, ch.summary, ch.body, ch.id), ch.slots...)...)...)
	if n > 0 || err != nil {
		return err
	}
	args = append(append(args, ch.id, ch.updated, ch.updated), ch.slots...)
	_, err = c.exec(ch.t.put, values(append(args, ch.summary, ch.body)...)...)
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

// slotKey is what is kept of an index key. A long one is replaced by its hash,
// so that indexes stay narrow; a hash starts with a character that no key does.
func slotKey(k string) string {
	if len(k) <= longestSlot {
		return k
	}
	sum := sha256.Sum256([]byte(k))
	return "#" + hex.EncodeToString(sum[:])
}
