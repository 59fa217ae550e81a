// Package app joins the parts of the service: configuration, engines, API,
// janitor and listener. The program and its tests start it in the same way.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bcs-storage/cmd/bcs-storage/app/telemetry"
	"bcs-storage/conf"
	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// Options is what New needs. Config must have come from conf.Load or passed Validate.
type Options struct {
	Config  conf.Config
	Log     *slog.Logger
	Now     func() time.Time // nil is time.Now
	Version string
}

// App is one running service. Several may run in one process.
type App struct {
	config    conf.Config
	log       *slog.Logger
	telemetry *telemetry.Telemetry
	engines   []io.Closer // in the order in which they were opened
	janitor   *storage.Janitor
	listener  net.Listener
	server    *http.Server
	metrics   *side // nil: nowhere
	stopping  atomic.Bool
	stop      sync.Once
	stopped   error
}

// New opens the engines and listens; Addr is known afterwards and requests
// wait until Run. On an error nothing stays open.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{config: o.Config, log: o.Log, telemetry: telemetry.New(telemetry.Options{
		Version: o.Version, FieldNames: o.Config.Metrics.UpstreamNames, MaxClusters: o.Config.Metrics.MaxClusters, Now: o.Now, Log: o.Log,
	})}
	limited, err := handlers.NewLimited(a.telemetry.Registry)
	if err != nil {
		return nil, err
	}
	handler, err := a.open(ctx, o, limited)
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: o.Config.Limits.HeaderTimeout,
		IdleTimeout:       o.Config.Limits.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	if err := a.listen(ctx, limited); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.metrics, err = openSide(ctx, o.Config, a.telemetry.Handler(handler), o.Log); err != nil {
		return nil, errors.Join(fmt.Errorf("metrics.listen: %w", err), a.close())
	}
	o.Log.Info("started", "version", o.Version, "listen", a.URL(), "metrics", a.MetricsAddr(), "storage", o.Config.Storage, "watch", o.Config.Watch, "dialect", o.Config.Dialect)
	return a, nil
}

// open builds everything behind the listener, from the engine up to the routes.
func (a *App) open(ctx context.Context, o Options, limited *handlers.Limited) (http.Handler, error) {
	c := o.Config
	zone, err := time.LoadLocation(c.Query.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("query.timeZone: %w", err)
	}
	docs, err := a.openDocuments(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := a.openNodes(ctx, docs, o.Now)
	if err != nil {
		return nil, err
	}
	docs, nodes = a.telemetry.Documents(c.Storage, docs), a.telemetry.Nodes(c.Watch, nodes)
	a.telemetry.Ready("storage", docs.Ping)
	a.telemetry.Ready("watch", nodes.Ping)
	a.janitor = &storage.Janitor{
		Documents: docs,
		Rules: []storage.Retention{
			retention(storage.Events, c.Retention.Events),
			retention(storage.Alarms, c.Retention.Alarms),
		},
		Interval: c.Retention.Interval,
		Now:      o.Now,
		Log:      o.Log,
	}
	a.telemetry.Sweeps(a.janitor)
	form, err := dialect(c.Dialect)
	if err != nil {
		return nil, err
	}
	views, err := a.views(o.Now)
	if err != nil {
		return nil, err
	}
	access, redact, err := a.access()
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Options{
		Documents:      docs,
		Nodes:          nodes,
		Dialect:        form,
		SemanticStatus: c.HTTP.Status == conf.StatusSemantic,
		MaxBody:        c.HTTP.MaxBodyBytes,
		BodyTimeout:    c.Limits.BodyTimeout,
		Query: query.Options{
			Zone:          zone,
			IgnoreUnknown: c.Query.UnknownParameters == conf.UnknownIgnore,
			MaxLength:     int64(c.Query.MaxLength),
		},
		Views:  views,
		Access: access,
		Redact: redact,
		Limits: handlers.Limits{
			RequestTimeout: c.Limits.RequestTimeout,
			WriteTimeout:   c.Limits.WriteTimeout,
			InFlight:       int64(c.Limits.MaxInFlight),
		},
		Limited:    limited,
		Stopping:   a.stopping.Load,
		Now:        o.Now,
		Log:        o.Log,
		Registry:   a.telemetry.Registry,
		FieldNames: c.Metrics.UpstreamNames,
	})
}

func retention(c *storage.Collection, k conf.Keep) storage.Retention {
	return storage.Retention{Collection: c, MaxAge: k.MaxAge, MaxPerCluster: int64(k.MaxPerCluster)}
}

func dialect(word string) (handlers.Dialect, error) {
	for _, d := range []handlers.Dialect{handlers.Documented(), handlers.Deployed()} {
		if d.Name == word {
			return d, nil
		}
	}
	return handlers.Dialect{}, fmt.Errorf("dialect: there is no %q", word)
}

// Addr is where the service listens, host:port with the real port.
func (a *App) Addr() string { return a.listener.Addr().String() }

// URL is the root of what the service serves.
func (a *App) URL() string {
	if a.secure() {
		return "https://" + a.Addr()
	}
	return "http://" + a.Addr()
}

func (a *App) secure() bool { return a.config.TLS.Certificate != "" }

// MetricsAddr is where the metrics and profiles are, host:port with the real
// port; "" is nowhere.
func (a *App) MetricsAddr() string {
	if a.metrics == nil {
		return ""
	}
	return a.metrics.listener.Addr().String()
}

// Run serves and sweeps until ctx is done, which is no error, or a listener fails.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sweeping sync.WaitGroup
	sweeping.Go(func() { a.janitor.Run(ctx) })
	defer sweeping.Wait()
	defer cancel()

	failed := make(chan error, 2)
	go func() {
		if !a.secure() {
			failed <- a.server.Serve(a.listener)
			return
		}
		failed <- a.server.ServeTLS(a.listener, "", "") // the configuration has the certificate
	}()
	if a.metrics != nil {
		go func() { failed <- a.metrics.server.Serve(a.metrics.listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
}

// Stop says so to load balancers, lets running requests end until ctx is done, cuts off the rest, and
// closes the engines. Later calls answer as the first.
func (a *App) Stop(ctx context.Context) error {
	a.stop.Do(func() {
		a.drain(ctx)
		err := a.server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("requests were cut off: %w", err), a.server.Close())
		}
		a.stopped = errors.Join(err, a.metrics.stop(ctx), a.close())
		a.log.Info("stopped")
	})
	return a.stopped
}

// drain goes on serving for a while, not ready, so that load balancers turn to others.
func (a *App) drain(ctx context.Context) {
	a.stopping.Store(true)
	delay := time.NewTimer(a.config.HTTP.DrainDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-ctx.Done():
	}
}

// close releases what New opened, in the opposite order.
func (a *App) close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.metrics != nil {
		if err := a.metrics.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for _, engine := range slices.Backward(a.engines) {
		errs = append(errs, engine.Close())
	}
	return errors.Join(errs...)
}
