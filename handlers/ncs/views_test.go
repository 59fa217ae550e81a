package ncs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	v2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/ncs"
)

// TestInfo holds the detail view of everything that it can show.
func TestInfo(t *testing.T) {
	world := fullCluster(t)
	type disk struct {
		DiskType, DiskName, MountPath string
		DiskSize                      int
	}
	type env struct {
		Name, Value, Type, Key string
		SecretId               int64
	}
	type container struct {
		Name                 string
		Command, Args        []string
		Envs                 []env
		ResourceRequirements struct {
			Limits, Requests struct{ Cpu, Memory, Gpu string }
		}
		DataDisks       []disk
		SecurityContext struct {
			Privilege    bool
			Capabilities []string
		}
		LivenessProbe, ReadinessProbe *struct {
			Exec                          *struct{ Command []string }
			PeriodSeconds, TimeoutSeconds int
		}
		Volumes []struct {
			VolumeType string
			Emptydirs  []struct{ Medium, MountPath, Mode, Name string }
			Secrets    []struct {
				SecretId        int64
				MountPath, Mode string
			}
		}
	}
	info := mustAsk[struct {
		CreateAt, UpdateAt, RequestId, Kind, Status string
		SysCmds                                     []string
		ImagePullSecretIds                          []int64
		Placement                                   struct{ ZoneId []string }
		Containers                                  []container
	}](t, world, named(t, world, "sts0822test01").params("DescribeStatefulWorkloadInfo"))
	if info.CreateAt != "2018-08-22T06:34:15Z" || info.UpdateAt != "2026-11-01T01:00:00Z" || info.RequestId != requestID ||
		info.Kind != "statefulsets" || info.Status != "Running" || strings.Join(info.Placement.ZoneId, " ") != "cn-east-1b" {
		t.Errorf("%+v", info)
	}
	if len(info.SysCmds) != 1 || info.SysCmds[0] != "net.core.somaxconn=1024" || len(info.ImagePullSecretIds) != 1 || info.ImagePullSecretIds[0] == 0 {
		t.Errorf("%+v", info)
	}
	c := info.Containers[0]
	if diff := cmp.Diff([]disk{{"CloudSsd", "b01ssd", "/disk01b/", 10}, {"", "shared-files", "/shared", 0}}, c.DataDisks); diff != "" {
		t.Error(diff)
	}
	if e := c.Envs; e[0] != (env{Name: "aaa", Value: "111"}) || e[1].Type != "Secret" || e[1].Key != "db" || e[1].SecretId == 0 || e[2] != (env{Name: "ccc"}) {
		t.Errorf("%+v", e)
	}
	limits, requests := c.ResourceRequirements.Limits, c.ResourceRequirements.Requests
	if limits.Cpu != "1000" || limits.Memory != "1024" || limits.Gpu != "2" || requests.Cpu != "2" || requests.Memory != "954" || requests.Gpu != "0" {
		t.Errorf("%+v", c.ResourceRequirements)
	}
	if !c.SecurityContext.Privilege || strings.Join(c.SecurityContext.Capabilities, " ") != "NET_ADMIN" {
		t.Errorf("%+v", c.SecurityContext)
	}
	if v := c.Volumes; len(v) != 2 || v[0].VolumeType != "Emptydir" || v[0].Emptydirs[0].Mode != "rw" || v[0].Emptydirs[0].Medium != "Memory" ||
		v[1].VolumeType != "Secret" || v[1].Secrets[0].Mode != "ro" || v[1].Secrets[0].MountPath != "/tls" || len(v[1].Emptydirs) != 0 {
		t.Errorf("%+v", v)
	}
	if c = info.Containers[1]; c.LivenessProbe == nil || c.LivenessProbe.Exec != nil || c.LivenessProbe.PeriodSeconds != 5 || c.ReadinessProbe != nil || c.Command == nil || c.Args == nil {
		t.Errorf("%+v", c)
	}
}

