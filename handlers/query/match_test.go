package query_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// matches says whether the document is selected by the request: by its filter,
// and by one of its scopes where there are some.
func matches(t testing.TB, route, rawQuery string, r *storage.Record) bool {
	t.Helper()
	return selects(planOf(t, route, rawQuery, options()), r)
}

func selects(p query.Plan, r *storage.Record) bool {
	if !storage.Match(p.Query.Filter, r) {
		return false
	}
	return len(p.Query.Scopes) == 0 || slices.ContainsFunc(p.Query.Scopes, func(scope storage.Key) bool {
		return storage.Match(storage.And{
			storage.OneOf(storage.P("clusterId"), storage.String(scope[0])),
			storage.OneOf(storage.P("resourceType"), storage.String(scope[1])),
		}, r)
	})
}

// narrowing are, for every parameter, a value that the route's sample has and
// one that it has not. Where the wrong value can stand elsewhere in the sample
// it does, so that a wrong path is seen.
var narrowing = []struct{ route, param, has, hasNot string }{
	{"mesos/taskgroup", "name", "x,app-test-0", "app-test"},
	{"mesos/taskgroup", "namespace", "defaultgroup,x", "defaultGroup"},
	{"mesos/taskgroup", "rcName", "app-test", "app-test-0"},
	{"mesos/taskgroup", "status", "Staging,Running", "Starting"},
	{"mesos/taskgroup", "lastStatus", "Starting", "Running"},
	{"mesos/taskgroup", "hostIp", "127.0.0.4,127.0.0.3", "127.0.0.5"},
	{"mesos/taskgroup", "hostName", "mesos-slave", "mesos"},
	{"mesos/taskgroup", "podIp", "127.0.0.5", "127.0.0.3"},
	{"mesos/taskgroup", "createTimeBegin", "2017-10-09T15:37:40+08:00", "2017-10-09T15:37:41+08:00"},
	{"mesos/taskgroup", "createTimeEnd", "2017-10-09T15:37:40+08:00", "2017-10-09T15:37:39+08:00"},
	{"mesos/taskgroup", "startTimeBegin", "2017-10-09T15:37:44+08:00", "2017-10-09T15:37:45+08:00"},
	{"mesos/taskgroup", "startTimeEnd", "2017-10-09T15:37:44+08:00", "2017-10-09T15:37:43+08:00"},
	{"mesos/taskgroup", "lastUpdateTimeBegin", "2017-10-09T15:37:46+08:00", "2017-10-09T15:37:47+08:00"},
	{"mesos/taskgroup", "lastUpdateTimeEnd", "2017-10-09T15:37:46+08:00", "2017-10-09T15:37:45+08:00"},

	{"mesos/application", "name", "app", "ap"},
	{"mesos/application", "namespace", "developer", "app"},
	{"mesos/application", "instance", "3", "2"},
	{"mesos/application", "buildedInstance", "2", "3"},
	{"mesos/application", "runningInstance", "1", "3"},
	{"mesos/application", "status", "Running", "Deploying"},
	{"mesos/application", "lastStatus", "Deploying", "Running"},
	{"mesos/application", "podIp", "127.0.0.5", "127.0.0.6"},
	{"mesos/application", "createTimeBegin", "2017-09-13 11:40:36", "2017-09-13 11:40:37"},
	{"mesos/application", "createTimeEnd", "2017-09-13 11:40:36", "2017-09-13 11:40:35"},
	{"mesos/application", "lastUpdateTimeBegin", "2017-09-13 11:40:41", "2017-09-13 11:40:42"},
	{"mesos/application", "lastUpdateTimeEnd", "2017-09-13 11:40:41", "2017-09-13 11:40:40"},

	{"mesos/process", "name", "proc", "app"},
	{"mesos/process", "namespace", "developer", "proc"},
	{"mesos/process", "kind", "process", "application"},
	{"mesos/process", "instance", "3", "2"},
	{"mesos/process", "buildedInstance", "2", "3"},
	{"mesos/process", "runningInstance", "1", "3"},
	{"mesos/process", "status", "Running", "Deploying"},
	{"mesos/process", "lastStatus", "Deploying", "Running"},
	{"mesos/process", "podIp", "127.0.0.5", "127.0.0.6"},
	{"mesos/process", "createTimeBegin", "1505302836", "1505302837"},
	{"mesos/process", "createTimeEnd", "1505302836", "1505302835"},
	{"mesos/process", "lastUpdateTimeBegin", "1505302841", "1505302842"},
	{"mesos/process", "lastUpdateTimeEnd", "1505302841", "1505302840"},

	{"mesos/deployment", "name", "dep", "dep-v1"},
	{"mesos/deployment", "namespace", "defaultGroup", "defaultgroup"},
	{"mesos/deployment", "checkTime", "9007199254740993", "9007199254740992"}, // equal as doubles
	{"mesos/deployment", "status", "Running,Staging", "Staging"},
	{"mesos/deployment", "applicationName", "dep-v1", "dep-v2"},
	{"mesos/deployment", "applicationExtName", "dep-v2", "dep-v1"},
	{"mesos/deployment", "currRollingOperation", "start", "pause"},
	{"mesos/deployment", "isInRolling", "true", "false"},
	{"mesos/deployment", "lastRollingTimeBegin", "1507689000", "1507689001"},
	{"mesos/deployment", "lastRollingTimeEnd", "2017-10-11T02:30:00Z", "2017-10-11T02:29:59Z"},

	{"mesos/service", "name", "svc", "service"},
	{"mesos/service", "namespace", "defaultGroup", "svc"},
	{"mesos/service", "apiVersion", "v4,v1", "v4"},
	{"mesos/configmap", "name", "cm", "configmap"},
	{"mesos/configmap", "namespace", "defaultGroup", "cm"},
	{"mesos/configmap", "apiVersion", "v1", "v4"},
	{"mesos/secret", "name", "sec", "secret"},
	{"mesos/secret", "namespace", "defaultGroup", "sec"},
	{"mesos/secret", "apiVersion", "v1", "v4"},
	{"mesos/endpoints", "name", "ep", "endpoint"},
	{"mesos/endpoints", "namespace", "defaultGroup", "ep"},
	{"mesos/endpoints", "apiVersion", "v1", "v4"},
	{"mesos/exportservice", "name", "exp", "web"},
	{"mesos/exportservice", "namespace", "defaultGroup", "exp"},
	{"mesos/exportservice", "serviceName", "web", "exp"},
	{"mesos/exportservice", "sslCert", "1", "0"},
	{"mesos/exportservice", "balance", "source,roundrobin", "source"},
	{"mesos/namespace", "name", "cm", "test"},
	{"mesos/namespace", "namespace", "test", "cm"},

	{"k8s/pod", "name", "web-0", "web"},
	{"k8s/pod", "namespace", "kube-system,default", "kube-system"},
	{"k8s/pod", "hostIp", "127.0.0.2", "10.0.0.7"},
	{"k8s/pod", "podIp", "10.0.0.7", "127.0.0.2"},
	{"k8s/pod", "status", "Pending,Running", "Pending"},
	{"k8s/pod", "startTimeBegin", "2017-10-16 07:34:53", "2017-10-16 07:34:54"},
	{"k8s/pod", "startTimeEnd", "2017-10-16 07:34:53", "2017-10-16 07:34:52"},
	{"k8s/pod", "createTimeBegin", "2017-10-16 07:34:52", "2017-10-16 07:34:53"},
	{"k8s/pod", "createTimeEnd", "2017-10-16 07:34:52", "2017-10-16 07:34:51"},
	{"k8s/pod", "labelSelector", "app=web,version in (v1,v2),!gone", "app=web,version!=v1"},
	{"k8s/pod", "labelSelector", "app.kubernetes.io/name=shop", "app.kubernetes.io/name=web"},
	{"k8s/pod", "data.spec.containers.image", "nginx:9,envoy:2", "nginx:2"},
	{"k8s/pod", "data.spec.containers.ports.containerPort", "80", "81"},
	{"k8s/pod", "data.spec.containers.0.image", "nginx:1", "envoy:2"},
	{"k8s/pod", "data.metadata.ownerReferences.controller", "true", "false"},
	{"k8s/pod", "data.metadata.resourceVersion", "77", "78"},
	{"k8s/pod", "data.metadata.labels.app．kubernetes．io/name", "shop", "web"},

	{"k8s/replicaset", "name", "web", "db"},
	{"k8s/replicaset", "namespace", "default", "web"},
	{"k8s/replicaset", "replicas", "5", "4"}, // 4 is what status says
	{"k8s/replicaset", "availableReplicas", "2", "3"},
	{"k8s/replicaset", "readyReplicas", "3", "2"},
	{"k8s/replicaset", "createTimeBegin", "2017-10-16T11:55:39Z", "2017-10-16T11:55:40Z"},
	{"k8s/replicaset", "createTimeEnd", "2017-10-16T11:55:39Z", "2017-10-16T11:55:38Z"},

	{"k8s/deployment", "name", "web", "db"},
	{"k8s/deployment", "namespace", "default", "web"},
	{"k8s/deployment", "replicas", "5", "4"},
	{"k8s/deployment", "availableReplicas", "2", "3"},
	{"k8s/deployment", "updatedReplicas", "3", "2"},
	{"k8s/deployment", "strategyType", "RollingUpdate", "Recreate"},
	{"k8s/deployment", "dnsPolicy", "ClusterFirst", "Default"},
	{"k8s/deployment", "restartPolicy", "Never,Always", "Never"},
	{"k8s/deployment", "createTimeBegin", "1501577709", "1501577710"},
	{"k8s/deployment", "createTimeEnd", "1501577709", "1501577708"},

	{"k8s/service", "name", "web", "db"},
	{"k8s/service", "namespace", "default", "web"},
	{"k8s/service", "clusterIp", "127.0.0.1", "127.0.0.2"},
	{"k8s/service", "type", "NodePort,ClusterIP", "NodePort"},
	{"k8s/service", "createTimeBegin", "2017-08-02T06:33:43Z", "2017-08-02T06:33:44Z"},
	{"k8s/service", "createTimeEnd", "2017-08-02T06:33:43Z", "2017-08-02T06:33:42Z"},

	{"k8s/configmap", "name", "cm", "web"},
	{"k8s/configmap", "namespace", "default", "cm"},
	{"k8s/configmap", "createTimeBegin", "2017-05-08T12:34:16Z", "2017-05-08T12:34:17Z"},
	{"k8s/configmap", "createTimeEnd", "2017-05-08T12:34:16Z", "2017-05-08T12:34:15Z"},
	{"k8s/secret", "name", "token", "web"},
	{"k8s/secret", "namespace", "default", "token"},
	{"k8s/secret", "createTimeBegin", "2017-05-11T10:14:40Z", "2017-05-11T10:14:41Z"},
	{"k8s/secret", "createTimeEnd", "2017-05-11T10:14:40Z", "2017-05-11T10:14:39Z"},
	{"k8s/endpoints", "name", "web", "db"},
	{"k8s/endpoints", "namespace", "default", "web"},
	{"k8s/endpoints", "createTimeBegin", "2017-08-15T03:41:05Z", "2017-08-15T03:41:06Z"},
	{"k8s/endpoints", "createTimeEnd", "2017-08-15T03:41:05Z", "2017-08-15T03:41:04Z"},
	{"k8s/ingress", "name", "web", "db"},
	{"k8s/ingress", "namespace", "default", "web"},
	{"k8s/ingress", "createTimeBegin", "2017-08-17T03:50:25Z", "2017-08-17T03:50:26Z"},
	{"k8s/ingress", "createTimeEnd", "2017-08-17T03:50:25Z", "2017-08-17T03:50:24Z"},
	{"k8s/namespace", "name", "default", "kube-system"},
	{"k8s/namespace", "status", "Active", "Terminating"},
	{"k8s/namespace", "createTimeBegin", "2017-08-15T01:54:29Z", "2017-08-15T01:54:30Z"},
	{"k8s/namespace", "createTimeEnd", "2017-08-15T01:54:29Z", "2017-08-15T01:54:28Z"},
	{"k8s/node", "name", "127.0.0.1", "ext-1"},
	{"k8s/node", "externalID", "ext-1", "127.0.0.1"},
	{"k8s/node", "createTimeBegin", "2017-04-27T09:21:28Z", "2017-04-27T09:21:29Z"},
	{"k8s/node", "createTimeEnd", "2017-04-27T09:21:28Z", "2017-04-27T09:21:27Z"},
	{"k8s/daemonset", "name", "ds", "test"},
	{"k8s/daemonset", "namespace", "test", "ds"},
	{"k8s/daemonset", "resourceVersion", "1,123", "12"},
	{"k8s/daemonset", "uid", "u-ds", "ds"},
	{"k8s/daemonset", "generation", "1", "2"},
	{"k8s/daemonset", "templateGeneration", "2", "1"},
	{"k8s/daemonset", "updateStrategyType", "OnDelete", "RollingUpdate"},
	{"k8s/daemonset", "createTimeBegin", "2018-03-11T09:28:13Z", "2018-03-11T09:28:14Z"},
	{"k8s/daemonset", "createTimeEnd", "2018-03-11T09:28:13Z", "2018-03-11T09:28:12Z"},
	{"k8s/job", "name", "job", "test"},
	{"k8s/job", "namespace", "test", "job"},
	{"k8s/job", "resourceVersion", "123", "1"},
	{"k8s/job", "uid", "u-job", "job"},
	{"k8s/job", "createTimeBegin", "2018-03-14T09:56:18Z", "2018-03-14T09:56:19Z"},
	{"k8s/job", "createTimeEnd", "2018-03-14T09:56:18Z", "2018-03-14T09:56:17Z"},
	{"k8s/statefulset", "name", "sts", "test1"},
	{"k8s/statefulset", "namespace", "test", "test1"},
	{"k8s/statefulset", "resourceVersion", "123", "1"},
	{"k8s/statefulset", "uid", "u-sts", "sts"},
	{"k8s/statefulset", "generation", "1", "123"},
	{"k8s/statefulset", "podManagementPolicy", "OrderedReady", "Parallel"},
	{"k8s/statefulset", "updateStrategyType", "OnDelete", "RollingUpdate"},
	{"k8s/statefulset", "serviceName", "test1", "test"},
	{"k8s/statefulset", "createTimeBegin", "2018-03-14T13:17:35Z", "2018-03-14T13:17:36Z"},
	{"k8s/statefulset", "createTimeEnd", "2018-03-14T13:17:35Z", "2018-03-14T13:17:34Z"},

	{"event-list", "id", "e0,e1", "e"},
	{"event-list", "env", "k8s,mesos", "mesos"},
	{"event-list", "kind", "rc,Pod", "pod"},
	{"event-list", "level", "Warning", "warning"},
	{"event-list", "component", "kubelet", "scheduler"},
	{"event-list", "type", "Killing", "Kill"},
	{"event-list", "clusterId", "BCS-2,BCS-1", "BCS-10"},
	{"event-list", "extraInfo.name", "web-0", "default"},
	{"event-list", "extraInfo.namespace", "default", "web-0"},
	{"event-list", "extraInfo.kind", "Pod", "rc"},
	{"event-list", "timeBegin", "1506686400", "1506686401"},
	{"event-list", "timeEnd", "1506686400", "1506686399"},
	{"alarm-list", "clusterId", "BCS-1", "BCS-2"},
	{"alarm-list", "namespace", "test", "te"},
	{"alarm-list", "source", "127.0.0.4:52328", "127.0.0.4"},
	{"alarm-list", "module", "bcs-health", "health"},
	{"alarm-list", "type", "sms,weixin", "wei"},
	{"alarm-list", "timeBegin", "2017-11-15 19:34:41", "2017-11-15 19:34:42"},
	{"alarm-list", "timeEnd", "2017-11-15 19:34:41", "2017-11-15 19:34:40"},
	{"metric-list", "namespace", "ns,x", "cpu"},
	{"metric-list", "type", "metric", "task"},
	{"metric-list", "name", "cpu", "ns"},
}

