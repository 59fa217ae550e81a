package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/ccs/signature"
	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// answerCCS answers an action of Tencent CCS.
func (a *API) answerCCS(ctx context.Context, r *request) ([]byte, error) {
	params, err := ccsParams(r)
	if err != nil {
		return nil, err
	}
	sees, err := a.authorizeCCS(r.restful.Request, params)
	if err != nil {
		return nil, err
	}
	if a.views.CCSVerifier != nil {
		setCaller(r.restful, params[signature.ParamSecretID]) // which is public, and verified by now
	}
	call, err := ccs.Parse(params)
	if err != nil {
		return nil, err
	}
	for _, id := range call.Named() {
		if !sees(id) {
			return nil, ccs.Unauthorized.Because("the cluster %.100q is not one of the caller's", id)
		}
	}
	in := ccs.Input{Options: a.views.CCS}
	if id := call.Cluster(); id != "" {
		types, err := a.resourceTypes(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(types) > 0 {
			in.Clusters = []string{id}
		}
		in.Mesos = slices.Contains(types, "application")
	} else {
		known, err := a.clusterIDs(ctx)
		if err != nil {
			return nil, err
		}
		in.Clusters = slices.DeleteFunc(known, func(id string) bool { return !sees(id) })
	}
	data, err := a.view(ctx, call.Loads(in.Mesos, a.now()), call.Clusters(in.Clusters), func(objects *cluster.Objects) (any, error) {
		in.Objects = objects
		return call.View(in)
	})
	if err != nil {
		return nil, err
	}
	return ccs.Envelope(data)
}

// ccsParams are the parameters of a request: of the query string, or, for a
// POST, of the form in the body, beside which the query string is ignored (seed, "请求方法").
func ccsParams(r *request) (query.Params, error) {
	if r.restful.Request.Method != http.MethodPost {
		return r.params()
	}
	form, err := r.body(maxQueryBody)
	if err != nil {
		return nil, err
	}
	return query.FromURL(string(form))
}

// authorizeCCS says which clusters the sender may see. With credentials configured a
// request has to be signed.
func (a *API) authorizeCCS(r *http.Request, params map[string]string) (sees func(string) bool, err error) {
	if a.views.CCSVerifier == nil {
		caller, err := a.access.Caller(r)
		if err != nil {
			return nil, err
		}
		return func(id string) bool { return caller.May(ActionRead, id) }, nil
	}
	if err := a.views.CCSVerifier.Verify(r.Method, r.Host, r.URL.Path, params); err != nil {
		return nil, err
	}
	secretID := params[signature.ParamSecretID]
	return func(id string) bool { return a.views.CCSSees(secretID, id) }, nil
}

// ccsFaults are what a failure outside the views is answered with. The first row that matches decides.
var ccsFaults = []struct {
	is    error
	fault ccs.Fault
}{
	{signature.ErrMissing, ccs.MissingParameter},
	{signature.ErrInvalid, ccs.InvalidParameter},
	{signature.ErrSignature, ccs.AuthFailure},
	{signature.ErrUnknownKey, ccs.SecretIDNotFound},
	{signature.ErrReplay, ccs.ReplayAttack},
	{ErrUnauthenticated, ccs.AuthFailure},
	{ErrForbidden, ccs.Unauthorized},
	{errTooLargeView, ccs.InternalError},
	{storage.ErrInvalid, ccs.InvalidParameter},
	{errBodyTooLarge, ccs.InvalidParameter},
	{errBodyUnread, ccs.InvalidParameter},
}

// failCCS answers with HTTP status 200, as the vendor does; what the router
// refuses has no form of the vendor's and keeps its status.
func failCCS(w http.ResponseWriter, _ *restful.Request, err error) int {
	e := ccsError(err)
	status := http.StatusOK
	var router *routerError
	if errors.As(err, &router) {
		status = router.status
	}
	if asVendorFailure(err).again {
		w.Header().Set("Retry-After", "1")
	}
	write(w, status, ccs.Failure(e))
	return e.Code
}

func ccsError(err error) *ccs.Error {
	var own *ccs.Error
	if errors.As(err, &own) {
		return own
	}
	for _, row := range ccsFaults {
		if errors.Is(err, row.is) {
			return row.fault.Because("%s", err.Error())
		}
	}
	switch f := asVendorFailure(err); {
	case f.status == http.StatusServiceUnavailable:
		return ccs.FailedOperation.Because("%s", f.text)
	case f.status < http.StatusInternalServerError:
		return ccs.InvalidAction.Because("%s", f.text)
	}
	return ccs.ErrorOf(err)
}
