package ncs

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"bcs-storage/handlers/cluster"
)

// infoAnswer is sections 2.7 and 2.9, whose tables and samples add up.
type infoAnswer struct {
	summary
	common
	// SysCmds are the pod's sysctls, as name=value.
	SysCmds            []string    `json:"SysCmds"`
	ImagePullSecretIDs []int64     `json:"ImagePullSecretIds"`
	Containers         []container `json:"Containers"`
	RequestID          string      `json:"RequestId"`
}

type container struct {
	Name                 string               `json:"Name"`
	Image                string               `json:"Image"`
	LogDirs              []string             `json:"LogDirs"`
	Args                 []string             `json:"Args"`
	Command              []string             `json:"Command"`
	Envs                 []env                `json:"Envs"`
	ResourceRequirements resourceRequirements `json:"ResourceRequirements"`
	DataDisks            []dataDisk           `json:"DataDisks"`
	SSHKeyIDs            []int64              `json:"SshKeyIds"`
	SecurityContext      securityContext      `json:"SecurityContext"`
	LivenessProbe        *probe               `json:"LivenessProbe"`
	ReadinessProbe       *probe               `json:"ReadinessProbe"`
	Volumes              []volume             `json:"Volumes"`
}

// env is an environment variable. Type, SecretId and Key are those of one that
// comes from a secret and absent else (section 2.7); a value that comes from
// somewhere else still is "".
type env struct {
	Name     string `json:"Name"`
	Value    string `json:"Value"`
	Type     string `json:"Type,omitempty"`
	SecretID int64  `json:"SecretId,omitzero"`
	Key      string `json:"Key,omitempty"`
}

type resourceRequirements struct {
	Limits   amounts `json:"Limits"`
	Requests amounts `json:"Requests"`
}

// amounts are thousandths of a core, MiB and whole GPUs, rounded up; "0" is none asked for.
type amounts struct {
	CPU    string `json:"Cpu"`
	Memory string `json:"Memory"`
	GPU    string `json:"Gpu"`
}

// dataDisk is a mount of a persistent volume claim. Of one that is made from a
// template DiskType is the storage class and DiskSize the GiB asked for.
type dataDisk struct {
	DiskType  string `json:"DiskType"`
	DiskName  string `json:"DiskName"`
	DiskID    string `json:"DiskId"`
	DiskUUID  string `json:"DiskUuid"`
	MountPath string `json:"MountPath"`
	DiskSize  int64  `json:"DiskSize"`
}

type securityContext struct {
	Privilege    bool     `json:"Privilege"`
	Capabilities []string `json:"Capabilities"`
}

type probe struct {
	Exec           *exec `json:"Exec"`
	PeriodSeconds  int32 `json:"PeriodSeconds"`
	TimeoutSeconds int32 `json:"TimeoutSeconds"`
}

type exec struct {
	Command []string `json:"Command"`
}

// volume is all mounts of one type in a container.
type volume struct {
	VolumeType string        `json:"VolumeType"`
	Emptydirs  []emptydir    `json:"Emptydirs,omitempty"`
	Secrets    []secretMount `json:"Secrets,omitempty"`
}

type emptydir struct {
	Medium    string `json:"Medium"`
	MountPath string `json:"MountPath"`
	Mode      string `json:"Mode"`
	Name      string `json:"Name"`
}

type secretMount struct {
	SecretID  int64  `json:"SecretId"`
	MountPath string `json:"MountPath"`
	Mode      string `json:"Mode"`
}

// info is DescribeStatefulWorkloadInfo (section 2.9): all of one workload.
func info(s *state, c *Call) (any, error) {
	w, err := s.find(c)
	if err != nil {
		return nil, err
	}
	answer := infoAnswer{
		summary:            s.summary(w),
		common:             s.common(w),
		SysCmds:            []string{},
		ImagePullSecretIDs: []int64{},
		Containers:         []container{},
		RequestID:          s.requestID,
	}
	if w.spec.SecurityContext != nil {
		for _, sysctl := range w.spec.SecurityContext.Sysctls {
			answer.SysCmds = append(answer.SysCmds, sysctl.Name+"="+sysctl.Value)
		}
	}
	for _, secret := range w.spec.ImagePullSecrets {
		answer.ImagePullSecretIDs = append(answer.ImagePullSecretIDs, s.secretID(w, secret.Name))
	}
	for i := range w.spec.Containers {
		answer.Containers = append(answer.Containers, s.container(w, &w.spec.Containers[i]))
	}
	return answer, nil
}

// secretID is the hash of a secret of the workload's namespace. It is no key to
// anything: secrets are not read, so one of two with the same hash is not moved.
func (s *state) secretID(w *workload, name string) int64 {
	return hash53(key{w.key.namespace, "Secret", name}.parts(s.cluster)...)
}

