package app_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/conf"
)

// tokenFile writes a file of callers. The token of each is its name; row is what stands behind that.
func tokenFile(t *testing.T, path string, rows map[string]string) {
	t.Helper()
	var file strings.Builder
	for name, row := range rows {
		fmt.Fprintf(&file, "- {name: %s, sha256: '%x', %s}\n", name, sha256.Sum256([]byte(name)), row)
	}
	// As an operator should: another file takes its place.
	if err := os.WriteFile(path+".new", []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// the callers of most tests. Everything in everyRoute is in the cluster C.
var someCallers = map[string]string{
	"admin":  `verbs: [read, write, delete, secrets], clusters: ['*']`,
	"owner":  `verbs: [read, write, delete], clusters: [B, C]`,
	"reader": `verbs: [read], clusters: ['[C]']`,
	"writer": `verbs: [write], clusters: [C]`,
	"other":  `verbs: [read, write, delete, secrets], clusters: [D*, '?C', c]`,
}

// guarded starts a service that knows the callers.
func guarded(t *testing.T, callers map[string]string, change ...func(*conf.Config)) (s *service, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens.yaml")
	tokenFile(t, path, callers)
	return start(t, settings{change: func(c *conf.Config) {
		c.Auth.Tokens = path
		for _, f := range change {
			f(c)
		}
	}}), path
}

// as sends a request with the token of a caller.
func (s *service) as(caller, method, path, body string) answer {
	s.t.Helper()
	return s.do(method, documentedPrefix+path, body, "Authorization", "Bearer "+caller)
}

// seedC puts something of everything into the cluster C.
func seedC(s *service) {
	s.t.Helper()
	for _, c := range everyRoute() {
		if c.shape == done && c.method != "DELETE" {
			s.as("admin", c.method, c.path, c.body).ok()
		}
	}
	s.as("admin", "PUT", "/host/10.0.0.1", `{"clusterId":"C","data":{}}`).ok()
}

// stored is all that there is in C, and all that belongs to several clusters.
func stored(s *service) string {
	var all strings.Builder
	for _, c := range everyRoute() {
		if c.method == "GET" {
			all.WriteString(c.path + " " + s.as("admin", c.method, c.path, "").body + "\n")
		}
	}
	return all.String()
}

// TestEveryRouteWantsAToken, and answers a request without one in its own form.
func TestEveryRouteWantsAToken(t *testing.T) {
	s, _ := guarded(t, someCallers)
	seedC(s)
	before := stored(s)
	for _, c := range everyRoute() {
		for _, headers := range [][]string{{}, {"X-Auth-Token", "nobody"}, {"X-Auth-Token", "admin", "X-Bcs-User-Token", "owner"}} {
			a := s.do(c.method, documentedPrefix+c.path, c.body, headers...)
			a.failed("not authenticated")
			if a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %d, WWW-Authenticate %q", a.what, a.status, a.header.Get("WWW-Authenticate"))
			}
		}
	}
	if after := stored(s); after != before {
		t.Errorf("something was stored:\n%s\n%s", before, after)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := s.do("GET", path, ""); a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// TestEveryRouteForItsOwner: who may do everything in a cluster can use every route for it.
func TestEveryRouteForItsOwner(t *testing.T) {
	s, _ := guarded(t, someCallers)
	for _, c := range everyRoute() {
		body := strings.Replace(c.body, `{"data":`, `{"clusterId":"C","data":`, 1) // of a host
		data := s.as("owner", c.method, c.path, body).ok()
		if want := c.shape.prefix(conf.Documented); !strings.HasPrefix(data, want) {
			t.Errorf("%s %s: data is %.60s, want %s", c.method, c.path, data, want)
		}
	}
	for _, env := range []string{"mesos", "k8s"} {
		line := `{"clusterId":"C","resourceType":"T","resourceName":"x","data":1}`
		if a := s.as("owner", "POST", "/"+env+"/dynamic/bulk", line); a.status != 200 || !strings.Contains(a.body, `"code":0`) {
			t.Errorf("%s: %d %s", a.what, a.status, a.body)
		}
	}
	s.walked(documentedPrefix)
}

// TestBulkAsksForEachLine: a bulk request needs a caller who may write, and each line one who may do that in its cluster.
func TestBulkAsksForEachLine(t *testing.T) {
	s, _ := guarded(t, someCallers)
	const put, remove = `{"clusterId":"C","resourceType":"T","resourceName":"x","data":1}`, `{"op":"delete","clusterId":"C","resourceType":"T","resourceName":"x"}`
	elsewhere := strings.Replace(put, `"C"`, `"A"`, 1)
	for caller, want := range map[string][]string{
		"owner":  {`{"line":1,"code":0,`, `{"line":2,"code":10003,"message":"Put resource failed. not allowed: owner may not write`, `{"line":3,"code":0,`},
		"writer": {`{"line":1,"code":0,`, `{"line":2,"code":10003,`, `{"line":3,"code":10005,"message":"Delete resource failed. not allowed: writer may not delete`},
	} {
		a := s.as(caller, "POST", "/k8s/dynamic/bulk", put+"\n"+elsewhere+"\n"+remove)
		lines := strings.Split(a.body, "\n")
		for i := range want {
			if a.status != 200 || i >= len(lines) || !strings.HasPrefix(lines[i], want[i]) {
				t.Errorf("%s, line %d: %d %s", caller, i+1, a.status, a.body)
			}
		}
	}
	s.as("admin", "PUT", "/k8s/dynamic/cluster_resources/clusters/C/T/x", `{"data":2}`).ok()
	for caller, status := range map[string]int{"reader": 403, "nobody": 401} {
		a := s.as(caller, "POST", "/k8s/dynamic/bulk", put)
		if a.failed("not a"); a.status != status {
			t.Errorf("%s: %d %s", caller, a.status, a.body)
		}
	}
	if data := s.as("admin", "GET", "/k8s/dynamic/cluster_resources/clusters/C/T/x?field=data", "").ok(); !strings.Contains(data, `"data":2`) {
		t.Errorf("somebody who may not has changed it: %s", data)
	}
	if names := s.as("admin", "GET", "/k8s/dynamic/cluster_resources/clusters/A/T", "").names("resourceName"); len(names) > 0 {
		t.Errorf("stored in another cluster: %s", names)
	}
}

// TestBulkEndsWithItsToken: a stream does not outlast the token that it was begun with.
func TestBulkEndsWithItsToken(t *testing.T) {
	s, path := guarded(t, someCallers)
	in, out := io.Pipe()
	defer out.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+documentedPrefix+"/k8s/dynamic/bulk", in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer owner")
	line := func(i int) string {
		return fmt.Sprintf(`{"clusterId":"C","resourceType":"T","resourceName":"x%d","data":1}`+"\n", i)
	}
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(out, line(0)); sent <- err }()
	resp, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(resp.Body)
	if !answers.Scan() || !strings.Contains(answers.Text(), `"code":0`) {
		t.Fatalf("%v %s", answers.Err(), answers.Text())
	}
	others := maps.Clone(someCallers)
	delete(others, "owner")
	tokenFile(t, path, others)
	for i := 1; ; i++ {
		// Until the file is looked at again the token is good.
		if _, err := io.WriteString(out, line(i)); err != nil {
			break
		}
		if !answers.Scan() {
			break
		}
	}
	if answers.Err() == nil {
		t.Error("the answer ended well")
	}
}

// TestVerbs: who may only read, or only write, can do nothing else.
func TestVerbs(t *testing.T) {
	s, _ := guarded(t, someCallers)
	seedC(s)
	before := stored(s)
	for _, c := range everyRoute() {
		a := s.as("reader", c.method, c.path, c.body)
		if want := map[bool]int{true: 403, false: 200}[c.shape == done]; a.status != want {
			t.Errorf("the reader, %s: %d %.200s", a.what, a.status, a.body)
		}
		if c.shape == done {
			a.failed("not allowed", "reader")
			continue
		}
		a.ok()
	}
	if after := stored(s); after != before {
		t.Errorf("the reader has changed something:\n%s\n%s", before, after)
	}
	for _, c := range everyRoute() {
		may := c.shape == done && c.method != "DELETE"
		if c.path == "/host/10.0.0.1" {
			c.body = `{"clusterId":"C","data":{}}`
		}
		if a := s.as("writer", c.method, c.path, c.body); may != (a.status == 200) || !may && a.status != 403 {
			t.Errorf("the writer, %s: %d %.200s", a.what, a.status, a.body)
		}
	}
}

// TestOtherClusters: who has nothing to do with a cluster sees nothing of it and changes nothing in it.
func TestOtherClusters(t *testing.T) {
	s, _ := guarded(t, someCallers)
	seedC(s)
	before := stored(s)
	for _, c := range everyRoute() {
		a := s.as("other", c.method, c.path, c.body)
		switch {
		case slices.Contains([]string{"GET /events", "POST /events", "GET /alarms"}, c.method+" "+c.path):
			if e := a.envelope(); a.status != 200 || string(e.Data) != "[]" || *e.Total != 0 {
				t.Errorf("%s: %d %.200s", a.what, a.status, a.body)
			}
		case c.path == "/metric/clusters":
			if a.ok() != "[]" {
				t.Errorf("%s: %s", a.what, a.body)
			}
		case a.status != 403:
			t.Errorf("%s: %d %.200s", a.what, a.status, a.body)
		}
	}
	if after := stored(s); after != before {
		t.Errorf("something has changed:\n%s\n%s", before, after)
	}
}

// TestRecordsOfSomeClusters: lists over all clusters show, and count, those of the caller's.
func TestRecordsOfSomeClusters(t *testing.T) {
	s, _ := guarded(t, someCallers)
	for _, cluster := range []string{"C", "D1", "D2", "xD", ""} {
		s.as("admin", "PUT", "/events", fmt.Sprintf(`{"id":"e","clusterId":%q,"level":"x"}`, cluster)).ok()
		s.as("admin", "POST", "/alarms", fmt.Sprintf(`{"clusterId":%q,"type":"x"}`, cluster)).ok()
		if cluster != "" {
			s.as("admin", "PUT", "/metric/clusters/"+cluster+"/namespaces/n/t/m", `{"data":1}`).ok()
		}
	}
	for caller, want := range map[string]string{"admin": "[ C D1 D2 xD]", "owner": "[C]", "reader": "[C]", "other": "[D1 D2]"} {
		for _, path := range []string{"/events", "/events?level=x", "/alarms", "/alarms?type=x", "/events?" + extra(`{"level":"x"}`)} {
			a := s.as(caller, "GET", path, "")
			clusters := a.names("clusterId")
			slices.Sort(clusters)
			if got := fmt.Sprint(clusters); got != want || *a.envelope().Total != int64(len(clusters)) {
				t.Errorf("%s, %s: %s, total %d, want %s", caller, path, got, *a.envelope().Total, want)
			}
		}
		if got, want := s.as(caller, "GET", "/metric/clusters", "").ok(), strings.Fields(strings.Trim(want, "[]")); got != `["`+strings.Join(want, `","`)+`"]` {
			t.Errorf("%s: the clusters with metrics are %s", caller, got)
		}
	}
	for _, ask := range []string{"/events?clusterId=C", "/alarms?clusterId=C", "/alarms?" + extra(`{"clusterId":["C","D1"],"type":"y"}`)} {
		if a := s.as("other", "GET", ask, ""); a.ok() != "[]" || *a.envelope().Total != 0 {
			t.Errorf("%s: %s", ask, a.body)
		}
	}
	for _, put := range []struct{ method, path, body string }{
		{"PUT", "/events", `{"id":"n","clusterId":"xD"}`}, {"PUT", "/events", `{"id":"n"}`}, {"PUT", "/events", `{"id":"n","clusterId":null}`},
		{"POST", "/alarms", `{"clusterId":"C"}`}, {"POST", "/alarms", `{}`},
	} {
		if a := s.as("other", put.method, put.path, put.body); a.status != 403 {
			t.Errorf("%s %s: %d %s", put.method, put.body, a.status, a.body)
		}
	}
	s.as("other", "PUT", "/events", `{"id":"n","clusterId":"D9"}`).ok()
	if total := *s.as("admin", "GET", "/events", "").envelope().Total; total != 6 {
		t.Errorf("there are %d events", total)
	}
}

// TestHostsOfOthers: a host can be read, replaced, removed and moved by who may do so in the
// cluster that it is in; one without a cluster can be taken.
func TestHostsOfOthers(t *testing.T) {
	s, _ := guarded(t, someCallers)
	in := func(host, cluster string) {
		t.Helper()
		s.as("admin", "PUT", "/host/"+host, fmt.Sprintf(`{"clusterId":%q,"data":{"of":%q}}`, cluster, cluster)).ok()
	}
	in("c", "C")
	in("d", "D1")
	in("free", "")
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/host/c", "", 403}, {"GET", "/host/free", "", 403}, {"GET", "/host/d", "", 200}, {"GET", "/host/none", "", 200},
		{"GET", "/host/d?" + extra(`{"clusterId":"D1"}`), "", 200},
		{"PUT", "/host/c", `{"clusterId":"D1","data":{}}`, 403}, {"PUT", "/host/d", `{"clusterId":"C","data":{}}`, 403}, {"PUT", "/host/d", `{"data":{}}`, 403},
		{"PUT", "/host/new", `{"clusterId":"C","data":{}}`, 403}, {"PUT", "/host/new", `{"data":{}}`, 403},
		{"DELETE", "/host/c", "", 403}, {"DELETE", "/host/free", "", 403}, {"DELETE", "/host/none", "", 200},
		{"PUT", "/host/clusters/D1", `{"ips":["d","c"]}`, 403}, {"POST", "/host/clusters/D1", `{"ips":["c"]}`, 403}, {"PUT", "/host/clusters/C", `{"ips":[]}`, 403},
		{"GET", "/host/clusters/C", "", 403},
		// These change something.
		{"PUT", "/host/d", `{"clusterId":"D2","data":{}}`, 200}, {"POST", "/host/clusters/D1", `{"ips":["d","free","new"]}`, 200},
		{"PUT", "/host/clusters/D1", `{"ips":[]}`, 200}, {"PUT", "/host/free", `{"clusterId":"D1","data":{}}`, 200}, {"DELETE", "/host/free", "", 200},
	} {
		if tc.want == 403 {
			before := stored(s)
			a := s.as("other", tc.method, tc.path, tc.body)
			if a.status != 403 || strings.Contains(a.body, `"of"`) {
				t.Errorf("%s %s: %d %s", a.what, tc.body, a.status, a.body)
			}
			if after := stored(s); after != before {
				t.Fatalf("%s %s has changed something", a.what, tc.body)
			}
			continue
		}
		if a := s.as("other", tc.method, tc.path, tc.body); a.status != 200 || strings.Contains(a.body, `"of":"C"`) {
			t.Errorf("%s %s: %d %s", a.what, tc.body, a.status, a.body)
		}
	}
	if got := s.as("admin", "GET", "/host/c", "").documents()[0]["clusterId"]; got != "C" {
		t.Errorf("the host of C is in %v", got)
	}
	if a := s.as("admin", "GET", "/host/free", ""); !strings.Contains(a.body, `"data":[]`) {
		t.Errorf("what was taken and removed is there: %s", a.body)
	}
}

// TestBadRequestForNoHost: what can't be read is refused also where there is no host, whoever asks.
func TestBadRequestForNoHost(t *testing.T) {
	s, _ := guarded(t, someCallers)
	for _, caller := range []string{"admin", "other"} {
		for _, method := range []string{"GET", "DELETE"} {
			s.as(caller, method, "/host/none?nobody-knows=this", "").failed("nobody-knows")
			s.as(caller, method, "/host/none?extra=%25", "").failed("extra")
		}
		s.as(caller, "GET", "/host/none", "").failed("does not exist")
		s.as(caller, "DELETE", "/host/none", "").ok()
	}
}

// TestRefusalsHaveTheirForm: 401 and 403 are statuses in every dialect, and in the vendors' forms.
func TestRefusalsHaveTheirForm(t *testing.T) {
	for dialect, want := range map[string][3]string{
		conf.Documented: {
			`401 {"result":false,"code":10006,"message":"List resource failed. not authenticated: the token is not one that is known.","data":[]}`,
			`403 {"result":false,"code":10003,"message":"Put resource failed. not allowed: reader may not write.","data":null}`,
			`403 {"result":false,"code":10006,"message":"List resource failed. not allowed: writer may not read.","data":[]}`,
		},
		conf.Deployed: {
			`401 {"result":false,"code":1405085,"message":"(bcs-storage):list resource failed. not authenticated: the token is not one that is known.","data":[]}`,
			`403 {"result":false,"code":1405082,"message":"(bcs-storage):put resource failed. not allowed: reader may not write.","data":{}}`,
			`403 {"result":false,"code":1405085,"message":"(bcs-storage):list resource failed. not allowed: writer may not read.","data":[],"total":0}`,
		},
	} {
		s, _ := guarded(t, someCallers, func(c *conf.Config) { c.Dialect = dialect })
		pods := "/k8s/dynamic/all_resources/clusters/C/Pod"
		for i, a := range []answer{
			s.as("nobody", "GET", pods, ""), s.as("reader", "PUT", "/events", `{"clusterId":"C"}`), s.as("writer", "GET", "/events", ""),
		} {
			if got := fmt.Sprintf("%d %s", a.status, a.body); got != want[i] {
				t.Errorf("got  %s\nwant %s", got, want[i])
			}
		}
		// The views.
		service := func(caller, cluster string) answer {
			return s.do("GET", "/api/v1/namespaces/n/services/s/status", "", "X-Auth-Token", caller, "X-Cluster-ID", cluster)
		}
		ask := func(caller, path string) answer { return s.do("GET", path, "", "X-Bcs-User-Token", caller) }
		const ccs, ncs = "/v2/index.php?Action=DescribeClusterNameSpaces&clusterId=", "/ncs?Version=2017-11-16&Action=DescribeStatefulWorkloadsAllNamespaces&ClusterId="
		s.as("admin", "PUT", "/k8s/dynamic/cluster_resources/clusters/C/Namespace/n", `{"data":{}}`).ok()
		for _, tc := range []struct {
			answer
			status int
			want   string
		}{
			{service("nobody", "C"), 401, `"reason":"Unauthorized"`}, {service("other", "C"), 403, `"reason":"Forbidden"`}, {service("writer", "C"), 403, `"reason":"Forbidden"`},
			{service("reader", "C"), 404, `"reason":"NotFound"`},
			{ask("nobody", ccs+"C"), 401, `{"code":4100,`}, {ask("other", ccs+"C"), 403, `{"code":4102,`}, {ask("writer", ccs+"C"), 403, `{"code":4102,`},
			{ask("writer", "/v2/index.php?Action=DescribeCluster"), 403, `{"code":4102,`},
			{ask("reader", ccs+"C"), 200, `{"code":0,`},
			{ask("reader", "/v2/index.php?Action=DescribeCluster"), 200, `"clusterId":"C"`},
			{ask("other", "/v2/index.php?Action=DescribeCluster"), 200, `"totalCount":0`},
			{ask("nobody", ncs+"C"), 401, `{"Code":"AuthFailure",`}, {ask("other", ncs+"C"), 403, `{"Code":"OperationDenied",`},
			{ask("reader", ncs+"C"), 200, `{`},
		} {
			if tc.answer.status != tc.status || !strings.Contains(tc.body, tc.want) || tc.status == 401 && tc.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %d %s, want %d %s", tc.what, tc.answer.status, tc.body, tc.status, tc.want)
			}
		}
	}
}

