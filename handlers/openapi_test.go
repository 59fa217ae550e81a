package handlers

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/emicklei/go-restful/v3"
	"github.com/go-openapi/loads"
	openapi "github.com/go-openapi/spec"
	"github.com/go-openapi/strfmt"
	"github.com/go-openapi/validate"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bcs-storage/handlers/query"
)

// describedBy is the document of an API, and what it was made of.
func describedBy(t testing.TB, dialect Dialect, semantic bool) (*API, *restful.Container, []byte) {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry(), false)
	if err != nil {
		t.Fatal(err)
	}
	a := &API{dialect: dialect, query: query.Options{MaxLength: 1000}, metrics: m, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	a.envelope = envelope{dialect: &a.dialect, semantic: semantic}
	c := a.container()
	file, err := a.describe(c)
	if err != nil {
		t.Fatal(err)
	}
	content, err := file.Content()
	if err != nil {
		t.Fatal(err)
	}
	return a, c, content
}

func parsedDocument(t *testing.T, content []byte) *openapi.Swagger {
	t.Helper()
	document := new(openapi.Swagger)
	if err := json.Unmarshal(content, document); err != nil {
		t.Fatal(err)
	}
	if err := openapi.ExpandSpec(document, nil); err != nil {
		t.Fatal(err)
	}
	return document
}

// TestDocumentHasEveryRoute: the document's operations are the container's routes, each with
// an id of its own and a sentence.
func TestDocumentHasEveryRoute(t *testing.T) {
	_, c, content := describedBy(t, Documented(), false)
	document := parsedDocument(t, content)
	left := map[string]*openapi.Operation{}
	for path, item := range document.Paths.Paths {
		for method, o := range map[string]*openapi.Operation{"GET": item.Get, "PUT": item.Put, "POST": item.Post, "DELETE": item.Delete} {
			if o != nil {
				left[method+" "+path] = o
			}
		}
	}
	ids := map[string]string{}
	for _, ws := range c.RegisteredWebServices() {
		for _, r := range ws.Routes() {
			name := r.Method + " " + r.Path
			o := left[name]
			if o == nil {
				t.Errorf("%s is not in the document", name)
				continue
			}
			delete(left, name)
			if other := ids[o.ID]; other != "" {
				t.Errorf("%s and %s have the id %s", name, other, o.ID)
			}
			ids[o.ID] = name
			if !strings.HasSuffix(o.Summary, ".") || len(o.Tags) != 1 || o.Tags[0] == "" {
				t.Errorf("%s: summary %q, tags %q", name, o.Summary, o.Tags)
			}
			for _, p := range o.Parameters {
				if p.In == "body" {
					if p.Schema == nil || p.Schema.Type == nil {
						t.Errorf("%s: the body has no schema", name)
					}
					continue
				}
				if _, ok := p.Extensions["x-example"]; !ok || p.Description == "" || p.Type == "" {
					t.Errorf("%s: %s has no example, description or type: add it to the row of the parameter", name, p.Name)
				}
			}
		}
	}
	for name := range left {
		t.Errorf("%s is in the document and no route", name)
	}
}

// TestSentencesAreUsed: no row of the sentences is about a route that is gone.
func TestSentencesAreUsed(t *testing.T) {
	used := map[string]bool{}
	for _, rt := range routes() {
		s := sentenceOf(&rt)
		used[s.method+" "+s.path] = true
	}
	for _, s := range sentences {
		if !used[s.method+" "+s.path] {
			t.Errorf("%s %s is no route", s.method, s.path)
		}
	}
	for _, f := range facades {
		for _, method := range f.methods {
			if _, ok := (&description{api: &API{}, definitions: openapi.Definitions{}}).facadeEntry(f, method); !ok {
				t.Errorf("%s %s has no entry", method, f.path)
			}
		}
	}
}

