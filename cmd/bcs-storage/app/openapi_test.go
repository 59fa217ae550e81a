package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	openapi "github.com/go-openapi/spec"
	"github.com/go-openapi/strfmt"
	"github.com/go-openapi/validate"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

// everyForm is each form that an answer, and what is said of it, can have.
func everyForm(t *testing.T, test func(t *testing.T, s *service)) {
	forms := map[string]string{conf.Documented: conf.StatusEnvelope, conf.Deployed: conf.StatusSemantic}
	if documents, _ := testparts.Engines(); documents != conf.StorageSQLite {
		delete(forms, conf.Deployed) // forms do not depend on the engine, and thousands of requests take longer on a server
	}
	for dialect, status := range forms {
		t.Run(dialect+" "+status, func(t *testing.T) {
			test(t, start(t, settings{change: func(c *conf.Config) {
				c.Dialect, c.HTTP.Status, c.Views.DefaultCluster = dialect, status, "BCS-K8S-00000"
			}}))
		})
	}
}

// document is what the service says of itself, references resolved.
func (s *service) document() *openapi.Swagger {
	s.t.Helper()
	a := s.do("GET", "/apidocs.json", "")
	if got := a.header.Get("Content-Type"); a.status != 200 || got != "application/json; charset=utf-8" {
		s.t.Fatalf("%s: %d %s", a.what, a.status, got)
	}
	document := new(openapi.Swagger)
	if err := json.Unmarshal([]byte(a.body), document); err != nil {
		s.t.Fatal(err)
	}
	if err := openapi.ExpandSpec(document, nil); err != nil {
		s.t.Fatal(err)
	}
	return document
}

// call is an operation of the document.
type call struct {
	method, path string
	*openapi.Operation
}

// described are all operations: what fills the store first, what empties it last.
func described(document *openapi.Swagger) []call {
	var all []call
	for path, item := range document.Paths.Paths {
		for method, o := range map[string]*openapi.Operation{"PUT": item.Put, "POST": item.Post, "GET": item.Get, "DELETE": item.Delete} {
			if o != nil {
				all = append(all, call{method, path, o})
			}
		}
	}
	order := []string{"PUT", "POST", "GET", "DELETE"}
	slices.SortFunc(all, func(a, b call) int {
		if a.method != b.method {
			return slices.Index(order, a.method) - slices.Index(order, b.method)
		}
		return strings.Compare(a.path, b.path)
	})
	return all
}

// TestDocumentListsEveryRoute: what is served is in the document, with both prefixes.
func TestDocumentListsEveryRoute(t *testing.T) {
	s := start(t, settings{})
	documented := map[string]bool{}
	for _, c := range described(s.document()) {
		documented[c.method+" "+c.path] = true
	}
	table, err := os.ReadFile("../../../handlers/testdata/routes.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET /healthz", "GET /readyz", "GET /apidocs.json", "GET /apidocs", "GET /apidocs/{file}",
		"GET /v2/index.php", "POST /v2/index.php", "GET /ncs", "POST /ncs", "GET /api/v1/namespaces/{namespace}/services/{name}/status",
	}
	for line := range strings.Lines(string(table)) {
		method, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		want = append(want, method+" "+documentedPrefix+path, method+" "+deployedPrefix+path)
	}
	for _, name := range want {
		if !documented[name] {
			t.Errorf("%s is not in the document", name)
		}
	}
}

// TestDocumentIsWhatHappens asks the service for every operation with the document's
// examples, and for each of its parameters: all are understood, the answers are as
// described, and what the document does not know is refused.
func TestDocumentIsWhatHappens(t *testing.T) {
	everyForm(t, func(t *testing.T, s *service) {
		document := s.document()
		for _, kind := range []string{"Service", "Deployment"} {
			s.do("PUT", documentedPrefix+"/k8s/dynamic/namespace_resources/clusters/BCS-K8S-00000/namespaces/default/"+kind+"/web",
				`{"data":{"spec":{"selector":{"app":"web"}}}}`).ok()
		}
		asked := 0
		for _, c := range described(document) {
			for _, r := range c.requests() {
				a := s.do(c.method, c.url(r.query), r.body, r.header...)
				c.check(a)
				if !c.understood(a) {
					t.Errorf("%s %s: %d %.300s", a.what, r.body, a.status, a.body)
				}
				asked++
			}
			const madeUp = "madeUp"
			a := s.do(c.method, c.url(url.Values{madeUp: {"1"}}), c.example())
			if c.Tags[0] != "service" && (c.understood(a) && c.path != "/ncs" || !strings.Contains(a.body, madeUp) && !c.actions()) {
				t.Errorf("%s: a made-up parameter is not refused: %d %.300s", a.what, a.status, a.body)
			}
		}
		if asked < 2000 {
			t.Errorf("only %d requests", asked)
		}
	})
}

