package main

import (
	"os"
	"sync"
	"syscall"
	"testing"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// TestFaults: what the service does while a part that it stands on is away,
// and after. All of it runs against real servers that are this test's alone.
func TestFaults(t *testing.T) {
	if testing.Short() || os.Getenv("BCS_TEST_EMBEDDED") != "" {
		t.Skip("starts real servers")
	}
	p := startParts(t)
	for name, o := range map[string]outage{
		"MongoDB":   {part: mongodb, writes: documents, requests: documentRequests, others: watchRequests, watch: true},
		"ZooKeeper": {part: zookeeper, writes: payloads, requests: watchRequests, others: documentRequests, storage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("down at the start", func(t *testing.T) { o.atStart(t, p) })
			for _, f := range o.faults() {
				t.Run(f.name, func(t *testing.T) { o.underLoad(t, p, f) })
			}
		})
	}
	t.Run("replicas", testReplicas)
	t.Run("service killed", TestKill)
}

// outage is one of a part, and what is to be seen of it.
type outage struct {
	part             string
	writes           write
	requests, others []request // on this part, and on the other one
	storage, watch   bool      // what /readyz says meanwhile
}

// request is one that an empty store has an answer to.
type request struct{ method, path, body string }

const (
	onePod     = "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/p"
	oneService = "/k8s/watch/clusters/C/namespaces/n/exportservice/s"
)

var documentRequests = []request{
	{"PUT", onePod, `{"data":{"v":1}}`},
	{"GET", onePod, ""},
	{"GET", "/k8s/dynamic/all_resources/clusters/C/Pod", ""},
	{"GET", "/query/k8s/dynamic/clusters/C/namespace", ""},
	{"PUT", "/events", `{"id":"e","clusterId":"C"}`},
	{"GET", "/events", ""},
	{"POST", "/alarms", `{"source":"s","clusterId":"C"}`},
	{"GET", "/alarms", ""},
	{"POST", "/host/clusters/C", `{"ips":["10.0.0.1"]}`},
	{"GET", "/host/10.0.0.1", ""},
	{"DELETE", onePod, ""},
}

var watchRequests = []request{
	{"PUT", oneService, `{"data":{"v":1}}`},
	{"GET", oneService, ""},
	{"GET", "/k8s/watch/clusters/C/namespaces/n/exportservice", ""},
	{"DELETE", oneService, ""},
}

// atStart starts the service while the part is down.
func (o outage) atStart(t *testing.T, p *parts) {
	dir := testparts.Dir(t)
	p.mend(t)
	p.down(t, o.part)
	s := startService(t, dir, short)
	defer s.stop(t)
	o.isSeen(t, s)

	p.up(t, o.part)
	s.becomesReady(t)
	for _, r := range append(o.requests, o.others...) {
		s.succeeds(t, r.method, r.path, r.body)
	}
}

// isSeen asks what tells of the outage, and what it must not touch.
func (o outage) isSeen(t *testing.T, s *service) {
	t.Helper()
	s.healthy(t)
	s.becomes(t, o.storage, o.watch)
	var running sync.WaitGroup
	for _, r := range o.requests {
		running.Go(func() { s.refuses(t, r.method, r.path, r.body) })
	}
	running.Wait()
	for _, r := range o.others {
		s.succeeds(t, r.method, r.path, r.body)
	}
	s.healthy(t)
}

// fault is something that is done to processes, and undone.
type fault struct {
	name     string
	do, undo func(*testing.T, *parts)
}

func (o outage) faults() []fault {
	killed := func(processes ...string) fault {
		return fault{
			name: "killed",
			do:   func(t *testing.T, p *parts) { p.signal(t, syscall.SIGKILL, processes...) },
			undo: func(t *testing.T, p *parts) { p.up(t, o.part) },
		}
	}
	frozen := func(process string) fault {
		return fault{
			name: "frozen",
			do:   func(t *testing.T, p *parts) { p.signal(t, syscall.SIGSTOP, process) },
			undo: func(t *testing.T, p *parts) { p.signal(t, syscall.SIGCONT, process) },
		}
	}
	if o.part == zookeeper {
		return []fault{killed(zookeeper), frozen(zookeeper)}
	}
	return []fault{killed(devmongo, postgres), frozen(devmongo)}
}

// underLoad takes the part away from writers at work, and gives it back.
func (o outage) underLoad(t *testing.T, p *parts, f fault) {
	dir := testparts.Dir(t)
	p.mend(t)
	s := startService(t, dir, short)
	defer s.stop(t)
	s.becomesReady(t)
	before := o.atRest(t, s)

	l := startLoad(t, s, o.writes, 1)
	defer l.stop()
	l.goesOn(t)
	f.do(t, p)
	l.isRefused(t)
	o.isSeen(t, s)
	f.undo(t, p)
	s.becomesReady(t)
	l.goesOn(t)
	l.end(t)
	isThere(t, s.http, s.base, l.acknowledged)
	s.returnsTo(t, before)
}

// atRest is what the service holds after a load that nothing disturbed: the
// driver keeps the connections that it needed.
func (o outage) atRest(t *testing.T, s *service) usage {
	t.Helper()
	l := startLoad(t, s, o.writes, 0)
	defer l.stop()
	l.goesOn(t)
	l.end(t)
	return s.settled(t)
}
