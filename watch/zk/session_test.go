package zk_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bcs-storage/watch"
)

func TestOpenBeforeTheServer(t *testing.T) {
	o := options(t)
	o.Servers, o.Username, o.Password = []string{closedPort(t)}, "admin", "secret"
	n := open(t, o)
	if err := n.Ping(t.Context()); !errors.Is(err, watch.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if up, sessions := n.Session(); up || sessions != 0 {
		t.Errorf("there is a session, %d so far", sessions)
	}
	startProxyAt(t, o.Servers[0])
	eventually(t, "finds the server", func() error { return n.Ping(t.Context()) })
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))
	if up, sessions := n.Session(); !up || sessions != 1 {
		t.Errorf("up is %v after %d sessions", up, sessions)
	}
	if got := list(t, n, dir); got != `a={"v":1}` {
		t.Errorf("listed %s", got)
	}
}

// A server that accepts and says nothing must not keep the engine from the others.
func TestServerThatNeverAnswers(t *testing.T) {
	o, p := options(t), startProxy(t)
	p.set(true)
	o.Servers, o.Timeout = []string{p.addr(), o.Servers[0]}, 2*time.Second
	n := open(t, o)
	eventually(t, "finds the server that answers", func() error { return n.Put(t.Context(), node("a"), []byte(`{}`)) })
}

// TestCloseIsNoLoss: an end that is wanted warns nobody.
func TestCloseIsNoLoss(t *testing.T) {
	var logged bytes.Buffer
	o := options(t)
	o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	n := open(t, o)
	eventually(t, "finds the server", func() error { return n.Ping(t.Context()) })
	must(t, n.Close())
	if said := logged.String(); !strings.Contains(said, "session established") || strings.Contains(said, "level=WARN") {
		t.Errorf("logged %s", said)
	}
}

func TestLostConnectionHeals(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers, o.Username, o.Password = []string{p.addr()}, "admin", "secret"
	n := open(t, o)
	for i := range 2 {
		must(t, n.Put(t.Context(), node("a"), fmt.Appendf(nil, `{"v":%d}`, i)))
		p.drop()
		eventually(t, "heals", func() error {
			_, err := n.Get(t.Context(), node("a"))
			return err
		})
	}
	if accepted, _, _ := p.state(); accepted < 2 {
		t.Errorf("%d connections: none was lost", accepted)
	}
}

func TestExpiredSessionIsReplaced(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers, o.Username, o.Password = []string{p.addr()}, "admin", "secret"
	n := open(t, o)
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))

	_, first, password := p.state()
	endSession(t, first, password)
	p.drop()
	eventually(t, "heals", func() error { return n.Put(t.Context(), node("a"), []byte(`{"v":2}`)) })
	if _, second, _ := p.state(); second == first || second == 0 {
		t.Errorf("session %x after %x", second, first)
	}
	if got := list(t, n, dir); got != `a={"v":2}` {
		t.Errorf("listed %s; a new session needs the user again", got)
	}
}
