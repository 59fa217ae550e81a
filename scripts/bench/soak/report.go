package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// mostFailures is how many are told in full, and after how many a run ends.
const mostFailures = 20

// report is what a run has seen. Many goroutines use it.
type report struct {
	log *slog.Logger

	mu       sync.Mutex
	counts   map[string]map[string]int // by kind of request and class of answer
	requests int
	limited  int
	failures int
	tooMany  chan struct{} // closed after so many failures

	before, after vitals
	peakMB        float64
	stopped       string // how long it took
}

func newReport(log *slog.Logger) *report {
	return &report{log: log, counts: map[string]map[string]int{}, tooMany: make(chan struct{})}
}

// The classes of answers, in the order of the table. What is cut is that there was no answer, or a part.
var classes = []string{"2xx", "3xx", "400", "401", "403", "404", "405", "413", "429", "other 4xx", "503", "504", "other 5xx", "cut"}

func classOf(a *answer) string {
	exact := fmt.Sprint(a.status)
	switch {
	case a.err != nil:
		return "cut"
	case slices.Contains(classes, exact):
		return exact
	case a.status < 300:
		return "2xx"
	case a.status < 400:
		return "3xx"
	case a.status < 500:
		return "other 4xx"
	}
	return "other 5xx"
}

func (r *report) count(kind string, a *answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts[kind] == nil {
		r.counts[kind] = map[string]int{}
	}
	r.counts[kind][classOf(a)]++
	r.requests++
	if a.limited() {
		r.limited++
	}
}

// fail tells of a request whose answer was wrong.
func (r *report) fail(client, step int, s sent, a *answer, why error) {
	r.problem("wrong answer", "client", client, "step", step, "kind", s.kind, "why", why,
		"request", shown(s.method+" "+s.path), "token", s.token, "header", s.header, "body", shown(s.body),
		"status", a.status, "answer", shown(string(a.body)), "broken", a.err)
}

// problem tells of something that must not be, whatever else is known of it.
func (r *report) problem(what string, attributes ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures++; r.failures > mostFailures {
		return
	}
	r.log.Error(what, attributes...)
	if r.failures == mostFailures {
		r.log.Error("that is enough")
		close(r.tooMany)
	}
}

func (r *report) sofar() (requests, limited, failures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests, r.limited, r.failures
}

// print writes the table, and fails if the run has.
func (r *report) print(out io.Writer, o options) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	var used []string
	sums := map[string]int{}
	for _, class := range classes {
		for _, row := range r.counts {
			sums[class] += row[class]
		}
		if sums[class] > 0 {
			used = append(used, class)
		}
	}
	line := func(first string, row map[string]int) {
		fmt.Fprintf(w, "%s\t", first)
		for _, class := range used {
			if row == nil {
				fmt.Fprintf(w, "%s\t", class)
			} else if row[class] == 0 {
				fmt.Fprint(w, "\t")
			} else {
				fmt.Fprintf(w, "%d\t", row[class])
			}
		}
		fmt.Fprintln(w)
	}
	line("requests", nil)
	for _, kind := range slices.Sorted(maps.Keys(r.counts)) {
		line(kind, r.counts[kind])
	}
	line("all", sums)
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nseed %d, %d clients, %v; %d requests, %d of them refused by a limit; storage %s, watch %s\n", o.seed, o.clients, o.duration, r.requests, r.limited, o.Storage, o.Watch)
	fmt.Fprintf(&b, "goroutines %d before, %d after; descriptors %d, %d; RSS %.0f MiB, %.0f MiB, peak %.0f MiB; stopped in %s\n",
		r.before.goroutines, r.after.goroutines, r.before.descriptors, r.after.descriptors, r.before.rssMB, r.after.rssMB, r.peakMB, r.stopped)
	if _, err := io.WriteString(out, b.String()); err != nil {
		return err
	}
	if r.failures > 0 {
		return fmt.Errorf("%d failures; -seed %d -clients %d makes the same choices again", r.failures, o.seed, o.clients)
	}
	return nil
}
