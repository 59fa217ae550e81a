package handlers

import (
	"net/http"
	"strconv"
	"strings"

	openapi "github.com/go-openapi/spec"

	"bcs-storage/handlers/cce"
	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/ncs"
	"bcs-storage/handlers/query"
)

// sentence is what a route does, and what its tables don't say of it. Path has
// {env} for both environments and {kind} for the words of the typed queries. A route
// without a sentence is documented all the same, by its method and path.
type sentence struct {
	method, path string
	text         string
	// data is the shape of the answer where it is not that of the operation.
	data shape
	// body is that of a route which has one of its own.
	body func() *openapi.Schema
	// lines: the answer is a line for each item, which Swagger has no words for.
	lines bool
}

// bulkBody is a line; the body is one or more of them.
func bulkBody() *openapi.Schema {
	return object(
		member{"op", stringSchema("put, which is the default, or delete."), false},
		member{"clusterId", stringSchema("The cluster."), true},
		member{"namespace", stringSchema("The namespace; none for a resource without one."), false},
		member{"resourceType", stringSchema("The type of the resource."), true},
		member{"resourceName", stringSchema("The name of the resource."), true},
		member{"data", openapi.MapProperty(nil), false},
	).WithExample(map[string]any{"clusterId": "BCS-K8S-00000", "namespace": "default", "resourceType": "Pod", "resourceName": "web-0", "data": map[string]any{"status": map[string]any{"phase": "Running"}}})
}

const (
	pathNamespaced  = "/{env}/dynamic/namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}"
	pathClusterWide = "/{env}/dynamic/cluster_resources/clusters/{clusterId}/{resourceType}"
	pathAll         = "/{env}/dynamic/all_resources/clusters/{clusterId}/{resourceType}"
	pathWatch       = "/{env}/watch/clusters/{clusterId}/namespaces/{namespace}/{resourceType}"
	pathMetric      = "/metric/clusters/{clusterId}/namespaces/{namespace}/{type}/{name}"
	pathQuery       = "/query/{env}/dynamic/clusters/{clusterId}/"
	pathHosts       = "/host/clusters/{clusterId}"
)

