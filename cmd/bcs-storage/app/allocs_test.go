package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// sink takes an answer without allocating.
type sink struct {
	header http.Header
	bytes  int
	ok     bool // it says that it worked
}

func (s *sink) Header() http.Header             { return s.header }
func (s *sink) WriteHeader(int)                 {}
func (s *sink) SetReadDeadline(time.Time) error { return nil }
func (s *sink) Write(p []byte) (int, error) {
	if s.bytes == 0 {
		s.ok = bytes.HasPrefix(p, []byte(`{"result":true`))
	}
	s.bytes += len(p)
	return len(p), nil
}

// operation is something that is done once for every request or call.
type operation struct {
	name string
	// allocs is how many allocations it was when this was written, over that of all goroutines.
	allocs float64
	// room is how many more there may be, for what the runtime adds now and then.
	room float64
	run  func() error
}

// kept is how many pods and how many events there are.
const kept = 100

func podKey(i int) storage.Key {
	return storage.Key{"c1", "Pod", "ns", fmt.Sprintf("web-%03d", i)}
}

// podData is a pod of about 4 KB, with what is indexed of pods.
func podData(i int) []byte {
	container := `{"name":"app","image":"registry.example.com/team/web:v1.2.3","env":[{"name":"A","value":"some value of some length"}]}`
	return fmt.Appendf(nil, `{"metadata":{"name":"web-%03d","creationTimestamp":"2026-11-21T19:30:57Z"},"spec":{"containers":[%s]},"status":{"phase":"Running","hostIP":"10.0.0.%d"}}`,
		i, strings.Repeat(container+",", 32)+container, i%10)
}

// TestAllocations guards what a request and a call of the embedded engine
// allocate: a copy of a document or a statement that is prepared anew shows here.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx, now := t.Context(), time.Date(2026, 11, 21, 19, 30, 57, 0, time.UTC)
	engine, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "store.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for i := range kept {
		pod := storage.NewDocument(storage.Dynamic, podKey(i), storage.Member{Name: "data", Value: podData(i)})
		event := storage.NewDocument(storage.Events, storage.Key{"c1", fmt.Sprint("id:", i)}, storage.Member{Name: "eventTime", Value: fmt.Append(nil, i)})
		if err := engine.Put(ctx, storage.Dynamic, pod, now); err != nil {
			t.Fatal(err)
		}
		if err := engine.Put(ctx, storage.Events, event, now); err != nil {
			t.Fatal(err)
		}
	}
	api, err := handlers.New(handlers.Options{
		Documents: engine, Nodes: local.New(engine, time.Now), Dialect: handlers.Documented(), MaxBody: 1 << 20, BodyTimeout: time.Minute,
		Query: query.Options{MaxLength: kept}, Now: func() time.Time { return now },
		Access: handlers.Everyone{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range append(requests(t, api), calls(ctx, engine, now)...) {
		t.Run(op.name, func(t *testing.T) {
			var failed error
			got := testing.AllocsPerRun(50, func() {
				if err := op.run(); err != nil {
					failed = err
				}
			})
			switch {
			case failed != nil:
				t.Fatal(failed)
			case got > op.allocs+op.room:
				t.Errorf("%v allocations, want at most %v", got, op.allocs+op.room)
			case got < op.allocs-op.room:
				t.Errorf("%v allocations are fewer than the %v of the table: correct it", got, op.allocs)
			}
		})
	}
}

// requests are the hot requests, from the handler on.
func requests(t *testing.T, api http.Handler) []operation {
	pods := "/k8s/dynamic/namespace_resources/clusters/c1/namespaces/ns/Pod"
	pod := fmt.Appendf(nil, `{"data":%s}`, podData(7))
	event := []byte(`{"id":"7","clusterId":"c1","env":"k8s","eventTime":7,"extraInfo":{"name":"web","namespace":"ns"},"data":{"count":1}}`)
	send := func(method, path string, body []byte, atLeast int) func() error {
		req, err := http.NewRequestWithContext(t.Context(), method, documentedPrefix+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		in := bytes.NewReader(body)
		req.Body, req.ContentLength = io.NopCloser(in), int64(len(body))
		out := &sink{header: http.Header{}}
		return func() error {
			in.Reset(body)
			clear(out.header)
			out.bytes, out.ok = 0, false
			api.ServeHTTP(out, req)
			if !out.ok || out.bytes < atLeast {
				return fmt.Errorf("answered %d bytes, success: %t; want at least %d", out.bytes, out.ok, atLeast)
			}
			return nil
		}
	}
	return []operation{
		{"PUT pod", 130, 2, send(http.MethodPut, pods+"/web-007", pod, 50)},
		{"GET pod", 75, 1, send(http.MethodGet, pods+"/web-007", nil, len(pod))},
		{"GET pods", 780, 8, send(http.MethodGet, pods, nil, kept*len(pod))},
		{"GET pods, two fields", 791, 8, send(http.MethodGet, pods+"?field=resourceName,data.status.phase", nil, kept*50)},
		{"query pods by host", 252, 2, send(http.MethodGet, "/query/k8s/dynamic/clusters/c1/pod?hostIp=10.0.0.7", nil, 10*len(pod))},
		{"PUT event", 139, 2, send(http.MethodPut, "/events", event, 50)},
		{"GET events", 950, 8, send(http.MethodGet, "/events?clusterId=c1", nil, kept*50)},
	}
}

// calls are those of the embedded engine.
func calls(ctx context.Context, engine storage.Documents, now time.Time) []operation {
	pod := storage.NewDocument(storage.Dynamic, podKey(7), storage.Member{Name: "data", Value: podData(7)})
	all := storage.Query{Scopes: []storage.Key{{"c1", "Pod", "ns"}}}
	return []operation{
		{"engine: put", 40, 2, func() error { return engine.Put(ctx, storage.Dynamic, pod, now) }},
		{"engine: get", 24, 0, func() error {
			_, err := engine.Get(ctx, storage.Dynamic, podKey(7), nil, nil)
			return err
		}},
		{"engine: list", 725, 4, func() error {
			n := 0
			for _, err := range engine.List(ctx, storage.Dynamic, all) {
				if err != nil {
					return err
				}
				n++
			}
			if n != kept {
				return fmt.Errorf("listed %d", n)
			}
			return nil
		}},
		{"engine: count events", 34, 0, func() error {
			n, err := engine.Count(ctx, storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}})
			if err == nil && n < kept {
				err = fmt.Errorf("counted %d", n)
			}
			return err
		}},
	}
}
