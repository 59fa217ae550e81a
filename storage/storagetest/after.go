package storagetest

import (
	"errors"
	"fmt"
	"strings"

	"bcs-storage/storage"
)

// through reads q page by page, each behind the last document of the one
// before, and returns the names. between is called with the number of every page.
func (s *suite) through(q storage.Query, size int64, between func(page int)) []string {
	s.Helper()
	names := []string{}
	for page := 0; ; page++ {
		q.Limit = size
		ids := s.ids(storage.Dynamic, q)
		for _, id := range ids {
			names = append(names, storage.ParseID(id)[3])
		}
		if int64(len(ids)) < size {
			return names
		}
		if page > 1000 {
			s.Fatal("no end of pages")
		}
		q.After = ids[len(ids)-1]
		between(page)
	}
}

func nothing(int) {}

var afterCases = []testCase{
	{"a list begins behind an _id", func(s *suite) {
		s.write(0, puts(`1`, "a", "b", "c", "d")...)
		s.put(storage.Dynamic, storage.Key{"c2", "Pod", "ns", "e"}, `1`, start)
		for after, want := range map[string]string{
			"c1/Pod/ns/a": "b c d e", "c1/Pod/ns/b": "c d e", "c1/Pod/ns/bb": "c d e", "c1/Pod/ns/d": "e", "c1/Pod/ns/e": "e",
			"": "a b c d e", "a": "a b c d e", "c1": "a b c d e", "c2/Pod/ns/e": "", "z": "",
		} {
			for _, q := range []storage.Query{{}, {Scopes: []storage.Key{{"c1"}, {"c2"}}}, {Filter: storage.Exists{Path: storage.P("data")}}} {
				q.After = after
				if got := s.names(storage.Dynamic, q); got != want {
					s.Errorf("behind %q: %q, want %q", after, got, want)
				}
				q.Skip, q.Limit = 1, 2
				if got, want := s.names(storage.Dynamic, q), strings.Join(page(strings.Fields(want), 1, 2), " "); got != want {
					s.Errorf("page behind %q: %q, want %q", after, got, want)
				}
			}
		}
	}},
	{"only lists look at it", func(s *suite) {
		s.write(0, puts(`1`, "a", "b")...)
		q := storage.Query{After: "c1/Pod/ns/a"}
		s.equal(s.count(storage.Dynamic, q), int64(2))
		clusters, err := s.store.Distinct(s.Context(), storage.Dynamic, storage.Query{After: "z"}, "clusterId")
		s.check(err)
		s.equal(clusters, []string{"c1"})
		s.equal(s.delete(storage.Dynamic, q), int64(2))
	}},
	{"pages are the list, whatever selects it", func(s *suite) {
		s.numbered(140)
		phase := equals("data.status.phase", storage.String("odd"))
		for name, q := range map[string]storage.Query{
			"everything": {},
			"scope":      {Scopes: []storage.Key{{"c1", "Pod"}}},
			"scopes":     {Scopes: []storage.Key{{"c1", "Pod", "ns"}, {"c1", "Service"}, pod("ns", "n0007"), {"c0"}}},
			"value":      {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: phase},
			"values":     {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("data.status.phase", storage.String("even"), storage.String("odd"), storage.String("x"))},
			"keys":       {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("resourceName", storage.String("n0003"), storage.String("n0100"), storage.String("n0139"))},
			"time":       {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: storage.TimeRange{Path: storage.P("updateTime"), From: later(20), To: later(90)}},
			"rest":       {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: storage.Not{Filter: phase}},
			"some":       {Scopes: []storage.Key{{"c1", "Pod"}}, Filter: storage.And{phase, storage.Exists{Path: storage.P("data.n")}}},
		} {
			want := strings.Fields(s.names(storage.Dynamic, q))
			if len(want) == 0 {
				s.Errorf("%s selects nothing", name)
			}
			for _, size := range []int64{1, 7, 64, 140} {
				if got := s.through(q, size, nothing); strings.Join(got, " ") != strings.Join(want, " ") {
					s.Errorf("%s in pages of %d: %q, want %q", name, size, got, want)
				}
			}
		}
	}},
	{"what is there throughout is seen once, whatever is written meanwhile", func(s *suite) {
		names := s.numbered(60)
		q := storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}}
		seen := map[string]int{}
		got := s.through(q, 7, func(page int) {
			s.put(storage.Dynamic, pod("ns", names[page]), `"again"`, later(page))
			s.write(page, puts(`"new"`, fmt.Sprintf("n%04da", page), fmt.Sprintf("n%04da", 59-page))...)
			s.write(page, removal(fmt.Sprintf("n%04d", 8*page), nil), removal(fmt.Sprintf("n%04d", 59-4*page), nil))
		})
		for _, name := range got {
			seen[name]++
			if seen[name] > 1 {
				s.Errorf("%s came twice", name)
			}
		}
		for _, name := range s.ids(storage.Dynamic, q) {
			name := storage.ParseID(name)[3]
			if len(name) == len("n0000") && seen[name] != 1 {
				s.Errorf("%s came %d times", name, seen[name])
			}
		}
	}},
	{"lists that are newest first have no such place", func(s *suite) {
		s.putMembers(storage.Events, storage.Key{"c1", "e"}, start, member("eventTime", `1`))
		docs, err := collect(s.Context(), s.store, storage.Events, storage.Query{After: "c1/a"})
		if !errors.Is(err, storage.ErrInvalid) || len(docs) > 0 {
			s.Errorf("%v, %v, want ErrInvalid", docs, err)
		}
	}},
}