var sentences = []sentence{
	{method: "GET", path: pathNamespaced, text: "Lists the resources of a type in a namespace."},
	{method: "DELETE", path: pathNamespaced, text: "Deletes the resources of a type in a namespace, or those last PUT in a time range."},
	{method: "GET", path: pathNamespaced + "/{resourceName}", text: "Answers a resource in a namespace."},
	{method: "PUT", path: pathNamespaced + "/{resourceName}", text: "Stores a resource in a namespace, in place of the one that is there."},
	{method: "DELETE", path: pathNamespaced + "/{resourceName}", text: "Deletes a resource in a namespace; that there is none is no failure."},
	{method: "GET", path: pathClusterWide, text: "Lists the resources of a type that have no namespace."},
	{method: "DELETE", path: pathClusterWide, text: "Deletes the resources of a type that have no namespace, or those last PUT in a time range."},
	{method: "GET", path: pathClusterWide + "/{resourceName}", text: "Answers a resource without namespace."},
	{method: "PUT", path: pathClusterWide + "/{resourceName}", text: "Stores a resource without namespace, in place of the one that is there."},
	{method: "DELETE", path: pathClusterWide + "/{resourceName}", text: "Deletes a resource without namespace; that there is none is no failure."},
	{method: "GET", path: pathAll, text: "Lists all resources of a type in the cluster."},
	{method: "DELETE", path: pathAll, text: "Deletes all resources of a type in the cluster, or those last PUT in a time range."},

	{method: "GET", path: pathQuery + "{kind}", text: "Lists the resources of this kind that the parameters select."},
	{method: "POST", path: pathQuery + "{kind}", text: "Lists the resources of this kind that the parameters in the body select."},
	{method: "GET", path: pathQuery + "namespace", text: "Lists the namespaces of the cluster.", data: shapeAny},
	{method: "POST", path: pathQuery + "namespace", text: "Lists the namespaces of the cluster.", data: shapeAny},

	{method: "POST", path: "/{env}/dynamic/bulk", text: "Stores and removes resources, one a line of the body (NDJSON), and answers a line for each as soon as it is durable.",
		lines: true, body: bulkBody},

	{method: "PUT", path: "/events", text: "Stores an event; one with the same identity is replaced.", body: func() *openapi.Schema { return recordBody(eventFields) }},
	{method: "GET", path: "/events", text: "Lists a page of the newest events, and says how many there are."},
	{method: "POST", path: "/events", text: "Lists a page of the newest events, by parameters in the body."},
	{method: "POST", path: "/alarms", text: "Stores an alarm.", body: func() *openapi.Schema { return recordBody(alarmFields) }},
	{method: "GET", path: "/alarms", text: "Lists a page of the newest alarms, and says how many there are."},

	{method: "GET", path: pathMetric, text: "Answers a metric."},
	{method: "PUT", path: pathMetric, text: "Stores a metric, in place of the one that is there."},
	{method: "DELETE", path: pathMetric, text: "Deletes a metric; that there is none is no failure."},
	{method: "GET", path: "/metric/clusters/{clusterId}", text: "Lists the metrics of a cluster."},
	{method: "GET", path: "/metric/clusters", text: "Lists the names of the clusters that have metrics.", data: shapeNames},

	{method: "GET", path: "/host/{ip}", text: "Answers a host."},
	{method: "PUT", path: "/host/{ip}", text: "Stores a host, in place of the one that is there."},
	{method: "DELETE", path: "/host/{ip}", text: "Deletes a host; that there is none is no failure."},
	{method: "GET", path: pathHosts, text: "Lists the hosts of a cluster."},
	{method: "PUT", path: pathHosts, text: "Makes these hosts, and no others, those of the cluster.", body: hostsBody},
	{method: "POST", path: pathHosts, text: "Adds these hosts to the cluster.", body: hostsBody},

	{method: "GET", path: pathWatch, text: "Lists the watch data of a type in a namespace."},
	{method: "GET", path: pathWatch + "/{resourceName}", text: "Answers watch data."},
	{method: "PUT", path: pathWatch + "/{resourceName}", text: "Stores watch data, in place of what is there.", body: watchBody},
	{method: "DELETE", path: pathWatch + "/{resourceName}", text: "Deletes watch data; that there is none is no failure."},
}

// sentenceOf is the row for the route: the one that names its path, else the one for all like it.
func sentenceOf(rt *route) sentence {
	folded := rt.path
	for _, env := range []string{query.Mesos, query.K8s} {
		folded = strings.Replace(folded, "/"+env+"/", "/{env}/", 1)
	}
	paths := []string{rt.path, folded}
	if strings.HasPrefix(folded, pathQuery) {
		paths = append(paths, pathQuery+"{kind}")
	}
	for _, path := range paths {
		for _, s := range sentences {
			if s.method == rt.method && s.path == path {
				return s
			}
		}
	}
	return sentence{method: rt.method, path: rt.path, text: rt.method + " of " + rt.path + "."}
}

// routeEntry is the entry of a row of the route table.
func (d *description) routeEntry(rt *route) entry {
	s := sentenceOf(rt)
	e := entry{tag: tagOf(rt.path), summary: s.text}
	parameters := rt.spec.Describe(d.api.query)
	inBody := rt.method == http.MethodPost && rt.op.verb == list
	switch {
	case s.body != nil:
		e.body, e.needed = s.body(), true
	case inBody:
		e.body, e.needed = parametersBody(parameters), true
	case rt.method == http.MethodPut && rt.target != nil:
		e.body, e.needed = documentBody(rt.beside), true
	case rt.method == http.MethodDelete && len(rt.spec.Params) > 0:
		e.body = rangeBody(rt.spec, d.api.query)
		e.notes = "The time range comes as parameters or as a body, not as both."
	case rt.method != http.MethodGet && rt.method != http.MethodDelete:
		e.body, e.needed = object(), true
	}
	if !inBody {
		e.parameters = parameters
	}
	if s.data == "" {
		s.data = shapeOf(rt)
	}
	counted := rt.op.verb == list && rt.spec.Accepts&query.Length != 0
	answer := d.answer(rt.op, s.data, counted)
	if s.lines {
		e.produces, answer = lineType, openapi.StringProperty()
	}
	e.responses = d.responses(e, rt.op, answer)
	return e
}

