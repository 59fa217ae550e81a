package zk

import (
	"context"
	"net"
	"sync"
	"time"
)

// rounds tells the library which server is next. Names are looked up when they
// are dialled, not once at the start: a name that cannot be resolved yet must
// not keep the service from starting, and addresses change. Only the library's
// own goroutine calls it.
type rounds struct {
	servers []string
	next    int
}

// Init implements zk.HostProvider.
func (r *rounds) Init(servers []string) error { r.servers = servers; return nil }

// Len implements zk.HostProvider.
func (r *rounds) Len() int { return len(r.servers) }

// Next implements zk.HostProvider: every server in turn. After a round the
// library rests for a second and fails what it has not sent; also when servers
// could be reached, because they may hang up again each time.
func (r *rounds) Next() (server string, roundDone bool) {
	i := r.next
	r.next++
	return r.servers[i%len(r.servers)], i > 0 && i%len(r.servers) == 0
}

// Connected implements zk.HostProvider.
func (r *rounds) Connected() {}

// dialer makes the library's connections, one at a time, and can end them: the
// library itself waits long for a server that accepts and then says nothing.
type dialer struct {
	life  context.Context
	limit time.Duration // for the connection, and then for the session

	mu    sync.Mutex
	conn  net.Conn
	timer *time.Timer
}

// dial is a zk.Dialer. The library's own limit of a second is not kept.
func (d *dialer) dial(network, address string, _ time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.life, d.limit)
	defer cancel()
	dialled, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := quietConn{dialled}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop() // the library forgets the connection on which a session expired
	if err := d.life.Err(); err != nil {
		conn.Close()
		return nil, err
	}
	d.conn = conn
	d.timer = time.AfterFunc(d.limit, func() { conn.Close() })
	return conn, nil
}

// established says that the server answered with a session.
func (d *dialer) established() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}

// hangUp ends the connection. When life is done no other one follows.
func (d *dialer) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop()
}

func (d *dialer) drop() {
	if d.conn == nil {
		return
	}
	d.timer.Stop()
	d.conn.Close()
	d.conn, d.timer = nil, nil
}

// quietConn reports a write that failed by ending the connection, so that the
// read fails, and not by an error. The library answers a request whose write
// failed, and again when the connection ends; nobody takes the second answer,
// and the library would be stuck for good.
type quietConn struct{ net.Conn }

// Write implements net.Conn.
func (c quietConn) Write(p []byte) (int, error) {
	if _, err := c.Conn.Write(p); err != nil {
		c.Conn.Close()
	}
	return len(p), nil
}
