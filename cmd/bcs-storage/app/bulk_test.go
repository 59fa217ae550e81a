package app_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bcs-storage/conf"
)

// bulkStatus is a line of the answer to a bulk request.
type bulkStatus struct {
	Line       int
	Code       int
	Message    string
	RetryAfter int
}

// bulk sends the lines and returns what is answered to them.
func (s *service) bulk(prefix, env, body string) []bulkStatus {
	s.t.Helper()
	a := s.do("POST", prefix+"/"+env+"/dynamic/bulk", body)
	if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" {
		s.t.Fatalf("%s: %d %v %.300s", a.what, a.status, a.header, a.body)
	}
	var all []bulkStatus
	for line := range strings.Lines(a.body) {
		var one bulkStatus
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			s.t.Fatalf("%s: %v", line, err)
		}
		all = append(all, one)
	}
	return all
}

// TestBulk: lines do what the PUTs and DELETEs of single resources do.
func TestBulk(t *testing.T) {
	clock := newClock(start2026)
	s := start(t, settings{now: clock.Now})
	ns, node := documentedPrefix+"/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod", documentedPrefix+"/k8s/dynamic/cluster_resources/clusters/C/Node"
	s.do("PUT", ns+"/old", `{"data":1}`).ok()
	const data = `{ "b":[1, 2.50,1e3,-0, 9007199254740993],"a" : {"io.tencent.bcs.cluster":"x","$ref":"\u4e2d"}}`
	got := s.bulk(documentedPrefix, "k8s", strings.Join([]string{
		`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"a","data":` + data + `}`,
		``,
		` {"op":"put", "clusterId":"C","resourceType":"Node","resourceName":"服务 1","data":null}` + "\r",
		`{"op":"delete","clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"old"}`,
		`{"op":"delete","clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"never was"}`,
		`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"twice","data":1}`,
		`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"twice","data":2}`,
		`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"gone","data":2}`,
		`{"op":"delete","clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"gone"}`,
	}, "\n"))
	want := []bulkStatus{}
	for _, line := range []int{1, 3, 4, 5, 6, 7, 8, 9} {
		want = append(want, bulkStatus{Line: line, Message: "Success"})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	item := `{"_id":"C/Pod/n/%s","clusterId":"C","resourceType":"Pod","namespace":"n","resourceName":"%s","data":%s,"createTime":"2026-11-21T12:00:00.123Z","updateTime":"2026-11-21T12:00:00.123Z"}`
	if got, want := s.do("GET", ns, "").ok(), "["+fmt.Sprintf(item, "a", "a", data)+","+fmt.Sprintf(item, "twice", "twice", "2")+"]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := s.do("GET", node+"?field=data,namespace", "").ok(); got != `[{"_id":"C/Node//服务 1","data":null}]` {
		t.Error(got)
	}
	if got := s.bulk(deployedPrefix, "k8s", ""); got != nil {
		t.Errorf("nothing is answered with %+v", got)
	}
	s.do("POST", documentedPrefix+"/k8s/dynamic/bulk?field=data", "{}").failed("field: unknown parameter")
	s.do("POST", documentedPrefix+"/k8s/dynamic/bulk/", "{}").failed("slash")
}

// TestBulkProcesses: the rule for types that share a store is that of single resources.
func TestBulkProcesses(t *testing.T) {
	s := start(t, settings{})
	list := documentedPrefix + "/mesos/dynamic/namespace_resources/clusters/C/namespaces/n/"
	const names = `"clusterId":"C","namespace":"n","resourceName":`
	for _, one := range s.bulk(documentedPrefix, "mesos", strings.Join([]string{
		`{` + names + `"app","resourceType":"application","data":{"kind":"application"}}`,
		`{` + names + `"proc","resourceType":"process","data":{"kind":"process"}}`,
		`{"op":"delete",` + names + `"proc","resourceType":"application"}`,
		`{"op":"delete",` + names + `"app","resourceType":"process"}`,
	}, "\n")) {
		if one.Code != 0 {
			t.Errorf("%+v", one)
		}
	}
	if got := s.bulk(documentedPrefix, "mesos", `{`+names+`"p","resourceType":"process","data":{}}`); len(got) != 1 || got[0].Message != `Put resource failed. data.kind: must be "process" for a resource of that type.` {
		t.Errorf("%+v", got)
	}
	for word, want := range map[string]string{"application": "app", "process": "proc"} {
		if got := s.do("GET", list+word, "").names("resourceName"); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q", word, got)
		}
	}
}

