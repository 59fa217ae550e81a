package app_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// pageOf is an answer with what continues it.
func (a answer) pageOf() (ids []string, next string) {
	a.t.Helper()
	var e struct{ Continue *string }
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		a.t.Fatal(err)
	}
	if e.Continue != nil {
		if next = *e.Continue; next == "" {
			a.t.Errorf("%s: an empty continue: %s", a.what, a.body)
		}
	}
	return a.names("_id"), next
}

// through reads a list page by page.
func (s *service) through(path, params string, between func(page int)) []string {
	s.t.Helper()
	all, token := []string{}, ""
	for page := 0; ; page++ {
		ids, next := s.do("GET", documentedPrefix+path+"?"+params+"&continue="+token, "").pageOf()
		all = append(all, ids...)
		if next == "" {
			return all
		}
		if page > 200 {
			s.t.Fatal("no end of pages")
		}
		token = next
		between(page)
	}
}

func (s *service) fill(cluster string, n int) (ids []string) {
	s.t.Helper()
	var body strings.Builder
	for i := range n {
		fmt.Fprintf(&body, `{"clusterId":%q,"namespace":"ns%d","resourceType":"Pod","resourceName":"p%03d","data":{"n":%d,"status":{"phase":"%s"}}}`+"\n", cluster, i%3, i, i, []string{"Running", "Failed"}[i%2])
		ids = append(ids, fmt.Sprintf("%s/Pod/ns%d/p%03d", cluster, i%3, i))
	}
	for _, one := range s.bulk(documentedPrefix, "k8s", body.String()) {
		if one.Code != 0 {
			s.t.Fatalf("%+v", one)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestContinue: pages that continue each other are the list.
func TestContinue(t *testing.T) {
	s := start(t, settings{})
	s.fill("C", 50)
	s.do("PUT", documentedPrefix+"/metric/clusters/C/namespaces/n/t/m1", `{"data":1}`).ok()
	s.do("PUT", documentedPrefix+"/metric/clusters/C/namespaces/n/t/m2", `{"data":1}`).ok()
	s.do("PUT", documentedPrefix+"/host/clusters/C", `{"ips":["10.0.0.1","10.0.0.2","10.0.0.3"]}`).ok()
	for _, list := range []struct{ path, params string }{
		{"/k8s/dynamic/all_resources/clusters/C/Pod", "field=resourceName"},
		{"/k8s/dynamic/namespace_resources/clusters/C/namespaces/ns1/Pod", ""},
		{"/k8s/dynamic/all_resources/clusters/C/Pod", "field=data.n&" + extra(`{"data.n":[1,2,3,5,8,13,21,34]}`)},
		{"/query/k8s/dynamic/clusters/C/pod", "status=Failed"},
		{"/query/k8s/dynamic/clusters/C/pod", "namespace=ns0,ns2&data.n=3,6,9,12,14"},
		{"/metric/clusters/C", ""},
		{"/host/clusters/C", ""},
	} {
		want := s.do("GET", documentedPrefix+list.path+"?"+list.params, "").names("_id")
		if len(want) < 2 {
			t.Errorf("%v selects %q", list, want)
		}
		for _, limit := range []int{1, 4, len(want) - 1, len(want), len(want) + 1} {
			if got := s.through(list.path, fmt.Sprintf("%s&limit=%d", list.params, limit), func(int) {}); !slices.Equal(got, want) {
				t.Errorf("%v in pages of %d: %q, want %q", list, limit, got, want)
			}
		}
	}

	// POST, and what may change from page to page.
	post := s.do("POST", documentedPrefix+queryPathOf("C"), `{"status":"Failed","limit":2,"continue":""}`)
	first, token := post.pageOf()
	second, rest := s.do("GET", deployedPrefix+queryPathOf("C")+"?status=Failed&limit=100&field=data.n&continue="+token, "").pageOf()
	if len(first) != 2 || len(second) != 23 || rest != "" || second[0] <= first[1] {
		t.Errorf("%q then %q %q", first, second, rest)
	}
	if all, none := s.do("GET", documentedPrefix+queryPathOf("C")+"?status=Failed&continue="+token, "").pageOf(); !slices.Equal(all, second) || none != "" {
		t.Errorf("without limit %q %q", all, none)
	}

	// Names of namespaces are continued like documents.
	for _, ns := range []string{"ns2", "ns0", "ns1"} {
		s.do("PUT", documentedPrefix+"/k8s/dynamic/namespace_resources/clusters/C/namespaces/"+ns+"/ConfigMap/x", `{"data":1}`).ok()
	}
	var names []string
	for token := ""; ; {
		a := s.do("GET", documentedPrefix+"/query/k8s/dynamic/clusters/C/namespace?used=1&limit=2&continue="+token, "")
		var page []string
		var e struct{ Continue string }
		if err := json.Unmarshal([]byte(a.ok()), &page); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(a.body), &e); err != nil {
			t.Fatal(err)
		}
		if names = append(names, page...); e.Continue == "" {
			break
		}
		token = e.Continue
	}
	if !slices.Equal(names, []string{"ns0", "ns1", "ns2"}) {
		t.Errorf("%q", names)
	}
}

func queryPathOf(cluster string) string { return "/query/k8s/dynamic/clusters/" + cluster + "/pod" }

// TestContinueIsAskedFor: who does not ask gets what was always answered.
func TestContinueIsAskedFor(t *testing.T) {
	for name, change := range map[string]settings{"documented": {}, "deployed": {change: deployed}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, change)
			s.fill("C", 5)
			path := documentedPrefix + "/k8s/dynamic/all_resources/clusters/C/Pod"
			plain := s.do("GET", path+"?limit=3&field=data.n", "").body
			paged := s.do("GET", path+"?limit=3&field=data.n&continue=", "").body
			if strings.Contains(plain, "continue") {
				t.Error(plain)
			}
			if before, after, ok := strings.Cut(paged, `,"continue":"`); !ok || before+"}" != plain || !strings.HasSuffix(after, `"}`) {
				t.Errorf("%s\n%s", plain, paged)
			}
			if whole := s.do("GET", path+"?limit=5&field=data.n&continue=", "").body; strings.Contains(whole, "continue") {
				t.Errorf("a whole list says that there is more: %s", whole)
			}
		})
	}
}

