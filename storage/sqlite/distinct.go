package sqlite

import (
	"context"
	"maps"
	"slices"
	"strings"

	"bcs-storage/storage"
)

// Distinct reads ids. Without a filter, or with one on key fields only, it
// jumps from value to value.
func (e *Engine) Distinct(ctx context.Context, c *storage.Collection, q storage.Query, field string) ([]string, error) {
	t, err := e.table(c)
	if err != nil {
		return nil, err
	}
	part := slices.Index(c.Key, field)
	if part < 0 {
		return nil, storage.Invalid("field", "%q is not a key field of %s", field, c.Name)
	}
	seen := map[string]struct{}{}
	if err := e.distinct(ctx, t, q, part, seen); err != nil {
		return nil, contractError("distinct", err)
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen)), nil
}

func (e *Engine) distinct(ctx context.Context, t *table, q storage.Query, part int, seen map[string]struct{}) error {
	if p := narrow(t, q); p.keysOnly {
		for _, target := range p.targets {
			if err := e.jump(ctx, t, target, part, seen); err != nil {
				return err
			}
		}
		return nil
	}
	s := e.stream(t, q)
	s.keys = true
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		seen[storage.ParseID(r.at.id)[part]] = struct{}{}
	}
}

// jump finds the values of a key part below target. It goes from the first id
// with a value to the first id behind all that share it. Where every document
// has a value of its own it walks the ids instead, a step at a time.
func (e *Engine) jump(ctx context.Context, t *table, target target, part int, seen map[string]struct{}) error {
	src := idRange(target.lo, target.hi)
	if part == t.c.Parts-1 {
		return e.walk(ctx, t, src, part, seen)
	}
	for {
		var at *position
		err := e.reads.with(ctx, func(c *conn) (err error) {
			at, err = src.place(ctx, t, c, 0)
			return err
		})
		if at == nil || err != nil {
			return err
		}
		key := storage.ParseID(at.id)
		seen[key[part]] = struct{}{}
		src.lo = storage.PrefixEnd(key[:part+1].Prefix())
		if hi, ok := src.hi.(string); ok && strings.Compare(src.lo, hi) >= 0 {
			return nil
		}
	}
}

func (e *Engine) walk(ctx context.Context, t *table, src source, part int, seen map[string]struct{}) error {
	s := &stream{t: t, access: e.reads.with, groups: []group{{sources: []source{src}}}, keys: true}
	for {
		r, err := s.next(ctx)
		if r == nil || err != nil {
			return err
		}
		seen[storage.ParseID(r.at.id)[part]] = struct{}{}
	}
}
