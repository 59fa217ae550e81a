package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bcs-storage/storage"
)

// records drains a collection: what is stored by _id, with copies of the bodies.
func records(ctx context.Context, store storage.RecordReader, c *storage.Collection) (map[string]storage.Record, error) {
	all := map[string]storage.Record{}
	for r, err := range store.Records(ctx, c) {
		if err != nil {
			if r.ID != "" || r.Body != nil {
				return all, fmt.Errorf("an error came with a record: %w", err)
			}
			return all, err
		}
		if _, twice := all[r.ID]; twice {
			return all, fmt.Errorf("%s came twice", r.ID)
		}
		r.Body = slices.Clone(r.Body)
		all[r.ID] = r
	}
	return all, nil
}

func (s *suite) records(c *storage.Collection) map[string]storage.Record {
	s.Helper()
	all, err := records(s.Context(), s.store, c)
	s.check(err)
	return all
}

func (s *suite) load(c *storage.Collection, all ...storage.Record) {
	s.Helper()
	s.check(s.store.Load(s.Context(), c, all))
}

// record is a record of a document with the member data.
func record(c *storage.Collection, key storage.Key, data string, created, updated time.Time) storage.Record {
	d := storage.NewDocument(c, key, member("data", data))
	return storage.Record{ID: key.ID(), Body: d.Body, Created: created, Updated: updated}
}

