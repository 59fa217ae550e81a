package storagetest

import "bcs-storage/storage"

// neighbours are keys whose parts begin alike or hold what separates parts.
var neighbours = []storage.Key{
	{"c1", "Pod", "a", "x"},
	{"c1", "Pod", "a-b", "x"},
	{"c1", "Pod", "a/b", "x"},
	{"c1", "Pod", "a", "b/x"},
	{"c1", "Pod", "a%2Fb", "x"},
	{"c1", "Pod", "a%b", "x"},
	{"c1", "Pod", "a0", "x"},
	{"c1", "Pod", "a.", "x"},
	{"c1", "Pod", "ab", "x"},
	{"c1", "Pod", "", "a"},
	{"c1", "Pod", "", "x"},
	{"c1", "pod", "a", "x"},
	{"c1", "Pods", "a", "x"},
	{"c1", "Po", "a", "x"},
	{"c1/Pod", "Pod", "a", "x"},
	{"c1/Pod", "a", "x", ""},
	{"c10", "Pod", "a", "x"},
	{"c", "Pod", "a", "x"},
	{"C1", "Pod", "a", "x"},
}

func (s *suite) neighbours() {
	s.Helper()
	s.parallel(len(neighbours), func(i int) error {
		return s.store.Put(s.Context(), storage.Dynamic, storage.NewDocument(storage.Dynamic, neighbours[i], member("data", `{"kind":"k"}`)), start)
	})
}

// below are the _ids of the neighbours that are one of scopes or below one.
func below(scopes ...storage.Key) []string {
	within := []storage.Key{}
	for _, key := range neighbours {
		for _, scope := range scopes {
			if isBelow(key, scope) {
				within = append(within, key)
				break
			}
		}
	}
	return sortedIDs(within...)
}

func isBelow(key, scope storage.Key) bool {
	if len(scope) > len(key) {
		return false
	}
	for i := range scope {
		if key[i] != scope[i] {
			return false
		}
	}
	return true
}

// everyScope are the clusters and types of all neighbours.
func everyScope() (scopes []storage.Key) {
	for _, key := range neighbours {
		scopes = append(scopes, key[:2])
	}
	return scopes
}

var scopeCases = []testCase{
	{"a scope is what is at or below it and nothing that begins alike", func(s *suite) {
		s.neighbours()
		s.equal(s.ids(storage.Dynamic, storage.Query{}), sortedIDs(neighbours...))
		for _, key := range neighbours {
			for n := range len(key) + 1 {
				q := storage.Query{Scopes: []storage.Key{key[:n]}}
				s.equal(s.ids(storage.Dynamic, q), below(key[:n]))
				s.equal(s.count(storage.Dynamic, q), int64(len(below(key[:n]))))
			}
		}
	}},
	{"scopes are a union, each document is there once", func(s *suite) {
		s.neighbours()
		for _, scopes := range [][]storage.Key{
			{{"c1", "Pod", "a"}, {"c1", "Pod", "a-b"}},
			{{"c1", "Pod"}, {"c1", "Pod", "a"}, {"c1", "Pod", "a", "x"}, {"c1", "Pod"}},
			{{"c10"}, {"c1"}, {"c"}},
			{{"c1", "Pod", "a", "x"}, {"c1", "Pod", "a", "y"}, {"c1", "Pod", "", "a"}},
			{{}, {"c1"}},
			{{"nothing"}, {"c1", "nothing"}},
			{{"c1", "Pod", "a", "x", "too", "long"}},
		} {
			q := storage.Query{Scopes: scopes}
			s.equal(s.ids(storage.Dynamic, q), below(scopes...))
			q.Filter = equals("data.kind", storage.String("k"))
			s.equal(s.ids(storage.Dynamic, q), below(scopes...))
			q.Skip, q.Limit = 1, 2
			s.equal(s.ids(storage.Dynamic, q), page(below(scopes...), 1, 2))
		}
	}},
	{"conditions on key fields", func(s *suite) {
		s.neighbours()
		one := func(i int, values ...string) func(storage.Key) bool {
			return func(key storage.Key) bool {
				for _, v := range values {
					if key[i] == v && (i != 2 || v != "") {
						return true
					}
				}
				return false
			}
		}
		all := func(storage.Key) bool { return true }
		for _, tc := range []struct {
			name   string
			filter storage.Filter
			holds  func(storage.Key) bool
		}{
			{"clusterId", equals("clusterId", storage.String("c1"), storage.String("c10")), one(0, "c1", "c10")},
			{"resourceType", equals("resourceType", storage.String("Pod")), one(1, "Pod")},
			{"namespace", equals("namespace", storage.String("a"), storage.String("a/b"), storage.String("a%b")), one(2, "a", "a/b", "a%b")},
			{"empty namespace", equals("namespace", storage.String("")), one(2)},
			{"absent namespace", equals("namespace", storage.Null), func(key storage.Key) bool { return key[2] == "" }},
			{"absent or a", equals("namespace", storage.Null, storage.String("a")), func(key storage.Key) bool { return key[2] == "" || key[2] == "a" }},
			{"absent name", equals("resourceName", storage.Null), one(3)},
			{"empty name", equals("resourceName", storage.String("")), one(3, "")},
			{"resourceName", equals("resourceName", storage.String("x"), storage.String("b/x")), one(3, "x", "b/x")},
			{"a number", equals("clusterId", storage.Int(1)), one(0)},
			{"nothing", equals("clusterId"), one(0)},
			{"_id", equals("_id", storage.String("c1/Pod/a/x"), storage.String("c1/Pod//a"), storage.String("c1/Pod/a/b/x"), storage.String("c1"), storage.Null, storage.Int(1)),
				func(key storage.Key) bool { return key.ID() == "c1/Pod/a/x" || key.ID() == "c1/Pod//a" }},
			{"inside a string", equals("clusterId.x", storage.String("c1")), one(0)},
			{"exists", storage.Exists{Path: storage.P("namespace")}, func(key storage.Key) bool { return key[2] != "" }},
			{"contains", storage.Contains{Path: storage.P("resourceType"), Text: "od"}, one(1, "Pod", "Pods", "pod")},
			{"empty and", storage.And{}, all},
			{"empty or", storage.Or{}, one(0)},
		} {
			want := []storage.Key{}
			for _, key := range neighbours {
				if tc.holds(key) {
					want = append(want, key)
				}
			}
			s.equal(s.ids(storage.Dynamic, storage.Query{Filter: tc.filter}), sortedIDs(want...))
			s.equal(s.ids(storage.Dynamic, storage.Query{Filter: tc.filter, Scopes: everyScope()}), sortedIDs(want...))
			s.equal(s.ids(storage.Dynamic, storage.Query{Filter: storage.And{tc.filter, storage.And{nil, tc.filter}}}), sortedIDs(want...))
		}
		s.equal(s.ids(storage.Dynamic, storage.Query{
			Scopes: []storage.Key{{"c1"}},
			Filter: storage.And{equals("resourceType", storage.String("Pod")), equals("namespace", storage.String("a"), storage.String("ab")), equals("resourceName", storage.String("x"))},
		}), sortedIDs(storage.Key{"c1", "Pod", "a", "x"}, storage.Key{"c1", "Pod", "ab", "x"}))
		s.equal(s.ids(storage.Dynamic, storage.Query{
			Scopes: []storage.Key{{"c1"}},
			Filter: storage.And{equals("clusterId", storage.String("c10"))},
		}), []string{})
	}},
}
