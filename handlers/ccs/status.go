package ccs

import "slices"

// The statuses of services ("状态类型"), instances and containers ("实例以及容器的状态定义"), and clusters.
const (
	statusNormal      = "Normal"
	statusAbnormal    = "Abnormal"
	statusWaiting     = "Waiting"
	statusPaused      = "Paused"
	statusUpdating    = "Updating"
	statusRollingBack = "RollingBack"

	statusRunning     = "Running"
	statusTerminating = "Terminating"
	statusTerminated  = "Terminated"
	statusNotReady    = "NotReady"
)

// What else the seed has words for: how a service is reached (accessType, lbStatus), a
// namespace, and a node that is abnormal for no reason that it knows.
const (
	accessNone    = "None"
	accessCluster = "ClusterIP"
	accessInner   = "SvcLBTypeInner"

	lbNone     = "None"
	lbCreating = "Creating"
	lbRunning  = "Running"

	namespaceActive = "Active"
	reasonUnknown   = "Unknown"
)

// rule is one way to come by a status.
type rule[T any] struct {
	status, why string
	holds       func(T) bool
}

// first is the status of the first rule that holds, or else the last resort.
func first[T any](rules []rule[T], v T, otherwise string) string {
	for _, r := range rules {
		if r.holds(v) {
			return r.status
		}
	}
	return otherwise
}

// serviceRules are looked at in this order; a service that none is about is Normal. Not all
// instances are held against it: see counts.
var serviceRules = []rule[*service]{
	{statusRollingBack, "a rollback was asked for", func(s *service) bool { return s.rollout.rollingBack }},
	{statusPaused, "the rollout is paused", func(s *service) bool { return s.rollout.paused }},
	{statusUpdating, "the newest generation was not acted on", func(s *service) bool { return !s.rollout.stuck && s.rollout.unseen }},
	{statusUpdating, "replicas of an old revision", func(s *service) bool { return !s.rollout.stuck && s.rollout.updated < s.desired }},
	{statusUpdating, "more replicas than wanted", func(s *service) bool { return !s.rollout.stuck && s.rollout.total > s.desired }},
	{statusAbnormal, "a container ended with an error", func(s *service) bool {
		return slices.ContainsFunc(s.instances, func(i instance) bool { return i.failed && s.counts(&i) }) ||
			s.anyContainer(func(c *container) bool { return c.state == terminated && c.failed })
	}},
	{statusAbnormal, "a container can't start", func(s *service) bool {
		return s.anyContainer(func(c *container) bool { return phrases[c.reason].broken })
	}},
	{statusAbnormal, "the rollout does not progress", func(s *service) bool { return s.rollout.stuck }},
	{statusWaiting, "an instance waits", func(s *service) bool {
		return slices.ContainsFunc(s.instances, func(i instance) bool { return i.status() == statusWaiting })
	}},
	{statusWaiting, "fewer ready than wanted", func(s *service) bool { return s.current < s.desired }},
}

// instanceRules are looked at in this order; an instance that none is about is
// Running. A container is judged by the same ones, as if it were the only one of its instance.
var instanceRules = []rule[*instance]{
	{statusTerminating, "it is being deleted", func(i *instance) bool { return i.leaving }},
	{statusWaiting, "a container waits", func(i *instance) bool { return i.has(waiting) }},
	{statusWaiting, "it is pending", func(i *instance) bool { return i.pending }},
	{statusTerminated, "a container ended", func(i *instance) bool { return i.has(terminated) }},
	{statusTerminated, "it is over", func(i *instance) bool { return i.over }},
	{statusNotReady, "a running container is not ready", func(i *instance) bool {
		return slices.ContainsFunc(i.containers, func(c container) bool { return c.state == running && !c.ready })
	}},
}

func (s *service) status() string {
	if s.stated != "" {
		return s.stated
	}
	return first(serviceRules, s, statusNormal)
}

func (i *instance) status() string { return first(instanceRules, i, statusRunning) }

// statusOf is the status of one of its containers.
func (i *instance) statusOf(c container) string {
	alone := *i
	alone.containers = []container{c}
	return alone.status()
}

func (i *instance) has(s state) bool {
	return slices.ContainsFunc(i.containers, func(c container) bool { return c.state == s })
}

// counts says whether the instance is held against the service: not one that is leaving, for another was
// started in its place; and one that is over only while replicas are missing, for evicted ones stay
// beside a service that is well.
func (s *service) counts(i *instance) bool {
	return !i.leaving && (!i.over || s.current < s.desired)
}

func (s *service) anyContainer(holds func(*container) bool) bool {
	for i := range s.instances {
		if !s.counts(&s.instances[i]) {
			continue
		}
		for k := range s.instances[i].containers {
			if holds(&s.instances[i].containers[k]) {
				return true
			}
		}
	}
	return false
}

// unhealthy is the reason of a running container that is not ready: Kubernetes says it
// in an event ("Unhealthy") and not in the container's state.
const unhealthy = "Unhealthy"

// phrases are the vendor's words for the reasons of Kubernetes; a reason without
// any stands for itself. broken: a container with it makes its service Abnormal.
var phrases = map[string]struct {
	text   string
	broken bool
}{
	"ImagePullBackOff":           {text: "下载镜像失败"},
	"ErrImagePull":               {text: "下载镜像失败"},
	"InvalidImageName":           {text: "下载镜像失败"},
	"CrashLoopBackOff":           {text: "容器进程崩溃", broken: true},
	"ContainerCreating":          {text: "容器创建中"},
	"PodInitializing":            {text: "容器创建中"},
	"OOMKilled":                  {text: "内存不足被终止"},
	"CreateContainerConfigError": {text: "容器启动失败", broken: true},
	"CreateContainerError":       {text: "容器启动失败", broken: true},
	"RunContainerError":          {text: "容器启动失败", broken: true},
	"Unschedulable":              {text: "资源不足,无法调度"},
	unhealthy:                    {text: "健康检查失败"},
}

// phrase is the vendor's word for a reason.
func phrase(reason string) string {
	if p, ok := phrases[reason]; ok {
		return p.text
	}
	return reason
}

// reasonOf is why the container of the instance has the status: "" for one that runs, or is asked to leave.
func (i *instance) reasonOf(c container) string {
	switch i.statusOf(c) {
	case statusRunning, statusTerminating:
		return ""
	}
	switch {
	case c.reason != "":
		return c.reason
	case c.state == running && !c.ready:
		return unhealthy
	}
	return i.reason
}

// why is the reason of the instance's status: that of the first container which
// has the same, or else its own.
func (i *instance) why() string {
	status := i.status()
	if status == statusRunning || status == statusTerminating {
		return ""
	}
	for _, c := range i.containers {
		if reason := i.reasonOf(c); reason != "" && i.statusOf(c) == status {
			return reason
		}
	}
	return i.reason
}

// reasons are those of all containers of the service.
func (s *service) reasons() []string {
	var all []string
	for i := range s.instances {
		for _, c := range s.instances[i].containers {
			if reason := s.instances[i].reasonOf(c); reason != "" {
				all = append(all, reason)
			}
		}
	}
	return all
}
