package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

// shapes are bodies of taskgroups, by name. data.status and data.podIP are
// indexed paths, data.x is not; both have to answer alike.
var shapes = []struct{ name, value string }{
	{"string", `"a"`},
	{"escaped", `"\u0061"`},
	{"other", `"b"`},
	{"upper", `"A"`},
	{"empty", `""`},
	{"one", `1`},
	{"onepoint", `1.0`},
	{"onee", `1e0`},
	{"textone", `"1"`},
	{"true", `true`},
	{"false", `false`},
	{"null", `null`},
	{"object", `{"a":"a"}`},
	{"array", `["a","b"]`},
	{"ones", `[1.0]`},
	{"nulls", `[null]`},
	{"none", `[]`},
	{"nested", `[["a"]]`},
	{"objects", `[{"a":"a"},"c"]`},
	{"big", `9007199254740993`},
	{"near", `9007199254740992`},
	{"star", `"*"`},
	{"long", `"` + strings.Repeat("l", 5000) + `"`},
	{"longer", `"` + strings.Repeat("l", 5001) + `"`},
	{"dotted", `"a．b"`},
	{"nul", `"a\u0000b"`},
}

// valueTests says which shapes each filter on a path holds for.
var valueTests = []struct {
	name   string
	filter func(storage.Path) storage.Filter
	holds  string
}{
	{"a", in(storage.String("a")), "string escaped array"},
	{"A", in(storage.String("A")), "upper"},
	{"a or 1", in(storage.String("a"), storage.Int(1), storage.String("a")), "string escaped array one onepoint onee ones"},
	{"empty", in(storage.String("")), "empty"},
	{"1", in(storage.Int(1)), "one onepoint onee ones"},
	{"text 1", in(storage.String("1")), "textone"},
	{"true", in(storage.Bool(true)), "true"},
	{"text true", in(storage.String("true")), ""},
	{"null or absent", in(storage.Null), "null nulls absent"},
	{"null or b", in(storage.Null, storage.String("b")), "null nulls absent other array"},
	{"nothing", in(), ""},
	{"big", in(storage.Int(9007199254740993)), "big"},
	{"star", in(storage.String("*")), "star"},
	{"long", in(storage.String(strings.Repeat("l", 5000))), "long"},
	{"dotted", in(storage.String("a．b")), "dotted"},
	{"dot", in(storage.String("a.b")), ""},
	{"nul", in(storage.String("a\x00b")), "nul"},
	{"cut", in(storage.String("a\x00")), ""},
	{"not UTF-8", in(storage.String("a\xff")), ""},
	{"many", in(manyValues()...), "string escaped array"},
	{"very many", in(slices.Repeat(manyValues(), 40)...), "string escaped array"},
	{"exists", func(p storage.Path) storage.Filter { return storage.Exists{Path: p} },
		"string escaped other upper empty one onepoint onee textone true false null object array ones nulls none nested objects big near star long longer dotted nul"},
	{"contains a", func(p storage.Path) storage.Filter { return storage.Contains{Path: p, Text: "a"} }, "string escaped array dotted nul"},
	{"contains nothing", func(p storage.Path) storage.Filter { return storage.Contains{Path: p} },
		"string escaped other upper empty textone array objects star long longer dotted nul"},
	{"contains a dot", func(p storage.Path) storage.Filter { return storage.Contains{Path: p, Text: "."} }, ""},
	{"contains a star", func(p storage.Path) storage.Filter { return storage.Contains{Path: p, Text: "*"} }, "star"},
	{"not a", func(p storage.Path) storage.Filter { return storage.Not{Filter: in(storage.String("a"))(p)} },
		"absent other upper empty one onepoint onee textone true false null object ones nulls none nested objects big near star long longer dotted nul"},
	{"inside", func(p storage.Path) storage.Filter { return in(storage.String("a"))(append(slices.Clip(p), "a")) }, "object objects"},
	{"first", func(p storage.Path) storage.Filter { return in(storage.String("a"))(append(slices.Clip(p), "0")) }, "array nested"},
	{"second", func(p storage.Path) storage.Filter {
		return in(storage.String("b"), storage.String("c"))(append(slices.Clip(p), "1"))
	}, "array objects"},
	{"nothing inside", func(p storage.Path) storage.Filter { return in(storage.Null)(append(slices.Clip(p), "a")) },
		"absent string escaped other upper empty one onepoint onee textone true false null array ones nulls none nested big near star long longer dotted nul"},
	{"both", func(p storage.Path) storage.Filter {
		return storage.And{in(storage.String("a"), storage.String("b"))(p), in(storage.String("b"))(p)}
	}, "other array"},
	{"either", func(p storage.Path) storage.Filter {
		return storage.Or{in(storage.String("b"))(p), in(storage.Bool(true))(p)}
	}, "other array true"},
}

