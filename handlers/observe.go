package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/emicklei/go-restful/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics of the API. The label route is the route's template, never a path: the number of
// series does not grow with what is stored.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  http.Handler
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_http_requests_total",
			Help: "Requests by route template, method, HTTP status and code of the envelope.",
		}, []string{"route", "method", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "bcs_storage_http_request_duration_seconds",
			Help:    "Time from the request's head to the end of its answer.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	return m, nil
}

func (a *API) serveMetrics(req *restful.Request, resp *restful.Response) {
	a.metrics.handler.ServeHTTP(resp.ResponseWriter, req.Request)
}

// codeAttribute is where the envelope's code is kept for the log and metrics.
const codeAttribute = "code"

func setCode(req *restful.Request, code int) { req.SetAttribute(codeAttribute, code) }

// observe is around every request: it counts it and writes one line, also of
// one that panics on its way up.
func (a *API) observe(req *restful.Request, resp *restful.Response, chain *restful.FilterChain) {
	start := time.Now()
	defer func() { a.record(req, resp, time.Since(start)) }()
	chain.ProcessFilter(req, resp)
}

// record counts the request and logs it.
func (a *API) record(req *restful.Request, resp *restful.Response, took time.Duration) {
	path := req.SelectedRoutePath()
	if path == "" {
		path = "none"
	}
	code, _ := req.Attribute(codeAttribute).(int)
	method := req.Request.Method
	a.metrics.requests.WithLabelValues(path, method, strconv.Itoa(resp.StatusCode()), strconv.Itoa(code)).Inc()
	a.metrics.seconds.WithLabelValues(path, method).Observe(took.Seconds())
	a.log.Info("request",
		"method", method,
		"route", path,
		"cluster", req.PathParameter("clusterId"),
		"status", resp.StatusCode(),
		"code", code,
		"bytes", resp.ContentLength(),
		"duration", took,
	)
}

// logFailure logs why an operation failed: what the caller did wrong at level
// info, what the service did wrong at level error.
func (a *API) logFailure(req *restful.Request, err error) {
	level := a.log.Error
	if callersFault(err) {
		level = a.log.Info
	}
	level("operation failed", "method", req.Request.Method, "path", req.Request.URL.Path, "error", err)
}
