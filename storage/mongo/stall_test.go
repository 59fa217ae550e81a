package mongo

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/event"
)

// stall stands between an engine and its server. From the first command called
// at on, the server hears but is not heard.
type stall struct {
	at      []byte
	target  string
	began   chan struct{} // closed with that command
	ended   chan struct{}
	once    sync.Once
	aborted chan struct{} // holds something once an abort was sent
	tasks   sync.WaitGroup
}

// stallAt is the URI of a server that stalls.
func stallAt(t *testing.T, command string) (uri string, s *stall) {
	t.Helper()
	u, err := url.Parse(testURI(t))
	if err != nil || u.Scheme != "mongodb" || strings.Contains(u.Host, ",") || strings.Contains(u.RawQuery, "tls=true") {
		t.Skip("needs a single server without TLS")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = &stall{at: []byte(command + "\x00"), target: u.Host, began: make(chan struct{}), ended: make(chan struct{}), aborted: make(chan struct{}, 1)}
	s.tasks.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			s.tasks.Go(func() { s.serve(client) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		close(s.ended)
		s.tasks.Wait()
	})
	return withOptions(strings.Replace(testURI(t), u.Host, listener.Addr().String(), 1), "directConnection=true"), s
}

func (s *stall) serve(client net.Conn) {
	server, err := net.Dial("tcp", s.target)
	if err != nil {
		client.Close()
		return
	}
	over := make(chan struct{}, 2)
	pipe := func(to, from net.Conn, pass func([]byte) bool) {
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if err == nil && pass(buf[:n]) {
				_, err = to.Write(buf[:n])
			}
			if err != nil {
				over <- struct{}{}
				return
			}
		}
	}
	s.tasks.Go(func() { pipe(server, client, s.hear) })
	s.tasks.Go(func() { pipe(client, server, func([]byte) bool { return !s.stalled() }) })
	select {
	case <-over:
	case <-s.ended:
	}
	client.Close()
	server.Close()
}

func (s *stall) hear(sent []byte) bool {
	if bytes.Contains(sent, s.at) {
		s.once.Do(func() { close(s.began) })
	}
	if bytes.Contains(sent, []byte("abortTransaction\x00")) {
		select {
		case s.aborted <- struct{}{}:
		default:
		}
	}
	return true
}

func (s *stall) stalled() bool {
	select {
	case <-s.began:
		return true
	default:
		return false
	}
}

func anAssignment() storage.Assignment {
	return storage.Assignment{Field: "clusterId", Value: "C", Keys: []storage.Key{{"10.0.0.1"}, {"10.0.0.2"}}, Exclusive: true}
}

// TestTransactionOnAStalledServerEnds: in its time. It is aborted, but never
// once a commit was sent.
func TestTransactionOnAStalledServerEnds(t *testing.T) {
	for command, aborted := range map[string]bool{"find": true, "commitTransaction": false} {
		t.Run(command, func(t *testing.T) {
			uri, s := stallAt(t, command)
			e := openWithTwo(t, uri, time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), e.timeout)
			defer cancel()
			result := make(chan error, 1)
			go func() {
				result <- e.transaction(ctx, func(ctx context.Context) error {
					if err := getPod(ctx, e); !errors.Is(err, storage.ErrNotFound) {
						return err
					}
					return nil
				})
			}()
			select {
			case err := <-result:
				if !s.stalled() || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want that it is out of time (stalled: %t)", err, s.stalled())
				}
			case <-time.After(4 * e.timeout):
				t.Error("the transaction goes on after its time")
			}
			if got := len(s.aborted) > 0; got != aborted {
				t.Errorf("aborted: %t, want %t", got, aborted)
			}
		})
	}
}

// openWithTwo opens an engine with two connections: on a server that stalls it
// gets no new ones.
func openWithTwo(t *testing.T, uri string, timeout time.Duration) (e *Engine) {
	t.Helper()
	var nested atomic.Bool
	ping := func() {
		if err := e.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
	e = openWith(t, func(o *Options) {
		o.URI, o.OperationTimeout = uri, timeout
		o.Monitor = &event.CommandMonitor{Started: func(context.Context, *event.CommandStartedEvent) {
			if nested.CompareAndSwap(false, true) {
				ping()
			}
		}}
	})
	ping() // and another while this one has the first
	return e
}

// TestCloseIsHeardAtOnce: while it waits for a command that takes long, others are refused.
func TestCloseIsHeardAtOnce(t *testing.T) {
	uri, s := stallAt(t, "find")
	e := openWith(t, func(o *Options) { o.URI, o.OperationTimeout = uri, 5*time.Second })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls sync.WaitGroup
	found := make(chan error, 1)
	calls.Go(func() { found <- getPod(ctx, e) })
	<-s.began
	calls.Go(func() { _ = e.Close() })
	waitsIn(t, "(*Engine).Close(")
	refused := make(chan error, 1)
	calls.Go(func() { refused <- e.Ping(t.Context()) })
	select {
	case err := <-refused:
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%v, want ErrUnavailable", err)
		}
	case err := <-found:
		t.Errorf("the command that takes long ended before the call was refused: %v", err)
	}
	cancel()
	calls.Wait()
}

// TestCloseLetsAnAssignmentEnd: one that runs is carried out whole, those that
// come later not at all.
func TestCloseLetsAnAssignmentEnd(t *testing.T) {
	var e *Engine
	var closing sync.WaitGroup
	var once sync.Once
	e = openWith(t, func(o *Options) {
		o.Monitor = &event.CommandMonitor{Started: func(_ context.Context, ev *event.CommandStartedEvent) {
			if ev.CommandName != "update" {
				return
			}
			once.Do(func() { // the hosts that are there get their cluster; those that are not, after this
				closing.Go(func() { _ = e.Close() })
				waitsIn(t, "(*Engine).Close(")
			})
		}}
	})
	other := openWith(t, func(o *Options) { o.Database = e.db.Name() })
	for _, host := range []string{"10.0.0.1", "10.0.0.9"} {
		doc := storage.NewDocument(storage.Hosts, storage.Key{host}, storage.Member{Name: "clusterId", Value: []byte(`"C"`)})
		if err := other.Put(t.Context(), storage.Hosts, doc, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Assign(t.Context(), storage.Hosts, anAssignment(), now); err != nil {
		t.Errorf("the assignment that ran: %v", err)
	}
	closing.Wait()
	if err := e.Assign(t.Context(), storage.Hosts, anAssignment(), now); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("one after Close: %v, want ErrUnavailable", err)
	}
	n, err := other.Count(t.Context(), storage.Hosts, storage.Query{Filter: eq("clusterId", storage.String("C"))})
	if n != 2 || err != nil {
		t.Errorf("the cluster has %d hosts, %v; want 2", n, err)
	}
}

// TestCloseEndsWithoutTheAssignment: it does not wait for ever.
func TestCloseEndsWithoutTheAssignment(t *testing.T) {
	e := openWith(t, func(o *Options) { o.OperationTimeout = 100 * time.Millisecond })
	e.assigning <- struct{}{}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := e.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}

// waitsIn returns when a goroutine waits for something within the function.
func waitsIn(t *testing.T, function string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	buf := make([]byte, 1<<20)
	for limit := time.After(time.Minute); ; {
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			state, _, _ := strings.Cut(stack, "\n")
			if strings.Contains(stack, function) && (strings.Contains(state, "[select") || strings.Contains(state, "[sync.")) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Errorf("nothing waits in %s", function)
			return
		}
	}
}
