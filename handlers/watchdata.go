package handlers

import (
	"context"
	"iter"
	"net/http"
	"time"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
	"bcs-storage/watch"
)

// watchRoutes are the routes of watch data (API document, "Watch类数据") for one
// kind of cluster.
func watchRoutes(env string) []route {
	dir := "/" + env + "/watch/clusters/{clusterId}/namespaces/{namespace}/{resourceType}"
	item := dir + "/{resourceName}"
	return []route{
		{method: http.MethodGet, path: item, op: watchGet, do: onNode(env, (*API).getNode)},
		{method: http.MethodPut, path: item, op: watchPut, do: onNode(env, (*API).putNode)},
		{method: http.MethodDelete, path: item, op: watchDelete, do: onNode(env, (*API).deleteNode)},
		{method: http.MethodGet, path: dir, op: watchList, do: listNodes(env), spec: query.WatchList},
	}
}

// onNode finds the node of the path for do.
func onNode(env string, do func(*API, context.Context, *request, watch.Node) (reply, error)) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		if err := r.noParams(); err != nil {
			return reply{}, err
		}
		dir, err := r.dir(env)
		if err != nil {
			return reply{}, err
		}
		name, err := r.segment("resourceName")
		if err != nil {
			return reply{}, err
		}
		return do(a, ctx, r, watch.Node{Dir: dir, Name: name})
	}
}

func (r *request) dir(env string) (watch.Dir, error) {
	v, err := r.segments("clusterId", "namespace", "resourceType")
	if err != nil {
		return watch.Dir{}, err
	}
	return watch.Dir{Env: env, Cluster: v[0], Namespace: v[1], Type: v[2]}, nil
}

func (a *API) getNode(ctx context.Context, r *request, n watch.Node) (reply, error) {
	if err := a.protectPayloads(r, n.Type, nil); err != nil {
		return reply{}, err
	}
	data, err := a.nodes.Get(ctx, n)
	return reply{item: data}, err
}

// putNode keeps the body's data, an object, with the time beside its members:
// followers tell by it that something was written.
func (a *API) putNode(ctx context.Context, r *request, n watch.Node) (reply, error) {
	body, err := r.object()
	if err != nil {
		return reply{}, err
	}
	data, err := dataOf(body)
	if err != nil {
		return reply{}, err
	}
	if storage.KindOf(data) != '{' {
		return reply{}, storage.Invalid("data", "must be a JSON object")
	}
	stamped := storage.WithField(data, storage.FieldUpdateTime, a.now().UTC().Format(time.RFC3339Nano))
	return written(), a.nodes.Put(ctx, n, stamped)
}

func (a *API) deleteNode(ctx context.Context, _ *request, n watch.Node) (reply, error) {
	return written(), a.nodes.Delete(ctx, n)
}

// listNodes answers the payloads of one namespace; field and extra speak of what is in them.
func listNodes(env string) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		dir, err := r.dir(env)
		if err != nil {
			return reply{}, err
		}
		params, err := r.params()
		if err != nil {
			return reply{}, err
		}
		p, err := r.route.spec.Parse(params, a.query)
		if err == nil {
			err = r.checkList("limit", p.Limit)
		}
		if err == nil {
			err = a.protectPayloads(r, dir.Type, p.Filter)
		}
		if err != nil {
			return reply{}, err
		}
		return reply{documents: payloads(a.nodes.List(ctx, dir), p)}, nil
	}
}

// payloads are a page of the entries that the filter holds for, projected.
func payloads(entries iter.Seq2[watch.Entry, error], p query.Parsed) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var buf []byte
		skip, left := p.Skip, p.Limit
		for entry, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			record := storage.Record{Body: entry.Data}
			if !storage.Match(p.Filter, &record) {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			buf = p.Fields.Append(buf[:0], &record)
			if !yield(buf, nil) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}
