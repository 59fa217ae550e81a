package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// state is what a pod looks like at the moment of the sample.
type state int

const (
	running       state = iota
	notReady            // runs, but its probe fails
	restarted           // runs again after it was killed for its memory
	crashLoop           // exits again and again
	imagePull           // its image does not exist
	creating            // has a node and no container yet
	unschedulable       // no node takes it: no host, no start time
	completed           // ran to its end
	failed              // ran to an error
	evicted             // was thrown off its node
	terminating         // is being deleted
	disconnected        // its node has gone silent
)

// podSpec is what differs between pods; the rest follows from the state.
type podSpec struct {
	namespace, name string
	prefix          string // generateName
	labels          map[string]string
	annotations     map[string]string
	owner           []metav1.OwnerReference
	spec            corev1.PodSpec
	state           state
	created         metav1.Time
	node            *node // nil: the next one
}

func (c *cluster) addPod(p podSpec) {
	pod := &corev1.Pod{ObjectMeta: meta(p.namespace, p.name, p.created, p.labels), Spec: *p.spec.DeepCopy()}
	pod.GenerateName, pod.Annotations, pod.OwnerReferences = p.prefix, p.annotations, p.owner
	if p.state == terminating {
		pod.DeletionTimestamp = new(ago(-12 * time.Second))
		pod.DeletionGracePeriodSeconds = new(int64(30))
	}
	admit(pod)
	if p.state == unschedulable {
		pod.Status = pending(pod)
	} else {
		if p.node == nil {
			p.node = c.schedule()
		}
		pod.Status = placed(pod, p.state, p.node)
	}
	c.add("v1", "Pod", pod)
	c.pods = append(c.pods, pod)
}

// admit fills in what the API server adds to every pod: its defaults, and the token of its service account.
func admit(pod *corev1.Pod) {
	s := &pod.Spec
	s.PreemptionPolicy = new(corev1.PreemptLowerPriority)
	s.Priority = new(int32(0))
	s.EnableServiceLinks = new(true)
	if s.ServiceAccountName == "" && !s.HostNetwork {
		s.ServiceAccountName = "default"
	}
	s.DeprecatedServiceAccount = s.ServiceAccountName
	tolerant := len(s.Tolerations) > 0
	for _, key := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		if tolerant {
			break // of everything
		}
		s.Tolerations = append(s.Tolerations, corev1.Toleration{
			Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(300)),
		})
	}
	if s.ServiceAccountName == "" || s.HostNetwork {
		return
	}
	volume := "kube-api-access-" + suffix("token"+pod.Namespace+pod.Name, 5)
	s.Volumes = append(s.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		DefaultMode: new(int32(420)),
		Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{ExpirationSeconds: new(int64(3607)), Path: "token"}},
			{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}}},
		},
	}}})
	for i := range s.Containers {
		s.Containers[i].VolumeMounts = append(s.Containers[i].VolumeMounts, corev1.VolumeMount{
			Name: volume, ReadOnly: true, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
		})
	}
}

// pending is the status of a pod that has no node.
func pending(pod *corev1.Pod) corev1.PodStatus {
	return corev1.PodStatus{
		Phase:    corev1.PodPending,
		QOSClass: corev1.PodQOSBurstable,
		Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			LastTransitionTime: pod.CreationTimestamp, Message: noNode,
		}},
	}
}

const noNode = "0/7 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, " +
	"1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 5 Insufficient memory."

// placed is the status of a pod that a kubelet has taken, and the pod's place.
func placed(pod *corev1.Pod, s state, n *node) corev1.PodStatus {
	pod.Spec.NodeName = n.name
	status := corev1.PodStatus{
		Phase:     phase(s),
		HostIP:    n.ip,
		HostIPs:   []corev1.HostIP{{IP: n.ip}},
		StartTime: new(later(pod.CreationTimestamp, time.Second)),
		QOSClass:  corev1.PodQOSBurstable,
	}
	if s == evicted {
		status.Reason = "Evicted"
		status.Message = "The node was low on resource: ephemeral-storage. Threshold quantity: 10307984400, available: 9411280Ki. "
		return status
	}
	switch {
	case s == creating:
	case pod.Spec.HostNetwork:
		status.PodIP = n.ip
	default:
		status.PodIP = n.nextPodIP()
	}
	if status.PodIP != "" {
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	}
	status.Conditions = conditions(pod, s)
	for i := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(pod, &pod.Spec.Containers[i], containerState(s, i)))
	}
	return status
}

