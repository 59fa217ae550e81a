package handlers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/emicklei/go-restful/v3"
)

// pingTimeout bounds a readiness check: a probe that hangs says less than one that fails.
const pingTimeout = 2 * time.Second

// healthz says that the process serves requests; it asks nothing else.
func (a *API) healthz(_ *restful.Request, resp *restful.Response) {
	writeHealth(resp, http.StatusOK, `{"ok":true}`)
}

// readyz says of each part whether it can serve now: 200 when all can, else
// 503. It recovers as soon as they do, but for a service that stops.
func (a *API) readyz(req *restful.Request, resp *restful.Response) {
	if a.stopping != nil && a.stopping() {
		writeHealth(resp, http.StatusServiceUnavailable, `{"storage":`+sick+`,"watch":`+sick+`,"stopping":true}`)
		return
	}
	ctx, cancel := context.WithTimeout(req.Request.Context(), pingTimeout)
	defer cancel()
	var docs, nodes string
	var both sync.WaitGroup // each has the whole time: one that hangs says nothing about the other
	both.Go(func() { docs = a.ping(ctx, "storage", a.docs.Ping) })
	both.Go(func() { nodes = a.ping(ctx, "watch", a.nodes.Ping) })
	both.Wait()
	status := http.StatusOK
	if docs != healthy || nodes != healthy {
		status = http.StatusServiceUnavailable
	}
	writeHealth(resp, status, `{"storage":`+docs+`,"watch":`+nodes+`}`)
}

const (
	healthy = `{"ok":true}`
	sick    = `{"ok":false}`
)

func (a *API) ping(ctx context.Context, part string, ping func(context.Context) error) string {
	if err := ping(ctx); err != nil {
		a.log.Error("not ready", "part", part, "error", err)
		return sick
	}
	return healthy
}

func writeHealth(resp *restful.Response, status int, body string) {
	resp.Header().Set("Content-Type", contentType)
	resp.WriteHeader(status)
	_, _ = resp.Write([]byte(body + "\n"))
}