// request is what is sent to an operation.
type request struct {
	query  url.Values
	body   string
	header []string
}

// requests are one without anything that can be left out, and one with each parameter.
func (c call) requests() []request {
	if c.actions() {
		return c.actionRequests()
	}
	all := []request{{body: c.example()}}
	for _, p := range c.Parameters {
		switch p.In {
		case "query":
			all = append(all, request{query: url.Values{p.Name: {inQuery(p.Extensions["x-example"])}}, body: c.example()})
		case "header":
			all = append(all, request{header: []string{p.Name, inQuery(p.Extensions["x-example"])}})
		case "body":
			if c.method != "PUT" {
				all = append(all, bodyRequests(p.Schema)...)
			}
		}
	}
	for _, p := range prefixes(c.Extensions) {
		all = append(all, request{query: url.Values{p[0]: {p[1]}}, body: c.example()})
	}
	return all
}

// bodyRequests are one for each member of a body that holds parameters.
func bodyRequests(s *openapi.Schema) []request {
	var all []request
	add := func(name string, value any) {
		body, _ := json.Marshal(map[string]any{name: value})
		all = append(all, request{body: string(body)})
	}
	for name, property := range s.Properties {
		if property.Example != nil {
			add(name, property.Example)
		}
	}
	for _, p := range prefixes(s.Extensions) {
		add(p[0], p[1])
	}
	return all
}

// prefixes are a name and a value for each set of parameters that share the start of their names.
func prefixes(extensions openapi.Extensions) [][2]string {
	var all [][2]string
	listed, _ := extensions["x-parameter-prefixes"].([]any)
	for _, each := range listed {
		p := each.(map[string]any)
		all = append(all, [2]string{p["name"].(string), p["example"].(string)})
	}
	return all
}

// actions says whether the operation is several, which a parameter tells apart.
func (c call) actions() bool {
	return slices.ContainsFunc(c.Parameters, func(p openapi.Parameter) bool { return p.Name == "Action" })
}

// actionRequests are, for each action, one with what it insists on, and one with each of its parameters beside that.
func (c call) actionRequests() []request {
	var all []request
	form := slices.Contains(c.Consumes, "application/x-www-form-urlencoded")
	add := func(values url.Values, header ...string) {
		if form {
			all = append(all, request{body: values.Encode(), header: header})
		} else {
			all = append(all, request{query: values, header: header})
		}
	}
	i := slices.IndexFunc(c.Parameters, func(p openapi.Parameter) bool { return p.Name == "Action" })
	for _, action := range c.Parameters[i].Enum {
		needed := func() url.Values {
			v := url.Values{}
			for _, p := range c.Parameters {
				if p.Required || slices.Contains(list(p.Extensions["x-required-by"]), action.(string)) {
					v.Set(p.Name, inQuery(p.Extensions["x-example"]))
				}
			}
			v.Set("Action", action.(string))
			return v
		}
		add(needed())
		for _, p := range c.Parameters {
			of, some := p.Extensions["x-actions"]
			switch example := inQuery(p.Extensions["x-example"]); {
			case some && !slices.Contains(list(of), action.(string)), p.Name == "Action":
			case p.In == "header":
				add(needed(), p.Name, example)
			default:
				v := needed()
				v.Set(p.Name, example)
				add(v)
			}
		}
	}
	return all
}