func (s *state) container(w *workload, c *corev1.Container) container {
	v := container{
		Name:                 c.Name,
		Image:                c.Image,
		LogDirs:              []string{},
		Args:                 present(c.Args),
		Command:              present(c.Command),
		Envs:                 []env{},
		ResourceRequirements: resourceRequirements{amountsOf(c.Resources.Limits), amountsOf(c.Resources.Requests)},
		DataDisks:            []dataDisk{},
		SSHKeyIDs:            []int64{},
		SecurityContext:      securityContextOf(c.SecurityContext),
		LivenessProbe:        probeOf(c.LivenessProbe),
		ReadinessProbe:       probeOf(c.ReadinessProbe),
		Volumes:              []volume{},
	}
	for _, e := range c.Env {
		shown := env{Name: e.Name, Value: e.Value}
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			ref := e.ValueFrom.SecretKeyRef
			shown = env{Name: e.Name, Type: "Secret", SecretID: s.secretID(w, ref.Name), Key: ref.Key}
		}
		v.Envs = append(v.Envs, shown)
	}
	s.mounts(w, c, &v)
	return v
}

// mounts are the container's data disks and volumes.
func (s *state) mounts(w *workload, c *corev1.Container, v *container) {
	dirs, secrets := volume{VolumeType: "Emptydir"}, volume{VolumeType: "Secret"}
	for _, m := range c.VolumeMounts {
		mode := "rw"
		if m.ReadOnly {
			mode = "ro"
		}
		i := slices.IndexFunc(w.claims, func(claim corev1.PersistentVolumeClaim) bool { return claim.Name == m.Name })
		if i >= 0 {
			v.DataDisks = append(v.DataDisks, diskOf(&w.claims[i], m.MountPath))
			continue
		}
		i = slices.IndexFunc(w.spec.Volumes, func(volume corev1.Volume) bool { return volume.Name == m.Name })
		if i < 0 {
			continue
		}
		switch from := w.spec.Volumes[i].VolumeSource; {
		case from.EmptyDir != nil:
			dirs.Emptydirs = append(dirs.Emptydirs, emptydir{string(from.EmptyDir.Medium), m.MountPath, mode, m.Name})
		case from.Secret != nil:
			secrets.Secrets = append(secrets.Secrets, secretMount{s.secretID(w, from.Secret.SecretName), m.MountPath, mode})
		case from.PersistentVolumeClaim != nil:
			v.DataDisks = append(v.DataDisks, dataDisk{DiskName: from.PersistentVolumeClaim.ClaimName, MountPath: m.MountPath})
		}
	}
	if len(dirs.Emptydirs) > 0 {
		v.Volumes = append(v.Volumes, dirs)
	}
	if len(secrets.Secrets) > 0 {
		v.Volumes = append(v.Volumes, secrets)
	}
}

func diskOf(claim *corev1.PersistentVolumeClaim, path string) dataDisk {
	disk := dataDisk{
		DiskName:  claim.Name,
		MountPath: path,
		DiskSize:  cluster.Scaled(cluster.GiB, cluster.Up, claim.Spec.Resources.Requests[corev1.ResourceStorage]),
	}
	if claim.Spec.StorageClassName != nil {
		disk.DiskType = *claim.Spec.StorageClassName
	}
	return disk
}

func amountsOf(of corev1.ResourceList) amounts {
	var gpus []resource.Quantity
	for name, q := range of {
		// Every vendor's device plugin has its own name: nvidia.com/gpu, amd.com/gpu.
		if strings.HasSuffix(string(name), "/gpu") {
			gpus = append(gpus, q)
		}
	}
	show := func(unit *big.Rat, quantities ...resource.Quantity) string {
		return strconv.FormatInt(cluster.Scaled(unit, cluster.Up, quantities...), 10)
	}
	return amounts{
		CPU:    show(cluster.Thousandth, of[corev1.ResourceCPU]),
		Memory: show(cluster.MiB, of[corev1.ResourceMemory]),
		GPU:    show(cluster.Whole, gpus...),
	}
}

func securityContextOf(c *corev1.SecurityContext) securityContext {
	shown := securityContext{Capabilities: []string{}}
	if c == nil {
		return shown
	}
	shown.Privilege = c.Privileged != nil && *c.Privileged
	if c.Capabilities != nil {
		for _, capability := range c.Capabilities.Add {
			shown.Capabilities = append(shown.Capabilities, string(capability))
		}
	}
	return shown
}

func probeOf(p *corev1.Probe) *probe {
	if p == nil {
		return nil
	}
	shown := &probe{PeriodSeconds: p.PeriodSeconds, TimeoutSeconds: p.TimeoutSeconds}
	if p.Exec != nil {
		shown.Exec = &exec{present(p.Exec.Command)}
	}
	return shown
}

// present is the list, an empty one for none: JSON's [], not null.
func present(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// withoutScheme is the id of a container without the runtime in front: docker://, containerd://.
func withoutScheme(id string) string {
	if _, bare, ok := strings.Cut(id, "://"); ok {
		return bare
	}
	return id
}
