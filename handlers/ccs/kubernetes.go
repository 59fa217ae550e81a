package ccs

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"bcs-storage/handlers/cluster"
)

// What the vendor's views read of annotations and labels.
const (
	annotationDescription = "description"
	annotationRollback    = "deployment.kubernetes.io/rollback"
	annotationInternal    = "service.kubernetes.io/qcloud-loadbalancer-internal"
	annotationSubnet      = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
	annotationBalancer    = "service.kubernetes.io/qcloud-loadbalancer-id"
	annotationBalancerToo = "service.kubernetes.io/loadbalance-id"
	// Spelled as before Kubernetes 1.17.
	labelTypeOld   = "beta.kubernetes.io/instance-type"
	labelRegionOld = "failure-domain.beta.kubernetes.io/region"
	labelZoneOld   = "failure-domain.beta.kubernetes.io/zone"
)

// The order of kinds (service.rank).
const (
	rankDeployment = iota
	rankStatefulSet
	rankDaemonSet
	rankService
)

// kubernetesServicesOf are the services of a Kubernetes cluster: its workloads, each with the Service that selects
// its pods, and the Services that select no workload's.
func kubernetesServicesOf(o *cluster.Objects) ([]*service, error) {
	owners, err := cluster.OwnersOf(o)
	if err != nil {
		return nil, err
	}
	doors := map[string][]*corev1.Service{}
	for _, s := range o.Services {
		doors[s.Object.Namespace] = append(doors[s.Object.Namespace], s.Object)
	}
	k := &kubernetes{owners: owners, doors: doors, taken: map[*corev1.Service]bool{}}
	for _, stored := range o.Deployments {
		d := stored.Object
		_, annotated := d.Annotations[annotationRollback]
		k.add(cluster.Deployment, rankDeployment, &d.ObjectMeta, d.Spec.Selector, &d.Spec.Template, &service{
			desired: wanted(d.Spec.Replicas), current: int(d.Status.ReadyReplicas),
			rollout: rollout{
				rollingBack: d.RollingBack || annotated,
				paused:      d.Spec.Paused,
				stuck: slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
					return c.Type == "Progressing" && c.Status == corev1.ConditionFalse
				}),
				unseen:  d.Status.ObservedGeneration < d.Generation,
				updated: int(d.Status.UpdatedReplicas), total: int(d.Status.Replicas),
			},
		})
	}
	for _, stored := range o.StatefulSets {
		s := stored.Object
		k.add(cluster.StatefulSet, rankStatefulSet, &s.ObjectMeta, s.Spec.Selector, &s.Spec.Template, &service{
			desired: wanted(s.Spec.Replicas), current: int(s.Status.ReadyReplicas),
			rollout: rollout{
				unseen:  s.Status.ObservedGeneration < s.Generation,
				updated: int(s.Status.UpdatedReplicas), total: int(s.Status.Replicas),
			},
		})
	}
	for _, stored := range o.DaemonSets {
		d := stored.Object
		k.add(cluster.DaemonSet, rankDaemonSet, &d.ObjectMeta, d.Spec.Selector, &d.Spec.Template, &service{
			desired: int(d.Status.DesiredNumberScheduled), current: int(d.Status.NumberReady),
			rollout: rollout{
				unseen:  d.Status.ObservedGeneration < d.Generation,
				updated: int(d.Status.UpdatedNumberScheduled), total: int(d.Status.CurrentNumberScheduled),
			},
		})
	}
	pods := map[string][]*corev1.Pod{}
	for _, p := range o.Pods {
		pods[p.Object.Namespace] = append(pods[p.Object.Namespace], p.Object)
	}
	for _, s := range o.Services {
		if !k.taken[s.Object] {
			k.addDoor(s.Object, pods[s.Object.Namespace])
		}
	}
	slices.SortStableFunc(k.services, compareServices)
	return k.services, nil
}

// kubernetes are services in the making.
type kubernetes struct {
	owners   *cluster.Owners
	doors    map[string][]*corev1.Service // by namespace
	taken    map[*corev1.Service]bool     // those that select a workload's pods
	services []*service
}

