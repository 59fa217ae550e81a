package storagetest

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

var listCases = []testCase{
	{"an empty store lists nothing", func(s *suite) {
		for _, c := range storage.Collections() {
			s.equal(s.list(c, storage.Query{}), []string{})
			s.equal(s.list(c, storage.Query{Scopes: []storage.Key{{"x"}}, Skip: 1, Limit: 1}), []string{})
		}
	}},
	{"lists are in the byte order of _id", func(s *suite) {
		keys := []storage.Key{}
		for _, name := range []string{"b", "a", "B", "é", "a b", "a-b", "a/b", "a%b", "a.b", "aa", "😀", "~", "10", "9", "A"} {
			keys = append(keys, pod("ns", name), pod("", name), storage.Key{"c2", name, "x", name})
		}
		for i, key := range keys {
			s.put(storage.Dynamic, key, `1`, later(-i))
		}
		s.equal(s.ids(storage.Dynamic, storage.Query{}), sortedIDs(keys...))
	}},
	{"pages cut the list", func(s *suite) {
		want := s.numbered(23)
		everything := []storage.Filter{nil, storage.Exists{Path: storage.P("data")}, equals("resourceName", texts(want)...)}
		for _, filter := range everything {
			for _, skip := range []int{0, 1, 6, 22, 23, 24} {
				for _, limit := range []int{0, 1, 7, 40} {
					q := storage.Query{Filter: filter, Skip: int64(skip), Limit: int64(limit), Scopes: []storage.Key{{"c1", "Pod"}}}
					s.equal(s.names(storage.Dynamic, q), strings.Join(page(want, skip, limit), " "))
				}
			}
		}
	}},
	{"pages do not move when documents are put again", func(s *suite) {
		want := s.numbered(9)
		var got []string
		for skip := 0; skip < 9; skip += 3 {
			got = append(got, strings.Fields(s.names(storage.Dynamic, storage.Query{Skip: int64(skip), Limit: 3}))...)
			s.put(storage.Dynamic, pod("ns", want[8-skip]), `"again"`, later(skip))
		}
		s.equal(got, want)
	}},
	{"a long list is whole and in order", func(s *suite) {
		want := s.numbered(700)
		s.equal(strings.Fields(s.names(storage.Dynamic, storage.Query{})), want)
		s.equal(strings.Fields(s.names(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("data.status.phase", storage.String("odd"))})), everySecond(want))
		s.equal(strings.Fields(s.names(storage.Dynamic, storage.Query{Filter: equals("data.n", storage.Int(1), storage.Int(699))})), []string{want[1], want[699]})
		s.equal(strings.Fields(s.names(storage.Dynamic, storage.Query{Skip: 600, Limit: 50})), want[600:650])
	}},
	{"newest first, ties by _id highest first, without a time last", func(s *suite) {
		for name, when := range map[string]string{
			"a": `"2026-01-01T00:00:00Z"`, "b": `"2026-01-01T01:00:00+01:00"`, "c": `1767225600`, // all the same instant
			"d": `"2026-01-01 00:00:01"`, "e": `"0001-01-01T00:00:00Z"`, "f": `"1767225599"`, "g": `1767225600.5`,
			"h": `"no time"`, "i": `null`, "j": `{}`, "k": `["2026-01-01T00:00:00Z"]`, "l": `true`, "m": `-5`,
		} {
			s.putMembers(storage.Events, storage.Key{"c1", name}, start, member("eventTime", when))
		}
		s.putMembers(storage.Events, storage.Key{"c1", "n"}, start, member("data", `1`))
		const want = "d g c b a f m e n l k j i h"
		scoped := []storage.Key{{"c1"}}
		s.selects(storage.Events, storage.Query{}, want)
		s.selects(storage.Events, storage.Query{Scopes: scoped}, want)
		s.selects(storage.Events, storage.Query{Filter: storage.Exists{Path: storage.P("clusterId")}}, want)
		for skip := range 15 {
			q := storage.Query{Scopes: scoped, Skip: int64(skip), Limit: 3}
			s.equal(s.names(storage.Events, q), strings.Join(page(strings.Fields(want), skip, 3), " "))
		}
	}},
	{"newest first across scopes", func(s *suite) {
		for i := range 40 {
			key := storage.Key{fmt.Sprintf("c%d", i%4), fmt.Sprintf("e%02d", i)}
			s.putMembers(storage.Alarms, key, start, member("receivedTime", fmt.Sprint(1000+i/8)), member("odd", fmt.Sprint(i%2 == 1)))
		}
		ids := s.ids(storage.Alarms, storage.Query{Scopes: []storage.Key{{"c1"}, {"c3"}, {"c9"}, {"c3", "e03"}}})
		want := []string{}
		for group := 4; group >= 0; group-- {
			for _, c := range []int{3, 1} {
				for i := 39; i >= 0; i-- {
					if i/8 == group && i%4 == c {
						want = append(want, fmt.Sprintf("c%d/e%02d", c, i))
					}
				}
			}
		}
		s.equal(ids, want)
		odd := storage.Query{Filter: equals("odd", storage.Bool(true)), Skip: 3, Limit: 11}
		s.equal(s.ids(storage.Alarms, odd), want[3:14])
	}},
	{"a new time moves a document in the list", func(s *suite) {
		for i, name := range []string{"a", "b", "c"} {
			s.putMembers(storage.Alarms, storage.Key{"c1", name}, start, member("receivedTime", fmt.Sprint(i)))
		}
		s.putMembers(storage.Alarms, storage.Key{"c1", "a"}, start, member("receivedTime", `9`))
		s.putMembers(storage.Alarms, storage.Key{"c1", "c"}, start, member("x", `1`))
		s.selects(storage.Alarms, storage.Query{}, "a b c")
	}},
	{"a list may be left early", func(s *suite) {
		s.numbered(50)
		for range 20 {
			for doc, err := range s.store.List(s.Context(), storage.Dynamic, storage.Query{}) {
				s.check(err)
				if idOf(string(doc)) != "c1/Pod/ns/n0000" {
					s.Error(string(doc))
				}
				break
			}
		}
		s.put(storage.Dynamic, pod("ns", "x"), `1`, start)
	}},
	{"the store can be used while a list is read", func(s *suite) {
		want := s.numbered(300)
		var got []string
		for doc, err := range s.store.List(s.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}}) {
			s.check(err)
			name := storage.ParseID(idOf(string(doc)))[3]
			got = append(got, name)
			if len(got)%10 == 1 {
				s.put(storage.Dynamic, pod("ns", name), `"again"`, later(1))
				s.get(storage.Dynamic, pod("ns", name))
				s.count(storage.Dynamic, storage.Query{})
			}
			_, err := s.store.Delete(s.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{pod("ns", name)}})
			s.check(err)
		}
		s.equal(got, want)
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(0))
	}},
	{"many lists at once", func(s *suite) {
		want := s.numbered(60)
		next := make([]func() ([]byte, error, bool), 12)
		for i := range next {
			pull, stop := iter.Pull2(s.store.List(s.Context(), storage.Dynamic, storage.Query{}))
			defer stop()
			next[i] = pull
		}
		for _, name := range want {
			for _, pull := range next {
				doc, err, ok := pull()
				if err != nil || !ok || storage.ParseID(idOf(string(doc)))[3] != name {
					s.Fatalf("%s: %v %v, want %s", doc, err, ok, name)
				}
			}
		}
	}},
}

// numbered stores n pods n0000, n0001 … and returns their names. Large stores
// are filled by several writers, because an engine may be slow with one.
func (s *suite) numbered(n int) []string {
	s.Helper()
	names := make([]string, n)
	s.parallel(n, func(i int) error {
		names[i] = fmt.Sprintf("n%04d", i)
		phase := []string{"even", "odd"}[i%2]
		doc := storage.NewDocument(storage.Dynamic, pod("ns", names[i]), member("data", fmt.Sprintf(`{"n":%d,"status":{"phase":%q}}`, i, phase)))
		return s.store.Put(s.Context(), storage.Dynamic, doc, start.Add(time.Duration(i)*time.Millisecond))
	})
	return names
}

func texts(names []string) (values []storage.Value) {
	for _, name := range names {
		values = append(values, storage.String(name))
	}
	return values
}

func page(all []string, skip, limit int) []string {
	all = all[min(skip, len(all)):]
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all
}

func everySecond(all []string) (odd []string) {
	for pair := range slices.Chunk(all, 2) {
		odd = append(odd, pair[1])
	}
	return odd
}
