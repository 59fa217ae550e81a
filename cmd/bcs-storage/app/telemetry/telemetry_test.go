package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/app/telemetry"
	"bcs-storage/conf"
	"bcs-storage/storage"
	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
)

// at is the time of a test, which it may change.
type at struct{ time.Time }

func (a *at) now() time.Time { return a.Time }

func newTelemetry(o telemetry.Options) (*telemetry.Telemetry, *at) {
	clock := &at{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	o.Version, o.Now, o.Log = "v1", clock.now, slog.New(slog.DiscardHandler)
	return telemetry.New(o), clock
}

func scrape(t *testing.T, of *telemetry.Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	of.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func has(t *testing.T, of *telemetry.Telemetry, want ...string) {
	t.Helper()
	text := scrape(t, of)
	for _, line := range want {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

func hasNot(t *testing.T, of *telemetry.Telemetry, parts ...string) {
	t.Helper()
	text := scrape(t, of)
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("there is %s", part)
		}
	}
}

// engine is both contracts; every method answers err, and lists docs before it.
type engine struct {
	err  error
	docs []string
	ids  []string
}

func (e *engine) Get(context.Context, *storage.Collection, storage.Key, storage.Filter, *storage.Projection) ([]byte, error) {
	return []byte("doc"), e.err
}

func (e *engine) List(context.Context, *storage.Collection, storage.Query) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, doc := range e.docs {
			if !yield([]byte(doc), nil) {
				return
			}
		}
		if e.err != nil {
			yield(nil, e.err)
		}
	}
}

func (e *engine) Count(context.Context, *storage.Collection, storage.Query) (int64, error) {
	return 7, e.err
}

func (e *engine) Distinct(context.Context, *storage.Collection, storage.Query, string) ([]string, error) {
	return e.ids, e.err
}
func (e *engine) Put(context.Context, *storage.Collection, storage.Document, time.Time) error {
	return e.err
}

func (e *engine) Write(_ context.Context, _ *storage.Collection, writes []storage.Write, _ time.Time) []error {
	if e.err == nil {
		return nil
	}
	return slices.Repeat([]error{e.err}, len(writes))
}

func (e *engine) Records(context.Context, *storage.Collection) iter.Seq2[storage.Record, error] {
	return func(yield func(storage.Record, error) bool) { yield(storage.Record{ID: "r"}, e.err) }
}

func (e *engine) Load(context.Context, *storage.Collection, []storage.Record) error { return e.err }

func (e *engine) Delete(context.Context, *storage.Collection, storage.Query) (int64, error) {
	return 2, e.err
}

func (e *engine) Trim(context.Context, *storage.Collection, storage.Key, int64) (int64, error) {
	return 3, e.err
}

func (e *engine) Assign(context.Context, *storage.Collection, storage.Assignment, time.Time) error {
	return e.err
}
func (e *engine) Ping(context.Context) error { return e.err }
func (e *engine) Close() error               { return e.err }

type nodes struct{ err error }

func (n nodes) Put(context.Context, watch.Node, []byte) error   { return n.err }
func (n nodes) Get(context.Context, watch.Node) ([]byte, error) { return []byte("node"), n.err }
func (n nodes) Delete(context.Context, watch.Node) error        { return n.err }
func (n nodes) List(context.Context, watch.Dir) iter.Seq2[watch.Entry, error] {
	return func(yield func(watch.Entry, error) bool) { yield(watch.Entry{Name: "a"}, n.err) }
}
func (n nodes) All(context.Context) iter.Seq2[watch.Item, error] {
	return func(yield func(watch.Item, error) bool) { yield(watch.Item{}, n.err) }
}
func (n nodes) Ping(context.Context) error { return n.err }

var pod = storage.Key{"C", "Pod", "n", "p"}

