package handlers

import (
	"context"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// target is where a route's documents are: a full key for an item, a prefix for
// the documents below it.
type target struct {
	collection *storage.Collection
	key        storage.Key
	// filter tells the route's documents from others kept under the same keys.
	filter storage.Filter
}

// narrowed is f and the target's own filter.
func (t target) narrowed(f storage.Filter) storage.Filter {
	switch {
	case t.filter == nil:
		return f
	case f == nil:
		return t.filter
	}
	return storage.And{t.filter, f}
}

func (t target) query(p query.Parsed) storage.Query {
	q := p.Query()
	q.Scopes = []storage.Key{t.key}
	q.Filter = t.narrowed(q.Filter)
	return q
}

// parsed finds the route's target and reads the request's parameters by its spec.
func (a *API) parsed(r *request) (target, query.Parsed, error) {
	t, err := r.route.target(r)
	if err != nil {
		return target{}, query.Parsed{}, err
	}
	params, err := r.params()
	if err != nil {
		return target{}, query.Parsed{}, err
	}
	p, err := r.route.spec.Parse(params, a.query)
	if err == nil && r.route.op.verb == list {
		err = r.checkList("limit", p.Limit)
	}
	if err == nil {
		err = a.protect(r, t.collection, []storage.Key{t.key}, p.Filter)
	}
	t.filter = t.narrowed(r.narrow)
	return t, p, err
}

// getDocument answers the document at the target.
func (a *API) getDocument(ctx context.Context, r *request) (reply, error) {
	t, p, err := a.parsed(r)
	if err != nil {
		return reply{}, err
	}
	doc, err := a.docs.Get(ctx, t.collection, t.key, t.narrowed(p.Filter), p.Fields)
	if err != nil {
		return reply{}, err
	}
	return reply{item: doc, form: r.route.form}, nil
}

// listDocuments answers the documents below the target.
func (a *API) listDocuments(ctx context.Context, r *request) (reply, error) {
	t, p, err := a.parsed(r)
	if err != nil {
		return reply{}, err
	}
	var params query.Params
	if p.Paging.On { // only a page is bound to them
		if params, err = r.params(); err != nil {
			return reply{}, err
		}
	}
	return a.paged(ctx, r, t.collection, t.query(p), p.Paging, params)
}

// putDocument stores the body's data, and what the route keeps beside it, under
// the target's key.
func (a *API) putDocument(ctx context.Context, r *request) (reply, error) {
	t, _, err := a.parsed(r)
	if err != nil {
		return reply{}, err
	}
	body, err := r.object()
	if err != nil {
		return reply{}, err
	}
	var members []storage.Member
	for _, f := range r.route.beside {
		value, err := f.read(body)
		if err != nil {
			return reply{}, err
		}
		members = append(members, storage.Member{Name: f.name, Value: value})
	}
	data, err := dataOf(body)
	if err != nil {
		return reply{}, err
	}
	d := storage.NewDocument(t.collection, t.key, append(members, storage.Member{Name: "data", Value: data})...)
	if err := r.route.accepts(r, d); err != nil {
		return reply{}, err
	}
	return written(), a.docs.Put(ctx, t.collection, d, a.now())
}

// deleteDocument removes the document at the target; none is no error.
func (a *API) deleteDocument(ctx context.Context, r *request) (reply, error) {
	t, p, err := a.parsed(r)
	if err != nil {
		return reply{}, err
	}
	_, err = a.docs.Delete(ctx, t.collection, t.query(p))
	return written(), err
}

// deleteDocuments removes the documents below the target. The time range comes as
// parameters or in the body.
func (a *API) deleteDocuments(ctx context.Context, r *request) (reply, error) {
	t, err := r.route.target(r)
	if err != nil {
		return reply{}, err
	}
	params, err := r.params()
	if err != nil {
		return reply{}, err
	}
	body, err := r.body(maxQueryBody)
	if err != nil {
		return reply{}, err
	}
	if params, err = query.WithBody(params, body); err != nil {
		return reply{}, err
	}
	p, err := r.route.spec.Parse(params, a.query)
	if err == nil {
		err = a.protect(r, t.collection, []storage.Key{t.key}, p.Filter)
	}
	if err != nil {
		return reply{}, err
	}
	_, err = a.docs.Delete(ctx, t.collection, t.query(p))
	return written(), err
}
