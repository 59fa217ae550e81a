package ccs_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"bcs-storage/handlers/ccs"
)

// fuzzed are objects that all views have something to say of.
var fuzzed = map[bool][]string{
	false: {
		`Node n1 {"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"topology.kubernetes.io/zone":"z"}},"spec":{"providerID":"q:///ins-1","podCIDR":"10.0.0.0/24"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"capacity":{"cpu":"4","memory":"8Gi"},"conditions":[{"type":"Ready","status":"False"},{"type":"MemoryPressure","status":"True"}],"nodeInfo":{"osImage":"x"}}}`,
		`Namespace ns {"metadata":{"annotations":{"description":"d"}},"status":{"phase":"Active"}}`,
		`Deployment ns/web {"metadata":{"generation":2,"uid":"u","annotations":{"a":"b"}},"spec":{"replicas":2,"paused":false,"rollbackTo":null,"selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"app","operator":"Exists"}]},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"volumes":[{"name":"v","hostPath":{"path":"/v"}}],"containers":[{"name":"c","image":"i","command":["a"],"args":["b"],"env":[{"name":"e","valueFrom":{"fieldRef":{"fieldPath":"x"}}}],"ports":[{"name":"main","containerPort":80}],"resources":{"requests":{"cpu":"10m","memory":"1Gi"},"limits":{"cpu":"1"}},"volumeMounts":[{"name":"v","mountPath":"/v","readOnly":true}],"livenessProbe":{"httpGet":{"port":"main","path":"/"}},"readinessProbe":{"exec":{"command":["x"]}}},{"name":"d","livenessProbe":{"tcpSocket":{"port":80}},"readinessProbe":{"grpc":{"port":1}}}]}}},"status":{"observedGeneration":2,"replicas":2,"readyReplicas":2,"updatedReplicas":2,"conditions":[{"type":"Progressing","status":"True"}]}}`,
		`ReplicaSet ns/web-1 {"metadata":{"ownerReferences":[{"kind":"Deployment","name":"web"}]},"spec":{"selector":{"matchLabels":{"app":"web"}}}}`,
		`StatefulSet ns/db {"spec":{"selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}}}},"status":{"readyReplicas":1}}`,
		`DaemonSet ns/agent {"spec":{"selector":{"matchLabels":{"app":"agent"}}},"status":{"desiredNumberScheduled":1}}`,
		`Pod ns/web-1-a {"metadata":{"labels":{"app":"web"},"deletionTimestamp":null,"ownerReferences":[{"kind":"ReplicaSet","name":"web-1"}]},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"},{"name":"d"}]},"status":{"phase":"Running","hostIP":"1","podIP":"2","startTime":"2026-01-01T00:00:00Z","conditions":[{"type":"PodScheduled","status":"True"}],"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}}],"containerStatuses":[{"name":"c","ready":true,"restartCount":1,"containerID":"docker://x","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}},{"name":"d","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}`,
		`Pod ns/db-0 {"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Failed","reason":"Evicted","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}}`,
		`Service ns/web {"metadata":{"annotations":{"service.kubernetes.io/loadbalance-id":"lb"}},"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.9","selector":{"app":"web"},"ports":[{"port":80,"targetPort":"main","nodePort":30080,"protocol":"TCP"}]},"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}}`,
		`Service ns/bare {"spec":{"selector":{"run":"lone"},"ports":[{"port":80}]}}`,
		`Pod ns/lone {"metadata":{"labels":{"run":"lone"}},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running","containerStatuses":[{"name":"c","state":{"running":{}}}]}}`,
	},
	true: {
		`application ns/web {"metadata":{"labels":{"podname":"web"},"creationTimestamp":"2026-01-01T00:00:00Z"},"kind":"application","status":"Running","instance":2,"runningInstance":1,"createTime":"2026-01-01T00:00:00+08:00"}`,
		`application ns/proc {"kind":"process","status":"Running"}`,
		`taskgroup ns/t1 {"rcname":"web","status":"Running","hostIP":"1","hostName":"h","podIP":"2","startTime":"2026-01-01 00:00:00","containerStatuses":[{"name":"c","containerID":"x","image":"i","status":"Running","exitcode":0,"restartCount":1,"containerPort":[{"name":"main","containerPort":80}]}]}`,
		`taskgroup ns/t2 {"rcname":"web","status":"Lost","hostIP":"3","containerStatuses":null}`,
		`service ns/web {"spec":{"type":"","clusterIP":["1"],"selector":{"podname":"web"},"ports":[{"name":"main","servicePort":80,"protocol":"tcp"}]}}`,
	},
}