func TestEveryParameterNarrows(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range narrowing {
		covered[c.route+"?"+c.param] = true
		r := sample(t, c.route)
		if !matches(t, c.route, "", r) {
			t.Errorf("%s does not find its sample", c.route)
		}
		if q := c.param + "=" + url.QueryEscape(c.has); !matches(t, c.route, q, r) {
			t.Errorf("%s?%s does not find %s", c.route, q, r.Body)
		}
		if q := c.param + "=" + url.QueryEscape(c.hasNot); matches(t, c.route, q, r) {
			t.Errorf("%s?%s finds %s", c.route, q, r.Body)
		}
	}
	// data.kind of applications has its own test: no value of it fails to match
	// a document without one.
	covered["mesos/application?kind"] = true
	for _, route := range routes() {
		for _, p := range route.params {
			for _, name := range names(p) {
				// updateTime is not part of a document's body; it has its own test.
				if !covered[route.name+"?"+name] && p.Path != storage.FieldUpdateTime {
					t.Errorf("%s?%s is not tested", route.name, name)
				}
			}
		}
	}
}

// TestKindsFindTheirSampleOnly: without parameters a kind finds what is of its
// types, and nothing that another kind reads, save the applications that are processes.
func TestKindsFindTheirSampleOnly(t *testing.T) {
	shared := map[string]bool{
		"mesos/namespace mesos/application": true, "mesos/namespace mesos/process": true, "mesos/namespace mesos/deployment": true,
		"mesos/namespace mesos/service": true, "mesos/namespace mesos/configmap": true, "mesos/namespace mesos/secret": true,
		"mesos/configmap mesos/namespace":     true,
		"mesos/ippoolstatic k8s/ippoolstatic": true, "k8s/ippoolstatic mesos/ippoolstatic": true,
		"mesos/ippoolstaticdetail k8s/ippoolstaticdetail": true, "k8s/ippoolstaticdetail mesos/ippoolstaticdetail": true,
	}
	for _, k := range query.Kinds() {
		name := k.Env + "/" + k.Word
		for other := range samples {
			if !strings.Contains(other, "/") {
				continue
			}
			want := other == name || shared[name+" "+other]
			if got := matches(t, name, "", sample(t, other)); got != want {
				t.Errorf("%s finds the sample of %s: %v, want %v", name, other, got, want)
			}
		}
	}
}

