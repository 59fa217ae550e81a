package query_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bcs-storage/handlers/query"
)

var update = flag.Bool("update", false, "write what the plans are now to testdata/plans.golden; its lines that start with > stay")

const goldenFile = "testdata/plans.golden"

// goldenCase is a request ("> route?query string") and the plan that it stands for.
type goldenCase struct {
	route, rawQuery string
	want            string
}

// readGolden splits the file: a line that starts with > is a request, lines
// that start with # are comments of the file, everything else is a plan.
func readGolden(t *testing.T) (cases []goldenCase, file []byte) {
	t.Helper()
	file, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		request, ok := strings.CutPrefix(line, "> ")
		switch {
		case ok:
			c := goldenCase{}
			c.route, c.rawQuery, _ = strings.Cut(strings.TrimSpace(request), "?")
			cases = append(cases, c)
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case len(cases) == 0:
			t.Fatalf("%s: %q stands before the first request", goldenFile, line)
		default:
			cases[len(cases)-1].want += line
		}
	}
	return cases, file
}

func TestGolden(t *testing.T) {
	cases, file := readGolden(t)
	var out bytes.Buffer
	for line := range strings.Lines(string(file)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		out.WriteString(line)
	}
	for _, c := range cases {
		got := render(planOf(t, c.route, c.rawQuery, options()))
		fmt.Fprintf(&out, "\n> %s", c.route)
		if c.rawQuery != "" {
			fmt.Fprintf(&out, "?%s", c.rawQuery)
		}
		fmt.Fprintf(&out, "\n%s", got)
		if got != c.want && !*update {
			t.Errorf("%s?%s\ngot:\n%swant:\n%s", c.route, c.rawQuery, got, c.want)
		}
	}
	if !*update {
		return
	}
	if err := os.WriteFile(goldenFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGoldenAsJSON: a POST with the same parameters is the same query, whether
// numbers and booleans are written as such or as strings.
func TestGoldenAsJSON(t *testing.T) {
	cases, _ := readGolden(t)
	for _, c := range cases {
		fromURL, err := query.FromURL(c.rawQuery)
		if err != nil {
			t.Errorf("%s?%s: %v", c.route, c.rawQuery, err)
			continue
		}
		for _, typed := range []bool{false, true} {
			body := asJSON(t, fromURL, typed)
			params, err := query.FromJSON(body)
			if err != nil {
				t.Errorf("%s %s: %v", c.route, body, err)
				continue
			}
			plan, err := routeOf(t, c.route).plan(params, options())
			if err != nil {
				t.Errorf("%s %s: %v", c.route, body, err)
			} else if got := render(plan); got != c.want {
				t.Errorf("%s %s\ngot:\n%swant:\n%s", c.route, body, got, c.want)
			}
		}
	}
}

// TestGoldenIsComplete: every route has a case without parameters and, for
// every parameter that it takes, one with that parameter alone.
func TestGoldenIsComplete(t *testing.T) {
	cases, _ := readGolden(t)
	seen := map[string]bool{}
	for _, c := range cases {
		request := c.route + "?" + c.rawQuery
		if seen[request] {
			t.Errorf("%s is there twice", request)
		}
		seen[request] = true
		params, err := query.FromURL(c.rawQuery)
		if err != nil {
			t.Errorf("%s: %v", request, err)
		}
		if len(params) == 1 {
			seen[c.route+"?"+sortedNames(params)[0]] = true
		}
	}
	for _, r := range routes() {
		if !seen[r.name+"?"] {
			t.Errorf("no case for %s without parameters", r.name)
		}
		for _, p := range r.params {
			for _, name := range names(p) {
				if !seen[r.name+"?"+name] {
					t.Errorf("no case for %s with only %s", r.name, name)
				}
			}
		}
		if strings.Contains(r.name, "/") && !seen[r.name+"?offset"] {
			t.Errorf("no case for %s with only offset", r.name)
		}
	}
	for name, accept := range common {
		for _, r := range routes() {
			if !strings.Contains(r.name, "/") && r.accepts&accept != 0 && !seen[r.name+"?"+name] {
				t.Errorf("no case for %s with only %s", r.name, name)
			}
		}
	}
	if !seen["k8s/namespace?used"] {
		t.Error("no case for k8s/namespace with only used")
	}
}
