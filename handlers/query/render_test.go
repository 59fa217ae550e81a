package query_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

const cluster = "BCS-1"

// options are what the service starts with.
func options() query.Options { return query.Options{MaxLength: 1000} }

// route is a thing that reads parameters: a kind of the typed queries, or a Spec.
type route struct {
	name string
	plan func(query.Params, query.Options) (query.Plan, error)
	// params and accepts are what it declares.
	params  []query.Param
	accepts query.Accepts
}

func specRoute(name string, s query.Spec) route {
	return route{name, func(p query.Params, o query.Options) (query.Plan, error) {
		parsed, err := s.Parse(p, o)
		return query.Plan{Query: parsed.Query()}, err
	}, s.Params, s.Accepts}
}

// common are the parameters of query.Accepts, by name.
var common = map[string]query.Accepts{
	"field": query.Field, "extra": query.Extra | query.IgnoredExtra, "extra_contain": query.ExtraContain,
	"offset": query.Page | query.Length, "limit": query.Page, "length": query.Length, "labelSelector": query.Free,
}

func kindRoute(k query.Kind) route {
	accepts := query.Field | query.Extra | query.Page | query.Free
	if k.Namespaces {
		accepts &^= query.Field
	}
	return route{k.Env + "/" + k.Word, func(p query.Params, o query.Options) (query.Plan, error) {
		return k.Plan(cluster, p, o)
	}, k.Params, accepts}
}

// routes are all there are: the specs first, then every kind.
func routes() []route {
	all := []route{
		specRoute("list", query.List),
		specRoute("item-get", query.ItemGet),
		specRoute("item-put", query.ItemPut),
		specRoute("item-delete", query.ItemDelete(storage.Dynamic)),
		specRoute("metric-delete", query.ItemDelete(storage.Metrics)),
		specRoute("batch-delete", query.BatchDelete([]string{"clusterId", "resourceType"})),
		specRoute("metric-list", query.MetricList),
		specRoute("watch-list", query.WatchList),
		specRoute("event-list", query.EventList),
		specRoute("alarm-list", query.AlarmList),
		specRoute("none", query.None),
	}
	for _, k := range query.Kinds() {
		all = append(all, kindRoute(k))
	}
	return all
}

func routeOf(t testing.TB, name string) route {
	t.Helper()
	for _, r := range routes() {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("no route %q", name)
	return route{}
}

// planOf reads rawQuery as the route does; it must be readable.
func planOf(t testing.TB, name, rawQuery string, o query.Options) query.Plan {
	t.Helper()
	params, err := query.FromURL(rawQuery)
	if err != nil {
		t.Fatalf("%s?%s: %v", name, rawQuery, err)
	}
	plan, err := routeOf(t, name).plan(params, o)
	if err != nil {
		t.Fatalf("%s?%s: %v", name, rawQuery, err)
	}
	return plan
}

// wantInvalid fails unless err is an InvalidError for param.
func wantInvalid(t testing.TB, err error, param string) {
	t.Helper()
	var invalid *storage.InvalidError
	switch {
	case err == nil:
		t.Errorf("accepted; want an error for %q", param)
	case !errors.Is(err, storage.ErrInvalid) || !errors.As(err, &invalid):
		t.Errorf("%v (%T) is no ErrInvalid", err, err)
	case invalid.Param != param && !(strings.HasSuffix(invalid.Param, "...") && strings.HasPrefix(param, strings.TrimSuffix(invalid.Param, "..."))):
		t.Errorf("error for %q, want for %q: %v", invalid.Param, param, err)
	case invalid.Reason == "":
		t.Errorf("error for %q does not say why", param)
	}
}

// render writes a plan so that equal plans have equal text and different plans
// different text. An And at the top, or in one there, is written as its members:
// it means the same.
func render(p query.Plan) string {
	var b strings.Builder
	for _, scope := range p.Query.Scopes {
		fmt.Fprintf(&b, "scope %s\n", scope.ID())
	}
	renderFilter(&b, "", p.Query.Filter)
	if paths := p.Query.Fields.Paths(); paths != nil {
		fmt.Fprintf(&b, "fields %s\n", paths)
	}
	if p.Query.Skip != 0 {
		fmt.Fprintf(&b, "skip %d\n", p.Query.Skip)
	}
	if p.Query.Limit != 0 {
		fmt.Fprintf(&b, "limit %d\n", p.Query.Limit)
	}
	if p.Distinct != "" {
		fmt.Fprintf(&b, "distinct %s\n", p.Distinct)
	}
	return b.String()
}

func renderFilter(b *strings.Builder, indent string, f storage.Filter) {
	group := func(word string, filters ...storage.Filter) {
		fmt.Fprintf(b, "%s%s\n", indent, word)
		for _, g := range filters {
			renderFilter(b, indent+"  ", g)
		}
	}
	switch f := f.(type) {
	case nil:
	case storage.And:
		if indent != "" && len(f) != 1 {
			group("all", f...)
			return
		}
		for _, g := range f {
			renderFilter(b, indent, g)
		}
	case storage.Or:
		group("any", f...)
	case storage.Not:
		group("not", f.Filter)
	case storage.Exists:
		fmt.Fprintf(b, "%s%s exists\n", indent, f.Path)
	case storage.In:
		var values []byte
		for _, v := range f.Values {
			values = v.AppendJSON(append(values, ' '))
		}
		fmt.Fprintf(b, "%s%s in%s\n", indent, f.Path, values)
	case storage.Contains:
		fmt.Fprintf(b, "%s%s contains %q\n", indent, f.Path, f.Text)
	case storage.TimeRange:
		fmt.Fprintf(b, "%s%s from %s to before %s\n", indent, f.Path, renderBound(f.From), renderBound(f.To))
	default:
		panic(fmt.Sprintf("a filter that the test does not know: %T", f))
	}
}

func renderBound(t time.Time) string {
	if t.IsZero() {
		return "any"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// asJSON writes parameters as the body of a POST: all values as strings, or,
// typed, those that are numbers or booleans as such.
func asJSON(t testing.TB, params query.Params, typed bool) []byte {
	t.Helper()
	body := map[string]any{}
	for name, value := range params {
		body[name] = value
		if typed && plainScalar.MatchString(value) {
			body[name] = json.RawMessage(value)
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var plainScalar = regexp.MustCompile(`^(true|false|0|-?[1-9][0-9]{0,17})$`)

// names are the parameters of p as they are written: a range is two.
func names(p query.Param) []string {
	if p.Match == query.Range {
		return []string{p.Name + "Begin", p.Name + "End"}
	}
	return []string{p.Name}
}

func sortedNames(p query.Params) []string {
	var all []string
	for name := range p {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func b64(s string) string {
	return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s)))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
