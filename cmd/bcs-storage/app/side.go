package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

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
		Handler:           handler,
		ReadHeaderTimeout: c.Limits.HeaderTimeout,
		IdleTimeout:       c.Limits.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return life },
	}}, nil
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
