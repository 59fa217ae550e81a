package ncs

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestStatus: each case is decided by its row; without the row, another would.
func TestStatus(t *testing.T) {
	for want, cases := range map[string][]facts{
		"Creating":   {{desired: 3}, {desired: 1, updating: true}},
		"CreateFail": {{desired: 1, startFailed: true, failed: true}, {desired: 3, startFailed: true, failed: true, updating: true}},
		"Updating":   {{desired: 3, ready: 2, wasReady: true, updating: true}, {desired: 1, ready: 1, wasReady: true, updating: true}},
		"Abnormal": {
			{desired: 3, ready: 2, wasReady: true}, {desired: 1, wasReady: true},
			{desired: 3, ready: 3, wasReady: true, failed: true}, {desired: 1, failed: true},
		},
		"Running": {{desired: 3, ready: 3, wasReady: true}, {}, {desired: 0, ready: 2, wasReady: true}},
	} {
		for _, f := range cases {
			if got := f.status(); got != want {
				t.Errorf("%+v is %s, not %s", f, got, want)
			}
			for _, row := range statuses {
				if row.holds(f) {
					if row.name != want {
						t.Errorf("%+v: %s holds first", f, row.name)
					}
					break
				}
			}
		}
		if want != "Running" && !slices.ContainsFunc(cases, func(f facts) bool { return statusWithout(want, f) != want }) {
			t.Errorf("no case needs the row %s", want)
		}
	}
}

func statusWithout(name string, f facts) string {
	for _, row := range statuses {
		if row.name != name && row.holds(f) {
			return row.name
		}
	}
	return ""
}

var start = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func conditionAt(t corev1.PodConditionType, status corev1.ConditionStatus, after time.Duration) corev1.PodCondition {
	return corev1.PodCondition{Type: t, Status: status, LastTransitionTime: metav1.NewTime(start.Add(after))}
}

var (
	runs    = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	ended   = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	failed  = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	creates = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	crashes = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
)

func podWith(conditions []corev1.PodCondition, containers ...corev1.ContainerStatus) *corev1.Pod {
	return &corev1.Pod{Status: corev1.PodStatus{Conditions: conditions, ContainerStatuses: containers}}
}

func TestHasBeenReady(t *testing.T) {
	initialized := conditionAt(corev1.PodInitialized, corev1.ConditionTrue, 0)
	lost := []corev1.PodCondition{initialized, conditionAt(corev1.PodReady, corev1.ConditionFalse, time.Minute)}
	running, restarting := corev1.ContainerStatus{State: runs}, corev1.ContainerStatus{State: crashes, RestartCount: 3}
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"ready":                        {podWith([]corev1.PodCondition{conditionAt(corev1.PodReady, corev1.ConditionTrue, 0)}), true},
		"no condition":                 {podWith(nil, running), false},
		"ready is lost":                {podWith(lost, running), true},
		"lost by a crash":              {podWith(lost, restarting), true},
		"restarted, as lastState says": {podWith(lost, corev1.ContainerStatus{State: creates, LastTerminationState: ended}), true},
		"completed":                    {podWith(lost, corev1.ContainerStatus{State: ended}), true},
		"one container never ran":      {podWith(lost, running, corev1.ContainerStatus{State: creates}), false},
		"no container is known":        {podWith(lost), false},
		"not yet ready":                {podWith([]corev1.PodCondition{initialized, conditionAt(corev1.PodReady, corev1.ConditionFalse, 0)}, running), false},
		"within the same report":       {podWith([]corev1.PodCondition{initialized, conditionAt(corev1.PodReady, corev1.ConditionFalse, time.Second)}, running), false},
		"crashes from the start":       {podWith([]corev1.PodCondition{initialized, conditionAt(corev1.PodReady, corev1.ConditionFalse, 0)}, restarting), false},
		"initialized late": {podWith([]corev1.PodCondition{
			conditionAt(corev1.PodInitialized, corev1.ConditionTrue, time.Hour), conditionAt(corev1.PodReady, corev1.ConditionFalse, 0)}, running), false},
		"initialized unknown": {podWith(lost[1:], running), false},
	} {
		if got := hasBeenReady(c.pod); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFactsOf(t *testing.T) {
	for name, c := range map[string]struct {
		pod                 *corev1.Pod
		startFailed, failed bool
	}{
		"runs":                   {podWith(nil, corev1.ContainerStatus{State: runs, RestartCount: 9}), false, false},
		"is created":             {podWith(nil, corev1.ContainerStatus{State: creates}), false, false},
		"crashes":                {podWith(nil, corev1.ContainerStatus{State: crashes}), true, true},
		"ends in an error":       {podWith(nil, corev1.ContainerStatus{State: failed}), true, true},
		"ends well":              {podWith(nil, corev1.ContainerStatus{State: ended}), false, false},
		"an init container ends": {&corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{State: ended}}}}, false, false},
		"an init container fails": {&corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{State: crashes}}}},
			true, true},
		"evicted": {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed}}, false, true},
	} {
		f := factsOf([]*corev1.Pod{{}, c.pod}, 2, 0)
		if f.startFailed != c.startFailed || f.failed != c.failed || f.wasReady {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := factsOf(nil, 2, 1); !f.wasReady {
		t.Error("a ready replica is no sign of having been ready")
	}
}

func TestContainerStatus(t *testing.T) {
	for name, c := range map[string]struct {
		status corev1.ContainerStatus
		want   string
	}{
		"runs":                   {corev1.ContainerStatus{State: runs}, "running"},
		"runs again":             {corev1.ContainerStatus{State: runs, RestartCount: 2, LastTerminationState: failed}, "running"},
		"ended":                  {corev1.ContainerStatus{State: ended}, "terminated"},
		"failed after a restart": {corev1.ContainerStatus{State: failed, RestartCount: 1}, "terminated"},
		"is created":             {corev1.ContainerStatus{State: creates}, "waiting"},
		"no state":               {corev1.ContainerStatus{}, "waiting"},
		"fails at once":          {corev1.ContainerStatus{State: crashes}, "waiting"},
		"is created again":       {corev1.ContainerStatus{State: creates, RestartCount: 1}, "restart_process"},
		"between two runs":       {corev1.ContainerStatus{LastTerminationState: ended}, "restart_process"},
		"crashes":                {corev1.ContainerStatus{State: crashes, RestartCount: 4}, "restart_fail"},
		"crashed once":           {corev1.ContainerStatus{State: crashes, LastTerminationState: failed}, "restart_fail"},
	} {
		if got := containerStatus(c.status); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func TestPhase(t *testing.T) {
	for _, c := range []struct {
		pods []corev1.PodPhase
		want string
	}{
		{nil, "Pending"},
		{[]corev1.PodPhase{"Succeeded", "Succeeded"}, "Succeeded"},
		{[]corev1.PodPhase{"Succeeded", "Running"}, "Running"},
		{[]corev1.PodPhase{"Running", "Pending"}, "Pending"},
		{[]corev1.PodPhase{"Running", "Unknown"}, "Pending"},
		{[]corev1.PodPhase{"Running", ""}, "Pending"},
		{[]corev1.PodPhase{"Running", "Pending", "Failed"}, "Failed"},
	} {
		var pods []*corev1.Pod
		for _, p := range c.pods {
			pods = append(pods, &corev1.Pod{Status: corev1.PodStatus{Phase: p}})
		}
		if got := phase(pods...); got != c.want {
			t.Errorf("%q: %s, not %s", c.pods, got, c.want)
		}
	}
}