// shapeOf is what the operation answers.
func shapeOf(rt *route) shape {
	switch {
	case rt.op.verb == list:
		return shapeDocuments
	case rt.op.verb != get:
		return shapeWritten
	case rt.form == asDialect:
		return shapeItem
	case rt.form == asArray:
		return shapeDocuments
	}
	return shapeObject
}

// documentBody is {"data": …} and what is kept beside it.
func documentBody(beside []field) *openapi.Schema {
	s := fieldsBody(append(beside[:len(beside):len(beside)], field{"data", anything}))
	return s.AddRequired("data")
}

// recordBody is an event or an alarm.
func recordBody(fields []field) *openapi.Schema {
	return fieldsBody(append([]field{{"clusterId", text}}, fields...))
}

func watchBody() *openapi.Schema {
	return object(member{"data", object().WithDescription("Any JSON object."), true}).
		WithExample(map[string]any{"data": map[string]any{"port": 80}})
}

func hostsBody() *openapi.Schema {
	return object(member{"ips", openapi.ArrayProperty(openapi.StringProperty()).WithDescription("Their addresses."), true}).
		WithExample(map[string]any{"ips": []string{"10.0.0.7", "10.0.0.8"}})
}

// facadeEntry is the entry of a vendor's path; false for one that has none yet.
func (d *description) facadeEntry(f facade, method string) (entry, bool) {
	responses := map[int]openapi.Response{}
	fail := func(schema *openapi.Schema, statuses map[int]string) {
		for status, sentence := range statuses {
			respond(responses, status, sentence, schema)
		}
	}
	switch f.path {
	case "/v2/index.php":
		codes, values := map[string]string{"0": "Success"}, []any{0}
		for _, fault := range ccs.Faults() {
			code := strconv.Itoa(fault.Code)
			if codes[code] == "" {
				values = append(values, fault.Code)
			}
			codes[code] = strings.TrimPrefix(codes[code]+", "+fault.Desc, ", ")
		}
		answer := d.define("ccsAnswer", object(
			member{"code", integerSchema("0, or what failed; a refusal of the router has its HTTP status.").WithEnum(append(values, 404, 405)...), true},
			member{"message", stringSchema("What failed, in words."), true},
			member{"codeDesc", stringSchema("The name of the code."), true},
			member{"data", object(), false},
		))
		fail(answer, map[int]string{
			http.StatusOK:               "It worked, or it failed and code says why.",
			http.StatusNotFound:         "There is no such path.",
			http.StatusMethodNotAllowed: "The path has no such method.",
		})
		ok := responses[http.StatusOK]
		ok.AddExtension("x-codes", codes)
		responses[http.StatusOK] = ok
		e := entry{tag: "Tencent CCS", summary: "Answers an action of Tencent CCS' API v2.", parameters: ccs.Describe(), responses: responses,
			notes: "Which parameters an action takes is in x-actions. Every other action of that API is refused with " + strconv.Itoa(ccs.ReadOnly.Code) + "."}
		if method == http.MethodPost {
			e.summary, e.form = "Answers an action of Tencent CCS' API v2, by parameters in a form.", true
		}
		return e, true
	case "/ncs":
		respond(responses, http.StatusOK, "What the action describes.", d.define("ncsAnswer", object()))
		fail(d.define("ncsFailure", object(
			member{"Code", stringSchema("What failed."), true},
			member{"Message", stringSchema("The same in words."), true},
			member{"RequestId", stringSchema("The request."), true},
		)), map[int]string{
			http.StatusBadRequest:          "MissingParameter, InvalidParameterValue, InvalidFormat.",
			http.StatusUnauthorized:        "AuthFailure.",
			http.StatusForbidden:           "OperationDenied.",
			http.StatusNotFound:            "ResourceNotFound, or there is no such path.",
			http.StatusMethodNotAllowed:    "The path has no such method.",
			http.StatusUnprocessableEntity: "The answer would be computed from too much.",
			http.StatusInternalServerError: "InternalServerError.",
		})
		e := entry{tag: "NetEase NCS", summary: "Answers an action of NetEase NCS.", parameters: ncs.Describe(method), responses: responses,
			notes: "Which parameters an action takes is in x-actions."}
		if method == http.MethodPost {
			delete(responses, http.StatusOK)
			e.summary, e.notes = "Refuses the actions of NetEase NCS that would change something.", ""
		}
		return e, true
	case "/api/v1/namespaces/{namespace}/services/{name}/status":
		respond(responses, http.StatusOK, "The Service.", d.define("cceAnswer", object()))
		fail(d.define("cceFailure", object(
			member{"kind", openapi.StringProperty().WithEnum("Status"), true},
			member{"apiVersion", openapi.StringProperty(), true},
			member{"metadata", object(), false},
			member{"status", openapi.StringProperty().WithEnum("Failure"), true},
			member{"message", stringSchema("What failed."), false},
			member{"reason", stringSchema("The same in one word."), false},
			member{"details", object(), false},
			member{"code", integerSchema("The HTTP status."), true},
		)), map[int]string{
			http.StatusBadRequest:          "A parameter is wrong, or no cluster is named.",
			http.StatusUnauthorized:        "Who asks is not known.",
			http.StatusForbidden:           "Who asks may not see the cluster.",
			http.StatusNotFound:            "There is no such Service, or no such path.",
			http.StatusMethodNotAllowed:    "The path has no such method.",
			http.StatusInternalServerError: "Internal error.",
			http.StatusServiceUnavailable:  "The store is not available.",
		})
		return entry{tag: "Huawei CCE", summary: "Answers a stored Service as Huawei CCE does.", parameters: cce.Describe(), responses: responses}, true
	}
	return entry{}, false
}

