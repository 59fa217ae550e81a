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
	"syscall"
	"testing"
)

// child is the program in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = []string{asMain + "=1", "BCS_STORAGE_LOG_LEVEL=warn"}
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{t, cmd, "http://" + address(t, bufio.NewReader(stdout)) + "/bcsstorage/v1"}
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
	dir := t.TempDir()
	const (
		rounds  = 3
		writers = 8
		enough  = 60 // acknowledged writes of each writer until the kill
	)
	acknowledged := map[string]string{} // path to the text that a GET must answer
	for round := range rounds {
		c := startChild(t, "--data-dir", dir)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers}}
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
					}
					mu.Lock()
					acknowledged[get] = want
					mu.Unlock()
				}
			})
		}
		started.Wait()
		c.kill()
		running.Wait()
		client.CloseIdleConnections()
	}

	c := startChild(t, "--data-dir", dir)
	defer c.kill()
	lost := 0
	for get, want := range acknowledged {
		answer, err := send(http.DefaultClient, "GET", c.base+get, "")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer, want) {
			if lost++; lost < 5 {
				t.Errorf("%s lacks %s: %s", get, want, answer)
			}
		}
	}
	if lost > 0 || len(acknowledged) < rounds*writers*enough {
		t.Errorf("%d of %d acknowledged writes are lost", lost, len(acknowledged))
	}
}

// someWrite is the i-th write of a writer: how to put it and how to find it again.
func someWrite(round, writer, i int) (method, put, body, get, want string) {
	name := fmt.Sprintf("r%d-w%d-i%d", round, writer, i)
	data := fmt.Sprintf(`{"name":"%s"}`, name)
	switch i % 5 {
	case 0:
		at := "/k8s/watch/clusters/C/namespaces/n/exportservice/" + name
		return "PUT", at, `{"data":` + data + `}`, at, name
	case 1:
		return "PUT", "/events", `{"id":"` + name + `","clusterId":"C"}`, "/events?id=" + name, name
	case 2:
		return "POST", "/alarms", `{"source":"` + name + `","clusterId":"C"}`, "/alarms?source=" + name, name
	case 3:
		return "POST", "/host/clusters/C", `{"ips":["` + name + `"]}`, "/host/" + name, name
	}
	at := "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/" + name
	return "PUT", at, `{"data":` + data + `}`, at, data
}