func in(values ...storage.Value) func(storage.Path) storage.Filter {
	return func(p storage.Path) storage.Filter { return storage.OneOf(p, values...) }
}

func manyValues() (values []storage.Value) {
	for i := range 50 {
		values = append(values, storage.String(fmt.Sprint("v", i)))
	}
	return append(values, storage.String("a"))
}

func (s *suite) shapes(wrap string) {
	s.Helper()
	s.parallel(len(shapes)+1, func(i int) error {
		name, data := "absent", `{}`
		if i < len(shapes) {
			name, data = shapes[i].name, fmt.Sprintf(wrap, shapes[i].value)
		}
		doc := storage.NewDocument(storage.Dynamic, storage.Key{"c1", "taskgroup", "ns", name}, member("data", data))
		return s.store.Put(s.Context(), storage.Dynamic, doc, start)
	})
}

// sorted puts the words of a list in order.
func sorted(words string) string {
	list := strings.Fields(words)
	slices.Sort(list)
	return strings.Join(list, " ")
}

// spellings are values of a time, by name; the instants are around 2026-01-01T00:00:00Z.
var spellings = []struct{ name, value string }{
	{"a-before", `"2025-12-31T23:59:59.999Z"`},
	{"b-exact", `"2026-01-01T00:00:00Z"`},
	{"c-zone", `"2026-01-01T08:00:00+08:00"`},
	{"d-local", `"2026-01-01 00:00:00"`},
	{"e-unix", `1767225600`},
	{"f-text", `"1767225600"`},
	{"g-fraction", `1767225600.25`},
	{"h-later", `"2026-01-01T00:00:01Z"`},
	{"i-array", `["2026-01-01T00:00:00Z","2030-01-01T00:00:00Z"]`},
	{"j-none", `"soon"`},
	{"k-null", `null`},
	{"l-object", `{}`},
	{"m-zero", `"0001-01-01T00:00:00Z"`},
	{"n-micro", `"2026-01-01T00:00:00.0005Z"`},
}

var (
	newYear   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rangeTest = []struct {
		name     string
		from, to time.Time
		holds    string
	}{
		{"from is inclusive, to is not", newYear, newYear.Add(time.Second), "b c d e f g i n"},
		{"from is inclusive", newYear, time.Time{}, "b c d e f g h i n"},
		{"to is exclusive", time.Time{}, newYear, "a m"},
		{"a millisecond", newYear, newYear.Add(time.Millisecond), "b c d e f i n"},
		{"less than a millisecond", newYear, newYear.Add(400 * time.Microsecond), "b c d e f i"},
		{"begin within a millisecond", newYear.Add(400 * time.Microsecond), newYear.Add(time.Millisecond), "n"},
		{"end within a millisecond", newYear.Add(-time.Second), newYear.Add(500 * time.Microsecond), "a b c d e f i"},
		{"any instant", time.Time{}, time.Time{}, "a b c d e f g h i m n"},
		{"nothing", newYear, newYear, ""},
		{"the wrong way round", newYear.Add(time.Hour), newYear, ""},
		{"in another zone", newYear.In(time.FixedZone("", 3600)), newYear.Add(time.Second), "b c d e f g i n"},
		{"only in the array", newYear.AddDate(3, 0, 0), time.Time{}, "i"},
	}
)

