package sqlite

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql/driver"
	_ "embed"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bcs-storage/storage"
)

// madeUp is a schema two versions on, for tests: its steps rewrite a document
// each and say that they did.
func madeUp(ran *[]string, second error) schema {
	note := func(name, sql string, fail error) step {
		return func(_ context.Context, c *conn) error {
			*ran = append(*ran, name)
			if err := c.pragma(sql); err != nil {
				return err
			}
			return fail
		}
	}
	return append(released(),
		note("first", `UPDATE dynamic SET body = CAST(replace(body, 'old', 'newer') AS BLOB)`, nil),
		note("second", `ALTER TABLE meta ADD COLUMN more TEXT`, second),
	)
}

func openAs(t *testing.T, path string, s schema) (*Engine, error) {
	t.Helper()
	e, err := open(t.Context(), path, storage.Collections(), defaultLimits, s)
	if err == nil {
		t.Cleanup(func() { e.Close() })
	}
	return e, err
}

// pragmaOf reads from a file that is not open.
func pragmaOf(t *testing.T, path, sql string) any {
	t.Helper()
	c, err := dial(t.Context(), path, "ro")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	v, err := c.one(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// released is where a schema is bumped: the tests below are about how, this one about what.
func TestReleasedSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if err := reopen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if got := pragmaOf(t, path, "PRAGMA user_version"); got != released().version() {
		t.Errorf("a new file has schema version %v, want %d", got, released().version())
	}
}

func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `{"status":{"hostIP":"old"}}`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	var ran []string
	broken := errors.New("broken")
	if _, err := openAs(t, path, madeUp(&ran, broken)); !errors.Is(err, broken) || !strings.Contains(err.Error(), "from schema version 3 to 4") {
		t.Fatalf("a step that fails: %v", err)
	}
	if got := pragmaOf(t, path, "PRAGMA user_version"); got != released().version() {
		t.Errorf("after a step failed the schema version is %v", got)
	}
	opens(t, path, map[string]string{"c/Pod/a/x": `{"clusterId":"c","resourceType":"Pod","namespace":"a","resourceName":"x","data":{"status":{"hostIP":"old"}}}`})

	want := map[string]string{"c/Pod/a/x": `{"clusterId":"c","resourceType":"Pod","namespace":"a","resourceName":"x","data":{"status":{"hostIP":"newer"}}}`}
	for _, steps := range []string{"first second", ""} { // the second time there is nothing to do
		ran = nil
		e, err := openAs(t, path, madeUp(&ran, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ran, " "); got != steps {
			t.Errorf("ran %q, want %q", got, steps)
		}
		if got := bodies(t, e); !maps.Equal(got, want) {
			t.Error(got)
		}
		put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `{"status":{"hostIP":"newer"}}`)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if got := pragmaOf(t, path, "PRAGMA user_version"); got != int64(4) {
			t.Errorf("schema version %v, want 4", got)
		}
		if got := pragmaOf(t, path, "SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'more'"); got != int64(1) {
			t.Error("the second step left nothing")
		}
	}
	refused(t, path, "schema version 4, this program knows up to 2")

	// A file that is one version behind takes the last step alone.
	ran = nil
	alter(t, path, "PRAGMA user_version = 3", "ALTER TABLE meta DROP COLUMN more")
	if _, err := openAs(t, path, madeUp(&ran, nil)); err != nil || strings.Join(ran, " ") != "second" {
		t.Errorf("%v, ran %q", err, ran)
	}
}

// A new file needs no steps.
func TestUpgradeOfANewFile(t *testing.T) {
	var ran []string
	path := filepath.Join(t.TempDir(), "store.db")
	e, err := openAs(t, path, madeUp(&ran, nil))
	if err != nil || ran != nil {
		t.Fatalf("%v, ran %q", err, ran)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := pragmaOf(t, path, "PRAGMA user_version"); got != int64(4) {
		t.Errorf("schema version %v, want 4", got)
	}
}

//go:embed testdata/v1.db.gz
var version1 []byte

// TestFromVersion1 opens a file as the program wrote it that knew no summaries.
func TestFromVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	unpacked, err := gzip.NewReader(bytes.NewReader(version1))
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(unpacked)
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	// At first with one collection, as where the documents are on a server: the others can be read all the same.
	if err := reopen(t, path, storage.Alarms).Close(); err != nil {
		t.Fatal(err)
	}
	snapshot, err := OpenSnapshot(t.Context(), path, storage.Collections())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(bodies(t, snapshot))); strings.Join(got, " ") != "BCS-K8S-00001/Pod/default/long BCS-K8S-00001/Pod/default/short" {
		t.Errorf("a snapshot has %q", got)
	}
	if err := snapshot.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		e := reopen(t, path)
		pods := storage.Query{Scopes: []storage.Key{{"BCS-K8S-00001", "Pod"}}}
		running := pods
		running.Filter = storage.OneOf(storage.P("data.status.phase"), storage.String("Running"))
		for _, tc := range []struct {
			q    storage.Query
			want string
		}{
			{pods, "BCS-K8S-00001/Pod/default/long BCS-K8S-00001/Pod/default/short"},
			{running, "BCS-K8S-00001/Pod/default/long"},
		} {
			if got := strings.Join(ids(t, e, storage.Dynamic, tc.q), " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		}
		events := storage.Query{Scopes: []storage.Key{{"BCS-K8S-00001"}}}
		if n, err := e.Count(t.Context(), storage.Events, events); n != 2 || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
		if got := summarized(t, e); got != "BCS-K8S-00001/Pod/default/long" {
			t.Errorf("with a summary: %q", got)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := pragmaOf(t, path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"); got != int64(0) {
		t.Errorf("%v faults", got)
	}
}

// summarized are the ids of the documents with a summary, which must be what it is made of now.
func summarized(t *testing.T, e *Engine) string {
	t.Helper()
	var found []string
	table := e.tables[storage.Dynamic]
	err := e.reads.with(t.Context(), func(c *conn) error {
		return c.query(t.Context(), "SELECT id, summary, body FROM dynamic WHERE summary IS NOT NULL ORDER BY id", nil, func(row []driver.Value) bool {
			id := row[0].(string)
			if _, want := table.derived(storage.ParseID(id), row[2].([]byte)); !reflect.DeepEqual(row[1], want) {
				t.Errorf("%s has the summary %s, want %s", id, row[1], want)
			}
			found = append(found, id)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " ")
}

// TestUpgradeIsGivenUp: an upgrade that is not waited for leaves the file as it was.
func TestUpgradeIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	endless := append(released(), func(ctx context.Context, c *conn) error {
		cancel()
		return c.run(ctx, "INSERT INTO meta SELECT 'row ' || value, '' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n) SELECT value FROM n)")
	})
	if _, err := open(ctx, path, storage.Collections(), defaultLimits, endless); err == nil || ctx.Err() == nil {
		t.Fatalf("opened: %v", err)
	}
	opens(t, path, map[string]string{"c/Pod/a/x": `{"clusterId":"c","resourceType":"Pod","namespace":"a","resourceName":"x","data":1}`})
}
