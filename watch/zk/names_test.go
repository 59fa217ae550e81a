package zk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bcs-storage/watch"
	"bcs-storage/watch/zk"
)

// Names are judged before anything is sent, so no server is needed.
func TestNamesThatZooKeeperForbids(t *testing.T) {
	n, err := zk.Open(zk.Options{Servers: []string{"zookeeper.invalid"}, CallTimeout: time.Millisecond})
	must(t, err)
	defer n.Close()
	parts := map[string]func(*watch.Node, string){
		"env":          func(n *watch.Node, s string) { n.Env = s },
		"clusterId":    func(n *watch.Node, s string) { n.Cluster = s },
		"resourceType": func(n *watch.Node, s string) { n.Type = s },
		"namespace":    func(n *watch.Node, s string) { n.Namespace = s },
		"resourceName": func(n *watch.Node, s string) { n.Name = s },
	}
	for param, set := range parts {
		for _, bad := range []string{"", ".", "..", "a/b", "\x00", "\x01", "\x1f", "\x7f", "\u009f", "\uf000", "\ufffd", "\uffff", "😀", "\xff", strings.Repeat("x", 1001)} {
			at := node("a")
			set(&at, bad)
			err := n.Put(t.Context(), at, []byte(`{}`))
			var invalid *watch.InvalidError
			if !errors.As(err, &invalid) || invalid.Param != param {
				t.Errorf("%s %.20q: got %v, want an InvalidError about it", param, bad, err)
			}
			if param == "resourceName" {
				continue
			}
			for _, err = range n.List(t.Context(), at.Dir) {
			}
			if !errors.Is(err, watch.ErrInvalid) {
				t.Errorf("list with %s %.20q: got %v, want ErrInvalid", param, bad, err)
			}
		}
	}
}

func TestNamesThatZooKeeperTakes(t *testing.T) {
	n := open(t, options(t))
	for _, name := range []string{"%2F", "a b", " ", "...", "a..", "-", "\u00a0", "퟿", "豈", "\uffef", "'\"\\?#&+;,", "zookeeper"} {
		must(t, n.Put(t.Context(), node(name), []byte(`{}`)))
		if _, err := n.Get(t.Context(), node(name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	for part, o := range map[string]zk.Options{
		"no servers":         {},
		"base":               {Servers: []string{"a"}, Base: "etc//cluster"},
		"base \"..\"":        {Servers: []string{"a"}, Base: ".."},
		"user":               {Servers: []string{"a"}, Username: "a:b"},
		"session timeout":    {Servers: []string{"a"}, Timeout: -1},
		"call timeout":       {Servers: []string{"a"}, CallTimeout: -1},
		"largest payload":    {Servers: []string{"a"}, MaxPayload: -1},
		"longer than 1000 b": {Servers: []string{"a"}, Base: strings.Repeat("b", 1001)},
	} {
		if _, err := zk.Open(o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want something about %s", err, part)
		}
	}
}