func TestApplicationOrProcess(t *testing.T) {
	const (
		absent  = `{"clusterId":"BCS-1","resourceType":"application","data":{"instance":1}}`
		null    = `{"clusterId":"BCS-1","resourceType":"application","data":{"kind":null}}`
		empty   = `{"clusterId":"BCS-1","resourceType":"application","data":{"kind":""}}`
		app     = `{"clusterId":"BCS-1","resourceType":"application","data":{"kind":"application"}}`
		process = `{"clusterId":"BCS-1","resourceType":"application","data":{"kind":"process"}}`
		other   = `{"clusterId":"BCS-1","resourceType":"application","data":{"kind":"job"}}`
	)
	all := []string{absent, null, empty, app, process, other}
	for _, c := range []struct {
		route, rawQuery string
		want            []string
	}{
		{"mesos/application", "", []string{absent, null, empty, app}},
		{"mesos/application", "kind=", []string{absent, null, empty, app}},
		{"mesos/application", "kind=application", []string{absent, null, app}},
		{"mesos/application", "kind=,application,job", []string{absent, null, empty, app, other}},
		{"mesos/application", "instance=1", []string{absent}},
		{"mesos/process", "", []string{process}},
		{"mesos/process", "kind=", []string{process}},
		{"mesos/process", "kind=process,job", []string{process, other}},
		{"mesos/process", "kind=application", []string{app}},
		{"mesos/namespace", "", all},
	} {
		for _, body := range all {
			if got, want := matches(t, c.route, c.rawQuery, record(t, body)), slices.Contains(c.want, body); got != want {
				t.Errorf("%s?%s finds %s: %v, want %v", c.route, c.rawQuery, body, got, want)
			}
		}
	}

	// The raw routes split the store in two: each document has exactly one word.
	for _, body := range all {
		n := 0
		for _, word := range []string{"application", "process"} {
			stored, filter := query.Stored(query.Mesos, word)
			if stored != "application" || filter == nil {
				t.Fatalf("Stored(mesos, %s) = %s, %v", word, stored, filter)
			}
			if got := storage.Match(filter, record(t, body)); got {
				n++
				if (word == "process") != (body == process) {
					t.Errorf("raw %s finds %s", word, body)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d raw types find %s", n, body)
		}
	}
}

func TestStored(t *testing.T) {
	for _, c := range []struct{ env, word, want string }{
		{query.K8s, "process", "process"},
		{query.K8s, "application", "application"},
		{query.K8s, "Pod", "Pod"},
		{query.Mesos, "taskgroup", "taskgroup"},
		{query.Mesos, "Process", "Process"}, // types are case-sensitive
	} {
		if got, filter := query.Stored(c.env, c.word); got != c.want || filter != nil {
			t.Errorf("Stored(%s, %s) = %s, %v; want %s without a filter", c.env, c.word, got, filter, c.want)
		}
	}
}

func TestCheckPut(t *testing.T) {
	for _, c := range []struct {
		env, word, body string
		ok              bool
	}{
		{query.Mesos, "process", `{"data":{"kind":"process"}}`, true},
		{query.Mesos, "process", ` {"data" : {"kind" : "process"}}`, true},
		{query.Mesos, "process", `{"data":{"kind":"pro\u0063ess"}}`, true},
		{query.Mesos, "process", `{"data":{"kind":"application"}}`, false},
		{query.Mesos, "process", `{"data":{"kind":"Process"}}`, false},
		{query.Mesos, "process", `{"data":{"kind":null}}`, false},
		{query.Mesos, "process", `{"data":{}}`, false},
		{query.Mesos, "process", `{"data":[]}`, false},
		{query.Mesos, "process", `{"data":null}`, false},
		{query.Mesos, "process", `{"kind":"process"}`, false},
		{query.Mesos, "process", `{}`, false},
		{query.Mesos, "application", `{"data":{"kind":"process"}}`, true}, // found as a process then
		{query.Mesos, "application", `{"data":{}}`, true},
		{query.Mesos, "taskgroup", `{"data":{}}`, true},
		{query.K8s, "process", `{"data":{}}`, true},
	} {
		err := query.CheckPut(c.env, c.word, []byte(c.body))
		switch {
		case c.ok && err != nil:
			t.Errorf("PUT of %s as %s/%s: %v", c.body, c.env, c.word, err)
		case !c.ok:
			wantInvalid(t, err, "data.kind")
		}
		if err != nil {
			continue
		}
		// What was put is found under one of the two words.
		found := false
		for _, word := range []string{c.word, "process"} {
			_, filter := query.Stored(c.env, word)
			found = found || storage.Match(filter, record(t, strings.TrimSpace(c.body)))
		}
		if !found {
			t.Errorf("%s was put as %s/%s and cannot be found", c.body, c.env, c.word)
		}
	}
}

func TestReplicasFallBack(t *testing.T) {
	const prefix = `{"clusterId":"BCS-1","resourceType":"Deployment","data":`
	for _, c := range []struct {
		data string
		want string // the one value of 1, 2 and 3 that finds it
	}{
		{`{"spec":{"replicas":1},"status":{"replicas":2}}`, "1"},
		{`{"spec":{"replicas":1},"status":{}}`, "1"},
		{`{"spec":{"replicas":1}}`, "1"},
		{`{"spec":{},"status":{"replicas":2}}`, "2"},
		{`{"status":{"replicas":2}}`, "2"},
		{`{"spec":{"replicas":0},"status":{"replicas":2}}`, ""}, // scaled to none, still running
		{`{"spec":{"replicas":"1"},"status":{"replicas":2}}`, ""},
		{`{}`, ""},
	} {
		for _, n := range []string{"1", "2", "3"} {
			if got := matches(t, "k8s/deployment", "replicas="+n, record(t, prefix+c.data+"}")); got != (n == c.want) {
				t.Errorf("replicas=%s finds %s: %v", n, c.data, got)
			}
		}
	}
}

func TestBothEndpointTypes(t *testing.T) {
	for typ, want := range map[string]bool{"EndPoints": true, "Endpoints": true, "endpoints": false, "endpoint": false, "Service": false} {
		body := `{"clusterId":"BCS-1","resourceType":"` + typ + `","data":{}}`
		if got := matches(t, "k8s/endpoints", "", record(t, body)); got != want {
			t.Errorf("k8s/endpoints finds type %s: %v", typ, got)
		}
	}
}

// TestTimeSpellings: whatever way a time is reported and whatever way it is asked for,
// both ends of a range are inclusive to the second.
func TestTimeSpellings(t *testing.T) {
	reported := []string{ // all within 2017-09-13T11:40:36Z
		`"2017-09-13T11:40:36Z"`,
		`"2017-09-13T19:40:36+08:00"`,
		`"2017-09-13T19:40:36+0800"`,
		`"2017-09-13T19:40:36.786921704+08:00"`,
		`"2017-09-13T11:40:36.999999999Z"`,
		`"2017-09-13 11:40:36"`,
		`"2017-09-13T11:40:36"`,
		`"2017-09-13 19:40:36 +0800 CST"`,
		`"1505302836"`,
		`1505302836`,
		`1505302836.5`,
		`1.505302836e9`,
	}
	shanghai := time.FixedZone("CST", 8*3600)
	asked := []struct {
		layout string
		in     *time.Location // the zone that the text is written in
		zone   *time.Location // Options.Zone
	}{
		{"unix", nil, nil},
		{"unix", nil, shanghai},
		{"2006-01-02 15:04:05", time.UTC, nil},
		{"2006-01-02 15:04:05", time.UTC, time.UTC},
		{"2006-01-02 15:04:05", shanghai, shanghai},
		{"2006-01-02T15:04:05", shanghai, shanghai},
		{"2006-01-02T15:04:05", time.UTC, nil},
		{time.RFC3339, time.UTC, nil},
		{time.RFC3339, time.UTC, shanghai},
		{time.RFC3339, shanghai, nil},
		{"2006-01-02T15:04:05-0700", shanghai, nil},
		{"2006-01-02T15:04:05.000Z07:00", shanghai, time.UTC},
		{"2006-01-02 15:04:05.000000", shanghai, shanghai},
	}
	second := time.Date(2017, 9, 13, 11, 40, 36, 0, time.UTC)
	for _, a := range asked {
		spell := func(t time.Time) string {
			if a.layout == "unix" {
				return itoa(t.Unix())
			}
			return url.QueryEscape(t.In(a.in).Format(a.layout))
		}
		o := options()
		o.Zone = a.zone
		for _, at := range reported {
			r := record(t, `{"clusterId":"BCS-1","resourceType":"application","data":{"createTime":`+at+`}}`)
			for _, c := range []struct {
				begin, end time.Duration
				only       string // which bound is given; "" is both
				want       bool
			}{
				{0, 0, "", true},
				{-time.Second, time.Second, "", true},
				{-2 * time.Second, -time.Second, "", false},
				{time.Second, 2 * time.Second, "", false},
				{0, 0, "begin", true},
				{time.Second, 0, "begin", false},
				{0, 0, "end", true},
				{0, -time.Second, "end", false},
			} {
				var q []string
				if c.only != "end" {
					q = append(q, "createTimeBegin="+spell(second.Add(c.begin)))
				}
				if c.only != "begin" {
					q = append(q, "createTimeEnd="+spell(second.Add(c.end)))
				}
				rawQuery := strings.Join(q, "&")
				if got := selects(planOf(t, "mesos/application", rawQuery, o), r); got != c.want {
					t.Errorf("%s (zone %v) finds %s: %v", rawQuery, a.zone, at, got)
				}
			}
		}
	}
}

// TestFractionsOfAsked: a fraction in a bound is cut, it does not spare the
// rest of its second.
func TestFractionsOfAsked(t *testing.T) {
	r := record(t, `{"clusterId":"BCS-1","resourceType":"application","data":{"createTime":"2017-09-13T11:40:36.5Z"}}`)
	for rawQuery, want := range map[string]bool{
		"createTimeBegin=2017-09-13T11:40:36.9Z":                                       true,
		"createTimeEnd=2017-09-13T11:40:36.1Z":                                         true,
		"createTimeBegin=2017-09-13T11:40:36.9Z&createTimeEnd=2017-09-13T11:40:36.1Z":  true,
		"createTimeBegin=2017-09-13T11:40:37.0Z":                                       false,
		"createTimeEnd=2017-09-13T11:40:35.999999999Z":                                 false,
		"createTimeBegin=2017-09-13T11:40:35.9Z&createTimeEnd=2017-09-13T11:40:35.99Z": false,
	} {
		if got := matches(t, "mesos/application", rawQuery, r); got != want {
			t.Errorf("%s: %v", rawQuery, got)
		}
	}
}

// TestTimesAtTheEnds: Go's zero time is an instant like any other, not an open end.
func TestTimesAtTheEnds(t *testing.T) {
	doc := func(at string) *storage.Record {
		return record(t, `{"clusterId":"BCS-1","resourceType":"application","data":{"createTime":"`+at+`"}}`)
	}
	for _, c := range []struct {
		rawQuery, at string
		want         bool
	}{
		{"createTimeBegin=0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", true},
		{"createTimeBegin=0001-01-01T00:00:00Z", "0000-12-31T23:59:59Z", false},
		{"createTimeEnd=0000-12-31T23:59:59Z", "0000-12-31T23:59:59Z", true},
		{"createTimeEnd=0000-12-31T23:59:59Z", "0001-01-01T00:00:00Z", false},
		{"createTimeEnd=0000-12-31T23:59:59Z", "2017-09-13T11:40:36Z", false},
		{"createTimeBegin=0001-01-01T00:00:00Z&createTimeEnd=0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", true},
		{"createTimeBegin=0001-01-01T00:00:00Z&createTimeEnd=0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z", false},
		{"createTimeEnd=9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", true},
		{"createTimeBegin=9999-12-31T23:59:59Z", "9999-12-31T23:59:59.9Z", true},
		{"createTimeBegin=9999-12-31T23:59:59Z", "9999-12-31T23:59:58Z", false},
		// 0 is what a structure sends whose field was not set: no bound.
		{"createTimeBegin=0&createTimeEnd=0", "1960-01-01T00:00:00Z", true},
		{"createTimeEnd=0", "1970-01-01T00:00:01Z", true},
		{"createTimeBegin=1&createTimeEnd=0", "1970-01-01T00:00:01Z", true},
		{"createTimeBegin=1&createTimeEnd=0", "1970-01-01T00:00:00Z", false},
	} {
		if got := matches(t, "mesos/application", c.rawQuery, doc(c.at)); got != c.want {
			t.Errorf("%s finds %s: %v", c.rawQuery, c.at, got)
		}
	}
}

// TestNoTimeIsInNoRange: what is reported as no time is not found by a range,
// open ends or not.
func TestNoTimeIsInNoRange(t *testing.T) {
	for _, at := range []string{`null`, `""`, `"soon"`, `true`, `{}`, `[]`} {
		r := record(t, `{"clusterId":"BCS-1","resourceType":"application","data":{"createTime":`+at+`}}`)
		for _, rawQuery := range []string{"createTimeBegin=1", "createTimeEnd=253402300799"} {
			if matches(t, "mesos/application", rawQuery, r) {
				t.Errorf("%s finds %s", rawQuery, at)
			}
		}
	}
}

func TestUpdateTimeRange(t *testing.T) {
	r := record(t, `{"clusterId":"BCS-1","data":{},"updateTime":"1999-01-01T00:00:00Z"}`) // the record's own counts, 09:15:19.5
	for rawQuery, want := range map[string]bool{
		"updateTimeBegin=2017-10-16 09:15:19":                                        true,
		"updateTimeBegin=2017-10-16 09:15:20":                                        false,
		"updateTimeEnd=2017-10-16 09:15:19":                                          true,
		"updateTimeEnd=2017-10-16 09:15:18":                                          false,
		"updateTimeBegin=0&updateTimeEnd=1508145319":                                 true,
		"updateTimeBegin=0&updateTimeEnd=1508145318":                                 false,
		"updateTimeBegin=2017-10-16 09:15:19&updateTimeEnd=2017-10-16 09:15:19":      true,
		"updateTimeBegin=2017-10-16T17:15:19%2B08:00&updateTimeEnd=1508145319":       true,
		"updateTimeBegin=2017-10-16T09:15:18Z&updateTimeEnd=2017-10-16T09:15:18Z":    false,
		"updateTimeBegin=0&updateTimeEnd=1508145319&data.status=Failed":              false,
		"updateTimeBegin=0&updateTimeEnd=1508145319&labelSelector=app":               false,
		"updateTimeBegin=0&updateTimeEnd=1508145319&extra=" + b64(`{"data.x":1}`):    false,
		"updateTimeBegin=0&updateTimeEnd=1508145319&extra=" + b64(`{"data.x":null}`): true,
	} {
		rawQuery = strings.ReplaceAll(rawQuery, " ", "%20")
		if got := matches(t, "batch-delete", rawQuery, r); got != want {
			t.Errorf("%s: %v", rawQuery, got)
		}
	}
}

func TestCommaLists(t *testing.T) {
	doc := func(status string) *storage.Record {
		return record(t, `{"clusterId":"BCS-1","resourceType":"taskgroup","data":{"status":`+status+`}}`)
	}
	for _, c := range []struct {
		list, status string
		want         bool
	}{
		{"a,b", `"a"`, true},
		{"a,b", `"b"`, true},
		{"a,b", `"a,b"`, false},
		{"a, b", `"b"`, false}, // nothing is trimmed
		{"a, b", `" b"`, true},
		{"a,", `""`, true}, // an empty item is the empty string
		{"a", `""`, false},
		{"a,", `null`, false},
		{",", `"a"`, false},
		{"1", `1`, false}, // a declared string is a string
		{"null", `null`, false},
		{"null", `"null"`, true},
		{"a", `["x","a"]`, true},
		{"a", `{"a":"a"}`, false},
		{"A", `"a"`, false},
		{"a%2Cb", `"b"`, true}, // an escaped comma is a comma: values hold none
		{"a.*", `"ab"`, false},
	} {
		if got := matches(t, "mesos/taskgroup", "status="+strings.ReplaceAll(c.list, " ", "%20"), doc(c.status)); got != c.want {
			t.Errorf("status=%s finds %s: %v", c.list, c.status, got)
		}
	}
	// More values than are compared one by one.
	long := "s0,s1,s2,s3,s4,s5,s6,s7,s8,s9,s10,s11"
	if !matches(t, "mesos/taskgroup", "status="+long, doc(`"s11"`)) || matches(t, "mesos/taskgroup", "status="+long, doc(`"s12"`)) {
		t.Error("a long list")
	}
}

// TestFreeFilters: nothing declares the type at a free path, so the text of a
// number or a boolean finds both it and the string.
func TestFreeFilters(t *testing.T) {
	for _, c := range []struct {
		list, value string
		want        bool
	}{
		{"2", `2`, true},
		{"2", `"2"`, true},
		{"2", `2.0`, true},
		{"2.0", `2`, true},
		{"2.0", `"2"`, false},
		{"2", `[1,2]`, true},
		{"2", `3`, false},
		{"9007199254740993", `9007199254740992`, false},
		{"9007199254740993", `9007199254740993`, true},
		{"99999999999999999999", `"99999999999999999999"`, true},
		{"99999999999999999999", `99999999999999999999.0`, false},
		{"1e400", `"1e400"`, true},
		{"true", `true`, true},
		{"true", `"true"`, true},
		{"true", `1`, false},
		{"false", `true`, false},
		{"null", `"null"`, true},
		{"null", `null`, false},
		{" null", `null`, false},
		{" null", `" null"`, true},
		{"%22a%22", `"a"`, false},
		{" %22a%22", `"a"`, false},
		{"%22a%22", `"\"a\""`, true},
		{"[1]", `1`, false},
		{"{}", `{}`, false},
		{"", `""`, true},
		{"", `"x"`, false},
		{"", `null`, false},
		{"x,3,true", `3`, true},
		{"x,3,true", `true`, true},
		{"x,3,true", `"x"`, true},
	} {
		r := record(t, `{"data":{"v":`+strings.ReplaceAll(c.value, "99999999999999999999.0", "1e20")+`}}`)
		rawQuery := "data.v=" + strings.ReplaceAll(c.list, " ", "%20")
		for _, route := range []string{"list", "item-get", "item-delete", "batch-delete", "metric-list"} {
			if got := matches(t, route, rawQuery, r); got != c.want {
				t.Errorf("%s?%s finds %s: %v", route, rawQuery, c.value, got)
			}
		}
		if matches(t, "list", rawQuery, record(t, `{"data":{}}`)) {
			t.Errorf("%s finds a document without the path", rawQuery)
		}
	}
}

func TestExtraMeaning(t *testing.T) {
	doc := `{"a":{"b":"x","n":1,"yes":true,"nul":null,"list":["p","q",3],"obj":{"k":1},"dot.ted":"d","wide．dot":"w"},"refs":[{"name":"r1","uid":"u1"},{"name":"r2"}]}`
	for _, c := range []struct {
		extra string
		want  bool
	}{
		{`{}`, true},
		{`{"a.b":"x"}`, true},
		{`{"a.b":"y"}`, false},
		{`{"a.b":["y","x"]}`, true},
		{`{"a.b":[]}`, false},
		{`{"a.b":"x","a.n":1}`, true},
		{`{"a.b":"x","a.n":2}`, false},
		{`{"a.n":"1"}`, false}, // extra is typed
		{`{"a.n":1.0}`, true},
		{`{"a.yes":true}`, true},
		{`{"a.yes":"true"}`, false},
		{`{"a.nul":null}`, true},
		{`{"a.none":null}`, true},
		{`{"a.none":[null,1]}`, true},
		{`{"a.b":null}`, false},
		{`{"a.list":"q"}`, true},
		{`{"a.list":["z",3]}`, true},
		{`{"a.list":"z"}`, false},
		{`{"a.list.0":"p"}`, true},
		{`{"a.list.1":"p"}`, false},
		{`{"a.obj.k":1}`, true},
		{`{"a.obj":1}`, false},
		{`{"refs.name":"r2"}`, true},
		{`{"refs.name":"r2","refs.uid":"u1"}`, true}, // each of some element
		{`{"refs.name":"r3"}`, false},
		{`{"a.dot．ted":"d"}`, true},
		{`{"a.dot\uff0eted":"d"}`, true},
		{`{"a.dot.ted":"d"}`, false},
		{`{"_id":"some/id"}`, true},
		{`{"_id":"other"}`, false},
		{`{"createTime":"2017-10-16T08:15:19.000Z"}`, true},
	} {
		for _, route := range []string{"list", "item-get", "item-delete", "batch-delete", "watch-list", "event-list", "alarm-list", "metric-list"} {
			if c.extra == "{}" && strings.HasSuffix(route, "-delete") {
				continue // refused there
			}
			if got := matches(t, route, "extra="+b64(c.extra), record(t, doc)); got != c.want {
				t.Errorf("%s extra %s: %v", route, c.extra, got)
			}
		}
		if !matches(t, "item-put", "extra="+b64(c.extra), record(t, doc)) {
			t.Errorf("extra %s narrows a PUT", c.extra)
		}
	}
}

func TestExtraContainMeaning(t *testing.T) {
	doc := `{"describe":"wow it's .* [killing] itself","list":["alpha","beta"],"n":123,"esc":"a\u00e9\nb"}`
	for _, c := range []struct {
		contain string
		want    bool
	}{
		{`{}`, true},
		{`{"describe":"killing"}`, true},
		{`{"describe":"Killing"}`, false},
		{`{"describe":"^wow"}`, false}, // a text, no pattern
		{`{"describe":".* ["}`, true},
		{`{"describe":""}`, true},
		{`{"none":""}`, false},
		{`{"describe":"wow","list":"eta"}`, true},
		{`{"describe":"wow","list":"gamma"}`, false},
		{`{"n":"2"}`, false},
		{`{"esc":"é\nb"}`, true},
	} {
		for _, route := range []string{"event-list", "alarm-list"} {
			if got := matches(t, route, "extra_contain="+b64(c.contain), record(t, doc)); got != c.want {
				t.Errorf("%s extra_contain %s: %v", route, c.contain, got)
			}
		}
	}
}

func TestLabelSelectorMeaning(t *testing.T) {
	doc := `{"data":{"metadata":{"labels":{"app":"web","tier":"","app.kubernetes.io/name":"shop","n":"1"}}}}`
	for _, c := range []struct {
		selector string
		want     bool
	}{
		{"app=web", true},
		{"app==web", true},
		{"app = web", true},
		{"app=db", false},
		{"app!=web", false},
		{"app!=db", true},
		{"gone!=db", true},
		{"app in (web,db)", true},
		{"app in (db)", false},
		{"app notin (db)", true},
		{"app notin (web,db)", false},
		{"gone notin (web)", true},
		{"app", true},
		{"gone", false},
		{"!gone", true},
		{"!app", false},
		{"tier=", true},
		{"app=", false},
		{"tier in (,x)", true},
		{"n=1", true},
		{"app.kubernetes.io/name=shop", true},
		{"app.kubernetes.io/name in (shop)", true},
		{"app.kubernetes.io/name", true},
		{"!app.kubernetes.io/name", false},
		{"app.kubernetes.io/other", false},
		{"app=web,tier=,!gone", true},
		{"app=web,gone", false},
		{"app=web,app=db", false},
		{" app ", true},
	} {
		rawQuery := "labelSelector=" + url.QueryEscape(c.selector)
		for _, route := range []string{"list", "item-get", "item-delete", "batch-delete", "metric-list"} {
			if got := matches(t, route, rawQuery, record(t, doc)); got != c.want {
				t.Errorf("%s labelSelector %s: %v", route, c.selector, got)
			}
		}
	}
	if matches(t, "list", "labelSelector=app", record(t, `{"data":{}}`)) || !matches(t, "list", "labelSelector=app!%3Dx", record(t, `{"data":{}}`)) {
		t.Error("a document without labels")
	}
}

func TestNamespaceCollectors(t *testing.T) {
	for _, c := range []struct {
		rawQuery string
		distinct string
	}{
		{"", ""},
		{"used=", ""},
		{"used=0", ""},
		{"used=false", ""},
		{"used=1", "namespace"},
		{"used=true", "namespace"},
		{"used=TRUE", "namespace"},
	} {
		plan := planOf(t, "k8s/namespace", c.rawQuery, options())
		if plan.Distinct != c.distinct {
			t.Errorf("k8s/namespace?%s: distinct %q, want %q", c.rawQuery, plan.Distinct, c.distinct)
		}
		collects := c.distinct != ""
		for name, want := range map[string]bool{
			"k8s/namespace": !collects, "k8s/deployment": collects, "k8s/job": collects, "k8s/ingress": collects, "k8s/pod": false, "k8s/node": false,
		} {
			if got := selects(plan, sample(t, name)); got != want {
				t.Errorf("k8s/namespace?%s selects the sample of %s: %v", c.rawQuery, name, got)
			}
		}
	}
	if plan := planOf(t, "mesos/namespace", "", options()); plan.Distinct != "namespace" {
		t.Errorf("mesos/namespace: distinct %q", plan.Distinct)
	}
	for _, k := range query.Kinds() {
		if k.Word == "namespace" {
			continue
		}
		if plan := planOf(t, k.Env+"/"+k.Word, "", options()); plan.Distinct != "" {
			t.Errorf("%s/%s answers names: %q", k.Env, k.Word, plan.Distinct)
		}
	}
}

// TestEmptyIsNotGiven: on reads a declared or common parameter without a value
// is as if it were not there; a DELETE refuses it (see TestRefused).
func TestEmptyIsNotGiven(t *testing.T) {
	for _, r := range routes() {
		if r.accepts&query.Strict != 0 {
			continue
		}
		want := render(planOf(t, r.name, "", options()))
		var all []string
		for _, p := range r.params {
			all = append(all, names(p)...)
		}
		for name, accept := range common {
			if r.accepts&accept != 0 {
				all = append(all, name)
			}
		}
		for _, name := range all {
			if got := render(planOf(t, r.name, name+"=", options())); got != want {
				t.Errorf("%s?%s=\ngot:\n%swant:\n%s", r.name, name, got, want)
			}
			if got := render(planOf(t, r.name, name, options())); got != want {
				t.Errorf("%s?%s\ngot:\n%swant:\n%s", r.name, name, got, want)
			}
		}
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		rawQuery  string
		maxLength int64
		want      int64
	}{
		{"", 1000, 1000},
		{"", 50, 50},
		{"length=", 50, 50},
		{"length=0", 50, 50},
		{"length=1", 50, 1},
		{"length=50", 50, 50},
	} {
		o := options()
		o.MaxLength = c.maxLength
		for _, route := range []string{"event-list", "alarm-list"} {
			if got := planOf(t, route, c.rawQuery, o).Query.Limit; got != c.want {
				t.Errorf("%s?%s of at most %d: limit %d, want %d", route, c.rawQuery, c.maxLength, got, c.want)
			}
		}
	}
	for _, route := range []string{"list", "metric-list", "k8s/pod"} {
		if got := planOf(t, route, "", options()).Query.Limit; got != 0 {
			t.Errorf("%s without a limit is cut at %d", route, got)
		}
	}
}

// TestClusterRepeated: clusterId may repeat the URL path.
func TestClusterRepeated(t *testing.T) {
	for _, k := range query.Kinds() {
		name := k.Env + "/" + k.Word
		want := render(planOf(t, name, "", options()))
		for _, rawQuery := range []string{"clusterId=" + cluster, "clusterId="} {
			if got := render(planOf(t, name, rawQuery, options())); got != want {
				t.Errorf("%s?%s\ngot:\n%swant:\n%s", name, rawQuery, got, want)
			}
		}
	}
}

// TestPlanLeavesItsParameters: a Spec or a Kind is shared by all requests, and
// so is what the caller gave.
func TestPlanLeavesItsParameters(t *testing.T) {
	given := query.Params{"clusterId": cluster, "used": "1", "name": "x", "data.y": "1"}
	want := query.Params{"clusterId": cluster, "used": "1", "name": "x", "data.y": "1"}
	r := routeOf(t, "k8s/namespace")
	first, err := r.plan(given, options())
	if err != nil {
		t.Fatal(err)
	}
	if len(given) != len(want) {
		t.Errorf("the parameters are %v after the plan", given)
	}
	again := planOf(t, "k8s/namespace", "used=1&name=x&data.y=1", options())
	if render(first) != render(again) {
		t.Errorf("two readings differ:\n%s\n%s", render(first), render(again))
	}
	if got := planOf(t, "k8s/namespace", "", options()); got.Distinct != "" {
		t.Error("used=1 of one request is seen by the next")
	}
}
