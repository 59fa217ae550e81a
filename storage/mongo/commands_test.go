package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
)

// recorder sees the commands of an engine, but for those that make indexes.
type recorder struct {
	mu      sync.Mutex
	started []string
	last    bson.Raw
	indexed chan string // collections whose indexes were made
}

func openRecorded(t *testing.T) (*Engine, *recorder) {
	t.Helper()
	return openRecordedAt(t, func(uri string) string { return uri })
}

func openRecordedAt(t *testing.T, at func(uri string) string) (*Engine, *recorder) {
	t.Helper()
	r := &recorder{indexed: make(chan string, 64)}
	var mu sync.Mutex
	making := map[int64]string{}
	e := openWith(t, func(o *Options) {
		o.URI = at(o.URI)
		o.Monitor = &event.CommandMonitor{
			Started: func(_ context.Context, ev *event.CommandStartedEvent) {
				if ev.CommandName == "createIndexes" {
					mu.Lock()
					making[ev.RequestID] = ev.Command.Lookup("createIndexes").StringValue()
					mu.Unlock()
					return
				}
				r.mu.Lock()
				r.started, r.last = append(r.started, ev.CommandName), slices.Clone(ev.Command)
				r.mu.Unlock()
			},
			Succeeded: func(_ context.Context, ev *event.CommandSucceededEvent) {
				if ev.CommandName == "createIndexes" {
					mu.Lock()
					r.indexed <- making[ev.RequestID]
					mu.Unlock()
				}
			},
		}
	})
	return e, r
}

// take are the commands since the last call.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.started
	r.started = nil
	return names
}

func (r *recorder) expect(t *testing.T, doing string, want ...string) {
	t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("%s: commands %q, want %q", doing, got, want)
	}
}

func fillPods(t *testing.T, e *Engine, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				key := storage.Key{"c1", "Pod", "ns", fmt.Sprintf("n%04d", i)}
				data := fmt.Sprintf(`{"metadata":{"labels":{"app.io/x":"<%d>"},"n":%d},"status":{"phase":"Running"},"spec":{"containers":[{"name":"a","image":"i"},{"image":"j"}]}}`, i, i)
				doc := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(data)})
				if err := e.Put(t.Context(), storage.Dynamic, doc, now); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOneCommandEach(t *testing.T) {
	e, r := openRecorded(t)
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	check(putPod(ctx, e, `{"a":1}`))
	r.expect(t, "first put", "update")
	check(putPod(ctx, e, `{"a":2}`))
	r.expect(t, "put again", "update")
	check(getPod(ctx, e))
	r.expect(t, "get", "find")
	pods := []storage.Key{{"c1", "Pod"}}
	filter := storage.And{eq("data.a", storage.Int(2)), storage.TimeRange{Path: storage.P("updateTime"), From: now}}
	for doing, q := range map[string]storage.Query{
		"list":        {Scopes: pods},
		"page":        {Scopes: pods, Skip: 0, Limit: 5},
		"filter":      {Scopes: pods, Filter: filter},
		"match":       {Scopes: pods, Filter: storage.Not{Filter: eq("data.0", storage.Int(1))}},
		"clusters":    {Scopes: []storage.Key{{"c0", "Pod"}, {"c1", "Pod", "ns"}, {"c2", "Pod"}}},
		"another one": {Scopes: []storage.Key{{"c1", "Pod"}, {"c1", "Pod", "ns", "web"}}},
	} {
		n := 0
		for _, err := range e.List(ctx, storage.Dynamic, q) {
			check(err)
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d documents", doing, n)
		}
		r.expect(t, doing, "find")
	}
	_, err := e.Count(ctx, storage.Dynamic, storage.Query{Scopes: pods, Filter: filter})
	check(err)
	r.expect(t, "count", "aggregate")
	_, err = e.Distinct(ctx, storage.Dynamic, storage.Query{Scopes: pods}, "clusterId")
	check(err)
	r.expect(t, "distinct cluster", "distinct")
	_, err = e.Distinct(ctx, storage.Dynamic, storage.Query{Scopes: pods, Filter: filter}, "namespace")
	check(err)
	r.expect(t, "distinct namespace, filtered", "distinct")
	for _, filter := range []storage.Filter{nil, filter} {
		names, err := e.Distinct(ctx, storage.Dynamic, storage.Query{Scopes: pods, Filter: filter}, "resourceName")
		check(err)
		if !slices.Equal(names, []string{"web"}) {
			t.Errorf("names %q", names)
		}
		r.expect(t, "distinct names", "find")
		if got := r.last.Lookup("projection").String(); got != `{"_id": {"$numberInt":"1"}}` {
			t.Errorf("names are taken from %s", got)
		}
	}
	_, err = e.Distinct(ctx, storage.Dynamic, storage.Query{Scopes: pods}, "namespace")
	check(err)
	r.expect(t, "distinct namespace", "find")
	if got := r.last.Lookup("projection").String(); got != `{"_id": {"$numberInt":"1"}}` {
		t.Errorf("namespaces are taken from %s", got)
	}
	_, err = e.Delete(ctx, storage.Dynamic, storage.Query{Scopes: pods, Filter: filter})
	check(err)
	r.expect(t, "delete", "delete")
}

