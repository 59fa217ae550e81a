package ccs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"bcs-storage/handlers/cluster"
)

// page cuts what offset and limit ask for out of a sorted list.
func (c *Call) page(n int) (from, to int) {
	from = min(int(c.numbers["offset"]), n)
	return from, min(from+int(c.numbers["limit"]), n)
}

// describeCluster is "查询集群列表". A cluster is known by its nodes, one without any by the hosts that its taskgroups
// are on; it is as old as the oldest of their documents, and changed when the newest was last PUT. One without
// a node that is normal is Abnormal, others are Running: no other status can be seen from here.
func describeCluster(c *Call, in Input) (any, error) {
	hosts := map[string][]host{}
	for _, h := range kubernetesHosts(in.Objects) {
		hosts[h.cluster] = append(hosts[h.cluster], h)
	}
	ofMesos := map[string][]host{}
	for _, h := range mesosHosts(in.Objects) {
		ofMesos[h.cluster] = append(ofMesos[h.cluster], h)
	}
	type entry struct {
		answer           clusterAnswer
		created, updated time.Time
	}
	entries := []entry{}
	for _, id := range in.Clusters {
		all := hosts[id]
		if len(all) == 0 {
			all = ofMesos[id]
		}
		e := entry{answer: clusterOf(id, all)}
		if want := c.texts["status"]; want != "" && e.answer.Status != want {
			continue
		}
		for _, h := range all {
			e.created, e.updated = earliest(e.created, h.documentMade), latest(e.updated, h.documentMoved)
		}
		e.answer.CreatedAt, e.answer.UpdatedAt = in.stamp(e.created), in.stamp(e.updated)
		entries = append(entries, e)
	}
	field := c.texts["orderField"]
	slices.SortFunc(entries, func(a, b entry) int {
		order := 0
		switch field {
		case "createdAt":
			order = a.created.Compare(b.created)
		case "updatedAt":
			order = a.updated.Compare(b.updated)
		}
		order = cmp.Or(order, cmp.Compare(a.answer.ClusterID, b.answer.ClusterID))
		if c.texts["orderType"] == "desc" {
			return -order
		}
		return order
	})
	list := clusterList{TotalCount: len(entries), Clusters: []clusterAnswer{}}
	from, to := c.page(len(entries))
	for _, e := range entries[from:to] {
		list.Clusters = append(list.Clusters, e.answer)
	}
	return list, nil
}

func clusterOf(id string, hosts []host) clusterAnswer {
	a := clusterAnswer{ClusterID: id, ClusterName: id, Status: statusRunning, NodeStatus: "AllNormal", NodeNum: len(hosts)}
	var images, versions, regions []string
	var cpu, memory []resource.Quantity
	normal := 0
	for _, h := range hosts {
		cpu, memory = append(cpu, h.cpu), append(memory, h.memory)
		images, versions, regions = append(images, h.image), append(versions, h.version), append(regions, h.region)
		if h.normal {
			normal++
		}
	}
	a.TotalCPU, a.TotalMem = nearest(cluster.Whole, cpu...), nearest(cluster.GiB, memory...)
	switch {
	case normal == len(hosts): // or none is known
	case normal == 0:
		a.NodeStatus, a.Status = "AllAbnormal", statusAbnormal
	default:
		a.NodeStatus = "PartialAbnormal"
	}
	// Nodes of one cluster may differ: it is what most of them have.
	a.OS, a.K8sVersion, a.Region = mostFrequent(images), mostFrequent(versions), mostFrequent(regions)
	return a
}

// describeClusterInstances is "查询集群节点列表", by name.
func describeClusterInstances(c *Call, in Input) (any, error) {
	hosts := kubernetesHosts(in.Objects)
	if in.Mesos {
		hosts = mesosHosts(in.Objects)
	}
	list := nodeList{TotalCount: len(hosts), Nodes: []nodeAnswer{}}
	from, to := c.page(len(hosts))
	for _, h := range hosts[from:to] {
		n := nodeAnswer{
			InstanceID: h.id, InstanceName: h.name, InstanceType: h.kind, WanIP: h.externalIP, LanIP: h.internalIP,
			KernelVersion: h.kernel, OSImage: h.image, PodCIDR: h.podCIDR, CPU: nearest(cluster.Whole, h.cpu), Mem: nearest(cluster.GiB, h.memory), Zone: h.zone,
			AbnormalReason: strings.Join(h.reasons, ","),
			CreatedAt:      in.stamp(h.joined), InstanceCreateTime: noTime, InstanceDeadline: noTime,
		}
		if h.normal {
			n.IsNormal = 1
		}
		list.Nodes = append(list.Nodes, n)
	}
	return list, nil
}

