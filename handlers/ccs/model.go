package ccs

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"bcs-storage/handlers/cluster"
)

// What Kubernetes and mesos have in common, as far as the vendor shows it.
// kubernetes.go and mesos.go fill it; status.go and views.go read nothing else.
type (
	// service is an entry of the vendor's list of services.
	service struct {
		namespace, name string
		// rank orders services of one namespace and name: a Deployment, then a StatefulSet, then a
		// DaemonSet, then a Service. The first is the one that the name means.
		rank             int
		description      string
		created          time.Time
		labels, selector map[string]string
		desired, current int // replicas wanted, and ready
		rollout          rollout
		// stated is the status where the cluster's scheduler states one; "" where
		// serviceRules decide.
		stated     string
		access     access
		instances  []instance
		volumes    []volume
		containers []containerSpec
		// objects are those whose events are the service's.
		objects map[object]bool
	}
	// rollout is how far an update is.
	rollout struct {
		rollingBack, paused bool
		stuck               bool // it does not progress any more
		unseen              bool // the newest generation was not acted on
		updated, total      int  // replicas of the newest revision, and of all
	}
	// access is how a service is reached.
	access struct {
		kind, serviceIP, externalIP, lbID, lbStatus, subnetID string
		ports                                                 []portMapping
	}
	// object names what an event may be about. Schedulers of mesos have their own
	// words for kinds ("rc", "pod"), so there kind is "".
	object struct {
		kind cluster.Kind
		name string
	}
	// instance is a pod or taskgroup.
	instance struct {
		name, nodeName, nodeIP, ip string
		started                    time.Time
		leaving                    bool // it is being deleted
		pending                    bool // it is not running yet
		over                       bool // it has run, and will not again
		failed                     bool // it is over, and ended with an error
		reason                     string
		containers                 []container
	}
	// container is a container of an instance.
	container struct {
		name, id, image string
		state           state
		ready           bool
		failed          bool // it ended with an error
		reason          string
		restarts        int
		// starter: it runs before the others and is not among those that are shown.
		starter bool
	}
	// state is what a container does.
	state int
)

const (
	unknown state = iota
	waiting
	running
	terminated
)

// host is a node of a cluster.
type host struct {
	cluster                     string
	id, name, kind, zone        string
	kernel, image, version      string
	region, podCIDR             string
	internalIP, externalIP      string
	cpu, memory                 resource.Quantity
	normal                      bool
	reasons                     []string // why it is not
	joined                      time.Time
	documentMade, documentMoved time.Time // in the store: first and last PUT
}

// project is a namespace.
type project struct {
	name, status, description string
	created                   time.Time
}

// earliest is the earlier of two times, of which the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// compareServices orders services by namespace, name and kind.
func compareServices(a, b *service) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name), cmp.Compare(a.rank, b.rank))
}

// mostFrequent is the text that occurs most often, of several the first in byte
// order; "" does not count.
func mostFrequent(texts []string) string {
	counts := map[string]int{}
	best := ""
	for _, t := range texts {
		if t == "" {
			continue
		}
		counts[t]++
	}
	for t, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && t < best {
			best = t
		}
	}
	return best
}
