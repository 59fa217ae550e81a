// Soak starts the service, as bench does, and drives random traffic at it for a while, the most of it good and some of it
// hostile: broken bodies, torn connections, slow readers, wrong tokens. It knows what every client has stored, and
// reads it back.
//
//	make soak                          ten minutes
//	make soak ARGS="-duration 20s"     does it still run
//	make soak ARGS="-seed 7 -clients 4"  the choices of another run again
//
// The exit code is 1 if anything was lost, changed or answered in another form than the API's, if the service was at
// fault or panicked, and if it holds more goroutines or descriptors when the clients have gone than it did before.
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
	"syscall"

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
		fmt.Fprintln(os.Stderr, "soak:", err)
		stop()
		os.Exit(1)
	}
}

// run is one run; what it found goes to out.
func run(ctx context.Context, o options, out io.Writer, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "bcs-storage-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := service.ProjectDir(ctx)
	if err != nil {
		return err
	}
	if o.Bin == "" {
		log.Info("building the service", "race", o.race)
		if o.Bin, err = service.Build(ctx, root, dir, o.race); err != nil {
			return err
		}
	}
	secrets, err := writeTokens(dir, o.clients)
	if err != nil {
		return err
	}
	o.Environ = settings(o.Options, secrets.file)
	log.Info("soak", "seed", o.seed, "clients", o.clients, "warm-up", o.warmUp(), "duration", o.duration)
	s := &soak{options: o, root: root, dir: dir, log: log, tokens: secrets, report: newReport(log)}
	return errors.Join(s.run(ctx), s.report.print(out, o))
}
