package sqlite

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
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
	return schema{
		note("first", `UPDATE dynamic SET body = CAST(replace(body, 'old', 'newer') AS BLOB)`, nil),
		note("second", `ALTER TABLE meta ADD COLUMN more TEXT`, second),
	}
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
	if _, err := openAs(t, path, madeUp(&ran, broken)); !errors.Is(err, broken) || !strings.Contains(err.Error(), "from schema version 2 to 3") {
		t.Fatalf("a step that fails: %v", err)
	}
	if got := pragmaOf(t, path, "PRAGMA user_version"); got != int64(1) {
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
		if got := pragmaOf(t, path, "PRAGMA user_version"); got != int64(3) {
			t.Errorf("schema version %v, want 3", got)
		}
		if got := pragmaOf(t, path, "SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'more'"); got != int64(1) {
			t.Error("the second step left nothing")
		}
	}
	refused(t, path, "schema version 3, this program knows up to 1")

	// A file that is one version behind takes the last step alone.
	ran = nil
	alter(t, path, "PRAGMA user_version = 2", "ALTER TABLE meta DROP COLUMN more")
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
	if got := pragmaOf(t, path, "PRAGMA user_version"); got != int64(3) {
		t.Errorf("schema version %v, want 3", got)
	}
}
