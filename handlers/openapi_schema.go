package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	openapi "github.com/go-openapi/spec"

	"bcs-storage/handlers/about"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/watch"
)

// nullable is the extension that says what Swagger 2.0 has no word for.
const nullable = "x-nullable"

// object is a schema with these members.
func object(members ...member) *openapi.Schema {
	s := new(openapi.Schema).Typed("object", "")
	for _, m := range members {
		s.SetProperty(m.name, *m.schema)
		if m.needed {
			s.AddRequired(m.name)
		}
	}
	return s
}

type member struct {
	name   string
	schema *openapi.Schema
	needed bool
}

func stringSchema(about string) *openapi.Schema {
	return openapi.StringProperty().WithDescription(about)
}
func integerSchema(about string) *openapi.Schema {
	return openapi.Int64Property().WithDescription(about)
}
func anySchema(about string) *openapi.Schema { return new(openapi.Schema).WithDescription(about) }

func nullableSchema(about string) *openapi.Schema {
	s := anySchema(about)
	s.AddExtension(nullable, true)
	return s
}

// define keeps the schema under the name, and refers to it.
func (d *description) define(name string, s *openapi.Schema) *openapi.Schema {
	d.definitions[name] = *s
	return openapi.RefSchema("#/definitions/" + name)
}

// shapes of the data of a success.
type shape string

const (
	shapeWritten   shape = "Written"
	shapeObject    shape = "Object"
	shapeItem      shape = "Item"
	shapeDocuments shape = "Documents"
	shapeNames     shape = "Names"
	shapeAny       shape = "List" // documents or names
)

// answer is the envelope of every answer of an operation, failures included.
func (d *description) answer(op operation, s shape, counted bool) *openapi.Schema {
	codes := []any{0}
	for _, f := range d.failures(op) {
		codes = append(codes, f.code)
	}
	// What a failure's data is decides how much can be said of the data.
	data := new(openapi.Schema)
	success, failed := s.example(&d.api.dialect), d.api.dialect.empty(op)
	if failed == "null" {
		data.AddExtension(nullable, true)
	}
	switch {
	case success == "null":
		data.WithDescription("Nothing.")
	case failed != "null" && failed[0] != success[0]:
		data.WithDescription("What was asked for; " + failed + " when that failed.")
	case success[0] == '{':
		data.Typed("object", "")
	case s == shapeAny:
		data.Typed("array", "").Items = &openapi.SchemaOrArray{Schema: new(openapi.Schema)}
	case s == shapeNames:
		data.Typed("array", "").Items = &openapi.SchemaOrArray{Schema: openapi.StringProperty()}
	default:
		data.Typed("array", "").Items = &openapi.SchemaOrArray{Schema: openapi.MapProperty(nil)}
	}
	envelope := object(
		member{"result", openapi.BooleanProperty().WithDescription("Whether it worked."), true},
		member{"code", integerSchema("0, or what failed.").WithEnum(codes...), true},
		member{"message", stringSchema("The same in words."), true},
		member{"data", data, true},
	)
	if counted {
		envelope.SetProperty("total", *integerSchema("How many there are in all."))
	}
	return d.define(answerName(op, s, counted), envelope)
}

// answerName is a name for each different answer.
func answerName(op operation, s shape, counted bool) string {
	name := []string{put: "put", get: "get", remove: "delete", list: "list"}[op.verb] + string(s)
	switch {
	case op.watch:
		return "watch" + camel(name)
	case op.plain:
		return "plain" + camel(name)
	case counted:
		return "counted" + camel(name)
	}
	return name
}

// example is a value of the shape, as the dialect has it.
func (s shape) example(d *Dialect) string {
	switch s {
	case shapeWritten:
		return d.written
	case shapeObject:
		return "{}"
	case shapeItem:
		if d.itemInArray {
			return "[]"
		}
		return "{}"
	}
	return "[]"
}

// failures are those that the dialect has for the operation.
func (d *description) failures(op operation) []failure {
	all := []failure{d.api.dialect.failure(op, false)}
	if missing := d.api.dialect.failure(op, true); op.verb == get && missing.code != all[0].code {
		all = append(all, missing)
	}
	return all
}

