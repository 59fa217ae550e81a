package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"bcs-storage/storage"
)

var putCases = []testCase{
	{"a document comes back in the form of the API", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `{"a":1}`, start)
		s.equal(s.get(storage.Dynamic, pod("ns", "web")),
			`{"_id":"c1/Pod/ns/web","clusterId":"c1","resourceType":"Pod","namespace":"ns","resourceName":"web","data":{"a":1},`+
				`"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"}`)
	}},
	{"createTime is set once and updateTime always", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `1`, start)
		s.put(storage.Dynamic, pod("ns", "web"), `1`, later(1))
		s.put(storage.Dynamic, pod("ns", "web"), `1`, later(1225))
		s.equal(s.get(storage.Dynamic, pod("ns", "web")),
			`{"_id":"c1/Pod/ns/web","clusterId":"c1","resourceType":"Pod","namespace":"ns","resourceName":"web","data":1,`+
				`"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:59.000Z"}`)
	}},
	{"a document that was deleted is new when it is put again", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `1`, start)
		_, err := s.store.Delete(s.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{pod("ns", "web")}})
		s.check(err)
		s.put(storage.Dynamic, pod("ns", "web"), `1`, later(225))
		if doc := s.get(storage.Dynamic, pod("ns", "web")); !strings.Contains(doc, `"createTime":"2026-11-21T19:30:58.000Z"`) {
			s.Error(doc)
		}
	}},
	{"only collections that say so carry updateTime", func(s *suite) {
		key := storage.Key{"c1", "e1"}
		s.putMembers(storage.Events, key, start, member("eventTime", `1`))
		s.equal(s.get(storage.Events, key), `{"_id":"c1/e1","clusterId":"c1","eventTime":1,"createTime":"2026-11-21T19:30:57.775Z"}`)
	}},
	{"the body is replaced whole", func(s *suite) {
		key := storage.Key{"10.0.0.1"}
		s.putMembers(storage.Hosts, key, start, member("clusterId", `"c1"`), member("old", `1`))
		s.putMembers(storage.Hosts, key, start, member("data", `2`))
		s.equal(s.get(storage.Hosts, key), `{"_id":"10.0.0.1","ip":"10.0.0.1","data":2,`+
			`"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"}`)
		s.selects(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String("c1"))}, "")
	}},
	{"an empty namespace is in the key and not in the document", func(s *suite) {
		s.put(storage.Dynamic, pod("", "node"), `1`, start)
		s.equal(s.get(storage.Dynamic, pod("", "node")), `{"_id":"c1/Pod//node","clusterId":"c1","resourceType":"Pod","resourceName":"node","data":1,`+
			`"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"}`)
	}},
	{"collections do not see each other", func(s *suite) {
		s.put(storage.Metrics, storage.Key{"c1", "Pod", "ns", "web"}, `1`, start)
		_, err := s.store.Get(s.Context(), storage.Dynamic, storage.Key{"c1", "Pod", "ns", "web"}, nil, nil)
		if !errors.Is(err, storage.ErrNotFound) {
			s.Error(err)
		}
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(0))
	}},
	{"get honours filter and fields", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `{"a":1,"b":2}`, start)
		doc, err := s.store.Get(s.Context(), storage.Dynamic, pod("ns", "web"), equals("data.a", storage.Int(1)), fields("data.b"))
		s.check(err)
		s.equal(string(doc), `{"_id":"c1/Pod/ns/web","data":{"b":2}}`)
		for _, key := range []storage.Key{pod("ns", "web"), pod("ns", "we"), pod("ns", "web2"), pod("", "web")} {
			_, err = s.store.Get(s.Context(), storage.Dynamic, key, equals("data.a", storage.Int(2)), nil)
			if !errors.Is(err, storage.ErrNotFound) {
				s.Errorf("%v: %v", key, err)
			}
		}
	}},
	{"writers of one key leave one document, theirs", func(s *suite) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				doc := storage.NewDocument(storage.Dynamic, pod("ns", "web"), member("data", fmt.Sprint(i)))
				if err := s.store.Put(s.Context(), storage.Dynamic, doc, later(i)); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		docs := s.list(storage.Dynamic, storage.Query{})
		if len(docs) != 1 {
			s.Fatalf("%d documents, want 1", len(docs))
		}
		var value, updated string
		for name, raw := range storage.Members([]byte(docs[0])) {
			switch name {
			case "data":
				value = string(raw)
			case storage.FieldUpdateTime:
				updated = string(raw)
			}
		}
		for i := range 16 {
			if value == fmt.Sprint(i) && updated == `"`+storage.FormatTime(later(i))+`"` {
				return
			}
		}
		s.Errorf("data %s of one writer with updateTime %s of another", value, updated)
	}},
	{"the caller may use the body again after put", func(s *suite) {
		doc := storage.NewDocument(storage.Dynamic, pod("ns", "web"), member("data", `"mine"`))
		s.check(s.store.Put(s.Context(), storage.Dynamic, doc, start))
		clear(doc.Body)
		if got := s.get(storage.Dynamic, pod("ns", "web")); !strings.Contains(got, `"data":"mine"`) {
			s.Error(got)
		}
	}},
}

