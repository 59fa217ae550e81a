package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// wires are what clients do to connections.
func wires() actions {
	return actions{
		{"half a head", 6, halfHead},
		{"half a head, held", 1, halfHeadHeld},
		{"half a body", 10, halfBody},
		{"half a body, held", 1, halfBodyHeld},
		{"dropped answer", 10, dropped},
		{"slow reader", 1, slowReader},
		{"steady slow reader", 1, steadyReader},
		{"dripping request", 2, dripping},
		{"pipelined", 8, pipelined},
		{"pipelined garbage", 8, pipelinedGarbage},
		{"garbage", 10, garbage},
		{"bad framing", 10, badFraming},
		{"HTTP/1.0", 6, oldHTTP},
		{"expectation", 6, expectation},
		{"bad target", 10, badTarget},
		{"large head", 2, largeHead},
	}
}

// aPut is a put of a new value, and what keeps account of it; nil if that can't be now.
func (c *client) aPut(r *rand.Rand) (path, body string, was func(outcome)) {
	st := one(r, c.stores)
	name := one(r, st.names)
	v := object(r, st, name, r.IntN(tags))
	_, path, body = st.writes(name, v)
	path = c.prefix(r) + path
	if st.open(name, time.Now()) {
		return path, body, nil
	}
	return path, body, func(o outcome) { st.set(name, v, o, time.Now()) }
}

func halfHead(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "half a head", func(w *wire) {
		head := w.head("GET", bigList, "X-More: "+strings.Repeat("x", r.IntN(200))+"\r\n\r\n")
		w.send(head[:r.IntN(len(head)-4)])
		if r.IntN(2) == 0 {
			_ = w.SetLinger(0) // ends in a reset
		}
	})
}

func halfHeadHeld(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "half a head, held", func(w *wire) {
		head := w.head("GET", bigList, "X-More: x\r\n\r\n")
		w.send(head[:r.IntN(len(head)-4)])
		w.noneDone(w.answers(ctx, documentedPrefix))
	})
	c.close() // the other connections of the client were idle meanwhile
}

func halfBody(ctx context.Context, c *client, r *rand.Rand) {
	path, body, _ := c.aPut(r)
	part, end := body[:r.IntN(len(body))], r.IntN(3)
	c.onWire(ctx, "half a body", func(w *wire) {
		if r.IntN(2) == 0 {
			w.send(w.head("PUT", path, lengthOf(body)+"\r\n") + part)
		} else {
			w.send(w.head("PUT", path, "Transfer-Encoding: chunked\r\n\r\n") + chunk(part+" ")) // and no last chunk
		}
		switch end {
		case 0:
			_ = w.SetLinger(0)
		case 1:
			_ = w.CloseWrite()
			w.noneDone(w.answers(ctx, path))
		}
	})
}

func halfBodyHeld(ctx context.Context, c *client, r *rand.Rand) {
	path, body, _ := c.aPut(r)
	c.onWire(ctx, "half a body, held", func(w *wire) {
		w.send(w.head("PUT", path, lengthOf(body)+"\r\n") + body[:r.IntN(len(body))])
		w.noneDone(w.answers(ctx, path))
	})
	c.close()
}

func (w *wire) asAdmin() {
	w.c = &client{index: w.c.index, step: w.c.step, token: w.c.tokens.admin, report: w.c.report}
}

// dropped goes away in the middle of an answer.
func dropped(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "dropped answer", func(w *wire) {
		w.asAdmin()
		w.send(w.head("GET", bigList, "\r\n"))
		_ = w.SetReadDeadline(time.Now().Add(time.Second))      // the answer may be a short one
		_, _ = io.CopyN(io.Discard, w.in, int64(r.IntN(1<<20))) // however much there is
		w.c.report.count(w.sent.kind, &answer{err: errCut})
		if r.IntN(2) == 0 {
			_ = w.SetLinger(0)
		}
	})
}

// slowReader does not read: the transfer must be cut off, and end in the middle.
func slowReader(ctx context.Context, c *client, _ *rand.Rand) {
	c.onWire(ctx, "slow reader", func(w *wire) {
		w.asAdmin()
		w.send(w.head("GET", bigList, "\r\n"))
		select {
		case <-time.After(2*writeTimeout + time.Second):
		case <-ctx.Done():
			return
		}
		a := w.answer(http.MethodGet)
		w.c.report.count(w.sent.kind, a)
		if a.err == nil && a.status == http.StatusOK {
			a.body = nil
			w.c.fail(w.sent, a, errors.New("the transfer was not cut off"))
		}
		w.ended(ctx, a)
	})
	c.close()
}

