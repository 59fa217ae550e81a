package mongo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func eq(path string, values ...storage.Value) storage.Filter {
	return storage.OneOf(storage.P(path), values...)
}

func TestFilterTranslation(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	within := time.Microsecond
	deep := storage.Filter(eq("data.a", storage.Int(1)))
	for range 40 {
		deep = storage.Not{Filter: deep}
	}
	const (
		all    = "all"
		none   = "none"
		client = ", then Match"
		one    = `{"d.data.a":{"$in":[{"$numberLong":"1"}]}}`
	)
	a1, b := eq("data.a", storage.Int(1)), storage.Exists{Path: storage.P("data.b")}
	for _, tc := range []struct {
		name   string
		filter storage.Filter
		want   string
	}{
		{"nil", nil, all},
		{"empty and", storage.And{}, all},
		{"empty or", storage.Or{}, none},
		{"no value", eq("data.a"), none},
		{"number", a1, one},
		{"values", eq("data.a", storage.String("x"), storage.Bool(true), storage.String("x")), `{"d.data.a":{"$in":["x",true]}}`},
		{"not UTF-8", eq("data.a", storage.String("\xff")), none},
		{"NUL", eq("data.a", storage.String("\x00")), `{"d.data.a":{"$in":["` + "\uFDD0\uFDD2" + `"]}}`},
		{"null", eq("data.a", storage.Null), `{"$or":[{"d.data.a":{"$type":"null"}},{"d.data.a":{"$exists":false}}]}`},
		{"null or x", eq("data.a", storage.Null, storage.String("x")),
			`{"$or":[{"d.data.a":{"$in":["x"]}},{"d.data.a":{"$type":"null"}},{"d.data.a":{"$exists":false}}]}`},
		{"key field", eq("namespace", storage.String("ns")), `{"d.namespace":{"$in":["ns"]}}`},
		{"dots and dollars", storage.Exists{Path: storage.Path{"data", "a.b", "$c", ""}}, `{"d.data.a%2Eb.%24c.%":{"$exists":true}}`},
		{"digits", eq("data.0", storage.Int(1)), all + client},
		{"long path", storage.Exists{Path: storage.P(strings.Repeat("a.", maxFieldParts) + "a")}, all + client},
		{"no path", storage.Exists{}, none},
		{"contains", storage.Contains{Path: storage.P("data.a"), Text: "a.b*"}, `{"d.data.a":{"$regex":"a\\.b\\*"}}`},
		{"contains half a character", storage.Contains{Path: storage.P("data.a"), Text: "\xa9"}, `{"d.data.a":{"$exists":true}}` + client},
		{"contains a novel", storage.Contains{Path: storage.P("data.a"), Text: strings.Repeat("x", 40000)}, `{"d.data.a":{"$exists":true}}` + client},
		{"and", storage.And{a1, nil, b}, `{"$and":[` + one + `,{"d.data.b":{"$exists":true}}]}`},
		{"and with none", storage.And{a1, storage.Or{}}, none},
		{"and, half of it here", storage.And{a1, eq("data.0", storage.Int(1))}, one + client},
		{"or", storage.Or{a1, storage.Or{}, b}, `{"$or":[` + one + `,{"d.data.b":{"$exists":true}}]}`},
		{"or with all", storage.Or{a1, nil}, all},
		{"or, half of it here", storage.Or{a1, eq("data.0", storage.Int(1))}, all + client},
		{"not", storage.Not{Filter: a1}, `{"$nor":[` + one + `]}`},
		{"not nil", storage.Not{}, none},
		{"not none", storage.Not{Filter: storage.Or{}}, all},
		{"not, here", storage.Not{Filter: eq("data.0", storage.Int(1))}, all + client},
		{"too deep", deep, all + client},
		{"_id", eq("_id", storage.String("a/b"), storage.Int(1), storage.Null), `{"_id":{"$eq":"a/b"}}`},
		{"_ids", eq("_id", storage.String("a"), storage.String("b")), `{"_id":{"$in":["a","b"]}}`},
		{"_id is no number", eq("_id", storage.Int(1)), none},
		{"below _id", eq("_id.a", storage.Int(1)), none},
		{"null below _id", eq("_id.a", storage.Null), all},
		{"_id exists", storage.Exists{Path: storage.P("_id")}, all},
		{"createTime as text", eq("createTime", storage.String("2026-01-01T00:00:00.000Z")), all + client},
		{"createTime is no number", eq("createTime", storage.Int(1), storage.Null), none},
		{"createTime", storage.TimeRange{Path: storage.P("createTime"), From: at, To: at.Add(time.Second)},
			`{"c":{"$gte":{"$date":"2026-01-01T00:00:00Z"},"$lt":{"$date":"2026-01-01T00:00:01Z"}}}`},
		{"updateTime within a millisecond", storage.TimeRange{Path: storage.P("updateTime"), From: at.Add(within)},
			`{"u":{"$gte":{"$date":"2026-01-01T00:00:00.001Z"}}}`},
		{"any createTime", storage.TimeRange{Path: storage.P("createTime")}, all},
		{"no time", storage.TimeRange{Path: storage.P("data.startTime"), From: at, To: at}, none},
		{"declared time", storage.TimeRange{Path: storage.P("data.startTime"), From: at, To: at.Add(time.Second)},
			`{"x.t.data%2EstartTime":{"$elemMatch":{"$gte":{"$date":"2026-01-01T00:00:00Z"},"$lt":{"$date":"2026-01-01T00:00:01Z"}}}}`},
		{"declared time within a millisecond", storage.TimeRange{Path: storage.P("data.startTime"), From: at.Add(within), To: at.Add(within * 2)},
			`{"x.t.data%2EstartTime":{"$elemMatch":{"$gte":{"$date":"2026-01-01T00:00:00Z"},"$lt":{"$date":"2026-01-01T00:00:00.001Z"}}}}` + client},
		{"not in a declared time", storage.Not{Filter: storage.TimeRange{Path: storage.P("data.startTime"), From: at}}, all + client},
		{"not any declared time", storage.Not{Filter: storage.TimeRange{Path: storage.P("data.startTime")}}, all + client},
		{"neither a declared time nor 1", storage.Not{Filter: storage.Or{a1, storage.TimeRange{Path: storage.P("data.startTime"), From: at}}}, all + client},
		{"not both a declared time and 1", storage.Not{Filter: storage.And{a1, storage.TimeRange{Path: storage.P("data.startTime"), From: at}}}, all + client},
		{"1, not in a declared time", storage.And{a1, storage.Not{Filter: storage.TimeRange{Path: storage.P("data.startTime"), From: at}}}, one + client},
		{"not createTime", storage.Not{Filter: storage.TimeRange{Path: storage.P("createTime"), From: at}},
			`{"$nor":[{"c":{"$gte":{"$date":"2026-01-01T00:00:00Z"}}}]}`},
		{"any declared time", storage.TimeRange{Path: storage.P("data.startTime")}, `{"x.t.data%2EstartTime":{"$exists":true}}`},
		{"another time", storage.TimeRange{Path: storage.P("data.x"), From: at}, `{"d.data.x":{"$exists":true}}` + client},
	} {
		c := translate(storage.Dynamic, indexFor(storage.Dynamic, "taskgroup"), tc.filter)
		if got := describe(t, c); got != tc.want {
			t.Errorf("%s: %s\nwant %s", tc.name, got, tc.want)
		}
	}
	updated := storage.TimeRange{Path: storage.P("updateTime"), From: at}
	if got := describe(t, translate(storage.Events, indexFor(storage.Events, ""), updated)); got != `{"d.updateTime":{"$exists":true}}`+client {
		t.Errorf("updateTime of what has none: %s", got)
	}
}

