package mongo

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// maxDocument is MongoDB's limit.
const maxDocument = 16 << 20

// collection is the MongoDB collection that a key's document is in.
func (e *Engine) collection(c *storage.Collection, key storage.Key) *mongo.Collection {
	docType := ""
	if perType(c) {
		docType = key[c.Scope-1]
	}
	return e.db.Collection(collectionName(c, docType))
}

// Put is one update with upsert.
func (e *Engine) Put(ctx context.Context, c *storage.Collection, d storage.Document, now time.Time) error {
	if err := e.knows(c); err != nil {
		return err
	}
	if err := checkKey(c, d.Key); err != nil {
		return err
	}
	s, err := prepare(c, d.Key, d.Body, now)
	if err != nil {
		return err
	}
	if err := s.checkSize(); err != nil {
		return err
	}
	coll := e.collection(c, d.Key)
	if err := e.upsert(ctx, coll, d.Key, s.update()); err != nil {
		return err
	}
	e.indexer.want(c, coll.Name())
	return nil
}

// checkSize fails for a document that is larger than MongoDB stores.
func (s *stored) checkSize() error {
	if size := s.size(); size > maxDocument {
		return fmt.Errorf("put: %d bytes with the copy for filters, at most %d are stored: %w", size, maxDocument, storage.ErrTooLarge)
	}
	return nil
}

// checkKey fails for a key that is not one of c's.
func checkKey(c *storage.Collection, key storage.Key) error {
	if len(key) != c.Parts {
		return storage.Invalid("key", "%d parts, a key of %s has %d", len(key), c.Name, c.Parts)
	}
	for _, part := range key {
		if err := checkPart(part); err != nil {
			return err
		}
	}
	return nil
}

// checkPart fails for text that is not stored in a key. Not every server can
// store a NUL, and an escape would move it in the order of _ids.
func checkPart(part string) error {
	if !utf8.ValidString(part) || strings.IndexByte(part, 0) >= 0 {
		return storage.Invalid("key", "%q is not UTF-8 or has a NUL", part)
	}
	return nil
}

// upsert sends the update. Two upserts of a new key can collide; the one that
// lost finds the document when it is tried again.
func (e *Engine) upsert(ctx context.Context, coll *mongo.Collection, key storage.Key, update bson.Raw) error {
	send := func(ctx context.Context) error {
		_, err := coll.UpdateOne(ctx, byKey(key), update, options.UpdateOne().SetUpsert(true))
		return err
	}
	return e.call(ctx, "put", func(ctx context.Context) error {
		err := send(ctx)
		if mongo.IsDuplicateKeyError(err) {
			err = send(ctx)
		}
		return err
	})
}
