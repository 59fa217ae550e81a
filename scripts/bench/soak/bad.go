package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// bad are requests that a client of HTTP would make, and the service must refuse, or bear.
func bad() actions {
	return actions{
		{"bad body", 60, badBody},
		{"giant body", 6, giantBody},
		{"broken body", 30, brokenBody},
		{"bad parameter", 60, badParameter},
		{"bad delete", 40, badDelete},
		{"random parameters", 30, randomParameters},
		{"bad query body", 20, badQueryBody},
		{"bad record", 20, badRecord},
		{"bad name", 20, badName},
		{"bad method", 10, badMethod},
		{"odd headers", 10, oddHeaders},
		{"cancelled", 20, cancelled},
	}
}

// badBody puts what is not the body of a PUT where a document is, or could be.
func badBody(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, st.names)
	v := object(r, st, name, r.IntN(tags))
	method, path, body := st.writes(name, v)
	deep := strings.Repeat("[", 201+r.IntN(5000))
	refusedBodies := []string{
		"", " ", "null", "[]", `"data"`, "1", "nonsense", body[:len(body)-1-r.IntN(len(body)-1)], body + "x", body + body, body[1:],
		"\x00" + body, body + "\x00", "\xff\xfe" + body, "\xef\xbb\xbf" + body,
		strings.Replace(body, `"tag":"`, "\"tag\":\"\x01", 1), strings.Replace(body, `"tag":"`, "\"tag\":\"\xff", 1),
		strings.Replace(body, `"tag":`, `"tag":1,"tag":`, 1), strings.Replace(body, `"more":`, `"more":9223372036854775808,"m":`, 1),
		strings.Replace(body, `"more":`, `"more":1e999,"m":`, 1), strings.Replace(body, `"more":`, `"more":01,"m":`, 1),
		strings.Replace(body, `"more":`, `"more":"\ud800","m":`, 1), strings.Replace(body, `"more":`, `"more":NaN,"m":`, 1),
		strings.Replace(body, `"more":`, `"more":`+deep+strings.Repeat("]", len(deep))+`,"m":`, 1), strings.Replace(body, `"more":`, `"more":`+deep, 1),
		strings.Replace(body, "{", "{,", 1), strings.Replace(body, `"data":`, `"data":1,"data":`, 1),
	}
	if st.item != nil {
		refusedBodies = append(refusedBodies, "{}", strings.Replace(body, `"data":`, `"Data":`, 1))
	}
	s := sent{kind: "bad body", method: method, path: c.prefix(r) + path, body: one(r, refusedBodies)}
	if r.IntN(3) == 0 {
		s.stream = io.MultiReader(strings.NewReader(s.body))
	}
	c.rejected(s, c.ask(ctx, s))
}

func giantBody(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, st.names)
	method, path, _ := st.writes(name, value{data: "{}"})
	size := maxBody + r.IntN(4<<20)
	s := sent{kind: "giant body", method: method, path: c.prefix(r) + path, breaks: true}
	s.body = fmt.Sprintf(`{"data":{"tag":"t1","x":"%s"}}`, strings.Repeat("x", size))
	if r.IntN(2) == 0 {
		s.stream = io.MultiReader(strings.NewReader(s.body))
	}
	a := c.ask(ctx, s)
	c.rejected(s, a)
	if a.err == nil && !a.limited() && a.status != http.StatusRequestEntityTooLarge {
		c.fail(s, a, errors.New("not a 413"))
	}
}

// brokenBody puts bytes that may or may not be JSON where nobody keeps account.
func brokenBody(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	body := []byte(`{"data":` + object(r, st, "x", r.IntN(tags)).data + `}`)
	for range 1 + r.IntN(8) {
		at := r.IntN(len(body))
		switch r.IntN(4) {
		case 0:
			body[at] = byte(r.Uint32())
		case 1:
			body = append(body[:at], body[min(len(body), at+r.IntN(20)):]...)
		case 2:
			body = append(body[:at:at], append([]byte(one(r, []string{"{", "}", "[", "]", `"`, ",", ":", "\\", "0", "\x00"})), body[at:]...)...)
		case 3:
			body = append(body, body[at:min(len(body), at+50)]...)
		}
		if len(body) == 0 {
			body = []byte{byte(r.Uint32())}
		}
	}
	wild := wildCluster(c.index)
	where := one(r, []string{
		"/k8s/dynamic/namespace_resources/clusters/" + wild + "/namespaces/n/Wild/x", "/mesos/dynamic/cluster_resources/clusters/" + wild + "/process/x",
		"/metric/clusters/" + wild + "/namespaces/n/t/x", "/k8s/watch/clusters/" + wild + "/namespaces/n/t/x",
	})
	c.ask(ctx, sent{kind: "broken body", method: http.MethodPut, path: c.prefix(r) + where, body: string(body)})
}

