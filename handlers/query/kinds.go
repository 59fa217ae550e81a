package query

import (
	"bcs-storage/storage"
)

// The two kinds of cluster, as they stand in a URL.
const (
	Mesos = "mesos"
	K8s   = "k8s"
)

// Kind is an endpoint of the typed queries, /query/{env}/dynamic/clusters/{clusterId}/{word}
// (API document, "query-mesos" and "query-k8s"). A new endpoint is a row of kinds.
type Kind struct {
	Env  string
	Word string
	// Types are the stored resource types that the endpoint reads.
	Types  []string
	Params []Param
	// Namespaces: the answer is the names of the namespaces that documents of
	// Types are in, not the documents.
	Namespaces bool
	// Used are the types of which used=1 answers the namespaces instead.
	Used []string
}

// Plan is a typed query that was read. Distinct, if set, is the key field
// whose different values are the answer; Skip and Limit then cut that list.
type Plan struct {
	Query    storage.Query
	Distinct string
	Paging   Paging
}

// Kinds are all endpoints.
func Kinds() []Kind { return kinds }

const namespaceField = "namespace"

// common filters are those of every kind that lives in a namespace.
func namespaced(params ...Param) []Param {
	return append([]Param{
		{Name: "name", Path: "resourceName", Example: "web-0"},
		{Name: "namespace", Path: namespaceField, Example: "default"},
	}, params...)
}

// clusterWide adds the filters of a kind without namespace.
func clusterWide(params ...Param) []Param {
	return append([]Param{{Name: "name", Path: "resourceName", Example: "web-0"}}, params...)
}

// The parameters that several kinds share.
var (
	created         = Param{Name: "createTime", Path: "data.metadata.creationTimestamp", Match: Range}
	apiVersion      = Param{Name: "apiVersion", Path: "data.apiVersion", Example: "v4"}
	resourceVersion = Param{Name: "resourceVersion", Path: "data.metadata.resourceVersion", Example: "48208954"}
	uid             = Param{Name: "uid", Path: "data.metadata.uid", Example: "fe95337e-a6ae-5a95-9904-6c6857ef5331"}
	generation      = Param{Name: "generation", Path: "data.metadata.generation", Match: Int}
	updateStrategy  = Param{Name: "updateStrategyType", Path: "data.spec.updateStrategy.type", Example: "RollingUpdate"}
	available       = Param{Name: "availableReplicas", Path: "data.status.availableReplicas", Match: Int}
	desired         = Param{Name: "replicas", Path: "data.spec.replicas", Else: "data.status.replicas", Match: Int}
)

// application are the filters of mesos applications and processes, which share
// a store and are told apart by data.kind.
func application(kind Param) []Param {
	return namespaced(
		kind,
		Param{Name: "instance", Path: "data.instance", Match: Int},
		Param{Name: "buildedInstance", Path: "data.buildedInstance", Match: Int},
		Param{Name: "runningInstance", Path: "data.runningInstance", Match: Int},
		Param{Name: "status", Path: "data.status", Example: "Running,Staging"},
		Param{Name: "lastStatus", Path: "data.lastStatus", Example: "Staging"},
		Param{Name: "podIp", Path: "data.podIP", Example: "10.1.0.31"},
		Param{Name: "createTime", Path: "data.createTime", Match: Range},
		Param{Name: "lastUpdateTime", Path: "data.lastUpdateTime", Match: Range},
	)
}

