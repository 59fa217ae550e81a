package packages

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	repository = "../.."
	deploy     = repository + "/conf/deploy"
)

// program is the path of bcs-storage, which judges every configuration of the packages.
var program string

// TestMain builds the program, unless PACKAGES_PROGRAM names one.
func TestMain(m *testing.M) {
	code, err := withProgram(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func withProgram(run func() int) (code int, err error) {
	if program = os.Getenv("PACKAGES_PROGRAM"); program != "" {
		program, err = filepath.Abs(program)
		return run(), err
	}
	dir, err := os.MkdirTemp("", "packages")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "bcs-storage")
	if out, err := exec.Command("go", "build", "-C", repository, "-o", program, "./cmd/bcs-storage").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w\n%s", err, out)
	}
	return run(), nil
}

// settings runs the program's own check of a configuration and returns what it says is wrong, or how it understood it.
func settings(t *testing.T, file string, environ ...string) (printed string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, "config", "--config", file)
	cmd.Env = append([]string{}, environ...) // never nil, which would be the environment of the test
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.New(stderr.String())
	}
	return stdout.String(), nil
}

// TestFiles checks the configurations that are files, with the variables that the README sets beside them.
func TestFiles(t *testing.T) {
	tests := map[string]struct {
		file    string
		environ []string
		fails   bool
	}{
		"systemd":                 {file: "systemd/bcs-storage.yaml"},
		"systemd, environment":    {file: "systemd/bcs-storage.yaml", environ: []string{"BCS_STORAGE_STORAGE=mongodb", "BCS_STORAGE_MONGODB_URI=mongodb://u:p@m/"}},
		"image":                   {file: "docker/bcs-storage.yaml", fails: true}, // as its comment says
		"image, insecure":         {file: "docker/bcs-storage.yaml", environ: []string{"BCS_STORAGE_INSECURE_LISTEN=true"}},
		"image, tokens":           {file: "docker/bcs-storage.yaml", environ: []string{"BCS_STORAGE_AUTH_TOKENS=/run/tokens.yaml"}},
		"image, tokens and https": {file: "docker/bcs-storage.yaml", environ: []string{"BCS_STORAGE_AUTH_TOKENS=/run/tokens.yaml", "BCS_STORAGE_TLS_CERTIFICATE=/run/tls.crt", "BCS_STORAGE_TLS_KEY=/run/tls.key"}},
		"compose":                 {file: "compose/bcs-storage.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := settings(t, filepath.Join(deploy, tt.file), tt.environ...); (err != nil) != tt.fails {
				t.Errorf("got %v, want a failure: %t", err, tt.fails)
			}
		})
	}
}
