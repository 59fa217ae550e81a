package handlers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// objects are lines of about 1 KB, each for a resource of its own.
func objects(docType string, n int) [][]byte {
	var chunks [][]byte
	var b bytes.Buffer
	for i := range n {
		name := fmt.Sprintf("web-%07d-7f9c6b5d4-abcde", i)
		begin := b.Len()
		fmt.Fprintf(&b, `{"clusterId":"C","namespace":"ns-%02d","resourceType":%q,"resourceName":%q,"data":{"metadata":{"name":%q,"creationTimestamp":"2026-11-21T19:%02d:%02dZ"},`,
			i%20, docType, name, name, i/60%60, i%60)
		fmt.Fprintf(&b, `"status":{"phase":"Running","hostIP":"10.0.%d.%d","podIP":"10.1.%d.%d","startTime":"2026-11-21T19:30:57Z"},"spec":{"containers":[`,
			i/100%10, i%100, i/250%250, i%250)
		for b.Len()-begin < 950 {
			fmt.Fprintf(&b, `{"name":"c%d","image":"registry.example.com/team/web:v1.2.3"},`, b.Len()-begin)
		}
		b.WriteString(`{"name":"last"}]}}}` + "\n")
		if b.Len() > 1<<20 || i == n-1 {
			chunks = append(chunks, bytes.Clone(b.Bytes()))
			b.Reset()
		}
	}
	return chunks
}

// BenchmarkBulk stores 100,000 objects of 1 KB over HTTP in one request, client
// included: new ones, then the same again.
func BenchmarkBulk(b *testing.B) {
	const total = 100_000
	for _, docType := range []string{"Pod", "other"} {
		b.Run(docType, func(b *testing.B) {
			chunks := objects(docType, total)
			for _, again := range []bool{false, true} {
				b.Run(map[bool]string{false: "new", true: "again"}[again], func(b *testing.B) {
					n, spent := 0, time.Duration(0)
					for b.Loop() {
						b.StopTimer()
						server, stop := benchServer(b)
						if again {
							ingest(b, server.URL, chunks)
						}
						b.StartTimer()
						began := cpuTime(b)
						n += ingest(b, server.URL, chunks)
						spent += cpuTime(b) - began
						b.StopTimer()
						stop()
						b.StartTimer()
					}
					b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "objects/s")
					b.ReportMetric(float64(spent.Nanoseconds())/1000/float64(n), "cpu-µs/object")
				})
			}
		})
	}
}

// cpuTime is the processor time of this process, which other load on the
// machine does not change.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchServer(b *testing.B) (*httptest.Server, func()) {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		b.Fatal(err)
	}
	h, err := handlers.New(handlers.Options{
		Documents: engine, Nodes: local.New(engine, time.Now), Dialect: handlers.Documented(), MaxBody: 8 << 20, BodyTimeout: time.Minute,
		Query: query.Options{MaxLength: 1000}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(h)
	return server, func() { server.Close(); engine.Close() }
}

// ingest sends the chunks in one request and says how many items were stored.
func ingest(b *testing.B, url string, chunks [][]byte) int {
	b.Helper()
	readers := make([]io.Reader, len(chunks))
	for i, chunk := range chunks {
		readers[i] = bytes.NewReader(chunk)
	}
	resp, err := http.Post(url+bulkPath, "application/x-ndjson", io.MultiReader(readers...))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	n := 0
	for answers := bufio.NewScanner(resp.Body); answers.Scan(); n++ {
		if !strings.Contains(answers.Text(), `"code":0,`) {
			b.Fatal(answers.Text())
		}
	}
	return n
}
