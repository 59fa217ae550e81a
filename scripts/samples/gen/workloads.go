package main

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const registry = "registry.example.com"

// app is a program: what its pods have in common whichever workload runs them.
type app struct {
	namespace, name string
	part, component string
	image           string // without its version
	port            int32
	probe           string // path of its HTTP probes; "" means a TCP probe
	args            []string
	cpu, memory     string
	config, secret  bool // mounts the ConfigMap, reads the Secret, of its own name
	proxy           bool // has a sidecar
	account         string
	hostNetwork     bool
	everywhere      bool // tolerates every taint
}

func (a app) selector() map[string]string {
	return map[string]string{"app.kubernetes.io/name": a.name, "app.kubernetes.io/instance": a.namespace + "-" + a.name}
}

func (a app) labels(version string) map[string]string {
	labels := a.selector()
	labels["app"] = a.name
	labels["app.kubernetes.io/component"] = a.component
	labels["app.kubernetes.io/part-of"] = a.part
	labels["app.kubernetes.io/version"] = version
	return labels
}

func (a app) template(version string) corev1.PodTemplateSpec {
	labels := a.labels(version)
	delete(labels, "app.kubernetes.io/part-of")
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}}
	t.Annotations = map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": strconv.Itoa(int(a.port))}
	t.Spec = corev1.PodSpec{
		Containers:                    []corev1.Container{a.container(version)},
		RestartPolicy:                 corev1.RestartPolicyAlways,
		DNSPolicy:                     corev1.DNSClusterFirst,
		SchedulerName:                 corev1.DefaultSchedulerName,
		SecurityContext:               &corev1.PodSecurityContext{},
		TerminationGracePeriodSeconds: new(int64(30)),
		ServiceAccountName:            a.account,
		DeprecatedServiceAccount:      a.account,
		HostNetwork:                   a.hostNetwork,
	}
	if a.hostNetwork {
		t.Spec.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	}
	if a.everywhere {
		t.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	}
	if a.config {
		t.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: a.name + "-config"}, DefaultMode: new(int32(420)),
		}}}}
	}
	if a.proxy {
		t.Spec.Containers = append(t.Spec.Containers, sidecar())
	}
	return t
}

func (a app) container(version string) corev1.Container {
	c := container(a.name, a.image+":"+version, a.cpu, a.memory)
	c.Args = a.args
	if a.part != "cluster" {
		c.Env = []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}}
	}
	if a.secret {
		c.Env = append(c.Env, corev1.EnvVar{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: a.name + "-secret"}, Key: "password",
		}}})
	}
	if a.config {
		c.VolumeMounts = []corev1.VolumeMount{{Name: "config", ReadOnly: true, MountPath: "/etc/" + a.name}}
	}
	if a.port != 0 {
		c.Ports = []corev1.ContainerPort{{Name: "main", ContainerPort: a.port, Protocol: corev1.ProtocolTCP}}
		c.ReadinessProbe = a.check(5)
		if a.namespace == "payments" || a.namespace == "data" {
			c.LivenessProbe = a.check(10)
		}
	}
	return c
}

func (a app) check(period int32) *corev1.Probe {
	p := &corev1.Probe{PeriodSeconds: period, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 3, InitialDelaySeconds: 5}
	if a.probe == "" {
		p.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromString("main")}
	} else {
		p.HTTPGet = &corev1.HTTPGetAction{Path: a.probe, Port: intstr.FromString("main"), Scheme: corev1.URISchemeHTTP}
	}
	return p
}

