package mongo

import (
	"fmt"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// indexesOf are the indexes of the MongoDB collection for documents of a type.
// _id, the identity, has one anyway; it serves scopes and the order of lists.
//
//   - a value path, then the list's order: equality in a scope, in order
//   - scope and updateTime: what a scope has not reported lately
//   - scope and a declared time: ranges of it
//   - for lists that are newest first: that order, in a scope and over all,
//     and createTime, by which they are trimmed and grow old
func indexesOf(c *storage.Collection, docType string) []mongo.IndexModel {
	ix := indexFor(c, docType)
	var all []mongo.IndexModel
	add := func(fields ...bson.E) { all = append(all, mongo.IndexModel{Keys: bson.D(fields)}) }
	scoped := func(fields ...bson.E) {
		if c.Scope > 0 {
			fields = append([]bson.E{up(nameScope)}, fields...)
		}
		add(fields...)
	}
	if c.NewestFirst == "" {
		scoped(up(nameUpdated))
	} else {
		scoped(down(pathOrder), down(nameID))
		add(down(pathOrder), down(nameID))
		scoped(down(nameCreated), down(nameID))
		add(up(nameCreated))
	}
	for _, path := range ix.Values {
		name, _ := field(path) // checkIndexes has tried
		if c.NewestFirst == "" {
			add(up(name), up(nameID))
		} else {
			add(up(name), down(pathOrder), down(nameID))
		}
	}
	for _, path := range ix.Times {
		scoped(up(slotOf(path)))
	}
	return all
}

func up(name string) bson.E   { return bson.E{Key: name, Value: 1} }
func down(name string) bson.E { return bson.E{Key: name, Value: -1} }

// checkIndexes refuses a declared path that the server cannot index.
func checkIndexes(collections []*storage.Collection) error {
	for _, c := range collections {
		for _, docType := range append(c.Types(), "") {
			ix := indexFor(c, docType)
			for _, path := range append(append([]storage.Path{}, ix.Values...), ix.Times...) {
				if _, ok := field(path); !ok {
					return fmt.Errorf("collection %s: the path %s cannot be indexed", c.Name, path)
				}
			}
		}
	}
	return nil
}
