package sqlite_test

import ("bytes"; "time"

	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"bcs-storage/storage"
)

func cpu() float64 {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return float64(r.Utime.Sec+r.Stime.Sec)*1e6 + float64(r.Utime.Usec+r.Stime.Usec)
}

func wchar() float64 {
	b, _ := os.ReadFile("/proc/self/io")
	var n float64
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "wchar:") {
			fmt.Sscan(l[6:], &n)
		}
	}
	return n
}

func BenchmarkCost(b *testing.B) {
	const total = 20000
	e := openBench(b)
	c0, w0 := cpu(), wchar()
	fill(b, e, storage.Dynamic, total, func(i int) storage.Document { return pod(i%4, i) })
	b.Logf("insert: %.0f us CPU, %.0f bytes written per put", (cpu()-c0)/total, (wchar()-w0)/total)
	docs := make([]storage.Document, total)
	for i := range docs { docs[i] = pod(i%4, i) }
	for _, writers := range []int{1, 16} {
		var next atomic.Int64
		var wg sync.WaitGroup
		c0, w0 = cpu(), wchar()
		for range writers {
			wg.Go(func() {
				for i := next.Add(1); i <= 10000; i = next.Add(1) {
					n := int(i*7919) % total
					if err := e.Put(b.Context(), storage.Dynamic, storage.Document{Key: docs[n].Key, Body: bytes.ReplaceAll(docs[n].Body, []byte("some value"), []byte(fmt.Sprintf("%09d", int(i)+writers*100000)))}, at.Add(time.Hour*time.Duration(writers)+time.Duration(i)*time.Millisecond)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
		b.Logf("replace %d writers: %.0f us CPU, %.0f bytes written per put", writers, (cpu()-c0)/10000, (wchar()-w0)/10000)
	}
	c0 = cpu()
	for i := range 20000 {
		if _, err := e.Get(b.Context(), storage.Dynamic, pods(i*7919%total), nil, nil); err != nil { b.Error(err) }
	}
	b.Logf("get: %.1f us CPU", (cpu()-c0)/20000)
	c0 = cpu()
	for range 10 {
	for _, err := range e.List(b.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"BCS-K8S-00000","Pod"}}, Limit: 1000}) { if err != nil { b.Error(err) } }
	}
	b.Logf("list 1000: %.0f us CPU", (cpu()-c0)/10)
	c0 = cpu()
	for range 10 {
	for _, err := range e.List(b.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"BCS-K8S-00000","Pod"}}, Filter: storage.OneOf(storage.P("data.status.phase"), storage.String("nope"), storage.String("neither"))}) { if err != nil { b.Error(err) } }
	}
	b.Logf("slot miss: %.0f us CPU", (cpu()-c0)/10)
	c0 = cpu()
	for range 3 {
	for _, err := range e.List(b.Context(), storage.Dynamic, storage.Query{Filter: storage.TimeRange{Path: storage.P("data.metadata.creationTimestamp"), From: at, To: at}, Scopes: []storage.Key{{"BCS-K8S-00000"}}}) { if err != nil { b.Error(err) } }
	}
	b.Logf("match scan of 5000: %.0f us CPU", (cpu()-c0)/3)
}
