package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const mesosCluster = "BCS-MESOS-10000"

// doc is a JSON object; its keys are printed sorted.
type doc map[string]any

// documents collects what the watcher of a mesos cluster has reported.
type documents []doc

// mesosNDJSON prints the documents one a line.
func mesosNDJSON() ([]byte, error) {
	var all documents
	for _, a := range applications() {
		all.addApplication(a)
	}
	all.addPlainResources()
	all.addPools()
	all.addEvents()
	all.addAlarms()
	all.addMetrics()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for _, d := range all {
		if err := encoder.Encode(d); err != nil {
			return nil, fmt.Errorf("writing %v: %w", d["resourceName"], err)
		}
	}
	return text.Bytes(), nil
}

func (all *documents) put(kind, namespace, name string, data any) {
	d := doc{"env": "mesos", "clusterId": mesosCluster, "resourceType": kind, "resourceName": name, "data": data}
	if namespace != "" {
		d["namespace"] = namespace
	}
	*all = append(*all, d)
}

// china is how the schedulers of that cluster write times; executors write UTC with nanoseconds.
func china(d time.Duration) string {
	return now().Add(-d).In(time.FixedZone("", 8*60*60)).Format(time.RFC3339)
}

func executor(d time.Duration) string {
	return now().Add(-d).Add(690518395).Format(time.RFC3339Nano)
}

// never is how a component writes a time that has not been.
const never = "0001-01-01T00:00:00Z"

// slaves are the machines: name and address.
func slaves() [][2]string {
	return [][2]string{
		{"mesos-slave-1", "10.1.0.31"}, {"mesos-slave-2", "10.1.0.32"}, {"mesos-slave-3", "10.1.0.33"}, {"mesos-slave-4", "10.1.0.34"},
	}
}

// application is what runs on the cluster, as an application (containers) or a process.
type application struct {
	namespace, name string
	process         bool
	status, last    string
	message         string
	instances       int
	groups          []string // statuses of its taskgroups
	age             time.Duration
	deployment      string // the deployment that it belongs to
	port            int
}

func applications() []application {
	ok := func(n int) []string { return strings.Fields(strings.Repeat("Running ", n)) }
	const fine = "application is running"
	return []application{
		{namespace: "defaultGroup", name: "app-test", status: "Running", last: "Deploying", message: fine, instances: 3, groups: ok(3), age: 70 * day, port: 8080},
		{namespace: "defaultGroup", name: "web-v1", status: "RollingUpdate", last: "Running", message: "application is rolling update", instances: 4, groups: ok(3), age: 40 * day, deployment: "web", port: 80},
		{namespace: "defaultGroup", name: "web-v2", status: "RollingUpdate", last: "Deploying", message: "application is rolling update", instances: 2, groups: []string{"Running", "Starting"}, age: 12 * time.Minute, deployment: "web", port: 80},
		{namespace: "defaultGroup", name: "api-v7", status: "Running", last: "RollingUpdate", message: fine, instances: 2, groups: ok(2), age: 9 * day, deployment: "api", port: 9000},
		{namespace: "defaultGroup", name: "report", status: "Staging", last: "Staging", message: "not enough resources: cpus", instances: 2, groups: []string{"Staging", "Staging"}, age: 25 * time.Minute, port: 8090},
		{namespace: "developer", name: "test-developer-container", status: "Running", last: "Deploying", message: fine, instances: 1, groups: ok(1), age: 65 * day, port: 8000},
		{namespace: "developer", name: "crash-test", status: "Abnormal", last: "Running", message: "some taskgroups are failed", instances: 2, groups: []string{"Running", "Failed"}, age: 3 * day, port: 8000},
		{namespace: "developer", name: "scratch", status: "Scaling", last: "Running", message: "application is scaling", instances: 3, groups: []string{"Running", "Running", "Staging"}, age: 2 * day, port: 8001},
		{namespace: "developer", name: "lost-one", status: "Error", last: "Running", message: "slave lost", instances: 1, groups: []string{"Lost"}, age: 20 * day, port: 8002},
		{namespace: "gamecenter", name: "lobby", status: "Running", last: "Deploying", message: fine, instances: 3, groups: ok(3), age: 30 * day, deployment: "lobby", port: 7000},
		{namespace: "gamecenter", name: "match", status: "RollingUpdateSuspend", last: "RollingUpdate", message: "rolling update is suspended", instances: 2, groups: ok(2), age: 30 * day, deployment: "match", port: 7001},
		{namespace: "gamecenter", name: "battle", process: true, status: "Running", last: "Deploying", message: fine, instances: 4, groups: ok(4), age: 28 * day, port: 7100},
		{namespace: "gamecenter", name: "login-proc", process: true, status: "Running", last: "Operating", message: fine, instances: 2, groups: ok(2), age: 28 * day, port: 7200},
		{namespace: "gamecenter", name: "old-proc", process: true, status: "Finish", last: "Running", message: "process is finished", instances: 1, groups: []string{"Finish"}, age: 100 * day, port: 7300},
	}
}

