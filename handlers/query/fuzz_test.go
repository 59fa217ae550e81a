package query_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/labels"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// refusal fails unless err is an ErrInvalid for one of the parameters allowed.
func refusal(t *testing.T, err error, allowed ...string) {
	t.Helper()
	var invalid *storage.InvalidError
	if !errors.Is(err, storage.ErrInvalid) || !errors.As(err, &invalid) {
		t.Fatalf("%v (%T) is no ErrInvalid", err, err)
	}
	named := func(name string) bool {
		begin, clipped := strings.CutSuffix(invalid.Param, "...") // a long name is not repeated whole
		return name == invalid.Param || clipped && len(begin) > 50 && strings.HasPrefix(name, begin)
	}
	if invalid.Param == "" || !slices.ContainsFunc(allowed, named) {
		t.Fatalf("the error is for %q, which was not given: %v", invalid.Param, err)
	}
}

// means is whether a parameter changes the plan. The ones that do not are
// documented: an empty value on a read, a bound of 0 on one, a page that is the
// whole list, an extra without an entry, what repeats the default or the URL's path.
func means(r route, name, value string, o query.Options) bool {
	free := r.accepts&query.Free != 0 && strings.HasPrefix(name, "data.")
	if value == "" && !free {
		return false
	}
	for _, p := range r.params {
		if p.Name == name && p.Default == value {
			return false
		}
		if p.Match == query.Range && slices.Contains(names(p), name) && value == "0" && r.accepts&query.Strict == 0 {
			return false
		}
	}
	if free || slices.ContainsFunc(r.params, func(p query.Param) bool { return slices.Contains(names(p), name) }) {
		return true
	}
	if common[name]&r.accepts == 0 && !(name == "clusterId" || name == "used" && r.name == "k8s/namespace") {
		return false // unknown, and ignored, or it would have been refused
	}
	switch name {
	case "clusterId":
		return false // it repeats the URL's path
	case "extra":
		return !emptyExtra(value) && r.accepts&query.IgnoredExtra == 0
	case "used":
		return value != "0" && strings.ToLower(value) != "false"
	case "field":
		return strings.Trim(value, ",") != ""
	case "offset", "limit":
		return strings.Trim(value, "+-0") != ""
	case "length":
		return strings.Trim(value, "+-0") != "" && strings.TrimLeft(value, "+0") != itoa(o.MaxLength)
	case "extra_contain":
		return !emptyExtra(value)
	}
	return true
}

func emptyExtra(value string) bool {
	value = strings.TrimRight(strings.NewReplacer(" ", "+", "-", "+", "_", "/").Replace(value), "=")
	object, err := base64.RawStdEncoding.DecodeString(value)
	var members map[string]any
	return err == nil && json.Unmarshal(object, &members) == nil && len(members) == 0
}

func hasDefault(r route, name string) bool {
	return slices.ContainsFunc(r.params, func(p query.Param) bool { return p.Name == name && p.Default != "" })
}

