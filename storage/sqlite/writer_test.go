package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"bcs-storage/storage"
)

// pad is i in four digits.
func pad(i int) string { return fmt.Sprintf("%04d", i) }

// held keeps the writer busy until release is called.
func held(t *testing.T, e *Engine) (release func()) {
	t.Helper()
	busy, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := e.writer.do(context.Background(), 0, false, func(*conn) error {
			close(busy)
			<-free
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-busy
	return func() {
		close(free)
		<-done
	}
}

// waiting returns once n writes wait for the writer.
func waiting(e *Engine, n int) {
	for {
		e.writer.mu.Lock()
		have := len(e.writer.queue)
		e.writer.mu.Unlock()
		if have == n {
			return
		}
		runtime.Gosched()
	}
}

func podDoc(name, data string) storage.Document {
	return storage.NewDocument(storage.Dynamic, storage.Key{"c", "Pod", "a", name}, storage.Member{Name: "data", Value: []byte(data)})
}

// together makes the writes while the writer is held, so that they are one batch.
func together(t *testing.T, e *Engine, writes ...func() error) []error {
	t.Helper()
	release := held(t, e)
	errs := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, write := range writes {
		wg.Go(func() { errs[i] = write() })
		waiting(e, i+1) // in this order
	}
	release()
	wg.Wait()
	return errs
}

func (e *Engine) putting(name, data string) func() error {
	return func() error { return e.Put(context.Background(), storage.Dynamic, podDoc(name, data), now) }
}

func TestWritesThatWaitShareACommit(t *testing.T) {
	e := openInternal(t)
	before := e.writer.commits.Load()
	writes := make([]func() error, 50)
	for i := range writes {
		writes[i] = e.putting(pad(i), "1")
	}
	if err := errors.Join(together(t, e, writes...)...); err != nil {
		t.Fatal(err)
	}
	if got := e.writer.commits.Load() - before; got != 2 { // the one that held the writer, and all others
		t.Errorf("%d commits, want 2", got)
	}
	if got := ids(t, e, storage.Dynamic, storage.Query{}); len(got) != 50 {
		t.Errorf("%d documents, want 50", len(got))
	}
}

func TestBatchesAreBounded(t *testing.T) {
	w := &writer{}
	w.wake.L = &w.mu
	for range maxBatchWrites + 1 {
		w.queue = append(w.queue, &write{})
	}
	w.queue = append(w.queue, &write{size: maxBatchBytes}, &write{size: 1}, &write{size: maxBatchBytes + 1}, &write{size: 1})
	for _, want := range []int{maxBatchWrites, 2, 1, 1, 1} {
		if got := len(w.take()); got != want {
			t.Errorf("a batch of %d, want %d", got, want)
		}
	}
}

func TestOneWriteFailsAlone(t *testing.T) {
	e := openInternal(t)
	broken := errors.New("broken")
	errs := together(t, e,
		e.putting("1", "1"),
		func() error { // fails after it changed something
			return e.writer.do(context.Background(), 0, true, func(c *conn) error {
				if _, err := c.exec("DELETE FROM dynamic"); err != nil {
					return err
				}
				return broken
			})
		},
		func() error { // a statement that fails
			return e.writer.do(context.Background(), 0, false, func(c *conn) error {
				_, err := c.exec("INSERT INTO dynamic (id) VALUES ('x')")
				return err
			})
		},
		e.putting("2", "1"),
	)
	if errs[0] != nil || !errors.Is(errs[1], broken) || errs[2] == nil || errs[3] != nil {
		t.Error(errs)
	}
	if got := ids(t, e, storage.Dynamic, storage.Query{}); !slices.Equal(got, []string{"c/Pod/a/1", "c/Pod/a/2"}) {
		t.Error(got)
	}
}

func TestWriteWhoseContextEnds(t *testing.T) {
	e := openInternal(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := held(t, e)
	ended := make(chan error)
	go func() { ended <- e.Put(ctx, storage.Dynamic, podDoc("1", "1"), now) }()
	waiting(e, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) { // while the writer is still held
		t.Error(err)
	}
	release()
	if got := ids(t, e, storage.Dynamic, storage.Query{}); len(got) != 0 {
		t.Errorf("%v was written although its context had ended", got)
	}
}

func TestCallerDoesNotWaitOnceItsContextEnded(t *testing.T) {
	e := openInternal(t)
	ctx, cancel := context.WithCancel(t.Context())
	free := make(chan struct{})
	err := e.writer.do(ctx, 0, false, func(*conn) error {
		cancel()
		<-free // the caller is back before this ends
		return nil
	})
	close(free)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	release := held(t, e)
	put := make(chan error)
	go func() { put <- e.putting("1", "1")() }()
	waiting(e, 1)
	closed := make(chan error)
	go func() { closed <- e.Close() }()
	for !isClosed(e.writer) {
		runtime.Gosched()
	}
	if err := e.putting("2", "1")(); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("after Close: %v", err)
	}
	release()
	if err := errors.Join(<-put, <-closed); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, reopen(t, path), storage.Dynamic, storage.Query{}); !slices.Equal(got, []string{"c/Pod/a/1"}) {
		t.Error(got)
	}
}

func isClosed(w *writer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// onWriter runs a statement on the writer's connection outside a transaction.
// The caller makes sure that nothing is being written.
func onWriter(t *testing.T, e *Engine, sql string) {
	t.Helper()
	if err := e.writer.conn.pragma(sql); err != nil {
		t.Fatal(err)
	}
}

// A file that may not grow is what a full disk looks like.
func TestFullDisk(t *testing.T) {
	e := openInternal(t)
	if err := e.putting("1", `"old"`)(); err != nil {
		t.Fatal(err)
	}
	onWriter(t, e, "PRAGMA max_page_count = 1") // as many as there are
	errs := together(t, e, e.putting("1", `"new"`), e.putting("2", `"`+strings.Repeat("x", 1<<20)+`"`), e.putting("3", "1"))
	for i, err := range errs {
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("write %d of a batch that did not fit: %v", i, err)
		}
	}
	if got, err := e.Get(t.Context(), storage.Dynamic, storage.Key{"c", "Pod", "a", "1"}, nil, nil); err != nil || !strings.Contains(string(got), `"old"`) {
		t.Errorf("%s %v: the batch left something behind", got, err)
	}
	onWriter(t, e, "PRAGMA max_page_count = 1000000")
	if err := e.Ping(t.Context()); err != nil {
		t.Errorf("ping once there is room: %v", err)
	}
	if err := e.putting("2", `"`+strings.Repeat("x", 1<<20)+`"`)(); err != nil {
		t.Error(err)
	}
}

// A commit that fails fails the whole batch; the next one works.
func TestCommitFails(t *testing.T) {
	e := openInternal(t)
	onWriter(t, e, "PRAGMA foreign_keys = ON")
	onWriter(t, e, "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
	onWriter(t, e, "CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
	errs := together(t, e, e.putting("1", "1"), func() error {
		return e.writer.do(context.Background(), 0, false, func(c *conn) error {
			_, err := c.exec("INSERT INTO child VALUES (1)") // found wrong by COMMIT only
			return err
		})
	}, e.putting("2", "1"))
	for i, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "commit") {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if got := ids(t, e, storage.Dynamic, storage.Query{}); len(got) != 0 {
		t.Error(got)
	}
	if err := e.putting("3", "1")(); err != nil {
		t.Error(err)
	}
	if got := ids(t, e, storage.Dynamic, storage.Query{}); !slices.Equal(got, []string{"c/Pod/a/3"}) {
		t.Error(got)
	}
}

// While another program holds the file nothing can be written; ping says so,
// and sees when it is over.
func TestWriterComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	e := reopen(t, path)
	onWriter(t, e, "PRAGMA busy_timeout = 0")
	e.writer.redial = func() (*conn, error) {
		c, err := dialWriter(background, path, released())
		if err == nil {
			err = c.pragma("PRAGMA busy_timeout = 0")
		}
		return c, err
	}
	other, err := dial(t.Context(), path, "rw")
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := other.pragma("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := e.Ping(t.Context()); err != nil {
		t.Errorf("ping before anything failed: %v", err)
	}
	for range 2 {
		if err := e.putting("1", "1")(); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("put: %v", err)
		}
		if err := e.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("ping: %v", err)
		}
	}
	if err := other.pragma("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := e.Ping(t.Context()); err != nil {
		t.Errorf("ping once the file is free: %v", err)
	}
	if err := e.putting("1", "1")(); err != nil {
		t.Error(err)
	}
}

