package sqlite

import (
	"context"
	"database/sql/driver"
	"time"

	"bcs-storage/storage"
)

// limits bound what is read in one go.
type limits struct {
	// A chunk is what is read while a connection is held. The first has so many
	// rows, so that the first document comes fast; then they grow.
	firstRows, mostRows, chunkBytes int
	// sparse is how many rows a statement passes by at most when most of them
	// may not be what is looked for.
	sparse int64
	// probe is how many rows found by an index of a time are put in order in
	// memory. When there are more, the rows are read in order and checked instead.
	probe int
	// summary is from how many bytes on a body has a summary: shorter ones are on
	// the page of their row, and read with it.
	summary int
}

var defaultLimits = limits{firstRows: 16, mostRows: 64, chunkBytes: 256 << 10, sparse: 4096, probe: 2048, summary: 2048}

// row is a row as it is read.
type row struct {
	rowid            int64
	at               position
	created, updated int64
	body             []byte // {} where it was not needed
	sure             bool   // the row matches without Match having seen it
}

// before is the order of lists.
func (r *row) before(other *row, byOrder bool) bool {
	if !byOrder {
		return r.at.id < other.at.id
	}
	return r.at.ord > other.at.ord || r.at.ord == other.at.ord && r.at.id > other.at.id
}

// record is the row as filters and projections see it.
func (r *row) record(c *storage.Collection) storage.Record {
	rec := storage.Record{ID: r.at.id, Body: r.body, Created: time.UnixMilli(r.created).UTC()}
	if c.KeepUpdateTime {
		rec.Updated = time.UnixMilli(r.updated).UTC()
	}
	return rec
}

// access lends a connection for the time of a call: the pool's, or that of a transaction.
type access func(context.Context, func(*conn) error) error

// cursor reads a source chunk by chunk. Between chunks it holds no connection.
type cursor struct {
	s     *stream
	src   source
	size  int
	chunk []row
	next  int
	done  bool
}

// peek is the next row; nil at the end.
func (c *cursor) peek(ctx context.Context) (*row, error) {
	for c.next >= len(c.chunk) {
		if c.done {
			return nil, nil
		}
		if err := c.s.access(ctx, func(conn *conn) error { return c.fill(ctx, conn) }); err != nil {
			return nil, err
		}
	}
	return &c.chunk[c.next], nil
}

// drop goes on to the row after the one that peek saw.
func (c *cursor) drop() { c.next++ }

func (c *cursor) reread() {
	if c.next < len(c.chunk) {
		c.src.startAt(c.chunk[c.next].at)
		c.chunk, c.next, c.size, c.done = c.chunk[:0], 0, 0, false
	}
}

// fill reads the next chunk and narrows the source to what is behind it.
func (c *cursor) fill(ctx context.Context, conn *conn) error {
	clear(c.chunk) // the bodies are garbage now
	c.chunk, c.next = c.chunk[:0], 0
	src, end, err := c.step(ctx, conn)
	if err != nil {
		return err
	}
	c.grow()
	var s statement
	c.statement(&s, &src)
	bytes, full := 0, false
	err = conn.query(background, s.String(), s.args, func(values []driver.Value) bool {
		c.chunk = append(c.chunk, scan(values))
		bytes += len(values[6].([]byte))
		full = len(c.chunk) == c.size || bytes >= c.s.t.limits.chunkBytes/len(c.s.open)
		return !full
	})
	switch {
	case err != nil:
		return err
	case full:
		c.src.after(c.chunk[len(c.chunk)-1].at)
	case end == nil:
		c.done = true
	default:
		c.src.after(*end)
	}
	return nil
}

// statement reads a chunk of src, which is a part of the cursor's source.
func (c *cursor) statement(s *statement, src *source) {
	s.add("SELECT rowid, id, created, updated, ord, " + c.sure() + ", " + c.body())
	s.from(c.s.t, src)
	s.order(src)
	s.limit(int64(c.size))
}

// grow sets the size of the next chunk. Sources that are merged share the room
// of one.
func (c *cursor) grow() {
	limits := &c.s.t.limits
	c.size = max(1, min(max(c.size*4, limits.firstRows), limits.mostRows/len(c.s.open)))
	if c.s.most > 0 && c.src.exact && !c.s.keys {
		c.size = int(min(int64(c.size), c.s.most))
	}
}

// step is the part of the source that one statement looks through, and where
// it ends; nil when it goes to the end of the source.
func (c *cursor) step(ctx context.Context, conn *conn) (source, *position, error) {
	if !c.src.sparse() {
		return c.src, nil, nil
	}
	bare := c.src.bare()
	end, err := bare.place(ctx, c.s.t, conn, c.s.t.limits.sparse)
	if err != nil || end == nil {
		return c.src, nil, err
	}
	src := c.src
	src.until(*end)
	return src, end, nil
}

// sure is SQL that is true when Match need not see a row.
func (c *cursor) sure() string {
	certain := c.src.certain()
	switch {
	case !c.src.exact:
		return "0"
	case certain == nil:
		return "1"
	}
	return certain[0].sql
}

// summaryColumn is SQL for the summary of a document, which is all of it where it is short.
const summaryColumn = "coalesce(summary, body)"

// body is SQL for as much of the body as is needed: nothing, the summary, or all.
func (c *cursor) body() string {
	certain := c.src.exact && c.src.doubt() == ""
	switch {
	case c.s.keys && certain:
		return "x'7b7d'"
	case c.s.summarises(&c.src, certain):
		return summaryColumn
	}
	return "body"
}

// scan takes over the values of a row; the driver has copied them.
func scan(values []driver.Value) row {
	r := row{rowid: values[0].(int64), at: position{id: values[1].(string)}, created: values[2].(int64), updated: values[3].(int64)}
	r.at.ord, _ = values[4].(int64)
	r.sure = values[5].(int64) != 0
	r.body, _ = values[6].([]byte)
	return r
}
