package storage_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"
)

// choices turns fuzz bytes into decisions. When they run out every decision
// is the first one, which must therefore end a recursion.
type choices struct{ b []byte }

func (c *choices) pick(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	v := int(c.b[0]) % n
	c.b = c.b[1:]
	return v
}

func pickOf[T any](c *choices, all []T) T { return all[c.pick(len(all))] }

// names are member names as documents write them; several decode to one.
func names() []string {
	return []string{`"a"`, `"b"`, `"0"`, `"1"`, `"\u0061"`, `"x.y"`, `"\n"`, `"\\n"`, `""`, `"é"`, `"\u00e9"`, `"\"}"`, `"createTime"`, `"_id"`, `"updateTime"`}
}

// scalars are chosen so that many of them are nearly equal.
func scalars() []string {
	return []string{
		`null`, `true`, `false`, `""`, `"a"`, `"\u0061"`, `"ab\"]c"`, `"\\"`, `"\\\""`, `"]},{["`, `"1"`, `"é"`,
		`0`, `-0.0`, `1e-400`, `1`, `1.0`, `10e-1`, `-1`, `1.5`, `15E-1`,
		`9007199254740993`, `9007199254740992`, `9007199254740993.0`, `9223372036854775807`, `9223372036854775807.0`, `-9223372036854775808`, `1e19`, `1e300`,
		`"2017-09-26 12:00:00"`, `"2017-09-26T20:00:00+08:00"`, `"2017-09-26T12:00:00.5Z"`, `1506427200`, `1506427200.5`, `"1506427201"`,
		`"0001-01-01T00:00:00Z"`, `"2018-03-14T10:01:38.005Z"`, `"soon"`,
	}
}

func spaces() []string { return []string{"", "", " ", "\n\t", "\r "} }

// value is a random JSON value.
func (c *choices) value(depth int) string {
	kind := c.pick(4)
	if depth == 0 {
		kind = 0
	}
	switch kind {
	case 1:
		return c.object(depth)
	case 2:
		s := "[" + pickOf(c, spaces())
		for i := range c.pick(4) {
			if i > 0 {
				s += pickOf(c, spaces()) + ","
			}
			s += pickOf(c, spaces()) + c.value(depth-1)
		}
		return s + pickOf(c, spaces()) + "]"
	}
	return pickOf(c, scalars())
}

// object is a random JSON object without a name twice.
func (c *choices) object(depth int) string {
	s, seen := "{"+pickOf(c, spaces()), map[string]bool{}
	for range c.pick(6) {
		quoted := pickOf(c, names())
		name := decoded(quoted).(string)
		if seen[name] {
			continue
		}
		if len(seen) > 0 {
			s += pickOf(c, spaces()) + ","
		}
		seen[name] = true
		s += pickOf(c, spaces()) + quoted + pickOf(c, spaces()) + ":" + pickOf(c, spaces()) + c.value(depth-1)
	}
	return s + pickOf(c, spaces()) + "}"
}

func (c *choices) path() storage.Path {
	p := storage.Path{}
	for range 1 + c.pick(4) {
		p = append(p, decoded(pickOf(c, names())).(string))
	}
	return p
}

func (c *choices) bound() time.Time {
	return pickOf(c, []time.Time{{}, noon, noon.Add(time.Second), noon.Add(500 * time.Millisecond), noon.Add(1).In(shanghai), time.Unix(0, 0), time.Unix(1, 5e8), created, updated})
}

// fuzzRecord is a record whose body is doc, where that is a storable object,
// or made of doc's bytes. The bits of own say which members it has of its own.
func fuzzRecord(doc []byte, own byte) storage.Record {
	v, err := decode(doc)
	if err != nil || storage.CheckJSON("doc", doc) != nil || !isObject(v) {
		c := choices{b: doc}
		doc = []byte(pickOf(&c, spaces()) + c.object(6) + pickOf(&c, spaces()))
	}
	r := storage.Record{Body: doc}
	if own&1 != 0 {
		r.ID = "c/Pod/a\"b"
	}
	if own&2 != 0 {
		r.Created = created
	}
	if own&4 != 0 {
		r.Updated = updated
	}
	return r
}

// decoded is decode for JSON that is known to be sound.
func decoded(raw string) any {
	v, err := decode([]byte(raw))
	if err != nil {
		panic(err)
	}
	return v
}

