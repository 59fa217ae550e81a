package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
)

// copyStep is how many pages are copied between two looks at the context.
const copyStep = 256

// partial is a copy of a store in the making. The lock on it keeps a second
// process from making one under the same name.
type partial struct {
	f     *os.File
	path  string
	named bool // see become
}

// claim makes the file at path, or takes over what a process that died left.
func claim(path string) (*partial, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	p := &partial{f: f, path: path}
	if err := p.own(); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *partial) own() error {
	if err := syscall.Flock(int(p.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%s is being written by another process: %w", p.path, err)
	}
	ours, err := p.f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(p.path)
	if err != nil || !os.SameFile(ours, named) { // who had the lock has just finished
		return fmt.Errorf("%s was being written by another process", p.path)
	}
	return p.f.Truncate(0)
}

// copy fills the partial copy with what c reads and verifies and syncs it.
func (p *partial) copy(ctx context.Context, c *conn, progress Progress) error {
	if err := p.fill(ctx, c, progress); err != nil {
		return err
	}
	if err := verify(ctx, p.path, released()); err != nil {
		return fmt.Errorf("the copy cannot be used: %w", err)
	}
	return p.f.Sync()
}

// fill copies what c reads, page by page, until ctx is done. c has a
// transaction open, so that every step sees the same state of the file: SQLite
// begins a copy anew whenever somebody writes between two steps, and would not
// come to an end beside a busy writer. Nobody waits for it: in WAL mode a
// reader keeps the writer only from reusing the log.
func (p *partial) fill(ctx context.Context, c *conn, progress Progress) (err error) {
	source, ok := c.raw.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("the SQLite driver makes no copies")
	}
	size, err := c.number(ctx, "PRAGMA page_size")
	if err != nil {
		return err
	}
	// A copy that is not finished is thrown away, and one that is finished is synced as a whole.
	u := url.URL{Scheme: "file", OmitHost: true, Path: p.path, RawQuery: "mode=rw&_pragma=journal_mode(off)&_pragma=synchronous(off)"}
	b, err := source.NewBackup(u.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Finish()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(copyStep); err != nil {
			return err
		}
		total := int64(b.PageCount()) * size
		progress.report(total-int64(b.Remaining())*size, total)
	}
	return nil
}

// become gives the copy its name, which another file may have had, for good.
func (p *partial) become(name string) error {
	if err := os.Rename(p.path, name); err != nil {
		return err
	}
	p.named = true
	return syncDir(filepath.Dir(name))
}

// close lets go of the copy, and removes it unless it has a name.
func (p *partial) close() error {
	if p.named {
		return p.f.Close()
	}
	return errors.Join(os.Remove(p.path), p.f.Close())
}

// verify reads all of the file at path, which nobody writes, and fails unless
// it is a sound store of a version that s knows.
func verify(ctx context.Context, path string, s schema) (err error) {
	c, err := dial(ctx, path, "ro&immutable=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	version, err := checkFile(ctx, c, s)
	if err != nil {
		return err
	}
	if version == 0 {
		return errors.New("it is empty")
	}
	found, err := c.one(ctx, "PRAGMA quick_check(1)")
	if err == nil && found != "ok" {
		err = fmt.Errorf("it is damaged: %v", found)
	}
	return err
}
