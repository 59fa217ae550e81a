package storage_test

import (
	"testing"
	"time"

	"bcs-storage/storage"
)

// oneOf is an In filter over JSON scalars.
func oneOf(path string, scalars ...string) storage.In {
	var values []storage.Value
	for _, raw := range scalars {
		v, ok := storage.ParseValue([]byte(raw))
		if !ok {
			panic(raw + " is no scalar")
		}
		values = append(values, v)
	}
	return storage.OneOf(storage.P(path), values...)
}

func TestMatch(t *testing.T) {
	const (
		pod = `{"resourceName":"web-1","data":{
			"status":{"phase":"Running","restarts":3,"version":"3","ready":true,"reason":null,"big":9223372036854775807},
			"labels":{"app.kubernetes.io/name":"shop","app":"x\n\u0061"},
			"containers":[{"name":"c0","ports":[80,443],"env":[{"k":"A"},{"k":"B"}]},{"name":"c1"},"side",null],
			"tags":["red","gr\u0065en",7,null,["nested"],{"o":1}],
			"matrix":[[1,2],[3,[4]],[{"x":5}]],
			"keyed":{"0":"zero","1":{"x":"one"}},
			"rows":[{"0":"member","x":"r0"},{"x":"r1"}],
			"none":[],"empty":{},
			"t":"2017-09-26 12:00:00","times":["soon",1506427200,"2017-09-26T20:00:01+08:00"]}}`
	)
	path := storage.P
	exists := func(p string) storage.Filter { return storage.Exists{Path: path(p)} }
	contains := func(p, text string) storage.Filter { return storage.Contains{Path: path(p), Text: text} }
	between := func(p string, from, to time.Time) storage.Filter {
		return storage.TimeRange{Path: path(p), From: from, To: to}
	}
	yes, no := exists("data"), exists("nothing")
	many := []string{`"a"`, `"b"`, `"c"`, `"d"`, `"e"`, `"f"`, `"g"`, `"h"`, `"i"`}
	var open time.Time
	for _, tc := range []struct {
		name   string
		filter storage.Filter
		want   bool
	}{
		{"nil", nil, true},
		{"empty and", storage.And{}, true},
		{"and", storage.And{yes, yes}, true},
		{"and with one that fails", storage.And{yes, no}, false},
		{"and with nil", storage.And{nil, yes}, true},
		{"empty or", storage.Or{}, false},
		{"or", storage.Or{no, yes}, true},
		{"or of none", storage.Or{no, no}, false},
		{"not", storage.Not{Filter: no}, true},
		{"not not", storage.Not{Filter: storage.Not{Filter: no}}, false},
		{"not nil", storage.Not{}, false},

		{"exists", exists("data.status.phase"), true},
		{"exists, null", exists("data.status.reason"), true},
		{"exists, empty array", exists("data.none"), true},
		{"exists, empty object", exists("data.empty"), true},
		{"exists, nowhere", exists("data.status.x"), false},
		{"exists, below a scalar", exists("data.status.phase.x"), false},
		{"exists, below null", exists("data.status.reason.x"), false},
		{"exists, below an empty array", exists("data.none.x"), false},
		{"exists, a name is not its prefix", exists("data.stat"), false},
		{"exists, names have case", exists("data.Status"), false},
		{"exists, key with dots", exists("data.labels.app．kubernetes．io/name"), true},
		{"exists, dots are not a path", exists("data.labels.app.kubernetes"), false},
		{"exists, no path", storage.Exists{}, false},

		{"in, string", oneOf("data.status.phase", `"Running"`), true},
		{"in, one of some", oneOf("data.status.phase", `"Failed"`, `"Running"`), true},
		{"in, other string", oneOf("data.status.phase", `"running"`, `"Run"`, `"Runningg"`), false},
		{"in, nothing", oneOf("data.status.phase"), false},
		{"in, escapes in the document", oneOf("data.labels.app", `"x\na"`), true},
		{"in, escapes are not text", oneOf("data.labels.app", `"x\\n\\u0061"`), false},
		{"in, number", oneOf("data.status.restarts", `3`), true},
		{"in, number in another spelling", oneOf("data.status.restarts", `30e-1`), true},
		{"in, number is no string", oneOf("data.status.restarts", `"3"`), false},
		{"in, string is no number", oneOf("data.status.version", `3`, `true`, `null`), false},
		{"in, 64 bits", oneOf("data.status.big", `9223372036854775807`), true},
		{"in, 64 bits are exact", oneOf("data.status.big", `9223372036854775806`), false},
		{"in, bool", oneOf("data.status.ready", `true`), true},
		{"in, other bool", oneOf("data.status.ready", `false`, `"true"`, `1`), false},
		{"in, null", oneOf("data.status.reason", `null`), true},
		{"in, null is not empty", oneOf("data.status.reason", `""`, `0`, `false`), false},
		{"in, null for what is absent", oneOf("data.status.x", `"a"`, `null`), true},
		{"in, null for what is below a scalar", oneOf("data.status.phase.x", `null`), true},
		{"in, null is not a value", oneOf("data.status.phase", `null`), false},
		{"in, null is not an object", oneOf("data.empty", `null`), false},
		{"in, null is not an empty array", oneOf("data.none", `null`), false},
		{"in, null below an empty array", oneOf("data.none.x", `null`), true},
		{"in, null where one element lacks it", oneOf("data.containers.ports", `null`), false},
		{"in, object", oneOf("data.status", `"Running"`), false},

		{"in, many values", oneOf("data.status.phase", append(many, `"Running"`)...), true},
		{"in, many other values", oneOf("data.status.phase", append(many, `"running"`)...), false},
		{"in, many values and a number", oneOf("data.status.restarts", append(many, `3.0`)...), true},
		{"in, many values and an escape", oneOf("data.labels.app", append(many, `"x\na"`)...), true},
		{"in, many values and null", oneOf("data.status.reason", append(many, `null`)...), true},
		{"in, many values and null for what is absent", oneOf("data.x", append(many, `null`)...), true},
		{"in, many values in an array", oneOf("data.tags", append(many, `7`)...), true},
		{"in, many values, none in an array", oneOf("data.tags", append(many, `8`)...), false},

		{"array holds string", oneOf("data.tags", `"red"`), true},
		{"array holds escaped string", oneOf("data.tags", `"green"`), true},
		{"array holds number", oneOf("data.tags", `7`), true},
		{"array holds null", oneOf("data.tags", `null`), true},
		{"array does not hold", oneOf("data.tags", `"blue"`), false},
		{"array in an array does not count", oneOf("data.tags", `"nested"`), false},
		{"array below an array", oneOf("data.containers.ports", `443`), true},

		{"walk through an array", oneOf("data.containers.name", `"c1"`), true},
		{"walk through an array, no match", oneOf("data.containers.name", `"c2"`), false},
		{"walk through two arrays", oneOf("data.containers.env.k", `"B"`), true},
		{"walk, exists", exists("data.containers.env.k"), true},
		{"walk does not enter nested arrays", oneOf("data.matrix.x", `5`), false},
		{"walk enters nested arrays by index", oneOf("data.matrix.2.x", `5`), true},
		{"element", oneOf("data.containers.0.name", `"c0"`), true},
		{"other element", oneOf("data.containers.1.name", `"c0"`), false},
		{"element of an element", oneOf("data.matrix.1.0", `3`), true},
		{"element that is an array", oneOf("data.matrix.0", `2`), true},
		{"element of an element that is an array", oneOf("data.matrix.1.1", `4`), true},
		{"element that is a scalar", oneOf("data.containers.2", `"side"`), true},
		{"element that is null", exists("data.containers.3"), true},
		{"element behind the end", exists("data.containers.4"), false},
		{"index with a leading zero", exists("data.containers.00"), false},
		{"index with a sign", exists("data.containers.-1"), false},
		{"index that overflows", exists("data.containers.18446744073709551616"), false},
		{"member in digits", oneOf("data.keyed.0", `"zero"`), true},
		{"member in digits on the way", oneOf("data.keyed.1.x", `"one"`), true},
		{"digits pick an element", oneOf("data.rows.0.x", `"r0"`), true},
		{"digits name a member of the elements", oneOf("data.rows.0", `"member"`), true},
		{"array of arrays by index and walk", oneOf("data.containers.0.env.1.k", `"B"`), true},

		{"contains", contains("data.status.phase", "unn"), true},
		{"contains all", contains("data.status.phase", "Running"), true},
		{"contains nothing", contains("data.status.phase", ""), true},
		{"contains no more", contains("data.status.phase", "Running "), false},
		{"contains has case", contains("data.status.phase", "run"), false},
		{"contains, escapes", contains("data.labels.app", "\na"), true},
		{"contains, escapes are not text", contains("data.labels.app", `\n`), false},
		{"contains, array", contains("data.tags", "ree"), true},
		{"contains, array of arrays", contains("data.tags", "est"), false},
		{"contains, through an array", contains("data.containers.name", "c"), true},
		{"contains, number", contains("data.status.restarts", "3"), false},
		{"contains, null", contains("data.status.reason", ""), false},
		{"contains, absent", contains("data.x", ""), false},
		{"contains is no pattern", contains("data.status.phase", "R.n"), false},

		{"range", between("data.t", noon, noon.Add(time.Second)), true},
		{"range, from is included", between("data.t", noon, open), true},
		{"range, to is not", between("data.t", open, noon), false},
		{"range, before", between("data.t", noon.Add(1), open), false},
		{"range, open", between("data.t", open, open), true},
		{"range, open for what is no time", between("data.status.phase", open, open), false},
		{"range, open for null", between("data.status.reason", open, open), false},
		{"range, open for what is absent", between("data.x", open, open), false},
		{"range, reversed", between("data.t", noon.Add(1), noon.Add(-1)), false},
		{"range, number", between("data.status.restarts", time.Unix(3, 0), time.Unix(4, 0)), true},
		{"range, array", between("data.times", noon.Add(time.Second), noon.Add(2*time.Second)), true},
		{"range, array, no element", between("data.times", noon.Add(2*time.Second), open), false},
		{"range, one element must be within", between("data.times", noon.Add(1), noon.Add(time.Second)), false},
		{"range, bounds of another zone", between("data.t", noon.In(shanghai), noon.Add(1).In(shanghai)), true},

		{"own id", oneOf("_id", `"c/Pod/ns/web-1"`), true},
		{"own id contains", contains("_id", "/Pod/"), true},
		{"own createTime", oneOf("createTime", `"2018-03-14T10:01:38.005Z"`), true},
		{"own createTime, range", between("createTime", created, created.Add(1)), true},
		{"own updateTime is cut to a millisecond", between("updateTime", open, updated), true},
		{"own createTime has nothing below", exists("createTime.x"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := storage.Record{ID: "c/Pod/ns/web-1", Body: []byte(pod), Created: created, Updated: updated}
			if got := storage.Match(tc.filter, &r); got != tc.want {
				t.Errorf("Match(%+v) = %v, want %v", tc.filter, got, tc.want)
			}
		})
	}
}

