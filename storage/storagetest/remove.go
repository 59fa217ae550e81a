package storagetest

import (
	"fmt"
	"slices"

	"bcs-storage/storage"
)

func (s *suite) delete(c *storage.Collection, q storage.Query) int64 {
	s.Helper()
	n, err := s.store.Delete(s.Context(), c, q)
	s.check(err)
	return n
}

func (s *suite) trim(c *storage.Collection, scope storage.Key, keep int64) int64 {
	s.Helper()
	n, err := s.store.Trim(s.Context(), c, scope, keep)
	s.check(err)
	return n
}

var deleteCases = []testCase{
	{"what is not there is no error", func(s *suite) {
		for _, c := range storage.Collections() {
			s.equal(s.delete(c, storage.Query{}), int64(0))
			s.equal(s.delete(c, storage.Query{Scopes: []storage.Key{{"x", "y", "z", "u"}}}), int64(0))
		}
	}},
	{"a scope is removed, its neighbours stay", func(s *suite) {
		s.neighbours()
		scopes := []storage.Key{{"c1", "Pod", "a"}, {"c1", "Pod", "", "x"}}
		gone := below(scopes...)
		s.equal(s.delete(storage.Dynamic, storage.Query{Scopes: scopes}), int64(len(gone)))
		rest := slices.DeleteFunc(sortedIDs(neighbours...), func(id string) bool { return slices.Contains(gone, id) })
		s.equal(s.ids(storage.Dynamic, storage.Query{}), rest)
		s.equal(s.delete(storage.Dynamic, storage.Query{}), int64(len(rest)))
		s.equal(s.ids(storage.Dynamic, storage.Query{}), []string{})
	}},
	{"what matches is removed, fields and page do not matter", func(s *suite) {
		s.shapes(`{"status":%s}`)
		all := s.count(storage.Dynamic, storage.Query{})
		q := storage.Query{
			Scopes: []storage.Key{{"c1", "taskgroup"}}, Filter: equals("data.status", storage.String("a")),
			Skip: 1, Limit: 1, Fields: fields("data"),
		}
		s.equal(s.delete(storage.Dynamic, q), int64(3))
		s.selects(storage.Dynamic, storage.Query{Filter: equals("data.status", storage.String("a"))}, "")
		s.equal(s.delete(storage.Dynamic, storage.Query{Filter: storage.Not{Filter: storage.Exists{Path: storage.P("data.status")}}}), int64(1))
		s.equal(s.count(storage.Dynamic, storage.Query{}), all-4)
	}},
	{"by time", func(s *suite) {
		s.numbered(10)
		old := storage.TimeRange{Path: storage.P("updateTime"), To: later(4)}
		s.equal(s.delete(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod", "ns"}}, Filter: old}), int64(4))
		s.equal(s.delete(storage.Dynamic, storage.Query{Filter: storage.TimeRange{Path: storage.P("createTime"), To: later(6)}}), int64(2))
		s.selects(storage.Dynamic, storage.Query{}, "n0006 n0007 n0008 n0009")
		for i := range 9 {
			s.putMembers(storage.Events, storage.Key{fmt.Sprint("c", i%2), fmt.Sprint(i)}, later(i), member("eventTime", fmt.Sprint(i)))
		}
		s.equal(s.delete(storage.Events, storage.Query{Filter: storage.TimeRange{Path: storage.P("createTime"), To: later(3)}}), int64(3))
		s.equal(s.delete(storage.Events, storage.Query{Filter: storage.TimeRange{Path: storage.P("eventTime"), From: at(5), To: at(7)}}), int64(2))
		s.selects(storage.Events, storage.Query{}, "8 7 4 3")
	}},
	{"many documents", func(s *suite) {
		s.numbered(600)
		s.equal(s.delete(storage.Dynamic, storage.Query{Filter: equals("data.status.phase", storage.String("odd"))}), int64(300))
		s.equal(s.delete(storage.Dynamic, storage.Query{Filter: storage.Contains{Path: storage.P("resourceName"), Text: "8"}}), int64(84))
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(216))
	}},
}

var trimCases = []testCase{
	{"the newest by createTime stay, ties by _id", func(s *suite) {
		for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
			s.putMembers(storage.Events, storage.Key{"c1", name}, later(i/2), member("eventTime", fmt.Sprint(-i)))
			s.putMembers(storage.Events, storage.Key{"c10", name}, later(-1000))
		}
		s.equal(s.trim(storage.Events, storage.Key{"c1"}, 6), int64(0))
		s.equal(s.trim(storage.Events, storage.Key{"c1"}, 3), int64(3))
		s.selects(storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}}, "d e f")
		s.equal(s.trim(storage.Events, storage.Key{"c1"}, 0), int64(3))
		s.equal(s.trim(storage.Events, storage.Key{"c1"}, 0), int64(0))
		s.equal(s.count(storage.Events, storage.Query{}), int64(6))
	}},
	{"a put again does not make a document newer", func(s *suite) {
		for i, name := range []string{"a", "b", "c"} {
			s.put(storage.Dynamic, pod("ns", name), `1`, later(i))
		}
		s.put(storage.Dynamic, pod("ns", "a"), `2`, later(9))
		s.equal(s.trim(storage.Dynamic, storage.Key{"c1"}, 1), int64(2))
		s.selects(storage.Dynamic, storage.Query{}, "c")
	}},
	{"any scope can be trimmed", func(s *suite) {
		s.neighbours()
		for _, scope := range []storage.Key{{"c1", "Pod", "a"}, {"c1", "Pod"}, {"c1"}, {}} {
			n := len(s.ids(storage.Dynamic, storage.Query{Scopes: []storage.Key{scope}}))
			s.equal(s.trim(storage.Dynamic, scope, 1), int64(n-1))
			s.equal(s.count(storage.Dynamic, storage.Query{Scopes: []storage.Key{scope}}), int64(1))
		}
	}},
	{"documents without a cluster have a scope too", func(s *suite) {
		for i := range 3 {
			s.putMembers(storage.Alarms, storage.Key{"", fmt.Sprint(i)}, later(i))
		}
		s.equal(s.trim(storage.Alarms, storage.Key{""}, 2), int64(1))
		s.selects(storage.Alarms, storage.Query{Scopes: []storage.Key{{""}}}, "2 1")
	}},
}
