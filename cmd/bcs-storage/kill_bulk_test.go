package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// TestKillBulk: items of bulk requests that were answered with code 0 before a
// kill -9 are there after the next start.
func TestKillBulk(t *testing.T) {
	dir := testparts.Dir(t)
	const (
		streams = 3
		enough  = 2000 // answered items of each stream until the kill
	)
	c := startChildIn(t, testparts.Environ(dir), t.Output())
	acknowledged := map[string]string{}
	var mu sync.Mutex
	var started, running sync.WaitGroup
	client := &http.Client{Timeout: time.Minute}
	for w := range streams {
		started.Add(1)
		running.Go(func() {
			n := 0
			defer func() {
				if n < enough {
					t.Errorf("stream %d: only %d items were answered", w, n)
					started.Done()
				}
			}()
			in, out := io.Pipe()
			defer in.Close()
			go func() {
				for i := 1; ; i++ {
					if _, err := io.WriteString(out, bulkLine(w, i)); err != nil {
						return
					}
				}
			}()
			resp, err := client.Post(c.base+"/k8s/dynamic/bulk", "application/x-ndjson", in)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			for answers := bufio.NewReader(resp.Body); ; {
				line, err := answers.ReadString('\n')
				if err != nil {
					return // killed; a line that was cut off says nothing
				}
				var one struct{ Line, Code int }
				if err := json.Unmarshal([]byte(line), &one); err != nil || one.Code != 0 {
					t.Errorf("%s: %v", line, err)
					continue
				}
				mu.Lock()
				acknowledged[bulkData(w, one.Line)] = fmt.Sprintf("/k8s/dynamic/namespace_resources/clusters/C/namespaces/n%d/Pod?field=data", w)
				mu.Unlock()
				if n++; n == enough {
					started.Done()
				}
			}
		})
	}
	started.Wait()
	c.kill()
	running.Wait()

	c = startChildIn(t, testparts.Environ(dir), t.Output())
	defer c.kill()
	isThere(t, &http.Client{Timeout: time.Minute}, c.base, acknowledged)
}

func bulkLine(stream, i int) string {
	return fmt.Sprintf(`{"clusterId":"C","namespace":"n%d","resourceType":"Pod","resourceName":"p%d","data":%s}`+"\n", stream, i, bulkData(stream, i))
}

func bulkData(stream, i int) string { return fmt.Sprintf(`{"name":"s%d-i%d"}`, stream, i) }
