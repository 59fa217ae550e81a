package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"bcs-storage/cmd/bcs-storage/importer"
	"bcs-storage/conf"
)

const defaultServer = "http://127.0.0.1:50024"

// target is where an import goes, as far as flags and environment say.
type target struct {
	server, cluster string
	identity
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
			c.fill(cmd, "ca", conf.EnvCA, &to.ca)
			if err := errors.Join(conf.CheckEnviron(c.environ), importer.CheckServer(to.server)); err != nil {
				return err
			}
			return failed(c.importFile(cmd.Context(), to, args[0]))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&to.server, "server", defaultServer, "`URL` of the server. Environment: "+conf.EnvServer+".")
	flags.StringVar(&to.cluster, "cluster", "", "`ID` of the cluster. Environment: "+conf.EnvCluster+".")
	flags.StringVar(&to.tokenFile, "token-file", "", "`FILE` that holds the token to send. The token itself may be in the environment: "+conf.EnvToken+".")
	flags.StringVar(&to.ca, "ca", "", "`FILE` with the authorities, in PEM, that vouch for an https server, instead of the system's. Environment: "+conf.EnvCA+".")
	flags.StringVar(&to.certificate, "certificate", "", "`FILE` with a client certificate, in PEM, for a server that asks for one.")
	flags.StringVar(&to.key, "key", "", "`FILE` with its key, in PEM.")
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

func (c cli) importFile(ctx context.Context, to target, name string) error {
	token, err := c.token(to.tokenFile)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	trust, err := to.tls()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	o := importer.Options{
		Server: to.server, Cluster: to.cluster, Token: token, TLS: trust,
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
