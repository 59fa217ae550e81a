package ccs_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the answers are now to testdata/*.golden; their lines that start with > or # stay")

// goldens are the files of answers about scripts/samples. A line that starts with > is a request and
// what follows is its answer; a line that starts with # is a comment.
var goldens = []string{"testdata/kubernetes.golden", "testdata/mesos.golden", "testdata/errors.golden"}

func TestGolden(t *testing.T) {
	s := samples(t)
	for _, name := range goldens {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var now bytes.Buffer
		for line := range strings.Lines(string(file)) {
			request, ok := strings.CutPrefix(line, "> ")
			switch {
			case ok:
				now.WriteString("\n" + line + s.answer(t, strings.TrimSpace(request)))
			case strings.HasPrefix(line, "#"):
				now.WriteString(line)
			}
		}
		if *update {
			if err := os.WriteFile(name, now.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		was, is := strings.Split(string(file), "\n"), strings.Split(now.String(), "\n")
		request := ""
		for i, line := range was {
			if strings.HasPrefix(line, "> ") {
				request = line
			}
			if i >= len(is) || line != is[i] {
				t.Errorf("%s:%d: %s\nwas %s\nis  %s", name, i+1, request, line, strings.Join(is[i:min(i+5, len(is))], "\n    "))
				break
			}
		}
		if len(is) > len(was) {
			t.Errorf("%s: %d lines, not %d", name, len(is), len(was))
		}
	}
}

// requestsOf are the requests of the golden files.
func requestsOf(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, name := range goldens {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(file)) {
			if request, ok := strings.CutPrefix(line, "> "); ok {
				all = append(all, strings.TrimSpace(request))
			}
		}
	}
	return all
}
