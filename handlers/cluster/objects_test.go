package cluster_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// stored is the document that a PUT of data leaves, as an engine answers the load's query.
func stored(t testing.TB, load cluster.Load, kind, namespace, name string, data string) []byte {
	t.Helper()
	key := storage.Key{"c1", kind, namespace, name}
	d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(data)})
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	record := storage.Record{ID: key.ID(), Body: d.Body, Created: at, Updated: at.Add(time.Hour)}
	_, q := load.Query("c1")
	return q.Fields.Append(nil, &record)
}

func samples(t testing.TB) map[string][]json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("../../scripts/samples/k8s.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]json.RawMessage{}
	for _, item := range list.Items {
		var o struct{ Kind string }
		if err := json.Unmarshal(item, &o); err != nil {
			t.Fatal(err)
		}
		kinds[o.Kind] = append(kinds[o.Kind], item)
	}
	return kinds
}

func load(t testing.TB, kinds ...cluster.Kind) *cluster.Objects {
	t.Helper()
	all := samples(t)
	var o cluster.Objects
	for _, kind := range kinds {
		for _, item := range all[string(kind)] {
			var m struct {
				Metadata struct{ Name, Namespace string }
			}
			if err := json.Unmarshal(item, &m); err != nil {
				t.Fatal(err)
			}
			if err := o.Add(kind, stored(t, cluster.Load{Kind: kind}, string(kind), m.Metadata.Namespace, m.Metadata.Name, string(item))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &o
}

func TestSummariesOfTheSamplesAreDecoded(t *testing.T) {
	o := load(t, cluster.Node, cluster.Namespace, cluster.Pod, cluster.Service, cluster.Deployment, cluster.ReplicaSet, cluster.StatefulSet, cluster.DaemonSet)
	for name, n := range map[string]int{
		"nodes": len(o.Nodes), "namespaces": len(o.Namespaces), "pods": len(o.Pods), "services": len(o.Services),
		"deployments": len(o.Deployments), "replica sets": len(o.ReplicaSets), "stateful sets": len(o.StatefulSets), "daemon sets": len(o.DaemonSets),
	} {
		if n == 0 {
			t.Errorf("no %s", name)
		}
	}
	p := o.Pods[0]
	if p.Cluster != "c1" || p.Created.IsZero() || p.Updated.Sub(p.Created) != time.Hour {
		t.Errorf("pod of %q, created %v, updated %v", p.Cluster, p.Created, p.Updated)
	}
	if p.Object.Status.Phase == "" || p.Object.Spec.Containers[0].Image == "" || p.Object.CreationTimestamp.IsZero() {
		t.Errorf("the summary lacks a phase, image or creation time: %+v", p.Object)
	}
	if len(p.Object.Spec.Volumes) != 0 {
		t.Error("the summary holds volumes, which no list shows")
	}
}

// TestOwnersOfTheSamples holds the join by owner references against the label
// selectors that the same objects carry.
func TestOwnersOfTheSamples(t *testing.T) {
	o := load(t, cluster.Pod, cluster.Deployment, cluster.ReplicaSet, cluster.StatefulSet, cluster.DaemonSet)
	owners, err := cluster.OwnersOf(o)
	if err != nil {
		t.Fatal(err)
	}
	joined := 0
	for _, d := range o.Deployments {
		ref := cluster.Ref{Kind: cluster.Deployment, Namespace: d.Object.Namespace, Name: d.Object.Name}
		for _, p := range owners.Pods(ref) {
			joined++
			if p.Namespace != d.Object.Namespace || !cluster.Selects(d.Object.Spec.Selector.MatchLabels, p.Labels) {
				t.Errorf("%s/%s is no pod of Deployment %s", p.Namespace, p.Name, d.Object.Name)
			}
		}
		if len(owners.ReplicaSets(ref)) == 0 {
			t.Errorf("Deployment %s has no ReplicaSet", d.Object.Name)
		}
	}
	if joined < 20 {
		t.Errorf("only %d pods have a Deployment", joined)
	}
}

func TestOwnersFallBackOnTheSelector(t *testing.T) {
	var o cluster.Objects
	add := func(kind cluster.Kind, name, data string) {
		t.Helper()
		if err := o.Add(kind, stored(t, cluster.Load{Kind: kind}, string(kind), "ns", name, data)); err != nil {
			t.Fatal(err)
		}
	}
	add(cluster.Deployment, "web", `{"spec":{"selector":{"matchLabels":{"app":"web"}}}}`)
	add(cluster.DaemonSet, "agent", `{"spec":{"selector":{"matchLabels":{"app":"web","tier":"node"}}}}`)
	add(cluster.StatefulSet, "empty", `{"spec":{"selector":{}}}`)
	add(cluster.StatefulSet, "none", `{}`)
	add(cluster.Pod, "orphan", `{"metadata":{"labels":{"app":"web"}}}`)
	add(cluster.Pod, "both", `{"metadata":{"labels":{"app":"web","tier":"node"}}}`)
	add(cluster.Pod, "stranger", `{"metadata":{"labels":{"app":"other"}}}`)
	add(cluster.Pod, "lost", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"ReplicaSet","name":"gone"}]}}`)
	add(cluster.Pod, "lost-both", `{"metadata":{"labels":{"app":"web","tier":"node"},"ownerReferences":[{"kind":"ReplicaSet","name":"gone"}]}}`)
	add(cluster.Pod, "owned", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"StatefulSet","name":"empty"}]}}`)
	add(cluster.Pod, "job", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"Job","name":"web"}]}}`)
	add(cluster.Pod, "of-another", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"StatefulSet","name":"gone"}]}}`)
	add(cluster.ReplicaSet, "alone", `{}`)
	add(cluster.Pod, "of-alone", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"ReplicaSet","name":"alone"}]}}`)
	add(cluster.ReplicaSet, "orphan", `{"metadata":{"ownerReferences":[{"kind":"Deployment","name":"gone"}]}}`)
	add(cluster.Pod, "of-orphan", `{"metadata":{"labels":{"app":"web"},"ownerReferences":[{"kind":"ReplicaSet","name":"orphan"}]}}`)
	owners, err := cluster.OwnersOf(&o)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[cluster.Ref]string{
		{Kind: cluster.Deployment, Namespace: "ns", Name: "web"}:    "orphan lost lost-both",
		{Kind: cluster.DaemonSet, Namespace: "ns", Name: "agent"}:   "both",
		{Kind: cluster.StatefulSet, Namespace: "ns", Name: "empty"}: "owned",
		{Kind: cluster.StatefulSet, Namespace: "ns", Name: "none"}:  "",
	} {
		var got []string
		for _, p := range owners.Pods(ref) {
			got = append(got, p.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s %s has %q, not %q", ref.Kind, ref.Name, got, want)
		}
	}
}

func TestMalformedObjectsAreNamed(t *testing.T) {
	for _, c := range []struct {
		kind       cluster.Kind
		data, path string
	}{
		{cluster.Deployment, `{"spec":{"replicas":"3"}}`, "spec.replicas"},
		{cluster.Pod, `[1]`, ""},
		{cluster.Pod, `{"status":{"containerStatuses":[{"restartCount":"many"}]}}`, "status.containerStatuses.0.restartCount"},
		{cluster.Pod, `{"metadata":{"creationTimestamp":"yesterday"}}`, "metadata.creationTimestamp"},
		{cluster.Node, `{"status":{"capacity":{"cpu":"a lot"}}}`, "status.capacity.cpu"},
		{cluster.Application, `{"instance":"3"}`, "instance"},
		{cluster.Node, `{"status":{"capacity":{"memory":"1e-30000000"}}}`, "status.capacity.memory"},
		{cluster.Node, `{"status":{"capacity":{"memory":1e300}}}`, "status.capacity.memory"},
		{cluster.Deployment, `{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"1E+99999999999999999999"}}}]}}}}`, "spec.template.spec.containers.0.resources.limits.cpu"},
	} {
		var o cluster.Objects
		err := o.Add(c.kind, stored(t, cluster.Load{Kind: c.kind, Whole: true}, string(c.kind), "ns", "web", c.data))
		var malformed *cluster.MalformedError
		if !errors.As(err, &malformed) {
			t.Errorf("%s %s: %v", c.kind, c.data, err)
			continue
		}
		if malformed.Path != c.path || malformed.Name != "web" || malformed.Namespace != "ns" {
			t.Errorf("%s %s: %v, at %q", c.kind, c.data, err, malformed.Path)
		}
	}
	var o cluster.Objects
	if err := o.Add(cluster.StatefulSet, stored(t, cluster.Load{Kind: cluster.StatefulSet}, "StatefulSet", "ns", "web", `{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Maybe"}]}}}`)); err != nil {
		t.Fatal(err)
	}
	var malformed *cluster.MalformedError
	if _, err := cluster.OwnersOf(&o); !errors.As(err, &malformed) || malformed.Path != "spec.selector" {
		t.Errorf("a selector that is none: %v", err)
	}
}

