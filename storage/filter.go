package storage

import (
	"bytes"
	"slices"
	"time"
)

// Filter says which documents are meant. The set of filters is closed: And,
// Or, Not, In, Exists, Contains and TimeRange. Match defines what each means;
// an engine may narrow by index or translate, but answers the same documents.
//
// A path stands for every value it leads to (see Record): through an array to
// each of its objects. A filter holds when one of those values satisfies it.
type Filter interface {
	match(r *Record) bool
}

type (
	// And holds when all of its filters do; an empty And always holds.
	And []Filter
	// Or holds when one of its filters does; an empty Or never holds.
	Or []Filter
	// Not holds when its filter does not.
	Not struct{ Filter Filter }
	// Exists holds when the path leads to a value, null included.
	Exists struct{ Path Path }
	// Contains holds for a string that contains Text, byte for byte, or an
	// array that holds such a string.
	Contains struct {
		Path Path
		Text string
	}
	// TimeRange holds for an instant t, in any spelling that InstantOf reads,
	// with From <= t < To. A zero bound is open.
	TimeRange struct {
		Path     Path
		From, To time.Time
	}
)

// In holds for a value that equals one of Values, or an array that holds one.
// Null among the Values also stands for a path that leads nowhere.
// Build it with OneOf.
type In struct {
	Path   Path
	Values []Value
	set    map[Value]struct{} // only for many values
	null   bool
	traces []string // see Record.lacks; empty: only a walk tells
}

// tracesAtMost is the number of texts for which a search of the whole body is
// faster than the walk that it may spare.
const tracesAtMost = 4

// setAbove is the number of values from which a set is faster than a scan.
const setAbove = 8

// OneOf is an In filter.
func OneOf(path Path, values ...Value) In {
	in := In{Path: path, Values: values}
	for _, v := range values {
		in.null = in.null || v.IsNull()
	}
	if len(values) <= tracesAtMost && !slices.ContainsFunc(values, func(v Value) bool { return v.kind != kindString || !plain(v.text) }) {
		for _, v := range values {
			in.traces = append(in.traces, v.text)
		}
	}
	if len(values) > setAbove {
		in.set = make(map[Value]struct{}, len(values))
		for _, v := range values {
			in.set[v] = struct{}{}
		}
	}
	return in
}

// Match is the meaning of a filter: whether it holds for the record. The nil
// filter holds for every record.
func Match(f Filter, r *Record) bool { return f == nil || f.match(r) }

func (f And) match(r *Record) bool {
	for _, g := range f {
		if !Match(g, r) {
			return false
		}
	}
	return true
}

func (f Or) match(r *Record) bool {
	for _, g := range f {
		if Match(g, r) {
			return true
		}
	}
	return false
}

func (f Not) match(r *Record) bool { return !Match(f.Filter, r) }

func (f Exists) match(r *Record) bool {
	return r.resolve(f.Path, func([]byte) bool { return true })
}

func (f In) match(r *Record) bool {
	if len(f.traces) > 0 && r.lacks(f.Path, f.traces) {
		return false
	}
	found := false
	if r.resolve(f.Path, func(v []byte) bool {
		found = true
		return anyScalar(v, f.has)
	}) {
		return true
	}
	return f.null && !found
}

func (f In) has(raw []byte) bool {
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return f.hasString(raw[1 : len(raw)-1])
	}
	v, ok := scalarOf(raw)
	if !ok {
		return false
	}
	if f.set != nil {
		_, ok := f.set[v]
		return ok
	}
	for _, w := range f.Values {
		if v == w {
			return true
		}
	}
	return false
}

// hasString is has without turning the text into a string: most values are
// strings, and most do not match.
func (f In) hasString(text []byte) bool {
	if f.set != nil {
		_, ok := f.set[Value{kindString, string(text)}]
		return ok
	}
	for i := range f.Values {
		if w := &f.Values[i]; w.kind == kindString && w.text == string(text) {
			return true
		}
	}
	return false
}

func (f Contains) match(r *Record) bool {
	if plain(f.Text) && r.lacks(f.Path, []string{f.Text}) {
		return false
	}
	return r.resolve(f.Path, func(v []byte) bool {
		return anyScalar(v, func(raw []byte) bool {
			return raw[0] == '"' && bytes.Contains(unquote(raw), []byte(f.Text))
		})
	})
}

func (f TimeRange) match(r *Record) bool {
	return r.resolve(f.Path, func(v []byte) bool {
		return anyScalar(v, func(raw []byte) bool {
			t, ok := InstantOf(raw)
			return ok && f.Holds(t)
		})
	})
}

// Holds says whether From <= t < To.
func (f TimeRange) Holds(t time.Time) bool {
	return (f.From.IsZero() || !t.Before(f.From)) && (f.To.IsZero() || t.Before(f.To))
}

// anyScalar calls holds with v, or with each element where v is an array.
func anyScalar(v []byte, holds func([]byte) bool) bool {
	c, ok := openContainer(v)
	if !ok {
		return holds(v)
	}
	if c.object {
		return false
	}
	for {
		_, value, ok := c.next()
		if !ok {
			return false
		}
		if holds(value) {
			return true
		}
	}
}
