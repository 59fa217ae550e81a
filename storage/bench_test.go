package storage_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"bcs-storage/storage"
)

// podRecord is a stored pod of the size that clusters send: about 4.4 KB.
func podRecord(tb testing.TB) *storage.Record {
	tb.Helper()
	pod, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := storage.CheckJSON("pod", pod); err != nil {
		tb.Fatal(err)
	}
	key := storage.Key{"BCS-K8S-20001", "Pod", "shop", "storefront-6d4cf56db6-7xk2p"}
	d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: pod[:len(pod)-1]})
	return &storage.Record{ID: key.ID(), Body: d.Body, Created: created, Updated: updated}
}

// hotCase is something done for every document of a list.
type hotCase struct {
	name   string
	allocs float64 // at most
	run    func(dst []byte) bool
}

func hotCases(tb testing.TB) []hotCase {
	r := podRecord(tb)
	ips := func(n int) []storage.Value {
		var values []storage.Value
		for i := range n {
			values = append(values, storage.String(fmt.Sprintf("10.1.0.%d", 17+i)))
		}
		return values
	}
	match := func(f storage.Filter) func([]byte) bool {
		return func([]byte) bool { return storage.Match(f, r) }
	}
	projection := func(dotted ...string) func([]byte) bool {
		p, err := storage.NewProjection("field", paths(dotted...)...)
		if err != nil {
			tb.Fatal(err)
		}
		return func(dst []byte) bool { return len(p.Append(dst, r)) > len(r.ID) }
	}
	hostIP := storage.P("data.status.hostIP")
	since := storage.TimeRange{Path: storage.P("data.startTime"), From: noon}
	mesos := &storage.Record{Body: []byte(`{"data":{"startTime":"2017-10-11 10:19:02"}}`)}
	return []hotCase{
		{"in one string", 0, match(storage.OneOf(hostIP, ips(1)...))},
		{"in eight strings", 0, match(storage.OneOf(hostIP, ips(8)...))},
		{"in a hundred strings", 0, match(storage.OneOf(hostIP, ips(100)...))},
		{"in no string", 0, match(storage.Not{Filter: storage.OneOf(storage.P("data.status.phase"), ips(8)...)})},
		{"in through arrays", 0, match(storage.OneOf(storage.P("data.spec.containers.ports.name"), storage.String("http")))},
		{"and of three", 0, match(storage.And{
			storage.OneOf(storage.P("clusterId"), storage.String("BCS-K8S-20001")),
			storage.OneOf(storage.P("resourceType"), storage.String("Pod")),
			storage.OneOf(hostIP, ips(2)...)})},
		{"exists", 0, match(storage.Exists{Path: hostIP})},
		{"contains", 0, match(storage.Contains{Path: storage.P("resourceName"), Text: "front"})},
		{"contains a long text", 1, match(storage.Contains{Path: storage.P("data.metadata.selfLink"), Text: "/api/v1/namespaces/shop/pods/storefront-6d4cf56db6"})},
		{"time range", 1, match(storage.TimeRange{Path: storage.P("data.status.startTime"), From: noon})},
		{"time range without zone", 1, func([]byte) bool { return storage.Match(since, mesos) }},
		{"time range of createTime", 2, match(storage.TimeRange{Path: storage.P("createTime"), From: noon})},
		{"project one name", 0, projection("resourceName")},
		{"project typical fields", 0, projection("resourceName", "namespace", "data.status.phase", "data.status.podIP", "data.spec.containers.image", "createTime", "updateTime")},
		{"append JSON", 0, func(dst []byte) bool { return len(r.AppendJSON(dst)) > len(r.Body) }},
	}
}

// TestHotPathAllocations guards what is done once for every document of a list.
func TestHotPathAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	dst := make([]byte, 0, 8<<10)
	for _, tc := range hotCases(t) {
		t.Run(tc.name, func(t *testing.T) {
			if !tc.run(dst) {
				t.Fatal("the case does not do what it is there for")
			}
			if got := testing.AllocsPerRun(100, func() { tc.run(dst) }); got > tc.allocs {
				t.Errorf("%v allocations, want at most %v", got, tc.allocs)
			}
		})
	}
}

func BenchmarkHotPath(b *testing.B) {
	dst := make([]byte, 0, 8<<10)
	for _, bc := range hotCases(b) {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bc.run(dst)
			}
		})
	}
}

// BenchmarkWrite is what is done once for every document that is put.
func BenchmarkWrite(b *testing.B) {
	r := podRecord(b)
	b.Run("check JSON", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(r.Body)))
		for b.Loop() {
			if err := storage.CheckJSON("data", r.Body); err != nil {
				b.Fatal(err)
			}
		}
	})
	key := storage.ParseID(r.ID)
	b.Run("new document", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: r.Body})
		}
	})
	b.Run("index entries", func(b *testing.B) {
		ix := storage.Dynamic.IndexOf(key)
		b.ReportAllocs()
		for b.Loop() {
			ix.Entries(r.Body, func(int, string) {}, func(int, time.Time, bool) {})
		}
	})
	b.Run("key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			key.ID()
		}
	})
}
