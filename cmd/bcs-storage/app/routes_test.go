package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bcs-storage/conf"
)

// kindsOf are the words of the typed queries and the type each reads.
var kindsOf = map[string]map[string]string{
	"mesos": {
		"taskgroup": "taskgroup", "application": "application", "process": "process", "deployment": "deployment", "service": "service",
		"configmap": "configmap", "secret": "secret", "endpoints": "endpoint", "exportservice": "exportservice",
		"ippoolstatic": "IPPoolStatic", "ippoolstaticdetail": "IPPoolStaticDetail",
	},
	"k8s": {
		"pod": "Pod", "replicaset": "ReplicaSet", "deployment": "Deployment", "service": "Service", "configmap": "ConfigMap", "secret": "Secret",
		"endpoints": "Endpoints", "ingress": "Ingress", "namespace": "Namespace", "node": "Node", "daemonset": "DaemonSet", "job": "Job",
		"statefulset": "StatefulSet", "ippoolstatic": "IPPoolStatic", "ippoolstaticdetail": "IPPoolStaticDetail",
	},
}

// shape is what data of a success must be.
type shape int

const (
	done   shape = iota // a write: null or {} by dialect
	item                // one document: in an array or not by dialect
	object              // an object in every dialect
	array               // an array in every dialect
)

type routeCase struct {
	method, path, body string
	shape              shape
}

// everyRoute is the whole API in an order in which each request succeeds.
func everyRoute() []routeCase {
	const data = `{"data":{"kind":"process","metadata":{"name":"x"}}}`
	var all []routeCase
	for _, env := range []string{"mesos", "k8s"} {
		ns, cs := "/"+env+"/dynamic/namespace_resources/clusters/C/namespaces/n/T", "/"+env+"/dynamic/cluster_resources/clusters/C/T"
		for _, list := range []string{ns, cs} {
			all = append(all,
				routeCase{"PUT", list + "/x", data, done}, routeCase{"GET", list + "/x", "", item}, routeCase{"GET", list, "", array},
				routeCase{"DELETE", list + "/x", "", done}, routeCase{"DELETE", list, "", done}, routeCase{"DELETE", list, `{"updateTimeBegin":0,"updateTimeEnd":1}`, done},
			)
		}
		everything := "/" + env + "/dynamic/all_resources/clusters/C/T"
		all = append(all, routeCase{"GET", everything, "", array}, routeCase{"DELETE", everything, "", done})
		dir := "/" + env + "/watch/clusters/C/namespaces/n/T"
		all = append(all, routeCase{"PUT", dir + "/x", data, done}, routeCase{"GET", dir + "/x", "", object},
			routeCase{"GET", dir, "", array}, routeCase{"DELETE", dir + "/x", "", done}, routeCase{"DELETE", dir + "/x", "", done})
		words := []string{"namespace"}
		for word := range kindsOf[env] {
			words = append(words, word)
		}
		slices.Sort(words)
		for _, word := range slices.Compact(words) {
			path := "/query/" + env + "/dynamic/clusters/C/" + word
			all = append(all, routeCase{"GET", path, "", array}, routeCase{"POST", path, "{}", array})
		}
	}
	metric := "/metric/clusters/C/namespaces/n/t/m"
	return append(all,
		routeCase{"PUT", "/events", `{"clusterId":"C"}`, done}, routeCase{"GET", "/events", "", array}, routeCase{"POST", "/events", `{}`, array},
		routeCase{"POST", "/alarms", `{"clusterId":"C"}`, done}, routeCase{"GET", "/alarms", "", array},
		routeCase{"PUT", metric, data, done}, routeCase{"GET", metric, "", object}, routeCase{"GET", "/metric/clusters/C", "", array},
		routeCase{"GET", "/metric/clusters", "", array}, routeCase{"DELETE", metric, "", done}, routeCase{"DELETE", metric, "", done},
		routeCase{"PUT", "/host/10.0.0.1", data, done}, routeCase{"GET", "/host/10.0.0.1", "", array}, routeCase{"GET", "/host/clusters/C", "", array},
		routeCase{"PUT", "/host/clusters/C", `{"ips":["10.0.0.1"]}`, done}, routeCase{"POST", "/host/clusters/C", `{"ips":["10.0.0.2"]}`, done},
		routeCase{"DELETE", "/host/10.0.0.1", "", done}, routeCase{"DELETE", "/host/10.0.0.1", "", done},
	)
}

