package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the outputs of README's examples anew")

// console is a block of README: commands behind "$ " and what they print.
var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// took is the only thing in an output that differs from run to run.
var took = regexp.MustCompile(`in [0-9.]+m?s, `)

// TestReadme runs the commands of README in their order, as a reader would,
// against the real program, and compares what they print.
func TestReadme(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI needs %s", tool)
			}
			t.Skipf("%s is not installed; README's examples need it", tool)
		}
	}
	const path = "../../README.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// Signed requests are shown with the sample credentials.
	credentials, err := filepath.Abs("../../scripts/samples/ccs-credentials.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := startChildIn(t, []string{"BCS_STORAGE_VIEWS_CCS_CREDENTIALS=" + credentials}, t.Output(), "--data-dir", filepath.Join(dir, "data"))
	defer c.kill()
	at := strings.TrimSuffix(strings.TrimPrefix(c.base, "http://"), "/bcsstorage/v1")
	const documented = "127.0.0.1:50024"
	metrics := strings.TrimSuffix(strings.TrimPrefix(c.metrics, "http://"), "/metrics")
	real := strings.NewReplacer(documented, at, "127.0.0.1:50025", metrics)

	var commands []string
	for _, block := range console.FindAllStringSubmatch(string(raw), -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands = append(commands, strings.TrimSuffix(command, "\n"))
			}
		}
	}
	outputs := shell(t, dir, "http://"+at, commands, real.Replace)
	next := 0
	fresh := console.ReplaceAllStringFunc(string(raw), func(block string) string {
		var b strings.Builder
		b.WriteString("```console\n")
		for line := range strings.Lines(block) {
			if strings.HasPrefix(line, "$ ") {
				b.WriteString(line)
				b.WriteString(strings.ReplaceAll(outputs[next], at, documented))
				next++
			}
		}
		b.WriteString("```")
		return b.String()
	})
	if *update {
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if len(commands) < 20 {
		t.Fatalf("README has %d commands", len(commands))
	}
	if diff := cmp.Diff(took.ReplaceAllString(string(raw), ""), took.ReplaceAllString(fresh, "")); diff != "" {
		t.Errorf("README is not what happens (-update writes it anew):\n%s", diff)
	}
}

// shell runs the commands in one bash, in dir made like this repository's folder,
// and returns what each printed, ending in a newline.
func shell(t *testing.T, dir, server string, commands []string, adapt func(string) string) []string {
	t.Helper()
	program := filepath.Join(dir, "bin", "bcs-storage")
	scripts, err := filepath.Abs("../../scripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Dir(program), 0o755),
		os.WriteFile(program, []byte(fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", asMain, os.Args[0])), 0o755),
		os.Symlink(scripts, filepath.Join(dir, "scripts")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const end = "=== end of command ==="
	var script strings.Builder
	for _, command := range commands {
		script.WriteString(adapt(command) + "\necho; echo '" + end + "'\n")
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BCS_STORAGE_SERVER="+server)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	outputs := strings.Split(string(out), end+"\n")
	if len(outputs) != len(commands)+1 {
		t.Fatalf("%d outputs of %d commands:\n%s", len(outputs)-1, len(commands), out)
	}
	for i, output := range outputs {
		if outputs[i] = strings.Trim(output, "\n"); outputs[i] != "" {
			outputs[i] += "\n"
		}
	}
	return outputs[:len(commands)]
}
