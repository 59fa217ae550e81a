package handlers

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/emicklei/go-restful/v3"
)

// outcome is what an operation leaves for the log and the metrics.
type outcome struct {
	code    int   // of the envelope
	err     error // why it failed
	aborted bool  // the answer was begun and cut off
	// refused: the code says that the caller is at fault. For the vendors' views, whose
	// errors the table does not know.
	refused bool
}

// Where a request keeps what its log line is made of, on its way up.
const (
	outcomeAttribute = "outcome"
	callerAttribute  = "caller"
)

func setOutcome(req *restful.Request, o outcome) { req.SetAttribute(outcomeAttribute, o) }

// setCaller says who sent the request, by a name that is no secret, for the log.
func setCaller(req *restful.Request, name string) { req.SetAttribute(callerAttribute, name) }

// observe is around every request: it gives it an id, counts it and writes one
// line, also of one that panics on its way up.
func (a *API) observe(req *restful.Request, resp *restful.Response, chain *restful.FilterChain) {
	start := time.Now()
	id := identify(req.Request, resp.Header())
	s := a.metrics.of(req)
	s.begin()
	defer func() { a.record(req, resp, s, id, time.Since(start)) }()
	chain.ProcessFilter(req, resp)
}

// record counts the request and logs it: at level error when the service is at
// fault, with the reason whenever it failed. Nothing of a body, a header or the
// query string is in the line: callers put secrets there.
func (a *API) record(req *restful.Request, resp *restful.Response, s *series, id string, took time.Duration) {
	out, _ := req.Attribute(outcomeAttribute).(outcome)
	t := s.done(resp.StatusCode(), out, resp.ContentLength(), took)
	ctx := req.Request.Context()
	level := slog.LevelInfo
	// Whatever fails once the caller has gone fails because of that.
	ours := out.err != nil && !out.refused && !callersFault(out.err)
	if ours && ctx.Err() == nil {
		level = slog.LevelError
		s.errors.Inc()
	}
	if !a.log.Enabled(ctx, level) {
		return
	}
	caller, _ := req.Attribute(callerAttribute).(string)
	line := [...]slog.Attr{
		slog.String("id", id),
		slog.String("caller", caller),
		slog.String("method", s.method),
		slog.String("route", s.route),
		slog.String("cluster", clip(req.PathParameter("clusterId"))),
		slog.String("status", t.status),
		slog.Int("code", out.code),
		slog.Int("bytes", resp.ContentLength()),
		slog.Duration("duration", took),
		{}, {}, // room for what follows
	}
	attributes := line[:len(line)-2]
	if out.err != nil {
		attributes = append(attributes, slog.String("path", clip(req.Request.URL.Path)), slog.String("error", reason(out, ours)))
	}
	a.log.LogAttrs(ctx, level, "request", attributes...)
}

// reason is why a request failed. An error that is about the request quotes it,
// so only its sort is told; the caller was told the rest.
func reason(o outcome, ours bool) string {
	if ours {
		return o.err.Error()
	}
	var router *routerError
	switch is := mappingOf(o.err).is; {
	case errors.As(o.err, &router):
		return "refused by the router"
	case is != nil:
		return is.Error()
	}
	return "refused"
}

// maxLogged bounds the parts of a log line that a caller chooses, in bytes.
const maxLogged = 1024

func clip(s string) string {
	if len(s) > maxLogged {
		s = strings.ToValidUTF8(s[:maxLogged], "") + "..."
	}
	return s
}
