package mongo

import (
	"context"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Get is one find by _id. One document is not worth a projection or a filter
// on the server.
func (e *Engine) Get(ctx context.Context, c *storage.Collection, key storage.Key, filter storage.Filter, fields *storage.Projection) ([]byte, error) {
	if err := e.knows(c); err != nil {
		return nil, err
	}
	if checkKey(c, key) != nil {
		return nil, storage.ErrNotFound
	}
	var doc bson.Raw
	err := e.call(ctx, "get", func(ctx context.Context) (err error) {
		found := e.collection(c, key).FindOne(ctx, byKey(key), options.FindOne().SetProjection(wholeRow))
		doc, err = found.Raw()
		return err
	})
	if err != nil {
		return nil, err
	}
	var r row
	if _, err := r.read(doc, nil); err != nil {
		return nil, err
	}
	rec := r.record(c)
	if !storage.Match(filter, &rec) {
		return nil, storage.ErrNotFound
	}
	if fields != nil {
		return fields.Append(nil, &rec), nil
	}
	const around = 128 // the times and what stands between
	return rec.AppendJSON(make([]byte, 0, len(rec.Body)+len(rec.ID)+around)), nil
}

func byKey(key storage.Key) bson.D { return bson.D{{Key: nameID, Value: key.ID()}} }

// Count asks the server where it decides alone, and reads the others.
func (e *Engine) Count(ctx context.Context, c *storage.Collection, q storage.Query) (total int64, err error) {
	parts, err := e.plan(ctx, c, q)
	if err != nil {
		return 0, err
	}
	if len(parts) == 0 {
		return 0, e.usable(ctx)
	}
	for _, p := range parts {
		n, err := e.count(ctx, c, q.Filter, p)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func (e *Engine) count(ctx context.Context, c *storage.Collection, f storage.Filter, p part) (n int64, err error) {
	if p.where.exact {
		err = e.call(ctx, "count", func(ctx context.Context) error {
			n, err = p.coll.CountDocuments(ctx, p.where.document())
			return err
		})
		return n, err
	}
	s := e.stream(c, f, []part{p}, anyOrder)
	defer s.close(ctx)
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return n, err
		}
		n++
	}
}
