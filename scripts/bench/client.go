package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"
)

// client calls the service. It is used by many goroutines at once. Its library takes a fraction of the time that
// net/http takes for a call: what the client takes of the machine the service does not have.
type client struct {
	url  string
	http *fasthttp.HostClient
}

// callTimeout bounds every wait for the service.
const callTimeout = 5 * time.Minute

// newClient keeps a connection open for each of so many callers.
func newClient(url string, callers int) *client {
	return &client{url: url, http: &fasthttp.HostClient{
		Addr:                      strings.TrimPrefix(url, "http://"),
		MaxConns:                  callers,
		MaxConnWaitTimeout:        callTimeout,
		MaxIdemponentCallAttempts: 1, // a call that fails is to be seen
		ReadTimeout:               callTimeout,
		WriteTimeout:              callTimeout,
		ReadBufferSize:            bufferSize,
		StreamResponseBody:        true,
		NoDefaultUserAgentHeader:  true,
		DialDualStack:             true,
		DisablePathNormalizing:    true,
	}}
}

const bufferSize = 64 << 10

// do makes the request and checks the answer on the way: lists are far larger than what there is to check, so they are
// not kept. It says how long the answer is. buf is room to read in.
func (c *client) do(ctx context.Context, r request, buf []byte) (n int64, err error) {
	err = c.send(ctx, r, func(body io.Reader) error {
		if r.gzip {
			n, err = packed(body, buf, r.documents)
			return err
		}
		a, err := tallyOf(body, r.mark, buf)
		n = a.bytes
		if err == nil {
			err = a.check(r)
		}
		return err
	})
	return n, err
}

// send makes the request and has read look at the body of a success.
func (c *client) send(ctx context.Context, r request, read func(io.Reader) error) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(answer)
	request.Header.SetMethod(r.method)
	request.SetRequestURI(c.url + r.path)
	request.SetBodyRaw(r.body)
	if r.gzip {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	err = c.http.Do(request, answer)
	if err == nil {
		defer func() { err = errors.Join(err, answer.CloseBodyStream()) }()
		err = c.look(r, answer, read)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return nil
}

func (c *client) look(r request, answer *fasthttp.Response, read func(io.Reader) error) error {
	body := answer.BodyStream()
	if got := string(answer.Header.Peek("Content-Encoding")); r.gzip != (got == "gzip") {
		return fmt.Errorf("has the encoding %q", got)
	}
	if answer.StatusCode() != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(body, headSize))
		return fmt.Errorf("%d: %s", answer.StatusCode(), said)
	}
	return read(body)
}

// packed reads a compressed answer to its end and says how long it is. To unpack it would take more of the machine than
// the service takes to pack it, so what is checked is its trailer (RFC 1952, section 2.3.1): as long as so many documents are, unpacked.
func packed(r io.Reader, buf []byte, documents int) (n int64, err error) {
	const trailer, shortest = 4, 1000
	var last []byte
	for {
		read, err := r.Read(buf)
		n += int64(read)
		last = append(last, buf[max(0, read-trailer):read]...)
		last = last[max(0, len(last)-trailer):]
		if err == io.EOF {
			break
		}
		if err != nil {
			return n, err
		}
	}
	if len(last) < trailer {
		return n, io.ErrUnexpectedEOF
	}
	if length := binary.LittleEndian.Uint32(last); int64(length) < int64(documents)*shortest || int64(length) > int64(documents)*shortest*10 {
		return n, fmt.Errorf("%d bytes are no %d documents", length, documents)
	}
	return n, nil
}

// headSize is how much of the beginning of an answer is kept.
const headSize = 300

// tally is what an answer is checked by.
type tally struct {
	bytes int64
	marks int
	head  []byte
	last  byte
}