// TestContinueRefused: a token is good for the list that it is from, and for no other.
func TestContinueRefused(t *testing.T) {
	s := start(t, settings{})
	s.fill("C", 5)
	s.fill("D", 5)
	pods := documentedPrefix + "/k8s/dynamic/all_resources/clusters/C/Pod"
	_, token := s.do("GET", pods+"?limit=2&data.n=1,2,3&continue=", "").pageOf()
	_, token2 := s.do("GET", documentedPrefix+queryPathOf("C")+"?limit=2&continue=", "").pageOf()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token2 == "" {
		t.Fatal(err)
	}
	changed := func(at int, b byte) string {
		other := slices.Clone(raw)
		other[at] ^= b
		return base64.RawURLEncoding.EncodeToString(other)
	}
	for _, path := range []string{
		pods + "?continue=" + token,
		pods + "?data.n=1,2,3,4&continue=" + token,
		pods + "?data.n=1,2,3&labelSelector=a&continue=" + token,
		strings.Replace(pods, "/C/", "/D/", 1) + "?data.n=1,2,3&continue=" + token,
		strings.Replace(pods, "k8s", "mesos", 1) + "?data.n=1,2,3&continue=" + token,
		strings.Replace(pods, "all_resources", "cluster_resources", 1) + "?data.n=1,2,3&continue=" + token,
		documentedPrefix + queryPathOf("C") + "?data.n=1,2,3&continue=" + token,
		documentedPrefix + queryPathOf("D") + "?continue=" + token2,
		pods + "?data.n=1,2,3&continue=" + changed(0, 1),
		pods + "?data.n=1,2,3&continue=" + changed(3, 1),
		pods + "?data.n=1,2,3&continue=" + changed(9, 0x80),
		pods + "?data.n=1,2,3&continue=" + changed(len(raw)-1, raw[len(raw)-1]),
		pods + "?data.n=1,2,3&continue=" + base64.RawURLEncoding.EncodeToString(raw[:9]),
		pods + "?data.n=1,2,3&continue=" + url.QueryEscape("%%%"),
		pods + "?data.n=1,2,3&continue=" + token + "=",
		pods + "?data.n=1,2,3&offset=1&continue=" + token,
		pods + "?offset=1&continue=",
	} {
		s.do("GET", path, "").failed("continue")
	}
	s.do("POST", documentedPrefix+queryPathOf("C"), `{"offset":0,"continue":""}`).failed("continue")
	for _, path := range []string{"/events?continue=", "/alarms?continue=", "/k8s/watch/clusters/C/namespaces/n/T?continue=", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/ns0/Pod/p000?continue="} {
		s.do("GET", documentedPrefix+path, "").failed("continue: unknown parameter")
	}
	s.do("DELETE", pods+"?continue=", "").failed("continue: unknown parameter")
	if got, _ := s.do("GET", pods+"?data.n=1,2,3&continue="+token, "").pageOf(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// TestContinueWhileOthersWrite: what is there throughout is answered once.
func TestContinueWhileOthersWrite(t *testing.T) {
	s := start(t, settings{})
	before := s.fill("C", 60)
	pod := func(id string) string {
		part := strings.Split(id, "/")
		return documentedPrefix + "/k8s/dynamic/namespace_resources/clusters/C/namespaces/" + part[2] + "/Pod/" + part[3]
	}
	removed := map[string]bool{}
	got := s.through("/k8s/dynamic/all_resources/clusters/C/Pod", "limit=7&field=data.n", func(page int) {
		s.do("PUT", pod(before[page*5]), `{"data":"again"}`).ok()
		s.do("PUT", pod(before[page*6]+"x"), `{"data":"new"}`).ok()
		for _, id := range []string{before[page*7], before[59-page*4]} {
			s.do("DELETE", pod(id), "").ok()
			removed[id] = true
		}
	})
	if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(got, slices.Compact(sorted)) {
		t.Errorf("something came twice, or out of order: %q", got)
	}
	for _, id := range before {
		if !removed[id] && !slices.Contains(got, id) {
			t.Errorf("%s was not answered", id)
		}
	}
	if len(removed) < 10 {
		t.Errorf("only %d were removed", len(removed))
	}
}