// bodyCases store values that an engine may be tempted to change.
var bodyCases = bodiesAreExact(
	` {"white" : [ 1 ,
	2 ] , "space":	{ } } `,
	`{"b":1,"a":2,"B":3,"":4}`,
	`{"max":9223372036854775807,"min":-9223372036854775808,"beyond a double":9007199254740993}`,
	`[1,1.0,1e0,-0,-0.0,0.10,1E+2,1e-7,123456789.123456789]`,
	`{"app．kubernetes．io/name":"a．b","＄x":"＄y"}`,
	`{"app.kubernetes.io/name":"a.b","$set":{"$x":1},"a.b":{"c.d":1},".":1,"..":2,"$":3}`,
	`"\u0000\u001f\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00é😀"`,
	`{"a\u0062":"\u0061","\u0000":1,"quo\"te":"\\\""}`,
	`[[],[[]],{},[{}],null,true,false,"",[null]]`,
	`{"_id":"mine","createTime":"mine","updateTime":1,"data":{"_id":2}}`,
	`null`, `""`, `0`, `false`, `[]`, `{}`,
	strings.Repeat("[", 190)+strings.Repeat("]", 190),
	`"`+strings.Repeat("long ", 60000)+`"`,
	`{"k":[`+strings.Repeat(`{"name":"a","value":"b"},`, 2000)+`{}]}`,
)

func bodiesAreExact(values ...string) (cases []testCase) {
	for i, value := range values {
		cases = append(cases, testCase{fmt.Sprint(i), func(s *suite) {
			s.put(storage.Dynamic, pod("ns", "web"), value, start)
			want := `{"_id":"c1/Pod/ns/web","clusterId":"c1","resourceType":"Pod","namespace":"ns","resourceName":"web","data":` + strings.TrimSpace(value) +
				`,"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"}`
			for how, got := range map[string]string{
				"get":       s.get(storage.Dynamic, pod("ns", "web")),
				"list":      strings.Join(s.list(storage.Dynamic, storage.Query{}), ""),
				"projected": strings.Join(s.list(storage.Dynamic, storage.Query{Fields: fields("clusterId", "resourceType", "namespace", "resourceName", "data", "createTime", "updateTime")}), ""),
			} {
				if normal(got) != normal(want) {
					s.Errorf("%s answers\n%.300s\nwant\n%.300s", how, got, want)
				}
			}
		}})
	}
	return cases
}

// normal takes away the white space around the value of data, which is nobody's.
func normal(doc string) string {
	before, rest, found := strings.Cut(doc, `"data":`)
	if !found {
		return doc
	}
	end := strings.LastIndex(rest, `,"createTime":"2026`)
	return before + `"data":` + strings.TrimSpace(rest[:end]) + rest[end:]
}

func equals(path string, values ...storage.Value) storage.Filter {
	return storage.OneOf(storage.P(path), values...)
}

func fields(paths ...string) *storage.Projection {
	parsed := []storage.Path{}
	for _, p := range paths {
		parsed = append(parsed, storage.P(p))
	}
	p, err := storage.NewProjection("field", parsed...)
	if err != nil {
		panic(err)
	}
	return p
}
