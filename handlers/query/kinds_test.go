package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// contract is what each endpoint reads and takes: the API document's parameter
// tables and those of the service in the field, with the contract's decisions
// applied (both endpoint types, replicas from the spec first, createTime of pods
// and endpoints): "name: path how", one per line in any order.
var contract = map[string]string{
	"mesos/taskgroup": `reads taskgroup
		name: resourceName in
		namespace: namespace in
		rcName: data.rcname in
		status: data.status in
		lastStatus: data.lastStatus in
		hostIp: data.hostIP in
		hostName: data.hostName in
		podIp: data.podIP in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range
		startTimeBegin, startTimeEnd: data.startTime range
		lastUpdateTimeBegin, lastUpdateTimeEnd: data.lastUpdateTime range`,
	"mesos/application": `reads application
		name: resourceName in
		namespace: namespace in
		kind: data.kind in or absent, default ",application"
		instance: data.instance int
		buildedInstance: data.buildedInstance int
		runningInstance: data.runningInstance int
		status: data.status in
		lastStatus: data.lastStatus in
		podIp: data.podIP in
		createTimeBegin, createTimeEnd: data.createTime range
		lastUpdateTimeBegin, lastUpdateTimeEnd: data.lastUpdateTime range`,
	"mesos/process": `reads application
		name: resourceName in
		namespace: namespace in
		kind: data.kind in, default "process"
		instance: data.instance int
		buildedInstance: data.buildedInstance int
		runningInstance: data.runningInstance int
		status: data.status in
		lastStatus: data.lastStatus in
		podIp: data.podIP in
		createTimeBegin, createTimeEnd: data.createTime range
		lastUpdateTimeBegin, lastUpdateTimeEnd: data.lastUpdateTime range`,
	"mesos/deployment": `reads deployment
		name: resourceName in
		namespace: namespace in
		checkTime: data.check_time int
		status: data.status in
		applicationName: data.application.name in
		applicationExtName: data.application_ext.name in
		currRollingOperation: data.curr_rolling_operation in
		isInRolling: data.is_in_rolling bool
		lastRollingTimeBegin, lastRollingTimeEnd: data.last_rolling_time range`,
	"mesos/service": `reads service
		name: resourceName in
		namespace: namespace in
		apiVersion: data.apiVersion in`,
	"mesos/configmap": `reads configmap
		name: resourceName in
		namespace: namespace in
		apiVersion: data.apiVersion in`,
	"mesos/secret": `reads secret
		name: resourceName in
		namespace: namespace in
		apiVersion: data.apiVersion in`,
	"mesos/endpoints": `reads endpoint
		name: resourceName in
		namespace: namespace in
		apiVersion: data.apiVersion in`,
	"mesos/exportservice": `reads exportservice
		name: resourceName in
		namespace: namespace in
		serviceName: data.serviceName in
		sslCert: data.sslcert bool
		balance: data.balance in`,
	"mesos/namespace": `names of namespaces
		reads application
		reads deployment
		reads service
		reads configmap
		reads secret
		name: resourceName in
		namespace: namespace in`,
	"mesos/ippoolstatic":       `reads IPPoolStatic`,
	"mesos/ippoolstaticdetail": `reads IPPoolStaticDetail`,
	"k8s/pod": `reads Pod
		name: resourceName in
		namespace: namespace in
		status: data.status.phase in
		hostIp: data.status.hostIP in
		podIp: data.status.podIP in
		startTimeBegin, startTimeEnd: data.status.startTime range
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/replicaset": `reads ReplicaSet
		name: resourceName in
		namespace: namespace in
		replicas: data.spec.replicas else data.status.replicas int
		availableReplicas: data.status.availableReplicas int
		readyReplicas: data.status.readyReplicas int
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/deployment": `reads Deployment
		name: resourceName in
		namespace: namespace in
		replicas: data.spec.replicas else data.status.replicas int
		availableReplicas: data.status.availableReplicas int
		updatedReplicas: data.status.updatedReplicas int
		strategyType: data.spec.strategy.type in
		dnsPolicy: data.spec.template.spec.dnsPolicy in
		restartPolicy: data.spec.template.spec.restartPolicy in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/service": `reads Service
		name: resourceName in
		namespace: namespace in
		clusterIp: data.spec.clusterIP in
		type: data.spec.type in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/configmap": `reads ConfigMap
		name: resourceName in
		namespace: namespace in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/secret": `reads Secret
		name: resourceName in
		namespace: namespace in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/endpoints": `reads EndPoints
		reads Endpoints
		name: resourceName in
		namespace: namespace in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/ingress": `reads Ingress
		name: resourceName in
		namespace: namespace in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/namespace": `reads Namespace
		used reads ReplicaSet
		used reads Deployment
		used reads Service
		used reads ConfigMap
		used reads Secret
		used reads Ingress
		used reads DaemonSet
		used reads Job
		used reads StatefulSet
		name: resourceName in
		status: data.status.phase in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/node": `reads Node
		name: resourceName in
		externalID: data.spec.externalID in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/daemonset": `reads DaemonSet
		name: resourceName in
		namespace: namespace in
		resourceVersion: data.metadata.resourceVersion in
		uid: data.metadata.uid in
		generation: data.metadata.generation int
		templateGeneration: data.spec.templateGeneration int
		updateStrategyType: data.spec.updateStrategy.type in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/job": `reads Job
		name: resourceName in
		namespace: namespace in
		resourceVersion: data.metadata.resourceVersion in
		uid: data.metadata.uid in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/statefulset": `reads StatefulSet
		name: resourceName in
		namespace: namespace in
		resourceVersion: data.metadata.resourceVersion in
		uid: data.metadata.uid in
		generation: data.metadata.generation int
		podManagementPolicy: data.spec.podManagementPolicy in
		updateStrategyType: data.spec.updateStrategy.type in
		serviceName: data.spec.serviceName in
		createTimeBegin, createTimeEnd: data.metadata.creationTimestamp range`,
	"k8s/ippoolstatic":       `reads IPPoolStatic`,
	"k8s/ippoolstaticdetail": `reads IPPoolStaticDetail`,
}

// contractOfLists are the declared parameters of the routes that are not typed queries.
var contractOfLists = map[string]string{
	"event-list": `id: id in
		env: env in
		kind: kind in
		level: level in
		component: component in
		type: type in
		clusterId: clusterId in
		extraInfo.name: extraInfo.name in
		extraInfo.namespace: extraInfo.namespace in
		extraInfo.kind: extraInfo.kind in
		timeBegin, timeEnd: eventTime range`,
	"alarm-list": `clusterId: clusterId in
		namespace: namespace in
		source: source in
		module: module in
		type: type in
		timeBegin, timeEnd: receivedTime range`,
	"metric-list": `namespace: namespace in
		type: type in
		name: name in`,
	"batch-delete": `updateTimeBegin, updateTimeEnd: updateTime range`,
}

func contractLines(s string) []string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.TrimSpace(line))
	}
	slices.Sort(lines)
	return lines
}

// paramLine writes a declared parameter the way the contract does.
func paramLine(p query.Param) string {
	line := strings.Join(names(p), ", ") + ": " + p.Path
	if p.Else != "" {
		line += " else " + p.Else
	}
	line += map[query.Matcher]string{
		query.In: " in", query.InOrAbsent: " in or absent", query.Int: " int", query.Bool: " bool", query.Range: " range",
	}[p.Match]
	if p.Default != "" {
		line += fmt.Sprintf(", default %q", p.Default)
	}
	return line
}

func TestKindsAreTheContract(t *testing.T) {
	got := map[string][]string{}
	for _, k := range query.Kinds() {
		name := k.Env + "/" + k.Word
		if _, twice := got[name]; twice {
			t.Errorf("%s is declared twice: a request can only reach one", name)
		}
		var lines []string
		if k.Namespaces {
			lines = append(lines, "names of namespaces")
		}
		for _, typ := range k.Types {
			lines = append(lines, "reads "+typ)
		}
		for _, typ := range k.Used {
			lines = append(lines, "used reads "+typ)
		}
		for _, p := range k.Params {
			lines = append(lines, paramLine(p))
		}
		slices.Sort(lines)
		got[name] = lines
	}
	want := map[string][]string{}
	for name, s := range contract {
		want[name] = contractLines(s)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Kinds() and the contract (-want +got):\n%s", diff)
	}
}

func TestListsAreTheContract(t *testing.T) {
	for _, r := range routes() {
		if strings.Contains(r.name, "/") {
			continue
		}
		var got []string
		for _, p := range r.params {
			got = append(got, paramLine(p))
		}
		slices.Sort(got)
		if diff := cmp.Diff(contractLines(contractOfLists[r.name]), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

// TestParamNamesAreUnique: of two parameters of a route with one name, the
// second would never see a value.
func TestParamNamesAreUnique(t *testing.T) {
	for _, r := range routes() {
		seen := map[string]bool{"used": true, "clusterId": strings.Contains(r.name, "/")}
		for name := range common {
			seen[name] = true
		}
		for _, p := range r.params {
			for _, name := range names(p) {
				if seen[name] {
					t.Errorf("%s: %s means two things", r.name, name)
				}
				if strings.HasPrefix(name, "data.") {
					t.Errorf("%s: %s looks like a free filter", r.name, name)
				}
				seen[name] = true
			}
		}
	}
}

// TestRangesAreIndexed: a range over a path that is not normalised when a
// document is stored would be a scan of the cluster.
func TestRangesAreIndexed(t *testing.T) {
	check := func(name string, c *storage.Collection, key storage.Key, params []query.Param) {
		times := c.IndexOf(key).Times
		for _, p := range params {
			if p.Match != query.Range || p.Path == storage.FieldUpdateTime {
				continue
			}
			if !slices.ContainsFunc(times, storage.P(p.Path).Equal) {
				t.Errorf("%s: %s is not among the indexed times %v of %s %v", name, p.Path, times, c.Name, key)
			}
		}
	}
	ranges := 0
	for _, k := range query.Kinds() {
		for _, typ := range k.Types {
			check(k.Env+"/"+k.Word, storage.Dynamic, storage.Key{cluster, typ}, k.Params)
		}
		for _, p := range k.Params {
			if p.Match == query.Range {
				ranges++
			}
		}
	}
	check("events", storage.Events, storage.Key{cluster}, query.EventList.Params)
	check("alarms", storage.Alarms, storage.Key{cluster}, query.AlarmList.Params)
	if ranges < 20 {
		t.Errorf("only %d ranges were looked at", ranges)
	}
}

// TestKeyFilterOfNamespaces: what a collector answers has to be a key field,
// or Distinct cannot.
func TestKeyFilterOfNamespaces(t *testing.T) {
	for _, name := range []string{"mesos/namespace?", "k8s/namespace?used=1"} {
		word, rawQuery, _ := strings.Cut(name, "?")
		plan := planOf(t, word, rawQuery, options())
		if !slices.Contains(storage.Dynamic.Key, plan.Distinct) {
			t.Errorf("%s: distinct %q is no key field", name, plan.Distinct)
		}
	}
}
