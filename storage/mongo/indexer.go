package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

// How long the indexer waits before it tries again what failed.
const (
	firstRetry = 10 * time.Second
	lastRetry  = 10 * time.Minute
)

// indexer makes indexes in the background: those of a MongoDB collection once
// in the life of a process, after the first write to it. Requests never wait.
type indexer struct {
	db     *mongo.Database
	log    *slog.Logger
	known  sync.Map // of names of MongoDB collections: wanted once is wanted
	mu     sync.Mutex
	queue  []indexJob
	undone int           // jobs that were asked for and are not done
	failed error         // of the job that was tried last
	tried  chan struct{} // closed when the next one has been
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

type indexJob struct {
	name    string
	indexes []mongo.IndexModel
}

func startIndexer(db *mongo.Database, log *slog.Logger) *indexer {
	ctx, cancel := context.WithCancel(context.Background())
	x := &indexer{db: db, log: log, tried: make(chan struct{}), wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go x.run(ctx)
	return x
}

// stop ends what is being made and waits.
func (x *indexer) stop() {
	x.cancel()
	<-x.done
}

// want asks for the indexes of a MongoDB collection.
func (x *indexer) want(c *storage.Collection, name string) {
	if _, ok := x.known.Load(name); ok {
		return
	}
	if _, ok := x.known.LoadOrStore(name, true); ok {
		return
	}
	docType, _ := typeOf(c, name)
	x.mu.Lock()
	x.queue = append(x.queue, indexJob{name, indexesOf(c, docType)})
	x.undone++
	x.mu.Unlock()
	select {
	case x.wake <- struct{}{}:
	default: // it is awake
	}
}

func (x *indexer) run(ctx context.Context) {
	defer close(x.done)
	wait := firstRetry
	for {
		if x.drain(ctx) {
			wait = firstRetry
			select {
			case <-ctx.Done():
				return
			case <-x.wake:
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-x.wake:
			timer.Stop()
		case <-timer.C:
			wait = min(2*wait, lastRetry)
		}
	}
}

// create makes the indexes one by one: each command is then one that changes
// nothing when the index is there, which servers agree on.
func (x *indexer) create(ctx context.Context, job indexJob) error {
	for _, index := range job.indexes {
		if _, err := x.db.Collection(job.name).Indexes().CreateOne(ctx, index); err != nil {
			return err
		}
	}
	return nil
}

// drain works the queue off; what failed is in it again. It says whether all
// was done.
func (x *indexer) drain(ctx context.Context) bool {
	x.mu.Lock()
	jobs := x.queue
	x.queue = nil
	x.mu.Unlock()
	var failed []indexJob
	for _, job := range jobs {
		if ctx.Err() != nil {
			return false
		}
		err := x.create(ctx, job)
		x.note(err)
		if err != nil {
			failed = append(failed, job)
			if ctx.Err() == nil {
				x.log.Error("indexes could not be made, queries are slow until they are", "collection", job.name, "error", err)
			}
		}
	}
	x.mu.Lock()
	x.queue = append(x.queue, failed...)
	x.mu.Unlock()
	return len(failed) == 0
}

// note says how a job ended.
func (x *indexer) note(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.failed = err; err == nil {
		x.undone--
	}
	close(x.tried)
	x.tried = make(chan struct{})
}

// Indexed waits until the indexes are made of everything that this engine has
// written, and fails when one cannot be.
func (e *Engine) Indexed(ctx context.Context) error {
	for {
		if err := e.usable(ctx); err != nil {
			return err
		}
		undone, tried, failed := e.indexer.state()
		switch {
		case undone == 0:
			return nil
		case failed != nil:
			return fmt.Errorf("make indexes: %w", failed)
		}
		select {
		case <-tried:
		case <-e.indexer.done:
		case <-ctx.Done():
		}
	}
}

func (x *indexer) state() (undone int, tried <-chan struct{}, failed error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.undone, x.tried, x.failed
}
