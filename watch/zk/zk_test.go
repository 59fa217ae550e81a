package zk_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"bcs-storage/watch"
	"bcs-storage/watch/watchtest"
	"bcs-storage/watch/zk"

	raw "github.com/go-zookeeper/zk"
)

// bound is far more than anything here should take.
const bound = 60 * time.Second

var dir = watch.Dir{Env: "mesos", Cluster: "BCS-MESOS-10000", Type: "exportservice", Namespace: "ns1"}

func node(name string) watch.Node { return watch.Node{Dir: dir, Name: name} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// servers are real ones; a test that needs them is skipped when there are none.
func servers(t *testing.T) []string {
	t.Helper()
	list := os.Getenv("BCS_TEST_ZOOKEEPER")
	switch {
	case list != "":
		return strings.Split(list, ",")
	case os.Getenv("CI") != "":
		t.Fatal("BCS_TEST_ZOOKEEPER is not set: CI must test against a real ZooKeeper")
	}
	t.Skip("BCS_TEST_ZOOKEEPER (host:port,...) is not set")
	return nil
}

// options have a base of the test's own, which is deleted when it ends.
func options(t *testing.T) zk.Options {
	t.Helper()
	o := zk.Options{Servers: servers(t), Base: "bcs-test-" + rand.Text() + "/cluster", Timeout: 4 * time.Second, CallTimeout: 20 * time.Second}
	t.Cleanup(func() {
		c := connect(t, "digest", "admin:secret")
		must(t, c.AddAuth("digest", []byte(":")))
		remove(t, c, "/"+strings.TrimSuffix(o.Base, "/cluster"))
	})
	return o
}

func open(t *testing.T, o zk.Options) *zk.Nodes {
	t.Helper()
	n, err := zk.Open(o)
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	return n
}

// connect is a connection beside the engine's.
func connect(t *testing.T, auth ...string) *raw.Conn {
	t.Helper()
	c, _, err := raw.Connect(servers(t), 10*time.Second, raw.WithLogInfo(false))
	must(t, err)
	t.Cleanup(c.Close)
	if len(auth) == 2 {
		must(t, c.AddAuth(auth[0], []byte(auth[1])))
	}
	return c
}

// remove may be called on any goroutine.
func remove(t *testing.T, c *raw.Conn, path string) {
	t.Helper()
	children, _, err := c.Children(path)
	if errors.Is(err, raw.ErrNoNode) {
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	for _, child := range children {
		remove(t, c, path+"/"+child)
	}
	if err := c.Delete(path, -1); err != nil && !errors.Is(err, raw.ErrNoNode) && !errors.Is(err, raw.ErrNotEmpty) {
		t.Error(err)
	}
}

// eventually tries until check is content.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: still %v", what, err)
		}
	}
}

// leaksNothing fails the test when run leaves goroutines behind.
func leaksNothing(t *testing.T, run func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	run()
	eventually(t, "goroutines end", func() error {
		if now := runtime.NumGoroutine(); now > before {
			return fmt.Errorf("%d goroutines, there were %d", now, before)
		}
		return nil
	})
}

func list(t *testing.T, n *zk.Nodes, d watch.Dir) string {
	t.Helper()
	var all strings.Builder
	for e, err := range n.List(t.Context(), d) {
		must(t, err)
		fmt.Fprintf(&all, "%s=%s ", e.Name, e.Data)
	}
	return strings.TrimSpace(all.String())
}

func TestConformance(t *testing.T) {
	for name, user := range map[string]string{"everyone": "", "one user": "admin"} {
		t.Run(name, func(t *testing.T) {
			servers(t)
			watchtest.Run(t, func(t *testing.T) watch.Nodes {
				o := options(t)
				o.Username, o.Password = user, strings.Repeat("secret", len(user)/5)
				return open(t, o)
			})
		})
	}
}