// TestEveryRoute walks the whole API under both prefixes and in both dialects:
// every route answers a success of its shape, with the message of the dialect.
func TestEveryRoute(t *testing.T) {
	for _, dialect := range []string{conf.Documented, conf.Deployed} {
		for _, prefix := range []string{documentedPrefix, deployedPrefix} {
			t.Run(dialect+prefix, func(t *testing.T) {
				s := start(t, settings{change: func(c *conf.Config) { c.Dialect = dialect }})
				for _, c := range everyRoute() {
					a := s.do(c.method, prefix+c.path, c.body)
					data := a.ok()
					if want := c.shape.prefix(dialect); !strings.HasPrefix(data, want) {
						t.Errorf("%s: data is %.60s, want %s", a.what, data, want)
					}
					want := map[string]string{conf.Documented: "Success", conf.Deployed: "success"}[dialect]
					if got := *a.envelope().Message; got != want {
						t.Errorf("%s: message is %q, want %q", a.what, got, want)
					}
				}
				for _, env := range []string{"mesos", "k8s"} {
					got := s.bulk(prefix, env, `{"clusterId":"C","resourceType":"T","resourceName":"x","data":1}`)
					want := bulkStatus{Line: 1, Message: map[string]string{conf.Documented: "Success", conf.Deployed: "success"}[dialect]}
					if len(got) != 1 || got[0] != want {
						t.Errorf("%s: %+v", env, got)
					}
				}
				s.walked(prefix)
			})
		}
	}
}

// walked fails the test unless every route of the route table was asked.
func (s *service) walked(prefix string) {
	s.t.Helper()
	table, err := os.ReadFile("../../../handlers/testdata/routes.txt")
	if err != nil {
		s.t.Fatal(err)
	}
	metrics := s.metrics()
	for line := range strings.Lines(string(table)) {
		method, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.Contains(metrics, fmt.Sprintf(`method="%s",route="%s%s"`, method, prefix, path)) {
			s.t.Errorf("%s %s was not asked", method, path)
		}
	}
}

func (s shape) prefix(dialect string) string {
	inDeployed := dialect == conf.Deployed
	switch s {
	case done:
		if inDeployed {
			return "{}"
		}
		return "null"
	case item:
		if inDeployed {
			return "{"
		}
		return "["
	case object:
		return "{"
	}
	return "["
}

// TestHeaders: what clients say they send or accept decides nothing.
func TestHeaders(t *testing.T) {
	s := start(t, settings{})
	for _, kind := range []string{"", "application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"} {
		s.do("PUT", documentedPrefix+podPath, `{"data":{"a":1}}`, "Content-Type", kind).ok()
		s.do("PUT", documentedPrefix+podPath, `{"data":{"a":1}}`, "Accept", kind).ok()
		for _, path := range []string{podPath, podsPath, queryPath, "/events"} {
			s.do("GET", documentedPrefix+path, "", "Accept", kind).ok()
		}
		s.do("POST", documentedPrefix+queryPath, `{}`, "Content-Type", kind, "Accept", kind).ok()
		s.do("DELETE", documentedPrefix+podPath, "", "Content-Type", kind, "Connection", "close").ok()
	}
}

