package sqlite

import (
	"context"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"testing"

	"bcs-storage/storage"
)

func openInternal(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), storage.Collections())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// explain is SQLite's plan of a statement, the steps joined by "; ".
func explain(t *testing.T, e *Engine, s *statement) string {
	t.Helper()
	var steps []string
	err := e.reads.with(t.Context(), func(c *conn) error {
		return c.query(context.Background(), "EXPLAIN QUERY PLAN "+s.String(), s.args, func(row []driver.Value) bool {
			steps = append(steps, row[3].(string))
			return true
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return strings.Join(steps, "; ")
}

// The hot queries read the intended index, in its order: SQLite never sorts.
func TestPlans(t *testing.T) {
	e := openInternal(t)
	for _, tc := range []struct {
		name string
		c    *storage.Collection
		q    storage.Query
		want []string // a source each
	}{
		{"everything", storage.Dynamic, storage.Query{}, []string{"SEARCH dynamic USING INDEX dynamic_id (id>? AND id<?)"}},
		{"a scope", storage.Dynamic, storage.Query{Scopes: podScope}, []string{"SEARCH dynamic USING INDEX dynamic_id (id>? AND id<?)"}},
		{"a value", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("data.status.hostIP", "10.0.0.1")}, []string{
			"SEARCH dynamic USING INDEX dynamic_v1 (scope=? AND v1=? AND id>? AND id<?)",
			"SEARCH dynamic USING INDEX dynamic_v1 (scope=? AND v1=? AND id>? AND id<?)"}},
		{"a host's cluster", storage.Hosts, storage.Query{Filter: in("clusterId", "c1")}, []string{
			"SEARCH host USING INDEX host_v0 (scope=? AND v0=? AND id>? AND id<?)",
			"SEARCH host USING INDEX host_v0 (scope=? AND v0=? AND id>? AND id<?)"}},
		{"a time", storage.Dynamic, storage.Query{Scopes: podScope, Filter: between("updateTime", 1, 5)}, []string{"SEARCH dynamic USING INDEX dynamic_id (id>? AND id<?)"}},
		{"newest first", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}}, []string{
			"SEARCH event USING INDEX event_order (scope=? AND (ord,id)>(?,?) AND (ord,id)<(?,?))"}},
		{"newest of all", storage.Events, storage.Query{}, []string{"SEARCH event USING INDEX event_all ((ord,id)>(?,?) AND (ord,id)<(?,?))"}},
		{"events of an object", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}, Filter: in("extraInfo.name", "x")}, []string{
			"SEARCH event USING INDEX event_v0 (scope=? AND v0=? AND (ord,id)>(?,?) AND (ord,id)<(?,?))",
			"SEARCH event USING INDEX event_v0 (scope=? AND v0=? AND (ord,id)>(?,?) AND (ord,id)<(?,?))"}},
		{"alarms", storage.Alarms, storage.Query{Scopes: []storage.Key{{"c1"}}}, []string{
			"SEARCH alarm USING INDEX alarm_order (scope=? AND (ord,id)>(?,?) AND (ord,id)<(?,?))"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := e.tables[tc.c]
			for i, src := range narrow(table, tc.q).groups[0].sources {
				var s statement
				c := cursor{s: &stream{t: table}, src: src}
				c.statement(&s, &src)
				if got := explain(t, e, &s); got != tc.want[i] {
					t.Errorf("source %d\n%s\n%s, want\n%s", i, s.String(), got, tc.want[i])
				}
			}
		})
	}
}

// What counts, jumps, probes or trims does not look at rows.
func TestPlansWithoutRows(t *testing.T) {
	e := openInternal(t)
	table := e.tables[storage.Dynamic]
	byTime := func(path string) source {
		return narrow(table, storage.Query{Scopes: podScope, Filter: between(path, 1, 5)}).groups[0].byTime[0]
	}
	all, updated, started := idRange("c1/", "c10"), byTime("updateTime"), byTime("data.status.startTime")
	trimmed := table.newestCreated(podScope[0])
	for _, tc := range []struct {
		name, columns, order string
		src                  source
		want                 string
	}{
		{"count", "count(*)", "", all, "SEARCH dynamic USING COVERING INDEX dynamic_id (id>? AND id<?)"},
		{"jump", "id", " ORDER BY id", all, "SEARCH dynamic USING COVERING INDEX dynamic_id (id>? AND id<?)"},
		{"count by update", "count(*)", "", updated, "SEARCH dynamic USING COVERING INDEX dynamic_updated (scope=? AND updated>? AND updated<?)"},
		{"probe", "id", "", started, "SEARCH dynamic USING COVERING INDEX dynamic_t0 (scope=? AND t0>? AND t0<?)"},
		{"trim", "rowid", " ORDER BY created DESC, id DESC", trimmed, "SEARCH dynamic USING COVERING INDEX dynamic_created (scope=?)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s statement
			s.add("SELECT " + tc.columns)
			s.from(table, &tc.src)
			s.add(tc.order)
			if got := explain(t, e, &s); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// A Put that leaves the indexed values alone writes no index of them: it
// assigns none of their columns.
func TestTouchAssignsNoSlot(t *testing.T) {
	for _, c := range storage.Collections() {
		table, err := newTable(c, defaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		set, _, _ := strings.Cut(table.touch, "WHERE")
		if !strings.HasSuffix(set, "SET updated = ?, summary = ?, body = ? ") {
			t.Errorf("%s: %s", c.Name, set)
		}
	}
}
