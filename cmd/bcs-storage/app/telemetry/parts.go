package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
)

// readyTimeout bounds a check of readiness: a scrape waits for it.
const readyTimeout = 2 * time.Second

// Ready exports whether a part can serve, asked at each scrape.
func (t *Telemetry) Ready(part string, ping func(context.Context) error) {
	t.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bcs_storage_ready", Help: "1 if the part can serve, as /readyz says, else 0.",
		ConstLabels: prometheus.Labels{"part": part},
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
		defer cancel()
		if ping(ctx) != nil {
			return 0
		}
		return 1
	}))
}

// SQLite is told of every commit of the embedded engine.
func (t *Telemetry) SQLite() func(sqlite.Commit) {
	writes := histogram("bcs_storage_sqlite_commit_writes",
		"Writes that shared one commit of the embedded engine, and so one sync.", prometheus.ExponentialBuckets(1, 2, 11)).WithLabelValues()
	seconds := histogram("bcs_storage_sqlite_commit_duration_seconds",
		"Time that a commit of the embedded engine took.", engineBuckets).WithLabelValues()
	failures := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "bcs_storage_sqlite_commit_failures_total", Help: "Commits of the embedded engine that failed; nothing of them was written.",
	})
	t.Registry.MustRegister(writes.(prometheus.Collector), seconds.(prometheus.Collector), failures)
	return func(c sqlite.Commit) {
		writes.Observe(float64(c.Writes))
		seconds.Observe(c.Took.Seconds())
		if c.Err != nil {
			failures.Inc()
		}
	}
}

// ZooKeeper exports the state of the session: whether there is one, and how many there have been.
func (t *Telemetry) ZooKeeper(session func() (up bool, established int)) {
	t.Registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "bcs_storage_zookeeper_session_up", Help: "1 while there is a session with ZooKeeper, else 0.",
		}, func() float64 {
			if up, _ := session(); up {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "bcs_storage_zookeeper_sessions_total", Help: "How often a session with ZooKeeper was established or taken up again.",
		}, func() float64 {
			_, established := session()
			return float64(established)
		}),
	)
}

// mongoCommands are those that the engine sends. Others are counted as "other".
var mongoCommands = []string{
	"find", "getMore", "killCursors", "aggregate", "distinct", "count", "insert", "update", "delete", "findAndModify",
	"createIndexes", "listIndexes", "listCollections", "ping", "hello", "commitTransaction", "abortTransaction", "endSessions", otherCommand,
}

const otherCommand = "other"

// checkOutReasons are why the driver had no connection to give. Others are counted as "other".
var checkOutReasons = []string{"timeout", "connectionError", "poolClosed", otherCommand}

// MongoDB is told of the commands and the connections of the MongoDB engine.
func (t *Telemetry) MongoDB() mongo.Observer {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"server"})
	}
	m := &mongoMetrics{
		commands: map[string]*commandMeter{},
		open:     gauge("bcs_storage_mongodb_pool_connections", "Open connections to a server."),
		inUse:    gauge("bcs_storage_mongodb_pool_connections_in_use", "Connections to a server that operations use."),
		most:     gauge("bcs_storage_mongodb_pool_connections_max", "Most connections that may be open to a server."),
		waited: histogram("bcs_storage_mongodb_pool_checkout_duration_seconds",
			"Time that an operation waited for a connection.", engineBuckets).WithLabelValues(),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcs_storage_mongodb_pool_checkout_failures_total", Help: "Operations that got no connection.",
		}, []string{"reason"}),
		cleared: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bcs_storage_mongodb_pool_cleared_total", Help: "How often all connections to a server were given up, because one failed.",
		}),
	}
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bcs_storage_mongodb_commands_total", Help: "Commands that were sent to MongoDB.",
	}, []string{"command", "outcome"})
	seconds := histogram("bcs_storage_mongodb_command_duration_seconds", "Time until MongoDB answered a command.", engineBuckets, "command")
	t.Registry.MustRegister(total, seconds, m.open, m.inUse, m.most, m.waited.(prometheus.Collector), m.failures, m.cleared)
	for _, name := range mongoCommands {
		m.commands[name] = &commandMeter{
			ok: total.WithLabelValues(name, succeeded), failed: total.WithLabelValues(name, failed), seconds: seconds.WithLabelValues(name),
		}
	}
	for _, reason := range checkOutReasons {
		m.failures.WithLabelValues(reason)
	}
	return m
}

type mongoMetrics struct {
	commands          map[string]*commandMeter // read only
	open, inUse, most *prometheus.GaugeVec
	waited            prometheus.Observer
	failures          *prometheus.CounterVec
	cleared           prometheus.Counter
}

type commandMeter struct {
	ok, failed prometheus.Counter
	seconds    prometheus.Observer
}

func (m *mongoMetrics) CommandDone(name string, took time.Duration, failed bool) {
	c, known := m.commands[name]
	if !known {
		c = m.commands[otherCommand]
	}
	c.seconds.Observe(took.Seconds())
	if failed {
		c.failed.Inc()
	} else {
		c.ok.Inc()
	}
}

func (m *mongoMetrics) PoolChanged(e mongo.PoolEvent) {
	switch e.Change {
	case mongo.PoolOpened:
		m.most.WithLabelValues(e.Server).Set(float64(e.Max))
		m.open.WithLabelValues(e.Server)
		m.inUse.WithLabelValues(e.Server)
	case mongo.PoolClosed:
		for _, g := range []*prometheus.GaugeVec{m.open, m.inUse, m.most} {
			g.DeleteLabelValues(e.Server)
		}
	case mongo.PoolCleared:
		m.cleared.Inc()
	case mongo.ConnectionOpened:
		m.open.WithLabelValues(e.Server).Inc()
	case mongo.ConnectionClosed:
		m.open.WithLabelValues(e.Server).Dec()
	case mongo.CheckedOut:
		m.inUse.WithLabelValues(e.Server).Inc()
		m.waited.Observe(e.Waited.Seconds())
	case mongo.CheckedIn:
		m.inUse.WithLabelValues(e.Server).Dec()
	case mongo.CheckOutFailed:
		m.waited.Observe(e.Waited.Seconds())
		m.failures.WithLabelValues(reasonOf(e.Reason)).Inc()
	}
}

func reasonOf(reason string) string {
	for _, known := range checkOutReasons {
		if reason == known {
			return reason
		}
	}
	return otherCommand
}