// TestMatchOwnNames: _id, createTime and updateTime are the record's where it
// has them and the body's where it has not.
func TestMatchOwnNames(t *testing.T) {
	const body = ` {"_id":"body","createTime":"2000-01-01T00:00:00.000Z","updateTime":{"x":1}} `
	own := storage.Record{ID: "own", Body: []byte(body), Created: created, Updated: updated}
	bare := storage.Record{Body: []byte(body)}
	empty := storage.Record{Body: []byte(`{}`)}
	for _, tc := range []struct {
		name             string
		filter           storage.Filter
		own, bare, empty bool
	}{
		{"id of the record", oneOf("_id", `"own"`), true, false, false},
		{"id of the body", oneOf("_id", `"body"`), false, true, false},
		{"id is there", storage.Exists{Path: storage.P("_id")}, true, true, false},
		{"createTime of the record", oneOf("createTime", `"2018-03-14T10:01:38.005Z"`), true, false, false},
		{"createTime of the body", oneOf("createTime", `"2000-01-01T00:00:00.000Z"`), false, true, false},
		{"below updateTime", oneOf("updateTime.x", `1`), false, true, false},
		{"null for an absent time", oneOf("updateTime", `null`), false, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, c := range []struct {
				r    storage.Record
				want bool
			}{{own, tc.own}, {bare, tc.bare}, {empty, tc.empty}} {
				if got := storage.Match(tc.filter, &c.r); got != c.want {
					t.Errorf("Match on %+v = %v, want %v", c.r, got, c.want)
				}
			}
		})
	}
}

