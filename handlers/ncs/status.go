package ncs

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// facts are what the status of a workload is decided by.
type facts struct {
	desired, ready int32
	// wasReady: a replica is ready, or has been (see hasBeenReady).
	wasReady bool
	// startFailed: a container of a pod fails to start (see startFails).
	startFailed bool
	// failed: startFailed, or a pod's phase is Failed.
	failed bool
	// updating: a StatefulSet goes from one revision to another.
	updating bool
}

// statuses are the values of Status (section 2.7); the first row that holds decides.
var statuses = []struct {
	name  string
	holds func(facts) bool
}{
	{"Creating", func(f facts) bool { return f.desired > 0 && !f.wasReady && !f.failed }},
	{"CreateFail", func(f facts) bool { return !f.wasReady && f.startFailed }},
	{"Updating", func(f facts) bool { return f.updating }},
	{"Abnormal", func(f facts) bool { return f.failed || f.wasReady && f.ready < f.desired }},
	{"Running", func(facts) bool { return true }},
}

func (f facts) status() string {
	for _, row := range statuses {
		if row.holds(f) {
			return row.name
		}
	}
	return ""
}

func factsOf(pods []*corev1.Pod, desired, ready int32) facts {
	f := facts{desired: desired, ready: ready, wasReady: ready > 0}
	for _, p := range pods {
		f.wasReady = f.wasReady || hasBeenReady(p)
		f.startFailed = f.startFailed || slices.ContainsFunc(p.Status.ContainerStatuses, startFails) ||
			slices.ContainsFunc(p.Status.InitContainerStatuses, startFails)
		f.failed = f.failed || p.Status.Phase == corev1.PodFailed
	}
	f.failed = f.failed || f.startFailed
	return f
}

// hasBeenReady says whether the pod is ready or there is evidence that it was.
// Nothing stored says so outright. The kubelet sets the condition Ready to False with
// its first report, not after Initialized turns True, and moves its
// lastTransitionTime only when it becomes True or False again: one that is False
// since later than that has been True in between. A second is allowed for,
// as times are whole ones. Other writers are less strict, so each container must
// have run as well: it runs, has terminated, or was restarted.
// Restarts alone prove nothing: what crashes before it is ready restarts too.
func hasBeenReady(p *corev1.Pod) bool {
	ready, initialized := condition(p, corev1.PodReady), condition(p, corev1.PodInitialized)
	if ready == nil {
		return false
	}
	if ready.Status == corev1.ConditionTrue {
		return true
	}
	if initialized == nil || !ready.LastTransitionTime.After(initialized.LastTransitionTime.Add(time.Second)) {
		return false
	}
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Running == nil && c.State.Terminated == nil && !restarted(c) {
			return false
		}
	}
	return len(p.Status.ContainerStatuses) > 0
}

func condition(p *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == t {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// startFailures are the reasons why a container waits that tell of a failure to
// start: pkg/kubelet/container and pkg/kubelet/images of Kubernetes.
var startFailures = []string{
	"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable",
	"ImageInspectError", "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
	"PreCreateHookError", "PreStartHookError", "PostStartHookError",
}

// startFails says whether the container waits for a failure to start, or has ended in an error.
func startFails(c corev1.ContainerStatus) bool {
	return c.State.Waiting != nil && slices.Contains(startFailures, c.State.Waiting.Reason) ||
		c.State.Terminated != nil && c.State.Terminated.ExitCode != 0
}

// restarted says whether the container had run before.
func restarted(c corev1.ContainerStatus) bool {
	return c.RestartCount > 0 || c.LastTerminationState.Terminated != nil
}

// containerStatuses are the values of a container's Status (section 2.10); the
// first row that holds decides. A container that has no state yet waits.
var containerStatuses = []struct {
	name  string
	holds func(corev1.ContainerStatus) bool
}{
	{"terminated", func(c corev1.ContainerStatus) bool { return c.State.Terminated != nil }},
	{"running", func(c corev1.ContainerStatus) bool { return c.State.Running != nil }},
	{"restart_fail", func(c corev1.ContainerStatus) bool { return restarted(c) && startFails(c) }},
	{"restart_process", restarted},
	{"waiting", func(corev1.ContainerStatus) bool { return true }},
}

func containerStatus(c corev1.ContainerStatus) string {
	for _, row := range containerStatuses {
		if row.holds(c) {
			return row.name
		}
	}
	return ""
}

// phases are the values of StatefulWorkloadStatus (section 2.7); the first that a
// pod has decides. Succeeded is so only of a workload whose pods all are.
var phases = []corev1.PodPhase{corev1.PodFailed, corev1.PodPending, corev1.PodRunning, corev1.PodSucceeded}

// phase sums the pods' phases up. Pending stands for phases that the document has
// no word for (Unknown, and none), and for no pod at all.
func phase(pods ...*corev1.Pod) string {
	seen := map[corev1.PodPhase]bool{}
	for _, p := range pods {
		if slices.Contains(phases, p.Status.Phase) {
			seen[p.Status.Phase] = true
		} else {
			seen[corev1.PodPending] = true
		}
	}
	for _, row := range phases {
		if seen[row] {
			return string(row)
		}
	}
	return string(corev1.PodPending)
}
