package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"bcs-storage/storage"
)

const api = "/bcsapi/v4/storage"

// request is one call of the API, and what the answer must start with and hold.
type request struct {
	method, path string
	body         []byte
	// Documents that the answer has: how often mark is in it.
	documents int
	mark      string
	// start is in the first bytes of the answer.
	start string
	// gzip: an answer that is compressed, of which only the length is known on the way.
	gzip bool
	// lines: not one answer but one for each document.
	lines bool
}

const (
	documentMark = `"_id":`
	payloadMark  = `"updateTime":` // watch data has no _id
)

// operation is something that is measured, over HTTP and on the engine alone.
type operation struct {
	name         string
	write, watch bool
	// request is the seq-th one.
	request func(seq int) request
	// behind, where there is one, answers a page, and a continue that each request is to go on from.
	behind *request
	// alone does the same on the engine: it says how many documents there were, and of how many bytes.
	alone func(ctx context.Context, e *engines, seq int) (documents int, bytes int64, err error)
}

// putPod is the operation that is compared with bare SQLite.
const putPod = "PUT pod"

// largeList is the operation whose memory the report speaks of.
func largeList(pods int) string { return "list " + grouped(pods) + " pods" }

// spread goes through 0 to n-1 in an order in which neighbours are apart.
func spread(seq, n int) int { return seq * 7919 % n }

// operations are all, in the order in which they are measured.
func (c corpus) operations() []operation {
	resources := api + "/k8s/dynamic/namespace_resources/clusters/" + cluster + "/namespaces/"
	all := api + "/k8s/dynamic/all_resources/clusters/" + cluster + "/Pod"
	typed := api + "/query/k8s/dynamic/clusters/" + cluster + "/pod"
	podPath := func(i int) string { return resources + namespace(i) + "/Pod/" + podName(i) }
	pods := []storage.Key{{cluster, "Pod"}}
	page := func(n int) operation {
		skip := (n - 1) * pageLength
		return list(fmt.Sprintf("page %d of %d pods, offset", n, pageLength), pageLength,
			func(int) string { return fmt.Sprintf("%s?offset=%d&limit=%d", all, skip, pageLength) },
			func(int) storage.Query { return storage.Query{Scopes: pods, Skip: int64(skip), Limit: pageLength} })
	}
	follow := func(n int) operation {
		skip := (n - 1) * pageLength
		op := list(fmt.Sprintf("page %d of %d pods, continue", n, pageLength), pageLength,
			func(int) string { return fmt.Sprintf("%s?limit=%d&continue=", all, pageLength) },
			func(int) storage.Query {
				return storage.Query{Scopes: pods, After: podKey(skip - 1).ID(), Limit: pageLength}
			})
		op.behind = &request{method: http.MethodGet, path: fmt.Sprintf("%s?field=resourceName&limit=%d&continue=", all, skip)}
		return op
	}
	namespaced := func(seq int) string { return resources + namespace(spread(seq, c.pods)) + "/Pod" }
	lastPage := min(500, c.pods/pageLength)
	few := project("resourceName", "data.status.phase")
	large := c.large()
	return []operation{
		{
			name: putPod, write: true,
			request: func(seq int) request { return c.put(spread(seq, c.pods), seq) },
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				return 0, 0, e.documents.Put(ctx, storage.Dynamic, c.document(spread(seq, c.pods), seq), time.Now())
			},
		},
		{
			name: "GET pod",
			request: func(seq int) request {
				i := spread(seq, c.pods)
				return request{method: http.MethodGet, path: podPath(i), documents: 1, mark: documentMark, start: podKey(i).ID()}
			},
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				body, err := e.documents.Get(ctx, storage.Dynamic, podKey(spread(seq, c.pods)), nil, nil)
				return 1, int64(len(body)), err
			},
		},
		list("list a namespace, 1,000 pods", perNamespace,
			namespaced,
			func(seq int) storage.Query {
				return storage.Query{Scopes: []storage.Key{{cluster, "Pod", namespace(spread(seq, c.pods))}}}
			}),
		{
			name: "the same, gzip",
			request: func(seq int) request {
				return request{method: http.MethodGet, path: namespaced(seq), documents: perNamespace, mark: documentMark, gzip: true}
			},
		},
		list("the same, field=…", perNamespace,
			func(seq int) string { return namespaced(seq) + "?field=resourceName,data.status.phase" },
			func(seq int) storage.Query {
				return storage.Query{Scopes: []storage.Key{{cluster, "Pod", namespace(spread(seq, c.pods))}}, Fields: few}
			}),
		list("query hostIp=…", perHost,
			func(seq int) string { return typed + "?hostIp=" + hostIP(spread(seq, c.hosts())) },
			func(seq int) storage.Query {
				return storage.Query{Scopes: pods, Filter: storage.OneOf(storage.P("data.status.hostIP"), storage.String(hostIP(spread(seq, c.hosts()))))}
			}),
		list("query status=Running", c.running(),
			func(int) string { return typed + "?status=Running" },
			func(int) storage.Query {
				return storage.Query{Scopes: pods, Filter: storage.OneOf(storage.P("data.status.phase"), storage.String("Running"))}
			}),
		{
			name: "PUT event", write: true,
			request: func(seq int) request { return putEvent(busyCluster, seq) },
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				return 0, 0, e.documents.Put(ctx, storage.Events, eventDocument(busyCluster, seq), time.Now())
			},
		},
		newest(fmt.Sprintf("newest 100 of %s events of a cluster", grouped(min(c.events, eventsOfCluster))), "?length=100&clusterId="+eventCluster(0),
			storage.Query{Scopes: []storage.Key{{eventCluster(0)}}, Limit: 100}),
		newest(fmt.Sprintf("newest 100 of all %s events", grouped(c.events)), "?length=100", storage.Query{Limit: 100}),
		{
			name: "PUT watch data", write: true, watch: true,
			request: putWatch,
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				return 0, 0, e.nodes.Put(ctx, watchNode(seq), watchData(seq))
			},
		},
		{
			name: "GET watch data", watch: true,
			request: func(seq int) request {
				return request{method: http.MethodGet, path: watchPath(seq), documents: 1, mark: payloadMark}
			},
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				body, err := e.nodes.Get(ctx, watchNode(seq))
				return 1, int64(len(body)), err
			},
		},
		list(largeList(large), large,
			func(int) string { return fmt.Sprintf("%s?limit=%d", all, large) },
			func(int) storage.Query { return storage.Query{Scopes: pods, Limit: int64(large)} }),
		list("unindexed extra over all pods", 1,
			func(seq int) string {
				extra := fmt.Sprintf(`{"data.metadata.uid":%q}`, uid(spread(seq, c.pods)))
				return all + "?extra=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(extra)))
			},
			func(seq int) storage.Query {
				return storage.Query{Scopes: pods, Filter: storage.OneOf(storage.P("data.metadata.uid"), storage.String(uid(spread(seq, c.pods))))}
			}),
		page(1),
		page(lastPage),
		follow(lastPage),
		{
			name: fmt.Sprintf("bulk, %s objects of 1 KB", grouped(bulkLines)), write: true,
			request: func(seq int) request {
				return request{
					method: http.MethodPost, path: api + "/k8s/dynamic/bulk", body: bulkBody(seq),
					documents: bulkLines, mark: `"code":0,`, lines: true,
				}
			},
			alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
				for _, err := range e.documents.Write(ctx, storage.Dynamic, bulkWrites(seq), time.Now()) {
					if err != nil {
						return 0, 0, err
					}
				}
				return bulkLines, 0, nil
			},
		},
	}
}

