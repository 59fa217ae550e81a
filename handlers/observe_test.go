package handlers_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"
)

// TestWhoIsAtFault: a line has level error, and the errors of the route count it, when the
// service is at fault, and only then; also in the views of vendors, which have codes of their own.
func TestWhoIsAtFault(t *testing.T) {
	server, f, logs := serve(t, false)
	node := storage.NewDocument(storage.Dynamic, storage.Key{"C", "Node", "", "a"}, storage.Member{Name: "data", Value: []byte("{}")})
	if err := f.Put(t.Context(), storage.Dynamic, node, time.Now()); err != nil {
		t.Fatal(err)
	}
	const cce = "/api/v1/namespaces/n/services/s/status"
	for _, c := range []struct {
		name, path string
		err        error
		ours       bool
	}{
		{"missing", base + "/none", nil, false},
		{"bad parameter", base + "?limit=x", nil, false},
		{"no route", "/none", nil, false},
		{"store away", base + "/paa", storage.ErrUnavailable, true},
		{"store broken", base, errors.New("disk"), true},
		{"cce", cce, nil, false},
		{"cce, store away", cce, storage.ErrUnavailable, true},
		{"cce, no route", "/api/none", nil, false},
		{"ncs", "/ncs?Action=Nothing", nil, false},
		{"ncs, store broken", "/ncs?Version=2017-11-16&Action=DescribeStatefulWorkloadsAllNamespaces&ClusterId=C", errors.New("disk"), true},
		{"ccs", "/v2/index.php?Action=Nothing", nil, false},
		{"ccs, no such cluster", "/v2/index.php?Action=DescribeClusterInstances&clusterId=none", nil, false},
		{"ccs, store away", "/v2/index.php?Action=DescribeClusterInstances&clusterId=C", storage.ErrUnavailable, true},
	} {
		if c.err == nil {
			f.fail(nil, nil)
		} else {
			f.fail(func() error { return c.err }, func(int) error { return c.err })
		}
		before := errorsCounted(t, server.URL)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Request-Id", strings.NewReplacer(" ", "-", ",", "").Replace(c.name))
		req.Header.Set("X-Cluster-Id", "C")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		id := "id=" + resp.Header.Get("X-Request-Id") + " "
		server.CloseClientConnections() // the line is written when the connection ends, at the latest
		line := ""
		for line == "" {
			for l := range strings.Lines(logs.text()) {
				if strings.Contains(l, id) && strings.Contains(l, "msg=request") {
					line = l
				}
			}
		}
		if ours := strings.Contains(line, "level=ERROR"); ours != c.ours {
			t.Errorf("%s: %s", c.name, line)
		}
		if counted := errorsCounted(t, server.URL) > before; counted != c.ours {
			t.Errorf("%s: counted as an error of the service: %v", c.name, counted)
		}
	}
}

// errorsCounted are the series of errors that are not 0, each as often as it says.
func errorsCounted(t *testing.T, url string) int {
	t.Helper()
	_, metrics, err := get(t, url+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "bcs_storage_http_request_errors_total{") {
			n := strings.TrimSpace(line[strings.LastIndexByte(line, ' '):])
			total += int(n[0] - '0')
		}
	}
	return total
}
