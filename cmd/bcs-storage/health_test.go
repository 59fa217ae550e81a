package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHealth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			w.Write([]byte("{\"ok\":true}\n"))
		case "/moved/readyz":
			http.Redirect(w, r, "/healthz", http.StatusFound)
		case "/good/readyz":
			w.Write([]byte("{\"storage\":{\"ok\":true}}\n"))
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte("{\"storage\":{\"ok\":false}}\n"))
		}
	}))
	defer server.Close()
	closed := httptest.NewServer(nil)
	closed.Close()

	tests := map[string]struct {
		environ []string
		args    []string
		want    result // stderr: the beginning is enough
	}{
		"ready":     {args: []string{"--server", server.URL + "/good"}, want: result{stdout: "{\"storage\":{\"ok\":true}}\n"}},
		"slash":     {args: []string{"--server", server.URL + "/good/"}, want: result{stdout: "{\"storage\":{\"ok\":true}}\n"}},
		"variable":  {environ: []string{"BCS_STORAGE_SERVER=" + server.URL + "/good"}, want: result{stdout: "{\"storage\":{\"ok\":true}}\n"}},
		"not ready": {args: []string{"--server", server.URL}, want: result{code: 1, stderr: `bcs-storage: health: 503 Service Unavailable: {"storage":{"ok":false}}`}},
		"live":      {args: []string{"--server", server.URL, "--live"}, want: result{stdout: "{\"ok\":true}\n"}},
		"redirect":  {args: []string{"--server", server.URL + "/moved"}, want: result{code: 1, stderr: "bcs-storage: health: 302 Found"}},
		"nobody":    {args: []string{"--server", closed.URL}, want: result{code: 1, stderr: "bcs-storage: health: Get "}},
		"not a URL": {args: []string{"--server", "localhost:50024"}, want: result{code: 2, stderr: `bcs-storage: server: "localhost:50024" is not an http or https URL`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := call(t, tt.environ, append([]string{"health"}, tt.args...)...)
			if strings.HasPrefix(got.stderr, tt.want.stderr) && (tt.want.stderr == "") == (got.stderr == "") {
				got.stderr = tt.want.stderr
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