func container(name, image, cpu, memory string) corev1.Container {
	limits := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
	requests := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	return corev1.Container{
		Name: name, Image: image,
		ImagePullPolicy:          corev1.PullIfNotPresent,
		Resources:                corev1.ResourceRequirements{Limits: limits, Requests: requests},
		TerminationMessagePath:   corev1.TerminationMessagePathDefault,
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
}

func sidecar() corev1.Container {
	c := container("proxy", registry+"/mesh/envoy:1.32.1", "50m", "64Mi")
	c.Ports = []corev1.ContainerPort{{Name: "admin", ContainerPort: 15000, Protocol: corev1.ProtocolTCP}}
	return c
}

// revision is one generation of a deployment: what it should have and what there is.
type revision struct {
	version string
	age     time.Duration
	desired int32
	pods    []state
}

type deployment struct {
	app
	age         time.Duration
	replicas    int32
	revisions   []revision // oldest first; the last one is what is wanted
	recreate    bool
	paused      bool
	stalled     bool // has not progressed in time
	annotations map[string]string
}

func times(n int, s state) []state {
	all := make([]state, n)
	for i := range all {
		all[i] = s
	}
	return all
}

func (c *cluster) addDeployment(d deployment) {
	o := &appsv1.Deployment{ObjectMeta: meta(d.namespace, d.name, ago(d.age), d.labels(d.revisions[len(d.revisions)-1].version))}
	o.Generation = int64(len(d.revisions) + 2)
	o.Annotations = map[string]string{"deployment.kubernetes.io/revision": strconv.Itoa(len(d.revisions))}
	maps.Copy(o.Annotations, d.annotations)
	last := d.revisions[len(d.revisions)-1]
	o.Spec = appsv1.DeploymentSpec{
		Replicas:                &d.replicas,
		Selector:                &metav1.LabelSelector{MatchLabels: d.selector()},
		Template:                d.template(last.version),
		Strategy:                d.strategy(),
		RevisionHistoryLimit:    new(int32(10)),
		ProgressDeadlineSeconds: new(int32(600)),
		Paused:                  d.paused,
	}
	c.add("apps/v1", "Deployment", o)
	for i, r := range d.revisions {
		rs := c.addReplicaSet(d, i+1, r)
		o.Status.Replicas += rs.Status.Replicas
		o.Status.ReadyReplicas += rs.Status.ReadyReplicas
		o.Status.AvailableReplicas += rs.Status.AvailableReplicas
		o.Status.UpdatedReplicas = rs.Status.Replicas
	}
	o.Status.ObservedGeneration = o.Generation
	o.Status.UnavailableReplicas = max(o.Status.Replicas, d.replicas) - o.Status.AvailableReplicas
	o.Status.Conditions = d.conditions(&o.Status, last)
}

func (d deployment) strategy() appsv1.DeploymentStrategy {
	if d.recreate {
		return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	}
	quarter := intstr.FromString("25%")
	return appsv1.DeploymentStrategy{
		Type:          appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &quarter, MaxUnavailable: &quarter},
	}
}

func (d deployment) conditions(s *appsv1.DeploymentStatus, last revision) []appsv1.DeploymentCondition {
	available := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable",
		Message: "Deployment has minimum availability.", LastUpdateTime: ago(d.age - time.Minute), LastTransitionTime: ago(d.age - time.Minute),
	}
	if s.AvailableReplicas < d.replicas-d.replicas/4 {
		available.Status, available.Reason = corev1.ConditionFalse, "MinimumReplicasUnavailable"
		available.Message = "Deployment does not have minimum availability."
	}
	name := d.name + "-" + d.hash(last.version)
	progressing := appsv1.DeploymentCondition{
		Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable",
		Message:        fmt.Sprintf("ReplicaSet %q has successfully progressed.", name),
		LastUpdateTime: ago(last.age - time.Minute), LastTransitionTime: ago(d.age),
	}
	switch {
	case d.stalled:
		progressing.Status, progressing.Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
		progressing.Message = fmt.Sprintf("ReplicaSet %q has timed out progressing.", name)
	case d.paused:
		progressing.Status, progressing.Reason, progressing.Message = corev1.ConditionUnknown, "DeploymentPaused", "Deployment is paused"
	case s.UpdatedReplicas < d.replicas || s.AvailableReplicas < d.replicas:
		progressing.Reason, progressing.Message = "ReplicaSetUpdated", fmt.Sprintf("ReplicaSet %q is progressing.", name)
	}
	return []appsv1.DeploymentCondition{available, progressing}
}

