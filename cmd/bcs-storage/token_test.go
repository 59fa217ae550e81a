package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
	"bcs-storage/conf"
)

func TestTokenCommand(t *testing.T) {
	form := regexp.MustCompile(`^token: ([A-Z2-7]{26,})\nsha256: ([0-9a-f]{64})\n$`)
	seen := map[string]bool{}
	for range 3 {
		got := call(t, nil, "token")
		parts := form.FindStringSubmatch(got.stdout)
		if got.code != 0 || got.stderr != "" || parts == nil {
			t.Fatalf("%+v", got)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(parts[1]))); parts[2] != want || seen[want] {
			t.Errorf("%s: the digest is %s, it was there before: %v", got.stdout, want, seen[want])
		}
		seen[parts[2]] = true
		// The line is one of the file of tokens.
		_, line, _ := strings.Cut(got.stdout, "\n")
		if _, err := conf.ParseTokens([]byte("- " + line + "  name: x\n  verbs: [read]\n  clusters: ['*']\n")); err != nil {
			t.Error(err)
		}
	}
	if got := call(t, nil, "token", "mine"); got.code != 2 {
		t.Errorf("with an argument: %+v", got)
	}
}

// TestImportShowsWhoItIs: over TLS on both sides, with a token.
func TestImportShowsWhoItIs(t *testing.T) {
	ca, clients, dir := testparts.NewAuthority(t), testparts.NewAuthority(t), t.TempDir()
	certificate, key := ca.Issue()
	file := func(name string, content []byte) string { return testparts.WriteFile(t, dir, name, content) }
	environ := []string{
		"BCS_STORAGE_TLS_CERTIFICATE=" + file("server.crt", certificate), "BCS_STORAGE_TLS_KEY=" + file("server.key", key),
		"BCS_STORAGE_TLS_CLIENT_CA=" + file("clients.crt", clients.PEM()),
		"BCS_STORAGE_AUTH_TOKENS=" + file("tokens.yaml", fmt.Appendf(nil, "- {name: importer, sha256: '%x', verbs: [write], clusters: [C]}\n", sha256.Sum256([]byte("tok en")))),
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, stdout := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir}, environ, strings.NewReader(""), stdout, t.Output())
		stdout.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	server, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found || !strings.HasPrefix(server, "https://127.0.0.1:") {
		t.Fatalf("%q %v", line, err)
	}
	mine, mineKey := clients.Issue()
	in := file("in.ndjson", []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}`))
	trust := []string{"--ca", file("ca.crt", ca.PEM())}
	known := append(trust, "--certificate", file("my.crt", mine), "--key", file("my.key", mineKey))
	token := []string{"--token-file", file("token", []byte("tok en\n"))}
	for name, tt := range map[string]struct {
		environ []string
		flags   []string
		cluster string
		want    string // "": it works
	}{
		"token file":          {nil, append(known, token...), "C", ""},
		"token in a variable": {[]string{"BCS_STORAGE_TOKEN=tok en", "BCS_STORAGE_CA=" + dir + "/ca.crt"}, known[2:], "C", ""},
		"the file wins":       {[]string{"BCS_STORAGE_TOKEN=other"}, append(known, token...), "C", ""},
		"no token":            {nil, known, "C", "HTTP 401"},
		"another token":       {[]string{"BCS_STORAGE_TOKEN=other"}, known, "C", "HTTP 401"},
		"another cluster":     {nil, append(known, token...), "D", "importer may not write in the cluster"},
		"nobody":              {nil, append(trust, token...), "C", "imported 0 objects"},
		"no authority":        {nil, append(known[2:], token...), "C", "certificate"},
		"no such file":        {nil, append(known, "--token-file", dir+"/none"), "C", "token-file: open "},
		"no token in it":      {nil, append(known, "--token-file", file("blank", []byte(" \n"))), "C", "blank is empty"},
		"half a pair":         {nil, append(trust, "--key", dir+"/my.key"), "C", "give both or none"},
		"no authority in it":  {nil, []string{"--ca", dir + "/my.key"}, "C", "holds no certificate in PEM"},
		"no such authority":   {nil, []string{"--ca", dir + "/none"}, "C", "ca: open "},
		"another key":         {nil, append(trust, "--certificate", dir+"/my.crt", "--key", dir+"/server.key"), "C", "certificate, key: "},
	} {
		t.Run(name, func(t *testing.T) {
			got := call(t, tt.environ, append([]string{"import", "--server", server, "--cluster", tt.cluster, in}, tt.flags...)...)
			said := got.stdout + got.stderr
			if tt.want == "" && (got.code != 0 || !strings.Contains(said, "imported 1 object")) || tt.want != "" && (got.code != 1 || !strings.Contains(said, tt.want)) {
				t.Errorf("code %d, %q: %s", got.code, tt.want, said)
			}
			if strings.Contains(said, "tok en") {
				t.Error("prints the token")
			}
		})
	}
	for name, tt := range map[string]struct {
		environ, flags []string
		want           string
	}{
		"health":                      {nil, known, `"ok":true`},
		"health, trust in a variable": {[]string{"BCS_STORAGE_CA=" + dir + "/ca.crt"}, known[2:], `"ok":true`},
		"health of nobody":            {nil, trust, "health: "},
		"health, no authority":        {nil, known[2:], "certificate"},
		"health, half a pair":         {nil, append(trust, "--key", dir+"/my.key"), "health: certificate and key: give both or none"},
	} {
		t.Run(name, func(t *testing.T) {
			got := call(t, tt.environ, append([]string{"health", "--server", server}, tt.flags...)...)
			if said := got.stdout + got.stderr; !strings.Contains(said, tt.want) || (got.code == 0) != (tt.want == `"ok":true`) {
				t.Errorf("code %d, want %q: %s", got.code, tt.want, said)
			}
		})
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "bcs-storage.db")); err != nil {
		t.Error(err)
	}
}

// TestReadmeTokens: what README shows is a file of tokens, and the first digest in it that of the token there.
func TestReadmeTokens(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(- name: .*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README shows no file of tokens")
	}
	tokens, err := conf.ParseTokens(block[1])
	if err != nil || len(tokens) != 2 || tokens[0].SHA256 != sha256.Sum256([]byte("a-token-of-your-own-that-nobody-guesses")) {
		t.Errorf("%v %v", tokens, err)
	}
}