// newest is an operation that answers the newest 100 events, and how many there are.
func newest(name, params string, q storage.Query) operation {
	return operation{
		name: name,
		request: func(int) request {
			return request{method: http.MethodGet, path: api + "/events" + params, documents: 100, mark: documentMark}
		},
		alone: func(ctx context.Context, e *engines, _ int) (int, int64, error) {
			if _, err := e.documents.Count(ctx, storage.Events, q); err != nil { // as the answer's total
				return 0, 0, err
			}
			return drain(e.documents.List(ctx, storage.Events, q))
		},
	}
}

// list is an operation that answers so many documents of storage.Dynamic.
func list(name string, documents int, path func(seq int) string, query func(seq int) storage.Query) operation {
	return operation{
		name: name,
		request: func(seq int) request {
			return request{method: http.MethodGet, path: path(seq), documents: documents, mark: documentMark}
		},
		alone: func(ctx context.Context, e *engines, seq int) (int, int64, error) {
			return drain(e.documents.List(ctx, storage.Dynamic, query(seq)))
		},
	}
}

func project(fields ...string) *storage.Projection {
	var paths []storage.Path
	for _, field := range fields {
		paths = append(paths, storage.P(field))
	}
	p, err := storage.NewProjection("field", paths...)
	if err != nil {
		panic(err) // the fields are constants
	}
	return p
}

func drain(documents iter.Seq2[[]byte, error]) (n int, bytes int64, err error) {
	for document, err := range documents {
		if err != nil {
			return n, bytes, err
		}
		n, bytes = n+1, bytes+int64(len(document))
	}
	return n, bytes, nil
}

func (c corpus) put(i, version int) request {
	path := api + "/k8s/dynamic/namespace_resources/clusters/" + cluster + "/namespaces/" + namespace(i) + "/Pod/" + podName(i)
	return putData(path, c.data(i, version))
}

func putData(path string, data []byte) request {
	return request{method: http.MethodPut, path: path, mark: documentMark, body: fmt.Appendf(nil, `{"data":%s}`, data)}
}

func putEvent(cluster string, i int) request {
	return request{method: http.MethodPut, path: api + "/events", mark: documentMark, body: eventBody(cluster, i)}
}

func putWatch(i int) request { return putData(watchPath(i), watchData(i)) }

func watchPath(i int) string {
	n := watchNode(i)
	return api + "/k8s/watch/clusters/" + cluster + "/namespaces/" + n.Namespace + "/" + n.Type + "/" + n.Name
}
