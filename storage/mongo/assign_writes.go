package mongo

import (
	"context"
	"slices"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// assignBatch is how many documents one command of an assignment writes.
const assignBatch = 32

// writes are what an assignment writes, collected.
type writes struct {
	w       *assigning
	named   map[string]bool // the _ids of the assignment
	updates map[string][]mongo.WriteModel
	inserts map[string][]mongo.WriteModel
}

// takeAway empties the field of the documents that have the value and are not named.
func (s *writes) takeAway(ctx context.Context) error {
	return s.each(ctx, s.w.has, s.w.holders, func(r *row) error {
		if s.named[r.id] {
			return nil
		}
		return s.update(r, "")
	})
}

// give sets the field of the documents that are named.
func (s *writes) give(ctx context.Context) error {
	parts, err := s.w.e.plan(ctx, s.w.c, storage.Query{Scopes: s.w.a.Keys})
	if err != nil || len(s.w.a.Keys) == 0 {
		return err
	}
	missing := map[string]bool{}
	for id := range s.named {
		missing[id] = true
	}
	err = s.each(ctx, nil, parts, func(r *row) error {
		delete(missing, r.id)
		return s.update(r, s.w.a.Value)
	})
	if err != nil {
		return err
	}
	for _, key := range s.w.a.Keys {
		if id := key.ID(); missing[id] {
			delete(missing, id)
			if err := s.insert(key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *writes) each(ctx context.Context, f storage.Filter, parts []part, do func(*row) error) error {
	st := s.w.e.stream(s.w.c, f, parts, anyOrder)
	defer st.close(ctx)
	for {
		r, err := st.next(ctx)
		if r == nil || err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
	}
}

// update replaces the document, if it is still the one that was read.
func (s *writes) update(r *row, value string) error {
	key := storage.ParseID(r.id)
	doc, err := prepare(s.w.c, key, storage.WithField(r.body, s.w.a.Field, value), s.w.now)
	if err != nil {
		return err
	}
	where := bson.D{{Key: nameID, Value: r.id}, {Key: nameVersion, Value: r.version}}
	s.add(&s.updates, key, mongo.NewUpdateOneModel().SetFilter(where).SetUpdate(doc.update()))
	return nil
}

func (s *writes) insert(key storage.Key) error {
	body := storage.WithField(storage.NewDocument(s.w.c, key).Body, s.w.a.Field, s.w.a.Value)
	doc, err := prepare(s.w.c, key, body, s.w.now)
	if err != nil {
		return err
	}
	s.add(&s.inserts, key, mongo.NewInsertOneModel().SetDocument(doc.insert()))
	return nil
}

func (s *writes) add(to *map[string][]mongo.WriteModel, key storage.Key, model mongo.WriteModel) {
	if *to == nil {
		*to = map[string][]mongo.WriteModel{}
	}
	name := s.w.e.collection(s.w.c, key).Name()
	(*to)[name] = append((*to)[name], model)
}

// send writes: first what is there, then what is new, so that a value is
// never held by more documents than are named.
func (s *writes) send(ctx context.Context) error {
	for _, models := range []map[string][]mongo.WriteModel{s.updates, s.inserts} {
		for name, list := range models {
			for some := range slices.Chunk(list, assignBatch) {
				if err := s.bulk(ctx, name, some); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *writes) bulk(ctx context.Context, name string, models []mongo.WriteModel) error {
	return s.w.e.call(ctx, "assign", func(ctx context.Context) error {
		result, err := s.w.e.db.Collection(name).BulkWrite(ctx, models)
		switch {
		case mongo.IsDuplicateKeyError(err):
			return errChanged
		case err != nil:
			return err
		case result.MatchedCount+result.InsertedCount < int64(len(models)):
			return errChanged
		}
		return nil
	})
}
