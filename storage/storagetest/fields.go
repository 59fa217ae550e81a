package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

// largePod is the data of a pod that is too long to be read without need.
func largePod(i int) string {
	return fmt.Sprintf(`{"spec":{"node":"n%[1]d","filler":%[2]q},"metadata":{"labels":{"app":"a%[1]d","0":"zero"},"creationTimestamp":"2026-11-21T19:59:59Z"},"status":{"phase":"Running"}}`,
		i, strings.Repeat("x", 5000))
}

var fieldCases = []testCase{
	{"a projection answers _id and what was asked for", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), ` { "a" : { "b" : 1.0 , "c" : [ {"d":1,"e":2}, 3, {"e":4}, [ {"d":5} ] ] }, "x.y" : "z" } `, start)
		for _, tc := range []struct{ paths, want string }{
			{"resourceName", `"resourceName":"web"`},
			{"_id", ``},
			{"nothing", ``},
			{"data.nothing", ``},
			{"data.a.b", `"data":{"a":{"b":1.0}}`},
			{"data.a.c.d", `"data":{"a":{"c":[{"d":1}]}}`},
			{"data.a.c.e", `"data":{"a":{"c":[{"e":2},{"e":4}]}}`},
			{"data.x．y", `"data":{"x.y":"z"}`},
			{"createTime", `"createTime":"2026-11-21T19:30:57.775Z"`},
			{"updateTime", `"updateTime":"2026-11-21T19:30:57.775Z"`},
		} {
			want := `{"_id":"c1/Pod/ns/web"}`
			if tc.want != "" {
				want = `{"_id":"c1/Pod/ns/web",` + tc.want + `}`
			}
			s.equal(s.list(storage.Dynamic, storage.Query{Fields: fields(tc.paths)}), []string{want})
			doc, err := s.store.Get(s.Context(), storage.Dynamic, pod("ns", "web"), nil, fields(tc.paths))
			s.check(err)
			s.equal(string(doc), want)
		}
		s.equal(s.list(storage.Dynamic, storage.Query{Fields: fields("updateTime", "data.a.b", "namespace", "createTime")}), []string{
			`{"_id":"c1/Pod/ns/web","namespace":"ns","data":{"a":{"b":1.0}},"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"}`})
	}},
	{"what is asked for of large documents, on whatever condition, on whichever page", func(s *suite) {
		const n = 12
		for i := range n {
			s.put(storage.Dynamic, pod("ns", fmt.Sprintf("web-%02d", i)), largePod(i), later(i))
		}
		answers := map[string]func(i int) string{
			"resourceName":             func(i int) string { return fmt.Sprintf(`"resourceName":"web-%02d"`, i) },
			"data.metadata.labels.app": func(i int) string { return fmt.Sprintf(`"data":{"metadata":{"labels":{"app":"a%d"}}}`, i) },
			"data.metadata.labels":     func(i int) string { return fmt.Sprintf(`"data":{"metadata":{"labels":{"app":"a%d","0":"zero"}}}`, i) },
			"data.status.phase":        func(int) string { return `"data":{"status":{"phase":"Running"}}` },
			"data.spec.node":           func(i int) string { return fmt.Sprintf(`"data":{"spec":{"node":"n%d"}}`, i) },
			"createTime":               func(i int) string { return `"createTime":"` + storage.FormatTime(later(i)) + `"` },
		}
		conditions := map[string]storage.Filter{
			"none":     nil,
			"label":    storage.Contains{Path: storage.P("data.metadata.labels.app"), Text: "a"},
			"phase":    equals("data.status.phase", storage.String("Running"), storage.String("x")),
			"not":      storage.Not{Filter: equals("data.status.phase", storage.String("Pending"))},
			"body":     storage.Exists{Path: storage.P("data.spec.node")},
			"time":     storage.TimeRange{Path: storage.P("data.metadata.creationTimestamp"), From: start.Add(-time.Hour), To: start.Add(time.Hour)},
			"put":      storage.TimeRange{Path: storage.P("createTime"), To: start.Add(time.Hour)},
			"together": storage.And{storage.Exists{Path: storage.P("data.spec.node")}, storage.TimeRange{Path: storage.P("data.metadata.creationTimestamp"), From: start}},
		}
		for name, filter := range conditions {
			for path, answer := range answers {
				for _, skip := range []int{0, 1, 7} {
					var want []string
					for i := skip; i < skip+3; i++ {
						want = append(want, fmt.Sprintf(`{"_id":"c1/Pod/ns/web-%02d",%s}`, i, answer(i)))
					}
					q := storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: filter, Skip: int64(skip), Limit: 3, Fields: fields(path)}
					if got := s.list(storage.Dynamic, q); !slices.Equal(got, want) {
						s.Errorf("%s of %s behind %d: %q, want %q", path, name, skip, got, want)
					}
				}
			}
			whole := s.list(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: filter, Skip: 1, Limit: 1})
			if len(whole) != 1 || !strings.Contains(whole[0], strings.Repeat("x", 5000)) {
				s.Errorf("%s: %.300q is not a whole document", name, whole)
			}
			if got, err := s.store.Count(s.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: filter}); got != n || err != nil {
				s.Errorf("%s: %d are counted, %v", name, got, err)
			}
		}
	}},
	{"fields do not change what is selected or its order", func(s *suite) {
		for _, name := range []string{"b", "a", "c"} {
			s.putMembers(storage.Alarms, storage.Key{"c1", name}, start, member("receivedTime", `1`), member("k", `"v"`))
		}
		q := storage.Query{Filter: equals("k", storage.String("v")), Fields: fields("clusterId")}
		s.equal(s.list(storage.Alarms, q), []string{`{"_id":"c1/c","clusterId":"c1"}`, `{"_id":"c1/b","clusterId":"c1"}`, `{"_id":"c1/a","clusterId":"c1"}`})
	}},
}
