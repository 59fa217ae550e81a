package app_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

// TestEvents: filters, time range, pages, total, order, and that an event sent
// twice is one.
func TestEvents(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	put := func(body string) { t.Helper(); s.do("PUT", documentedPrefix+"/events", body).ok() }
	for i := range 5 {
		put(fmt.Sprintf(`{"id":"e%d","env":"k8s","kind":"pod","level":"%s","component":"scheduler","type":"Killing","describe":"killing it","clusterId":"C","eventTime":%d,"extraInfo":{"namespace":"ns%d","name":"web","kind":"rc"},"data":{"a":%d}}`,
			i, []string{"Warning", "Normal"}[i%2], 1509423130+i, i/2, i))
	}
	put(`{"id":"other","clusterId":"D","eventTime":1509423132,"describe":"a b.c"}`)
	put(`{"clusterId":"D","eventTime":-62135596800}`)
	for query, want := range map[string]string{
		"":                              "e4 e3 other e2 e1 e0 ",
		"clusterId=C":                   "e4 e3 e2 e1 e0",
		"clusterId=C,D&length=2":        "e4 e3",
		"clusterId=C&offset=3":          "e1 e0",
		"clusterId=C&offset=1&length=2": "e3 e2",
		"level=Normal":                  "e3 e1",
		"level=Normal,Warning&env=k8s":  "e4 e3 e2 e1 e0",
		"id=e1,e9":                      "e1",
		"kind=pod,rc&type=Killing&component=scheduler&extraInfo.namespace=ns0,ns2": "e4 e1 e0",
		"extraInfo.name=web&extraInfo.kind=rc&extraInfo.namespace=ns1":             "e3 e2",
		"timeBegin=1509423131&timeEnd=1509423133":                                  "e3 other e2 e1",
		"timeBegin=2017-10-31T04:12:14Z":                                           "e4",
		"timeEnd=1509423130":                                                       "e0 ",
		extra(`{"data.a":[0,4],"clusterId":"C"}`):                                  "e4 e0",
		"extra_contain=" + base64.URLEncoding.EncodeToString([]byte(`{"describe":"killing"}`)) + "&level=Normal": "e3 e1",
		"extra_contain=" + base64.URLEncoding.EncodeToString([]byte(`{"describe":"b.c"}`)):                       "other",
		"extra_contain=" + base64.URLEncoding.EncodeToString([]byte(`{"describe":"bxc"}`)):                       "",
	} {
		a := s.do("GET", documentedPrefix+"/events?"+query, "")
		if got := strings.Join(a.names("id"), " "); got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
		if query == "clusterId=C&offset=1&length=2" && (a.envelope().Total == nil || *a.envelope().Total != 5) {
			t.Errorf("total counts all matches: %s", a.body)
		}
	}
	post := s.do("POST", documentedPrefix+"/events", `{"clusterId":"C","level":"Normal","offset":1,"length":"1","field":"id"}`)
	if got := post.ok(); got != `[{"_id":"C/id:e1","id":"e1"}]` || *post.envelope().Total != 2 {
		t.Errorf("POST: %s", post.body)
	}

	clock.Set(start2026.Add(time.Hour))
	put(`{"id":"e0","clusterId":"C","eventTime":1509423139,"kind":5,"extraInfo":null}`)
	want := `[{"_id":"C/id:e0","clusterId":"C","id":"e0","env":"","kind":"5","level":"","component":"","type":"","describe":"","eventTime":"2017-10-31T04:12:19.000Z","extraInfo":{"namespace":"","name":"","kind":""},"data":null,"createTime":"2026-11-21T12:00:00.123Z"}]`
	if got := s.do("GET", documentedPrefix+"/events?id=e0", "").ok(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	// Without an id, the object and its version tell.
	for range 3 {
		put(`{"clusterId":"U","eventTime":1,"data":{"metadata":{"uid":"u1","resourceVersion":"7"}}}`)
	}
	put(`{"clusterId":"U","eventTime":1,"data":{"metadata":{"uid":"u1","resourceVersion":"8"}}}`)
	put(`{"clusterId":"V","eventTime":1,"data":{"metadata":{"uid":"u1","resourceVersion":"8"}}}`)
	put(`{"clusterId":"U"}`)
	put(`{"clusterId":"U"}`)
	for cluster, want := range map[string]int64{"U": 4, "V": 1} {
		if got := *s.do("GET", documentedPrefix+"/events?clusterId="+cluster, "").envelope().Total; got != want {
			t.Errorf("cluster %s has %d events, want %d", cluster, got, want)
		}
	}
}

// TestAlarms: filters, time range, pages, total, order; every alarm is a new one.
func TestAlarms(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	for i := range 4 {
		s.do("POST", documentedPrefix+"/alarms", fmt.Sprintf(
			`{"clusterId":"C%d","namespace":"test","message":"m%d","source":"127.0.0.4:52328","module":"bcs-health","type":"%s","receivedTime":%d,"data":{"k":%d}}`,
			i/2, i, []string{"sms", "weixin"}[i%2], 1510745681+i/3, i)).ok()
	}
	for query, want := range map[string]string{
		"":                                  "m3 m2 m1 m0",
		"clusterId=C0":                      "m1 m0",
		"clusterId=C0,C1&type=sms":          "m2 m0",
		"type=sms,weixin&offset=1&length=2": "m2 m1",
		"namespace=test&source=127.0.0.4:52328&module=bcs-health": "m3 m2 m1 m0",
		"module=other":          "",
		"timeBegin=1510745682":  "m3",
		"timeEnd=1510745681":    "m2 m1 m0",
		extra(`{"data.k":[1]}`): "m1",
		"extra_contain=" + base64.URLEncoding.EncodeToString([]byte(`{"message":"3"}`)): "m3",
	} {
		a := s.do("GET", documentedPrefix+"/alarms?"+query, "")
		if got := strings.Join(a.names("message"), " "); got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
	if got := *s.do("GET", documentedPrefix+"/alarms?length=1", "").envelope().Total; got != 4 {
		t.Errorf("total is %d, want 4", got)
	}
	doc := s.do("GET", documentedPrefix+"/alarms?clusterId=C1&type=weixin", "").documents()[0]
	if doc["receivedTime"] != "2017-11-15T11:34:42.000Z" || doc["createTime"] != "2026-11-21T12:00:00.123Z" || doc["updateTime"] != nil {
		t.Errorf("times: %v", doc)
	}
	same := `{"clusterId":"S","receivedTime":1}`
	s.do("POST", documentedPrefix+"/alarms", same).ok()
	s.do("POST", documentedPrefix+"/alarms", same).ok()
	if got := *s.do("GET", documentedPrefix+"/alarms?clusterId=S", "").envelope().Total; got != 2 {
		t.Errorf("%d alarms, want 2", got)
	}
}

// TestMaxLength: a page of events is bounded when nothing is asked for.
func TestMaxLength(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Query.MaxLength = 3 }})
	for i := range 5 {
		s.do("PUT", documentedPrefix+"/events", fmt.Sprintf(`{"id":"e%d","clusterId":"C","eventTime":%d}`, i, i)).ok()
	}
	for _, query := range []string{"", "?length=0", "?length=3"} {
		a := s.do("GET", documentedPrefix+"/events"+query, "")
		if got := a.names("id"); !slices.Equal(got, []string{"e4", "e3", "e2"}) || *a.envelope().Total != 5 {
			t.Errorf("%q: %q of %d", query, got, *a.envelope().Total)
		}
	}
	s.do("GET", documentedPrefix+"/events?length=4", "").failed("length", "query.maxLength")
}

