package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	restfulspec "github.com/emicklei/go-restful-openapi/v2"
	"github.com/emicklei/go-restful/v3"
	openapi "github.com/go-openapi/spec"

	"bcs-storage/handlers/about"
	"bcs-storage/handlers/apidocs"
	"bcs-storage/handlers/query"
)

// The paths of the API's document and of the page that shows it.
const (
	documentPath = "/apidocs.json"
	pagePath     = "/apidocs"
)

// addPages adds the document and the page to the routes that have no prefix.
func (a *API) addPages(own *restful.WebService) {
	own.Route(own.GET(documentPath).To(func(req *restful.Request, resp *restful.Response) {
		a.document.ServeHTTP(resp, req.Request)
	}))
	own.Route(own.GET(pagePath).To(func(req *restful.Request, resp *restful.Response) {
		if !strings.HasSuffix(req.Request.URL.Path, "/") {
			// What the page loads is named relative to it.
			resp.Header().Set("Location", strings.TrimPrefix(pagePath, "/")+"/")
			resp.WriteHeader(http.StatusMovedPermanently)
			return
		}
		a.pages[apidocs.Index].ServeHTTP(resp, req.Request)
	}))
	own.Route(own.GET(pagePath + "/{file}").To(func(req *restful.Request, resp *restful.Response) {
		file, ok := a.pages[req.PathParameter("file")]
		if !ok {
			a.refuse(req, resp, http.StatusNotFound, "Not Found: there is no such file.")
			return
		}
		file.ServeHTTP(resp, req.Request)
	}))
}

// describe is the API's document (Swagger 2.0): every route of the container,
// from the tables that serve it.
func (a *API) describe(c *restful.Container) (*apidocs.File, error) {
	d := &description{api: a, definitions: openapi.Definitions{}, entries: map[string]entry{}}
	d.collect()
	ws := new(restful.WebService).Path("/")
	var found []restful.Route
	for _, each := range c.RegisteredWebServices() {
		found = append(found, each.Routes()...)
	}
	for _, r := range found {
		ws.Route(d.route(ws, r))
	}
	document := restfulspec.BuildSwagger(restfulspec.Config{WebServices: []*restful.WebService{ws}})
	operations := make([]*openapi.Operation, len(found))
	for i, r := range found {
		if operations[i] = operationOf(document, r); operations[i] == nil {
			return nil, fmt.Errorf("%s %s can't be put into the API's document", r.Method, r.Path)
		}
		d.complete(operations[i], d.entryOf(r))
	}
	if err := shareParameters(document, operations); err != nil {
		return nil, err
	}
	document.Info = &openapi.Info{InfoProps: openapi.InfoProps{
		Title: "bcs-storage", Version: "0.9.0",
		Description: "A persistent resource store for many clusters. The dialect of the answers is \"" + a.dialect.Name + "\".",
	}}
	document.Definitions = d.definitions
	document.Tags = d.tags(found)
	content, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return apidocs.NewFile(contentType, content)
}

// description is the document while it is made.
type description struct {
	api         *API
	definitions openapi.Definitions
	entries     map[string]entry // by method and path
}

// entry is what the document says of a route beside its path.
type entry struct {
	tag        string
	summary    string
	notes      string
	parameters []about.Parameter
	// form: the parameters are the body, as a form.
	form bool
	// body is what a body holds; nil is none. needed: there must be one.
	body   *openapi.Schema
	needed bool
	// produces is the Content-Type; "" is JSON.
	produces  string
	responses map[int]openapi.Response
}

func (d *description) entryOf(r restful.Route) entry {
	if e, ok := d.entries[r.Method+" "+r.Path]; ok {
		return e
	}
	return entry{tag: tagOf(r.Path), summary: r.Method + " of " + r.Path + "."}
}

