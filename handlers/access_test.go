package handlers_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers"
	"bcs-storage/storage"
)

var all = []handlers.Action{handlers.ActionRead, handlers.ActionWrite, handlers.ActionDelete, handlers.ActionSecrets}

// callersOf are callers by their tokens. The token of each is its name.
func callersOf(callers ...handlers.Caller) map[[sha256.Size]byte]handlers.Caller {
	known := map[[sha256.Size]byte]handlers.Caller{}
	for _, c := range callers {
		known[sha256.Sum256([]byte(c.Name))] = c
	}
	return known
}

func tokens(callers ...handlers.Caller) handlers.Tokens {
	known := handlers.NewCallers(callersOf(callers...), nil)
	return func() *handlers.Callers { return known }
}

func startsWith(prefix string) func(string) bool {
	return func(id string) bool { return strings.HasPrefix(id, prefix) }
}

func TestToken(t *testing.T) {
	access := tokens(handlers.Caller{Name: "one"}, handlers.Caller{Name: "two"})
	for _, tc := range []struct{ headers, want string }{
		{"", "carries no token"},
		{"Authorization: Bearer one", "one"},
		{"Authorization: bearer  one ", "one"},
		{"X-Bcs-User-Token: two", "two"},
		{"x-auth-token: one", "one"},
		{"X-Auth-Token: one\nX-Bcs-User-Token: one\nAuthorization: Bearer one", "one"},
		{"Authorization: Basic b25lOm9uZQ==\nX-Auth-Token: two", "two"},
		{"Authorization: Basic b25lOm9uZQ==", "carries no token"},
		{"Authorization: one", "carries no token"},
		{"Authorization: Bearer", "carries no token"},
		{"X-Auth-Token: ", "carries no token"},
		{"X-Auth-Token: \nX-Bcs-User-Token: one", "one"},
		{"X-Auth-Token: three", "not one that is known"},
		{"X-Auth-Token: ONE", "not one that is known"},
		{"X-Auth-Token: one\nX-Bcs-User-Token: two", "two different tokens"},
		{"X-Auth-Token: one\nX-Auth-Token: two", "two different tokens"},
		{"Authorization: Bearer one\nAuthorization: Bearer two", "two different tokens"},
		{"Authorization: Bearer one\nX-Auth-Token: three", "two different tokens"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		for line := range strings.Lines(tc.headers) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			r.Header.Add(name, value)
		}
		caller, err := access.Caller(r)
		switch {
		case err == nil && caller.Name == tc.want:
		case err != nil && strings.Contains(err.Error(), tc.want):
		default:
			t.Errorf("%q: %v %v", tc.headers, caller, err)
		}
	}
}

