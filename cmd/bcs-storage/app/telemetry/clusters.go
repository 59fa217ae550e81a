package telemetry

import (
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// clusters knows when each cluster last reported dynamic data through this
// process. It holds limit clusters at most, those that came first.
type clusters struct {
	limit int
	now   func() time.Time
	age   *prometheus.Desc
	total prometheus.Gauge

	mu   sync.RWMutex
	last map[string]*atomic.Int64 // unix nanoseconds
}

func newClusters(limit int, now func() time.Time) *clusters {
	return &clusters{
		limit: limit,
		now:   now,
		age: prometheus.NewDesc("bcs_storage_cluster_last_write_age_seconds",
			"Seconds since a PUT of dynamic data of the cluster through this process, or since this process first saw the cluster. The least of all replicas counts. At most metrics.maxClusters clusters have it.",
			[]string{"clusterId"}, nil),
		total: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bcs_storage_clusters", Help: "Clusters that had dynamic data at the last sweep of the retention.",
		}),
		last: map[string]*atomic.Int64{},
	}
}

// wrote says that the cluster has reported something.
func (c *clusters) wrote(id string, at time.Time) {
	c.mu.RLock()
	last := c.last[id]
	c.mu.RUnlock()
	if last == nil {
		c.mu.Lock()
		last = c.add(id, at)
		c.mu.Unlock()
	}
	if last != nil {
		last.Store(at.UnixNano())
	}
}

// add makes room for a cluster, if there is any. A label has to be UTF-8.
func (c *clusters) add(id string, at time.Time) *atomic.Int64 {
	if last := c.last[id]; last != nil || len(c.last) >= c.limit || !utf8.ValidString(id) {
		return last
	}
	last := new(atomic.Int64)
	last.Store(at.UnixNano())
	c.last[id] = last
	return last
}

// keep forgets the clusters that are not known, and adds those that are. A
// cluster that was written since began may be newer than what is known.
func (c *clusters) keep(known []string, began time.Time) {
	c.total.Set(float64(len(known)))
	stored := make(map[string]bool, len(known))
	for _, id := range known {
		stored[id] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, last := range c.last {
		if !stored[id] && last.Load() < began.UnixNano() {
			delete(c.last, id)
		}
	}
	for _, id := range known {
		c.add(id, began)
	}
}

// Describe implements prometheus.Collector.
func (c *clusters) Describe(to chan<- *prometheus.Desc) {
	to <- c.age
	c.total.Describe(to)
}

// Collect implements prometheus.Collector: ages are those of the moment.
func (c *clusters) Collect(to chan<- prometheus.Metric) {
	c.total.Collect(to)
	now := c.now().UnixNano()
	c.mu.RLock()
	defer c.mu.RUnlock()
	for id, last := range c.last {
		age := time.Duration(max(0, now-last.Load()))
		to <- prometheus.MustNewConstMetric(c.age, prometheus.GaugeValue, age.Seconds(), id)
	}
}
