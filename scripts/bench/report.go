package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is everything that was measured.
type report struct {
	Time          time.Time `json:"time"`
	Go            string    `json:"go"`
	CPUs          int       `json:"cpus"`
	Storage       string    `json:"storage"`
	Watch         string    `json:"watch"`
	Documents     int       `json:"documents"`
	Events        int       `json:"events"`
	PodBytes      int       `json:"podBytes"`
	Seconds       float64   `json:"secondsPerPhase"`
	LoadPerSecond float64   `json:"loadedPerSecond"`
	Rows          []row     `json:"rows"`
	Growth        []row     `json:"growth,omitempty"` // the rows of -scale
	Floor         []floor   `json:"floor,omitempty"`
	PeakMB        float64   `json:"rssPeakMB"`
}

// rate is operations per second as it is read best.
func (f figures) rate() string { return number(f.PerSecond) }

// number has three digits or all there are before the point.
func number(x float64) string {
	switch {
	case x >= 100:
		return grouped(int(x + 0.5))
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func share(of, all float64) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*of/all)
}

// table is a Markdown table; all columns but the first are right-aligned.
func table(out io.Writer, rows [][]string) error {
	var b strings.Builder
	for i, cells := range rows {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(cells)-1) + "|\n")
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(out, b.String())
	return err
}

// markdown prints the report.
func (r *report) markdown(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d CPUs shared by the service and its clients; storage %s, watch %s; %s pods of %s bytes and %s events, loaded at %s a second; %g s for each line.\n\n",
		r.Go, r.CPUs, r.Storage, r.Watch, grouped(r.Documents), grouped(r.PodBytes), grouped(r.Events), number(r.LoadPerSecond), r.Seconds)
	rows := [][]string{{"operation", "clients", "ops/s", "p50 ms", "p95 ms", "p99 ms", "bytes per answer", "service CPU ms per op", "peak RSS MiB", "engine alone ops/s", "share of it"}}
	for _, m := range r.Rows {
		alone := "–"
		if m.Alone > 0 {
			alone = number(m.Alone)
		}
		rows = append(rows, []string{m.Operation, strconv.Itoa(m.Clients), m.rate(), number(m.P50), number(m.P95), number(m.P99),
			grouped(int(m.Bytes)), number(m.CPU), number(m.PeakMB), alone, share(m.PerSecond, m.Alone)})
	}
	if err := table(out, rows); err != nil {
		return err
	}
	if err := r.floors(out); err != nil {
		return err
	}
	if err := pivot(out, "Operations per second, by clients:", r.Rows, func(m row) int { return m.Clients }, figures.rate); err != nil {
		return err
	}
	if err := pivot(out, fmt.Sprintf("Median time in ms, by pods, %d clients:", readers), r.Growth, func(m row) int { return m.Documents }, func(f figures) string { return number(f.P50) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "Peak RSS of the service: %s MiB.", number(r.PeakMB))
	large := largeList(corpus{pods: r.Documents}.large())
	for _, m := range r.Rows {
		if m.Operation == large {
			fmt.Fprintf(out, " During %s (clients: %d, answers of %s MB) it grew from %s to %s MiB.", large, m.Clients, number(m.Bytes/1e6), number(m.BeforeMB), number(m.PeakMB))
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

// floors compares what PUT reaches with bare SQLite.
func (r *report) floors(out io.Writer) error {
	if len(r.Floor) == 0 {
		return nil
	}
	rows := [][]string{{"bare SQLite, synced upserts of a pod", "upserts/s"}}
	var puts []row
	for _, m := range r.Rows {
		if m.Operation == putPod {
			puts = append(puts, m)
			rows[0] = append(rows[0], fmt.Sprintf("PUT reaches (clients: %d)", m.Clients))
		}
	}
	for _, f := range r.Floor {
		cells := []string{fmt.Sprintf("%d in a commit", f.PerCommit), number(f.PerSecond)}
		for _, m := range puts {
			cells = append(cells, share(m.PerSecond, f.PerSecond))
		}
		rows = append(rows, cells)
	}
	return table(out, rows)
}

// pivot is a table of operations over what by says of rows, unless that is the same for all rows of each operation.
func pivot(out io.Writer, title string, measured []row, by func(row) int, cell func(figures) string) error {
	curves := curvesOf(measured, by)
	if len(curves) == 0 {
		return nil
	}
	fmt.Fprintf(out, "%s\n\n", title)
	var at []int
	for _, c := range curves {
		for _, m := range c.rows {
			at = append(at, by(m))
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	rows := [][]string{{"operation"}}
	for _, x := range at {
		rows[0] = append(rows[0], grouped(x))
	}
	for _, c := range curves {
		cells := []string{c.name}
		for _, x := range at {
			text := "–"
			if i := slices.IndexFunc(c.rows, func(m row) bool { return by(m) == x }); i >= 0 {
				text = cell(c.rows[i].figures)
			}
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	return table(out, rows)
}

// curve is the rows of one operation.
type curve struct {
	name string
	rows []row
}

// curvesOf are the rows by operation, those operations that were measured at several values of by.
func curvesOf(measured []row, by func(row) int) []curve {
	var all []curve
	for _, m := range measured {
		i := slices.IndexFunc(all, func(c curve) bool { return c.name == m.Operation })
		if i < 0 {
			all = append(all, curve{name: m.Operation})
			i = len(all) - 1
		}
		all[i].rows = append(all[i].rows, m)
	}
	return slices.DeleteFunc(all, func(c curve) bool {
		return !slices.ContainsFunc(c.rows, func(m row) bool { return by(m) != by(c.rows[0]) })
	})
}

func (r *report) writeJSON(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// wrong is an error when any answer was.
func (r *report) wrong() error {
	n, first := 0, ""
	for _, m := range slices.Concat(r.Rows, r.Growth) {
		n += m.Wrong
		if first == "" && m.FirstWrong != "" {
			first = m.Operation + ": " + m.FirstWrong
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d answers were wrong, the first: %s", n, first)
}
