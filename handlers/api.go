// Package handlers is the HTTP API: the routes of the API document V0.9.0 and of
// the vendors' views, what they read from a request, and the envelope of every answer.
// It is the only package that knows go-restful.
package handlers

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/watch"
)

// Options is what the API works with. All fields but Query, Redact, Limits and Limited must be set.
type Options struct {
	Documents storage.Documents
	Nodes     watch.Nodes
	Dialect   Dialect
	// SemanticStatus answers a handled failure with a fitting HTTP status
	// instead of 200.
	SemanticStatus bool
	// MaxBody is the largest request body in bytes.
	MaxBody int64
	// BodyTimeout is how long a request body may take to come.
	BodyTimeout time.Duration
	Query       query.Options
	Views       Views
	// Access says who may do what. Redact is what only callers with ActionSecrets see.
	Access Access
	Redact []Redaction
	Limits Limits
	// Limited counts what limits refuse; nil counts nothing.
	Limited *Limited
	Now     func() time.Time
	Log     *slog.Logger
	// Registry gets the API's metrics and is served at /metrics.
	Registry *prometheus.Registry
}

// API serves the routes.
type API struct {
	docs     storage.Documents
	nodes    watch.Nodes
	dialect  Dialect
	envelope envelope
	maxBody  int64
	patience time.Duration
	query    query.Options
	views    Views
	access   Access
	redact   []Redaction
	limits   Limits
	limited  *Limited
	atWork   atomic.Int64 // requests that were let in
	now      func() time.Time
	log      *slog.Logger
	metrics  *metrics
}

// New is the handler of all routes.
func New(o Options) (http.Handler, error) {
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	a := &API{
		docs:     o.Documents,
		nodes:    o.Nodes,
		dialect:  o.Dialect,
		maxBody:  o.MaxBody,
		patience: o.BodyTimeout,
		query:    o.Query,
		views:    o.Views,
		access:   o.Access,
		redact:   o.Redact,
		limits:   o.Limits,
		limited:  o.Limited,
		now:      o.Now,
		log:      o.Log,
		metrics:  m,
	}
	a.envelope = envelope{dialect: &a.dialect, semantic: o.SemanticStatus}
	// Dispatch, not the container itself: its ServeMux would answer an empty
	// or dotted segment with a redirect to another path.
	return http.HandlerFunc(a.container().Dispatch), nil
}
