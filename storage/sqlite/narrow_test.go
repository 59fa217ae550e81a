package sqlite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"

	"github.com/google/go-cmp/cmp"
)

// String writes a plan the way the tests below expect it: a line a source, the
// groups numbered, "*" for a source whose rows Match has to see.
func (p plan) String() string {
	var b strings.Builder
	for i, g := range p.groups {
		for _, s := range g.sources {
			fmt.Fprintf(&b, "%d %s\n", i, s.text())
		}
		for _, s := range g.byTime {
			fmt.Fprintf(&b, "%d by time: %s\n", i, s.text())
		}
	}
	return b.String()
}

func (src *source) text() string {
	text := src.index
	for _, c := range append(append([]cond{}, src.lead...), cond{sql: "|"}) {
		text += " " + c.text()
	}
	for _, c := range src.rest {
		text += " " + c.text()
	}
	if src.lo != "" || src.hi != nil {
		text += fmt.Sprintf(" [%q %q)", src.lo, src.hi)
	}
	if src.byOrder {
		text += fmt.Sprintf(" order [%s %s)", src.low.text(), src.high.text())
	}
	if !src.exact {
		text += " *"
	}
	return text
}

func (c cond) text() string {
	text := c.sql
	for _, arg := range c.args {
		text = strings.Replace(text, "?", fmt.Sprintf("%v", arg), 1)
	}
	if c.doubt != "" {
		text += " (doubt " + c.doubt + ")"
	}
	return text
}

func (p position) text() string {
	switch p {
	case firstPosition:
		return "first"
	case endPosition:
		return "end"
	case position{ord: noOrder + 1}:
		return "timed"
	}
	return fmt.Sprint(p.ord)
}

func in(path string, values ...string) storage.Filter {
	vs := []storage.Value{}
	for _, v := range values {
		vs = append(vs, storage.String(v))
	}
	return storage.OneOf(storage.P(path), vs...)
}

func between(path string, from, to int64) storage.Filter {
	return storage.TimeRange{Path: storage.P(path), From: time.UnixMilli(from), To: time.UnixMilli(to)}
}

func numbers(n int) (values []string) {
	for i := range n {
		values = append(values, fmt.Sprint(i))
	}
	return values
}

var podScope = []storage.Key{{"c1", "Pod"}}

