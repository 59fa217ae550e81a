package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const asMain = "TEST_BCS_STORAGE_MAIN"

// TestMain lets a test start this binary as the program itself, to send it signals.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// result is what a caller of the program sees.
type result struct {
	code           int
	stdout, stderr string
}

func call(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	code := run(t.Context(), args, environ, strings.NewReader(""), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bcs-storage.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageErrors(t *testing.T) {
	tests := map[string]struct {
		environ []string
		args    []string
		want    []string
	}{
		"no command":       {args: nil, want: []string{`no command given, "bcs-storage help" lists them`}},
		"unknown command":  {args: []string{"sevre"}, want: []string{`unknown command "sevre" for "bcs-storage"`}},
		"no completion":    {args: []string{"completion"}, want: []string{`unknown command "completion" for "bcs-storage"`}},
		"unknown topic":    {args: []string{"help", "sevre"}, want: []string{`unknown command "sevre" for "bcs-storage"`}},
		"unknown flag":     {args: []string{"serve", "--port", "1"}, want: []string{`unknown flag: --port`}},
		"argument":         {args: []string{"serve", "now"}, want: []string{`unknown command "now" for "bcs-storage serve"`}},
		"import no file":   {args: []string{"import"}, want: []string{`import: takes one FILE, or - for standard input, not 0`}},
		"import two files": {args: []string{"import", "a", "b"}, want: []string{`import: takes one FILE, or - for standard input, not 2`}},
		"import, all at once": {
			environ: []string{"BCS_STORAGE_SERVER=localhost:50024", "BCS_STORAGE_CLUSTR=c"},
			args:    []string{"import", "-"},
			want: []string{
				`BCS_STORAGE_CLUSTR: unknown environment variable`,
				`server: "localhost:50024" is not an http or https URL`,
			},
		},
		"config, all at once": {
			environ: []string{"BCS_STORAGE_QUERY_MAX_LENGTH=many", "BCS_STORAGE_LISTN=:1"},
			args:    []string{"config", "--listen", "nowhere", "--storage", "mongodb"},
			want: []string{
				`BCS_STORAGE_LISTN: unknown environment variable`,
				`query.maxLength: "many" is not a whole number (from BCS_STORAGE_QUERY_MAX_LENGTH)`,
				`listen: "nowhere" is not host:port (from --listen)`,
				`mongodb.uri: is needed with storage: mongodb`,
			},
		},
		"serve, like config": {
			args: []string{"serve", "--watch", "zookeeper", "--dialect", "english"},
			want: []string{
				`dialect: "english" is not one of documented, deployed (from --dialect)`,
				`zookeeper.servers: is needed with watch: zookeeper`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want := result{code: 2, stderr: "bcs-storage: " + strings.Join(tt.want, "\nbcs-storage: ") + "\n"}
			if diff := cmp.Diff(want, call(t, tt.environ, tt.args...), cmp.AllowUnexported(result{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownKey(t *testing.T) {
	path := writeFile(t, "Listen: :1\nquery: {maxlength: 5}\n")
	got := call(t, nil, "config", "--config", path)
	want := result{code: 2, stderr: "bcs-storage: Listen: unknown setting (from " + path + ")\n" +
		"bcs-storage: query.maxlength: unknown setting (from " + path + ")\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Error(diff)
	}
}

func TestHelp(t *testing.T) {
	tests := map[string]struct{ args, want []string }{
		"commands": {[]string{"help"}, []string{"  serve ", "  import ", "  export ", "  backup ", "  restore ", "  token ", "  config ", "  health ", "  version ", "  help "}},
		"flag":     {[]string{"--help"}, []string{"  serve "}},
		"serve": {[]string{"help", "serve"}, []string{
			"--config FILE", "--listen string", "--data-dir", "--storage", "--mongodb-uri", "--watch", "--zookeeper", "--dialect",
			"sqlite, mongodb", "BCS_STORAGE_DATA_DIR", `(default "127.0.0.1:50024")`,
		}},
		"import": {[]string{"import", "--help"}, []string{"FILE|-", "--server URL", "--cluster ID", "BCS_STORAGE_SERVER"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := call(t, nil, tt.args...)
			if got.code != 0 || got.stderr != "" {
				t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("no %q in\n%s", want, got.stdout)
				}
			}
			if strings.Contains(got.stdout, "completion") {
				t.Error("completion is offered")
			}
		})
	}
}

func TestConfigPrecedence(t *testing.T) {
	path := writeFile(t, "listen: 127.0.0.1:1\ndataDir: /from/file\ndialect: deployed\n")
	got := call(t, []string{"BCS_STORAGE_CONFIG=" + path, "BCS_STORAGE_LISTEN=127.0.0.1:2", "BCS_STORAGE_DATA_DIR=/from/env"},
		"config", "--listen", "127.0.0.1:3")
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("exit code %d, stderr %q", got.code, got.stderr)
	}
	var printed map[string]any
	if err := yaml.Unmarshal([]byte(got.stdout), &printed); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"listen": "127.0.0.1:3", "dataDir": "/from/env", "dialect": "deployed", "storage": "sqlite",
	} {
		if printed[key] != want {
			t.Errorf("%s is %v, want %v", key, printed[key], want)
		}
	}
	if again := call(t, nil, "config", "--config", writeFile(t, got.stdout)); again.stdout != got.stdout {
		t.Errorf("the output read again differs: %s", cmp.Diff(got.stdout, again.stdout))
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	const uri = "mongodb://user:hunter2@db:27017/bcs"
	file := writeFile(t, "mongodb: {uri: ["+uri+"]}\n")
	for name, got := range map[string]result{
		"flag":        call(t, nil, "config", "--mongodb-uri", uri),
		"environment": call(t, []string{"BCS_STORAGE_MONGODB_URI=" + uri}, "config"),
		"file":        call(t, nil, "config", "--config", file),
		"help":        call(t, []string{"BCS_STORAGE_MONGODB_URI=" + uri}, "help", "serve"),
	} {
		if strings.Contains(got.stdout+got.stderr, "hunter2") {
			t.Errorf("%s: the password is in %v", name, got)
		}
	}
}

func TestVersion(t *testing.T) {
	got := call(t, nil, "version")
	if fields := strings.Fields(got.stdout); got.code != 0 || len(fields) != 5 || fields[0] != "bcs-storage" {
		t.Errorf("got %+v", got)
	}
}

func TestImportFailures(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.ndjson")
	got := call(t, nil, "import", missing)
	want := result{code: 1, stderr: "bcs-storage: import: open " + missing + ": no such file or directory\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Error(diff)
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, stdout := io.Pipe()
	code := make(chan int, 1)
	go func() {
		args := []string{"serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data-dir", t.TempDir()}
		code <- run(ctx, args, nil, strings.NewReader(""), stdout, t.Output())
		stdout.Close()
	}()
	lines := bufio.NewReader(reader)
	dial(t, address(t, lines))
	at, err := url.Parse(metricsAddress(t, lines))
	if err != nil {
		t.Fatal(err)
	}
	dial(t, at.Host)
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}

// address reads the line that tells where the server listens.
func address(t *testing.T, stdout *bufio.Reader) string {
	t.Helper()
	line, err := stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v", err)
	}
	at, found := strings.CutPrefix(strings.TrimSpace(line), "listening on http://")
	if !found || strings.HasSuffix(at, ":0") {
		t.Fatalf("got line %q", line)
	}
	return at
}

// metricsAddress reads the line after that, which tells where the metrics are.
func metricsAddress(t *testing.T, stdout *bufio.Reader) string {
	t.Helper()
	line, err := stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("no address of the metrics: %v", err)
	}
	at, found := strings.CutPrefix(strings.TrimSpace(line), "metrics on ")
	if !found || strings.HasSuffix(at, ":0/metrics") {
		t.Fatalf("got line %q", line)
	}
	return at
}

func dial(t *testing.T, at string) {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestServeCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flags := range [][]string{
		{"--listen", taken.Addr().String(), "--metrics-listen", "127.0.0.1:0"},
		{"--listen", "127.0.0.1:0", "--metrics-listen", taken.Addr().String()},
	} {
		got := call(t, nil, append([]string{"serve", "--data-dir", t.TempDir()}, flags...)...)
		if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, "bcs-storage: start: ") {
			t.Errorf("%s: got %+v", flags, got)
		}
	}
}

func TestSignalStopsGracefully(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := startChild(t, "--data-dir", t.TempDir()).cmd
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
