package ccs_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/ccs"
	"bcs-storage/storage"
)

// put is what is stored of cluster c: lines of kind, namespace/name and data.
func put(t testing.TB, objects ...string) *store {
	t.Helper()
	var s store
	for _, o := range objects {
		words := strings.SplitN(o, " ", 3)
		namespace, name, ok := strings.Cut(words[1], "/")
		if !ok {
			namespace, name = "", namespace
		}
		if !json.Valid([]byte(words[2])) {
			t.Fatalf("%s is no JSON", o)
		}
		s.putObject("c", words[0], namespace, name, []byte(words[2]))
	}
	return &s
}

// field is a value of an answer, by its dotted path; "#" is how many elements a list has.
func field(t testing.TB, data any, path string) string {
	t.Helper()
	for part := range strings.SplitSeq(path, ".") {
		switch v := data.(type) {
		case map[string]any:
			next, ok := v[part]
			if !ok {
				t.Fatalf("no %s in %v", part, v)
			}
			data = next
		case []any:
			if part == "#" {
				data = len(v)
				break
			}
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(v) {
				t.Fatalf("no %s in a list of %d", part, len(v))
			}
			data = v[i]
		}
	}
	return strings.TrimSpace(string(marshal(t, data)))
}

// column is one field of all elements of a list.
func column(t testing.TB, data map[string]any, list, name string) string {
	t.Helper()
	var all []string
	for _, e := range data[list].([]any) {
		all = append(all, strings.Trim(field(t, e, name), `"`))
	}
	return strings.Join(all, " ")
}

const (
	ofC  = "&clusterId=c&namespace=ns"
	info = "Action=DescribeClusterServiceInfo" + ofC + "&serviceName="
	pods = "Action=DescribeServiceInstance" + ofC + "&serviceName="
)

// TestStatusFromObjects: where in an object each fact about a rollout comes from.
func TestStatusFromObjects(t *testing.T) {
	const (
		deployment = `Deployment ns/web {"metadata":{"generation":2%s},"spec":{"replicas":2%s},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"readyReplicas":2%s}}`
		set        = `StatefulSet ns/web {"metadata":{"generation":2},"spec":{%s},"status":{"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":1%s}}`
		daemon     = `DaemonSet ns/web {"metadata":{"generation":2},"status":{"observedGeneration":2,"desiredNumberScheduled":3,"currentNumberScheduled":3,"updatedNumberScheduled":3,"numberReady":3%s}}`
	)
	deploy := func(meta, spec, status string) string { return fmt.Sprintf(deployment, meta, spec, status) }
	for _, c := range []struct{ object, status, desired, current string }{
		{deploy("", "", ""), "Normal", "2", "2"},
		{deploy(`,"annotations":{"deployment.kubernetes.io/rollback":""}`, "", ""), "RollingBack", "2", "2"},
		{deploy("", `,"rollbackTo":{}`, ""), "RollingBack", "2", "2"},
		{deploy("", `,"paused":true`, ""), "Paused", "2", "2"},
		{deploy("", "", `,"conditions":[{"type":"Progressing","status":"False"}]`), "Abnormal", "2", "2"},
		{deploy("", "", `,"conditions":[{"type":"Available","status":"False"},{"type":"Progressing","status":"Unknown"}]`), "Normal", "2", "2"},
		{`Deployment ns/web {"metadata":{"generation":3},"spec":{"replicas":1},"status":{"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":1}}`, "Updating", "1", "1"},
		{`Deployment ns/web {"spec":{"replicas":3},"status":{"replicas":3,"updatedReplicas":2,"readyReplicas":3}}`, "Updating", "3", "3"},
		{`Deployment ns/web {"spec":{"replicas":1},"status":{"replicas":2,"updatedReplicas":1,"readyReplicas":1}}`, "Updating", "1", "1"},
		{`Deployment ns/web {"spec":{"replicas":3},"status":{"replicas":3,"updatedReplicas":3,"readyReplicas":2}}`, "Waiting", "3", "2"},
		{`Deployment ns/web {"status":{"replicas":1,"updatedReplicas":1,"readyReplicas":1}}`, "Normal", "1", "1"},
		{`Deployment ns/web {"spec":{"replicas":0}}`, "Normal", "0", "0"},
		{`Deployment ns/web {}`, "Updating", "1", "0"},
		{fmt.Sprintf(set, "", ""), "Normal", "1", "1"},
		{fmt.Sprintf(set, `"replicas":2`, ""), "Updating", "2", "1"},
		{`StatefulSet ns/web {"metadata":{"generation":3},"status":{"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":1}}`, "Updating", "1", "1"},
		{`StatefulSet ns/web {"spec":{"replicas":1},"status":{"replicas":2,"updatedReplicas":2,"readyReplicas":2}}`, "Updating", "1", "2"},
		{fmt.Sprintf(daemon, ""), "Normal", "3", "3"},
		{`DaemonSet ns/web {"status":{"desiredNumberScheduled":3,"currentNumberScheduled":3,"updatedNumberScheduled":2,"numberReady":3}}`, "Updating", "3", "3"},
		{`DaemonSet ns/web {"status":{"desiredNumberScheduled":3,"currentNumberScheduled":4,"updatedNumberScheduled":3,"numberReady":3}}`, "Updating", "3", "3"},
		{`DaemonSet ns/web {"metadata":{"generation":3},"status":{"desiredNumberScheduled":0}}`, "Updating", "0", "0"},
		{`DaemonSet ns/web {"status":{"desiredNumberScheduled":3,"currentNumberScheduled":3,"updatedNumberScheduled":3,"numberReady":2}}`, "Waiting", "3", "2"},
	} {
		data := put(t, c.object).data(t, info+"web")
		got := field(t, data, "service.status") + field(t, data, "service.desiredReplicas") + field(t, data, "service.currentReplicas")
		if want := `"` + c.status + `"` + c.desired + c.current; got != want {
			t.Errorf("%s: %s, not %s", c.object, got, want)
		}
	}
}