func (d deployment) hash(version string) string { return suffix(d.namespace+d.name+version, 10) }

func (c *cluster) addReplicaSet(d deployment, number int, r revision) *appsv1.ReplicaSet {
	hash := d.hash(r.version)
	template := d.template(r.version)
	template.Labels["pod-template-hash"] = hash
	rs := &appsv1.ReplicaSet{ObjectMeta: meta(d.namespace, d.name+"-"+hash, ago(r.age), template.Labels)}
	rs.Generation = int64(number)
	rs.OwnerReferences = owner("apps/v1", "Deployment", d.namespace, d.name)
	rs.Annotations = map[string]string{
		"deployment.kubernetes.io/desired-replicas": strconv.Itoa(int(d.replicas)),
		"deployment.kubernetes.io/max-replicas":     strconv.Itoa(int(d.replicas + (d.replicas+3)/4)),
		"deployment.kubernetes.io/revision":         strconv.Itoa(number),
	}
	selector := d.selector()
	selector["pod-template-hash"] = hash
	rs.Spec = appsv1.ReplicaSetSpec{
		Replicas: &r.desired, Template: template, Selector: &metav1.LabelSelector{MatchLabels: selector},
	}
	c.add("apps/v1", "ReplicaSet", rs)
	rs.Status.ObservedGeneration = rs.Generation
	for i, s := range r.pods {
		name := rs.Name + "-" + suffix(fmt.Sprint(rs.Name, i), 5)
		c.addPod(podSpec{
			namespace: d.namespace, name: name, prefix: rs.Name + "-", labels: template.Labels, annotations: template.Annotations,
			owner: owner("apps/v1", "ReplicaSet", d.namespace, rs.Name), spec: template.Spec, state: s,
			created: ago(max(r.age-time.Duration(i)*7*time.Minute, time.Minute)),
		})
		if s != evicted && s != failed && s != terminating {
			rs.Status.Replicas++
			rs.Status.FullyLabeledReplicas++
		}
		if s == running || s == restarted {
			rs.Status.ReadyReplicas++
			rs.Status.AvailableReplicas++
		}
	}
	return rs
}

type statefulSet struct {
	app
	version  string
	old      string // version that some pods still have; "" means none
	updated  int    // pods that have the new version already, counted from the highest
	age      time.Duration
	pods     []state
	policy   appsv1.PodManagementPolicyType
	strategy appsv1.StatefulSetUpdateStrategyType
	storage  string
}

func (c *cluster) addStatefulSet(s statefulSet) {
	o := &appsv1.StatefulSet{ObjectMeta: meta(s.namespace, s.name, ago(s.age), s.labels(s.version))}
	o.Generation = 2
	n := int32(len(s.pods))
	o.Spec = appsv1.StatefulSetSpec{
		Replicas: &n, Selector: &metav1.LabelSelector{MatchLabels: s.selector()}, Template: s.template(s.version),
		ServiceName: s.name, PodManagementPolicy: s.policy, RevisionHistoryLimit: new(int32(10)),
		UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: s.strategy},
		PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		},
	}
	if s.strategy == appsv1.RollingUpdateStatefulSetStrategyType {
		o.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(0))}
	}
	o.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: o.Generation, Replicas: n, CollisionCount: new(int32(0)),
		CurrentRevision: s.revision(s.version), UpdateRevision: s.revision(s.version),
	}
	if s.old != "" {
		o.Status.CurrentRevision = s.revision(s.old)
		o.Status.CurrentReplicas, o.Status.UpdatedReplicas = n-int32(s.updated), int32(s.updated)
	} else {
		o.Status.CurrentReplicas, o.Status.UpdatedReplicas = n, n
	}
	c.add("apps/v1", "StatefulSet", o)
	for i, state := range s.pods {
		c.addStatefulPod(s, i, state)
		if state == running || state == restarted {
			o.Status.ReadyReplicas++
			o.Status.AvailableReplicas++
		}
	}
}

