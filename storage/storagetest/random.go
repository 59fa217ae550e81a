package storagetest

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"
)

// Random does steps random operations on a store and on a plain map, whose
// queries are storage.Match and storage.Projection over all documents, and
// fails when the two answer differently. The same seed does the same.
func Random(t *testing.T, open func(t *testing.T) storage.Documents, seed uint64, steps int) {
	t.Helper()
	r := &randomised{
		suite:     &suite{T: t, store: open(t)},
		generator: generator{rand.New(rand.NewPCG(seed, 0))},
		model:     map[*storage.Collection]model{},
	}
	for _, c := range storage.Collections() {
		r.model[c] = model{}
	}
	for step := range steps {
		r.step()
		if t.Failed() {
			t.Fatalf("step %d of seed %d", step, seed)
		}
	}
}

// Fuzz is Random with seeds that the fuzzer chooses.
func Fuzz(f *testing.F, open func(t *testing.T) storage.Documents) {
	for seed := range uint64(2) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { Random(t, open, seed, 120) })
}

// model is a collection as the contract defines it.
type model map[string]entry

type entry struct {
	key              storage.Key
	body             []byte
	created, updated time.Time
}

func (e entry) record(c *storage.Collection) storage.Record {
	r := storage.Record{ID: e.key.ID(), Body: e.body, Created: e.created}
	if c.KeepUpdateTime {
		r.Updated = e.updated
	}
	return r
}

// selected are the documents that q selects, in the collection's order.
func (m model) selected(c *storage.Collection, q storage.Query) (found []entry) {
	for _, e := range m {
		within := len(q.Scopes) == 0
		for _, scope := range q.Scopes {
			within = within || isBelow(e.key, scope)
		}
		r := e.record(c)
		if within && storage.Match(q.Filter, &r) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b entry) int {
		if c.NewestFirst == "" {
			return strings.Compare(a.key.ID(), b.key.ID())
		}
		if o := order(c, b).Compare(order(c, a)); o != 0 {
			return o
		}
		return strings.Compare(b.key.ID(), a.key.ID())
	})
	return found
}

// order is the time by which lists are ordered, to the millisecond; the
// earliest of all when there is none.
func order(c *storage.Collection, e entry) time.Time {
	for name, value := range storage.Members(e.body) {
		if name == c.NewestFirst {
			if t, ok := storage.InstantOf(value); ok {
				return time.UnixMilli(t.UnixMilli())
			}
		}
	}
	return time.Time{}.AddDate(-10000, 0, 0)
}

// randomised is a store and the model of it.
type randomised struct {
	*suite
	generator
	model map[*storage.Collection]model
}

func (r *randomised) step() {
	c := r.collection()
	switch n := r.IntN(100); {
	case n < 38:
		r.put(c)
	case n < 45:
		r.write(c)
	case n < 49:
		r.get(c)
	case n < 52:
		r.delete(c)
	case n < 54:
		r.trim(c)
	case n < 56:
		r.assign()
	case n < 62:
		r.distinct(c)
	default:
		r.list(c)
	}
}

func (r *randomised) put(c *storage.Collection) {
	doc, now := r.document(c, r.generator.key(c)), r.when()
	r.check(storage.CheckJSON("body", doc.Body))
	r.check(r.store.Put(r.Context(), c, doc, now))
	r.model[c].put(doc, now)
}

// write makes several changes at once, some of the same document.
func (r *randomised) write(c *storage.Collection) {
	now := r.when()
	var writes []storage.Write
	for range r.IntN(12) {
		w := storage.Write{Document: r.document(c, r.generator.key(c))}
		if len(writes) > 0 && r.chance(3) {
			w.Document = r.document(c, writes[r.IntN(len(writes))].Key)
		}
		if r.chance(3) {
			w.Body = nil
			if r.chance(2) {
				w.Filter = r.filter(c, 1)
			}
		}
		writes = append(writes, w)
	}
	if errs := r.store.Write(r.Context(), c, writes, now); errs != nil {
		r.Fatalf("write: %v", errs)
	}
	m := r.model[c]
	for _, w := range writes {
		e, ok := m[w.Key.ID()]
		rec := e.record(c)
		switch {
		case w.Body != nil:
			m.put(w.Document, now)
		case ok && storage.Match(w.Filter, &rec):
			delete(m, w.Key.ID())
		}
	}
}

func (m model) put(doc storage.Document, now time.Time) {
	e := entry{doc.Key, doc.Body, now, now}
	if old, ok := m[doc.Key.ID()]; ok {
		e.created = old.created
	}
	m[doc.Key.ID()] = e
}

