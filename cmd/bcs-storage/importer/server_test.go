package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"bcs-storage/cmd/bcs-storage/importer"
)

const success = `{"result":true,"code":0,"message":"Success","data":null}`

// request is one that a storage has received.
type request struct {
	Line string // method and escaped path
	Body string
}

// storage is a server that keeps what it is sent. answer may be nil.
type storage struct {
	*httptest.Server
	answer http.HandlerFunc

	mu       sync.Mutex
	requests []request
}

func newStorage(t *testing.T, answer http.HandlerFunc) *storage {
	t.Helper()
	s := &storage{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	s.mu.Lock()
	s.requests = append(s.requests, request{Line: r.Method + " " + r.URL.EscapedPath(), Body: string(body)})
	s.mu.Unlock()
	if s.answer != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.answer(w, r)
		return
	}
	_, _ = io.WriteString(w, success)
}

func (s *storage) received() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// lines returns the received requests without their bodies and without what all paths begin with, sorted.
func (s *storage) lines() []string {
	var lines []string
	for _, r := range s.received() {
		lines = append(lines, strings.Replace(r.Line, "/bcsapi/v4/storage/", "", 1))
	}
	slices.Sort(lines)
	return lines
}

// run imports input and returns what was printed.
func run(ctx context.Context, s *storage, o importer.Options) (string, error) {
	var out bytes.Buffer
	o.Server = s.URL
	o.Out = &out
	if o.Name == "" {
		o.Name = "test.json"
	}
	err := importer.Run(ctx, importer.Impatient(o))
	return out.String(), err
}

// importText imports a text into cluster c, which must succeed.
func importText(t *testing.T, s *storage, text string) string {
	t.Helper()
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(text)})
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, out)
	}
	return out
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
