package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/conf"
)

func (c cli) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the HTTP API until SIGINT or SIGTERM",
		Long: `Serve the HTTP API until SIGINT or SIGTERM. A second signal ends the process at once.

Settings come from the file, then the environment, then the flags; the later one wins.
"bcs-storage config" prints all of them, also those that have no flag.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := c.load(cmd.Flags())
			if err != nil {
				return err
			}
			return failed(c.serve(cmd.Context(), config))
		},
	}
	addSettings(cmd.Flags())
	return cmd
}

// gcPercent is how much garbage there may be beside what is in use, in percent of it.
// Most memory is the caches of the embedded engine, outside of Go's heap. What is in use on the
// heap is a megabyte or two: with Go's own 100 it is searched for garbage fifty times a second.
const gcPercent = 400

func (c cli) serve(ctx context.Context, config conf.Config) error {
	if _, given := conf.Lookup(c.environ, "GOGC"); !given {
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	}
	a, err := app.New(ctx, app.Options{Config: config, Log: newLogger(config.Log, c.stderr), Version: buildVersion()})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	started := fmt.Sprintf("listening on %s\n", a.URL())
	if at := a.MetricsAddr(); at != "" {
		started += fmt.Sprintf("metrics on http://%s/metrics\n", at)
	}
	fmt.Fprint(c.stdout, started)
	served := a.Run(ctx)

	// ctx is done here, and requests that are still running must have their time all the same.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.HTTP.ShutdownTimeout)
	defer cancel()
	return errors.Join(wrap("serve", served), wrap("stop", a.Stop(stopping)))
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func (c cli) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the settings that serve would use, with a comment on each",
		Long: `Print the settings that serve would use, given the same file, environment and flags.
The output is a file for --config, apart from secrets, which are not printed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := c.load(cmd.Flags())
			if err != nil {
				return err
			}
			return failed(config.WriteYAML(c.stdout))
		},
	}
	addSettings(cmd.Flags())
	return cmd
}

// addSettings makes a flag of each setting that has one. All are text: conf reads the values, so that it can report what
// is wrong with all of them at once.
func addSettings(flags *pflag.FlagSet) { addSettingsWhere(flags, func(string) bool { return true }) }

// addEngineSettings makes the flags of the settings that say where everything is kept.
func addEngineSettings(flags *pflag.FlagSet) {
	addSettingsWhere(flags, func(flag string) bool { return slices.Contains(engineSettings(), flag) })
}

func addSettingsWhere(flags *pflag.FlagSet, wanted func(flag string) bool) {
	flags.SortFlags = false
	flags.String(conf.FlagConfig, "", "`FILE` with settings in YAML. Environment: "+conf.EnvConfig+".")
	for _, s := range conf.Settings() {
		if s.Flag != "" && wanted(s.Flag) {
			flags.String(s.Flag, s.Default(), s.Usage())
			if s.Switch() {
				flags.Lookup(s.Flag).NoOptDefVal = "true"
			}
		}
	}
}

func (c cli) load(flags *pflag.FlagSet) (conf.Config, error) {
	given := map[string]string{}
	flags.Visit(func(f *pflag.Flag) {
		if f.Name == conf.FlagConfig || isSetting(f.Name) {
			given[f.Name] = f.Value.String()
		}
	})
	return conf.Load(c.environ, given)
}

// isSetting says whether the flag is a setting's; a command may have others.
func isSetting(flag string) bool {
	return slices.ContainsFunc(conf.Settings(), func(s conf.Setting) bool { return s.Flag == flag })
}

func newLogger(l conf.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // not reached with a Config that Load returned
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == conf.LogFormatJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
