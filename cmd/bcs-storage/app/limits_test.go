package app_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

// wait for a limit to have counted.
func (s *service) limited(limit string, n int) {
	s.t.Helper()
	line := fmt.Sprintf("bcs_storage_limited_requests_total{limit=%q} %d\n", limit, n)
	s.eventually(func() bool { return strings.Contains(s.metrics(), line) })
}

// dial is a connection that sends what the test says.
func (s *service) dial(sends string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimPrefix(s.base, "http://"), "https://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, sends); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// ends is what a connection says before the service ends it.
func (s *service) ends(conn net.Conn) string {
	s.t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil {
		s.t.Fatalf("is not ended: %v", err)
	}
	return string(said)
}

const soon = 50 * time.Millisecond

// TestSlowHead: a connection whose request does not come, or not to the end of its head, is ended.
func TestSlowHead(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.HeaderTimeout = soon }})
	for i, head := range []string{"", "G", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: "} {
		if said := s.ends(s.dial(head)); said != "" && !strings.HasPrefix(said, "HTTP/1.1 400 ") {
			t.Errorf("%q is answered %q", head, said)
		}
		s.limited("headerTimeout", i+1)
	}
	// The second request of a connection.
	conn := s.dial("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHo"); err != nil {
		t.Fatal(err)
	}
	s.ends(conn)
	s.limited("headerTimeout", 4)
	s.limited("idleTimeout", 0)
}

// TestSlowHandshake: one of TLS is a head that does not come, too.
func TestSlowHandshake(t *testing.T) {
	ca := testparts.NewAuthority(t)
	s, _ := secured(t, ca, func(c *conf.Config) { c.Limits.HeaderTimeout = soon })
	s.ends(s.dial(""))
	s.limited("headerTimeout", 1)
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.base, "https://"), &tls.Config{RootCAs: ca.Pool(), NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /healthz HT"); err != nil {
		t.Fatal(err)
	}
	s.ends(conn)
	s.limited("headerTimeout", 2)
}

// TestIdle: a connection that sends no further request is ended.
func TestIdle(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.IdleTimeout = soon }})
	if said := s.ends(s.dial("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")); strings.Count(said, "HTTP/1.1 200 OK") != 1 {
		t.Errorf("got %q", said)
	}
	s.eventually(func() bool {
		return !strings.Contains(s.metrics(), `bcs_storage_limited_requests_total{limit="idleTimeout"} 0`)
	})
	s.limited("headerTimeout", 0)
}

// TestSlowBodySetting: a body that does not come is given up, is counted once, and stores nothing.
func TestSlowBodySetting(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.BodyTimeout, c.HTTP.MaxBodyBytes = soon, 1<<10 }})
	conn := s.dial("PUT " + documentedPrefix + podPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"data\":")
	if said := s.ends(conn); !strings.Contains(said, "could not be read within 50ms") {
		t.Errorf("got %q", said)
	}
	s.limited("bodyTimeout", 1)
	s.limited("headerTimeout", 0)
	if a := s.do("PUT", documentedPrefix+podPath, `{"data":"`+strings.Repeat("x", 1<<10)+`"}`); a.status != 413 {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.limited("maxBodyBytes", 1)
	s.do("GET", documentedPrefix+podPath, "").failed("does not exist")
}

