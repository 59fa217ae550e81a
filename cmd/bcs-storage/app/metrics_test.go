package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

var update = flag.Bool("update", false, "write the list of the metrics anew")

// inventory lists every metric that the service exports: name, type and labels.
// scripts/promcheck holds the dashboard and the alert rules against it.
const inventory = "../../../conf/prometheus/metrics.txt"

// embedded are the engines that need nothing else, whatever engines are under test.
func embedded(c *conf.Config) { c.Storage, c.Watch = conf.StorageSQLite, conf.WatchLocal }

// nobody is an address that refuses connections.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// distributed are the other engines, with nobody there.
func distributed(t *testing.T) func(*conf.Config) {
	mongodb, zookeeper := nobody(t), nobody(t)
	return func(c *conf.Config) {
		c.Storage, c.Watch = conf.StorageMongoDB, conf.WatchZooKeeper
		c.MongoDB.URI, c.MongoDB.Database, c.MongoDB.ServerSelectionTimeout = "mongodb://"+mongodb, "x", 100*time.Millisecond
		c.ZooKeeper.Servers, c.ZooKeeper.CallTimeout = []string{zookeeper}, 100*time.Millisecond
		c.Metrics.UpstreamNames = true
	}
}

var (
	typeLine = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	sample   = regexp.MustCompile(`(?m)^(\w+?)(?:\{(.*)\})? [-+.0-9eInfNa]+$`)
	label    = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// ofProcess are the metrics of the process that may be relied on. There are others, by version and system.
var ofProcess = []string{
	"go_goroutines", "process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds",
}

// metricsOf are the metrics of a scrape, as in the inventory, that are the
// service's or that tell what the process needs.
func metricsOf(t *testing.T, scrape string) map[string]string {
	t.Helper()
	types := map[string]string{}
	for _, m := range typeLine.FindAllStringSubmatch(scrape, -1) {
		types[m[1]] = m[2]
	}
	found := map[string]string{}
	for _, m := range sample.FindAllStringSubmatch(scrape, -1) {
		name := m[1]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && types[base] == "histogram" {
				name = base
			}
		}
		if !strings.Contains(name, "bcs_storage_") && !slices.Contains(ofProcess, name) {
			continue
		}
		var names []string
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			if l[1] != "le" {
				names = append(names, l[1])
			}
		}
		line := strings.TrimSpace(types[name] + " " + strings.Join(names, ","))
		if before, seen := found[name]; seen && before != line {
			t.Errorf("%s has the labels %q and %q", name, before, line)
		}
		found[name] = line
	}
	return found
}

// TestInventory: the service exports what the list says, and nothing else.
func TestInventory(t *testing.T) {
	all := map[string]string{}
	for _, change := range []func(*conf.Config){embedded, distributed(t)} {
		s := start(t, settings{change: change})
		s.do("PUT", documentedPrefix+podPath, `{"data":{"a":1}}`)
		s.do("GET", documentedPrefix+podPath, "")
		s.do("GET", documentedPrefix+"/k8s/watch/clusters/C/namespaces/n/T", "")
		scrape := ""
		s.eventually(func() bool {
			scrape = s.metrics()
			// The first sweep counts, and the driver looks for its server, in the background.
			counted := strings.Contains(scrape, "\nbcs_storage_documents{") && strings.Contains(scrape, "\nbcs_storage_cluster_last_write_age_seconds{")
			return counted || strings.Contains(scrape, "\nbcs_storage_mongodb_pool_connections{")
		})
		for name, line := range metricsOf(t, scrape) {
			all[name] = line
		}
		for _, l := range label.FindAllStringSubmatch(scrape, -1) {
			if strings.Contains(l[2], "web-1") {
				t.Errorf("a resource's name is a label: %s", l[0])
			}
		}
	}
	var lines strings.Builder
	lines.WriteString("# Every metric that bcs-storage exports: name, type, labels. Written by go test ./cmd/bcs-storage/app -run TestInventory -update\n")
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(&lines, name, all[name])
	}
	if *update {
		if err := os.WriteFile(inventory, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := os.ReadFile(inventory)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(listed), lines.String()); diff != "" {
		t.Errorf("what is listed (-) and what is exported (+):\n%s", diff)
	}
}

