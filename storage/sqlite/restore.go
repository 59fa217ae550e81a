package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	sqlite3 "modernc.org/sqlite/lib"
)

// What SQLite keeps beside a file.
const (
	logSuffix  = "-wal"
	lockSuffix = "-shm"
)

// Restore puts a copy of the backup at source in the place of the store at
// path; the directory is made when it is not there. It fails while an engine has the
// store open. The backup is checked before anything is touched: it must be a
// sound store of a schema version that this program knows. When there is a store
// already it gets the name keep, which must not be taken; with keep empty that
// is an error, fs.ErrExist. Whenever the process or the machine dies, the store at path is then
// either as it was or the restored one. It is the restored one when Restore returned no error;
// replaced says whether there was one before.
func Restore(ctx context.Context, source, path, keep string, progress Progress) (replaced bool, err error) {
	r := &restoration{source: source, keep: keep, progress: progress}
	if r.path, err = filepath.Abs(path); err == nil {
		err = r.run(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("restore %s from %s: %w", path, source, err)
	}
	return r.replaces, nil
}

func (r *restoration) run(ctx context.Context) (err error) {
	path := r.path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock, err := lockFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := r.look(); err != nil {
		return err
	}
	if r.copy, err = claim(path + ".restoring"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.copy.close()) }()
	for _, step := range r.steps() {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// restoration is a restore under way. The lock is held.
type restoration struct {
	source, path, keep string
	progress           Progress
	copy               *partial
	replaces           bool // there is a store
	damaged            bool // and SQLite cannot read it
}

// steps are all steps in order. The process may die between any two, and
// within any: until swap is done the store is as it was (one that SQLite cannot
// read may be without its log then, which keepOld has kept).
func (r *restoration) steps() []func(context.Context) error {
	return []func(context.Context) error{r.fill, r.settle, r.keepOld, r.clean, r.swap}
}

// look says whether there is a store, and fails when it must stay.
func (r *restoration) look() error {
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	r.replaces = info.Size() > 0
	if r.replaces && r.keep == "" {
		return fs.ErrExist
	}
	return nil
}

// fill copies the backup to where it will be, and checks the copy: it has what
// the backup has, page by page.
func (r *restoration) fill(ctx context.Context) (err error) {
	// A backup has no log. Beside a file that somebody copied out of a data directory there may be one.
	mode := "ro&immutable=1"
	if info, err := os.Stat(r.source + logSuffix); err == nil && info.Size() > 0 {
		mode = "ro"
	}
	c, _, err := openHeld(ctx, r.source, mode, released())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := r.copy.copy(ctx, c, r.progress); err != nil {
		return err
	}
	return r.giveToOwner()
}

// giveToOwner lets the user of the service have what root has made.
func (r *restoration) giveToOwner() error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(r.path))
	if err != nil {
		return err
	}
	of, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return errors.Join(r.copy.f.Chown(int(of.Uid), int(of.Gid)), os.Chown(r.path+".lock", int(of.Uid), int(of.Gid)))
}

// settle moves what is in the log of the old store into the store itself, so
// that the store is whole without it.
func (r *restoration) settle(ctx context.Context) error {
	if !r.replaces {
		return nil
	}
	// SQLite throws away the log of what it takes for no database.
	sound, err := isSQLite(r.path)
	if r.damaged = !sound; r.damaged || err != nil {
		return err
	}
	err = checkpoint(ctx, r.path)
	if code := primaryCode(err); code == sqlite3.SQLITE_NOTADB || code == sqlite3.SQLITE_CORRUPT {
		r.damaged = true // it is kept as it is, log and all
		return nil
	}
	return err
}

func isSQLite(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	header := make([]byte, len(magic))
	if _, err := io.ReadFull(f, header); err != nil && err != io.ErrUnexpectedEOF {
		return false, err
	}
	return string(header) == magic, nil
}

func checkpoint(ctx context.Context, path string) (err error) {
	c, err := dial(ctx, path, "rw", writerPragmas()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	busy, err := c.number(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err == nil && busy != 0 {
		err = errors.New("the store is being read by another process: try again when that is done")
	}
	return err
}

// keepOld gives the old store its second name.
func (r *restoration) keepOld(context.Context) error {
	if !r.replaces {
		return nil
	}
	if err := os.Link(r.path, r.keep); err != nil {
		return err
	}
	if r.damaged {
		if err := os.Link(r.path+logSuffix, r.keep+logSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(filepath.Dir(r.keep))
}

// clean removes the log of the old store. It must be gone for good before the
// new store has the name: SQLite would take it for the new one's.
func (r *restoration) clean(context.Context) error {
	for _, suffix := range []string{logSuffix, lockSuffix} {
		if err := os.Remove(r.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(filepath.Dir(r.path))
}

func (r *restoration) swap(context.Context) error { return r.copy.become(r.path) }
