package app_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
	"bcs-storage/storage"
)

// Places in the seeded store, below a prefix.
const (
	podsPath    = "/k8s/dynamic/namespace_resources/clusters/BCS-K8S-1/namespaces/ns1/Pod"
	podPath     = podsPath + "/web-1"
	nodesPath   = "/k8s/dynamic/cluster_resources/clusters/BCS-K8S-1/Node"
	allPodsPath = "/k8s/dynamic/all_resources/clusters/BCS-K8S-1/Pod"
	queryPath   = "/query/k8s/dynamic/clusters/BCS-K8S-1/pod"
	appsPath    = "/mesos/dynamic/namespace_resources/clusters/BCS-MESOS-1/namespaces/ns1/application"
	mesosQuery  = "/query/mesos/dynamic/clusters/BCS-MESOS-1/application"
	metricPath  = "/metric/clusters/BCS-MESOS-1/namespaces/ns1/metric/m1"
	nodePath    = "/mesos/watch/clusters/BCS-MESOS-1/namespaces/ns1/exportservice/svc-1"
)

// seed fills the store with something of everything.
func seed(t *testing.T, s *service) {
	t.Helper()
	for _, put := range []struct{ method, path, body string }{
		{"PUT", podPath, `{"data":{"metadata":{"name":"web-1","labels":{"app":"web","app.kubernetes.io/name":"web"}},"status":{"phase":"Running","hostIP":"10.0.0.1"}}}`},
		{"PUT", podsPath + "/web-2", `{"data":{"metadata":{"name":"web-2"},"status":{"phase":"Pending"}}}`},
		{"PUT", nodesPath + "/node-1", `{"data":{"metadata":{"name":"node-1"}}}`},
		{"PUT", appsPath + "/app-1", `{"data":{"instance":2}}`},
		{"PUT", metricPath, `{"data":{"cpu":1}}`},
		{"PUT", "/host/10.0.0.1", `{"clusterId":"BCS-K8S-1","data":{"a":1}}`},
		{"PUT", "/events", `{"id":"e1","clusterId":"BCS-K8S-1","eventTime":1509423130,"data":{}}`},
		{"POST", "/alarms", `{"clusterId":"BCS-K8S-1","receivedTime":1509423130,"type":"sms","data":{}}`},
		{"PUT", nodePath, `{"data":{"name":"svc-1"}}`},
	} {
		s.do(put.method, documentedPrefix+put.path, put.body).ok()
	}
}

// everything is all that is stored, as the API answers it.
func everything(s *service) string {
	var all strings.Builder
	for _, path := range []string{
		allPodsPath, nodesPath, "/mesos/dynamic/all_resources/clusters/BCS-MESOS-1/application", "/mesos/dynamic/all_resources/clusters/BCS-MESOS-1/process",
		"/metric/clusters/BCS-MESOS-1", "/metric/clusters", "/host/10.0.0.1", "/host/clusters/BCS-K8S-1", "/host/clusters/C2", "/events", "/alarms",
		"/mesos/watch/clusters/BCS-MESOS-1/namespaces/ns1/exportservice",
	} {
		all.WriteString(s.do("GET", documentedPrefix+path, "").ok() + "\n")
	}
	return all.String()
}

func extra(json string) string {
	return "extra=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(json)))
}

// badRequest is one that must be refused with a message that holds word, and change nothing.
type badRequest struct {
	name, method, path, body, word string
	status                         int // under http.status=semantic; 0 is 400
}