// ownEntries are the entries of the routes that are not about what is stored.
func (d *description) ownEntries() map[string]entry {
	health := object(member{"ok", openapi.BooleanProperty(), true})
	files := map[int]openapi.Response{}
	respond(files, http.StatusOK, "The file.", openapi.StringProperty())
	respond(files, http.StatusNotModified, "It is what If-None-Match names.", nil)
	entries := map[string]entry{
		"/healthz": {summary: "Says that the process serves.", responses: statuses(d.define("health", health), map[int]string{http.StatusOK: "It does."})},
		"/readyz": {summary: "Says of each part whether it can serve.", responses: statuses(
			d.define("readiness", object(member{"storage", health, true}, member{"watch", health, true})),
			map[int]string{http.StatusOK: "All can.", http.StatusServiceUnavailable: "One can't; the answer says which."})},
		documentPath: {summary: "Answers this document.", responses: statuses(object(), map[int]string{http.StatusOK: "The document."})},
		pagePath: {summary: "Answers the page that shows this document.", produces: "text/html",
			notes:     "Asked for without a slash at the end of the path, it answers where the page is.",
			responses: statuses(openapi.StringProperty(), map[int]string{http.StatusOK: "The page.", http.StatusMovedPermanently: "The page has a slash at the end of its path."})},
		pagePath + "/{file}": {summary: "Answers a file that the page loads.", produces: "text/plain", responses: files},
	}
	own := map[string]entry{}
	for path, e := range entries {
		e.tag = "service"
		d.refusals(e.responses)
		own[http.MethodGet+" "+path] = e
	}
	return own
}

// statuses are responses that have one schema.
func statuses(schema *openapi.Schema, sentences map[int]string) map[int]openapi.Response {
	all := map[int]openapi.Response{}
	for status, sentence := range sentences {
		respond(all, status, sentence, schema)
	}
	return all
}
