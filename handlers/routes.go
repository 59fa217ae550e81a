package handlers

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// prefixes under which every route is served: of the API document, and of the
// service in the field.
var prefixes = []string{"/bcsapi/v4/storage", "/bcsstorage/v1"}

// action does what a route promises.
type action func(a *API, ctx context.Context, r *request) (reply, error)

// route is a row of the route table.
type route struct {
	method string
	path   string // below the prefix
	op     operation
	do     action
	access reach // whose data it touches

	// What actions on documents need to know.
	target func(*request) (target, error)
	spec   query.Spec
	beside []field                                // members of a PUT that are kept beside data
	check  func(*request, storage.Document) error // nil: every document is accepted
	form   form                                   // of an item
}

func (rt *route) accepts(r *request, d storage.Document) error {
	if rt.check == nil {
		return nil
	}
	return rt.check(r, d)
}

// routes is the route table.
func routes() []route {
	var all []route
	for _, env := range []string{query.Mesos, query.K8s} {
		all = append(all, dynamicRoutes(env)...)
		all = append(all, bulkRoutes(env)...)
		all = append(all, watchRoutes(env)...)
	}
	all = append(all, queryRoutes()...)
	all = append(all, recordRoutes()...)
	all = append(all, metricRoutes()...)
	all = append(all, hostRoutes()...)
	return all
}

// container makes the table a go-restful container.
func (a *API) container() *restful.Container {
	c := restful.NewContainer()
	c.Router(restful.CurlyRouter{})
	c.Filter(a.observe)
	c.Filter(a.pace)
	c.Filter(a.refuseSlashes)
	c.ServiceErrorHandler(a.routerRefusal)
	for _, prefix := range prefixes {
		services := map[string]*restful.WebService{}
		for _, rt := range routes() {
			root, path := rt.split(prefix)
			ws := services[root]
			if ws == nil {
				// What a client says it sends or accepts decides nothing: it is all JSON.
				ws = new(restful.WebService).Path(root).Consumes("*/*").Produces("*/*")
				services[root] = ws
				c.Add(ws)
			}
			ws.Route(ws.Method(rt.method).Path(path).Metadata(seriesKey, a.metrics.newSeries(prefix+rt.path, rt.method)).To(a.serve(&rt)))
		}
	}
	own := new(restful.WebService).Path("/").Consumes("*/*").Produces("*/*")
	ownRoute := func(method, path string, to restful.RouteFunction) {
		own.Route(own.Method(method).Path(path).Metadata(seriesKey, a.metrics.newSeries(path, method)).To(to))
	}
	ownRoute(http.MethodGet, "/healthz", a.healthz)
	ownRoute(http.MethodGet, "/readyz", a.readyz)
	for _, f := range facades {
		for _, method := range f.methods {
			ownRoute(method, f.path, a.serveFacade(f))
		}
	}
	a.addPages(own)
	return c.Add(own)
}

// split parts the route's path behind its first segment. The router compares a
// request with every route of the service it belongs to: with a service for
// each first segment those are few.
func (rt *route) split(prefix string) (root, path string) {
	first, rest, more := strings.Cut(rt.path[1:], "/")
	if !more {
		return prefix, rt.path
	}
	return prefix + "/" + first, "/" + rest
}

// serve makes a route go-restful's: it runs the action and writes its reply or failure.
func (a *API) serve(rt *route) restful.RouteFunction {
	return func(req *restful.Request, resp *restful.Response) {
		fail := func(err error) {
			setOutcome(req, outcome{code: a.envelope.failure(resp, rt.op, err), err: err})
		}
		cutOff := a.dialect.failure(rt.op, false).code
		defer a.recovered(req, resp, cutOff, fail)
		in, err := a.admit(req, resp, false)
		defer in.leave()
		var answer reply
		if err == nil {
			answer, err = a.run(in, req, resp, rt)
		}
		if err == nil {
			err = a.envelope.success(resp, answer)
		}
		if err == nil {
			return
		}
		err = in.cause(err)
		if resp.ContentLength() > 0 {
			a.abort(req, cutOff, err)
		}
		fail(err)
	}
}

// abort cuts off an answer that was begun and can't be finished: the caller must
// see a broken transfer, not a shorter list.
func (a *API) abort(req *restful.Request, code int, err error) {
	setOutcome(req, outcome{code: code, err: err, aborted: true})
	panic(http.ErrAbortHandler)
}

// recovered answers a panic of an action with fail, unless an answer was begun: that
// one is cut off, and counted with the code cutOff.
func (a *API) recovered(req *restful.Request, resp *restful.Response, cutOff int, fail func(error)) {
	failed := recover()
	switch {
	case failed == nil:
		return
	case failed == http.ErrAbortHandler:
		panic(failed)
	}
	a.log.Error("panic", "id", requestID(resp), "method", req.Request.Method, "path", req.Request.URL.Path, "panic", failed, "stack", string(debug.Stack()))
	if resp.ContentLength() > 0 {
		a.abort(req, cutOff, errPanic)
	}
	fail(errPanic)
}

func (a *API) run(in *admission, req *restful.Request, resp *restful.Response, rt *route) (reply, error) {
	if err := rt.permit(in.caller, req.PathParameter("clusterId")); err != nil {
		return reply{}, err
	}
	// The router takes a trailing slash for nothing. A DELETE of an item with an
	// empty name would then be one of all items, and a PUT one of something else.
	if req.Request.Method != http.MethodGet && strings.HasSuffix(req.Request.URL.Path, "/") {
		return reply{}, storage.Invalid("path", "ends with a slash: the last segment is empty")
	}
	r := a.request(in, req, resp)
	r.route = rt
	answer, err := rt.do(a, in.ctx, r)
	return answer.without(r.hides), err
}

// routerRefusal answers what the router refuses: no route, wrong method.
func (a *API) routerRefusal(err restful.ServiceError, req *restful.Request, resp *restful.Response) {
	for name, values := range err.Header {
		for _, value := range values {
			resp.Header().Add(name, value)
		}
	}
	sentence := http.StatusText(err.Code) + ": "
	switch err.Code {
	case http.StatusNotFound:
		sentence += "there is no such route."
	case http.StatusMethodNotAllowed:
		sentence += req.Request.Method + " is not a method of this route."
	default:
		sentence += "the request does not fit the route."
	}
	a.refuse(req, resp, err.Code, sentence)
}

func (a *API) refuse(req *restful.Request, resp *restful.Response, status int, sentence string) {
	if f, ok := facadeOf(req.Request.URL.Path); ok {
		err := &routerError{status, sentence}
		code := f.failure(resp, req, err)
		setOutcome(req, outcome{code: code, err: err, refused: code < f.ours})
		return
	}
	setOutcome(req, outcome{code: status})
	a.envelope.refusal(resp, status, sentence)
}

// refuseSlashes refuses a percent-encoded slash: the router sees it decoded, as the
// end of a segment, and the request would mean something else.
func (a *API) refuseSlashes(req *restful.Request, resp *restful.Response, chain *restful.FilterChain) {
	if strings.Contains(strings.ToLower(req.Request.URL.RawPath), "%2f") {
		a.refuse(req, resp, http.StatusNotFound, "Not Found: a percent-encoded slash can't be part of a path segment.")
		return
	}
	chain.ProcessFilter(req, resp)
}
