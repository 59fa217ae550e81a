package mongo

import (
	"context"
	"math"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Delete is one command where the server decides alone. Where it does not, the
// documents that match are found first and then removed by _id and version, so
// that one which was put again in between is spared.
func (e *Engine) Delete(ctx context.Context, c *storage.Collection, q storage.Query) (total int64, err error) {
	parts, err := e.plan(ctx, c, q)
	if err != nil {
		return 0, err
	}
	if len(parts) == 0 {
		return 0, e.usable(ctx)
	}
	for _, p := range parts {
		remove := e.deleteAll
		if !p.where.exact {
			remove = e.deleteMatching(c, q.Filter)
		}
		n, err := remove(ctx, p)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// deleteAll removes what the server finds. The removal of one document is a
// command that the driver can send again when it does not know what became of it.
func (e *Engine) deleteAll(ctx context.Context, p part) (n int64, err error) {
	if !p.scopes.one() {
		return e.deleteWhere(ctx, p.coll, p.where.document())
	}
	err = e.call(ctx, "delete", func(ctx context.Context) error {
		result, err := p.coll.DeleteOne(ctx, p.where.document())
		if err == nil {
			n = result.DeletedCount
		}
		return err
	})
	return n, err
}

func (e *Engine) deleteWhere(ctx context.Context, coll *mongo.Collection, where bson.D) (n int64, err error) {
	err = e.call(ctx, "delete", func(ctx context.Context) error {
		result, err := coll.DeleteMany(ctx, where)
		if err == nil {
			n = result.DeletedCount
		}
		return err
	})
	return n, err
}

// deleteBatch is how many documents are removed by one command.
const deleteBatch = 500

func (e *Engine) deleteMatching(c *storage.Collection, f storage.Filter) func(context.Context, part) (int64, error) {
	return func(ctx context.Context, p part) (total int64, err error) {
		s := e.stream(c, f, []part{p}, anyOrder)
		defer s.close(ctx)
		for more := true; more; {
			var ids, versions bson.A
			for len(ids) < deleteBatch {
				r, err := s.next(ctx)
				if err != nil {
					return 0, err
				}
				if r == nil {
					more = false
					break
				}
				ids, versions = append(ids, r.id), append(versions, r.version)
			}
			if len(ids) == 0 {
				break
			}
			n, err := e.deleteWhere(ctx, p.coll, versionsOf(ids, versions))
			if err != nil {
				return 0, err
			}
			total += n
		}
		return total, nil
	}
}

// versionsOf selects the documents as they were read. Versions are random, so
// that one belongs to another document of the list does not happen.
func versionsOf(ids, versions bson.A) bson.D {
	return bson.D{
		{Key: nameID, Value: bson.D{{Key: "$in", Value: ids}}},
		{Key: nameVersion, Value: bson.D{{Key: "$in", Value: versions}}},
	}
}

// Trim finds the newest document that is too many and removes it and all that
// come after it.
func (e *Engine) Trim(ctx context.Context, c *storage.Collection, scope storage.Key, keep int64) (total int64, err error) {
	parts, err := e.plan(ctx, c, storage.Query{Scopes: []storage.Key{scope}})
	if err != nil {
		return 0, err
	}
	last, err := e.newestBeyond(ctx, c, parts, max(keep, 0))
	if last == nil || err != nil {
		return 0, err
	}
	older := anyOf(
		exactly(is(nameCreated, "$lt", last.created)),
		exactly(bson.D{
			{Key: nameCreated, Value: last.created},
			{Key: nameID, Value: bson.D{{Key: "$lte", Value: last.id}}},
		}),
	)
	for _, p := range parts {
		n, err := e.deleteWhere(ctx, p.coll, allOf(p.where, older).document())
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// newestBeyond is the first document, newest first, behind keep others.
func (e *Engine) newestBeyond(ctx context.Context, c *storage.Collection, parts []part, keep int64) (*row, error) {
	if keep == math.MaxInt64 {
		return nil, e.usable(ctx)
	}
	s := e.stream(c, nil, parts, byCreated)
	defer s.close(ctx)
	s.page(keep, 1)
	s.keysOnly(identity)
	return s.next(ctx)
}