// TestFailureForms: code, message and data of a failure, by route and dialect.
func TestFailureForms(t *testing.T) {
	type form struct {
		code int
		text string
		data string
	}
	const watchItem = "/k8s/watch/clusters/C/namespaces/n/T/x"
	metric := "/metric/clusters/C/namespaces/n/t/m"
	services := map[string]*service{}
	for _, dialect := range []string{conf.Documented, conf.Deployed} {
		services[dialect] = start(t, settings{change: func(c *conf.Config) { c.Dialect = dialect }})
	}
	for _, c := range []struct {
		method, path, body   string
		documented, deployed form
	}{
		{"GET", podPath, "", form{10004, "Get resource failed. ", "[]"}, form{1405087, "(bcs-storage):resource does not exist.", "{}"}},
		{"GET", podPath + "?x=1", "", form{10004, "Get resource failed. x: ", "[]"}, form{1405083, "(bcs-storage):get resource failed. x: ", "{}"}},
		{"PUT", podPath, "{", form{10003, "Put resource failed. body: ", "null"}, form{1405082, "(bcs-storage):put resource failed. body: ", "{}"}},
		{"DELETE", podPath + "?x=1", "", form{10005, "Delete resource failed. x: ", "null"}, form{1405084, "(bcs-storage):delete resource failed. x: ", "{}"}},
		{"DELETE", podsPath, "{", form{10005, "Delete resource failed. body: ", "null"}, form{1405084, "(bcs-storage):delete resource failed. body: ", "{}"}},
		{"GET", podsPath + "?limit=x", "", form{10006, "List resource failed. limit: ", "[]"}, form{1405085, "(bcs-storage):list resource failed. limit: ", "[]"}},
		{"GET", queryPath + "?limit=x", "", form{10006, "List resource failed. limit: ", "[]"}, form{1405085, "(bcs-storage):list resource failed. limit: ", "[]"}},
		{"GET", "/events?length=x", "", form{10006, "List resource failed. length: ", "[]"}, form{1405085, "(bcs-storage):list resource failed. length: ", "[]"}},
		{"POST", "/alarms", "[", form{10003, "Put resource failed. body: ", "null"}, form{1405082, "(bcs-storage):put resource failed. body: ", "{}"}},
		{"GET", metric, "", form{10004, "Get resource failed. ", "null"}, form{1405087, "(bcs-storage):resource does not exist.", "{}"}},
		{"GET", "/metric/clusters/C?limit=x", "", form{10006, "List resource failed. limit: ", "null"}, form{1405085, "(bcs-storage):list resource failed. limit: ", "[]"}},
		{"GET", "/host/1.2.3.4", "", form{10004, "Get resource failed. ", "[]"}, form{1405087, "(bcs-storage):resource does not exist.", "{}"}},
		{"GET", watchItem, "", form{10004, "Get resource failed. ", "null"}, form{1405083, "(bcs-storage):get resource failed.", "{}"}},
		{"PUT", watchItem, "{", form{10003, "Put resource failed. body: ", "null"}, form{1405080, "(bcs-storage):request data unmarshal failed. body: ", "{}"}},
		{"GET", "/k8s/watch/clusters/C/namespaces/n/T?x=1", "", form{10006, "List resource failed. x: ", "null"}, form{1405085, "(bcs-storage):list resource failed. x: ", "[]"}},
	} {
		for dialect, want := range map[string]form{conf.Documented: c.documented, conf.Deployed: c.deployed} {
			t.Run(fmt.Sprintf("%s %s %s", dialect, c.method, c.path), func(t *testing.T) {
				e := services[dialect].do(c.method, deployedPrefix+c.path, c.body).failed()
				if *e.Code != want.code || string(e.Data) != want.data || !strings.HasPrefix(*e.Message, want.text) {
					t.Errorf("got %d %q %s, want %d %q %s", *e.Code, *e.Message, e.Data, want.code, want.text, want.data)
				}
				if c.body == "" && !strings.Contains(c.path, "?") && !strings.Contains(*e.Message, "resource does not exist") {
					t.Errorf("the message of a missing item must say that it does not exist: %q", *e.Message)
				}
			})
		}
	}
}

// TestTypedQueries: what is stored under a type is what its query answers, GET
// and POST, and only that.
func TestTypedQueries(t *testing.T) {
	s := start(t, settings{})
	for env, kinds := range kindsOf {
		for _, stored := range kinds {
			body := `{"data":{"metadata":{"name":"x"}}}`
			if stored == "process" {
				body = `{"data":{"kind":"process"}}`
			}
			for _, ns := range []string{"n1", "n2"} {
				name := "name-" + ns
				if stored == "process" {
					name = "process-" + ns
				}
				s.do("PUT", documentedPrefix+"/"+env+"/dynamic/namespace_resources/clusters/C-"+env+"/namespaces/"+ns+"/"+stored+"/"+name, body).ok()
			}
		}
	}
	for env, kinds := range kindsOf {
		for word, stored := range kinds {
			path := documentedPrefix + "/query/" + env + "/dynamic/clusters/C-" + env + "/" + word
			want := []string{"name-n1", "name-n2"}
			if stored == "process" {
				want = []string{"process-n1", "process-n2"}
			}
			for _, a := range []answer{s.do("GET", path, ""), s.do("POST", path, `{}`), s.do("POST", path, `{"clusterId":"C-`+env+`","extra":""}`)} {
				if got := a.names("resourceName"); !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q", a.what, got, want)
				}
			}
			if got := s.do("GET", path+"?limit=1&offset=1&field=resourceName", "").names("resourceName"); !slices.Equal(got, want[1:]) {
				t.Errorf("%s: page is %q, want %q", path, got, want[1:])
			}
			if got := s.do("GET", strings.Replace(path, "/C-", "/D-", 1), "").documents(); len(got) != 0 {
				t.Errorf("%s: another cluster has %d documents", path, len(got))
			}
		}
	}
}

