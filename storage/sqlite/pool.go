package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"bcs-storage/storage"
)

// minReaders is the least number of read connections: enough that a few long
// scans do not keep point reads waiting.
const minReaders = 4

// pool are the read-only connections. WAL lets them read while the writer writes.
type pool struct {
	free   chan *conn
	closed chan struct{}
	once   sync.Once
	err    error
}

func openPool(ctx context.Context, path string) (*pool, error) {
	n := max(minReaders, runtime.GOMAXPROCS(0)+2)
	p := &pool{free: make(chan *conn, n), closed: make(chan struct{})}
	for range n {
		c, err := dial(ctx, path, "ro", readerPragmas()...)
		if err != nil {
			for range len(p.free) {
				err = errors.Join(err, (<-p.free).close())
			}
			return nil, err
		}
		p.free <- c
	}
	return p, nil
}

// with runs f with a connection. f must not block on anything but SQLite.
func (p *pool) with(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closed:
		return storage.ErrUnavailable
	default:
	}
	select {
	case c := <-p.free:
		defer func() { p.free <- c }()
		return f(c)
	case <-p.closed:
		return storage.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close waits for the connections in use and closes all.
func (p *pool) close() error {
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.free) {
			p.err = errors.Join(p.err, (<-p.free).close())
		}
	})
	return p.err
}
