package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/conf"
)

var start2026 = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

// TestItem: what was PUT is what GET answers, byte for byte, in the document's
// form; createTime is set once and updateTime always.
func TestItem(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	const data = `{ "b":[1, 2.50,1e3,-0, 9007199254740993, -9223372036854775808],"a" : {"io.tencent.bcs.cluster":"x","$ref":"$v","．":"．","esc":"\u4e2d<>&\u2028"},"n":null,"e":{},"f":[]}`
	s.do("PUT", documentedPrefix+podPath, ` {"other":1, "data" : `+data+` } `).ok()
	want := `[{"_id":"BCS-K8S-1/Pod/ns1/web-1","clusterId":"BCS-K8S-1","resourceType":"Pod","namespace":"ns1","resourceName":"web-1","data":` + data +
		`,"createTime":"2026-11-21T12:00:00.123Z","updateTime":"2026-11-21T12:00:00.123Z"}]`
	if got := s.do("GET", documentedPrefix+podPath, "").ok(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	clock.Set(start2026.Add(time.Minute))
	s.do("PUT", documentedPrefix+podPath, `{"data":{"status":{"phase":"Failed"}}}`).ok()
	want = `[{"_id":"BCS-K8S-1/Pod/ns1/web-1","clusterId":"BCS-K8S-1","resourceType":"Pod","namespace":"ns1","resourceName":"web-1","data":{"status":{"phase":"Failed"}}` +
		`,"createTime":"2026-11-21T12:00:00.123Z","updateTime":"2026-11-21T12:01:00.123Z"}]`
	if got := s.do("GET", deployedPrefix+podPath+"/", "").ok(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	clock.Set(start2026.Add(2 * time.Minute))
	s.do("PUT", documentedPrefix+podPath, `{"data":{"status":{"phase":"Failed"}}}`).ok()
	if got := s.do("GET", documentedPrefix+podPath, "").documents()[0]["updateTime"]; got != "2026-11-21T12:02:00.123Z" {
		t.Errorf("a PUT of the same data left updateTime at %v", got)
	}

	for _, data := range []string{`"just a string"`, `[1,2]`, `null`, `true`, `5`} {
		s.do("PUT", documentedPrefix+podPath, `{"data":`+data+`}`).ok()
		if got := s.do("GET", documentedPrefix+podPath+"?field=data", "").ok(); got != `[{"_id":"BCS-K8S-1/Pod/ns1/web-1","data":`+data+`}]` {
			t.Errorf("data %s came back as %s", data, got)
		}
	}

	s.do("DELETE", documentedPrefix+podPath, "").ok()
	s.do("DELETE", documentedPrefix+podPath, "").ok()
	s.do("GET", documentedPrefix+podPath, "").failed("resource does not exist")
}

// TestOddNames: what may stand in a path comes back as it was.
func TestOddNames(t *testing.T) {
	s := start(t, settings{})
	for escaped, name := range map[string]string{
		"a.b.c": "a.b.c", "with%20space": "with space", "%E6%9C%8D%E5%8A%A1": "服务", "a%25b": "a%b", "a%25252F": "a%252F", "a:b@c;d=1": "a:b@c;d=1",
		"system:node-1": "system:node-1", "a+b": "a+b", "%EF%BC%8E": "．", strings.Repeat("n", 253): strings.Repeat("n", 253),
	} {
		path := documentedPrefix + nodesPath + "/" + escaped
		s.do("PUT", path, `{"data":{"n":1}}`).ok()
		if got := s.do("GET", path, "").names("resourceName"); !slices.Equal(got, []string{name}) {
			t.Errorf("%s came back as %q", escaped, got)
		}
	}
	if got := len(s.do("GET", documentedPrefix+nodesPath, "").documents()); got != 10 {
		t.Errorf("%d nodes, want 10", got)
	}
}

// TestScopes: resources with and without namespace are kept apart, all_resources sees both.
func TestScopes(t *testing.T) {
	s := start(t, settings{})
	base := documentedPrefix + "/k8s/dynamic"
	for _, path := range []string{
		"/cluster_resources/clusters/C/T/x", "/namespace_resources/clusters/C/namespaces/a/T/x", "/namespace_resources/clusters/C/namespaces/a-b/T/x",
		"/namespace_resources/clusters/C/namespaces/a/T2/x", "/namespace_resources/clusters/C2/namespaces/a/T/x",
	} {
		s.do("PUT", base+path, `{"data":{"path":"`+path+`"}}`).ok()
	}
	list := func(path string) []string { return s.do("GET", base+path, "").names("_id") }
	check := func(path string, want ...string) {
		t.Helper()
		if got := list(path); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	check("/all_resources/clusters/C/T", "C/T//x", "C/T/a-b/x", "C/T/a/x")
	check("/cluster_resources/clusters/C/T", "C/T//x")
	check("/namespace_resources/clusters/C/namespaces/a/T", "C/T/a/x")
	check("/all_resources/clusters/C/t") // types are case-sensitive
	if got := s.do("GET", base+"/cluster_resources/clusters/C/T/x", "").documents()[0]; got["namespace"] != nil {
		t.Errorf("a cluster resource has a namespace: %v", got)
	}

	s.do("DELETE", base+"/cluster_resources/clusters/C/T/x", "").ok()
	check("/all_resources/clusters/C/T", "C/T/a-b/x", "C/T/a/x")
	s.do("DELETE", base+"/namespace_resources/clusters/C/namespaces/a/T", "").ok()
	check("/all_resources/clusters/C/T", "C/T/a-b/x")
	check("/all_resources/clusters/C/T2", "C/T2/a/x")
	s.do("DELETE", base+"/cluster_resources/clusters/C/T", "").ok()
	check("/all_resources/clusters/C/T", "C/T/a-b/x")
	s.do("DELETE", base+"/all_resources/clusters/C/T", "").ok()
	check("/all_resources/clusters/C/T")
	check("/all_resources/clusters/C2/T", "C2/T/a/x")
}

// TestProcesses: mesos applications and processes share a store and do not see each other.
func TestProcesses(t *testing.T) {
	s := start(t, settings{})
	base := documentedPrefix + "/mesos/dynamic/namespace_resources/clusters/C/namespaces/n/"
	s.do("PUT", base+"application/app", `{"data":{"kind":"application"}}`).ok()
	s.do("PUT", base+"application/old", `{"data":{}}`).ok()
	s.do("PUT", base+"application/proc1", `{"data":{"kind":"process"}}`).ok() // as the mesos watcher does
	s.do("PUT", base+"process/proc2", `{"data":{"kind":"process"}}`).ok()
	list := func(kind string) []string { return s.do("GET", base+kind, "").names("resourceName") }
	if got := list("application"); !slices.Equal(got, []string{"app", "old"}) {
		t.Errorf("applications: %q", got)
	}
	if got := list("process"); !slices.Equal(got, []string{"proc1", "proc2"}) {
		t.Errorf("processes: %q", got)
	}
	s.do("GET", base+"application/proc1", "").failed("does not exist")
	s.do("GET", base+"process/app", "").failed("does not exist")
	s.do("DELETE", base+"application/proc1", "").ok()
	s.do("DELETE", base+"process/app", "").ok()
	s.do("DELETE", base+"application", "").ok()
	if a, p := list("application"), list("process"); len(a) != 0 || !slices.Equal(p, []string{"proc1", "proc2"}) {
		t.Errorf("after deleting the applications: %q and %q", a, p)
	}
}

// TestBatchDelete: the time range narrows, as parameters and as a body, both
// ends inclusive to the second.
func TestBatchDelete(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now, change: func(c *conf.Config) { c.Query.TimeZone = "Asia/Shanghai" }})
	fill := func() {
		for i := range 5 {
			clock.Set(start2026.Add(time.Duration(i) * time.Minute))
			s.do("PUT", documentedPrefix+podsPath+fmt.Sprintf("/p%d", i), `{"data":{"i":`+fmt.Sprint(i)+`,"labels":"x"}}`).ok()
		}
	}
	at := func(i int) int64 { return start2026.Add(time.Duration(i) * time.Minute).Unix() }
	for _, c := range []struct{ query, body, left string }{
		{"", fmt.Sprintf(`{"updateTimeBegin":0,"updateTimeEnd":%d}`, at(1)), "p2 p3 p4"},
		{fmt.Sprintf("?updateTimeBegin=%d&updateTimeEnd=%d", at(1), at(3)), "", "p0 p4"},
		{"", fmt.Sprintf(`{"updateTimeBegin":%d}`, at(4)), "p0 p1 p2 p3"},
		{"", fmt.Sprintf(`{"updateTimeBegin":%d}`, at(4)+1), "p0 p1 p2 p3 p4"},
		{"", `{"updateTimeBegin":0,"updateTimeEnd":0}`, "p0 p1 p2 p3 p4"},
		{"?updateTimeEnd=2026-11-21T12:01:00Z", "", "p2 p3 p4"},
		{"?updateTimeEnd=2026-11-21%2020:01:00", "", "p2 p3 p4"}, // in the configured zone
		{"?" + extra(`{"data.i":[1,2,9]}`), "", "p0 p3 p4"},
		{"?data.i=1,2", fmt.Sprintf(`{"updateTimeBegin":%d}`, at(2)), "p0 p1 p3 p4"},
		{"?" + extra(`{"data.i":"1"}`), "", "p0 p1 p2 p3 p4"},
		{"", `{}`, ""},
		{"", "", ""},
	} {
		fill()
		s.do("DELETE", documentedPrefix+podsPath+c.query, c.body).ok()
		if got := strings.Join(s.do("GET", documentedPrefix+podsPath, "").names("resourceName"), " "); got != c.left {
			t.Errorf("DELETE %s %s leaves %q, want %q", c.query, c.body, got, c.left)
		}
	}
}

// TestListParameters: field, extra, offset, limit, labelSelector and data.* on lists and items.
func TestListParameters(t *testing.T) {
	s := start(t, settings{})
	for i := range 6 {
		s.do("PUT", documentedPrefix+podsPath+fmt.Sprintf("/p%d", i), fmt.Sprintf(
			`{"data":{"metadata":{"labels":{"app":"a%d","app.kubernetes.io/name":"web","tier":"t．%d"},"ownerReferences":[{"name":"rs-%d"},{"name":"x"}]},"spec":{"replicas":%d,"on":%v}}}`,
			i%2, i, i/2, i, i%3 == 0)).ok()
	}
	for query, want := range map[string]string{
		"":                 "p0 p1 p2 p3 p4 p5",
		"limit=0":          "p0 p1 p2 p3 p4 p5",
		"limit=2&offset=3": "p3 p4",
		"offset=9":         "",
		extra(`{"data.metadata.labels.app":"a1"}`):                      "p1 p3 p5",
		extra(`{"data.metadata.labels.app．kubernetes．io/name":"web"}`):  "p0 p1 p2 p3 p4 p5",
		extra(`{"data.metadata.labels.tier":["t．1","t．2","t.3"]}`):      "p1 p2",
		extra(`{"data.metadata.ownerReferences.name":"rs-1"}`):          "p2 p3",
		extra(`{"data.spec.replicas":2.0}`):                             "p2",
		extra(`{"data.spec.on":true,"data.metadata.labels.app":"a1"}`):  "p3",
		extra(`{"data.nothing":null,"resourceName":["p1","p9"]}`):       "p1",
		extra(`{"namespace":"other"}`):                                  "",
		"labelSelector=app%3Da1":                                        "p1 p3 p5",
		"labelSelector=app%20in%20(a0,a9),tier!%3Dx":                    "p0 p2 p4",
		"labelSelector=app.kubernetes.io/name%3Dweb,!missing&limit=1":   "p0",
		"labelSelector=app%20notin%20(a0)&data.spec.replicas=1,3":       "p1 p3",
		"data.spec.on=true":                                             "p0 p3",
		"data.metadata.labels.app=a0&data.spec.replicas=0,2,4&offset=1": "p2 p4",
		"data.metadata.labels.app=":                                     "",
	} {
		got := strings.Join(s.do("GET", documentedPrefix+podsPath+"?"+query, "").names("resourceName"), " ")
		if got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"field=resourceName":                                `{"_id":"BCS-K8S-1/Pod/ns1/p1","resourceName":"p1"}`,
		"field=data.spec.on,resourceName,,data.spec.none":   `{"_id":"BCS-K8S-1/Pod/ns1/p1","resourceName":"p1","data":{"spec":{"on":false}}}`,
		"field=data.metadata.labels.app．kubernetes．io/name": `{"_id":"BCS-K8S-1/Pod/ns1/p1","data":{"metadata":{"labels":{"app.kubernetes.io/name":"web"}}}}`,
		"field=data.metadata.ownerReferences.name":          `{"_id":"BCS-K8S-1/Pod/ns1/p1","data":{"metadata":{"ownerReferences":[{"name":"rs-0"},{"name":"x"}]}}}`,
		"field=nothing": `{"_id":"BCS-K8S-1/Pod/ns1/p1"}`,
	} {
		if got := s.do("GET", documentedPrefix+podsPath+"?limit=1&offset=1&"+query, "").ok(); got != "["+want+"]" {
			t.Errorf("list ?%s: %s, want [%s]", query, got, want)
		}
		if got := s.do("GET", documentedPrefix+podsPath+"/p1?"+query, "").ok(); got != "["+want+"]" {
			t.Errorf("item ?%s: %s, want [%s]", query, got, want)
		}
	}
	s.do("GET", documentedPrefix+podsPath+"/p1?"+extra(`{"data.spec.replicas":1}`), "").ok()
	s.do("GET", documentedPrefix+podsPath+"/p1?"+extra(`{"data.spec.replicas":2}`), "").failed("does not exist")
	s.do("DELETE", documentedPrefix+podsPath+"/p1?"+extra(`{"data.spec.replicas":2}`), "").ok()
	s.do("GET", documentedPrefix+podsPath+"/p1", "").ok()
	s.do("DELETE", documentedPrefix+podsPath+"/p1?"+extra(`{"data.spec.replicas":1}`), "").ok()
	s.do("GET", documentedPrefix+podsPath+"/p1", "").failed("does not exist")
	// Old clients send extra with a PUT; it means nothing.
	s.do("PUT", documentedPrefix+podsPath+"/p1?extra=***", `{"data":{}}`).ok()
}

// TestUnknownParametersIgnored: the setting that passes over them.
func TestUnknownParametersIgnored(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Query.UnknownParameters = conf.UnknownIgnore }})
	seed(t, s)
	for _, path := range []string{podPath, podsPath, queryPath, "/events", "/alarms", "/metric/clusters/C", nodePath} {
		s.do("GET", documentedPrefix+path+"?foo=bar", "").ok()
	}
	s.do("GET", documentedPrefix+podsPath+"?limit=x&foo=bar", "").failed("limit")
	s.do("DELETE", documentedPrefix+podsPath+"?updateTimeBegn=1", "").failed("updateTimeBegn")
	s.do("GET", documentedPrefix+podPath, "").ok()
}