// TestDocumentsOlderThanATime: what was stored before a time was declared is not
// taken for outside of every range of it.
func TestDocumentsOlderThanATime(t *testing.T) {
	e := openWith(t, nil)
	ctx := t.Context()
	for name, start := range map[string]string{"old-in": "2026-01-02", "old-out": "2025-01-02", "in": "2026-01-02", "out": "2025-01-02"} {
		key := storage.Key{"c1", "taskgroup", "ns", name}
		data := []byte(`{"startTime":"` + start + `T00:00:00Z"}`)
		if err := e.Put(ctx, storage.Dynamic, storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: data}), now); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "old") {
			continue
		}
		slot := bson.D{{Key: "$unset", Value: bson.D{{Key: nameTimes + "." + nameSlots, Value: ""}}}}
		if _, err := e.collection(storage.Dynamic, key).UpdateOne(ctx, byKey(key), slot); err != nil {
			t.Fatal(err)
		}
	}
	since := storage.TimeRange{Path: storage.P("data.startTime"), From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	q := storage.Query{Scopes: []storage.Key{{"c1", "taskgroup"}}, Filter: storage.Not{Filter: since}}
	got, err := e.Distinct(ctx, storage.Dynamic, q, "resourceName")
	if want := []string{"old-out", "out"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("not since: %q, %v, want %q", got, err, want)
	}
	if n, err := e.Delete(ctx, storage.Dynamic, q); n != 2 || err != nil {
		t.Errorf("deleted %d, %v, want 2", n, err)
	}
}

// describe writes a condition as the tests do.
func describe(t *testing.T, c condition) string {
	t.Helper()
	text := "all"
	switch {
	case c.never:
		return "none"
	case c.query != nil:
		raw, err := bson.MarshalExtJSON(c.query, false, false)
		if err != nil {
			t.Fatal(err)
		}
		text = string(raw)
		text = strings.ReplaceAll(text, `[1]`, `[{"$numberLong":"1"}]`)
	}
	if !c.exact {
		text += ", then Match"
	}
	return text
}

