package handlers

import (
	"context"
	"net/http"
	"slices"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// metricRoutes are the routes of metric configuration (API document, "Metric数据").
func metricRoutes() []route {
	const path = "/metric/clusters/{clusterId}/namespaces/{namespace}/{type}/{name}"
	item := segmentsOf(storage.Metrics, "clusterId", "namespace", "type", "name")
	return []route{
		{method: http.MethodGet, path: path, op: plainGet, do: (*API).getDocument, target: item, spec: query.ItemGet},
		{method: http.MethodPut, path: path, op: plainPut, do: (*API).putDocument, target: item, spec: query.ItemPut},
		{method: http.MethodDelete, path: path, op: plainDelete, do: (*API).deleteDocument, target: item, spec: query.ItemDelete(storage.Metrics)},
		{method: http.MethodGet, path: "/metric/clusters/{clusterId}", op: plainList, do: (*API).listDocuments, target: segmentsOf(storage.Metrics, "clusterId"), spec: query.MetricList},
		{method: http.MethodGet, path: "/metric/clusters", op: plainList, do: (*API).metricClusters, access: allSeen},
	}
}

// segmentsOf is the target whose key is path segments.
func segmentsOf(c *storage.Collection, names ...string) func(*request) (target, error) {
	return func(r *request) (target, error) {
		key, err := r.segments(names...)
		return target{collection: c, key: key}, err
	}
}

// metricClusters answers the clusters that have metrics and that the caller may see.
func (a *API) metricClusters(ctx context.Context, r *request) (reply, error) {
	if err := r.noParams(); err != nil {
		return reply{}, err
	}
	clusters, err := a.docs.Distinct(ctx, storage.Metrics, storage.Query{}, "clusterId")
	clusters = slices.DeleteFunc(clusters, func(id string) bool { return !r.caller.May(ActionRead, id) })
	return reply{names: page(clusters, 0, 0)}, err
}

// hostRoutes are the routes of hosts (API document, change log V0.6.0).
func hostRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/host/{ip}", op: dynamicGet, do: onHost((*API).getDocument), access: inStore, target: hostItem, spec: query.ItemGet, form: asArray},
		{method: http.MethodPut, path: "/host/{ip}", op: dynamicPut, do: onHost((*API).putDocument), access: inStore, target: hostItem, spec: query.ItemPut, beside: []field{{"clusterId", text}}, check: mayPutHost},
		{method: http.MethodDelete, path: "/host/{ip}", op: dynamicDelete, do: onHost((*API).deleteDocument), access: inStore, target: hostItem, spec: query.ItemDelete(storage.Hosts)},
		{method: http.MethodGet, path: "/host/clusters/{clusterId}", op: dynamicList, do: (*API).listDocuments, target: hostsOfCluster, spec: query.List},
		{method: http.MethodPut, path: "/host/clusters/{clusterId}", op: dynamicPut, do: relateHosts(true)},
		{method: http.MethodPost, path: "/host/clusters/{clusterId}", op: dynamicPut, do: relateHosts(false)},
	}
}

// hostItem is the target of one host. "clusters" in the place of its address is
// the path of a relation whose cluster was left out.
func hostItem(r *request) (target, error) {
	t, err := segmentsOf(storage.Hosts, "ip")(r)
	if err == nil && t.key[0] == "clusters" {
		err = storage.Invalid("clusterId", "missing behind /host/clusters")
	}
	return t, err
}

// hostsOfCluster is the target of the hosts whose cluster is in the path; the
// cluster is no part of their key.
func hostsOfCluster(r *request) (target, error) {
	cluster, err := r.segment("clusterId")
	return target{
		collection: storage.Hosts,
		filter:     storage.OneOf(storage.Path{"clusterId"}, storage.String(cluster)),
	}, err
}

// relateHosts puts hosts into the path's cluster. With exclusive the cluster
// ends with exactly those.
func relateHosts(exclusive bool) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		if err := r.noParams(); err != nil {
			return reply{}, err
		}
		cluster, err := r.segment("clusterId")
		if err != nil {
			return reply{}, err
		}
		keys, err := r.hostKeys()
		if err != nil {
			return reply{}, err
		}
		if err := a.mayMove(ctx, r, keys); err != nil {
			return reply{}, err
		}
		return written(), a.docs.Assign(ctx, storage.Hosts, storage.Assignment{
			Field: "clusterId", Value: cluster, Keys: keys, Exclusive: exclusive,
		}, a.now())
	}
}

// hostKeys are the keys of the member ips of the body: an array of addresses
// that must be there, because an exclusive relation to none empties the cluster.
func (r *request) hostKeys() ([]storage.Key, error) {
	body, err := r.object()
	if err != nil {
		return nil, err
	}
	raw, ok := storage.Lookup(body, storage.Path{"ips"})
	if !ok || storage.KindOf(raw) != '[' {
		return nil, storage.Invalid("ips", "must be an array of strings")
	}
	var keys []storage.Key
	seen := map[string]bool{}
	for element := range storage.Elements(raw) {
		if storage.KindOf(element) != '"' {
			return nil, storage.Invalid("ips", "must be an array of strings")
		}
		ip := stringOf(element)
		if err := checkName("ips", ip); err != nil {
			return nil, err
		}
		if !seen[ip] {
			seen[ip] = true
			keys = append(keys, storage.Key{ip})
		}
	}
	return keys, nil
}
