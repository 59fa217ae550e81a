package storagetest

import "bcs-storage/storage"

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
	{"fields do not change what is selected or its order", func(s *suite) {
		for _, name := range []string{"b", "a", "c"} {
			s.putMembers(storage.Alarms, storage.Key{"c1", name}, start, member("receivedTime", `1`), member("k", `"v"`))
		}
		q := storage.Query{Filter: equals("k", storage.String("v")), Fields: fields("clusterId")}
		s.equal(s.list(storage.Alarms, q), []string{`{"_id":"c1/c","clusterId":"c1"}`, `{"_id":"c1/b","clusterId":"c1"}`, `{"_id":"c1/a","clusterId":"c1"}`})
	}},
}