// TestSignedRequestsNeedNoToken: with credentials the CCS view wants a signature instead, and a token does not help.
func TestSignedRequestsNeedNoToken(t *testing.T) {
	s, _ := guarded(t, someCallers, func(c *conf.Config) {
		c.Views.CCS.Credentials = "../../../scripts/samples/ccs-credentials.yaml"
	})
	for _, caller := range []string{"", "admin"} {
		a := s.do("GET", "/v2/index.php?Action=DescribeCluster", "", "X-Auth-Token", caller)
		if a.status != 200 || !strings.HasPrefix(a.body, `{"code":4000,`) || !strings.Contains(a.body, "MissingParameter") {
			t.Errorf("token %q: %d %s", caller, a.status, a.body)
		}
	}
}

// TestTokensAreReadAgain: callers come and go without a restart; a file that can't be read changes nothing.
func TestTokensAreReadAgain(t *testing.T) {
	s, path := guarded(t, map[string]string{"old": someCallers["admin"], "same": someCallers["reader"]})
	status := func(caller string) int {
		return s.as(caller, "GET", "/k8s/dynamic/all_resources/clusters/C/Pod", "").status
	}
	if status("old") != 200 || status("new") != 401 || status("same") != 200 {
		t.Fatal("the first callers are others")
	}
	tokenFile(t, path, map[string]string{"new": someCallers["admin"], "same": someCallers["other"]})
	s.eventually(func() bool { return status("new") == 200 })
	if a, b := status("old"), status("same"); a != 401 || b != 403 {
		t.Errorf("the old one: %d, who may do something else now: %d", a, b)
	}
	tokenFile(t, path, map[string]string{"newer": "verbs: [read]"})
	s.eventually(func() bool { status("new"); return strings.Contains(s.logs.String(), "the tokens stay as they were") })
	if a, b := status("new"), status("newer"); a != 200 || b != 401 || !strings.Contains(s.logs.String(), "clusters is missing") {
		t.Errorf("with a bad file: %d and %d", a, b)
	}
}