func (s statefulSet) revision(version string) string {
	return s.name + "-" + suffix(s.name+version, 10)
}

func (c *cluster) addStatefulPod(s statefulSet, i int, state state) {
	version, age := s.version, s.age-time.Duration(i)*4*time.Minute
	if s.old != "" && i < len(s.pods)-s.updated {
		version = s.old
	} else if s.old != "" {
		age = time.Duration(i+1) * 3 * time.Minute
	}
	template := s.template(version)
	name := fmt.Sprintf("%s-%d", s.name, i)
	template.Labels["apps.kubernetes.io/pod-index"] = strconv.Itoa(i)
	template.Labels["controller-revision-hash"] = s.revision(version)
	template.Labels["statefulset.kubernetes.io/pod-name"] = name
	template.Spec.Hostname, template.Spec.Subdomain = name, s.name
	template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-" + name},
	}})
	first := &template.Spec.Containers[0]
	first.VolumeMounts = append(first.VolumeMounts, corev1.VolumeMount{Name: "data", MountPath: "/var/lib/" + s.name})
	c.addClaim(s, name)
	c.addPod(podSpec{
		namespace: s.namespace, name: name, prefix: s.name + "-", labels: template.Labels, annotations: template.Annotations,
		owner: owner("apps/v1", "StatefulSet", s.namespace, s.name), spec: template.Spec, state: state, created: ago(age),
	})
}

func (c *cluster) addClaim(s statefulSet, pod string) {
	o := &corev1.PersistentVolumeClaim{ObjectMeta: meta(s.namespace, "data-"+pod, ago(s.age), s.selector())}
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(s.storage)}
	o.Spec = corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Resources: corev1.VolumeResourceRequirements{Requests: size},
		VolumeName: "pvc-" + string(uid("Volume", s.namespace, pod)), StorageClassName: new("cbs"), VolumeMode: new(corev1.PersistentVolumeFilesystem),
	}
	o.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, AccessModes: o.Spec.AccessModes, Capacity: size}
	c.add("v1", "PersistentVolumeClaim", o)
}

type daemonSet struct {
	app
	version  string
	age      time.Duration
	strategy appsv1.DaemonSetUpdateStrategyType
	bad      map[string]state // by node
}

func (c *cluster) addDaemonSet(d daemonSet) {
	o := &appsv1.DaemonSet{ObjectMeta: meta(d.namespace, d.name, ago(d.age), d.labels(d.version))}
	o.Generation = 3
	o.Annotations = map[string]string{"deprecated.daemonset.template.generation": "3"}
	o.Spec = appsv1.DaemonSetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: d.selector()}, Template: d.template(d.version),
		UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: d.strategy}, RevisionHistoryLimit: new(int32(10)),
	}
	if d.strategy == appsv1.RollingUpdateDaemonSetStrategyType {
		one, none := intstr.FromInt32(1), intstr.FromInt32(0)
		o.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one, MaxSurge: &none}
	}
	c.add("apps/v1", "DaemonSet", o)
	n := int32(len(c.nodes))
	o.Status = appsv1.DaemonSetStatus{
		CurrentNumberScheduled: n, DesiredNumberScheduled: n, UpdatedNumberScheduled: n, ObservedGeneration: o.Generation,
	}
	for _, node := range c.nodes {
		state := d.bad[node.name]
		if !node.ready {
			state = disconnected
		}
		c.addDaemonPod(d, node, state)
		if state == running {
			o.Status.NumberReady++
			o.Status.NumberAvailable++
		}
	}
	o.Status.NumberUnavailable = n - o.Status.NumberAvailable
}

