package apidocs

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTakesGzip: compressed content goes to those alone who say that they take it.
func TestTakesGzip(t *testing.T) {
	for accepted, want := range map[string]bool{
		"":                     false,
		"gzip":                 true,
		"br, GZIP":             true,
		"gzip;q=0.1, identity": true,
		"gzip; q=1":            true,
		"gzip;q=0":             false,
		"gzip;q=0.000":         false,
		"gzip;q=x":             false,
		"gzipped, *":           false,
	} {
		if got := takesGzip(accepted); got != want {
			t.Errorf("%q: %v", accepted, got)
		}
	}
}

// TestFiles: the page's parts are there, each what its name says, and what is
// compressed in the repository is whole.
func TestFiles(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string]string{
		Index: "start.js", "start.js": "SwaggerUIBundle({", "swagger-ui-bundle.js": "SwaggerUIBundle", "swagger-ui.css": ".swagger-ui",
		"LICENSE": "Apache License", "NOTICE": "swagger-ui", "swagger-ui-bundle.js.LICENSE.txt": "@license",
	} {
		file, ok := files[name]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		content, err := file.Content()
		if err != nil || !strings.Contains(string(content), part) {
			t.Errorf("%s: %v, %d bytes without %q", name, err, len(content), part)
		}
		w := httptest.NewRecorder()
		file.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusOK || w.Body.String() != string(content) {
			t.Errorf("%s: %d, %d bytes of %d", name, w.Code, w.Body.Len(), len(content))
		}
	}
}
