package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The two prefixes of all routes.
const (
	documentedPrefix = "/bcsapi/v4/storage"
	fieldPrefix      = "/bcsstorage/v1"
)

// namesOfStore is how many documents a store may have.
const namesOfStore = 24

// store is a place of documents that one client alone writes.
type store struct {
	model
	names     []string
	title     string // for messages and the table
	namespace string
	mesos     bool
	secret    bool
	// item is the path of a document, "" where documents have none.
	item func(name string) string
	// put is how a document is stored, where that is not by a PUT of data to its item.
	put func(name string, v value) (method, path, body string)
	// list is the path of the list of all, begun with its parameters.
	list string
	// remove is the path by which all are deleted, "" for none.
	remove string
	// name is the member of a document that tells its name.
	name string
	// payload: what is answered is what was stored alone, with the time of the update in it.
	payload bool
	// line begins an item of a bulk request, "" where there are none.
	line string
	// filters write the parameter that selects by tags.
	filters []func(r *rand.Rand, tags []int) string
	// query is the path of the typed query about the same documents, "" for none.
	query string
	// continues: the list can be continued. offsets: it can begin at one.
	continues, offsets bool
}

// stores are those of a client.
func stores(client int) []*store {
	own := ownCluster(client)
	var all []*store
	add := func(s *store) {
		for i := range namesOfStore {
			name := fmt.Sprintf("web-%02d", i)
			if s.name == "ip" {
				name = fmt.Sprintf("10.%d.0.%d", client, i)
			}
			s.names = append(s.names, name)
		}
		s.model = newModel(s.names)
		all = append(all, s)
	}
	dynamic := func(env, resourceType, word string) {
		path := fmt.Sprintf("/%s/dynamic/namespace_resources/clusters/%s/namespaces/soak/%s", env, own, resourceType)
		s := &store{
			title: resourceType, namespace: "soak", mesos: env == "mesos", secret: resourceType == "Secret",
			item: below(path), list: path + "?field=resourceName,data", remove: path, name: "resourceName",
			line:    fmt.Sprintf(`"clusterId":%q,"namespace":"soak","resourceType":%q`, own, resourceType),
			filters: []func(*rand.Rand, []int) string{byExtra, byData, byLabel, byLabelSet}, continues: true, offsets: true,
		}
		if word != "" {
			s.query = fmt.Sprintf("/query/%s/dynamic/clusters/%s/%s", env, own, word)
		}
		add(s)
	}
	dynamic("k8s", "Pod", "pod")
	dynamic("k8s", "Secret", "secret")
	dynamic("mesos", "taskgroup", "taskgroup")
	nodes := fmt.Sprintf("/k8s/dynamic/cluster_resources/clusters/%s/Node", own)
	add(&store{
		title: "Node", item: below(nodes), list: nodes + "?field=resourceName,data", remove: nodes, name: "resourceName",
		line:    fmt.Sprintf(`"clusterId":%q,"resourceType":"Node"`, own),
		filters: []func(*rand.Rand, []int) string{byExtra, byData, byLabel, byLabelSet}, continues: true, offsets: true,
		query: fmt.Sprintf("/query/k8s/dynamic/clusters/%s/node", own),
	})
	add(&store{
		title: "metric", namespace: "soak", item: below("/metric/clusters/" + own + "/namespaces/soak/metric"),
		list: "/metric/clusters/" + own + "?field=name,data&type=metric", name: "name",
		filters: []func(*rand.Rand, []int) string{byExtra, byData, byLabel, byLabelSet}, continues: true, offsets: true,
	})
	for _, env := range []string{"k8s", "mesos"} {
		path := fmt.Sprintf("/%s/watch/clusters/%s/namespaces/soak/exportservice", env, own)
		add(&store{
			title: "watch " + env, namespace: "soak", mesos: env == "mesos", item: below(path), list: path + "?", payload: true,
			filters: []func(*rand.Rand, []int) string{byExtraOfPayload},
		})
	}
	add(&store{
		title: "host", item: below("/host"), list: "/host/clusters/" + own + "?field=ip,data", name: "ip",
		put: func(name string, v value) (string, string, string) {
			return http.MethodPut, "/host/" + name, fmt.Sprintf(`{"clusterId":%q,"data":%s}`, own, v.data)
		},
		filters: []func(*rand.Rand, []int) string{byExtra, byData, byLabel, byLabelSet}, continues: true, offsets: true,
	})
	add(&store{
		title: "event", list: "/events?field=id,data&clusterId=" + own, name: "id",
		put: func(name string, v value) (string, string, string) {
			return http.MethodPut, "/events", fmt.Sprintf(`{"id":%q,"clusterId":%q,"eventTime":1790000000,"data":%s}`, name, own, v.data)
		},
		filters: []func(*rand.Rand, []int) string{byExtra},
	})
	return all
}

