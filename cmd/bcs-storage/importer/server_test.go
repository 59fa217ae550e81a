package importer_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	s.requests = append(s.requests, requestsOf(r, string(body))...)
	s.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	succeed(w, r)
}

// requestsOf are the requests for single objects that a bulk request stands for, or the request itself.
func requestsOf(r *http.Request, body string) []request {
	env, bulk := strings.CutSuffix(r.URL.EscapedPath(), "/dynamic/bulk")
	if !bulk {
		return []request{{Line: r.Method + " " + r.URL.EscapedPath(), Body: body}}
	}
	var all []request
	for line := range strings.Lines(body) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil || !strings.HasSuffix(line, "\n") || r.Method != "POST" {
			return []request{{Line: "not a bulk request: " + r.Method, Body: body}}
		}
		path := "/dynamic/cluster_resources/clusters/" + url.PathEscape(o.ClusterID)
		if o.Namespace != "" {
			path = "/dynamic/namespace_resources/clusters/" + url.PathEscape(o.ClusterID) + "/namespaces/" + url.PathEscape(o.Namespace)
		}
		path += "/" + url.PathEscape(o.ResourceType) + "/" + url.PathEscape(o.ResourceName)
		all = append(all, request{Line: "PUT " + env + path, Body: `{"data":` + string(o.Data) + `}`})
	}
	return all
}

// object is a line of a bulk request.
type object struct {
	ClusterID, Namespace, ResourceType, ResourceName string
	Data                                             json.RawMessage
}

// succeed answers that everything in the request is stored.
func succeed(w http.ResponseWriter, r *http.Request) { each(w, r, func(object) string { return "" }) }

// each answers that every object is stored, but for those that fail says something else of: the members of a line
// behind its number.
func each(w http.ResponseWriter, r *http.Request, fail func(object) string) {
	if !strings.HasSuffix(r.URL.Path, "/dynamic/bulk") {
		_, _ = io.WriteString(w, success)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	in := json.NewDecoder(r.Body)
	for n := 1; ; n++ {
		var o object
		if in.Decode(&o) != nil {
			return
		}
		_, _ = fmt.Fprintf(w, "{\"line\":%d,%s}\n", n, cmp.Or(fail(o), `"code":0,"message":"Success"`))
	}
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
