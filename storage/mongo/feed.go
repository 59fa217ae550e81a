package mongo

import (
	"context"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A list holds batchSize documents at a time at most, of all the collections
// together that it is merged from; but minBatchSize of each, however many those are.
const (
	batchSize    = 256
	minBatchSize = 32
)

// feed is the cursor of a part.
type feed struct {
	part
	fields bson.D
	skip   int64
	limit  int64
	cursor *mongo.Cursor
	row    row
	loaded bool
	done   bool
	room   []byte
}

// load reads on until the feed has a document that matches, or ends.
func (s *stream) load(ctx context.Context, f *feed) error {
	for !f.loaded && !f.done {
		if f.cursor == nil {
			if err := s.open(ctx, f); err != nil {
				return err
			}
		}
		ok, err := s.advance(ctx, f)
		if err != nil {
			return err
		}
		if !ok {
			f.done = true
			return nil
		}
		if f.room, err = f.row.read(f.cursor.Current, f.room); err != nil {
			return err
		}
		rec := f.row.record(s.c)
		f.loaded = f.where.exact || storage.Match(s.filter, &rec)
	}
	return nil
}

// advance asks the server only when the batch is used up.
func (s *stream) advance(ctx context.Context, f *feed) (ok bool, err error) {
	if f.cursor.RemainingBatchLength() > 0 {
		return f.cursor.Next(ctx), f.cursor.Err()
	}
	if err := s.e.usable(ctx); err != nil {
		return false, err
	}
	err = s.e.call(ctx, "list", func(ctx context.Context) error {
		ok = f.cursor.Next(ctx)
		return f.cursor.Err()
	})
	return ok, err
}

func (s *stream) open(ctx context.Context, f *feed) error {
	opts := options.Find().SetProjection(f.fields).SetAllowDiskUse(true)
	if sort := s.order.sort(); sort != nil {
		opts.SetSort(sort)
	}
	size := int32(max(batchSize/len(s.feeds), minBatchSize))
	if f.skip > 0 {
		opts.SetSkip(f.skip)
	}
	if f.limit > 0 {
		opts.SetLimit(f.limit)
		// One more than there will be, so that the first answer ends the cursor.
		size = int32(min(int64(size)-1, f.limit) + 1)
	}
	opts.SetBatchSize(size)
	return s.e.call(ctx, "list", func(ctx context.Context) (err error) {
		f.cursor, err = f.coll.Find(ctx, f.where.document(), opts)
		return err
	})
}

// closing is the time that ending the cursors of a list may take in all. The
// server ends by itself what could not be ended in it.
const closing = time.Second

// close ends the server's cursors, also when ctx is done.
func (s *stream) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	for _, f := range s.feeds {
		if f.cursor != nil && f.cursor.ID() != 0 {
			s.e.discard(ctx, f.cursor)
		}
	}
}