// TestMatchEscapedNames: a name is what it decodes to, however it is written.
func TestMatchEscapedNames(t *testing.T) {
	r := storage.Record{Body: []byte(`{"\u0061":1,"\n":2,"\\t":3,"q\"":4,"\ud83d\ude00":5}`)}
	for _, tc := range []struct {
		name string
		want string // "" is absent
	}{
		{"a", `1`}, {`\u0061`, ``}, {"\n", `2`}, {`\n`, ``}, {`\t`, `3`}, {`\\t`, ``}, {"\t", ``}, {`q"`, `4`}, {`q\"`, ``}, {"😀", `5`},
	} {
		path := storage.Path{tc.name}
		if got := storage.Match(storage.Exists{Path: path}, &r); got != (tc.want != "") {
			t.Errorf("%q exists: %v, want %v", tc.name, got, tc.want != "")
		}
		if v, ok := storage.ParseValue([]byte(tc.want)); ok && !storage.Match(storage.OneOf(path, v), &r) {
			t.Errorf("%q is not %s", tc.name, tc.want)
		}
	}
}

func TestTimeRangeHolds(t *testing.T) {
	var open time.Time
	for _, tc := range []struct {
		from, to, at time.Time
		want         bool
	}{
		{open, open, noon, true},
		{open, open, open, true},
		{noon, open, noon, true},
		{noon, open, noon.Add(-1), false},
		{open, noon, noon, false},
		{open, noon, noon.Add(-1), true},
		{noon, noon, noon, false},
	} {
		if got := (storage.TimeRange{From: tc.from, To: tc.to}).Holds(tc.at); got != tc.want {
			t.Errorf("%v <= %v < %v: %v, want %v", tc.from, tc.at, tc.to, got, tc.want)
		}
	}
}

