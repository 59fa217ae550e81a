package handlers

import (
	"context"
	"iter"
	"math"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// cut is the end of a page: what the answer says to go on behind it.
type cut struct {
	selection query.Selection
	token     string // "" when the list was not cut
}

// appendTo appends the member continue where the list was cut; no cut is none.
func (end *cut) appendTo(dst []byte) []byte {
	if end == nil || end.token == "" {
		return dst
	}
	dst = append(dst, `,"continue":"`...)
	return append(append(dst, end.token...), '"')
}

// paged answers what q selects. With p it is a page that says whether it was cut;
// params are those of the request.
func (a *API) paged(ctx context.Context, r *request, c *storage.Collection, q storage.Query, p query.Paging, params query.Params) (reply, error) {
	if !p.On {
		return reply{documents: a.docs.List(ctx, c, q)}, nil
	}
	end := &cut{selection: r.selection(params)}
	var err error
	if q.After, err = p.After(end.selection); err != nil {
		return reply{}, err
	}
	limit := q.Limit
	if limit > 0 && limit < math.MaxInt64 {
		q.Limit++ // whether there is one more says whether the list is cut
	}
	return reply{documents: end.page(a.docs.List(ctx, c, q), limit), cut: end}, nil
}

// pagedNames is paged for a list of names in order.
func (r *request) pagedNames(names []string, q storage.Query, p query.Paging, params query.Params) (reply, error) {
	if !p.On {
		return reply{names: page(names, q.Skip, q.Limit)}, nil
	}
	end := &cut{selection: r.selection(params)}
	after, err := p.After(end.selection)
	if err != nil {
		return reply{}, err
	}
	for len(names) > 0 && after != "" && names[0] <= after {
		names = names[1:]
	}
	all := int64(len(names))
	names = page(names, 0, q.Limit)
	if n := int64(len(names)); n < all {
		end.token = end.selection.Token(names[n-1])
	}
	return reply{names: names, cut: end}, nil
}

func (r *request) selection(params query.Params) query.Selection {
	return query.SelectionOf(r.route.path, r.restful.PathParameters(), params)
}

// page holds back what is more than limit, and then notes the cut.
func (end *cut) page(documents iter.Seq2[[]byte, error], limit int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		n, last := int64(0), ""
		for doc, err := range documents {
			if err == nil && limit > 0 && n == limit {
				end.token = end.selection.Token(last)
				return
			}
			if n++; err == nil && n == limit {
				last = idOf(doc)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// idOf is the _id of an answered document.
func idOf(doc []byte) string {
	raw, _ := storage.Lookup(doc, storage.Path{storage.FieldID})
	return stringOf(raw)
}
