package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bcs-storage/storage"

	"github.com/google/go-cmp/cmp"
)

// stored is what the store at path has, by _id, read without opening it.
func stored(t *testing.T, path string) map[string]string {
	t.Helper()
	s, err := OpenSnapshot(t.Context(), path, storage.Collections())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return bodies(t, s)
}

func bodies(t *testing.T, from storage.RecordReader) map[string]string {
	t.Helper()
	all := map[string]string{}
	for r, err := range from.Records(t.Context(), storage.Dynamic) {
		if err != nil {
			t.Fatal(err)
		}
		all[r.ID] = string(r.Body)
	}
	return all
}

// filled is a store with n large documents, so that a copy of it takes several steps.
func filled(t *testing.T, path string, n int, word string) *Engine {
	t.Helper()
	e := reopen(t, path)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", pad(i)}, `"`+strings.Repeat(word, 40_000/len(word))+`"`)
		})
	}
	wg.Wait()
	return e
}

// nothingBut fails unless the directory has exactly these files.
func nothingBut(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// The store is written between any two steps of the copy, by an engine that
// waits for nobody: the copy ends all the same, and has what was there when it began.
func TestBackupIsOneMoment(t *testing.T) {
	e := filled(t, filepath.Join(t.TempDir(), "store.db"), 200, "before ")
	path := e.path(t)
	want := bodies(t, e)
	target := filepath.Join(t.TempDir(), "b?ckup #1.db")
	steps, last := 0, int64(0)
	err := Backup(t.Context(), path, target, false, func(done, total int64) {
		if done <= last || done > total {
			t.Errorf("%d of %d bytes after %d: it began anew", done, total, last)
		}
		last = done
		steps++
		for i := range 3 {
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", pad(3*steps + i)}, `"changed"`)
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "later", pad(3*steps + i)}, `"new"`)
		}
		if _, err := e.Delete(t.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c", "Pod", "a", pad(steps)}}}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps < 5 {
		t.Errorf("the copy took %d steps", steps)
	}
	nothingBut(t, filepath.Dir(target), filepath.Base(target))
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if diff := cmp.Diff(want, stored(t, target)); diff != "" {
		t.Errorf("the copy is not what was there (%d bytes of differences)", len(diff))
	}
	if now := bodies(t, e); maps.Equal(now, want) {
		t.Error("nothing was written meanwhile")
	}
	copied := reopen(t, target)
	put(t, copied, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
}

// path is the file of the engine.
func (e *Engine) path(t *testing.T) (path string) {
	t.Helper()
	err := e.reads.with(t.Context(), func(c *conn) error {
		v, err := c.one(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'")
		path, _ = v.(string)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// crashed is a copy of the files of an engine that is writing, as it is after a
// power failure: what was acknowledged is in the log alone.
func crashed(t *testing.T, e *Engine) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	for _, suffix := range []string{"", logSuffix} {
		// In another process: closing a file of this one would let go of SQLite's locks on it.
		copyFile(t, e.path(t)+suffix, path+suffix)
	}
	if info, err := os.Stat(path + logSuffix); err != nil || info.Size() == 0 {
		t.Fatalf("there is nothing in the log (%v)", err)
	}
	return path
}

func TestBackupOfAStoreThatCrashed(t *testing.T) {
	e := filled(t, filepath.Join(t.TempDir(), "store.db"), 20, "x")
	target := filepath.Join(t.TempDir(), "backup.db")
	if err := Backup(t.Context(), crashed(t, e), target, false, nil); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(stored(t, target), bodies(t, e)) {
		t.Error("what was in the log is not in the copy")
	}
}

func TestBackupThatEndsEarly(t *testing.T) {
	e := filled(t, filepath.Join(t.TempDir(), "store.db"), 100, "x")
	dir := t.TempDir()
	target := filepath.Join(dir, "backup.db")
	if err := os.WriteFile(target, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := Backup(ctx, e.path(t), target, true, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	nothingBut(t, dir, "backup.db")
	if content, err := os.ReadFile(target); err != nil || string(content) != "older" {
		t.Errorf("%q %v", content, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	e := filled(t, filepath.Join(t.TempDir(), "store.db"), 20, "x")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"taken", "empty.db"} {
		if err := os.WriteFile(at(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := claim(at("busy.partial"))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.close()
	damaged := crashed(t, e)
	damage(t, damaged)
	newer := filepath.Join(t.TempDir(), "store.db")
	if err := reopen(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, newer, "PRAGMA user_version = 99")
	for _, tt := range []struct {
		name, from, to string
		replace        bool
		want           string
	}{
		{"a name that is taken", e.path(t), at("taken"), false, "file already exists"},
		{"a directory", e.path(t), dir, true, "no file"},
		{"the store itself", e.path(t), e.path(t), true, "the store itself"},
		{"a copy that another process makes", e.path(t), at("busy"), false, "another process"},
		{"no store", at("nothing.db"), at("new"), false, "no such file"},
		{"an empty file", at("empty.db"), at("new"), false, "empty"},
		{"another program's", sqliteFile(t, "CREATE TABLE theirs (x)"), at("new"), false, "another program"},
		{"a newer program's", newer, at("new"), false, "schema version 99"},
		{"a damaged store", damaged, at("new"), false, "damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Backup(t.Context(), tt.from, tt.to, tt.replace, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.from) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.want == "file already exists" && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%v is not fs.ErrExist", err)
			}
		})
	}
	nothingBut(t, dir, "busy.partial", "empty.db", "taken")
	if err := Backup(t.Context(), e.path(t), at("taken"), true, nil); err != nil {
		t.Error(err)
	}
	if !maps.Equal(stored(t, at("taken")), bodies(t, e)) {
		t.Error("the file was not replaced")
	}
}

// damage writes over the root of a table in the log's place: quick_check sees it, opening the file does not.
func damage(t *testing.T, path string) {
	t.Helper()
	alter(t, path, "PRAGMA wal_checkpoint(TRUNCATE)")
	c, err := dial(t.Context(), path, "ro")
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.number(t.Context(), "SELECT rootpage FROM sqlite_schema WHERE name = 'dynamic'")
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(slices.Repeat([]byte{0xA5}, 512), (page-1)*pageSize); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A snapshot does not see what is written once it is open, in any collection,
// and nobody waits for it.
func TestSnapshot(t *testing.T) {
	e := reopen(t, filepath.Join(t.TempDir(), "store.db"))
	var wg sync.WaitGroup
	for i := range 600 {
		wg.Go(func() { put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", pad(i)}, fmt.Sprint(i)) })
	}
	wg.Wait()
	want := bodies(t, e)
	other := &storage.Collection{Name: "other", Key: []string{"k"}, Parts: 1}
	s, err := OpenSnapshot(t.Context(), e.path(t), append(storage.Collections(), other))
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, storage.Hosts, storage.Key{"10.0.0.1"}, `1`)
	got := map[string]string{}
	for r, err := range s.Records(t.Context(), storage.Dynamic) {
		if err != nil {
			t.Fatal(err)
		}
		got[r.ID] = string(r.Body)
		if len(got)%100 == 1 {
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", pad(599 - len(got))}, `"changed"`)
			put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "b", pad(len(got))}, `"new"`)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for c, want := range map[*storage.Collection]int64{storage.Dynamic: 600, storage.Hosts: 0, other: 0} {
		if n, err := s.Count(t.Context(), c); n != want || err != nil {
			t.Errorf("%s: %d documents (%v), want %d", c.Name, n, err, want)
		}
	}
	for r, err := range s.Records(t.Context(), other) {
		t.Error(r, err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.Records(cancelled, storage.Dynamic) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Count(t.Context(), storage.Dynamic); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
}