// wanted is spec.replicas, which is 1 when it is absent.
func wanted(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

// add completes the service that the workload is.
func (k *kubernetes) add(kind cluster.Kind, rank int, m *metav1.ObjectMeta, selector *metav1.LabelSelector, template *corev1.PodTemplateSpec, s *service) {
	ref := cluster.Ref{Kind: kind, Namespace: m.Namespace, Name: m.Name}
	s.identify(rank, m)
	if selector != nil {
		s.selector = selector.MatchLabels
	}
	s.objects = map[object]bool{{kind, m.Name}: true}
	for _, name := range k.owners.ReplicaSets(ref) {
		s.objects[object{cluster.ReplicaSet, name}] = true
	}
	s.addPods(k.owners.Pods(ref))
	s.volumes, s.containers = volumesOf(&template.Spec), containersOf(&template.Spec)
	door := entry(k.doors[m.Namespace], m.Name, func(d *corev1.Service) (string, bool) {
		selects := cluster.Selects(d.Spec.Selector, template.Labels)
		if selects {
			k.taken[d] = true
		}
		return d.Name, selects
	})
	s.access = access{kind: accessNone, lbStatus: lbNone, ports: []portMapping{}}
	if door != nil {
		s.enter(door, template.Spec.Containers)
	}
	k.services = append(k.services, s)
}

// addDoor adds the service that is a Service alone. It wants as many replicas as it selects, but for those
// that are leaving or have done what they were made for, and defines neither containers nor volumes: the pods are of
// something that the vendor does not know.
func (k *kubernetes) addDoor(d *corev1.Service, pods []*corev1.Pod) {
	s := &service{selector: d.Spec.Selector, objects: map[object]bool{}, volumes: []volume{}, containers: []containerSpec{}}
	s.identify(rankService, &d.ObjectMeta)
	s.addPods(slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return !cluster.Selects(d.Spec.Selector, p.Labels) }))
	for i := range s.instances {
		if n := &s.instances[i]; !n.leaving && (!n.over || n.failed) {
			s.desired++
			if n.status() == statusRunning {
				s.current++
			}
		}
	}
	s.rollout.updated, s.rollout.total = s.desired, s.desired
	s.enter(d, nil)
	k.services = append(k.services, s)
}

// identify sets what is known of every object.
func (s *service) identify(rank int, m *metav1.ObjectMeta) {
	s.rank, s.namespace, s.name = rank, m.Namespace, m.Name
	s.description = m.Annotations[annotationDescription]
	s.created, s.labels = m.CreationTimestamp.Time, m.Labels
}

func (s *service) addPods(pods []*corev1.Pod) {
	for _, p := range pods {
		s.instances = append(s.instances, podInstance(p))
		s.objects[object{cluster.Pod, p.Name}] = true
	}
}

// entry is the service through which a workload is reached: of those that select it the one
// of the same name, or else the first by name; nil if there is none.
func entry[T any](doors []*T, name string, selects func(*T) (string, bool)) *T {
	var best *T
	var bestName string
	for _, d := range doors {
		n, ok := selects(d)
		if ok && (best == nil || n == name || bestName != name && n < bestName) {
			best, bestName = d, n
		}
	}
	return best
}

// enter sets how the service is reached: through a Service, whose named target
// ports are those of the containers.
func (s *service) enter(d *corev1.Service, containers []corev1.Container) {
	s.objects[object{cluster.Service, d.Name}] = true
	balanced := d.Spec.Type == corev1.ServiceTypeLoadBalancer
	subnet := cmp.Or(d.Annotations[annotationInternal], d.Annotations[annotationSubnet])
	a := access{
		kind:      cmp.Or(string(d.Spec.Type), accessCluster),
		serviceIP: d.Spec.ClusterIP,
		lbID:      cmp.Or(d.Annotations[annotationBalancer], d.Annotations[annotationBalancerToo]),
		lbStatus:  lbNone,
		ports:     []portMapping{},
	}
	if a.serviceIP == corev1.ClusterIPNone {
		a.serviceIP = ""
	}
	if balanced && subnet != "" {
		a.kind, a.subnetID = accessInner, subnet
	}
	if balanced {
		a.lbStatus = lbCreating
	}
	if in := d.Status.LoadBalancer.Ingress; len(in) > 0 {
		a.externalIP = cmp.Or(in[0].IP, in[0].Hostname)
		if balanced {
			a.lbStatus = lbRunning
		}
	}
	for _, p := range d.Spec.Ports {
		target := p.TargetPort
		if target.IntVal == 0 && target.StrVal == "" {
			target = intstr.FromInt32(p.Port) // it is the default
		}
		a.ports = append(a.ports, portMapping{
			ContainerPort: portOf(target, containers), LBPort: int(p.Port), NodePort: int(p.NodePort),
			Protocol: string(cmp.Or(p.Protocol, corev1.ProtocolTCP)),
		})
	}
	s.access = a
}

