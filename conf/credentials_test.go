package conf

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const goodCredentials = `# clients
- secretId: AKIDone
  secretKey: hunter2
  clusters: [BCS-K8S-*, "BCS-MESOS-1000[0-4]"]
- {secretId: '0123', secretKey: "x: #", clusters: ['*']}
`

func TestCredentials(t *testing.T) {
	c, err := ParseCredentials([]byte(goodCredentials))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Credential{
		"AKIDone": {"AKIDone", "hunter2", []string{"BCS-K8S-*", "BCS-MESOS-1000[0-4]"}},
		"0123":    {"0123", "x: #", []string{"*"}},
	} {
		got, known := c.Find(id)
		if diff := cmp.Diff(want, got); diff != "" || !known {
			t.Errorf("%s, known %v:\n%s", id, known, diff)
		}
	}
	for _, id := range []string{"", "akidone", "AKIDone ", "AKIDon"} {
		if got, known := c.Find(id); known || got.Sees("x") {
			t.Errorf("%q is %v", id, got)
		}
	}
	if _, known := (Credentials{}).Find(""); known {
		t.Error("the zero value knows somebody")
	}
}

func TestSees(t *testing.T) {
	c := Credential{Clusters: []string{"BCS-K8S-*", "BCS-MESOS-1000[0-4]", "a?c", "[", "exact"}}
	for id, want := range map[string]bool{
		"BCS-K8S-15091": true, "BCS-K8S-": true, "BCS-K8S": false, "bcs-k8s-1": false, "xBCS-K8S-1": false, "BCS-K8S-1/x": false,
		"BCS-MESOS-10004": true, "BCS-MESOS-10005": false, "BCS-MESOS-100040": false,
		"abc": true, "ac": false, "[": false, "exact": true, "exactly": false, "": false,
	} {
		if got := c.Sees(id); got != want {
			t.Errorf("sees %q: %v", id, got)
		}
	}
}

func TestBadCredentials(t *testing.T) {
	const id, key, clusters = "secretId: a", "secretKey: hunter2", "clusters: [c]"
	entry := func(members ...string) string { return "- " + strings.Join(members, "\n  ") + "\n" }
	tests := map[string]struct {
		file string
		want string // one problem on each line
	}{
		"empty":           {"", "holds no credentials"},
		"comments":        {"# hunter2\n", "holds no credentials"},
		"empty list":      {"[]", "line 1: is not a list of credentials"},
		"null":            {"---\n", "line 2: is not a list of credentials"},
		"a map":           {"hunter2: {}", "line 1: is not a list of credentials"},
		"text":            {"hunter2", "line 1: is not a list of credentials"},
		"list of text":    {"- hunter2\n- {}", "line 1: is not a credential\nline 2: secretId is missing\nline 2: secretKey is missing\nline 2: clusters is missing"},
		"two documents":   {entry(id, key, clusters) + "---\n" + entry(id, key, clusters), "line 4: a second document begins, only one is read"},
		"unknown member":  {entry(id, key, clusters, "hunter2: x"), "line 4: this member is not one of secretId, secretKey, clusters"},
		"other case":      {entry("secretid: a", key, clusters), "line 1: this member is not one of secretId, secretKey, clusters\nline 1: secretId is missing"},
		"merged member":   {entry(id, key, clusters, "<<: {hunter2: x}"), "line 4: the name of a member is not text, put it in quotes"},
		"alias as member": {"- &secretId x\n- {*secretId : a, secretKey: hunter2, clusters: [c]}", "line 1: is not a credential\nline 2: the name of a member is not text, put it in quotes\nline 2: secretId is missing"},
		"member twice":    {entry(id, key, clusters, key), "line 4: this member is given twice"},
		"no names":        {entry(id, key, clusters, "1: x", "2: x"), "line 4: the name of a member is not text, put it in quotes\nline 5: the name of a member is not text, put it in quotes"},
		"nothing":         {entry("secretId:", "secretKey: ", "clusters:"), "line 1: secretId is not text, put it in quotes\nline 2: secretKey is not text, put it in quotes\nline 3: clusters is not a list of patterns"},
		"empty text":      {entry("secretId: ''", "secretKey: \"\"", "clusters: ['']"), "line 1: secretId is empty\nline 2: secretKey is empty\nline 3: a pattern of clusters is empty"},
		"empty ids":       {entry("secretId: ''", key, clusters) + entry("secretId: ''", key, clusters), "line 1: secretId is empty\nline 4: secretId is empty"},
		"no clusters":     {entry(id, key, "clusters: []"), "line 3: clusters is not a list of patterns"},
		"one cluster":     {entry(id, key, "clusters: hunter2"), "line 3: clusters is not a list of patterns"},
		"number":          {entry("secretId: 7", "secretKey: 0123", "clusters: [10000]"), "line 1: secretId is not text, put it in quotes\nline 2: secretKey is not text, put it in quotes\nline 3: a pattern of clusters is not text, put it in quotes"},
		"list as key":     {entry(id, "secretKey: [hunter2]", clusters), "line 2: secretKey is not text, put it in quotes"},
		"a tag":           {entry(id, "secretKey: !hunter2 x", clusters), "line 2: secretKey is not text, put it in quotes"},
		"binary":          {entry(id, "secretKey: !!binary aHVudGVyMg==", clusters), "line 2: secretKey is not text, put it in quotes"},
		"an anchor":       {entry(id, "secretKey: &hunter2", clusters), "line 2: secretKey is not text, put it in quotes"},
		"an alias":        {entry(id, "secretKey: *hunter2", clusters), "is not YAML"},
		"block":           {entry(id, "secretKey: |\n    hunter2", clusters), "line 2: secretKey begins or ends with a space or a line end"},
		"no YAML":         {entry(id, "secretKey: \"hunter2", clusters), "line 2: is not YAML"},
		"second no YAML":  {entry(id, key, clusters) + "---\n\"hunter2", "line 5: is not YAML"},
		"bytes":           {"\xffhunter2", "is not YAML"},
		"the same twice": {
			entry(id, key, clusters) + entry(id, key, clusters) + entry("secretId: b", key, clusters) + entry(id, key, clusters),
			"line 4: this secretId is given in line 1 already\nline 10: this secretId is given in line 1 already",
		},
		"bad patterns": {
			entry(id, key, "clusters:\n  - hunter2[\n  - x[]\n  - 'x\\'\n  - x[b-a]\n  - x[a-]"),
			"line 4: a pattern of clusters cannot be read: see to its [, -, ] and \\\nline 5: a pattern of clusters cannot be read: see to its [, -, ] and \\\n" +
				"line 6: a pattern of clusters cannot be read: see to its [, -, ] and \\\nline 8: a pattern of clusters cannot be read: see to its [, -, ] and \\",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := ParseCredentials([]byte(tt.file))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), lines(err)); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("prints a secret")
			}
			if _, known := c.Find("a"); known {
				t.Error("has credentials all the same")
			}
		})
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	c := Credential{"id", "hunter2", []string{"*"}}
	var printed strings.Builder
	fmt.Fprintf(&printed, "%v %+v %#v %s %q %v", c, c, c, c.SecretKey, c.SecretKey, &c)
	slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "credential", c, "key", c.SecretKey)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "credential", c, "key", c.SecretKey)
	if err := json.NewEncoder(&printed).Encode(c); err != nil {
		t.Error(err)
	}
	// each of the six verbs, two in each log record, one in the JSON
	if n := strings.Count(printed.String(), redacted); n != 11 || strings.Contains(printed.String(), "hunter2") {
		t.Errorf("%d times %s in %s", n, redacted, printed.String())
	}
}

