package cluster

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bcs-storage/storage"
)

// Instant is a time in any of the spellings that storage.InstantOf reads;
// what it can't read is the zero time.
type Instant struct{ time.Time }

// UnmarshalJSON reads value; it does not fail.
func (t *Instant) UnmarshalJSON(value []byte) error {
	t.Time, _ = storage.InstantOf(value)
	return nil
}

// The objects of mesos clusters, as far as views read them (API document, "mesos数据").
type (
	// ApplicationObject is an application: a number of equal taskgroups.
	ApplicationObject struct {
		metav1.ObjectMeta `json:"metadata"`
		// Type is "process" for processes, which share the store of applications.
		Type            string  `json:"kind"`
		Status          string  `json:"status"`
		Instance        int     `json:"instance"`        // wanted
		RunningInstance int     `json:"runningInstance"` // running
		CreateTime      Instant `json:"createTime"`
	}
	// TaskgroupObject is an instance of an application.
	TaskgroupObject struct {
		metav1.ObjectMeta `json:"metadata"`
		Application       string               `json:"rcname"`
		Status            string               `json:"status"`
		HostIP            string               `json:"hostIP"`
		HostName          string               `json:"hostName"`
		PodIP             string               `json:"podIP"`
		StartTime         Instant              `json:"startTime"`
		ContainerStatuses []TaskgroupContainer `json:"containerStatuses"`
	}
	// TaskgroupContainer is a container of an instance.
	TaskgroupContainer struct {
		Name         string          `json:"name"`
		ContainerID  string          `json:"containerID"`
		Image        string          `json:"image"`
		Status       string          `json:"status"`
		ExitCode     int             `json:"exitcode"`
		RestartCount int             `json:"restartCount"`
		Ports        []TaskgroupPort `json:"containerPort"`
	}
	// TaskgroupPort is a port of a container.
	TaskgroupPort struct {
		Name          string `json:"name"`
		ContainerPort int    `json:"containerPort"`
	}
	// MesosServiceObject is a service: it selects taskgroups by their labels.
	MesosServiceObject struct {
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			Type      string             `json:"type"`
			ClusterIP []string           `json:"clusterIP"`
			Selector  map[string]string  `json:"selector"`
			Ports     []MesosServicePort `json:"ports"`
		} `json:"spec"`
	}
	// MesosServicePort is a port of a service.
	MesosServicePort struct {
		Name        string `json:"name"`
		Protocol    string `json:"protocol"`
		ServicePort int    `json:"servicePort"`
		NodePort    int    `json:"nodePort"`
	}
)
