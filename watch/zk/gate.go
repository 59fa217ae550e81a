package zk

import (
	"context"
	"sync"
	"time"
)

// patience is how long after the session was lost calls still wait for the next
// one. It covers a server that is replaced by another and the second that the
// library rests between attempts; in a longer outage calls fail at once.
const patience = 2 * time.Second

// gate is open while there is a session on which the user is known.
type gate struct {
	known chan struct{} // closed once the library knows the credentials

	mu      sync.Mutex
	session chan struct{} // closed while there is a session
	up      bool
	times   int       // how often there was one
	lost    time.Time // since when there is none
}

func newGate() *gate {
	return &gate{known: make(chan struct{}), session: make(chan struct{}), lost: time.Now()}
}

func (g *gate) sessionUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.up {
		g.up = true
		close(g.session)
	}
	g.times++
}

func (g *gate) sessionDown() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.up {
		g.up = false
		g.session = make(chan struct{})
		g.lost = time.Now()
	}
}

// now is a channel that is closed once there is a session, and how long a call
// may wait for that.
func (g *gate) now() (session <-chan struct{}, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.session, patience - time.Since(g.lost)
}

// epoch is a number that changes with every new session or connection.
func (g *gate) epoch() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.times
}

func (g *gate) state() (up bool, times int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.up, g.times
}

// pass returns when the gate is open; or an error when ctx or life is done, or
// when it has been closed for too long.
func (g *gate) pass(ctx, life context.Context) error {
	session, wait := g.now()
	if isClosed(g.known) && isClosed(session) {
		return nil
	}
	late := time.NewTimer(max(wait, 0))
	defer late.Stop()
	for _, condition := range []<-chan struct{}{g.known, session} {
		select {
		case <-condition:
		case <-late.C:
			return errNoSession
		case <-ctx.Done():
			return ctx.Err()
		case <-life.Done():
			return errClosed
		}
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