func TestListIsReadInBatches(t *testing.T) {
	e, r := openRecorded(t)
	fillPods(t, e, 300)
	q := storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}}
	r.take()
	n := 0
	for range e.List(t.Context(), storage.Dynamic, q) {
		n++
	}
	if n != 300 {
		t.Errorf("%d documents", n)
	}
	r.expect(t, "whole list", "find", "getMore")
	for range e.List(t.Context(), storage.Dynamic, q) {
		break
	}
	r.expect(t, "list that is left early", "find", "killCursors")
	q.Skip, q.Limit = 250, 20
	n = 0
	for range e.List(t.Context(), storage.Dynamic, q) {
		n++
	}
	if skip, _ := r.last.Lookup("skip").AsInt64OK(); n != 20 || skip != 250 {
		t.Errorf("%d documents, skip %d", n, skip)
	}
	r.expect(t, "page", "find")
	if n, err := e.Delete(t.Context(), storage.Dynamic, storage.Query{Filter: storage.Not{Filter: eq("data.0", storage.Int(1))}}); n != 300 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
}

func TestProjectionsAreSent(t *testing.T) {
	e, r := openRecorded(t)
	fillPods(t, e, 3)
	for _, fields := range [][]string{
		{"resourceName"}, {"_id"}, {"createTime", "updateTime"}, {"data.metadata.labels.app．io/x"}, {"data.status.phase", "namespace"},
		{"data.spec.containers.name"}, {"data.spec"}, {"data"}, {"nothing", "data.nothing.a"}, {"data.metadata.n.a"},
	} {
		paths := []storage.Path{}
		for _, f := range fields {
			paths = append(paths, storage.P(f))
		}
		p, err := storage.NewProjection("field", paths...)
		if err != nil {
			t.Fatal(err)
		}
		answers := map[bool]string{}
		for whole, store := range map[bool]storage.Documents{false: e, true: readWhole{e}} {
			for doc, err := range store.List(t.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Fields: p}) {
				if err != nil {
					t.Fatal(err)
				}
				answers[whole] += string(doc) + "\n"
			}
			if sent := !strings.Contains(r.last.Lookup("projection").String(), `"j":`); sent == whole {
				t.Errorf("%q: projection %s", fields, r.last.Lookup("projection"))
			}
		}
		if answers[false] != answers[true] || answers[true] == "" {
			t.Errorf("%q: the server answers\n%swant\n%s", fields, answers[false], answers[true])
		}
	}
}

