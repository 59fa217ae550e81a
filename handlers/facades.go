package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/ccs"
	"bcs-storage/handlers/ccs/signature"
	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// facade is the API of a cloud vendor, answered from what watchers have PUT. It only reads.
type facade struct {
	path string
	// below is what of the URL space is the vendor's: what the router refuses
	// there is refused in the vendor's form.
	below   string
	methods []string
	// signed says whether requests are signed, and need no token.
	signed func(*API) bool
	// answer is the whole body of a success.
	answer func(a *API, ctx context.Context, r *request) ([]byte, error)
	// failure writes a failure in the vendor's form and returns its code.
	failure func(w http.ResponseWriter, req *restful.Request, err error) int
	// ours is the first of the codes that say that the service is at fault; the caller is at those below.
	ours int
}

var facades = []facade{
	{path: "/v2/index.php", below: "/v2/", methods: []string{http.MethodGet, http.MethodPost}, answer: (*API).answerCCS, signed: (*API).signedCCS, failure: failCCS, ours: ccs.FailedOperation.Code},
	{path: "/ncs", below: "/ncs", methods: []string{http.MethodGet, http.MethodPost}, answer: (*API).answerNCS, failure: failNCS, ours: http.StatusInternalServerError},
	{path: "/api/v1/namespaces/{namespace}/services/{name}/status", below: "/api/", methods: []string{http.MethodGet}, answer: (*API).answerCCE, failure: failCCE, ours: http.StatusInternalServerError},
}

// facadeOf is whose path it is, if a vendor's.
func facadeOf(path string) (facade, bool) {
	for _, f := range facades {
		if strings.HasPrefix(path, f.below) {
			return f, true
		}
	}
	return facade{}, false
}

func (a *API) serveFacade(f facade) restful.RouteFunction {
	return func(req *restful.Request, resp *restful.Response) {
		fail := func(err error) {
			code := f.failure(resp, req, err)
			setOutcome(req, outcome{code: code, err: err, refused: code < f.ours})
		}
		defer a.recovered(req, resp, http.StatusInternalServerError, fail)
		in, err := a.admit(req, resp, f.signed != nil && f.signed(a))
		defer in.leave()
		var body []byte
		if err == nil {
			body, err = f.answer(a, in.ctx, a.request(in, req, resp))
		}
		if err != nil {
			fail(in.cause(err))
			return
		}
		write(resp, http.StatusOK, body)
	}
}

// routerError is what the router refuses.
type routerError struct {
	status   int
	sentence string
}

func (e *routerError) Error() string { return e.sentence }

// errTooLargeView is that a view would have to be computed from more than is allowed.
var errTooLargeView = errors.New("too much is stored to compute the answer from")

// viewsAtOnce is how many views are computed at the same time: together with
// Views.MaxBytes it bounds the memory that they take.
const viewsAtOnce = 4

// view loads what a view needs of the clusters and computes it; others wait their turn.
func (a *API) view(ctx context.Context, r *request, loads []cluster.Load, clusters []string, compute func(*cluster.Objects) (any, error)) (any, error) {
	if err := a.mayCompute(r, loads...); err != nil {
		return nil, err
	}
	select {
	case a.computing <- struct{}{}:
		defer func() { <-a.computing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	objects, err := a.load(ctx, loads, clusters)
	if err != nil {
		return nil, err
	}
	return compute(objects)
}

// load carries out the loads over the clusters: one store command each, whatever
// they find. Documents are decoded as they come.
func (a *API) load(ctx context.Context, loads []cluster.Load, clusters []string) (*cluster.Objects, error) {
	objects := new(cluster.Objects)
	if len(clusters) == 0 {
		return objects, nil
	}
	left := a.views.MaxBytes
	for _, l := range loads {
		collection, q := l.Query(clusters...)
		for doc, err := range a.docs.List(ctx, collection, q) {
			if err != nil {
				return nil, err
			}
			if left -= int64(len(doc)); left < 0 {
				return nil, fmt.Errorf("%w: it is more than %d bytes (views.maxBytes)", errTooLargeView, a.views.MaxBytes)
			}
			if err := objects.Add(l.Kind, doc); err != nil {
				return nil, err
			}
		}
	}
	return objects, nil
}

// clusterIDs are the clusters that have reported something. It is one store command.
func (a *API) clusterIDs(ctx context.Context) ([]string, error) {
	return a.docs.Distinct(ctx, storage.Dynamic, storage.Query{}, "clusterId")
}

// resourceTypes are the types that a cluster has reported, none for an unknown
// cluster. It is one store command.
func (a *API) resourceTypes(ctx context.Context, id string) ([]string, error) {
	return a.docs.Distinct(ctx, storage.Dynamic, storage.Query{Scopes: []storage.Key{{id}}}, "resourceType")
}

// vendorFailure is an error that the vendors do not know, in words that all of them can use.
type vendorFailure struct {
	status  int
	text    string
	again   bool
	gate    bool // see mapping
	missing bool
}

// asVendorFailure maps an error of the store, the request or a view.
func asVendorFailure(err error) vendorFailure {
	var malformed *cluster.MalformedError
	var router *routerError
	switch {
	case errors.As(err, &router):
		return vendorFailure{status: router.status, text: router.sentence}
	case errors.As(err, &malformed):
		return vendorFailure{status: http.StatusInternalServerError, text: malformed.Error()}
	case errors.Is(err, errTooLargeView):
		return vendorFailure{status: http.StatusInternalServerError, text: err.Error()}
	}
	m := mappingOf(err)
	return vendorFailure{status: m.status, text: strings.TrimSuffix(m.text(err), "."), again: m.again, gate: m.gate, missing: missing(err)}
}

// write sends an answer of a vendor.
func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	// The caller may be gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// Views is what the vendors' views need to know beside the store.
type Views struct {
	// DefaultCluster is that of a CCE or NCS request which names none; "" is none.
	DefaultCluster string
	// MaxBytes is the most JSON that one answer is computed from, as far as it is
	// loaded. The objects made of it take about ten times that.
	MaxBytes int64
	CCS      ccs.Options
	// CCSVerifier judges the signatures of CCS requests, which then have to be
	// signed; nil judges none. CCSSees says which clusters the owner of a SecretId may see.
	CCSVerifier *signature.Verifier
	CCSSees     func(secretID, clusterID string) bool
}