var kinds = []Kind{
	{Env: Mesos, Word: "taskgroup", Types: []string{"taskgroup"}, Params: namespaced(
		Param{Name: "rcName", Path: "data.rcname", Example: "web-v1"},
		Param{Name: "status", Path: "data.status", Example: "Running,Staging"},
		Param{Name: "lastStatus", Path: "data.lastStatus", Example: "Staging"},
		Param{Name: "hostIp", Path: "data.hostIP", Example: "10.1.0.31"},
		Param{Name: "hostName", Path: "data.hostName", Example: "node-1"},
		Param{Name: "podIp", Path: "data.podIP", Example: "10.1.0.31"},
		created,
		Param{Name: "startTime", Path: "data.startTime", Match: Range},
		Param{Name: "lastUpdateTime", Path: "data.lastUpdateTime", Match: Range},
	)},
	{Env: Mesos, Word: "application", Types: []string{"application"}, Params: application(
		Param{Name: "kind", Path: "data.kind", Match: InOrAbsent, Default: ",application", Example: "application"},
	)},
	{Env: Mesos, Word: "process", Types: []string{"application"}, Params: application(
		Param{Name: "kind", Path: "data.kind", Default: "process", Example: "process"},
	)},
	{Env: Mesos, Word: "deployment", Types: []string{"deployment"}, Params: namespaced(
		Param{Name: "checkTime", Path: "data.check_time", Match: Int},
		Param{Name: "status", Path: "data.status", Example: "Running"},
		Param{Name: "applicationName", Path: "data.application.name", Example: "web-v1"},
		Param{Name: "applicationExtName", Path: "data.application_ext.name", Example: "web-v2"},
		Param{Name: "currRollingOperation", Path: "data.curr_rolling_operation", Example: "start"},
		Param{Name: "isInRolling", Path: "data.is_in_rolling", Match: Bool},
		Param{Name: "lastRollingTime", Path: "data.last_rolling_time", Match: Range},
	)},
	{Env: Mesos, Word: "service", Types: []string{"service"}, Params: namespaced(apiVersion)},
	{Env: Mesos, Word: "configmap", Types: []string{"configmap"}, Params: namespaced(apiVersion)},
	{Env: Mesos, Word: "secret", Types: []string{"secret"}, Params: namespaced(apiVersion)},
	{Env: Mesos, Word: "endpoints", Types: []string{"endpoint"}, Params: namespaced(apiVersion)},
	{Env: Mesos, Word: "exportservice", Types: []string{"exportservice"}, Params: namespaced(
		Param{Name: "serviceName", Path: "data.serviceName", Example: "web"},
		Param{Name: "sslCert", Path: "data.sslcert", Match: Bool},
		Param{Name: "balance", Path: "data.balance", Example: "roundrobin"},
	)},
	{Env: Mesos, Word: "namespace", Namespaces: true, Params: namespaced(),
		Types: []string{"application", "deployment", "service", "configmap", "secret"}},
	{Env: Mesos, Word: "ippoolstatic", Types: []string{"IPPoolStatic"}},
	{Env: Mesos, Word: "ippoolstaticdetail", Types: []string{"IPPoolStaticDetail"}},

	{Env: K8s, Word: "pod", Types: []string{"Pod"}, Params: namespaced(
		Param{Name: "hostIp", Path: "data.status.hostIP", Example: "10.0.1.21"},
		Param{Name: "podIp", Path: "data.status.podIP", Example: "10.244.1.3"},
		Param{Name: "status", Path: "data.status.phase", Example: "Failed,Pending"},
		Param{Name: "startTime", Path: "data.status.startTime", Match: Range},
		created,
	)},
	{Env: K8s, Word: "replicaset", Types: []string{"ReplicaSet"}, Params: namespaced(
		desired,
		available,
		Param{Name: "readyReplicas", Path: "data.status.readyReplicas", Match: Int},
		created,
	)},
	{Env: K8s, Word: "deployment", Types: []string{"Deployment"}, Params: namespaced(
		desired,
		available,
		Param{Name: "updatedReplicas", Path: "data.status.updatedReplicas", Match: Int},
		Param{Name: "strategyType", Path: "data.spec.strategy.type", Example: "RollingUpdate"},
		Param{Name: "dnsPolicy", Path: "data.spec.template.spec.dnsPolicy", Example: "ClusterFirst"},
		Param{Name: "restartPolicy", Path: "data.spec.template.spec.restartPolicy", Example: "Always"},
		created,
	)},
	{Env: K8s, Word: "service", Types: []string{"Service"}, Params: namespaced(
		Param{Name: "clusterIp", Path: "data.spec.clusterIP", Example: "10.96.0.10"},
		Param{Name: "type", Path: "data.spec.type", Example: "LoadBalancer,NodePort"},
		created,
	)},
	{Env: K8s, Word: "configmap", Types: []string{"ConfigMap"}, Params: namespaced(created)},
	{Env: K8s, Word: "secret", Types: []string{"Secret"}, Params: namespaced(created)},
	// Watchers wrote EndPoints before they wrote Endpoints; both are read.
	{Env: K8s, Word: "endpoints", Types: []string{"EndPoints", "Endpoints"}, Params: namespaced(created)},
	{Env: K8s, Word: "ingress", Types: []string{"Ingress"}, Params: namespaced(created)},
	{Env: K8s, Word: "namespace", Types: []string{"Namespace"}, Params: clusterWide(
		Param{Name: "status", Path: "data.status.phase", Example: "Active"},
		created,
	), Used: []string{"ReplicaSet", "Deployment", "Service", "ConfigMap", "Secret", "Ingress", "DaemonSet", "Job", "StatefulSet"}},
	{Env: K8s, Word: "node", Types: []string{"Node"}, Params: clusterWide(
		Param{Name: "externalID", Path: "data.spec.externalID", Example: "i-0a1b2c"},
		created,
	)},
	{Env: K8s, Word: "daemonset", Types: []string{"DaemonSet"}, Params: namespaced(
		resourceVersion,
		uid,
		generation,
		Param{Name: "templateGeneration", Path: "data.spec.templateGeneration", Match: Int},
		updateStrategy,
		created,
	)},
	{Env: K8s, Word: "job", Types: []string{"Job"}, Params: namespaced(resourceVersion, uid, created)},
	{Env: K8s, Word: "statefulset", Types: []string{"StatefulSet"}, Params: namespaced(
		resourceVersion,
		uid,
		generation,
		Param{Name: "podManagementPolicy", Path: "data.spec.podManagementPolicy", Example: "OrderedReady"},
		updateStrategy,
		Param{Name: "serviceName", Path: "data.spec.serviceName", Example: "postgres"},
		created,
	)},
	{Env: K8s, Word: "ippoolstatic", Types: []string{"IPPoolStatic"}},
	{Env: K8s, Word: "ippoolstaticdetail", Types: []string{"IPPoolStaticDetail"}},
}

