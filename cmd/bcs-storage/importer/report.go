package importer

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// listedFailures is how many failures are printed; what is wrong with a thousand objects is usually wrong with the first.
const listedFailures = 20

// report counts what became of the objects and tells the user.
type report struct {
	out   io.Writer
	bar   *progressbar.ProgressBar // nil unless out is a terminal
	start time.Time

	mu       sync.Mutex
	done     [classes]int
	bad      int
	failures []string
	clusters map[string]bool
}

func newReport(o Options) *report {
	return &report{out: o.Out, bar: newBar(o), start: time.Now(), clusters: make(map[string]bool)}
}

// newBar counts bytes, because only their total can be known before the end.
func newBar(o Options) *progressbar.ProgressBar {
	out, ok := o.Out.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return progressbar.NewOptions64(inputSize(o.In),
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription("importing"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0),
		progressbar.OptionClearOnFinish(),
	)
}

// inputSize is the size of a file, and -1 for a pipe.
func inputSize(in io.Reader) int64 {
	f, ok := in.(*os.File)
	if !ok {
		return -1
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

func (r *report) stored(j job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[j.class]++
	r.clusters[j.cluster] = true
	r.advance(j)
}

func (r *report) failed(j job, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bad++
	if len(r.failures) < listedFailures {
		r.failures = append(r.failures, fmt.Sprintf("%s: %v", j.ref, err))
	}
	r.advance(j)
}

func (r *report) advance(j job) {
	if r.bar != nil {
		_ = r.bar.Add64(j.size) // a bar that cannot be drawn is no reason to stop
	}
}

// counts returns how many objects failed, of how many.
func (r *report) counts() (failed, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bad, r.bad + r.total()
}

func (r *report) total() int {
	sum := 0
	for _, n := range r.done {
		sum += n
	}
	return sum
}

// finish prints the failures and the summary. It is safe to call while a reader that could not be interrupted still
// reports.
func (r *report) finish(stopped bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar != nil {
		_ = r.bar.Finish()
	}
	var text strings.Builder
	for _, f := range r.failures {
		fmt.Fprintln(&text, f)
	}
	if more := r.bad - len(r.failures); more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	if stopped {
		text.WriteString("stopped: ")
	}
	fmt.Fprintf(&text, "imported %s%s in %s, %d failed\n", r.amount(), r.destination(), r.duration(), r.bad)
	if _, err := io.WriteString(r.out, text.String()); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

func (r *report) amount() string {
	names := [classes]string{classResource: "resource", classEvent: "event", classAlarm: "alarm", classMetric: "metric"}
	var parts []string
	for c, n := range r.done {
		if n > 0 {
			parts = append(parts, plural(n, names[c]))
		}
	}
	if len(parts) == 0 {
		return plural(0, "object")
	}
	return fmt.Sprintf("%s (%s)", plural(r.total(), "object"), strings.Join(parts, ", "))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (r *report) destination() string {
	const named = 3
	clusters := slices.Sorted(maps.Keys(r.clusters))
	switch {
	case len(clusters) == 0:
		return ""
	case len(clusters) > named:
		return fmt.Sprintf(" into %d clusters", len(clusters))
	}
	return " into " + strings.Join(clusters, ", ")
}

func (r *report) duration() time.Duration {
	d := time.Since(r.start)
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