// steadyReader reads slowly, but all the time: it gets everything.
func steadyReader(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "steady slow reader", func(w *wire) {
		w.asAdmin()
		w.send(w.head("GET", bigList, "Connection: close\r\n\r\n"))
		response, err := http.ReadResponse(w.in, nil)
		a, reader := &answer{err: err}, &slow{ctx: ctx, pause: time.Duration(5+r.IntN(10)) * time.Millisecond, began: time.Now(), last: time.Now()}
		if err == nil {
			reader.ReadCloser, response.Body = response.Body, reader
			a = readAnswer(response)
		}
		s := w.sent
		// Whoever does not get to read is no steady reader.
		if s.breaks = reader.longest > writeTimeout/2; a.err != nil {
			a.err = fmt.Errorf("after %d bytes in %v, at most %v between reads: %w", len(a.body), time.Since(reader.began), reader.longest, a.err)
		}
		w.c.judge(ctx, s, a)
		if a.err == nil && a.status == http.StatusOK && strings.Count(string(a.body), `"_id":`) != bigDocuments {
			w.c.fail(s, a, fmt.Errorf("there must be %d documents", bigDocuments))
		}
	})
	c.close()
}

// slow reads a part at a time.
type slow struct {
	io.ReadCloser
	ctx         context.Context
	pause       time.Duration
	began, last time.Time
	longest     time.Duration // between two reads
}

func (s *slow) Read(p []byte) (int, error) {
	if err := wait(s.ctx, s.pause); err != nil {
		return 0, err
	}
	s.longest = max(s.longest, time.Since(s.last))
	defer func() { s.last = time.Now() }()
	p = p[:min(len(p), 64<<10)]
	n := 0
	for n < len(p) {
		m, err := s.ReadCloser.Read(p[n:])
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// dripping sends a good request in small parts.
func dripping(ctx context.Context, c *client, r *rand.Rand) {
	path, body, was := c.aPut(r)
	if was == nil {
		return
	}
	c.onWire(ctx, "dripping request", func(w *wire) {
		text := w.head("PUT", path, lengthOf(body)+"Connection: close\r\n\r\n") + body
		for len(text) > 0 && ctx.Err() == nil {
			part := min(len(text), 1+len(text)/(2+r.IntN(10)))
			w.send(text[:part])
			text = text[part:]
			c.pause(ctx)
		}
		o := unknown
		for _, a := range w.answers(ctx, path) {
			c.accepted(w.sent, a)
			o = a.outcome()
		}
		was(o)
	})
}

// pipelined sends several requests at once: they are answered in their order.
func pipelined(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "pipelined", func(w *wire) {
		st := one(r, c.stores)
		n := 2 + r.IntN(6)
		var all strings.Builder
		for i := range n {
			more := fmt.Sprintf("X-Request-Id: soak-%d\r\n", i)
			if i == n-1 {
				more += "Connection: close\r\n"
			}
			all.WriteString(w.head("GET", c.prefix(r)+strings.TrimSuffix(st.list, "?"), more+"\r\n"))
		}
		w.send(all.String())
		got := w.answers(ctx, documentedPrefix)
		for i, a := range got {
			if id := a.header.Get("X-Request-Id"); id != fmt.Sprintf("soak-%d", i) {
				c.fail(w.sent, a, fmt.Errorf("answer %d is to %q", i, id))
			}
			c.listed(w.sent, a, st, everything)
		}
		if len(got) != n && ctx.Err() == nil {
			c.fail(w.sent, &answer{}, fmt.Errorf("%d of %d requests were answered", len(got), n))
		}
	})
}

func pipelinedGarbage(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "pipelined garbage", func(w *wire) {
		st := one(r, c.stores)
		w.send(w.head("GET", c.prefix(r)+strings.TrimSuffix(st.list, "?"), "\r\n") + one(r, []string{"GARBAGE\r\n\r\n", "\x00\x01\x02\r\n\r\n", "GET\r\n\r\n", "}{\n\n", string(rubbish(r, 300)) + "\r\n\r\n"}))
		_ = w.CloseWrite()
		for i, a := range w.answers(ctx, documentedPrefix) {
			switch {
			case i == 0:
				c.listed(w.sent, a, st, everything)
			default:
				c.rejected(w.sent, a)
			}
		}
	})
}

func rubbish(r *rand.Rand, most int) []byte {
	b := make([]byte, 1+r.IntN(most))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func garbage(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "garbage", func(w *wire) {
		w.send(one(r, []string{
			string(rubbish(r, 4000)), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + string(rubbish(r, 500)), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
			"\r\n\r\n\r\n", "GET", "GET /healthz\r\n\r\n", "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", "GET /healthz HTTP/1.1\r\nHo st: x\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
			"GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n", "HELO soak\r\nMAIL FROM:<x>\r\n\r\n",
		}))
		_ = w.CloseWrite()
		w.answers(ctx, documentedPrefix, isHealth)
	})
}

func isHealth(a *answer) error {
	if a.status == http.StatusOK && strings.Contains(string(a.body), `"ok":true`) {
		return nil
	}
	return errors.New("not the form of health")
}

