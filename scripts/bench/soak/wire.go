package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// wire is a connection that sends what no client of HTTP would.
type wire struct {
	*net.TCPConn
	c    *client
	in   *bufio.Reader
	sent sent // for reports
}

// onWire gives do a connection, which is closed afterwards.
func (c *client) onWire(ctx context.Context, kind string, do func(*wire)) {
	s := sent{kind: kind, method: "wire", breaks: true}
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", c.host)
	if err != nil {
		s.breaks = false
		c.judge(ctx, s, &answer{err: err})
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(patience)) // fails on a connection that is closed, as what follows does
	do(&wire{TCPConn: conn.(*net.TCPConn), c: c, in: bufio.NewReader(conn), sent: s})
}

// head is that of a request by the client, without the empty line at its end.
func (w *wire) head(method, path, more string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer " + w.c.token + "\r\n" + more
}

// send writes; the service may have closed the connection already.
func (w *wire) send(text string) {
	if w.sent.body == "" {
		w.sent.body = shown(text)
	}
	_, _ = io.WriteString(w.TCPConn, text)
}

// answer reads one; with err it is that there is none more, or a part.
func (w *wire) answer(method string) *answer {
	response, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		return &answer{err: err}
	}
	return readAnswer(response)
}

// answers reads all until the service closes the connection, which it must, and checks them: each is of the API's form,
// or of the server's.
func (w *wire) answers(ctx context.Context, path string, forms ...form) []*answer {
	var all []*answer
	for {
		a := w.answer(http.MethodGet)
		if a.err != nil {
			if len(all) == 0 {
				w.c.report.count(w.sent.kind, a)
			}
			w.ended(ctx, a)
			return all
		}
		if a.status == http.StatusContinue {
			continue
		}
		s := w.sent
		s.form = func(a *answer) error {
			err := formOf(path)(a)
			for _, also := range append(forms, byServer) {
				if err == nil {
					break
				}
				err = also(a)
			}
			return err
		}
		w.c.judge(ctx, s, a)
		all = append(all, a)
	}
}

// ended says so if the connection was not closed by the service but is still open.
func (w *wire) ended(ctx context.Context, a *answer) {
	var late net.Error
	if ctx.Err() == nil && errors.As(a.err, &late) && late.Timeout() {
		w.c.fail(w.sent, a, fmt.Errorf("the connection was not closed within %v", patience))
	}
}

// noneDone says so if one of the answers is a success.
func (w *wire) noneDone(all []*answer) {
	for _, a := range all {
		w.c.rejected(w.sent, a)
	}
}

// empty is the answer of the HTTP server to OPTIONS *.
func empty(a *answer) error {
	if a.status == http.StatusOK && len(a.body) == 0 {
		return nil
	}
	return errors.New("not empty")
}

func lengthOf(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

const lastChunk = "0\r\n\r\n"