// everything calls each method of the contract once and checks that what it answers comes through.
func everything(t *testing.T, d storage.Documents, want error) {
	t.Helper()
	ctx, c := t.Context(), storage.Dynamic
	doc, err := d.Get(ctx, c, pod, nil, nil)
	if string(doc) != "doc" {
		t.Errorf("Get: %s", doc)
	}
	errs := []error{err}
	count, err := d.Count(ctx, c, storage.Query{})
	errs = append(errs, err)
	ids, err := d.Distinct(ctx, c, storage.Query{}, "clusterId")
	errs = append(errs, err)
	errs = append(errs, d.Put(ctx, c, storage.Document{Key: pod}, time.Now()))
	switch written := d.Write(ctx, c, []storage.Write{{Document: storage.Document{Key: pod, Body: []byte("{}")}}}, time.Now()); {
	case len(written) > 0:
		errs = append(errs, written[0])
	case want != nil:
		t.Error("Write: no error")
	}
	errs = append(errs, d.Load(ctx, c, nil))
	for r, err := range d.Records(ctx, c) {
		if errs = append(errs, err); r.ID != "r" {
			t.Errorf("Records: %q", r.ID)
		}
	}
	deleted, err := d.Delete(ctx, c, storage.Query{})
	errs = append(errs, err)
	trimmed, err := d.Trim(ctx, c, nil, 1)
	errs = append(errs, err, d.Assign(ctx, c, storage.Assignment{}, time.Now()), d.Ping(ctx), d.Close())
	if count != 7 || deleted != 2 || trimmed != 3 || fmt.Sprint(ids) != "[C]" {
		t.Error(count, deleted, trimmed, ids)
	}
	var docs []string
	for doc, err := range d.List(ctx, c, storage.Query{}) {
		if err == nil {
			docs = append(docs, string(doc))
			continue
		}
		errs = append(errs, err)
	}
	if !slices.Equal(docs, []string{"a", "b"}) {
		t.Errorf("List: %s", docs)
	}
	for _, err := range errs {
		if err != want {
			t.Errorf("answered %v, want %v", err, want)
		}
	}
}

func TestDocuments(t *testing.T) {
	for name, err := range map[string]error{
		"ok": nil, "not_found": storage.ErrNotFound, "invalid": storage.Invalid("x", "y"), "too_large": storage.ErrTooLarge, "canceled": context.Canceled,
		"timeout": context.DeadlineExceeded, "unavailable": fmt.Errorf("put: %w", storage.ErrUnavailable), "error": errors.New("disk"),
	} {
		t.Run(name, func(t *testing.T) {
			of, _ := newTelemetry(telemetry.Options{MaxClusters: 1})
			everything(t, of.Documents("sqlite", &engine{err: err, docs: []string{"a", "b"}, ids: []string{"C"}}), err)
			for _, op := range []string{"get", "list", "count", "distinct", "put", "write", "delete", "trim", "assign", "ping"} {
				has(t, of,
					`bcs_storage_engine_operations_total{engine="sqlite",operation="`+op+`",outcome="`+name+`"} 1`,
					`bcs_storage_engine_operation_duration_seconds_count{engine="sqlite",operation="`+op+`"} 1`)
			}
			has(t, of, `bcs_storage_engine_listed_total{engine="sqlite"} 2`, `bcs_storage_engine_stream_duration_seconds_count{engine="sqlite"} 1`)
			if name == "ok" {
				has(t, of, `bcs_storage_cluster_last_write_age_seconds{clusterId="C"} 0`)
			} else {
				hasNot(t, of, "last_write_age_seconds{")
			}
		})
	}
}

func TestNodes(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	n := of.Nodes("local", nodes{watch.ErrUnavailable})
	ctx := t.Context()
	_, err := n.Get(ctx, watch.Node{})
	errs := []error{err, n.Put(ctx, watch.Node{}, nil), n.Delete(ctx, watch.Node{}), n.Ping(ctx)}
	for _, err := range n.All(ctx) {
		errs = append(errs, err)
	}
	for e, err := range n.List(ctx, watch.Dir{}) {
		if errs = append(errs, err); e.Name != "a" {
			t.Errorf("lists %q", e.Name)
		}
	}
	for _, err := range errs {
		if err != watch.ErrUnavailable {
			t.Error(err)
		}
	}
	for _, op := range []string{"get", "put", "delete", "list", "ping"} {
		has(t, of, `bcs_storage_engine_operations_total{engine="local",operation="`+op+`",outcome="unavailable"} 1`)
	}
	hasNot(t, of, `operation="trim"`)
}

