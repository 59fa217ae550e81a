package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// figures are the result of one phase. Times are in milliseconds.
type figures struct {
	Ops        int     `json:"ops"`
	Wrong      int     `json:"wrong"`
	FirstWrong string  `json:"firstWrong,omitempty"`
	PerSecond  float64 `json:"opsPerSecond"`
	P50        float64 `json:"p50ms"`
	P95        float64 `json:"p95ms"`
	P99        float64 `json:"p99ms"`
	Bytes      float64 `json:"bytesPerAnswer"`
}

// row is what is known of an operation with so many clients.
type row struct {
	Operation string `json:"operation"`
	Documents int    `json:"documents"`
	Clients   int    `json:"clients"`
	figures
	CPU      float64 `json:"cpuMsPerOp"`
	BeforeMB float64 `json:"rssBeforeMB"`
	PeakMB   float64 `json:"rssPeakMB"`
	// Alone is operations per second of the engine alone; 0 is not known.
	Alone float64 `json:"engineAloneOpsPerSecond,omitempty"`
}

// worker is what one client has seen.
type worker struct {
	took  []time.Duration
	bytes int64
	wrong int
	first error
}

// measure has clients call do again and again for the time d; a call that has begun is waited for. seq counts the
// calls of all. Calls that fail count as wrong and not as operations; an error is returned only when ctx ended.
func measure(ctx context.Context, clients int, d time.Duration, do func(ctx context.Context, client, seq int) (int64, error)) (figures, error) {
	var next atomic.Int64
	var running sync.WaitGroup
	workers := make([]worker, clients)
	began := time.Now()
	for i := range workers {
		running.Go(func() {
			w := &workers[i]
			for start := began; ctx.Err() == nil && start.Sub(began) < d; start = time.Now() {
				bytes, err := do(ctx, i, int(next.Add(1))-1)
				if err != nil {
					w.wrong++
					if w.first == nil {
						w.first = err
					}
					continue
				}
				w.bytes += bytes
				w.took = append(w.took, time.Since(start))
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return figures{}, context.Cause(ctx)
	}
	return summary(workers, time.Since(began)), nil
}

func summary(workers []worker, elapsed time.Duration) figures {
	var f figures
	var took []time.Duration
	var bytes int64
	for _, w := range workers {
		took = append(took, w.took...)
		bytes += w.bytes
		f.Wrong += w.wrong
		if w.first != nil && f.FirstWrong == "" {
			f.FirstWrong = w.first.Error()
		}
	}
	slices.Sort(took)
	f.Ops = len(took)
	f.PerSecond = float64(f.Ops) / elapsed.Seconds()
	f.P50, f.P95, f.P99 = percentile(took, 50), percentile(took, 95), percentile(took, 99)
	if f.Ops > 0 {
		f.Bytes = float64(bytes) / float64(f.Ops)
	}
	return f
}

// percentile is the least of the sorted times that p in a hundred do not exceed.
func percentile(sorted []time.Duration, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return milliseconds(sorted[max(i, 0)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measureOperation measures op on the service, after one answer that is checked whole.
func (b *bench) measureOperation(ctx context.Context, pods corpus, op operation, clients int) (row, error) {
	m := row{Operation: op.name, Documents: pods.pods, Clients: clients}
	if op.behind != nil {
		token, err := b.client.next(ctx, *op.behind)
		if err != nil {
			return m, err
		}
		first := op.request
		op.request = func(seq int) request {
			r := first(seq)
			r.path += token
			return r
		}
	}
	whole := b.client.checkWhole(ctx, op.request(0))
	buffers := make([][]byte, clients)
	for i := range buffers {
		buffers[i] = make([]byte, bufferSize)
	}
	b.service.ForgetPeak()
	profiled := b.profile(ctx, m)
	before, err := b.service.Usage()
	if err != nil {
		return m, err
	}
	m.figures, err = measure(ctx, clients, b.phase, func(ctx context.Context, client, seq int) (int64, error) {
		return b.client.do(ctx, op.request(seq), buffers[client])
	})
	if err != nil {
		return m, err
	}
	after, err := b.service.Usage()
	if err = errors.Join(err, <-profiled); err != nil {
		return m, err
	}
	if whole != nil {
		m.Wrong++
		m.FirstWrong = whole.Error()
	}
	m.CPU = milliseconds(after.CPU-before.CPU) / float64(max(m.Ops, 1))
	m.BeforeMB, m.PeakMB = before.NowMB, after.PeakMB
	return m, nil
}

// profile has the service note what it spends its time on during the phase that begins, if profiles are asked for.
func (b *bench) profile(ctx context.Context, m row) <-chan error {
	done := make(chan error, 1)
	if b.profiles == "" {
		done <- nil
		return done
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '-'
	}, m.Operation)
	go func() {
		done <- b.service.Profile(ctx, b.phase, filepath.Join(b.profiles, fmt.Sprintf("%s.%d-pods.%d-clients.pprof", name, m.Documents, m.Clients)))
	}()
	return done
}