func (c *cluster) addDaemonPod(d daemonSet, n *node, s state) {
	template := d.template(d.version)
	template.Labels["controller-revision-hash"] = suffix(d.name+d.version, 10)
	template.Labels["pod-template-generation"] = "3"
	c.addPod(podSpec{
		namespace: d.namespace, name: d.name + "-" + suffix(d.name+n.name, 5), prefix: d.name + "-", labels: template.Labels,
		annotations: template.Annotations, owner: owner("apps/v1", "DaemonSet", d.namespace, d.name), spec: template.Spec,
		state: s, created: ago(d.age - time.Duration(n.number)*time.Hour), node: n,
	})
}

type job struct {
	app
	version  string
	cron     string // the CronJob that made it; "" means none
	age      time.Duration
	pods     []state
	deadline *int64
}

func (c *cluster) addJob(j job) {
	o := &batchv1.Job{ObjectMeta: meta(j.namespace, j.name, ago(j.age), j.labels(j.version))}
	o.Generation = 1
	if j.cron != "" {
		o.OwnerReferences = owner("batch/v1", "CronJob", j.namespace, j.cron)
	}
	id := string(uid("Job", j.namespace, j.name))
	template := j.template(j.version)
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	maps.Copy(template.Labels, map[string]string{
		"batch.kubernetes.io/controller-uid": id, "batch.kubernetes.io/job-name": j.name, "controller-uid": id, "job-name": j.name,
	})
	o.Spec = batchv1.JobSpec{
		Parallelism: new(int32(1)), Completions: new(int32(1)), BackoffLimit: new(int32(3)), Suspend: new(false),
		CompletionMode: new(batchv1.NonIndexedCompletion), ActiveDeadlineSeconds: j.deadline, Template: template,
		ManualSelector: nil, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"batch.kubernetes.io/controller-uid": id}},
	}
	c.add("batch/v1", "Job", o)
	for i, s := range j.pods {
		c.addPod(podSpec{
			namespace: j.namespace, name: j.name + "-" + suffix(fmt.Sprint(j.name, i), 5), prefix: j.name + "-", labels: template.Labels,
			owner: owner("batch/v1", "Job", j.namespace, j.name), spec: template.Spec, state: s,
			created: ago(j.age - time.Duration(i)*time.Minute),
		})
	}
	o.Status = j.status()
}

func (j job) status() batchv1.JobStatus {
	s := batchv1.JobStatus{StartTime: new(ago(j.age)), Ready: new(int32(0))}
	for _, p := range j.pods {
		switch p {
		case completed:
			s.Succeeded++
			s.CompletionTime = new(ago(j.age - 5*time.Minute))
			s.Conditions = append(s.Conditions, j.condition(batchv1.JobComplete, "CompletionsReached", "Reached expected number of succeeded pods"))
		case failed:
			s.Failed++
		default:
			s.Active++
			if ready(p) {
				*s.Ready++
			}
		}
	}
	if s.Failed > 3 {
		s.Conditions = append(s.Conditions, j.condition(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit"))
	}
	return s
}

func (j job) condition(t batchv1.JobConditionType, reason, message string) batchv1.JobCondition {
	at := ago(j.age - 5*time.Minute)
	return batchv1.JobCondition{Type: t, Status: corev1.ConditionTrue, LastProbeTime: at, LastTransitionTime: at, Reason: reason, Message: message}
}

// addCronJob adds the schedule; its jobs are added on their own.
func (c *cluster) addCronJob(a app, version, schedule string, age time.Duration) {
	o := &batchv1.CronJob{ObjectMeta: meta(a.namespace, a.name, ago(age), a.labels(version))}
	o.Generation = 1
	template := a.template(version)
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	o.Spec = batchv1.CronJobSpec{
		Schedule: schedule, ConcurrencyPolicy: batchv1.ForbidConcurrent, Suspend: new(false),
		SuccessfulJobsHistoryLimit: new(int32(3)), FailedJobsHistoryLimit: new(int32(1)),
		JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{BackoffLimit: new(int32(3)), Template: template}},
	}
	o.Status.LastScheduleTime = new(ago(16 * time.Hour))
	o.Status.LastSuccessfulTime = new(ago(16*time.Hour - 5*time.Minute))
	c.add("batch/v1", "CronJob", o)
}