// A delete that fails half-way removes nothing.
func TestDeleteIsAllOrNothing(t *testing.T) {
	e := openInternal(t)
	for i := range 20 {
		if err := e.putting(pad(i), "1")(); err != nil {
			t.Fatal(err)
		}
	}
	onWriter(t, e, "CREATE TEMP TRIGGER stop BEFORE DELETE ON dynamic WHEN old.id = 'c/Pod/a/0010' BEGIN SELECT RAISE(ABORT, 'no'); END")
	for _, filter := range []storage.Filter{nil, storage.Exists{Path: storage.P("data")}, in("resourceName", "0001", "0010")} {
		if n, err := e.Delete(t.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c", "Pod"}}, Filter: filter}); err == nil || n != 0 {
			t.Errorf("%v: %d, %v", filter, n, err)
		}
		if got := ids(t, e, storage.Dynamic, storage.Query{}); len(got) != 20 {
			t.Errorf("%d documents are left of 20", len(got))
		}
	}
}

// Many goroutines, many batches: every write is there, in fewer commits.
func TestManyWriters(t *testing.T) {
	e := openInternal(t)
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 50 {
				if err := e.putting(fmt.Sprintf("%d-%d", w, i), "1")(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n, err := e.Count(t.Context(), storage.Dynamic, storage.Query{})
	if err != nil || n != 800 {
		t.Errorf("%d documents (%v), want 800", n, err)
	}
	if commits := e.writer.commits.Load(); commits >= 800 {
		t.Errorf("%d commits for 800 writes", commits)
	}
}

// The values of a row outlive the statement that read them.
func TestRowsAreCopies(t *testing.T) {
	e := openInternal(t)
	for i := range 3 {
		if err := e.putting(pad(i), fmt.Sprintf(`"%d"`, i))(); err != nil {
			t.Fatal(err)
		}
	}
	var bodies []string
	var rows [][]byte
	err := e.reads.with(t.Context(), func(c *conn) error {
		return c.query(t.Context(), "SELECT body FROM dynamic ORDER BY id", nil, func(row []driver.Value) bool {
			rows, bodies = append(rows, row[0].([]byte)), append(bodies, string(row[0].([]byte)))
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if string(rows[i]) != bodies[i] {
			t.Errorf("row %d became %s", i, rows[i])
		}
	}
}