// portOf is the number of a port that may be given by a container's name for it; 0
// when no container knows the name.
func portOf(p intstr.IntOrString, containers []corev1.Container) int {
	for _, c := range containers {
		for _, named := range c.Ports {
			if p.StrVal != "" && named.Name == p.StrVal {
				return int(named.ContainerPort)
			}
		}
	}
	return p.IntValue()
}

// podInstance is the instance that a pod is. Containers are those of its spec, in that order, with what
// its status says of them.
func podInstance(p *corev1.Pod) instance {
	i := instance{
		name: p.Name, nodeName: p.Spec.NodeName, nodeIP: p.Status.HostIP, ip: p.Status.PodIP,
		started: p.CreationTimestamp.Time,
		leaving: p.DeletionTimestamp != nil,
		pending: p.Status.Phase == corev1.PodPending,
		over:    p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed,
		failed:  p.Status.Phase == corev1.PodFailed,
		reason:  p.Status.Reason,
	}
	if p.Status.StartTime != nil {
		i.started = p.Status.StartTime.Time
	}
	for _, c := range p.Status.Conditions {
		if i.reason == "" && c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			i.reason = c.Reason
		}
	}
	for _, status := range p.Status.InitContainerStatuses {
		c := podContainer(status)
		if c.failed || c.state == waiting && c.reason != "" && c.reason != "PodInitializing" {
			c.starter = true
			i.containers = append(i.containers, c)
		}
	}
	statuses := map[string]corev1.ContainerStatus{}
	for _, status := range p.Status.ContainerStatuses {
		statuses[status.Name] = status
	}
	for _, spec := range p.Spec.Containers {
		c := container{name: spec.Name}
		if status, ok := statuses[spec.Name]; ok {
			c = podContainer(status)
		} else if !i.over {
			c.state = waiting // nothing was reported of it yet
		}
		c.image = cmp.Or(spec.Image, c.image)
		i.containers = append(i.containers, c)
	}
	return i
}

func podContainer(status corev1.ContainerStatus) container {
	c := container{
		name: status.Name, image: status.Image, ready: status.Ready, restarts: int(status.RestartCount),
		state: waiting, // Kubernetes' meaning of a state that says nothing
	}
	// "containerd://0123…": the vendor shows the bare id.
	_, id, ok := strings.Cut(status.ContainerID, "://")
	if c.id = status.ContainerID; ok {
		c.id = id
	}
	switch s := status.State; {
	case s.Waiting != nil:
		c.reason = s.Waiting.Reason
	case s.Running != nil:
		c.state = running
	case s.Terminated != nil:
		c.state, c.reason, c.failed = terminated, s.Terminated.Reason, s.Terminated.ExitCode != 0
	}
	return c
}

func volumesOf(spec *corev1.PodSpec) []volume {
	volumes := []volume{}
	for _, v := range spec.Volumes {
		named := volume{Name: v.Name}
		if v.HostPath != nil {
			named.HostPath = v.HostPath.Path
		}
		volumes = append(volumes, named)
	}
	return volumes
}

func containersOf(spec *corev1.PodSpec) []containerSpec {
	containers := []containerSpec{}
	for _, c := range spec.Containers {
		shown := containerSpec{
			Name: c.Name, Image: c.Image,
			LiveProbe: probeOf(c.LivenessProbe, c), ReadyProbe: probeOf(c.ReadinessProbe, c),
			CPU: nearest(cluster.Thousandth, c.Resources.Requests[corev1.ResourceCPU]), CPULimits: nearest(cluster.Thousandth, c.Resources.Limits[corev1.ResourceCPU]),
			Memory: nearest(cluster.MiB, c.Resources.Requests[corev1.ResourceMemory]), MemoryLimits: nearest(cluster.MiB, c.Resources.Limits[corev1.ResourceMemory]),
			Command: strings.Join(c.Command, " "), Arguments: c.Args,
		}
		for _, e := range c.Env {
			// A value that is taken from elsewhere is not stored with the workload: "".
			shown.Envs = append(shown.Envs, env{e.Name, e.Value})
		}
		for _, m := range c.VolumeMounts {
			mode := "rw"
			if m.ReadOnly {
				mode = "ro"
			}
			shown.VolumeMounts = append(shown.VolumeMounts, volumeMount{m.Name, m.MountPath, mode})
		}
		containers = append(containers, shown)
	}
	return containers
}

