package handlers

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/routes.txt anew")

// TestRouteTable: the routes are exactly those that are written down. The tests
// over HTTP walk the same list, so none of them can be forgotten there.
func TestRouteTable(t *testing.T) {
	var all []string
	for _, rt := range routes() {
		all = append(all, rt.method+" "+rt.path)
	}
	slices.Sort(all)
	got := strings.Join(all, "\n") + "\n"
	const file = "testdata/routes.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
	if unique := slices.Compact(all); len(unique) != strings.Count(got, "\n") {
		t.Error("a route is there twice")
	}
}

// TestEveryRouteSaysWhoseDataItTouches: a route is about the cluster in its path, or its row
// says how else it is decided whether a caller may use it.
func TestEveryRouteSaysWhoseDataItTouches(t *testing.T) {
	for _, rt := range routes() {
		if named := strings.Contains(rt.path, "{clusterId}"); named != (rt.access == inPath) {
			t.Errorf("%s %s: the path has a clusterId: %v, access is %d", rt.method, rt.path, named, rt.access)
		}
	}
}
