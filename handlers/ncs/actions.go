// Package ncs answers the StatefulWorkload API of NetEase NCS ("StatefulWorkload
// 接口文档", version 2017-11-16; comments name its sections) from what watchers
// PUT of a Kubernetes cluster. It is pure: handlers load, views compute.
//
// Answers have the document's fields and JSON types. What no watcher stores is
// there and empty, as a client that reads it expects:
//
//   - "": SpecType, ContainerType, PayType, EipId, VpcId, SubnetId,
//     ResourcePoolId, ResourcePoolName, Owner, DiskId, DiskUuid, the DiskType
//     of a system disk
//   - []: SecurityGroupIds, OperationLocks, LogDirs, SshKeyIds
//   - 0: PackageId
//
// Volumes of sorts that the document has no form for (config maps, host paths
// and so on) are left out of Volumes, and probes other than Exec have a null Exec.
package ncs

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"

	"bcs-storage/handlers/cluster"
)

// Version is the only one of the API (section 2).
const Version = "2017-11-16"

// MaxLimit is the most entries that Limit may ask for; the document names no bound.
const MaxLimit = 1000

// Call is a request that was read: an action and its parameters.
type Call struct {
	action              *action
	cluster             string
	namespace, workload int64 // ids; 0 is not given
	limit, offset       int64
}

// action is a row: an Action of the document.
type action struct {
	// view is nil for an action that would change something.
	view       func(*state, *Call) (any, error)
	parameters []parameter
	// whole wants every field of workloads and pods, zones the nodes that pods are on.
	whole, zones bool
}

// actions are all of the document, by name. Those that are read are sent with GET.
var actions = map[string]action{
	"DescribeStatefulWorkloads":              {view: list, zones: true, parameters: []parameter{namespaceID, optionalWorkloadID}},
	"DescribeStatefulWorkloadsAllNamespaces": {view: listAll, zones: true, parameters: []parameter{limit, offset}},
	"DescribeStatefulWorkloadInfo":           {view: info, whole: true, zones: true, parameters: []parameter{namespaceID, workloadID}},
	"DescribeStatefulWorkloadInstances":      {view: instances, zones: true, parameters: []parameter{namespaceID, workloadID}},
	"DescribeStatefulWorkloadImages":         {view: images, parameters: []parameter{namespaceID, workloadID}},

	"CreateStatefulWorkload":           {},
	"RedeployStatefulWorkload":         {},
	"RestartContainer":                 {},
	"RestartStatefulWorkloadInstance":  {},
	"DeleteStatefulWorkload":           {},
	"ResetStatefulWorkloadSpecType":    {},
	"ModifyStatefulWorkload":           {},
	"AssociateEipOfStatefulWorkload":   {},
	"UnAssociateEipOfStatefulWorkload": {},
}

// parameter is a row: an integer parameter of an action.
type parameter struct {
	name string
	// other is a second spelling that the document uses.
	other       string
	required    bool
	fallback    int64 // where it is not given
	least, most int64
	into        func(*Call) *int64
}

var (
	namespaceID = parameter{name: "NamespaceId", required: true, least: 1, most: math.MaxInt64,
		into: func(c *Call) *int64 { return &c.namespace }}
	workloadID = parameter{name: "StatefulWorkloadId", other: "StatefulWorkLoadId", required: true, least: 1, most: math.MaxInt64,
		into: func(c *Call) *int64 { return &c.workload }}
	// Section 2.7 requires it of a list too, in a table that is the one of
	// DescribeStatefulWorkloadInfo; what it says is "the list of a namespace".
	optionalWorkloadID = parameter{name: "StatefulWorkloadId", other: "StatefulWorkLoadId", least: 1, most: math.MaxInt64,
		into: func(c *Call) *int64 { return &c.workload }}
	limit = parameter{name: "Limit", fallback: 20, least: 1, most: MaxLimit,
		into: func(c *Call) *int64 { return &c.limit }}
	offset = parameter{name: "Offset", least: 0, most: math.MaxInt64,
		into: func(c *Call) *int64 { return &c.offset }}
)

// Parse reads the parameters of a request, each name given once; one without a
// value counts as not given. The error is an *Error: 400 with the code of section 1
// for a parameter that is missing, unknown or no value of its type, 403 for
// an action that would change something.
func Parse(method string, params map[string]string) (*Call, error) {
	name, version := params["Action"], params["Version"]
	row, known := actions[name]
	switch {
	case name == "":
		return nil, MissingParameter("Action")
	case version == "":
		return nil, MissingParameter("Version")
	case !known:
		return nil, invalidValue("Action", name)
	case version != Version:
		return nil, invalidValue("Version", version)
	case row.view == nil:
		return nil, denied(name)
	case method != http.MethodGet:
		err := invalidValue("Action", name)
		err.Message += " It is sent with GET, not " + clip(method) + "."
		return nil, err
	}
	c := &Call{action: &row, cluster: params["ClusterId"]}
	names := []string{"Action", "Version", "ClusterId"}
	for _, p := range row.parameters {
		if err := p.read(c, params); err != nil {
			return nil, err
		}
		names = append(names, p.name, p.other)
	}
	for _, given := range slices.Sorted(maps.Keys(params)) {
		if given == "" || !slices.Contains(names, given) {
			return nil, invalidValue(given, params[given])
		}
	}
	return c, nil
}

// read puts the parameter's value into the call.
func (p parameter) read(c *Call, params map[string]string) error {
	name, value := p.name, params[p.name]
	if other := params[p.other]; p.other != "" && other != "" {
		if value != "" && value != other {
			return invalidValue(p.other, other)
		}
		name, value = p.other, other
	}
	if value == "" {
		if p.required {
			return MissingParameter(p.name)
		}
		*p.into(c) = p.fallback
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return invalidValue(name, value)
	case err != nil:
		return invalidFormat(name)
	case n < p.least || n > p.most:
		return invalidValue(name, value)
	}
	*p.into(c) = n
	return nil
}

// Cluster is the ClusterId parameter, the cluster's name in the store, or "". The
// document has none: there, an endpoint is a cluster.
func (c *Call) Cluster() string { return c.cluster }

// Loads are the lists of documents that View needs of the cluster, whatever its
// size three or four. They span all namespaces, for an id is that of an
// object only beside all others (see numbering).
func (c *Call) Loads() []cluster.Load {
	loads := []cluster.Load{
		{Kind: cluster.Namespace},
		{Kind: cluster.StatefulSet, Whole: c.action.whole},
		{Kind: cluster.Pod, Whole: c.action.whole},
	}
	if c.action.zones {
		loads = append(loads, cluster.Load{Kind: cluster.Node})
	}
	return loads
}

// Input is what a view computes with.
type Input struct {
	Cluster string
	// Objects are what Loads asked for, in any order.
	Objects   *cluster.Objects
	RequestID string
}

// View is the answer to the call, to be marshalled as JSON. The error is an *Error:
// 404 for an id that nothing has, 500 for an object that is malformed as stored.
func (c *Call) View(in Input) (any, error) {
	s, err := gather(in)
	if err != nil {
		return nil, ErrorOf(err)
	}
	answer, err := c.action.view(s, c)
	if err != nil {
		return nil, ErrorOf(err)
	}
	return answer, nil
}
