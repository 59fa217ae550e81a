// Package handlers is the HTTP API: the routes of the API document V0.9.0 and of
// the vendors' views, what they read from a request, and the envelope of every answer.
// It is the only package that knows go-restful.
package handlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers/apidocs"
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
	// Stopping says that the service is about to stop; /readyz then answers 503. nil is never.
	Stopping func() bool
	// Registry gets the API's metrics.
	Registry prometheus.Registerer
	// FieldNames also counts requests under the names that the service in the
	// field exports, for dashboards that query those.
	FieldNames bool
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
	// computing holds a token for each view that is being computed.
	computing chan struct{}
	redact    []Redaction
	limits    Limits
	limited   *Limited
	atWork    atomic.Int64 // requests that were let in
	now       func() time.Time
	log       *slog.Logger
	metrics   *metrics
	stopping  func() bool
	pages     map[string]*apidocs.File
	document  *apidocs.File
}

// New is the handler of all routes.
func New(o Options) (http.Handler, error) {
	m, err := newMetrics(o.Registry, o.FieldNames)
	if err != nil {
		return nil, err
	}
	a := &API{
		docs:      o.Documents,
		nodes:     o.Nodes,
		dialect:   o.Dialect,
		maxBody:   o.MaxBody,
		patience:  o.BodyTimeout,
		query:     o.Query,
		views:     o.Views,
		access:    o.Access,
		computing: make(chan struct{}, viewsAtOnce),
		redact:    o.Redact,
		limits:    o.Limits,
		limited:   o.Limited,
		now:       o.Now,
		log:       o.Log,
		metrics:   m,
		stopping:  o.Stopping,
	}
	a.envelope = envelope{dialect: &a.dialect, semantic: o.SemanticStatus}
	if a.pages, err = apidocs.Files(); err != nil {
		return nil, err
	}
	c := a.container()
	if a.document, err = a.describe(c); err != nil {
		return nil, err
	}
	// Stateless: each part of an answer is compressed by itself. That takes a third more to send, and spares a
	// megabyte for each answer that is being sent.
	compressed, err := gzhttp.NewWrapper(
		gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.StatelessCompression), gzhttp.MinSize(minCompressed),
		gzhttp.ContentTypes([]string{"application/json"}), // lines of a stream must not wait in a compressor
	)
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	// Dispatch, not the container itself: its ServeMux would answer an empty
	// or dotted segment with a redirect to another path.
	return compressed(http.HandlerFunc(c.Dispatch)), nil
}

// minCompressed is the smallest answer, in bytes, that is compressed for a client that accepts
// gzip: what fits into a packet or two is not worth the time.
const minCompressed = 2048