// badParameters are those that no list takes.
func badParameters(r *rand.Rand) string {
	broken := func(object string) string {
		return "extra=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(object)))
	}
	rubbish := make([]byte, 1+r.IntN(40))
	for i := range rubbish {
		rubbish[i] = byte(r.Uint32())
	}
	return one(r, []string{
		"extra=%25%25", "extra=AAA", broken("x"), broken("[1]"), broken("null"), broken(`{"a":`), broken(`{"$where":1}`), broken(`{"data..a":1}`),
		broken(`{"data.a":{"b":1}}`), broken(`{"data.a":[[1]]}`), broken("\xff" + string(rubbish)), broken(strings.Repeat("[", 5000)),
		"nobody-knows=this", "extra=e30%3D&extra=e30%3D", "=x", "%ff=1", "data.=1", "data..x=1", "field=%ff", "extra=\xff",
		strings.Repeat("x", 1+r.IntN(60000)) + "=1", "extra=" + strings.Repeat("A", 1+4*r.IntN(10000)),
	})
}

func badParameter(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	s := sent{kind: "bad parameter", method: http.MethodGet, path: c.prefix(r) + st.list + "&" + badParameters(r)}
	c.rejected(s, c.ask(ctx, s))
}

// badDelete makes DELETEs that must delete nothing, and looks.
func badDelete(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, st.names)
	parameter := one(r, []string{
		badParameters(r), badParameters(r), "labelSelector=a+b", "labelSelector=", "extra=", "extra=e30%3D", "updateTimeEnd=yesterday", "updateTimeBegin=-1", "limit=1",
		"field=data", "updateTimeBegin=2000000000&updateTimeEnd=1000000000", extra("clusterId", []int{1}), "labelSelector=app%3Dt1,,",
	})
	body := one(r, []string{"", "", "", `{"updateTimeEnd":"soon"}`, `{"more":1}`, "[]", "{", "null", `{"updateTimeBegin":{}}`, strings.Repeat("[", 9999)})
	batch := r.IntN(2) == 0
	s := sent{kind: "bad delete", method: http.MethodDelete}
	switch {
	case batch && st.remove != "":
		s.path, s.body = st.remove, body
		if body == "" || r.IntN(4) == 0 {
			s.path += "?" + parameter
		}
	case st.item != nil:
		s.path = st.item(name) + "?" + one(r, []string{badParameters(r), "nobody-knows=this", "updateTimeEnd=1", "limit=1"})
	default:
		s.path = st.list // has no DELETE
	}
	s.path = c.prefix(r) + s.path
	c.rejected(s, c.ask(ctx, s))
	c.verify(ctx, st)
}

