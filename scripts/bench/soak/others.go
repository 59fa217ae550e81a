package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// others are good requests for what is no document of a store.
func others() actions {
	return actions{
		{"alarm", 10, alarm},
		{"alarms", 10, alarms},
		{"host relation", 20, relate},
		{"host relation read", 20, relations},
		{"odd names", 20, oddNames},
		{"event without id", 10, wildEvent},
		{"secrets hidden", 10, hidden},
		{"names", 10, nameLists},
		{"view", 20, view},
		{"apidocs", 4, docs},
		{"health", 4, health},
	}
}

func alarm(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "alarm", method: http.MethodPost, path: c.prefix(r) + "/alarms"}
	s.body = fmt.Sprintf(`{"clusterId":%q,"receivedTime":1790000000,"type":"sms","message":"m%d","data":{"a":%d}}`, ownCluster(c.index), r.Uint32(), r.IntN(9))
	a := c.ask(ctx, s)
	c.accepted(s, a)
	switch a.outcome() {
	case done:
		c.alarms++
	case unknown:
		c.maybe++
	}
}

// alarms counts them: each POST is a new one.
func alarms(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "alarms", method: http.MethodGet, path: c.prefix(r) + "/alarms?length=2&clusterId=" + ownCluster(c.index)}
	a := c.ask(ctx, s)
	if !c.accepted(s, a) {
		return
	}
	if a.Total == nil || *a.Total < int64(c.alarms) || *a.Total > int64(c.alarms+c.maybe) {
		c.fail(s, a, fmt.Errorf("there must be %d alarms, or up to %d more", c.alarms, c.maybe))
		c.alarms, c.maybe = 0, 1<<30 // told once
	}
}

// relate puts hosts into the client's cluster of hosts, or makes them its only ones.
func relate(ctx context.Context, c *client, r *rand.Rand) {
	var some []string
	for _, ip := range c.relation {
		if r.IntN(2) == 0 {
			some = append(some, ip)
		}
	}
	s := sent{kind: "host relation", method: one(r, []string{http.MethodPut, http.MethodPost}), path: c.prefix(r) + "/host/clusters/" + hostsCluster(c.index)}
	if some == nil {
		some = []string{}
	}
	s.body = `{"ips":` + asJSON(some) + `}`
	for _, ip := range c.relation {
		if c.related.open(ip, time.Now()) {
			return
		}
	}
	a := c.ask(ctx, s)
	c.accepted(s, a)
	for _, ip := range c.relation {
		switch {
		case slices.Contains(some, ip):
			c.related.set(ip, value{data: present}, a.outcome(), time.Now())
		case s.method == http.MethodPut:
			c.related.set(ip, value{}, a.outcome(), time.Now())
		}
	}
}

// present is the data of a host of which only the cluster is known.
const present = "{}"

func relations(ctx context.Context, c *client, _ *rand.Rand) {
	s := sent{kind: "host relation read", method: http.MethodGet, path: documentedPrefix + "/host/clusters/" + hostsCluster(c.index) + "?field=ip"}
	a := c.ask(ctx, s)
	if !c.accepted(s, a) {
		return
	}
	var hosts []struct{ IP string }
	err := json.Unmarshal(a.Data, &hosts)
	found := map[string]string{}
	for _, h := range hosts {
		found[h.IP] = present
	}
	if err == nil && len(found) != len(hosts) {
		err = errors.New("a host is there twice")
	}
	if err == nil {
		err = c.related.listed(found, everything, time.Now())
	}
	if err != nil {
		c.fail(s, a, err)
	}
}

