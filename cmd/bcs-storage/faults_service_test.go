package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// short is how long a service waits for a part that is going to be away, and
// steps how many times that any answer may take.
const (
	short = 2 * time.Second
	steps = 3
)

// service is the program on the real parts, in a process of its own.
type service struct {
	*child
	root string
	http *http.Client
}

// startService starts one. Several with the same dir are replicas.
func startService(t *testing.T, dir string, timeout time.Duration) *service {
	t.Helper()
	log := &tail{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of a service:\n%s", log)
		}
	})
	environ := append(testparts.Environ(dir), allInOne,
		"BCS_STORAGE_MONGODB_OPERATION_TIMEOUT="+timeout.String(),
		"BCS_STORAGE_MONGODB_SERVER_SELECTION_TIMEOUT="+timeout.String(),
		"BCS_STORAGE_ZOOKEEPER_CALL_TIMEOUT="+timeout.String(),
		"BCS_STORAGE_ZOOKEEPER_SESSION_TIMEOUT="+timeout.String(),
	)
	c := startChildIn(t, environ, log)
	return &service{
		child: c, root: strings.TrimSuffix(c.base, "/bcsstorage/v1"),
		http: &http.Client{Timeout: steps * timeout, Transport: &http.Transport{MaxIdleConnsPerHost: writers}},
	}
}

// stop ends it as an operator would. It has to be deferred: once the test's
// context is done the process is killed.
func (s *service) stop(t *testing.T) {
	t.Helper()
	s.http.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	// Under the race detector a race that was found shows here, too.
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}

// answer is the part of an answer that tests look at.
type answer struct {
	Result  bool            `json:"result"`
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// ask answers an error unless there is an envelope within the bound.
func (s *service) ask(ctx context.Context, method, path, body string) (answer, error) {
	_, raw, err := s.fetch(ctx, method, s.base+path, body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil || a.Message == "" || a.Data == nil || a.Result != (a.Code == 0) {
		return answer{}, fmt.Errorf("%s %s: no envelope: %s", method, path, raw)
	}
	return a, nil
}

func (s *service) fetch(ctx context.Context, method, url, body string) (status int, raw []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	raw, err = io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

// succeeds asks until the answer is a success, and returns the data: on a busy
// machine a part that is there may not answer in time.
func (s *service) succeeds(t *testing.T, method, path, body string) (data string) {
	t.Helper()
	eventually(t, func() error {
		a, err := s.ask(t.Context(), method, path, body)
		if err == nil && !a.Result {
			err = a.outage()
		}
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		if !a.Result {
			return fmt.Errorf("%s %s: %+v", method, path, a)
		}
		data = string(a.Data)
		return nil
	})
	return data
}

// refuses fails the test unless the answer is that the part is not there.
func (s *service) refuses(t *testing.T, method, path, body string) {
	t.Helper()
	a, err := s.ask(t.Context(), method, path, body)
	if err != nil {
		t.Error(err)
		return
	}
	if err := a.outage(); err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
}

// outage fails unless the answer says that it is the store that is away.
func (a answer) outage() error {
	if a.Result || !strings.Contains(a.Message, "store is not available") && !strings.Contains(a.Message, "did not answer in time") {
		return fmt.Errorf("not the answer of an outage: %+v", a)
	}
	return nil
}

// ready is what /readyz says, by part.
func (s *service) ready(t *testing.T) map[string]bool {
	t.Helper()
	status, raw, err := s.fetch(t.Context(), "GET", s.root+"/readyz", "")
	if err != nil {
		t.Fatal(err)
	}
	var says map[string]struct{ OK bool }
	if err := json.Unmarshal(raw, &says); err != nil {
		t.Fatalf("/readyz: %v: %s", err, raw)
	}
	ok, all := map[string]bool{}, true
	for part, state := range says {
		ok[part] = state.OK
		all = all && state.OK
	}
	want := http.StatusServiceUnavailable
	if all {
		want = http.StatusOK
	}
	if status != want || len(ok) != 2 {
		t.Fatalf("/readyz: %d %s", status, raw)
	}
	return ok
}

// becomesReady waits until every part is there.
func (s *service) becomesReady(t *testing.T) {
	t.Helper()
	s.becomes(t, true, true)
}

func (s *service) becomes(t *testing.T, storage, watch bool) {
	t.Helper()
	eventually(t, func() error {
		if got := s.ready(t); got["storage"] != storage || got["watch"] != watch {
			return fmt.Errorf("/readyz says %v, want storage %t and watch %t", got, storage, watch)
		}
		return nil
	})
}

// healthy: the process itself is well in every outage.
func (s *service) healthy(t *testing.T) {
	t.Helper()
	if status, raw, err := s.fetch(t.Context(), "GET", s.root+"/healthz", ""); err != nil || status != http.StatusOK {
		t.Errorf("/healthz: %d %s %v", status, raw, err)
	}
}

// usage is what the process holds.
type usage struct{ goroutines, files int }

func (s *service) usage(t *testing.T) usage {
	t.Helper()
	// Connections of the load are not the service's to keep.
	s.http.CloseIdleConnections()
	_, raw, err := s.fetch(t.Context(), "GET", s.metrics, "")
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string) int {
		_, rest, _ := strings.Cut(string(raw), "\n"+name+" ")
		value, _, _ := strings.Cut(rest, "\n")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("/metrics: %s: %v", name, err)
		}
		return int(n)
	}
	return usage{number("go_goroutines"), number("process_open_fds")}
}

// settled is what the process holds at rest.
func (s *service) settled(t *testing.T) usage {
	t.Helper()
	var last usage
	eventually(t, func() error {
		now := s.usage(t)
		if now != last {
			last = now
			return errors.New("goroutines or files still come or go")
		}
		return nil
	})
	return last
}

// returnsTo waits until the process holds about what it held before.
func (s *service) returnsTo(t *testing.T, before usage) {
	t.Helper()
	// An outage may leave the driver with other numbers of pooled connections
	// and of goroutines that watch the server.
	const slack = 8
	eventually(t, func() error {
		if now := s.usage(t); now.goroutines > before.goroutines+slack || now.files > before.files+slack {
			return fmt.Errorf("it holds %+v, before the outage %+v", now, before)
		}
		return nil
	})
}

// eventually asks until there is no error.
func eventually(t *testing.T, so func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond) // the parts need the processors, too
	defer again.Stop()
	for {
		err := so()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("after a minute: %v", err)
		}
	}
}