// TestSelectorsAreBounded: each value costs a look at each pod.
func TestSelectorsAreBounded(t *testing.T) {
	list := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	labels := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"l%d":""`, i))
		}
		return `"matchLabels":{` + strings.Join(all, ",") + `}`
	}
	in := func(n int) string { return `{"key":"a","operator":"In","values":[` + list(n, `"x"`) + `]}` }
	for name, c := range map[string]struct {
		selector string
		refused  bool
	}{
		"values":              {`"matchExpressions":[` + in(1000) + `]`, false},
		"too many values":     {`"matchExpressions":[` + in(1001) + `]`, true},
		"too many in all":     {labels(1) + `,"matchExpressions":[` + in(500) + "," + in(500) + `]`, true},
		"labels":              {labels(1000), false},
		"too many labels":     {labels(1001), true},
		"too many of nothing": {`"matchExpressions":[` + list(1001, `{"key":"a","operator":"Exists"}`) + `]`, true},
	} {
		var o cluster.Objects
		if err := o.Add(cluster.Deployment, stored(t, cluster.Load{Kind: cluster.Deployment}, "Deployment", "ns", "web", `{"spec":{"selector":{`+c.selector+`}}}`)); err != nil {
			t.Fatal(err)
		}
		_, err := cluster.OwnersOf(&o)
		var malformed *cluster.MalformedError
		if refused := errors.As(err, &malformed); refused != c.refused || refused && (malformed.Path != "spec.selector" || malformed.Name != "web" || len(err.Error()) > 200) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSummariesLeaveTemplatesOut: of the containers that a workload starts, lists show name
// and image, and those of StatefulSets only.
func TestSummariesLeaveTemplatesOut(t *testing.T) {
	const (
		container = `{"name":"c-name","image":"c-image","args":["big"],"command":["big"],"env":[{"name":"big","value":"big"}],"ports":[{"containerPort":1}],"resources":{}}`
		workload  = `{"metadata":{"labels":{"l":"kept"}},"spec":{"replicas":2,"selector":{"matchLabels":{"l":"kept"}},"template":{"metadata":{"labels":{"l":"kept"},"annotations":{"a":"big"}},"spec":{"initContainers":[%[1]s],"containers":[%[1]s],"volumes":[{"name":"big"}]}}}}`
	)
	for kind, images := range map[cluster.Kind]bool{cluster.Deployment: false, cluster.StatefulSet: true, cluster.DaemonSet: false} {
		doc := string(stored(t, cluster.Load{Kind: kind}, string(kind), "ns", "web", fmt.Sprintf(workload, container)))
		if strings.Contains(doc, "big") || strings.Contains(doc, "ports") || strings.Contains(doc, "initContainers") || strings.Count(doc, "kept") != 3 {
			t.Errorf("%s: %s", kind, doc)
		}
		if got := strings.Contains(doc, `"containers":[{"name":"c-name","image":"c-image"}]`); got != images || strings.Contains(doc, "c-name") != images {
			t.Errorf("%s: %s", kind, doc)
		}
	}
}

// TestAddKeepsNothingOfADocument: neither all of it, nor the bytes that the caller may use again.
func TestAddKeepsNothingOfADocument(t *testing.T) {
	const size = 4 << 20
	doc := fmt.Appendf(nil, `{"clusterId":"c1","namespace":"ns","resourceName":"p","data":{"metadata":{"labels":{"app":"web"}},"unknown":%q}}`, strings.Repeat("x", size))
	var o cluster.Objects
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := o.Add(cluster.Pod, doc); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > size/2 {
		t.Errorf("%d bytes for a document of %d", n, len(doc))
	}
	clear(doc)
	if p := o.Pods[0]; p.Cluster != "c1" || p.Object.Namespace != "ns" || p.Object.Name != "p" || p.Object.Labels["app"] != "web" {
		t.Errorf("%+v", p)
	}
}

func TestRollbackToIsSeen(t *testing.T) {
	for data, want := range map[string]bool{
		`{"spec":{"rollbackTo":{"revision":0}}}`: true,
		`{"spec":{"rollbackTo":null}}`:           false,
		`{"spec":{}}`:                            false,
	} {
		var o cluster.Objects
		if err := o.Add(cluster.Deployment, stored(t, cluster.Load{Kind: cluster.Deployment}, "Deployment", "ns", "web", data)); err != nil {
			t.Fatal(err)
		}
		if got := o.Deployments[0].Object.RollingBack; got != want {
			t.Errorf("%s: %v", data, got)
		}
	}
}

func TestEvents(t *testing.T) {
	var o cluster.Objects
	for _, doc := range []string{
		`{"_id":"x","clusterId":"c1","level":"Warning","type":"BackOff","describe":"again","kind":"Pod","eventTime":1700000000,"extraInfo":{"kind":"Pod","namespace":"ns","name":"web-1"},"data":{"count":61,"firstTimestamp":"2023-11-14T20:00:00Z","lastTimestamp":"2023-11-14T22:13:20Z"}}`,
		`{"_id":"y","clusterId":"c1","type":"lost","kind":"slave","eventTime":1700000000,"extraInfo":"none","data":[1]}`,
	} {
		if err := o.Add(cluster.Event, []byte(doc)); err != nil {
			t.Fatal(err)
		}
	}
	first := time.Date(2023, 11, 14, 20, 0, 0, 0, time.UTC)
	at := time.Unix(1700000000, 0).UTC()
	e := o.Events[0]
	if e.Count != 61 || !e.First.Equal(first) || !e.Last.Equal(at) || e.Name != "web-1" || e.Kind != "Pod" || e.Type != "BackOff" || e.Description != "again" || e.Level != "Warning" {
		t.Errorf("%+v", e)
	}
	if e = o.Events[1]; e.Count != 1 || !e.First.Equal(at) || !e.Last.Equal(at) || e.Kind != "slave" || e.Name != "" {
		t.Errorf("%+v", e)
	}
}

// FuzzAdd: whatever the store holds is an object or an error, never a panic.
func FuzzAdd(f *testing.F) {
	for kind, items := range samples(f) {
		f.Add(kind, []byte(items[0]))
	}
	f.Add("application", []byte(`{"kind":"process","instance":1}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if storage.CheckJSON("data", data) != nil {
			return
		}
		known := []cluster.Kind{cluster.Node, cluster.Pod, cluster.Service, cluster.Deployment, cluster.Event, cluster.Application, cluster.Taskgroup, cluster.MesosService}
		for _, k := range known {
			var o cluster.Objects
			doc := fmt.Appendf(nil, `{"clusterId":"c","namespace":"ns","resourceName":"n","data":%s}`, bytes.TrimSpace(data))
			if err := o.Add(k, doc); err == nil {
				if _, err := cluster.OwnersOf(&o); err != nil {
					var malformed *cluster.MalformedError
					if !errors.As(err, &malformed) {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func BenchmarkAddPods(b *testing.B) {
	var docs [][]byte
	for _, item := range samples(b)["Pod"] {
		docs = append(docs, stored(b, cluster.Load{Kind: cluster.Pod}, "Pod", "ns", "p", string(item)))
	}
	b.ReportAllocs()
	for b.Loop() {
		var o cluster.Objects
		for i := range 5000 {
			if err := o.Add(cluster.Pod, docs[i%len(docs)]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
