package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// scripted is a real engine whose reads and Puts do what the test says, if it says anything.
type scripted struct {
	storage.Documents
	list     func(ctx context.Context, yield func([]byte, error) bool)
	distinct func(ctx context.Context) ([]string, error)
	get      func(ctx context.Context) ([]byte, error)
	put      func(ctx context.Context) error
}

func (s *scripted) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	if s.list == nil {
		return s.Documents.List(ctx, c, q)
	}
	return func(yield func([]byte, error) bool) { s.list(ctx, yield) }
}

func (s *scripted) Distinct(ctx context.Context, c *storage.Collection, q storage.Query, field string) ([]string, error) {
	if s.distinct == nil {
		return s.Documents.Distinct(ctx, c, q, field)
	}
	return s.distinct(ctx)
}

func (s *scripted) Get(ctx context.Context, c *storage.Collection, key storage.Key, f storage.Filter, p *storage.Projection) ([]byte, error) {
	if s.get == nil {
		return s.Documents.Get(ctx, c, key, f, p)
	}
	return s.get(ctx)
}

func (s *scripted) Put(ctx context.Context, c *storage.Collection, d storage.Document, now time.Time) error {
	if s.put == nil {
		return s.Documents.Put(ctx, c, d, now)
	}
	return s.put(ctx)
}

// limited starts the API with limits over an engine that does what it is told.
func limited(t *testing.T, change func(*handlers.Options), engine *scripted) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(limitedHandler(t, change, engine))
	server.EnableHTTP2 = true
	t.Cleanup(server.Close)
	return server
}

func limitedHandler(t testing.TB, change func(*handlers.Options), engine *scripted) http.Handler {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	engine.Documents = db
	registry := prometheus.NewRegistry()
	counter, err := handlers.NewLimited(registry)
	if err != nil {
		t.Fatal(err)
	}
	o := handlers.Options{
		Access: handlers.Everyone{}, Documents: engine, Nodes: local.New(engine, time.Now), Dialect: handlers.Documented(), MaxBody: 1 << 10,
		BodyTimeout: 10 * time.Second, Query: query.Options{MaxLength: 1000}, Views: handlers.Views{MaxBytes: 1 << 20},
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Registry: registry, Limited: counter,
	}
	change(&o)
	h, err := handlers.New(o)
	if err != nil {
		t.Fatal(err)
	}
	scrape := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			scrape.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// counts is the number of requests that a limit has counted.
func counts(t *testing.T, server *httptest.Server, limit handlers.Limit) string {
	t.Helper()
	resp, err := server.Client().Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`bcs_storage_limited_requests_total\{limit="` + string(limit) + `"\} (\S+)`).FindSubmatch(body)
	if found == nil {
		t.Fatalf("%s is not counted", limit)
	}
	return string(found[1])
}

// hang is an operation that ends when its context does.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("engine: %w", ctx.Err())
}

// TestRequestTimeout: an answer that does not begin in time is 504 in the form of its
// route, whatever the settings say about statuses, and the engine stops working on it.
func TestRequestTimeout(t *testing.T) {
	const limit = 20 * time.Millisecond
	engine := &scripted{
		list:     func(ctx context.Context, yield func([]byte, error) bool) { yield(nil, hang(ctx)) },
		distinct: func(ctx context.Context) ([]string, error) { return nil, hang(ctx) },
		get:      func(ctx context.Context) ([]byte, error) { return nil, hang(ctx) },
		put:      hang,
	}
	server := limited(t, func(o *handlers.Options) { o.Limits.RequestTimeout = limit }, engine)
	server.Start()
	for _, c := range []struct{ method, path, want string }{
		{"GET", base, `{"result":false,"code":10006,"message":"List resource failed. The answer did not begin in time.","data":[]}`},
		{"GET", base + "/x", `{"result":false,"code":10004,"message":"Get resource failed. The answer did not begin in time.","data":[]}`},
		{"PUT", base + "/x", `{"result":false,"code":10003,"message":"Put resource failed. The answer did not begin in time.","data":null}`},
		{"GET", "/v2/index.php?Action=DescribeCluster", `{"code":5100,"message":"(5100)The answer did not begin in time","codeDesc":"FailedOperation"}`},
		{"GET", "/api/v1/namespaces/n/services/s/status", `"reason":"ServerTimeout"`},
		{"GET", "/ncs?Version=2017-11-16&ClusterId=C&Action=DescribeStatefulWorkloadsAllNamespaces", `"Code":"InternalServerError","Message":"The answer did not begin in time"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(`{"data":1}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Cluster-ID", "C")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 504 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, resp.StatusCode, err, body)
		}
	}
	if got := counts(t, server, handlers.LimitRequest); got != "6" {
		t.Errorf("%s are counted", got)
	}
}

