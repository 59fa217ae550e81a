// Devmongo serves MongoDB's wire protocol over PostgreSQL, for tests of the MongoDB engine.
//
//	devmongo serve -listen 127.0.0.1:27017 -postgres postgres://...
//	devmongo ping -addr 127.0.0.1:27017 -timeout 2s
//
// It is FerretDB with the changes of ferretdb.patch. It has no transactions, no change streams and no TTL
// indexes, and it finds a document by reading its whole collection, even by _id.
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
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
	"github.com/FerretDB/wire/wireclient"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "devmongo:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: devmongo serve|ping [flags]")
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	switch args[0] {
	case "serve":
		listen := flags.String("listen", "127.0.0.1:27017", "address to serve on")
		postgres := flags.String("postgres", "", "PostgreSQL connection string")
		_ = flags.Parse(args[1:])
		return serve(*listen, *postgres)
	case "ping":
		addr := flags.String("addr", "127.0.0.1:27017", "address to ask")
		timeout := flags.Duration("timeout", 2*time.Second, "time for connecting and the answer together")
		_ = flags.Parse(args[1:])
		return ping(*addr, *timeout)
	}
	return fmt.Errorf("unknown mode %q", args[0])
}

func serve(listen, postgres string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: listen},
		// A client that goes away is logged at the level of a warning, which fault tests make often.
		Logger:        slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:       "postgresql",
		PostgreSQLURL: postgres,
	})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// ping asks on a connection of its own, so that a server that only keeps its old ones does not pass.
func ping(addr string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := wireclient.Connect(ctx, "mongodb://"+addr+"/", slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Ping(ctx)
}
