package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"bcs-storage/storage"
)

// Snapshot is what a file held at one moment, whoever writes it meanwhile. It
// implements storage.RecordReader. While it is open the log of the file grows
// with what is written.
type Snapshot struct {
	tables map[*storage.Collection]*table // those that the file has
	reads  *pool
}

var _ storage.RecordReader = (*Snapshot)(nil)

// OpenSnapshot opens the file at path to read it beside an engine that may have
// it open, in this process or another one. The file must be of the schema
// version of this program; a collection that it does not have is empty.
func OpenSnapshot(ctx context.Context, path string, collections []*storage.Collection) (*Snapshot, error) {
	s, err := openSnapshot(ctx, path, collections)
	if err != nil {
		return nil, fmt.Errorf("read store %s: %w", path, err)
	}
	return s, nil
}

func openSnapshot(ctx context.Context, path string, collections []*storage.Collection) (*Snapshot, error) {
	s := &Snapshot{tables: map[*storage.Collection]*table{}}
	c, version, err := openHeld(ctx, path, "ro", released())
	if err != nil {
		return nil, err
	}
	if newest := released().version(); version < newest {
		return nil, errors.Join(fmt.Errorf("the file has schema version %d; starting the service on it makes it %d", version, newest), c.close())
	}
	for _, collection := range collections {
		t, err := newTable(collection, defaultLimits)
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		n, err := c.number(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?", values(t.name)...)
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		if n > 0 {
			s.tables[collection] = t
		}
	}
	s.reads = &pool{free: make(chan *conn, 1), closed: make(chan struct{})}
	s.reads.free <- c
	return s, nil
}

// openHeld opens the file at path beside whoever has it open, without the
// lock. What is read is what it held when openHeld returned, until the
// connection is closed: a transaction is open. mode is SQLite's, version that of the schema.
func openHeld(ctx context.Context, path, mode string, s schema) (_ *conn, version int64, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, 0, err
	}
	c, err := dial(ctx, path, mode, readerPragmas()...)
	if err != nil {
		return nil, 0, err
	}
	// The transaction sees the file as it is at the first read.
	if err = c.pragma("BEGIN"); err == nil {
		version, err = checkFile(ctx, c, s)
	}
	if err == nil && version == 0 {
		err = errors.New("the file is empty: no service has used it yet")
	}
	if err != nil {
		return nil, 0, errors.Join(err, c.close())
	}
	return c, version, nil
}

// Records reads in the order of _id.
func (s *Snapshot) Records(ctx context.Context, c *storage.Collection) iter.Seq2[storage.Record, error] {
	return func(yield func(storage.Record, error) bool) {
		t, ok := s.tables[c]
		if !ok {
			return
		}
		err := t.records(ctx, s.reads.with, func(r storage.Record) bool { return yield(r, nil) })
		if err != nil {
			yield(storage.Record{}, contractError("read records", err))
		}
	}
}

// Count is how many documents the collection has.
func (s *Snapshot) Count(ctx context.Context, c *storage.Collection) (n int64, err error) {
	t, ok := s.tables[c]
	if !ok {
		return 0, nil
	}
	err = s.reads.with(ctx, func(conn *conn) error {
		n, err = conn.number(ctx, "SELECT count(*) FROM "+t.name)
		return err
	})
	return n, contractError("count", err)
}

// Close lets go of the file. Calls after it fail with storage.ErrUnavailable.
func (s *Snapshot) Close() error { return s.reads.close() }
