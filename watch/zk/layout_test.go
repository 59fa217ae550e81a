package zk_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"bcs-storage/watch"
	"bcs-storage/watch/zk"

	raw "github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
)

const typePath = "/mesos/BCS-MESOS-10000/exportservice"

func TestZnodesAreWhereLoadBalancersLook(t *testing.T) {
	o := options(t)
	n, c := open(t, o), connect(t)
	payload := `{ "serviceName" : "svc", "updateTime":"2018-01-01T00:00:00.5Z"}`
	must(t, n.Put(t.Context(), node("svc.name"), []byte(payload)))

	data, stat, err := c.Get("/" + o.Base + typePath + "/ns1.svc.name")
	must(t, err)
	if string(data) != payload || stat.EphemeralOwner != 0 {
		t.Errorf("got %s, owner %x", data, stat.EphemeralOwner)
	}
	must(t, n.Put(t.Context(), node("svc.name"), []byte(`{}`)))
	if _, stat, err = c.Get("/" + o.Base + typePath + "/ns1.svc.name"); err != nil || stat.Version != 1 {
		t.Errorf("the second put made version %d, %v; want the same znode written once more", stat.Version, err)
	}
	if data, _, err := c.Get("/" + o.Base + typePath); err != nil || len(data) != 0 {
		t.Errorf("the parent holds %q, %v", data, err)
	}
}

func TestReadsCreateNothing(t *testing.T) {
	o := options(t)
	n, c := open(t, o), connect(t)
	if _, err := n.Get(t.Context(), node("a")); !errors.Is(err, watch.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if got := list(t, n, dir); got != "" {
		t.Errorf("listed %s", got)
	}
	must(t, n.Delete(t.Context(), node("a")))
	if there, _, err := c.Exists("/" + strings.TrimSuffix(o.Base, "/cluster")); err != nil || there {
		t.Errorf("reading left something behind (%v)", err)
	}
}

// What other programs, and older versions of the service, leave among the nodes.
func TestJunkIsPassedOver(t *testing.T) {
	o := options(t)
	n, c := open(t, o), connect(t)
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))
	for child, data := range map[string]string{
		"nodot": `{}`, "ns1": `{}`, "ns1.": `{}`, ".a": `{}`, "ns1..": `{}`, "ns1...": `{}`, "ns1x.a": `{}`,
		"ns1.ghost": "ns1.ghost", "ns1.empty": "", "ns1.list": `[]`, "ns1.cut": `{"v":`, "ns1.spaced": " \n{\"v\":2}\n",
	} {
		_, err := c.Create("/"+o.Base+typePath+"/"+child, []byte(data), 0, raw.WorldACL(raw.PermAll))
		must(t, err)
	}
	if got, want := list(t, n, dir), "a={\"v\":1} spaced= \n{\"v\":2}"; got != want {
		t.Errorf("listed %q, want %q", got, want)
	}
	for _, path := range []string{"/junk", "/mesos/junk", "/mesos/c/t/ns1.deeper/x"} { // and at other depths
		for end := 1; end <= len(path); end++ {
			if end < len(path) && path[end] != '/' {
				continue
			}
			if _, err := c.Create("/"+o.Base+path[:end], []byte(`x`), 0, raw.WorldACL(raw.PermAll)); !errors.Is(err, raw.ErrNodeExists) {
				must(t, err)
			}
		}
	}
	all := map[string]string{}
	for item, err := range n.All(t.Context()) {
		must(t, err)
		all[item.Node.Namespace+" "+item.Node.Name] = string(item.Data)
	}
	if diff := cmp.Diff(map[string]string{"ns1 a": `{"v":1}`, "ns1 spaced": " \n{\"v\":2}\n", "ns1x a": `{}`}, all); diff != "" {
		t.Errorf("all nodes (-want +got):\n%s", diff)
	}
	if _, err := n.Get(t.Context(), node("ghost")); !errors.Is(err, watch.ErrNotFound) {
		t.Errorf("a node that an old service left: got %v, want ErrNotFound", err)
	}
	must(t, n.Put(t.Context(), node("ghost"), []byte(`{"v":3}`)))
	if got, err := n.Get(t.Context(), node("ghost")); string(got) != `{"v":3}` {
		t.Errorf("put over junk: got %s, %v", got, err)
	}
}

