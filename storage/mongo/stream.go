package mongo

import (
	"context"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// stream yields the documents that parts select, in order. It holds a batch of
// each part in memory (see batchSize), however many documents there are.
type stream struct {
	e      *Engine
	c      *storage.Collection
	filter storage.Filter
	order  order
	feeds  []*feed
	skip   int64 // documents to pass by
	left   int64 // documents still wanted; below zero: all
}

func (e *Engine) stream(c *storage.Collection, f storage.Filter, parts []part, o order) *stream {
	s := &stream{e: e, c: c, filter: f, order: o, left: -1}
	for _, p := range parts {
		s.feeds = append(s.feeds, &feed{part: p, fields: wholeRow})
	}
	return s
}

// page cuts the stream. The server does what it can of it: everything where it
// decides alone, and nobody needs more of a part than the page's end.
func (s *stream) page(skip, limit int64) {
	s.skip = max(skip, 0)
	if limit > 0 {
		s.left = limit
	}
	for _, f := range s.feeds {
		if !f.where.exact {
			continue
		}
		if len(s.feeds) == 1 {
			f.skip, s.skip = s.skip, 0
		}
		if end := s.skip + limit; limit > 0 && end > 0 { // it may overflow
			f.limit = end
		}
	}
}

// project reads no more of the documents than fields. What Match has to see is
// read whole.
func (s *stream) project(fields *storage.Projection) {
	if fields == nil {
		return
	}
	asked, ok := projection(s.c, fields)
	for _, f := range s.feeds {
		if ok && f.where.exact {
			f.fields = asked
		}
	}
}

// keysOnly reads no bodies where Match does not need them.
func (s *stream) keysOnly(fields bson.D) {
	for _, f := range s.feeds {
		if f.where.exact {
			f.fields = fields
		}
	}
}

// next is the next document, nil at the end; it is valid until the next call.
func (s *stream) next(ctx context.Context) (*row, error) {
	for {
		if s.left == 0 {
			return nil, nil
		}
		best, err := s.first(ctx)
		if best == nil || err != nil {
			return nil, err
		}
		best.loaded = false
		if s.skip > 0 {
			s.skip--
			continue
		}
		s.left--
		return &best.row, nil
	}
}

// first is the feed whose document comes first.
func (s *stream) first(ctx context.Context) (best *feed, err error) {
	if err := s.e.usable(ctx); err != nil {
		return nil, err
	}
	for _, f := range s.feeds {
		if err := s.load(ctx, f); err != nil {
			return nil, err
		}
		if !f.done && (best == nil || f.row.before(&best.row, s.order)) {
			best = f
		}
	}
	return best, nil
}