// FuzzParse reads any query string as any route: what is refused names a
// parameter, what is accepted means what it says: every parameter narrows, and
// none is passed over.
func FuzzParse(f *testing.F) {
	all := routes()
	for i, r := range all {
		body := samples[r.name]
		if body == "" {
			body = samples["k8s/pod"]
		}
		f.Add("", uint8(i), false, []byte(body))
		for _, p := range r.params {
			for _, name := range names(p) {
				f.Add(name+"=1&"+name+"x=a,b", uint8(i), true, []byte(body))
				f.Add(name+"=2017-10-16%2007:34:52&clusterId=BCS-1", uint8(i), false, []byte(body))
			}
		}
	}
	for _, c := range narrowing {
		i := slices.IndexFunc(all, func(r route) bool { return r.name == c.route })
		f.Add(c.param+"="+url.QueryEscape(c.has), uint8(i), false, []byte(samples[c.route]))
	}
	for _, rawQuery := range []string{
		"field=data,resourceName&offset=1&limit=2&labelSelector=app%3Dweb,!x&data.x=1,true,null&extra=" + b64(`{"data.x":[1,null],"data．y":"z"}`),
		"used=1&name=x&namespace=", "used=0", "length=1000&offset=0&extra_contain=" + b64(`{"describe":"x"}`),
		"updateTimeBegin=0&updateTimeEnd=1509423130", "updateTimeEnd=0000-12-31T23:59:59Z", "updateTimeBegin=0001-01-01T00:00:00Z",
		"labelSelector=%20", "kind=,application", "=1", "a=1;b", "%zz", "%ff=%ff", "data.=x", "data.x=&data.y=+null", "limit=%2B0",
	} {
		for i := range all {
			f.Add(rawQuery, uint8(i), i%2 == 0, []byte(samples["k8s/pod"]))
		}
	}
	f.Fuzz(func(t *testing.T, rawQuery string, which uint8, ignore bool, doc []byte) {
		params, err := query.FromURL(rawQuery)
		if err != nil {
			values, _ := url.ParseQuery(rawQuery)
			refusal(t, err, append(slices.Collect(maps.Keys(values)), "query string")...)
			return
		}
		r := all[int(which)%len(all)]
		o := options()
		o.IgnoreUnknown = ignore
		plan, err := r.plan(params, o)
		if err != nil {
			refusal(t, err, sortedNames(params)...)
			if _, again := r.plan(params, o); again == nil || again.Error() != err.Error() {
				t.Fatalf("%v, then %v", err, again)
			}
			return
		}
		with := render(plan)

		// A POST of the same parameters is the same.
		fromJSON, err := query.FromJSON(asJSON(t, params, false))
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(fromJSON, params) {
			t.Fatalf("as JSON %v, in the URL %v", fromJSON, params)
		}

		for _, name := range sortedNames(params) {
			fewer := maps.Clone(params)
			delete(fewer, name)
			less, err := r.plan(fewer, o)
			if name == "used" && err != nil || less.Distinct != plan.Distinct {
				continue // reads other documents, with other parameters
			}
			if err != nil {
				t.Fatalf("without %s: %v", name, err)
			}
			if plan.Distinct != "" && name == "field" {
				continue // names are answered; see TestRefused
			}
			changed := with != render(less)
			if want := means(r, name, params[name], o); changed != want {
				t.Fatalf("%s=%q changes the plan of %s: %v, want %v\n%s", name, params[name], r.name, changed, want, with)
			}
			if hasDefault(r, name) {
				continue // takes the place of another filter
			}
			for _, d := range fuzzDocs(doc) {
				if selects(plan, d) && !selects(less, d) {
					t.Fatalf("%s=%q widens %s to %s", name, params[name], r.name, d.Body)
				}
			}
		}
	})
}

// fuzzDocs are the samples and, if it can be stored, the fuzzer's own document.
func fuzzDocs(doc []byte) []*storage.Record {
	var docs []*storage.Record
	for _, name := range []string{"k8s/pod", "mesos/application", "mesos/process", "event-list", "k8s/deployment", "k8s/configmap"} {
		docs = append(docs, &storage.Record{ID: "i", Body: []byte(samples[name])})
	}
	doc = bytes.TrimSpace(doc)
	if storage.CheckJSON("doc", doc) == nil && doc[0] == '{' {
		docs = append(docs, &storage.Record{ID: "i", Body: doc})
	}
	return docs
}