var recordCases = []testCase{
	{"records are what was put", func(s *suite) {
		want := map[string]storage.Record{}
		for i, data := range []string{"{\n\t\"a\" : [1, 1.0, 1e2, -0],\r\n \"a.b\":{\"$c\":\"．\"} }", `"<\u003c\u0041é\/"`, `9007199254740993`} {
			key := pod("ns", fmt.Sprintf("%d /%%", i))
			s.put(storage.Dynamic, key, `"before"`, start)
			s.put(storage.Dynamic, key, data, later(i+1))
			want[key.ID()] = record(storage.Dynamic, key, data, start, later(i+1))
		}
		s.equal(s.records(storage.Dynamic), want)
		s.equal(len(s.records(storage.Hosts)), 0)
	}},
	{"records have the time of the last put where documents do not show it", func(s *suite) {
		for _, ms := range []int{0, 7} {
			s.put(storage.Events, storage.Key{"c1", "e"}, `1`, later(ms))
		}
		s.equal(s.records(storage.Events), map[string]storage.Record{"c1/e": record(storage.Events, storage.Key{"c1", "e"}, `1`, start, later(7))})
	}},
	{"records of every collection and type, once each", func(s *suite) {
		want := map[string]bool{}
		s.parallel(700, func(i int) error {
			key := storage.Key{fmt.Sprint("c", i%3), []string{"Pod", "Service", "Über/x", "pod"}[i%4], "ns", fmt.Sprint(i)}
			return s.store.Put(s.Context(), storage.Dynamic, storage.NewDocument(storage.Dynamic, key, member("data", fmt.Sprint(i))), start)
		})
		for i := range 700 {
			want[storage.Key{fmt.Sprint("c", i%3), []string{"Pod", "Service", "Über/x", "pod"}[i%4], "ns", fmt.Sprint(i)}.ID()] = true
		}
		got := s.records(storage.Dynamic)
		s.equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}},
	{"reading records may be left early", func(s *suite) {
		s.numbered(50)
		for range 20 {
			for r, err := range s.store.Records(s.Context(), storage.Dynamic) {
				s.check(err)
				if !strings.HasPrefix(r.ID, "c1/Pod/ns/n00") {
					s.Error(r.ID)
				}
				break
			}
		}
		s.put(storage.Dynamic, pod("ns", "x"), `1`, start)
	}},
	{"load keeps the times and the body", func(s *suite) {
		r := record(storage.Dynamic, pod("ns", "a/b"), " [1.50 ,\n\"\\u0041\" ]", later(1), later(5))
		s.load(storage.Dynamic, r)
		s.equal(s.records(storage.Dynamic), map[string]storage.Record{r.ID: r})
		s.equal(s.get(storage.Dynamic, pod("ns", "a/b")), `{"_id":"c1/Pod/ns/a%2Fb","clusterId":"c1","resourceType":"Pod","namespace":"ns","resourceName":"a/b","data": [1.50 ,
"\u0041" ],"createTime":"2026-11-21T19:30:57.776Z","updateTime":"2026-11-21T19:30:57.780Z"}`)
	}},
	{"load replaces all of a document", func(s *suite) {
		s.putMembers(storage.Dynamic, pod("ns", "web"), later(9), member("old", `1`), member("data", `{"status":{"phase":"Running"}}`))
		r := record(storage.Dynamic, pod("ns", "web"), `{"status":{"phase":"Failed"}}`, start, later(1))
		s.load(storage.Dynamic, r)
		s.equal(s.records(storage.Dynamic), map[string]storage.Record{r.ID: r})
		s.selects(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("data.status.phase", storage.String("Running"))}, "")
		s.selects(storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c1", "Pod"}}, Filter: equals("data.status.phase", storage.String("Failed"))}, "web")
		s.selects(storage.Dynamic, storage.Query{Filter: storage.Exists{Path: storage.P("old")}}, "")
	}},
	{"the last of several records with one _id stays", func(s *suite) {
		first, last := record(storage.Metrics, storage.Key{"c", "n", "t", "m"}, `1`, later(1), later(2)), record(storage.Metrics, storage.Key{"c", "n", "t", "m"}, `2`, start, start)
		s.load(storage.Metrics, first, last)
		s.equal(s.records(storage.Metrics), map[string]storage.Record{last.ID: last})
	}},
	{"put keeps the createTime that was loaded", func(s *suite) {
		s.load(storage.Dynamic, record(storage.Dynamic, pod("ns", "web"), `1`, later(1), later(2)))
		s.put(storage.Dynamic, pod("ns", "web"), `2`, later(3))
		s.equal(s.records(storage.Dynamic), map[string]storage.Record{"c1/Pod/ns/web": record(storage.Dynamic, pod("ns", "web"), `2`, later(1), later(3))})
	}},
	{"queries find what was loaded", func(s *suite) {
		var pods, events []storage.Record
		for i := range 250 { // more than one command of any engine
			name := fmt.Sprintf("n%03d", i)
			pods = append(pods, record(storage.Dynamic, pod("ns", name), fmt.Sprintf(`{"status":{"hostIP":"10.0.0.%d","startTime":%d}}`, i%5, 1000+i), later(i), later(1000+i)))
			d := storage.NewDocument(storage.Events, storage.Key{"c1", name}, member("eventTime", fmt.Sprint(5000-i)))
			events = append(events, storage.Record{ID: "c1/" + name, Body: d.Body, Created: later(i), Updated: later(i)})
		}
		s.load(storage.Dynamic, pods...)
		s.load(storage.Events, events...)
		inPods := []storage.Key{{"c1", "Pod"}}
		s.equal(s.count(storage.Dynamic, storage.Query{Scopes: inPods}), int64(250))
		s.selects(storage.Dynamic, storage.Query{Scopes: inPods, Filter: storage.And{equals("data.status.hostIP", storage.String("10.0.0.3")),
			storage.TimeRange{Path: storage.P("data.status.startTime"), From: time.Unix(1000+240, 0)}}}, "n243 n248")
		s.selects(storage.Dynamic, storage.Query{Filter: storage.TimeRange{Path: storage.P("createTime"), From: later(100), To: later(103)}}, "n100 n101 n102")
		s.selects(storage.Dynamic, storage.Query{Scopes: inPods, Filter: storage.TimeRange{Path: storage.P("updateTime"), To: later(1002)}}, "n000 n001")
		s.equal(s.names(storage.Events, storage.Query{Scopes: []storage.Key{{"c1"}}, Limit: 3}), "n000 n001 n002")
		n, err := s.store.Trim(s.Context(), storage.Events, storage.Key{"c1"}, 2) // by createTime
		s.check(err)
		s.equal(n, int64(248))
		s.equal(s.names(storage.Events, storage.Query{}), "n248 n249")
	}},
	{"the caller may use the body again after load", func(s *suite) {
		r := record(storage.Dynamic, pod("ns", "web"), `"mine"`, start, start)
		s.load(storage.Dynamic, r)
		clear(r.Body)
		if got := s.get(storage.Dynamic, pod("ns", "web")); !strings.Contains(got, `"data":"mine"`) {
			s.Error(got)
		}
	}},
	{"what is no record is refused and nothing stored", func(s *suite) {
		good := record(storage.Dynamic, pod("ns", "web"), `1`, start, start)
		for name, change := range map[string]func(*storage.Record){
			"a short _id":         func(r *storage.Record) { r.ID = "c1/Pod/ns" },
			"a long _id":          func(r *storage.Record) { r.ID += "/x" },
			"an _id not escaped":  func(r *storage.Record) { r.ID = "c1/Pod/ns/%zz%2f" },
			"an _id not in UTF-8": func(r *storage.Record) { r.ID = "c1/Pod/ns/\xff" },
			"no createTime":       func(r *storage.Record) { r.Created = time.Time{} },
			"no updateTime":       func(r *storage.Record) { r.Updated = time.Time{} },
			"no object":           func(r *storage.Record) { r.Body = []byte(`[1]`) },
			"no body":             func(r *storage.Record) { r.Body = nil },
		} {
			bad := good
			change(&bad)
			if err := s.store.Load(s.Context(), storage.Dynamic, []storage.Record{good, bad}); !errors.Is(err, storage.ErrInvalid) {
				s.Errorf("%s: %v, want ErrInvalid", name, err)
			}
		}
		s.equal(len(s.records(storage.Dynamic)), 0)
		s.load(storage.Dynamic)
	}},
}
