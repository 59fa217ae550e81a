package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

// The two prefixes under which everything is served.
const (
	documentedPrefix = "/bcsapi/v4/storage"
	deployedPrefix   = "/bcsstorage/v1"
)

// service is the real program on a port of its own, with an empty store.
type service struct {
	t    *testing.T
	base string
	// side is where the metrics are.
	side string
	http *http.Client
	logs *logBuffer
}

// logBuffer collects the log for tests that look for a line.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// clock is a time that a test sets.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.Set(at)
	return c
}

func (c *clock) Now() time.Time   { return *c.at.Load() }
func (c *clock) Set(at time.Time) { c.at.Store(&at) }

// settings is what start can be told.
type settings struct {
	dir    string
	now    func() time.Time
	change func(*conf.Config)
}

// start runs the service until the test ends.
func start(t *testing.T, s settings) *service {
	t.Helper()
	if s.dir == "" {
		s.dir = testparts.Dir(t)
	}
	config := testparts.Config(s.dir)
	if s.change != nil {
		s.change(&config)
	}
	logs := &logBuffer{}
	a, err := app.New(t.Context(), app.Options{
		Config: config, Now: s.now, Version: "test",
		Log: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		stopping, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := a.Stop(stopping); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &service{
		t: t, base: a.URL(), side: "http://" + a.MetricsAddr(), logs: logs,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// tryStart is the error of a service that can't start.
func tryStart(t *testing.T, change func(*conf.Config)) error {
	t.Helper()
	config := testparts.Config(testparts.Dir(t))
	change(&config)
	a, err := app.New(t.Context(), app.Options{Config: config, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return err
}

// deployed and documented are the dialects, for settings.change.
func deployed(c *conf.Config) { c.Dialect = conf.Deployed }

// answer is what the service said.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

// envelope is the body of every answer.
type envelope struct {
	Result  *bool           `json:"result"`
	Code    *int            `json:"code"`
	Message *string         `json:"message"`
	Data    json.RawMessage `json:"data"`
	Total   *int64          `json:"total"`
}

// do sends a request. path is sent as it is, escapes included.
func (s *service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *service) try(method, path, body string, headers ...string) (answer, error) {
	s.t.Helper()
	u, err := url.Parse(s.base + path)
	if err != nil {
		s.t.Fatal(err)
	}
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base, in)
	if err != nil {
		s.t.Fatal(err)
	}
	req.URL = u
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return answer{t: s.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, body: string(raw)}, err
}

// metrics is what a scrape answers.
func (s *service) metrics() string {
	s.t.Helper()
	onSide := *s
	onSide.base = s.side
	a := onSide.do("GET", "/metrics", "")
	if a.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", a.what, a.status, a.body)
	}
	return a.body
}

// envelope is the body, which must be a complete envelope.
func (a answer) envelope() envelope {
	a.t.Helper()
	var e envelope
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		a.t.Fatalf("%s: not an envelope: %v\n%s", a.what, err, a.body)
	}
	if e.Result == nil || e.Code == nil || e.Message == nil || e.Data == nil {
		a.t.Fatalf("%s: result, code, message and data must be there: %s", a.what, a.body)
	}
	if *e.Result != (*e.Code == 0) {
		a.t.Errorf("%s: result and code disagree: %s", a.what, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		a.t.Errorf("%s: Content-Type is %q", a.what, got)
	}
	return e
}

// ok fails the test unless the answer is a success, and returns data.
func (a answer) ok() string {
	a.t.Helper()
	e := a.envelope()
	if a.status != http.StatusOK || !*e.Result {
		a.t.Fatalf("%s: %d %s", a.what, a.status, a.body)
	}
	return string(e.Data)
}

// failed fails the test unless the answer is a failure that mentions all of
// the words, and returns its envelope.
func (a answer) failed(words ...string) envelope {
	a.t.Helper()
	e := a.envelope()
	if *e.Result {
		a.t.Fatalf("%s: succeeded: %.300s", a.what, a.body)
	}
	for _, word := range words {
		if !strings.Contains(*e.Message, word) {
			a.t.Errorf("%s: the message does not mention %q: %s", a.what, word, *e.Message)
		}
	}
	return e
}

// documents is data as a list of objects.
func (a answer) documents() []map[string]any {
	a.t.Helper()
	data := a.ok()
	var docs []map[string]any
	if err := json.Unmarshal([]byte(data), &docs); err != nil || docs == nil {
		a.t.Fatalf("%s: data is no list of objects: %s", a.what, data)
	}
	return docs
}

// names is one field of every document.
func (a answer) names(field string) []string {
	a.t.Helper()
	names := []string{}
	for _, d := range a.documents() {
		name, _ := d[field].(string)
		names = append(names, name)
	}
	return names
}

// eventually asks until it is so; the test's deadline is the limit.
func (s *service) eventually(so func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !so() {
		if time.Now().After(deadline) {
			s.t.Fatal("did not come to be")
		}
	}
}
