package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// faulty is a real engine whose reads fail in a way that the test chooses.
type faulty struct {
	storage.Documents
	mu   sync.Mutex
	get  func() error
	list func(int) error // called before each document
	// write, if set, is asked before each group; its errors are the group's.
	write func([]storage.Write) []error
}

func (f *faulty) fail(get func() error, list func(int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.get, f.list = get, list
}

func (f *faulty) failures() (get func() error, list func(int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.get, f.list
}

func (f *faulty) Get(ctx context.Context, c *storage.Collection, key storage.Key, filter storage.Filter, p *storage.Projection) ([]byte, error) {
	if fail, _ := f.failures(); fail != nil {
		return nil, fail()
	}
	return f.Documents.Get(ctx, c, key, filter, p)
}

func (f *faulty) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	_, fail := f.failures()
	if fail == nil {
		return f.Documents.List(ctx, c, q)
	}
	return func(yield func([]byte, error) bool) {
		n := 0
		for doc, err := range f.Documents.List(ctx, c, q) {
			if failed := fail(n); failed != nil {
				yield(nil, failed)
				return
			}
			if n++; !yield(doc, err) {
				return
			}
		}
	}
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.Lock()
	defer b.Unlock()
	return b.String()
}

const template = "/bcsapi/v4/storage/k8s/dynamic/namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}"

const base = "/bcsapi/v4/storage/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod"

// serve starts the API over a faulty engine that holds 200 pods of 1 KiB.
func serve(t *testing.T, semantic bool) (*httptest.Server, *faulty, *lockedBuffer) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	for i := range 200 {
		key := storage.Key{"C", "Pod", "n", "p" + string(rune('a'+i/26)) + string(rune('a'+i%26))}
		d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(`"` + strings.Repeat("x", 1024) + `"`)})
		if err := engine.Put(t.Context(), storage.Dynamic, d, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	f, logs := &faulty{Documents: engine}, &lockedBuffer{}
	registry := prometheus.NewRegistry()
	h, err := handlers.New(handlers.Options{
		Access: handlers.Everyone{}, Documents: f, Nodes: local.New(f, time.Now), Dialect: handlers.Documented(), SemanticStatus: semantic, MaxBody: 1 << 20,
		BodyTimeout: 50 * time.Millisecond, Query: query.Options{MaxLength: 1000}, Now: time.Now, Log: slog.New(slog.NewTextHandler(logs, nil)), Registry: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			metrics.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, f, logs
}

func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// TestEngineFailures: the caller is told what kind of failure it was, in the
// envelope, and nothing of the engine's own words.
func TestEngineFailures(t *testing.T) {
	server, f, logs := serve(t, true)
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{errors.Join(storage.ErrUnavailable, errors.New("secret-detail")), 503, "The store is not available."},
		{context.DeadlineExceeded, 503, "The store did not answer in time."},
		{errors.New("secret-detail"), 500, "Internal error."},
		{storage.ErrTooLarge, 413, "larger than the store keeps"},
		{storage.ErrNotFound, 404, "resource does not exist"},
	} {
		f.fail(func() error { return c.err }, func(int) error { return c.err })
		status, body, err := get(t, server.URL+base+"/paa")
		if err != nil || status != c.status || !strings.Contains(body, c.text) || !strings.Contains(body, `"code":10004,`) {
			t.Errorf("%v: %d %s %v", c.err, status, body, err)
		}
		status, body, err = get(t, server.URL+base)
		if err != nil || status != c.status || !strings.Contains(body, `"code":1000`) || !strings.HasSuffix(body, `"data":[]}`) {
			t.Errorf("list, %v: %d %s %v", c.err, status, body, err)
		}
		if strings.Contains(body, "secret-detail") {
			t.Errorf("the engine's words are in the answer: %s", body)
		}
	}
	if !strings.Contains(logs.text(), "secret-detail") {
		t.Error("the engine's words are not in the log")
	}
}

// TestPanic: a panic is answered with 500 and logged, and the service lives on.
func TestPanic(t *testing.T) {
	server, f, logs := serve(t, false)
	f.fail(func() error { panic("the handler's fault") }, nil)
	status, body, err := get(t, server.URL+base+"/paa")
	if err != nil || status != 500 || body != `{"result":false,"code":10004,"message":"Get resource failed. Internal error.","data":[]}` {
		t.Errorf("%d %s %v", status, body, err)
	}
	for _, want := range []string{"the handler's fault", "stack=", "status=500", "code=10004"} {
		if !strings.Contains(logs.text(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	f.fail(nil, nil)
	if status, _, err := get(t, server.URL+base+"/paa"); status != 200 || err != nil {
		t.Errorf("after a panic: %d %v", status, err)
	}
}

// TestBrokenList: a list that fails half-way ends in a broken transfer, never in a shorter list.
func TestBrokenList(t *testing.T) {
	server, f, logs := serve(t, false)
	for name, fail := range map[string]func(int) error{
		"error": func(n int) error {
			if n == 150 {
				return errors.New("half-way")
			}
			return nil
		},
		"panic": func(n int) error {
			if n == 150 {
				panic("half-way")
			}
			return nil
		},
	} {
		f.fail(nil, fail)
		_, body, err := get(t, server.URL+base)
		if err == nil {
			t.Errorf("%s: the transfer ended well with %d bytes: …%s", name, len(body), body[max(0, len(body)-60):])
		}
	}
	if !strings.Contains(logs.text(), "half-way") {
		t.Error("the log does not say why")
	}
	if _, metrics, err := get(t, server.URL+"/metrics"); err != nil || !strings.Contains(metrics, `{code="10006",method="GET",route="`+template+`",status="aborted"} 2`) {
		t.Error("broken transfers are counted as good ones")
	}

	// Nothing was sent yet: the failure can still be told.
	f.fail(nil, func(n int) error {
		if n == 3 {
			return errors.New("half-way")
		}
		return nil
	})
	if status, body, err := get(t, server.URL+base); err != nil || status != 200 || !strings.HasPrefix(body, `{"result":false,"code":10006,`) {
		t.Errorf("an early failure: %d %s %v", status, body, err)
	}
	f.fail(nil, nil)
	if _, body, err := get(t, server.URL+base); err != nil || strings.Count(body, `"_id"`) != 200 {
		t.Errorf("a whole list: %d documents, %v", strings.Count(body, `"_id"`), err)
	}
}

// TestSlowBody: a body that does not come is given up, and nothing is stored.
func TestSlowBody(t *testing.T) {
	server, _, _ := serve(t, true)
	in, out := io.Pipe()
	defer out.Close()
	req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+base+"/slow", in)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = out.Write([]byte(`{"data":`)) }() // and no more
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 400 || !strings.Contains(string(body), "could not be read within 50ms") {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
	if status, _, err := get(t, server.URL+base+"/slow"); status != 404 || err != nil {
		t.Errorf("GET: %d %v", status, err)
	}
}

// TestMadeUpMethods: callers cannot make metric series.
func TestMadeUpMethods(t *testing.T) {
	server, _, _ := serve(t, false)
	for _, method := range []string{"BREW", "MADE", "UP", "PATCH"} {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+base, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 405 {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
	_, metrics, err := get(t, server.URL+"/metrics")
	if err != nil || !strings.Contains(metrics, `{code="405",method="other",route="none",status="405"} 4`) || strings.Contains(metrics, "BREW") {
		t.Errorf("%v\n%s", err, metrics)
	}
}