func below(path string) func(string) string {
	return func(name string) string { return path + "/" + url.PathEscape(name) }
}

// writes is the request that stores v.
func (s *store) writes(name string, v value) (method, path, body string) {
	if s.put != nil {
		return s.put(name, v)
	}
	return http.MethodPut, s.item(name), `{"data":` + v.data + `}`
}

// stamp is what the service adds to a payload.
var stamp = regexp.MustCompile(`,"updateTime":"[0-9TZ:.-]+"}$`)

// read is the name and the data of an answered document.
func (s *store) read(doc json.RawMessage) (name, data string, err error) {
	if s.payload {
		var named struct{ Metadata struct{ Name string } }
		if err := json.Unmarshal(doc, &named); err != nil {
			return "", "", err
		}
		if !stamp.Match(doc) {
			return "", "", errors.New("the payload has no updateTime")
		}
		return named.Metadata.Name, string(stamp.ReplaceAll(doc, []byte("}"))), nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return "", "", err
	}
	if err := json.Unmarshal(members[s.name], &name); err != nil {
		return "", "", fmt.Errorf("%s: %w", s.name, err)
	}
	if len(members["data"]) == 0 || len(members["_id"]) == 0 {
		return "", "", fmt.Errorf("%s: has no data or no _id", name)
	}
	return name, string(members["data"]), nil
}

// documents are those of a list.
func (s *store) documents(data json.RawMessage) (map[string]string, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, doc := range all {
		name, data, err := s.read(doc)
		if err != nil {
			return nil, err
		}
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("%s: is listed twice", name)
		}
		found[name] = data
	}
	return found, nil
}

func words(tags []int) []string {
	var all []string
	for _, tag := range tags {
		all = append(all, fmt.Sprintf("t%d", tag))
	}
	return all
}

func extra(path string, tags []int) string {
	object, _ := json.Marshal(map[string]any{path: words(tags)}) // strings are always marshalled
	return "extra=" + url.QueryEscape(base64.StdEncoding.EncodeToString(object))
}

func byExtra(_ *rand.Rand, tags []int) string { return extra("data.tag", tags) }

func byExtraOfPayload(_ *rand.Rand, tags []int) string { return extra("tag", tags) }

func byData(_ *rand.Rand, tags []int) string { return "data.tag=" + strings.Join(words(tags), ",") }

func byLabel(r *rand.Rand, tags []int) string {
	if len(tags) == 1 {
		return "labelSelector=app%3D" + words(tags)[0]
	}
	return byLabelSet(r, tags)
}

// byLabelSet names the tags that are wanted, or those that are not.
func byLabelSet(r *rand.Rand, all []int) string {
	if len(all) < tags && r.IntN(2) == 0 {
		var others []int
		for tag := range tags {
			if !slices.Contains(all, tag) {
				others = append(others, tag)
			}
		}
		return "labelSelector=app+notin+(" + strings.Join(words(others), ",") + "),app"
	}
	return "labelSelector=app+in+(" + strings.Join(words(all), ",") + ")"
}
