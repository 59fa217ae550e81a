package ccs_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/ccs/signature"
)

// refused fails unless err is the fault, says all of the words, and is short.
func refused(t *testing.T, what string, err error, fault ccs.Fault, words ...string) {
	t.Helper()
	var e *ccs.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, not an *Error", what, err)
		return
	}
	if e.Code != fault.Code || e.Desc != fault.Desc {
		t.Errorf("%s: %v, not %v", what, e, fault)
	}
	for _, w := range words {
		if !strings.Contains(e.Text, w) {
			t.Errorf("%s: %q does not name %s", what, e.Text, w)
		}
	}
	if len(e.Text) > 700 {
		t.Errorf("%s: a message of %d bytes", what, len(e.Text))
	}
}

// lines are those of a file of testdata that are no comment.
func lines(t testing.TB, name string) []string {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(file)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// served are the actions that stored documents answer.
var served = []string{
	"DescribeCluster", "DescribeClusterInstances", "DescribeClusterService", "DescribeClusterServiceInfo",
	"DescribeServiceEvent", "DescribeServiceInstance", "DescribeClusterContainer", "DescribeClusterNameSpaces",
}

// TestEveryActionOfTheSeeds: the list in testdata was made from the seeds by the command in
// its head. Each action is served, or refused as one that is not; none is unknown.
func TestEveryActionOfTheSeeds(t *testing.T) {
	all := lines(t, "testdata/actions.txt")
	if len(all) != 48 {
		t.Errorf("%d actions, not the 48 of the seeds", len(all))
	}
	for _, name := range served {
		if !slices.Contains(all, name) {
			t.Errorf("%s is not an action of the seeds", name)
		}
	}
	for _, name := range all {
		_, err := ccs.Parse(map[string]string{"Action": name, "clusterId": "c", "serviceName": "s"})
		switch {
		case !slices.Contains(served, name):
			refused(t, name, err, ccs.ReadOnly, name)
		case err != nil:
			_, err = ccs.Parse(map[string]string{"Action": name, "clusterId": "c"})
			if err != nil {
				_, err = ccs.Parse(map[string]string{"Action": name})
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"", "DescribeInstances", "describeCluster", "DescribeCluster ", strings.Repeat("é", 9000), "\xff"} {
		_, err := ccs.Parse(map[string]string{"Action": name})
		refused(t, "an unknown Action", err, ccs.InvalidAction, "Action")
	}
}

func TestBadParameters(t *testing.T) {
	long := strings.Repeat("x", 513)
	for _, c := range []struct {
		request string
		fault   ccs.Fault
		name    string
	}{
		{"", ccs.MissingParameter, "Action"},
		{"action=DescribeCluster", ccs.MissingParameter, "Action"},
		{"Action=DescribeClusterService", ccs.MissingParameter, "clusterId"},
		{"Action=DescribeClusterInstances", ccs.MissingParameter, "clusterId"},
		{"Action=DescribeClusterServiceInfo&clusterId=c", ccs.MissingParameter, "serviceName"},
		{"Action=DescribeServiceEvent&clusterId=c", ccs.MissingParameter, "serviceName"},
		{"Action=DescribeServiceInstance&clusterId=c&servicename=s", ccs.MissingParameter, "serviceName"},
		{"Action=DescribeClusterNameSpaces&clusterid=c", ccs.MissingParameter, "clusterId"},

		{"Action=DescribeClusterService&clusterId=", ccs.InvalidParameter, "clusterId"},
		{"Action=DescribeClusterService&clusterName=", ccs.InvalidParameter, "clusterName"},
		{"Action=DescribeClusterServiceInfo&clusterId=c&serviceName=", ccs.InvalidParameter, "serviceName"},
		{"Action=DescribeClusterService&clusterId=c&namespace=", ccs.InvalidParameter, "namespace"},
		{"Action=DescribeClusterService&clusterId=c&namespace=a%2Fb", ccs.InvalidParameter, "namespace"},
		{"Action=DescribeClusterService&clusterId=c&namespace=..", ccs.InvalidParameter, "namespace"},
		{"Action=DescribeClusterService&clusterId=c%00", ccs.InvalidParameter, "clusterId"},
		{"Action=DescribeClusterService&clusterId=%ff", ccs.InvalidParameter, "clusterId"},
		{"Action=DescribeClusterService&clusterId=" + long, ccs.InvalidParameter, "clusterId"},
		{"Action=DescribeClusterService&clusterId=c&clusterName=d", ccs.InvalidParameter, "clusterName"},

		{"Action=DescribeClusterService&clusterId=c&limit=20", ccs.InvalidParameter, "limit"},
		{"Action=DescribeClusterNameSpaces&clusterId=c&namespace=default", ccs.InvalidParameter, "namespace"},
		{"Action=DescribeCluster&clusterId=c", ccs.InvalidParameter, "clusterId"},
		{"Action=DescribeCluster&=1", ccs.InvalidParameter, `""`},
		{"Action=DescribeCluster&" + strings.Repeat("n", 9000) + "=1", ccs.InvalidParameter, "nnn"},
		{"Action=DescribeCluster&zz=1&aa=1", ccs.InvalidParameter, "aa"},

		{"Action=DescribeCluster&offset=-1", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=1.5", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=x", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=2147483648", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=99999999999999999999", ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&offset=" + strings.Repeat("9", 9000), ccs.InvalidParameter, "offset"},
		{"Action=DescribeCluster&limit=0", ccs.InvalidParameter, "limit"},
		{"Action=DescribeCluster&limit=101", ccs.InvalidParameter, "limit"},
		{"Action=DescribeServiceInstance&clusterId=c&serviceName=s&limit=101", ccs.InvalidParameter, "limit"},
		{"Action=DescribeClusterInstances&clusterId=c&limit=101", ccs.InvalidParameter, "limit"},
		{"Action=DescribeClusterService&clusterId=c&allnamespace=2", ccs.InvalidParameter, "allnamespace"},
		{"Action=DescribeClusterService&clusterId=c&allnamespace=true", ccs.InvalidParameter, "allnamespace"},

		{"Action=DescribeCluster&status=Normal", ccs.InvalidParameter, "status"},
		{"Action=DescribeCluster&orderField=nodeNum", ccs.InvalidParameter, "orderField"},
		{"Action=DescribeCluster&orderType=up", ccs.InvalidParameter, "orderType"},

		{"Action=DescribeCluster&clusterIds=c", ccs.InvalidParameter, "clusterIds"},
		{"Action=DescribeCluster&clusterIds.0=", ccs.InvalidParameter, "clusterIds.0"},
		{"Action=DescribeCluster&clusterIds.x=c", ccs.InvalidParameter, "clusterIds.x"},
		{"Action=DescribeCluster&clusterIds.-1=c", ccs.InvalidParameter, "clusterIds.-1"},
		{"Action=DescribeCluster&clusterIds.01=c", ccs.InvalidParameter, "clusterIds.01"},
		{"Action=DescribeCluster&clusterIds.0.1=c", ccs.InvalidParameter, "clusterIds.0.1"},
		{"Action=DescribeCluster&clusterIds.=c", ccs.InvalidParameter, "clusterIds."},
		{"Action=DescribeCluster" + many(101), ccs.InvalidParameter, "clusterIds"},
	} {
		_, err := ccs.Parse(params(t, c.request))
		refused(t, fmt.Sprintf("%.200s", c.request), err, c.fault, c.name)
	}
}

func many(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "&clusterIds.%d=c%d", i, i)
	}
	return all.String()
}

func TestGoodParameters(t *testing.T) {
	common := "&Region=gz&Timestamp=1465055529&Nonce=59485&SecretId=x&Signature=y&SignatureMethod=HmacSHA256"
	known := []string{"a", "b", "c"}
	for _, c := range []struct {
		request, cluster, clusters string
	}{
		{"Action=DescribeCluster" + common, "", "a b c"},
		{"Action=DescribeCluster&clusterIds.0=c&clusterIds.7=a&clusterIds.3=z", "", "a c"},
		{"Action=DescribeCluster&clusterName=b", "", "b"},
		{"Action=DescribeCluster&clusterName=b&clusterIds.0=a", "", ""},
		{"Action=DescribeCluster" + many(100), "", ""},
		{"Action=DescribeClusterService&clusterId=b" + common, "b", "b"},
		{"Action=DescribeClusterService&clusterName=b&allnamespace=0", "b", "b"},
		{"Action=DescribeClusterService&clusterName=b&clusterId=b&allnamespace=1", "b", "b"},
		{"Action=DescribeClusterInstances&clusterId=z&offset=2147483647&limit=100&namespace=default", "z", ""},
	} {
		call, err := ccs.Parse(params(t, c.request))
		if err != nil {
			t.Errorf("%s: %v", c.request, err)
			continue
		}
		if got := call.Cluster(); got != c.cluster {
			t.Errorf("%s: cluster %q", c.request, got)
		}
		if got := strings.Join(call.Clusters(known), " "); got != c.clusters {
			t.Errorf("%s: clusters %q, not %q", c.request, got, c.clusters)
		}
	}
}

// TestParametersOfAnSDK: the vendor's own add their name, and sign it with the rest.
func TestParametersOfAnSDK(t *testing.T) {
	given := params(t, "Action=DescribeClusterService&Region=gz&Timestamp=1465055529&Nonce=59485&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"+
		"&SignatureMethod=HmacSHA1&RequestClient=SDK_PYTHON_2.0.15&Signature=x&clusterId=b&namespace=default")
	call, err := ccs.Parse(given)
	if err != nil || call.Cluster() != "b" {
		t.Errorf("%v", err)
	}
	if text := signature.Text("GET", "ccs.api.qcloud.com", "/v2/index.php", given); !strings.Contains(text, "&RequestClient=SDK_PYTHON_2.0.15&") {
		t.Errorf("%s is signed", text)
	}
}

// TestNamed: what a call names itself, whether it is known or not.
func TestNamed(t *testing.T) {
	for request, want := range map[string]string{
		"Action=DescribeCluster":                                    "",
		"Action=DescribeCluster&clusterIds.3=z&clusterIds.0=a":      "a z",
		"Action=DescribeCluster&clusterName=b":                      "b",
		"Action=DescribeCluster&clusterName=b&clusterIds.0=a":       "a b",
		"Action=DescribeClusterService&clusterId=b":                 "b",
		"Action=DescribeClusterService&clusterName=b":               "b",
		"Action=DescribeClusterService&clusterName=b&clusterId=b":   "b",
		"Action=DescribeServiceEvent&clusterId=b&serviceName=other": "b",
	} {
		call, err := ccs.Parse(params(t, request))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(call.Named(), " "); got != want {
			t.Errorf("%s: %q, not %q", request, got, want)
		}
	}
}

// TestParseKeepsTheParameters: the caller still has to check the signature over them.
func TestParseKeepsTheParameters(t *testing.T) {
	given := params(t, "Action=DescribeClusterService&clusterId=b&clusterName=b&Nonce=1")
	if _, err := ccs.Parse(given); err != nil || len(given) != 4 {
		t.Errorf("%v, %v", given, err)
	}
}
