package sqlite

import (
	"context"

	"bcs-storage/storage"
)

// rows is a part of a list, in order.
type rows interface {
	peek(context.Context) (*row, error)
	drop()
	// reread forgets what was read of the rows to come.
	reread()
}

// stream yields the rows that a query selects, in the order of the list. It
// keeps some rows of each source in memory, however many there are.
type stream struct {
	t      *table
	access access
	filter storage.Filter
	groups []group // not opened yet
	open   []rows
	fields *storage.Projection // what is wanted of the rows; nil is everything
	keys   bool                // nothing but their keys is wanted
	most   int64               // no more rows than this are wanted; 0 is no bound
}

// summarises says whether the summaries of src do for what is wanted of its rows, and,
// unless it is certain that they match, for telling whether they do.
func (s *stream) summarises(src *source, certain bool) bool {
	p := src.summary
	return p != nil && (s.keys || s.t.c.Covers(p, s.fields)) && (certain || s.t.c.CoversFilter(p, s.filter))
}

// next is the next row that matches; nil at the end. It is valid until the next call.
func (s *stream) next(ctx context.Context) (*row, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r, err := s.first(ctx)
		if r == nil || err != nil {
			return nil, err
		}
		if r.sure {
			return r, nil
		}
		if rec := r.record(s.t.c); storage.Match(s.filter, &rec) {
			return r, nil
		}
	}
}

// first takes the row that comes first among the open sources.
func (s *stream) first(ctx context.Context) (*row, error) {
	for {
		var best rows
		var head *row
		for _, from := range s.open {
			r, err := from.peek(ctx)
			if err != nil {
				return nil, err
			}
			if r != nil && (head == nil || r.before(head, s.t.newest())) {
				best, head = from, r
			}
		}
		if head != nil {
			best.drop()
			return head, nil
		}
		if len(s.groups) == 0 {
			return nil, nil
		}
		if err := s.openGroup(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *stream) openGroup(ctx context.Context) error {
	g := s.groups[0]
	s.groups, s.open = s.groups[1:], nil
	if len(g.byTime) > 0 {
		found, err := s.probe(ctx, g.byTime)
		if err != nil {
			return err
		}
		if found != nil {
			s.open = []rows{found}
			return nil
		}
	}
	for _, src := range g.sources {
		s.open = append(s.open, &cursor{s: s, src: src})
	}
	return nil
}

// skip passes by n rows that match. Where no body is needed to tell, SQL counts.
func (s *stream) skip(ctx context.Context, n int64) error {
	n, err := s.skipCounted(ctx, n)
	if n == 0 || err != nil {
		return err
	}
	s.keys = true
	for ; n > 0; n-- {
		if r, err := s.next(ctx); r == nil || err != nil {
			return err
		}
	}
	s.keys = false
	for _, from := range s.open {
		from.reread()
	}
	return nil
}

// skipCounted skips as long as groups are a single source in which every row
// matches, and says how many rows remain to be skipped.
func (s *stream) skipCounted(ctx context.Context, n int64) (int64, error) {
	for n > 0 && len(s.groups) > 0 {
		g := &s.groups[0]
		if len(g.sources) != 1 || len(g.byTime) > 0 || !g.sources[0].exact || g.sources[0].doubt() != "" {
			break
		}
		src, passed := &g.sources[0], n
		var at *position
		err := s.access(ctx, func(c *conn) (err error) {
			if at, err = src.place(ctx, s.t, c, n); at == nil && err == nil {
				passed, err = src.count(ctx, s.t, c)
			}
			return err
		})
		switch {
		case err != nil:
			return n, err
		case at != nil:
			src.startAt(*at)
		default:
			s.groups = s.groups[1:]
		}
		n -= min(passed, n)
	}
	return n, nil
}