// FuzzExtra reads any object as extra in every base64, and any text as it is. A condition
// has to hold for the document that is built from it.
func FuzzExtra(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, `{"data.a.b":"x"}`, `{"a":[1,"1",true,null,1.5,-0]}`, `{"a.b":null,"c":[]}`, `{"a．b.c":"．"}`,
		`{"$a":1}`, `{"a":{"b":1}}`, `{"a":[[1]]}`, `{"a..b":1}`, `{"clusterId":"x"}`, ` {"a" : 1e2 } `, `{"a":"\ud83d\ude00\u0000"}`,
		`null`, `[]`, `{"a":1`, `{"a":9223372036854775807}`, `{"a":9223372036854775808}`, `{"a":1,"a":2}`, "e30=", "\xff",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		parse := func(s string) (string, storage.Filter, error) {
			parsed, err := query.List.Parse(query.Params{"extra": s}, options())
			return render(query.Plan{Query: parsed.Query()}), parsed.Filter, err
		}
		if _, _, err := parse(string(object)); err != nil {
			refusal(t, err, "extra")
		}
		_, err := query.EventList.Parse(query.Params{"extra_contain": base64.StdEncoding.EncodeToString(object)}, options())
		if err != nil {
			refusal(t, err, "extra_contain")
		}
		if len(object) == 0 {
			return
		}
		want, filter, err := parse(base64.StdEncoding.EncodeToString(object))
		if err != nil {
			refusal(t, err, "extra")
		}
		for _, s := range []string{
			base64.RawStdEncoding.EncodeToString(object),
			base64.URLEncoding.EncodeToString(object),
			base64.RawURLEncoding.EncodeToString(object),
			strings.ReplaceAll(base64.StdEncoding.EncodeToString(object), "+", " "),
		} {
			if got, _, again := parse(s); got != want || (again == nil) != (err == nil) {
				t.Fatalf("%s: %v %s, want %v %s", s, again, got, err, want)
			}
		}
		deleted, deleteErr := query.ItemDelete(storage.Dynamic).Parse(query.Params{"extra": base64.StdEncoding.EncodeToString(object)}, options())
		if deleteErr != nil {
			refusal(t, deleteErr, "extra")
		} else if got := render(query.Plan{Query: deleted.Query()}); got != want {
			t.Fatalf("a DELETE reads %s, a GET %s", got, want)
		}
		if err != nil {
			if deleteErr == nil {
				t.Fatalf("a DELETE takes what a GET refuses: %v", err)
			}
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(object, &members); err != nil {
			t.Fatalf("accepted, yet %v", err)
		}
		if got := strings.Count(want, "\n"); got != len(members) {
			t.Fatalf("%d conditions of %d", got, len(members))
		}
		for key, raw := range members {
			if len(members) > 1 {
				break
			}
			wanted := []json.RawMessage{raw}
			if raw[0] == '[' {
				if err := json.Unmarshal(raw, &wanted); err != nil {
					t.Fatal(err)
				}
			}
			for _, value := range wanted {
				if body := nest(storage.P(key), bytes.TrimSpace(value)); !storage.Match(filter, &storage.Record{Body: body}) {
					t.Fatalf("%s does not find %s", object, body)
				}
			}
			if body := nest(storage.P(key), []byte(`"something else"`)); !bytes.Contains(raw, []byte("something else")) && storage.Match(filter, &storage.Record{Body: body}) {
				t.Fatalf("%s finds %s", object, body)
			}
		}
	})
}

// nest is the document with only value in it, at path.
func nest(path storage.Path, value []byte) []byte {
	for _, part := range slices.Backward(path) {
		value = slices.Concat([]byte("{"), storage.AppendString(nil, part), []byte(":"), value, []byte("}"))
	}
	return value
}

