package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bcs-storage/storage"
)

const bulkPath = "/bcsapi/v4/storage/k8s/dynamic/bulk"

func (f *faulty) Write(ctx context.Context, c *storage.Collection, writes []storage.Write, now time.Time) []error {
	f.mu.Lock()
	hook := f.write
	f.mu.Unlock()
	if hook != nil {
		if errs := hook(writes); errs != nil {
			return errs
		}
	}
	return f.Documents.Write(ctx, c, writes, now)
}

func (f *faulty) onWrite(hook func([]storage.Write) []error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.write = hook
}

// status is a line of the answer.
type status struct {
	Line       int64
	Code       int
	Message    string
	RetryAfter int
}

func line(name, data string) string {
	return fmt.Sprintf(`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":%q,"data":%s}`+"\n", name, data)
}

// exchange is a bulk request that is written and read at the same time.
type exchange struct {
	t       *testing.T
	body    *io.PipeWriter
	answers *bufio.Scanner
	resp    chan *http.Response
}

func exchangeWith(t *testing.T, url string) *exchange {
	t.Helper()
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+bulkPath, in)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{t: t, body: out, resp: make(chan *http.Response, 1)}
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
		}
		x.resp <- resp
	}()
	t.Cleanup(func() { out.Close() })
	return x
}

func (x *exchange) send(text string) {
	x.t.Helper()
	if _, err := io.WriteString(x.body, text); err != nil {
		x.t.Fatal(err)
	}
}

// next is the next line of the answer; false at its end.
func (x *exchange) next() (s status, ok bool) {
	x.t.Helper()
	if x.answers == nil {
		resp := <-x.resp
		if resp == nil {
			x.t.FailNow()
		}
		x.t.Cleanup(func() { resp.Body.Close() })
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" {
			x.t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
		x.answers = bufio.NewScanner(resp.Body)
	}
	if !x.answers.Scan() {
		return status{}, false
	}
	if err := json.Unmarshal(x.answers.Bytes(), &s); err != nil {
		x.t.Fatalf("%s: %v", x.answers.Bytes(), err)
	}
	return s, true
}

func (x *exchange) want(want status) {
	x.t.Helper()
	if got, ok := x.next(); got != want || !ok {
		x.t.Fatalf("%+v %v, want %+v", got, x.answers.Err(), want)
	}
}

// TestBulkFlows: an item is answered when it is durable, not when the body ends,
// and a stream may last longer than a body may take to come.
func TestBulkFlows(t *testing.T) {
	server, _, _ := serve(t, false)
	x := exchangeWith(t, server.URL)
	began := time.Now()
	for i := int64(1); i < 20 || time.Since(began) < 200*time.Millisecond; i++ {
		name := fmt.Sprint("flow", i)
		x.send(line(name, fmt.Sprint(i)))
		x.want(status{Line: i, Message: "Success"})
		if _, body, err := get(t, server.URL+base+"/"+name); err != nil || !strings.Contains(body, fmt.Sprintf(`"data":%d,`, i)) {
			t.Fatalf("acknowledged and not there: %s %v", body, err)
		}
	}
	x.body.Close()
	if s, ok := x.next(); ok || x.answers.Err() != nil {
		t.Errorf("%+v %v", s, x.answers.Err())
	}
}

// TestBulkStalls: a body that does not go on is given up; what came is stored.
func TestBulkStalls(t *testing.T) {
	server, _, logs := serve(t, false)
	x := exchangeWith(t, server.URL)
	x.send(line("whole", "1") + strings.TrimSuffix(line("half", "1"), "\n"))
	x.want(status{Line: 1, Message: "Success"})
	x.want(status{Line: 2, Code: 10003, Message: "Put resource failed. the body could not be read: nothing came for 50ms."})
	if s, ok := x.next(); ok || x.answers.Err() == nil {
		t.Errorf("%+v; the answer ended well", s)
	}
	if _, body, err := get(t, server.URL+base+"/half"); err != nil || !strings.Contains(body, "does not exist") {
		t.Errorf("%s %v", body, err)
	}
	if !strings.Contains(logs.text(), "the body could not be read") {
		t.Error("the log does not say why")
	}
}

