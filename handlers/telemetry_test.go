package handlers

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestTallies: answers that come at once are counted each, by status and code, in one series for each pair.
func TestTallies(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry, true)
	if err != nil {
		t.Fatal(err)
	}
	s := m.newSeries("/bcsstorage/v1/a/{b}/c", "GET")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 300 {
				s.begin()
				if got := s.done(200+i%3, outcome{code: i % 2, aborted: i%3 == 2}, 10, time.Millisecond); (got.status == "aborted") != (i%3 == 2) {
					t.Errorf("counted as %s", got.status)
				}
			}
		})
	}
	all.Wait()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			name := f.GetName()
			for _, l := range metric.GetLabel() {
				if l.GetName() == "status" || l.GetName() == "code" {
					name += " " + l.GetValue()
				}
			}
			got[name] += int(metric.GetCounter().GetValue()) + int(metric.GetGauge().GetValue()) + int(metric.GetHistogram().GetSampleCount())
		}
	}
	for name, want := range map[string]int{
		"bcs_storage_http_requests_total 0 200": 400, "bcs_storage_http_requests_total 1 200": 400, "bcs_storage_http_requests_total 0 201": 400,
		"bcs_storage_http_requests_total 0 aborted": 400, "bcs_storage_http_request_duration_seconds": 2400, "bcs_storage_http_response_bytes_total": 24000,
		"bcs_storage_http_requests_in_flight": 0, "bkbcs_storage_api_requests_inflight": 0, "bkbcs_storage_api_request_total 200": 800,
		"bkbcs_storage_api_request_total 202": 800, "bkbcs_storage_api_request_total_num 2xx": 2400, "bkbcs_storage_api_response_size_bytes 2xx": 2400,
	} {
		if got[name] != want {
			t.Errorf("%s is %d, want %d", name, got[name], want)
		}
	}
	if n := len(*s.tallies.Load()); n != 6 {
		t.Errorf("%d tallies of 6 pairs", n)
	}
}

func TestFourSegments(t *testing.T) {
	for route, want := range map[string]string{
		"/bcsstorage/v1/k8s/dynamic/all_resources/clusters/{clusterId}": "/bcsstorage/v1/k8s/dynamic",
		"/bcsstorage/v1/events": "/bcsstorage/v1/events", "/bcsstorage/v1/host/{ip}": "/bcsstorage/v1/host/{ip}", "/ncs": "/ncs", "none": "none",
	} {
		if got := fourSegments(route); got != want {
			t.Errorf("%s: %s, want %s", route, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	if got := clip(strings.Repeat("ü", 600)); len(got) != maxLogged+3 || !strings.HasSuffix(got, "ü...") {
		t.Errorf("%d bytes: …%s", len(got), got[len(got)-5:])
	}
	if got := clip("short"); got != "short" {
		t.Error(got)
	}
}

// BenchmarkSeries is what the metrics of a request cost.
func BenchmarkSeries(b *testing.B) {
	for name, fieldNames := range map[string]bool{"own names": false, "and those of the field": true} {
		b.Run(name, func(b *testing.B) {
			m, err := newMetrics(prometheus.NewRegistry(), fieldNames)
			if err != nil {
				b.Fatal(err)
			}
			s := m.newSeries("/bcsstorage/v1/a/{b}", "GET")
			b.ReportAllocs()
			for b.Loop() {
				s.begin()
				s.done(200, outcome{}, 100, 3*time.Millisecond)
			}
		})
	}
}

// BenchmarkRequestID is what the id of a request costs.
func BenchmarkRequestID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = newRequestID()
	}
}
