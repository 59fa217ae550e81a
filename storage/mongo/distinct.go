package mongo

import (
	"context"
	"maps"
	"slices"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Distinct asks the server for the values where it decides alone: of the scope
// by an index, of other fields where documents have to be read for the filter
// anyway. Without a filter, values outside the scope are taken from _ids; so are
// those of the last part of the key, of which each document can have its own:
// the server answers them all at once, in 16 MB or not at all.
func (e *Engine) Distinct(ctx context.Context, c *storage.Collection, q storage.Query, field string) ([]string, error) {
	at := slices.Index(c.Key, field)
	if at < 0 {
		return nil, storage.Invalid("field", "%q is not a key field of %s", field, c.Name)
	}
	parts, err := e.plan(ctx, c, q)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, e.usable(ctx)
	}
	seen := map[string]struct{}{}
	for _, p := range parts {
		if err := e.distinct(ctx, c, q.Filter, p, at, seen); err != nil {
			return nil, err
		}
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), nil
}

func (e *Engine) distinct(ctx context.Context, c *storage.Collection, f storage.Filter, p part, at int, seen map[string]struct{}) error {
	add := func(id string) {
		if key := storage.ParseID(id); at < len(key) {
			seen[key[at]] = struct{}{}
		}
	}
	if within, ok := p.scopes.ofScope(); ok && f == nil && at < c.Scope {
		return e.values(ctx, p, nameScope, within, add)
	}
	if f != nil && p.where.exact && at < c.Parts-1 {
		name := nameCopy + "." + escapeKey(c.Key[at])
		return e.values(ctx, p, name, p.where, func(value string) { seen[string(appendPlain(nil, []byte(value)))] = struct{}{} })
	}
	s := e.stream(c, f, []part{p}, anyOrder)
	defer s.close(ctx)
	s.keysOnly(fieldsOf())
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		add(r.id)
	}
}

func (e *Engine) values(ctx context.Context, p part, name string, where condition, add func(string)) error {
	var all bson.RawArray
	err := e.call(ctx, "distinct", func(ctx context.Context) (err error) {
		all, err = p.coll.Distinct(undated{ctx}, name, where.document()).Raw()
		return err
	})
	if err != nil {
		return err
	}
	values, err := all.Values()
	if err != nil {
		return err
	}
	for _, v := range values {
		if text, ok := v.StringValueOK(); ok {
			add(text)
		}
	}
	return nil
}

// undated is a context that ends when it should without telling when: the
// driver sends a deadline along, and not every server that speaks the protocol
// knows it in this command.
type undated struct{ context.Context }

func (undated) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
