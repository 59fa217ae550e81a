package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// testReplicas: two services over the same parts write the same keys at the
// same time. Each key of each replica has one writer, so that the last value is
// that of the last write of one of the two.
func testReplicas(t *testing.T) {
	const (
		keys  = 8 // documents, and as many payloads
		times = 25
	)
	dir := testparts.Dir(t)
	var replicas [2]*service
	for i := range replicas {
		replicas[i] = startService(t, dir, 5*time.Second)
		defer replicas[i].stop(t)
	}
	for _, s := range replicas {
		s.becomesReady(t)
	}
	var paths []string
	for k := range keys {
		paths = append(paths,
			fmt.Sprintf("/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/p%d", k),
			fmt.Sprintf("/k8s/watch/clusters/C/namespaces/n/exportservice/s%d", k))
	}

	// The first write of a key is raced for, too: what each replica reads after
	// its own must stay.
	created := [len(replicas)][]string{}
	var running sync.WaitGroup
	for r, s := range replicas {
		created[r] = make([]string, len(paths))
		for k, path := range paths {
			running.Go(func() {
				for i := range times {
					a, err := s.ask(t.Context(), "PUT", path, fmt.Sprintf(`{"data":{"by":%d,"i":%d}}`, r, i))
					if err != nil || !a.Result {
						t.Errorf("PUT %s: %+v %v", path, a, err)
						return
					}
					if i > 0 {
						continue
					}
					if a, err = s.ask(t.Context(), "GET", path, ""); err != nil || !a.Result {
						t.Errorf("GET %s: %+v %v", path, a, err)
						return
					}
					created[r][k] = read(t, a.Data).CreateTime
				}
			})
		}
	}
	running.Wait()
	if t.Failed() {
		return
	}

	for k, path := range paths {
		first, second := replicas[0].succeeds(t, "GET", path, ""), replicas[1].succeeds(t, "GET", path, "")
		if first != second {
			t.Errorf("%s: the replicas read %s and %s", path, first, second)
		}
		got := read(t, json.RawMessage(first))
		if got.I != times-1 {
			t.Errorf("%s: %s is not the last value of either", path, first)
		}
		for r := range replicas {
			if created[r][k] != got.CreateTime {
				t.Errorf("%s: created %q, replica %d had read %q", path, got.CreateTime, r, created[r][k])
			}
		}
		if document := strings.Contains(path, "/dynamic/"); document != (got.CreateTime != "") {
			t.Errorf("%s: createTime is %q", path, got.CreateTime)
		}
	}
}

// stored is what the test looks at of a document and of a payload.
type stored struct {
	CreateTime string
	By, I      int
}

// read takes an answer apart: a document comes as a list of one, with what was
// put below data, a payload as it was put.
func read(t *testing.T, raw json.RawMessage) stored {
	t.Helper()
	var documents []struct {
		CreateTime string
		Data       stored
	}
	var s stored
	if err := json.Unmarshal(raw, &documents); err == nil && len(documents) == 1 {
		s = documents[0].Data
		s.CreateTime = documents[0].CreateTime
	} else if err := json.Unmarshal(raw, &s); err != nil {
		t.Errorf("%v: %s", err, raw)
	}
	return s
}
