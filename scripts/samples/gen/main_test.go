package main

//lint:file-ignore SA1019 watchers of older clusters still report what newer ones deprecate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The committed files are what the generator makes, so neither can change alone.
func TestCommittedFilesAreWhatIsGenerated(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("..", s.name))
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.make()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what is generated: run go run ./scripts/samples/gen", s.name)
			}
		})
	}
}

func TestWriteSaysWhereItCannot(t *testing.T) {
	if err := write(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := write(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("no error")
	}
}

// parsed is k8s.json, read back strictly into the types of Kubernetes: a misspelt field fails here.
type parsed struct {
	total     int
	kinds     map[string]int
	keys      map[string]metav1.Object // kind namespace/name
	pods      []*corev1.Pod
	nodes     map[string]*corev1.Node
	services  []*corev1.Service
	ingresses []*networkingv1.Ingress
	deploys   []*appsv1.Deployment
	replicas  []*appsv1.ReplicaSet
}

func parse(t *testing.T) *parsed {
	t.Helper()
	text, err := kubernetesJSON()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 1_500_000 {
		t.Errorf("k8s.json has %d bytes", len(text))
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	p := &parsed{total: len(list.Items), kinds: make(map[string]int), keys: make(map[string]metav1.Object), nodes: make(map[string]*corev1.Node)}
	for _, item := range list.Items {
		p.add(t, item)
	}
	return p
}

func typed(kind string) metav1.Object {
	switch kind {
	case "Pod":
		return &corev1.Pod{}
	case "Node":
		return &corev1.Node{}
	case "Namespace":
		return &corev1.Namespace{}
	case "Service":
		return &corev1.Service{}
	case "Endpoints":
		return &corev1.Endpoints{}
	case "ConfigMap":
		return &corev1.ConfigMap{}
	case "Secret":
		return &corev1.Secret{}
	case "Event":
		return &corev1.Event{}
	case "PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "StatefulSet":
		return &appsv1.StatefulSet{}
	case "DaemonSet":
		return &appsv1.DaemonSet{}
	case "Job":
		return &batchv1.Job{}
	case "CronJob":
		return &batchv1.CronJob{}
	case "Ingress":
		return &networkingv1.Ingress{}
	}
	return nil
}

func (p *parsed) add(t *testing.T, item []byte) {
	t.Helper()
	var partial metav1.PartialObjectMetadata
	if err := json.Unmarshal(item, &partial); err != nil {
		t.Fatal(err)
	}
	var o metav1.Object = &partial
	if exact := typed(partial.Kind); exact != nil {
		decoder := json.NewDecoder(bytes.NewReader(item))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(exact); err != nil {
			t.Fatalf("%s %s: %v", partial.Kind, partial.Name, err)
		}
		o = exact
	}
	key := objectKey(partial.Kind, o.GetNamespace(), o.GetName())
	if p.keys[key] != nil {
		t.Errorf("%s is there twice", key)
	}
	p.keys[key] = o
	p.kinds[partial.Kind]++
	switch o := o.(type) {
	case *corev1.Pod:
		p.pods = append(p.pods, o)
	case *corev1.Node:
		p.nodes[o.Name] = o
	case *corev1.Service:
		p.services = append(p.services, o)
	case *networkingv1.Ingress:
		p.ingresses = append(p.ingresses, o)
	case *appsv1.Deployment:
		p.deploys = append(p.deploys, o)
	case *appsv1.ReplicaSet:
		p.replicas = append(p.replicas, o)
	}
}

func objectKey(kind, namespace, name string) string { return kind + " " + namespace + "/" + name }

func (p *parsed) need(t *testing.T, from metav1.Object, kind, namespace, name string) {
	t.Helper()
	if p.keys[objectKey(kind, namespace, name)] == nil {
		t.Errorf("%s/%s refers to %s %s/%s, which is not there", from.GetNamespace(), from.GetName(), kind, namespace, name)
	}
}

func TestKubernetes(t *testing.T) {
	p := parse(t)
	for name, check := range map[string]func(*testing.T, *parsed){
		"Kubernetes has every kind":                   checkKubernetesHasEveryKind,
		"Identities are unique":                       checkIdentitiesAreUnique,
		"Pods are where they say":                     checkPodsAreWhereTheySay,
		"References resolve":                          checkReferencesResolve,
		"Endpoints are the pods that services select": checkEndpointsAreThePodsThatServicesSelect,
		"Workloads count their pods":                  checkWorkloadsCountTheirPods,
	} {
		t.Run(name, func(t *testing.T) { check(t, p) })
	}
}

func checkKubernetesHasEveryKind(t *testing.T, p *parsed) {
	t.Helper()
	for _, kind := range []string{
		"Pod", "ReplicaSet", "Deployment", "Service", "ConfigMap", "Secret", "Endpoints", "Ingress", "Namespace", "Node", "DaemonSet", "Job",
		"StatefulSet", "Event", "CustomResourceDefinition", "GameDeployment",
	} {
		if p.kinds[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	if p.total < 300 || p.total > 600 {
		t.Errorf("%d objects", p.total)
	}
}

func checkIdentitiesAreUnique(t *testing.T, p *parsed) {
	t.Helper()
	seen := make(map[string]string)
	for key, o := range p.keys {
		for _, id := range []string{string(o.GetUID()), o.GetResourceVersion()} {
			if id == "" || seen[id] != "" {
				t.Errorf("%s and %s share %q", key, seen[id], id)
			}
			seen[id] = key
		}
		if o.GetCreationTimestamp().Time.After(now()) {
			t.Errorf("%s is made at %s", key, o.GetCreationTimestamp())
		}
		if ns := o.GetNamespace(); ns != "" {
			p.need(t, o, "Namespace", "", ns)
		}
		for _, owner := range o.GetOwnerReferences() {
			namespace := o.GetNamespace()
			if owner.Kind == "Node" {
				namespace = ""
			}
			if found := p.keys[objectKey(owner.Kind, namespace, owner.Name)]; found == nil || found.GetUID() != owner.UID {
				t.Errorf("%s: owner %s %s is not there", key, owner.Kind, owner.Name)
			}
		}
	}
}

func checkPodsAreWhereTheySay(t *testing.T, p *parsed) {
	t.Helper()
	addresses := make(map[string]string)
	for _, pod := range p.pods {
		node := p.nodes[pod.Spec.NodeName]
		if node == nil {
			if pod.Spec.NodeName != "" || pod.Status.HostIP != "" || pod.Status.StartTime != nil || pod.Status.Phase != corev1.PodPending {
				t.Errorf("%s has no node and status %+v", pod.Name, pod.Status)
			}
			continue
		}
		if pod.Status.HostIP != node.Status.Addresses[0].Address {
			t.Errorf("%s: hostIP %s, node %s has %s", pod.Name, pod.Status.HostIP, node.Name, node.Status.Addresses[0].Address)
		}
		if ip := pod.Status.PodIP; ip != "" && !pod.Spec.HostNetwork {
			if addresses[ip] != "" {
				t.Errorf("%s and %s share %s", pod.Name, addresses[ip], ip)
			}
			addresses[ip] = pod.Name
		}
	}
}

func checkReferencesResolve(t *testing.T, p *parsed) {
	t.Helper()
	for _, pod := range p.pods {
		for _, v := range pod.Spec.Volumes {
			if v.ConfigMap != nil {
				p.need(t, pod, "ConfigMap", pod.Namespace, v.ConfigMap.Name)
			}
			if v.PersistentVolumeClaim != nil {
				p.need(t, pod, "PersistentVolumeClaim", pod.Namespace, v.PersistentVolumeClaim.ClaimName)
			}
		}
		for _, env := range pod.Spec.Containers[0].Env {
			if env.ValueFrom != nil && env.ValueFrom.SecretKeyRef != nil {
				p.need(t, pod, "Secret", pod.Namespace, env.ValueFrom.SecretKeyRef.Name)
			}
		}
	}
	for _, i := range p.ingresses {
		for _, rule := range i.Spec.Rules {
			p.need(t, i, "Service", i.Namespace, rule.HTTP.Paths[0].Backend.Service.Name)
		}
		for _, tls := range i.Spec.TLS {
			p.need(t, i, "Secret", i.Namespace, tls.SecretName)
		}
	}
}

func checkEndpointsAreThePodsThatServicesSelect(t *testing.T, p *parsed) {
	t.Helper()
	taken := make(map[string]string)
	for _, s := range p.services {
		for _, id := range []string{s.Spec.ClusterIP, fmt.Sprint(s.Spec.Ports[0].NodePort)} {
			if id != "0" && id != corev1.ClusterIPNone && taken[id] != "" {
				t.Errorf("services %s and %s share %s", s.Name, taken[id], id)
			}
			taken[id] = s.Name
		}
		if len(s.Spec.Selector) == 0 {
			continue
		}
		endpoints, ok := p.keys[objectKey("Endpoints", s.Namespace, s.Name)].(*corev1.Endpoints)
		if !ok {
			t.Fatalf("service %s has no endpoints", s.Name)
		}
		if diff := cmp.Diff(p.expected(s), listed(endpoints)); diff != "" {
			t.Errorf("%s: %s", s.Name, diff)
		}
	}
}

// expected is the addresses that a service should have: "ip ready".
func (p *parsed) expected(s *corev1.Service) []string {
	var all []string
	for _, pod := range p.pods {
		if pod.Namespace != s.Namespace || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels)) ||
			pod.Status.PodIP == "" || pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning && pod.Status.Phase != corev1.PodPending {
			continue
		}
		all = append(all, fmt.Sprint(pod.Status.PodIP, " ", podReady(pod)))
	}
	slices.Sort(all)
	return all
}

func listed(e *corev1.Endpoints) []string {
	var all []string
	for _, subset := range e.Subsets {
		for _, a := range subset.Addresses {
			all = append(all, a.IP+" true")
		}
		for _, a := range subset.NotReadyAddresses {
			all = append(all, a.IP+" false")
		}
	}
	slices.Sort(all)
	return all
}

func checkWorkloadsCountTheirPods(t *testing.T, p *parsed) {
	t.Helper()
	for _, d := range p.deploys {
		var replicas, ready int32
		for _, rs := range p.replicas {
			if rs.OwnerReferences[0].UID == d.UID {
				replicas += rs.Status.Replicas
				ready += rs.Status.ReadyReplicas
			}
		}
		var podsReady int32
		for _, pod := range p.pods {
			selector := labels.SelectorFromSet(d.Spec.Selector.MatchLabels)
			if pod.Namespace == d.Namespace && selector.Matches(labels.Set(pod.Labels)) && podReady(pod) && pod.DeletionTimestamp == nil {
				podsReady++
			}
		}
		if d.Status.Replicas != replicas || d.Status.ReadyReplicas != ready || ready != podsReady {
			t.Errorf("%s: status %+v, replica sets have %d (%d ready), %d pods are ready", d.Name, d.Status, replicas, ready, podsReady)
		}
	}
}

// document is a line of mesos.ndjson.
type document struct {
	Env, ClusterID, Namespace, ResourceType, ResourceName string

	EventTime, ReceivedTime int64
	Type, Name              string
	Data                    json.RawMessage
}

func mesos(t *testing.T) []document {
	t.Helper()
	text, err := mesosNDJSON()
	if err != nil {
		t.Fatal(err)
	}
	var all []document
	for line := range strings.Lines(string(text)) {
		var d document
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestMesosHasEveryType(t *testing.T) {
	all := mesos(t)
	kinds, keys := make(map[string]int), make(map[string]bool)
	for _, d := range all {
		if d.ClusterID != mesosCluster {
			t.Errorf("%+v is of another cluster", d)
		}
		switch {
		case d.ResourceType != "":
			kinds[d.ResourceType]++
			key := d.ResourceType + d.Namespace + "/" + d.ResourceName
			if keys[key] {
				t.Errorf("%s is there twice", key)
			}
			keys[key] = true
		case d.EventTime != 0:
			kinds["event"]++
		case d.ReceivedTime != 0:
			kinds["alarm"]++
		case d.Type != "" && d.Name != "":
			kinds["metric"]++
		}
	}
	for _, kind := range []string{
		"application", "taskgroup", "deployment", "service", "configmap", "secret", "endpoint", "exportservice", "IPPoolStatic", "IPPoolStaticDetail",
		"event", "alarm", "metric",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no %s", kind)
		}
	}
	if len(all) < 80 || len(all) > 150 {
		t.Errorf("%d documents", len(all))
	}
}

func TestTaskgroupsBelongToTheirApplications(t *testing.T) {
	type group struct{ RCName, Status, HostIP, HostName, PodIP string }
	applications, addresses := make(map[string]bool), make(map[string]bool)
	all := mesos(t)
	for _, d := range all {
		if d.ResourceType == "application" {
			applications[d.Namespace+"/"+d.ResourceName] = true
		}
	}
	for _, d := range all {
		if d.ResourceType != "taskgroup" {
			continue
		}
		var g group
		if err := json.Unmarshal(d.Data, &g); err != nil {
			t.Fatal(err)
		}
		if !applications[d.Namespace+"/"+g.RCName] {
			t.Errorf("%s belongs to %s, which is not there", d.ResourceName, g.RCName)
		}
		if g.Status == "Staging" {
			continue
		}
		if addresses[g.PodIP] || !slices.Contains(slaves(), [2]string{g.HostName, g.HostIP}) {
			t.Errorf("%s: %+v", d.ResourceName, g)
		}
		addresses[g.PodIP] = true
	}
}