// services are all that the documents tell of.
func services(in Input) ([]*service, error) {
	if in.Mesos {
		return mesosServicesOf(in.Objects), nil
	}
	return kubernetesServicesOf(in.Objects)
}

// service is the one that the call names. Of several of a name in a namespace it
// is the first by kind (service.rank).
func (c *Call) service(in Input) (*service, error) {
	all, err := services(in)
	if err != nil {
		return nil, err
	}
	name := c.texts["serviceName"]
	for _, s := range all {
		if s.name == name {
			return s, nil
		}
	}
	return nil, ResourceNotFound.Because("there is no service %s in namespace %s of cluster %s", name, c.namespace(), c.Cluster())
}

// describeClusterService is "查询服务列表", by namespace and name. It is not cut into pages: the vendor's
// has no parameters for that.
func describeClusterService(c *Call, in Input) (any, error) {
	all, err := services(in)
	if err != nil {
		return nil, err
	}
	if name := c.namespace(); name != "" && !inhabited(name, in.Objects) {
		return nil, ResourceNotFound.Because("there is no namespace %s in cluster %s", name, c.Cluster())
	}
	list := serviceList{TotalCount: len(all), Services: []serviceAnswer{}}
	for _, s := range all {
		list.Services = append(list.Services, serviceAnswer{
			ServiceName: s.name, Status: s.status(), ReasonMap: s.reasonMap(),
			ServiceIP: s.access.serviceIP, ExternalIP: s.access.externalIP, LBID: s.access.lbID, LBStatus: s.access.lbStatus, AccessType: s.access.kind,
			DesiredReplicas: s.desired, CurrentReplicas: s.current, CreatedAt: in.stamp(s.created), Namespace: s.namespace,
		})
	}
	return list, nil
}

// inhabited: the namespace is stored as such, or something that was loaded is in
// it. Nothing else says of a namespace that it exists.
func inhabited(name string, o *cluster.Objects) bool {
	return slices.ContainsFunc(o.Namespaces, func(n cluster.Stored[corev1.Namespace]) bool { return n.Object.Name == name }) ||
		len(o.Deployments)+len(o.StatefulSets)+len(o.DaemonSets)+len(o.ReplicaSets)+len(o.Pods)+len(o.Services) > 0 ||
		len(o.Applications)+len(o.Taskgroups)+len(o.MesosServices) > 0
}

// reasonMap counts containers by the vendor's word for why they are not running well.
func (s *service) reasonMap() map[string]int {
	counts := map[string]int{}
	for _, reason := range s.reasons() {
		counts[phrase(reason)]++
	}
	return counts
}

// describeClusterServiceInfo is "查询服务详情".
func describeClusterServiceInfo(c *Call, in Input) (any, error) {
	s, err := c.service(in)
	if err != nil {
		return nil, err
	}
	d := serviceDetail{
		ServiceName: s.name, ServiceDesc: s.description, Status: s.status(), ReasonMap: s.reasonMap(), Reason: mostFrequent(s.reasons()),
		DesiredReplicas: s.desired, CurrentReplicas: s.current, CreatedAt: in.stamp(s.created), Namespace: s.namespace,
		LBID: s.access.lbID, LBStatus: s.access.lbStatus, AccessType: s.access.kind, ServiceIP: s.access.serviceIP, ExternalIP: s.access.externalIP,
		SubnetID: s.access.subnetID, PortMappings: s.access.ports, Containers: s.containers, Volumes: s.volumes,
		Selector: s.selector, Labels: s.labels,
	}
	return serviceInfo{d}, nil
}

// eventsFor is how far back events are answered ("查询服务最近一小时的事件列表").
const eventsFor = time.Hour

