package query_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// TestRefused: what cannot be read is refused with the parameter's name; it is
// never passed over, because the answer, or a DELETE, would be wider than asked.
func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct{ routes, rawQuery, param string }{
		// Integers.
		{"k8s/deployment k8s/replicaset", "replicas=two", "replicas"},
		{"k8s/deployment", "replicas=1.5", "replicas"},
		{"k8s/deployment", "replicas=1.0", "replicas"},
		{"k8s/deployment", "replicas=1,2", "replicas"},
		{"k8s/deployment", "replicas=%201", "replicas"},
		{"k8s/deployment", "replicas=0x10", "replicas"},
		{"k8s/deployment", "replicas=9223372036854775808", "replicas"},
		{"k8s/deployment", "availableReplicas=-9223372036854775809", "availableReplicas"},
		{"k8s/deployment", "updatedReplicas=" + long, "updatedReplicas"},
		{"mesos/deployment", "checkTime=1e3", "checkTime"},
		{"mesos/application mesos/process", "instance=true", "instance"},
		{"mesos/application mesos/process", "buildedInstance=%2B", "buildedInstance"},
		{"mesos/application mesos/process", "runningInstance=-", "runningInstance"},
		{"k8s/daemonset k8s/statefulset", "generation=x", "generation"},
		{"k8s/daemonset", "templateGeneration=x", "templateGeneration"},

		// Pages.
		{"list metric-list event-list alarm-list k8s/pod mesos/namespace", "offset=x", "offset"},
		{"list metric-list event-list alarm-list k8s/pod mesos/namespace", "offset=-1", "offset"},
		{"list metric-list event-list alarm-list k8s/pod", "offset=9223372036854775808", "offset"},
		{"list metric-list k8s/pod mesos/namespace", "limit=-1", "limit"},
		{"list metric-list k8s/pod", "limit=1.5", "limit"},
		{"list metric-list k8s/pod", "limit=all", "limit"},
		{"event-list alarm-list", "length=-1", "length"},
		{"event-list alarm-list", "length=1001", "length"},
		{"event-list alarm-list", "length=x", "length"},
		{"event-list alarm-list", "length=99999999999999999999", "length"},

		// Booleans.
		{"mesos/deployment", "isInRolling=yes", "isInRolling"},
		{"mesos/deployment", "isInRolling=2", "isInRolling"},
		{"mesos/deployment", "isInRolling=true,false", "isInRolling"},
		{"mesos/exportservice", "sslCert=on", "sslCert"},
		{"k8s/namespace", "used=yes", "used"},
		{"k8s/namespace", "used=2", "used"},

		// Times.
		{"k8s/pod", "createTimeBegin=yesterday", "createTimeBegin"},
		{"k8s/pod", "createTimeEnd=2017-13-01%2000:00:00", "createTimeEnd"},
		{"k8s/pod", "startTimeBegin=2017-10-16", "startTimeBegin"},
		{"k8s/pod", "startTimeEnd=07:34:52", "startTimeEnd"},
		{"k8s/pod", "createTimeBegin=1.5", "createTimeBegin"},
		{"k8s/pod", "createTimeBegin=1509423130000", "createTimeBegin"}, // milliseconds
		{"k8s/pod", "createTimeBegin=-1", "createTimeBegin"},
		{"k8s/pod", "createTimeEnd=-1509423130", "createTimeEnd"},
		{"k8s/pod", "createTimeEnd=-0", "createTimeEnd"},
		{"k8s/pod", "createTimeBegin=9223372036854775808", "createTimeBegin"},
		{"k8s/pod", "createTimeBegin=2017-10-16T07:34:52+08:00", "createTimeBegin"}, // the plus is a blank
		{"k8s/pod", "createTimeBegin=1,2", "createTimeBegin"},
		{"k8s/pod", "createTimeBegin=" + long, "createTimeBegin"},
		{"k8s/pod", "createTimeBegin=2&createTimeEnd=1", "createTimeEnd"},
		{"k8s/pod", "createTimeBegin=2017-10-16T07:34:52Z&createTimeEnd=2017-10-16T07:34:51.9Z", "createTimeEnd"},
		{"k8s/pod", "createTimeBegin=2&createTimeEnd=x", "createTimeEnd"},
		{"k8s/pod", "createTimeBegin=x&createTimeEnd=x", "createTimeBegin"},
		{"k8s/pod", "createTimeBegin=0001-01-01T00:00:00Z&createTimeEnd=0000-12-31T23:59:59Z", "createTimeEnd"},
		{"event-list alarm-list", "timeBegin=-5", "timeBegin"},
		{"event-list alarm-list", "timeBegin=2&timeEnd=1", "timeEnd"},
		{"event-list alarm-list", "timeEnd=soon", "timeEnd"},
		{"batch-delete", "updateTimeBegin=x", "updateTimeBegin"},
		{"batch-delete", "updateTimeEnd=-1", "updateTimeEnd"},
		{"batch-delete", "updateTimeBegin=2&updateTimeEnd=1", "updateTimeEnd"},

		// Names that nothing declares. A common name is known only where it means something.
		{"list item-get item-put item-delete batch-delete metric-list watch-list event-list alarm-list none k8s/pod mesos/namespace", "nmae=x", "nmae"},
		{"item-delete batch-delete", "extra=e30%3D", "extra"},
		{"list item-delete batch-delete k8s/pod", "extra=" + many(101, `"a%d":1`), "extra"},
		{"event-list alarm-list", "extra_contain=" + many(101, `"a%d":"x"`), "extra_contain"},
		{"list item-delete batch-delete k8s/pod", "labelSelector=" + strings.TrimSuffix(strings.Repeat("!k,", 101), ","), "labelSelector"},
		{"list item-delete batch-delete k8s/pod", "data.a100=" + series("&data.a%d=", 100), "data.a99"},
		{"list item-get item-put item-delete batch-delete metric-list watch-list event-list alarm-list none k8s/pod", "nmae", "nmae"},
		{"list k8s/pod", "Name=x", "Name"},
		{"list k8s/pod", "resourceName=x", "resourceName"},
		{"list item-get metric-list", "clusterId=BCS-1", "clusterId"},
		{"list k8s/pod event-list", "data=x", "data"},
		{"list k8s/pod", "Data.x=x", "Data.x"},
		{"list k8s/pod", "%20data.x=x", " data.x"},
		{"list k8s/pod", "zz=1&aa=1", "aa"}, // the same one each time
		{"event-list alarm-list watch-list item-put none", "data.x=1", "data.x"},
		{"event-list alarm-list watch-list item-put none", "labelSelector=app", "labelSelector"},
		{"event-list alarm-list item-get item-delete batch-delete none", "limit=1", "limit"},
		{"list k8s/pod metric-list", "length=1", "length"},
		{"item-get item-put item-delete batch-delete none", "offset=1", "offset"},
		{"item-put item-delete batch-delete none", "field=data", "field"},
		{"list k8s/pod item-get metric-list watch-list", "extra_contain=e30=", "extra_contain"},
		{"none", "extra=e30=", "extra"},
		{"item-delete list", "updateTimeBegin=1", "updateTimeBegin"},
		{"k8s/pod mesos/namespace", "used=1", "used"},
		{"k8s/namespace k8s/node", "namespace=x", "namespace"},
		{"k8s/ippoolstatic mesos/ippoolstaticdetail", "name=x", "name"},
		{"k8s/pod", "kind=x", "kind"},
		{"k8s/namespace", "used=1&status=Active", "status"}, // what is collected has no phase
		{"mesos/namespace", "field=data..x", "field"},
		{"k8s/namespace", "used=1&field=data.", "field"},

		// The cluster of the path.
		{"k8s/pod mesos/namespace k8s/namespace", "clusterId=BCS-2", "clusterId"},
		{"k8s/pod", "clusterId=BCS-1,BCS-2", "clusterId"},
		{"k8s/pod", "clusterId=bcs-1", "clusterId"},

		// Projections.
		{"list item-get k8s/pod event-list metric-list watch-list", "field=data,data.metadata", "field"},
		{"list", "field=data.metadata,data", "field"},
		{"list", "field=a.b.c,x,a", "field"},
		{"list", "field=.", "field"},
		{"list", "field=data.", "field"},
		{"list", "field=.data", "field"},
		{"list", "field=data..x", "field"},
		{"list", "field=$where", "field"},
		{"list", "field=data.$x", "field"},
		{"list", "field=" + strings.Repeat("a.", 200) + "a", "field"},
		{"list", "field=" + strings.Repeat("a,", 1001), "field"},

		// extra that is no base64 of a JSON object.
		{"list item-get item-delete batch-delete metric-list watch-list event-list alarm-list k8s/pod", "extra=%21%21", "extra"},
		{"list", "extra=e", "extra"},
		{"list", "extra=%3D%3D%3D%3D", "extra"},
		{"list", `extra={"a":1}`, "extra"},
		{"list", "extra=%20", "extra"},
		{"list event-list", "extra=" + b64(``) + "=", "extra"},
		{"list event-list", "extra=" + b64(`not json`), "extra"},
		{"list", "extra=" + b64(`"a"`), "extra"},
		{"list", "extra=" + b64(`1`), "extra"},
		{"list", "extra=" + b64(`null`), "extra"},
		{"list", "extra=" + b64(`[]`), "extra"},
		{"list", "extra=" + b64(`[{"a":1}]`), "extra"},
		{"list", "extra=" + b64(`{"a":1`), "extra"},
		{"list", "extra=" + b64(`{"a":`), "extra"},
		{"list", "extra=" + b64(`{"a":1}{"b":2}`), "extra"},
		{"list", "extra=" + b64(`{"a":1,"a":2}`), "extra"},
		{"list", "extra=" + b64(`{'a':1}`), "extra"},
		{"list", "extra=" + b64(`{a:1}`), "extra"},
		{"list", "extra=" + b64("{\"a\":\"\xff\"}"), "extra"},
		{"list", "extra=" + b64(`{"a":9223372036854775808}`), "extra"},
		{"list", "extra=" + b64(`{"a":1e999}`), "extra"},

		// extra whose conditions mean nothing.
		{"list event-list", "extra=" + b64(`{"$where":"1"}`), "extra"},
		{"list", "extra=" + b64(`{"$or":[{"a":1}]}`), "extra"},
		{"list", "extra=" + b64(`{"a.$gt":1}`), "extra"},
		{"list event-list", "extra=" + b64(`{"a":{"$gt":1}}`), "extra"},
		{"list", "extra=" + b64(`{"a":{}}`), "extra"},
		{"list", "extra=" + b64(`{"a":{"b":1}}`), "extra"},
		{"list", "extra=" + b64(`{"a":[{"b":1}]}`), "extra"},
		{"list", "extra=" + b64(`{"a":[1,[2]]}`), "extra"},
		{"list", "extra=" + b64(`{"a":[[]]}`), "extra"},
		{"list", "extra=" + b64(`{"":1}`), "extra"},
		{"list", "extra=" + b64(`{"a.":1}`), "extra"},
		{"list", "extra=" + b64(`{".a":1}`), "extra"},
		{"list", "extra=" + b64(`{"a..b":1}`), "extra"},
		{"list", "extra=" + b64(`{"ok":1,"a..b":1}`), "extra"},

		// extra on a DELETE can't speak of what the path fixes.
		{"item-delete batch-delete", "extra=" + b64(`{"clusterId":"BCS-2"}`), "extra"},
		{"item-delete batch-delete", "extra=" + b64(`{"data.x":1,"resourceType":["Pod"]}`), "extra"},
		{"item-delete batch-delete", "extra=" + b64(`{"resourceType.x":1}`), "extra"},
		{"item-delete", "extra=" + b64(`{"namespace":"a"}`), "extra"},
		{"item-delete", "extra=" + b64(`{"resourceName":null}`), "extra"},
		{"metric-delete", "extra=" + b64(`{"name":"a"}`), "extra"},
		{"metric-delete", "extra=" + b64(`{"type":"a"}`), "extra"},

		// extra_contain.
		{"event-list alarm-list", "extra_contain=%21", "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`[]`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a":1}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a":null}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a":true}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a":["x"]}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a":{"$regex":"x"}}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"$a":"x"}`), "extra_contain"},
		{"event-list alarm-list", "extra_contain=" + b64(`{"a..b":"x"}`), "extra_contain"},

		// labelSelector.
		{"list item-get item-delete batch-delete metric-list k8s/pod", "labelSelector=%20", "labelSelector"},
		{"list batch-delete", "labelSelector=,", "labelSelector"},
		{"list", "labelSelector=app%3Dweb,", "labelSelector"},
		{"list", "labelSelector=,app", "labelSelector"},
		{"list", "labelSelector=%3Dweb", "labelSelector"},
		{"list", "labelSelector=app%3Dweb%3Ddb", "labelSelector"},
		{"list", "labelSelector=app+in+web", "labelSelector"},
		{"list", "labelSelector=app+in+(web", "labelSelector"},
		{"list", "labelSelector=app+in+()x", "labelSelector"},
		{"list", "labelSelector=app+is+web", "labelSelector"},
		{"list", "labelSelector=!app%3Dweb", "labelSelector"},
		{"list", "labelSelector=app+web", "labelSelector"},
		{"list batch-delete", "labelSelector=n+>+1", "labelSelector"},
		{"list batch-delete", "labelSelector=n<2", "labelSelector"},
		{"list", "labelSelector=ok,n>1", "labelSelector"},
		{"list", "labelSelector=$x%3D1", "labelSelector"},
		{"list", "labelSelector=a/b/c%3D1", "labelSelector"},
		{"list", "labelSelector=app%3D" + strings.Repeat("x", 64), "labelSelector"},
		{"list", "labelSelector=app%3Da+b", "labelSelector"},

		// Free filters whose name is no path.
		{"list item-get item-delete batch-delete metric-list k8s/pod mesos/namespace", "data.=x", "data."},
		{"list batch-delete k8s/pod", "data..x=1", "data..x"},
		{"list", "data.x.=1", "data.x."},
		{"list", "data.$where=1", "data.$where"},
		{"list", "data.x.$gt=1", "data.x.$gt"},
		{"list", "data" + strings.Repeat(".a", 200) + "=1", "data" + strings.Repeat(".a", 200)},

		// On a DELETE an empty value is no filter that was left out.
		{"item-delete batch-delete metric-delete", "extra=", "extra"},
		{"item-delete batch-delete metric-delete", "labelSelector=", "labelSelector"},
		{"batch-delete", "updateTimeBegin=", "updateTimeBegin"},
		{"batch-delete", "nmae=x", "nmae"},
		{"item-delete", "nmae=x", "nmae"},
		{"batch-delete", "updateTimeEnd", "updateTimeEnd"},
		{"batch-delete", "updateTimeBegin=1&updateTimeEnd=", "updateTimeEnd"},
	} {
		params, err := query.FromURL(c.rawQuery)
		if err != nil {
			t.Errorf("?%s: %v", c.rawQuery, err)
			continue
		}
		for route := range strings.FieldsSeq(c.routes) {
			t.Run(route+"?"+c.rawQuery, func(t *testing.T) {
				_, err := routeOf(t, route).plan(params, options())
				wantInvalid(t, err, c.param)
			})
		}
	}
}

func TestFromURLRefused(t *testing.T) {
	for rawQuery, param := range map[string]string{
		"a=1&a=2":              "a",
		"a=1&a=1":              "a",
		"a&a":                  "a",
		"b=1&b=1&a=1&a=1":      "a", // the same one each time
		"a=1&%61=2":            "a",
		"a=1,2&b=1&b=2":        "b",
		"data.x=1&data.x=2":    "data.x",
		"a=%":                  "query string",
		"a=%zz":                "query string",
		"a=%2":                 "query string",
		"%zz=1":                "query string",
		"ok=1&a=%g0":           "query string",
		"a=1;b=2":              "query string",
		"=1":                   "query string",
		"=":                    "query string",
		"a=1&=2":               "query string",
		"a=%ff":                "a",
		"a=%C3%28":             "a",
		"a=%c3%a9&b=%ed%a0%80": "b",
		"%ff=1":                "query string",
	} {
		t.Run(rawQuery, func(t *testing.T) {
			_, err := query.FromURL(rawQuery)
			wantInvalid(t, err, param)
		})
	}
}

func TestFromURL(t *testing.T) {
	for rawQuery, want := range map[string]query.Params{
		"":                         {},
		"&&":                       {},
		"a":                        {"a": ""},
		"a=":                       {"a": ""},
		"a=1&b=2":                  {"a": "1", "b": "2"},
		"a=x+y%20z%2B":             {"a": "x y z+"},
		"a=b=c":                    {"a": "b=c"},
		"extraInfo.name=%E5%90%8D": {"extraInfo.name": "名"},
		"data.a%EF%BC%8Eb=1":       {"data.a．b": "1"},
	} {
		got, err := query.FromURL(rawQuery)
		if err != nil {
			t.Errorf("%q: %v", rawQuery, err)
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%q: %v, want %v", rawQuery, got, want)
		}
		for name, value := range want {
			if v, ok := got[name]; !ok || v != value {
				t.Errorf("%q: %s is %q, want %q", rawQuery, name, v, value)
			}
		}
	}
}

func TestFromJSON(t *testing.T) {
	for body, want := range map[string]query.Params{
		`{}`:                            {},
		" \r\n\t{ } \n":                 {},
		strings.Repeat(" ", 100) + `{}`: {},
		`{"a":"x"}`:                     {"a": "x"},
		`{"a":""}`:                      {"a": ""},
		`{"a":1,"b":-2,"c":0}`:          {"a": "1", "b": "-2", "c": "0"},
		`{"a":1.0,"b":1e3,"c":1.5}`:     {"a": "1", "b": "1000", "c": "1.5"},
		`{"a":9007199254740993}`:        {"a": "9007199254740993"},
		`{"a":true,"b":false}`:          {"a": "true", "b": "false"},
		`{"a":"1,2","b":"\u540d\""}`:    {"a": "1,2", "b": `名"`},
		`{"extraInfo.name":"web"}`:      {"extraInfo.name": "web"},
		`{"a":"null"}`:                  {"a": "null"},
	} {
		got, err := query.FromJSON([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
		for name, value := range want {
			if v, ok := got[name]; !ok || v != value {
				t.Errorf("%s: %s is %q, want %q", body, name, v, value)
			}
		}
	}
}

func TestFromJSONRefused(t *testing.T) {
	for body, param := range map[string]string{
		``:                             "body",
		` `:                            "body",
		"\n\t":                         "body",
		`null`:                         "body",
		`"a"`:                          "body",
		`1`:                            "body",
		`true`:                         "body",
		`[]`:                           "body",
		`[{"a":1}]`:                    "body",
		`{"a":1`:                       "body",
		`{"a"}`:                        "body",
		`{"a":1}}`:                     "body",
		`{"a":1}{"b":2}`:               "body",
		`{"a":1,}`:                     "body",
		`{"a":1,"a":1}`:                "body",
		`{"a":1,"\u0061":2}`:           "body",
		`{"":"x"}`:                     "body",
		`{"a":"x","":null}`:            "body",
		`{"a":99999999999999999999}`:   "body",
		"{\"a\":\"\xff\"}":             "body",
		`a=1&b=2`:                      "body",
		`{"a":null}`:                   "a",
		`{"a":{}}`:                     "a",
		`{"a":{"b":1}}`:                "a",
		`{"a":[]}`:                     "a",
		`{"a":["x"]}`:                  "a",
		`{"z":"x","a":["x"],"b":null}`: "a",
		"{\"a\":" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}": "body",
	} {
		_, err := query.FromJSON([]byte(body))
		t.Run(body[:min(len(body), 40)], func(t *testing.T) { wantInvalid(t, err, param) })
	}
}