// collect makes the entries of every table of routes.
func (d *description) collect() {
	for i, prefix := range prefixes {
		for _, rt := range routes() {
			e := d.routeEntry(&rt)
			if i > 0 {
				e.tag += " (" + prefix + ")"
			}
			d.entries[rt.method+" "+prefix+rt.path] = e
		}
	}
	for _, f := range facades {
		for _, method := range f.methods {
			if e, ok := d.facadeEntry(f, method); ok {
				d.entries[method+" "+f.path] = e
			}
		}
	}
	maps.Copy(d.entries, d.ownEntries())
}

// tagOf is the group of a route without an entry, or below a prefix: its first word, and whose data it is about.
func tagOf(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch first := segments[0]; {
	case len(segments) > 1 && (first == query.Mesos || first == query.K8s):
		return segments[1] + " " + first
	case len(segments) > 1 && first == "query":
		return first + " " + segments[1]
	default:
		return first
	}
}

// tags are the groups in the order of the routes.
func (d *description) tags(found []restful.Route) []openapi.Tag {
	var tags []openapi.Tag
	seen := map[string]bool{}
	for _, r := range found {
		if tag := d.entryOf(r).tag; !seen[tag] {
			seen[tag] = true
			tags = append(tags, openapi.NewTag(tag, "", nil))
		}
	}
	return tags
}

// operationID names a route by its method and the words of its path that don't lead
// to a parameter; one that ends in a parameter by that too. The first prefix is left out.
func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for i, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(path, prefix+"/"); ok {
			if path = rest; i > 0 {
				b.WriteString(camel(strings.ReplaceAll(prefix, "/", "_")))
			}
		}
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		name, isParameter := strings.CutPrefix(s, "{")
		last := i == len(segments)-1
		switch {
		case isParameter && last:
			b.WriteString("By" + camel(strings.TrimSuffix(name, "}")))
		case !isParameter && (i == 0 || last || !strings.HasPrefix(segments[i+1], "{")):
			b.WriteString(camel(s))
		}
	}
	return b.String()
}

// camel is the words of s, each with a capital letter in front.
func camel(s string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == '_' || c == '.' || c == '-' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// route is the route with its parameters, for the generator.
func (d *description) route(ws *restful.WebService, r restful.Route) *restful.RouteBuilder {
	e := d.entryOf(r)
	b := ws.Method(r.Method).Path(r.Path).To(func(*restful.Request, *restful.Response) {}).
		Operation(operationID(r.Method, r.Path)).Doc(e.summary).Notes(e.notes).
		Metadata(restfulspec.KeyOpenAPITags, []string{e.tag})
	for segment := range strings.SplitSeq(r.Path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			b.Param(pathParameter(strings.TrimSuffix(name, "}")))
		}
	}
	var patterns []map[string]string
	for _, p := range e.parameters {
		if p.Prefix {
			patterns = append(patterns, map[string]string{
				"prefix": p.Name, "type": "string", "description": p.About, "name": p.Whole, "example": p.Example,
			})
			continue
		}
		b.Param(parameter(p, e.form))
	}
	if patterns != nil {
		b.AddExtension("x-parameter-prefixes", patterns)
	}
	return b
}

// typeName is a Type in the document.
func typeName(t about.Type) string {
	switch t {
	case about.Integer:
		return "integer"
	case about.Boolean:
		return "boolean"
	}
	return "string"
}

func parameter(p about.Parameter, form bool) *restful.Parameter {
	made := restful.QueryParameter
	switch {
	case p.Where == about.Header:
		made = restful.HeaderParameter
	case form:
		made = restful.FormParameter
	}
	r := made(p.Name, p.About).DataType(typeName(p.Type)).Required(p.Required)
	if p.Values != nil {
		r.PossibleValues(p.Values)
	}
	if p.Least != nil {
		r.Minimum(float64(*p.Least))
	}
	if p.Most != nil {
		r.Maximum(float64(*p.Most))
	}
	if p.Type == about.Integer {
		r.DataFormat("int64")
	}
	if p.Type == about.List {
		r.AllowMultiple(true).CollectionFormat(restful.CollectionFormatCSV)
	} else {
		r.DefaultValue(p.Default)
	}
	if p.Example != "" || p.Blank {
		r.AddExtension("x-example", exampleOf(p))
	}
	if p.Of != nil {
		r.AddExtension("x-actions", p.Of)
	}
	if p.RequiredBy != nil {
		r.AddExtension("x-required-by", p.RequiredBy)
	}
	return r
}

