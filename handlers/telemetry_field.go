package handlers

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// fieldMetrics are the requests under the names that the service in the field
// exports, for the dashboards that query those: of its first versions (…_total,
// …_latency_seconds) and of the later ones. Two of its labels are better here: a
// handler is made of the route's template, never of a path, and a status is the one that was sent.
type fieldMetrics struct {
	requests, requestsNum   *prometheus.CounterVec
	latency, duration, size *prometheus.HistogramVec
	inFlight                *prometheus.GaugeVec
}

func newFieldMetrics() *fieldMetrics {
	labels := []string{"handler", "method", "status"}
	const prefix = "bkbcs_storage_api_"
	return &fieldMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "request_total", Help: "Requests; handler is the first four segments of the route.",
		}, labels),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "request_latency_seconds", Help: "Time from the request's head to the end of its answer; handler is the first four segments of the route.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3},
		}, labels),
		requestsNum: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "request_total_num", Help: "Requests; handler is the route, status the class of the HTTP status.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "request_duration_time", Help: "Seconds from the request's head to the end of its answer; handler is the route, status the class of the HTTP status.",
		}, labels),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "response_size_bytes", Help: "Bytes of the bodies of answers; handler is the route, status the class of the HTTP status.",
			Buckets: prometheus.ExponentialBuckets(100, 10, 8),
		}, labels),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "requests_inflight", Help: "Requests that are being answered; handler is the route.",
		}, labels[:2]),
	}
}

func (m *fieldMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.latency, m.requestsNum, m.duration, m.size, m.inFlight}
}

// fieldSeries and fieldTally are the part of series and tally under these names.
type fieldSeries struct {
	of            *fieldMetrics
	route, method string
	inFlight      prometheus.Gauge
}

func (m *fieldMetrics) series(route, method string) *fieldSeries {
	return &fieldSeries{of: m, route: route, method: method, inFlight: m.inFlight.WithLabelValues(route, method)}
}

type fieldTally struct {
	requests, requestsNum   prometheus.Counter
	latency, duration, size prometheus.Observer
}

func (s *fieldSeries) tally(statusCode int) *fieldTally {
	status, class := strconv.Itoa(statusCode), strconv.Itoa(statusCode/100)+"xx"
	short := fourSegments(s.route)
	return &fieldTally{
		requests:    s.of.requests.WithLabelValues(short, s.method, status),
		latency:     s.of.latency.WithLabelValues(short, s.method, status),
		requestsNum: s.of.requestsNum.WithLabelValues(s.route, s.method, class),
		duration:    s.of.duration.WithLabelValues(s.route, s.method, class),
		size:        s.of.size.WithLabelValues(s.route, s.method, class),
	}
}

func (t *fieldTally) observe(seconds float64, bytes int) {
	t.requests.Inc()
	t.requestsNum.Inc()
	t.latency.Observe(seconds)
	t.duration.Observe(seconds)
	t.size.Observe(float64(bytes))
}

// fourSegments is what the service in the field calls a handler: /bcsstorage/v1/k8s/dynamic.
func fourSegments(route string) string {
	const most = 4
	parts := strings.SplitN(route, "/", most+2) // the first one is empty
	return strings.Join(parts[:min(len(parts), most+1)], "/")
}