// TestNamespaces: the collectors answer the names of the namespaces in use.
func TestNamespaces(t *testing.T) {
	s := start(t, settings{})
	put := func(env, ns, kind, name, data string) {
		t.Helper()
		s.do("PUT", documentedPrefix+"/"+env+"/dynamic/namespace_resources/clusters/C/namespaces/"+ns+"/"+kind+"/"+name, `{"data":`+data+`}`).ok()
	}
	put("mesos", "b", "application", "x", `{"a":1}`)
	put("mesos", "b", "secret", "x", `{"a":1}`)
	put("mesos", "a", "process", "y", `{"kind":"process"}`)
	put("mesos", "only-taskgroups", "taskgroup", "x", `{}`)
	put("k8s", "k1", "Service", "x", `{"a":2}`)
	put("k8s", "only-pods", "Pod", "x", `{}`)
	s.do("PUT", documentedPrefix+"/k8s/dynamic/cluster_resources/clusters/C/Namespace/k9", `{"data":{}}`).ok()
	for path, want := range map[string]string{
		"/query/mesos/dynamic/clusters/C/namespace":                            `["a","b"]`,
		"/query/mesos/dynamic/clusters/C/namespace?limit=1":                    `["a"]`,
		"/query/mesos/dynamic/clusters/C/namespace?offset=1":                   `["b"]`,
		"/query/mesos/dynamic/clusters/C/namespace?namespace=b,z":              `["b"]`,
		"/query/mesos/dynamic/clusters/C/namespace?name=y":                     `["a"]`,
		"/query/mesos/dynamic/clusters/C/namespace?" + extra(`{"data.a":1}`):   `["b"]`,
		"/query/mesos/dynamic/clusters/C/namespace?field=data":                 `["a","b"]`,
		"/query/mesos/dynamic/clusters/none/namespace":                         `[]`,
		"/query/k8s/dynamic/clusters/C/namespace?used=1":                       `["k1"]`,
		"/query/k8s/dynamic/clusters/C/namespace?used=1&data.a=2":              `["k1"]`,
		"/query/k8s/dynamic/clusters/C/namespace?used=1&data.a=3":              `[]`,
		"/query/k8s/dynamic/clusters/C/namespace?used=0&field=resourceName":    `[{"_id":"C/Namespace//k9","resourceName":"k9"}]`,
		"/query/k8s/dynamic/clusters/C/namespace?field=resourceName&name=k9,x": `[{"_id":"C/Namespace//k9","resourceName":"k9"}]`,
	} {
		if got := s.do("GET", documentedPrefix+path, "").ok(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := s.do("POST", documentedPrefix+"/query/k8s/dynamic/clusters/C/namespace", `{"used":1}`).ok(); got != `["k1"]` {
		t.Errorf("POST used=1: %s", got)
	}
}

// TestOwnRoutes: health and metrics.
func TestOwnRoutes(t *testing.T) {
	s := start(t, settings{})
	if a := s.do("GET", "/healthz", ""); a.status != 200 || strings.TrimSpace(a.body) != `{"ok":true}` {
		t.Errorf("healthz: %d %s", a.status, a.body)
	}
	a := s.do("GET", "/readyz", "")
	var ready map[string]struct{ OK bool }
	if err := json.Unmarshal([]byte(a.body), &ready); err != nil || a.status != 200 || !ready["storage"].OK || !ready["watch"].OK {
		t.Errorf("readyz: %d %s", a.status, a.body)
	}
	s.do("GET", documentedPrefix+podPath, "").failed("does not exist")
	s.do("GET", "/no/such/route", "").failed("no such route")
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if a := s.do("GET", path, ""); a.status != 404 {
			t.Errorf("%s: %d: it is not for callers of the API", path, a.status)
		}
	}
	metrics := s.metrics()
	for _, want := range []string{
		"go_goroutines", "process_open_fds",
		`bcs_storage_http_requests_total{code="10004",method="GET",route="/bcsapi/v4/storage/k8s/dynamic/namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}/{resourceName}",status="200"} 1`,
		`bcs_storage_http_requests_total{code="404",method="GET",route="none",status="404"} 3`,
		"bcs_storage_http_request_duration_seconds_bucket",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "web-1") {
		t.Error("a resource name is a label")
	}
}
