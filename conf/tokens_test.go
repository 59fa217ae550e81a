package conf

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func digestOf(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }

func TestTokens(t *testing.T) {
	got, err := ParseTokens([]byte(`# callers
- name: watcher
  sha256: ` + digestOf("hunter2") + `
  verbs: [read, write, delete, secrets]
  clusters: [BCS-K8S-*, "BCS-MESOS-1000[0-4]"]
  rate: 0.5
  burst: 20
  maxList: 1000
- {name: '0123', sha256: ` + strings.ToUpper(digestOf("hunter3")) + `, verbs: [read], clusters: ['x', '*'], rate: 7}
- {name: b, sha256: '` + strings.Repeat("7", 64) + `', verbs: [delete], clusters: [x]}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Token{
		{Name: "watcher", SHA256: sha256.Sum256([]byte("hunter2")), Verbs: []string{"read", "write", "delete", "secrets"}, Clusters: []string{"BCS-K8S-*", "BCS-MESOS-1000[0-4]"}, Rate: 0.5, Burst: 20, MaxList: 1000},
		{Name: "0123", SHA256: sha256.Sum256([]byte("hunter3")), Verbs: []string{"read"}, Clusters: []string{"x", "*"}, Rate: 7},
		{Name: "b", SHA256: [32]byte([]byte(strings.Repeat("w", 32))), Verbs: []string{"delete"}, Clusters: []string{"x"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[0].Everywhere() || !got[0].Sees("BCS-K8S-1") || !got[0].Sees("BCS-MESOS-10003") || got[0].Sees("BCS-MESOS-10005") || got[0].Sees("") {
		t.Error("the watcher sees other clusters than its own")
	}
	if !got[1].Everywhere() || !got[1].Sees("") || got[2].Everywhere() {
		t.Error("everywhere is where * is")
	}
}

func TestBadTokens(t *testing.T) {
	sum := "sha256: " + digestOf("hunter2")
	const name, verbs, clusters = "name: a", "verbs: [read]", "clusters: [c]"
	entry := func(members ...string) string { return "- " + strings.Join(members, "\n  ") + "\n" }
	with := func(member string) string { return entry(name, sum, verbs, clusters, member) }
	for title, tt := range map[string]struct{ file, want string }{
		"empty":          {"", "holds no callers"},
		"empty list":     {"[]", "line 1: is not a list of callers"},
		"no caller":      {"- hunter2", "line 1: is not a caller"},
		"nothing":        {"- {}", "line 1: name is missing\nline 1: sha256 is missing\nline 1: verbs is missing\nline 1: clusters is missing"},
		"the token":      {entry(name, "token: hunter2", verbs, clusters), "line 2: this member is not one of name, sha256, verbs, clusters, rate, burst, maxList\nline 1: sha256 is missing"},
		"short":          {entry(name, "sha256: 68756e74657232", verbs, clusters), "line 2: sha256 is not 64 hexadecimal digits"},
		"no digits":      {entry(name, "sha256: hunter2", verbs, clusters), "line 2: sha256 is not 64 hexadecimal digits"},
		"too long":       {entry(name, sum+"00", verbs, clusters), "line 2: sha256 is not 64 hexadecimal digits"},
		"number":         {entry(name, "sha256: "+strings.Repeat("7", 64), verbs, clusters), "line 2: sha256 is not text, put it in quotes"},
		"no verbs":       {entry(name, sum, "verbs: []", clusters), "line 3: verbs is not a list of read, write, delete, secrets"},
		"one verb":       {entry(name, sum, "verbs: read", clusters), "line 3: verbs is not a list of read, write, delete, secrets"},
		"unknown verb":   {entry(name, sum, "verbs: [read, hunter2]", clusters), "line 3: a verb is not one of read, write, delete, secrets"},
		"verb in case":   {entry(name, sum, "verbs: [Read]", clusters), "line 3: a verb is not one of read, write, delete, secrets"},
		"verb no text":   {entry(name, sum, "verbs: [true]", clusters), "line 3: a verb is not text, put it in quotes"},
		"no clusters":    {entry(name, sum, verbs, "clusters: []"), "line 4: clusters is not a list of patterns"},
		"rate 0":         {with("rate: 0"), "line 5: rate is not a number above 0"},
		"rate below":     {with("rate: -1"), "line 5: rate is not a number above 0"},
		"rate endless":   {with("rate: .inf"), "line 5: rate is not a number above 0"},
		"rate no number": {with("rate: .nan"), "line 5: rate is not a number above 0"},
		"rate text":      {with("rate: '5'"), "line 5: rate is not a number above 0"},
		"rate list":      {with("rate: [5]"), "line 5: rate is not a number above 0"},
		"burst alone":    {with("burst: 5"), "line 1: burst has no effect without rate"},
		"burst 0":        {with("rate: 1\n  burst: 0"), "line 6: burst is not a whole number above 0"},
		"burst part":     {with("rate: 1\n  burst: 1.5"), "line 6: burst is not a whole number above 0"},
		"burst huge":     {with("rate: 1\n  burst: 4294967296"), "line 6: burst is not a whole number above 0"},
		"maxList 0":      {with("maxList: 0"), "line 5: maxList is not a whole number above 0"},
		"twice": {
			entry(name, sum, verbs, clusters) + entry(name, "sha256: "+strings.ToUpper(digestOf("hunter2")), verbs, clusters),
			"line 5: this name is given in line 1 already\nline 6: this sha256 is given in line 2 already",
		},
	} {
		t.Run(title, func(t *testing.T) {
			got, err := ParseTokens([]byte(tt.file))
			if err == nil || got != nil {
				t.Fatalf("accepted: %v", got)
			}
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), lines(err)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("prints a secret")
			}
		})
	}
}

// TestSettingsThatGoTogether: a setting that would do nothing is refused by name.
func TestSettingsThatGoTogether(t *testing.T) {
	for environ, want := range map[string][]string{
		"TLS_CERTIFICATE=c":           {"tls.certificate: has no effect without tls.key (from BCS_STORAGE_TLS_CERTIFICATE)"},
		"TLS_KEY=k":                   {"tls.key: has no effect without tls.certificate (from BCS_STORAGE_TLS_KEY)"},
		"TLS_CLIENT_CA=a":             {"tls.clientCA: has no effect without tls.certificate (from BCS_STORAGE_TLS_CLIENT_CA)"},
		"TLS_CERTIFICATE=c TLS_KEY=k": nil,
		"TLS_CERTIFICATE=c TLS_KEY=k TLS_CLIENT_CA=a": nil,
		"AUTH_REDACT=":                                    {"auth.redact: has no effect without auth.tokens (from BCS_STORAGE_AUTH_REDACT)"},
		"AUTH_REDACT= AUTH_TOKENS=t":                      nil,
		"AUTH_REDACT=Secret AUTH_TOKENS=t":                {`auth.redact: "Secret" is not resourceType:path (from BCS_STORAGE_AUTH_REDACT)`},
		"AUTH_REDACT=A:b,:c AUTH_TOKENS=t":                {`auth.redact: ":c" is not resourceType:path (from BCS_STORAGE_AUTH_REDACT)`},
		"AUTH_REDACT=A:b..c AUTH_TOKENS=t":                {`auth.redact: "A:b..c" is not resourceType:path (from BCS_STORAGE_AUTH_REDACT)`},
		"LIMITS_CALLER_RATE=5":                            {"limits.callerRate: has no effect without auth.tokens (from BCS_STORAGE_LIMITS_CALLER_RATE)"},
		"LIMITS_CALLER_BURST=5 AUTH_TOKENS=t":             {"limits.callerBurst: has no effect without limits.callerRate (from BCS_STORAGE_LIMITS_CALLER_BURST)"},
		"LIMITS_CALLER_RATE=5 AUTH_TOKENS=t":              nil,
		"LIMITS_MAX_IN_FLIGHT=0":                          {"limits.maxInFlight: 0 is not 1 to 1000000 (from BCS_STORAGE_LIMITS_MAX_IN_FLIGHT)"},
		"LIMITS_WRITE_TIMEOUT=0":                          {"limits.writeTimeout: 0 is not 10ms to 1h (from BCS_STORAGE_LIMITS_WRITE_TIMEOUT)"},
		"LISTEN=:1 AUTH_TOKENS=t":                         nil,
		"LISTEN=:1 TLS_CERTIFICATE=c TLS_KEY=k":           {`listen: ":1" can be reached from other machines and nobody is asked who they are; set auth.tokens, or insecureListen to allow that (from BCS_STORAGE_LISTEN)`},
		"VIEWS_CCS_CREDENTIALS=c AUTH_TOKENS=t LISTEN=:1": nil,
	} {
		var variables []string
		for _, entry := range strings.Fields(environ) {
			variables = append(variables, "BCS_STORAGE_"+entry)
		}
		_, err := Load(variables, nil)
		if diff := cmp.Diff(want, lines(err)); diff != "" {
			t.Errorf("%s: %s", environ, diff)
		}
	}
}
