package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"bcs-storage/cmd/bcs-storage/app"
	"bcs-storage/conf"
	"bcs-storage/storage/sqlite"
)

func (c cli) backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup [flags] FILE",
		Short: "Copy the store of the embedded engines to a file, also while a service uses it",
		Long: `Copy the store of the embedded engines to a file, also while a service uses it: the copy is the store as it was when
the command began, and no request waits for it. It is read through before it gets its name. "bcs-storage restore" puts it back.

The settings are those of serve, from the same file, environment and flags.`,
		Args: oneFile("backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.dataFile(cmd)
			if err != nil {
				return err
			}
			return failed(c.backup(cmd.Context(), path, args[0], force))
		},
	}
	addEngineSettings(cmd.Flags())
	cmd.Flags().BoolVar(&force, "force", false, "Replace FILE if it is there.")
	return cmd
}

func (c cli) restoreCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "restore [flags] FILE",
		Short: "Put a backup in the place of the store of the embedded engines",
		Long: `Put a backup in the place of the store of the embedded engines. No service may be using it. The backup is read through
first. If the process or the machine dies meanwhile, the store is the old one or the restored one.

The settings are those of serve, from the same file, environment and flags.`,
		Args: oneFile("restore"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.dataFile(cmd)
			if err != nil {
				return err
			}
			return failed(c.restore(cmd.Context(), args[0], path, force))
		},
	}
	addEngineSettings(cmd.Flags())
	cmd.Flags().BoolVar(&force, "force", false, "Replace the store that is there; it is kept beside, under another name.")
	return cmd
}

// dataFile is the file of the embedded engines that the settings lead to.
func (c cli) dataFile(cmd *cobra.Command) (string, error) {
	config, err := c.load(cmd.Flags())
	if err != nil {
		return "", err
	}
	path, used := app.DataFile(config)
	if !used {
		return "", fmt.Errorf("%s: with storage: %s and watch: %s nothing is kept in files: back up those servers, or use export",
			cmd.Name(), config.Storage, config.Watch)
	}
	return path, nil
}

func (c cli) backup(ctx context.Context, path, target string, force bool) error {
	start, shown := time.Now(), newProgress(c.stderr)
	err := sqlite.Backup(ctx, path, target, force, func(done, total int64) { shown.bytes("copying", done, total) })
	shown.close()
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; --force replaces it", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "backed up %s to %s in %s, and read it through\n", path, target, lasted(start))
	return nil
}

func (c cli) restore(ctx context.Context, source, path string, force bool) error {
	start, shown := time.Now(), newProgress(c.stderr)
	keep := ""
	if force {
		keep = path + ".before-restore-" + start.UTC().Format("20060102T150405.000Z")
	}
	replaced, err := sqlite.Restore(ctx, source, path, keep, func(done, total int64) { shown.bytes("copying", done, total) })
	shown.close()
	if errors.Is(err, fs.ErrExist) && !force {
		return fmt.Errorf("%w; --force replaces the store and keeps it under another name", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "restored %s from %s in %s, and read it through\n", path, source, lasted(start))
	if replaced {
		fmt.Fprintf(c.stdout, "the store that was there is %s\n", keep)
	}
	return nil
}

// lasted is how long something took, for people.
func lasted(start time.Time) time.Duration {
	d := time.Since(start)
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

// engineSettings are the flags of serve that say which engines there are and where.
func engineSettings() []string {
	return []string{"data-dir", "storage", "mongodb-uri", "watch", "zookeeper", conf.FlagConfig}
}