// TestUpstreamNames: the names that the service in the field has, with its labels.
func TestUpstreamNames(t *testing.T) {
	route := deployedPrefix + "/k8s/dynamic/namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}/{resourceName}"
	four := `{handler="/bcsstorage/v1/k8s/dynamic",method="PUT",status="200"`
	whole := `{handler="` + route + `",method="PUT",status="2xx"`
	s := start(t, settings{change: func(c *conf.Config) { embedded(c); c.Metrics.UpstreamNames = true }})
	s.do("PUT", deployedPrefix+podPath, `{"data":{"a":1}}`).ok()
	s.do("PUT", deployedPrefix+"/host/10.9.8.7", `{"data":{}}`).ok()
	s.do("GET", "/no/such/route/at/all", "").failed()
	scrape := s.metrics()
	for _, want := range []string{
		`bkbcs_storage_api_request_total` + four + `} 1`,
		`bkbcs_storage_api_request_latency_seconds_bucket` + four + `,le="0.0005"} `,
		`bkbcs_storage_api_request_latency_seconds_bucket` + four + `,le="3"} 1`,
		`bkbcs_storage_api_request_latency_seconds_count` + four + `} 1`,
		`bkbcs_storage_api_request_total{handler="/bcsstorage/v1/host/{ip}",method="PUT",status="200"} 1`,
		`bkbcs_storage_api_request_total{handler="none",method="GET",status="404"} 1`,
		`bkbcs_storage_api_request_total_num` + whole + `} 1`,
		`bkbcs_storage_api_request_duration_time_bucket` + whole + `,le="10"} 1`,
		`bkbcs_storage_api_request_duration_time_count` + whole + `} 1`,
		`bkbcs_storage_api_response_size_bytes_bucket` + whole + `,le="1e+09"} 1`,
		`bkbcs_storage_api_requests_inflight{handler="` + route + `",method="PUT"} 0`,
	} {
		if !strings.Contains(scrape, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(scrape, "10.9.8.7") || strings.Contains(scrape, "bkbcs_storage_driver") {
		t.Error("the address of a host is a label, or drivers are counted that there are not")
	}

	s = start(t, settings{change: distributed(t)})
	s.do("GET", deployedPrefix+podPath, "").failed("not available")
	s.do("DELETE", deployedPrefix+"/k8s/watch/clusters/C/namespaces/n/T/x", "").failed("not available")
	scrape = s.metrics()
	for _, want := range []string{
		`bkbcs_storage_driver_mongdb_total{method="query",status="FAILURE"} `,
		`bkbcs_storage_driver_mongdb_total{method="upsert",status="SUCCESS"} 0`,
		`bkbcs_storage_driver_mongdb_total{method="updateAll",status="SUCCESS"} 0`,
		`bkbcs_storage_driver_mongodb_latency_seconds_bucket{method="query",status="FAILURE",le="3"} `,
		`bkbcs_storage_driver_zookeeper_total{method="remove",status="FAILURE"} 1`,
		`bkbcs_storage_driver_zookeeper_latency_seconds_count{method="remove",status="FAILURE"} 1`,
	} {
		if !strings.Contains(scrape, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(scrape, `bkbcs_storage_driver_mongdb_total{method="query",status="FAILURE"} 0`) {
		t.Error("the failure of MongoDB was not counted")
	}

	s = start(t, settings{})
	s.do("GET", deployedPrefix+podsPath, "").ok()
	if strings.Contains(s.metrics(), "bkbcs_") {
		t.Error("nobody asked for the names of the service in the field")
	}
}

// TestMetricsOfARequest: what one request leaves in each part.
func TestMetricsOfARequest(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	now := newClock(at)
	s := start(t, settings{now: now.Now, change: embedded})
	s.do("PUT", documentedPrefix+podPath, `{"data":{"a":1}}`).ok()
	s.do("GET", documentedPrefix+podPath, "").ok()
	s.do("GET", documentedPrefix+podsPath, "").ok()
	s.do("GET", documentedPrefix+podPath+"x", "").failed()
	s.do("PUT", documentedPrefix+"/k8s/watch/clusters/C/namespaces/n/T/x", `{"data":{}}`).ok()
	now.Set(at.Add(90 * time.Second))
	scrape := s.metrics()
	route := `route="/bcsapi/v4/storage/k8s/dynamic/namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}`
	for _, want := range []string{
		`bcs_storage_http_requests_total{code="0",method="GET",` + route + `",status="200"} 1`,
		`bcs_storage_http_requests_total{code="10004",method="GET",` + route + `/{resourceName}",status="200"} 1`,
		`bcs_storage_http_request_duration_seconds_bucket{method="GET",` + route + `",le="0.05"} `,
		`bcs_storage_http_request_duration_seconds_bucket{method="GET",` + route + `",le="0.25"} `,
		`bcs_storage_http_request_errors_total{method="GET",` + route + `/{resourceName}"} 0`,
		`bcs_storage_http_response_bytes_total{method="PUT",` + route + `/{resourceName}"} 56`,
		`bcs_storage_http_requests_in_flight 0`,
		`bcs_storage_engine_operations_total{engine="sqlite",operation="get",outcome="not_found"} 1`,
		`bcs_storage_engine_operations_total{engine="sqlite",operation="get",outcome="ok"} 1`,
		`bcs_storage_engine_operations_total{engine="sqlite",operation="put",outcome="ok"} 1`,
		`bcs_storage_engine_operations_total{engine="sqlite",operation="list",outcome="ok"} 1`,
		`bcs_storage_engine_operations_total{engine="sqlite",operation="put",outcome="unavailable"} 0`,
		`bcs_storage_engine_operation_duration_seconds_count{engine="sqlite",operation="list"} 1`,
		`bcs_storage_engine_stream_duration_seconds_count{engine="sqlite"} 1`,
		`bcs_storage_engine_listed_total{engine="sqlite"} 1`,
		`bcs_storage_engine_operations_total{engine="local",operation="put",outcome="ok"} 1`,
		`bcs_storage_sqlite_commit_writes_sum `,
		`bcs_storage_sqlite_commit_failures_total 0`,
		`bcs_storage_cluster_last_write_age_seconds{clusterId="BCS-K8S-1"} 90`,
		`bcs_storage_retention_removed_total{by="count",collection="alarm"} 0`,
		`bcs_storage_ready{part="storage"} 1`,
		`bcs_storage_ready{part="watch"} 1`,
		`bcs_storage_build_info{goversion="` + runtime.Version() + `",version="test"} 1`,
	} {
		if !strings.Contains(scrape, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestNotReadyIsExported: a part that is away shows in a scrape, and which.
func TestNotReadyIsExported(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) {
		distributed(t)(c)
		c.Storage, c.MongoDB = conf.StorageSQLite, conf.Default().MongoDB
	}})
	scrape := s.metrics()
	for _, want := range []string{`bcs_storage_ready{part="storage"} 1`, `bcs_storage_ready{part="watch"} 0`, "bcs_storage_zookeeper_session_up 0", "bcs_storage_zookeeper_sessions_total 0"} {
		if !strings.Contains(scrape, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestRetentionIsExported: what is stored and what the retention removed, after a sweep.
func TestRetentionIsExported(t *testing.T) {
	dir := testparts.Dir(t)
	keep := func(n int) func(*conf.Config) {
		return func(c *conf.Config) { c.Retention.Events.MaxPerCluster = n }
	}
	t.Run("before", func(t *testing.T) {
		s := start(t, settings{dir: dir, change: keep(10)})
		for range 5 {
			s.do("PUT", documentedPrefix+"/events", `{"clusterId":"C"}`).ok()
		}
		s.do("PUT", documentedPrefix+podPath, `{"data":{}}`).ok()
	})
	s := start(t, settings{dir: dir, change: keep(3)})
	missing := ""
	defer func() {
		if t.Failed() {
			t.Errorf("no %s", missing)
		}
	}()
	s.eventually(func() bool {
		scrape := s.metrics()
		for _, want := range []string{
			`bcs_storage_retention_removed_total{by="count",collection="event"} 2`,
			`bcs_storage_retention_removed_total{by="age",collection="event"} 0`,
			`bcs_storage_retention_sweeps_total{outcome="ok"} 1`,
			`bcs_storage_documents{collection="event"} 3`,
			`bcs_storage_documents{collection="alarm"} 0`,
			`bcs_storage_clusters 1`,
			`bcs_storage_cluster_last_write_age_seconds{clusterId="BCS-K8S-1"} `,
		} {
			if !strings.Contains(scrape, want) {
				missing = want
				return false
			}
		}
		return true
	})
}

// TestSide: profiles and health beside the metrics, and none of it when it is off.
func TestSide(t *testing.T) {
	s := start(t, settings{})
	s.base = s.side
	for path, want := range map[string]string{
		"/healthz": `{"ok":true}`, "/readyz": `"storage":{"ok":true}`,
		"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile", "/debug/pprof/cmdline": os.Args[0],
	} {
		if a := s.do("GET", path, ""); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %.200s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/", documentedPrefix + podPath} {
		if a := s.do("GET", path, ""); a.status != 404 {
			t.Errorf("%s: %d: the API is not served here", path, a.status)
		}
	}
	off := start(t, settings{change: func(c *conf.Config) { c.Metrics.Listen = "" }})
	if off.side != "http://" {
		t.Errorf("metrics are at %s", off.side)
	}
	off.do("PUT", documentedPrefix+podPath, `{"data":{}}`).ok()
}

// TestStopEndsProfiles: a profile that would take an hour does not keep the
// service from stopping, and nothing of it goes on running.
func TestStopEndsProfiles(t *testing.T) {
	before := runtime.NumGoroutine()
	config := testparts.Config(testparts.Dir(t))
	embedded(&config)
	a, err := app.New(t.Context(), app.Options{Config: config, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran, asked := make(chan error, 1), make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	go func() {
		resp, err := http.Get("http://" + a.MetricsAddr() + "/debug/pprof/profile?seconds=3600")
		if err == nil {
			resp.Body.Close()
		}
		asked <- err
	}()
	s := &service{t: t}
	running := func() bool {
		var stacks strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(stacks.String(), "net/http/pprof.Profile")
	}
	s.eventually(running)
	cancel()
	stopping, late := context.WithTimeout(context.Background(), 10*time.Second)
	defer late()
	if err := errors.Join(<-ran, a.Stop(stopping)); err != nil {
		t.Error(err)
	}
	<-asked // an answer or a broken connection
	http.DefaultClient.CloseIdleConnections()
	defer func() {
		if t.Failed() {
			_ = pprof.Lookup("goroutine").WriteTo(t.Output(), 1)
		}
	}()
	s.eventually(func() bool { return runtime.NumGoroutine() <= before })
}