// shown is the record as filters and projections are to see it.
func shown(t *testing.T, r *storage.Record) object {
	body, err := decode(r.Body)
	if err != nil {
		t.Fatalf("%s: %v", r.Body, err)
	}
	members := body.(object)
	out := object{}
	if r.ID != "" {
		out = append(out, field{"_id", r.ID})
	}
	for _, f := range members {
		if f.Name == "_id" && r.ID != "" || f.Name == "createTime" && !r.Created.IsZero() || f.Name == "updateTime" && !r.Updated.IsZero() {
			continue
		}
		out = append(out, f)
	}
	if !r.Created.IsZero() {
		out = append(out, field{"createTime", storage.FormatTime(r.Created)})
	}
	if !r.Updated.IsZero() {
		out = append(out, field{"updateTime", storage.FormatTime(r.Updated)})
	}
	return out
}

func sameTree(a, b any) bool { return reflect.DeepEqual(a, b) }

// meaning is a filter by its definition, over a decoded document.
type meaning func(doc object) bool

// filter is a random filter and what it means.
func (c *choices) filter(depth int) (storage.Filter, meaning) {
	kind := c.pick(8)
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		return c.oneOf()
	case 1:
		p := c.path()
		return storage.Exists{Path: p}, func(doc object) bool { return len(leads(doc, p)) > 0 }
	case 2:
		p, text := c.path(), pickOf(c, []string{"", "a", "\"", `\`, "2017", "é", "]"})
		return storage.Contains{Path: p, Text: text}, anyOf(p, func(v any) bool {
			s, ok := v.(string)
			return ok && strings.Contains(s, text)
		})
	case 3:
		r := storage.TimeRange{Path: c.path(), From: c.bound(), To: c.bound()}
		return r, anyOf(r.Path, func(v any) bool {
			at, ok := instant(v)
			return ok && (r.From.IsZero() || r.From.Compare(at) <= 0) && (r.To.IsZero() || at.Compare(r.To) < 0)
		})
	case 4:
		f, m := c.filter(depth - 1)
		return storage.Not{Filter: f}, func(doc object) bool { return !m(doc) }
	case 5:
		return nil, func(object) bool { return true }
	}
	var all []storage.Filter
	var mean []meaning
	for range c.pick(4) {
		f, m := c.filter(depth - 1)
		all, mean = append(all, f), append(mean, m)
	}
	holding := func(doc object) (n int) {
		for _, m := range mean {
			if m(doc) {
				n++
			}
		}
		return n
	}
	if kind == 6 {
		return storage.And(all), func(doc object) bool { return holding(doc) == len(mean) }
	}
	return storage.Or(all), func(doc object) bool { return holding(doc) > 0 }
}

// oneOf has few values or, half the time, more than an In scans.
func (c *choices) oneOf() (storage.Filter, meaning) {
	p := c.path()
	var values []storage.Value
	var want []any
	for range c.pick(4) + 9*c.pick(2) {
		raw := pickOf(c, scalars())
		v, _ := storage.ParseValue([]byte(raw))
		values, want = append(values, v), append(want, decoded(raw))
	}
	among := anyOf(p, func(v any) bool {
		for _, w := range want {
			if equal(v, w) {
				return true
			}
		}
		return false
	})
	return storage.OneOf(p, values...), func(doc object) bool {
		absent := len(leads(doc, p)) == 0
		for _, w := range want {
			if w == nil && absent {
				return true
			}
		}
		return among(doc)
	}
}

// leads are the values that a path leads to.
func leads(value any, path storage.Path) []any {
	if len(path) == 0 {
		return []any{value}
	}
	var found []any
	switch v := value.(type) {
	case object:
		if member, ok := v.get(path[0]); ok {
			return leads(member, path[1:])
		}
	case []any:
		for i, element := range v {
			if path[0] == strconv.Itoa(i) {
				found = append(found, leads(element, path[1:])...)
			}
			if isObject(element) {
				found = append(found, leads(element, path)...)
			}
		}
	}
	return found
}

// anyOf holds where the path leads to a value, or to an array that holds one,
// for which holds does.
func anyOf(path storage.Path, holds func(any) bool) meaning {
	return func(doc object) bool {
		for _, v := range leads(doc, path) {
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			for _, v := range list {
				if holds(v) {
					return true
				}
			}
		}
		return false
	}
}

// equal compares scalars; nothing equals an object or array.
func equal(a, b any) bool {
	switch a.(type) {
	case object, []any:
		return false
	}
	x, ok := a.(json.Number)
	y, ok2 := b.(json.Number)
	if ok && ok2 {
		return exact(x).Cmp(exact(y)) == 0
	}
	return a == b
}

// exact is what a number stands for: an integer itself, anything else the
// double nearest to it.
func exact(n json.Number) *big.Rat {
	if !strings.ContainsAny(string(n), ".eE") {
		r, _ := new(big.Rat).SetString(string(n))
		return r
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		panic(err)
	}
	return new(big.Rat).SetFloat64(f)
}

func instant(v any) (time.Time, bool) {
	switch v := v.(type) {
	case string:
		return storage.ParseTime(v, time.UTC)
	case json.Number:
		seconds, _ := exact(v).Float64()
		if seconds < -62167219200 || seconds >= 253402300800 {
			return time.Time{}, false
		}
		nanos := new(big.Rat).Mul(new(big.Rat).SetFloat64(seconds), big.NewRat(1e9, 1))
		whole := new(big.Int).Div(nanos.Num(), nanos.Denom()) // towards the past
		sec, nsec := new(big.Int).DivMod(whole, big.NewInt(1e9), new(big.Int))
		return time.Unix(sec.Int64(), nsec.Int64()), true
	}
	return time.Time{}, false
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1},{"b":[2,"a"]},null],"b":{"0":null}}`), []byte{0, 1, 0, 1, 2, 0, 15, 16}, byte(7))
	f.Add([]byte(`{"a":"2017-09-26 12:00:00","b":[1506427200]}`), []byte{3, 0, 0, 1, 2}, byte(0))
	f.Add([]byte{1, 4, 0, 1, 3, 1, 2, 0, 1, 2, 3, 1, 9, 9, 9, 9}, []byte{6, 3, 4, 1, 1, 0, 0, 2, 0, 1}, byte(3))
	f.Add([]byte(`{"\n":1,"\\n":"2","a":[[{"0":1}]]}`), []byte{7, 3, 0, 0, 7, 1, 1, 15, 1, 0, 6, 2, 1, 0, 2}, byte(1))
	f.Add([]byte(`{"a":1,"b":"x"}`), []byte{0, 0, 0, 3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16}, byte(0))
	f.Add([]byte(`{"createTime":1,"_id":2}`), []byte{0, 0, 12, 1, 0, 15}, byte(0))
	f.Fuzz(func(t *testing.T, doc, query []byte, own byte) {
		r := fuzzRecord(doc, own)
		c := &choices{b: query}
		filter, meaning := c.filter(4)
		if got, want := storage.Match(filter, &r), meaning(shown(t, &r)); got != want {
			t.Fatalf("Match(%#v) on %+v (%s) = %v, want %v", filter, r, r.Body, got, want)
		}
		checkNarrowing(t, r.Body, c)
	})
}