// TestHugeJSON: a large flat body is read whole, nothing is cut.
func TestHugeJSON(t *testing.T) {
	value := strings.Repeat("web,", 1<<18) + "last"
	params, err := query.FromJSON([]byte(`{"name":"` + value + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	if params["name"] != value {
		t.Fatalf("%d bytes of %d", len(params["name"]), len(value))
	}
	plan, err := routeOf(t, "k8s/pod").plan(params, options())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"last": true, "web": true, "db": false} {
		r := record(t, `{"clusterId":"BCS-1","resourceType":"Pod","resourceName":"`+name+`"}`)
		if selects(plan, r) != want {
			t.Errorf("%s: not %v", name, want)
		}
	}
}

// TestTypedJSON: a POST may write values as numbers and booleans; what is then
// not what the parameter needs is refused as in a URL.
func TestTypedJSON(t *testing.T) {
	for _, c := range []struct{ route, body, param string }{
		{"k8s/deployment", `{"replicas":1.5}`, "replicas"},
		{"k8s/deployment", `{"replicas":true}`, "replicas"},
		{"k8s/pod", `{"limit":-1}`, "limit"},
		{"k8s/pod", `{"limit":0.5}`, "limit"},
		{"k8s/pod", `{"offset":false}`, "offset"},
		{"k8s/pod", `{"createTimeBegin":-1}`, "createTimeBegin"},
		{"k8s/pod", `{"createTimeBegin":true}`, "createTimeBegin"},
		{"mesos/deployment", `{"isInRolling":2}`, "isInRolling"},
		{"event-list", `{"length":1001}`, "length"},
		{"event-list", `{"extra":1}`, "extra"},
		{"k8s/pod", `{"clusterId":1}`, "clusterId"},
		{"k8s/namespace", `{"used":3}`, "used"},
		{"k8s/pod", `{"unknown":false}`, "unknown"},
	} {
		params, err := query.FromJSON([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		t.Run(c.route+c.body, func(t *testing.T) {
			_, err := routeOf(t, c.route).plan(params, options())
			wantInvalid(t, err, c.param)
		})
	}
	for _, c := range []struct{ route, body, rawQuery string }{
		{"k8s/deployment", `{"replicas":2.0,"limit":1e2}`, "replicas=2&limit=100"},
		{"mesos/deployment", `{"isInRolling":1,"checkTime":"5"}`, "isInRolling=true&checkTime=5"},
		{"k8s/pod", `{"createTimeBegin":1509423130,"data.x":2}`, "createTimeBegin=1509423130&data.x=2"},
		{"k8s/namespace", `{"used":true}`, "used=1"},
		{"k8s/pod", `{"name":12}`, "name=12"},
	} {
		params, err := query.FromJSON([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		plan, err := routeOf(t, c.route).plan(params, options())
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if got, want := render(plan), render(planOf(t, c.route, c.rawQuery, options())); got != want {
			t.Errorf("%s\ngot:\n%swant:\n%s", c.body, got, want)
		}
	}
}

func TestIgnoreUnknown(t *testing.T) {
	o := options()
	o.IgnoreUnknown = true
	for _, r := range routes() {
		if strings.HasSuffix(r.name, "-delete") {
			continue // a DELETE refuses what it does not know in any case; below
		}
		want := render(planOf(t, r.name, "", o))
		if got := render(planOf(t, r.name, "nmae=x&_=1509423130&zz", o)); got != want {
			t.Errorf("%s\ngot:\n%swant:\n%s", r.name, got, want)
		}
	}
	// What is known is read as ever.
	for _, c := range []struct{ route, rawQuery, param string }{
		{"list", "data..x=1", "data..x"},
		{"list", "limit=-1&zz=1", "limit"},
		{"list", "extra=%21", "extra"},
		{"k8s/deployment", "replicas=x", "replicas"},
		{"k8s/pod", "clusterId=BCS-2", "clusterId"},
		{"batch-delete", "updateTimeBegin=", "updateTimeBegin"},
	} {
		params, err := query.FromURL(c.rawQuery)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.route+"?"+c.rawQuery, func(t *testing.T) {
			_, err := routeOf(t, c.route).plan(params, o)
			wantInvalid(t, err, c.param)
		})
	}
}

// TestExtraSpellings: one extra in every base64 that clients write.
func TestExtraSpellings(t *testing.T) {
	// The text has a "+" and a "/" in the standard alphabet, and its length
	// makes padding.
	const object = `{"data.a":"~~?>~~?ÿ"}`
	std := base64.StdEncoding.EncodeToString([]byte(object))
	if !strings.Contains(std, "/") || !strings.Contains(std, "+") || !strings.HasSuffix(std, "=") {
		t.Fatalf("%s does not show what it should", std)
	}
	want := render(planOf(t, "list", "extra="+url.QueryEscape(std), options()))
	if !strings.Contains(want, `data.a in "~~?>~~?ÿ"`) {
		t.Fatalf("got %s", want)
	}
	raw := strings.TrimRight(std, "=")
	safe := strings.NewReplacer("+", "-", "/", "_").Replace(std)
	for _, s := range []string{
		url.QueryEscape(raw),
		url.QueryEscape(safe),
		url.QueryEscape(strings.TrimRight(safe, "=")),
		std, // unescaped: its plus arrives as a blank
		raw,
		url.QueryEscape(raw + "===="),
		url.QueryEscape(std[:8] + "\r\n" + std[8:]), // as encoders that break lines write it
	} {
		if got := render(planOf(t, "list", "extra="+s, options())); got != want {
			t.Errorf("%s: got %s", s, got)
		}
	}
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		field string
		want  []string
	}{
		{"", nil},
		{",", nil},
		{",,,", nil},
		{"a", []string{"a"}},
		{"a,b.c", []string{"a", "b.c"}},
		{",a,,b,", []string{"a", "b"}},
		{"a,a,a", []string{"a"}},
		{"b,a,b", []string{"b", "a"}},
		{"a.b,a.c", []string{"a.b", "a.c"}},
		{"a.b,ab", []string{"a.b", "ab"}},
		{strings.Repeat(",", 5000) + strings.Repeat("a,", 1000), []string{"a"}},
		{"a．b", []string{"a．b"}},
		{"a．b,a", []string{"a．b", "a"}}, // one part each: no conflict
		{" a", []string{" a"}},
		{"_id,createTime,updateTime", []string{"_id", "createTime", "updateTime"}},
	} {
		projection, err := query.ParseFields("field", c.field)
		if err != nil {
			t.Errorf("%q: %v", c.field, err)
			continue
		}
		var got []string
		for _, p := range projection.Paths() {
			got = append(got, p.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.field, got, c.want)
		}
		if (projection == nil) != (c.want == nil) {
			t.Errorf("%q: %v, want nil for everything", c.field, projection)
		}
	}
	_, err := query.ParseFields("what", "a..b")
	wantInvalid(t, err, "what")
	dotted, err := query.ParseFields("field", "data.a．b")
	if err != nil {
		t.Fatal(err)
	}
	r := &storage.Record{ID: "i", Body: []byte(`{"data":{"a.b":1,"a":{"b":2}},"x":3}`)}
	if got := string(dotted.Append(nil, r)); got != `{"_id":"i","data":{"a.b":1}}` {
		t.Errorf("a key with a dot: %s", got)
	}
	names, err := query.ParseFields("field", "resourceName")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(names.Append(nil, sample(t, "k8s/pod"))); got != `{"_id":"some/id","resourceName":"web-0"}` {
		t.Errorf("field=resourceName: %s", got)
	}
}

func TestWithBody(t *testing.T) {
	const begin, end = "updateTimeBegin", "updateTimeEnd"
	for _, c := range []struct {
		params query.Params
		body   string
		want   string // the plan, or
		param  string // what is refused
	}{
		{nil, ``, "", ""},
		{nil, `{}`, "", ""},
		{query.Params{begin: "5"}, ``, "updateTime from 1970-01-01T00:00:05Z to before any\n", ""},
		{query.Params{begin: "5"}, `{}`, "updateTime from 1970-01-01T00:00:05Z to before any\n", ""},
		{nil, `{"updateTimeBegin":0,"updateTimeEnd":1509423130}`, "updateTime from 1970-01-01T00:00:00Z to before 2017-10-31T04:12:11Z\n", ""},
		{nil, `{"updateTimeBegin":"5","updateTimeEnd":"6"}`, "updateTime from 1970-01-01T00:00:05Z to before 1970-01-01T00:00:07Z\n", ""},
		{nil, "\n {\"updateTimeEnd\" : 6}\n", "updateTime from any to before 1970-01-01T00:00:07Z\n", ""},
		{nil, `{"updateTimeBegin":"2017-10-31 04:12:10"}`, "updateTime from 2017-10-31T04:12:10Z to before any\n", ""},
		{nil, `{"updateTimeBegin":5.0}`, "updateTime from 1970-01-01T00:00:05Z to before any\n", ""},
		{query.Params{"data.x": "a"}, `{"updateTimeEnd":6}`, "updateTime from any to before 1970-01-01T00:00:07Z\ndata.x in \"a\"\n", ""},
		{query.Params{"labelSelector": "app"}, `{"updateTimeBegin":5}`, "updateTime from 1970-01-01T00:00:05Z to before any\ndata.metadata.labels.app exists\n", ""},

		{nil, ` `, "", "body"},
		{nil, "\n", "", "body"},
		{nil, `garbage`, "", "body"},
		{nil, `null`, "", "body"},
		{nil, `[]`, "", "body"},
		{nil, `[{"updateTimeEnd":1}]`, "", "body"},
		{nil, `"x"`, "", "body"},
		{nil, `0`, "", "body"},
		{nil, `{"updateTimeEnd":1`, "", "body"},
		{nil, `{"updateTimeEnd":1,"updateTimeEnd":2}`, "", "body"},
		{nil, `{"updateTimeEnd":1} x`, "", "body"},
		{nil, `updateTimeEnd=1`, "", "body"},
		{nil, `{"updateTimeend":1}`, "", "updateTimeend"},
		{nil, `{"updateTime":1}`, "", "updateTime"},
		{nil, `{"data.x":"a"}`, "", "data.x"},
		{nil, `{"extra":"e30="}`, "", "extra"},
		{nil, `{"updateTimeEnd":1,"zz":1,"aa":1}`, "", "aa"}, // the same one each time
		{nil, `{"updateTimeEnd":null}`, "", end},
		{nil, `{"updateTimeEnd":[1]}`, "", end},
		{nil, `{"updateTimeEnd":{}}`, "", end},
		{nil, `{"updateTimeEnd":""}`, "", end},
		{nil, `{"updateTimeEnd":true}`, "", end},
		{nil, `{"updateTimeEnd":1.5}`, "", end},
		{nil, `{"updateTimeBegin":-1}`, "", begin},
		{nil, `{"updateTimeBegin":"-1"}`, "", begin},
		{nil, `{"updateTimeBegin":2,"updateTimeEnd":1}`, "", end},
		{nil, `{"updateTimeBegin":5,"updateTimeEnd":0}`, "", end},
		{query.Params{begin: "5"}, `{"updateTimeBegin":5}`, "", begin},
		{query.Params{begin: "5"}, `{"updateTimeEnd":6}`, "", begin},
		{query.Params{end: "5"}, `{"updateTimeBegin":1}`, "", end},
		{query.Params{end: ""}, `{"updateTimeBegin":1}`, "", end},
		{query.Params{begin: "1", end: "5"}, `{"updateTimeBegin":1,"updateTimeEnd":5}`, "", begin},
	} {
		t.Run(c.body, func(t *testing.T) {
			before := len(c.params)
			params, err := query.WithBody(c.params, []byte(c.body))
			if len(c.params) != before {
				t.Errorf("the parameters were changed to %v", c.params)
			}
			var plan query.Plan
			if err == nil {
				plan, err = routeOf(t, "batch-delete").plan(params, options())
			}
			if c.param != "" {
				wantInvalid(t, err, c.param)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := render(plan); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

// TestMessagesAreShort: a message repeats what was sent, but not all of it.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("é", 50_000)
	for _, c := range []struct{ route, param string }{
		{"k8s/deployment", "replicas"}, {"k8s/pod", "limit"}, {"mesos/deployment", "isInRolling"},
		{"k8s/pod", "createTimeBegin"}, {"k8s/pod", "clusterId"}, {"event-list", "length"}, {"k8s/pod", "extra"},
	} {
		_, err := routeOf(t, c.route).plan(query.Params{c.param: long}, options())
		wantInvalid(t, err, c.param)
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: a message of %d bytes", c.param, len(err.Error()))
		}
	}
	if _, err := query.FromURL("a=" + strings.Repeat("%ff", 5000)); err == nil || len(err.Error()) > 800 {
		t.Errorf("text that is not UTF-8: %v", err)
	}
}

// TestFirstErrorIsStable: of several errors the same is told each time.
func TestFirstErrorIsStable(t *testing.T) {
	params := query.Params{"a": "", "b": "", "limit": "x", "replicas": "x", "availableReplicas": "y", "data..x": "", "extra": "!", "createTimeBegin": "z"}
	var first *storage.InvalidError
	for range 50 {
		_, err := routeOf(t, "k8s/deployment").plan(params, options())
		var now *storage.InvalidError
		if !errors.As(err, &now) {
			t.Fatalf("got %v", err)
		}
		if first == nil {
			first = now
		}
		if *now != *first {
			t.Fatalf("%v, then %v", first, now)
		}
	}
}

// many is an extra of n entries.
func many(n int, entry string) string {
	return b64("{" + strings.TrimSuffix(series(entry+",", n), ",") + "}")
}

// series is n texts, each with its number.
func series(text string, n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, text, i)
	}
	return all.String()
}