// TestBulkStoreFails: each item of a group that could not be stored says so, and
// the stream goes on.
func TestBulkStoreFails(t *testing.T) {
	server, f, logs := serve(t, false)
	f.onWrite(func(writes []storage.Write) []error {
		errs := make([]error, len(writes))
		for i := range errs {
			errs[i] = errors.Join(storage.ErrUnavailable, errors.New("secret-detail"))
		}
		return errs
	})
	x := exchangeWith(t, server.URL)
	x.send(line("a", "1") + "nonsense\n" + strings.Replace(line("b", "1"), `"data":1`, `"op":"delete"`, 1))
	x.want(status{Line: 1, Code: 10003, Message: "Put resource failed. The store is not available.", RetryAfter: 1})
	s, _ := x.next()
	if s.Line != 2 || s.Code != 10003 || !strings.HasPrefix(s.Message, "Put resource failed. line: not JSON") || s.RetryAfter != 0 {
		t.Errorf("%+v", s)
	}
	x.want(status{Line: 3, Code: 10005, Message: "Delete resource failed. The store is not available.", RetryAfter: 1})
	f.onWrite(func(writes []storage.Write) []error {
		errs := make([]error, len(writes))
		for i, w := range writes {
			if w.Key[3] == "big" {
				errs[i] = storage.ErrTooLarge
			}
		}
		return errs
	})
	x.send(line("big", "1"))
	x.want(status{Line: 4, Code: 10003, Message: "Put resource failed. The document is larger than the store keeps."})
	f.onWrite(nil)
	x.send(line("c", "1"))
	x.want(status{Line: 5, Message: "Success"})
	x.body.Close()
	if _, ok := x.next(); ok {
		t.Error("more lines than items")
	}
	if text := logs.text(); !strings.Contains(text, "4 of 5 items failed") || !strings.Contains(text, "secret-detail") || !strings.Contains(text, "code=10003") {
		t.Errorf("the log does not say what failed: %s", text)
	}
}

// TestBulkPanics: a panic cuts the answer off, and the service lives on.
func TestBulkPanics(t *testing.T) {
	server, f, logs := serve(t, false)
	x := exchangeWith(t, server.URL)
	x.send(line("a", "1"))
	x.want(status{Line: 1, Message: "Success"})
	f.onWrite(func([]storage.Write) []error { panic("the engine's fault") })
	x.send(line("b", "1"))
	if s, ok := x.next(); ok || x.answers.Err() == nil {
		t.Errorf("%+v; the answer ended well", s)
	}
	if !strings.Contains(logs.text(), "the engine's fault") {
		t.Error("the panic is not in the log")
	}
	f.onWrite(nil)
	if _, body, err := get(t, server.URL+base+"/a"); err != nil || !strings.Contains(body, `"data":1,`) {
		t.Errorf("%s %v", body, err)
	}
}

// dial opens a connection and sends the head of a bulk request without an end.
func dial(t *testing.T, url string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	tcp := conn.(*net.TCPConn)
	if err := errors.Join(tcp.SetReadBuffer(4<<10), tcp.SetDeadline(time.Now().Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(tcp, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", bulkPath); err != nil {
		t.Fatal(err)
	}
	return tcp
}

// TestBulkAnswerUnread: a client that writes and never reads is cut off.
func TestBulkAnswerUnread(t *testing.T) {
	server, _, logs := serve(t, false)
	conn := dial(t, server.URL)
	some := []byte(strings.Repeat("x\n", 32<<10))
	var err error
	for err == nil {
		_, err = conn.Write(some)
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("client and service wait for each other")
	}
	server.Close() // waits for the request
	if !strings.Contains(logs.text(), "the answer is not read") {
		t.Error("the log does not say why")
	}
}

// TestBulkWaitsForTheStore: a body is not read faster than it is stored.
func TestBulkWaitsForTheStore(t *testing.T) {
	server, f, _ := serve(t, false)
	release := make(chan struct{})
	var most atomic.Int64
	f.onWrite(func(writes []storage.Write) []error {
		<-release
		if n := int64(len(writes)); n > most.Load() {
			most.Store(n)
		}
		return nil
	})
	conn := dial(t, server.URL)
	if err := conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	some := []byte(strings.Repeat(line("same", `"`+strings.Repeat("x", 8<<10)+`"`), 16))
	sent := 0
	var err error
	for err == nil && sent < 200<<20 {
		var n int
		n, err = conn.Write(some)
		sent += n
	}
	close(release)
	// A group is stored, one is read; the rest is in buffers of the connection.
	if err == nil {
		t.Errorf("%d bytes were taken while nothing was stored", sent)
	}
	conn.Close()
	server.Close()
	if n := most.Load(); n == 0 || n > 2048 {
		t.Errorf("%d items in a group", n)
	}
}

// TestBulkClientGone: what a client leaves unfinished ends the request.
func TestBulkClientGone(t *testing.T) {
	server, f, logs := serve(t, false)
	groups := make(chan int, 16)
	f.onWrite(func(writes []storage.Write) []error {
		groups <- len(writes)
		return nil
	})
	conn := dial(t, server.URL)
	if _, err := io.WriteString(conn, line("a", "1")); err != nil {
		t.Fatal(err)
	}
	<-groups
	conn.Close()
	server.Close() // waits for the request
	if !strings.Contains(logs.text(), "status=aborted") {
		t.Errorf("%s", logs.text())
	}
}
