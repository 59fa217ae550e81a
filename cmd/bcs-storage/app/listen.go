package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"bcs-storage/conf"
	"bcs-storage/handlers"
)

// listen opens the listener of the API, with TLS if there is a certificate.
func (a *App) listen(ctx context.Context, limited *handlers.Limited) error {
	secure, err := a.tlsConfig()
	if err != nil {
		return err
	}
	tcp, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.listener = counting{tcp, limited}
	a.server.ConnState = noteState
	a.server.TLSConfig = secure
	return nil
}

// tlsConfig is nil without a certificate. Certificate, key and authorities are those that their
// files hold when a connection is made.
func (a *App) tlsConfig() (*tls.Config, error) {
	if !a.secure() {
		return nil, nil
	}
	c := a.config.TLS
	stay := func(err error) { a.log.Error("the TLS files stay as they were", "error", err) }
	pair, err := conf.WatchPair(c.Certificate, c.Key, lookEvery, time.Now, tls.X509KeyPair, stay)
	if err != nil {
		return nil, fmt.Errorf("tls.certificate, tls.key: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if c.ClientCA == "" {
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificate := pair.Get()
			return &certificate, nil
		}
		return config, nil
	}
	authorities, err := conf.Watch(c.ClientCA, lookEvery, time.Now, parseAuthorities, stay)
	if err != nil {
		return nil, fmt.Errorf("tls.clientCA: %w", err)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := config.Clone()
		now.GetConfigForClient = nil
		now.Certificates, now.ClientCAs = []tls.Certificate{pair.Get()}, authorities.Get()
		return now, nil
	}
	return config, nil
}

func parseAuthorities(file []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(file) {
		return nil, errors.New("holds no certificate in PEM")
	}
	return pool, nil
}

// counting is a listener whose connections are counted when a timeout of the server ends them.
type counting struct {
	net.Listener
	limited *handlers.Limited
}

func (l counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &counted{Conn: conn, limited: l.limited}, nil
}

// counted is a connection. The server tells it when a request begins and ends: a
// read that is late in between is of a body, which the API counts.
type counted struct {
	net.Conn
	limited *handlers.Limited
	phase   atomic.Int32
}

// What a connection waits for.
const (
	headOfFirst   = int32(iota) // the first request, or the handshake
	nothing                     // a request is at work, or the connection was counted
	anything                    // the next request
	restOfTheHead               // of the next request, which has begun
)

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch phase := c.phase.Load(); {
	case phase == nothing:
	case n > 0:
		c.phase.CompareAndSwap(anything, restOfTheHead)
	case !errors.Is(err, os.ErrDeadlineExceeded) || !c.phase.CompareAndSwap(phase, nothing):
	case phase == anything:
		c.limited.Count(handlers.LimitIdle)
	default:
		c.limited.Count(handlers.LimitHeader)
	}
	return n, err
}

// noteState is a ConnState hook.
func noteState(conn net.Conn, state http.ConnState) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	c, ok := conn.(*counted)
	if !ok {
		return
	}
	switch state {
	case http.StateActive:
		c.phase.Store(nothing)
	case http.StateIdle:
		c.phase.Store(anything)
	}
}