// TestDocumentTellsTheCodes: each operation has the codes of the dialect in use, and no
// other; the statuses are those of http.status.
func TestDocumentTellsTheCodes(t *testing.T) {
	for _, dialect := range []Dialect{Documented(), Deployed()} {
		for _, semantic := range []bool{false, true} {
			_, _, content := describedBy(t, dialect, semantic)
			document := parsedDocument(t, content)
			for _, rt := range routes() {
				for _, prefix := range prefixes {
					r := restful.Route{Method: rt.method, Path: prefix + rt.path}
					ok := operationOf(document, r).Responses.StatusCodeResponses[200]
					want := map[string]any{"0": dialect.success}
					for _, missing := range []bool{false, rt.op.verb == get} {
						f := dialect.failure(rt.op, missing)
						want[strconv.Itoa(f.code)] = f.text
					}
					got, _ := ok.Extensions["x-codes"].(map[string]any)
					if !cmp.Equal(got, want) {
						t.Errorf("%s: %s %s: codes %v, want %v", dialect.Name, rt.method, r.Path, got, want)
					}
					// 503 and the like are sent whatever http.status says, 400 is not.
					for status, always := range map[int]bool{400: false, 401: true, 403: true, 429: true, 503: true, 504: true} {
						if _, told := operationOf(document, r).Responses.StatusCodeResponses[status]; told != (always || semantic) {
							t.Errorf("%s %s with semantic=%v: %d is documented: %v", rt.method, r.Path, semantic, status, told)
						}
					}
				}
			}
		}
	}
}

// TestDocumentIsValid: it is Swagger 2.0, in each form that answers can have.
func TestDocumentIsValid(t *testing.T) {
	if raceEnabled {
		t.Skip("takes minutes with the race detector; scripts/test.sh runs it without")
	}
	for _, form := range []struct {
		dialect  Dialect
		semantic bool
	}{{Documented(), false}, {Deployed(), true}} {
		if testing.Short() && form.semantic {
			continue // the validator takes long, and the forms differ in their answers alone
		}
		_, _, content := describedBy(t, form.dialect, form.semantic)
		document, err := loads.Analyzed(onePrefix(t, content), "2.0")
		if err != nil {
			t.Fatal(err)
		}
		validator := validate.NewSpecValidator(document.Schema(), strfmt.Default)
		validator.Options.SkipSchemataResult = true
		found, warned := validator.Validate(document)
		for _, err := range append(found.Errors, warned.Errors...) {
			t.Errorf("%s: %v", form.dialect.Name, err)
		}
	}
}

// onePrefix is the document without the operations below the second prefix, which must say
// what those below the first do. The validator takes its time.
func onePrefix(t *testing.T, content []byte) json.RawMessage {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	paths := document["paths"].(map[string]any)
	for path, item := range paths {
		rest, ok := strings.CutPrefix(path, prefixes[1])
		if !ok {
			continue
		}
		for method, operation := range item.(map[string]any) {
			first, _ := paths[prefixes[0]+rest].(map[string]any)[method].(map[string]any)
			second := maps.Clone(operation.(map[string]any))
			for _, own := range []string{"operationId", "tags"} {
				if second[own] == nil || reflect.DeepEqual(second[own], first[own]) {
					t.Errorf("%s %s has no %s of its own", method, path, own)
				}
				second[own] = first[own]
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s %s is not what it is below the other prefix:\n%s", method, path, diff)
			}
		}
		delete(paths, path)
	}
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestDocumentIsTheSame: replicas serve the same bytes, so that a tag of one is good for all.
func TestDocumentIsTheSame(t *testing.T) {
	_, _, one := describedBy(t, Deployed(), true)
	_, _, two := describedBy(t, Deployed(), true)
	if !bytes.Equal(one, two) {
		t.Error("two documents of one configuration differ")
	}
}

func BenchmarkDescribe(b *testing.B) {
	a, c, _ := describedBy(b, Documented(), false)
	for b.Loop() {
		if _, err := a.describe(c); err != nil {
			b.Fatal(err)
		}
	}
}
