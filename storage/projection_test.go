package storage_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"bcs-storage/storage"
)

func paths(dotted ...string) []storage.Path {
	var out []storage.Path
	for _, s := range dotted {
		out = append(out, storage.P(s))
	}
	return out
}

func TestNewProjection(t *testing.T) {
	for _, tc := range []struct {
		name  string
		paths []storage.Path
		want  []storage.Path // nil: refused, unless there were none
	}{
		{"none", nil, nil},
		{"one", paths("data.a"), paths("data.a")},
		{"order is kept", paths("b", "a.x", "c"), paths("b", "a.x", "c")},
		{"twice is once", paths("a", "b.c", "a", "b.c"), paths("a", "b.c")},
		{"beside each other", paths("a.b", "a.c", "a.bc"), paths("a.b", "a.c", "a.bc")},
		{"dots in a key are no path", paths("a", "a．b"), paths("a", "a．b")},
		{"above", paths("data.a.b", "data"), nil},
		{"below", paths("x", "data", "data.a.b"), nil},
		{"a repeat does not hide a conflict", paths("a", "a", "a.b"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := storage.NewProjection("field", tc.paths...)
			if tc.want == nil && len(tc.paths) > 0 {
				var invalid *storage.InvalidError
				if !errors.As(err, &invalid) || invalid.Param != "field" || !strings.Contains(invalid.Reason, "overlap") {
					t.Fatalf("NewProjection(%q) = %v, want an ErrInvalid for field", tc.paths, err)
				}
				return
			}
			if err != nil || (p == nil) != (len(tc.paths) == 0) {
				t.Fatalf("NewProjection(%q) = %v, %v", tc.paths, p, err)
			}
			if got := p.Paths(); !slices.EqualFunc(got, tc.want, storage.Path.Equal) {
				t.Errorf("Paths() = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestProjectionAppend(t *testing.T) {
	const body = `{"clusterId":"c","resourceName":"web-1","data":{"a":{"b":1,"c":2},"list":[{"x":1,"y":2},{"y":3},7,[{"x":8}],{"x":{"z":9}}],` +
		`"dot.key":"d","\u0065":"esc","none":[],"empty":{},"null":null,"0":"zero"},"tail":[1,{"a":2}]}`
	for _, tc := range []struct {
		name  string
		paths []storage.Path
		want  string // behind {"_id":"i"
	}{
		{"everything", nil, `,` + body[1:len(body)-1] + `,` + createdJSON + `,` + updatedJSON},
		{"top level", paths("resourceName"), `,"resourceName":"web-1"`},
		{"order is the document's", paths("tail", "clusterId"), `,"clusterId":"c","tail":[1,{"a":2}]`},
		{"below", paths("data.a.b"), `,"data":{"a":{"b":1}}`},
		{"two below", paths("data.a.c", "data.a.b"), `,"data":{"a":{"b":1,"c":2}}`},
		{"object", paths("data.a"), `,"data":{"a":{"b":1,"c":2}}`},
		{"array as it is", paths("data.none", "data.empty", "data.null"), `,"data":{"none":[],"empty":{},"null":null}`},
		{"through an array", paths("data.list.y"), `,"data":{"list":[{"y":2},{"y":3}]}`},
		{"through an array, some", paths("data.list.x"), `,"data":{"list":[{"x":1},{"x":{"z":9}}]}`},
		{"through an array and an object", paths("data.list.x.z"), `,"data":{"list":[{"x":{"z":9}}]}`},
		{"digits are names, not elements", paths("data.0", "tail.1"), `,"data":{"0":"zero"}`},
		{"key with a dot", paths("data.dot．key"), `,"data":{"dot.key":"d"}`},
		{"escaped name", paths("data.e"), `,"data":{"\u0065":"esc"}`},
		{"missing", paths("x"), ``},
		{"missing below", paths("data.a.x"), ``},
		{"missing in an array", paths("data.list.q", "tail.q"), ``},
		{"below a scalar", paths("clusterId.x"), ``},
		{"below null and empty", paths("data.null.x", "data.none.x", "data.empty.x"), ``},
		{"one there, one missing", paths("data.a.x", "resourceName", "data.a.b"), `,"resourceName":"web-1","data":{"a":{"b":1}}`},
		{"what is left out leaves no comma", paths("clusterId.x", "resourceName.x", "data.a.b", "tail.x"), `,"data":{"a":{"b":1}}`},
		{"_id is there anyway", paths("_id"), ``},
		{"below _id", paths("_id.x"), ``},
		{"times", paths("updateTime", "createTime"), `,` + createdJSON + `,` + updatedJSON},
		{"one time", paths("updateTime", "clusterId"), `,"clusterId":"c",` + updatedJSON},
		{"below a time", paths("createTime.x"), ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := storage.NewProjection("field", tc.paths...)
			if err != nil {
				t.Fatal(err)
			}
			r := storage.Record{ID: "i", Body: []byte(body), Created: created, Updated: updated}
			got := p.Append([]byte("x"), &r)
			if want := `x{"_id":"i"` + tc.want + `}`; string(got) != want {
				t.Errorf("Append = %s, want %s", got, want)
			}
			if err := storage.CheckJSON("out", got[1:]); err != nil {
				t.Error(err)
			}
			if string(r.Body) != body {
				t.Error("Append changed the body")
			}
		})
	}
}

func TestProjectionShapes(t *testing.T) {
	own := storage.Record{ID: "i", Created: created, Updated: updated}
	for _, tc := range []struct {
		name, body string
		rec        storage.Record
		paths      []storage.Path
		want       string
	}{
		{"no id", `{"a":1}`, storage.Record{}, paths("a"), `{"a":1}`},
		{"nothing at all", `{"a":1}`, storage.Record{}, paths("b"), `{}`},
		{"empty body", `{}`, storage.Record{}, paths("a.b"), `{}`},
		{"white space", " { \"a\" : { \"b\" : [ { \"c\" : 1 } , 2 ] } ,\n\"d\" : 3 } ", storage.Record{}, paths("a.b.c", "d"), `{"a":{"b":[{"c":1}]},"d":3}`},
		{"white space in a value is kept", `{"a": [ 1 ] }`, storage.Record{}, paths("a"), `{"a":[ 1 ]}`},
		{"names of the record hide the body's", `{"_id":"x","createTime":1,"a":2,"updateTime":{"x":3}}`, own, paths("_id", "createTime", "a", "updateTime"), `{"_id":"i","a":2,` + createdJSON + `,` + updatedJSON + `}`},
		{"also below", `{"updateTime":{"x":3},"\u005fid":{"y":1}}`, own, paths("updateTime.x", "_id.y"), `{"_id":"i"}`},
		{"but only at the top", `{"a":{"_id":"x","createTime":1}}`, own, paths("a._id", "a.createTime"), `{"_id":"i","a":{"_id":"x","createTime":1}}`},
		{"names that the record lacks are the body's", `{"createTime":1,"_id":"x","updateTime":{"x":3}}`, storage.Record{}, paths("_id", "createTime", "updateTime.x"), `{"createTime":1,"_id":"x","updateTime":{"x":3}}`},
		{"a line feed is not its escape", `{"\n":1,"\\n":2}`, storage.Record{}, []storage.Path{{`\n`}}, `{"\\n":2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := storage.NewProjection("field", tc.paths...)
			if err != nil {
				t.Fatal(err)
			}
			tc.rec.Body = []byte(tc.body)
			if got := p.Append(nil, &tc.rec); string(got) != tc.want {
				t.Errorf("Append = %s, want %s", got, tc.want)
			}
		})
	}
}

// project is a slow projection of a decoded value: what is wanted of it, and
// whether there is anything.
func project(value any, paths []storage.Path) (any, bool) {
	switch v := value.(type) {
	case object:
		out := object{}
		for _, f := range v {
			var below []storage.Path
			whole := false
			for _, p := range paths {
				if p[0] == f.Name {
					whole = whole || len(p) == 1
					below = append(below, p[1:])
				}
			}
			if whole {
				out = append(out, f)
			} else if part, ok := project(f.Value, below); ok {
				out = append(out, field{f.Name, part})
			}
		}
		return out, len(out) > 0
	case []any:
		out := []any{}
		for _, element := range v {
			if part, ok := project(element, paths); ok && isObject(element) {
				out = append(out, part)
			}
		}
		return out, len(out) > 0
	}
	return nil, false
}

func isObject(value any) bool {
	_, ok := value.(object)
	return ok
}

func FuzzProjection(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"a":1},2,{"b":"x"}]},"b":null,"x.y":{"0":[]}}`), []byte{1, 0, 1, 2, 1, 0, 0}, byte(7))
	f.Add([]byte(`{"createTime":{"a":1},"_id":[{"a":2}],"a":[[{"a":1}],{"a":[]}]}`), []byte{3, 1, 0, 0, 2, 9, 0}, byte(0))
	f.Add([]byte{1, 4, 0, 1, 3, 1, 2, 0, 1, 2, 3, 1, 9, 9, 9, 9}, []byte{2, 0, 0, 1, 1}, byte(3))
	f.Add([]byte("\n{ \"\\u0061\" : [ { \"b\" : 1 } ] } "), []byte{0, 1, 0, 1}, byte(1))
	f.Fuzz(func(t *testing.T, doc, query []byte, own byte) {
		r := fuzzRecord(doc, own)
		c := &choices{b: query}
		var wanted []storage.Path
		for range 1 + c.pick(4) {
			wanted = append(wanted, c.path())
		}
		p, err := storage.NewProjection("field", wanted...)
		if overlap := overlaps(wanted); (err != nil) != overlap {
			t.Fatalf("NewProjection(%q): %v, they overlap: %v", wanted, err, overlap)
		}
		if err != nil {
			return
		}
		out := p.Append(nil, &r)
		if err := storage.CheckJSON("out", out); err != nil {
			t.Fatalf("projecting %q from %s = %s: %v", wanted, r.Body, out, err)
		}
		got, err := decode(out)
		if err != nil {
			t.Fatal(err)
		}
		ask := wanted
		if r.ID != "" {
			ask = append(slices.Clone(wanted), storage.Path{storage.FieldID})
		}
		want, _ := project(shown(t, &r), ask)
		if !sameTree(got, want) {
			t.Fatalf("projecting %q from %+v (%s) = %s, want %v", wanted, r, r.Body, out, want)
		}
		again := p.Append(nil, &storage.Record{ID: r.ID, Body: out})
		if !bytes.Equal(again, out) {
			t.Fatalf("projecting %q from %s = %s, and from that %s", wanted, r.Body, out, again)
		}
	})
}

// overlaps says whether one path is another or lies below it; equal ones do not count.
func overlaps(paths []storage.Path) bool {
	for _, p := range paths {
		for _, q := range paths {
			if len(p) < len(q) && p.Equal(q[:len(p)]) {
				return true
			}
		}
	}
	return false
}
