package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"bcs-storage/scripts/bench/service"
)

// vitals are what the service holds while it has nothing to do.
type vitals struct {
	goroutines  int // of a profile: go_goroutines counts those that gather metrics too, now more and now fewer
	descriptors int // open files, sockets and the like
	opened      int // the same, as process_open_fds has it
	rssMB       float64
	stacks      string // of the goroutines
}

// same says whether both hold as much.
func (v vitals) same(other vitals) bool {
	return v.goroutines == other.goroutines && v.descriptors == other.descriptors && v.opened == other.opened
}

// ward asks the service how it is, each time on a connection of its own, which does not stay.
type ward struct {
	service *service.Service
	http    *http.Client
}

func newWard(s *service.Service) *ward {
	return &ward{s, &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}}
}

func (w *ward) get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := w.http.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, response.Status)
	}
	return string(body), err
}

// profile asks for a profile of the goroutines or the heap.
func (w *ward) profile(ctx context.Context, which string) (string, error) {
	return w.get(ctx, strings.TrimSuffix(w.service.Metrics, "/metrics")+"/debug/pprof/"+which)
}

// take says how things are, and whether no request is at work.
func (w *ward) take(ctx context.Context) (v vitals, idle bool, err error) {
	dir, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.service.PID()))
	if err != nil {
		return v, false, err
	}
	v.descriptors = len(dir)
	if v.stacks, err = w.profile(ctx, "goroutine?debug=1"); err != nil {
		return v, false, err
	}
	if _, err := fmt.Sscanf(v.stacks, "goroutine profile: total %d", &v.goroutines); err != nil {
		return v, false, fmt.Errorf("the profile of goroutines: %w", err)
	}
	if err := wait(ctx, restEvery); err != nil { // until that connection is gone
		return v, false, err
	}
	text, err := w.get(ctx, w.service.Metrics)
	if err != nil {
		return v, false, err
	}
	values, err := metrics(text)
	if err != nil {
		return v, false, err
	}
	v.opened = int(values["process_open_fds"])
	u, err := w.service.Usage()
	v.rssMB = u.NowMB
	return v, values["bcs_storage_http_requests_in_flight"] == 0, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// metrics are the values of those without labels.
func metrics(text string) (map[string]float64, error) {
	values := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		name, number, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" || strings.Contains(name, "{") {
			continue
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", name, err)
		}
		values[name] = value
	}
	if values["process_open_fds"] == 0 {
		return nil, errors.New("metrics: process_open_fds is not there")
	}
	return values, nil
}

// How long the service is given to come to rest, how often it is looked at, and how often it must be the same.
const (
	restTimeout = time.Minute
	restEvery   = 200 * time.Millisecond
	restSame    = 8
)

// rest waits until the service has come to rest, which is that nothing changes any more, and, if want is not nil, that
// it holds as much as that. The last that was seen is answered in any case.
func (w *ward) rest(ctx context.Context, want *vitals) (vitals, error) {
	if _, err := w.profile(ctx, "heap?gc=1"); err != nil {
		return vitals{}, err
	}
	var last vitals
	times, idle := 0, false
	for until := time.Now().Add(restTimeout); time.Now().Before(until); {
		v, done, err := w.take(ctx)
		if err != nil {
			return v, err
		}
		idle = done
		if times++; !idle || !v.same(last) || want != nil && !v.same(*want) {
			times = 0
		}
		if last = v; times == restSame {
			return v, nil
		}
		if err := wait(ctx, restEvery); err != nil {
			return v, err
		}
	}
	return last, fmt.Errorf("the service has not come to rest within %v: all requests done: %v; %d goroutines, %d descriptors (%d): %s",
		restTimeout, idle, last.goroutines, last.descriptors, last.opened, last.stacks)
}
