package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A command writes many documents, and what was loaded has its indexes once
// Indexed says so.
func TestLoadWritesManyAtOnce(t *testing.T) {
	e, r := openRecorded(t)
	var records []storage.Record
	for i := range loadDocuments + 1 {
		for _, docType := range []string{"Pod", "Service"} {
			key := storage.Key{"c1", docType, "ns", fmt.Sprint(i)}
			doc := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(`{}`)})
			records = append(records, storage.Record{ID: key.ID(), Body: doc.Body, Created: now, Updated: now})
		}
	}
	if err := e.Load(t.Context(), storage.Dynamic, records); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "load", "update", "update", "update", "update") // two for each collection
	if err := e.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, docType := range []string{"Pod", "Service"} {
		specs, err := e.db.Collection("dynamic." + docType).Indexes().ListSpecifications(t.Context())
		if want := len(indexesOf(storage.Dynamic, docType)) + 1; err != nil || len(specs) != want {
			t.Errorf("%s has %d indexes (%v), want %d", docType, len(specs), err, want)
		}
	}
	n, err := e.Count(t.Context(), storage.Dynamic, storage.Query{})
	if n != int64(len(records)) || err != nil {
		t.Errorf("%d documents (%v), want %d", n, err, len(records))
	}
}

func TestIndexedFails(t *testing.T) {
	e := openWith(t, nil)
	if err := e.Indexed(t.Context()); err != nil {
		t.Errorf("nothing was written: %v", err)
	}
	// An index of the same name that is another one cannot be replaced.
	first := indexesOf(storage.Hosts, "")[0].Keys.(bson.D)[0]
	other := mongo.IndexModel{Keys: bson.D{{Key: "other", Value: 1}}, Options: options.Index().SetName(fmt.Sprintf("%s_%v", first.Key, first.Value))}
	if _, err := e.db.Collection("host").Indexes().CreateOne(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := e.Put(t.Context(), storage.Hosts, storage.NewDocument(storage.Hosts, storage.Key{"10.0.0.1"}), now); err != nil {
		t.Fatal(err)
	}
	if err := e.Indexed(t.Context()); err == nil {
		t.Error("an index that cannot be made was")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Indexed(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Indexed(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}

// Records have one cursor at a time, so that none waits until the server ends it.
func TestRecordsReadOneCollectionAfterTheOther(t *testing.T) {
	e, r := openRecorded(t)
	fillPods(t, e, 300)
	if err := e.Put(t.Context(), storage.Dynamic, storage.NewDocument(storage.Dynamic, storage.Key{"c0", "Service", "ns", "a"}), now); err != nil {
		t.Fatal(err)
	}
	r.take()
	var ids []string
	for record, err := range e.Records(t.Context(), storage.Dynamic) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, record.ID)
	}
	if len(ids) != 301 || ids[300] != "c0/Service/ns/a" || !slices.IsSorted(ids[:300]) {
		t.Errorf("%d records, the last is %s", len(ids), ids[len(ids)-1])
	}
	r.expect(t, "records", "listCollections", "find", "getMore", "find")
	if sort := r.last.Lookup("sort").Document().String(); sort != `{"_id": {"$numberInt":"1"}}` {
		t.Errorf("sorted by %s", sort)
	}
}
