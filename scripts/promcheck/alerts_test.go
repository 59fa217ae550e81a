package promcheck

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

const alertsFile = "../../conf/prometheus/alerts.yaml"

// inText is a label in the text of an alert.
var inText = regexp.MustCompile(`\$labels\.(\w+)`)

func readAlerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	raw, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(raw, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if t.Failed() {
		t.FailNow()
	}
	rules := map[string]rulefmt.Rule{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			rules[r.Alert] = r
		}
	}
	return rules
}

// TestAlertRules: every rule asks for what there is, waits, and says how bad it is and what it means.
func TestAlertRules(t *testing.T) {
	exported := readInventory(t)
	for name, r := range readAlerts(t) {
		used := exported.check(t, name, r.Expr)
		if r.For == 0 {
			t.Errorf("%s fires at the first glimpse", name)
		}
		if s := r.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("%s: severity %q", name, s)
		}
		for _, text := range []string{"summary", "description"} {
			if r.Annotations[text] == "" {
				t.Errorf("%s has no %s", name, text)
			}
			used.mustHaveAll(t, name, inText, r.Annotations[text])
		}
	}
}

// given are series, a sample a minute for an hour and a half: what a series is at the begin and what is
// added every minute. quiet is what is so in a good hour, fires what makes the alert fire.
type given struct {
	series       string
	start, every float64
}

var cases = map[string]struct{ quiet, fires []given }{
	"BcsStorageAbsent": {
		quiet: []given{{`up{job="bcs-storage",instance="c"}`, 1, 0}},
		fires: []given{{`up{job="other",instance="a"}`, 1, 0}},
	},
	"BcsStorageDown": {
		quiet: []given{{`up{job="bcs-storage",instance="a"}`, 1, 0}, {`up{job="other",instance="a"}`, 0, 0}},
		fires: []given{{`up{job="bcs-storage",instance="a"}`, 1, 0}, {`up{job="bcs-storage",instance="b"}`, 0, 0}},
	},
	"BcsStorageNotReady": {
		quiet: []given{{`bcs_storage_ready{part="storage"}`, 1, 0}},
		fires: []given{{`bcs_storage_ready{part="storage"}`, 1, 0}, {`bcs_storage_ready{part="watch"}`, 0, 0}},
	},
	"BcsStorageErrors": {
		quiet: []given{{`bcs_storage_http_requests_total{route="r",method="GET",status="200",code="10004"}`, 0, 1000}, {`bcs_storage_http_request_errors_total{route="r",method="GET"}`, 5, 5}},
		fires: []given{{`bcs_storage_http_requests_total{route="r",method="GET",status="200",code="0"}`, 0, 1000}, {`bcs_storage_http_request_errors_total{route="r",method="GET"}`, 0, 20}},
	},
	"BcsStorageSlow": {
		quiet: latency(`bcs_storage_http_request_duration_seconds_bucket{route="r",method="GET"`, 0.9995),
		fires: latency(`bcs_storage_http_request_duration_seconds_bucket{route="r",method="GET"`, 0.97),
	},
	"BcsStorageEngineSlow": {
		quiet: append(latency(`bcs_storage_engine_operation_duration_seconds_bucket{engine="sqlite",operation="put"`, 0.9995),
			latency(`bcs_storage_engine_operation_duration_seconds_bucket{engine="sqlite",operation="count"`, 0.5)...),
		fires: latency(`bcs_storage_engine_operation_duration_seconds_bucket{engine="sqlite",operation="put"`, 0.97),
	},
	"BcsStorageEngineErrors": {
		quiet: []given{{`bcs_storage_engine_operations_total{engine="sqlite",operation="get",outcome="not_found"}`, 0, 9}, {`bcs_storage_engine_operations_total{engine="sqlite",operation="get",outcome="error"}`, 3, 0}},
		fires: []given{{`bcs_storage_engine_operations_total{engine="mongodb",operation="put",outcome="unavailable"}`, 0, 1}},
	},
	"BcsStorageClusterSilent": {
		quiet: []given{{`bcs_storage_cluster_last_write_age_seconds{clusterId="C",instance="a"}`, 0, 60}, {`bcs_storage_cluster_last_write_age_seconds{clusterId="C",instance="b"}`, 30, 0}},
		fires: []given{{`bcs_storage_cluster_last_write_age_seconds{clusterId="C",instance="a"}`, 0, 60}, {`bcs_storage_cluster_last_write_age_seconds{clusterId="C",instance="b"}`, 30, 60}},
	},
	"BcsStorageEvictions": {
		quiet: []given{{`bcs_storage_retention_removed_total{collection="event",by="age"}`, 0, 9}, {`bcs_storage_retention_removed_total{collection="event",by="count"}`, 7, 0}},
		fires: []given{{`bcs_storage_retention_removed_total{collection="event",by="count"}`, 0, 1}},
	},
	"BcsStorageRetentionFails": {
		quiet: []given{{`bcs_storage_retention_sweeps_total{outcome="ok"}`, 0, 1}, {`bcs_storage_retention_sweeps_total{outcome="error"}`, 1, 0}},
		fires: []given{{`bcs_storage_retention_sweeps_total{outcome="error"}`, 0, 0.1}},
	},
	"BcsStorageCommitsFail": {
		quiet: []given{{`bcs_storage_sqlite_commit_failures_total`, 4, 0}},
		fires: []given{{`bcs_storage_sqlite_commit_failures_total`, 0, 1}},
	},
	"BcsStorageMongoDBPoolNearlyExhausted": {
		quiet: []given{{`bcs_storage_mongodb_pool_connections_in_use{server="s"}`, 80, 0}, {`bcs_storage_mongodb_pool_connections_max{server="s"}`, 100, 0}, {`bcs_storage_mongodb_pool_connections_in_use{server="n"}`, 9, 0}, {`bcs_storage_mongodb_pool_connections_max{server="n"}`, 0, 0}},
		fires: []given{{`bcs_storage_mongodb_pool_connections_in_use{server="s"}`, 95, 0}, {`bcs_storage_mongodb_pool_connections_max{server="s"}`, 100, 0}},
	},
	"BcsStorageMongoDBPoolExhausted": {
		quiet: []given{{`bcs_storage_mongodb_pool_checkout_failures_total{reason="timeout"}`, 2, 0}, {`bcs_storage_mongodb_pool_checkout_failures_total{reason="poolClosed"}`, 0, 1}},
		fires: []given{{`bcs_storage_mongodb_pool_checkout_failures_total{reason="timeout"}`, 0, 1}},
	},
	"BcsStorageZooKeeperSessionLost": {
		quiet: []given{{`bcs_storage_zookeeper_session_up`, 1, 0}},
		fires: []given{{`bcs_storage_zookeeper_session_up`, 0, 0}},
	},
	"BcsStorageRequestsLimited": {
		quiet: []given{{`bcs_storage_limited_requests_total{limit="callerRate"}`, 7, 0}},
		fires: []given{{`bcs_storage_limited_requests_total{limit="callerRate"}`, 0, 1}},
	},
	"BcsStorageFilesExhausted": {
		quiet: []given{{`process_open_fds{job="bcs-storage"}`, 79, 0}, {`process_max_fds{job="bcs-storage"}`, 100, 0}},
		fires: []given{{`process_open_fds{job="bcs-storage"}`, 81, 0}, {`process_max_fds{job="bcs-storage"}`, 100, 0}},
	},
}

