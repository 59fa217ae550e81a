package service

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ProjectDir is where the project is, seen from its top as well as from this module.
func ProjectDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "bcs-storage").Output()
	if err != nil {
		return "", fmt.Errorf("find the project; run this in its folder: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Build builds the program of the project at root into dir and says where it is. With race it has the race detector.
func Build(ctx context.Context, root, dir string, race bool) (string, error) {
	bin := filepath.Join(dir, "bcs-storage")
	args := []string{"build", "-trimpath", "-o", bin}
	if race {
		args = append(args, "-race")
	}
	cmd := Tool(ctx, root, dir, "go", append(args, "./cmd/bcs-storage")...)
	if race {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=1")
	}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the service: %w", err)
	}
	return bin, nil
}

// Tool is a program of the Go distribution, whose temporary files are in tmp. When ctx ends so does all it started.
func Tool(ctx context.Context, dir, tmp, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
