package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"bcs-storage/scripts/bench/service"
)

// mostGrowth is by how many MiB the service's memory may grow between the two rests. It is generous: the caches of the
// embedded engine (32 MiB), and a heap that the runtime gives back slowly, are full at other times than the warm-up's end.
const mostGrowth = 128

// soak is one run.
type soak struct {
	options
	root, dir string
	log       *slog.Logger
	tokens    tokens
	report    *report
	service   *service.Service
	ward      *ward
	clients   []*client
}

// run does everything between start and stop. What is wrong with the service is in the report; an error is that the
// run could not go on.
func (s *soak) run(ctx context.Context) (err error) {
	l := &logged{report: s.report}
	if s.service, err = service.Start(ctx, s.Options, s.dir, l, s.log); err != nil {
		l.close()
		return err
	}
	defer func() {
		began := time.Now()
		err = errors.Join(err, s.service.Stop())
		took := time.Since(began)
		if s.report.stopped = took.Round(time.Millisecond).String(); took > shutdownTimeout {
			s.report.problem("the service stopped too late", "took", took, "allowed", shutdownTimeout)
		}
		l.close()
	}()
	ctx = s.service.Context // ends when the service does
	s.ward = newWard(s.service)
	for i := range s.options.clients {
		s.clients = append(s.clients, newClient(i, s.seed, s.service.URL, s.tokens, s.report))
	}
	if err := s.fill(ctx); err != nil {
		return fmt.Errorf("fill the service: %w", err)
	}
	if err := s.drive(ctx, "warm-up", s.warmUp()); err != nil {
		return err
	}
	if s.report.before, err = s.ward.rest(ctx, nil); err != nil {
		return err
	}
	s.log.Info("at rest", "goroutines", s.report.before.goroutines, "descriptors", s.report.before.descriptors, "RSS MiB", int(s.report.before.rssMB))
	if err := s.drive(ctx, "soak", s.duration); err != nil {
		return err
	}
	return s.compare(ctx)
}

// fill stores what the clients read and nobody changes.
func (s *soak) fill(ctx context.Context) error {
	for _, sample := range [][]string{
		{"--cluster", viewsCluster, "k8s.json"},
		{"mesos.ndjson"},
	} {
		args := append([]string{"import", "--server", s.service.URL}, sample...)
		args[len(args)-1] = filepath.Join(s.root, "scripts/samples", args[len(args)-1])
		cmd := service.Tool(ctx, s.root, s.dir, s.Bin, args...)
		cmd.Env = append(cmd.Env, "BCS_STORAGE_TOKEN="+s.tokens.admin)
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("import %s: %w", sample[len(sample)-1], err)
		}
	}
	c := s.clients[0]
	for i := range bigDocuments {
		a := c.ask(ctx, sent{
			kind: "fill", method: http.MethodPut, token: s.tokens.admin,
			path: fmt.Sprintf("%s/k8s/dynamic/cluster_resources/clusters/%s/Blob/b%d", documentedPrefix, bigCluster, i),
			body: `{"data":{"text":"` + strings.Repeat("big ", bigBytes/4) + `"}}`,
		})
		if a.err != nil || a.outcome() != done {
			return fmt.Errorf("a large document: %d %s: %w", a.status, shown(string(a.body)), a.err)
		}
	}
	return ctx.Err()
}

// The documents of the large list: together more than the buffers of a connection hold.
const (
	bigDocuments = 60
	bigBytes     = 200 << 10
)

// drive lets all clients work for the time, and then look at everything that they have stored.
func (s *soak) drive(ctx context.Context, phase string, d time.Duration) error {
	until := time.Now().Add(d)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, c := range s.clients {
		running.Go(func() {
			c.run(ctx, until)
			c.verifyAll(ctx)
			c.close()
		})
	}
	over := make(chan struct{})
	go func() {
		running.Wait()
		close(over)
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	enough := s.report.tooMany
	for {
		select {
		case <-tick.C:
			s.progress(phase, until)
		case <-enough:
			cancel(errors.New("there are too many failures"))
			enough = nil
		case <-over:
			s.progress(phase, until)
			return context.Cause(ctx)
		}
	}
}

func (s *soak) progress(phase string, until time.Time) {
	requests, limited, failures := s.report.sofar()
	u, err := s.service.Usage()
	if err != nil {
		return // it has ended, which is told elsewhere
	}
	s.log.Info(phase, "left", max(0, time.Until(until)).Round(time.Second), "requests", requests, "limited", limited, "failures", failures, "RSS MiB", int(u.NowMB))
}

// compare looks whether the service holds as much as before.
func (s *soak) compare(ctx context.Context) (err error) {
	u, err := s.service.Usage()
	if err != nil {
		return err
	}
	s.report.peakMB = u.PeakMB
	before := s.report.before
	after, err := s.ward.rest(ctx, &before)
	if s.report.after = after; ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		s.report.problem("the service holds other than before", "goroutines", after.goroutines, "before", before.goroutines,
			"descriptors", after.descriptors, "descriptors before", before.descriptors, "error", err, "stacks", "\n"+after.stacks, "stacks before", "\n"+before.stacks)
	}
	if grown := after.rssMB - before.rssMB; grown > mostGrowth {
		s.report.problem("the service has grown", "MiB", int(grown), "allowed", mostGrowth)
	}
	return nil
}
