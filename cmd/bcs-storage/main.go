// Command bcs-storage keeps the resources of Kubernetes and mesos clusters and answers queries over them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // query.timeZone must work in an image that has no zone files

	"github.com/spf13/cobra"
)

// Exit codes: a program that starts bcs-storage can tell "ask differently" from "try again".
const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore) // the first signal asks to stop; a second one then ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program as a function. It returns the exit code, once nothing that it started is running.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := cli{environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	err := c.execute(ctx, args)
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "bcs-storage: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if _, ok := errors.AsType[failure](err); ok {
		return exitFailed
	}
	return exitUsage
}

// failure is an error of the work itself; any other is a mistake in how the program was started.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

// cli is what the subcommands share: where they read and write.
type cli struct {
	environ        []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

func (c cli) execute(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New(`no command given, "bcs-storage help" lists them`)
	}
	root := c.root()
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

func (c cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:                "bcs-storage",
		Short:              "Keeps the resources of Kubernetes and mesos clusters and answers queries over them.",
		SilenceErrors:      true, // run prints them, one problem per line
		SilenceUsage:       true, // a page of usage would hide the line that says what is wrong
		DisableSuggestions: true, // they come on lines of their own
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.SetHelpCommand(helpCommand())
	root.AddCommand(c.serveCommand(), c.importCommand(), c.exportCommand(), c.backupCommand(), c.restoreCommand(),
		c.tokenCommand(), c.configCommand(), c.healthCommand(), c.versionCommand())
	return root
}

// helpCommand refuses a topic that does not exist; cobra's own prints a note and succeeds.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show how a command is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, _, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}
