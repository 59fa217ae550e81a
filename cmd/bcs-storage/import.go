package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"bcs-storage/cmd/bcs-storage/importer"
	"bcs-storage/conf"
)

const (
	defaultServer      = "http://127.0.0.1:50024"
	defaultConcurrency = 8
)

// target is where an import goes, as far as flags and environment say.
type target struct {
	server, cluster string
	concurrency     int
}

func (c cli) importCommand() *cobra.Command {
	var to target
	cmd := &cobra.Command{
		Use:   "import [flags] FILE|-",
		Short: "Send the documents of a file, or of standard input, to a server",
		Args:  oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.fill(cmd, "server", conf.EnvServer, &to.server)
			c.fill(cmd, "cluster", conf.EnvCluster, &to.cluster)
			if err := errors.Join(conf.CheckEnviron(c.environ), to.check()); err != nil {
				return err
			}
			return failed(c.importFile(cmd.Context(), to, args[0]))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&to.server, "server", defaultServer, "`URL` of the server. Environment: "+conf.EnvServer+".")
	flags.StringVar(&to.cluster, "cluster", "", "`ID` of the cluster. Environment: "+conf.EnvCluster+".")
	flags.IntVar(&to.concurrency, "concurrency", defaultConcurrency, "How many requests are under way at a time.")
	return cmd
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("import: takes one FILE, or - for standard input, not %d", len(args))
	}
	return nil
}

// fill takes a variable for a flag that was not given.
func (c cli) fill(cmd *cobra.Command, flag, variable string, value *string) {
	if written, given := conf.Lookup(c.environ, variable); given && !cmd.Flags().Changed(flag) {
		*value = written
	}
}

func (t target) check() error {
	var found []error
	server, err := url.Parse(t.server)
	if err != nil || server.Host == "" || server.Scheme != "http" && server.Scheme != "https" {
		found = append(found, fmt.Errorf("server: %q is not an http or https URL", t.server))
	}
	if t.concurrency < 1 {
		found = append(found, fmt.Errorf("concurrency: %d is not 1 or more", t.concurrency))
	}
	return errors.Join(found...)
}

func (c cli) importFile(ctx context.Context, to target, name string) error {
	o := importer.Options{
		Server: to.server, Cluster: to.cluster, Concurrency: to.concurrency,
		In: c.stdin, Name: "standard input", Out: c.stdout, Log: newLogger(conf.Default().Log, c.stderr),
	}
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer file.Close()
		o.In, o.Name = file, name
	}
	return wrap("import", importer.Run(ctx, o))
}