// TestRecordsOfAClusterNameTheirIDs: on a cluster that is sharded by _id, what
// asks for another field alone goes to every shard.
func TestRecordsOfAClusterNameTheirIDs(t *testing.T) {
	e, r := openRecorded(t)
	ctx := t.Context()
	for _, cluster := range []string{"c1", "c10"} {
		event := storage.NewDocument(storage.Events, storage.Key{cluster, "e"})
		if err := e.Put(ctx, storage.Events, event, now); err != nil {
			t.Fatal(err)
		}
	}
	const want = `{"$gte": "c1/","$lt": "c10"}`
	q := storage.Query{Scopes: []storage.Key{{"c1"}}}
	asked := func(doing string, n int, path ...string) {
		t.Helper()
		conditions := r.last.Lookup(append(path, "$and")...)
		if got := conditions.Array().Index(1).Document().Lookup(nameID).String(); n != 1 || got != want {
			t.Errorf("%s: %d documents, by %s, want one by _id %s", doing, n, conditions, want)
		}
	}
	n := 0
	for _, err := range e.List(ctx, storage.Events, q) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	asked("list", n, "filter")
	counted, err := e.Count(ctx, storage.Events, q)
	if err != nil {
		t.Fatal(err)
	}
	asked("count", int(counted), "pipeline", "0", "$match")
	deleted, err := e.Delete(ctx, storage.Events, q)
	if err != nil {
		t.Fatal(err)
	}
	asked("delete", int(deleted), "deletes", "0", "q")
}

func TestIndexesAreMadeOnceAndNotByReads(t *testing.T) {
	e, r := openRecorded(t)
	if err := getPod(t.Context(), e); err == nil {
		t.Error("found")
	}
	if n, err := e.Count(t.Context(), storage.Events, storage.Query{}); n != 0 || err != nil {
		t.Error(n, err)
	}
	for range 3 {
		if err := putPod(t.Context(), e, `1`); err != nil {
			t.Fatal(err)
		}
	}
	event := storage.NewDocument(storage.Events, storage.Key{"c1", "e"})
	if err := e.Put(t.Context(), storage.Events, event, now); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"dynamic.Pod": len(indexesOf(storage.Dynamic, "Pod")), "event": len(indexesOf(storage.Events, ""))}
	made := map[string]int{}
	for range want["dynamic.Pod"] + want["event"] {
		made[<-r.indexed]++
	}
	if !maps.Equal(made, want) {
		t.Errorf("indexes were made of %v, want %v", made, want)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if len(r.indexed) > 0 {
		t.Errorf("and again of %s", <-r.indexed)
	}
}

func TestIndexTable(t *testing.T) {
	for _, tc := range []struct {
		c       *storage.Collection
		docType string
		want    string
	}{
		{storage.Dynamic, "Service", `s,u; d.resourceName,_id; d.data.spec.clusterIP,_id; s,x.t.data%2Emetadata%2EcreationTimestamp`},
		{storage.Dynamic, "CustomThing", `s,u; d.resourceName,_id`},
		{storage.Metrics, "", `s,u`},
		{storage.Hosts, "", `u; d.clusterId,_id`},
		{storage.Events, "", `s,-x.n,-_id; -x.n,-_id; s,-c,-_id; c; d.extraInfo.name,-x.n,-_id; d.extraInfo.namespace,-x.n,-_id; s,x.t.eventTime`},
	} {
		var all []string
		for _, model := range indexesOf(tc.c, tc.docType) {
			var names []string
			for _, field := range model.Keys.(bson.D) {
				name := field.Key
				if field.Value == -1 {
					name = "-" + name
				}
				names = append(names, name)
			}
			all = append(all, strings.Join(names, ","))
		}
		if got := strings.Join(all, "; "); got != tc.want {
			t.Errorf("%s %s: %s\nwant %s", tc.c.Name, tc.docType, got, tc.want)
		}
	}
}

func TestLargeBody(t *testing.T) {
	e := openWith(t, func(o *Options) { o.OperationTimeout = time.Minute })
	data := `"` + strings.Repeat("long ", 200_000) + `"`
	if err := putPod(t.Context(), e, data); err != nil {
		t.Fatal(err)
	}
	doc, err := e.Get(t.Context(), storage.Dynamic, storage.Key{"c1", "Pod", "ns", "web"}, nil, nil)
	if err != nil || !strings.Contains(string(doc), data) {
		t.Errorf("%d bytes, %v", len(doc), err)
	}
}
