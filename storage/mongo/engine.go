package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

// Engine keeps documents in MongoDB. It implements storage.Documents.
type Engine struct {
	client      *mongo.Client
	db          *mongo.Database
	collections []*storage.Collection
	timeout     time.Duration
	indexer     *indexer
	assigning   chan struct{} // holds a token while an assignment runs
	readsWhole  bool          // projections are left to storage.Projection alone

	use    sync.RWMutex // read-locked while a command runs
	closed bool
	once   sync.Once
	err    error
}

var _ storage.Documents = (*Engine)(nil)

// knows fails for a collection that was not given to Open.
func (e *Engine) knows(c *storage.Collection) error {
	if slices.Contains(e.collections, c) {
		return nil
	}
	return fmt.Errorf("collection %s was not opened", c.Name)
}

// usable fails when ctx is done or the engine is closed.
func (e *Engine) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return fmt.Errorf("%w: the engine is closed", storage.ErrUnavailable)
	}
	return nil
}

// call runs one command, for as long as OperationTimeout at most. Close waits
// for it. Its error is one of the contract.
func (e *Engine) call(ctx context.Context, doing string, command func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.use.RLock()
	defer e.use.RUnlock()
	if e.closed {
		return fmt.Errorf("%s: %w: the engine is closed", doing, storage.ErrUnavailable)
	}
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return contractError(ctx, limited, doing, command(limited))
}

// discard ends a cursor that is not read to its end. When that fails, the
// server ends it in time.
func (e *Engine) discard(ctx context.Context, cursor *mongo.Cursor) {
	err := e.call(ctx, "close cursor", cursor.Close)
	if err != nil && !errors.Is(err, storage.ErrUnavailable) && ctx.Err() == nil {
		e.indexer.log.Debug("a cursor could not be closed", slog.Any("error", err))
	}
}

// Ping asks the primary.
func (e *Engine) Ping(ctx context.Context) error {
	return e.call(ctx, "ping", func(ctx context.Context) error {
		return e.client.Ping(ctx, readpref.Primary())
	})
}

// Close waits for the commands that run, stops making indexes and disconnects.
// It may be called more than once.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.use.Lock()
		e.closed = true
		e.use.Unlock()
		e.indexer.stop()
		ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
		defer cancel()
		if err := e.client.Disconnect(ctx); err != nil {
			e.err = fmt.Errorf("close: %w", err)
		}
	})
	return e.err
}