// TestBulkBadLines: every bad line is refused with what is wrong, stores
// nothing, and does not hold up the others, in both dialects.
func TestBulkBadLines(t *testing.T) {
	const names = `"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"bad"`
	long := func(n int) string { return strings.Repeat("x", n) }
	bad := []struct{ line, word string }{
		{`nonsense`, "line: not JSON"},
		{`{"clusterId":`, "line: not JSON"},
		{`null`, "line: must be a JSON object"},
		{`[{` + names + `,"data":1}]`, "line: must be a JSON object"},
		{`{` + names + `,"data":1} {}`, "line: more than one JSON value"},
		{`{` + names + `,"data":1,"data":2}`, "line: not JSON"},
		{`{` + names + `,"data":[9223372036854775808]}`, "9223372036854775808"},
		{`{` + names + `,"data":` + strings.Repeat("[", 201) + strings.Repeat("]", 201) + `}`, "nested deeper than 200"},
		{"{" + names + ",\"data\":\"\xff\"}", "line: not JSON"},
		{`{` + names + `}`, "data: missing"},
		{`{"op":"delete",` + names + `,"data":1}`, "data: has no meaning"},
		{`{"op":"PUT",` + names + `,"data":1}`, "op: must be put or delete"},
		{`{"op":null,` + names + `,"data":1}`, "op: must be put or delete"},
		{`{` + names + `,"data":1,"kind":"Pod"}`, "kind: unknown member"},
		{`{` + names + `,"data":1,"Data":1}`, "Data: unknown member"},
		{strings.Replace(`{`+names+`,"data":1}`, `"C"`, `""`, 1), "clusterId: empty"},
		{strings.Replace(`{`+names+`,"data":1}`, `"C"`, `7`, 1), "clusterId: must be a string"},
		{strings.Replace(`{`+names+`,"data":1}`, `"n"`, `null`, 1), "namespace: must be a string"},
		{strings.Replace(`{`+names+`,"data":1}`, `"n"`, `""`, 1), "namespace: empty"},
		{strings.Replace(`{`+names+`,"data":1}`, `"Pod"`, `"a/b"`, 1), "resourceType: holds a control character or a slash"},
		{strings.Replace(`{`+names+`,"data":1}`, `"bad"`, `"a\nb"`, 1), "resourceName: holds a control character"},
		{strings.Replace(`{`+names+`,"data":1}`, `bad`, long(513), 1), "resourceName: longer than 512"},
		{strings.Replace(`{`+names+`,"data":1}`, `"clusterId":"C",`, ``, 1), "clusterId: missing"},
		{strings.Replace(`{`+names+`,"data":1}`, `"resourceType":"Pod",`, ``, 1), "resourceType: missing"},
		{strings.Replace(`{`+names+`,"data":1}`, `,"resourceName":"bad"`, ``, 1), "resourceName: missing"},
		{`{` + names + `,"data":"` + long(64<<10) + `"}`, "line: longer than 65536 bytes"},
	}
	for dialect, codes := range map[string][2]int{conf.Documented: {10003, 10005}, conf.Deployed: {1405082, 1405084}} {
		t.Run(dialect, func(t *testing.T) {
			s := start(t, settings{change: func(c *conf.Config) { c.Dialect, c.HTTP.MaxBodyBytes = dialect, 64<<10 }})
			var body strings.Builder
			for i, b := range bad {
				fmt.Fprintf(&body, "%s\n"+`{"clusterId":"C","namespace":"n","resourceType":"Pod","resourceName":"good%02d","data":1}`+"\n", b.line, i)
			}
			got := s.bulk(documentedPrefix, "k8s", strings.TrimSuffix(body.String(), "\n"))
			if len(got) != 2*len(bad) {
				t.Fatalf("%d answers to %d lines: %+v", len(got), 2*len(bad), got)
			}
			for i, b := range bad {
				code := codes[0]
				if strings.Contains(b.line, `"delete"`) {
					code = codes[1]
				}
				refused, taken := got[2*i], got[2*i+1]
				if refused.Code != code || !strings.Contains(refused.Message, b.word) || refused.Line != 2*i+1 || refused.RetryAfter != 0 {
					t.Errorf("%.100s: %+v, want code %d, %s", b.line, refused, code, b.word)
				}
				if taken.Code != 0 || !strings.EqualFold(taken.Message, "success") || taken.Line != 2*i+2 {
					t.Errorf("the line behind %.100s: %+v", b.line, taken)
				}
			}
			names := s.do("GET", documentedPrefix+"/k8s/dynamic/all_resources/clusters/C/Pod", "").names("resourceName")
			if len(names) != len(bad) || names[0] != "good00" {
				t.Errorf("%q are stored", names)
			}
		})
	}
}

// TestBulkLong: more than fits a group, in order, each item answered once.
func TestBulkLong(t *testing.T) {
	s := start(t, settings{})
	const n, different = 4500, 2700
	var body strings.Builder
	for i := range n {
		fmt.Fprintf(&body, `{"clusterId":"C","namespace":"n%d","resourceType":"ConfigMap","resourceName":"x%d","data":{"n":%d}}`+"\n", i%7, i%different, i)
	}
	got := s.bulk(documentedPrefix, "k8s", body.String())
	if len(got) != n {
		t.Fatalf("%d answers", len(got))
	}
	for i, one := range got {
		if one != (bulkStatus{Line: i + 1, Message: "Success"}) {
			t.Fatalf("%d: %+v", i, one)
		}
	}
	want := map[string]int{}
	for i := range n {
		want[fmt.Sprintf("C/ConfigMap/n%d/x%d", i%7, i%different)] = i
	}
	docs := s.do("GET", documentedPrefix+"/k8s/dynamic/all_resources/clusters/C/ConfigMap?field=data", "").documents()
	if len(docs) != len(want) {
		t.Errorf("%d documents, want %d", len(docs), len(want))
	}
	for _, doc := range docs {
		id, _ := doc["_id"].(string)
		data, _ := doc["data"].(map[string]any)
		if data["n"] != float64(want[id]) {
			t.Fatalf("%s has %v, the last line about it said %d", id, data["n"], want[id])
		}
	}
}
