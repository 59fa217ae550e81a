package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	"bcs-storage/storage"
)

// Open opens the file at path and makes it, and the directory it is in, when it
// is not there. Only one engine may have a file open. A file of an older schema version
// is brought to that of this program, a newer one is refused. When collections index
// other paths than those the file was written with, Open brings its rows up to date.
func Open(ctx context.Context, path string, collections []*storage.Collection, options ...Option) (*Engine, error) {
	e, err := open(ctx, path, collections, defaultLimits, released(), options...)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return e, nil
}

func open(ctx context.Context, path string, collections []*storage.Collection, l limits, s schema, options ...Option) (_ *Engine, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	e := &Engine{tables: map[*storage.Collection]*table{}}
	for _, c := range collections {
		if e.tables[c], err = newTable(c, l); err != nil {
			return nil, err
		}
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	if e.lock, err = lockFile(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.lock.release())
		}
	}()
	c, err := dialWriter(ctx, path, s)
	if err != nil {
		return nil, err
	}
	if err := s.upgrade(ctx, c); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if err := e.migrate(ctx, c); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if e.reads, err = openPool(ctx, path); err != nil {
		return nil, errors.Join(err, c.close())
	}
	e.writer = newWriter(c, func() (*conn, error) { return dialWriter(background, path, s) })
	for _, set := range options {
		set(e)
	}
	e.writer.start()
	return e, nil
}

// prepareFile makes an empty file when there is none, and refuses one that is
// not SQLite's or not ours before anything touches it.
func prepareFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return createFile(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	header := make([]byte, 100)
	switch n, err := io.ReadFull(f, header); {
	case n == 0 && err == io.EOF:
		return nil
	case err != nil && err != io.ErrUnexpectedEOF:
		return err
	case err != nil || string(header[:len(magic)]) != magic:
		return errors.New("the file is not a SQLite database")
	}
	if id := binary.BigEndian.Uint32(header[68:]); id != applicationID && id != 0 {
		return errors.New("the file is a SQLite database of another program")
	}
	return nil
}

func createFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// SQLite syncs the directory for its log, not for a file it found there.
	return syncDir(dir)
}

// syncDir makes durable which names the directory has.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// dialWriter opens the connection that writes, once it is sure that the file
// is ours and not newer than this program.
func dialWriter(ctx context.Context, path string, s schema) (*conn, error) {
	c, err := dial(ctx, path, "rw", writerPragmas()...)
	if err != nil {
		return nil, err
	}
	version, err := checkFile(ctx, c, s)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	if version == 0 {
		err = initialise(c, s)
	}
	if err == nil {
		err = requireWAL(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// initialise makes an empty file ours.
func initialise(c *conn, s schema) error {
	for _, pragma := range []string{
		fmt.Sprintf("page_size = %d", pageSize),
		"journal_mode = WAL",
		fmt.Sprintf("application_id = %d", applicationID),
		fmt.Sprintf("user_version = %d", s.version()),
	} {
		if err := c.pragma("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	return nil
}

// requireWAL fails where SQLite quietly uses another journal: readers would
// then wait for the writer.
func requireWAL(ctx context.Context, c *conn) error {
	mode, err := c.one(ctx, "PRAGMA journal_mode")
	if err == nil && mode != "wal" {
		err = fmt.Errorf("the file has the journal mode %v instead of wal; is it on a network file system?", mode)
	}
	return err
}

// checkFile refuses a file that this program must not write. version is that
// of its schema, 0 when nobody has written it yet.
func checkFile(ctx context.Context, c *conn, s schema) (version int64, err error) {
	version, err = c.number(ctx, "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	id, err := c.number(ctx, "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	objects, err := c.number(ctx, "SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case id != applicationID && (objects > 0 || id != 0):
		return 0, errors.New("the file is a SQLite database of another program")
	case version > s.version():
		return 0, fmt.Errorf("the file has schema version %d, this program knows up to %d: use a newer program", version, s.version())
	}
	return version, nil
}

func sortedTypes(c *storage.Collection) []string {
	types := append(c.Types(), "")
	sort.Strings(types)
	return types
}
