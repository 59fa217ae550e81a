package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// child is the program in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	// metrics is where its metrics are.
	metrics string
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	return startChildIn(t, nil, t.Output(), args...)
}

// startChildIn starts it with settings from the environment.
func startChildIn(t *testing.T, environ []string, stderr io.Writer, args ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append([]string{asMain + "=1", "BCS_STORAGE_LOG_LEVEL=warn"}, environ...)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	return &child{t, cmd, "http://" + address(t, lines) + "/bcsstorage/v1", metricsAddress(t, lines)}
}

// kill ends the process as a crash would, and waits until it is gone.
func (c *child) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait() // says that it was killed
}

// send answers the body, or an error when the service is gone.
func send(client *http.Client, method, url, body string) (string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return string(raw), err
}

// TestKill: whatever was acknowledged before a kill -9 under load is there
// after the next start: resources, events, alarms, hosts and watch data.
func TestKill(t *testing.T) {
	dir := testparts.Dir(t)
	const (
		rounds  = 3
		writers = 8
		enough  = 60 // acknowledged writes of each writer until the kill
	)
	acknowledged := map[string]string{}
	for round := range rounds {
		c := startChildIn(t, append(testparts.Environ(dir), allInOne), t.Output())
		client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
		var mu sync.Mutex
		var started, running sync.WaitGroup
		for w := range writers {
			started.Add(1)
			running.Go(func() {
				for i := 0; ; i++ {
					if i == enough {
						started.Done()
					}
					method, put, body, get, want := someWrite(round, w, i)
					answer, err := send(client, method, c.base+put, body)
					if err != nil {
						if i < enough {
							t.Errorf("the service ended by itself: %v", err)
							started.Done()
						}
						return
					}
					if !strings.HasPrefix(answer, `{"result":true`) {
						t.Errorf("%s %s: %s", method, put, answer)
						continue
					}
					mu.Lock()
					acknowledged[want] = get
					mu.Unlock()
				}
			})
		}
		started.Wait()
		c.kill()
		running.Wait()
		client.CloseIdleConnections()
	}

	c := startChildIn(t, append(testparts.Environ(dir), allInOne), t.Output())
	defer c.kill()
	if len(acknowledged) < rounds*writers*enough {
		t.Errorf("only %d writes were acknowledged", len(acknowledged))
	}
	isThere(t, &http.Client{Timeout: time.Minute}, c.base, acknowledged)
}

// isThere reads what was acknowledged: the path of a GET, by the text that its
// answer must have.
func isThere(t *testing.T, client *http.Client, base string, acknowledged map[string]string) {
	t.Helper()
	wants := map[string][]string{}
	for want, get := range acknowledged {
		wants[get] = append(wants[get], want)
	}
	gets := make(chan string)
	var lost atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for get := range gets {
				answer := present(t, client, base+get)
				for _, want := range wants[get] {
					if !strings.Contains(answer, want) && lost.Add(1) < 5 {
						t.Errorf("%s lacks %s: %.500s", get, want, answer)
					}
				}
			}
		})
	}
	for get := range wants {
		gets <- get
	}
	close(gets)
	readers.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d of %d acknowledged writes are lost", n, len(acknowledged))
	}
}

// present is the answer to a GET. That the store did not answer in time, on a
// machine that is busy with other tests, says nothing about what is in it.
func present(t *testing.T, client *http.Client, url string) string {
	deadline := time.Now().Add(time.Minute)
	for {
		answer, err := send(client, "GET", url, "")
		if err != nil {
			t.Error(err)
			return ""
		}
		busy := strings.Contains(answer, "store is not available") || strings.Contains(answer, "did not answer in time")
		if !busy || time.Now().After(deadline) {
			return answer
		}
		<-time.After(50 * time.Millisecond)
	}
}

// allInOne makes lists of events and of alarms that hold all of them.
const allInOne = "BCS_STORAGE_QUERY_MAX_LENGTH=100000"

// someWrite is the i-th write of a writer: how to put it and how to find it
// again; events and alarms among all others, because looking for one alone may
// take a server as long.
func someWrite(round, writer, i int) (method, put, body, get, want string) {
	name := fmt.Sprintf("r%d-w%d-i%d", round, writer, i)
	want = `"` + name + `"`
	data := `{"name":` + want + `}`
	switch i % 5 {
	case 0:
		at := "/k8s/watch/clusters/C/namespaces/n/exportservice/" + name
		return "PUT", at, `{"data":` + data + `}`, at, want
	case 1:
		return "PUT", "/events", `{"id":` + want + `,"clusterId":"C"}`, "/events", want
	case 2:
		return "POST", "/alarms", `{"source":` + want + `,"clusterId":"C"}`, "/alarms", want
	case 3:
		return "POST", "/host/clusters/C", `{"ips":[` + want + `]}`, "/host/" + name, want
	}
	at := "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/" + name
	return "PUT", at, `{"data":` + data + `}`, at, data
}
