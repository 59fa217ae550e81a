package cluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Ref names an object of a cluster.
type Ref struct {
	Kind            Kind
	Namespace, Name string
}

// Owners says which pods belong to which workload.
type Owners struct {
	pods        map[Ref][]*corev1.Pod
	replicaSets map[Ref][]string
}

// selecting is a workload and the pods it selects.
type selecting struct {
	ref      Ref
	selector labels.Selector
}

// maxValues is the most values that a selector may hold: none that Kubernetes admits
// comes near, and each costs a look at each pod.
const maxValues = 1000

// OwnersOf joins the pods with the workloads that are loaded. A pod belongs to
// the workload that its owner references lead to (Pod -> ReplicaSet ->
// Deployment). One without any belongs to the first workload of its namespace,
// by name, that selects it, and one of a ReplicaSet that is not loaded to the first such
// Deployment; a pod of anything else, a Job for one, is no workload's whatever its labels.
// A workload whose selector is empty selects nothing; one whose selector can't be
// read, or holds more than maxValues, is a MalformedError.
func OwnersOf(o *Objects) (*Owners, error) {
	w := &Owners{pods: map[Ref][]*corev1.Pod{}, replicaSets: map[Ref][]string{}}
	known := map[Ref]bool{}
	byNamespace := map[string][]selecting{}
	add := func(kind Kind, cluster string, m *metav1.ObjectMeta, s *metav1.LabelSelector) error {
		ref := Ref{kind, m.Namespace, m.Name}
		known[ref] = true
		if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
			return nil
		}
		selector, err := readSelector(s)
		if err != nil {
			return &MalformedError{Kind: kind, Cluster: cluster, Namespace: m.Namespace, Name: m.Name, Path: "spec.selector", Err: err}
		}
		byNamespace[m.Namespace] = append(byNamespace[m.Namespace], selecting{ref, selector})
		return nil
	}
	for _, d := range o.Deployments {
		if err := add(Deployment, d.Cluster, &d.Object.ObjectMeta, d.Object.Spec.Selector); err != nil {
			return nil, err
		}
	}
	for _, s := range o.StatefulSets {
		if err := add(StatefulSet, s.Cluster, &s.Object.ObjectMeta, s.Object.Spec.Selector); err != nil {
			return nil, err
		}
	}
	for _, s := range o.DaemonSets {
		if err := add(DaemonSet, s.Cluster, &s.Object.ObjectMeta, s.Object.Spec.Selector); err != nil {
			return nil, err
		}
	}
	for _, list := range byNamespace {
		slices.SortStableFunc(list, func(a, b selecting) int { return strings.Compare(a.ref.Name, b.ref.Name) })
	}
	deploymentOf := map[Ref]Ref{}
	for _, r := range o.ReplicaSets {
		known[Ref{ReplicaSet, r.Object.Namespace, r.Object.Name}] = true
		for _, owner := range r.Object.OwnerReferences {
			d := Ref{Deployment, r.Object.Namespace, owner.Name}
			if owner.Kind == string(Deployment) && known[d] {
				deploymentOf[Ref{ReplicaSet, r.Object.Namespace, r.Object.Name}] = d
				w.replicaSets[d] = append(w.replicaSets[d], r.Object.Name)
				break
			}
		}
	}
	for _, p := range o.Pods {
		if ref, ok := ownerOf(p.Object, known, deploymentOf, byNamespace[p.Object.Namespace]); ok {
			w.pods[ref] = append(w.pods[ref], p.Object)
		}
	}
	return w, nil
}

func readSelector(s *metav1.LabelSelector) (labels.Selector, error) {
	values := len(s.MatchLabels)
	for _, e := range s.MatchExpressions {
		values += max(len(e.Values), 1)
	}
	if values > maxValues {
		return nil, fmt.Errorf("a selector of %d values, where %d are the most", values, maxValues)
	}
	return metav1.LabelSelectorAsSelector(s)
}

func ownerOf(p *corev1.Pod, known map[Ref]bool, deploymentOf map[Ref]Ref, selectors []selecting) (Ref, bool) {
	lost := false // to a ReplicaSet that is not loaded
	for _, owner := range p.OwnerReferences {
		ref := Ref{Kind(owner.Kind), p.Namespace, owner.Name}
		if d, ok := deploymentOf[ref]; ok {
			return d, true
		}
		if known[ref] {
			return ref, true
		}
		lost = lost || ref.Kind == ReplicaSet
	}
	for _, s := range selectors {
		may := len(p.OwnerReferences) == 0 || lost && s.ref.Kind == Deployment
		if may && s.selector.Matches(labels.Set(p.Labels)) {
			return s.ref, true
		}
	}
	return Ref{}, false
}

// Pods are the pods of the workload, in the order of the store.
func (w *Owners) Pods(workload Ref) []*corev1.Pod { return w.pods[workload] }

// ReplicaSets are the names of the ReplicaSets of a Deployment.
func (w *Owners) ReplicaSets(deployment Ref) []string { return w.replicaSets[deployment] }

// Selects says whether the labels hold all of the selector, as a Service's must;
// an empty selector selects nothing.
func Selects(selector, of map[string]string) bool {
	if len(selector) == 0 {
		return false
	}
	for name, value := range selector {
		if got, ok := of[name]; !ok || got != value {
			return false
		}
	}
	return true
}
