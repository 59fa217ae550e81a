package zk

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// session is a connection to ZooKeeper that renews itself.
type session struct {
	conn  *zk.Conn
	gate  *gate
	dial  *dialer
	slots chan struct{}
	log   *slog.Logger

	life   context.Context // done: the session is closing
	end    context.CancelFunc
	owned  sync.WaitGroup // watchEvents and introduce
	closed sync.Once
}

// openSession returns at once, whether or not there is a server.
func openSession(o Options) (*session, error) {
	life, end := context.WithCancel(context.Background())
	s := &session{
		gate:  newGate(),
		dial:  &dialer{life: life, limit: max(time.Second, o.Timeout/time.Duration(len(o.Servers)))},
		slots: make(chan struct{}, maxCalls),
		log:   o.Log,
		life:  life,
		end:   end,
	}
	conn, events, err := zk.Connect(o.addresses(), o.Timeout,
		zk.WithHostProvider(&rounds{}),
		zk.WithDialer(s.dial.dial),
		zk.WithEventCallback(s.changed),
		zk.WithLogger(debugLog{o.Log}),
		zk.WithMaxConnBufferSize(o.MaxPayload+overhead))
	if err != nil {
		end()
		return nil, err
	}
	s.conn = conn
	s.owned.Go(func() { s.watchEvents(events, len(o.Servers)) })
	s.owned.Go(func() { s.introduce(o.credentials()) })
	return s, nil
}

// changed is called by the library for every change, in order. It must not block.
func (s *session) changed(e zk.Event) {
	switch {
	case e.Type != zk.EventSession:
	case e.State == zk.StateHasSession:
		s.dial.established()
		s.gate.sessionUp()
	case e.State == zk.StateDisconnected:
		s.gate.sessionDown()
	}
}

// watchEvents logs when the session comes and goes, until the library has ended.
func (s *session) watchEvents(events <-chan zk.Event, servers int) {
	up, attempts := false, 0
	for e := range events {
		switch e.State {
		case zk.StateConnecting:
			if attempts++; attempts == servers+1 { // a round has failed
				s.log.Warn("no ZooKeeper server can be reached; still trying")
			}
		case zk.StateHasSession:
			up, attempts = true, 0
			s.log.Info("ZooKeeper session established", "server", e.Server)
		case zk.StateExpired:
			s.log.Warn("the ZooKeeper session expired; a new one follows", "server", e.Server)
		case zk.StateDisconnected:
			if up && s.life.Err() == nil { // at the end it is no loss
				s.log.Warn("ZooKeeper connection lost", "server", e.Server)
			}
			up = false
		}
	}
}

// introduce makes the user known. The library remembers credentials only once a
// server has accepted them; then it sends them on every new connection, before
// anything else. The connection must not have changed in between.
func (s *session) introduce(credentials []byte) {
	for {
		connected, _ := s.gate.now()
		select {
		case <-connected:
		case <-s.life.Done():
			return
		}
		before := s.gate.epoch()
		err := s.conn.AddAuth("digest", credentials)
		if err == nil && s.gate.epoch() == before {
			close(s.gate.known)
			return
		}
		s.log.Warn("ZooKeeper did not take the credentials; trying again", "error", err)
		select {
		case <-time.After(time.Second): // else a server that refuses would be asked without end
		case <-s.life.Done():
			return
		}
	}
}

// close ends the session and waits until every goroutine has ended.
func (s *session) close() {
	s.closed.Do(func() {
		s.end()
		s.conn.Close() // gives the server a second to say goodbye
		s.dial.hangUp()
		s.owned.Wait()
		for range cap(s.slots) {
			s.slots <- struct{}{}
		}
	})
}

// debugLog is what the library says, for debugging.
type debugLog struct{ log *slog.Logger }

// Printf implements zk.Logger.
func (l debugLog) Printf(format string, args ...any) {
	l.log.Debug("zookeeper: " + fmt.Sprintf(format, args...))
}
