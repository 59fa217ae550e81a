package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"bcs-storage/storage"
)

// Engine keeps documents in one SQLite file. It implements storage.Documents.
type Engine struct {
	tables map[*storage.Collection]*table
	reads  *pool
	writer *writer
	lock   *fileLock
	once   sync.Once
	closed error
}

var _ storage.Documents = (*Engine)(nil)

// table is the table of a collection that was given to Open.
func (e *Engine) table(c *storage.Collection) (*table, error) {
	if t, ok := e.tables[c]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("collection %s was not opened", c.Name)
}

// Ping reads from the file. When the last batch of writes failed it also
// writes, so that it says how things are now.
func (e *Engine) Ping(ctx context.Context) error {
	err := e.reads.with(ctx, func(c *conn) error {
		_, err := c.number(ctx, "SELECT count(*) FROM meta")
		return err
	})
	if err == nil {
		err = e.writer.check(ctx)
	}
	return contractError("ping", err)
}

// Close waits for the writes that were accepted, stops the writer and closes
// the file. It may be called more than once.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.closed = errors.Join(e.reads.close(), e.writer.close(), e.lock.release())
	})
	return e.closed
}
