package query_test

import (
	"testing"
	"time"

	"bcs-storage/storage"
)

// samples are documents as watchers report them, shaped as in the API document's
// answers; by the endpoint that finds them.
var samples = map[string]string{
	"mesos/taskgroup": `{"clusterId":"BCS-1","namespace":"defaultgroup","resourceName":"app-test-0","resourceType":"taskgroup","data":{
		"containerStatuses":[{"name":"c1","exitcode":0,"startTime":"2017-10-09T07:37:45.690518395Z","lastUpdateTime":"2017-10-09T15:38:07+08:00","status":"Running"}],
		"hostIP":"127.0.0.3","hostName":"mesos-slave","podIP":"127.0.0.5","rcname":"app-test","status":"Running","lastStatus":"Starting",
		"metadata":{"name":"app-test-0","namespace":"defaultgroup","creationTimestamp":"2017-10-09T15:37:40+08:00","labels":{"io.tencent.bcs.cluster":"BCS-1"}},
		"reportTime":"2017-10-11T09:51:16.786921704+08:00","startTime":"2017-10-09T15:37:44+08:00","lastUpdateTime":"2017-10-09T15:37:46+08:00"}}`,
	"mesos/application": `{"clusterId":"BCS-1","namespace":"developer","resourceName":"app","resourceType":"application","data":{
		"instance":3,"buildedInstance":2,"runningInstance":1,"status":"Running","lastStatus":"Deploying","podIP":"127.0.0.5",
		"createTime":"2017-09-13T19:40:36+08:00","lastUpdateTime":"2017-09-13T19:40:41+08:00","pods":[{"name":"p0"},{"name":"p1"}],
		"metadata":{"name":"app","namespace":"developer","labels":{"io.tencent.bcs.cluster":"BCS-1","secret-app":"dev"}}}}`,
	"mesos/process": `{"clusterId":"BCS-1","namespace":"developer","resourceName":"proc","resourceType":"application","data":{
		"kind":"process","instance":3,"buildedInstance":2,"runningInstance":1,"status":"Running","lastStatus":"Deploying","podIP":"127.0.0.5",
		"createTime":"2017-09-13T19:40:36+08:00","lastUpdateTime":"2017-09-13T19:40:41+08:00","metadata":{"name":"proc","namespace":"developer"}}}`,
	"mesos/deployment": `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"dep","resourceType":"deployment","data":{
		"application":{"curr_target_instances":0,"name":"dep-v1"},"application_ext":{"name":"dep-v2"},"check_time":9007199254740993,
		"curr_rolling_operation":"start","is_in_rolling":true,"last_rolling_time":1507689000,"status":"Running",
		"metadata":{"name":"dep","namespace":"defaultGroup","labels":{"label_deployment":"label_deployment"}}}}`,
	"mesos/service":   `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"svc","resourceType":"service","data":{"apiVersion":"v1","kind":"service","spec":{"clusterIP":null}}}`,
	"mesos/configmap": `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"cm","resourceType":"configmap","data":{"apiVersion":"v1","datas":{"config-one":{"type":"file"}}}}`,
	"mesos/secret":    `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"sec","resourceType":"secret","data":{"apiVersion":"v1","datas":{}}}`,
	"mesos/endpoints": `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"ep","resourceType":"endpoint","data":{"apiVersion":"v1","eps":[]}}`,
	"mesos/exportservice": `{"clusterId":"BCS-1","namespace":"defaultGroup","resourceName":"exp","resourceType":"exportservice","data":{
		"serviceName":"web","sslcert":true,"balance":"roundrobin","ports":[]}}`,
	"mesos/namespace":          `{"clusterId":"BCS-1","namespace":"test","resourceName":"cm","resourceType":"configmap","data":{"apiVersion":"v1"}}`,
	"mesos/ippoolstatic":       `{"clusterId":"BCS-1","resourceName":"IPPoolStatic-BCS-1","resourceType":"IPPoolStatic","data":{"reservedip":0,"availableip":8,"poolnum":1}}`,
	"mesos/ippoolstaticdetail": `{"clusterId":"BCS-1","resourceName":"IPPoolStaticDetail-BCS-1","resourceType":"IPPoolStaticDetail","data":[{"pool":"a"}]}`,
	"k8s/pod": `{"clusterId":"BCS-1","namespace":"default","resourceName":"web-0","resourceType":"Pod","data":{
		"metadata":{"name":"web-0","namespace":"default","creationTimestamp":"2017-10-16T07:34:52Z","resourceVersion":"77",
			"labels":{"app":"web","app.kubernetes.io/name":"shop","version":"v1"},"ownerReferences":[{"kind":"ReplicaSet","name":"web","uid":"u1","controller":true}]},
		"spec":{"containers":[{"name":"c","image":"nginx:1","ports":[{"containerPort":80}]},{"name":"sidecar","image":"envoy:2"}],"dnsPolicy":"ClusterFirst","nodeName":"node-1"},
		"status":{"hostIP":"127.0.0.2","podIP":"10.0.0.7","phase":"Running","startTime":"2017-10-16T07:34:53Z"}}}`,
	"k8s/replicaset": `{"clusterId":"BCS-1","namespace":"default","resourceName":"web","resourceType":"ReplicaSet","data":{
		"metadata":{"creationTimestamp":"2017-10-16T11:55:39Z","generation":2},"spec":{"replicas":5},
		"status":{"availableReplicas":2,"fullyLabeledReplicas":4,"readyReplicas":3,"replicas":4}}}`,
	"k8s/deployment": `{"clusterId":"BCS-1","namespace":"default","resourceName":"web","resourceType":"Deployment","data":{
		"metadata":{"creationTimestamp":"2017-08-01T08:55:09Z","generation":16},
		"spec":{"replicas":5,"strategy":{"type":"RollingUpdate"},"template":{"metadata":{"creationTimestamp":null},"spec":{"dnsPolicy":"ClusterFirst","restartPolicy":"Always"}}},
		"status":{"availableReplicas":2,"updatedReplicas":3,"replicas":4}}}`,
	"k8s/service": `{"clusterId":"BCS-1","namespace":"default","resourceName":"web","resourceType":"Service","data":{
		"metadata":{"creationTimestamp":"2017-08-02T06:33:43Z"},"spec":{"clusterIP":"127.0.0.1","type":"ClusterIP"}}}`,
	"k8s/configmap": `{"clusterId":"BCS-1","namespace":"default","resourceName":"cm","resourceType":"ConfigMap","data":{"metadata":{"creationTimestamp":"2017-05-08T12:34:16Z"}}}`,
	"k8s/secret":    `{"clusterId":"BCS-1","namespace":"default","resourceName":"token","resourceType":"Secret","data":{"data":{"ca.crt":"xxx"},"metadata":{"creationTimestamp":"2017-05-11T10:14:40Z"}}}`,
	"k8s/endpoints": `{"clusterId":"BCS-1","namespace":"default","resourceName":"web","resourceType":"EndPoints","data":{"metadata":{"creationTimestamp":"2017-08-15T03:41:05Z"},"subsets":[{"addresses":[{"ip":"127.0.0.1"}]}]}}`,
	"k8s/ingress":   `{"clusterId":"BCS-1","namespace":"default","resourceName":"web","resourceType":"Ingress","data":{"metadata":{"creationTimestamp":"2017-08-17T03:50:25Z"},"spec":{"rules":[{"host":"a.com"}]}}}`,
	"k8s/namespace": `{"clusterId":"BCS-1","resourceName":"default","resourceType":"Namespace","data":{"metadata":{"creationTimestamp":"2017-08-15T01:54:29Z"},"status":{"phase":"Active"}}}`,
	"k8s/node":      `{"clusterId":"BCS-1","resourceName":"127.0.0.1","resourceType":"Node","data":{"metadata":{"creationTimestamp":"2017-04-27T09:21:28Z","labels":{"beta.kubernetes.io/os":"linux"}},"spec":{"externalID":"ext-1"}}}`,
	"k8s/daemonset": `{"clusterId":"BCS-1","namespace":"test","resourceName":"ds","resourceType":"DaemonSet","data":{
		"metadata":{"creationTimestamp":"2018-03-11T09:28:13Z","resourceVersion":"123","uid":"u-ds","generation":1},
		"spec":{"templateGeneration":2,"updateStrategy":{"type":"OnDelete"}}}}`,
	"k8s/job": `{"clusterId":"BCS-1","namespace":"test","resourceName":"job","resourceType":"Job","data":{
		"metadata":{"creationTimestamp":"2018-03-14T09:56:18Z","resourceVersion":"123","uid":"u-job"},"status":{"startTime":"2018-03-14T09:56:18Z"}}}`,
	"k8s/statefulset": `{"clusterId":"BCS-1","namespace":"test","resourceName":"sts","resourceType":"StatefulSet","data":{
		"metadata":{"creationTimestamp":"2018-03-14T13:17:35Z","resourceVersion":"123","uid":"u-sts","generation":1},
		"spec":{"serviceName":"test1","updateStrategy":{"type":"OnDelete"},"podManagementPolicy":"OrderedReady"}}}`,
	"k8s/ippoolstatic":       `{"clusterId":"BCS-1","resourceName":"IPPoolStatic-BCS-1","resourceType":"IPPoolStatic","data":{"availableip":8}}`,
	"k8s/ippoolstaticdetail": `{"clusterId":"BCS-1","resourceName":"IPPoolStaticDetail-BCS-1","resourceType":"IPPoolStaticDetail","data":[{"pool":"a"}]}`,
	"event-list": `{"id":"e1","env":"k8s","kind":"Pod","level":"Warning","component":"kubelet","type":"Killing","describe":"wow its killing itself","clusterId":"BCS-1",
		"eventTime":"2017-09-29T12:00:00.000Z","extraInfo":{"namespace":"default","name":"web-0","kind":"Pod"},"data":{"a":"1","n":2}}`,
	"alarm-list": `{"clusterId":"BCS-1","namespace":"test","message":"developer health test message","source":"127.0.0.4:52328","module":"bcs-health","type":"weixin",
		"receivedTime":"2017-11-15T19:34:41.000Z","data":{}}`,
	"metric-list": `{"clusterId":"BCS-1","namespace":"ns","type":"metric","name":"cpu","data":{"version":"v1"}}`,
}

// record is a document as an engine hands it to a filter.
func record(t testing.TB, body string) *storage.Record {
	t.Helper()
	if err := storage.CheckJSON("sample", []byte(body)); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return &storage.Record{
		ID:      "some/id",
		Body:    []byte(body),
		Created: time.Date(2017, 10, 16, 8, 15, 19, 0, time.UTC),
		Updated: time.Date(2017, 10, 16, 9, 15, 19, 500e6, time.UTC),
	}
}

func sample(t testing.TB, name string) *storage.Record {
	t.Helper()
	body, ok := samples[name]
	if !ok {
		t.Fatalf("no sample for %s", name)
	}
	return record(t, body)
}
