// Package ccs answers Tencent CCS' API v2 (seed "API 文档", version of 2017-05-16) out of what watchers
// have PUT. It is pure: a request's parameters become a Call, the call says which documents it needs, and
// turns them into the vendor's answer. Field names and types are those of the seed: of its sample where
// the sample and the table of a field disagree, and the table's where the sample lacks it.
//
// The vendor's answers hold what no watcher stores. Such a field is there with a value that says nothing: 0
// (vpcId, regionId, projectId, zoneId, cvmState, cvmPayMode, networkPayMode), "" (clusterCIDR,
// unVpcId, unHubId; description of a cluster), null (clusterExternalEndpoint, as in the sample), and
// 0000-00-00 00:00:00, the seed's spelling of no time (instanceCreateTime, instanceDeadlineTime).
// Of mesos clusters these are unknown besides: of nodes all but instanceId, instanceName, lanIp and isNormal;
// of services externalIp, lbId, subnetId, serviceDesc, volumes, and of containers all but image.
package ccs

import (
	"slices"
	"time"

	"bcs-storage/handlers/cluster"
)

// Options are what an operator decides about answers.
type Options struct {
	// Zone is the one that times are printed in; nil is that of the vendor, UTC+8.
	Zone *time.Location
}

// stamp prints a time as the vendor does; one that is not known as the seed prints the
// deadline of an instance that has none.
func (o Options) stamp(t time.Time) string {
	if t.IsZero() {
		return noTime
	}
	zone := o.Zone
	if zone == nil {
		zone = time.FixedZone("CST", 8*60*60)
	}
	return t.In(zone).Format(time.DateTime)
}

const noTime = "0000-00-00 00:00:00"

// Call is a request that Parse accepted.
type Call struct {
	action  action
	texts   map[string]string
	numbers map[string]int64
	arrays  map[string][]string
}

// Cluster is the one that the call is about; "" is all that there are.
func (c *Call) Cluster() string { return c.texts["clusterId"] }

// Clusters are those among the known ones that the call needs documents of, in
// their order. There may be none: View then answers without any.
func (c *Call) Clusters(known []string) []string {
	var all []string
	for _, id := range known {
		if c.means(id) {
			all = append(all, id)
		}
	}
	return all
}

// Named are the clusters that the call names itself, known or not: its own, or those that a list is narrowed to.
func (c *Call) Named() []string {
	named := slices.Clone(c.arrays["clusterIds"])
	for _, id := range []string{c.Cluster(), c.texts["clusterName"]} {
		if id != "" {
			named = append(named, id)
		}
	}
	return named
}

// means: the cluster is the one of the call, or passes the filters of a list
// (DescribeCluster: clusterIds.n, clusterName). The store knows no name of a cluster but its id.
func (c *Call) means(id string) bool {
	if one := c.Cluster(); one != "" {
		return id == one
	}
	ids, name := c.arrays["clusterIds"], c.texts["clusterName"]
	return (len(ids) == 0 || slices.Contains(ids, id)) && (name == "" || id == name)
}

// namespace is the one that the call is about; "" is all.
func (c *Call) namespace() string {
	if !c.action.namespaced || c.numbers["allnamespace"] == 1 {
		return ""
	}
	return c.texts["namespace"]
}

// Loads are the documents that View computes with: of the clusters that Clusters names, whose kind is
// mesos or Kubernetes; for a list of clusters it does not matter. How many loads there are depends on the action alone.
func (c *Call) Loads(mesos bool, now time.Time) []cluster.Load {
	kinds := c.action.kubernetes
	if mesos {
		kinds = c.action.mesos
	}
	loads := make([]cluster.Load, len(kinds))
	for i, kind := range kinds {
		l := cluster.Load{Kind: kind, Namespace: c.namespace()}
		switch kind {
		case cluster.Node, cluster.Namespace:
			l.Namespace = "" // they live in none
		case cluster.Event:
			l.Since = now.Add(-eventsFor)
		case cluster.Deployment, cluster.StatefulSet, cluster.DaemonSet:
			l.Whole = c.action.templates
		}
		loads[i] = l
	}
	return loads
}

// Input is what a view computes with.
type Input struct {
	Clusters []string         // known, and not hidden from the caller
	Mesos    bool             // the call's cluster is one of mesos
	Objects  *cluster.Objects // what Loads asked for
	Options
}

// View is the answer's data: a value for Envelope. A cluster, namespace or
// service that does not exist is a ResourceNotFound that names it; every error is an *Error.
func (c *Call) View(in Input) (any, error) {
	if id := c.Cluster(); id != "" && !slices.Contains(in.Clusters, id) {
		return nil, ResourceNotFound.Because("there is no cluster %s", id)
	}
	if in.Objects == nil {
		in.Objects = &cluster.Objects{}
	}
	in.Clusters = c.Clusters(in.Clusters)
	data, err := c.action.view(c, in)
	if err != nil {
		return nil, ErrorOf(err)
	}
	return data, nil
}
