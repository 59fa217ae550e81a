package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// podTemplate is a pod of about 4.4 KB, as clusters send them, with ${names} for what differs.
//
//go:embed pod.json
var podTemplate string

// The cluster and how its pods are spread. Who owns a pod depends on its number alone, so that growing the corpus
// changes no answer but those about everything.
const (
	cluster      = "BCS-K8S-90001"
	bulkCluster  = "BCS-K8S-90003" // gets the objects of bulk requests
	busyCluster  = "BCS-K8S-90002" // gets the events that are measured, so that those that are listed stay as many
	perNamespace = 1000
	perHost      = 80
	block        = 2 * perNamespace // namespaces and hosts are full at multiples of it
	runningAmong = 20000            // of these, three in twenty are Running: 3,000
	watchNodes   = 100
	pageLength   = 20
	// eventsOfCluster is how many events of a cluster the service keeps.
	eventsOfCluster = 10000
	bulkLines       = 1000
	bulkObjects     = 100 * bulkLines // that are stored at most, then they are stored again
)

// corpus is the pods 0 to pods-1 and the events 0 to events-1.
type corpus struct{ pods, events int }

func namespace(i int) string { return fmt.Sprintf("ns-%05d", i/perNamespace) }

func podName(i int) string { return fmt.Sprintf("web-%07d-7f9c6b5d4-x7k2p", i) }

func hostIP(host int) string {
	return fmt.Sprintf("10.%d.%d.%d", host>>16, host>>8&255, host&255)
}

func host(i int) int {
	const hosts = block / perHost // of a block
	return i/block*hosts + i%hosts
}

func running(i int) bool { return i < runningAmong && i%20 < 3 }

func uid(i int) string { return fmt.Sprintf("6a4e1f0c-276d-11e8-9f2b-%012x", i) }

func (c corpus) hosts() int { return c.pods / perHost }

func (c corpus) running() int { return min(c.pods, runningAmong) * 3 / 20 }

// large is how many pods the largest list has.
func (c corpus) large() int { return min(c.pods, 10000) }

// data is pod i as the cluster sends it for the version-th time.
func (c corpus) data(i, version int) []byte {
	phase := "Succeeded"
	if running(i) {
		phase = "Running"
	}
	values := map[string]string{
		"name": podName(i), "namespace": namespace(i), "uid": uid(i), "version": strconv.Itoa(1000000 + version), "phase": phase,
		"hostIP": hostIP(host(i)), "podIP": fmt.Sprintf("172.%d.%d.%d", 16+i>>16, i>>8&255, i&255),
	}
	data := make([]byte, 0, 5<<10)
	for n, part := range podParts {
		if n%2 == 0 {
			data = append(data, part...)
		} else {
			data = append(data, values[part]...)
		}
	}
	return data
}

// podParts are the texts of the template, and between them the names of what differs.
var podParts = parts(strings.TrimSpace(podTemplate))

func parts(template string) []string {
	pieces := strings.Split(template, "${")
	all := pieces[:1:1]
	for _, piece := range pieces[1:] {
		name, text, _ := strings.Cut(piece, "}")
		all = append(all, name, text)
	}
	return all
}

func podKey(i int) storage.Key {
	return storage.Key{cluster, "Pod", namespace(i), podName(i)}
}

// document is what the service makes of a PUT of pod i.
func (c corpus) document(i, version int) storage.Document {
	return storage.NewDocument(storage.Dynamic, podKey(i), storage.Member{Name: "data", Value: c.data(i, version)})
}

// eventCluster is the cluster of an event that is listed.
func eventCluster(i int) string { return fmt.Sprintf("BCS-K8S-%d", 91000+i/eventsOfCluster) }

// eventID is different each time, so that every PUT is a new event.
func eventID(i int) string { return fmt.Sprintf("%d-%d", time.Now().UnixNano(), i) }

func eventData(i int) []byte {
	return fmt.Appendf(nil, `{"metadata":{"name":%q,"namespace":%q},"reason":"Scheduled","count":%d,"message":"Successfully assigned %s/%s to %s"}`,
		podName(i)+".15f3", namespace(i), i, namespace(i), podName(i), hostIP(i%100))
}

func eventDocument(cluster string, i int) storage.Document {
	id := eventID(i)
	return storage.NewDocument(storage.Events, storage.Key{cluster, "id:" + id},
		storage.Member{Name: "id", Value: fmt.Appendf(nil, "%q", id)},
		storage.Member{Name: "env", Value: []byte(`"k8s"`)},
		storage.Member{Name: "kind", Value: []byte(`"Event"`)},
		storage.Member{Name: "level", Value: []byte(`"Normal"`)},
		storage.Member{Name: "component", Value: []byte(`"scheduler"`)},
		storage.Member{Name: "type", Value: []byte(`"Scheduled"`)},
		storage.Member{Name: "eventTime", Value: time.Now().UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`)},
		storage.Member{Name: "extraInfo", Value: fmt.Appendf(nil, `{"namespace":%q,"name":%q,"kind":"pod"}`, namespace(i), podName(i))},
		storage.Member{Name: "data", Value: eventData(i)})
}

func eventBody(cluster string, i int) []byte {
	return fmt.Appendf(nil, `{"id":%q,"clusterId":%q,"env":"k8s","kind":"Event","level":"Normal","component":"scheduler","type":"Scheduled","eventTime":%d,"extraInfo":{"namespace":%q,"name":%q,"kind":"pod"},"data":%s}`,
		eventID(i), cluster, time.Now().Unix(), namespace(i), podName(i), eventData(i))
}

func watchNode(i int) watch.Node {
	return watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: cluster, Type: "exportservice", Namespace: namespace(0)}, Name: fmt.Sprintf("service-%03d", i%watchNodes)}
}

func watchData(version int) []byte {
	return fmt.Appendf(nil, `{"version":"%d","port":80,"balance":"roundrobin","backends":[{"ip":"10.1.0.17","port":8080},{"ip":"10.1.0.18","port":8080}]}`, version)
}

// bulkName is the name of an object of the seq-th bulk request.
func bulkName(seq, line int) string {
	i := (seq*bulkLines + line) % bulkObjects
	return fmt.Sprintf("config-%07d", i)
}

// appendBulkData appends what a bulk object holds, about 1 KB.
func appendBulkData(b []byte, name string, seq int) []byte {
	b = append(append(append(b, `{"metadata":{"name":"`...), name...), `","creationTimestamp":"2026-11-21T19:30:57Z","resourceVersion":"`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	return append(append(append(b, `"},"data":{"settings":"`...), bulkFiller...), `"}}`...)
}

var bulkFiller = strings.Repeat("some text of a configuration; ", 29)

func bulkBody(seq int) []byte {
	front := fmt.Sprintf(`{"clusterId":%q,"namespace":%q,"resourceType":"ConfigMap","resourceName":"`, bulkCluster, namespace(0))
	b := make([]byte, 0, bulkLines*1200)
	for line := range bulkLines {
		name := bulkName(seq, line)
		b = append(append(append(b, front...), name...), `","data":`...)
		b = append(appendBulkData(b, name, seq), "}\n"...)
	}
	return b
}

func bulkWrites(seq int) []storage.Write {
	writes := make([]storage.Write, bulkLines)
	for line := range writes {
		name := bulkName(seq, line)
		key := storage.Key{bulkCluster, "ConfigMap", namespace(0), name}
		writes[line] = storage.Write{Document: storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: appendBulkData(nil, name, seq)})}
	}
	return writes
}