func (a application) kind() string {
	if a.process {
		return "process"
	}
	return "application"
}

func (a application) labels() doc {
	labels := doc{"io.tencent.bcs.cluster": mesosCluster, "app": a.name, "podname": a.name}
	if a.deployment != "" {
		labels["podname"] = a.deployment
	}
	return labels
}

func (a application) metadata() doc {
	return doc{"name": a.name, "namespace": a.namespace, "labels": a.labels(), "creationTimestamp": china(a.age)}
}

func count(all []string, s string) (n int) {
	for _, v := range all {
		if v == s {
			n++
		}
	}
	return n
}

func (all *documents) addApplication(a application) {
	pods := make([]doc, len(a.groups))
	for i, status := range a.groups {
		group := a.group(i)
		pods[i] = doc{"name": group}
		all.put("taskgroup", a.namespace, group, a.taskgroup(i, group, status))
	}
	data := doc{
		"kind": a.kind(), "metadata": a.metadata(), "createTime": china(a.age), "lastUpdateTime": china(a.age / 3), "reportTime": executor(time.Minute),
		"status": a.status, "lastStatus": a.last, "message": a.message, "pods": pods,
		"instance": a.instances, "buildedInstance": len(a.groups), "runningInstance": count(a.groups, "Running"),
	}
	if a.name == "app-test" {
		delete(data, "kind") // older schedulers do not report it
	}
	all.put("application", a.namespace, a.name, data)
}

// group is the name of a taskgroup: number, application, namespace, cluster and the nanosecond it was made.
func (a application) group(i int) string {
	return fmt.Sprintf("%d.%s.%s.10000.%d", i, a.name, a.namespace, now().Add(-a.age).UnixNano()+int64(i))
}

// address is where the i-th taskgroup of an application runs. The last slave is lost, with what was on it.
func (a application) address(i int) (slave [2]string, pod string) {
	last := len(slaves()) - 1
	machine := (number(a.name, 97) + i) % last
	if a.groups[i] == "Lost" {
		machine = last
	}
	return slaves()[machine], fmt.Sprintf("172.16.%d.%d", machine+1, 2+number(a.namespace+a.name, 200)+i)
}

func (a application) taskgroup(i int, name, status string) doc {
	slave, pod := a.address(i)
	data := doc{
		"kind": a.kind(), "rcname": a.name, "status": status, "lastStatus": "Starting", "message": "pod is " + strings.ToLower(status),
		"metadata":  doc{"name": name, "namespace": a.namespace, "labels": a.labels(), "creationTimestamp": china(a.age)},
		"startTime": china(a.age - 7*time.Second), "lastUpdateTime": china(a.age/3 + time.Duration(i)*time.Second), "reportTime": executor(time.Minute),
		"hostIP": slave[1], "hostName": slave[0], "podIP": pod,
		"containerStatuses": []doc{a.container(i, name, status)},
	}
	if status == "Staging" { // nothing has been offered yet
		data["startTime"], data["hostIP"], data["hostName"], data["podIP"], data["lastStatus"] = never, "", "", "", "Staging"
		data["containerStatuses"] = []doc{}
	}
	return data
}

