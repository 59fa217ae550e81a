package ncs

import (
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bcs-storage/handlers/cluster"
)

// The kinds of stateful workloads, as section 2.7 calls them.
const (
	kindSets = "statefulsets"
	kindPods = "pods"
)

// workload is a StatefulSet or a bare pod.
type workload struct {
	key              key
	kind             string
	labels           map[string]string
	created, updated time.Time
	spec             *corev1.PodSpec
	claims           []corev1.PersistentVolumeClaim // the templates of a StatefulSet
	pods             []*corev1.Pod                  // by name
	facts            facts
}

// state is a cluster as the views read it.
type state struct {
	cluster, requestID string
	workloads          []*workload // by namespace, name, kind
	namespaces, ids    numbering
	pods               []*corev1.Pod // all of the cluster
	zones              map[string]string
}

// gather finds the stateful workloads, their pods and their ids.
func gather(in Input) (*state, error) {
	s := &state{cluster: in.Cluster, requestID: in.RequestID, zones: zonesOf(in.Objects)}
	for _, p := range in.Objects.Pods {
		s.pods = append(s.pods, p.Object)
	}
	owners, err := cluster.OwnersOf(in.Objects)
	if err != nil {
		return nil, err
	}
	owned := map[*corev1.Pod]bool{}
	for _, set := range in.Objects.StatefulSets {
		ref := cluster.Ref{Kind: cluster.StatefulSet, Namespace: set.Object.Namespace, Name: set.Object.Name}
		pods := slices.Clone(owners.Pods(ref))
		for _, p := range pods {
			owned[p] = true
		}
		s.workloads = append(s.workloads, fromSet(set, pods))
	}
	for _, p := range in.Objects.Pods {
		if len(p.Object.OwnerReferences) == 0 && !owned[p.Object] {
			s.workloads = append(s.workloads, fromPod(p))
		}
	}
	slices.SortStableFunc(s.workloads, func(a, b *workload) int { return a.key.compare(b.key) })
	var namespaces, workloads []key
	for _, n := range in.Objects.Namespaces {
		namespaces = append(namespaces, key{namespace: n.Object.Name})
	}
	for _, p := range s.pods {
		namespaces = append(namespaces, key{namespace: p.Namespace})
	}
	for _, w := range s.workloads {
		namespaces = append(namespaces, key{namespace: w.key.namespace})
		workloads = append(workloads, w.key)
	}
	s.namespaces, s.ids = number(s.cluster, namespaces), number(s.cluster, workloads)
	return s, nil
}

func fromSet(stored cluster.Stored[appsv1.StatefulSet], pods []*corev1.Pod) *workload {
	set := stored.Object
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int { return podKey(a).compare(podKey(b)) })
	desired := int32(1) // Kubernetes' default
	if set.Spec.Replicas != nil {
		desired = *set.Spec.Replicas
	}
	w := &workload{
		key:     key{set.Namespace, string(cluster.StatefulSet), set.Name},
		kind:    kindSets,
		labels:  set.Labels,
		created: createdAt(&set.ObjectMeta, stored.Created), updated: stored.Updated,
		spec:   &set.Spec.Template.Spec,
		claims: set.Spec.VolumeClaimTemplates,
		pods:   pods,
		facts:  factsOf(pods, desired, set.Status.ReadyReplicas),
	}
	current, next := set.Status.CurrentRevision, set.Status.UpdateRevision
	w.facts.updating = current != "" && next != "" && current != next
	return w
}

func fromPod(stored cluster.Stored[corev1.Pod]) *workload {
	p := stored.Object
	desired, ready := int32(1), int32(0)
	if p.Status.Phase == corev1.PodSucceeded {
		desired = 0 // it has done what it was made for
	}
	if c := condition(p, corev1.PodReady); c != nil && c.Status == corev1.ConditionTrue {
		ready = 1
	}
	return &workload{
		key:     podKey(p),
		kind:    kindPods,
		labels:  p.Labels,
		created: createdAt(&p.ObjectMeta, stored.Created), updated: stored.Updated,
		spec:  &p.Spec,
		pods:  []*corev1.Pod{p},
		facts: factsOf([]*corev1.Pod{p}, desired, ready),
	}
}

func podKey(p *corev1.Pod) key { return key{p.Namespace, string(cluster.Pod), p.Name} }

// createdAt is when the object was made; where it does not say, when it was first stored.
func createdAt(m *metav1.ObjectMeta, stored time.Time) time.Time {
	if m.CreationTimestamp.IsZero() {
		return stored
	}
	return m.CreationTimestamp.Time
}

// find is the workload that the parameters name.
func (s *state) find(c *Call) (*workload, error) {
	namespace, err := s.namespace(c)
	if err != nil {
		return nil, err
	}
	k, ok := s.ids.keys[c.workload]
	if ok && k.namespace == namespace {
		for _, w := range s.workloads {
			if w.key == k {
				return w, nil
			}
		}
	}
	return nil, notFound(workloadID.name, c.workload)
}

// namespace is the one that the parameter names.
func (s *state) namespace(c *Call) (string, error) {
	k, ok := s.namespaces.keys[c.namespace]
	if !ok {
		return "", notFound(namespaceID.name, c.namespace)
	}
	return k.namespace, nil
}

// zonesOf are the zones of the nodes, by name, where a label tells them.
func zonesOf(o *cluster.Objects) map[string]string {
	zones := make(map[string]string, len(o.Nodes))
	for _, n := range o.Nodes {
		for _, label := range []string{corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone} {
			if zone := n.Object.Labels[label]; zone != "" {
				zones[n.Object.Name] = zone
				break
			}
		}
	}
	return zones
}

// zonesOn are the different zones that the pods are in, sorted.
func (s *state) zonesOn(pods ...*corev1.Pod) []string {
	zones := []string{}
	for _, p := range pods {
		if zone := s.zones[p.Spec.NodeName]; zone != "" {
			zones = append(zones, zone)
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}
