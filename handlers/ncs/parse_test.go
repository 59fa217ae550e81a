package ncs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/ncs"
)

const (
	missing = "The required input parameter %s for processing this request is not supplied."
	invalid = "The Parameter %s 's value %s is invalid."
	format  = "The format of the parameter %s is invalid."
)

func TestRefused(t *testing.T) {
	const info, all = "DescribeStatefulWorkloadInfo", "DescribeStatefulWorkloadsAllNamespaces"
	both := []string{"NamespaceId", "1", "StatefulWorkloadId", "2"}
	long := strings.Repeat("9", 5000)
	for name, c := range map[string]struct {
		params        map[string]string
		code, message string
	}{
		"no action":              {map[string]string{"Version": ncs.Version}, "MissingParameter", fmt.Sprintf(missing, "Action")},
		"empty action":           {params(""), "MissingParameter", fmt.Sprintf(missing, "Action")},
		"no version":             {map[string]string{"Action": info}, "MissingParameter", fmt.Sprintf(missing, "Version")},
		"unknown action":         {params("DescribeNothing"), "InvalidParameterValue", fmt.Sprintf(invalid, "Action", "DescribeNothing")},
		"action in another case": {params("describestatefulworkloads"), "InvalidParameterValue", fmt.Sprintf(invalid, "Action", "describestatefulworkloads")},
		"unknown version":        {map[string]string{"Action": info, "Version": "2018-01-01"}, "InvalidParameterValue", fmt.Sprintf(invalid, "Version", "2018-01-01")},
		"no namespace":           {params(info, "StatefulWorkloadId", "2"), "MissingParameter", fmt.Sprintf(missing, "NamespaceId")},
		"empty namespace":        {params(info, "NamespaceId", "", "StatefulWorkloadId", "2"), "MissingParameter", fmt.Sprintf(missing, "NamespaceId")},
		"no workload":            {params(info, "NamespaceId", "1"), "MissingParameter", fmt.Sprintf(missing, "StatefulWorkloadId")},
		"a list of no namespace": {params("DescribeStatefulWorkloads"), "MissingParameter", fmt.Sprintf(missing, "NamespaceId")},
		"no number":              {params(info, "NamespaceId", "shop", "StatefulWorkloadId", "2"), "InvalidFormat", fmt.Sprintf(format, "NamespaceId")},
		"a fraction":             {params(info, "NamespaceId", "1.5", "StatefulWorkloadId", "2"), "InvalidFormat", fmt.Sprintf(format, "NamespaceId")},
		"no number, spelled otherwise": {params(info, "NamespaceId", "1", "StatefulWorkLoadId", "x"),
			"InvalidFormat", fmt.Sprintf(format, "StatefulWorkLoadId")},
		"zero":           {params(info, "NamespaceId", "0", "StatefulWorkloadId", "2"), "InvalidParameterValue", fmt.Sprintf(invalid, "NamespaceId", "0")},
		"negative":       {params(info, "NamespaceId", "1", "StatefulWorkloadId", "-2"), "InvalidParameterValue", fmt.Sprintf(invalid, "StatefulWorkloadId", "-2")},
		"beyond 64 bits": {params(info, "NamespaceId", long, "StatefulWorkloadId", "2"), "InvalidParameterValue", fmt.Sprintf(invalid, "NamespaceId", long[:100]+"...")},
		"two spellings that disagree": {params(info, "NamespaceId", "1", "StatefulWorkloadId", "2", "StatefulWorkLoadId", "3"),
			"InvalidParameterValue", fmt.Sprintf(invalid, "StatefulWorkLoadId", "3")},
		"limit 0":            {params(all, "Limit", "0"), "InvalidParameterValue", fmt.Sprintf(invalid, "Limit", "0")},
		"limit beyond bound": {params(all, "Limit", "1001"), "InvalidParameterValue", fmt.Sprintf(invalid, "Limit", "1001")},
		"limit ten":          {params(all, "Limit", "ten"), "InvalidFormat", fmt.Sprintf(format, "Limit")},
		"offset -1":          {params(all, "Offset", "-1"), "InvalidParameterValue", fmt.Sprintf(invalid, "Offset", "-1")},
		"offset of an info":  {params(info, append(both, "Offset", "1")...), "InvalidParameterValue", fmt.Sprintf(invalid, "Offset", "1")},
		"unknown":            {params(info, append(both, "Zone", "B", "Name", "a")...), "InvalidParameterValue", fmt.Sprintf(invalid, "Name", "a")},
		"without a name":     {params(info, append(both, "", "a")...), "InvalidParameterValue", fmt.Sprintf(invalid, "", "a")},
		"a long name":        {params(all, long, long), "InvalidParameterValue", fmt.Sprintf(invalid, long[:100]+"...", long[:100]+"...")},
		"another spelling":   {params(info, append(both, "namespaceId", "1")...), "InvalidParameterValue", fmt.Sprintf(invalid, "namespaceId", "1")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ncs.Parse("GET", c.params)
			refusedWith(t, err, 400, c.code, c.message)
		})
	}
}