func TestNarrow(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    *storage.Collection
		q    storage.Query
		want string
	}{
		{"everything", storage.Dynamic, storage.Query{}, `
0 id |
`},
		{"a scope", storage.Dynamic, storage.Query{Scopes: podScope}, `
0 id | ["c1/Pod/" "c1/Pod0")
`},
		{"a document", storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod", "a/b", "x"}}}, `
0 id | ["c1/Pod/a%2Fb/x" "c1/Pod/a%2Fb/x\x00")
`},
		{"a document and a filter", storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod", "a", "x"}}, Filter: in("data.status.phase", "Running")}, `
0 id | ["c1/Pod/a/x" "c1/Pod/a/x\x00") *
`},
		{"scopes in order, one within another", storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c2"}, {"c1", "Pod"}, {"c1"}, {"c2"}}}, `
0 id | ["c1/" "c10")
1 id | ["c2/" "c20")
`},
		{"key fields make keys", storage.Dynamic, storage.Query{Filter: storage.And{in("namespace", "b", "a"), in("clusterId", "c1"), in("resourceType", "Pod")}}, `
0 id | ["c1/Pod/a/" "c1/Pod/a0")
1 id | ["c1/Pod/b/" "c1/Pod/b0")
`},
		{"a whole key", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.And{in("namespace", "a"), in("resourceName", "x")}}, `
0 id | ["c1/Pod/a/x" "c1/Pod/a/x\x00")
`},
		{"key fields that contradict the scope", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("clusterId", "c2")}, "\n"},
		{"a key field behind one that is not known", storage.Dynamic, storage.Query{Filter: in("resourceType", "Pod")}, `
0 id | *
`},
		{"no namespace", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.OneOf(storage.P("namespace"), storage.Null)}, `
0 id | ["c1/Pod//" "c1/Pod/0")
`},
		{"_id", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("_id", "c1/Pod/a/x", "c2/Pod/a/x", "c1/Pod/a")}, `
0 id | ["c1/Pod/a/x" "c1/Pod/a/x\x00")
`},
		{"the name alone is in a slot that never has many", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("resourceName", "x")}, `
0 v0 scope = c1/Pod/ v0 = sx | ["c1/Pod/" "c1/Pod0")
`},
		{"an indexed value", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("data.status.hostIP", "10.0.0.1")}, `
0 v1 scope = c1/Pod/ v1 = s10.0.0.1 | ["c1/Pod/" "c1/Pod0")
0 v1 scope = c1/Pod/ v1 = '*' | ["c1/Pod/" "c1/Pod0") *
`},
		{"the fewest values choose the index", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.And{in("data.status.phase", "a", "b"), in("data.status.hostIP", "10.0.0.1", "10.0.0.1")}}, `
0 v1 scope = c1/Pod/ v1 = s10.0.0.1 | v3 IN (sa, sb, '*') (doubt v3 = '*') ["c1/Pod/" "c1/Pod0")
0 v1 scope = c1/Pod/ v1 = '*' | v3 IN (sa, sb, '*') (doubt v3 = '*') ["c1/Pod/" "c1/Pod0") *
`},
		{"a path indexed for another type", storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Service"}}, Filter: in("data.status.hostIP", "10.0.0.1")}, `
0 id | ["c1/Service/" "c1/Service0") *
`},
		{"null is not in the index", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.OneOf(storage.P("data.status.hostIP"), storage.Null)}, `
0 id | ["c1/Pod/" "c1/Pod0") *
`},
		{"values that are not texts", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.OneOf(storage.P("data.status.hostIP"), storage.Int(1), storage.Bool(true))}, `
0 v1 scope = c1/Pod/ v1 = n1 | ["c1/Pod/" "c1/Pod0")
0 v1 scope = c1/Pod/ v1 = btrue | ["c1/Pod/" "c1/Pod0")
0 v1 scope = c1/Pod/ v1 = '*' | ["c1/Pod/" "c1/Pod0") *
`},
		{"too many values for SQL", storage.Dynamic, storage.Query{Scopes: podScope, Filter: in("data.status.hostIP", numbers(300)...)}, `
0 id | ["c1/Pod/" "c1/Pod0") *
`},
		{"only Match knows not", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.Not{Filter: in("resourceName", "x")}}, `
0 id | ["c1/Pod/" "c1/Pod0") *
`},
		{"only Match knows one of two", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.Or{in("resourceName", "x")}}, `
0 id | ["c1/Pod/" "c1/Pod0") *
`},
		{"half of an and", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.And{storage.And{in("resourceName", "x")}, storage.Exists{Path: storage.P("data")}}}, `
0 v0 scope = c1/Pod/ v0 = sx | ["c1/Pod/" "c1/Pod0") *
`},
		{"updateTime", storage.Dynamic, storage.Query{Scopes: podScope, Filter: between("updateTime", 1, 5)}, `
0 id | updated >= 1 AND updated < 5 ["c1/Pod/" "c1/Pod0")
0 by time: updated scope = c1/Pod/ updated >= 1 AND updated < 5 | ["c1/Pod/" "c1/Pod0")
`},
		{"updateTime of what has none", storage.Alarms, storage.Query{Filter: between("updateTime", 1, 5)}, `
0 all | order [first end) *
`},
		{"a time in the document", storage.Dynamic, storage.Query{Scopes: podScope, Filter: between("data.status.startTime", 1, 5)}, `
0 id | (t0 >= 1 AND t0 < 5 OR t0 = '*') (doubt t0 = '*') ["c1/Pod/" "c1/Pod0")
0 by time: t0 scope = c1/Pod/ t0 >= 1 AND t0 < 5 | ["c1/Pod/" "c1/Pod0")
0 by time: t0 scope = c1/Pod/ t0 = '*' | ["c1/Pod/" "c1/Pod0") *
`},
		{"within a millisecond", storage.Dynamic, storage.Query{Scopes: podScope, Filter: storage.TimeRange{Path: storage.P("data.status.startTime"), From: time.UnixMicro(1500)}}, `
0 id | (t0 >= 1 AND t0 < 9223372036854775807 OR t0 = '*') (doubt t0 = '*') ["c1/Pod/" "c1/Pod0") *
0 by time: t0 scope = c1/Pod/ t0 >= 1 AND t0 < 9223372036854775807 | ["c1/Pod/" "c1/Pod0") *
0 by time: t0 scope = c1/Pod/ t0 = '*' | ["c1/Pod/" "c1/Pod0") *
`},
		{"createTime everywhere", storage.Dynamic, storage.Query{Filter: storage.TimeRange{Path: storage.P("createTime"), To: time.UnixMicro(1500)}}, `
0 id | created >= -9223372036854775807 AND created < 2
`},
		{"newest first", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}}, `
0 order scope = c1/ | order [first end)
`},
		{"newest first of all", storage.Events, storage.Query{}, `
0 all | order [first end)
`},
		{"newest first of two", storage.Events, storage.Query{Filter: in("clusterId", "c1", "c2")}, `
0 order scope = c1/ | order [first end)
0 order scope = c2/ | order [first end)
`},
		{"a range of the order", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}, Filter: between("eventTime", 1, 5)}, `
0 order scope = c1/ | order [1 5)
0 order scope = c1/ | t0 = '*' order [first timed) *
`},
		{"a value and a range of the order", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}, Filter: storage.And{in("extraInfo.name", "x"), between("eventTime", 1, 5)}}, `
0 v0 scope = c1/ v0 = sx | order [1 5)
0 v0 scope = c1/ v0 = sx | t0 = '*' order [first timed) *
0 v0 scope = c1/ v0 = '*' | order [1 5) *
0 v0 scope = c1/ v0 = '*' | t0 = '*' order [first timed) *
`},
		{"a value everywhere", storage.Events, storage.Query{Filter: in("extraInfo.name", "x")}, `
0 all | v0 IN (sx, '*') (doubt v0 = '*') order [first end)
`},
		{"an event by its key", storage.Events, storage.Query{Scopes: []storage.Key{{"c1", "e"}, {"c2"}}}, `
0 id | ["c1/e" "c1/e\x00")
0 order scope = c2/ | order [first end)
`},
		{"createTime of events", storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}, Filter: between("createTime", 1, 5)}, `
0 order scope = c1/ | created >= 1 AND created < 5 order [first end)
0 by time: created scope = c1/ created >= 1 AND created < 5 | ["c1/" "c10")
`},
		{"hosts of a cluster", storage.Hosts, storage.Query{Filter: in("clusterId", "c1")}, `
0 v0 scope =  v0 = sc1 |
0 v0 scope =  v0 = '*' | *
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, err := newTable(tc.c, defaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, "\n"+narrow(table, tc.q).String()); diff != "" {
				t.Errorf("wrong plan (-want +got):\n%s", diff)
			}
		})
	}
}

// Values that become keys multiply: beyond a bound they stay with Match.
func TestNarrowBoundsTargets(t *testing.T) {
	table, err := newTable(storage.Dynamic, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	q := storage.Query{Filter: storage.And{in("clusterId", numbers(40)...), in("resourceType", numbers(40)...)}}
	p := narrow(table, q)
	if len(p.targets) != 40 || p.keysOnly || p.groups[0].sources[0].exact {
		t.Errorf("%d targets, keys only %t", len(p.targets), p.keysOnly)
	}
}
