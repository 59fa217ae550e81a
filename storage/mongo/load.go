package mongo

import (
	"context"
	"fmt"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// One command of Load writes so many documents, or so many bytes: it has to end
// within OperationTimeout on a slow server, too.
const (
	loadDocuments = 100
	loadBytes     = 4 << 20
)

// Load sends updates with upsert, many in one command.
func (e *Engine) Load(ctx context.Context, c *storage.Collection, records []storage.Record) error {
	if err := e.knows(c); err != nil {
		return err
	}
	if err := storage.CheckRecords(c, records); err != nil {
		return err
	}
	if err := e.usable(ctx); err != nil {
		return err
	}
	batches := map[string]*loading{}
	for _, r := range records {
		key := storage.ParseID(r.ID)
		if err := checkKey(c, key); err != nil {
			return fmt.Errorf("load %s: %w", r.ID, err)
		}
		s, err := prepare(c, key, r.Body, r.Updated)
		if err != nil {
			return fmt.Errorf("load %s: %w", r.ID, err)
		}
		if size := s.size(); size > maxDocument {
			return fmt.Errorf("load %s: %d bytes with the copy for filters, at most %d are stored: %w", r.ID, size, maxDocument, storage.ErrTooLarge)
		}
		name := e.collection(c, key).Name()
		if batches[name] == nil {
			batches[name] = &loading{e: e, name: name}
		}
		if err := batches[name].add(ctx, s, r.Created); err != nil {
			return err
		}
	}
	for name, b := range batches {
		if err := b.send(ctx); err != nil {
			return err
		}
		e.indexer.want(c, name)
	}
	return nil
}

// loading is what waits to be sent to one MongoDB collection.
type loading struct {
	e      *Engine
	name   string
	models []mongo.WriteModel
	bytes  int
}

func (b *loading) add(ctx context.Context, s *stored, created time.Time) error {
	if len(b.models) == loadDocuments || len(b.models) > 0 && b.bytes+s.size() > loadBytes {
		if err := b.send(ctx); err != nil {
			return err
		}
	}
	b.models = append(b.models, mongo.NewUpdateOneModel().SetFilter(byKey(s.key)).SetUpdate(s.load(created)).SetUpsert(true))
	b.bytes += s.size()
	return nil
}

// send writes in order, so that the last of several records with one _id stays.
func (b *loading) send(ctx context.Context) error {
	if len(b.models) == 0 {
		return nil
	}
	models := b.models
	b.models, b.bytes = nil, 0
	write := func(ctx context.Context) error {
		_, err := b.e.db.Collection(b.name).BulkWrite(ctx, models, options.BulkWrite().SetOrdered(true))
		return err
	}
	return b.e.call(ctx, "load", func(ctx context.Context) error {
		err := write(ctx)
		if mongo.IsDuplicateKeyError(err) { // somebody else put a new key at the same moment; see upsert
			err = write(ctx)
		}
		return err
	})
}

// load is the update that stores the document with its createTime.
func (s *stored) load(created time.Time) bson.Raw {
	dst := make([]byte, 0, s.size())
	dst, doc := beginDocument(dst)
	dst, set := beginMember(dst, bson.TypeEmbeddedDocument, "$set")
	dst = appendTime(s.appendMembers(dst), nameCreated, created)
	return endDocument(endDocument(dst, set), doc)
}
