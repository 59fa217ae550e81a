package storagetest

import (
	"errors"
	"fmt"

	"bcs-storage/storage"
)

var countCases = []testCase{
	{"count does not mind fields and page", func(s *suite) {
		s.numbered(20)
		for _, filter := range []storage.Filter{nil, storage.Exists{Path: storage.P("data.n")}} {
			q := storage.Query{Filter: filter, Fields: fields("data"), Skip: 5, Limit: 2}
			s.equal(s.count(storage.Dynamic, q), int64(20))
		}
		s.equal(s.count(storage.Dynamic, storage.Query{Filter: equals("data.status.phase", storage.String("odd"))}), int64(10))
	}},
	{"distinct values of a key field", func(s *suite) {
		s.neighbours()
		for _, tc := range []struct {
			field  string
			q      storage.Query
			values []string
		}{
			{"clusterId", storage.Query{}, []string{"C1", "c", "c1", "c1/Pod", "c10"}},
			{"resourceType", storage.Query{}, []string{"Po", "Pod", "Pods", "a", "pod"}},
			{"resourceType", storage.Query{Scopes: []storage.Key{{"c1"}}}, []string{"Po", "Pod", "Pods", "pod"}},
			{"namespace", storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}}, []string{"a", "a%2Fb", "a%b", "a-b", "a.", "a/b", "a0", "ab"}},
			{"namespace", storage.Query{Scopes: []storage.Key{{"c1/Pod"}, {"c1", "pod"}, {"c1"}}, Filter: equals("resourceType", storage.String("pod"), storage.String("a"))}, []string{"a", "x"}},
			{"resourceName", storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}}, []string{"a", "b/x", "x"}},
			{"resourceName", storage.Query{}, []string{"a", "b/x", "x"}},
			{"clusterId", storage.Query{Scopes: []storage.Key{{"c1", "Pod", "a"}, {"c10"}}}, []string{"c1", "c10"}},
			{"clusterId", storage.Query{Scopes: []storage.Key{{"c1", "Pod", "a", "x"}}}, []string{"c1"}},
			{"clusterId", storage.Query{Scopes: []storage.Key{{"c2"}}}, []string{}},
			{"namespace", storage.Query{Filter: equals("resourceName", storage.String("b/x"))}, []string{"a"}},
			{"namespace", storage.Query{Filter: storage.Contains{Path: storage.P("namespace"), Text: "%"}, Skip: 5, Limit: 1, Fields: fields("data")}, []string{"a%2Fb", "a%b"}},
			{"namespace", storage.Query{Filter: equals("namespace", storage.Null)}, []string{}},
			{"clusterId", storage.Query{Filter: storage.TimeRange{Path: storage.P("updateTime"), From: start}}, []string{"C1", "c", "c1", "c1/Pod", "c10"}},
		} {
			got, err := s.store.Distinct(s.Context(), storage.Dynamic, tc.q, tc.field)
			s.check(err)
			if got == nil {
				got = []string{}
			}
			s.equal(got, tc.values)
		}
	}},
	{"distinct values in the other collections", func(s *suite) {
		s.putMembers(storage.Hosts, storage.Key{"10.0.0.2"}, start, member("clusterId", `"c1"`))
		s.putMembers(storage.Hosts, storage.Key{"10.0.0.1"}, start, member("clusterId", `"c2"`))
		s.putMembers(storage.Events, storage.Key{"", "e"}, start)
		for i := range 6 {
			s.putMembers(storage.Events, storage.Key{fmt.Sprint("c", i%3), fmt.Sprint("e", i)}, start, member("eventTime", `1`))
		}
		s.distinct(storage.Hosts, "ip", "10.0.0.1", "10.0.0.2")
		s.distinct(storage.Events, "clusterId", "c0", "c1", "c2")
		s.distinct(storage.Metrics, "type")
	}},
	{"distinct is for key fields", func(s *suite) {
		for _, field := range []string{"data", "", "_id", "createTime"} {
			if _, err := s.store.Distinct(s.Context(), storage.Dynamic, storage.Query{}, field); !errors.Is(err, storage.ErrInvalid) {
				s.Errorf("%q: %v, want ErrInvalid", field, err)
			}
		}
	}},
}

func (s *suite) distinct(c *storage.Collection, field string, want ...string) {
	s.Helper()
	got, err := s.store.Distinct(s.Context(), c, storage.Query{}, field)
	s.check(err)
	s.equal(append([]string{}, got...), append([]string{}, want...))
}
