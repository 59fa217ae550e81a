package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/cmd/bcs-storage/archive"
	"bcs-storage/conf"
)

func (c cli) exportCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "export [flags] FILE",
		Short: "Write everything that the engines have to an archive",
		Long: `Write everything that the engines have to an archive: lines of JSON, compressed by zstd, that "bcs-storage import" loads
into any engines. Embedded engines may be in use by a service; the archive is then what they had when the command began.

The settings are those of serve, from the same file, environment and flags.`,
		Args: oneFile("export"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := c.load(cmd.Flags())
			if err != nil {
				return err
			}
			return failed(wrap("export", c.export(cmd.Context(), config, args[0], force)))
		},
	}
	addEngineSettings(cmd.Flags())
	cmd.Flags().BoolVar(&force, "force", false, "Replace FILE if it is there.")
	return cmd
}

func (c cli) export(ctx context.Context, config conf.Config, path string, force bool) (err error) {
	start, shown := time.Now(), newProgress(c.stderr)
	from, err := app.OpenContents(ctx, config, c.quietLogger(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	source := archive.Source{
		Header:  archive.Header{Created: start.UTC().Truncate(time.Millisecond), Storage: config.Storage, Watch: config.Watch},
		Records: from.Documents, Nodes: from.Nodes, Count: from.Count,
	}
	totals, err := archive.Export(ctx, path, force, source, shown.archive)
	shown.close()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; --force replaces it", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "exported %s in %s, to %s\n", records(totals), lasted(start), path)
	return nil
}

// importArchive loads an archive into the engines of the configuration.
func (c cli) importArchive(ctx context.Context, config conf.Config, path string, merge bool) (err error) {
	start, shown := time.Now(), newProgress(c.stderr)
	to, err := app.OpenStores(ctx, config, c.quietLogger(config.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	header, totals, err := archive.Import(ctx, path, merge, archive.Target{Documents: to.Documents, Nodes: to.Nodes}, shown.archive)
	shown.close()
	if errors.Is(err, archive.ErrNotEmpty) {
		return fmt.Errorf("%w; --merge imports all the same, and replaces what has the same _id", err)
	}
	if err == nil {
		err = to.Settle(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "imported %s in %s, from %s and %s into %s and %s\n",
		records(totals), lasted(start), header.Storage, header.Watch, config.Storage, config.Watch)
	fmt.Fprintln(c.stdout, "read back: every count and checksum is that of the archive")
	return nil
}

// quietLogger is for engines that are open for one command: what it returns says what went wrong.
func (c cli) quietLogger(l conf.Log) *slog.Logger {
	l.Level = slog.LevelError.String()
	return newLogger(l, c.stderr)
}

// archive shows what archive.Progress says.
func (p *progress) archive(doing string, done, total int64) {
	if doing == archive.Checking {
		p.bytes(doing, done, total)
		return
	}
	p.records(doing, done, total)
}

func records(totals archive.Totals) string {
	var each []string
	for _, t := range totals {
		each = append(each, fmt.Sprintf("%s %d", t.Collection, t.Records))
	}
	return fmt.Sprintf("%d records (%s)", totals.Records(), strings.Join(each, ", "))
}