func badBodies() []badRequest {
	deep := func(n int) string { return `{"data":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	var all []badRequest
	for _, body := range []struct{ name, body, word string }{
		{"not JSON", "nonsense", "body"},
		{"truncated", `{"data": {`, "body"},
		{"empty", "", "body"},
		{"white space", " \n", "body"},
		{"trailing garbage", `{"data":{"a":1}} x`, "body"},
		{"two values", `{"data":{"a":1}}{"data":{"a":2}}`, "body"},
		{"null", "null", "body"},
		{"array", `[{"data":1}]`, "body"},
		{"scalar", `"data"`, "body"},
		{"no data key", `{}`, "data"},
		{"other case", `{"Data":{"a":1}}`, "data"},
		{"integer beyond int64", `{"data":{"n":9223372036854775808}}`, "9223372036854775808"},
		{"integer below int64", `{"data":{"n":-9223372036854775809}}`, "-9223372036854775809"},
		{"number beyond a double", `{"data":[1e400]}`, "1e400"},
		{"invalid UTF-8", "{\"data\":\"\xff\xfe\"}", "body"},
		{"unpaired surrogate", `{"data":"\ud800"}`, "body"},
		{"too deep", deep(200), "200"},
		{"far too deep", deep(100000), "200"},
		{"a name twice", `{"data":{"a":1,"a":2}}`, "body"},
	} {
		for _, at := range []struct{ method, path string }{
			{"PUT", podPath}, {"PUT", podsPath + "/new"}, {"PUT", nodesPath + "/new"}, {"PUT", metricPath}, {"PUT", "/host/10.0.0.1"}, {"PUT", nodePath},
		} {
			all = append(all, badRequest{body.name, at.method, at.path, body.body, body.word, 0})
		}
		if body.word != "body" {
			continue
		}
		for _, at := range []struct{ method, path string }{
			{"PUT", "/events"}, {"POST", "/alarms"}, {"PUT", "/host/clusters/C2"}, {"POST", "/host/clusters/C2"},
		} {
			all = append(all, badRequest{body.name, at.method, at.path, body.body, body.word, 0})
		}
	}
	return append(all,
		badRequest{"watch data no object", "PUT", nodePath, `{"data":[1]}`, "data", 0},
		badRequest{"watch data null", "PUT", nodePath, `{"data":null}`, "data", 0},
		badRequest{"process without its kind", "PUT", strings.Replace(appsPath, "application", "process", 1) + "/p", `{"data":{}}`, "data.kind", 0},
		badRequest{"event time", "PUT", "/events", `{"eventTime":"soon"}`, "eventTime", 0},
		badRequest{"event time out of range", "PUT", "/events", `{"eventTime":99999999999999}`, "eventTime", 0},
		badRequest{"event text", "PUT", "/events", `{"kind":["pod"]}`, "kind", 0},
		badRequest{"event id too long", "PUT", "/events", `{"id":"` + strings.Repeat("i", 1024) + `"}`, "id", 0},
		badRequest{"event uid too long", "PUT", "/events", `{"data":{"metadata":{"uid":"` + strings.Repeat("u", 1024) + `","resourceVersion":"1"}}}`, "data.metadata.uid", 0},
		badRequest{"event extraInfo", "PUT", "/events", `{"extraInfo":"web"}`, "extraInfo", 0},
		badRequest{"event extraInfo.name", "PUT", "/events", `{"extraInfo":{"name":{}}}`, "extraInfo.name", 0},
		badRequest{"event clusterId", "PUT", "/events", `{"clusterId":"a/b"}`, "clusterId", 0},
		badRequest{"alarm time", "POST", "/alarms", `{"receivedTime":true}`, "receivedTime", 0},
		badRequest{"alarm text", "POST", "/alarms", `{"message":{}}`, "message", 0},
		badRequest{"relation without ips", "PUT", "/host/clusters/BCS-K8S-1", `{}`, "ips", 0},
		badRequest{"relation with null", "PUT", "/host/clusters/BCS-K8S-1", `{"ips":null}`, "ips", 0},
		badRequest{"relation with a text", "PUT", "/host/clusters/BCS-K8S-1", `{"ips":"10.0.0.1"}`, "ips", 0},
		badRequest{"relation with a number", "PUT", "/host/clusters/BCS-K8S-1", `{"ips":["10.0.0.9",1]}`, "ips", 0},
		badRequest{"relation with an empty ip", "PUT", "/host/clusters/BCS-K8S-1", `{"ips":["10.0.0.9",""]}`, "ips", 0},
		badRequest{"host cluster", "PUT", "/host/10.0.0.1", `{"clusterId":[],"data":{}}`, "clusterId", 0},
	)
}

func badParameters() []badRequest {
	var all []badRequest
	reads := []string{podPath, podsPath, nodesPath, allPodsPath, queryPath, mesosQuery, "/events", "/alarms", metricPath, "/metric/clusters/BCS-MESOS-1",
		"/mesos/watch/clusters/BCS-MESOS-1/namespaces/ns1/exportservice"}
	deletes := []string{podPath, podsPath, nodesPath, nodesPath + "/node-1", allPodsPath, metricPath, "/host/10.0.0.1"}
	for _, bad := range []struct{ name, query, word string }{
		{"extra not base64", "extra=%25%25%25", "extra"},
		{"extra not JSON", "extra=bm90IGpzb24%3D", "extra"},
		{"extra truncated", extra(`{"data.a":`), "extra"},
		{"extra an array", extra(`[1,2]`), "extra"},
		{"extra null", extra(`null`), "extra"},
		{"extra with an operator", extra(`{"$where":"1"}`), "extra"},
		{"extra with a nested operator", extra(`{"data.$gt":1}`), "extra"},
		{"extra with an operator as value", extra(`{"data.a":{"$gt":1}}`), "extra"},
		{"extra with an empty part", extra(`{"data..a":1}`), "extra"},
		{"unknown parameter", "foo=bar", "foo"},
		{"parameter twice", extra(`{}`) + "&" + extra(`{}`), "extra"},
		{"broken escape", "extra=%zz", "query string"},
	} {
		for _, path := range reads {
			all = append(all, badRequest{bad.name, "GET", path + "?" + bad.query, "", bad.word, 0})
		}
		for _, path := range deletes {
			all = append(all, badRequest{bad.name, "DELETE", path + "?" + bad.query, "", bad.word, 0})
		}
	}
	for _, bad := range []struct{ name, query, word string }{
		{"fields in conflict", "field=data,data.metadata", "field"},
		{"field with an empty part", "field=data..a", "field"},
		{"field with an operator", "field=$where", "field"},
	} {
		for _, path := range reads {
			all = append(all, badRequest{bad.name, "GET", path + "?" + bad.query, "", bad.word, 0})
		}
	}
	for _, bad := range []struct{ path, query, word string }{
		{podsPath, "limit=abc", "limit"}, {podsPath, "limit=-1", "limit"}, {podsPath, "offset=-1", "offset"}, {podsPath, "offset=1.5", "offset"},
		{podsPath, "limit=99999999999999999999", "limit"}, {podsPath, "labelSelector=a%20b", "labelSelector"}, {podsPath, "labelSelector=a%3E1", "labelSelector"},
		{podsPath, "data..x=1", "data..x"}, {podsPath, "data.%24x=1", "data.$x"},
		{queryPath, "limit=x", "limit"}, {queryPath, "startTimeBegin=2017-09-13", "startTimeBegin"}, {queryPath, "startTimeEnd=-5", "startTimeEnd"},
		{queryPath, "startTimeBegin=1600000000&startTimeEnd=1500000000", "startTimeEnd"}, {queryPath, "clusterId=other", "clusterId"},
		{queryPath, "createTimeBegin=yesterday", "createTimeBegin"}, {mesosQuery, "instance=abc", "instance"}, {mesosQuery, "instance=1,2", "instance"},
		{"/query/mesos/dynamic/clusters/C/deployment", "isInRolling=maybe", "isInRolling"},
		{"/query/k8s/dynamic/clusters/C/namespace", "used=maybe", "used"},
		{"/events", "length=abc", "length"}, {"/events", "length=-1", "length"}, {"/events", "length=1001", "length"}, {"/events", "offset=-1", "offset"},
		{"/events", "timeBegin=abc", "timeBegin"}, {"/events", "timeBegin=20&timeEnd=10", "timeEnd"}, {"/events", "extra_contain=***", "extra_contain"},
		{"/events", "extra_contain=" + base64.URLEncoding.EncodeToString([]byte(`{"describe":5}`)), "extra_contain"},
		{"/alarms", "timeBegin=abc", "timeBegin"}, {"/alarms", "length=x", "length"}, {"/metric/clusters/C", "limit=-1", "limit"},
		{"/metric/clusters", "a=b", "a"}, {nodePath, "field=a", "field"},
	} {
		all = append(all, badRequest{bad.query, "GET", bad.path + "?" + bad.query, "", bad.word, 0})
	}
	return append(all,
		badRequest{"write with a parameter", "PUT", podPath + "?force=1", `{"data":{}}`, "force", 0},
		badRequest{"event with a parameter", "PUT", "/events?x=1", `{}`, "x", 0},
	)
}

func badDeletes() []badRequest {
	var all []badRequest
	for _, path := range []string{podsPath, nodesPath, allPodsPath} {
		for _, bad := range []struct{ name, query, body, word string }{
			{"unreadable body", "", `{"updateTimeBegin":`, "body"},
			{"text body", "", `everything`, "body"},
			{"null body", "", `null`, "body"},
			{"array body", "", `[]`, "body"},
			{"bad bound in the body", "", `{"updateTimeBegin":"abc"}`, "updateTimeBegin"},
			{"null bound", "", `{"updateTimeEnd":null}`, "updateTimeEnd"},
			{"fraction", "", `{"updateTimeEnd":1.5}`, "updateTimeEnd"},
			{"negative bound", "", `{"updateTimeBegin":-1}`, "updateTimeBegin"},
			{"misspelt bound", "", `{"updateTimebegin":1}`, "updateTimebegin"},
			{"reversed body", "", `{"updateTimeBegin":20,"updateTimeEnd":10}`, "updateTimeEnd"},
			{"reversed parameters", "?updateTimeBegin=20&updateTimeEnd=10", "", "updateTimeEnd"},
			{"bad bound", "?updateTimeEnd=soon", "", "updateTimeEnd"},
			{"empty bound", "?updateTimeEnd=", "", "updateTimeEnd"},
			{"range twice", "?updateTimeBegin=1", `{"updateTimeEnd":2}`, "updateTimeBegin"},
			{"empty extra", "?extra=", "", "extra"},
			{"extra without a condition", "?" + extra(`{}`), "", "extra"},
			{"too many conditions", "?labelSelector=" + strings.TrimSuffix(strings.Repeat("!k,", 101), ","), "", "labelSelector"},
			{"empty label selector", "?labelSelector=", "", "labelSelector"},
			{"trailing slash", "/", "", "path"},
			{"limit", "?limit=1", "", "limit"},
			{"field", "?field=data", "", "field"},
			{"extra about the path", "?" + extra(`{"clusterId":"other"}`), "", "clusterId"},
			{"extra about the type", "?" + extra(`{"resourceType":["Pod","Node"]}`), "", "resourceType"},
		} {
			all = append(all, badRequest{bad.name, "DELETE", path + bad.query, bad.body, bad.word, 0})
		}
	}
	return append(all,
		badRequest{"extra about the name", "DELETE", podPath + "?" + extra(`{"resourceName":"web-2"}`), "", "resourceName", 0},
		badRequest{"extra about the namespace", "DELETE", podsPath + "?" + extra(`{"namespace":"ns2"}`), "", "namespace", 0},
	)
}

func badPaths() []badRequest {
	long := strings.Repeat("n", 1024)
	var all []badRequest
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		for _, bad := range []struct{ name, path, word string }{
			{"empty namespace", "/k8s/dynamic/namespace_resources/clusters/BCS-K8S-1/namespaces//Pod/web-1", "namespace"},
			{"empty cluster", "/k8s/dynamic/cluster_resources/clusters//Node/node-1", "clusterId"},
			{"empty type", "/k8s/dynamic/cluster_resources/clusters/BCS-K8S-1//node-1", "resourceType"},
			{"1 KiB name", podsPath + "/" + long, "resourceName"},
			{"1 KiB cluster", "/k8s/dynamic/cluster_resources/clusters/" + long + "/Node/node-1", "clusterId"},
			{"dot", podsPath + "/%2E", "resourceName"},
			{"dots", podsPath + "/..", "resourceName"},
			{"control character", podsPath + "/a%0Ab", "resourceName"},
			{"invalid UTF-8", podsPath + "/a%FF", "resourceName"},
			{"dotted namespace of watch data", "/mesos/watch/clusters/C/namespaces/a.b/exportservice/x", "namespace"},
			{"empty namespace of watch data", "/mesos/watch/clusters/C/namespaces//exportservice/x", "namespace"},
			{"empty metric namespace", "/metric/clusters/C/namespaces//t/n", "namespace"},
		} {
			all = append(all, badRequest{bad.name, method, bad.path, `{"data":{}}`, bad.word, 0})
		}
		all = append(all,
			badRequest{"encoded slash", method, podsPath + "/a%2Fb", `{"data":{}}`, "slash", 404},
			badRequest{"encoded slash that would be another route", method, "/k8s/dynamic/cluster_resources/clusters/BCS-K8S-1/Node%2fnode-1", `{"data":{}}`, "slash", 404},
			badRequest{"unknown route", method, "/no/such/route", "", "no such route", 404},
			badRequest{"unknown query word", method, "/query/k8s/dynamic/clusters/BCS-K8S-1/unicorn", "", "no such route", 404},
			badRequest{"query word of the other environment", method, "/query/k8s/dynamic/clusters/BCS-K8S-1/taskgroup", "", "no such route", 404},
			badRequest{"unknown environment", method, "/swarm" + strings.TrimPrefix(podPath, "/k8s"), "", "no such route", 404},
		)
	}
	all = append(all,
		badRequest{"relation of no cluster", "PUT", "/host/clusters", `{"data":{}}`, "clusterId", 0},
		badRequest{"relation of an empty cluster", "PUT", "/host/clusters/", `{"data":{}}`, "path", 0},
		badRequest{"item with an empty name", "DELETE", podsPath + "/", "", "path", 0},
	)
	for _, at := range []struct{ method, path string }{
		{"POST", podPath}, {"PATCH", podPath}, {"HEAD", podPath}, {"PUT", podsPath}, {"PUT", "/alarms"}, {"DELETE", "/events"}, {"DELETE", queryPath},
		{"POST", "/metric/clusters/C"}, {"DELETE", "/host/clusters/C"}, {"POST", nodePath}, {"BREW", podPath},
	} {
		all = append(all, badRequest{"wrong method", at.method, at.path, `{"data":{}}`, "not a method", 405})
	}
	return all
}

func badQueries() []badRequest {
	var all []badRequest
	for _, bad := range []struct{ name, body, word string }{
		{"empty", "", "body"}, {"truncated", `{"hostIp":`, "body"}, {"null", "null", "body"}, {"array", `["a"]`, "body"}, {"garbage", `{} x`, "body"},
		{"nested", `{"hostIp":{"a":1}}`, "hostIp"}, {"list", `{"hostIp":["10.0.0.1"]}`, "hostIp"}, {"null value", `{"hostIp":null}`, "hostIp"},
		{"unknown", `{"foo":"bar"}`, "foo"}, {"bad limit", `{"limit":"x"}`, "limit"}, {"negative limit", `{"limit":-1}`, "limit"},
		{"bad extra", `{"extra":"***"}`, "extra"}, {"bad time", `{"startTimeBegin":"x"}`, "startTimeBegin"}, {"twice", `{"limit":1,"limit":2}`, "body"},
	} {
		all = append(all, badRequest{bad.name, "POST", queryPath, bad.body, bad.word, 0})
	}
	return append(all,
		badRequest{"parameters in the URL", "POST", queryPath + "?hostIp=10.0.0.1", `{}`, "hostIp", 0},
		badRequest{"events garbage", "POST", "/events", `{`, "body", 0},
		badRequest{"events unknown", "POST", "/events", `{"foo":"bar"}`, "foo", 0},
	)
}

// TestBadInput sends everything that must be refused, in every dialect and
// status mode, and looks whether anything was stored, deleted or changed.
func TestBadInput(t *testing.T) {
	var all []badRequest
	for _, group := range [][]badRequest{badBodies(), badParameters(), badDeletes(), badPaths(), badQueries()} {
		all = append(all, group...)
	}
	for _, mode := range []struct{ dialect, status, prefix string }{
		{conf.Documented, conf.StatusEnvelope, documentedPrefix},
		{conf.Documented, conf.StatusSemantic, deployedPrefix},
		{conf.Deployed, conf.StatusEnvelope, deployedPrefix},
	} {
		t.Run(mode.dialect+" "+mode.status, func(t *testing.T) {
			dir := testparts.Dir(t)
			t.Cleanup(func() { countAll(t, dir) }) // runs once the service has stopped
			s := start(t, settings{dir: dir, change: func(c *conf.Config) { c.Dialect, c.HTTP.Status = mode.dialect, mode.status }})
			seed(t, s)
			before := everything(s)
			for _, bad := range all {
				t.Run(bad.name, func(t *testing.T) {
					s := *s
					s.t = t
					bad.check(s.do(bad.method, mode.prefix+bad.path, bad.body), mode.status == conf.StatusSemantic)
				})
			}
			if after := everything(s); after != before {
				t.Errorf("something changed:\n%s\n%s", before, after)
			}
		})
	}
}

// countAll looks for documents that no route of the test would show.
func countAll(t *testing.T, dir string) {
	docs := testparts.Documents(t, dir)
	for c, want := range map[*storage.Collection]int64{
		storage.Dynamic: 4, storage.Metrics: 1, storage.Hosts: 1, storage.Events: 1, storage.Alarms: 1,
	} {
		if got, err := docs.Count(context.Background(), c, storage.Query{}); err != nil || got != want {
			t.Errorf("%d documents in %s, want %d: %v", got, c.Name, want, err)
		}
	}
}

func (bad badRequest) check(a answer, semantic bool) {
	a.t.Helper()
	want := http.StatusOK
	if semantic {
		want = http.StatusBadRequest
	}
	if bad.status != 0 {
		want = bad.status
	}
	if a.status != want {
		a.t.Errorf("%s: HTTP status %d, want %d: %.200s", a.what, a.status, want, a.body)
	}
	if bad.method != "HEAD" {
		a.failed(bad.word)
	}
}

// TestTooLarge: a body over the limit is refused with its own status, whether
// its size is announced or not.
func TestTooLarge(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.HTTP.MaxBodyBytes = 4096 }})
	fits := fmt.Sprintf(`{"data":"%s"}`, strings.Repeat("x", 4096-11))
	s.do("PUT", documentedPrefix+podPath, fits).ok()
	for _, path := range []string{podPath, metricPath, "/host/1.2.3.4", nodePath, "/events"} {
		a := s.do("PUT", documentedPrefix+path, fits+" ")
		if a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d, want 413", path, a.status)
		}
		a.failed("4096 bytes")
	}
	if got := s.do("DELETE", documentedPrefix+podsPath, fits+" "); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("DELETE: %d, want 413", got.status)
	}
	large := start(t, settings{})
	for method, path := range map[string]string{"POST": queryPath, "DELETE": podsPath} {
		if got := large.do(method, documentedPrefix+path, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`); got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s of parameters over 1 MiB: %d, want 413", method, got.status)
		}
	}
	// What a caller wrote is quoted in part only.
	if got := large.do("GET", documentedPrefix+podsPath+"?"+strings.Repeat("x", 100000)+"=1", "").failed("unknown parameter"); len(*got.Message) > 600 {
		t.Errorf("a message of %d bytes", len(*got.Message))
	}
	s.do("GET", documentedPrefix+podPath, "").ok()
	s.do("GET", documentedPrefix+metricPath, "").failed("resource does not exist")
}