// tallyOf reads to the end and counts how often mark is there.
func tallyOf(r io.Reader, mark string, buf []byte) (tally, error) {
	var t tally
	kept := 0 // too few bytes for a mark, but one may begin in them
	for {
		n, err := r.Read(buf[kept:])
		if n > 0 {
			fresh, seen := buf[kept:kept+n], buf[:kept+n]
			t.bytes += int64(n)
			t.marks += bytes.Count(seen, []byte(mark))
			t.head = append(t.head, fresh[:min(n, headSize-len(t.head))]...)
			t.last = fresh[n-1]
			kept = copy(buf, seen[len(seen)-min(len(seen), len(mark)-1):])
		}
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

func (t *tally) check(r request) error {
	switch {
	case !r.lines && !bytes.HasPrefix(t.head, []byte(`{"result":true,"code":0,`)), t.last != '}' && t.last != '\n':
		return fmt.Errorf("not a success: %s", t.head)
	case t.marks != r.documents:
		return fmt.Errorf("%d documents, want %d: %s", t.marks, r.documents, t.head)
	case !bytes.Contains(t.head, []byte(r.start)):
		return fmt.Errorf("want %s: %s", r.start, t.head)
	}
	return nil
}

// checkWhole makes the request and reads the answer as JSON.
func (c *client) checkWhole(ctx context.Context, r request) error {
	return c.send(ctx, r, func(body io.Reader) (err error) {
		if r.gzip {
			if body, err = gzip.NewReader(body); err != nil {
				return err
			}
		}
		if r.lines {
			a, err := tallyOf(body, r.mark, make([]byte, bufferSize))
			if err == nil {
				err = a.check(r)
			}
			return err
		}
		var answer struct {
			Result bool
			Data   json.RawMessage
		}
		err = json.NewDecoder(body).Decode(&answer)
		if err == nil && !answer.Result {
			err = errors.New("result is false")
		}
		if err == nil {
			err = checkData(answer.Data, r)
		}
		return err
	})
}

// next is the continue of an answer.
func (c *client) next(ctx context.Context, r request) (token string, err error) {
	err = c.send(ctx, r, func(body io.Reader) error {
		var answer struct{ Continue string }
		err := json.NewDecoder(body).Decode(&answer)
		if token = answer.Continue; err == nil && token == "" {
			err = errors.New("has no continue")
		}
		return err
	})
	return token, err
}

func checkData(data json.RawMessage, r request) error {
	switch {
	case r.method != http.MethodGet:
		if string(data) != "null" {
			return fmt.Errorf("data is %.100s, want null", data)
		}
	case r.mark == documentMark:
		var documents []struct {
			ID string `json:"_id"`
		}
		if err := json.Unmarshal(data, &documents); err != nil {
			return err
		}
		different := map[string]bool{}
		for _, d := range documents {
			different[d.ID] = true
		}
		if len(documents) != r.documents || len(different) != r.documents {
			return fmt.Errorf("%d documents, %d different, want %d", len(documents), len(different), r.documents)
		}
	}
	return nil
}

// fill puts all that is read but the first have pods, which are there; when none is, events and watch data too.
func (c *client) fill(ctx context.Context, pods corpus, have int) error {
	put := func(from, to int, request func(i int) request) error {
		return each(ctx, from, to, func(ctx context.Context, i int, buf []byte) error {
			_, err := c.do(ctx, request(i), buf)
			return err
		})
	}
	if err := put(have, pods.pods, func(i int) request { return pods.put(i, 0) }); err != nil || have > 0 {
		return err
	}
	return errors.Join(
		put(0, pods.events, func(i int) request { return putEvent(eventCluster(i), i) }),
		put(0, watchNodes, putWatch))
}

// each calls do with every number in [from, to), in so many goroutines as there are writers, until one fails.
func each(ctx context.Context, from, to int, do func(ctx context.Context, i int, buf []byte) error) error {
	var next atomic.Int64
	next.Store(int64(from))
	group, ctx := errgroup.WithContext(ctx)
	for range writers {
		group.Go(func() error {
			buf := make([]byte, bufferSize)
			for i := next.Add(1) - 1; i < int64(to); i = next.Add(1) - 1 {
				if err := do(ctx, int(i), buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