// TestListThatIsNotReadToItsEnd: it is counted when its reader leaves, by return or by panic.
func TestListThatIsNotReadToItsEnd(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	d := of.Documents("sqlite", &engine{docs: []string{"a", "b"}})
	for range d.List(t.Context(), storage.Dynamic, storage.Query{}) {
		break
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the reader was swallowed")
			}
		}()
		for range d.List(t.Context(), storage.Dynamic, storage.Query{}) {
			panic("reader")
		}
	}()
	has(t, of, `bcs_storage_engine_operations_total{engine="sqlite",operation="list",outcome="ok"} 2`, `bcs_storage_engine_listed_total{engine="sqlite"} 2`)
}

// TestFieldNames: the drivers under the names of the service in the field.
func TestFieldNames(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{FieldNames: true, MaxClusters: 1})
	docs := &engine{docs: []string{"a", "b"}, ids: []string{"C"}}
	d, n := of.Documents(conf.StorageMongoDB, docs), of.Nodes(conf.WatchZooKeeper, nodes{})
	everything(t, d, nil)
	docs.err = storage.ErrNotFound
	_, _ = d.Get(t.Context(), storage.Dynamic, pod, nil, nil)
	docs.err = storage.ErrUnavailable
	_, _ = d.Get(t.Context(), storage.Dynamic, pod, nil, nil)
	if err := errors.Join(n.Put(t.Context(), watch.Node{}, nil), n.Delete(t.Context(), watch.Node{})); err != nil {
		t.Fatal(err)
	}
	has(t, of,
		`bkbcs_storage_driver_mongdb_total{method="query",status="SUCCESS"} 4`, // get, list, distinct, and a get that found nothing
		`bkbcs_storage_driver_mongdb_total{method="query",status="FAILURE"} 1`,
		`bkbcs_storage_driver_mongdb_total{method="upsert",status="SUCCESS"} 2`,
		`bkbcs_storage_driver_mongdb_total{method="updateAll",status="SUCCESS"} 1`,
		`bkbcs_storage_driver_mongdb_total{method="removeAll",status="SUCCESS"} 2`,
		`bkbcs_storage_driver_mongdb_total{method="count",status="SUCCESS"} 1`,
		`bkbcs_storage_driver_mongodb_latency_seconds_count{method="query",status="SUCCESS"} 4`,
		`bkbcs_storage_driver_zookeeper_total{method="upsert",status="SUCCESS"} 1`,
		`bkbcs_storage_driver_zookeeper_total{method="remove",status="SUCCESS"} 1`,
		`bkbcs_storage_driver_zookeeper_latency_seconds_count{method="remove",status="SUCCESS"} 1`,
	)
	hasNot(t, of, `method=""`)
}

// TestClusters: ages are those of the moment, there are no more than allowed, and
// a cluster that is gone has none.
func TestClusters(t *testing.T) {
	of, clock := newTelemetry(telemetry.Options{MaxClusters: 2})
	docs := &engine{}
	d := of.Documents("sqlite", docs)
	write := func(id string) {
		t.Helper()
		if err := d.Put(t.Context(), storage.Dynamic, storage.Document{Key: storage.Key{id, "Pod", "n", "p"}}, clock.now()); err != nil {
			t.Fatal(err)
		}
	}
	janitor := storage.Janitor{Documents: d, Rules: []storage.Retention{{Collection: storage.Events}}}
	of.Sweeps(&janitor)
	sweep := func(ids ...string) {
		docs.ids = ids
		janitor.Swept(t.Context(), nil)
	}
	age := func(id string, seconds int) string {
		return fmt.Sprintf(`bcs_storage_cluster_last_write_age_seconds{clusterId="%s"} %d`, id, seconds)
	}

	write("\xff") // no label can have that value
	write("a")
	if err := d.Put(t.Context(), storage.Events, storage.Document{Key: storage.Key{"e", "1"}}, clock.now()); err != nil {
		t.Fatal(err)
	}
	clock.Time = clock.Add(10 * time.Second)
	has(t, of, age("a", 10))
	sweep("a", "b", "c") // b was written before, or by another replica
	has(t, of, age("a", 10), age("b", 0), "bcs_storage_clusters 3", `bcs_storage_documents{collection="event"} 7`)
	write("d")
	hasNot(t, of, `clusterId="c"`, `clusterId="d"`, `clusterId="e"`)
	clock.Time = clock.Add(10 * time.Second)
	write("b")
	has(t, of, age("a", 20), age("b", 0))

	sweep("c") // a and b were deleted, but b was written when the sweep looked
	has(t, of, age("b", 0), age("c", 0))
	hasNot(t, of, `clusterId="a"`)
	clock.Time = clock.Add(time.Second)
	docs.err = storage.ErrUnavailable // what can't be known stays as it was
	sweep()
	has(t, of, age("b", 1), age("c", 1), `bcs_storage_documents{collection="event"} 7`)

	none, _ := newTelemetry(telemetry.Options{})
	if err := none.Documents("sqlite", &engine{}).Put(t.Context(), storage.Dynamic, storage.Document{Key: pod}, clock.now()); err != nil {
		t.Fatal(err)
	}
	hasNot(t, none, "last_write_age_seconds{")
}

