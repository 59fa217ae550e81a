package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"bcs-storage/storage"
)

// builder makes the sources of one target.
type builder struct {
	t      *table
	target target
	scope  []cond // the equality on the scope; none when the target spans scopes
	exact  bool   // every part of the filter is a term
	terms  []*term
	slot   *term // the term whose slot is read, with the fewest values
	order  *term // the range of the time by which lists are ordered
	span   *term // the range of another time that has an index
}

// group turns what is known of a target into sources.
func (n *narrowing) group(t target) group {
	g := n.groupOf(t)
	summary := n.t.c.SummaryOf(t.key)
	for _, sources := range [][]source{g.sources, g.byTime} {
		for i := range sources {
			sources[i].summary = summary
		}
	}
	return g
}

func (n *narrowing) groupOf(t target) group {
	b := &builder{t: n.t, target: t, exact: !n.rest}
	if len(t.key) >= n.t.c.Parts { // one document: the rest is for Match
		s := idRange(t.lo, t.hi)
		s.exact = b.exact && len(n.ins) == 0 && len(n.times) == 0
		return group{sources: []source{s}}
	}
	if len(t.key) >= n.t.c.Scope {
		b.scope = []cond{scopeIs(n.t.c, t.key)}
	}
	b.terms = n.terms(b)
	b.choose()
	switch {
	case b.slot != nil:
		return group{sources: b.bySlot()}
	case n.t.newest():
		return group{sources: b.byOrder(), byTime: b.byTime()}
	}
	s := idRange(t.lo, t.hi)
	b.finish(&s)
	return group{sources: []source{s}, byTime: b.byTime()}
}

// terms are the parts of the filter that columns can decide. What is indexed
// is known where the target has one type.
func (n *narrowing) terms(b *builder) (terms []*term) {
	var ix storage.Index
	if len(b.scope) > 0 || len(n.t.c.Types()) == 0 {
		ix = n.t.c.IndexOf(b.target.key)
	}
	for _, f := range n.ins {
		if t, ok := n.t.inTerm(ix, f); ok {
			terms = append(terms, &t)
		} else {
			b.exact = false
		}
	}
	for _, f := range n.times {
		t, exact, ok := n.t.timeTerm(ix, f)
		if ok {
			terms = append(terms, &t)
		}
		b.exact = b.exact && ok && exact
	}
	return terms
}

// choose picks the terms that get to choose an index.
func (b *builder) choose() {
	order := fmt.Sprintf("t%d", b.t.order)
	for _, t := range b.terms {
		switch {
		case t.span != nil && t.span.column == order:
			if b.order == nil {
				b.order = t
			}
		case len(b.scope) == 0:
		case t.span != nil:
			if b.span == nil {
				b.span = t
			}
		case len(t.slot.keys) <= maxSlotValues && (b.slot == nil || len(t.slot.keys) < len(b.slot.slot.keys)):
			b.slot = t
		}
	}
}

// finish adds the conditions that are checked row by row: all but those of the
// terms by which the index is read.
func (b *builder) finish(s *source, but ...*term) {
	s.exact = b.exact
	s.rest = slices.Clip(s.rest)
	for _, t := range b.terms {
		if !slices.Contains(but, t) {
			s.rest = append(s.rest, t.cond)
		}
	}
}

// lead is the equality on the scope and one more condition.
func (b *builder) lead(c cond) []cond { return append(slices.Clip(b.scope), c) }

// bySlot are the sources of each value of the slot, and of the rows that have many.
func (b *builder) bySlot() (all []source) {
	slot := b.slot.slot
	for _, key := range slot.keys {
		all = append(all, b.slotRange(cond{sql: slot.column + " = ?", args: []driver.Value{key}}, true)...)
	}
	if !slot.single {
		all = append(all, b.slotRange(many(slot.column), false)...)
	}
	return all
}

func (b *builder) slotRange(c cond, exact bool) []source {
	s := source{index: b.slot.slot.column, lead: b.lead(c), lo: b.target.lo, hi: b.target.hi}
	made := []source{s}
	if b.t.newest() {
		s.lo, s.hi = "", nil
		made = b.ordered(s, b.slot)
	} else {
		b.finish(&made[0], b.slot)
	}
	for i := range made {
		made[i].exact = made[i].exact && exact
	}
	return made
}

// byOrder are the sources of the index that has the target's rows in order.
func (b *builder) byOrder() []source {
	if len(b.scope) > 0 {
		return b.ordered(source{index: "order", lead: b.scope}, nil)
	}
	return b.ordered(source{index: "all"}, nil)
}

// ordered makes s, whose index ends in (ord, id), follow that order.
func (b *builder) ordered(s source, slot *term) []source {
	s.byOrder, s.low, s.high = true, firstPosition, endPosition
	if len(b.target.key) != b.t.c.Scope && len(b.target.key) > 0 {
		s.lo, s.hi = b.target.lo, b.target.hi
	}
	if b.order == nil {
		b.finish(&s, slot)
		return []source{s}
	}
	// A document whose time is many has no place in order: it is among the last.
	last := s
	last.rest = []cond{many(b.order.span.column)}
	last.high = position{ord: noOrder + 1}
	b.finish(&last, slot, b.order)
	last.exact = false
	s.low, s.high = position{ord: b.order.span.from}, position{ord: b.order.span.to}
	b.finish(&s, slot, b.order)
	return []source{s, last}
}

// byTime are sources by the index of a time, nil when there is none that helps.
func (b *builder) byTime() []source {
	if b.span == nil || b.order != nil {
		return nil
	}
	for _, t := range b.terms {
		if t != b.span && t.doubt != "" {
			return nil // rows in doubt have to be read in order
		}
	}
	span := b.span.span
	s := source{index: span.column, lead: b.lead(span.only()), lo: b.target.lo, hi: b.target.hi}
	last := s
	b.finish(&s, b.span)
	if !span.slot {
		return []source{s}
	}
	last.lead = b.lead(many(span.column))
	b.finish(&last, b.span)
	last.exact = false
	return []source{s, last}
}