// eventPhrases are the words that the seed's sample has for the reasons of events.
var eventPhrases = map[string]string{
	"FailedSync": "pod启动失败",
	"BackOff":    "操作重试",
}

// describeServiceEvent is "获取服务事件列表": the newest first. Equal ones (object, reason, message) are
// answered once, as often as they were seen. A Kubernetes Event that is seen again is stored again with a higher count,
// so of the documents with one uid only the highest counts.
func describeServiceEvent(c *Call, in Input) (any, error) {
	s, err := c.service(in)
	if err != nil {
		return nil, err
	}
	type key struct{ kind, name, reason, message string }
	type group struct {
		key
		level       string
		first, last time.Time
		count       int64
		counted     map[string]int64 // by uid
	}
	groups := map[key]*group{}
	var order []*group
	for _, e := range in.Objects.Events { // the newest first
		about := object{cluster.Kind(e.Kind), e.Name}
		if in.Mesos {
			about.kind = ""
		}
		if !s.objects[about] {
			continue
		}
		k := key{e.Kind, e.Name, e.Type, e.Description}
		g := groups[k]
		if g == nil {
			g = &group{key: k, level: e.Level, counted: map[string]int64{}}
			groups[k] = g
			order = append(order, g)
		}
		g.first, g.last = earliest(g.first, e.First), latest(g.last, e.Last)
		before := g.counted[e.UID]
		if e.UID == "" {
			before = 0
		}
		if e.Count > before {
			g.count += e.Count - before
			g.counted[e.UID] = e.Count
		}
	}
	slices.SortStableFunc(order, func(a, b *group) int {
		return cmp.Or(b.last.Compare(a.last), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name),
			cmp.Compare(a.reason, b.reason), cmp.Compare(a.message, b.message))
	})
	list := eventList{[]eventAnswer{}}
	for _, g := range order {
		list.Events = append(list.Events, eventAnswer{
			FirstSeen: in.stamp(g.first), LastSeen: in.stamp(g.last), Count: g.count, Level: level(g.level),
			ObjType: g.kind, ObjName: g.name, Reason: cmp.Or(eventPhrases[g.reason], g.reason), Message: g.message,
		})
	}
	return list, nil
}

// level is one of the two that the vendor knows: what is not normal is a Warning.
func level(stored string) string {
	if stored == "" || strings.EqualFold(stored, "Normal") {
		return "Normal"
	}
	return "Warning"
}

// describeServiceInstance is "查询服务实例列表", by name.
func describeServiceInstance(c *Call, in Input) (any, error) {
	s, err := c.service(in)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.instances, func(a, b instance) int { return cmp.Compare(a.name, b.name) })
	list := instanceList{TotalCount: len(s.instances), Instances: []instanceAnswer{}}
	from, to := c.page(len(s.instances))
	for _, i := range s.instances[from:to] {
		a := instanceAnswer{
			Name: i.name, Status: i.status(), Reason: phrase(i.why()), IP: i.ip, NodeName: i.nodeName, NodeIP: i.nodeIP,
			CreatedAt: in.stamp(i.started), Containers: []containerAnswer{},
		}
		for _, ct := range i.containers {
			a.RestartCount += ct.restarts
			if ct.starter {
				continue
			}
			if ct.ready {
				a.ReadyCount++
			}
			a.Containers = append(a.Containers, containerAnswer{
				Name: ct.name, ContainerID: ct.id, Status: i.statusOf(ct), Reason: phrase(i.reasonOf(ct)), Image: ct.image,
			})
		}
		list.Instances = append(list.Instances, a)
	}
	return list, nil
}

// describeClusterNameSpaces is "查询集群命名空间", by name; without pages, as the vendor's.
func describeClusterNameSpaces(_ *Call, in Input) (any, error) {
	projects := kubernetesProjects(in.Objects)
	if in.Mesos {
		projects = mesosProjects(in.Objects)
	}
	slices.SortFunc(projects, func(a, b project) int { return cmp.Compare(a.name, b.name) })
	list := namespaceList{TotalCount: len(projects), Namespaces: []namespaceAnswer{}}
	for _, p := range projects {
		list.Namespaces = append(list.Namespaces, namespaceAnswer{p.name, p.status, p.description, in.stamp(p.created)})
	}
	return list, nil
}
