package app_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/conf"
	"bcs-storage/handlers/ccs/signature"
)

// linesOf are the log lines of requests.
func (s *service) linesOf(parts ...string) []string {
	var found []string
	for line := range strings.Lines(s.logs.String()) {
		if !slices.ContainsFunc(append(parts, "msg=request "), func(part string) bool { return !strings.Contains(line, part) }) {
			found = append(found, line)
		}
	}
	return found
}

// line waits for the one line of a request that was answered: it is written after the answer.
func (s *service) line(parts ...string) string {
	s.t.Helper()
	var found []string
	s.eventually(func() bool {
		found = s.linesOf(parts...)
		return len(found) > 0
	})
	if len(found) != 1 {
		s.t.Fatalf("%d lines of %q", len(found), parts)
	}
	return found[0]
}

// TestLogLine: what the line of a request holds.
func TestLogLine(t *testing.T) {
	s := start(t, settings{})
	s.do("PUT", documentedPrefix+podPath, `{"data":{"a":1}}`, "X-Request-Id", "given-1").ok()
	line := s.line("id=given-1 ")
	for _, want := range []string{
		"level=INFO", ` caller="" `, " method=PUT ", " route=" + documentedPrefix + "/k8s/dynamic/namespace_resources/clusters/{clusterId}/", " cluster=BCS-K8S-1 ",
		" status=200 ", " code=0 ", " bytes=56 ", " duration=",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %s", want, line)
		}
	}
	if strings.Contains(line, "error=") || strings.Contains(line, "path=") {
		t.Errorf("a success has a reason: %s", line)
	}
	s.do("GET", documentedPrefix+podPath+"x", "", "X-Request-Id", "given-2").failed()
	line = s.line("id=given-2 ")
	for _, want := range []string{"level=INFO", " code=10004 ", " path=" + documentedPrefix + podPath + "x ", ` error="resource does not exist"`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %s", want, line)
		}
	}
}

// TestRequestID: a caller's id is taken if it is one word of bounded length; every answer has one.
func TestRequestID(t *testing.T) {
	s := start(t, settings{})
	seen := map[string]bool{}
	for given, taken := range map[string]bool{
		"a": true, "6f1c3c5e-93a7-4a55-8a3c-0d9a7f1f2b11": true, strings.Repeat("x", 128): true, "~!@#$%^&*()": true,
		"": false, "two words": false, strings.Repeat("x", 129): false, "ümlaut": false, "tab\tbed": false,
	} {
		for _, path := range []string{documentedPrefix + podsPath, "/healthz", "/none", "/v2/none", documentedPrefix + podsPath + "?limit=x"} {
			got := s.do("GET", path, "", "X-Request-Id", given).header.Values("X-Request-Id")
			switch {
			case len(got) != 1:
				t.Errorf("%q, %s: answered %q", given, path, got)
			case taken && got[0] != given:
				t.Errorf("%q, %s: answered as %s", given, path, got[0])
			case !taken && (len(got[0]) != 36 || got[0][14] != '4' || !strings.ContainsRune("89ab", rune(got[0][19])) || seen[got[0]]):
				t.Errorf("%q, %s: answered as %s, which is no new UUID", given, path, got[0])
			}
			if !taken {
				seen[got[0]] = true
			}
		}
	}
	// NCS answers name the request by the same id.
	for _, action := range []string{"DescribeNamespaces", "DescribeNothing"} {
		a := s.do("GET", "/ncs?Version=2017-11-16&Action="+action, "")
		if id := a.header.Get("X-Request-Id"); !strings.Contains(a.body, `"RequestId":"`+id+`"`) {
			t.Errorf("%s: %s is not in %s", action, id, a.body)
		}
	}
}

// ccsQuery is a signed request of a CCS caller, with the sample credentials.
func ccsQuery(t *testing.T, s *service, key string, params map[string]string) string {
	t.Helper()
	params = maps.Clone(params)
	params["SecretId"], params["Timestamp"], params["Nonce"] = "AKIDexample", fmt.Sprint(time.Now().Unix()), "1"
	host := strings.TrimPrefix(s.base, "http://")
	sign, err := signature.Sign(key, "", signature.Text("GET", host, "/v2/index.php", params))
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"Signature": {sign}}
	for name, value := range params {
		query.Set(name, value)
	}
	return "/v2/index.php?" + query.Encode()
}

func withCredentials(c *conf.Config) {
	c.Views.CCS.Credentials = "../../../scripts/samples/ccs-credentials.yaml"
}

// TestCallerIsLogged, once its signature is right, and not before.
func TestCallerIsLogged(t *testing.T) {
	s := start(t, settings{change: withCredentials})
	params := map[string]string{"Action": "DescribeCluster"}
	s.do("GET", ccsQuery(t, s, "kEy0fTheExampleInREADME", params), "", "X-Request-Id", "right")
	s.do("GET", ccsQuery(t, s, "guessed", params), "", "X-Request-Id", "wrong")
	if line := s.line("id=right "); !strings.Contains(line, " caller=AKIDexample ") || !strings.Contains(line, " code=0 ") {
		t.Error(line)
	}
	if line := s.line("id=wrong "); !strings.Contains(line, ` caller="" `) || !strings.Contains(line, "level=INFO") || !strings.Contains(line, " code=4100 ") {
		t.Error(line)
	}
}

