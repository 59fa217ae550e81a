package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	writers = 16
	enough  = 10 // writes of each writer that show that writing goes on
)

// write is the i-th write of a writer: how to put it and how to find it again.
// No two write the same thing: a write that was not acknowledged may still be
// carried out, and later than one that was.
type write func(round, writer, i int) (method, put, body, get, want string)

// documents are writes of every kind that goes to the document store.
func documents(round, writer, i int) (method, put, body, get, want string) {
	return someWrite(round, writer, i/4*5+i%4+1)
}

// payloads are writes of watch data.
func payloads(round, writer, i int) (method, put, body, get, want string) {
	return someWrite(round, writer, 5*i)
}

// load is writers at work.
type load struct {
	s       *service
	stop    context.CancelFunc
	running sync.WaitGroup
	counts  [writers]struct{ acknowledged, failed atomic.Int64 }

	mu           sync.Mutex
	acknowledged map[string]string // as isThere takes it
	slowest      time.Duration
	wrong        error // what no outage excuses
}

// startLoad writes until end. Rounds tell apart what several loads write.
func startLoad(t *testing.T, s *service, w write, round int) *load {
	ctx, stop := context.WithCancel(t.Context())
	l := &load{s: s, stop: stop, acknowledged: map[string]string{}}
	for writer := range writers {
		l.running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.one(t.Context(), writer, i, round, w)
			}
		})
	}
	return l
}

func (l *load) one(ctx context.Context, writer, i, round int, w write) {
	method, put, body, get, want := w(round, writer, i)
	start := time.Now()
	a, err := l.s.ask(ctx, method, put, body)
	took := time.Since(start)
	if err == nil && !a.Result {
		err = a.outage()
		l.counts[writer].failed.Add(1)
		// As a client would: not at once again.
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slowest = max(l.slowest, took)
	if err != nil && l.wrong == nil {
		l.wrong = fmt.Errorf("%s %s after %v: %w", method, put, took, err)
	}
	if a.Result {
		l.acknowledged[want] = get
		l.counts[writer].acknowledged.Add(1)
	}
}

// goesOn waits until every writer has had enough acknowledgements from now on.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	l.each(t, "acknowledged", enough, func(writer int) int64 { return l.counts[writer].acknowledged.Load() })
}

// isRefused waits until every writer has been told of the outage.
func (l *load) isRefused(t *testing.T) {
	t.Helper()
	l.each(t, "refused", 1, func(writer int) int64 { return l.counts[writer].failed.Load() })
}

func (l *load) each(t *testing.T, what string, more int64, count func(writer int) int64) {
	t.Helper()
	var from [writers]int64
	for w := range writers {
		from[w] = count(w)
	}
	eventually(t, func() error {
		l.check(t)
		for w := range writers {
			if n := count(w) - from[w]; n < more {
				return fmt.Errorf("writer %d: %d writes %s, want %d", w, n, what, more)
			}
		}
		return nil
	})
}

func (l *load) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong != nil {
		t.Fatal(l.wrong)
	}
}

// end waits for the writers.
func (l *load) end(t *testing.T) {
	t.Helper()
	l.stop()
	l.running.Wait()
	l.check(t)
	t.Logf("%d writes acknowledged, the slowest answer took %v", len(l.acknowledged), l.slowest)
}