// checkNarrowing: an engine that asks its index first, as Index.Entries
// describes it, misses no document that Match takes.
func checkNarrowing(t *testing.T, body []byte, c *choices) {
	r := storage.Record{Body: body}
	path := c.path()
	var key string
	var at time.Time
	var known, many, timed, manyTimes bool
	storage.Index{Values: []storage.Path{path}, Times: []storage.Path{path}}.Entries(body, func(_ int, k string) {
		key, known, many = k, true, k == storage.IndexMany
	}, func(_ int, i time.Time, m bool) {
		at, timed, manyTimes = i, true, m
	})
	raw := pickOf(c, scalars())
	v, _ := storage.ParseValue([]byte(raw))
	got := storage.Match(storage.OneOf(path, v), &r)
	if narrowed := known && key == v.IndexKey(); !many && narrowed != got && !(v.IsNull() && !known) {
		t.Fatalf("%q = %s in %s: %v; its index key is %q (%v)", path, raw, body, got, key, known)
	}
	rng := storage.TimeRange{Path: path, From: c.bound(), To: c.bound()}
	if got, narrowed := storage.Match(rng, &r), timed && rng.Holds(at); !manyTimes && narrowed != got {
		t.Fatalf("%+v in %s: %v; its instant is %v (%v)", rng, body, got, at, timed)
	}
}