// TestRequestTimeoutSparesAnswersThatHaveBegun: such a one goes on for as long as it takes.
func TestRequestTimeoutSparesAnswersThatHaveBegun(t *testing.T) {
	part := []byte(`"` + strings.Repeat("x", 100<<10) + `"`)
	goOn := make(chan struct{})
	begun := false
	engine := &scripted{}
	engine.list = func(ctx context.Context, yield func([]byte, error) bool) {
		if begun { // the second request
			yield(nil, hang(ctx))
			return
		}
		begun = true
		if !yield(part, nil) {
			return
		}
		select {
		case <-goOn:
			yield([]byte("7"), nil)
		case <-ctx.Done():
			yield(nil, ctx.Err())
		}
	}
	server := limited(t, func(o *handlers.Options) { o.Limits.RequestTimeout = 20 * time.Millisecond }, engine)
	server.Start()
	plain := &http.Transport{DisableCompression: true} // a compressor would hold back so few bytes
	defer plain.CloseIdleConnections()
	resp, err := (&http.Client{Transport: plain}).Get(server.URL + base)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	if _, err := in.Peek(10); err != nil {
		t.Fatal(err)
	}
	// A request that began later is late by now.
	if status, body, err := get(t, server.URL+base); status != 504 || err != nil {
		t.Fatalf("%d %s %v", status, body, err)
	}
	close(goOn)
	if body, err := io.ReadAll(in); err != nil || !bytes.HasSuffix(body, []byte(",7]}")) {
		t.Errorf("%v: ends with %s", err, body[max(0, len(body)-20):])
	}
}

// TestRequestTimeoutLeavesTimeForTheBody: what the client takes to send is not the operation's time.
func TestRequestTimeoutLeavesTimeForTheBody(t *testing.T) {
	engine := &scripted{}
	engine.list = func(ctx context.Context, yield func([]byte, error) bool) { yield(nil, hang(ctx)) }
	server := limited(t, func(o *handlers.Options) { o.Limits.RequestTimeout = 20 * time.Millisecond }, engine)
	server.Start()
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+base+"/x", in)
	if err != nil {
		t.Fatal(err)
	}
	var sending errgroup.Group
	sending.Go(func() error {
		if _, err := io.WriteString(out, `{"data":`); err != nil {
			return err
		}
		// Two requests are late one after the other before the rest is sent.
		for range 2 {
			if resp, err := http.Get(server.URL + base); err != nil || resp.StatusCode != 504 {
				return fmt.Errorf("%v %v", resp, err)
			}
		}
		if _, err := io.WriteString(out, `1}`); err != nil {
			return err
		}
		return out.Close()
	})
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err := sending.Wait(); err != nil {
		t.Fatal(err)
	}
	if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(string(body), `{"result":true,`) {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
}

// TestInFlight: what is beyond the limit is refused at once in the form of its route;
// health and metrics are not, and there is room again when something ends.
func TestInFlight(t *testing.T) {
	const most = 2
	arrived, goOn := make(chan struct{}, most), make(chan struct{})
	engine := &scripted{put: func(context.Context) error {
		arrived <- struct{}{}
		<-goOn
		return nil
	}}
	server := limited(t, func(o *handlers.Options) { o.Limits.InFlight = most }, engine)
	server.Start()
	put := func() (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+base+"/x", strings.NewReader(`{"data":1}`))
		if err != nil {
			return 0, err
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	var busy errgroup.Group
	for range most {
		busy.Go(func() error {
			if status, err := put(); err != nil || status != 200 {
				return fmt.Errorf("%d %v", status, err)
			}
			return nil
		})
	}
	for range most {
		<-arrived
	}
	for path, want := range map[string]string{
		base:                                     `{"result":false,"code":10006,"message":"List resource failed. Too many requests are at work.","data":[]}`,
		"/v2/index.php?Action=Any":               `{"code":5100,`,
		"/ncs?Action=DescribeAny":                `{"Code":"InternalServerError","Message":"Too many requests are at work",`,
		"/api/v1/namespaces/n/services/s/status": `"reason":"ServiceUnavailable"`,
	} {
		resp, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %v %s", path, resp.StatusCode, err, body)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body, err := get(t, server.URL+path); status != 200 || err != nil {
			t.Errorf("%s: %d %s %v", path, status, body, err)
		}
	}
	if got := counts(t, server, handlers.LimitInFlight); got != "4" {
		t.Errorf("%s are counted", got)
	}
	close(goOn)
	if err := busy.Wait(); err != nil {
		t.Fatal(err)
	}
	if status, _, err := get(t, server.URL+base); status != 200 || err != nil {
		t.Errorf("afterwards: %d %v", status, err)
	}
}