var filterCases = []testCase{
	{"values on an indexed path", func(s *suite) { s.values(`{"status":%s}`, "data.status", nil) }},
	{"values on an indexed path, scoped", func(s *suite) {
		s.values(`{"podIP":%s}`, "data.podIP", []storage.Key{{"c1", "taskgroup"}, {"c2", "taskgroup"}})
	}},
	{"values in a namespace", func(s *suite) { s.values(`{"status":%s}`, "data.status", []storage.Key{{"c1", "taskgroup", "ns"}}) }},
	{"values on any path", func(s *suite) { s.values(`{"x":%s}`, "data.x", nil) }},
	{"values below an array of objects", func(s *suite) {
		for i, data := range []string{
			`{"status":[{"x":"a"},{"x":"b"}]}`, `[{"status":"a"},{"status":{"x":"c"}}]`, `{"status":{"x":["c","a"]}}`, `[[{"status":"a"}]]`, `{"status":[[{"x":"a"}]]}`,
		} {
			s.put(storage.Dynamic, storage.Key{"c1", "taskgroup", "ns", fmt.Sprint(i)}, data, start)
		}
		for _, scopes := range [][]storage.Key{nil, {{"c1", "taskgroup"}}} {
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: equals("data.status", storage.String("a"))}, "1")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: equals("data.status.x", storage.String("a"))}, "0 2")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: equals("data.status.1.x", storage.String("b"))}, "0")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: equals("data.0.status", storage.String("a"))}, "1 3")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: equals("data.status.x", storage.Null)}, "3 4")
		}
	}},
	{"keys with dots and dollars", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "a"), `{"labels":{"app.io/name":"x","$d":1}}`, start)
		s.put(storage.Dynamic, pod("ns", "b"), `{"labels":{"app":{"io/name":"x"},"app．io/name":"x"}}`, start)
		s.selects(storage.Dynamic, storage.Query{Filter: equals("data.labels.app．io/name", storage.String("x"))}, "a")
		s.selects(storage.Dynamic, storage.Query{Filter: equals("data.labels.app.io/name", storage.String("x"))}, "b")
		s.selects(storage.Dynamic, storage.Query{Filter: storage.OneOf(storage.Path{"data", "labels", "$d"}, storage.Int(1))}, "a")
		s.selects(storage.Dynamic, storage.Query{Filter: storage.Exists{Path: storage.Path{"data", "labels", "app．io/name"}}}, "b")
		s.equal(s.list(storage.Dynamic, storage.Query{Fields: fields("data.labels.app．io/name")}),
			[]string{`{"_id":"c1/Pod/ns/a","data":{"labels":{"app.io/name":"x"}}}`, `{"_id":"c1/Pod/ns/b"}`})
	}},
	{"times in every spelling, indexed", func(s *suite) {
		s.times(`{"startTime":%s}`, "data.startTime", []storage.Key{{"c1", "taskgroup"}})
	}},
	{"times in every spelling, not indexed", func(s *suite) { s.times(`{"x":%s}`, "data.x", nil) }},
	{"times by which lists are ordered", func(s *suite) {
		for _, sp := range spellings {
			s.putMembers(storage.Events, storage.Key{"c1", sp.name}, start, member("eventTime", sp.value), member("extraInfo", `{"name":"x"}`))
		}
		for _, tc := range rangeTest {
			f := storage.TimeRange{Path: storage.P("eventTime"), From: tc.from, To: tc.to}
			for _, q := range []storage.Query{
				{Filter: f},
				{Filter: f, Scopes: []storage.Key{{"c1"}}},
				{Filter: storage.And{f, f, equals("extraInfo.name", storage.String("x"))}, Scopes: []storage.Key{{"c1"}}},
				{Filter: storage.And{equals("extraInfo.name", storage.String("x")), f}},
			} {
				if got := sorted(initials(s.names(storage.Events, q))); got != tc.holds {
					s.Errorf("%s: %q, want %q", tc.name, got, tc.holds)
				}
				s.equal(s.count(storage.Events, q), int64(len(strings.Fields(tc.holds))))
			}
		}
	}},
	{"createTime and updateTime are instants", func(s *suite) {
		for i := range 6 {
			s.put(storage.Dynamic, pod("ns", fmt.Sprint(i)), `1`, later(i*1000))
			s.put(storage.Dynamic, pod("ns", fmt.Sprint(i)), `2`, later(i*1000+10000))
			s.putMembers(storage.Alarms, storage.Key{"c1", fmt.Sprint(i)}, later(i*1000), member("receivedTime", fmt.Sprint(i)))
		}
		rng := func(path string, from, to int) storage.Filter {
			return storage.TimeRange{Path: storage.P(path), From: later(from), To: later(to)}
		}
		for _, scopes := range [][]storage.Key{nil, {{"c1"}}, {{"c1", "Pod"}}, {{"c1", "Pod", "ns"}}} {
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: rng("createTime", 1000, 3000)}, "1 2")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: rng("updateTime", 11000, 13001)}, "1 2 3")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: storage.And{rng("updateTime", 11000, 13001), rng("createTime", 2000, 9000)}}, "2 3")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: storage.TimeRange{Path: storage.P("createTime"), From: later(4000).Add(-time.Microsecond)}}, "4 5")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: storage.TimeRange{Path: storage.P("createTime"), From: later(4000).Add(time.Microsecond)}}, "5")
			s.selects(storage.Dynamic, storage.Query{Scopes: scopes, Filter: storage.TimeRange{Path: storage.P("createTime"), To: later(1000).Add(time.Microsecond)}}, "0 1")
		}
		s.selects(storage.Dynamic, storage.Query{Filter: equals("createTime", storage.String(storage.FormatTime(later(2000))))}, "2")
		s.selects(storage.Dynamic, storage.Query{Filter: storage.Contains{Path: storage.P("createTime"), Text: "2026"}, Limit: 9}, "0 1 2 3 4 5")
		s.selects(storage.Alarms, storage.Query{Filter: rng("createTime", 1000, 3000)}, "2 1")
		s.selects(storage.Alarms, storage.Query{Scopes: []storage.Key{{"c1"}}, Filter: rng("createTime", 4000, 9000)}, "5 4")
		s.selects(storage.Alarms, storage.Query{Filter: storage.Exists{Path: storage.P("updateTime")}}, "")
		s.selects(storage.Alarms, storage.Query{Filter: rng("updateTime", 0, 90000)}, "")
	}},
}