func (a application) container(i int, group, status string) doc {
	c := doc{
		"name": fmt.Sprintf("%d.%s", now().Add(-a.age).Unix(), group), "containerID": digest(group), "image": "image.example.com/" + a.namespace + "/" + a.name + ":latest",
		"status": status, "lastStatus": "Starting", "message": "container is " + strings.ToLower(status), "restartCount": 0, "exitcode": 0,
		"startTime": executor(a.age - 8*time.Second), "finishTime": never, "lastUpdateTime": china(a.age / 3),
		"containerPort": []doc{{"name": "main", "containerPort": a.port, "hostPort": 31000 + i, "protocol": "tcp"}},
		"healCheckStatus": []doc{
			{"type": "REMOTE_TCP", "result": status == "Running", "message": fmt.Sprintf("check endpoint port %d tcp", 31000+i)},
		},
	}
	if status == "Failed" || status == "Finish" {
		c["finishTime"], c["exitcode"], c["restartCount"] = executor(20*time.Minute), map[string]int{"Failed": 137, "Finish": 0}[status], 4
	}
	return c
}

// addPlainResources adds what does not run: deployments, services and their endpoints, exports, configuration.
func (all *documents) addPlainResources() {
	all.addDeployment("defaultGroup", "web", doc{"name": "web-v1", "curr_target_instances": 2}, doc{"name": "web-v2", "curr_target_instances": 2}, "RollingUpdate", "start", 12*time.Minute)
	all.addDeployment("defaultGroup", "api", doc{"name": "api-v7", "curr_target_instances": 0}, nil, "Running", "", 9*day)
	all.addDeployment("gamecenter", "lobby", doc{"name": "lobby", "curr_target_instances": 0}, nil, "Running", "", 0)
	all.addDeployment("gamecenter", "match", doc{"name": "match", "curr_target_instances": 0}, doc{"name": "match-next", "curr_target_instances": 1}, "RollingUpdateSuspend", "pause", 5*time.Hour)
	for _, a := range applications() {
		switch a.name {
		case "app-test", "web-v1", "api-v7", "test-developer-container", "lobby", "match", "battle":
			all.addService(a)
		}
	}
	for _, ns := range []string{"defaultGroup", "developer", "gamecenter"} {
		for _, name := range []string{"test-configmap", "limits", "server.properties"} {
			all.put("configmap", ns, name, doc{"apiVersion": "v1", "kind": "configmap", "metadata": bare(ns, name), "datas": doc{
				"config-one":       doc{"type": "file", "content": encoded("listen = 0.0.0.0\nname = " + ns), "RemoteUser": ""},
				"log4j.properties": doc{"type": "file", "content": encoded("log4j.rootLogger=INFO"), "RemoteUser": ""},
			}})
		}
		for _, name := range []string{"template-secret", "registry-login"} {
			all.put("secret", ns, name, doc{"apiVersion": "v1", "kind": "secret", "metadata": bare(ns, name), "datas": doc{
				"first-secret":  doc{"path": "/secret/" + ns, "content": encoded("first of " + ns)},
				"second-secret": doc{"path": "/secret/" + ns, "content": encoded("second of " + ns)},
			}})
		}
	}
	// Declared for other clusters' use and run by none of this one: only configuration lives there.
	all.put("configmap", "shared", "regions", doc{"apiVersion": "v4", "kind": "configmap", "metadata": bare("shared", "regions"),
		"datas": doc{"regions": doc{"type": "file", "content": encoded("guangzhou,shanghai"), "RemoteUser": ""}}})
}

