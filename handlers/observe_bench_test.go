package handlers_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// instant is an engine that costs nothing: what a request costs is the API's own.
type instant struct{ storage.Documents }

func (instant) Get(context.Context, *storage.Collection, storage.Key, storage.Filter, *storage.Projection) ([]byte, error) {
	return []byte(`{"_id":"C/Pod/n/p","data":{}}`), nil
}

func (instant) List(context.Context, *storage.Collection, storage.Query) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield([]byte(`{"_id":"C/Pod/n/p","data":{}}`), nil) }
}

// nowhere is where an answer is thrown away.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

// BenchmarkRequest is what the API adds to the engine and the network for each
// request: routing, parsing, the answer, the metrics and the log line.
func BenchmarkRequest(b *testing.B) {
	logs := map[string]slog.Handler{"log": slog.NewTextHandler(io.Discard, nil), "nolog": slog.DiscardHandler}
	for name, path := range map[string]string{"item": base + "/p", "list": base, "refused": base + "/p?unknown=1", "healthz": "/healthz"} {
		for form, handler := range logs {
			b.Run(name+"/"+form, func(b *testing.B) {
				h, err := handlers.New(handlers.Options{
					Access: handlers.Everyone{}, Documents: instant{}, Dialect: handlers.Documented(), MaxBody: 1 << 20, BodyTimeout: time.Minute,
					Query: query.Options{MaxLength: 1000}, Now: time.Now, Log: slog.New(handler), Registry: prometheus.NewRegistry(),
				})
				if err != nil {
					b.Fatal(err)
				}
				req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
				w := &nowhere{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					clear(w.header)
					h.ServeHTTP(w, req)
				}
			})
		}
	}
}