func (s *suite) values(wrap, path string, scopes []storage.Key) {
	s.shapes(wrap)
	for _, tc := range valueTests {
		q := storage.Query{Scopes: scopes, Filter: tc.filter(storage.P(path))}
		if got, want := s.names(storage.Dynamic, q), sorted(tc.holds); got != want {
			s.Errorf("%s: %q, want %q", tc.name, got, want)
		}
		if got, want := s.count(storage.Dynamic, q), int64(len(strings.Fields(tc.holds))); got != want {
			s.Errorf("%s: counts %d, want %d", tc.name, got, want)
		}
	}
}

func (s *suite) times(wrap, path string, scopes []storage.Key) {
	for _, sp := range spellings {
		s.put(storage.Dynamic, storage.Key{"c1", "taskgroup", "ns", sp.name}, fmt.Sprintf(wrap, sp.value), start)
	}
	for _, tc := range rangeTest {
		f := storage.TimeRange{Path: storage.P(path), From: tc.from, To: tc.to}
		for _, filter := range []storage.Filter{f, storage.And{f, equals("namespace", storage.String("ns"))}} {
			q := storage.Query{Scopes: scopes, Filter: filter}
			if got := initials(s.names(storage.Dynamic, q)); got != tc.holds {
				s.Errorf("%s: %q, want %q", tc.name, got, tc.holds)
			}
			s.equal(s.count(storage.Dynamic, q), int64(len(strings.Fields(tc.holds))))
		}
	}
}

// initials are the words' parts before the dash.
func initials(words string) string {
	list := strings.Fields(words)
	for i, w := range list {
		list[i], _, _ = strings.Cut(w, "-")
	}
	return strings.Join(list, " ")
}
