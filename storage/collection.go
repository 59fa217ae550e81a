package storage

import "slices"

// Collection says how documents of one sort are kept. Collections are data:
// the table below is the only place that declares them.
type Collection struct {
	// Name is unique and a plain word; engines name their tables after it.
	Name string
	// Key are the document fields that make up a Key, in order. A key part that
	// has no field of its own (the identity of an event) comes after them.
	Key []string
	// Parts is the number of parts of a full Key.
	Parts int
	// Scope is the number of leading key parts that nearly every query fixes
	// (cluster and type): secondary indexes start with them.
	Scope int
	// KeepUpdateTime: documents carry updateTime beside createTime.
	KeepUpdateTime bool
	// NewestFirst is the time field by which lists are ordered, latest first to
	// the millisecond, ties by _id, highest first; documents in which it is no
	// instant come last. Empty: lists are in the byte order of _id.
	NewestFirst string
	// index of a type of document, by the last part of the scope; "" stands for
	// every type that is not named.
	index map[string]Index
	// summary of a type of document, by the same.
	summary map[string]*Projection
}

// Index lists the paths that queries narrow by, for one type of document.
type Index struct {
	// Values are paths that are compared by equality.
	Values []Path
	// Times are paths whose values are normalised to instants when a document
	// is stored (see InstantOf).
	Times []Path
}

// Engines reserve room for so many paths of each sort in an Index.
const (
	MaxIndexedValues = 6
	MaxIndexedTimes  = 3
)

// IndexOf is what is indexed of the documents at or below key.
func (c *Collection) IndexOf(key Key) Index {
	if c.Scope > 0 && len(key) >= c.Scope {
		if ix, ok := c.index[key[c.Scope-1]]; ok {
			return ix
		}
	}
	return c.index[""]
}

// Collections are all there are.
func Collections() []*Collection {
	return []*Collection{Dynamic, Metrics, Hosts, Events, Alarms}
}

// Types are the types of document for which c declares an index of its own, in
// no particular order; "" is not among them.
func (c *Collection) Types() []string {
	var types []string
	for t := range c.index {
		if t != "" {
			types = append(types, t)
		}
	}
	return types
}

var (
	// Dynamic holds what watchers report of a cluster (API document, "动态数据").
	// A resource without namespace has an empty one in its key and none in the document.
	Dynamic = &Collection{
		Name:           "dynamic",
		Key:            []string{"clusterId", "resourceType", "namespace", "resourceName"},
		Parts:          4,
		Scope:          2,
		KeepUpdateTime: true,
		index:          dynamicIndexes(),
		summary:        summaries(dynamicIndexes()),
	}
	// Metrics holds metric configuration (API document, "Metric数据").
	Metrics = &Collection{
		Name:           "metric",
		Key:            []string{"clusterId", "namespace", "type", "name"},
		Parts:          4,
		Scope:          1,
		KeepUpdateTime: true,
	}
	// Hosts holds which host belongs to which cluster (API document, change log V0.6.0).
	Hosts = &Collection{
		Name:           "host",
		Key:            []string{"ip"},
		Parts:          1,
		KeepUpdateTime: true,
		index:          map[string]Index{"": {Values: []Path{P("clusterId")}}},
	}
	// Events holds events (API document, "事件数据"): cluster, then what makes an event itself.
	Events = &Collection{
		Name:        "event",
		Key:         []string{"clusterId"},
		Parts:       2,
		Scope:       1,
		NewestFirst: "eventTime",
		index: map[string]Index{"": {
			Values: []Path{P("extraInfo.name"), P("extraInfo.namespace")},
			Times:  []Path{P("eventTime")},
		}},
	}
	// Alarms holds alarms (API document, "告警数据"): cluster, then an identity of our own.
	Alarms = &Collection{
		Name:        "alarm",
		Key:         []string{"clusterId"},
		Parts:       2,
		Scope:       1,
		NewestFirst: "receivedTime",
		index:       map[string]Index{"": {Times: []Path{P("receivedTime")}}},
	}
)

// dynamicIndexes are the hot paths of the typed queries: what consoles and
// schedulers select by, and every time that a query takes a range of.
func dynamicIndexes() map[string]Index {
	const created = "data.metadata.creationTimestamp"
	rows := []struct {
		types  []string
		values []string
		times  []string
	}{
		{types: []string{""}},
		{types: []string{"Pod"}, values: []string{"data.status.hostIP", "data.status.podIP", "data.status.phase"}, times: []string{"data.status.startTime", created}},
		{types: []string{"Service"}, values: []string{"data.spec.clusterIP"}, times: []string{created}},
		{types: []string{"ReplicaSet", "Deployment", "ConfigMap", "Secret", "Ingress", "Endpoints", "EndPoints", "Namespace", "Node", "DaemonSet", "Job", "StatefulSet"}, times: []string{created}},
		{types: []string{"taskgroup"}, values: []string{"data.rcname", "data.hostIP", "data.podIP", "data.hostName", "data.status"}, times: []string{created, "data.startTime", "data.lastUpdateTime"}},
		{types: []string{"application"}, values: []string{"data.kind", "data.status"}, times: []string{"data.createTime", "data.lastUpdateTime"}},
		{types: []string{"deployment"}, values: []string{"data.application.name", "data.status"}, times: []string{"data.last_rolling_time"}},
		{types: []string{"exportservice"}, values: []string{"data.serviceName"}},
	}
	indexes := map[string]Index{}
	for _, row := range rows {
		ix := Index{Values: []Path{P("resourceName")}}
		for _, v := range row.values {
			ix.Values = append(ix.Values, P(v))
		}
		for _, t := range row.times {
			ix.Times = append(ix.Times, P(t))
		}
		for _, name := range row.types {
			indexes[name] = ix
		}
	}
	return indexes
}

// summaries are, for each type, its key, what it is indexed by, and what tells objects apart in lists.
func summaries(indexes map[string]Index) map[string]*Projection {
	common := []Path{
		P("clusterId"), P("resourceType"), P("namespace"), P("resourceName"),
		P("data.metadata.name"), P("data.metadata.namespace"), P("data.metadata.labels"), P("data.metadata.ownerReferences"), P("data.metadata.creationTimestamp"),
	}
	all := map[string]*Projection{}
	for name, ix := range indexes {
		p, err := NewProjection("", slices.Concat(common, ix.Values, ix.Times)...)
		if err != nil {
			panic(err) // the paths are constants, and none is within another
		}
		all[name] = p
	}
	return all
}
