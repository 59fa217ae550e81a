package zk_test

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// proxy stands between the engine and a ZooKeeper server and gets in the way.
type proxy struct {
	listener net.Listener
	target   string
	tasks    sync.WaitGroup

	mu       sync.Mutex
	thawed   *sync.Cond
	frozen   bool
	closed   bool
	conns    map[net.Conn]bool
	accepted int
	hello    []byte // the newest answer of a server to a client that connects
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	return startProxyAt(t, "127.0.0.1:0")
}

func startProxyAt(t *testing.T, address string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	must(t, err)
	p := &proxy{listener: listener, target: servers(t)[0], conns: map[net.Conn]bool{}}
	p.thawed = sync.NewCond(&p.mu)
	p.tasks.Go(p.serve)
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.set(false)
		p.drop()
		p.tasks.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set stops all traffic, in both directions, or lets it flow again.
func (p *proxy) set(frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = frozen
	p.thawed.Broadcast()
}

// drop ends every connection.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

// state is how many connections there were and the newest session's number and password.
func (p *proxy) state() (accepted int, session int64, password []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.hello) < 40 {
		return p.accepted, 0, nil
	}
	// length, version, timeout, session, length and bytes of the password
	return p.accepted, int64(binary.BigEndian.Uint64(p.hello[12:])), p.hello[24:40]
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.accepted++
		p.conns[client], p.conns[server] = true, true
		if p.closed {
			client.Close()
			server.Close()
		}
		p.mu.Unlock()
		p.tasks.Go(func() { p.pipe(server, client, false) })
		p.tasks.Go(func() { p.pipe(client, server, true) })
	}
}

func (p *proxy) pipe(to, from net.Conn, answers bool) {
	defer func() {
		to.Close()
		from.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, from)
	}()
	buf := make([]byte, 64<<10)
	for first := answers; ; first = false {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		if first {
			p.hello = append([]byte(nil), buf[:n]...)
		}
		for p.frozen {
			p.thawed.Wait()
		}
		p.mu.Unlock()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// endSession ends a session from outside, on a connection of its own.
func endSession(t *testing.T, id int64, password []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", servers(t)[0])
	must(t, err)
	defer conn.Close()
	hello := binary.BigEndian.AppendUint32(nil, 44)
	hello = append(hello, make([]byte, 12)...)           // version, last zxid
	hello = binary.BigEndian.AppendUint32(hello, 10_000) // timeout
	hello = binary.BigEndian.AppendUint64(hello, uint64(id))
	hello = binary.BigEndian.AppendUint32(hello, 16)
	hello = append(hello, password...)
	goodbye := binary.BigEndian.AppendUint32(nil, 8)
	goodbye = binary.BigEndian.AppendUint32(goodbye, 1)
	goodbye = append(goodbye, 0xff, 0xff, 0xff, 0xf5) // closeSession
	_, err = conn.Write(hello)
	must(t, err)
	answer := make([]byte, 40)
	_, err = io.ReadFull(conn, answer)
	must(t, err)
	if got := int64(binary.BigEndian.Uint64(answer[12:])); got != id {
		t.Fatalf("the server gave session %x instead of %x", got, id)
	}
	_, err = conn.Write(goodbye)
	must(t, err)
	_, err = io.Copy(io.Discard, conn) // the server hangs up when it is done
	must(t, err)
}
