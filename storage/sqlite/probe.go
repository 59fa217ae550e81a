package sqlite

import (
	"context"
	"database/sql/driver"
	"slices"
)

// found are rows that an index of a time led to, in the order of the list.
type found struct {
	s     *stream
	row   string     // the statement that reads one
	ids   []position // not read yet
	chunk []row
	next  int
}

// probe looks up sources that are not in order; nil when they have too many rows.
func (s *stream) probe(ctx context.Context, sources []source) (*found, error) {
	f := &found{s: s, row: s.t.row}
	// Rows that are skipped now are not read again, so it does not matter whether only keys are wanted.
	lacks := func(src source) bool {
		return !s.t.c.Covers(src.summary, s.fields) || !s.t.c.CoversFilter(src.summary, s.filter)
	}
	if !slices.ContainsFunc(sources, lacks) {
		f.row = s.t.brief
	}
	err := s.access(ctx, func(c *conn) error {
		for i := range sources {
			if err := f.collect(ctx, c, &sources[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(f.ids) > s.t.limits.probe {
		return nil, err
	}
	byOrder := s.t.newest()
	slices.SortFunc(f.ids, func(a, b position) int {
		if (&row{at: a}).before(&row{at: b}, byOrder) {
			return -1
		}
		return 1
	})
	return f, nil
}

func (f *found) collect(ctx context.Context, c *conn, src *source) error {
	ord := "NULL"
	if f.s.t.newest() {
		ord = "ord"
	}
	var s statement
	s.add("SELECT id, " + ord)
	s.from(f.s.t, src)
	s.limit(int64(f.s.t.limits.probe + 1 - len(f.ids)))
	return c.query(ctx, s.String(), s.args, func(values []driver.Value) bool {
		at := position{id: values[0].(string)}
		at.ord, _ = values[1].(int64)
		f.ids = append(f.ids, at)
		return true
	})
}

func (f *found) peek(ctx context.Context) (*row, error) {
	for f.next >= len(f.chunk) {
		if len(f.ids) == 0 {
			return nil, nil
		}
		if err := f.s.access(ctx, f.fill); err != nil {
			return nil, err
		}
	}
	return &f.chunk[f.next], nil
}

// fill reads the next rows. They may have changed since they were found, so
// Match has to see them.
func (f *found) fill(c *conn) error {
	clear(f.chunk)
	f.chunk, f.next = f.chunk[:0], 0
	limits := &f.s.t.limits
	for bytes := 0; len(f.ids) > 0 && len(f.chunk) < limits.firstRows && bytes < limits.chunkBytes; f.ids = f.ids[1:] {
		err := c.query(background, f.row, values(f.ids[0].id), func(values []driver.Value) bool {
			f.chunk = append(f.chunk, scan(values))
			bytes += len(f.chunk[len(f.chunk)-1].body)
			return false
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *found) drop() { f.next++ }

// reread has nothing to do: what is wanted of the rows is always read.
func (f *found) reread() {}
