package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// operation is what an engine can be asked for.
type operation int

const (
	opGet operation = iota
	opList
	opCount
	opDistinct
	opPut
	opWrite // many at once
	opDelete
	opTrim
	opAssign
	opPing
	operations
)

var operationNames = [operations]string{"get", "list", "count", "distinct", "put", "write", "delete", "trim", "assign", "ping"}

// outcomes are how an operation can end. The first row that matches decides; the
// last matches every error.
var outcomes = [...]struct {
	is   []error
	name string
}{
	{nil, succeeded}, // there is no error
	{[]error{storage.ErrNotFound, watch.ErrNotFound}, "not_found"},
	{[]error{storage.ErrInvalid, watch.ErrInvalid}, "invalid"},
	{[]error{storage.ErrTooLarge, watch.ErrTooLarge}, "too_large"},
	{[]error{context.Canceled}, "canceled"},
	{[]error{context.DeadlineExceeded}, "timeout"},
	{[]error{storage.ErrUnavailable, watch.ErrUnavailable}, "unavailable"},
	{nil, failed},
}

func outcomeOf(err error) int {
	if err == nil {
		return 0
	}
	for i, row := range outcomes {
		for _, is := range row.is {
			if errors.Is(err, is) {
				return i
			}
		}
	}
	return len(outcomes) - 1
}

// engineBuckets begin below what the embedded engine needs to read a document.
var engineBuckets = []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10}

// engineMetrics are the same for all engines.
type engineMetrics struct {
	operations *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	streams    *prometheus.HistogramVec
	documents  *prometheus.CounterVec
}

func newEngineMetrics() *engineMetrics {
	return &engineMetrics{
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_engine_operations_total", Help: "Operations of an engine, by how they ended.",
		}, []string{"engine", "operation", "outcome"}),
		seconds: histogram("bcs_storage_engine_operation_duration_seconds",
			"Time that an operation of an engine took; that of a list ends with its first document.", engineBuckets, "engine", "operation"),
		streams: histogram("bcs_storage_engine_stream_duration_seconds",
			"Time that a list took from its begin to its end, at the speed of its reader.", engineBuckets, "engine"),
		documents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_engine_listed_total", Help: "Documents or payloads that lists of an engine yielded.",
		}, []string{"engine"}),
	}
}

func (m *engineMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.operations, m.seconds, m.streams, m.documents}
}

// meter has the handles of one engine, resolved once.
type meter struct {
	of        [operations]opMeter
	streams   prometheus.Observer
	documents prometheus.Counter
}

type opMeter struct {
	seconds prometheus.Observer
	ended   [len(outcomes)]prometheus.Counter
	field   *fieldOperation
}

// meter makes the series of an engine: from the start, so that the first
// failure is a step from 0 that a rate can see.
func (m *engineMetrics) meter(engine string, can ...operation) *meter {
	of := &meter{streams: m.streams.WithLabelValues(engine), documents: m.documents.WithLabelValues(engine)}
	for _, op := range can {
		of.of[op].seconds = m.seconds.WithLabelValues(engine, operationNames[op])
		for i, outcome := range outcomes {
			of.of[op].ended[i] = m.operations.WithLabelValues(engine, operationNames[op], outcome.name)
		}
	}
	return of
}

func (m *opMeter) spent(seconds float64) { m.seconds.Observe(seconds) }

// done counts an operation that began at start.
func (m *opMeter) done(start time.Time, err error) {
	seconds := time.Since(start).Seconds()
	m.spent(seconds)
	m.end(seconds, err)
}

// end counts an operation whose time has been observed.
func (m *opMeter) end(seconds float64, err error) {
	outcome := outcomeOf(err)
	m.ended[outcome].Inc()
	if m.field != nil {
		m.field.observe(outcome, seconds)
	}
}

// stream measures a list that is being read.
type stream struct {
	*meter
	start time.Time
	count int
	begun bool
	first float64 // seconds to the first document
	err   error
}

func (m *meter) stream() stream { return stream{meter: m, start: time.Now()} }

func (s *stream) step(err error) {
	s.begin()
	if s.err = err; err == nil {
		s.count++
	}
}

func (s *stream) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.first = time.Since(s.start).Seconds()
	s.of[opList].spent(s.first)
}

func (s *stream) end() {
	s.begin() // nothing may have been yielded
	s.streams.Observe(time.Since(s.start).Seconds())
	s.documents.Add(float64(s.count))
	s.of[opList].end(s.first, s.err)
}