// badFraming says about the length of a body what can't be, or can be taken in two ways.
func badFraming(ctx context.Context, c *client, r *rand.Rand) {
	path := documentedPrefix + "/k8s/dynamic/namespace_resources/clusters/" + wildCluster(c.index) + "/namespaces/n/Wild/x"
	body := `{"data":{"a":1}}`
	c.onWire(ctx, "bad framing", func(w *wire) {
		w.send(w.head("PUT", path, one(r, []string{
			"Content-Length: -1\r\n\r\n" + body, "Content-Length: x\r\n\r\n" + body, "Content-Length: 5\r\nContent-Length: 16\r\n\r\n" + body, "Content-Length: 99999999999999999999\r\n\r\n" + body,
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + lastChunk, "Transfer-Encoding: gzip\r\n\r\n" + body, "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunk(body) + lastChunk,
			"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body, "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + body, "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + body, "Transfer-Encoding: chunked\r\n\r\n10\r\n" + body + "xx" + lastChunk,
			"Transfer-Encoding: chunked\r\n\r\n10;" + strings.Repeat("e", 9000) + "\r\n" + body + "\r\n" + lastChunk, "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n" + chunk(body) + "0\r\nAuthorization: x\r\n\r\n",
			"Content-Length: 1000000000000\r\n\r\n" + body, "\r\n" + body,
		})))
		_ = w.CloseWrite()
		w.answers(ctx, path)
	})
}

func oldHTTP(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "HTTP/1.0", func(w *wire) {
		st := one(r, c.stores)
		w.send("GET " + c.prefix(r) + strings.TrimSuffix(st.list, "?") + " HTTP/1.0\r\nAuthorization: Bearer " + c.token + "\r\n" + one(r, []string{"", "Host: x\r\n", "Connection: keep-alive\r\n"}) + "\r\n")
		if w.sent.breaks = r.IntN(2) == 0; w.sent.breaks {
			_ = w.CloseWrite() // the service may take it for gone
		}
		a := w.answer(http.MethodGet)
		if w.sent.breaks && a.err == nil && !json.Valid(a.body) {
			a.err = errCut // in HTTP/1.0 it looks like an end
		}
		w.sent.path = st.list
		c.judge(ctx, w.sent, a)
		c.listed(w.sent, a, st, everything)
	})
}

// expectation asks whether a body may be sent, and then sends it, or does not.
func expectation(ctx context.Context, c *client, r *rand.Rand) {
	path, body, was := c.aPut(r)
	how := r.IntN(3)
	if was == nil {
		return
	}
	c.onWire(ctx, "expectation", func(w *wire) {
		switch how {
		case 0:
			w.send(w.head("PUT", path, lengthOf(body)+"Expect: a-miracle\r\nConnection: close\r\n\r\n"))
			w.noneDone(w.answers(ctx, path))
		case 1: // goes away instead
			w.send(w.head("PUT", path, lengthOf(body)+"Expect: 100-continue\r\n\r\n"))
			w.in.Peek(1)
		case 2:
			w.send(w.head("PUT", path, lengthOf(body)+"Expect: 100-continue\r\nConnection: close\r\n\r\n"))
			w.in.Peek(1)
			w.send(body)
			o := unknown
			for _, a := range w.answers(ctx, path) {
				c.accepted(w.sent, a)
				o = a.outcome()
			}
			was(o)
		}
	})
}

// badTarget asks for what is no path.
func badTarget(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "bad target", func(w *wire) {
		list := c.prefix(r) + one(r, c.stores).list
		target := one(r, []string{
			"*", "//", "/%zz", "/%", "/\x00", "/\x7f", "/a b", "http://elsewhere" + list, "http://[::1", list + "&x=%zz", list + "&x=\x00", list + "&x=;y", list + "#x", "/\xff\xfe", "/%c0%af",
			"/../../etc/passwd", "/bcsapi/v4/storage/../storage//x", "/" + strings.Repeat("a/", r.IntN(20000)), "/apidocs/../../x", "/apidocs/%2e%2e/x", "/v2/" + strings.Repeat("x", r.IntN(500)), "/ncs/x?%zz", "/api/%ff", "",
		})
		w.send(w.head(one(r, []string{"GET", "GET", "OPTIONS", "CONNECT", "DELETE"}), target, "Connection: close\r\n\r\n"))
		w.answers(ctx, target, enveloped, empty)
	})
}

// largeHead sends far more than a head may be, in one header or in many.
func largeHead(ctx context.Context, c *client, r *rand.Rand) {
	c.onWire(ctx, "large head", func(w *wire) {
		more := one(r, []string{"X: " + strings.Repeat("x", 2<<20) + "\r\n", strings.Repeat("X: y\r\n", 50000), strings.Repeat("X: y\r\n", 400000)})
		w.send(w.head("GET", "/healthz", more+"Connection: close\r\n\r\n"))
		w.answers(ctx, documentedPrefix, isHealth)
	})
}