// probeOf is a probe with the defaults of Kubernetes; nil if there is none. The vendor knows no method for
// gRPC: checkMethod is then "".
func probeOf(p *corev1.Probe, c corev1.Container) *probe {
	if p == nil {
		return nil
	}
	shown := &probe{
		HealthNum: int(cmp.Or(p.SuccessThreshold, 1)), UnhealthNum: int(cmp.Or(p.FailureThreshold, 3)),
		IntervalTime: int(cmp.Or(p.PeriodSeconds, 10)), TimeOut: int(cmp.Or(p.TimeoutSeconds, 1)), DelayTime: int(p.InitialDelaySeconds),
	}
	own := []corev1.Container{c}
	switch {
	case p.TCPSocket != nil:
		shown.CheckMethod, shown.TCP = "methodTcp", &tcpCheck{portOf(p.TCPSocket.Port, own)}
	case p.HTTPGet != nil:
		shown.CheckMethod = "methodHttp"
		shown.HTTP = &httpCheck{portOf(p.HTTPGet.Port, own), string(cmp.Or(p.HTTPGet.Scheme, corev1.URISchemeHTTP)), cmp.Or(p.HTTPGet.Path, "/")}
	case p.Exec != nil:
		shown.CheckMethod, shown.Command = "methodCmd", &commandCheck{strings.Join(p.Exec.Command, " ")}
	}
	return shown
}

// nearest is the sum of the quantities in the unit. The seed has whole cores and GB: they are rounded to the
// nearest, halves up, and a sum is rounded once, not its parts.
func nearest(unit *big.Rat, quantities ...resource.Quantity) int64 {
	return cluster.Scaled(unit, cluster.Nearest, quantities...)
}

// abnormalReasons are the vendor's words for the conditions of nodes ("abnormalReason 参数详细说明").
var abnormalReasons = []struct {
	condition corev1.NodeConditionType
	reason    string
}{
	{corev1.NodeMemoryPressure, "MemoryPressure"},
	{"OutOfDisk", "OutOfDisk"}, // until Kubernetes 1.13
	{corev1.NodeDiskPressure, "OutOfDisk"},
	{corev1.NodeNetworkUnavailable, "NetworkUnavailable"},
}

// kubernetesHosts are the nodes of Kubernetes clusters, by cluster and name.
func kubernetesHosts(o *cluster.Objects) []host {
	hosts := make([]host, 0, len(o.Nodes))
	for _, stored := range o.Nodes {
		n := stored.Object
		info := n.Status.NodeInfo
		h := host{
			cluster: stored.Cluster,
			id:      n.Spec.ProviderID[strings.LastIndexByte(n.Spec.ProviderID, '/')+1:], name: n.Name,
			kind:   cmp.Or(n.Labels[corev1.LabelInstanceTypeStable], n.Labels[labelTypeOld]),
			region: cmp.Or(n.Labels[corev1.LabelTopologyRegion], n.Labels[labelRegionOld]),
			zone:   cmp.Or(n.Labels[corev1.LabelTopologyZone], n.Labels[labelZoneOld]),
			kernel: info.KernelVersion, image: info.OSImage, version: info.KubeletVersion,
			podCIDR:    n.Spec.PodCIDR,
			internalIP: address(n, corev1.NodeInternalIP), externalIP: address(n, corev1.NodeExternalIP),
			cpu: n.Status.Capacity[corev1.ResourceCPU], memory: n.Status.Capacity[corev1.ResourceMemory],
			normal: condition(n, corev1.NodeReady),
			joined: n.CreationTimestamp.Time, documentMade: stored.Created, documentMoved: stored.Updated,
		}
		h.id = cmp.Or(h.id, h.name)
		if !h.normal {
			for _, row := range abnormalReasons {
				if condition(n, row.condition) && !slices.Contains(h.reasons, row.reason) {
					h.reasons = append(h.reasons, row.reason)
				}
			}
			if h.reasons == nil {
				h.reasons = []string{reasonUnknown}
			}
		}
		hosts = append(hosts, h)
	}
	slices.SortStableFunc(hosts, compareHosts)
	return hosts
}

func address(n *corev1.Node, kind corev1.NodeAddressType) string {
	for _, a := range n.Status.Addresses {
		if a.Type == kind {
			return a.Address
		}
	}
	return ""
}

func condition(n *corev1.Node, kind corev1.NodeConditionType) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == kind && c.Status == corev1.ConditionTrue
	})
}

func compareHosts(a, b host) int {
	return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.name, b.name), cmp.Compare(a.internalIP, b.internalIP))
}

func kubernetesProjects(o *cluster.Objects) []project {
	projects := []project{}
	for _, n := range o.Namespaces {
		projects = append(projects, project{
			name: n.Object.Name, status: cmp.Or(string(n.Object.Status.Phase), namespaceActive),
			description: n.Object.Annotations[annotationDescription], created: n.Object.CreationTimestamp.Time,
		})
	}
	return projects
}