// TestUnreadBody: a body that no operation reads has its time too, and the answer comes. One that is sent does not
// disturb the next request.
func TestUnreadBody(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.BodyTimeout = 5 * soon }})
	s.do("PUT", documentedPrefix+podPath, `{"data":{"a":"`+strings.Repeat("x", 1<<16)+`"}}`).ok()
	list := documentedPrefix + podsPath
	late := 0
	for _, tc := range []struct{ request, head, body, want string }{
		{"PUT /none", "Content-Length: 10\r\n", "{", "no such route"},
		{"PUT /none", "Transfer-Encoding: chunked\r\n", "1\r\n{\r\n", "no such route"},
		{"PATCH " + list, "Content-Length: 10\r\n", "{", "not a method"},
		{"PUT " + list + "/a?nobody-knows=this", "Content-Length: 10\r\n", "", "nobody-knows"},
		{"GET /healthz", "Content-Length: 10\r\n", "{", `{"ok":true}`},
		{"GET /apidocs.json", "Content-Length: 10\r\n", "{", `"swagger"`},
		{"GET " + list, "Content-Length: 10\r\n", "{", `"result":true`},
		{"GET " + list + "?field=resourceName", "Content-Length: 10\r\n", "{", `"result":true`},
	} {
		said := s.ends(s.dial(tc.request + " HTTP/1.1\r\nHost: x\r\n" + tc.head + "\r\n" + tc.body))
		if late++; !strings.Contains(said, tc.want) {
			t.Errorf("%s is answered %.300q", tc.request, said)
		}
		s.limited("bodyTimeout", late)
	}
	for _, head := range []string{"Content-Length: 10\r\nExpect: 100-continue\r\n", "Content-Length: 10000000\r\n"} { // not waited for
		if said := s.ends(s.dial("PUT /none HTTP/1.1\r\nHost: x\r\n" + head + "\r\n")); !strings.Contains(said, "no such route") {
			t.Errorf("%s is answered %q", head, said)
		}
	}
	s.limited("bodyTimeout", late)
	for _, path := range []string{"/none", "/healthz", list} {
		first := "GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
		if said := s.ends(s.dial(first + "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")); strings.Count(said, "HTTP/1.1 ") != 2 || !strings.HasSuffix(said, "{\"ok\":true}\n") {
			t.Errorf("%s and health are answered %.300q", path, said)
		}
	}
}

// TestBodyForOperators: what is sent to the listener of the metrics is not waited for.
func TestBodyForOperators(t *testing.T) {
	s := start(t, settings{})
	s.base = s.side
	for _, head := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
		for _, path := range []string{"/metrics", "/debug/pprof/cmdline", "/healthz", "/none"} {
			if said := s.ends(s.dial("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + head + "\r\n\r\n")); !strings.HasPrefix(said, "HTTP/1.1 400 ") || !strings.Contains(said, "no body") {
				t.Errorf("%s is answered %q", path, said)
			}
		}
	}
}

// TestSlowReaderSetting: a list that nobody reads is cut off by the setting.
func TestSlowReaderSetting(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.WriteTimeout = soon }})
	big := `{"data":"` + strings.Repeat("x", 2<<20) + `"}`
	for i := range 8 {
		s.do("PUT", fmt.Sprintf("%s%s/big-%d", documentedPrefix, podsPath, i), big).ok()
	}
	conn := s.dial("GET " + documentedPrefix + podsPath + " HTTP/1.1\r\nHost: x\r\n\r\n")
	s.limited("writeTimeout", 1)
	n, err := io.Copy(io.Discard, conn)
	if n >= 16<<20 {
		t.Errorf("all was sent: %d bytes, %v", n, err)
	}
	if got := s.do("GET", documentedPrefix+podsPath+"?field=resourceName", "").names("resourceName"); len(got) != 8 {
		t.Errorf("afterwards: %v", got)
	}
}

// TestInFlightSetting: the setting reaches the limit that handlers has tests for.
func TestInFlightSetting(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.MaxInFlight = 1 }})
	// A body that comes in parts holds the only place, once it is the request that is there.
	conn := s.dial("PUT " + documentedPrefix + podPath + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n{\"data\":")
	s.eventually(func() bool { return strings.Contains(s.metrics(), "bcs_storage_http_requests_in_flight 1\n") })
	s.eventually(func() bool { return s.do("GET", documentedPrefix+podsPath, "").status == 503 })
	if _, err := io.WriteString(conn, "1}"); err != nil {
		t.Fatal(err)
	}
	if said := s.ends(conn); !strings.Contains(said, `"result":true`) {
		t.Errorf("got %q", said)
	}
	s.eventually(func() bool { return s.do("GET", documentedPrefix+podPath, "").status == 200 })
}

// TestRequestTimeoutSetting: the setting reaches the limit that handlers has tests for.
func TestRequestTimeoutSetting(t *testing.T) {
	s := start(t, settings{change: func(c *conf.Config) { c.Limits.RequestTimeout = 10 * time.Millisecond }})
	for i := range 2000 { // some hundred PUTs of this size would have to be stored within the time
		if a := s.do("PUT", fmt.Sprintf("%s%s/big-%d", documentedPrefix, podsPath, i), `{"data":"`+strings.Repeat("x", 4<<20)+`"}`); a.status == 504 {
			s.limited("requestTimeout", 1)
			return
		}
	}
	t.Error("no request takes longer than a hundredth of a second")
}
