package ccs

import (
	"math"

	"bcs-storage/handlers/cluster"
)

// action is a row of actions: what it takes, what it loads, what it answers.
type action struct {
	params []param
	// The documents that it needs of a cluster of either kind.
	kubernetes, mesos []cluster.Kind
	// namespaced: they are those of one namespace, the parameter's.
	namespaced bool
	// templates: workloads are needed whole, with their volumes.
	templates bool
	view      func(*Call, Input) (any, error)
}

// The parameters that several actions share. limit has the bound that the seed gives
// for it ("接口请求参数": 默认为 20，最大为 100).
var (
	// Samples of the seed pass clusterName where its tables want clusterId.
	clusterID   = param{name: "clusterId", alias: "clusterName", required: true}
	serviceName = param{name: "serviceName", required: true}
	namespace   = param{name: "namespace", missing: "default"}
	offset      = param{name: "offset", form: integer, missing: "0", max: math.MaxInt32}
	limit       = param{name: "limit", form: integer, missing: "20", min: 1, max: 100}
)

// The documents that services, and what belongs to them, are made of.
var (
	kubernetesServices = []cluster.Kind{
		cluster.Deployment, cluster.StatefulSet, cluster.DaemonSet, cluster.ReplicaSet, cluster.Pod, cluster.Service,
	}
	mesosServices = []cluster.Kind{cluster.Application, cluster.Taskgroup, cluster.MesosService}
)

func and(kinds []cluster.Kind, one cluster.Kind) []cluster.Kind {
	return append(kinds[:len(kinds):len(kinds)], one)
}

// instances is "查询服务实例列表"; the seed's sample calls it by a second name.
var instances = action{
	params:     []param{clusterID, serviceName, offset, limit, namespace},
	kubernetes: kubernetesServices,
	mesos:      mesosServices,
	namespaced: true,
	view:       describeServiceInstance,
}

// actions are those that stored documents answer, by their Action ID ("API概览").
var actions = map[string]action{
	"DescribeCluster": {
		params: []param{
			{name: "clusterIds", form: array},
			{name: "clusterName"},
			{name: "status", oneOf: []string{"Creating", statusRunning, "Deleting", "Scaling", "Upgrading", "Isolated", statusAbnormal}},
			{name: "orderField", missing: "createdAt", oneOf: []string{"clusterId", "clusterName", "createdAt", "updatedAt"}},
			{name: "orderType", missing: "desc", oneOf: []string{"asc", "desc"}},
			offset, limit,
		},
		// There may be clusters of both kinds.
		kubernetes: []cluster.Kind{cluster.Node, cluster.Taskgroup},
		mesos:      []cluster.Kind{cluster.Node, cluster.Taskgroup},
		view:       describeCluster,
	},
	"DescribeClusterInstances": {
		// Nodes live in no namespace: the parameter is the seed's and has no effect.
		params:     []param{clusterID, offset, limit, namespace},
		kubernetes: []cluster.Kind{cluster.Node},
		mesos:      []cluster.Kind{cluster.Taskgroup},
		view:       describeClusterInstances,
	},
	"DescribeClusterService": {
		// allnamespace=1 wins over a namespace that is given too.
		params:     []param{clusterID, namespace, {name: "allnamespace", form: integer, missing: "0", max: 1}},
		kubernetes: and(kubernetesServices, cluster.Namespace),
		mesos:      mesosServices,
		namespaced: true,
		view:       describeClusterService,
	},
	"DescribeClusterServiceInfo": {
		params:     []param{clusterID, serviceName, namespace},
		kubernetes: kubernetesServices,
		mesos:      mesosServices,
		namespaced: true,
		templates:  true,
		view:       describeClusterServiceInfo,
	},
	"DescribeServiceEvent": {
		params:     []param{clusterID, serviceName, namespace},
		kubernetes: and(kubernetesServices, cluster.Event),
		mesos:      and(mesosServices, cluster.Event),
		namespaced: true,
		view:       describeServiceEvent,
	},
	"DescribeServiceInstance":  instances,
	"DescribeClusterContainer": instances,
	"DescribeClusterNameSpaces": {
		params:     []param{clusterID},
		kubernetes: []cluster.Kind{cluster.Namespace},
		mesos:      []cluster.Kind{cluster.Application, cluster.MesosService},
		view:       describeClusterNameSpaces,
	},
}

// refused are the other actions of the seed: they would change a cloud, or read
// what no watcher stores (monitoring data, image repositories, tasks).
var refused = map[string]bool{
	"CreateCluster":                     true,
	"DeleteCluster":                     true,
	"AddClusterInstances":               true,
	"DeleteClusterInstances":            true,
	"AddClusterInstancesFromExistedCvm": true,
	"ModifyClusterNodeLabel":            true,
	"CreateClusterService":              true,
	"ModifyClusterService":              true,
	"DeleteClusterService":              true,
	"ModifyServiceDescription":          true,
	"ResumeClusterService":              true,
	"PauseClusterService":               true,
	"RollBackClusterService":            true,
	"ModifyClusterServiceImage":         true,
	"RedeployClusterService":            true,
	"ModifyServiceReplicas":             true,
	"DeleteInstances":                   true,
	"CreateClusterNamespace":            true,
	"DeleteClusterNamespace":            true,
	"GetMonitorData":                    true,
	"ChangePassword":                    true,
	"ModifyUpdateServiceTrigger":        true,
	"CloseAutoDelStrategy":              true,
	"CreateRepository":                  true,
	"DeleteUpdateServiceTrigger":        true,
	"DuplicateImage":                    true,
	"BatchDeleteTag":                    true,
	"BatchDeleteRepository":             true,
	"UpdateRepositoryDesc":              true,
	"UpdateRepositoryPublic":            true,
	"SearchUserRepository":              true,
	"GetLimit":                          true,
	"GetRepositoryInfo":                 true,
	"AddUpdateServiceTrigger":           true,
	"GetTagList":                        true,
	"GetAutoDelStrategy":                true,
	"ListTrigger":                       true,
	"SetAutoDelStrategy":                true,
	"RepositoryisExists":                true,
	"DescribeClusterTaskResult":         true,
}
