package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/event"
)

// heard is an Observer that remembers.
type heard struct {
	mu   sync.Mutex
	all  []string
	pool []PoolEvent
}

func (h *heard) CommandDone(name string, took time.Duration, failed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprint(name, " ", took, " ", failed))
}

func (h *heard) PoolChanged(e PoolEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pool = append(h.pool, e)
}

// TestMonitorAndObserver: both see how commands end; without either, nothing is asked of the driver.
func TestMonitorAndObserver(t *testing.T) {
	if m := (&Options{}).monitor(); m != nil {
		t.Error("nobody wants to see commands")
	}
	h := &heard{}
	var seen []string
	see := func(what, name string) { seen = append(seen, what+" "+name) }
	o := Options{Observer: h, Monitor: &event.CommandMonitor{
		Started:   func(_ context.Context, e *event.CommandStartedEvent) { see("started", e.CommandName) },
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { see("succeeded", e.CommandName) },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { see("failed", e.CommandName) },
	}}
	for _, m := range []*event.CommandMonitor{o.monitor(), (&Options{Observer: h}).monitor()} {
		if m.Started != nil {
			m.Started(t.Context(), &event.CommandStartedEvent{CommandName: "find"})
		}
		m.Succeeded(t.Context(), &event.CommandSucceededEvent{CommandFinishedEvent: event.CommandFinishedEvent{CommandName: "find", Duration: time.Second}})
		m.Failed(t.Context(), &event.CommandFailedEvent{CommandFinishedEvent: event.CommandFinishedEvent{CommandName: "update"}})
	}
	if want := []string{"started find", "succeeded find", "failed update"}; !slices.Equal(seen, want) {
		t.Errorf("the monitor saw %q", seen)
	}
	if want := []string{"find 1s false", "update 0s true", "find 1s false", "update 0s true"}; !slices.Equal(h.all, want) {
		t.Errorf("the observer heard %q", h.all)
	}
}

// TestPoolEvents: what the driver says of connections, in our words.
func TestPoolEvents(t *testing.T) {
	h := &heard{}
	tell := poolEvents(h)
	for _, e := range []event.PoolEvent{
		{Type: event.ConnectionPoolCreated, PoolOptions: &event.MonitorPoolOptions{MaxPoolSize: 7}},
		{Type: event.ConnectionPoolReady}, {Type: event.ConnectionCreated}, {Type: event.ConnectionReady}, {Type: event.ConnectionCheckOutStarted},
		{Type: event.ConnectionCheckedOut, Duration: time.Second}, {Type: event.ConnectionCheckedIn},
		{Type: event.ConnectionCheckOutFailed, Duration: time.Minute, Reason: event.ReasonTimedOut, Error: errors.New("x")},
		{Type: event.ConnectionClosed, Reason: event.ReasonStale}, {Type: event.ConnectionPoolCleared}, {Type: event.ConnectionPoolClosed},
	} {
		e.Address = "a:1"
		tell(&e)
	}
	want := []PoolEvent{
		{Change: PoolOpened, Max: 7}, {Change: ConnectionOpened}, {Change: CheckedOut, Waited: time.Second}, {Change: CheckedIn},
		{Change: CheckOutFailed, Waited: time.Minute, Reason: "timeout"}, {Change: ConnectionClosed, Reason: "stale"}, {Change: PoolCleared}, {Change: PoolClosed},
	}
	for i := range want {
		want[i].Server = "a:1"
	}
	if !slices.Equal(h.pool, want) {
		t.Errorf("heard %+v", h.pool)
	}
}

// TestObserverHearsOfTheDriver: a server that nobody serves has a pool all the same, which ends with the engine.
func TestObserverHearsOfTheDriver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	h := &heard{}
	e, err := Open(t.Context(), Options{
		URI: "mongodb://" + at, Database: "x", Collections: storage.Collections(), MaxPoolSize: 5,
		OperationTimeout: 100 * time.Millisecond, ServerSelectionTimeout: 50 * time.Millisecond, Observer: h,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("ping: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pool) == 0 || h.pool[0] != (PoolEvent{Server: at, Change: PoolOpened, Max: 5}) || !slices.Contains(h.pool, PoolEvent{Server: at, Change: PoolClosed}) {
		t.Errorf("heard %+v", h.pool)
	}
}