// TestClustersTogether: many writers, sweeps and scrapes at once.
func TestClustersTogether(t *testing.T) {
	of, clock := newTelemetry(telemetry.Options{MaxClusters: 50})
	docs := &engine{ids: []string{"c0", "c1"}}
	d := of.Documents("sqlite", docs)
	janitor := storage.Janitor{Documents: d}
	of.Sweeps(&janitor)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 200 {
				key := storage.Key{fmt.Sprintf("c%d", (i+w)%100), "Pod", "n", "p"}
				if err := d.Put(t.Context(), storage.Dynamic, storage.Document{Key: key}, clock.now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 50 {
			janitor.Swept(t.Context(), nil)
		}
	})
	for range 10 {
		if n := strings.Count(scrape(t, of), "\nbcs_storage_cluster_last_write_age_seconds{"); n > 50 {
			t.Errorf("%d clusters", n)
		}
	}
	all.Wait()
}

func TestSweeps(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	janitor := storage.Janitor{Documents: &engine{}, Rules: []storage.Retention{{Collection: storage.Alarms}}}
	of.Sweeps(&janitor)
	has(t, of, `bcs_storage_retention_sweeps_total{outcome="error"} 0`, `bcs_storage_retention_removed_total{by="age",collection="alarm"} 0`)
	janitor.Removed(storage.Alarms, storage.ByAge, 3)
	janitor.Removed(storage.Alarms, storage.ByCount, 4)
	janitor.Swept(t.Context(), nil)
	janitor.Swept(t.Context(), errors.New("x"))
	has(t, of,
		`bcs_storage_retention_sweeps_total{outcome="ok"} 1`, `bcs_storage_retention_sweeps_total{outcome="error"} 1`,
		`bcs_storage_retention_removed_total{by="age",collection="alarm"} 3`, `bcs_storage_retention_removed_total{by="count",collection="alarm"} 4`)
}

func TestSQLite(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	ended := of.SQLite()
	ended(sqlite.Commit{Writes: 3, Took: 20 * time.Millisecond})
	ended(sqlite.Commit{Writes: 1, Took: time.Millisecond, Err: errors.New("full")})
	has(t, of,
		`bcs_storage_sqlite_commit_writes_bucket{le="2"} 1`, `bcs_storage_sqlite_commit_writes_bucket{le="4"} 2`, "bcs_storage_sqlite_commit_writes_sum 4",
		`bcs_storage_sqlite_commit_writes_bucket{le="1024"} 2`,
		`bcs_storage_sqlite_commit_duration_seconds_bucket{le="0.01"} 1`, "bcs_storage_sqlite_commit_failures_total 1")
}

