package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/ncs"
)

// answerNCS answers an action of NetEase NCS.
func (a *API) answerNCS(ctx context.Context, r *request) ([]byte, error) {
	params, err := r.params()
	if err != nil {
		return nil, err
	}
	call, err := ncs.Parse(r.restful.Request.Method, params)
	if err != nil {
		return nil, err
	}
	id, err := a.chooseCluster(ctx, r, call.Cluster())
	if err != nil {
		return nil, err
	}
	if err := r.caller.check(ActionRead, id); err != nil {
		return nil, err
	}
	types, err := a.resourceTypes(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(types) == 0 {
		return nil, &ncs.Error{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: fmt.Sprintf("The cluster %.100s is not found.", id)}
	}
	answer, err := a.view(ctx, r, call.Loads(), []string{id}, func(objects *cluster.Objects) (any, error) {
		return call.View(ncs.Input{Cluster: id, Objects: objects, RequestID: requestID(r.response)})
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// chooseCluster is the cluster of a request that does not name one in its path:
// the one given, the one in the header X-Cluster-ID, the one that the first label of the host names, or the default.
func (a *API) chooseCluster(ctx context.Context, r *request, given string) (string, error) {
	sent := r.restful.Request
	if given == "" {
		given = sent.Header.Get("X-Cluster-ID")
	}
	var known []string
	if given == "" {
		var err error
		if known, err = a.clusterIDs(ctx); err != nil {
			return "", err
		}
		// Nobody learns the name of a cluster that is not theirs.
		known = slices.DeleteFunc(known, func(id string) bool { return !r.caller.May(ActionRead, id) })
	}
	id, err := cluster.Choose(given, sent.Host, known, a.views.DefaultCluster)
	if err != nil {
		return "", err
	}
	return id, checkName("cluster", id)
}

// failNCS answers in the vendor's form, with the HTTP status of its table.
func failNCS(w http.ResponseWriter, _ *restful.Request, err error) int {
	e := ncsError(err)
	if asVendorFailure(err).again {
		w.Header().Set("Retry-After", "1")
	}
	write(w, e.Status, ncs.Failure(e, requestID(w)))
	return e.Status
}

func ncsError(err error) *ncs.Error {
	var own *ncs.Error
	if errors.As(err, &own) {
		return own
	}
	f := asVendorFailure(err)
	if f.gate && f.status >= http.StatusInternalServerError {
		return &ncs.Error{Status: f.status, Code: "InternalServerError", Message: f.text}
	}
	switch f.status {
	case http.StatusUnauthorized:
		return &ncs.Error{Status: f.status, Code: "AuthFailure", Message: f.text}
	case http.StatusForbidden:
		return &ncs.Error{Status: f.status, Code: "OperationDenied", Message: f.text}
	case http.StatusTooManyRequests:
		return &ncs.Error{Status: f.status, Code: "RequestLimitExceeded", Message: f.text}
	case http.StatusServiceUnavailable, http.StatusInternalServerError:
		return &ncs.Error{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: f.text}
	case http.StatusNotFound:
		return &ncs.Error{Status: f.status, Code: "ResourceNotFound", Message: f.text}
	default:
		return &ncs.Error{Status: f.status, Code: "InvalidParameterValue", Message: strings.TrimSpace(f.text)}
	}
}
