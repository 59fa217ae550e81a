package storagetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"bcs-storage/storage"
)

// at is a time in unix seconds.
func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func host(ip string) storage.Key { return storage.Key{ip} }

func (s *suite) assign(value string, exclusive bool, now time.Time, ips ...string) {
	s.Helper()
	a := storage.Assignment{Field: "clusterId", Value: value, Exclusive: exclusive}
	for _, ip := range ips {
		a.Keys = append(a.Keys, host(ip))
	}
	s.check(s.store.Assign(s.Context(), storage.Hosts, a, now))
}

// hostsOf are the hosts whose clusterId is the value.
func (s *suite) hostsOf(cluster string) string {
	s.Helper()
	return s.names(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String(cluster))})
}

const (
	atStart = `"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z"`
	atLater = `"createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:58.000Z"`
)

var assignCases = []testCase{
	{"documents that do not exist are created", func(s *suite) {
		s.assign("c1", false, start, "1.1.1.1", "1.1.1.2")
		s.equal(s.list(storage.Hosts, storage.Query{}), []string{
			`{"_id":"1.1.1.1","ip":"1.1.1.1","clusterId":"c1",` + atStart + `}`,
			`{"_id":"1.1.1.2","ip":"1.1.1.2","clusterId":"c1",` + atStart + `}`,
		})
	}},
	{"a document that exists keeps the rest", func(s *suite) {
		s.putMembers(storage.Hosts, host("1.1.1.1"), start, member("clusterId", `"old"`), member("data", ` { "a" : 1.0 } `))
		s.putMembers(storage.Hosts, host("1.1.1.2"), start, member("data", `1`))
		s.assign("c1", false, later(225), "1.1.1.1", "1.1.1.2", "1.1.1.1")
		s.equal(s.get(storage.Hosts, host("1.1.1.1")), `{"_id":"1.1.1.1","ip":"1.1.1.1","clusterId":"c1","data":{ "a" : 1.0 },`+atLater+`}`)
		s.equal(s.get(storage.Hosts, host("1.1.1.2")), `{"_id":"1.1.1.2","ip":"1.1.1.2","data":1,"clusterId":"c1",`+atLater+`}`)
	}},
	{"not exclusive: others keep the value", func(s *suite) {
		s.assign("c1", false, start, "1.1.1.1", "1.1.1.2")
		s.assign("c1", false, later(225), "1.1.1.3")
		s.equal(s.hostsOf("c1"), "1.1.1.1 1.1.1.2 1.1.1.3")
		s.equal(s.get(storage.Hosts, host("1.1.1.1")), `{"_id":"1.1.1.1","ip":"1.1.1.1","clusterId":"c1",`+atStart+`}`)
	}},
	{"exclusive: others lose it", func(s *suite) {
		s.assign("c1", false, start, "1.1.1.1", "1.1.1.2")
		s.assign("c2", false, start, "1.1.1.3", "1.1.1.4")
		s.assign("c1", true, later(225), "1.1.1.2", "1.1.1.3")
		s.equal(s.list(storage.Hosts, storage.Query{}), []string{
			`{"_id":"1.1.1.1","ip":"1.1.1.1","clusterId":"",` + atLater + `}`,
			`{"_id":"1.1.1.2","ip":"1.1.1.2","clusterId":"c1",` + atLater + `}`,
			`{"_id":"1.1.1.3","ip":"1.1.1.3","clusterId":"c1",` + atLater + `}`,
			`{"_id":"1.1.1.4","ip":"1.1.1.4","clusterId":"c2",` + atStart + `}`,
		})
		s.assign("c1", true, later(225))
		s.equal(s.hostsOf("c1"), "")
		s.equal(s.hostsOf("c2"), "1.1.1.4")
	}},
	{"the index sees what was assigned", func(s *suite) {
		s.assign("c1", false, start, "1.1.1.1")
		s.assign("c2", true, start, "1.1.1.1")
		s.selects(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String("c1"))}, "")
		s.selects(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String("c2"))}, "1.1.1.1")
		s.selects(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String(""))}, "")
	}},
	{"a value that needs escapes", func(s *suite) {
		s.assign("c\"1\\\n．é", true, start, "1.1.1.1")
		s.equal(s.hostsOf("c\"1\\\n．é"), "1.1.1.1")
	}},
	{"many documents", func(s *suite) {
		ips := make([]string, 300)
		for i := range ips {
			ips[i] = fmt.Sprintf("10.0.%d.%d", i/250, i%250)
		}
		s.assign("c1", true, start, ips...)
		s.assign("c1", true, later(1), ips[:2]...)
		s.equal(s.hostsOf("c1"), strings.Join(ips[:2], " "))
		s.equal(s.count(storage.Hosts, storage.Query{Filter: equals("clusterId", storage.String(""))}), int64(298))
	}},
	{"exclusive assignments at once leave the hosts of one", func(s *suite) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				a := storage.Assignment{Field: "clusterId", Value: "c1", Exclusive: true, Keys: []storage.Key{host(fmt.Sprintf("1.1.%d.1", i)), host(fmt.Sprintf("1.1.%d.2", i))}}
				if err := s.store.Assign(s.Context(), storage.Hosts, a, start); err != nil {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range 8 {
			if s.hostsOf("c1") == fmt.Sprintf("1.1.%d.1 1.1.%d.2", i, i) {
				return
			}
		}
		s.Errorf("hosts of c1: %s", s.hostsOf("c1"))
	}},
}