func TestScopes(t *testing.T) {
	for _, tc := range []struct {
		c      *storage.Collection
		keys   []storage.Key
		byTime bool
		want   string
	}{
		{storage.Dynamic, nil, false, "all"},
		{storage.Dynamic, []storage.Key{{}}, false, "all"},
		{storage.Dynamic, []storage.Key{{"c1"}}, false, `{"_id":{"$gte":"c1/","$lt":"c10"}}`},
		{storage.Dynamic, []storage.Key{{"c1", "Pod", "a/b"}}, false, `{"_id":{"$gte":"c1/Pod/a%2Fb/","$lt":"c1/Pod/a%2Fb0"}}`},
		{storage.Dynamic, []storage.Key{{"c1", "Pod", "", "x"}}, false, `{"_id":{"$eq":"c1/Pod//x"}}`},
		{storage.Dynamic, []storage.Key{{"c1", "Pod", "", "x"}, {"c1", "Pod", "", "a"}}, false, `{"_id":{"$in":["c1/Pod//a","c1/Pod//x"]}}`},
		{storage.Dynamic, []storage.Key{{"c2"}, {"c1", "Pod"}, {"c1"}, {"c1"}}, false, `{"$or":[{"_id":{"$gte":"c1/","$lt":"c10"}},{"_id":{"$gte":"c2/","$lt":"c20"}}]}`},
		{storage.Dynamic, []storage.Key{{"c1", "Pod", "a", "x", "y"}}, false, "none"},
		{storage.Dynamic, []storage.Key{{"\xff"}, {"a\x00"}}, false, "none"},
		{storage.Dynamic, []storage.Key{{"c1", "Pod"}}, true, `{"$and":[{"s":{"$eq":"c1/Pod"}},{"_id":{"$gte":"c1/Pod/","$lt":"c1/Pod0"}}]}`},
		{storage.Dynamic, []storage.Key{{"c1"}}, true, `{"_id":{"$gte":"c1/","$lt":"c10"}}`},
		{storage.Events, []storage.Key{{"c1"}, {"c2"}}, true, `{"$and":[{"s":{"$in":["c1","c2"]}},{"$or":[{"_id":{"$gte":"c1/","$lt":"c10"}},{"_id":{"$gte":"c2/","$lt":"c20"}}]}]}`},
		{storage.Events, []storage.Key{{"c1"}}, true, `{"$and":[{"s":{"$eq":"c1"}},{"_id":{"$gte":"c1/","$lt":"c10"}}]}`},
		{storage.Events, []storage.Key{{"c1"}, {"c2", "e"}}, true, `{"$and":[{"s":{"$in":["c1","c2"]}},{"$or":[{"_id":{"$gte":"c1/","$lt":"c10"}},{"_id":{"$eq":"c2/e"}}]}]}`},
		{storage.Hosts, []storage.Key{{"1.1.1.1"}}, true, `{"_id":{"$eq":"1.1.1.1"}}`},
	} {
		got := describe(t, scopes{tc.c, tc.keys}.condition(tc.byTime))
		if got != tc.want {
			t.Errorf("%s %q: %s\nwant %s", tc.c.Name, tc.keys, got, tc.want)
		}
	}
}

// FuzzFilter makes filters out of bytes: a translation neither panics nor asks
// for what BSON cannot say.
func FuzzFilter(f *testing.F) {
	f.Add([]byte("\x03\x02data.a\x00\x01x\x05"), "data.a", "x")
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "createTime", "\xff")
	f.Add([]byte{2, 2, 2, 2, 0, 3, 4, 5}, "data.a．b.0", "a\x00*")
	f.Fuzz(func(t *testing.T, program []byte, path, text string) {
		p := storage.Path(strings.Split(path, "."))
		filter := build(&program, p, text, 0)
		for _, c := range storage.Collections() {
			condition := translate(c, indexFor(c, "Pod"), filter)
			raw, err := bson.Marshal(condition.document())
			if err != nil {
				t.Fatal(err)
			}
			if err := bson.Raw(raw).Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func build(program *[]byte, path storage.Path, text string, depth int) storage.Filter {
	next := func() byte {
		if len(*program) == 0 {
			return 0
		}
		b := (*program)[0]
		*program = (*program)[1:]
		return b
	}
	kids := func() (filters []storage.Filter) {
		for n := next() % 4; n > 0 && depth < 60; n-- {
			filters = append(filters, build(program, path, text, depth+1))
		}
		return filters
	}
	at := time.Unix(int64(next())*1e8, int64(next())*1e5)
	switch next() % 9 {
	case 0:
		return nil
	case 1:
		return storage.And(kids())
	case 2:
		return storage.Or(kids())
	case 3:
		if depth < 60 {
			return storage.Not{Filter: build(program, path, text, depth+1)}
		}
		return nil
	case 4:
		return storage.Exists{Path: path}
	case 5:
		return storage.Contains{Path: path, Text: text}
	case 6:
		return storage.TimeRange{Path: path, From: at, To: at.Add(time.Duration(next()) * time.Microsecond)}
	case 7:
		return storage.OneOf(path, storage.Null, storage.String(text), storage.Int(int64(next())))
	}
	v, _ := storage.ParseValue([]byte("1e" + string('0'+next()%10) + "00"))
	return storage.OneOf(path, v, storage.Bool(true))
}
