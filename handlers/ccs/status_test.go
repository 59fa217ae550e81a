package ccs

import (
	"slices"
	"testing"
)

// on is an instance with containers.
func on(i instance, containers ...container) instance {
	i.containers = containers
	return i
}

// up is a container as it should be.
func up() container { return container{name: "c", state: running, ready: true} }

// serviceCases: each is a service about which one rule alone holds.
var serviceCases = []struct {
	why string // the rule; "" is none
	s   service
}{
	{"", service{}},
	{"", service{desired: 2, current: 2, rollout: rollout{updated: 2, total: 2}, instances: []instance{on(instance{}, up()), on(instance{}, up())}}},
	{"", service{desired: 1, current: 2, rollout: rollout{updated: 1, total: 1}}},
	{"a rollback was asked for", service{rollout: rollout{rollingBack: true}}},
	{"the rollout is paused", service{rollout: rollout{paused: true}}},
	{"the newest generation was not acted on", service{rollout: rollout{unseen: true}}},
	{"replicas of an old revision", service{desired: 2, current: 2, rollout: rollout{updated: 1, total: 2}}},
	{"more replicas than wanted", service{desired: 2, current: 2, rollout: rollout{updated: 2, total: 3}}},
	{"a container ended with an error", service{instances: []instance{on(instance{}, up(), container{state: terminated, failed: true})}}},
	{"", service{instances: []instance{on(instance{}, up(), container{state: terminated})}}},
	{"a container ended with an error", service{instances: []instance{{failed: true}}}},
	{"", service{instances: []instance{on(instance{over: true, failed: true}, container{state: terminated, failed: true})}}},
	{"", service{instances: []instance{on(instance{leaving: true}, container{state: terminated, failed: true})}}},
	// A container that a rule about its reason alone finds: one that waits would be found by two.
	{"a container can't start", service{instances: []instance{on(instance{}, container{state: terminated, reason: "CrashLoopBackOff"})}}},
	{"a container can't start", service{instances: []instance{on(instance{}, container{state: terminated, reason: "CreateContainerConfigError"})}}},
	{"a container can't start", service{instances: []instance{on(instance{}, container{state: terminated, reason: "CreateContainerError"})}}},
	{"a container can't start", service{instances: []instance{on(instance{}, container{state: terminated, reason: "RunContainerError"})}}},
	{"", service{instances: []instance{on(instance{leaving: true}, container{state: waiting, reason: "CrashLoopBackOff"})}}},
	{"", service{instances: []instance{on(instance{}, container{state: terminated, reason: "OOMKilled"})}}},
	{"the rollout does not progress", service{rollout: rollout{stuck: true}}},
	{"the rollout does not progress", service{desired: 2, current: 2, rollout: rollout{stuck: true, unseen: true, updated: 1, total: 3}}},
	{"an instance waits", service{instances: []instance{on(instance{pending: true})}}},
	{"an instance waits", service{instances: []instance{on(instance{}, container{state: waiting, reason: "ImagePullBackOff"})}}},
	{"", service{instances: []instance{on(instance{leaving: true}, container{state: waiting})}}},
	{"fewer ready than wanted", service{desired: 2, current: 1, rollout: rollout{updated: 2, total: 2}}},
	{"", service{instances: []instance{on(instance{}, container{state: running})}}},
}

func TestServiceRules(t *testing.T) {
	for _, c := range serviceCases {
		only(t, serviceRules, &c.s, c.why, c.s.status(), statusNormal)
	}
	covered(t, serviceRules, func(yield func(string)) {
		for _, c := range serviceCases {
			yield(c.why)
		}
	})
}

// instanceCases: each is an instance about which one rule alone holds.
var instanceCases = []struct {
	why string
	i   instance
}{
	{"", instance{}},
	{"", on(instance{}, up(), up())},
	{"", on(instance{}, container{})},
	{"it is being deleted", on(instance{leaving: true}, up())},
	{"a container waits", on(instance{}, up(), container{state: waiting})},
	{"it is pending", instance{pending: true}},
	{"a container ended", on(instance{}, up(), container{state: terminated})},
	{"it is over", instance{over: true}},
	{"a running container is not ready", on(instance{}, up(), container{state: running})},
}

func TestInstanceRules(t *testing.T) {
	for _, c := range instanceCases {
		only(t, instanceRules, &c.i, c.why, c.i.status(), statusRunning)
	}
	covered(t, instanceRules, func(yield func(string)) {
		for _, c := range instanceCases {
			yield(c.why)
		}
	})
}

// only fails unless the rule why, and no other, holds for v and makes its status.
func only[T any](t *testing.T, rules []rule[T], v T, why, status, otherwise string) {
	t.Helper()
	var holding []string
	for _, r := range rules {
		if r.holds(v) {
			holding = append(holding, r.why)
			otherwise = r.status
		}
	}
	if want := []string{why}; why != "" && !slices.Equal(holding, want) || why == "" && holding != nil {
		t.Errorf("%+v: %q hold, not %q", v, holding, why)
	}
	if status != otherwise {
		t.Errorf("%+v: status %s", v, status)
	}
}