// TestTextsAreFoundHoweverTheyAreWritten: a search of the body for the text may only spare
// a walk that would find nothing.
func TestTextsAreFoundHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		body string
		text string
		want bool
	}{
		{`{"a":"web"}`, "web", true},
		{`{"a":"web-1"}`, "web", false},
		{`{"b":"web"}`, "web", false},
		{`{"a":["x","web"]}`, "web", true},
		{`{"a":"\u0077eb"}`, "web", true},
		{`{"a":"w\u0065\u0062","b":"web"}`, "web", true},
		{`{"a":"x","b":"\u0077eb"}`, "web", false},
		{`{"a":"a\/b"}`, "a/b", true},
		{`{"a":"a/b"}`, "a/b", true},
		{`{"a":"say \"hi\""}`, `say "hi"`, true},
		{`{"a":"C:\\x"}`, `C:\x`, true},
		{`{"a":"\t"}`, "\t", true},
		{`{"a":"\u4e2d"}`, "中", true},
		{`{"a":"中"}`, "中", true},
		{`{"a":""}`, "", true},
		{`{"a":1}`, "1", false},
		{`{"a":null}`, "null", false},
	} {
		r := &storage.Record{Body: []byte(c.body)}
		in := storage.OneOf(storage.P("a"), storage.String(c.text))
		contains := storage.Contains{Path: storage.P("a"), Text: c.text}
		for name, got := range map[string]bool{"In": storage.Match(in, r), "Not": !storage.Match(storage.Not{Filter: in}, r), "Or": storage.Match(storage.OneOf(storage.P("a"), storage.String("no"), storage.String(c.text)), r)} {
			if got != c.want {
				t.Errorf("%s of %q in %s: %v", name, c.text, c.body, got)
			}
		}
		if c.want && !storage.Match(contains, r) {
			t.Errorf("%s does not contain %q", c.body, c.text)
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &storage.Record{ID: "c1/Pod/ns/web", Body: []byte(`{"data":{}}`), Created: at}
	for path, text := range map[string]string{"_id": "c1/Pod/ns/web", "createTime": storage.FormatTime(at)} {
		if !storage.Match(storage.OneOf(storage.P(path), storage.String(text)), r) {
			t.Errorf("%s is not found beside the body", path)
		}
	}
	if !storage.Match(storage.Contains{Path: storage.P("_id"), Text: "Pod"}, r) {
		t.Error("_id is not searched beside the body")
	}
}