// responses are the HTTP statuses of a route with an envelope.
func (d *description) responses(e entry, op operation, answer *openapi.Schema) map[int]openapi.Response {
	codes := map[string]string{"0": d.api.dialect.success}
	listed := "code 0"
	for _, f := range d.failures(op) {
		codes[strconv.Itoa(f.code)] = f.text
		listed += ", " + strconv.Itoa(f.code)
	}
	all := map[int]openapi.Response{}
	respond(all, http.StatusOK, "It worked, or it failed and the envelope says why: "+listed+".", answer)
	if d.api.envelope.semantic {
		all = map[int]openapi.Response{}
		respond(all, http.StatusOK, "It worked.", answer)
	}
	ok := all[http.StatusOK]
	ok.AddExtension("x-codes", codes)
	retry := openapi.ResponseHeader().Typed("integer", "").WithDescription("Seconds; there when the same request may succeed soon.")
	ok.AddHeader("Retry-After", retry)
	all[http.StatusOK] = ok
	for _, m := range mappings {
		if !(m.own || d.api.envelope.semantic) || !m.happensTo(op, e.body != nil) {
			continue
		}
		sentence := m.sentence
		if sentence == "" {
			sentence = "The request is wrong; message names what."
			if m.status == http.StatusRequestEntityTooLarge {
				sentence = "The body is too large."
			}
		}
		respond(all, m.status, sentence, answer)
	}
	d.refusals(all)
	return all
}

// happensTo says whether an operation, with or without a body, can fail so.
func (m mapping) happensTo(op operation, body bool) bool {
	switch m.is {
	case watch.ErrInvalid, watch.ErrUnavailable:
		return op.watch
	case watch.ErrTooLarge:
		return op.watch && op.verb == put
	case storage.ErrTooLarge:
		return !op.watch && op.verb == put
	case watch.ErrNotFound, storage.ErrNotFound:
		return op.verb == get
	case errBodyTooLarge, errBodyUnread:
		return body
	}
	return true
}

// respond adds a sentence to those of the status.
func respond(all map[int]openapi.Response, status int, sentence string, schema *openapi.Schema) {
	r, ok := all[status]
	switch {
	case !ok:
		r = *openapi.NewResponse().WithDescription(sentence).WithSchema(schema)
	case !strings.Contains(r.Description, sentence):
		r.Description += " " + sentence
	}
	all[status] = r
}

// refusals adds what the router answers.
func (d *description) refusals(all map[int]openapi.Response) {
	refusal := d.define("refusal", object(
		member{"result", openapi.BooleanProperty().WithEnum(false), true},
		member{"code", integerSchema("The HTTP status, or what failed."), true},
		member{"message", stringSchema("What was wrong."), true},
		member{"data", nullableSchema("Nothing."), true},
	))
	for status, sentence := range map[int]string{
		http.StatusNotFound:         "There is no such route: a segment of the path is missing, or holds an encoded slash.",
		http.StatusMethodNotAllowed: "The path has no such method.",
	} {
		respond(all, status, sentence, refusal)
		r := all[status]
		r.Schema = refusal
		all[status] = r
	}
}

// parametersBody is a flat object of the parameters, as a POST query takes them.
func parametersBody(parameters []about.Parameter) *openapi.Schema {
	s := object()
	example := map[string]any{}
	for _, p := range parameters {
		if p.Prefix {
			s.AdditionalProperties = &openapi.SchemaOrBool{Allows: true, Schema: stringSchema(p.About)}
			s.AddExtension("x-parameter-prefixes", []map[string]string{{"prefix": p.Name, "type": "string", "description": p.About, "name": p.Whole, "example": p.Example}})
			continue
		}
		property := new(openapi.Schema).WithDescription(p.About)
		if p.Type != about.Time {
			property.Typed(typeName(p.Type), "")
		}
		var value any = p.Example
		if p.Type != about.List {
			value = exampleOf(p)
		}
		if p.Example != "" || p.Blank {
			property.WithExample(value)
		}
		if p.Name == "limit" || p.Name == "length" {
			example[p.Name] = value
		}
		s.SetProperty(p.Name, *property)
	}
	return s.WithExample(example)
}

// rangeBody is the body of a DELETE of many.
func rangeBody(s query.Spec, o query.Options) *openapi.Schema {
	s.Accepts &= query.Strict // the rows alone
	return parametersBody(s.Describe(o))
}

// fieldsBody is an object of fields that are kept, with an example of each.
func fieldsBody(fields []field) *openapi.Schema {
	s := object()
	example := map[string]any{}
	for _, f := range fields {
		property, value := f.describe()
		s.SetProperty(f.name, *property)
		example[f.name] = value
	}
	return s.WithExample(example)
}

// describe is the schema of the field, and a value of it.
func (f field) describe() (*openapi.Schema, any) {
	switch f.kind {
	case instant:
		return integerSchema("Unix seconds."), 1795200000
	case anything:
		return anySchema("Any JSON value; it is kept as it comes."), map[string]any{"metadata": map[string]any{"name": "web-0"}}
	case names:
		s, example := object(), map[string]any{}
		for _, name := range extraInfoFields {
			s.SetProperty(name, *openapi.StringProperty())
			example[name] = "web-0"
		}
		return s, example
	}
	i := slices.IndexFunc(pathParameters, func(p about.Parameter) bool { return p.Name == f.name })
	if i >= 0 {
		return stringSchema(pathParameters[i].About), pathParameters[i].Example
	}
	return openapi.StringProperty(), f.name
}
