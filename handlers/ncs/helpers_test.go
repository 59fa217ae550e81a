package ncs_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/ncs"
	"bcs-storage/storage"
)

const (
	clusterID = "BCS-K8S-00000"
	requestID = "b0092238-148d-4361-8cdb-72794a049cbc"
)

// object is what a watcher PUT.
type object struct {
	kind            cluster.Kind
	namespace, name string
	data            string
}

// stored is the document that the PUT leaves, as an engine answers the load's query.
func (o object) stored(load cluster.Load) []byte {
	key := storage.Key{clusterID, string(o.kind), o.namespace, o.name}
	d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(o.data)})
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	record := storage.Record{ID: key.ID(), Body: d.Body, Created: at, Updated: at.Add(time.Hour)}
	_, q := load.Query(clusterID)
	return q.Fields.Append(nil, &record)
}

// objectsFor carries out the loads over the world.
func objectsFor(loads []cluster.Load, world []object) (*cluster.Objects, error) {
	objects := new(cluster.Objects)
	for _, load := range loads {
		for _, o := range world {
			if o.kind != load.Kind || load.Namespace != "" && load.Namespace != o.namespace {
				continue
			}
			if err := objects.Add(load.Kind, o.stored(load)); err != nil {
				return nil, err
			}
		}
	}
	return objects, nil
}

// sampleCluster is scripts/samples/k8s.json.
func sampleCluster(t testing.TB) []object {
	t.Helper()
	text, err := os.ReadFile("../../scripts/samples/k8s.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var world []object
	for _, item := range list.Items {
		var o struct {
			Kind     cluster.Kind
			Metadata struct{ Name, Namespace string }
		}
		if err := json.Unmarshal(item, &o); err != nil {
			t.Fatal(err)
		}
		// The events of the sample are no documents of the dynamic collection.
		if o.Kind != cluster.Event {
			world = append(world, object{o.Kind, o.Metadata.Namespace, o.Metadata.Name, string(item)})
		}
	}
	return world
}

func params(action string, pairs ...string) map[string]string {
	p := map[string]string{"Action": action, "Version": ncs.Version}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

// ask is the call's answer, or its error.
func ask(world []object, p map[string]string) ([]byte, error) {
	c, err := ncs.Parse("GET", p)
	if err != nil {
		return nil, err
	}
	objects, err := objectsFor(c.Loads(), world)
	if err != nil {
		return nil, err
	}
	answer, err := c.View(ncs.Input{Cluster: clusterID, Objects: objects, RequestID: requestID})
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

func mustAsk[T any](t testing.TB, world []object, p map[string]string) T {
	t.Helper()
	answer, err := ask(world, p)
	if err != nil {
		t.Fatalf("%v: %v", p, err)
	}
	var v T
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// found is a workload as the list of all namespaces tells it.
type found struct {
	NamespaceID      int64 `json:"NamespaceId"`
	ID               int64 `json:"StatefulWorkloadId"`
	Name             string
	Status           string
	PhaseOfPods      string `json:"StatefulWorkloadStatus"`
	CreateAt         string
	UpdateAt         string
	Images           []string
	Placement        struct{ ZoneId []string }
	StatefulWorkLoad int64 `json:"StatefulWorkLoadId"`
}

type foundList struct {
	StatefulWorkloads []found
	TotalCount        int
}

func all(t testing.TB, world []object) []found {
	t.Helper()
	return mustAsk[foundList](t, world, params("DescribeStatefulWorkloadsAllNamespaces", "Limit", "1000")).StatefulWorkloads
}

// named is the workload of that name.
func named(t testing.TB, world []object, name string) found {
	t.Helper()
	for _, w := range all(t, world) {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("no workload %s", name)
	return found{}
}

func (w found) params(action string) map[string]string {
	return params(action, "NamespaceId", text(w.NamespaceID), "StatefulWorkloadId", text(w.ID))
}

func text(n int64) string { return strconv.FormatInt(n, 10) }

func names(list []found) string {
	var all []string
	for _, w := range list {
		all = append(all, w.Name)
	}
	return strings.Join(all, " ")
}
