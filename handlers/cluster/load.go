// Package cluster is the state of clusters as the vendor views compute with
// it: which documents a view loads, the typed objects they become, and the
// questions that more than one vendor asks of them. It is pure: handlers load.
package cluster

import (
	"fmt"
	"time"

	"bcs-storage/storage"
)

// Kind is a sort of document that views load, a row of kinds.
type Kind string

// The kinds. Their words are the resource types under which watchers PUT them,
// but for Event, which stands for the events of the API document ("事件数据").
const (
	Node        Kind = "Node"
	Namespace   Kind = "Namespace"
	Pod         Kind = "Pod"
	Service     Kind = "Service"
	Deployment  Kind = "Deployment"
	ReplicaSet  Kind = "ReplicaSet"
	StatefulSet Kind = "StatefulSet"
	DaemonSet   Kind = "DaemonSet"
	Event       Kind = "Event"

	// Of mesos clusters.
	Application  Kind = "application"
	Taskgroup    Kind = "taskgroup"
	MesosService Kind = "service"
)

// Load is one list of documents that a view wants.
type Load struct {
	Kind Kind
	// Namespace is the only one wanted; "" is every namespace.
	Namespace string
	// Whole wants every field; else it is those that summaries are made of.
	Whole bool
	// Since is the earliest event that is wanted; of other kinds everything is.
	Since time.Time
}

// Query is the one store command that the load costs in the clusters, of which there
// must be one at least.
func (l Load) Query(clusters ...string) (*storage.Collection, storage.Query) {
	row := kinds[l.Kind]
	q := storage.Query{}
	if !l.Whole {
		q.Fields = row.summary
	}
	if l.Kind == Event {
		for _, c := range clusters {
			q.Scopes = append(q.Scopes, storage.Key{c})
		}
		since := storage.TimeRange{Path: storage.P("eventTime"), From: l.Since}
		q.Filter = since
		if l.Namespace != "" {
			q.Filter = storage.And{since, storage.OneOf(storage.P("extraInfo.namespace"), storage.String(l.Namespace))}
		}
		return storage.Events, q
	}
	for _, c := range clusters {
		scope := storage.Key{c, string(l.Kind)}
		if l.Namespace != "" {
			scope = append(scope, l.Namespace)
		}
		q.Scopes = append(q.Scopes, scope)
	}
	return storage.Dynamic, q
}

// row says how a kind is loaded and decoded.
type row struct {
	summary *storage.Projection
	add     func(o *Objects, d document) error
}

// kinds is the table of the kinds. The summary fields are what the views read
// of an object in a list: a Pod of 4.4 KB comes down to a fifth of that.
var kinds = map[Kind]row{
	Node: {
		summary: summary("spec.podCIDR", "spec.providerID", "status.addresses", "status.capacity", "status.conditions", "status.nodeInfo"),
		add:     into(func(o *Objects) *[]Stored[node] { return &o.Nodes }),
	},
	Namespace: {
		summary: summary("metadata.annotations.description", "status.phase"),
		add:     into(func(o *Objects) *[]Stored[namespace] { return &o.Namespaces }),
	},
	Pod: {
		summary: summary("spec.nodeName", "spec.containers.name", "spec.containers.image", "status"),
		add:     into(func(o *Objects) *[]Stored[pod] { return &o.Pods }),
	},
	Service: {
		summary: summary("metadata.annotations", "spec", "status.loadBalancer"),
		add:     into(func(o *Objects) *[]Stored[service] { return &o.Services }),
	},
	Deployment: {
		summary: summary("metadata.annotations", "spec.replicas", "spec.paused", "spec.rollbackTo", "spec.selector", templateLabels, "status"),
		add:     into(func(o *Objects) *[]Stored[DeploymentObject] { return &o.Deployments }),
	},
	ReplicaSet: {
		summary: summary("spec.selector"),
		add:     into(func(o *Objects) *[]Stored[replicaSet] { return &o.ReplicaSets }),
	},
	StatefulSet: {
		summary: summary("spec.replicas", "spec.selector", templateLabels, "spec.template.spec.containers.name", "spec.template.spec.containers.image", "status"),
		add:     into(func(o *Objects) *[]Stored[statefulSet] { return &o.StatefulSets }),
	},
	DaemonSet: {
		summary: summary("spec.selector", templateLabels, "status"),
		add:     into(func(o *Objects) *[]Stored[daemonSet] { return &o.DaemonSets }),
	},
	Event: {
		summary: project("clusterId", "level", "type", "describe", "kind", "eventTime", "extraInfo", "data.metadata.uid", "data.count", "data.firstTimestamp", "data.lastTimestamp"),
		add:     addEvent,
	},
	Application: {
		summary: summary("kind", "status", "instance", "runningInstance", "createTime"),
		add:     into(func(o *Objects) *[]Stored[ApplicationObject] { return &o.Applications }),
	},
	Taskgroup: {
		summary: summary("rcname", "status", "hostIP", "hostName", "podIP", "startTime", "containerStatuses"),
		add:     into(func(o *Objects) *[]Stored[TaskgroupObject] { return &o.Taskgroups }),
	},
	MesosService: {
		summary: summary("spec"),
		add:     into(func(o *Objects) *[]Stored[MesosServiceObject] { return &o.MesosServices }),
	},
}

const templateLabels = "spec.template.metadata.labels"

// summary projects what every object is known by, and the paths within its data.
func summary(paths ...string) *storage.Projection {
	all := []string{
		"clusterId", "namespace", "resourceName", storage.FieldCreateTime, storage.FieldUpdateTime,
		"data.metadata.labels", "data.metadata.ownerReferences",
		"data.metadata.generation", "data.metadata.creationTimestamp", "data.metadata.deletionTimestamp",
	}
	for _, p := range paths {
		all = append(all, "data."+p)
	}
	return project(all...)
}

func project(paths ...string) *storage.Projection {
	parsed := make([]storage.Path, len(paths))
	for i, p := range paths {
		parsed[i] = storage.P(p)
	}
	p, err := storage.NewProjection("fields", parsed...)
	if err != nil {
		panic(fmt.Sprintf("the table of kinds is wrong: %v", err))
	}
	return p
}