// covered fails for a rule that no case names.
func covered[T any](t *testing.T, rules []rule[T], cases func(func(string))) {
	t.Helper()
	seen := map[string]bool{}
	cases(func(why string) { seen[why] = true })
	for _, r := range rules {
		if !seen[r.why] {
			t.Errorf("no case for %q (%s)", r.why, r.status)
		}
		delete(seen, r.why)
	}
	if delete(seen, ""); len(seen) > 0 {
		t.Errorf("cases for rules that there are not: %v", seen)
	}
}

// TestRulesAreOrdered: of two that hold the earlier one decides, for each neighbouring pair of statuses.
func TestRulesAreOrdered(t *testing.T) {
	crash := []instance{on(instance{}, container{state: waiting, reason: "CrashLoopBackOff"})}
	for want, s := range map[string]service{
		statusRollingBack: {rollout: rollout{rollingBack: true, paused: true}},
		statusPaused:      {rollout: rollout{paused: true, unseen: true}},
		statusUpdating:    {rollout: rollout{unseen: true}, instances: crash},
		statusAbnormal:    {instances: crash},
		statusWaiting:     {stated: statusWaiting, rollout: rollout{paused: true}}, // what a scheduler says goes
	} {
		if got := s.status(); got != want {
			t.Errorf("%+v: %s, not %s", s, got, want)
		}
	}
	for want, i := range map[string]instance{
		statusTerminating: on(instance{leaving: true}, container{state: waiting}),
		statusWaiting:     on(instance{}, container{state: terminated}, container{state: waiting}),
		statusTerminated:  on(instance{}, container{state: running}, container{state: terminated}),
		statusNotReady:    on(instance{}, up(), container{state: running}),
	} {
		if got := i.status(); got != want {
			t.Errorf("%+v: %s, not %s", i, got, want)
		}
	}
}

func TestReasons(t *testing.T) {
	for reason, want := range map[string]string{
		"ImagePullBackOff": "下载镜像失败", "ErrImagePull": "下载镜像失败", "InvalidImageName": "下载镜像失败", "CrashLoopBackOff": "容器进程崩溃",
		"ContainerCreating": "容器创建中", "PodInitializing": "容器创建中", "OOMKilled": "内存不足被终止", "CreateContainerConfigError": "容器启动失败",
		"CreateContainerError": "容器启动失败", "RunContainerError": "容器启动失败", "Unschedulable": "资源不足,无法调度", "Evicted": "Evicted", "": "",
	} {
		if got := phrase(reason); got != want {
			t.Errorf("%s: %s, not %s", reason, got, want)
		}
	}
	for _, c := range []struct {
		i    instance
		why  string
		each []string // of its containers
	}{
		{on(instance{reason: "no matter"}, up()), "", []string{""}},
		{on(instance{leaving: true, reason: "no matter"}, container{state: waiting, reason: "x"}), "", []string{""}},
		{on(instance{}, up(), container{state: running}), unhealthy, []string{"", unhealthy}},
		{on(instance{}, container{state: terminated, reason: "Completed"}, container{state: waiting, reason: "x"}), "x", []string{"Completed", "x"}},
		{on(instance{}, container{state: waiting}, container{state: waiting, reason: "x"}), "x", []string{"", "x"}},
		{on(instance{pending: true, reason: "Unschedulable"}, container{state: waiting}), "Unschedulable", []string{"Unschedulable"}},
		{on(instance{over: true, reason: "Evicted"}, container{}), "Evicted", []string{"Evicted"}},
		{instance{over: true, reason: "Evicted"}, "Evicted", nil},
	} {
		if got := c.i.why(); got != c.why {
			t.Errorf("%+v: %q, not %q", c.i, got, c.why)
		}
		for n, ct := range c.i.containers {
			if got := c.i.reasonOf(ct); got != c.each[n] {
				t.Errorf("%+v, container %d: %q, not %q", c.i, n, got, c.each[n])
			}
		}
	}
	for want, all := range map[string][]string{"": {"", ""}, "a": {"", "b", "a"}, "b": {"a", "b", "b", ""}} {
		if got := mostFrequent(all); got != want {
			t.Errorf("%q: %q, not %q", all, got, want)
		}
	}
}

// TestEntry: the one of the same name or else the first by name, in whatever order they come.
func TestEntry(t *testing.T) {
	selects := func(s *string) (string, bool) { return *s, *s != "not" }
	for want, names := range map[string][]string{"web": {"b", "web", "a", "z"}, "a": {"b", "not", "a", "z"}, "": {"not"}} {
		doors := make([]*string, len(names))
		for i := range names {
			doors[i] = &names[i]
		}
		got := ""
		if d := entry(doors, "web", selects); d != nil {
			got = *d
		}
		if got != want {
			t.Errorf("%q: %q, not %q", names, got, want)
		}
	}
}