func TestAccess(t *testing.T) {
	for _, c := range []struct{ meta, spec, status, want string }{
		{``, ``, ``, `ClusterIP "" "" "" None ""`},
		{``, `"clusterIP":"None","type":"ClusterIP"`, ``, `ClusterIP "" "" "" None ""`},
		{``, `"clusterIP":"10.0.0.1","type":"NodePort"`, ``, `NodePort "10.0.0.1" "" "" None ""`},
		{``, `"type":"LoadBalancer"`, ``, `LoadBalancer "" "" "" Creating ""`},
		{`"service.kubernetes.io/loadbalance-id":"lb-2"`, `"type":"LoadBalancer"`, `{"ip":"1.2.3.4"}`, `LoadBalancer "" "1.2.3.4" "lb-2" Running ""`},
		{`"service.kubernetes.io/loadbalance-id":"lb-2","service.kubernetes.io/qcloud-loadbalancer-id":"lb-1"`, `"type":"LoadBalancer"`, `{"hostname":"lb.example.com"},{"ip":"1.2.3.4"}`,
			`LoadBalancer "" "lb.example.com" "lb-1" Running ""`},
		{`"service.kubernetes.io/qcloud-loadbalancer-internal":"subnet-1"`, `"type":"LoadBalancer"`, ``, `SvcLBTypeInner "" "" "" Creating "subnet-1"`},
		{`"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid":"subnet-2"`, `"type":"LoadBalancer"`, `{"ip":"10.0.0.9"}`, `SvcLBTypeInner "" "10.0.0.9" "" Running "subnet-2"`},
		{`"service.kubernetes.io/qcloud-loadbalancer-internal":"subnet-1"`, `"type":"ClusterIP"`, ``, `ClusterIP "" "" "" None ""`},
	} {
		spec := strings.TrimSuffix(`"selector":{"app":"web"},`+c.spec, ",")
		s := put(t, `Deployment ns/web {"spec":{"template":{"metadata":{"labels":{"app":"web","tier":"front"}}}}}`,
			`Service ns/web {"metadata":{"annotations":{`+c.meta+`}},"spec":{`+spec+`},"status":{"loadBalancer":{"ingress":[`+c.status+`]}}}`)
		data := s.data(t, info+"web")
		var got []string
		for _, name := range []string{"accessType", "serviceIp", "externalIp", "lbId", "lbStatus", "subnetId"} {
			got = append(got, field(t, data, "service."+name))
		}
		got[0], got[4] = strings.Trim(got[0], `"`), strings.Trim(got[4], `"`)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %s, not %s", c.meta, c.spec, got, c.want)
		}
	}
}

// TestWhichServiceLeadsToAWorkload: of those that select it the one of its name, or else the first; they are no
// services of their own, and those that select none are.
func TestWhichServiceLeadsToAWorkload(t *testing.T) {
	const (
		web  = `Deployment ns/web {"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}`
		to   = `Service ns/%s {"spec":{"clusterIP":"%d","selector":{"app":"web"}}}`
		none = `Service ns/%s {"spec":{"clusterIP":"%d"}}`
		list = "Action=DescribeClusterService" + ofC
	)
	for _, c := range []struct {
		services         []string
		names, addresses string
	}{
		{[]string{}, "web", ""},
		{[]string{fmt.Sprintf(to, "b", 2), fmt.Sprintf(to, "a", 1)}, "web", "1"},
		{[]string{fmt.Sprintf(to, "a", 1), fmt.Sprintf(to, "web", 3), fmt.Sprintf(to, "z", 4)}, "web", "3"},
		{[]string{fmt.Sprintf(none, "a", 1), fmt.Sprintf(to, "b", 2)}, "a web", "1 2"},
		{[]string{fmt.Sprintf(none, "web", 1)}, "web web", " 1"},
		{[]string{`Service other/a {"spec":{"clusterIP":"1","selector":{"app":"web"}}}`}, "web", ""},
		{[]string{`Service ns/a {"spec":{"clusterIP":"1","selector":{"app":"web","tier":"x"}}}`}, "a web", "1 "},
	} {
		s := put(t, append(c.services, web)...)
		data := s.data(t, list)
		if got := column(t, data, "services", "serviceName"); got != c.names {
			t.Errorf("%s: %q, not %q", c.services, got, c.names)
		}
		if got := column(t, data, "services", "serviceIp"); got != c.addresses {
			t.Errorf("%s: %q, not %q", c.services, got, c.addresses)
		}
		if n := field(t, data, "totalCount"); n != fmt.Sprint(len(strings.Fields(c.names))) {
			t.Errorf("%s: totalCount %s", c.services, n)
		}
	}
}