func randomParameters(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	path := one(r, []string{st.list, st.query + "?", "/events?", "/alarms?", "/metric/clusters/" + ownCluster(c.index) + "?"})
	for range 1 + r.IntN(5) {
		name := one(r, []string{"limit", "offset", "length", "field", "extra", "extra_contain", "labelSelector", "data.tag", "continue", "name", "namespace", "createTimeBegin", "timeEnd", "status", "used", "clusterId"})
		text := one(r, []string{"0", "-1", "1", "9223372036854775807", "99999999999999999999", "1.5", "a,b", "data.tag", "t1", "a.b.c", "_id", "", " ", "*", "$gt", "data,data.tag",
			"2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "e30", "AU2XoHL0VEiIQkNTLUs4Uw", "\x00", "日本", strings.Repeat("a.", 3000) + "a", "a in (b", "!a", "a!=b,c"})
		path += "&" + query(name, text)
	}
	c.ask(ctx, sent{kind: "random parameters", method: http.MethodGet, path: c.prefix(r) + path})
}

func badQueryBody(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "bad query body", method: http.MethodPost, path: c.prefix(r) + one(r, []string{"/query/k8s/dynamic/clusters/" + ownCluster(c.index) + "/pod", "/events"})}
	s.body = one(r, []string{"", "{", "null", "[]", `{"limit":`, `{"a":{"b":1}}`, `{"namespace":["a"]}`, `{"extra":"***"}`, `{"limit":1,"limit":2}`, `{"":1}`, strings.Repeat(`{"a":`, 10000), "\xff", `{"offset":-1}`})
	c.rejected(s, c.ask(ctx, s))
}

func badRecord(ctx context.Context, c *client, r *rand.Rand) {
	own := ownCluster(c.index)
	s := sent{kind: "bad record", method: http.MethodPut, path: c.prefix(r) + "/events"}
	members := one(r, []string{`"eventTime":"soon"`, `"eventTime":99999999999999`, `"kind":[]`, `"id":"` + strings.Repeat("i", 600) + `"`, `"extraInfo":1`, `"extraInfo":{"name":[]}`, `"clusterId":"a/b"`, `"clusterId":"ELSEWHERE"`, `"level":{}`})
	if r.IntN(2) == 0 {
		s.method, s.path = http.MethodPost, strings.Replace(s.path, "/events", "/alarms", 1)
		members = one(r, []string{`"receivedTime":true`, `"message":{}`, `"type":[1]`, `"clusterId":[]`, `"clusterId":"ELSEWHERE"`})
	}
	s.body = `{` + members + `}`
	if !strings.Contains(members, "clusterId") {
		s.body = fmt.Sprintf(`{"clusterId":%q,%s}`, own, members)
	}
	c.rejected(s, c.ask(ctx, s))
}

// badName addresses what has no name, or one that can't be kept.
func badName(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, []string{"a%00b", "%00", "a%0Ab", "%7F", "a%2Fb", "%2e", "%2e%2e", "..", ".", "a%FF", "%E2%80", "", strings.Repeat("n", 513+r.IntN(5000)), "%C2%85"})
	if st.item == nil {
		return
	}
	s := sent{kind: "bad name", method: one(r, []string{http.MethodPut, http.MethodDelete}), path: c.prefix(r) + st.item("") + name, body: `{"data":{}}`}
	if s.method == http.MethodDelete {
		s.body = ""
	}
	c.rejected(s, c.ask(ctx, s))
	c.verify(ctx, st)
}

func badMethod(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	s := sent{kind: "bad method", method: one(r, []string{"PATCH", "HEAD", "OPTIONS", "TRACE", "BREW", "put", strings.Repeat("M", 200)}), path: c.prefix(r) + st.list}
	c.rejected(s, c.ask(ctx, s))
}

func oddHeaders(ctx context.Context, c *client, r *rand.Rand) {
	header := http.Header{}
	for range 1 + r.IntN(8) {
		name := one(r, []string{"Accept", "Content-Type", "Accept-Encoding", "Content-Encoding", "X-Request-Id", "X-Cluster-Id", "Range", "If-None-Match", "Upgrade", "Te", "Origin", "X-Http-Method-Override", "Prefer"})
		header.Add(name, one(r, []string{"*/*", "application/xml", "gzip", "gzip;q=0, br", "identity;q=0", "a b", "bytes=0-1", `"x"`, "h2c", "websocket", strings.Repeat("h", r.IntN(5000)), "\xff", "DELETE"}))
	}
	st := one(r, c.stores)
	s := sent{kind: "odd headers", method: http.MethodGet, path: c.prefix(r) + st.list, header: header, form: func(a *answer) error { return errors.Join(unpack(a), enveloped(a)) }}
	c.listed(s, c.ask(ctx, s), st, everything)
}

// cancelled gives requests up in the middle.
func cancelled(ctx context.Context, c *client, r *rand.Rand) {
	soon, end := context.WithTimeout(ctx, time.Duration(r.IntN(8000))*time.Microsecond)
	defer end()
	st, some := one(r, c.stores), someTags(r)[:1]
	filter := one(r, st.filters)(r, some)
	switch r.IntN(4) {
	case 0:
		c.put(soon, r, sent{kind: "cancelled", breaks: true})
	case 1:
		c.ask(soon, sent{kind: "cancelled", method: http.MethodGet, path: bigList, token: c.tokens.admin, breaks: true})
	case 2:
		if st.remove == "" || r.IntN(4) > 0 {
			return
		}
		a := c.ask(soon, sent{kind: "cancelled", method: http.MethodDelete, path: documentedPrefix + st.remove + "?" + filter, breaks: true})
		st.model.remove(withTag(some), a.outcome(), time.Now())
	case 3:
		changes := c.changes(r, "k8s", 10)
		s := sent{kind: "cancelled", method: http.MethodPost, path: documentedPrefix + "/k8s/dynamic/bulk", form: lines, breaks: true, stream: bytes.NewBufferString(textOf(changes))}
		c.took(s, c.ask(soon, s), changes)
	}
}

// bigList is the path of the list that takes long to send.
const bigList = documentedPrefix + "/k8s/dynamic/all_resources/clusters/" + bigCluster + "/Blob"