// The file is read again with Watch.
func TestCredentialsFollowTheirFile(t *testing.T) {
	w := &watched{t: t, path: writeFile(t, goodCredentials)}
	f, err := Watch(w.path, time.Second, w.now, ParseCredentials, w.failed)
	if err != nil {
		t.Fatal(err)
	}
	w.write(strings.ReplaceAll(goodCredentials, "AKIDone", "AKIDtwo"))
	w.clock.Add(int64(time.Second))
	_, one := f.Get().Find("AKIDone")
	_, two := f.Get().Find("AKIDtwo")
	if one || !two {
		t.Errorf("knows the old one: %v, the new one: %v", one, two)
	}
}

// FuzzParseCredentials: an accepted file has only credentials that can be used, and a message says nothing that is in the file.
func FuzzParseCredentials(f *testing.F) {
	for _, s := range []string{
		goodCredentials, "", "[]", "- {}", "- secretId: &a b\n  secretKey: *a\n  clusters: [*a]", "- &a [*a]", "a: *b", "%YAML 1.1\n---\n- x", "- ? {a: b}\n  : c",
		"- secretId: |\n    a\n  secretKey: >\n    b\n", "- {<<: [{secretId: a}], secretKey: ! b, clusters: [\"[\"]}", "\xff\xfe-\x00", "- \"\\x", "...\n---\n",
	} {
		f.Add([]byte(s))
	}
	message := regexp.MustCompile(`^(holds no credentials|(line \d+: )?is not YAML|line \d+: (` +
		`a second document begins, only one is read|is not a list of credentials|is not a credential|this member is given twice|` +
		`this member is not one of secretId, secretKey, clusters|(secretId|secretKey|clusters) is missing|` +
		`this secretId is given in line \d+ already|clusters is not a list of patterns|` +
		`a pattern of clusters cannot be read: see to its \[, -, \] and \\|` +
		`(secretId|secretKey|a pattern of clusters|the name of a member) (is not text, put it in quotes|is empty|begins or ends with a space or a line end)))$`)
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := ParseCredentials(file)
		for _, line := range lines(err) {
			if !message.MatchString(line) {
				t.Fatalf("says %q", line)
			}
		}
		if err != nil {
			return
		}
		if len(c.bySecretID) == 0 {
			t.Fatal("no credentials")
		}
		for id, one := range c.bySecretID {
			if id == "" || id != one.SecretID || one.SecretKey == "" || len(one.Clusters) == 0 || cmp.Equal(one.Clusters, []string{""}) {
				t.Fatalf("%q: %#v", id, one)
			}
			text := "- " + strings.Join([]string{
				"secretId: " + quoted(t, one.SecretID), "secretKey: " + quoted(t, string(one.SecretKey)), "clusters: " + quoted(t, one.Clusters),
			}, "\n  ")
			again, err := ParseCredentials([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if got, _ := again.Find(id); !cmp.Equal(got, one) {
				t.Fatalf("%#v is read again as %#v", one, got)
			}
		}
	})
}

// quoted is JSON, which YAML contains.
func quoted(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
