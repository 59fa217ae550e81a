package handlers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// A group is committed together. It is what was read while the one before was
// committed, up to so many items or bytes: single items do not wait for others, and
// a stream that comes faster than it can be stored is not read on. Larger groups
// are not faster, and other writers would wait for them longer.
const (
	maxGroupItems = 2048
	maxGroupBytes = 4 << 20
)

// errStopped is what the intake reads once nobody takes its groups any more.
var errStopped = errors.New("stopped")

// intake reads and checks the items of a body in a goroutine of its own, so that a
// group is made ready while the one before is stored.
type intake struct {
	env        string
	body       io.Reader
	connection *http.ResponseController
	patience   time.Duration
	ended      chan struct{} // closed when the goroutine is gone
	stalled    bool          // of the goroutine: nothing came for too long

	mu      sync.Mutex
	changed sync.Cond
	group   []item // read and not taken
	bytes   int    // of the group
	done    bool   // nothing more comes
	err     error  // why the body was not read to its end
	stopped bool   // nothing more is taken
	failed  any    // what the goroutine panicked with
}

// startIntake begins to read. stop must be called.
func startIntake(r *request, connection *http.ResponseController, env string) *intake {
	in := &intake{env: env, body: r.restful.Request.Body, connection: connection, patience: r.patience, ended: make(chan struct{})}
	in.changed.L = &in.mu
	go in.run(r.maxBody)
	return in
}

// take waits for items and takes all there are; none means that there are no
// more. A panic of the goroutine goes on here.
func (in *intake) take() []item {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.group) == 0 && !in.done {
		in.changed.Wait()
	}
	if in.done && in.failed != nil {
		panic(in.failed)
	}
	group := in.group
	in.group, in.bytes = nil, 0
	in.changed.Broadcast()
	return group
}

// stop ends the reading, waits for it, and says why the body was not read to
// its end, if it was not. It may be called again.
func (in *intake) stop() error {
	in.mu.Lock()
	in.stopped = true
	if !in.done {
		// It may be waiting for bytes that never come.
		_ = in.connection.SetReadDeadline(time.Unix(1, 0))
	}
	in.changed.Broadcast()
	in.mu.Unlock()
	<-in.ended
	return in.err
}

func (in *intake) run(most int64) {
	defer close(in.ended)
	defer in.end(errStopped) // unless it was called before
	defer func() {
		if failed := recover(); failed != nil {
			in.failed = fmt.Sprintf("%v, reading a bulk request:\n%s", failed, debug.Stack())
		}
	}()
	in.end(in.read(newLines(in, most)))
}

// end notes that nothing more comes.
func (in *intake) end(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.done {
		return
	}
	in.done, in.err = true, err
	if err != nil && !in.stalled {
		in.group = nil
	}
	if !in.stopped {
		_ = in.connection.SetReadDeadline(time.Time{})
	}
	in.changed.Broadcast()
}

// read puts the items of all lines into groups. The last one of a body that
// stalls says so; when the client has gone nobody would hear it.
func (in *intake) read(l *lines) error {
	for {
		line, err := l.next()
		it := item{op: dynamicPut, err: err}
		switch {
		case err == io.EOF:
			return nil
		case err == nil && blank(line):
			continue
		case err == nil:
			it = readItem(in.env, line)
		}
		gone := errors.Is(err, errBodyUnread)
		if gone && !in.stalled {
			return err
		}
		it.line = l.number
		if !in.put(it) {
			return errStopped
		}
		if gone {
			return err
		}
	}
}

// put adds an item to the group, once there is room. It is false when nobody
// wants it any more.
func (in *intake) put(it item) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for !in.stopped && (len(in.group) >= maxGroupItems || in.bytes >= maxGroupBytes) {
		in.changed.Wait()
	}
	in.group = append(in.group, it)
	in.bytes += len(it.write.Body)
	in.changed.Broadcast()
	return !in.stopped
}

// Read reads the body. It waits for every part as long as for the whole body of
// other requests: a stream may last as long as it flows.
func (in *intake) Read(p []byte) (int, error) {
	in.mu.Lock()
	stopped := in.stopped
	if !stopped {
		_ = in.connection.SetReadDeadline(time.Now().Add(in.patience))
	}
	in.mu.Unlock()
	if stopped {
		return 0, errStopped
	}
	n, err := in.body.Read(p)
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		in.stalled = true
		return n, fmt.Errorf("%w: nothing came for %v", errBodyLate, in.patience)
	}
	return n, fmt.Errorf("%w: %v", errBodyUnread, err)
}
