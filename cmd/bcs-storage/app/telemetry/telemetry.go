// Package telemetry is what the service tells its operators in numbers: the
// metrics of everything below the API, and the listener that serves them. Every
// name starts with bcs_storage_; no label is made of the name of a resource, so the
// number of series is bounded whatever is stored.
package telemetry

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"bcs-storage/storage"
)

// Options is what New needs. All fields must be set.
type Options struct {
	Version string
	// FieldNames exports the names of the service in the field, too.
	FieldNames bool
	// MaxClusters is the most clusters that have a series of their own.
	MaxClusters int
	Now         func() time.Time
	Log         *slog.Logger
}

// Telemetry holds the metrics of one service.
type Telemetry struct {
	// Registry has all of them; the API registers its own here.
	Registry *prometheus.Registry

	fieldNames bool
	log        *slog.Logger
	now        func() time.Time
	engines    *engineMetrics
	clusters   *clusters
	documents  *prometheus.GaugeVec
	removed    *prometheus.CounterVec
	sweeps     *prometheus.CounterVec
}

// New makes a registry with the metrics of the process. Those of a part are added by the method of that name.
func New(o Options) *Telemetry {
	t := &Telemetry{
		Registry:   prometheus.NewRegistry(),
		fieldNames: o.FieldNames,
		log:        o.Log,
		now:        o.Now,
		engines:    newEngineMetrics(),
		clusters:   newClusters(o.MaxClusters, o.Now),
		documents: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bcs_storage_documents", Help: "Documents that were stored at the last sweep of the retention, for collections that have one.",
		}, []string{"collection"}),
		removed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_retention_removed_total", Help: "Documents that the retention removed, by age or by count: beyond what is kept of a cluster.",
		}, []string{"collection", "by"}),
		sweeps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_retention_sweeps_total", Help: "Sweeps of the retention.",
		}, []string{"outcome"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bcs_storage_build_info", Help: "1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": o.Version, "goversion": runtime.Version()},
	})
	build.Set(1)
	t.Registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, t.clusters, t.documents, t.removed, t.sweeps,
	)
	t.Registry.MustRegister(t.engines.collectors()...)
	return t
}

// histogram has classic buckets for servers that know no others, and native ones.
func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}, labels)
}

// Words of the label outcome where there are only two.
const (
	succeeded = "ok"
	failed    = "error"
)

// Sweeps sees to it that the sweeps of a janitor are counted, and that what only
// a look at the store can tell is looked up after each.
func (t *Telemetry) Sweeps(j *storage.Janitor) {
	for _, outcome := range []string{succeeded, failed} {
		t.sweeps.WithLabelValues(outcome)
	}
	for _, rule := range j.Rules {
		for _, by := range []string{storage.ByAge, storage.ByCount} {
			t.removed.WithLabelValues(rule.Collection.Name, by)
		}
	}
	j.Removed = func(c *storage.Collection, by string, n int64) {
		t.removed.WithLabelValues(c.Name, by).Add(float64(n))
	}
	j.Swept = func(ctx context.Context, err error) {
		outcome := succeeded
		if err != nil {
			outcome = failed
		}
		t.sweeps.WithLabelValues(outcome).Inc()
		t.look(ctx, j)
	}
}

// look counts the documents of the janitor's collections and finds the clusters.
func (t *Telemetry) look(ctx context.Context, j *storage.Janitor) {
	for _, rule := range j.Rules {
		n, err := j.Documents.Count(ctx, rule.Collection, storage.Query{})
		if err != nil {
			t.missed(ctx, err)
			continue
		}
		t.documents.WithLabelValues(rule.Collection.Name).Set(float64(n))
	}
	began := t.now()
	known, err := j.Documents.Distinct(ctx, storage.Dynamic, storage.Query{}, storage.Dynamic.Key[0])
	if err != nil {
		t.missed(ctx, err)
		return
	}
	t.clusters.keep(known, began)
}

func (t *Telemetry) missed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		t.log.Warn("what is stored could not be counted for the metrics", "error", err)
	}
}
