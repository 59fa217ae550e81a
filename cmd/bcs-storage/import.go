package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bcs-storage/cmd/bcs-storage/archive"
	"bcs-storage/cmd/bcs-storage/importer"
	"bcs-storage/conf"
)

const defaultServer = "http://127.0.0.1:50024"

// target is where an import goes, as far as flags and environment say.
type target struct {
	server, cluster string
	merge           bool
	identity
}

func (c cli) importCommand() *cobra.Command {
	var to target
	cmd := &cobra.Command{
		Use:   "import [flags] FILE|-",
		Short: "Send the documents of a file, or of standard input, to a server; load an archive into the engines",
		Long: `Send the documents of a file, or of standard input, to a server (--server, --cluster).

A file that "bcs-storage export" wrote is loaded into the engines themselves: the settings are those of serve, from the same file,
environment and flags. It is checked before anything is stored, and everything is read back and compared afterwards.`,
		Args: oneFile("import"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.importAny(cmd, to, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to.server, "server", defaultServer, "`URL` of the server. Environment: "+conf.EnvServer+".")
	flags.StringVar(&to.cluster, "cluster", "", "`ID` of the cluster. Environment: "+conf.EnvCluster+".")
	addEngineSettings(flags)
	flags.BoolVar(&to.merge, "merge", false, "Import an archive into engines that have documents: those of the same _id are replaced.")
	flags.StringVar(&to.tokenFile, "token-file", "", "`FILE` that holds the token to send. The token itself may be in the environment: "+conf.EnvToken+".")
	to.tlsFlags(flags)
	return cmd
}

func oneFile(command string) cobra.PositionalArgs {
	or := ""
	if command == "import" {
		or = ", or - for standard input"
	}
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s: takes one FILE%s, not %d", command, or, len(args))
		}
		return nil
	}
}

// importAny finds out what is imported, and refuses the flags of the other sort.
func (c cli) importAny(cmd *cobra.Command, to target, name string) error {
	isArchive := false
	if name != "-" {
		var err error
		if isArchive, err = archive.Is(name); err != nil {
			return failed(fmt.Errorf("import: %w", err))
		}
	}
	if isArchive {
		if err := refuseFlags(cmd.Flags(), name+" is an archive, which goes into the engines, not to a server", "server", "cluster", "token-file", "ca", "certificate", "key"); err != nil {
			return err
		}
		config, err := c.load(cmd.Flags())
		if err != nil {
			return err
		}
		return failed(wrap("import", c.importArchive(cmd.Context(), config, name, to.merge)))
	}
	if err := refuseFlags(cmd.Flags(), name+" is no archive, so it goes to a server", append(engineSettings(), "merge")...); err != nil {
		return err
	}
	c.fill(cmd, "server", conf.EnvServer, &to.server)
	c.fill(cmd, "cluster", conf.EnvCluster, &to.cluster)
	c.fill(cmd, "ca", conf.EnvCA, &to.ca)
	if err := errors.Join(conf.CheckEnviron(c.environ), importer.CheckServer(to.server)); err != nil {
		return err
	}
	return failed(c.importFile(cmd.Context(), to, name))
}

// refuseFlags fails for those of the flags that were given.
func refuseFlags(flags *pflag.FlagSet, why string, names ...string) error {
	var given []error
	flags.Visit(func(f *pflag.Flag) {
		if slices.Contains(names, f.Name) {
			given = append(given, fmt.Errorf("import: --%s: %s", f.Name, why))
		}
	})
	return errors.Join(given...)
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
