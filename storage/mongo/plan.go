package mongo

import (
	"context"
	"slices"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// part is what a query asks of one MongoDB collection.
type part struct {
	coll   *mongo.Collection
	scopes scopes
	where  condition
}

// plan says which MongoDB collections a query concerns and what to ask them.
// Which there are has to be asked only when a scope of dynamic data, or the
// lack of one, names no type.
func (e *Engine) plan(ctx context.Context, c *storage.Collection, q storage.Query) ([]part, error) {
	if err := e.knows(c); err != nil {
		return nil, err
	}
	byName, wide := spread(c, q.Scopes)
	if wide {
		names, err := e.collectionNames(ctx)
		if err != nil {
			return nil, err
		}
		byName = everywhere(c, q.Scopes, names)
	}
	parts := make([]part, 0, len(byName))
	for _, t := range byName {
		where := allOf(
			t.scopes.condition(c.NewestFirst != "" || usesTime(q.Filter)),
			translate(c, indexFor(c, t.docType), q.Filter),
		)
		if !where.never {
			parts = append(parts, part{coll: e.db.Collection(t.name), scopes: t.scopes, where: where})
		}
	}
	return parts, nil
}

// target is a MongoDB collection that a query concerns.
type target struct {
	name    string
	docType string
	scopes  scopes
}

// spread assigns scopes to MongoDB collections. wide says that some scope
// concerns all of them.
func spread(c *storage.Collection, keys []storage.Key) (targets []target, wide bool) {
	if !perType(c) {
		return []target{{name: c.Name, scopes: scopes{c, keys}}}, false
	}
	for _, key := range keys {
		if len(key) < c.Scope {
			return nil, true
		}
		docType := key[c.Scope-1]
		name := collectionName(c, docType)
		i := slices.IndexFunc(targets, func(t target) bool { return t.name == name })
		if i < 0 {
			i = len(targets)
			targets = append(targets, target{name: name, docType: docType, scopes: scopes{c: c}})
		}
		targets[i].scopes.keys = append(targets[i].scopes.keys, key)
	}
	return targets, len(keys) == 0
}

// everywhere is one target for each of the MongoDB collections in names. The
// scopes stay as they are: those of other types select nothing there.
func everywhere(c *storage.Collection, keys []storage.Key, names []string) (targets []target) {
	for _, name := range names {
		if docType, ok := typeOf(c, name); ok {
			targets = append(targets, target{name: name, docType: docType, scopes: scopes{c, keys}})
		}
	}
	return targets
}

func (e *Engine) collectionNames(ctx context.Context) (names []string, err error) {
	err = e.call(ctx, "list collections", func(ctx context.Context) error {
		names, err = e.db.ListCollectionNames(ctx, bson.D{})
		return err
	})
	slices.Sort(names)
	return names, err
}
