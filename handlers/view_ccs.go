package handlers

import (
	"context"
	"errors"
	"fmt"
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
	sees, err := a.authorizeCCS(r, params)
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
		switch {
		case sees(id):
		case r.caller != nil:
			return nil, r.caller.check(ActionRead, id)
		default:
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
	data, err := a.view(ctx, r, call.Loads(in.Mesos, a.now()), call.Clusters(in.Clusters), func(objects *cluster.Objects) (any, error) {
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

// signedCCS: with credentials configured a request has to be signed.
func (a *API) signedCCS() bool { return a.views.CCSVerifier != nil }

// authorizeCCS says which clusters the sender may see.
func (a *API) authorizeCCS(r *request, params map[string]string) (sees func(string) bool, err error) {
	if !a.signedCCS() {
		if !r.caller.can(ActionRead) {
			return nil, fmt.Errorf("%w: %s may not %s", ErrForbidden, r.caller.Name, ActionRead)
		}
		return func(id string) bool { return r.caller.May(ActionRead, id) }, nil
	}
	sent := r.restful.Request
	if err := a.views.CCSVerifier.Verify(sent.Method, sent.Host, sent.URL.Path, params); err != nil {
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

// failCCS answers with HTTP status 200, as the vendor does; what the router refuses
// has no form of the vendor's and keeps its status, as does what access or a limit refuses.
func failCCS(w http.ResponseWriter, _ *restful.Request, err error) int {
	e := ccsError(err)
	status := http.StatusOK
	var router *routerError
	f := asVendorFailure(err)
	if f.gate || errors.As(err, &router) {
		status = f.status
	}
	if f.again {
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
	case f.status == http.StatusServiceUnavailable, f.gate:
		return ccs.FailedOperation.Because("%s", f.text)
	case f.status < http.StatusInternalServerError:
		return ccs.InvalidAction.Because("%s", f.text)
	}
	return ccs.ErrorOf(err)
}