// TestAmounts: rounded up, without wrapping around.
func TestAmounts(t *testing.T) {
	const most = "9223372036854775807"
	for limits, want := range map[string]string{
		`{"a/gpu":"9E","b/gpu":"9E"}`:                   "0 0 " + most,
		`{"cpu":"1e30","memory":"1e25"}`:                most + " " + most + " 0",
		`{"memory":"1e24"}`:                             "0 953674316406250000 0",
		`{"cpu":"1e30","memory":"1e30","x/gpu":"1e30"}`: most + " " + most + " " + most,
		`{"cpu":-1,"memory":"-1Gi","x/gpu":"-1"}`:       "0 0 0",
		`{"a/gpu":"2","b/gpu":"-1","gpu":"1"}`:          "0 0 2",
		`{"cpu":"1100m","memory":"1"}`:                  "1100 1 0",
		`{"cpu":"1","memory":"1Gi"}`:                    "1000 1024 0",
		`{}`:                                            "0 0 0",
	} {
		world := []object{{cluster.StatefulSet, "ns", "web", `{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"v"},"spec":{"resources":{"requests":{"storage":"1e30"}}}}],
			"template":{"spec":{"containers":[{"resources":{"limits":` + limits + `},"volumeMounts":[{"name":"v"}]}]}}}}`}}
		info := mustAsk[struct {
			Containers []struct {
				ResourceRequirements struct {
					Limits struct{ Cpu, Memory, Gpu string }
				}
				DataDisks []struct{ DiskSize json.Number }
			}
		}](t, world, named(t, world, "web").params("DescribeStatefulWorkloadInfo"))
		got := info.Containers[0].ResourceRequirements.Limits
		if is := got.Cpu + " " + got.Memory + " " + got.Gpu; is != want {
			t.Errorf("%s: %s, not %s", limits, is, want)
		}
		if size := info.Containers[0].DataDisks[0].DiskSize; size != most {
			t.Errorf("a disk of %s", size)
		}
	}
}