// fuzzedRequests ask every action of every service.
var fuzzedRequests = []string{
	"Action=DescribeCluster", "Action=DescribeCluster&clusterIds.0=c&status=Running&orderField=updatedAt",
	"Action=DescribeClusterInstances&clusterId=c", "Action=DescribeClusterService&clusterId=c&allnamespace=1", "Action=DescribeClusterService&clusterId=c&namespace=ns",
	info + "web", info + "db", info + "agent", info + "bare", pods + "web", pods + "db", pods + "bare&limit=1",
	"Action=DescribeServiceEvent&serviceName=web" + ofC, "Action=DescribeServiceEvent&serviceName=db" + ofC, "Action=DescribeClusterNameSpaces&clusterId=c",
}

// strange are the values that mutations put in the place of others.
var strange = []string{`null`, `""`, `"x"`, `"2026-01-01T00:00:00Z"`, `-1`, `0`, `9223372036854775807`, `1e300`, `0.5`, `true`, `[]`, `{}`, `[null]`, `[{}]`, `{"":null}`, `{"app":"web"}`}

// mutate walks to a value below v as the bytes say and removes or replaces it; it is the new v.
func mutate(v any, script []byte) (any, []byte) {
	next := func() int {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return int(b)
	}
	stop := next()
	switch value := v.(type) {
	case map[string]any:
		if stop%8 != 0 && len(value) > 0 {
			keys := slices.Sorted(maps.Keys(value))
			key := keys[next()%len(keys)]
			if stop%8 == 1 {
				delete(value, key)
				return value, script
			}
			value[key], script = mutate(value[key], script)
			return value, script
		}
	case []any:
		if stop%8 != 0 && len(value) > 0 {
			i := next() % len(value)
			if stop%8 == 1 {
				return slices.Delete(value, i, i+1), script
			}
			value[i], script = mutate(value[i], script)
			return value, script
		}
	}
	var replacement any
	_ = json.Unmarshal([]byte(strange[next()%len(strange)]), &replacement)
	return replacement, script
}

// FuzzViews: whatever is stored, every view is an answer in the seed's form or an error that says what is wrong. What
// is asked twice is answered alike.
func FuzzViews(f *testing.F) {
	f.Add(false, []byte{})
	f.Add(true, []byte{0, 0})
	for i := range 60 {
		f.Add(i%2 == 0, []byte{byte(i), 2, byte(i * 7), 3, byte(i * 5), 2, byte(i * 3), 0, byte(i), byte(i + 1), 1, byte(i * 11)})
	}
	f.Fuzz(func(t *testing.T, mesos bool, script []byte) {
		if len(script) > 64 {
			return
		}
		objects := slices.Clone(fuzzed[mesos])
		for len(script) > 0 {
			which := int(script[0]) % len(objects)
			words := strings.SplitN(objects[which], " ", 3) // kind, name, data
			var v any
			decode(t, []byte(words[2]), &v)
			v, script = mutate(v, script[1:])
			objects[which] = words[0] + " " + words[1] + " " + string(marshal(t, v))
		}
		s := put(t, objects...)
		for i, name := range []string{"web", "web-1", "web-1-a", "db-0", "t1"} {
			s.putEvent(t, "c", name, map[string]any{"eventTime": sampleTime().Unix() - int64(i), "extraInfo": map[string]any{"kind": "Pod", "namespace": "ns", "name": name}})
		}
		for _, request := range fuzzedRequests {
			data, err := s.view(params(t, request), ccs.Options{})
			if err != nil {
				var e *ccs.Error
				if !errors.As(err, &e) || e.Code == 0 || e.Desc == "" || e.Text == "" {
					t.Fatalf("%s: %#v", request, err)
				}
				continue
			}
			body, err := ccs.Envelope(data)
			if err != nil {
				t.Fatalf("%s: %v", request, err)
			}
			var answer struct{ Data map[string]any }
			decode(t, body, &answer)
			for name, v := range answer.Data {
				if list, ok := v.([]any); ok && name != "eventList" && int(answer.Data["totalCount"].(float64)) < len(list) {
					t.Fatalf("%s: more than totalCount: %s", request, body)
				}
				if v == nil {
					t.Fatalf("%s: %s is null", request, name)
				}
			}
			again, err := s.view(params(t, request), ccs.Options{})
			if err != nil {
				t.Fatalf("%s: now %v", request, err)
			}
			if second, err := ccs.Envelope(again); err != nil || string(second) != string(body) {
				t.Fatalf("%s:\n%s\nthen\n%s, %v", request, body, second, err)
			}
		}
	})
}

// TestFuzzedObjectsAreAnswered: unmutated, no view fails but for the services of the other kind of cluster.
func TestFuzzedObjectsAreAnswered(t *testing.T) {
	for mesos, objects := range fuzzed {
		failed := 0
		for _, request := range fuzzedRequests {
			if _, err := put(t, objects...).view(params(t, request), ccs.Options{}); err != nil {
				failed++
				refused(t, request, err, ccs.ResourceNotFound)
			}
		}
		if want := map[bool]int{false: 0, true: 6}[mesos]; failed != want {
			t.Errorf("mesos %v: %d views failed, not %d", mesos, failed, want)
		}
	}
}