// latency is a histogram that grows: that share of it is within 250 ms.
func latency(bucket string, within float64) []given {
	return []given{{bucket + `,le="0.05"}`, 0, 1000 * within}, {bucket + `,le="0.25"}`, 0, 1000 * within}, {bucket + `,le="1"}`, 0, 1000}, {bucket + `,le="+Inf"}`, 0, 1000}}
}

// TestAlertsFire: each fires on what it is for, all the time that it waits, and on nothing else.
func TestAlertsFire(t *testing.T) {
	rules := readAlerts(t)
	for name := range cases {
		if _, known := rules[name]; !known {
			t.Errorf("there is no alert %s", name)
		}
	}
	for name, r := range rules {
		c, known := cases[name]
		if !known {
			t.Errorf("%s: nothing shows that it fires", name)
			continue
		}
		for i := range 2 { // now, and as long ago as it waits
			at := end.Add(-time.Duration(i) * time.Duration(r.For))
			if found := ask(t, c.quiet, r.Expr, at); found != "" {
				t.Errorf("%s fires in a good hour: %s", name, found)
			}
			if found := ask(t, c.fires, r.Expr, at); found == "" {
				t.Errorf("%s does not fire", name)
			}
		}
		others := []given{}
		for other, c := range cases {
			if other != name {
				others = append(others, c.quiet...)
			}
		}
		if found := ask(t, others, r.Expr, end); found != "" {
			t.Errorf("%s fires while all is well: %s", name, found)
		}
	}
}

const length = 90 // minutes

var end = time.Unix(1800000000, 0)

// ask answers what an expression finds among the series at a time, "" is nothing.
func ask(t *testing.T, all []given, expr string, at time.Time) string {
	t.Helper()
	p := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: p, LookbackDelta: 5 * time.Minute})
	var stored memory
	for _, g := range all {
		l, err := p.ParseMetric(g.series)
		if err != nil {
			t.Fatal(err)
		}
		var samples []chunks.Sample
		for i := range length + 1 {
			samples = append(samples, sample{end.Add(time.Duration(i-length) * time.Minute).UnixMilli(), g.start + g.every*float64(i)})
		}
		stored = append(stored, storage.NewListSeries(l, samples))
	}
	query, err := engine.NewInstantQuery(t.Context(), stored, nil, expr, at)
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	if result.Err != nil {
		t.Fatalf("%s: %v", expr, result.Err)
	}
	return strings.TrimSpace(fmt.Sprint(result.Value))
}

// sample is a chunks.Sample that is a number.
type sample struct {
	t int64
	f float64
}

func (s sample) T() int64                      { return s.t }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// memory are series to ask.
type memory []storage.Series

func (m memory) Querier(_, _ int64) (storage.Querier, error) { return m, nil }

func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &set{at: -1}
	for _, s := range m {
		if matches(s.Labels(), matchers) {
			found.all = append(found.all, s)
		}
	}
	return found
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

func (memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}
func (memory) Close() error { return nil }

// set is a storage.SeriesSet.
type set struct {
	all []storage.Series
	at  int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.all) }
func (s *set) At() storage.Series                { return s.all[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }
