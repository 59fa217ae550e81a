package telemetry

import (
	"cmp"
	"context"
	"iter"
	"time"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// Documents is d, measured under the name of its engine. It promises what d
// promises. It names each method, so that one which is added to the contract can't stay unmeasured.
func (t *Telemetry) Documents(engine string, d storage.Documents) storage.Documents {
	m := t.engines.meter(engine, opGet, opList, opCount, opDistinct, opPut, opWrite, opDelete, opTrim, opAssign, opPing)
	t.addFieldNames(engine, m)
	return &documents{next: d, meter: m, clusters: t.clusters}
}

type documents struct {
	next storage.Documents
	*meter
	clusters *clusters
}

var _ storage.Documents = (*documents)(nil)

func (d *documents) Get(ctx context.Context, c *storage.Collection, key storage.Key, filter storage.Filter, fields *storage.Projection) ([]byte, error) {
	start := time.Now()
	doc, err := d.next.Get(ctx, c, key, filter, fields)
	d.of[opGet].done(start, err)
	return doc, err
}

func (d *documents) List(ctx context.Context, c *storage.Collection, q storage.Query) iter.Seq2[[]byte, error] {
	return measured(d.meter, d.next.List(ctx, c, q))
}

// measured is the list, measured while it is read: also one whose reader panics.
func measured[T any](m *meter, list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		s := m.stream()
		defer s.end()
		for item, err := range list {
			s.step(err)
			if !yield(item, err) {
				return
			}
		}
	}
}

func (d *documents) Count(ctx context.Context, c *storage.Collection, q storage.Query) (int64, error) {
	start := time.Now()
	n, err := d.next.Count(ctx, c, q)
	d.of[opCount].done(start, err)
	return n, err
}

func (d *documents) Distinct(ctx context.Context, c *storage.Collection, q storage.Query, field string) ([]string, error) {
	start := time.Now()
	values, err := d.next.Distinct(ctx, c, q, field)
	d.of[opDistinct].done(start, err)
	return values, err
}

func (d *documents) Put(ctx context.Context, c *storage.Collection, doc storage.Document, now time.Time) error {
	start := time.Now()
	err := d.next.Put(ctx, c, doc, now)
	d.of[opPut].done(start, err)
	if err == nil && c == storage.Dynamic {
		d.clusters.wrote(doc.Key[0], now)
	}
	return err
}

// Write counts once, however many changes there are; its outcome is that of the first that failed.
func (d *documents) Write(ctx context.Context, c *storage.Collection, writes []storage.Write, now time.Time) []error {
	start := time.Now()
	errs := d.next.Write(ctx, c, writes, now)
	d.of[opWrite].done(start, cmp.Or(errs...))
	last := ""
	for i, w := range writes {
		// Neighbours are mostly of one cluster. A removal is no sign of life.
		if id := w.Key[0]; c == storage.Dynamic && w.Body != nil && id != last && (errs == nil || errs[i] == nil) {
			d.clusters.wrote(id, now)
			last = id
		}
	}
	return errs
}

func (d *documents) Delete(ctx context.Context, c *storage.Collection, q storage.Query) (int64, error) {
	start := time.Now()
	n, err := d.next.Delete(ctx, c, q)
	d.of[opDelete].done(start, err)
	return n, err
}

func (d *documents) Trim(ctx context.Context, c *storage.Collection, scope storage.Key, keep int64) (int64, error) {
	start := time.Now()
	n, err := d.next.Trim(ctx, c, scope, keep)
	d.of[opTrim].done(start, err)
	return n, err
}

func (d *documents) Assign(ctx context.Context, c *storage.Collection, a storage.Assignment, now time.Time) error {
	start := time.Now()
	err := d.next.Assign(ctx, c, a, now)
	d.of[opAssign].done(start, err)
	return err
}

func (d *documents) Ping(ctx context.Context) error {
	start := time.Now()
	err := d.next.Ping(ctx)
	d.of[opPing].done(start, err)
	return err
}

func (d *documents) Close() error { return d.next.Close() }

// Records and Load move stores; the service does not do that, so there is nothing to measure.

func (d *documents) Records(ctx context.Context, c *storage.Collection) iter.Seq2[storage.Record, error] {
	return d.next.Records(ctx, c)
}

func (d *documents) Load(ctx context.Context, c *storage.Collection, records []storage.Record) error {
	return d.next.Load(ctx, c, records)
}

// Nodes is n, measured under the name of its engine. It promises what n promises.
func (t *Telemetry) Nodes(engine string, n watch.Nodes) watch.Nodes {
	m := t.engines.meter(engine, opGet, opList, opPut, opDelete, opPing)
	t.addFieldNames(engine, m)
	return &nodes{next: n, meter: m}
}

type nodes struct {
	next watch.Nodes
	*meter
}

var _ watch.Nodes = (*nodes)(nil)

func (n *nodes) Put(ctx context.Context, at watch.Node, payload []byte) error {
	start := time.Now()
	err := n.next.Put(ctx, at, payload)
	n.of[opPut].done(start, err)
	return err
}

func (n *nodes) Get(ctx context.Context, at watch.Node) ([]byte, error) {
	start := time.Now()
	payload, err := n.next.Get(ctx, at)
	n.of[opGet].done(start, err)
	return payload, err
}

func (n *nodes) Delete(ctx context.Context, at watch.Node) error {
	start := time.Now()
	err := n.next.Delete(ctx, at)
	n.of[opDelete].done(start, err)
	return err
}

func (n *nodes) List(ctx context.Context, d watch.Dir) iter.Seq2[watch.Entry, error] {
	return measured(n.meter, n.next.List(ctx, d))
}

// All moves stores; the service does not do that, so there is nothing to measure.
func (n *nodes) All(ctx context.Context) iter.Seq2[watch.Item, error] { return n.next.All(ctx) }

func (n *nodes) Ping(ctx context.Context) error {
	start := time.Now()
	err := n.next.Ping(ctx)
	n.of[opPing].done(start, err)
	return err
}
