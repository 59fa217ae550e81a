package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/importer"
	"bcs-storage/conf"
)

// sampled is the time at which the sample clusters are as they are.
var sampled = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

// withSamples starts the service and imports the sample clusters.
func withSamples(t *testing.T, change func(*conf.Config)) *service {
	t.Helper()
	s := start(t, settings{now: newClock(sampled).Now, change: change})
	for file, id := range map[string]string{"k8s.json": "BCS-K8S-00000", "mesos.ndjson": ""} {
		in, err := os.Open("../../../scripts/samples/" + file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := importer.Run(t.Context(), importer.Options{Server: s.base, Cluster: id, In: in, Name: file, Out: io.Discard}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// leaves are the paths of a JSON value and what each leads to, indexes left out.
func leaves(v any, path string, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		if strings.HasSuffix(path, ".labels") || strings.HasSuffix(path, ".selector") || strings.HasSuffix(path, ".reasonMap") || strings.HasSuffix(path, ".Labels") {
			into[path] = "object" // its members are data, not fields
			return
		}
		for name, value := range v {
			leaves(value, path+"."+name, into)
		}
	case []any:
		into[path] = "array"
		for _, value := range v {
			leaves(value, path+"[]", into)
		}
	case nil:
		if into[path] == "" {
			into[path] = "null"
		}
	default:
		into[path] = fmt.Sprintf("%T", v)
	}
}

// TestSampleRequestsOfTheVendors sends the sample requests of the vendors' documents, with the names of
// the sample clusters, and holds the answers against the documents' sample answers: each key
// is there with a value of the same type. Exceptions are where the sample contradicts the table that it illustrates.
func TestSampleRequestsOfTheVendors(t *testing.T) {
	t.Parallel()
	s := withSamples(t, nil)
	const k8s, ncs = "BCS-K8S-00000", "/ncs?Version=2017-11-16&ClusterId=BCS-K8S-00000&Action="
	namespace, workload := ncsWorkload(t, s, ncs, "postgres")
	of := fmt.Sprintf("&NamespaceId=%d&StatefulWorkloadId=%d", namespace, workload)
	for _, c := range []struct {
		request, sample string
		headers         []string
		except          string
	}{
		{request: "/v2/index.php?Action=DescribeCluster&offset=0&limit=20", sample: "ccs/testdata/seed-DescribeCluster.json"},
		{request: "/v2/index.php?Action=DescribeClusterInstances&offset=0&limit=20&namespace=default&clusterId=" + k8s, sample: "ccs/testdata/seed-DescribeClusterInstances.json"},
		{request: "/v2/index.php?Action=DescribeClusterService&namespace=shop&clusterName=" + k8s, sample: "ccs/testdata/seed-DescribeClusterService.json"},
		{request: "/v2/index.php?Action=DescribeClusterServiceInfo&namespace=shop&serviceName=web&clusterName=" + k8s, sample: "ccs/testdata/seed-DescribeClusterServiceInfo.json"},
		{request: "/v2/index.php?Action=DescribeServiceEvent&namespace=shop&serviceName=checkout&clusterId=" + k8s, sample: "ccs/testdata/seed-DescribeServiceEvent.json"},
		{request: "/v2/index.php?Action=DescribeClusterContainer&offset=0&limit=20&namespace=shop&serviceName=cart&clusterId=" + k8s, sample: "ccs/testdata/seed-DescribeServiceInstance.json"},
		{request: "/v2/index.php?Action=DescribeClusterNameSpaces&clusterId=" + k8s, sample: "ccs/testdata/seed-DescribeClusterNameSpaces.json"},
		// The same of a mesos cluster.
		{request: "/v2/index.php?Action=DescribeClusterInstances&clusterId=BCS-MESOS-10000", sample: "ccs/testdata/seed-DescribeClusterInstances.json"},
		{request: "/v2/index.php?Action=DescribeClusterService&allnamespace=1&clusterId=BCS-MESOS-10000", sample: "ccs/testdata/seed-DescribeClusterService.json"},
		{request: "/v2/index.php?Action=DescribeServiceInstance&namespace=defaultGroup&serviceName=app-test&clusterId=BCS-MESOS-10000", sample: "ccs/testdata/seed-DescribeServiceInstance.json"},
		{request: "/v2/index.php?Action=DescribeClusterNameSpaces&clusterId=BCS-MESOS-10000", sample: "ccs/testdata/seed-DescribeClusterNameSpaces.json"},
		{request: ncs + "DescribeStatefulWorkloadsAllNamespaces&Offset=1&Limit=2", sample: "ncs/testdata/seed-2.8.json", except: ".StatefulWorkloads[].CreateAt"},
		{request: ncs + "DescribeStatefulWorkloadInstances" + of, sample: "ncs/testdata/seed-2.10.json", except: ".Pods[].CreateAt"},
		{request: ncs + "DescribeStatefulWorkloadImages" + of, sample: "ncs/testdata/seed-2.11.json"},
		{request: "/api/v1/namespaces/shop/services/web/status?pretty=true", sample: "", headers: []string{"X-Cluster-ID", k8s}},
	} {
		a := s.do("GET", c.request, "", c.headers...)
		if a.status != 200 {
			t.Errorf("%s: %d %s", c.request, a.status, a.body)
			continue
		}
		var got any
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("%s: %v", c.request, err)
		}
		answered := map[string]string{}
		leaves(got, "", answered)
		wanted := map[string]string{".apiVersion": "string", ".kind": "string", ".metadata.name": "string", ".spec.clusterIP": "string"}
		if c.sample != "" {
			text, err := os.ReadFile("../../../handlers/" + c.sample)
			if err != nil {
				t.Fatal(err)
			}
			var sample any
			if err := json.Unmarshal(text, &sample); err != nil {
				t.Fatal(err)
			}
			wanted = map[string]string{}
			leaves(sample, "", wanted)
		}
		for _, path := range slices.Sorted(maps.Keys(wanted)) {
			if want, is := wanted[path], answered[path]; want != is && want != "null" && path != c.except {
				t.Errorf("%s: %s is %q, not %q", c.request, path, is, want)
			}
		}
	}
	// The detail of a workload that has all there is to show is held against its samples in handlers/ncs.
	if a := s.do("GET", ncs+"DescribeStatefulWorkloadInfo"+of, ""); a.status != 200 || !strings.Contains(a.body, `"Name":"postgres"`) {
		t.Errorf("DescribeStatefulWorkloadInfo: %d %s", a.status, a.body)
	}
}

// ncsWorkload are the ids of a workload, as the list gives them.
func ncsWorkload(t *testing.T, s *service, ncs, name string) (namespace, workload int64) {
	t.Helper()
	var list struct {
		StatefulWorkloads []struct {
			NamespaceId, StatefulWorkloadId int64
			Name                            string
		}
	}
	a := s.do("GET", ncs+"DescribeStatefulWorkloadsAllNamespaces", "")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	for _, w := range list.StatefulWorkloads {
		if w.Name == name {
			return w.NamespaceId, w.StatefulWorkloadId
		}
	}
	t.Fatalf("there is no workload %s: %s", name, a.body)
	return 0, 0
}

// TestVendorsRefuseBadInput: what is wrong with a request is said in the vendor's own form, and names it.
func TestVendorsRefuseBadInput(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	put := func(kind, name, data string) {
		t.Helper()
		s.do("PUT", documentedPrefix+"/k8s/dynamic/namespace_resources/clusters/c1/namespaces/ns/"+kind+"/"+name, `{"data":`+data+`}`).ok()
	}
	put("Pod", "bare", `{}`)
	put("Deployment", "web", `{"spec":{"replicas":"3"}}`)
	put("StatefulSet", "db", `{"spec":{"replicas":true}}`)
	put("Service", "list", `[1]`)
	const ccs, ncs, cce = "/v2/index.php?Action=", "/ncs?Version=2017-11-16&ClusterId=c1&Action=", "/api/v1/namespaces/ns/services/"
	for _, c := range []struct {
		method, path, body string
		headers            []string
		status             int
		words              []string
	}{
		{"GET", "/v2/index.php", "", nil, 200, []string{"4000", "MissingParameter", "Action"}},
		{"GET", ccs + "Describe", "", nil, 200, []string{"4000", "InvalidAction"}},
		{"GET", ccs + "DescribeClusterService", "", nil, 200, []string{"4000", "MissingParameter", "clusterId"}},
		{"GET", ccs + "DescribeClusterService&clusterId=c1&limt=3", "", nil, 200, []string{"4000", "limt"}},
		{"GET", ccs + "DescribeServiceInstance&clusterId=c1&serviceName=web&limit=many", "", nil, 200, []string{"4000", "limit"}},
		{"GET", ccs + "DescribeServiceInstance&clusterId=c1&serviceName=web&offset=-1", "", nil, 200, []string{"4000", "offset"}},
		{"GET", ccs + "DescribeClusterService&clusterId=c1&clusterId=c2", "", nil, 200, []string{"4000", "clusterId"}},
		{"GET", ccs + "DescribeClusterService&clusterId=c1&clusterName=c2", "", nil, 200, []string{"4000", "clusterName"}},
		{"GET", ccs + "DescribeClusterService&clusterId=%zz", "", nil, 200, []string{"4000", "query string"}},
		{"GET", ccs + "DescribeClusterService&clusterId=nowhere", "", nil, 200, []string{"5000", "ResourceNotFound", "nowhere"}},
		{"GET", ccs + "DescribeClusterService&clusterId=c1&namespace=nowhere", "", nil, 200, []string{"5000", "nowhere"}},
		{"GET", ccs + "DescribeClusterService&clusterId=c1&namespace=ns", "", nil, 200, []string{"6000", "Deployment ns/web", "spec.replicas"}},
		{"GET", ccs + "DeleteCluster&clusterId=c1", "", nil, 200, []string{"4300", "OperationDenied.ReadOnly", "DeleteCluster"}},
		{"POST", ccs + "DescribeCluster", "", nil, 200, []string{"4000", "Action"}}, // the query string of a POST is ignored
		{"POST", "/v2/index.php", "Action=DescribeClusterService&clusterId=c1&clusterId=c1", nil, 200, []string{"4000", "clusterId"}},
		{"POST", "/v2/index.php", "Action=DescribeCluster&x=" + strings.Repeat("x", 1<<20), nil, 200, []string{"4000", "too large"}},
		{"PUT", "/v2/index.php", "", nil, 405, []string{"PUT"}},
		{"GET", "/v2/index.html", "", nil, 404, []string{"InvalidAction"}},

		{"GET", "/ncs", "", nil, 400, []string{"MissingParameter", "Action"}},
		{"GET", "/ncs?Action=DescribeStatefulWorkloads&Version=2018", "", nil, 400, []string{"InvalidParameterValue", "Version"}},
		{"GET", ncs + "Describe", "", nil, 400, []string{"InvalidParameterValue", "Describe"}},
		{"GET", ncs + "DescribeStatefulWorkloads", "", nil, 400, []string{"The required input parameter NamespaceId for processing this request is not supplied."}},
		{"GET", ncs + "DescribeStatefulWorkloads&NamespaceId=x", "", nil, 400, []string{"InvalidFormat", "NamespaceId"}},
		{"GET", ncs + "DescribeStatefulWorkloads&NamespaceId=1&NamespaceId=2", "", nil, 400, []string{"InvalidParameterValue", "NamespaceId"}},
		{"GET", ncs + "DescribeStatefulWorkloadImages&NamespaceId=1&StatefulWorkloadId=2", "", nil, 500, []string{"StatefulSet ns/db", "spec.replicas"}},
		{"GET", strings.Replace(ncs, "c1", "c2", 1) + "DescribeStatefulWorkloadsAllNamespaces", "", nil, 404, []string{"ResourceNotFound", "c2"}},
		{"POST", ncs + "DeleteStatefulWorkload", "", nil, 403, []string{"OperationDenied", "DeleteStatefulWorkload"}},
		{"DELETE", ncs + "DescribeStatefulWorkloads", "", nil, 405, []string{"DELETE"}},
		{"GET", "/ncs?Version=2017-11-16&Action=DescribeStatefulWorkloadsAllNamespaces", "", nil, 400, []string{"X-Cluster-ID"}},

		{"GET", cce + "none/status", "", []string{"X-Cluster-ID", "c1"}, 404, []string{`"kind":"Status"`, `"reason":"NotFound"`, `"name":"none"`}},
		{"GET", cce + "list/status", "", []string{"X-Cluster-ID", "c1"}, 500, []string{`"reason":"InternalError"`}},
		{"GET", cce + "none/status?pretty=maybe", "", []string{"X-Cluster-ID", "c1"}, 400, []string{`"reason":"BadRequest"`, "pretty"}},
		{"GET", cce + "none/status?prety=true", "", []string{"X-Cluster-ID", "c1"}, 400, []string{"prety"}},
		{"GET", cce + "none/status", "", nil, 400, []string{"X-Cluster-ID"}},
		{"PUT", cce + "none/status", "", nil, 405, []string{`"reason":"MethodNotAllowed"`}},
		{"GET", "/api/v1/pods", "", nil, 404, []string{`"reason":"NotFound"`}},
	} {
		a := s.do(c.method, c.path, c.body, c.headers...)
		if a.status != c.status {
			t.Errorf("%s: %d, not %d: %s", a.what, a.status, c.status, a.body)
		}
		if !json.Valid([]byte(a.body)) || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %s is no JSON", a.what, a.body)
		}
		for _, word := range c.words {
			if !strings.Contains(a.body, word) {
				t.Errorf("%s: does not mention %q: %.500s", a.what, word, a.body)
			}
		}
	}
	// What an operator has to look at is what the service could have done better: here, objects that are malformed as stored.
	for line := range strings.Lines(s.logs.String()) {
		if strings.Contains(line, "level=ERROR") && !strings.Contains(line, "malformed") {
			t.Errorf("a caller's mistake is logged as the service's: %s", line)
		}
	}
	// A client may accept whatever it likes; what it gets is JSON.
	for _, accept := range []string{"text/html", "text/plain", "application/xml", "*/*", "image/*;q=0.1"} {
		for path, status := range map[string]int{ccs + "DescribeCluster": 200, ncs + "DescribeStatefulWorkloads": 400, cce + "none/status": 404} {
			if a := s.do("GET", path, "", "Accept", accept, "X-Cluster-ID", "c1"); a.status != status || !json.Valid([]byte(a.body)) {
				t.Errorf("%s, Accept: %s: %d %.200s", a.what, accept, a.status, a.body)
			}
		}
	}
}

// signed signs the parameters as the CCS document says, with the algorithm that it names first.
func signed(method, host, key string, params map[string]string) url.Values {
	var pairs []string
	values := url.Values{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, strings.ReplaceAll(name, "_", ".")+"="+params[name])
		values.Set(name, params[name])
	}
	mac := hmac.New(sha1.New, []byte(key))
	fmt.Fprintf(mac, "%s%s/v2/index.php?%s", method, host, strings.Join(pairs, "&"))
	values.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return values
}

