package sqlite

import (
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/storage"

	"github.com/google/go-cmp/cmp"
)

// now is when the tests of this package store things.
var now = time.Date(2026, 11, 21, 19, 30, 57, 0, time.UTC)

func put(t *testing.T, e *Engine, c *storage.Collection, key storage.Key, data string) {
	t.Helper()
	doc := storage.NewDocument(c, key, storage.Member{Name: "data", Value: []byte(data)})
	if err := e.Put(t.Context(), c, doc, now); err != nil {
		t.Error(err)
	}
}

// ids are the _ids that q selects.
func ids(t *testing.T, e *Engine, c *storage.Collection, q storage.Query) []string {
	t.Helper()
	s := e.stream(e.tables[c], q)
	found := []string{}
	for {
		r, err := s.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return found
		}
		found = append(found, r.at.id)
	}
}

func reopen(t *testing.T, path string, collections ...*storage.Collection) *Engine {
	t.Helper()
	if collections == nil {
		collections = storage.Collections()
	}
	e, err := Open(t.Context(), path, collections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "a b?#%")
	e := reopen(t, filepath.Join(dir, "st?re#%41.db"))
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
	modes := map[string]os.FileMode{dir: 0o700}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		modes[filepath.Join(dir, "st?re#%41.db"+suffix)] = 0o600
	}
	for path, want := range modes {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("after Close there are %v, want the file and its lock", entries)
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	e = reopen(t, path)
	if got := ids(t, e, storage.Dynamic, storage.Query{}); !slices.Equal(got, []string{"c/Pod/a/x"}) {
		t.Error(got)
	}
}

func TestOpenSyncsCommits(t *testing.T) {
	e := openInternal(t)
	for pragma, want := range map[string]any{"synchronous": int64(2), "journal_mode": "wal", "page_size": int64(pageSize), "application_id": int64(applicationID)} {
		var got any
		err := e.writer.do(t.Context(), 0, false, func(c *conn) (err error) {
			got, err = c.one(t.Context(), "PRAGMA "+pragma)
			return err
		})
		if err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", pragma, got, err, want)
		}
	}
}

// refused opens a file that has to be refused, in words that say why, untouched.
func refused(t *testing.T, path, why string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), path, storage.Collections())
	if err == nil {
		e.Close()
		t.Fatal("the file was opened")
	}
	if !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want %q and the path", err, why)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"short": "x", "text": strings.Repeat("not a database\n", 100), "nearly": "SQLite format 3\x00 cut",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, path, "not a SQLite database")
			if _, err := os.Stat(path + ".lock"); !os.IsNotExist(err) {
				t.Errorf("a lock was left beside it (%v)", err)
			}
		})
	}
	t.Run("a directory", func(t *testing.T) {
		if e, err := Open(t.Context(), t.TempDir(), storage.Collections()); err == nil {
			e.Close()
			t.Error("a directory was opened")
		}
	})
	t.Run("another program's", func(t *testing.T) {
		refused(t, sqliteFile(t, "CREATE TABLE theirs (x)"), "of another program")
		refused(t, sqliteFile(t, "PRAGMA application_id = 7"), "of another program")
	})
	t.Run("newer", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store.db")
		if err := reopen(t, path).Close(); err != nil {
			t.Fatal(err)
		}
		alter(t, path, "PRAGMA user_version = 99")
		refused(t, path, "schema version 99")
	})
	t.Run("open already", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store.db")
		e := reopen(t, path)
		refused(t, path, "in use by another process")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		reopen(t, path)
	})
}

// sqliteFile is a file that somebody else wrote.
func sqliteFile(t *testing.T, sql string) string {
	path := filepath.Join(t.TempDir(), "theirs.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	alter(t, path, sql)
	return path
}

// alter runs statements on a file that is not open.
func alter(t *testing.T, path string, sql ...string) {
	t.Helper()
	c, err := dial(t.Context(), path, "rw")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sql {
		if err := c.pragma(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

// A file whose rows were computed by another declaration is brought up to date.
func TestReindex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	const n = 2*reindexStep + 10
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", pad(i)}, `{"status":{"hostIP":"10.0.0.1","startTime":"2026-01-01T00:00:00Z"}}`)
		})
	}
	wg.Wait()
	doc := storage.NewDocument(storage.Events, storage.Key{"c", "e"}, storage.Member{Name: "eventTime", Value: []byte(`5`)})
	if err := e.Put(t.Context(), storage.Events, doc, now); err != nil {
		t.Fatal(err)
	}
	want := slots(t, e, storage.Dynamic)
	wantEvents := slots(t, e, storage.Events)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, path, "UPDATE dynamic SET scope = 'old', v0 = 'old', v1 = NULL, v2 = '*', t0 = 7", "UPDATE event SET ord = 1, t0 = NULL",
		"DROP INDEX dynamic_v1", "DROP INDEX event_all", "CREATE INDEX event_all ON event (id, ord)", "UPDATE meta SET value = 'older'")
	e = reopen(t, path)
	if diff := cmp.Diff(want, slots(t, e, storage.Dynamic)); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantEvents, slots(t, e, storage.Events)); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	if got := ids(t, e, storage.Dynamic, storage.Query{Scopes: podScope[:0], Filter: in("data.status.hostIP", "10.0.0.1")}); len(got) != n {
		t.Errorf("%d documents have the value, want %d", len(got), n)
	}
	if got := ids(t, e, storage.Events, storage.Query{}); !slices.Equal(got, []string{"c/e"}) {
		t.Error(got)
	}
}

// slots are the computed columns of all rows.
func slots(t *testing.T, e *Engine, c *storage.Collection) (rows [][]driver.Value) {
	t.Helper()
	table := e.tables[c]
	err := e.reads.with(t.Context(), func(conn *conn) error {
		return conn.query(t.Context(), "SELECT "+strings.Join(table.slotColumns(), ", ")+" FROM "+table.name+" ORDER BY id", nil, func(row []driver.Value) bool {
			rows = append(rows, slices.Clone(row))
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A collection may be declared that the file does not know yet.
func TestNewCollection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if err := reopen(t, path, storage.Hosts).Close(); err != nil {
		t.Fatal(err)
	}
	e := reopen(t, path)
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
}

func TestCollectionThatWasNotOpened(t *testing.T) {
	e := reopen(t, filepath.Join(t.TempDir(), "store.db"), storage.Hosts)
	if err := e.Put(t.Context(), storage.Events, storage.Document{Key: storage.Key{"c", "e"}, Body: []byte(`{}`)}, now); err == nil {
		t.Error("put into a collection that is not there")
	}
}

// A body that the engine does not store is too large, not a failure.
func TestTooLarge(t *testing.T) {
	e := openInternal(t)
	err := e.Put(t.Context(), storage.Dynamic, storage.Document{Key: storage.Key{"c", "Pod", "a", "x"}, Body: make([]byte, maxBody+1)}, now)
	if !errors.Is(err, storage.ErrTooLarge) {
		t.Error(err)
	}
}

// Close leaves no goroutine behind.
func TestCloseEndsGoroutines(t *testing.T) {
	e := reopen(t, filepath.Join(t.TempDir(), "store.db"))
	put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for goroutines() > 0 { // ends by the test's time limit if they do not
		runtime.Gosched()
	}
}

// goroutines is how many run the writer.
func goroutines() int {
	var b strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
		panic(err)
	}
	return strings.Count(b.String(), "(*writer).loop")
}