// oddNames stores, reads and deletes a document under a name that has to be escaped.
func oddNames(ctx context.Context, c *client, r *rand.Rand) {
	var name strings.Builder
	for range 1 + r.IntN(30) {
		name.WriteString(one(r, []string{"a", "B", "7", ".", "-", "_", "~", " ", "%", "?", "#", "&", "=", "+", ":", ";", ",", "@", "é", "漢", "𝄞", "'", `"`, "<", "{", "|", `\`, "*", "$"}))
	}
	path := fmt.Sprintf("%s/k8s/dynamic/namespace_resources/clusters/%s/namespaces/%s/Odd/x%s",
		c.prefix(r), wildCluster(c.index), url.PathEscape("n "+name.String()), url.PathEscape(name.String()))
	data := fmt.Sprintf(`{"n":%d}`, r.Uint32())
	s := sent{kind: "odd names", method: http.MethodPut, path: path, body: `{"data":` + data + `}`}
	if !c.accepted(s, c.ask(ctx, s)) {
		return
	}
	s.method, s.body = http.MethodGet, ""
	s.path += "?field=data,resourceName"
	if a := c.ask(ctx, s); c.accepted(s, a) {
		var docs []struct {
			ResourceName string
			Data         json.RawMessage
		}
		if err := json.Unmarshal(a.Data, &docs); err != nil || len(docs) != 1 || docs[0].ResourceName != "x"+name.String() || string(docs[0].Data) != data {
			c.fail(s, a, fmt.Errorf("must be %s %s", asJSON("x"+name.String()), data))
		}
	}
	s.method, s.path = http.MethodDelete, path
	if !c.accepted(s, c.ask(ctx, s)) {
		return
	}
	s.method = http.MethodGet
	if a := c.ask(ctx, s); a.err == nil && !a.limited() && a.status != http.StatusNotFound {
		c.fail(s, a, errors.New("it was deleted"))
	}
}

// wildEvent is one that nobody can ask for by name; retention removes it.
func wildEvent(ctx context.Context, c *client, r *rand.Rand) {
	var data strings.Builder
	anyJSON(&data, r, 0)
	s := sent{kind: "event without id", method: http.MethodPut, path: c.prefix(r) + "/events"}
	s.body = fmt.Sprintf(`{"clusterId":%q,"eventTime":%d,"level":"Warning","extraInfo":{"name":"x"},"data":%s}`, wildCluster(c.index), r.IntN(1<<31), data.String())
	c.accepted(s, c.ask(ctx, s))
}

// hidden reads Secrets as a caller who may not see what is in them.
func hidden(ctx context.Context, c *client, r *rand.Rand) {
	own := ownCluster(c.index)
	s := sent{kind: "secrets hidden", method: http.MethodGet, token: c.tokens.reader, path: c.prefix(r) + one(r, []string{
		"/k8s/dynamic/namespace_resources/clusters/" + own + "/namespaces/soak/Secret?limit=50",
		"/k8s/dynamic/all_resources/clusters/" + own + "/Secret?limit=50&field=data.data,data.stringData",
		"/query/k8s/dynamic/clusters/" + own + "/secret?limit=50&continue=",
	})}
	a := c.ask(ctx, s)
	if c.accepted(s, a) && bytes.Contains(a.body, []byte(hush)) {
		c.fail(s, a, errors.New("a secret is answered"))
	}
}

func nameLists(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "names", method: http.MethodGet, path: c.prefix(r) + one(r, []string{
		"/metric/clusters", "/query/k8s/dynamic/clusters/" + ownCluster(c.index) + "/namespace?used=1",
		"/query/mesos/dynamic/clusters/" + ownCluster(c.index) + "/namespace",
	})}
	a := c.ask(ctx, s)
	var all []string
	if !c.accepted(s, a) {
		return
	}
	if err := json.Unmarshal(a.Data, &all); err != nil {
		c.fail(s, a, err)
	}
	if slices.ContainsFunc(all, func(name string) bool {
		return strings.HasPrefix(name, "SOAK-") && !strings.HasPrefix(name, ownCluster(c.index))
	}) {
		c.fail(s, a, errors.New("names of clusters are answered that are not the caller's"))
	}
}

// view asks one of the vendors' views, about the sample clusters or the client's own.
func view(ctx context.Context, c *client, r *rand.Rand) {
	id, token := viewsCluster, c.tokens.reader
	if r.IntN(3) == 0 {
		id, token = ownCluster(c.index), ""
	}
	some := url.Values{}
	for _, name := range []string{"serviceName", "namespace", "limit", "offset", "allnamespace", "NamespaceId", "StatefulWorkloadId", "pretty"} {
		if r.IntN(3) == 0 {
			some.Set(name, one(r, []string{"web", "shop", "cart", "1", "20", "0", "default", "8144579992723183", "296945060495931", "-1", "x y", "漢"}))
		}
	}
	s := sent{kind: "view", method: http.MethodGet, token: token, header: http.Header{"X-Cluster-Id": {id}}}
	switch r.IntN(3) {
	case 0:
		some.Set("Action", one(r, []string{
			"DescribeCluster", "DescribeClusterInstances", "DescribeClusterNameSpaces", "DescribeClusterService", "DescribeClusterServiceInfo",
			"DescribeServiceInstance", "DescribeServiceEvent", "CreateCluster", "Nonsense",
		}))
		some.Set("clusterId", id)
		s.kind, s.path = "view CCS", "/v2/index.php?"+some.Encode()
		if r.IntN(3) == 0 {
			s.method, s.path, s.body = http.MethodPost, "/v2/index.php", some.Encode()
		}
	case 1:
		s.kind = "view CCE"
		s.path = "/api/v1/namespaces/" + one(r, []string{"shop", "data", "none"}) + "/services/" + one(r, []string{"cart", "web", "none"}) + "/status"
		if r.IntN(3) == 0 {
			s.path += "?" + some.Encode()
		}
	case 2:
		some.Set("Action", one(r, []string{
			"DescribeNamespaces", "DescribeStatefulWorkloadsAllNamespaces", "DescribeStatefulWorkloads", "DescribeStatefulWorkloadImages",
			"DescribeStatefulWorkloadInfo", "CreateNamespace", "Nonsense",
		}))
		some.Set("Version", "2017-11-16")
		s.kind, s.path = "view NCS", "/ncs?"+some.Encode()
	}
	c.ask(ctx, s)
}

func docs(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "apidocs", method: http.MethodGet, path: one(r, []string{"/apidocs.json", "/apidocs/", "/apidocs/swagger-ui.css"}), token: "-", form: page}
	if r.IntN(2) == 0 {
		s.header = http.Header{"Accept-Encoding": {"gzip"}}
	}
	if r.IntN(4) == 0 {
		s.header = http.Header{"Range": {"bytes=10-20"}}
	}
	c.ask(ctx, s)
}

func health(ctx context.Context, c *client, r *rand.Rand) {
	c.ask(ctx, sent{kind: "health", method: http.MethodGet, path: one(r, []string{"/healthz", "/readyz"}), token: "-", form: func(a *answer) error {
		if a.status != http.StatusOK {
			return fmt.Errorf("status %d", a.status)
		}
		return isJSON(a)
	}})
}
