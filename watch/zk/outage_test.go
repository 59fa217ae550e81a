package zk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"bcs-storage/watch"
	"bcs-storage/watch/zk"
)

// every calls every method and gives back their errors by name.
func every(ctx context.Context, n *zk.Nodes) map[string]error {
	_, getErr := n.Get(ctx, node("a"))
	var listErr error
	for _, listErr = range n.List(ctx, dir) {
	}
	return map[string]error{
		"Put": n.Put(ctx, node("a"), []byte(`{"v":1}`)), "Get": getErr, "Delete": n.Delete(ctx, node("a")),
		"List": listErr, "Ping": n.Ping(ctx),
	}
}

func wantAll(t *testing.T, errs map[string]error, wants ...error) {
	t.Helper()
	for call, err := range errs {
		for _, want := range wants {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", call, err, want)
			}
		}
	}
}

// within fails a test that hangs.
func within(t *testing.T, run func()) {
	t.Helper()
	started := time.Now()
	run()
	if took := time.Since(started); took > bound {
		t.Errorf("took %v", took)
	}
}

// closedPort is an address where nothing listens, below the ports that the
// kernel gives to those who ask for any: no other process gets it meanwhile.
func closedPort(t *testing.T) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 12000+rand.IntN(20000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		must(t, err)
		must(t, listener.Close())
		return listener.Addr().String()
	}
}

func TestOpenWhileNothingListens(t *testing.T) {
	gone := closedPort(t)
	for name, servers := range map[string][]string{
		"a port that is closed": {gone}, "a name that nobody has": {"zookeeper.invalid"}, "both": {gone, "zookeeper.invalid:1"},
	} {
		t.Run(name, func(t *testing.T) {
			leaksNothing(t, func() {
				n, err := zk.Open(zk.Options{Servers: servers, CallTimeout: 50 * time.Millisecond})
				must(t, err)
				within(t, func() { wantAll(t, every(t.Context(), n), watch.ErrUnavailable) })
				must(t, n.Close())
				wantAll(t, every(t.Context(), n), watch.ErrUnavailable)
			})
		})
	}
}

func TestLongOutageFailsAtOnce(t *testing.T) {
	n, err := zk.Open(zk.Options{Servers: []string{"zookeeper.invalid"}, CallTimeout: bound})
	must(t, err)
	defer n.Close()
	within(t, func() { // the first call waits a little, the others not at all
		for range 1000 {
			if err := n.Ping(t.Context()); !errors.Is(err, watch.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v, want ErrUnavailable before the deadline", err)
			}
		}
	})
}

func TestFrozenServer(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers = []string{p.addr()}
	must(t, open(t, o).Put(t.Context(), node("a"), []byte(`{}`)))
	before := runtime.NumGoroutine()
	o.CallTimeout = 100 * time.Millisecond
	n := open(t, o)
	eventually(t, "the session is there", func() error { return n.Ping(t.Context()) })

	p.set(true)
	within(t, func() { wantAll(t, every(t.Context(), n), watch.ErrUnavailable, context.DeadlineExceeded) })
	crowd(t, n)
	if now := runtime.NumGoroutine(); now > before+100 {
		t.Errorf("%d goroutines, %d before: the calls that were given up on pile up", now, before)
	}
	p.set(false)
	eventually(t, "heals", func() error { return n.Put(t.Context(), node("a"), []byte(`{"v":2}`)) })
}

// crowd calls from many goroutines while nothing answers.
func crowd(t *testing.T, n *zk.Nodes) {
	var calls sync.WaitGroup
	for range 500 {
		calls.Go(func() {
			if _, err := n.Get(t.Context(), node("a")); !errors.Is(err, watch.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
		})
	}
	calls.Wait()
}

func TestCancelledWhileFrozen(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers, o.CallTimeout = []string{p.addr()}, bound
	n := open(t, o)
	must(t, n.Ping(t.Context()))
	p.set(true)
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(20*time.Millisecond, cancel)
	defer stop.Stop()
	wantAll(t, every(ctx, n), context.Canceled)
}

func TestCloseWhileFrozen(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers, o.Timeout = []string{p.addr()}, bound
	n := open(t, o)
	must(t, n.Ping(t.Context()))
	p.set(true)
	errs := make(chan error)
	go func() { errs <- n.Put(t.Context(), node("a"), []byte(`{}`)) }()
	within(t, func() { must(t, n.Close()) })
	if err := <-errs; !errors.Is(err, watch.ErrUnavailable) {
		t.Errorf("the put that was under way: got %v, want ErrUnavailable", err)
	}
}
