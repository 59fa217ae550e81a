package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
)

// at is when everything in the benchmarks happens.
var at = time.Date(2026, 11, 21, 19, 30, 57, 0, time.UTC)

func openBench(b *testing.B) *sqlite.Engine {
	b.Helper()
	e, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "bench.db"), storage.Collections())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return e
}

// pod is a document of about 4.4 KB, the size of a pod as watchers report it.
func pod(cluster, i, version int) storage.Document {
	key := storage.Key{fmt.Sprintf("BCS-K8S-%05d", cluster), "Pod", fmt.Sprintf("ns-%02d", i%20), fmt.Sprintf("web-%07d-7f9c6b5d4-abcde", i)}
	var data bytes.Buffer
	fmt.Fprintf(&data, `{"metadata":{"name":%q,"namespace":%q,"resourceVersion":"%09d","creationTimestamp":"2026-11-21T19:%02d:%02dZ","labels":{"app.kubernetes.io/name":"web"}},`,
		key[3], key[2], version, i/60%60, i%60)
	fmt.Fprintf(&data, `"status":{"phase":"Running","hostIP":"10.0.%d.%d","podIP":"10.1.%d.%d","startTime":"2026-11-21T19:30:57Z"},"spec":{"containers":[`,
		i/100%10, i%100, i/250%250, i%250)
	for data.Len() < 4000 {
		fmt.Fprintf(&data, `{"name":"c%d","image":"registry.example.com/team/web:v1.2.3","env":[{"name":"A","value":"some value of some length"}]},`, data.Len())
	}
	data.WriteString(`{"name":"last"}]}}`)
	return storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: data.Bytes()})
}

func event(cluster, i int) storage.Document {
	key := storage.Key{fmt.Sprintf("BCS-K8S-%05d", cluster), fmt.Sprintf("id-%07d", i)}
	return storage.NewDocument(storage.Events, key,
		storage.Member{Name: "eventTime", Value: fmt.Appendf(nil, "%d", at.Unix()+int64(i%5000))},
		storage.Member{Name: "extraInfo", Value: fmt.Appendf(nil, `{"name":"web-%d","namespace":"ns-%d"}`, i%300, i%20)},
		storage.Member{Name: "data", Value: fmt.Appendf(nil, `{"reason":"Scheduled","message":%q}`, bytes.Repeat([]byte("x"), 700))})
}

// fill stores n documents with many writers.
func fill(b *testing.B, e *sqlite.Engine, c *storage.Collection, n int, doc func(i int) storage.Document) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := e.Put(context.Background(), c, doc(i), at.Add(time.Duration(i)*time.Millisecond)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkPut replaces documents among 20,000, each write durable when it returns.
func BenchmarkPut(b *testing.B) {
	const total = 20000
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			e := openBench(b)
			fill(b, e, storage.Dynamic, total, func(i int) storage.Document { return pod(i%4, i, 0) })
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						n := int(i*7919) % total
						if err := e.Put(b.Context(), storage.Dynamic, pod(n%4, n, int(i)), at.Add(time.Duration(i)*time.Millisecond)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
		})
	}
}

func BenchmarkGet(b *testing.B) {
	const total = 20000
	e := openBench(b)
	fill(b, e, storage.Dynamic, total, func(i int) storage.Document { return pod(i%4, i, 0) })
	for _, readers := range []int{1, 16} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			b.ReportAllocs()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range readers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						n := int(i*7919) % total
						if _, err := e.Get(b.Context(), storage.Dynamic, pods(n), nil, nil); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "gets/s")
		})
	}
}

// pods is the key of pod(i%4, i).
func pods(i int) storage.Key {
	return storage.Key{fmt.Sprintf("BCS-K8S-%05d", i%4), "Pod", fmt.Sprintf("ns-%02d", i%20), fmt.Sprintf("web-%07d-7f9c6b5d4-abcde", i)}
}

func BenchmarkList(b *testing.B) {
	e := openBench(b)
	fill(b, e, storage.Dynamic, 20000, func(i int) storage.Document { return pod(i%4, i, 0) })
	fill(b, e, storage.Events, 20000, func(i int) storage.Document { return event(i%4, i) })
	name, err := storage.NewProjection("field", storage.P("resourceName"))
	if err != nil {
		b.Fatal(err)
	}
	pods := []storage.Key{{"BCS-K8S-00000", "Pod"}}
	events := []storage.Key{{"BCS-K8S-00000"}}
	from := at.Add(-2 * time.Minute)
	cases := []struct {
		name string
		c    *storage.Collection
		q    storage.Query
	}{
		{"1000 full", storage.Dynamic, storage.Query{Scopes: pods, Limit: 1000}},
		{"1000 projected", storage.Dynamic, storage.Query{Scopes: pods, Limit: 1000, Fields: name}},
		{"by hostIP", storage.Dynamic, storage.Query{Scopes: pods, Filter: storage.OneOf(storage.P("data.status.hostIP"), storage.String("10.0.0.4"))}},
		{"by creation", storage.Dynamic, storage.Query{Scopes: pods, Filter: storage.TimeRange{Path: storage.P("data.metadata.creationTimestamp"), From: from, To: from.Add(time.Minute)}}},
		{"unindexed", storage.Dynamic, storage.Query{Scopes: pods, Filter: storage.OneOf(storage.P("data.metadata.name"), storage.String("web-0000004-7f9c6b5d4-abcde"))}},
		{"page at 4000", storage.Dynamic, storage.Query{Scopes: pods, Skip: 4000, Limit: 20}},
		{"events newest 100", storage.Events, storage.Query{Scopes: events, Limit: 100}},
		{"events of a pod", storage.Events, storage.Query{Scopes: events, Filter: storage.OneOf(storage.P("extraInfo.name"), storage.String("web-4"))}},
		{"events everywhere", storage.Events, storage.Query{Limit: 100}},
	}
	for _, tc := range cases {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for _, err := range e.List(b.Context(), tc.c, tc.q) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n), "docs")
		})
	}
	b.Run("count events of a pod", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Count(b.Context(), storage.Events, storage.Query{Scopes: events, Filter: storage.OneOf(storage.P("extraInfo.name"), storage.String("web-4"))}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("distinct clusters", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Distinct(b.Context(), storage.Dynamic, storage.Query{}, "clusterId"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