// TestOneNameForSeveralKinds: the kinds in their order.
func TestOneNameForSeveralKinds(t *testing.T) {
	objects := []string{
		`Deployment ns/web {"metadata":{"annotations":{"description":"Deployment"}}}`,
		`StatefulSet ns/web {"metadata":{"annotations":{"description":"StatefulSet"}}}`,
		`DaemonSet ns/web {"metadata":{"annotations":{"description":"DaemonSet"}}}`,
		`Service ns/web {"metadata":{"annotations":{"description":"Service"}}}`,
	}
	for first, want := range []string{"Deployment", "StatefulSet", "DaemonSet", "Service"} {
		stored := slices.Clone(objects[first:])
		slices.Reverse(stored)
		if got := field(t, put(t, stored...).data(t, info+"web"), "service.serviceDesc"); got != `"`+want+`"` {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// TestServiceWithoutAWorkload counts the pods that it selects and that are neither leaving nor done.
func TestServiceWithoutAWorkload(t *testing.T) {
	s := put(t, `Service ns/door {"spec":{"selector":{"app":"x"},"ports":[{"port":80,"protocol":"UDP"},{"port":81,"targetPort":"named"},{"port":82,"targetPort":8082},{"port":83,"targetPort":"8083","nodePort":30083}]}}`,
		`Pod ns/a {"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}}`,
		`Pod ns/b {"metadata":{"labels":{"app":"x"}},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending"}}`,
		`Pod ns/c {"metadata":{"labels":{"app":"x"},"deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Running"}}`,
		`Pod ns/d {"metadata":{"labels":{"app":"x"}},"status":{"phase":"Succeeded"}}`,
		`Pod ns/e {"metadata":{"labels":{"app":"y"}},"status":{"phase":"Running"}}`,
		`Pod other/f {"metadata":{"labels":{"app":"x"}},"status":{"phase":"Running"}}`)
	data := s.data(t, info+"door")
	for path, want := range map[string]string{
		"desiredReplicas": "2", "currentReplicas": "1", "status": `"Waiting"`, "selector": `{"app":"x"}`, "labels": "{}", "containers": "[]", "volumes": "[]",
		"portMappings.0": `{"containerPort":80,"lbPort":80,"nodePort":0,"protocol":"UDP"}`, "portMappings.1.containerPort": "0",
		"portMappings.2.containerPort": "8082", "portMappings.3": `{"containerPort":8083,"lbPort":83,"nodePort":30083,"protocol":"TCP"}`,
	} {
		if got := field(t, data, "service."+path); got != want {
			t.Errorf("%s: %s, not %s", path, got, want)
		}
	}
	if got := column(t, s.data(t, pods+"door"), "instances", "name"); got != "a b c d" {
		t.Errorf("instances %s", got)
	}
}

// TestPodsThatFailed: they are held against a service that lacks replicas, and a Service without a workload wants
// them back; beside a workload that is well they are leftovers.
func TestPodsThatFailed(t *testing.T) {
	const (
		door    = `Service ns/web {"spec":{"selector":{"app":"x"}}}`
		deploy  = `Deployment ns/web {"spec":{"replicas":%[1]d,"selector":{"matchLabels":{"app":"x"}}},"status":{"replicas":%[1]d,"updatedReplicas":%[1]d,"readyReplicas":%[2]d}}`
		pod     = `Pod ns/%s {"metadata":{"labels":{"app":"x"}%s},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"%s","reason":"%s","containerStatuses":[%s]}}`
		evicted = "Evicted"
		leaving = `,"deletionTimestamp":"2026-01-01T00:00:00Z"`
	)
	ended := func(code int, reason string) string {
		return fmt.Sprintf(`{"name":"c","state":{"terminated":{"exitCode":%d,"reason":"%s"}}}`, code, reason)
	}
	up := fmt.Sprintf(pod, "up", "", "Running", "", `{"name":"c","ready":true,"state":{"running":{}}}`)
	crashed := fmt.Sprintf(pod, "a", "", "Failed", "", ended(1, "Error"))
	for _, c := range []struct {
		objects         []string
		want, reasonMap string // status, desired, current
	}{
		{[]string{door, crashed}, `"Abnormal" 1 0`, `{"Error":1}`},
		{[]string{door, fmt.Sprintf(pod, "a", "", "Failed", evicted, "")}, `"Abnormal" 1 0`, `{"Evicted":1}`},
		{[]string{door, crashed, up}, `"Abnormal" 2 1`, `{"Error":1}`},
		{[]string{door, fmt.Sprintf(pod, "a", leaving, "Failed", "", ended(1, "Error")), up}, `"Normal" 1 1`, `{}`},
		{[]string{door, fmt.Sprintf(pod, "a", "", "Succeeded", "", ended(0, "Completed"))}, `"Normal" 0 0`, `{"Completed":1}`},
		{[]string{fmt.Sprintf(deploy, 1, 0), fmt.Sprintf(pod, "a", "", "Failed", "", ended(137, "OOMKilled"))}, `"Abnormal" 1 0`, `{"内存不足被终止":1}`},
		{[]string{fmt.Sprintf(deploy, 1, 0), fmt.Sprintf(pod, "a", leaving, "Failed", "", ended(1, "Error"))}, `"Waiting" 1 0`, `{}`},
		{[]string{fmt.Sprintf(deploy, 2, 1), fmt.Sprintf(pod, "a", "", "Failed", evicted, ""), up}, `"Abnormal" 2 1`, `{"Evicted":1}`},
		{[]string{fmt.Sprintf(deploy, 1, 1), crashed, fmt.Sprintf(pod, "b", "", "Failed", evicted, ""), up}, `"Normal" 1 1`, `{"Error":1,"Evicted":1}`},
	} {
		data := put(t, c.objects...).data(t, info+"web")
		got := field(t, data, "service.status") + " " + field(t, data, "service.desiredReplicas") + " " + field(t, data, "service.currentReplicas")
		if reasons := field(t, data, "service.reasonMap"); got != c.want || reasons != c.reasonMap {
			t.Errorf("%s:\n%s %s, not %s %s", c.objects, got, reasons, c.want, c.reasonMap)
		}
	}
}

// TestContainersThatStartFirst: one that can't be done with is the reason of its pod, and is not shown.
func TestContainersThatStartFirst(t *testing.T) {
	const pod = `Pod ns/p {"metadata":{"ownerReferences":[{"kind":"DaemonSet","name":"web"}]},"spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Pending",
		"initContainerStatuses":[{"name":"done","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"init","restartCount":7,"state":%s}],
		"containerStatuses":[{"name":"c","image":"sha","containerID":"docker://0123","state":{"waiting":{"reason":"PodInitializing"}}}]}}`
	for state, want := range map[string][2]string{
		`{"waiting":{"reason":"CrashLoopBackOff"}}`:      {"容器进程崩溃", "Abnormal"},
		`{"terminated":{"exitCode":1,"reason":"Error"}}`: {"Error", "Abnormal"},
		`{"waiting":{"reason":"PodInitializing"}}`:       {"容器创建中", "Waiting"},
		`{"running":{}}`: {"容器创建中", "Waiting"},
		`{"terminated":{"exitCode":0,"reason":"Completed"}}`: {"容器创建中", "Waiting"},
	} {
		s := put(t, `DaemonSet ns/web {}`, fmt.Sprintf(pod, state))
		data := s.data(t, pods+"web")
		if got := field(t, data, "instances.0.reason"); got != `"`+want[0]+`"` {
			t.Errorf("%s: %s", state, got)
		}
		if got := field(t, data, "instances.0.containers"); got != `[{"containerId":"0123","image":"i","name":"c","reason":"容器创建中","status":"Waiting"}]` {
			t.Errorf("%s: %s", state, got)
		}
		if got := field(t, s.data(t, info+"web"), "service.status"); got != `"`+want[1]+`"` {
			t.Errorf("%s: %s", state, got)
		}
	}
}

func TestNodes(t *testing.T) {
	const node = `Node %s {"spec":{"providerID":"%s"},"status":{"conditions":[%s],"capacity":%s}}`
	condition := func(kind, status string) string { return `{"type":"` + kind + `","status":"` + status + `"}` }
	s := put(t,
		fmt.Sprintf(node, "a", "", condition("Ready", "True")+","+condition("MemoryPressure", "True"), `{"cpu":"3920m","memory":"7Gi"}`),
		fmt.Sprintf(node, "b", "x", condition("Ready", "False")+","+condition("DiskPressure", "True")+","+condition("OutOfDisk", "True")+","+condition("MemoryPressure", "True"), `{"memory":"1500Mi"}`),
		fmt.Sprintf(node, "c", "q:///z/ins-1", condition("Ready", "Unknown")+","+condition("NetworkUnavailable", "True"), `{"cpu":"1e30","memory":"1"}`),
		fmt.Sprintf(node, "d", "q:///z/", condition("NetworkUnavailable", "False"), `{"cpu":"-1"}`),
	)
	data := s.data(t, "Action=DescribeClusterInstances&clusterId=c")
	for name, want := range map[string]string{
		"instanceId": "a x ins-1 d", "isNormal": "1 0 0 0", "abnormalReason": " MemoryPressure,OutOfDisk NetworkUnavailable Unknown",
		"mem": "7 1 0 0",
	} {
		if got := column(t, data, "nodes", name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	// As text: decoded, the largest integer is not exact.
	if got := numbers(s.answer(t, "Action=DescribeClusterInstances&clusterId=c"), "cpu"); got != "4 0 9223372036854775807 0" {
		t.Errorf("cpu: %q", got)
	}
	data = s.data(t, "Action=DescribeClusterInstances&clusterId=c&offset=1&limit=2")
	if got := column(t, data, "nodes", "instanceName") + " of " + field(t, data, "totalCount"); got != "b c of 4" {
		t.Errorf("a page: %s", got)
	}
	data = s.data(t, "Action=DescribeClusterInstances&clusterId=c&offset=4")
	if got := field(t, data, "nodes") + field(t, data, "totalCount"); got != "[]4" {
		t.Errorf("a page behind the end: %s", got)
	}
}

// numbers are those that the members of the name have in an answer.
func numbers(answer, name string) string {
	var all []string
	for _, m := range regexp.MustCompile(`"`+name+`": (-?\d+)`).FindAllStringSubmatch(answer, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}

// TestCapacityIsRoundedOnce: the sum of what nodes have, and not of what each of them shows.
func TestCapacityIsRoundedOnce(t *testing.T) {
	const node = `Node n%d {"status":{"capacity":%s}}`
	for _, c := range []struct {
		capacities []string
		cpu, mem   string
	}{
		{[]string{`{"cpu":"500m","memory":"1400Mi"}`, `{"cpu":"500m","memory":"1400Mi"}`}, "1", "3"},
		{[]string{`{"cpu":"400m","memory":"500Mi"}`, `{"cpu":"400m","memory":"500Mi"}`, `{"cpu":"400m","memory":"500Mi"}`}, "1", "1"},
		{[]string{`{"cpu":"1","memory":"1536Mi"}`, `{"cpu":"499m"}`}, "1", "2"},
		{[]string{`{"cpu":"2","memory":"2Gi"}`, `{"cpu":"-1","memory":"-1Gi"}`}, "2", "2"},
		{[]string{`{"cpu":"9E","memory":"1e29"}`, `{"cpu":"9E","memory":"1e29"}`}, "9223372036854775807", "9223372036854775807"},
		{[]string{`{}`}, "0", "0"},
	} {
		var nodes []string
		for i, capacity := range c.capacities {
			nodes = append(nodes, fmt.Sprintf(node, i, capacity))
		}
		answer := put(t, nodes...).answer(t, "Action=DescribeCluster")
		if cpu, mem := numbers(answer, "totalCpu"), numbers(answer, "totalMem"); cpu != c.cpu || mem != c.mem {
			t.Errorf("%s: %s cores and %s GB, not %s and %s", c.capacities, cpu, mem, c.cpu, c.mem)
		}
	}
}

// TestClusters: how they are told apart, filtered, sorted and counted.
func TestClusters(t *testing.T) {
	var s store
	at := func(id, kind, name string, hours int, data string) {
		created := sampleTime().AddDate(0, 0, -9)
		s.put(storage.Dynamic, storage.Key{id, kind, "", name}, created.Add(time.Duration(hours)*time.Hour), storage.Member{Name: "data", Value: []byte(data)})
	}
	ready := `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`
	at("b", "Node", "n1", 5, ready)
	at("b", "Node", "n2", 2, `{}`)
	at("a", "Node", "n1", 3, ready)
	at("d", "Node", "n1", 4, `{}`)
	at("m", "taskgroup", "t1", 1, `{"hostIP":"1","hostName":"x","status":"Lost"}`)
	at("m", "taskgroup", "t2", 6, `{"hostIP":"1","status":"Running"}`)
	at("m", "taskgroup", "t3", 1, `{"hostName":"y","status":"Lost"}`)
	at("m", "taskgroup", "t4", 0, `{"status":"Staging"}`)
	at("a", "taskgroup", "t1", 0, `{"hostIP":"1"}`) // of a cluster that has nodes
	at("e", "ConfigMap", "x", 0, `{}`)
	for request, want := range map[string]string{
		"":                                  "d a b m e",
		"&orderType=asc":                    "e m b a d",
		"&orderField=updatedAt":             "m b d a e",
		"&orderField=clusterId":             "m e d b a",
		"&orderField=clusterName":           "m e d b a",
		"&orderField=clusterName&limit=2":   "m e",
		"&orderField=clusterName&offset=4":  "a",
		"&orderField=clusterName&offset=99": "",
		"&status=Abnormal":                  "d",
		"&status=Running&orderType=asc":     "e m b a",
		"&status=Isolated":                  "",
		"&clusterIds.0=a&clusterIds.1=zz":   "a",
		"&clusterName=b":                    "b",
	} {
		data := s.data(t, "Action=DescribeCluster"+request)
		if got := column(t, data, "clusters", "clusterId"); got != want {
			t.Errorf("%s: %q, not %q", request, got, want)
		}
	}
	data := s.data(t, "Action=DescribeCluster&orderField=clusterId&orderType=asc&limit=3")
	for name, want := range map[string]string{
		"nodeNum": "1 2 1", "nodeStatus": "AllNormal PartialAbnormal AllAbnormal", "createdAt": "2026-11-13 05:00:00 2026-11-13 04:00:00 2026-11-13 06:00:00",
		"updatedAt": "2026-11-13 06:00:00 2026-11-13 08:00:00 2026-11-13 07:00:00",
	} {
		if got := column(t, data, "clusters", name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := field(t, data, "totalCount"); got != "5" {
		t.Errorf("totalCount of a page: %s", got)
	}
	data = s.data(t, "Action=DescribeCluster&clusterIds.0=m&clusterIds.1=e&orderType=asc")
	for name, want := range map[string]string{"nodeNum": "0 2", "nodeStatus": "AllNormal PartialAbnormal", "createdAt": "0000-00-00 00:00:00 2026-11-13 03:00:00"} {
		if got := column(t, data, "clusters", name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// TestEventsOfAService: which are, which count as one, and in what order.
func TestEventsOfAService(t *testing.T) {
	s := put(t,
		`Deployment ns/web {"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}`,
		`ReplicaSet ns/web-1 {"metadata":{"ownerReferences":[{"kind":"Deployment","name":"web"}]}}`,
		`Pod ns/web-1-a {"metadata":{"ownerReferences":[{"kind":"ReplicaSet","name":"web-1"}]}}`,
		`Pod ns/other {}`,
		`Service ns/door {"spec":{"selector":{"app":"web"}}}`,
		`Service ns/bare {}`)
	n := 0
	event := func(kind, name, reason, message string, minutesAgo int, data string) {
		n++
		if data == "" {
			data = "null"
		}
		s.putEvent(t, "c", fmt.Sprint("e", n), map[string]any{
			"level": "Warning", "type": reason, "describe": message, "eventTime": sampleTime().Unix() - int64(minutesAgo)*60,
			"extraInfo": map[string]any{"kind": kind, "namespace": "ns", "name": name}, "data": json.RawMessage(data),
		})
	}
	counted := func(uid string, count int, first string) string {
		return fmt.Sprintf(`{"metadata":{"uid":"%s"},"count":%d,"firstTimestamp":"%s"}`, uid, count, first)
	}
	// One Event, stored each time that it was seen again, and a second of the same text.
	event("Pod", "web-1-a", "BackOff", "again", 30, counted("u1", 5, "2026-11-21T10:00:00Z"))
	event("Pod", "web-1-a", "BackOff", "again", 20, counted("u1", 7, "2026-11-21T10:00:00Z"))
	event("Pod", "web-1-a", "BackOff", "again", 25, counted("u2", 2, "2026-11-21T11:00:00Z"))
	event("Pod", "web-1-a", "BackOff", "something else", 20, "")
	// Without uid each counts.
	event("ReplicaSet", "web-1", "Made", "a pod", 50, "")
	event("ReplicaSet", "web-1", "Made", "a pod", 10, "")
	event("Deployment", "web", "Scaled", "up", 59, "")
	event("Service", "door", "Ensured", "balancer", 40, "")
	// Not the service's: too old, of another pod, of a bare Service, of another kind of the same name, elsewhere.
	event("Deployment", "web", "Scaled", "long ago", 61, "")
	event("Pod", "other", "BackOff", "x", 1, "")
	event("Service", "bare", "x", "x", 1, "")
	event("StatefulSet", "web", "x", "x", 1, "")
	s.putEvent(t, "c", "f", map[string]any{"eventTime": sampleTime().Unix(), "extraInfo": map[string]any{"kind": "Deployment", "namespace": "other", "name": "web"}})
	data := s.data(t, "Action=DescribeServiceEvent&serviceName=web"+ofC)
	for name, want := range map[string]string{
		"message":   "a pod again something else balancer up",
		"count":     "2 9 1 1 1",
		"firstSeen": "2026-11-22 01:10:00 2026-11-21 18:00:00 2026-11-22 01:40:00 2026-11-22 01:20:00 2026-11-22 01:01:00",
		"lastSeen":  "2026-11-22 01:50:00 2026-11-22 01:40:00 2026-11-22 01:40:00 2026-11-22 01:20:00 2026-11-22 01:01:00",
		"objType":   "ReplicaSet Pod Pod Service Deployment",
		"reason":    "Made 操作重试 操作重试 Ensured Scaled",
		"level":     "Warning Warning Warning Warning Warning",
	} {
		if got := column(t, data, "eventList", name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := field(t, s.data(t, "Action=DescribeServiceEvent&serviceName=bare"+ofC), "eventList.#"); got != "1" {
		t.Errorf("%s events of the bare Service", got)
	}
}

// TestMesosStatuses: a scheduler's word for each; where it has none of those, its instances decide.
func TestMesosStatuses(t *testing.T) {
	const application = `application ns/web {"status":"%s","instance":1,"runningInstance":%d}`
	for status, want := range map[string]string{
		"Running": "Normal", "Staging": "Waiting", "Deploying": "Waiting", "Operating": "Waiting", "RollingUpdate": "Updating", "Scaling": "Updating",
		"RollingUpdateSuspend": "Paused", "Failed": "Abnormal", "Error": "Abnormal", "Abnormal": "Abnormal", "Lost": "Abnormal",
		"": "Waiting", "Finish": "Waiting",
	} {
		if got := field(t, put(t, fmt.Sprintf(application, status, 0)).data(t, info+"web"), "service.status"); got != `"`+want+`"` {
			t.Errorf("%s: %s, not %s", status, got, want)
		}
	}
	if got := field(t, put(t, fmt.Sprintf(application, "Unheard", 1)).data(t, info+"web"), "service.status"); got != `"Normal"` {
		t.Errorf("one that has what it wants: %s", got)
	}
	const part = `taskgroup ns/t {"rcname":"web","status":"Running","containerStatuses":[{"status":"Running"},{"status":"%s","exitcode":%d}]}`
	for _, c := range []struct {
		status string
		exit   int
		want   string
	}{{"Running", 0, "Normal"}, {"Finish", 0, "Normal"}, {"Finish", 3, "Abnormal"}, {"Failed", 0, "Abnormal"}, {"Lost", 0, "Abnormal"}, {"Staging", 0, "Waiting"}} {
		data := put(t, fmt.Sprintf(application, "Unheard", 1), fmt.Sprintf(part, c.status, c.exit)).data(t, info+"web")
		if got := field(t, data, "service.status"); got != `"`+c.want+`"` {
			t.Errorf("with a container that is %s (%d): %s, not %s", c.status, c.exit, got, c.want)
		}
	}
	failed := put(t, fmt.Sprintf(application, "Unheard", 0), `taskgroup ns/t {"rcname":"web","status":"Failed"}`)
	if got := field(t, failed.data(t, info+"web"), "service.status"); got != `"Abnormal"` {
		t.Errorf("one whose taskgroup failed: %s", got)
	}
	const taskgroup = `taskgroup ns/t {"rcname":"web","status":"%[1]s","containerStatuses":[{"status":"%[1]s","exitcode":3,"restartCount":2,"name":"c"}]}`
	for status, want := range map[string]string{
		"Running": `"Running" "" 1`, "Starting": `"Waiting" "Starting" 0`, "Staging": `"Waiting" "Staging" 0`, "Killing": `"Terminating" "" 1`,
		"Finish": `"Terminated" "Finish" 0`, "Killed": `"Terminated" "Killed" 0`, "Failed": `"Terminated" "Failed" 0`, "Error": `"Terminated" "Error" 0`,
		"Lost": `"Terminated" "Lost" 0`, "": `"Waiting" "" 0`,
	} {
		data := put(t, fmt.Sprintf(application, "Running", 1), fmt.Sprintf(taskgroup, status)).data(t, pods+"web")
		got := field(t, data, "instances.0.status") + " " + field(t, data, "instances.0.reason") + " " + field(t, data, "instances.0.readyCount")
		if got != want || field(t, data, "instances.0.restartCount") != "2" {
			t.Errorf("%s: %s, not %s", status, got, want)
		}
	}
}

// TestMesosService: how an application is reached, and by which names its events go.
func TestMesosService(t *testing.T) {
	s := put(t, `application ns/web {"metadata":{"labels":{"podname":"web"}},"createTime":"2017-09-13T19:40:36+08:00"}`,
		`taskgroup ns/t1 {"rcname":"web","containerStatuses":[{"image":"b","containerPort":[{"name":"main","containerPort":8080}]},{"image":"a"}]}`,
		`taskgroup ns/t2 {"rcname":"web","containerStatuses":[{"image":"a"},{"image":"b"}]}`,
		`taskgroup ns/t3 {"rcname":"another","containerStatuses":[{"containerPort":[{"name":"main","containerPort":9999},{"name":"lost","containerPort":9998}]}]}`,
		`service ns/door {"spec":{"clusterIP":["10.0.0.1"],"selector":{"podname":"web"},"ports":[{"name":"main","servicePort":80,"nodePort":30080,"protocol":"tcp"},{"name":"lost","servicePort":81}]}}`,
		`application ns/battle {"kind":"process"}`)
	data := s.data(t, info+"web")
	for path, want := range map[string]string{
		"accessType": `"ClusterIP"`, "serviceIp": `"10.0.0.1"`, "lbStatus": `"None"`, "createdAt": `"2017-09-13 19:40:36"`, "selector": `{"podname":"web"}`, "volumes": "[]",
		"portMappings.0": `{"containerPort":8080,"lbPort":80,"nodePort":30080,"protocol":"TCP"}`, "portMappings.1.containerPort": "0",
		"containers.#": "2", "containers.0.image": `"a"`, "containers.1.image": `"b"`, "containers.1.containerName": `"web"`,
	} {
		if got := field(t, data, "service."+path); got != want {
			t.Errorf("%s: %s, not %s", path, got, want)
		}
	}
	for i, name := range []string{"web", "t1", "door", "t3", "battle", "nothing"} {
		s.putEvent(t, "c", name, map[string]any{"level": "warning", "type": "x", "describe": name, "eventTime": sampleTime().Unix() - int64(i), "extraInfo": map[string]any{"kind": "rc", "namespace": "ns", "name": name}})
	}
	if got := column(t, s.data(t, "Action=DescribeServiceEvent&serviceName=web"+ofC), "eventList", "message"); got != "web t1 door" {
		t.Errorf("events of %s", got)
	}
	_, err := s.view(params(t, info+"battle"), ccs.Options{})
	refused(t, "a process", err, ccs.ResourceNotFound, "battle", "ns", "c")
}

// TestMesosNamespaces: by name, each as old as the oldest that is in it.
func TestMesosNamespaces(t *testing.T) {
	var objects []string
	for _, name := range strings.Split("hgfedcba", "") {
		objects = append(objects, `service `+name+`/s {}`, `application `+name+`/b {"createTime":"2020-01-02T00:00:00+08:00"}`, `application `+name+`/a {"createTime":"2020-01-03T00:00:00+08:00"}`)
	}
	data := put(t, append(objects, `service z/s {}`)...).data(t, "Action=DescribeClusterNameSpaces&clusterId=c")
	if got := column(t, data, "namespaces", "name"); got != "a b c d e f g h z" {
		t.Error(got)
	}
	for path, want := range map[string]string{"0.createdAt": `"2020-01-02 00:00:00"`, "8.createdAt": `"2026-11-20 02:00:00"`, "8.status": `"Active"`} {
		if got := field(t, data["namespaces"], path); got != want {
			t.Errorf("%s: %s, not %s", path, got, want)
		}
	}
}

// TestReasonOfAPod: what it says itself goes before what its condition says.
func TestReasonOfAPod(t *testing.T) {
	const pod = `Pod ns/p {"metadata":{"ownerReferences":[{"kind":"DaemonSet","name":"web"}]},"status":{"phase":"Pending",%s"conditions":[{"type":"Ready","status":"False","reason":"x"},{"type":"PodScheduled","status":"False","reason":"Unschedulable"}]}}`
	for own, want := range map[string]string{"": "资源不足,无法调度", `"reason":"NodeLost",`: "NodeLost"} {
		if got := field(t, put(t, `DaemonSet ns/web {}`, fmt.Sprintf(pod, own)).data(t, pods+"web"), "instances.0.reason"); got != `"`+want+`"` {
			t.Errorf("%s: %s", own, got)
		}
	}
}

// TestMalformedObjects: the answer names the object and what is wrong in it.
func TestMalformedObjects(t *testing.T) {
	for object, path := range map[string]string{
		`Deployment ns/web {"spec":{"replicas":"2"}}`:                                                     "spec.replicas",
		`Deployment ns/web {"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Perhaps"}]}}}`: "spec.selector",
		`Pod ns/p {"status":{"containerStatuses":{}}}`:                                                    "status.containerStatuses",
		`Service ns/s {"spec":{"ports":[{"port":"80"}]}}`:                                                 "spec.ports.0.port",
	} {
		_, err := put(t, object).view(params(t, pods+"web"), ccs.Options{})
		refused(t, object, err, ccs.InternalError, strings.Fields(object)[0], path, "cluster c")
	}
}

// TestViewWithoutObjects: a view of a cluster of which nothing was loaded.
func TestViewWithoutObjects(t *testing.T) {
	for _, request := range requestsOf(t) {
		call, err := ccs.Parse(params(t, request))
		if err != nil {
			continue
		}
		for _, mesos := range []bool{false, true} {
			if _, err := call.View(ccs.Input{Clusters: []string{call.Cluster()}, Mesos: mesos}); err != nil && call.Cluster() != "" {
				refused(t, request, err, ccs.ResourceNotFound, call.Cluster())
			}
			if call.Cluster() != "" {
				_, err := call.View(ccs.Input{Clusters: []string{"another"}, Mesos: mesos})
				refused(t, request, err, ccs.ResourceNotFound, call.Cluster())
			}
		}
	}
}
