package main

//lint:file-ignore SA1019 watchers of older clusters still report what newer ones deprecate

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// node is a machine and the pods' network on it.
type node struct {
	name, ip, external, instance string

	zone   string
	cpu    string
	memory string
	master bool
	ready  bool
	full   bool // short of disk
	number int
	used   int // addresses of its pod network that are taken
}

func machines() []*node {
	return []*node{
		{name: "k8s-master-1", ip: "10.0.1.11", instance: "ins-8mt1k3qa", zone: "ap-guangzhou-3", cpu: "4", memory: "8009412Ki", master: true, ready: true},
		{name: "k8s-node-1", ip: "10.0.1.21", external: "203.0.113.21", instance: "ins-2ha8zw0c", zone: "ap-guangzhou-3", cpu: "16", memory: "65701000Ki", ready: true},
		{name: "k8s-node-2", ip: "10.0.1.22", external: "203.0.113.22", instance: "ins-7p5nd4xk", zone: "ap-guangzhou-3", cpu: "16", memory: "65701000Ki", ready: true},
		{name: "k8s-node-3", ip: "10.0.2.23", instance: "ins-k09vbt6m", zone: "ap-guangzhou-4", cpu: "16", memory: "65701000Ki", ready: true},
		{name: "k8s-node-4", ip: "10.0.2.24", instance: "ins-3cq6e1ru", zone: "ap-guangzhou-4", cpu: "32", memory: "131402000Ki", ready: true, full: true},
		{name: "k8s-node-5", ip: "10.0.3.25", instance: "ins-x5wy27gd", zone: "ap-guangzhou-6", cpu: "32", memory: "131402000Ki", ready: true},
		{name: "k8s-node-6", ip: "10.0.3.26", instance: "ins-b1jo98sf", zone: "ap-guangzhou-6", cpu: "8", memory: "32850500Ki"},
	}
}

func (c *cluster) addNodes() {
	c.nodes = machines()
	for i, n := range c.nodes {
		n.number = i
		c.add("v1", "Node", n.object())
	}
}

// schedule picks the next machine that takes ordinary pods.
func (c *cluster) schedule() *node {
	for {
		c.turn++
		if n := c.nodes[c.turn%len(c.nodes)]; n.ready && !n.master {
			return n
		}
	}
}

func (n *node) podCIDR() string { return fmt.Sprintf("10.244.%d.0/24", n.number) }

func (n *node) nextPodIP() string {
	n.used++
	return fmt.Sprintf("10.244.%d.%d", n.number, n.used+1)
}

func (n *node) object() *corev1.Node {
	o := &corev1.Node{ObjectMeta: meta("", n.name, ago(212*day-time.Duration(n.number)*time.Hour), n.labels())}
	o.Annotations = map[string]string{
		"kubeadm.alpha.kubernetes.io/cri-socket":                 "unix:///run/containerd/containerd.sock",
		"node.alpha.kubernetes.io/ttl":                           "0",
		"volumes.kubernetes.io/controller-managed-attach-detach": "true",
	}
	o.Spec = corev1.NodeSpec{
		PodCIDR: n.podCIDR(), PodCIDRs: []string{n.podCIDR()},
		ProviderID:         "qcloud:///800006/" + n.instance,
		DoNotUseExternalID: n.instance,
		Taints:             n.taints(),
	}
	o.Status = corev1.NodeStatus{
		Capacity:        n.resources(110),
		Allocatable:     n.resources(110),
		Conditions:      n.conditions(),
		Addresses:       n.addresses(),
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
		NodeInfo: corev1.NodeSystemInfo{
			MachineID:               digest("machine" + n.name)[:32],
			SystemUUID:              string(uid("System", "", n.name)),
			BootID:                  string(uid("Boot", "", n.name)),
			KernelVersion:           "5.4.119-19.0009.54",
			OSImage:                 "TencentOS Server 3.1 (Final)",
			ContainerRuntimeVersion: "containerd://1.7.22",
			KubeletVersion:          "v1.31.4",
			KubeProxyVersion:        "v1.31.4",
			OperatingSystem:         "linux",
			Architecture:            "amd64",
		},
		Images: []corev1.ContainerImage{
			{Names: []string{registry + "/shop/catalog:4.0.2"}, SizeBytes: 311874035},
			{Names: []string{"registry.k8s.io/pause:3.10"}, SizeBytes: 319986},
		},
	}
	return o
}