// FuzzFields: a projection has every path that was asked for, once, and
// answers only that.
func FuzzFields(f *testing.F) {
	for _, s := range []string{"", ",", "a", "a,b.c", "a.b,a", "a．b", "a..b", "$a", "data.metadata,resourceName,_id", " a, b", "a,a", "0.1"} {
		f.Add(s, []byte(samples["k8s/pod"]))
	}
	f.Fuzz(func(t *testing.T, s string, doc []byte) {
		projection, err := query.ParseFields("field", s)
		if err != nil {
			refusal(t, err, "field")
			return
		}
		var want, got []string
		for part := range strings.SplitSeq(s, ",") {
			if part != "" && !slices.Contains(want, part) {
				want = append(want, part)
			}
		}
		for _, p := range projection.Paths() {
			got = append(got, p.String())
			for _, other := range projection.Paths() {
				if !p.Equal(other) && slices.Equal(p[:min(len(p), len(other))], other[:min(len(p), len(other))]) {
					t.Fatalf("%v and %v are both there", p, other)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: paths %q, want %q", s, got, want)
		}
		if (projection == nil) != (len(want) == 0) {
			t.Fatalf("%q is everything: %v", s, projection == nil)
		}
		for _, d := range fuzzDocs(doc) {
			answer := projection.Append(nil, d)
			if err := storage.CheckJSON("answer", answer); err != nil {
				t.Fatalf("%q answers %s: %v", s, answer, err)
			}
			if projection == nil {
				continue
			}
			for name := range storage.Members(answer) {
				if name != "_id" && !slices.ContainsFunc(projection.Paths(), func(p storage.Path) bool { return p[0] == name }) {
					t.Fatalf("%q answers %s", s, name)
				}
			}
		}
	})
}

// FuzzLabelSelector compares with Kubernetes' own evaluation of the selector.
func FuzzLabelSelector(f *testing.F) {
	for _, s := range []string{
		"app=web", "app==web,tier!=db", "app in (a,b)", "app notin (a)", "app", "!app", "app.kubernetes.io/name=shop", "n>1", "n<1",
		"", " ", ",", "a,", "app=", "app!=", "x in ()", "x in (,)", "x in (a", "$", "a=b=c", "a/b/c", "app in (web),app!=web", "!",
	} {
		f.Add(s, "app", "web", "app.kubernetes.io/name", "shop")
	}
	f.Fuzz(func(t *testing.T, s, key1, value1, key2, value2 string) {
		parsed, err := query.List.Parse(query.Params{"labelSelector": s}, options())
		selector, theirs := labels.Parse(s)
		if err != nil {
			refusal(t, err, "labelSelector")
			if theirs == nil && !selector.Empty() && !strings.ContainsAny(s, "<>") {
				t.Fatalf("%q is a selector: %v", s, err)
			}
			return
		}
		if theirs != nil || s != "" && selector.Empty() || strings.ContainsAny(s, "<>") {
			t.Fatalf("%q accepted: %v", s, theirs)
		}
		sets := []labels.Set{{}, {key1: value1}, {key2: value2}, {key1: value1, key2: value2}}
		requirements, _ := selector.Requirements()
		for _, r := range requirements {
			for _, v := range append(r.ValuesUnsorted(), "", value1) {
				sets = append(sets, labels.Set{r.Key(): v}, labels.Set{r.Key(): v, key1: value1})
			}
		}
		for _, set := range sets {
			body, err := json.Marshal(map[string]any{"data": map[string]any{"metadata": map[string]any{"labels": set}}})
			if err != nil {
				t.Fatal(err)
			}
			if storage.CheckJSON("doc", body) != nil || !utf8.ValidString(key1+value1+key2+value2) {
				continue // such a document is not stored
			}
			if got, want := storage.Match(parsed.Filter, &storage.Record{Body: body}), selector.Matches(set); got != want {
				t.Fatalf("%q finds %v: %v, Kubernetes says %v", s, set, got, want)
			}
		}
	})
}

// FuzzFromJSON: what is accepted is what encoding/json reads; nothing is lost.
func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, ``, ` `, `{"a":"x","b":1,"c":true,"d":1.5,"e":-0,"f":1e2}`, `{"a":null}`, `{"a":[1]}`, `{"a":{}}`, `{"":1}`, `{"a":1,"a":2}`,
		`{"updateTimeBegin":0,"updateTimeEnd":1509423130}`, `{"updateTimeEnd":"2017-10-31 04:12:10"}`, `[]`, `null`, `{"a":"\ud800"}`, strings.Repeat(" ", 70) + `{"name":"x"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var members map[string]any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		valid := decoder.Decode(&members) == nil && members != nil
		allowed := append(slices.Collect(maps.Keys(members)), "body")

		merged, bodyErr := query.WithBody(query.Params{"data.x": "1"}, body)
		if bodyErr != nil {
			refusal(t, bodyErr, allowed...)
		} else if merged["data.x"] != "1" {
			t.Fatalf("the body takes the place of a parameter: %v", merged)
		}
		params, err := query.FromJSON(body)
		if err != nil {
			refusal(t, err, allowed...)
			if bodyErr == nil && len(body) > 0 {
				t.Fatalf("a DELETE takes what is refused: %v", err)
			}
			return
		}
		if !valid || len(params) != len(members) {
			t.Fatalf("%v of %v", params, members)
		}
		for name, member := range members {
			switch member := member.(type) {
			case string:
				if params[name] != member {
					t.Fatalf("%s is %q, want %q", name, params[name], member)
				}
			case json.Number:
				got, err1 := json.Number(params[name]).Float64()
				want, err2 := member.Float64()
				if err1 != nil || err2 != nil || got != want {
					t.Fatalf("%s is %q, want %s", name, params[name], member)
				}
			case bool:
				if params[name] != map[bool]string{true: "true", false: "false"}[member] {
					t.Fatalf("%s is %q, want %v", name, params[name], member)
				}
			default:
				t.Fatalf("%s is %v", name, member)
			}
		}
		if bodyErr != nil {
			return
		}
		for name, value := range params {
			if merged[name] != value {
				t.Fatalf("the body's %s is lost: %v", name, merged)
			}
		}
	})
}
