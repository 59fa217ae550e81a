package handlers

import (
	"fmt"
	"log/slog"
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
	a.metrics.handler.ServeHTTP(resp, req.Request)
}

// outcome is what an operation leaves for the log and the metrics.
type outcome struct {
	code    int   // of the envelope
	err     error // why it failed
	aborted bool  // the answer was begun and cut off
}

// outcomeAttribute is where the outcome is kept on its way up.
const outcomeAttribute = "outcome"

func setOutcome(req *restful.Request, o outcome) { req.SetAttribute(outcomeAttribute, o) }

// observe is around every request: it counts it and writes one line, also of
// one that panics on its way up.
func (a *API) observe(req *restful.Request, resp *restful.Response, chain *restful.FilterChain) {
	start := time.Now()
	defer func() { a.record(req, resp, time.Since(start)) }()
	chain.ProcessFilter(req, resp)
}

// methodLabel keeps what callers make up out of the metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodHead:
		return method
	}
	return "other"
}

// record counts the request and logs it: at level error when the service is at
// fault, with the reason whenever it failed.
func (a *API) record(req *restful.Request, resp *restful.Response, took time.Duration) {
	path := req.SelectedRoutePath()
	if path == "" {
		path = "none"
	}
	out, _ := req.Attribute(outcomeAttribute).(outcome)
	method, status := methodLabel(req.Request.Method), strconv.Itoa(resp.StatusCode())
	if out.aborted {
		status = "aborted"
	}
	a.metrics.requests.WithLabelValues(path, method, status, strconv.Itoa(out.code)).Inc()
	a.metrics.seconds.WithLabelValues(path, method).Observe(took.Seconds())
	level, attributes := slog.LevelInfo, []slog.Attr{
		slog.String("method", method),
		slog.String("route", path),
		slog.String("cluster", req.PathParameter("clusterId")),
		slog.String("status", status),
		slog.Int("code", out.code),
		slog.Int("bytes", resp.ContentLength()),
		slog.Duration("duration", took),
	}
	if out.err != nil {
		attributes = append(attributes, slog.String("path", req.Request.URL.Path), slog.Any("error", out.err))
		// Whatever fails once the caller has gone fails because of that.
		if !callersFault(out.err) && req.Request.Context().Err() == nil {
			level = slog.LevelError
		}
	}
	a.log.LogAttrs(req.Request.Context(), level, "request", attributes...)
}
