package ccs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/cluster"
)

// describe prints a load: kind, namespace, ! for whole documents, and how far back.
func describe(loads []cluster.Load) string {
	var all []string
	for _, l := range loads {
		s := string(l.Kind)
		if l.Namespace != "" {
			s += "@" + l.Namespace
		}
		if l.Whole {
			s += "!"
		}
		if !l.Since.IsZero() {
			s += "-" + sampleTime().Sub(l.Since).String()
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func TestLoads(t *testing.T) {
	const (
		workloads = "Deployment@x StatefulSet@x DaemonSet@x ReplicaSet@x Pod@x Service@x"
		tasks     = "application@x taskgroup@x service@x"
	)
	for _, c := range []struct{ request, kubernetes, mesos string }{
		{"Action=DescribeCluster", "Node taskgroup", "Node taskgroup"},
		{"Action=DescribeClusterInstances&clusterId=c&namespace=x", "Node", "taskgroup"},
		{"Action=DescribeClusterService&clusterId=c&namespace=x", workloads + " Namespace", tasks},
		{"Action=DescribeClusterService&clusterId=c&namespace=x&allnamespace=1", strings.ReplaceAll(workloads, "@x", "") + " Namespace", strings.ReplaceAll(tasks, "@x", "")},
		{"Action=DescribeClusterService&clusterId=c", strings.ReplaceAll(workloads, "@x", "@default") + " Namespace", strings.ReplaceAll(tasks, "@x", "@default")},
		{"Action=DescribeClusterServiceInfo&clusterId=c&serviceName=s&namespace=x", "Deployment@x! StatefulSet@x! DaemonSet@x! ReplicaSet@x Pod@x Service@x", tasks},
		{"Action=DescribeServiceEvent&clusterId=c&serviceName=s&namespace=x", workloads + " Event@x-1h0m0s", tasks + " Event@x-1h0m0s"},
		{"Action=DescribeServiceInstance&clusterId=c&serviceName=s&namespace=x", workloads, tasks},
		{"Action=DescribeClusterContainer&clusterId=c&serviceName=s&namespace=x", workloads, tasks},
		{"Action=DescribeClusterNameSpaces&clusterId=c", "Namespace", "application service"},
	} {
		call, err := ccs.Parse(params(t, c.request))
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(call.Loads(false, sampleTime())); got != c.kubernetes {
			t.Errorf("%s: Kubernetes loads %s", c.request, got)
		}
		if got := describe(call.Loads(true, sampleTime())); got != c.mesos {
			t.Errorf("%s: mesos loads %s", c.request, got)
		}
	}
}

// TestLoadsAreFew: each load is one command of the store, and there are no more of
// them however much a cluster holds.
func TestLoadsAreFew(t *testing.T) {
	const most = 7
	for _, request := range requestsOf(t) {
		call, err := ccs.Parse(params(t, request))
		if err != nil {
			continue
		}
		for _, mesos := range []bool{false, true} {
			if n := len(call.Loads(mesos, sampleTime())); n == 0 || n > most {
				t.Errorf("%s: %d loads", request, n)
			}
		}
	}
}

// TestErrorsAreTold: what the caller of an API is told of a failure inside.
func TestErrorsAreTold(t *testing.T) {
	own := ccs.Unauthorized.Because("cluster %s is not yours", "c")
	for _, c := range []struct {
		err  error
		want string
	}{
		{own, `{"code":4102,"message":"(4102)cluster c is not yours","codeDesc":"UnauthorizedOperation"}`},
		{fmt.Errorf("checking: %w", own), `{"code":4102,"message":"(4102)cluster c is not yours","codeDesc":"UnauthorizedOperation"}`},
		{fmt.Errorf("list: %w", &cluster.MalformedError{Kind: cluster.Pod, Cluster: "c", Namespace: "ns", Name: "p", Path: "status.phase", Err: errors.New("a number")}),
			`{"code":6000,"message":"(6000)Pod ns/p of cluster c is malformed as stored: status.phase: a number","codeDesc":"InternalError"}`},
		{errors.New("a secret path"), `{"code":6000,"message":"(6000)the request failed for a reason that is not the caller's","codeDesc":"InternalError"}`},
		{ccs.AuthFailure.Because("\xff\x00\""), "{\"code\":4100,\"message\":\"(4100)\ufffd\\u0000\\\"\",\"codeDesc\":\"AuthFailure\"}"},
	} {
		if got := string(ccs.Failure(ccs.ErrorOf(c.err))); got != c.want {
			t.Errorf("%v:\ngot  %s\nwant %s", c.err, got, c.want)
		}
	}
	if body, err := ccs.Envelope(map[string][]int{"b": nil, "a": {}}); err != nil || string(body) != `{"code":0,"message":"","codeDesc":"Success","data":{"a":[],"b":null}}` {
		t.Errorf("%s, %v", body, err)
	}
}

// TestTimesArePrintedInTheZone of the options.
func TestTimesArePrintedInTheZone(t *testing.T) {
	s := samples(t)
	for want, o := range map[string]ccs.Options{
		"2026-05-23 02:00:00": {},
		"2026-05-22 18:00:00": {Zone: time.UTC},
		"2026-05-22 13:00:00": {Zone: time.FixedZone("", -5*3600)},
	} {
		data, err := s.view(params(t, "Action=DescribeClusterNameSpaces&clusterId="+kubernetes), o)
		if err != nil {
			t.Fatal(err)
		}
		body, err := ccs.Envelope(data)
		if err != nil || !strings.Contains(string(body), `"name":"data","status":"Active","description":"","createdAt":"`+want+`"`) {
			t.Errorf("%s: %s, %v", want, body, err)
		}
	}
}