// TestMetrics: items, lists, and the clusters that have some.
func TestMetrics(t *testing.T) {
	s := start(t, settings{})
	base := documentedPrefix + "/metric/clusters/"
	for _, path := range []string{"C1/namespaces/a/metric/m1", "C1/namespaces/a/task/m2", "C1/namespaces/b/metric/m1", "C2/namespaces/a/metric/m1"} {
		s.do("PUT", base+path, `{"data":{"path":"`+path+`","v":1}}`).ok()
	}
	s.do("PUT", base+"C1/namespaces/a/metric/m3", `{"data":"a text"}`).ok()
	list := func(query string) string { return strings.Join(s.do("GET", base+query, "").names("_id"), " ") }
	for query, want := range map[string]string{
		"C1":                       "C1/a/metric/m1 C1/a/metric/m3 C1/a/task/m2 C1/b/metric/m1",
		"C1?type=metric":           "C1/a/metric/m1 C1/a/metric/m3 C1/b/metric/m1",
		"C1?namespace=a,x&name=m1": "C1/a/metric/m1",
		"C1?name=m1,m2&limit=2":    "C1/a/metric/m1 C1/a/task/m2",
		"C1?data.v=1&offset=2":     "C1/b/metric/m1",
		"C3":                       "",
	} {
		if got := list(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := s.do("GET", base+"C1?type=task&field=name", "").ok(); got != `[{"_id":"C1/a/task/m2","name":"m2"}]` {
		t.Error(got)
	}
	if got := s.do("GET", base+"C1/namespaces/a/metric/m3?field=data", "").ok(); got != `{"_id":"C1/a/metric/m3","data":"a text"}` {
		t.Error(got)
	}
	clusters := func() string { return s.do("GET", documentedPrefix+"/metric/clusters", "").ok() }
	if got := clusters(); got != `["C1","C2"]` {
		t.Error(got)
	}
	s.do("DELETE", base+"C2/namespaces/a/metric/m1", "").ok()
	if got := clusters(); got != `["C1"]` {
		t.Error(got)
	}
}

// TestHosts: hosts and the clusters they belong to.
func TestHosts(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	base := documentedPrefix + "/host/"
	of := func(cluster string) string {
		return strings.Join(s.do("GET", base+"clusters/"+cluster, "").names("ip"), " ")
	}
	s.do("PUT", base+"10.0.0.1", `{"ip":"9.9.9.9","clusterId":"C1","data":{"a":1}}`).ok()
	s.do("PUT", base+"10.0.0.2", `{"clusterId":"C1","data":{}}`).ok()
	s.do("PUT", base+"fe80::1", `{"data":{}}`).ok()
	want := `[{"_id":"10.0.0.1","ip":"10.0.0.1","clusterId":"C1","data":{"a":1},"createTime":"2026-11-21T12:00:00.123Z","updateTime":"2026-11-21T12:00:00.123Z"}]`
	if got := s.do("GET", base+"10.0.0.1", "").ok(); got != want {
		t.Errorf("got %s", got)
	}
	if got := of("C1"); got != "10.0.0.1 10.0.0.2" {
		t.Errorf("C1: %q", got)
	}

	clock.Set(start2026.Add(time.Minute))
	s.do("POST", base+"clusters/C2", `{"ips":["10.0.0.3","10.0.0.2","10.0.0.3"]}`).ok()
	if c1, c2 := of("C1"), of("C2"); c1 != "10.0.0.1" || c2 != "10.0.0.2 10.0.0.3" {
		t.Errorf("after adding: %q and %q", c1, c2)
	}
	want = `[{"_id":"10.0.0.3","ip":"10.0.0.3","clusterId":"C2","createTime":"2026-11-21T12:01:00.123Z","updateTime":"2026-11-21T12:01:00.123Z"}]`
	if got := s.do("GET", base+"10.0.0.3", "").ok(); got != want {
		t.Errorf("a host that a relation made: %s", got)
	}

	clock.Set(start2026.Add(2 * time.Minute))
	s.do("PUT", base+"clusters/C2", `{"ips":["10.0.0.1"]}`).ok()
	if c1, c2 := of("C1"), of("C2"); c1 != "" || c2 != "10.0.0.1" {
		t.Errorf("after setting: %q and %q", c1, c2)
	}
	want = `[{"_id":"10.0.0.1","ip":"10.0.0.1","clusterId":"C2","data":{"a":1},"createTime":"2026-11-21T12:00:00.123Z","updateTime":"2026-11-21T12:02:00.123Z"}]`
	if got := s.do("GET", base+"10.0.0.1", "").ok(); got != want {
		t.Errorf("got %s", got)
	}
	if got := s.do("GET", base+"10.0.0.2?field=clusterId", "").ok(); got != `[{"_id":"10.0.0.2","clusterId":""}]` {
		t.Errorf("a host that left: %s", got)
	}
	s.do("PUT", base+"clusters/C2", `{"ips":[]}`).ok()
	if got := of("C2"); got != "" {
		t.Errorf("C2: %q", got)
	}
}

// TestWatchData: payloads, their time, lists of one namespace.
func TestWatchData(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	base := documentedPrefix + "/mesos/watch/clusters/C/namespaces/"
	s.do("PUT", base+"n/exportservice/svc.v1", `{"data":{"name":"svc","ports":[80],"big":9007199254740993}}`).ok()
	want := `{"name":"svc","ports":[80],"big":9007199254740993,"updateTime":"2026-11-21T12:00:00.123456789Z"}`
	if got := s.do("GET", base+"n/exportservice/svc.v1", "").ok(); got != want {
		t.Errorf("got %s", got)
	}
	s.do("PUT", base+"n/exportservice/a", `{"data":{"updateTime":"mine","weight":2}}`).ok()
	s.do("PUT", base+"other/exportservice/b", `{"data":{}}`).ok()
	for query, want := range map[string]string{
		"":                          `[{"updateTime":"2026-11-21T12:00:00.123456789Z","weight":2},` + want + `]`,
		"?field=ports":              `[{},{"ports":[80]}]`,
		"?" + extra(`{"weight":2}`): `[{"updateTime":"2026-11-21T12:00:00.123456789Z","weight":2}]`,
		"?" + extra(`{"weight":3}`): `[]`,
		"?limit=1&field=weight":     `[{"weight":2}]`,
		"?limit=1&offset=1":         `[` + want + `]`,
		"?offset=2":                 `[]`,
	} {
		if got := s.do("GET", base+"n/exportservice"+query, "").ok(); got != want {
			t.Errorf("%s: got  %s\nwant %s", query, got, want)
		}
	}
	s.do("DELETE", base+"n/exportservice/svc.v1", "").ok()
	s.do("GET", base+"n/exportservice/svc.v1", "").failed("resource does not exist")
	if got := s.do("GET", strings.Replace(base, "/mesos/", "/k8s/", 1)+"n/exportservice", "").ok(); got != "[]" {
		t.Errorf("k8s: %s", got)
	}
}

// TestRetention: the janitor of the running service removes by age and by count.
func TestRetention(t *testing.T) {
	dir := testparts.Dir(t)
	clock := newClock(start2026)
	keep := func(c *conf.Config) {
		c.Retention.Events = conf.Keep{MaxAge: time.Hour, MaxPerCluster: 2}
		c.Retention.Alarms = conf.Keep{MaxAge: time.Hour, MaxPerCluster: 1}
	}
	t.Run("fill", func(t *testing.T) {
		s := start(t, settings{dir: dir, now: clock.Now})
		for i := range 5 {
			clock.Set(start2026.Add(time.Duration(i) * time.Minute))
			for _, cluster := range []string{"C", "D"} {
				s.do("PUT", documentedPrefix+"/events", fmt.Sprintf(`{"id":"e%d","clusterId":"%s","eventTime":%d}`, i, cluster, 100-i)).ok()
				s.do("POST", documentedPrefix+"/alarms", fmt.Sprintf(`{"message":"m%d","clusterId":"%s","receivedTime":%d}`, i, cluster, 100-i)).ok()
			}
		}
	})
	t.Run("by count", func(t *testing.T) {
		s := start(t, settings{dir: dir, now: clock.Now, change: keep})
		s.eventually(func() bool {
			return slices.Equal(s.do("GET", documentedPrefix+"/events?clusterId=C", "").names("id"), []string{"e3", "e4"}) &&
				slices.Equal(s.do("GET", documentedPrefix+"/alarms?clusterId=D", "").names("message"), []string{"m4"})
		})
	})
	t.Run("by age", func(t *testing.T) {
		clock.Set(start2026.Add(time.Hour + 3*time.Minute + time.Second))
		s := start(t, settings{dir: dir, now: clock.Now, change: keep})
		s.eventually(func() bool {
			return slices.Equal(s.do("GET", documentedPrefix+"/events?clusterId=C", "").names("id"), []string{"e4"})
		})
	})
}