// TestRate: each caller has its own, and keeps what is left of it when the callers are read again.
func TestRate(t *testing.T) {
	slow := handlers.Caller{Name: "slow", Actions: all, Everywhere: true, Rate: 0.001, Burst: 2}
	known := handlers.NewCallers(callersOf(slow, handlers.Caller{Name: "free", Actions: all, Everywhere: true}), nil)
	server := limited(t, func(o *handlers.Options) {
		o.Access = handlers.Tokens(func() *handlers.Callers { return known })
	}, &scripted{})
	server.Start()
	ask := func(path, token string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", token)
		req.Header.Set("X-Cluster-ID", "C")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	const view = "/api/v1/namespaces/n/services/s/status"
	if a, b := ask(base, "slow").StatusCode, ask(view, "slow").StatusCode; a != 200 || b != 404 {
		t.Fatalf("%d and %d", a, b)
	}
	refused := func() {
		t.Helper()
		for _, path := range []string{base, view, "/v2/index.php?Action=DescribeCluster", "/ncs?Action=DescribeAny"} {
			if resp := ask(path, "slow"); resp.StatusCode != 429 || !strings.HasPrefix(resp.Header.Get("Retry-After"), "9") && resp.Header.Get("Retry-After") != "1000" {
				t.Errorf("%s: %d, Retry-After %q", path, resp.StatusCode, resp.Header.Get("Retry-After"))
			}
		}
		if resp := ask(base, "free"); resp.StatusCode != 200 {
			t.Errorf("another caller: %d", resp.StatusCode)
		}
	}
	refused()
	if got := counts(t, server, handlers.LimitRate); got != "4" {
		t.Errorf("%s are counted", got)
	}
	free := handlers.Caller{Name: "free", Actions: all, Everywhere: true}
	known = handlers.NewCallers(callersOf(slow, free), known)
	refused()
	slow.Burst = 3
	known = handlers.NewCallers(callersOf(slow, free), known)
	if resp := ask(base, "slow"); resp.StatusCode != 200 {
		t.Errorf("with another rate: %d", resp.StatusCode)
	}
}

// moving is a real engine in which a host changes its cluster after it was looked at.
type moving struct {
	scripted
	moves string
}

func (m *moving) Get(ctx context.Context, c *storage.Collection, key storage.Key, f storage.Filter, p *storage.Projection) ([]byte, error) {
	doc, err := m.Documents.Get(ctx, c, key, f, p)
	if m.moves != "" && err == nil {
		to := m.moves
		m.moves = ""
		err = m.Assign(ctx, c, storage.Assignment{Field: "clusterId", Value: to, Keys: []storage.Key{key}}, time.Now())
	}
	return doc, err
}

// TestHostThatMoves: what a caller may do with a host it may do only as long as
// the host is in the cluster in which it was seen.
func TestHostThatMoves(t *testing.T) {
	engine := &moving{}
	h := limitedHandler(t, func(o *handlers.Options) {
		o.Documents = engine
		o.Access = tokens(handlers.Caller{Name: "mine", Actions: all, Sees: startsWith("mine")}, handlers.Caller{Name: "admin", Actions: all, Everywhere: true})
	}, &engine.scripted)
	ask := func(method, token, body string) string {
		r := httptest.NewRequest(method, "/bcsapi/v4/storage/host/10.0.0.1", strings.NewReader(body))
		r.Header.Set("X-Auth-Token", token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	const put = `{"clusterId":"mine-1","data":{"secret":"x"}}`
	for _, method := range []string{"GET", "DELETE"} {
		if got := ask("PUT", "mine", put); !strings.HasPrefix(got, `200 {"result":true`) {
			t.Fatal(got)
		}
		engine.moves = "other"
		got := ask(method, "mine", "")
		if strings.Contains(got, "secret") {
			t.Errorf("%s: %s", method, got)
		}
		if got := ask("GET", "admin", ""); !strings.Contains(got, `"clusterId":"other"`) || !strings.Contains(got, "secret") {
			t.Errorf("after a %s: %s", method, got)
		}
		if got := ask(method, "mine", ""); !strings.HasPrefix(got, "403 ") {
			t.Errorf("%s: %s", method, got)
		}
		if got := ask("PUT", "mine", put); !strings.HasPrefix(got, "403 ") {
			t.Errorf("PUT: %s", got)
		}
		if got := ask("DELETE", "admin", ""); !strings.HasPrefix(got, "200 ") {
			t.Fatal(got)
		}
	}
}

// TestAccessCostsNoStoreCommand to callers of all clusters, and one to others where the path
// does not say which cluster it is.
func TestAccessCostsNoStoreCommand(t *testing.T) {
	c := &counting{}
	engine := &scripted{}
	h := limitedHandler(t, func(o *handlers.Options) {
		c.Documents, o.Documents = engine, c
		o.Redact = []handlers.Redaction{{Type: "Secret", Path: storage.P("data")}}
		o.Access = tokens(handlers.Caller{Name: "all", Actions: all[:3], Everywhere: true}, handlers.Caller{Name: "some", Actions: all[:3], Sees: startsWith("C")})
	}, engine)
	for _, tc := range []struct {
		method, path, body string
		all, some          int64
	}{
		{"GET", "/k8s/dynamic/all_resources/clusters/C/Secret", "", 1, 1},
		{"GET", "/query/k8s/dynamic/clusters/C/secret", "", 1, 1},
		{"GET", "/events", "", 2, 3},
		{"GET", "/alarms", "", 2, 3},
		{"GET", "/metric/clusters", "", 1, 1},
		{"PUT", "/host/10.0.0.1", `{"clusterId":"C","data":{}}`, 0, 1}, // a Put is not counted
		{"GET", "/host/10.0.0.1", "", 1, 2},
		{"PUT", "/host/clusters/C", `{"ips":["10.0.0.1"]}`, 0, 1},
		{"PUT", "/host/clusters/C", `{"ips":[]}`, 0, 0},
	} {
		for token, want := range map[string]int64{"all": tc.all, "some": tc.some} {
			r := httptest.NewRequest(tc.method, "/bcsapi/v4/storage"+tc.path, strings.NewReader(tc.body))
			r.Header.Set("X-Auth-Token", token)
			w := httptest.NewRecorder()
			before := c.calls.Load()
			h.ServeHTTP(w, r)
			if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"result":true`) {
				t.Errorf("%s %s as %s: %d %s", tc.method, tc.path, token, w.Code, w.Body)
			}
			if got := c.calls.Load() - before; got != want {
				t.Errorf("%s %s as %s costs %d reads, want %d", tc.method, tc.path, token, got, want)
			}
		}
	}
}

// BenchmarkToken is what it costs a request to find out who sent it.
func BenchmarkToken(b *testing.B) {
	callers := map[[sha256.Size]byte]handlers.Caller{}
	for i := range 1000 {
		callers[sha256.Sum256(fmt.Appendf(nil, "DVQGR6TWTZZKERFWFTIGHY%04d", i))] = handlers.Caller{Name: fmt.Sprint(i), Actions: all, Sees: startsWith("C"), Rate: 1e9, Burst: 1e9}
	}
	known := handlers.NewCallers(callers, nil)
	access := handlers.Tokens(func() *handlers.Callers { return known })
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer DVQGR6TWTZZKERFWFTIGHY0777")
	b.ReportAllocs()
	for b.Loop() {
		caller, err := access.Caller(r)
		if err != nil || !caller.May(handlers.ActionRead, "C1") {
			b.Fatal(caller, err)
		}
	}
}

// BenchmarkAdmission is a small request, with everything around it and without.
func BenchmarkAdmission(b *testing.B) {
	for name, change := range map[string]func(*handlers.Options){
		"open": func(*handlers.Options) {},
		"limits": func(o *handlers.Options) {
			o.Limits = handlers.Limits{RequestTimeout: time.Minute, WriteTimeout: time.Minute, InFlight: 100}
		},
		"tokens": func(o *handlers.Options) {
			o.Access = tokens(handlers.Caller{Name: "C", Actions: all[:3], Sees: startsWith("C"), Rate: 1e9, Burst: 1e9})
		},
	} {
		b.Run(name, func(b *testing.B) {
			engine := &scripted{get: func(context.Context) ([]byte, error) { return []byte(`{"_id":"x"}`), nil }}
			h := limitedHandler(b, change, engine)
			r := httptest.NewRequest("GET", base+"/x", nil)
			r.Header.Set("Authorization", "Bearer C")
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