func (n *node) labels() map[string]string {
	labels := map[string]string{
		"beta.kubernetes.io/arch":          "amd64",
		"beta.kubernetes.io/os":            "linux",
		"kubernetes.io/arch":               "amd64",
		"kubernetes.io/hostname":           n.name,
		"kubernetes.io/os":                 "linux",
		"node.kubernetes.io/instance-type": "S5." + n.cpu,
		"topology.kubernetes.io/region":    "ap-guangzhou",
		"topology.kubernetes.io/zone":      n.zone,
	}
	if n.master {
		labels["node-role.kubernetes.io/control-plane"] = ""
	}
	return labels
}

func (n *node) taints() []corev1.Taint {
	switch {
	case n.master:
		return []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	case !n.ready:
		return []corev1.Taint{
			{Key: "node.kubernetes.io/unreachable", Effect: corev1.TaintEffectNoSchedule, TimeAdded: new(ago(3 * time.Hour))},
			{Key: "node.kubernetes.io/unreachable", Effect: corev1.TaintEffectNoExecute, TimeAdded: new(ago(3 * time.Hour))},
		}
	case n.full:
		return []corev1.Taint{{Key: "node.kubernetes.io/disk-pressure", Effect: corev1.TaintEffectNoSchedule, TimeAdded: new(ago(40 * time.Minute))}}
	}
	return nil
}

func (n *node) resources(pods int64) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse(n.cpu),
		corev1.ResourceMemory:           resource.MustParse(n.memory),
		corev1.ResourceEphemeralStorage: resource.MustParse("103079844Ki"),
		corev1.ResourcePods:             *resource.NewQuantity(pods, resource.DecimalSI),
	}
}

func (n *node) addresses() []corev1.NodeAddress {
	all := []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: n.ip}}
	if n.external != "" {
		all = append(all, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: n.external})
	}
	return append(all, corev1.NodeAddress{Type: corev1.NodeHostName, Address: n.name})
}

func (n *node) conditions() []corev1.NodeCondition {
	beat, since := ago(4*time.Minute), ago(212*day)
	condition := func(t corev1.NodeConditionType, s corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		c := corev1.NodeCondition{
			Type: t, Status: s, Reason: reason, Message: message, LastHeartbeatTime: beat, LastTransitionTime: since,
		}
		if !n.ready {
			c.Status, c.Reason, c.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
			c.LastHeartbeatTime, c.LastTransitionTime = ago(3*time.Hour+time.Minute), ago(3*time.Hour)
		}
		return c
	}
	disk := condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure")
	if n.full {
		disk = condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "KubeletHasDiskPressure", "kubelet has disk pressure")
		disk.LastTransitionTime = ago(40 * time.Minute)
	}
	network := condition(corev1.NodeNetworkUnavailable, corev1.ConditionFalse, "CalicoIsUp", "Calico is running on this node")
	network.Status, network.Reason, network.Message = corev1.ConditionFalse, "CalicoIsUp", "Calico is running on this node"
	return []corev1.NodeCondition{
		network,
		condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
		disk,
		condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
		condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
	}
}

func (c *cluster) addNamespaces() {
	for i, name := range namespaces() {
		ns := &corev1.Namespace{ObjectMeta: meta("", name, ago(211*day-time.Duration(i)*7*day), map[string]string{
			"kubernetes.io/metadata.name": name,
		})}
		ns.Spec.Finalizers = []corev1.FinalizerName{corev1.FinalizerKubernetes}
		ns.Status.Phase = corev1.NamespaceActive
		switch name {
		case "legacy":
			ns.DeletionTimestamp = new(ago(26 * time.Hour))
			ns.Status.Phase = corev1.NamespaceTerminating
			ns.Status.Conditions = []corev1.NamespaceCondition{{
				Type: corev1.NamespaceContentRemaining, Status: corev1.ConditionTrue, LastTransitionTime: ago(26 * time.Hour),
				Reason: "SomeResourcesRemain", Message: "Some resources are remaining: configmaps. has 1 resource instances",
			}}
		case "shop", "payments":
			ns.Labels["team.example.com/owner"] = name
			ns.Annotations = map[string]string{"description": "the " + name + " of the store, production"}
		}
		c.add("v1", "Namespace", ns)
	}
}

func namespaces() []string {
	return []string{"default", "kube-system", "shop", "payments", "data", "monitoring", "arena", "legacy"}
}
