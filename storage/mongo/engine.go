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

	use  sync.RWMutex // read-locked while a command runs; Close locks it, for good
	once sync.Once
	err  error
}

var _ storage.Documents = (*Engine)(nil)

// knows fails for a collection that was not given to Open.
func (e *Engine) knows(c *storage.Collection) error {
	if slices.Contains(e.collections, c) {
		return nil
	}
	return fmt.Errorf("collection %s was not opened", c.Name)
}

// enter fails when ctx is done or Close has locked the engine, or waits to:
// nothing else makes TryRLock fail. Otherwise Close waits until leave is called.
func (e *Engine) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.use.TryRLock() {
		return fmt.Errorf("%w: the engine is closed", storage.ErrUnavailable)
	}
	return nil
}

func (e *Engine) leave() { e.use.RUnlock() }

// usable fails when ctx is done or the engine is closed.
func (e *Engine) usable(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	e.leave()
	return nil
}

// call runs one command, for as long as OperationTimeout at most. Close waits
// for it. Its error is one of the contract.
func (e *Engine) call(ctx context.Context, doing string, command func(context.Context) error) error {
	if err := e.enter(ctx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer e.leave()
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

// Close lets the assignment that runs end, all of it, refuses what comes from
// then on, waits for the commands that run, stops making indexes and
// disconnects. Each of these takes OperationTimeout and a second at most. It
// may be called more than once.
func (e *Engine) Close() error {
	e.once.Do(func() {
		late := time.NewTimer(e.timeout + closing) // an assignment may have to be aborted
		defer late.Stop()
		select {
		case e.assigning <- struct{}{}:
			e.use.Lock()
			<-e.assigning // those that wait for their turn find the engine closed
		case <-late.C:
			e.use.Lock()
		}
		e.indexer.stop()
		ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
		defer cancel()
		if err := e.client.Disconnect(ctx); err != nil {
			e.err = fmt.Errorf("close: %w", err)
		}
	})
	return e.err
}
