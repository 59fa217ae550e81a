// Package local keeps watch payloads as documents of an embedded engine, so
// that the service runs with nothing installed. Programs follow them over HTTP.
package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// Collection is where the payloads are; the engine given to New must have it.
var Collection = &storage.Collection{
	Name:           "watch",
	Key:            []string{"env", "clusterId", "resourceType", "namespace", "resourceName"},
	Parts:          5,
	Scope:          3,
	KeepUpdateTime: true,
}

// Nodes implements watch.Nodes over a document engine. It does not own the engine.
type Nodes struct {
	docs storage.Documents
	now  func() time.Time
}

// New keeps payloads in docs.
func New(docs storage.Documents, now func() time.Time) *Nodes {
	return &Nodes{docs: docs, now: now}
}

var _ watch.Nodes = (*Nodes)(nil)

// payload is the member of a document that holds the payload.
const payload = "data"

// onlyPayload answers the payload and the _id.
var onlyPayload = mustProject(payload)

func mustProject(field string) *storage.Projection {
	p, err := storage.NewProjection("field", storage.Path{field})
	if err != nil {
		panic(err)
	}
	return p
}

func dirKey(d watch.Dir) storage.Key {
	return storage.Key{d.Env, d.Cluster, d.Type, d.Namespace}
}

func nodeKey(n watch.Node) storage.Key { return append(dirKey(n.Dir), n.Name) }

// Put implements watch.Nodes.
func (s *Nodes) Put(ctx context.Context, n watch.Node, data []byte) error {
	if err := n.Validate(); err != nil {
		return err
	}
	d := storage.NewDocument(Collection, nodeKey(n), storage.Member{Name: payload, Value: data})
	return translate(s.docs.Put(ctx, Collection, d, s.now()))
}

// Get implements watch.Nodes.
func (s *Nodes) Get(ctx context.Context, n watch.Node) ([]byte, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	doc, err := s.docs.Get(ctx, Collection, nodeKey(n), nil, onlyPayload)
	if err != nil {
		return nil, translate(err)
	}
	data, _ := storage.Lookup(doc, storage.Path{payload})
	return data, nil
}

// Delete implements watch.Nodes.
func (s *Nodes) Delete(ctx context.Context, n watch.Node) error {
	if err := n.Validate(); err != nil {
		return err
	}
	_, err := s.docs.Delete(ctx, Collection, storage.Query{Scopes: []storage.Key{nodeKey(n)}})
	return translate(err)
}

// List implements watch.Nodes. The order of _ids below one namespace is the
// order of names.
func (s *Nodes) List(ctx context.Context, d watch.Dir) iter.Seq2[watch.Entry, error] {
	return func(yield func(watch.Entry, error) bool) {
		if err := d.Validate(); err != nil {
			yield(watch.Entry{}, err)
			return
		}
		q := storage.Query{Scopes: []storage.Key{dirKey(d)}, Fields: onlyPayload}
		for doc, err := range s.docs.List(ctx, Collection, q) {
			if err != nil {
				yield(watch.Entry{}, translate(err))
				return
			}
			id, _ := storage.Lookup(doc, storage.Path{storage.FieldID})
			idValue, _ := storage.ParseValue(id)
			key := storage.ParseID(idValue.Interface().(string))
			data, _ := storage.Lookup(doc, storage.Path{payload})
			if !yield(watch.Entry{Name: key[len(key)-1], Data: data}, nil) {
				return
			}
		}
	}
}

// All implements watch.Nodes.
func (s *Nodes) All(ctx context.Context) iter.Seq2[watch.Item, error] { return All(ctx, s.docs) }

// All is watch.Nodes.All of the payloads that New keeps in the engine that r reads.
func All(ctx context.Context, r storage.RecordReader) iter.Seq2[watch.Item, error] {
	return func(yield func(watch.Item, error) bool) {
		for record, err := range r.Records(ctx, Collection) {
			if err != nil {
				yield(watch.Item{}, translate(err))
				return
			}
			key := storage.ParseID(record.ID)
			n := watch.Node{Dir: watch.Dir{Env: key[0], Cluster: key[1], Type: key[2], Namespace: key[3]}, Name: key[4]}
			data, _ := storage.Lookup(record.Body, storage.Path{payload})
			if !yield(watch.Item{Node: n, Data: data}, nil) {
				return
			}
		}
	}
}

// Ping implements watch.Nodes.
func (s *Nodes) Ping(ctx context.Context) error { return translate(s.docs.Ping(ctx)) }

// translate gives an error of the document contract the one of this contract.
func translate(err error) error {
	for _, row := range []struct{ from, to error }{
		{storage.ErrNotFound, watch.ErrNotFound},
		{storage.ErrTooLarge, watch.ErrTooLarge},
		{storage.ErrUnavailable, watch.ErrUnavailable},
	} {
		if errors.Is(err, row.from) {
			return fmt.Errorf("%w: %w", row.to, err)
		}
	}
	return err
}