// TestTimesInQueries: the sample requests of the API document, with instants in
// other zones and spellings.
func TestTimesInQueries(t *testing.T) {
	s := start(t, settings{})
	app := strings.Replace(appsPath, "BCS-MESOS-1", "BCS-TEST-10000", 1)
	s.do("PUT", documentedPrefix+app+"/in", `{"data":{"createTime":"2017-09-13T19:40:36+08:00"}}`).ok()
	s.do("PUT", documentedPrefix+app+"/nano", `{"data":{"createTime":"2017-09-13T11:40:40.690518395Z"}}`).ok()
	s.do("PUT", documentedPrefix+app+"/out", `{"data":{"createTime":"2017-09-13T19:40:36Z"}}`).ok()
	s.do("PUT", documentedPrefix+app+"/none", `{"data":{"createTime":"unknown"}}`).ok()
	path := documentedPrefix + "/query/mesos/dynamic/clusters/BCS-TEST-10000/application?field=resourceName&"
	for query, want := range map[string]string{
		"createTimeBegin=2017-09-13%2011:40:30&createTimeEnd=2017-09-13%2011:40:40":                   "in nano",
		"createTimeBegin=1505302836&createTimeEnd=1505302836":                                         "in",
		"createTimeBegin=1505302837&createTimeEnd=1505302839":                                         "",
		"createTimeBegin=2017-09-13T19:40:36%2B08:00":                                                 "in nano out",
		"createTimeEnd=2017-09-13T19:40:36%2B08:00":                                                   "in",
		"createTimeBegin=2017-09-13T19:40:36.999Z&createTimeEnd=2017-09-13T19:40:36.1Z&status=&name=": "out",
	} {
		if got := strings.Join(s.do("GET", path+query, "").names("resourceName"), " "); got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
}