func list(extension any) []string {
	var all []string
	values, _ := extension.([]any)
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// inQuery is an example as it stands in a query string.
func inQuery(example any) string {
	switch v := example.(type) {
	case []any:
		return strings.Join(list(v), ",")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(example)
}

// url is the path with its examples.
func (c call) url(values url.Values) string {
	path := c.path
	for _, p := range c.Parameters {
		if p.In == "path" {
			path = strings.Replace(path, "{"+p.Name+"}", inQuery(p.Extensions["x-example"]), 1)
		}
	}
	if path == "/apidocs" {
		path += "/"
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// example is the body's, if there must be one.
func (c call) example() string {
	for _, p := range c.Parameters {
		if p.In == "body" && p.Required {
			body, _ := json.Marshal(p.Schema.Example)
			return string(body)
		}
	}
	return ""
}

// understood says whether the answer is a success, or that what was asked for does not exist.
func (c call) understood(a answer) bool {
	var e struct {
		Result *bool
		Code   any
	}
	parsed := json.Unmarshal([]byte(a.body), &e) == nil
	switch {
	case c.Tags[0] == "service":
		return a.status == 200
	case c.Produces[0] == "application/x-ndjson":
		return a.status == 200 && strings.Contains(a.body, `"code":0,`)
	case c.Tags[0] == "Tencent CCS":
		return parsed && (e.Code == 0.0 || e.Code == 5000.0)
	case c.path == "/ncs" && c.method == "POST":
		return parsed && e.Code == "OperationDenied"
	case c.Tags[0] == "NetEase NCS":
		return parsed && (a.status == 200 || e.Code == "ResourceNotFound")
	case c.Tags[0] == "Huawei CCE":
		return a.status == 200
	}
	return parsed && e.Result != nil && (*e.Result || strings.Contains(strings.ToLower(a.body), "resource does not exist"))
}

// check fails the test unless the answer is one that the document describes.
func (c call) check(a answer) {
	a.t.Helper()
	r, ok := c.Responses.StatusCodeResponses[a.status]
	if !ok {
		a.t.Errorf("%s: the status %d is not in the document", a.what, a.status)
		return
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), c.Produces[0]) && c.path != "/apidocs/{file}" {
		a.t.Errorf("%s: answered as %s, not %s", a.what, a.header.Get("Content-Type"), c.Produces[0])
	}
	var body any = a.body
	if c.Produces[0] == "application/json" {
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			a.t.Errorf("%s: %v", a.what, err)
		}
	}
	schema := *r.Schema
	if data, ok := schema.Properties["data"]; ok && data.Extensions["x-nullable"] == true {
		data.Nullable = true
		schema.Properties["data"] = data
	}
	if err := validate.AgainstSchema(&schema, body, strfmt.Default); err != nil {
		a.t.Errorf("%s: not as described: %v\n%.500s", a.what, err, a.body)
	}
}

// TestPage: the page and what it loads come from the service alone.
func TestPage(t *testing.T) {
	s := start(t, settings{})
	if a := s.do("GET", "/apidocs", ""); a.status != http.StatusMovedPermanently || a.header.Get("Location") != "apidocs/" {
		t.Errorf("%s: %d to %q", a.what, a.status, a.header.Get("Location"))
	}
	for path, kind := range map[string]string{
		"/apidocs/":                     "text/html; charset=utf-8",
		"/apidocs/index.html":           "text/html; charset=utf-8",
		"/apidocs/start.js":             "text/javascript; charset=utf-8",
		"/apidocs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"/apidocs/swagger-ui.css":       "text/css; charset=utf-8",
		"/apidocs/LICENSE":              "text/plain; charset=utf-8",
		"/apidocs.json":                 "application/json; charset=utf-8",
	} {
		plain := s.do("GET", path, "")
		packed := s.do("GET", path, "", "Accept-Encoding", "br, gzip;q=0.5")
		if plain.status != http.StatusOK || plain.header.Get("Content-Type") != kind || plain.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", plain.what, plain.status, plain.header)
		}
		if packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) >= len(plain.body) && len(plain.body) > 1000 {
			t.Errorf("%s: %d bytes packed, %d plain", path, len(packed.body), len(plain.body))
		}
		for _, a := range []answer{plain, packed} {
			policy := a.header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") {
				t.Errorf("%s: the policy is %q", path, policy)
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: %v", path, a.header)
			}
		}
		if plain.header.Get("ETag") == packed.header.Get("ETag") {
			t.Errorf("%s: both forms have the tag %s", path, plain.header.Get("ETag"))
		}
		if again := s.do("GET", path, "", "If-None-Match", plain.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s: %d for its own tag", path, again.status)
		}
	}
	page := s.do("GET", "/apidocs/", "").body
	for _, found := range []string{"://", "<script>", "<style"} {
		if strings.Contains(page, found) {
			t.Errorf("the page has %s", found)
		}
	}
	if a := s.do("GET", "/apidocs/none.js", ""); a.status != http.StatusNotFound {
		t.Errorf("%s: %d", a.what, a.status)
	}
}
