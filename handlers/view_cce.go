package handlers

import (
	"context"
	"fmt"
	"net/http"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/cce"
	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// answerCCE answers Huawei CCE's status of a Service.
func (a *API) answerCCE(ctx context.Context, r *request) ([]byte, error) {
	params, err := r.params()
	if err != nil {
		return nil, err
	}
	p, err := cce.ParseParams(params)
	if err != nil {
		return nil, err
	}
	names, err := r.segments("namespace", "name")
	if err != nil {
		return nil, err
	}
	id, err := a.chooseCluster(ctx, r, "")
	if err != nil {
		return nil, err
	}
	if err := r.caller.check(ActionRead, id); err != nil {
		return nil, err
	}
	if err := a.mayCompute(r, cluster.Load{Kind: cluster.Service}); err != nil {
		return nil, err
	}
	doc, err := a.docs.Get(ctx, storage.Dynamic, storage.Key{id, "Service", names[0], names[1]}, nil, nil)
	if err != nil {
		return nil, err
	}
	data, ok := storage.Lookup(doc, storage.Path{"data"})
	if !ok {
		return nil, fmt.Errorf("the document of Service %s/%s has no data", names[0], names[1])
	}
	return cce.Service(data, p.Pretty)
}

// failCCE answers with a Status object of Kubernetes and its HTTP status.
func failCCE(w http.ResponseWriter, req *restful.Request, err error) int {
	f := asVendorFailure(err)
	if f.again {
		w.Header().Set("Retry-After", "1")
	}
	name := req.PathParameter("name")
	if f.missing {
		f.text = fmt.Sprintf("services %q not found", name)
	}
	write(w, f.status, cce.Failure(f.status, f.text, name, "services"))
	return f.status
}
