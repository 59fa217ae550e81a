package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"bcs-storage/storage"
)

// A batch ends at so many writes, or so many bytes, whichever comes first. The
// bounds keep one transaction, and so the log, from growing without end.
const (
	maxBatchWrites = 1024
	maxBatchBytes  = 16 << 20
)

// write is a change that waits for the writer.
type write struct {
	ctx  context.Context
	size int
	// run makes the change inside the batch's transaction.
	run func(*conn) error
	// steps: run is more than one statement, so what it did must be undone
	// when it fails.
	steps bool
	done  chan error
}

// writer owns the connection that writes, and the goroutine that uses it.
type writer struct {
	mu     sync.Mutex
	wake   sync.Cond
	queue  []*write
	closed bool

	conn    *conn // of the goroutine
	redial  func() (*conn, error)
	stopped chan struct{}
	commits atomic.Int64 // batches that were committed
	onEnd   func(Commit) // may be nil
	failing atomic.Bool  // the last batch could not be committed
	err     error        // from closing, valid once stopped
}

func newWriter(c *conn, redial func() (*conn, error)) *writer {
	w := &writer{conn: c, redial: redial, stopped: make(chan struct{})}
	w.wake.L = &w.mu
	return w
}

// start lets it work, until close.
func (w *writer) start() { go w.loop() }

// do runs a change and returns once it is durable. When ctx ends first do
// returns at once: a change that was not begun is then not made.
func (w *writer) do(ctx context.Context, size int, steps bool, run func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := &write{ctx: ctx, size: size, run: run, steps: steps, done: make(chan error, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return storage.ErrUnavailable
	}
	w.queue = append(w.queue, op)
	w.wake.Signal()
	w.mu.Unlock()
	select {
	case err := <-op.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close lets the writer finish what is queued and waits for it.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	w.wake.Signal()
	w.mu.Unlock()
	<-w.stopped
	return w.err
}

// check says whether writes work, without making one unless the last failed.
func (w *writer) check(ctx context.Context) error {
	select {
	case <-w.stopped:
		return storage.ErrUnavailable
	default:
	}
	if !w.failing.Load() {
		return nil
	}
	return w.do(ctx, 0, false, func(c *conn) error {
		_, err := c.exec("INSERT INTO meta (name, value) VALUES ('probe', '1') ON CONFLICT (name) DO UPDATE SET value = 1 - value")
		return err
	})
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		batch := w.take()
		if batch == nil {
			break
		}
		w.commit(batch)
	}
	if w.conn != nil {
		w.err = w.conn.close()
	}
}

// take waits for writes and takes as many as fit a batch; nil means closed.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 {
		if w.closed {
			return nil
		}
		w.wake.Wait()
	}
	n, bytes := 0, 0
	for n < len(w.queue) && n < maxBatchWrites && (n == 0 || bytes+w.queue[n].size <= maxBatchBytes) {
		bytes += w.queue[n].size
		n++
	}
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	if len(w.queue) == 0 {
		w.queue = nil
	}
	return batch
}