func bare(namespace, name string) doc {
	return doc{"name": name, "namespace": namespace, "labels": doc{"io.tencent.bcs.cluster": mesosCluster}, "creationTimestamp": never}
}

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func (all *documents) addDeployment(namespace, name string, current, next doc, status, operation string, rolled time.Duration) {
	last := int64(0) // never
	if rolled > 0 {
		last = now().Add(-rolled).Unix()
	}
	data := doc{
		"metadata": bare(namespace, name), "selector": doc{"podname": name}, "status": status, "application": current, "application_ext": nil,
		"check_time": now().Add(-30 * time.Second).Unix(), "curr_rolling_operation": operation, "is_in_rolling": next != nil, "last_rolling_time": last,
		"strategy": doc{"type": "RollingUpdate", "rollingupdate": doc{
			"maxUnavilable": 1, "maxSurge": 1, "upgradeDuration": 60, "rollingOrder": "CreateFirst", "RollingManully": false,
		}},
	}
	if next != nil {
		data["application_ext"] = next
	}
	all.put("deployment", namespace, name, data)
}

// addService adds the service of an application, the endpoints behind it, and, for games, what the balancer exports.
func (all *documents) addService(a application) {
	name, selector := a.name, doc{"podname": a.name}
	if a.deployment != "" {
		name, selector = a.deployment, doc{"podname": a.deployment}
	}
	m := bare(a.namespace, name)
	m["labels"] = doc{"io.tencent.bcs.cluster": mesosCluster, "BCSGROUP": "external"}
	all.put("service", a.namespace, name, doc{"apiVersion": "v1", "kind": "service", "metadata": m, "spec": doc{
		"selector": selector, "clusterIP": nil, "type": "", "ports": []doc{{"name": "main", "protocol": "tcp", "servicePort": a.port, "nodePort": 0, "domainName": ""}},
	}})
	var endpoints, backends []doc
	for _, other := range applications() {
		if other.namespace != a.namespace || other.labels()["podname"] != selector["podname"] {
			continue
		}
		for i, status := range other.groups {
			if status != "Running" {
				continue
			}
			slave, pod := other.address(i)
			endpoints = append(endpoints, doc{"nodeIP": slave[1], "containerIP": pod, "containerID": digest(other.group(i)), "networkMode": "BRIDGE",
				"ports": []doc{{"name": "main", "containerPort": a.port, "hostPort": 31000 + i, "protocol": "tcp"}}})
			backends = append(backends, doc{"targetIP": slave[1], "targetPort": 31000 + i, "weight": 10, "label": []string{}})
		}
	}
	all.put("endpoint", a.namespace, name, doc{"apiVersion": "v4", "kind": "endpoint", "metadata": bare(a.namespace, name), "eps": endpoints})
	if a.namespace != "developer" {
		all.put("exportservice", a.namespace, name, doc{
			"cluster": mesosCluster, "namespace": a.namespace, "serviceName": name, "sslcert": a.namespace == "defaultGroup", "balance": balance(name), "maxconn": 50000,
			"bcsGroup": []string{"external"}, "metadata": bare(a.namespace, name),
			"ports": []doc{{"name": "main", "protocol": "tcp", "servicePort": a.port, "BCSVHost": name + ".example.com", "path": "", "backends": backends}},
		})
	}
}

func balance(name string) string {
	if name == "lobby" || name == "match" {
		return "source"
	}
	return "roundrobin"
}

func (all *documents) addPools() {
	pool := func(network string, free, active, reserved int) doc {
		addresses := func(from, n int) []string {
			list := make([]string, n)
			for i := range list {
				list[i] = fmt.Sprintf("%s.%d", network, from+i)
			}
			return list
		}
		return doc{"cluster": mesosCluster, "net": network + ".0", "mask": 24, "gateway": network + ".1",
			"available": addresses(10, free), "active": addresses(100, active), "reserved": addresses(200, reserved)}
	}
	all.put("IPPoolStatic", "", "IPPoolStatic-"+mesosCluster, doc{"poolnum": 2, "availableip": 12, "activeip": 7, "reservedip": 3})
	all.put("IPPoolStaticDetail", "", "IPPoolStaticDetail-"+mesosCluster, []doc{pool("172.16.1", 8, 4, 2), pool("172.16.2", 4, 3, 1)})
}

