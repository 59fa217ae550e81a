package query

import (
	"maps"
	"slices"

	"bcs-storage/storage"
)

// Filters and scopes of the routes that are not typed queries.
var (
	// ItemGet is GET of one document.
	ItemGet = Spec{Accepts: Field | Extra | Free}
	// ItemPut is PUT of one document: extra is what old clients send and has no meaning.
	ItemPut = Spec{Accepts: IgnoredExtra}
	// List is GET of the documents of a type.
	List = Spec{Accepts: Field | Extra | Page | Continue | Free}
	// MetricList is GET of the metrics of a cluster (API document, "query metric").
	MetricList = Spec{Accepts: Field | Extra | Page | Continue | Free, Params: []Param{
		{Name: "namespace", Path: "namespace", Example: "default"},
		{Name: "type", Path: "type", Example: "metric"},
		{Name: "name", Path: "name", Example: "web"},
	}}
	// WatchList is GET of watch payloads (API document, "Watch类数据", list resource).
	WatchList = Spec{Accepts: Field | Extra | Page}
	// None is a route without parameters.
	None = Spec{}
	// EventList is GET and POST of events (API document, "list events").
	EventList = Spec{Accepts: Field | Extra | ExtraContain | Length, Params: []Param{
		{Name: "id", Path: "id", Example: "web-0.17a2"},
		{Name: "env", Path: "env", Example: "k8s"},
		{Name: "kind", Path: "kind", Example: "Pod"},
		{Name: "level", Path: "level", Example: "Warning,Error"},
		{Name: "component", Path: "component", Example: "kubelet"},
		{Name: "type", Path: "type", Example: "BackOff"},
		{Name: "clusterId", Path: "clusterId", Example: "BCS-K8S-00000"},
		{Name: "extraInfo.name", Path: "extraInfo.name", Example: "web-0"},
		{Name: "extraInfo.namespace", Path: "extraInfo.namespace", Example: "default"},
		{Name: "extraInfo.kind", Path: "extraInfo.kind", Example: "Pod"},
		{Name: "time", Path: "eventTime", Match: Range},
	}}
	// AlarmList is GET of alarms (API document, "list alarms").
	AlarmList = Spec{Accepts: Field | Extra | ExtraContain | Length, Params: []Param{
		{Name: "clusterId", Path: "clusterId", Example: "BCS-K8S-00000"},
		{Name: "namespace", Path: "namespace", Example: "default"},
		{Name: "source", Path: "source", Example: "monitor"},
		{Name: "module", Path: "module", Example: "scheduler"},
		{Name: "type", Path: "type", Example: "sms,email"},
		{Name: "time", Path: "receivedTime", Match: Range},
	}}
)

// ItemDelete is DELETE of one document of c.
func ItemDelete(c *storage.Collection) Spec {
	return Spec{Accepts: Extra | Free | Strict, PathKeys: c.Key}
}

// BatchDelete is DELETE of the documents of a type: pathKeys are the key fields
// that the URL path fixes. The update time range comes as parameters (API document) or as
// a body (see WithBody), never both.
func BatchDelete(pathKeys []string) Spec {
	return Spec{Accepts: Extra | Free | Strict, PathKeys: pathKeys, Params: []Param{updateTime}}
}

var updateTime = Param{Name: "updateTime", Path: storage.FieldUpdateTime, Match: Range}

// WithBody adds the range that the body of a batch DELETE carries,
// {"updateTimeBegin": …, "updateTimeEnd": …}, to the parameters. An empty body
// adds nothing. A body that cannot be read, has another member, or repeats what the
// parameters say is refused: whatever it meant to say would have spared something.
func WithBody(params Params, body []byte) (Params, error) {
	if len(body) == 0 {
		return params, nil
	}
	given, err := FromJSON(body)
	if err != nil {
		return nil, err
	}
	merged := make(Params, len(params)+2)
	for name, value := range params {
		merged[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != updateTime.Name+"Begin" && name != updateTime.Name+"End" {
			return nil, storage.Invalid(name, "unknown member of the body; it may hold updateTimeBegin and updateTimeEnd")
		}
		for _, bound := range []string{updateTime.Name + "Begin", updateTime.Name + "End"} {
			if _, twice := params[bound]; twice {
				return nil, storage.Invalid(bound, "given as a parameter beside a range in the body; give it once")
			}
		}
		merged[name] = given[name]
	}
	return merged, nil
}

// alias is a resource type that shares the store of another one.
type alias struct {
	env, word string
	stored    string
	filter    storage.Filter
	// must is set where a PUT has to satisfy the filter, because the document
	// would otherwise not be found under the word that it was PUT as.
	must bool
}

// aliases: mesos processes are applications whose data.kind says so.
var aliases = []alias{
	{Mesos, "process", "application", isProcess, true},
	{Mesos, "application", "application", storage.Not{Filter: isProcess}, false},
}

var isProcess = storage.OneOf(storage.P("data.kind"), storage.String("process"))

// Stored is the type under which the resources of a type in a URL are kept, and the
// filter that tells them from others kept there (nil if they are alone).
func Stored(env, resourceType string) (string, storage.Filter) {
	for _, a := range aliases {
		if a.env == env && a.word == resourceType {
			return a.stored, a.filter
		}
	}
	return resourceType, nil
}

// CheckPut refuses a document that could not be read back under the type it is PUT as.
// body is a JSON object that storage.CheckJSON accepted.
func CheckPut(env, resourceType string, body []byte) error {
	for _, a := range aliases {
		if a.env == env && a.word == resourceType && a.must && !storage.Match(a.filter, &storage.Record{Body: body}) {
			return storage.Invalid("data.kind", "must be %q for a resource of that type", resourceType)
		}
	}
	return nil
}
