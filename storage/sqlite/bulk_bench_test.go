package sqlite_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"bcs-storage/storage"
)

// small is a document of the type of about 1 KB.
func small(docType string, i, version int) storage.Document {
	key := storage.Key{"BCS-K8S-00001", docType, fmt.Sprintf("ns-%02d", i%20), fmt.Sprintf("web-%07d-7f9c6b5d4-abcde", i)}
	var data bytes.Buffer
	fmt.Fprintf(&data, `{"metadata":{"name":%q,"namespace":%q,"resourceVersion":"%09d","creationTimestamp":"2026-11-21T19:%02d:%02dZ","labels":{"app.kubernetes.io/name":"web"}},`,
		key[3], key[2], version, i/60%60, i%60)
	fmt.Fprintf(&data, `"status":{"phase":"Running","hostIP":"10.0.%d.%d","podIP":"10.1.%d.%d","startTime":"2026-11-21T19:30:57Z"},"spec":{"containers":[`,
		i/100%10, i%100, i/250%250, i%250)
	for data.Len() < 850 {
		fmt.Fprintf(&data, `{"name":"c%d","image":"registry.example.com/team/web:v1.2.3"},`, data.Len())
	}
	data.WriteString(`{"name":"last"}]}}`)
	return storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: data.Bytes()})
}

// cpu is the processor time that this process has used, which other load on
// the machine does not change.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWrite stores documents of 1 KB in groups: new ones, then the same again.
func BenchmarkWrite(b *testing.B) {
	for _, docType := range []string{"Pod", "ConfigMap", "other"} {
		for _, size := range []int{256, 2048} {
			b.Run(fmt.Sprintf("%s in groups of %d", docType, size), func(b *testing.B) {
				const total = 100_000
				groups := [][]storage.Write{}
				for i := 0; i < total; i += size {
					var group []storage.Write
					for k := i; k < min(i+size, total); k++ {
						group = append(group, storage.Write{Document: small(docType, k, k)})
					}
					groups = append(groups, group)
				}
				for _, again := range []bool{false, true} {
					name := map[bool]string{false: "new", true: "again"}[again]
					b.Run(name, func(b *testing.B) {
						n, spent := 0, time.Duration(0)
						for b.Loop() {
							b.StopTimer()
							e := openBench(b)
							if again {
								for _, g := range groups {
									e.Write(b.Context(), storage.Dynamic, g, at)
								}
							}
							b.StartTimer()
							began := cpu(b)
							for _, g := range groups {
								if errs := e.Write(b.Context(), storage.Dynamic, g, at); errs != nil {
									b.Fatal(errs)
								}
								n += len(g)
							}
							spent += cpu(b) - began
							b.StopTimer()
							e.Close()
							b.StartTimer()
						}
						b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "docs/s")
						b.ReportMetric(float64(spent.Nanoseconds())/1000/float64(n), "cpu-µs/doc")
					})
				}
			})
		}
	}
}
