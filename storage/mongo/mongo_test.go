package mongo

import (
	"context"
	"crypto/rand"
	"fmt"
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
		drop(t, o)
	})
	return e
}

func drop(t testing.TB, o Options) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(o.URI))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := client.Database(o.Database).Drop(ctx); err != nil {
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

// openWhole leaves projections to storage.Projection: FerretDB 1.24 answers a
// projected array behind its siblings. TestProjectionsAreSent tries them.
func openWhole(t *testing.T) storage.Documents {
	t.Helper()
	e := openWith(t, nil)
	e.readsWhole = true
	return e
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
