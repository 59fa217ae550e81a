// Package watchtest is the executable contract of watch.Nodes: every engine runs it.
package watchtest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"bcs-storage/watch"
)

// Run checks every promise of watch.Nodes, each on a fresh store from open.
// open registers its own clean-up with t.
func Run(t *testing.T, open func(t *testing.T) watch.Nodes) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, watch.Nodes)
	}{
		{"payloads come back byte for byte", payloads},
		{"a put replaces the payload", replaced},
		{"an absent node is not found and not created", absent},
		{"deleting is idempotent and exact", deleted},
		{"a list is one namespace, by name", listed},
		{"all nodes are found", allFound},
		{"names may hold what URLs can", oddNames},
		{"nodes that could be mistaken are refused", refused},
		{"readers see whole payloads while writers race", concurrent},
		{"a context that is done ends every call", cancelled},
		{"a list may be left early", leftEarly},
		{"a ready engine answers Ping", func(t *testing.T, n watch.Nodes) { must(t, n.Ping(t.Context())) }},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var dir = watch.Dir{Env: "mesos", Cluster: "BCS-MESOS-10000", Type: "exportservice", Namespace: "ns1"}

func node(name string) watch.Node { return watch.Node{Dir: dir, Name: name} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, n watch.Nodes, at watch.Node, payload string) {
	t.Helper()
	must(t, n.Put(t.Context(), at, []byte(payload)))
}

func wantPayload(t *testing.T, n watch.Nodes, at watch.Node, want string) {
	t.Helper()
	got, err := n.Get(t.Context(), at)
	must(t, err)
	if string(got) != want {
		t.Errorf("%v: got %s, want %s", at, got, want)
	}
}

// names drains a list: "name=payload" of every entry.
func names(t *testing.T, entries iter.Seq2[watch.Entry, error]) []string {
	t.Helper()
	all := []string{}
	for e, err := range entries {
		must(t, err)
		all = append(all, e.Name+"="+string(e.Data))
	}
	return all
}

func wantList(t *testing.T, n watch.Nodes, d watch.Dir, want ...string) {
	t.Helper()
	if got := names(t, n.List(t.Context(), d)); !slices.Equal(got, want) {
		t.Errorf("list of %v: got %q, want %q", d, got, want)
	}
}

func payloads(t *testing.T, n watch.Nodes) {
	for i, payload := range []string{
		`{}`,
		`{"b":1,"a":{"z":[1,2.50,1e3,-0]},"big":9007199254740993}`,
		`{ "spaced" : "x" ,` + "\n" + `"k.with.dots":"．","$k":null,"esc":"\u4e2d\n中"}`,
		`{"large":"` + strings.Repeat("x", 200<<10) + `"}`,
	} {
		at := node(fmt.Sprintf("p%d", i))
		put(t, n, at, payload)
		wantPayload(t, n, at, payload)
	}
}

func replaced(t *testing.T, n watch.Nodes) {
	put(t, n, node("a"), `{"v":1,"old":true}`)
	put(t, n, node("a"), `{"v":2}`)
	wantPayload(t, n, node("a"), `{"v":2}`)
	wantList(t, n, dir, `a={"v":2}`)
}

func absent(t *testing.T, n watch.Nodes) {
	for range 2 { // the first try must not make the second one succeed
		if _, err := n.Get(t.Context(), node("a")); !errors.Is(err, watch.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		wantList(t, n, dir)
		for item, err := range n.All(t.Context()) {
			t.Errorf("in an empty store there is %v, %v", item, err)
		}
	}
}

func deleted(t *testing.T, n watch.Nodes) {
	put(t, n, node("a"), `{"v":1}`)
	put(t, n, node("a.b"), `{"v":2}`)
	must(t, n.Delete(t.Context(), node("a")))
	must(t, n.Delete(t.Context(), node("a")))
	if _, err := n.Get(t.Context(), node("a")); !errors.Is(err, watch.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	wantList(t, n, dir, `a.b={"v":2}`)
	put(t, n, node("a"), `{"v":3}`)
	wantPayload(t, n, node("a"), `{"v":3}`)
}

func listed(t *testing.T, n watch.Nodes) {
	for _, name := range []string{"b", "a", "c.d", "c"} {
		put(t, n, node(name), `{"n":"`+name+`"}`)
	}
	for _, change := range []func(*watch.Dir){
		func(d *watch.Dir) { d.Env = "k8s" },
		func(d *watch.Dir) { d.Cluster += "0" },
		func(d *watch.Dir) { d.Type += "s" },
		func(d *watch.Dir) { d.Namespace += "x" },
	} {
		other := dir
		change(&other)
		wantList(t, n, other)
		put(t, n, watch.Node{Dir: other, Name: "elsewhere"}, `{}`)
	}
	wantList(t, n, dir, `a={"n":"a"}`, `b={"n":"b"}`, `c={"n":"c"}`, `c.d={"n":"c.d"}`)
}

func allFound(t *testing.T, n watch.Nodes) {
	want := map[watch.Node]string{}
	for i, d := range []watch.Dir{
		dir,
		{Env: "k8s", Cluster: dir.Cluster, Type: dir.Type, Namespace: dir.Namespace},
		{Env: "k8s", Cluster: "a%2Fb", Type: "服务", Namespace: "with space"},
		{Env: "k8s", Cluster: dir.Cluster, Type: dir.Type + ".x", Namespace: dir.Namespace},
		{Env: "k8s", Cluster: dir.Cluster, Type: dir.Type, Namespace: dir.Namespace + "x"},
	} {
		for _, name := range []string{"b", "a", "a.b", "服务"} {
			at := watch.Node{Dir: d, Name: name}
			want[at] = fmt.Sprintf("{ \"n\" : %d.0, \"at\":%q}", i, name)
			put(t, n, at, want[at])
		}
	}
	gone := watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: "emptied", Type: "t", Namespace: "n"}, Name: "x"}
	put(t, n, gone, `{}`)
	must(t, n.Delete(t.Context(), gone))
	got := map[watch.Node]string{}
	for item, err := range n.All(t.Context()) {
		must(t, err)
		if _, twice := got[item.Node]; twice {
			t.Errorf("%v came twice", item.Node)
		}
		got[item.Node] = string(item.Data)
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func oddNames(t *testing.T, n watch.Nodes) {
	for _, name := range []string{"with space", "服务", "a%2Fb", "a:b", "..a", strings.Repeat("n", 300)} {
		put(t, n, node(name), `{"n":1}`)
		wantPayload(t, n, node(name), `{"n":1}`)
	}
	if got := len(names(t, n.List(t.Context(), dir))); got != 6 {
		t.Errorf("listed %d nodes, want 6", got)
	}
}

func refused(t *testing.T, n watch.Nodes) {
	for name, change := range map[string]func(*watch.Node){
		"empty name":       func(n *watch.Node) { n.Name = "" },
		"empty namespace":  func(n *watch.Node) { n.Namespace = "" },
		"empty cluster":    func(n *watch.Node) { n.Cluster = "" },
		"empty type":       func(n *watch.Node) { n.Type = "" },
		"empty env":        func(n *watch.Node) { n.Env = "" },
		"slash":            func(n *watch.Node) { n.Name = "a/b" },
		"NUL":              func(n *watch.Node) { n.Name = "a\x00" },
		"dots":             func(n *watch.Node) { n.Type = ".." },
		"dot":              func(n *watch.Node) { n.Cluster = "." },
		"dotted namespace": func(n *watch.Node) { n.Namespace = "a.b" },
	} {
		bad := node("a")
		change(&bad)
		_, getErr := n.Get(t.Context(), bad)
		for call, err := range map[string]error{
			"Put": n.Put(t.Context(), bad, []byte(`{}`)), "Get": getErr, "Delete": n.Delete(t.Context(), bad),
		} {
			if !errors.Is(err, watch.ErrInvalid) {
				t.Errorf("%s of a node with %s: got %v, want ErrInvalid", call, name, err)
			}
		}
	}
	wantList(t, n, dir)
}

// concurrent writers of one node: every read is one of the payloads, whole.
func concurrent(t *testing.T, n watch.Nodes) {
	payload := func(i int) string { return fmt.Sprintf(`{"v":"%s"}`, strings.Repeat(fmt.Sprint(i), 2000)) }
	valid := map[string]bool{}
	for i := range 4 {
		valid[payload(i)] = true
	}
	put(t, n, node("a"), payload(0))
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for range 10 {
				if err := n.Put(t.Context(), node("a"), []byte(payload(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 40 {
		got, err := n.Get(t.Context(), node("a"))
		must(t, err)
		if !valid[string(got)] {
			t.Fatalf("a torn payload: %.40s", got)
		}
	}
	writers.Wait()
}

func cancelled(t *testing.T, n watch.Nodes) {
	put(t, n, node("a"), `{"v":1}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := n.Get(ctx, node("a"))
	var listErr, allErr error
	for _, err := range n.List(ctx, dir) {
		listErr = err
	}
	for _, err := range n.All(ctx) {
		allErr = err
	}
	for call, err := range map[string]error{
		"Put": n.Put(ctx, node("a"), []byte(`{"v":2}`)), "Get": getErr, "Delete": n.Delete(ctx, node("a")), "List": listErr, "All": allErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", call, err)
		}
	}
	wantPayload(t, n, node("a"), `{"v":1}`)
}

func leftEarly(t *testing.T, n watch.Nodes) {
	for i := range 20 {
		put(t, n, node(fmt.Sprintf("n%02d", i)), `{"v":1}`)
	}
	for range 50 { // more often than an engine has connections to leak
		for e, err := range n.List(t.Context(), dir) {
			must(t, err)
			if e.Name != "n00" {
				t.Fatalf("first is %s", e.Name)
			}
			break
		}
		for _, err := range n.All(t.Context()) {
			must(t, err)
			break
		}
	}
	put(t, n, node("after"), `{}`)
}
