package mongo

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"
	"bcs-storage/storage/storagetest"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// uriVariable names the server that the tests use.
const uriVariable = "BCS_TEST_MONGODB_URI"

func testURI(t testing.TB) string {
	t.Helper()
	uri := os.Getenv(uriVariable)
	switch {
	case uri != "":
	case os.Getenv("CI") != "":
		t.Fatal(uriVariable + " is not set: in CI these tests have to run")
	default:
		t.Skip(uriVariable + " is not set: no MongoDB to test with (scripts/dev-up.sh starts one)")
	}
	return uri
}

// withOptions is the URI with more options.
func withOptions(uri, options string) string {
	switch {
	case strings.Contains(uri, "?"):
		return uri + "&" + options
	case strings.Contains(strings.TrimPrefix(uri, "mongodb://"), "/"):
		return uri + "?" + options
	}
	return uri + "/?" + options
}

// openWith opens an engine with a database of its own, which is dropped afterwards.
func openWith(t testing.TB, change func(*Options)) *Engine {
	t.Helper()
	o := Options{
		URI:              testURI(t),
		Database:         "bcs_test_" + strings.ToLower(rand.Text()),
		OperationTimeout: 10 * time.Second,
		Collections:      storage.Collections(),
	}
	if change != nil {
		change(&o)
	}
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		drop(t, o.Database)
	})
	return e
}

func drop(t testing.TB, database string) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(testURI(t)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := client.Database(database).Drop(ctx); err != nil {
		t.Error(err)
	}
	if err := client.Disconnect(ctx); err != nil {
		t.Error(err)
	}
}

func openTest(t *testing.T) storage.Documents {
	t.Helper()
	return openWith(t, nil)
}

// openWhole leaves projections of lists to storage.Projection: FerretDB 1.24 answers
// a projected array behind its siblings. TestProjectionsAreSent tries them.
func openWhole(t *testing.T) storage.Documents {
	t.Helper()
	return readWhole{openWith(t, nil)}
}

// readWhole is an engine that is asked for whole documents in lists, of which
// the fields are taken here.
type readWhole struct{ *Engine }

func (w readWhole) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	fields := q.Fields
	q.Fields = nil
	return func(yield func([]byte, error) bool) {
		for doc, err := range w.Engine.List(ctx, c, q) {
			if err == nil && fields != nil {
				r := recordOf(c, doc)
				doc = fields.Append(nil, &r)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// recordOf is the record that was answered as doc. Its own members come last.
func recordOf(c *storage.Collection, doc []byte) storage.Record {
	r := storage.Record{Body: doc}
	for name, value := range storage.Members(doc) {
		at, _ := storage.InstantOf(value)
		switch {
		case name == storage.FieldID && r.ID == "":
			v, _ := storage.ParseValue(value)
			r.ID, _ = v.Interface().(string)
		case name == storage.FieldCreateTime:
			r.Created = at
		case name == storage.FieldUpdateTime && c.KeepUpdateTime:
			r.Updated = at
		}
	}
	return r
}

func TestConformance(t *testing.T) { storagetest.Run(t, openTest) }

func TestRandom(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { storagetest.Random(t, openWhole, seed, 400) })
	}
}

func FuzzAgainstModel(f *testing.F) {
	testURI(f)
	storagetest.Fuzz(f, openWhole)
}
