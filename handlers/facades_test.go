package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// counting is a real engine that counts the commands it is sent.
type counting struct {
	storage.Documents
	calls atomic.Int64
}

func (c *counting) Get(ctx context.Context, co *storage.Collection, key storage.Key, filter storage.Filter, p *storage.Projection) ([]byte, error) {
	c.calls.Add(1)
	return c.Documents.Get(ctx, co, key, filter, p)
}

func (c *counting) List(ctx context.Context, co *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	c.calls.Add(1)
	return c.Documents.List(ctx, co, q)
}

func (c *counting) Count(ctx context.Context, co *storage.Collection, q storage.Query) (int64, error) {
	c.calls.Add(1)
	return c.Documents.Count(ctx, co, q)
}

func (c *counting) Distinct(ctx context.Context, co *storage.Collection, q storage.Query, field string) ([]string, error) {
	c.calls.Add(1)
	return c.Documents.Distinct(ctx, co, q, field)
}

// clusterOf fills an engine with one Kubernetes cluster: pods of 50 StatefulSets.
func clusterOf(t *testing.T, engine storage.Documents, id string, pods int) {
	t.Helper()
	var writers errgroup.Group // many at once, because their writes share syncs
	writers.SetLimit(64)
	put := func(kind, namespace, name, data string) {
		key := storage.Key{id, kind, namespace, name}
		d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(data)})
		writers.Go(func() error { return engine.Put(t.Context(), storage.Dynamic, d, time.Unix(1700000000, 0)) })
	}
	put("Namespace", "", "ns", `{"status":{"phase":"Active"}}`)
	put("Node", "", "node", `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`)
	for i := range 50 {
		name := fmt.Sprintf("set-%02d", i)
		put("StatefulSet", "ns", name, fmt.Sprintf(`{"spec":{"replicas":%d,"selector":{"matchLabels":{"app":%q}}}}`, pods/50, name))
	}
	for i := range pods {
		set := fmt.Sprintf("set-%02d", i%50)
		put("Pod", "ns", fmt.Sprintf("%s-%d", set, i/50), fmt.Sprintf(`{"metadata":{"labels":{"app":%q},"ownerReferences":[{"kind":"StatefulSet","name":%q}]},
			"spec":{"nodeName":"node","containers":[{"name":"c","image":"i"}]},
			"status":{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}}`, set, set))
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestViewsCostAConstantNumberOfStoreCommands: how many commands an answer costs does
// not depend on how many objects there are.
func TestViewsCostAConstantNumberOfStoreCommands(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	clusterOf(t, engine, "small", 50)
	clusterOf(t, engine, "large", 5000)
	c := &counting{Documents: engine}
	serve := func(maxBytes int64) http.Handler {
		h, err := handlers.New(handlers.Options{
			Documents: c, Nodes: local.New(engine, time.Now), Dialect: handlers.Documented(), MaxBody: 1 << 20, BodyTimeout: time.Second,
			Query: query.Options{MaxLength: 1000}, Views: handlers.Views{MaxBytes: maxBytes}, Access: handlers.Everyone{},
			Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Registry: prometheus.NewRegistry(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := serve(16 << 20)
	ask := func(url string) (string, int64) {
		t.Helper()
		before := c.calls.Load()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", url, nil))
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", url, w.Code, w.Body)
		}
		return w.Body.String(), c.calls.Load() - before
	}
	for _, url := range []string{
		"/v2/index.php?Action=DescribeClusterService&namespace=ns&clusterId=",
		"/v2/index.php?Action=DescribeClusterService&allnamespace=1&clusterId=",
		"/v2/index.php?Action=DescribeClusterServiceInfo&namespace=ns&serviceName=set-07&clusterId=",
		"/v2/index.php?Action=DescribeServiceInstance&namespace=ns&serviceName=set-07&limit=100&clusterId=",
		"/v2/index.php?Action=DescribeServiceEvent&namespace=ns&serviceName=set-07&clusterId=",
		"/v2/index.php?Action=DescribeClusterInstances&clusterId=",
		"/v2/index.php?Action=DescribeClusterNameSpaces&clusterId=",
		"/v2/index.php?Action=DescribeCluster&clusterName=",
		"/ncs?Action=DescribeStatefulWorkloadsAllNamespaces&Version=2017-11-16&Limit=1000&ClusterId=",
	} {
		answer, small := ask(url + "small")
		_, large := ask(url + "large")
		if small != large || large > 9 {
			t.Errorf("%s costs %d store commands in a small cluster, %d in a large one", url, small, large)
		}
		if strings.Contains(url, "/v2/") && !strings.HasPrefix(answer, `{"code":0,`) {
			t.Errorf("%s: %.200s", url, answer)
		}
	}

	answer, _ := ask("/v2/index.php?Action=DescribeServiceInstance&namespace=ns&serviceName=set-07&limit=100&clusterId=large")
	var page struct {
		Data struct {
			TotalCount int
			Instances  []json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(answer), &page); err != nil || page.Data.TotalCount != 100 || len(page.Data.Instances) != 100 {
		t.Errorf("%v: %d of %d instances", err, len(page.Data.Instances), page.Data.TotalCount)
	}

	// More than is allowed is refused, never cut.
	h = serve(1 << 20)
	answer, _ = ask("/v2/index.php?Action=DescribeClusterService&allnamespace=1&clusterId=large")
	if !strings.Contains(answer, `"code":6000`) || !strings.Contains(answer, "views.maxBytes") {
		t.Errorf("too much is stored: %.300s", answer)
	}
}

// TestViewsOverAFailingStore: a store that can't be reached is said in each vendor's
// form, with a hint to try again.
func TestViewsOverAFailingStore(t *testing.T) {
	server, engine, _ := serve(t, false)
	engine.fail(
		func() error { return fmt.Errorf("dial tcp 10.1.2.3: %w", storage.ErrUnavailable) },
		func(int) error { return fmt.Errorf("dial tcp 10.1.2.3: %w", storage.ErrUnavailable) })
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/v2/index.php?Action=DescribeClusterService&clusterId=C&namespace=n":               {200, `{"code":5100,"message":"(5100)The store is not available","codeDesc":"FailedOperation"}`},
		"/ncs?Action=DescribeStatefulWorkloadsAllNamespaces&Version=2017-11-16&ClusterId=C": {500, `{"Code":"InternalServerError","Message":"The store is not available","RequestId":"`},
		"/api/v1/namespaces/n/services/s/status":                                            {503, `"reason":"ServiceUnavailable"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Cluster-ID", "C")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want.status || !strings.Contains(string(body), want.text) || resp.Header.Get("Retry-After") == "" || strings.Contains(string(body), "10.1.2.3") {
			t.Errorf("%s: %v %d %v %s", path, err, resp.StatusCode, resp.Header, body)
		}
	}
}