// exampleOf is the example as a value of the parameter's type.
func exampleOf(p about.Parameter) any {
	switch p.Type {
	case about.Integer:
		if n, err := strconv.ParseInt(p.Example, 10, 64); err == nil {
			return n
		}
	case about.Boolean:
		if b, err := strconv.ParseBool(p.Example); err == nil {
			return b
		}
	case about.List:
		return strings.Split(p.Example, ",")
	}
	return p.Example
}

// pathParameters are the names that stand in paths. A name that is not here has no description.
var pathParameters = []about.Parameter{
	{Name: "clusterId", About: "The cluster.", Example: "BCS-K8S-00000"},
	{Name: "namespace", About: "The namespace.", Example: "default"},
	{Name: "resourceType", About: "The type of the resource, as its watcher writes it.", Example: "Pod"},
	{Name: "resourceName", About: "The name of the resource.", Example: "web-0"},
	{Name: "type", About: "The type of the metric.", Example: "metric"},
	{Name: "name", About: "The name.", Example: "web"},
	{Name: "ip", About: "The address of the host.", Example: "10.0.0.7"},
	{Name: "file", About: "A file that the page loads.", Example: "start.js"},
}

func pathParameter(name string) *restful.Parameter {
	p := about.Parameter{Name: name, Example: name}
	if i := slices.IndexFunc(pathParameters, func(p about.Parameter) bool { return p.Name == name }); i >= 0 {
		p = pathParameters[i]
	}
	return restful.PathParameter(name, p.About).DataType("string").Required(true).
		MinLength(1).MaxLength(maxSegment).AddExtension("x-example", p.Example)
}

// operationOf is what the generator made of the route; nil if that is nothing.
func operationOf(document *openapi.Swagger, r restful.Route) *openapi.Operation {
	item := document.Paths.Paths[r.Path]
	return map[string]*openapi.Operation{
		http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodDelete: item.Delete,
		http.MethodPatch: item.Patch, http.MethodHead: item.Head, http.MethodOptions: item.Options,
	}[r.Method]
}

// complete adds what the generator can't be told.
func (d *description) complete(o *openapi.Operation, e entry) {
	o.Consumes, o.Produces = nil, []string{"application/json"}
	if e.produces != "" {
		o.Produces = []string{e.produces}
	}
	switch {
	case e.form:
		o.Consumes = []string{"application/x-www-form-urlencoded"}
	case e.body != nil:
		o.Consumes = []string{"application/json"}
		body := openapi.BodyParam("body", e.body)
		body.Required = e.needed
		o.Parameters = append(o.Parameters, *body)
	}
	if e.responses != nil {
		o.Responses = &openapi.Responses{ResponsesProps: openapi.ResponsesProps{StatusCodeResponses: e.responses}}
	}
}

// shareParameters makes parameters that several operations have the document's,
// which the operations refer to: there are few, and each is said once.
func shareParameters(document *openapi.Swagger, operations []*openapi.Operation) error {
	uses, keys := map[string]int{}, make([][]string, len(operations))
	for i, o := range operations {
		for _, p := range o.Parameters {
			key, err := json.Marshal(p)
			if err != nil {
				return err
			}
			keys[i] = append(keys[i], string(key))
			uses[string(key)]++
		}
	}
	document.Parameters = map[string]openapi.Parameter{}
	names := map[string]string{}
	for i, o := range operations {
		for j, p := range o.Parameters {
			key := keys[i][j]
			if uses[key] == 1 {
				continue
			}
			name, known := names[key]
			for n := 1; !known; n++ {
				name = p.In + camel(p.Name)
				if n > 1 {
					name += strconv.Itoa(n)
				}
				if _, taken := document.Parameters[name]; !taken {
					names[key], document.Parameters[name], known = name, p, true
				}
			}
			o.Parameters[j] = *openapi.ParamRef("#/parameters/" + name)
		}
	}
	return nil
}
