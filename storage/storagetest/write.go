package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"bcs-storage/storage"
)

// puts are writes of pods with the member data.
func puts(data string, names ...string) (writes []storage.Write) {
	for _, name := range names {
		writes = append(writes, storage.Write{Document: storage.NewDocument(storage.Dynamic, pod("ns", name), member("data", data))})
	}
	return writes
}

// removal is the write that removes a pod, if the filter holds for it.
func removal(name string, f storage.Filter) storage.Write {
	return storage.Write{Document: storage.Document{Key: pod("ns", name)}, Filter: f}
}

// write makes the changes, none of which may fail, ms milliseconds after start.
func (s *suite) write(ms int, writes ...storage.Write) {
	s.Helper()
	if errs := s.store.Write(s.Context(), storage.Dynamic, writes, later(ms)); errs != nil {
		s.Fatal(errs)
	}
}

// written is data and times of a pod as they are answered.
func written(name, data string, created, updated int) string {
	return fmt.Sprintf(`{"_id":"c1/Pod/ns/%s","data":%s,"createTime":"%s","updateTime":"%s"}`,
		name, data, storage.FormatTime(later(created)), storage.FormatTime(later(updated)))
}

var dataAndTimes = fields("data", "createTime", "updateTime")

var writeCases = []testCase{
	{"documents are put as by put", func(s *suite) {
		s.write(0, puts(`{"a":1}`, "b", "a", "c")...)
		s.write(5, puts(`2`, "c", "d", "a")...)
		s.equal(s.list(storage.Dynamic, storage.Query{Fields: dataAndTimes}), []string{
			written("a", `2`, 0, 5), written("b", `{"a":1}`, 0, 0), written("c", `2`, 0, 5), written("d", `2`, 5, 5),
		})
		s.selects(storage.Dynamic, storage.Query{Filter: equals("data.a", storage.Int(1))}, "b")
	}},
	{"documents are removed", func(s *suite) {
		s.write(0, puts(`1`, "a", "b", "c")...)
		s.write(0, removal("b", nil), removal("nothing", nil))
		s.selects(storage.Dynamic, storage.Query{}, "a c")
	}},
	{"a filter spares documents", func(s *suite) {
		isOne := equals("data", storage.Int(1))
		undecided := storage.TimeRange{Path: storage.P("data"), From: start}
		s.write(0, slices.Concat(puts(`1`, "a", "b", "e"), puts(`2`, "c", "d"), puts(`"2030-01-01T00:00:00Z"`, "f"))...)
		s.write(0, removal("a", isOne), removal("c", isOne), removal("b", storage.Not{Filter: isOne}), removal("d", storage.Not{Filter: isOne}),
			removal("nothing", isOne), removal("e", undecided), removal("f", undecided))
		s.selects(storage.Dynamic, storage.Query{}, "b c e")
	}},
	{"changes of one document are made in their order", func(s *suite) {
		s.write(0, puts(`0`, "kept", "renewed", "gone", "spared")...)
		isTwo := equals("data", storage.Int(2))
		s.write(7, slices.Concat(
			puts(`1`, "kept", "renewed", "gone", "new"),
			puts(`2`, "kept"),
			[]storage.Write{removal("renewed", nil), removal("new", nil)},
			puts(`2`, "renewed", "new", "gone", "spared"),
			[]storage.Write{removal("gone", isTwo), removal("spared", storage.Not{Filter: isTwo}), removal("absent", nil)},
			puts(`3`, "kept", "absent"),
			[]storage.Write{removal("absent", nil)},
		)...)
		s.equal(s.list(storage.Dynamic, storage.Query{Fields: dataAndTimes}), []string{
			written("kept", `3`, 0, 7), written("new", `2`, 7, 7), written("renewed", `2`, 7, 7), written("spared", `2`, 0, 7),
		})
	}},
	{"nothing to write is no error", func(s *suite) {
		s.write(0)
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(0))
	}},
	{"documents of several types", func(s *suite) {
		var writes []storage.Write
		want := []storage.Key{}
		for i, docType := range []string{"Pod", "taskgroup", "Pod", "odd type/1", "Service", "taskgroup"} {
			key := storage.Key{"c1", docType, "", fmt.Sprint(i)}
			want = append(want, key)
			writes = append(writes, storage.Write{Document: storage.NewDocument(storage.Dynamic, key, member("data", `{"status":{"phase":"Running"}}`))})
		}
		s.write(0, writes...)
		s.equal(s.ids(storage.Dynamic, storage.Query{}), sortedIDs(want...))
		s.selects(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("data.status.phase", storage.String("Running"))}, "0 2")
	}},
	{"other collections", func(s *suite) {
		for _, c := range storage.Collections() {
			key := make(storage.Key, c.Parts)
			for i := range key {
				key[i] = fmt.Sprint("k", i)
			}
			writes := []storage.Write{{Document: storage.NewDocument(c, key, member("x", `1`))}}
			if errs := s.store.Write(s.Context(), c, writes, start); errs != nil {
				s.Fatalf("%s: %v", c.Name, errs)
			}
			s.equal(s.ids(c, storage.Query{}), []string{key.ID()})
		}
	}},
	{"one that fails does not hold up the others", func(s *suite) {
		writes := puts(`1`, "a", "b", "c")
		writes[1].Key = storage.Key{"c1", "Pod"}
		short := removal("c", nil)
		short.Key = storage.Key{"c1"}
		errs := s.store.Write(s.Context(), storage.Dynamic, append(writes, short), start)
		if len(errs) != 4 || errs[0] != nil || errs[1] == nil || errs[2] != nil || errs[3] == nil {
			s.Errorf("%v", errs)
		}
		s.selects(storage.Dynamic, storage.Query{}, "a c")
	}},
	{"a document that is too large", func(s *suite) {
		writes := puts(`1`, "a", "b", "c")
		writes[1] = puts(`"`+strings.Repeat("x", 65<<20)+`"`, "b")[0]
		errs := s.store.Write(s.Context(), storage.Dynamic, writes, start)
		if len(errs) != 3 || errs[0] != nil || !errors.Is(errs[1], storage.ErrTooLarge) || errs[2] != nil {
			s.Errorf("%.300v", errs)
		}
		s.selects(storage.Dynamic, storage.Query{}, "a c")
	}},
	{"many changes", func(s *suite) {
		var writes []storage.Write
		for i := range 1300 {
			writes = append(writes, puts(fmt.Sprint(i), fmt.Sprintf("n%04d", (i*701)%1300))...)
		}
		s.write(0, writes...)
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(1300))
		for i := range writes {
			if i%3 > 0 {
				writes[i].Body = nil
			}
		}
		s.write(1, writes...)
		s.equal(s.count(storage.Dynamic, storage.Query{}), int64(434))
	}},
	{"writers of the same documents", func(s *suite) {
		var wg sync.WaitGroup
		for w := range 6 {
			wg.Go(func() {
				for range 4 {
					if errs := s.store.Write(s.Context(), storage.Dynamic, puts(fmt.Sprint(w), "a", "b", "c", "d", fmt.Sprint("own", w)), later(w)); errs != nil {
						s.Error(errs)
					}
				}
			})
		}
		wg.Wait()
		s.selects(storage.Dynamic, storage.Query{}, "a b c d own0 own1 own2 own3 own4 own5")
	}},
}