// Plan reads the parameters of a request to the endpoint for one cluster.
func (k Kind) Plan(cluster string, params Params, o Options) (Plan, error) {
	params, err := withoutCluster(params, cluster)
	if err != nil {
		return Plan{}, err
	}
	if len(k.Used) > 0 {
		used, rest, err := takeUsed(params)
		if err != nil {
			return Plan{}, err
		}
		params = rest
		if used {
			k = Kind{Env: k.Env, Word: k.Word, Types: k.Used, Params: namespaced(), Namespaces: true}
		}
	}
	parsed, err := k.Spec().Parse(params, o)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Query: parsed.Query(), Paging: parsed.Paging}
	if k.Namespaces {
		// The answer is names: consoles send field here too, and it selects nothing.
		plan.Distinct, plan.Query.Fields = namespaceField, nil
	}
	for _, t := range k.Types {
		plan.Query.Scopes = append(plan.Query.Scopes, storage.Key{cluster, t})
	}
	return plan, nil
}

// withoutCluster removes a clusterId that repeats the path. One that
// contradicts it is refused.
func withoutCluster(params Params, cluster string) (Params, error) {
	given, ok := params["clusterId"]
	if !ok {
		return params, nil
	}
	if given != "" && given != cluster {
		return nil, storage.Invalid("clusterId", "%q is not the cluster of the URL path", given)
	}
	return without(params, "clusterId"), nil
}

// takeUsed reads used, which turns the namespace query into the names of the
// namespaces that something is in.
func takeUsed(params Params) (used bool, rest Params, err error) {
	s, ok := params["used"]
	if !ok {
		return false, params, nil
	}
	if s != "" {
		used, err = parseBool("used", s)
	}
	return used, without(params, "used"), err
}

func without(params Params, name string) Params {
	rest := make(Params, len(params))
	for n, v := range params {
		if n != name {
			rest[n] = v
		}
	}
	return rest
}

// Query is what was parsed as a query without scopes.
func (p Parsed) Query() storage.Query {
	return storage.Query{Filter: p.Filter, Fields: p.Fields, Skip: p.Skip, Limit: p.Limit}
}