func refusedWith(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var e *ncs.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T) is no *Error", err, err)
	}
	if e.Status != status || e.Code != code || e.Message != message {
		t.Errorf("%d %s %q\nnot %d %s %q", e.Status, e.Code, e.Message, status, code, message)
	}
}

func TestOnlyGetReads(t *testing.T) {
	_, err := ncs.Parse("POST", params("DescribeStatefulWorkloadsAllNamespaces"))
	refusedWith(t, err, 400, "InvalidParameterValue",
		fmt.Sprintf(invalid, "Action", "DescribeStatefulWorkloadsAllNamespaces")+" It is sent with GET, not POST.")
}

func TestAccepted(t *testing.T) {
	for name, p := range map[string]map[string]string{
		"both spellings that agree": params("DescribeStatefulWorkloadInfo", "NamespaceId", "1", "StatefulWorkloadId", "2", "StatefulWorkLoadId", "2"),
		"the other spelling":        params("DescribeStatefulWorkloadInfo", "NamespaceId", "1", "StatefulWorkLoadId", "2"),
		"one of a list":             params("DescribeStatefulWorkloads", "NamespaceId", "1", "StatefulWorkloadId", "2"),
		"a list":                    params("DescribeStatefulWorkloads", "NamespaceId", "1"),
		"without values":            params("DescribeStatefulWorkloadsAllNamespaces", "Limit", "", "Offset", "", "ClusterId", ""),
		"the largest page":          params("DescribeStatefulWorkloadsAllNamespaces", "Limit", "1000", "Offset", "9223372036854775807"),
	} {
		if _, err := ncs.Parse("GET", p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryActionTakesClusterId(t *testing.T) {
	for _, action := range actions(t) {
		c, err := ncs.Parse("GET", params(action, "ClusterId", clusterID, "NamespaceId", "1", "StatefulWorkloadId", "2"))
		if action == "DescribeStatefulWorkloadsAllNamespaces" {
			c, err = ncs.Parse("GET", params(action, "ClusterId", clusterID))
		}
		if strings.HasPrefix(action, "Describe") {
			if err != nil || c.Cluster() != clusterID {
				t.Errorf("%s: %v", action, err)
			}
		}
	}
}

// actions are all Action ids of the seed, in its order.
func actions(t testing.TB) []string {
	t.Helper()
	file, err := os.ReadFile("testdata/actions.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(file))
}

// TestEveryActionOfTheDocument: it is read, or it is denied by name, however it is sent.
func TestEveryActionOfTheDocument(t *testing.T) {
	read, refused := 0, 0
	for _, action := range actions(t) {
		for _, method := range []string{"GET", "POST"} {
			_, err := ncs.Parse(method, params(action, "NamespaceId", "1", "StatefulWorkloadId", "2", "EipId", "x"))
			var e *ncs.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s takes EipId", action)
			}
			switch {
			case strings.HasPrefix(action, "Describe"):
				read++
				if e.Status != 400 {
					t.Errorf("%s: %v", action, err)
				}
			case e.Status != 403 || e.Code != "OperationDenied" || !strings.Contains(e.Message, action):
				t.Errorf("%s: %d %v", action, e.Status, err)
			default:
				refused++
			}
		}
	}
	if read != 2*5 || refused != 2*9 {
		t.Errorf("%d read, %d denied", read, refused)
	}
}

// TestLoads: how many lists are loaded does not depend on the parameters, and
// only the detail view loads whole objects.
func TestLoads(t *testing.T) {
	for action, want := range map[string]int{
		"DescribeStatefulWorkloads":              4,
		"DescribeStatefulWorkloadsAllNamespaces": 4,
		"DescribeStatefulWorkloadInfo":           4,
		"DescribeStatefulWorkloadInstances":      4,
		"DescribeStatefulWorkloadImages":         3,
	} {
		p := params(action, "NamespaceId", "1", "StatefulWorkloadId", "2")
		if action == "DescribeStatefulWorkloadsAllNamespaces" {
			p = params(action)
		}
		c, err := ncs.Parse("GET", p)
		if err != nil {
			t.Fatal(err)
		}
		loads := c.Loads()
		if len(loads) != want {
			t.Errorf("%s: %d loads", action, len(loads))
		}
		var whole []cluster.Kind
		for _, l := range loads {
			if l.Namespace != "" {
				t.Errorf("%s loads %s of one namespace", action, l.Kind)
			}
			if l.Whole {
				whole = append(whole, l.Kind)
			}
		}
		wanted := []cluster.Kind(nil)
		if action == "DescribeStatefulWorkloadInfo" {
			wanted = []cluster.Kind{cluster.StatefulSet, cluster.Pod}
		}
		if !slices.Equal(whole, wanted) {
			t.Errorf("%s loads whole %v", action, whole)
		}
	}
}

func TestFailure(t *testing.T) {
	got := string(ncs.Failure(&ncs.Error{Status: 400, Code: "InvalidParameterValue", Message: "a \"b\"\n<c>"}, "id\xff"))
	if want := `{"Code":"InvalidParameterValue","Message":"a \"b\"\n<c>","RequestId":"id` + "\ufffd" + `"}`; got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}

func TestErrorsOfTheStore(t *testing.T) {
	malformed := &cluster.MalformedError{Kind: cluster.Pod, Cluster: clusterID, Namespace: "shop", Name: "web-0", Path: "status.phase", Err: errors.New("a JSON number")}
	e := ncs.ErrorOf(fmt.Errorf("loading: %w", malformed))
	if e.Status != 500 || e.Code != "InternalServerError" || !strings.Contains(e.Message, "shop/web-0") || !strings.Contains(e.Message, "status.phase") {
		t.Errorf("%+v", e)
	}
	if e := ncs.ErrorOf(errors.New("mongo at 10.0.0.1 is gone")); e.Status != 500 || e.Message != "Internal error." {
		t.Errorf("%+v", e)
	}
	if e := ncs.ErrorOf(ncs.MissingParameter("ClusterId")); e.Status != 400 || e.Message != fmt.Sprintf(missing, "ClusterId") {
		t.Errorf("%+v", e)
	}
}

// FuzzParse: whatever is sent is a call or an *Error whose message is bounded, and text.
func FuzzParse(f *testing.F) {
	f.Add("GET", "DescribeStatefulWorkloadInfo", ncs.Version, "NamespaceId", "1", "StatefulWorkLoadId", "2")
	f.Add("POST", "DeleteStatefulWorkload", ncs.Version, "NamespaceId", "1", "StatefulWorkloadId", "2")
	f.Add("GET", "DescribeStatefulWorkloadsAllNamespaces", ncs.Version, "Limit", "2", "Offset", "\xff")
	f.Fuzz(func(t *testing.T, method, action, version, a, x, b, y string) {
		c, err := ncs.Parse(method, map[string]string{a: x, b: y, "Action": action, "Version": version})
		if err == nil {
			if len(c.Loads()) < 3 {
				t.Fatal("nothing to load")
			}
			return
		}
		var e *ncs.Error
		if !errors.As(err, &e) || e.Status != 400 && e.Status != 403 || len(e.Message) > 500 {
			t.Fatalf("%v", err)
		}
		failure := ncs.Failure(e, requestID)
		if !json.Valid(failure) || !utf8.Valid(failure) {
			t.Fatalf("%s", failure)
		}
	})
}