func (r *randomised) get(c *storage.Collection) {
	key, filter, fields := r.generator.key(c), r.filter(c, 1), r.fields(c)
	got, err := r.store.Get(r.Context(), c, key, filter, fields)
	e, ok := r.model[c][key.ID()]
	rec := e.record(c)
	if !ok || !storage.Match(filter, &rec) {
		if !errors.Is(err, storage.ErrNotFound) {
			r.Errorf("get %q %#v: %v, want ErrNotFound", key.ID(), filter, err)
		}
		return
	}
	r.check(err)
	r.equal(string(got), string(fields.Append(nil, &rec)))
}

func (r *randomised) list(c *storage.Collection) {
	q := r.query(c)
	found := r.model[c].selected(c, q)
	if got := r.count(c, q); got != int64(len(found)) {
		r.Errorf("%s\ncounts %d, want %d", describe(c, q), got, len(found))
	}
	found = slices.DeleteFunc(found, func(e entry) bool { return q.After != "" && e.key.ID() <= q.After })
	found = found[min(int(q.Skip), len(found)):]
	if q.Limit > 0 {
		found = found[:min(int(q.Limit), len(found))]
	}
	want := []string{}
	for _, e := range found {
		rec := e.record(c)
		want = append(want, string(q.Fields.Append(nil, &rec)))
	}
	if got := r.suite.list(c, q); !slices.Equal(got, want) {
		r.Errorf("%s\nlists\n%s\nwant\n%s", describe(c, q), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (r *randomised) distinct(c *storage.Collection) {
	q, part := r.query(c), r.IntN(len(c.Key))
	values := map[string]bool{}
	for _, e := range r.model[c].selected(c, q) {
		values[e.key[part]] = true
	}
	delete(values, "")
	got, err := r.store.Distinct(r.Context(), c, q, c.Key[part])
	r.check(err)
	if want := slices.Sorted(maps.Keys(values)); !slices.Equal(got, want) {
		r.Errorf("%s\ndistinct %s %q, want %q", describe(c, q), c.Key[part], got, want)
	}
}

func (r *randomised) delete(c *storage.Collection) {
	q := r.query(c)
	found := r.model[c].selected(c, q)
	if len(found) > 6 && !r.chance(8) {
		return // the store shall not be empty all the time
	}
	if got := r.suite.delete(c, q); got != int64(len(found)) {
		r.Errorf("%s\ndeletes %d, want %d", describe(c, q), got, len(found))
	}
	for _, e := range found {
		delete(r.model[c], e.key.ID())
	}
	r.same(c)
}

func (r *randomised) trim(c *storage.Collection) {
	key := r.generator.key(c)
	scope, keep := key[:min(c.Scope, c.Parts-1)], r.IntN(12)
	found := r.model[c].selected(c, storage.Query{Scopes: []storage.Key{scope}})
	slices.SortFunc(found, func(a, b entry) int {
		if o := b.created.Compare(a.created); o != 0 {
			return o
		}
		return strings.Compare(b.key.ID(), a.key.ID())
	})
	found = found[min(keep, len(found)):]
	if got := r.suite.trim(c, scope, int64(keep)); got != int64(len(found)) {
		r.Errorf("%s: trim %q to %d removes %d, want %d", c.Name, scope, keep, got, len(found))
	}
	for _, e := range found {
		delete(r.model[c], e.key.ID())
	}
	r.same(c)
}

func (r *randomised) assign() {
	c, now := storage.Hosts, r.when()
	a := storage.Assignment{Field: "clusterId", Value: r.text(), Exclusive: r.chance(2)}
	named := map[string]bool{}
	for range r.IntN(4) {
		key := r.generator.key(c)
		a.Keys, named[key.ID()] = append(a.Keys, key), true
	}
	r.check(r.store.Assign(r.Context(), c, a, now))
	m := r.model[c]
	if a.Exclusive {
		for _, e := range m.selected(c, storage.Query{Filter: storage.OneOf(storage.Path{a.Field}, storage.String(a.Value))}) {
			if !named[e.key.ID()] {
				m.put(storage.Document{Key: e.key, Body: storage.WithField(e.body, a.Field, "")}, now)
			}
		}
	}
	for _, key := range a.Keys {
		body := storage.NewDocument(c, key).Body
		if e, ok := m[key.ID()]; ok {
			body = e.body
		}
		m.put(storage.Document{Key: key, Body: storage.WithField(body, a.Field, a.Value)}, now)
	}
	r.same(c)
}

// same fails unless the store holds exactly the documents of the model.
func (r *randomised) same(c *storage.Collection) {
	want := []string{}
	for _, e := range r.model[c].selected(c, storage.Query{}) {
		rec := e.record(c)
		want = append(want, string(rec.AppendJSON(nil)))
	}
	if got := r.suite.list(c, storage.Query{}); !slices.Equal(got, want) {
		r.Errorf("%s holds %d documents\n%s\nwant %d\n%s", c.Name, len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
}
