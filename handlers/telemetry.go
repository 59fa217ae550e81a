package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emicklei/go-restful/v3"
	"github.com/prometheus/client_golang/prometheus"
)

// requestBuckets are dense around the two latencies that matter: 50 ms, what a
// console feels as immediate, and 250 ms, beyond which an alert is due.
var requestBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.04, 0.05, 0.075, 0.1, 0.175, 0.25, 0.35, 0.5, 1, 2.5, 10}

// metrics of the API. The label route is the route's template, never a path: the number of
// series does not grow with what is stored or with what callers make up.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	errors   *prometheus.CounterVec
	inFlight prometheus.Gauge
	field    *fieldMetrics // nil: not exported
	none     []*series     // of requests that no route took, by method
}

func newMetrics(registry prometheus.Registerer, fieldNames bool) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_http_requests_total",
			Help: "Requests by route template, method, HTTP status and code of the envelope. A status \"aborted\" is an answer that was cut off.",
		}, []string{"route", "method", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "bcs_storage_http_request_duration_seconds",
			Help:                            "Time from the request's head to the end of its answer.",
			Buckets:                         requestBuckets,
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route", "method"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_http_response_bytes_total",
			Help: "Bytes of the bodies of answers.",
		}, []string{"route", "method"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_http_request_errors_total",
			Help: "Requests that failed by the fault of the service, not of the caller. The HTTP status of most is 200 all the same.",
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bcs_storage_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
	}
	all := []prometheus.Collector{m.requests, m.seconds, m.bytes, m.errors, m.inFlight}
	if fieldNames {
		m.field = newFieldMetrics()
		all = append(all, m.field.collectors()...)
	}
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodHead, otherMethod} {
		m.none = append(m.none, m.newSeries("none", method))
	}
	return m, nil
}

// otherMethod keeps what callers make up out of the metrics.
const otherMethod = "other"

// seriesKey is where a route keeps its series, in the metadata that go-restful carries for it.
const seriesKey = "series"

// of finds the series of the request's route.
func (m *metrics) of(req *restful.Request) *series {
	if route := req.SelectedRoute(); route != nil {
		if s, ok := route.Metadata()[seriesKey].(*series); ok {
			return s
		}
	}
	last := len(m.none) - 1
	for _, s := range m.none[:last] {
		if s.method == req.Request.Method {
			return s
		}
	}
	return m.none[last]
}

// series are what is counted of one route and method. Their handles are
// resolved once, by the first request, so that a route that nobody uses has no series.
type series struct {
	of            *metrics
	route, method string

	first   sync.Once
	seconds prometheus.Observer
	bytes   prometheus.Counter
	errors  prometheus.Counter
	field   *fieldSeries

	// tallies are few: a route answers a handful of status and code pairs. They
	// are replaced, never changed.
	tallies atomic.Pointer[[]*tally]
	adding  sync.Mutex
}

// tally counts the answers of a route with one status and code.
type tally struct {
	statusCode, code int
	aborted          bool
	status           string // the label
	requests         prometheus.Counter
	field            *fieldTally
}

func (m *metrics) newSeries(route, method string) *series {
	s := &series{of: m, route: route, method: method}
	s.tallies.Store(new([]*tally))
	return s
}

// begin is called when a request comes, done when it was answered.
func (s *series) begin() {
	s.first.Do(func() {
		s.seconds = s.of.seconds.WithLabelValues(s.route, s.method)
		s.bytes = s.of.bytes.WithLabelValues(s.route, s.method)
		s.errors = s.of.errors.WithLabelValues(s.route, s.method)
		if s.of.field != nil {
			s.field = s.of.field.series(s.route, s.method)
		}
	})
	s.of.inFlight.Inc()
	if s.field != nil {
		s.field.inFlight.Inc()
	}
}

// done counts the answer and returns its tally.
func (s *series) done(statusCode int, o outcome, bytes int, took time.Duration) *tally {
	s.of.inFlight.Dec()
	t := s.tally(statusCode, o.code, o.aborted)
	t.requests.Inc()
	seconds := took.Seconds()
	s.seconds.Observe(seconds)
	s.bytes.Add(float64(bytes))
	if t.field != nil {
		s.field.inFlight.Dec()
		t.field.observe(seconds, bytes)
	}
	return t
}

func (s *series) tally(statusCode, code int, aborted bool) *tally {
	for _, t := range *s.tallies.Load() {
		if t.statusCode == statusCode && t.code == code && t.aborted == aborted {
			return t
		}
	}
	s.adding.Lock()
	defer s.adding.Unlock()
	known := *s.tallies.Load()
	for _, t := range known {
		if t.statusCode == statusCode && t.code == code && t.aborted == aborted {
			return t
		}
	}
	t := &tally{statusCode: statusCode, code: code, aborted: aborted, status: strconv.Itoa(statusCode)}
	if aborted {
		t.status = "aborted"
	}
	t.requests = s.of.requests.WithLabelValues(s.route, s.method, t.status, strconv.Itoa(code))
	if s.field != nil {
		t.field = s.field.tally(statusCode)
	}
	grown := append(known[:len(known):len(known)], t)
	s.tallies.Store(&grown)
	return t
}