func (all *documents) addEvents() {
	for _, e := range []struct {
		kind, level, component, what, describe, namespace, name string
		age                                                     time.Duration
	}{
		{"rc", "warning", "scheduler", "killing", "wow its killing itself", "developer", "crash-test", 20 * time.Minute},
		{"rc", "normal", "scheduler", "scaling", "application scratch scales from 2 to 3", "developer", "scratch", 35 * time.Minute},
		{"rc", "normal", "scheduler", "rollingupdate", "web-v1 is replaced by web-v2", "defaultGroup", "web-v1", 12 * time.Minute},
		{"rc", "warning", "scheduler", "resourcelack", "no slave offers cpus for report", "defaultGroup", "report", 24 * time.Minute},
		{"pod", "warning", "scheduler", "lost", "taskgroup of lost-one: slave 10.1.0.34 is lost", "developer", "lost-one", 2 * day},
		{"pod", "warning", "executor", "healthcheck", "health check of crash-test failed 3 times", "developer", "crash-test", 22 * time.Minute},
		{"pod", "normal", "scheduler", "reschedule", "taskgroup of crash-test is rescheduled", "developer", "crash-test", 21 * time.Minute},
		{"slave", "warning", "scheduler", "offline", "slave 10.1.0.34 has not answered for 60s", "", "mesos-slave-4", 2 * day},
	} {
		*all = append(*all, doc{
			"id": string(uid("MesosEvent", e.namespace, e.name+e.what)), "env": "mesos", "kind": e.kind, "level": e.level, "component": e.component, "type": e.what,
			"describe": e.describe, "clusterId": mesosCluster, "eventTime": now().Add(-e.age).Unix(),
			"extraInfo": doc{"namespace": e.namespace, "name": e.name, "kind": e.kind}, "data": doc{"rcname": e.name, "count": 1},
		})
	}
}

func (all *documents) addAlarms() {
	for _, a := range []struct {
		namespace, source, kind, message string
		age                              time.Duration
	}{
		{"developer", "10.1.0.34:52328", "weixin", "slave mesos-slave-4 is offline", 2 * day},
		{"developer", "10.1.0.31:40112", "sms,weixin", "application crash-test has failed taskgroups", 19 * time.Minute},
		{"gamecenter", "10.1.0.32:40113", "mail", "rolling update of match is suspended for 5h", 10 * time.Minute},
		{"defaultGroup", "10.1.0.33:40114", "sms", "application report waits for resources", 20 * time.Minute},
	} {
		*all = append(*all, doc{
			"clusterId": mesosCluster, "namespace": a.namespace, "message": a.message, "source": a.source, "module": "bcs-health", "type": a.kind,
			"receivedTime": now().Add(-a.age).Unix(), "data": doc{"voiceMsg": "", "ips": []string{strings.Split(a.source, ":")[0]}},
		})
	}
}

func (all *documents) addMetrics() {
	for _, m := range []struct {
		namespace, kind, name string
		data                  any
	}{
		{"defaultGroup", "metric", "web", doc{"version": "v2", "port": 9100, "uri": "/metrics", "frequency": 60, "selector": doc{"podname": "web"}}},
		{"gamecenter", "metric", "lobby", doc{"version": "v1", "port": 9101, "uri": "/metrics", "frequency": 30, "selector": doc{"podname": "lobby"}}},
		{"gamecenter", "collector", "lobby", doc{"cfg": doc{"metaConfig.interval": 30, "dataId": int64(9007199254740993)}}},
		{"gamecenter", "task", "lobby", "idle"},
		{"defaultGroup", "application", "web", doc{"running": 4, "load1": 0.25}},
	} {
		*all = append(*all, doc{"clusterId": mesosCluster, "namespace": m.namespace, "type": m.kind, "name": m.name, "data": m.data})
	}
}