func TestACLForEveryone(t *testing.T) {
	o := options(t)
	n, c := open(t, o), connect(t)
	must(t, n.Put(t.Context(), node("a"), []byte(`{}`)))
	for _, path := range []string{"", typePath, typePath + "/ns1.a"} {
		if acl, _, err := c.GetACL("/" + o.Base + path); !slices.Equal(acl, raw.WorldACL(raw.PermAll)) {
			t.Errorf("%s: got %v, %v", path, acl, err)
		}
	}
}

func TestACLForOneUser(t *testing.T) {
	o := options(t)
	o.Username, o.Password = "admin", "secret"
	n := open(t, o)
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))

	at := "/" + o.Base + typePath + "/ns1.a"
	acl, _, err := connect(t, "digest", "admin:secret").GetACL(at)
	if !slices.Equal(acl, raw.DigestACL(raw.PermAll, "admin", "secret")) {
		t.Errorf("got %v, %v", acl, err)
	}
	stranger := connect(t)
	if _, _, err := stranger.Get(at); !errors.Is(err, raw.ErrNoAuth) {
		t.Errorf("a stranger's read: got %v, want ErrNoAuth", err)
	}
	if _, err := stranger.Create("/"+o.Base+typePath+"/ns1.b", nil, 0, raw.WorldACL(raw.PermAll)); !errors.Is(err, raw.ErrNoAuth) {
		t.Errorf("a stranger's create: got %v, want ErrNoAuth", err)
	}
	o.Username, o.Password = "", ""
	if _, err := open(t, o).Get(t.Context(), node("a")); !errors.Is(err, raw.ErrNoAuth) || errors.Is(err, watch.ErrNotFound) {
		t.Errorf("an engine without the user: got %v, want ErrNoAuth and nothing of the contract", err)
	}
}

// Builds of the service without credentials used the empty user; and the znodes
// above the base may be somebody else's.
func TestZnodesOfTheEmptyUserAreOurs(t *testing.T) {
	o := options(t)
	c := connect(t, "digest", ":")
	top := "/" + strings.TrimSuffix(o.Base, "/cluster")
	_, err := c.Create(top, nil, 0, raw.WorldACL(raw.PermAll))
	must(t, err)
	_, err = c.Create("/"+o.Base, []byte("cluster"), 0, raw.DigestACL(raw.PermAll, "", ""))
	must(t, err)
	_, err = c.SetACL(top, append(raw.WorldACL(raw.PermRead), raw.DigestACL(raw.PermAll, "admin", "secret")...), -1)
	must(t, err)

	n := open(t, o)
	must(t, n.Put(t.Context(), node("a"), []byte(`{"v":1}`)))
	if got := list(t, n, dir); got != `a={"v":1}` {
		t.Errorf("listed %s", got)
	}
}

func TestPayloadThatIsTooLargeIsNotSent(t *testing.T) {
	o, p := options(t), startProxy(t)
	o.Servers = []string{p.addr()}
	n := open(t, o)
	long := watch.Node{Name: strings.Repeat("n", 1000), Dir: watch.Dir{
		Env: "mesos", Cluster: strings.Repeat("c", 1000), Type: strings.Repeat("t", 1000), Namespace: strings.Repeat("s", 999)}}
	payload := []byte(`{"v":"` + strings.Repeat("x", zk.DefaultMaxPayload-8) + `"}`)
	if err := n.Put(t.Context(), long, append(payload, ' ')); !errors.Is(err, watch.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	for range 2 { // created, then replaced
		must(t, n.Put(t.Context(), long, payload))
	}
	if got, err := n.Get(t.Context(), long); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("the largest payload: got %d bytes, %v", len(got), err)
	}
	if accepted, _, _ := p.state(); accepted != 1 {
		t.Errorf("%d connections were made, want 1", accepted)
	}
}