// TestSignedRequests: with credentials every CCS request has to be signed, sees the clusters of its
// SecretId only, and follows the file.
func TestSignedRequests(t *testing.T) {
	t.Parallel()
	now := newClock(time.Unix(1800000000, 0))
	file := filepath.Join(t.TempDir(), "credentials.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("- {secretId: alice, secretKey: wonder, clusters: ['dev-*']}\n")
	s := start(t, settings{now: now.Now, change: func(c *conf.Config) { c.Views.CCS.Credentials = file }})
	for _, id := range []string{"dev-1", "prod-1"} {
		s.do("PUT", documentedPrefix+"/k8s/dynamic/cluster_resources/clusters/"+id+"/Namespace/n", `{"data":{}}`).ok()
	}
	nonce := 0
	host := strings.TrimPrefix(s.base, "http://")
	ask := func(method, id, key string, params map[string]string) string {
		t.Helper()
		nonce++
		all := map[string]string{"SecretId": id, "Nonce": fmt.Sprint(nonce), "Timestamp": fmt.Sprint(now.Now().Unix())}
		maps.Copy(all, params)
		values := signed(method, host, key, all)
		if method == "POST" {
			return s.do(method, "/v2/index.php?Action=ignored", values.Encode(), "Content-Type", "application/x-www-form-urlencoded").body
		}
		return s.do(method, "/v2/index.php?"+values.Encode(), "").body
	}
	expect := func(answer, want string) {
		t.Helper()
		if !strings.Contains(answer, want) {
			t.Errorf("%s is not in %.300s", want, answer)
		}
	}
	list, one := map[string]string{"Action": "DescribeCluster"}, map[string]string{"Action": "DescribeClusterNameSpaces", "clusterId": "dev-1"}
	for _, method := range []string{"GET", "POST"} {
		answer := ask(method, "alice", "wonder", list)
		expect(answer, `"totalCount":1`)
		expect(answer, `"clusterId":"dev-1"`)
		expect(ask(method, "alice", "wonder", one), `"code":0`)
		expect(ask(method, "alice", "wander", one), `"code":4100`)
		expect(ask(method, "mallory", "wonder", one), `"code":4104`)
		expect(ask(method, "alice", "wonder", map[string]string{"Action": "DescribeClusterNameSpaces", "clusterId": "prod-1"}), `"code":4102`)
		expect(ask(method, "alice", "wonder", map[string]string{"Action": "DescribeCluster", "clusterIds.0": "dev-1", "clusterIds.1": "prod-1"}), `"code":4102`)
		expect(ask(method, "alice", "wonder", map[string]string{"Action": "DescribeCluster", "clusterName": "prod-1"}), `"code":4102`)
		expect(ask(method, "alice", "wonder", map[string]string{"Action": "DescribeCluster", "RequestClient": "SDK_PYTHON_1.3"}), `"code":0`)
		expect(ask(method, "alice", "wonder", map[string]string{"Action": "DescribeClusterNameSpaces", "clusterId": "dev-1", "Timestamp": fmt.Sprint(now.Now().Unix() - 301)}), `"code":4500`)
		again := map[string]string{"Action": "DescribeCluster", "Nonce": "777", "clusterName": "dev-1", "clusterIds.0": "dev-1", "Region": "广州 & more=1"}
		again["Timestamp"] = fmt.Sprint(now.Now().Unix() - int64(len(method))) // the same for no two methods
		expect(ask(method, "alice", "wonder", again), `"code":0`)
		expect(ask(method, "alice", "wonder", again), `"code":4500`)
	}
	expect(s.do("GET", "/v2/index.php?Action=DescribeCluster", "").body, `"code":4000`)

	// Another key and other clusters count as soon as the file is looked at again.
	write("- {secretId: alice, secretKey: changed, clusters: ['*']}\n")
	s.eventually(func() bool {
		return strings.Contains(ask("GET", "alice", "changed", list), `"totalCount":2`)
	})
	expect(ask("GET", "alice", "wonder", list), `"code":4100`)
	// A file that can't be read changes nothing, and is logged without what is in it.
	write("- {secretId: alice, secretKey: hunter2")
	s.eventually(func() bool {
		expect(ask("GET", "alice", "changed", list), `"totalCount":2`)
		return strings.Contains(s.logs.String(), "the credentials stay as they were")
	})
	for _, secret := range []string{"hunter2", "changed", "wonder"} {
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}
