package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"bcs-storage/conf"
)

// side is the listener for operators: metrics, profiles and health.
type side struct {
	listener net.Listener
	server   *http.Server
	end      context.CancelFunc // ends the requests that run
}

// openSide listens at metrics.listen; "" is nowhere, and then there is none.
func openSide(ctx context.Context, c conf.Config, handler http.Handler, log *slog.Logger) (*side, error) {
	if c.Metrics.Listen == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Metrics.Listen)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	return &side{listener: listener, end: end, server: &http.Server{
		Handler:           bodiless(handler),
		ReadHeaderTimeout: c.Limits.HeaderTimeout,
		IdleTimeout:       c.Limits.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return life },
	}}, nil
}

// bodiless refuses requests with a body. Nothing here reads one, and before the server answers it would wait, without
// end, for one that does not come.
func bodiless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		w.Header().Set("Connection", "close")
		http.Error(w, "a request has no body here", http.StatusBadRequest)
	})
}

// stop ends the requests that run, a profile too, and waits for them until ctx is done.
func (s *side) stop(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.end()
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("metrics: %w", err), s.server.Close())
	}
	return nil
}
