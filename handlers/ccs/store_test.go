package ccs_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// The clusters of scripts/samples, as they are when the samples were taken.
const (
	kubernetes = "BCS-K8S-40000"
	mesos      = "BCS-MESOS-10000"
)

func sampleTime() time.Time { return time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC) }

// store answers loads as engines do: by scope, filter and projection, in the order of the collection.
type store struct {
	documents map[*storage.Collection][]stored
}

type stored struct {
	key    storage.Key
	record storage.Record
}

func (s *store) put(c *storage.Collection, key storage.Key, created time.Time, members ...storage.Member) {
	d := storage.NewDocument(c, key[:len(c.Key)], members...)
	if s.documents == nil {
		s.documents = map[*storage.Collection][]stored{}
	}
	s.documents[c] = append(s.documents[c], stored{key, storage.Record{ID: key.ID(), Body: d.Body, Created: created, Updated: created.Add(time.Hour)}})
}

// putObject is the PUT of an object under its kind.
func (s *store) putObject(id, kind, namespace, name string, data []byte) {
	s.put(storage.Dynamic, storage.Key{id, kind, namespace, name}, sampleTime().Add(-48*time.Hour), storage.Member{Name: "data", Value: data})
}

// putEvent is the PUT of an event; the body is what clients send.
func (s *store) putEvent(t testing.TB, id, identity string, body map[string]any) {
	var members []storage.Member
	for name, value := range body {
		members = append(members, storage.Member{Name: name, Value: marshal(t, value)})
	}
	s.put(storage.Events, storage.Key{id, identity}, sampleTime(), members...)
}

func (s *store) clusters() []string {
	var all []string
	for _, d := range s.documents[storage.Dynamic] {
		all = append(all, d.key[0])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *store) mesos(id string) bool {
	return slices.ContainsFunc(s.documents[storage.Dynamic], func(d stored) bool { return d.key[0] == id && d.key[1] == string(cluster.Application) })
}

// list is what an engine lists for a query.
func (s *store) list(c *storage.Collection, q storage.Query) [][]byte {
	var found []stored
	for _, d := range s.documents[c] {
		in := slices.ContainsFunc(q.Scopes, func(scope storage.Key) bool { return slices.Equal(scope, d.key[:len(scope)]) })
		if in && storage.Match(q.Filter, &d.record) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b stored) int {
		if c.NewestFirst != "" {
			if n := eventTime(b).Compare(eventTime(a)); n != 0 {
				return n
			}
			a, b = b, a
		}
		return strings.Compare(a.record.ID, b.record.ID)
	})
	var all [][]byte
	for _, d := range found {
		all = append(all, q.Fields.Append(nil, &d.record))
	}
	return all
}

func eventTime(d stored) time.Time {
	value, _ := storage.Lookup(d.record.Body, storage.P("eventTime"))
	t, _ := storage.InstantOf(value)
	return t
}

// view does what the handler does: parse, load, view.
func (s *store) view(params map[string]string, o ccs.Options) (any, error) {
	call, err := ccs.Parse(params)
	if err != nil {
		return nil, err
	}
	in := ccs.Input{Clusters: s.clusters(), Mesos: s.mesos(call.Cluster()), Objects: &cluster.Objects{}, Options: o}
	if of := call.Clusters(in.Clusters); len(of) > 0 {
		for _, load := range call.Loads(in.Mesos, sampleTime()) {
			for _, doc := range s.list(load.Query(of...)) {
				if err := in.Objects.Add(load.Kind, doc); err != nil {
					return nil, ccs.ErrorOf(err)
				}
			}
		}
	}
	return call.View(in)
}

// answer is the whole answer to a request, indented.
func (s *store) answer(t testing.TB, rawQuery string) string {
	t.Helper()
	var body []byte
	data, err := s.view(params(t, rawQuery), ccs.Options{})
	if err == nil {
		body, err = ccs.Envelope(data)
	}
	if err != nil {
		body = ccs.Failure(ccs.ErrorOf(err))
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, body, "", "  "); err != nil {
		t.Fatalf("%s: %v in %s", rawQuery, err, body)
	}
	return indented.String() + "\n"
}

// data is the data of the answer to a request, decoded.
func (s *store) data(t testing.TB, rawQuery string) map[string]any {
	t.Helper()
	var answer struct {
		Message string
		Data    map[string]any
	}
	if err := json.Unmarshal([]byte(s.answer(t, rawQuery)), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Data == nil {
		t.Fatalf("%s: %s", rawQuery, answer.Message)
	}
	return answer.Data
}

func params(t testing.TB, rawQuery string) map[string]string {
	t.Helper()
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{}
	for name, all := range values {
		params[name] = all[0]
	}
	return params
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// object is what any object of Kubernetes says of itself.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace, UID, ResourceVersion string }
}

// samples is a store that holds both clusters of scripts/samples.
func samples(t testing.TB) *store {
	t.Helper()
	var s store
	var list struct{ Items []json.RawMessage }
	decodeFile(t, "../../scripts/samples/k8s.json", &list)
	for _, item := range list.Items {
		var o object
		decode(t, item, &o)
		if o.Kind == "Event" {
			s.putKubernetesEvent(t, kubernetes, item)
			continue
		}
		s.putObject(kubernetes, o.Kind, o.Metadata.Namespace, o.Metadata.Name, item)
	}
	lines, err := os.ReadFile("../../scripts/samples/mesos.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(lines) {
		var d struct {
			ClusterID, Namespace, ResourceName, ResourceType, ID string
			ExtraInfo                                            json.RawMessage
			Data                                                 json.RawMessage
		}
		decode(t, line, &d)
		switch {
		case d.ResourceType != "":
			s.putObject(d.ClusterID, d.ResourceType, d.Namespace, d.ResourceName, d.Data)
		case d.ExtraInfo != nil:
			var body map[string]any
			decode(t, line, &body)
			delete(body, "clusterId")
			s.putEvent(t, d.ClusterID, d.ID, body)
		}
	}
	return &s
}

// putKubernetesEvent is the PUT of an Event in the form that watchers give it.
func (s *store) putKubernetesEvent(t testing.TB, id string, item []byte) {
	t.Helper()
	var e struct {
		object
		InvolvedObject struct {
			Kind      string `json:"kind"`
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		}
		Type, Reason, Message, LastTimestamp string
	}
	decode(t, item, &e)
	s.putEvent(t, id, e.Metadata.UID+e.Metadata.ResourceVersion, map[string]any{
		"level": e.Type, "type": e.Reason, "describe": e.Message, "kind": e.InvolvedObject.Kind, "eventTime": e.LastTimestamp,
		"extraInfo": e.InvolvedObject, "data": json.RawMessage(item),
	})
}

func decode(t testing.TB, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%v in %.200s", err, data)
	}
}

func decodeFile(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decode(t, data, v)
}