func TestMongoDB(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	o := of.MongoDB()
	has(t, of, `bcs_storage_mongodb_commands_total{command="find",outcome="error"} 0`, `bcs_storage_mongodb_pool_checkout_failures_total{reason="timeout"} 0`)
	o.CommandDone("find", 20*time.Millisecond, false)
	o.CommandDone("find", time.Millisecond, true)
	o.CommandDone("madeUp", time.Millisecond, false)
	for _, e := range []mongo.PoolEvent{
		{Change: mongo.PoolOpened, Max: 100}, {Change: mongo.ConnectionOpened}, {Change: mongo.ConnectionOpened}, {Change: mongo.CheckedOut, Waited: time.Millisecond},
		{Change: mongo.CheckedOut}, {Change: mongo.CheckedIn}, {Change: mongo.CheckOutFailed, Reason: "timeout", Waited: time.Second},
		{Change: mongo.CheckOutFailed, Reason: "what"}, {Change: mongo.PoolCleared}, {Change: mongo.ConnectionClosed},
	} {
		e.Server = "a:1"
		o.PoolChanged(e)
	}
	o.PoolChanged(mongo.PoolEvent{Server: "b:1", Change: mongo.PoolOpened})
	has(t, of,
		`bcs_storage_mongodb_commands_total{command="find",outcome="ok"} 1`, `bcs_storage_mongodb_commands_total{command="find",outcome="error"} 1`,
		`bcs_storage_mongodb_commands_total{command="other",outcome="ok"} 1`, `bcs_storage_mongodb_command_duration_seconds_count{command="find"} 2`,
		`bcs_storage_mongodb_pool_connections{server="a:1"} 1`, `bcs_storage_mongodb_pool_connections_in_use{server="a:1"} 1`, `bcs_storage_mongodb_pool_connections_max{server="a:1"} 100`,
		`bcs_storage_mongodb_pool_connections_in_use{server="b:1"} 0`,
		`bcs_storage_mongodb_pool_checkout_duration_seconds_count 4`, `bcs_storage_mongodb_pool_checkout_failures_total{reason="timeout"} 1`,
		`bcs_storage_mongodb_pool_checkout_failures_total{reason="other"} 1`, "bcs_storage_mongodb_pool_cleared_total 1")
	o.PoolChanged(mongo.PoolEvent{Server: "a:1", Change: mongo.PoolClosed})
	hasNot(t, of, `server="a:1"`)
}

func TestZooKeeper(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	up, sessions := false, 0
	of.ZooKeeper(func() (bool, int) { return up, sessions })
	has(t, of, "bcs_storage_zookeeper_session_up 0", "bcs_storage_zookeeper_sessions_total 0")
	up, sessions = true, 2
	has(t, of, "bcs_storage_zookeeper_session_up 1", "bcs_storage_zookeeper_sessions_total 2")
}

// TestReady is asked at each scrape, and bounded.
func TestReady(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	var err error
	of.Ready("storage", func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a scrape would wait for ever")
		}
		return err
	})
	has(t, of, `bcs_storage_ready{part="storage"} 1`)
	err = errors.New("away")
	has(t, of, `bcs_storage_ready{part="storage"} 0`)
}

// TestNativeHistograms: a server that asks for them gets them.
func TestNativeHistograms(t *testing.T) {
	of, _ := newTelemetry(telemetry.Options{})
	if _, err := of.Documents("sqlite", &engine{}).Count(t.Context(), storage.Dynamic, storage.Query{}); err != nil {
		t.Fatal(err)
	}
	families, err := of.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "bcs_storage_engine_operation_duration_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h.GetSampleCount() > 0 && (h.Schema == nil || len(h.GetPositiveSpan()) == 0 || len(h.GetBucket()) == 0) {
				t.Errorf("not both native and classic: %v", h)
			}
		}
		return
	}
	t.Error("no such metric")
}

// BenchmarkDocuments is what measuring adds to an operation of an engine.
func BenchmarkDocuments(b *testing.B) {
	for name, fieldNames := range map[string]bool{"own names": false, "and those of the field": true} {
		of, clock := newTelemetry(telemetry.Options{FieldNames: fieldNames, MaxClusters: 10})
		d := of.Documents(conf.StorageMongoDB, &engine{docs: []string{"a"}})
		b.Run("get/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = d.Get(b.Context(), storage.Dynamic, pod, nil, nil)
			}
		})
		b.Run("put/"+name, func(b *testing.B) {
			b.ReportAllocs()
			doc := storage.Document{Key: pod, Body: bytes.Repeat([]byte("x"), 10)}
			for b.Loop() {
				_ = d.Put(b.Context(), storage.Dynamic, doc, clock.now())
			}
		})
		b.Run("list/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range d.List(b.Context(), storage.Dynamic, storage.Query{}) {
				}
			}
		})
	}
}
