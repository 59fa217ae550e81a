// Package importer fills a storage from what `kubectl get … -o json` prints, and from files of stored documents.
//
// The input is read as a stream and sent as it is read: memory depends on the size of one object and on the number of
// requests in flight, never on the size of the input.
package importer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/url"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

const (
	defaultConcurrency = 8
	// queueLength is how many objects may wait for one worker: what goes in its next request.
	queueLength = maxBatchObjects
	// inFlightBytes bounds the objects read and not yet stored. It equals the largest object that is accepted.
	inFlightBytes = maxObject
)

// Options says what to import and where to.
type Options struct {
	// Server is the base URL of the storage, e.g. http://127.0.0.1:50024.
	Server string
	// Cluster is the cluster that everything is stored under. Kubernetes objects need it; stored documents name their
	// own, which Cluster overrides.
	Cluster string
	// Token, if any, is sent with every request. TLS is for https servers; nil trusts the system's authorities.
	Token string
	TLS   *tls.Config
	// In is the input: a List, single objects, several of them one after the other, or one a line.
	In io.Reader
	// Name is what In is called in messages.
	Name string
	// Out receives a progress bar if it is a terminal, the objects that failed, and one line of summary.
	Out io.Writer
	// Log receives what is retried and why. Nil means nowhere.
	Log *slog.Logger
	// Concurrency is the number of requests in flight, each with many objects; 0 means 8.
	Concurrency int

	// retry is only set by tests, which cannot wait for the real pauses.
	retry retryPolicy
}

// Run imports everything that In holds. Objects of the same key are stored in the order of the input, so the last one
// wins. An object that the storage refuses is listed on Out and does not hold up the others; input that is not JSON ends
// the reading, after which what was read is still stored. The error says how many objects failed, and why the import
// ended early if it did. When ctx ends, Run returns at once.
func Run(ctx context.Context, o Options) error {
	o = withDefaults(o)
	if err := CheckServer(o.Server); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := newClient(o)
	defer client.close()

	r := &run{
		options: o,
		client:  client,
		report:  newReport(o),
		queues:  newQueues(o.Concurrency),
		memory:  semaphore.NewWeighted(inFlightBytes),
		stop:    cancel,
	}
	readErr := r.run(ctx)
	err := r.verdict(ctx, readErr)
	return errors.Join(err, r.report.finish(ctx.Err() != nil))
}

func withDefaults(o Options) Options {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Name == "" {
		o.Name = "input"
	}
	if o.retry == (retryPolicy{}) {
		o.retry = defaultRetry()
	}
	return o
}

// CheckServer refuses what is not the base URL of a storage.
func CheckServer(server string) error {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("server: %q is not an http or https URL", server)
	}
	return nil
}

// run is one import: a reader that fills one queue a worker, and the workers that empty them.
type run struct {
	options Options
	client  *client
	report  *report
	queues  []chan job
	memory  *semaphore.Weighted
	stop    context.CancelCauseFunc
}

func newQueues(n int) []chan job {
	queues := make([]chan job, n)
	for i := range queues {
		queues[i] = make(chan job, queueLength)
	}
	return queues
}

// run returns the reader's error. The reader is not waited for once ctx has ended, because a read from a terminal or a
// pipe cannot be interrupted: it ends with its next byte, and touches nothing that is still in use.
func (r *run) run(ctx context.Context) error {
	read := make(chan error, 1)
	go func() {
		read <- r.read(ctx)
		for _, q := range r.queues {
			close(q)
		}
	}()

	var workers errgroup.Group
	for _, q := range r.queues {
		workers.Go(func() error {
			r.work(ctx, q)
			return nil
		})
	}
	_ = workers.Wait() // a worker reports its failures, it never returns one

	select {
	case err := <-read:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (r *run) read(ctx context.Context) error {
	in := newReader(r.options.In, r.options.Name, func(d document) error { return r.accept(ctx, d) })
	return in.run()
}

// accept turns a document into a request and queues it. Only an error that makes going on pointless is returned.
func (r *run) accept(ctx context.Context, d document) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	j, err := classify(d, r.options.Cluster)
	if errors.Is(err, errNoCluster) {
		return fmt.Errorf("%s: %s: %w", r.options.Name, d.ref(), err)
	}
	if err != nil {
		r.report.failed(job{ref: d.ref(), size: d.size()}, err)
		return nil
	}
	if err := r.memory.Acquire(ctx, weight(j)); err != nil {
		return fmt.Errorf("waiting for the storage: %w", err)
	}
	select {
	case r.queues[shard(j.key, len(r.queues))] <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func weight(j job) int64 { return min(int64(len(j.body)), inFlightBytes) }

// shard sends a key always to the same worker, which is what keeps its objects in order.
func shard(key string, n int) int {
	h := fnv.New32a()
	_, _ = io.WriteString(h, key) // a hash never fails to write
	return int(h.Sum32() % uint32(n))
}

func (r *run) work(ctx context.Context, queue <-chan job) {
	for next := (*job)(nil); ; {
		b, left, more := collect(ctx, queue, next)
		if !more || ctx.Err() != nil {
			return
		}
		next = left
		if b.jobs[0].bulk {
			r.storeAll(ctx, b.jobs)
		} else {
			r.outcome(ctx, b.jobs[0], r.client.send(ctx, b.jobs[0]))
		}
		for _, j := range b.jobs {
			r.memory.Release(weight(j))
		}
	}
}

// outcome notes what became of an object. One whose request the end of ctx cut off counts neither as stored nor as failed.
func (r *run) outcome(ctx context.Context, j job, err error) {
	switch {
	case err == nil:
		r.report.stored(j)
	case ctx.Err() != nil:
		return
	default:
		r.options.Log.Debug("object not stored", "object", j.ref, "error", err)
		r.report.failed(j, err)
		// One object whose request kills the connection must not end the import; a server that is gone must.
		if r.client.unreachable() {
			r.stop(fmt.Errorf("%s cannot be reached: %w", r.options.Server, err))
		}
	}
}

// verdict joins what ended the import early, if anything did, with the number of objects that failed.
func (r *run) verdict(ctx context.Context, readErr error) error {
	var failures error
	if failed, total := r.report.counts(); failed > 0 {
		failures = fmt.Errorf("%d of %d objects failed", failed, total)
	}
	early := readErr
	if ctx.Err() != nil {
		early = fmt.Errorf("import stopped: %w", context.Cause(ctx))
	}
	if early != nil && failures != nil {
		return fmt.Errorf("%w; %w", early, failures)
	}
	return errors.Join(early, failures)
}