// TestWhoseAPodIs: pods of StatefulSets are instances, those of nothing are workloads, those of
// anything else are neither, whatever a selector says.
func TestWhoseAPodIs(t *testing.T) {
	labelled := `{"metadata":{"labels":{"app":"web"},"ownerReferences":[%s]},"spec":{"nodeName":"%s"},"status":{"phase":"Running"}}`
	set := `{"spec":{"selector":{"matchLabels":{"app":"web"}}}}`
	world := []object{
		{cluster.Node, "", "new", `{"metadata":{"labels":{"topology.kubernetes.io/zone":"B","failure-domain.beta.kubernetes.io/zone":"old"}}}`},
		{cluster.Node, "", "old", `{"metadata":{"labels":{"failure-domain.beta.kubernetes.io/zone":"A"}}}`},
		{cluster.StatefulSet, "ns", "web", set},
		{cluster.Pod, "ns", "web-1", fmt.Sprintf(labelled, `{"kind":"StatefulSet","name":"web"}`, "new")},
		{cluster.Pod, "ns", "web-0", fmt.Sprintf(labelled, `{"kind":"StatefulSet","name":"web"}`, "old")},
		{cluster.Pod, "ns", "orphan", fmt.Sprintf(labelled, "", "new")},
		{cluster.Pod, "ns", "replica", fmt.Sprintf(labelled, `{"kind":"ReplicaSet","name":"web-5d4"}`, "other")},
		{cluster.Pod, "ns", "job", fmt.Sprintf(labelled, `{"kind":"Job","name":"web"}`, "new")},
		{cluster.Pod, "ns", "of-another", fmt.Sprintf(labelled, `{"kind":"StatefulSet","name":"gone"}`, "new")},
		{cluster.Pod, "ns", "bare", `{"metadata":{"labels":{"app":"tool"}},"spec":{"nodeName":"other"},"status":{"conditions":[{"type":"Ready","status":"True"}],"phase":"Running"}}`},
		{cluster.Pod, "elsewhere", "web-9", fmt.Sprintf(labelled, `{"kind":"StatefulSet","name":"web"}`, "new")},
	}
	if got := names(all(t, world)); got != "bare web" {
		t.Errorf("workloads %q", got)
	}
	for name, want := range map[string]string{"web": "orphan[B] web-0[A] web-1[B]", "bare": "bare[]"} {
		w := named(t, world, name)
		answer := mustAsk[struct {
			Pods []struct {
				PodName string
				ZoneId  []string
			}
		}](t, world, w.params("DescribeStatefulWorkloadInstances"))
		var got []string
		for _, p := range answer.Pods {
			got = append(got, p.PodName+fmt.Sprint(p.ZoneId))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if w := named(t, world, "web"); fmt.Sprint(w.Placement.ZoneId) != "[A B]" || w.StatefulWorkLoad != w.ID {
		t.Errorf("%+v", w)
	}
	if w := named(t, world, "bare"); w.Status != "Running" || w.CreateAt != "2026-11-01T00:00:00Z" {
		t.Errorf("%+v", w)
	}
}

func TestInstances(t *testing.T) {
	world := []object{{cluster.Pod, "ns", "tool", `{
		"spec":{"containers":[{"name":"a","image":"a:1"},{"name":"b","image":"b:1"}]},
		"status":{"podIP":"10.0.0.9","containerStatuses":[
			{"name":"b","image":"sha256:1","containerID":"containerd://77","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}},
			{"name":"c","image":"c:1","containerID":"88","state":{"terminated":{"exitCode":0}}}]}}`}}
	type container struct {
		Name, Image, Status, DockerContainerId string
		ContainerId                            int64
	}
	answer := mustAsk[struct {
		Pods []struct {
			PodId      int64
			Ip, Status string
			CreateAt   string
			Containers []container
		}
	}](t, world, named(t, world, "tool").params("DescribeStatefulWorkloadInstances"))
	if len(answer.Pods) != 1 {
		t.Fatalf("%d pods", len(answer.Pods))
	}
	p := answer.Pods[0]
	if p.Ip != "10.0.0.9" || p.Status != "Pending" || p.CreateAt != "" || p.PodId == 0 {
		t.Errorf("%+v", p)
	}
	ids := map[int64]bool{}
	for i := range p.Containers {
		ids[p.Containers[i].ContainerId] = true
		p.Containers[i].ContainerId = 0
	}
	if len(ids) != 3 || ids[0] {
		t.Errorf("ids of the containers: %v", ids)
	}
	want := []container{
		{Name: "a", Image: "a:1", Status: "waiting"},
		{Name: "b", Image: "b:1", Status: "restart_fail", DockerContainerId: "77"},
		{Name: "c", Image: "c:1", Status: "terminated", DockerContainerId: "88"},
	}
	if diff := cmp.Diff(want, p.Containers); diff != "" {
		t.Error(diff)
	}
}

// TestPages: pages put together are the list, in its order, and none overlaps.
func TestPages(t *testing.T) {
	world := sampleCluster(t)
	whole := all(t, world)
	for _, limit := range []int{1, 3, 7, 1000} {
		var got []found
		for offset := 0; offset < len(whole); offset += limit {
			page := mustAsk[foundList](t, world, params("DescribeStatefulWorkloadsAllNamespaces", "Limit", fmt.Sprint(limit), "Offset", fmt.Sprint(offset)))
			if page.TotalCount != len(whole) {
				t.Errorf("total %d of %d", page.TotalCount, len(whole))
			}
			got = append(got, page.StatefulWorkloads...)
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
	beyond, err := ask(world, params("DescribeStatefulWorkloadsAllNamespaces", "Offset", "9223372036854775807"))
	if err != nil || !bytes.Contains(beyond, []byte(`"StatefulWorkloads":[]`)) {
		t.Errorf("%s %v", beyond, err)
	}
}

func TestDefaultPageIsTwenty(t *testing.T) {
	var world []object
	for i := range 25 {
		world = append(world, object{cluster.Pod, "ns", fmt.Sprintf("p%02d", i), `{}`})
	}
	page := mustAsk[foundList](t, world, params("DescribeStatefulWorkloadsAllNamespaces"))
	if len(page.StatefulWorkloads) != 20 || page.TotalCount != 25 || page.StatefulWorkloads[0].Name != "p00" {
		t.Errorf("%d of %d", len(page.StatefulWorkloads), page.TotalCount)
	}
}

// TestOrderOfLoads: what is answered does not depend on the order of the store.
func TestOrderOfLoads(t *testing.T) {
	world := sampleCluster(t)
	backwards := make([]object, len(world))
	for i, o := range world {
		backwards[len(world)-1-i] = o
	}
	w := named(t, world, "kafka")
	for _, p := range []map[string]string{
		params("DescribeStatefulWorkloadsAllNamespaces"),
		params("DescribeStatefulWorkloads", "NamespaceId", text(w.NamespaceID)),
		w.params("DescribeStatefulWorkloadInstances"),
		w.params("DescribeStatefulWorkloadInfo"),
	} {
		a, err := ask(world, p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ask(backwards, p)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s:\n%s\n%s", p["Action"], a, b)
		}
	}
}

// TestListsAgree: the list of a namespace is that of all namespaces, cut down.
func TestListsAgree(t *testing.T) {
	world := sampleCluster(t)
	byNamespace := map[int64][]found{}
	for _, w := range all(t, world) {
		byNamespace[w.NamespaceID] = append(byNamespace[w.NamespaceID], w)
	}
	if len(byNamespace) < 3 {
		t.Fatalf("%d namespaces", len(byNamespace))
	}
	for id, want := range byNamespace {
		got := mustAsk[foundList](t, world, params("DescribeStatefulWorkloads", "NamespaceId", text(id)))
		if names(got.StatefulWorkloads) != names(want) || got.TotalCount != len(want) {
			t.Errorf("%q, not %q", names(got.StatefulWorkloads), names(want))
		}
		one := mustAsk[foundList](t, world, want[0].params("DescribeStatefulWorkloads"))
		if names(one.StatefulWorkloads) != want[0].Name || one.TotalCount != 1 {
			t.Errorf("%q, not %q", names(one.StatefulWorkloads), want[0].Name)
		}
	}
}

func TestNotFound(t *testing.T) {
	world := append(sampleCluster(t), object{cluster.Namespace, "", "empty", `{}`})
	kafka, shell := named(t, world, "kafka"), named(t, world, "debug-shell")
	const message = "The resource that the parameter %s 's value %d names is not found."
	for _, action := range []string{"DescribeStatefulWorkloads", "DescribeStatefulWorkloadInfo", "DescribeStatefulWorkloadInstances", "DescribeStatefulWorkloadImages"} {
		_, err := ask(world, params(action, "NamespaceId", "5", "StatefulWorkloadId", text(kafka.ID)))
		refusedWith(t, err, 404, "ResourceNotFound", fmt.Sprintf(message, "NamespaceId", 5))
		_, err = ask(world, params(action, "NamespaceId", text(kafka.NamespaceID), "StatefulWorkloadId", "6"))
		refusedWith(t, err, 404, "ResourceNotFound", fmt.Sprintf(message, "StatefulWorkloadId", 6))
		_, err = ask(world, params(action, "NamespaceId", text(kafka.NamespaceID), "StatefulWorkloadId", text(shell.ID)))
		refusedWith(t, err, 404, "ResourceNotFound", fmt.Sprintf(message, "StatefulWorkloadId", shell.ID))
	}
}

// TestNamespaceWithoutWorkloads: one that was found once is still there when
// its last workload is gone.
func TestNamespaceWithoutWorkloads(t *testing.T) {
	world := []object{{cluster.Namespace, "", "ns", `{}`}, {cluster.Pod, "ns", "tool", `{}`}}
	id := text(named(t, world, "tool").NamespaceID)
	answer, err := ask(world[:1], params("DescribeStatefulWorkloads", "NamespaceId", id))
	if err != nil || !bytes.Contains(answer, []byte(`{"StatefulWorkloads":[],"TotalCount":0,`)) {
		t.Errorf("%s %v", answer, err)
	}
}

func TestMalformedSelectorIsNamed(t *testing.T) {
	world := []object{{cluster.StatefulSet, "ns", "web", `{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Maybe"}]}}}`}}
	_, err := ask(world, params("DescribeStatefulWorkloadsAllNamespaces"))
	var e *ncs.Error
	if !errors.As(err, &e) || e.Status != 500 || !strings.Contains(e.Message, "ns/web") || !strings.Contains(e.Message, "spec.selector") {
		t.Errorf("%v", err)
	}
}

// TestEitherMarshaller: both JSON packages write the same, labels in order.
func TestEitherMarshaller(t *testing.T) {
	world := fullCluster(t)
	p := named(t, world, "sts0822test01").params("DescribeStatefulWorkloadInfo")
	c, err := ncs.Parse("GET", p)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := objectsFor(c.Loads(), world)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.View(ncs.Input{Cluster: clusterID, Objects: objects, RequestID: requestID})
	if err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	two, err := v2.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Errorf("%s\n%s", one, two)
	}
	if !bytes.Contains(one, []byte(`"Labels":{"00":"00","01":"01","AA":"AA","a-a":"a-a",`)) {
		t.Errorf("%s", one)
	}
}

// FuzzViews changes an object anywhere, or replaces it, and asks for everything about
// what is left: an answer or an *Error, never a panic.
func FuzzViews(f *testing.F) {
	world := append(sampleCluster(f), fullCluster(f)...)
	kinds := []cluster.Kind{cluster.StatefulSet, cluster.Pod, cluster.Node, cluster.Namespace}
	seeds := map[cluster.Kind]int{}
	for _, o := range append(fullCluster(f), world...) {
		for i, kind := range kinds {
			if o.kind == kind && seeds[kind] < 3 {
				seeds[kind]++
				for at := range 12 {
					f.Add(uint8(i), []byte(o.data), uint16(at*9), uint8(at))
				}
			}
		}
	}
	f.Add(uint8(0), []byte(`{"spec":{"replicas":-1,"selector":{"matchExpressions":[{"key":"a","operator":"Maybe"}]}}}`), uint16(0), uint8(0))
	f.Add(uint8(0), []byte(`{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"9E","memory":"-1","x/gpu":"1e30"}}}]}}}}`), uint16(0), uint8(0))
	owner := object{cluster.Pod, "ns", "fuzzed-0", `{"metadata":{"ownerReferences":[{"kind":"StatefulSet","name":"fuzzed"}]}}`}
	f.Fuzz(func(t *testing.T, which uint8, data []byte, at uint16, how uint8) {
		o := object{kinds[int(which)%len(kinds)], "ns", "fuzzed", string(data)}
		if changed, ok := mutate(data, int(at), int(how)); ok {
			o.data = changed
		}
		if !storable(o.data) {
			return
		}
		small := []object{o, owner, {cluster.Node, "", "node-1", `{}`}}
		answer, err := ask(small, params("DescribeStatefulWorkloadsAllNamespaces"))
		if err != nil {
			expected(t, err)
			return
		}
		var list foundList
		if err := json.Unmarshal(answer, &list); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		for _, w := range list.StatefulWorkloads {
			if w.Status == "" || w.PhaseOfPods == "" {
				t.Fatalf("%+v", w)
			}
			for _, action := range []string{"DescribeStatefulWorkloads", "DescribeStatefulWorkloadInfo", "DescribeStatefulWorkloadInstances", "DescribeStatefulWorkloadImages"} {
				if _, err := ask(small, w.params(action)); err != nil {
					expected(t, err)
				}
			}
		}
	})
}

// expected fails unless the error is one that can be answered with 500.
func expected(t *testing.T, err error) {
	t.Helper()
	var malformed *cluster.MalformedError
	var e *ncs.Error
	if !errors.As(err, &malformed) && !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e = ncs.ErrorOf(err); e.Status != 500 || e.Message == "Internal error." {
		t.Fatal(e)
	}
}

func BenchmarkInstances(b *testing.B) {
	var world []object
	sample := sampleCluster(b)
	for _, o := range sample {
		if o.kind != cluster.Pod || len(world) > 0 {
			continue
		}
		for i := range 5000 {
			world = append(world, object{cluster.Pod, fmt.Sprintf("ns%d", i%50), fmt.Sprintf("p%d", i), o.data})
		}
	}
	for _, o := range sample {
		if o.kind == cluster.StatefulSet {
			world = append(world, o)
		}
	}
	c, err := ncs.Parse("GET", named(b, world, "kafka").params("DescribeStatefulWorkloadInstances"))
	if err != nil {
		b.Fatal(err)
	}
	objects, err := objectsFor(c.Loads(), world)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.View(ncs.Input{Cluster: clusterID, Objects: objects}); err != nil {
			b.Fatal(err)
		}
	}
}
