package handlers

import (
	"fmt"
	"iter"
	"strings"

	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// Redaction is a part of the resources of a type, and of watch payloads of that
// type, whose values only callers with ActionSecrets are answered. Others can't make
// conditions about it either: which documents match would tell the value.
type Redaction struct {
	Type string       // of resources, in any case
	Path storage.Path // within data
}

// hidden is what of resources of the types the caller is not answered, below the
// path under which data stands; nil is nothing.
func (a *API) hidden(r *request, below storage.Path, types ...string) *storage.Redaction {
	if r.caller != nil && r.caller.can(ActionSecrets) {
		return nil
	}
	var paths []storage.Path
	for _, t := range types {
		for _, row := range a.redact {
			if strings.EqualFold(row.Type, t) {
				paths = append(paths, append(below[:len(below):len(below)], row.Path...))
			}
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return storage.NewRedaction(paths...)
}

// protect hides from the answer what of the documents in the scopes the caller may not see,
// and refuses a filter that is about it.
func (a *API) protect(r *request, c *storage.Collection, scopes []storage.Key, f storage.Filter) error {
	if c != storage.Dynamic {
		return nil
	}
	types := make([]string, len(scopes))
	for i, scope := range scopes {
		types[i] = scope[1]
	}
	return r.hide(a.hidden(r, storage.Path{"data"}, types...), f)
}

// protectPayloads is protect for the watch payloads of a type.
func (a *API) protectPayloads(r *request, resourceType string, f storage.Filter) error {
	return r.hide(a.hidden(r, nil, resourceType), f)
}

func (r *request) hide(what *storage.Redaction, f storage.Filter) error {
	if r.hides = what; what == nil {
		return nil
	}
	if path, touched := what.Touched(f); touched {
		return fmt.Errorf("%w: %.100q is redacted, so there can be no condition on it", ErrForbidden, path)
	}
	return nil
}

// mayCompute refuses a view of objects of which a part is redacted: it can't be computed
// from the rest.
func (a *API) mayCompute(r *request, loads ...cluster.Load) error {
	for _, l := range loads {
		if l.Kind != cluster.Event && a.hidden(r, nil, string(l.Kind)) != nil {
			return fmt.Errorf("%w: a part of each %s is redacted", ErrForbidden, l.Kind)
		}
	}
	return nil
}

// without is the reply without what is hidden.
func (p reply) without(what *storage.Redaction) reply {
	switch {
	case what == nil:
	case p.item != nil:
		p.item = what.Append(make([]byte, 0, len(p.item)), p.item)
	case p.documents != nil:
		p.documents = redacted(p.documents, what)
	}
	return p
}

func redacted(documents iter.Seq2[[]byte, error], what *storage.Redaction) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var buf []byte
		for doc, err := range documents {
			if err == nil {
				buf = what.Append(buf[:0], doc)
				doc = buf
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}