// TestLogsHoldNoSecrets: what a caller sends in a body, a header or the query
// string is in no line, whatever becomes of the request.
func TestLogsHoldNoSecrets(t *testing.T) {
	const secret = "hunter2-Zq7"
	s := start(t, settings{change: func(c *conf.Config) {
		withCredentials(c)
		c.HTTP.MaxBodyBytes = 4096
	}})
	encoded := func(text string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(text))) }
	type sent struct{ method, path, body string }
	all := []sent{
		{"PUT", documentedPrefix + podPath, `{"data":{"password":"` + secret + `"}}`},
		{"PUT", documentedPrefix + podPath, `{"data":{"password":"` + secret + `"},,}`},
		{"PUT", documentedPrefix + podPath, `["` + secret + `"]`},
		{"PUT", documentedPrefix + podPath, `{"data":{"$` + secret + `":1}}`},
		{"PUT", documentedPrefix + podPath, `{"data":"` + strings.Repeat(secret, 1000) + `"}`},
		{"PUT", documentedPrefix + podPath + "?" + secret + "=1", `{"data":{}}`},
		{"PUT", documentedPrefix + "/events", `{"clusterId":"C","eventTime":"` + secret + `"}`},
		{"PUT", documentedPrefix + "/events", `{"clusterId":"C","eventTime":{"` + secret + `":1}}`},
		{"POST", documentedPrefix + "/alarms", `{"clusterId":{"` + secret + `":1}}`},
		{"PUT", documentedPrefix + "/host/clusters/C", `{"ips":["` + secret + `/"]}`},
		{"PUT", documentedPrefix + "/k8s/watch/clusters/C/namespaces/n/T/x", `{"data":"` + secret + `"}`},
		{"PUT", documentedPrefix + "/k8s/watch/clusters/C/namespaces/n/T/x?token=" + secret, `{"data":{}}`},
		{"POST", documentedPrefix + queryPath, `{"` + secret + `":1}`},
		{"POST", documentedPrefix + queryPath, `{"limit":"` + secret + `"}`},
		{"DELETE", documentedPrefix + podsPath, `{"updateTimeBegin":"` + secret + `"}`},
		{"DELETE", documentedPrefix + podsPath + "?token=" + secret, ""},
		{"PATCH", documentedPrefix + podPath + "?token=" + secret, ""},
		{"GET", "/none?token=" + secret, ""},
		{"GET", "/healthz?token=" + secret, ""},
		{"GET", "/v2/none?token=" + secret, ""},
		{"POST", "/v2/index.php", "Action=" + secret + "&token=" + secret},
		{"GET", ccsQuery(t, s, "kEy0fTheExampleInREADME", map[string]string{"Action": "DescribeCluster", secret: secret}), ""},
		{"GET", ccsQuery(t, s, "kEy0fTheExampleInREADME", map[string]string{"Action": secret}), ""},
		{"GET", ccsQuery(t, s, secret, map[string]string{"Action": "DescribeCluster"}), ""},
		{"GET", "/ncs?Version=2017-11-16&Action=" + secret, ""},
		{"GET", "/ncs?Version=2017-11-16&Action=DescribeNamespaces&ClusterId=" + secret, ""},
		{"GET", "/ncs?Version=2017-11-16&Action=DescribeNamespaces&" + secret + "=1", ""},
		{"GET", "/api/v1/namespaces/n/services/s/status?pretty=" + secret, ""},
	}
	for _, query := range []string{
		secret + "=1", "limit=" + secret, "offset=" + secret, "labelSelector=" + secret + "%20%20x", "labelSelector=a%3D" + secret, "field=..%20" + secret,
		"extra=" + secret, "extra=" + encoded(secret), "extra=" + encoded(`{"data.x":"`+secret+`"}`), "extra=" + encoded(`{"`+secret+`":{}}`),
		"data.token=" + secret, "createTimeBegin=" + secret, "x=%zz" + secret, "limit=1&limit=" + secret, "length=" + secret,
	} {
		for _, path := range []string{podPath, podsPath, queryPath, "/events", "/alarms", "/metric/clusters/C", "/host/clusters/C", "/k8s/watch/clusters/C/namespaces/n/T"} {
			all = append(all, sent{"GET", documentedPrefix + path + "?" + query, ""})
		}
	}
	headers := []string{"Authorization", "Bearer " + secret, "Cookie", "token=" + secret, "X-Token", secret, "User-Agent", secret, "X-Cluster-ID", "no/" + secret}
	for i, one := range all {
		id := fmt.Sprintf("secret-%d", i)
		if _, err := s.try(one.method, one.path, one.body, append(headers, "X-Request-Id", id)...); err != nil && !strings.Contains(err.Error(), "invalid URL escape") {
			t.Fatalf("%s %s: %v", one.method, one.path, err)
		}
		s.line("id=" + id + " ")
	}
	for line := range strings.Lines(s.logs.String()) {
		for _, form := range []string{secret, url.QueryEscape(secret), strings.TrimRight(encoded(secret), "=%3D"), encoded(`{"data.x":"` + secret)[:20]} {
			if strings.Contains(line, form) {
				t.Errorf("%s is in %s", form, line)
			}
		}
	}
	if len(s.linesOf()) < len(all) {
		t.Errorf("%d requests and %d lines", len(all), len(s.linesOf()))
	}
}
