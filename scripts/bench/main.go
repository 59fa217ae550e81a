// Bench measures the service under load and prints a table. It starts the program itself, on this machine, with data
// of its own, and removes all of it at the end, after a signal too.
//
//	make measure                                     the table, in about two minutes
//	make measure ARGS="-clients 1,16,256 -svg x.svg"  how throughput grows with clients
//	make measure ARGS="-scale 1,10,100 -svg x.svg"    how time grows with documents
//	make measure ARGS=-brief                         seconds: are the answers right, does it still run
//
// Every answer is checked; the exit code is 1 if one was wrong. The service and its clients share the machine, so the
// figures are those of both together.
//
// It is a module of its own, so that the modules it needs are not those of the product.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"bcs-storage/scripts/bench/service"
)

func main() {
	// A second signal does not end the program: it is busy removing what it made.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, o, os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	options
	root, dir string // the project, and where everything is that this run makes
	log       *slog.Logger
	service   *service.Service
	client    *client
	engines   *engines // in this process
	report    *report
}

// run measures what o asks for and prints it to out.
func run(ctx context.Context, o options, out io.Writer, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "bcs-storage-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := service.ProjectDir(ctx)
	if err != nil {
		return err
	}
	if o.Bin == "" {
		log.Info("building the service")
		if o.Bin, err = service.Build(ctx, root, dir, false); err != nil {
			return err
		}
	}
	r := &report{
		Time: time.Now().UTC().Truncate(time.Second), Go: runtime.Version(), CPUs: runtime.NumCPU(),
		Storage: o.Storage, Watch: o.Watch, Documents: o.n, Events: o.events, Seconds: o.phase.Seconds(),
	}
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return err
		}
	}
	b := &bench{options: o, root: root, dir: dir, log: log, report: r}
	if err := b.measure(ctx); err != nil {
		return err
	}
	err = r.markdown(out)
	if o.json != "" {
		err = errors.Join(err, r.writeJSON(o.json))
	}
	if o.svg != "" {
		err = errors.Join(err, r.writeSVG(o.svg))
	}
	return errors.Join(err, r.wrong())
}

// measure starts the service, fills it and measures everything.
func (b *bench) measure(ctx context.Context) (err error) {
	logged, err := os.Create(filepath.Join(b.dir, "service.log"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logged.Close()) }()
	if b.service, err = service.Start(ctx, b.Options, b.dir, logged, b.log); err != nil {
		said, _ := os.ReadFile(logged.Name())
		return fmt.Errorf("%w; it logged:\n%s", err, said)
	}
	defer func() { err = errors.Join(err, b.service.Stop()) }()
	ctx = b.service.Context // ends when the service does
	b.client = newClient(b.service.URL, slices.Max(append(b.clients, writers, readers)))

	pods := corpus{b.n, b.events}
	began := time.Now()
	if err := b.client.fill(ctx, pods, 0); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	b.report.LoadPerSecond = float64(pods.pods+pods.events+watchNodes) / time.Since(began).Seconds()
	b.report.PodBytes = len(pods.data(0, 0))
	b.log.Info("loaded", "pods", pods.pods, "events", pods.events, "documents/s", number(b.report.LoadPerSecond))
	if b.engines, err = openEngines(ctx, b.options, b.service.Place(), b.dir, pods); err != nil {
		return fmt.Errorf("the engine alone: %w", err)
	}
	defer func() { err = errors.Join(err, b.engines.close()) }()
	if err := b.measureAll(ctx, pods); err != nil {
		return err
	}
	if err := b.measureGrowth(ctx, pods); err != nil {
		return err
	}
	u, err := b.service.Usage()
	b.report.PeakMB = u.PeakMB
	for _, m := range slices.Concat(b.report.Rows, b.report.Growth) {
		b.report.PeakMB = max(b.report.PeakMB, m.PeakMB)
	}
	return err
}

// measureAll fills the report's rows. What is compared is measured one right after the other: the machine may not be
// as fast a minute later.
func (b *bench) measureAll(ctx context.Context, pods corpus) error {
	for _, op := range pods.operations() {
		if !b.asks(op) {
			continue
		}
		for _, clients := range b.clientsOf(op) {
			m, err := b.measureOperation(ctx, pods, op, clients)
			if err == nil && op.alone != nil {
				m.Alone, err = b.measureAlone(ctx, op, clients)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			b.report.Rows = append(b.report.Rows, m)
			b.log.Info("measured", "operation", op.name, "clients", clients, "ops/s", m.rate(), "engine alone", number(m.Alone), "wrong", m.Wrong)
		}
		if op.name == putPod && b.Storage == service.StorageSQLite {
			var err error
			if b.report.Floor, err = measureFloor(ctx, b.root, b.dir, b.phase); err != nil {
				return fmt.Errorf("bare SQLite: %w", err)
			}
		}
	}
	return nil
}

// measureGrowth measures the reads again with more and more pods.
func (b *bench) measureGrowth(ctx context.Context, pods corpus) error {
	for _, scale := range b.scale {
		have := pods.pods
		pods.pods = max(have, b.n*scale)
		b.log.Info("loading", "pods", pods.pods)
		if err := b.client.fill(ctx, pods, have); err != nil {
			return fmt.Errorf("load: %w", err)
		}
		for _, op := range pods.operations() {
			if op.write || !b.asks(op) {
				continue
			}
			m, err := b.measureOperation(ctx, pods, op, readers)
			if err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			b.report.Growth = append(b.report.Growth, m)
			b.log.Info("measured", "operation", op.name, "pods", pods.pods, "ops/s", m.rate(), "wrong", m.Wrong)
		}
	}
	return nil
}
