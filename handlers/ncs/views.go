package ncs

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"bcs-storage/storage"
)

// summary is what lists and the detail view say of a workload.
type summary struct {
	NamespaceID            int64     `json:"NamespaceId"`
	StatefulWorkloadID     int64     `json:"StatefulWorkloadId"`
	Name                   string    `json:"Name"`
	Status                 string    `json:"Status"`
	StatefulWorkloadStatus string    `json:"StatefulWorkloadStatus"`
	Placement              placement `json:"Placement"`
	CreateAt               string    `json:"CreateAt"`
	// UpdateAt is when the object was last stored: when a watcher saw it change.
	UpdateAt string `json:"UpdateAt"`
}

type placement struct {
	ZoneID []string `json:"ZoneId"`
}

// common is what section 2.7 adds to that, in a list and of one workload.
type common struct {
	Kind   string `json:"Kind"`
	Labels labels `json:"Labels"`
	// ClusterID is an integer in the document, so it can't be the cluster's name, which
	// the parameter ClusterId takes: it is the hash of that name.
	ClusterID           int64               `json:"ClusterId"`
	PackageID           int64               `json:"PackageId"`
	SpecType            string              `json:"SpecType"`
	PayType             string              `json:"PayType"`
	ContainerType       string              `json:"ContainerType"`
	EipID               string              `json:"EipId"`
	VirtualPrivateCloud virtualPrivateCloud `json:"VirtualPrivateCloud"`
	SecurityGroupIDs    []string            `json:"SecurityGroupIds"`
	OperationLocks      []operationLock     `json:"OperationLocks"`
	ResourcePoolInfo    resourcePoolInfo    `json:"ResourcePoolInfo"`
}

type (
	virtualPrivateCloud struct {
		VpcID    string `json:"VpcId"`
		SubnetID string `json:"SubnetId"`
	}
	operationLock struct {
		LockReason string `json:"LockReason"`
	}
	resourcePoolInfo struct {
		ResourcePoolID   string `json:"ResourcePoolId"`
		ResourcePoolName string `json:"ResourcePoolName"`
		Owner            string `json:"Owner"`
	}
)

// labels are written in the order of their names (section 2.9).
type labels map[string]string

// MarshalJSON writes an object, for no labels an empty one.
func (l labels) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(l)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = storage.AppendString(append(storage.AppendString(b, name), ':'), l[name])
	}
	return append(b, '}'), nil
}

func (s *state) summary(w *workload) summary {
	return summary{
		NamespaceID:            s.namespaces.ids[key{namespace: w.key.namespace}],
		StatefulWorkloadID:     s.ids.ids[w.key],
		Name:                   w.key.name,
		Status:                 w.facts.status(),
		StatefulWorkloadStatus: phase(w.pods...),
		Placement:              placement{s.zonesOn(w.pods...)},
		CreateAt:               stamp(w.created),
		UpdateAt:               stamp(w.updated),
	}
}

func (s *state) common(w *workload) common {
	return common{
		Kind:             w.kind,
		Labels:           w.labels,
		ClusterID:        hash53(s.cluster),
		SecurityGroupIDs: []string{},
		OperationLocks:   []operationLock{},
	}
}

// stamp is a time as the document writes it (section 2.8); "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// listed is a workload in the list of a namespace: of its containers name and image,
// "the simple metadata" (section 2.7).
type listed struct {
	summary
	common
	Containers []listedContainer `json:"Containers"`
}

type listedContainer struct {
	Name  string `json:"Name"`
	Image string `json:"Image"`
}

// listAnswer has the shape of section 2.8, which is the only list that the
// document shows.
type listAnswer[T any] struct {
	StatefulWorkloads []T    `json:"StatefulWorkloads"`
	TotalCount        int    `json:"TotalCount"`
	RequestID         string `json:"RequestId"`
}

// list is DescribeStatefulWorkloads (section 2.7): the workloads of one
// namespace, with StatefulWorkloadId only that one.
func list(s *state, c *Call) (any, error) {
	namespace, err := s.namespace(c)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(s.workloads), func(w *workload) bool { return w.key.namespace != namespace })
	if c.workload != 0 {
		one, err := s.find(c)
		if err != nil {
			return nil, err
		}
		found = []*workload{one}
	}
	answer := listAnswer[listed]{StatefulWorkloads: []listed{}, TotalCount: len(found), RequestID: s.requestID}
	for _, w := range found {
		l := listed{summary: s.summary(w), common: s.common(w), Containers: []listedContainer{}}
		for _, c := range w.spec.Containers {
			l.Containers = append(l.Containers, listedContainer{c.Name, c.Image})
		}
		answer.StatefulWorkloads = append(answer.StatefulWorkloads, l)
	}
	return answer, nil
}

// entry is a workload in the list of all namespaces.
type entry struct {
	summary
	// WorkLoadID is the id as the table of section 2.8 spells it; its sample
	// spells it as everything else does.
	WorkLoadID int64    `json:"StatefulWorkLoadId"`
	Images     []string `json:"Images"`
}

