package storage_test

import (
	"slices"
	"testing"

	"bcs-storage/storage"
)

func TestRedaction(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		paths       []storage.Path
		want        string
	}{
		{"a secret", `{"_id":"i","data":{"kind":"Secret","data":{"password":"aHVudGVyMg==","user":"YQ=="},"type":"Opaque"}}`, paths("data.data"),
			`{"_id":"i","data":{"kind":"Secret","data":{"password":"***","user":"***"},"type":"Opaque"}}`},
		{"every scalar", `{"a":{"s":"x","n":1.5e3,"t":true,"f":false,"z":null,"o":{},"l":[],"d":{"e":[1,{"f":"g"},["h"]]}}}`, paths("a"),
			`{"a":{"s":"***","n":"***","t":"***","f":"***","z":"***","o":{},"l":[],"d":{"e":["***",{"f":"***"},["***"]]}}}`},
		{"a scalar itself", `{"a":{"b":"x"},"c":1}`, paths("a.b"), `{"a":{"b":"***"},"c":1}`},
		{"white space is kept", " {\n\"a\" : [ 1 ,\t{ \"b\" : \"x\" } ] , \"c\":2 }\n", paths("a"), " {\n\"a\" : [ \"***\" ,\t{ \"b\" : \"***\" } ] , \"c\":2 }\n"},
		{"through arrays", `{"a":[{"b":1},[{"b":2}],3,{"c":{"b":4}}]}`, paths("a.b"), `{"a":[{"b":"***"},[{"b":"***"}],3,{"c":{"b":4}}]}`},
		{"an array at the top", `[{"a":1},{"b":1}]`, paths("a"), `[{"a":"***"},{"b":1}]`},
		{"an escaped name", `{"\u0061":{"b\"":"x"}}`, paths("a"), `{"\u0061":{"b\"":"***"}}`},
		{"a name twice", `{"a":"x","b":1,"a":"y"}`, paths("a"), `{"a":"***","b":1,"a":"***"}`},
		{"brackets in strings", `{"a":{"b":"]},{[\\\""},"c":"}"}`, paths("a.b"), `{"a":{"b":"***"},"c":"}"}`},
		{"two paths", `{"a":1,"b":{"c":2,"d":3}}`, paths("b.d", "a"), `{"a":"***","b":{"c":2,"d":"***"}}`},
		{"one within the other", `{"a":{"b":1,"c":2}}`, paths("a.b", "a", "a"), `{"a":{"b":"***","c":"***"}}`},
		{"the other way", `{"a":{"b":1,"c":2}}`, paths("a", "a.b"), `{"a":{"b":"***","c":"***"}}`},
		{"nothing there", `{"b":{"a":1},"ab":2}`, paths("a", "b.b"), `{"b":{"a":1},"ab":2}`},
		{"only names are parts", `{"a":"x"}`, paths("a.b"), `{"a":"x"}`},
		{"a key with a dot", `{"a":{"x.y":1,"x":{"y":2}}}`, paths("a.x．y"), `{"a":{"x.y":"***","x":{"y":2}}}`},
		{"no path", `{"a":1}`, nil, `{"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := storage.NewRedaction(tc.paths...)
			if got := string(r.Append([]byte("x"), []byte(tc.value))); got != "x"+tc.want {
				t.Errorf("got  %s\nwant %s", got[1:], tc.want)
			}
		})
	}
}

func TestRedactionTouches(t *testing.T) {
	r := storage.NewRedaction(storage.P("data.data"), storage.P("data.list.0.x"))
	for path, want := range map[string]bool{
		"data": true, "data.data": true, "data.data.password": true, "data.data.tls．crt": true, "data.data.0.x": true,
		// Elements of arrays that stand in the way.
		"data.0.data.x": true, "data.0.1.data": true, "0.data.data": true, "data.3": true,
		"data.list.0.x": true, "data.list.0": true, "data.list.0.0.x.y": true, "data.list.0.y": false,
		"data.metadata.name": false, "data.datas": false, "datas": false, "data．data": false, "data.type": false, "clusterId": false, "data.0.type": false,
	} {
		p := storage.P(path)
		for _, f := range []storage.Filter{
			storage.Exists{Path: p}, storage.OneOf(p, storage.Null), storage.Contains{Path: p, Text: "x"}, storage.TimeRange{Path: p},
			storage.Not{Filter: storage.Exists{Path: p}},
			storage.And{nil, storage.Exists{Path: storage.P("x")}, storage.Or{storage.Exists{Path: storage.P("y")}, storage.Exists{Path: p}}},
		} {
			if got, touched := r.Touched(f); touched != want || touched && !got.Equal(p) {
				t.Errorf("%T on %s: %q, %v", f, path, got, touched)
			}
		}
	}
	if _, touched := r.Touched(nil); touched {
		t.Error("no filter touches something")
	}
	if _, touched := storage.NewRedaction().Touched(storage.Exists{Path: storage.P("a")}); touched {
		t.Error("nothing is redacted, and touched")
	}
}

// redactSlowly is a slow redaction of a decoded value.
func redactSlowly(value any, paths []storage.Path) any {
	whole := slices.ContainsFunc(paths, func(p storage.Path) bool { return len(p) == 0 })
	switch v := value.(type) {
	case object:
		out := object{}
		for _, f := range v {
			var below []storage.Path
			if whole {
				below = []storage.Path{{}}
			}
			for _, p := range paths {
				if len(p) > 0 && p[0] == f.Name {
					below = append(below, p[1:])
				}
			}
			out = append(out, field{f.Name, redactSlowly(f.Value, below)})
		}
		return out
	case []any:
		out := []any{}
		for _, element := range v {
			out = append(out, redactSlowly(element, paths))
		}
		return out
	}
	if whole {
		return "***"
	}
	return value
}

// FuzzRedaction: what is redacted is what a slow one redacts, and no filter can tell
// two documents apart that differ only there unless it is said to touch it.
func FuzzRedaction(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"a":1},2,{"b":"x"}]},"b":null,"x.y":{"0":[]}}`), []byte{1, 0, 1, 2, 1, 0, 0})
	f.Add([]byte(`{"a":[[{"a":1}],{"a":[]}]}`), []byte{2, 1, 0, 0, 2, 1, 2, 0, 2, 0})
	f.Add([]byte{1, 4, 0, 1, 3, 1, 2, 0, 1, 2, 3, 1, 9, 9, 9, 9}, []byte{2, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, doc, more []byte) {
		record := fuzzRecord(doc, 0)
		c := &choices{b: more}
		var hidden []storage.Path
		for range 1 + c.pick(3) {
			hidden = append(hidden, c.path())
		}
		r := storage.NewRedaction(hidden...)
		out := r.Append(nil, record.Body)
		if err := storage.CheckJSON("out", out); err != nil {
			t.Fatalf("%q of %s = %s: %v", hidden, record.Body, out, err)
		}
		before, err := decode(record.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(out)
		if err != nil {
			t.Fatal(err)
		}
		if want := redactSlowly(before, hidden); !sameTree(got, want) {
			t.Fatalf("%q of %s = %s, want %v", hidden, record.Body, out, want)
		}
		probe := storage.Exists{Path: c.path()}
		asked := storage.OneOf(probe.Path, storage.String("a"), storage.Null, storage.Int(1))
		if _, touched := r.Touched(asked); touched {
			return
		}
		shown := storage.Record{Body: out}
		if storage.Match(asked, &record) != storage.Match(asked, &shown) || storage.Match(probe, &record) != storage.Match(probe, &shown) {
			t.Fatalf("%q tells %s and %s apart, though %q are hidden", probe.Path, record.Body, out, hidden)
		}
	})
}
