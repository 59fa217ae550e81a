package handlers

import (
	"context"
	"net/http"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// scope is one of the three ways to address dynamic data (API document, "动态数据").
type scope struct {
	// path of the route, without the environment in front and the name behind.
	path string
	// fixed are the key fields that the path fixes for a list.
	fixed []string
	// key is the prefix that the path stands for.
	key func(r *request, cluster, storedType string) (storage.Key, error)
	// items: single resources can be addressed.
	items bool
}

var scopes = []scope{
	{
		path:  "namespace_resources/clusters/{clusterId}/namespaces/{namespace}/{resourceType}",
		fixed: []string{"clusterId", "namespace", "resourceType"},
		items: true,
		key: func(r *request, cluster, storedType string) (storage.Key, error) {
			namespace, err := r.segment("namespace")
			return storage.Key{cluster, storedType, namespace}, err
		},
	},
	{
		path:  "cluster_resources/clusters/{clusterId}/{resourceType}",
		fixed: []string{"clusterId", "namespace", "resourceType"},
		items: true,
		key: func(_ *request, cluster, storedType string) (storage.Key, error) {
			return storage.Key{cluster, storedType, ""}, nil
		},
	},
	{
		path:  "all_resources/clusters/{clusterId}/{resourceType}",
		fixed: []string{"clusterId", "resourceType"},
		key: func(_ *request, cluster, storedType string) (storage.Key, error) {
			return storage.Key{cluster, storedType}, nil
		},
	},
}

// dynamicRoutes are the routes of dynamic data for one kind of cluster.
func dynamicRoutes(env string) []route {
	var routes []route
	for _, s := range scopes {
		path := "/" + env + "/dynamic/" + s.path
		below := s.below(env)
		routes = append(routes,
			route{method: http.MethodGet, path: path, op: dynamicList, do: (*API).listDocuments, target: below, spec: query.List},
			route{method: http.MethodDelete, path: path, op: dynamicDelete, do: (*API).deleteDocuments, target: below, spec: query.BatchDelete(s.fixed)},
		)
		if !s.items {
			continue
		}
		path, item := path+"/{resourceName}", s.item(env)
		routes = append(routes,
			route{method: http.MethodGet, path: path, op: dynamicGet, do: (*API).getDocument, target: item, spec: query.ItemGet, form: asDialect},
			route{method: http.MethodPut, path: path, op: dynamicPut, do: (*API).putDocument, target: item, spec: query.ItemPut, check: acceptsAs(env)},
			route{method: http.MethodDelete, path: path, op: dynamicDelete, do: (*API).deleteDocument, target: item, spec: query.ItemDelete(storage.Dynamic)},
		)
	}
	return routes
}

// below is the target of a list.
func (s scope) below(env string) func(*request) (target, error) {
	return func(r *request) (target, error) {
		v, err := r.segments("clusterId", "resourceType")
		if err != nil {
			return target{}, err
		}
		stored, filter := query.Stored(env, v[1])
		key, err := s.key(r, v[0], stored)
		return target{storage.Dynamic, key, filter}, err
	}
}

// item is the target of one resource.
func (s scope) item(env string) func(*request) (target, error) {
	below := s.below(env)
	return func(r *request) (target, error) {
		t, err := below(r)
		if err != nil {
			return target{}, err
		}
		name, err := r.segment("resourceName")
		t.key = append(t.key, name)
		return t, err
	}
}

// acceptsAs refuses a resource that could not be read back where it is put.
func acceptsAs(env string) func(*request, storage.Document) error {
	return func(r *request, d storage.Document) error {
		return query.CheckPut(env, r.restful.PathParameter("resourceType"), d.Body)
	}
}

// queryRoutes are the typed queries, GET and POST.
func queryRoutes() []route {
	var routes []route
	for _, kind := range query.Kinds() {
		path := "/query/" + kind.Env + "/dynamic/clusters/{clusterId}/" + kind.Word
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			routes = append(routes, route{method: method, path: path, op: dynamicList, do: typedQuery(kind), spec: kind.Spec()})
		}
	}
	return routes
}

// typedQuery answers one kind of typed query.
func typedQuery(kind query.Kind) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		cluster, err := r.segment("clusterId")
		if err != nil {
			return reply{}, err
		}
		params, err := r.queryParams()
		if err != nil {
			return reply{}, err
		}
		plan, err := kind.Plan(cluster, params, a.query)
		if err == nil {
			err = r.checkList("limit", plan.Query.Limit)
		}
		if err == nil {
			err = a.protect(r, storage.Dynamic, plan.Query.Scopes, plan.Query.Filter)
		}
		if err != nil {
			return reply{}, err
		}
		if plan.Distinct == "" {
			return a.paged(ctx, r, storage.Dynamic, plan.Query, plan.Paging, params)
		}
		names, err := a.docs.Distinct(ctx, storage.Dynamic, plan.Query, plan.Distinct)
		if err != nil {
			return reply{}, err
		}
		return r.pagedNames(names, plan.Query, plan.Paging, params)
	}
}

// queryParams are the parameters of a query: of the URL, or with POST those of
// the body. A POST with both is refused, because one of them would be dropped.
func (r *request) queryParams() (query.Params, error) {
	params, err := r.params()
	if err != nil || r.restful.Request.Method != http.MethodPost {
		return params, err
	}
	for name := range params {
		return nil, storage.Invalid(name, "a POST query takes its parameters from the body, not from the URL")
	}
	body, err := r.body(maxQueryBody)
	if err != nil {
		return nil, err
	}
	return query.FromJSON(body)
}

// page cuts skip and limit out of a list; 0 is no limit. It is never nil.
func page(names []string, skip, limit int64) []string {
	names = names[min(int64(len(names)), skip):]
	if limit > 0 {
		names = names[:min(int64(len(names)), limit)]
	}
	return append([]string{}, names...)
}