// TestBadTokenFile: a service that can't know its callers does not start.
func TestBadTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	for content, want := range map[string]string{"": "holds no callers", "- {name: hunter2}": "sha256 is missing"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := tryStart(t, func(c *conf.Config) { c.Auth.Tokens = path })
		if err == nil || !strings.Contains(err.Error(), "auth.tokens: "+path+": ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", content, err)
		}
	}
	tokenFile(t, path, someCallers)
	err := tryStart(t, func(c *conf.Config) { c.Auth.Tokens, c.Auth.Redact = path, []string{"Secret:data.$x"} })
	if err == nil || !strings.Contains(err.Error(), "auth.redact: ") {
		t.Errorf("a path that is none: %v", err)
	}
}

// TestMaxList: a caller with the limit has to say how much it wants, and no more than that.
func TestMaxList(t *testing.T) {
	s, _ := guarded(t, map[string]string{
		"admin": someCallers["admin"],
		"few":   `verbs: [read, write, delete], clusters: ['*'], maxList: 2`,
	})
	for i := range 3 {
		pod := fmt.Sprintf("/k8s/dynamic/namespace_resources/clusters/C/namespaces/n%d/Pod/p%d", i, i)
		s.as("few", "PUT", pod, `{"data":{}}`).ok()
		s.as("few", "PUT", "/events", fmt.Sprintf(`{"clusterId":"C","id":"%d"}`, i)).ok()
	}
	for path, param := range map[string]string{
		"/k8s/dynamic/all_resources/clusters/C/Pod": "limit", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n0/Pod": "limit",
		"/query/k8s/dynamic/clusters/C/pod": "limit", "/query/k8s/dynamic/clusters/C/namespace?used=1": "limit",
		"/metric/clusters/C": "limit", "/host/clusters/C": "limit", "/k8s/watch/clusters/C/namespaces/n/T": "limit",
		"/events": "length", "/alarms": "length",
	} {
		with := path + "?"
		if strings.Contains(path, "?") {
			with = path + "&"
		}
		for _, long := range []string{path, with + param + "=3", with + param + "=0"} {
			s.as("few", "GET", long, "").failed(param+": ", "from 1 to 2", "few")
			s.as("admin", "GET", long, "").ok()
		}
		s.as("few", "GET", with+param+"=2", "").ok()
	}
	s.as("few", "POST", "/query/k8s/dynamic/clusters/C/pod", `{"limit":3}`).failed("limit: ")
	if got := s.as("few", "POST", "/query/k8s/dynamic/clusters/C/pod", `{"limit":2}`).names("resourceName"); len(got) != 2 {
		t.Errorf("got %v", got)
	}
	s.as("few", "GET", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n0/Pod/p0", "").ok() // no list
	if metrics := s.metrics(); !strings.Contains(metrics, `bcs_storage_limited_requests_total{limit="maxList"} 28`) {
		t.Error("they are not counted")
	}
}

// TestCallerRate: the default is for callers without a rate of their own.
func TestCallerRate(t *testing.T) {
	s, _ := guarded(t, map[string]string{
		"usual": someCallers["admin"], "quick": someCallers["admin"] + ", rate: 100000, burst: 1000",
	}, func(c *conf.Config) { c.Limits.CallerRate, c.Limits.CallerBurst = 1, 3 })
	begin, refused := time.Now(), 0
	for range 20 {
		if a := s.as("quick", "GET", "/metric/clusters", ""); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		a := s.as("usual", "GET", "/metric/clusters", "")
		if a.status == 429 {
			refused++
			if a.header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			a.failed("too many requests", "usual")
		}
	}
	if most := 3 + int(time.Since(begin)/time.Second) + 1; 20-refused > most || 20-refused < 3 {
		t.Errorf("%d of 20 were let in within %v", 20-refused, time.Since(begin))
	}
}

// sentinel is what no caller without the verb secrets may see. Its base64 is what Kubernetes would store.
const sentinel = "aHVudGVyMg=="

// seedSecrets puts secrets wherever there can be some.
func seedSecrets(s *service) {
	const secret = `{"data":{"kind":"Secret","metadata":{"name":"s","labels":{"app":"web"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"password\":\"` + sentinel + `\"}}"}},` +
		`"data":{"password":"` + sentinel + `","tls.crt":"` + sentinel + `"},"stringData":{"deep":[{"x":"` + sentinel + `"}]},"type":"Opaque"}}`
	const mesos = `{"data":{"kind":"secret","metadata":{"name":"s"},"datas":{"password":{"path":"p","content":"` + sentinel + `"}}}}`
	for path, body := range map[string]string{
		"/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Secret/s":   secret,
		"/k8s/dynamic/cluster_resources/clusters/C/Secret/s":                  secret,
		"/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/SECRET/s":   secret,
		"/mesos/dynamic/namespace_resources/clusters/C/namespaces/n/secret/s": mesos,
		"/k8s/watch/clusters/C/namespaces/n/Secret/s":                         secret,
		"/mesos/watch/clusters/C/namespaces/n/secret/s":                       mesos,
	} {
		s.as("admin", "PUT", path, body).ok()
	}
}

// secretPaths are all reads of what seedSecrets has put, and the path under which data stands in the answer.
func secretPaths() map[string]string {
	paths := map[string]string{}
	for _, t := range []string{"k8s/%s/Secret", "k8s/%s/SECRET", "mesos/%s/secret"} {
		for _, at := range []string{"dynamic/namespace_resources/clusters/C/namespaces/n", "dynamic/cluster_resources/clusters/C", "dynamic/all_resources/clusters/C"} {
			paths["/"+fmt.Sprintf(t, at)] = "data."
			if !strings.Contains(at, "all") {
				paths["/"+fmt.Sprintf(t, at)+"/s"] = "data."
			}
		}
		watch := "/" + fmt.Sprintf(t, "watch/clusters/C/namespaces/n")
		paths[watch], paths[watch+"/s"] = "", ""
	}
	paths["/query/k8s/dynamic/clusters/C/secret"] = "data."
	paths["/query/mesos/dynamic/clusters/C/secret"] = "data."
	return paths
}

// TestSecretsAreRedacted: in every read of them, whole and in part; the rest stays.
func TestSecretsAreRedacted(t *testing.T) {
	s, _ := guarded(t, someCallers)
	seedSecrets(s)
	seen := 0
	for path, data := range secretPaths() {
		asks := []string{path}
		if !strings.Contains(path, "/watch/") || !strings.HasSuffix(path, "/s") {
			for _, field := range []string{"data", "data.data", "stringData", "stringData.deep.x", "data.tls．crt", "metadata", "metadata.annotations", "datas.password.content"} {
				if field = data + field; field == "data." || strings.HasPrefix(field, "data.data.") && data == "" {
					continue
				}
				asks = append(asks, path+"?field="+url.QueryEscape(field))
			}
		}
		for _, ask := range asks {
			plain, redacted := s.as("admin", "GET", ask, "").body, s.as("reader", "GET", ask, "")
			if redacted.status != 200 || strings.Contains(redacted.body, sentinel) {
				t.Errorf("%s: %d %s", ask, redacted.status, redacted.body)
			}
			if !strings.Contains(plain, sentinel) {
				continue
			}
			seen++
			if !strings.Contains(redacted.body, `"***"`) {
				t.Errorf("%s: nothing stands for what is hidden: %s", ask, redacted.body)
			}
		}
		if body := s.as("reader", "GET", path, "").body; strings.Contains(body, `"kind"`) && (!strings.Contains(body, `"name":"s"`) || !strings.Contains(body, `"password"`)) {
			t.Errorf("%s: more is hidden than that: %s", path, body)
		}
	}
	if seen < 40 {
		t.Errorf("only %d reads would have shown a secret", seen)
	}
	a := s.as("reader", "POST", "/query/k8s/dynamic/clusters/C/secret", `{"namespace":"n"}`)
	if !strings.Contains(a.ok(), `"data":{"password":"***","tls.crt":"***"},"stringData":{"deep":[{"x":"***"}]},"type":"Opaque"`) || strings.Contains(a.body, sentinel) {
		t.Errorf("%s", a.body)
	}
}

// TestSecretsCantBeProbed: conditions on what is redacted are refused in every way in which they can be
// made, by name, and delete nothing. Others are not.
func TestSecretsCantBeProbed(t *testing.T) {
	s, _ := guarded(t, someCallers)
	seedSecrets(s)
	before := stored(s)
	is := func(path string) string { return extra(fmt.Sprintf(`{%q:%q}`, path, sentinel)) }
	for path, data := range secretPaths() {
		probes := []string{
			is(data + "data.password"), is(data + "stringData.deep.0.x"), is(data + "stringData.deep.x"),
			is(data + "datas.password.content"), is(data + "metadata.annotations.x"), is(data + "metadata"),
			extra(fmt.Sprintf(`{%q:[null]}`, data+"data")), is(data + "data.0.password"),
			is(data + "0.data.password"),
		}
		if data != "" {
			probes = append(probes, "data.data.password="+url.QueryEscape(sentinel), "data.stringData.deep=x", is("data"), is("data.data.tls．crt"))
		}
		if data == "" && strings.HasSuffix(path, "/s") {
			continue // has no parameters
		}
		for _, probe := range probes {
			for _, method := range []string{"GET", "DELETE"} {
				if method == "DELETE" && (strings.Contains(path, "/query/") || data == "") {
					continue
				}
				a := s.as("owner", method, path+"?"+probe, "")
				a.failed("is redacted")
				if a.status != 403 {
					t.Errorf("%s: %d %s", a.what, a.status, a.body)
				}
				if method == "GET" {
					s.as("admin", method, path+"?"+probe, "").envelope()
				}
			}
		}
	}
	a := s.as("owner", "POST", "/query/mesos/dynamic/clusters/C/secret", fmt.Sprintf(`{"extra":%q}`, base64.StdEncoding.EncodeToString([]byte(`{"data.datas.password.content":"`+sentinel+`"}`))))
	a.failed("data.datas.password.content", "redacted")
	// Names of namespaces are found in secrets too.
	s.as("owner", "GET", "/query/mesos/dynamic/clusters/C/namespace?"+is("data.datas.password.content"), "").failed("redacted")
	s.as("owner", "GET", "/query/k8s/dynamic/clusters/C/namespace?used=1&data.data.password="+url.QueryEscape(sentinel), "").failed("redacted")
	if after := stored(s); after != before {
		t.Error("something was deleted")
	}
	for _, fine := range []string{"labelSelector=app=web", "data.type=Opaque", extra(`{"data.metadata.name":"s"}`), "namespace=n"} {
		if strings.HasPrefix(fine, "namespace") {
			fine = "limit=1"
		}
		if got := s.as("owner", "GET", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Secret?"+fine, "").documents(); len(got) != 1 {
			t.Errorf("%s: %v", fine, got)
		}
	}
	if got := s.as("admin", "GET", "/k8s/dynamic/all_resources/clusters/C/Secret?"+is("data.data.password"), "").documents(); len(got) != 2 {
		t.Errorf("with the verb: %v", got)
	}
	// The same words in other types mean something else.
	s.as("owner", "PUT", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/ConfigMap/c", `{"data":{"data":{"a":"b"}}}`).ok()
	if got := s.as("owner", "GET", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/ConfigMap?data.data.a=b", "").ok(); !strings.Contains(got, `"a":"b"`) {
		t.Errorf("a ConfigMap: %s", got)
	}
}

// TestRedactSetting: it says what is redacted, also for the views: they can't be computed from stars.
func TestRedactSetting(t *testing.T) {
	s, _ := guarded(t, someCallers, func(c *conf.Config) { c.Auth.Redact = []string{"Pod:spec.env.value", "service:spec"} })
	seedSecrets(s)
	if a := s.as("reader", "GET", "/k8s/dynamic/all_resources/clusters/C/Secret", ""); !strings.Contains(a.body, sentinel) {
		t.Errorf("is still redacted: %s", a.body)
	}
	const pod = "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/p"
	s.as("admin", "PUT", pod, `{"data":{"spec":{"env":[{"name":"a","value":"`+sentinel+`"}]}}}`).ok()
	s.as("admin", "PUT", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Service/s", `{"data":{"spec":{"clusterIP":"`+sentinel+`"}}}`).ok()
	if got := s.as("reader", "GET", pod+"?field=data", "").ok(); !strings.HasSuffix(got, `"data":{"spec":{"env":[{"name":"a","value":"***"}]}}}]`) {
		t.Errorf("%s", got)
	}
	for _, view := range []string{
		"/v2/index.php?Action=DescribeClusterServiceInfo&namespace=n&serviceName=s&clusterId=C",
		"/ncs?Version=2017-11-16&Action=DescribeStatefulWorkloadsAllNamespaces&ClusterId=C", "/api/v1/namespaces/n/services/s/status",
	} {
		if a := s.do("GET", view, "", "X-Auth-Token", "reader", "X-Cluster-ID", "C"); a.status != 403 || !strings.Contains(a.body, "redacted") || strings.Contains(a.body, sentinel) {
			t.Errorf("%s: %d %s", view, a.status, a.body)
		}
		if a := s.do("GET", view, "", "X-Auth-Token", "admin", "X-Cluster-ID", "C"); strings.Contains(a.body, "redacted") {
			t.Errorf("with the verb, %s: %d %s", view, a.status, a.body)
		}
	}
}