// listAll is DescribeStatefulWorkloadsAllNamespaces (section 2.8): a page of the
// workloads of the cluster, by namespace, name and kind.
func listAll(s *state, c *Call) (any, error) {
	total := int64(len(s.workloads))
	from := min(c.offset, total)
	answer := listAnswer[entry]{StatefulWorkloads: []entry{}, TotalCount: int(total), RequestID: s.requestID}
	for _, w := range s.workloads[from:min(from+c.limit, total)] {
		e := entry{summary: s.summary(w), Images: []string{}}
		e.WorkLoadID = e.StatefulWorkloadID
		for _, c := range w.spec.Containers {
			e.Images = append(e.Images, c.Image)
		}
		answer.StatefulWorkloads = append(answer.StatefulWorkloads, e)
	}
	return answer, nil
}

// instance is a pod of a workload (section 2.10).
type instance struct {
	PodID   int64  `json:"PodId"`
	PodName string `json:"PodName"`
	Status  string `json:"Status"`
	IP      string `json:"Ip"`
	// SystemDisk is an object: the table calls it a string, and lists its members.
	SystemDisk systemDisk          `json:"SystemDisk"`
	ZoneID     []string            `json:"ZoneId"`
	CreateAt   string              `json:"CreateAt"`
	Containers []instanceContainer `json:"Containers"`
}

type systemDisk struct {
	DiskType string `json:"DiskType"`
	DiskUUID string `json:"DiskUuid"`
}

type instanceContainer struct {
	Name              string `json:"Name"`
	Image             string `json:"Image"`
	Status            string `json:"Status"`
	ContainerID       int64  `json:"ContainerId"`
	DockerContainerID string `json:"DockerContainerId"`
}

type instancesAnswer struct {
	Pods      []instance `json:"Pods"`
	RequestID string     `json:"RequestId"`
}

// instances is DescribeStatefulWorkloadInstances (section 2.10): the pods of
// a workload by name, and the containers of each.
func instances(s *state, c *Call) (any, error) {
	w, err := s.find(c)
	if err != nil {
		return nil, err
	}
	var pods, containers []key
	for _, p := range s.pods {
		pods = append(pods, podKey(p))
		for _, c := range containersOf(p) {
			containers = append(containers, containerKey(p, c.Name))
		}
	}
	podIDs, containerIDs := number(s.cluster, pods), number(s.cluster, containers)
	answer := instancesAnswer{Pods: []instance{}, RequestID: s.requestID}
	for _, p := range w.pods {
		i := instance{
			PodID:      podIDs.ids[podKey(p)],
			PodName:    p.Name,
			Status:     phase(p),
			IP:         p.Status.PodIP,
			ZoneID:     s.zonesOn(p),
			CreateAt:   stamp(p.CreationTimestamp.Time),
			Containers: containersOf(p),
		}
		for j := range i.Containers {
			i.Containers[j].ContainerID = containerIDs.ids[containerKey(p, i.Containers[j].Name)]
		}
		answer.Pods = append(answer.Pods, i)
	}
	return answer, nil
}

func containerKey(p *corev1.Pod, name string) key {
	return key{p.Namespace, "Container", p.Name + "/" + name}
}

// containersOf are the containers of the pod's spec and then those that only
// its status knows, without ids. Init containers are no part of the API.
func containersOf(p *corev1.Pod) []instanceContainer {
	all := []instanceContainer{}
	for _, c := range p.Spec.Containers {
		all = append(all, instanceContainer{Name: c.Name, Image: c.Image, Status: containerStatus(corev1.ContainerStatus{})})
	}
	for _, c := range p.Status.ContainerStatuses {
		i := slices.IndexFunc(all, func(known instanceContainer) bool { return known.Name == c.Name })
		if i < 0 {
			i = len(all)
			all = append(all, instanceContainer{Name: c.Name, Image: c.Image})
		}
		all[i].Status = containerStatus(c)
		all[i].DockerContainerID = withoutScheme(c.ContainerID)
	}
	return all
}

// imagesAnswer is section 2.11.
type imagesAnswer struct {
	NamespaceID        int64            `json:"NamespaceId"`
	StatefulWorkloadID int64            `json:"StatefulWorkloadId"`
	Containers         []containerImage `json:"Containers"`
	RequestID          string           `json:"RequestId"`
}

type containerImage struct {
	ContainerName string `json:"ContainerName"`
	Image         string `json:"Image"`
}

// images is DescribeStatefulWorkloadImages (section 2.11).
func images(s *state, c *Call) (any, error) {
	w, err := s.find(c)
	if err != nil {
		return nil, err
	}
	answer := imagesAnswer{NamespaceID: c.namespace, StatefulWorkloadID: c.workload, Containers: []containerImage{}, RequestID: s.requestID}
	for _, c := range w.spec.Containers {
		answer.Containers = append(answer.Containers, containerImage{c.Name, c.Image})
	}
	return answer, nil
}