// containerState lets the sidecars of a pod run whose first container does not.
func containerState(s state, i int) state {
	if i > 0 && (s == crashLoop || s == notReady || s == restarted) {
		return running
	}
	return s
}

func phase(s state) corev1.PodPhase {
	switch s {
	case imagePull, creating, unschedulable:
		return corev1.PodPending
	case completed:
		return corev1.PodSucceeded
	case failed, evicted:
		return corev1.PodFailed
	}
	return corev1.PodRunning
}

func later(t metav1.Time, d time.Duration) metav1.Time { return metav1.NewTime(t.Add(d)) }

func ready(s state) bool { return s == running || s == restarted || s == terminating }

func conditions(pod *corev1.Pod, s state) []corev1.PodCondition {
	made := pod.CreationTimestamp
	yes := func(t corev1.PodConditionType, at metav1.Time) corev1.PodCondition {
		return corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: at}
	}
	all := []corev1.PodCondition{yes(corev1.PodInitialized, made), yes(corev1.PodReady, later(made, 20*time.Second)),
		yes(corev1.ContainersReady, later(made, 20*time.Second)), yes(corev1.PodScheduled, made)}
	if ready(s) {
		return all
	}
	reason, message := "ContainersNotReady", fmt.Sprintf("containers with unready status: [%s]", pod.Spec.Containers[0].Name)
	if s == completed {
		reason, message = "PodCompleted", ""
	}
	for _, i := range []int{1, 2} {
		all[i].Status, all[i].Reason, all[i].Message = corev1.ConditionFalse, reason, message
	}
	if s == disconnected {
		// The node controller, not the kubelet, has set this one; the containers were well when last heard of.
		all[1].Reason, all[1].Message, all[1].LastTransitionTime = "", "", ago(3*time.Hour)
		all[2] = yes(corev1.ContainersReady, later(made, 20*time.Second))
	}
	return all
}

func containerStatus(pod *corev1.Pod, c *corev1.Container, s state) corev1.ContainerStatus {
	key := pod.Namespace + pod.Name + c.Name
	status := corev1.ContainerStatus{
		Name:        c.Name,
		Image:       c.Image,
		ImageID:     registry + "/" + c.Name + "@sha256:" + digest("image"+c.Image),
		ContainerID: "containerd://" + digest(key),
		Ready:       ready(s) || s == disconnected,
		Started:     new(ready(s) || s == disconnected || s == notReady),
	}
	started := later(pod.CreationTimestamp, 6*time.Second)
	id := status.ContainerID
	switch s {
	case crashLoop:
		status.RestartCount = int32(20 + number(key, 40))
		status.State.Waiting = &corev1.ContainerStateWaiting{
			Reason: "CrashLoopBackOff",
			Message: fmt.Sprintf("back-off 5m0s restarting failed container=%s pod=%s_%s(%s)",
				c.Name, pod.Name, pod.Namespace, uid("Pod", pod.Namespace, pod.Name)),
		}
		status.LastTerminationState.Terminated = ended(id, 1, "Error", ago(5*time.Minute), ago(4*time.Minute))
	case imagePull:
		status.ContainerID, status.ImageID = "", ""
		status.State.Waiting = &corev1.ContainerStateWaiting{
			Reason: "ImagePullBackOff", Message: fmt.Sprintf("Back-off pulling image %q", c.Image),
		}
	case creating:
		status.ContainerID, status.ImageID = "", ""
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
	case completed:
		status.State.Terminated = ended(id, 0, "Completed", started, later(started, 4*time.Minute))
	case failed:
		status.State.Terminated = ended(id, 1, "Error", started, later(started, 9*time.Second))
	case restarted:
		status.RestartCount = 3
		status.LastTerminationState.Terminated = ended(id, 137, "OOMKilled", ago(9*time.Hour), ago(5*time.Hour))
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: ago(5*time.Hour - time.Second)}
	default:
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: started}
	}
	return status
}

func ended(id string, code int32, reason string, from, to metav1.Time) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: from, FinishedAt: to, ContainerID: id}
}
