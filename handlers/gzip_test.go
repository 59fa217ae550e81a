package handlers_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// fetch reads an answer as it is transferred.
func fetch(t *testing.T, url, accept string) (http.Header, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", accept) // the transport then leaves the answer as it is
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.Header, body, err
}

// TestGzip: a client that accepts gzip gets large answers compressed, and the same bytes in them.
func TestGzip(t *testing.T) {
	server, f, _ := serve(t, false)
	_, plain, err := fetch(t, server.URL+base, "identity")
	if err != nil {
		t.Fatal(err)
	}
	header, packed, err := fetch(t, server.URL+base, "gzip")
	if err != nil || header.Get("Content-Encoding") != "gzip" || !strings.Contains(header.Get("Vary"), "Accept-Encoding") || header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%v: %v", err, header)
	}
	unpacked, err := gzip.NewReader(strings.NewReader(string(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(unpacked); err != nil || string(got) != string(plain) {
		t.Errorf("%v: %d bytes instead of %d", err, len(got), len(plain))
	}
	if len(packed) > len(plain)/10 {
		t.Errorf("%d of %d bytes", len(packed), len(plain))
	}
	for _, accept := range []string{"", "identity", "gzip;q=0", "zstd", "br"} {
		if header, body, err := fetch(t, server.URL+base, accept); err != nil || header.Get("Content-Encoding") != "" || string(body) != string(plain) {
			t.Errorf("Accept-Encoding %q: %v %v", accept, err, header)
		}
	}
	if header, body, err := fetch(t, server.URL+base+"/none", "gzip"); err != nil || header.Get("Content-Encoding") != "" || !strings.HasPrefix(string(body), `{"result":false`) {
		t.Errorf("a small answer: %v %v %s", err, header, body)
	}

	// A list that fails half-way is cut off in both forms.
	f.fail(nil, func(n int) error {
		if n == 150 {
			return errors.New("half-way")
		}
		return nil
	})
	for _, accept := range []string{"identity", "gzip"} {
		if _, body, err := fetch(t, server.URL+base, accept); err == nil {
			t.Errorf("Accept-Encoding %s: the transfer ended well with %d bytes", accept, len(body))
		}
	}
}
