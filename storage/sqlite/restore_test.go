package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bcs-storage/storage"
)

// copyFile copies with a program of its own.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v %s", err, out)
	}
}

// backedUp is a backup of a store, and what it has.
func backedUp(t *testing.T, n int, word string) (path string, has map[string]string) {
	t.Helper()
	e := filled(t, filepath.Join(t.TempDir(), "store.db"), n, word)
	has = bodies(t, e)
	path = filepath.Join(t.TempDir(), "backup.db")
	if err := Backup(t.Context(), e.path(t), path, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return path, has
}

// opens fails unless the store at path can be opened, has that, and is sound.
func opens(t *testing.T, path string, want map[string]string) {
	t.Helper()
	e := reopen(t, path)
	got := bodies(t, e)
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s has %d documents, not the %d that it should", path, len(got), len(want))
	}
	if err := verify(t.Context(), path, released()); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func TestRestoreIntoAnEmptyPlace(t *testing.T) {
	backup, want := backedUp(t, 30, "x")
	path := filepath.Join(t.TempDir(), "new", "store.db")
	last := int64(0)
	replaced, err := Restore(t.Context(), backup, path, "", func(done, total int64) { last = total - done })
	if replaced || err != nil || last != 0 {
		t.Fatalf("%v %v, %d bytes left", replaced, err, last)
	}
	opens(t, path, want)
	nothingBut(t, filepath.Dir(path), "store.db", "store.db.lock")
	nothingBut(t, filepath.Dir(backup), "backup.db")
}

// A process dies before each step of a restore, while the old store has
// acknowledged writes in its log alone. Then there is the old store or the
// restored one, whole, and the restore can be made again.
func TestRestoreDies(t *testing.T) {
	backup, fresh := backedUp(t, 10, "new ")
	live := filled(t, filepath.Join(t.TempDir(), "store.db"), 15, "old ")
	old := bodies(t, live)
	steps := (&restoration{}).steps()
	for n := range len(steps) + 1 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			path := crashed(t, live)
			dies(t, &restoration{source: backup, path: path, keep: path + ".kept"}, n)
			want := old
			if n == len(steps) {
				want = fresh
			}
			opens(t, path, want)
			if _, err := Restore(t.Context(), backup, path, path+".again", nil); err != nil {
				t.Fatal(err)
			}
			opens(t, path, fresh)
			opens(t, path+".again", want)
		})
	}
}

// dies makes so many steps of the restore and leaves everything as it is then.
func dies(t *testing.T, r *restoration, steps int) {
	t.Helper()
	lock, err := lockFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.look(); err != nil {
		t.Fatal(err)
	}
	if r.copy, err = claim(r.path + ".restoring"); err != nil {
		t.Fatal(err)
	}
	for _, step := range r.steps()[:steps] {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(r.copy.f.Close(), lock.release()); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreKeepsTheOldStore(t *testing.T) {
	backup, fresh := backedUp(t, 10, "new ")
	live := filled(t, filepath.Join(t.TempDir(), "store.db"), 15, "old ")
	path := crashed(t, live)
	if replaced, err := Restore(t.Context(), backup, path, path+".kept", nil); !replaced || err != nil {
		t.Fatal(replaced, err)
	}
	nothingBut(t, filepath.Dir(path), "store.db", "store.db.kept", "store.db.lock")
	opens(t, path, fresh)
	opens(t, path+".kept", bodies(t, live))
}

// What SQLite cannot read any more is kept with its log, as it is.
func TestRestoreOverADamagedStore(t *testing.T) {
	backup, fresh := backedUp(t, 10, "new ")
	path := filepath.Join(t.TempDir(), "store.db")
	for suffix, content := range map[string]string{"": "scrambled " + strings.Repeat("x", 8192), logSuffix: "the log"} {
		if err := os.WriteFile(path+suffix, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if replaced, err := Restore(t.Context(), backup, path, path+".kept", nil); !replaced || err != nil {
		t.Fatal(replaced, err)
	}
	opens(t, path, fresh)
	for suffix, want := range map[string]string{"": "scrambled ", logSuffix: "the log"} {
		if content, err := os.ReadFile(path + ".kept" + suffix); err != nil || !strings.HasPrefix(string(content), want) {
			t.Errorf("kept%s: %.20q %v", suffix, content, err)
		}
	}
}

// A file that was copied out of a data directory together with its log.
func TestRestoreFromAFileWithALog(t *testing.T) {
	live := filled(t, filepath.Join(t.TempDir(), "store.db"), 15, "x")
	path := filepath.Join(t.TempDir(), "store.db")
	if _, err := Restore(t.Context(), crashed(t, live), path, "", nil); err != nil {
		t.Fatal(err)
	}
	opens(t, path, bodies(t, live))
}

func TestRestoreRefuses(t *testing.T) {
	backup, _ := backedUp(t, 10, "new ")
	live := filled(t, filepath.Join(t.TempDir(), "store.db"), 15, "old ")
	old := bodies(t, live)
	altered := func(change func(path string)) string {
		path := filepath.Join(t.TempDir(), "backup.db")
		copyFile(t, backup, path)
		change(path)
		return path
	}
	newer := altered(func(path string) { alter(t, path, "PRAGMA user_version = 99") })
	damaged := altered(func(path string) { damage(t, path) })
	cut := altered(func(path string) {
		if err := os.Truncate(path, 3*pageSize+100); err != nil {
			t.Fatal(err)
		}
	})
	empty := altered(func(path string) {
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
	})
	path := crashed(t, live)
	keep := path + ".kept"
	if err := os.WriteFile(path+".taken", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, source, keep, want string }{
		{"where a store is", backup, "", "file already exists"},
		{"a name that is taken", backup, path + ".taken", "file exists"},
		{"no backup", path + ".nothing", keep, "no such file"},
		{"no store", sqliteFile(t, "CREATE TABLE theirs (x)"), keep, "another program"},
		{"a newer program's", newer, keep, "schema version 99"},
		{"a damaged one", damaged, keep, "damaged"},
		{"one that is cut off", cut, keep, "malformed"},
		{"an empty one", empty, keep, "empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Restore(t.Context(), tt.source, path, tt.keep, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.keep == "" && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%v is not fs.ErrExist", err)
			}
		})
	}
	t.Run("a store in use", func(t *testing.T) {
		e := reopen(t, path)
		if _, err := Restore(t.Context(), backup, path, keep, nil); err == nil || !strings.Contains(err.Error(), "in use by another process") {
			t.Error(err)
		}
		put(t, e, storage.Dynamic, storage.Key{"c", "Pod", "a", "x"}, `1`)
		if _, err := e.Delete(t.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c", "Pod", "a", "x"}}}); err != nil {
			t.Error(err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	nothingBut(t, filepath.Dir(path), "store.db", "store.db.lock", "store.db.taken")
	opens(t, path, old)
}

// root restores for the user of the service.
func TestRestoreGivesTheFilesToTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	backup, _ := backedUp(t, 1, "x")
	path := filepath.Join(t.TempDir(), "store.db")
	if err := os.Chown(filepath.Dir(path), 1234, 2345); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, path, "", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if of := info.Sys().(*syscall.Stat_t); of.Uid != 1234 || of.Gid != 2345 {
			t.Errorf("%s belongs to %d:%d", name, of.Uid, of.Gid)
		}
	}
}