// TestBodyLimits: a body that is too large, or does not come, is counted.
func TestBodyLimits(t *testing.T) {
	server := limited(t, func(o *handlers.Options) { o.BodyTimeout = 20 * time.Millisecond }, &scripted{})
	server.Start()
	for _, c := range []struct {
		body   io.Reader
		status int
		limit  handlers.Limit
	}{
		{strings.NewReader(`{"data":"` + strings.Repeat("x", 2<<10) + `"}`), 413, handlers.LimitBody},
		{io.MultiReader(strings.NewReader(`{"data":`), strings.NewReader(strings.Repeat(" ", 2<<10))), 413, handlers.LimitBody},
		{&stalls{begin: strings.NewReader(`{"data":`), end: t.Context()}, 200, handlers.LimitBodyTime},
	} {
		before := counts(t, server, c.limit)
		req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+base+"/x", c.body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if after := counts(t, server, c.limit); resp.StatusCode != c.status || before == after {
			t.Errorf("%d, %s counts %s and then %s", resp.StatusCode, c.limit, before, after)
		}
	}
}

// stalls begins well and then does not go on.
type stalls struct {
	begin io.Reader
	end   context.Context
}

func (s *stalls) Read(p []byte) (int, error) {
	if n, err := s.begin.Read(p); n > 0 || err != io.EOF {
		return n, err
	}
	<-s.end.Done()
	return 0, s.end.Err()
}

// TestSlowReader: the transfer to a client that does not read is cut off, and
// what it held is free: the goroutine, the place among those at work, and the list of the store.
func TestSlowReader(t *testing.T) {
	part := []byte(`"` + strings.Repeat("x", 64<<10) + `"`)
	ended := make(chan struct{}, 1)
	endless := func(_ context.Context, yield func([]byte, error) bool) {
		defer func() { ended <- struct{}{} }()
		for yield(part, nil) {
		}
	}
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			engine := &scripted{list: endless}
			server := limited(t, func(o *handlers.Options) {
				o.Limits = handlers.Limits{WriteTimeout: 50 * time.Millisecond, InFlight: 1}
			}, engine)
			if proto == "HTTP/2.0" {
				server.StartTLS()
			} else {
				server.Start()
			}
			resp, err := server.Client().Get(server.URL + base)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Proto != proto {
				t.Fatalf("speaks %s", resp.Proto)
			}
			<-ended // though nobody reads
			if n, err := io.Copy(io.Discard, resp.Body); err == nil {
				t.Errorf("the transfer ended well after %d bytes", n)
			}
			engine.list = nil
			for { // its place is given back a moment after its list
				resp, err := server.Client().Get(server.URL + base)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode == 200 {
					break
				}
			}
			if got := counts(t, server, handlers.LimitWrite); got != "1" {
				t.Errorf("%s are counted", got)
			}
		})
	}
}

// TestPatientReader: a reader that takes longer for all of an answer than for a part of it is not cut off.
func TestPatientReader(t *testing.T) {
	const parts = 40
	part := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	engine := &scripted{list: func(_ context.Context, yield func([]byte, error) bool) {
		for range parts {
			if !yield(part, nil) {
				return
			}
		}
	}}
	const patience = 200 * time.Millisecond
	server := limited(t, func(o *handlers.Options) { o.Limits.WriteTimeout = patience }, engine)
	server.Start()
	resp, err := server.Client().Get(server.URL + base)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	start, read := time.Now(), int64(0)
	pause := time.NewTicker(patience / 10)
	defer pause.Stop()
	for time.Since(start) < 2*patience {
		<-pause.C
		n, err := io.CopyN(io.Discard, resp.Body, 512<<10)
		if read += n; err != nil {
			t.Fatalf("after %v and %d bytes: %v", time.Since(start), read, err)
		}
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if read += n; err != nil || read < parts<<20 {
		t.Errorf("%d bytes: %v", read, err)
	}
	if got := counts(t, server, handlers.LimitWrite); got != "0" {
		t.Errorf("%s are counted", got)
	}
}

// TestSlowStore: it is the reader that has to take each part in time, not the store that has to find it.
func TestSlowStore(t *testing.T) {
	const patience = 30 * time.Millisecond
	part := []byte(`"` + strings.Repeat("x", 64<<10) + `"`)
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		engine := &scripted{list: func(ctx context.Context, yield func([]byte, error) bool) {
			if !yield(part, nil) {
				return
			}
			select {
			case <-time.After(4 * patience): // it searches
			case <-ctx.Done():
			}
			yield([]byte("7"), ctx.Err())
		}}
		server := limited(t, func(o *handlers.Options) { o.Limits.WriteTimeout = patience }, engine)
		if proto == "HTTP/2.0" {
			server.StartTLS()
		} else {
			server.Start()
		}
		resp, err := server.Client().Get(server.URL + base)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.Proto != proto || !bytes.HasSuffix(body, []byte(",7]}")) {
			t.Errorf("%s: %v, ends with %s", resp.Proto, err, body[max(0, len(body)-20):])
		}
	}
}
