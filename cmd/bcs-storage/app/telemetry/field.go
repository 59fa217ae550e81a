package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/conf"
)

// fieldDrivers are the engines that the service in the field has, and what it
// calls their metrics; the spelling is its own.
var fieldDrivers = map[string]struct{ total, seconds string }{
	conf.StorageMongoDB: {"bkbcs_storage_driver_mongdb_total", "bkbcs_storage_driver_mongodb_latency_seconds"},
	conf.WatchZooKeeper: {"bkbcs_storage_driver_zookeeper_total", "bkbcs_storage_driver_zookeeper_latency_seconds"},
}

// fieldMethods are the words that its dashboards have for the operations. It does not count pings.
var fieldMethods = map[operation]string{
	opGet: "query", opList: "query", opCount: "count", opDistinct: "query", opPut: "upsert", opWrite: "upsert", opDelete: "removeAll", opTrim: "removeAll", opAssign: "updateAll",
}

// fieldOperation counts an operation under the names of the service in the field.
type fieldOperation struct {
	total [2]prometheus.Counter
	took  [2]prometheus.Observer
}

// observe counts an operation. One that found nothing is a success there, too.
func (f *fieldOperation) observe(outcome int, seconds float64) {
	status := 0
	if name := outcomes[outcome].name; name != succeeded && name != "not_found" {
		status = 1
	}
	f.total[status].Inc()
	f.took[status].Observe(seconds)
}

// addFieldNames lets the meter of an engine that the service in the field has, too, count under its names.
func (t *Telemetry) addFieldNames(engine string, m *meter) {
	driver, known := fieldDrivers[engine]
	if !t.fieldNames || !known {
		return
	}
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: driver.total, Help: "Operations of the " + engine + " engine.",
	}, []string{"method", "status"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: driver.seconds, Help: "Time that an operation of the " + engine + " engine took; that of a list ends with its first document.",
		Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3},
	}, []string{"method", "status"})
	t.Registry.MustRegister(total, seconds)
	for op, method := range fieldMethods {
		if m.of[op].seconds == nil {
			continue // the engine has no such operation
		}
		if engine == conf.WatchZooKeeper && op == opDelete {
			method = "remove"
		}
		f := new(fieldOperation)
		for i, status := range []string{"SUCCESS", "FAILURE"} {
			f.total[i] = total.WithLabelValues(method, status)
			f.took[i] = seconds.WithLabelValues(method, status)
		}
		m.of[op].field = f
	}
}
