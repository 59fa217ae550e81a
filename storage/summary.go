package storage

import "slices"

// SummaryOf is the part of the documents at or below key that lists and conditions
// ask for most: an engine may keep it beside them, so as not to read all of a large
// one. Nil is nothing. That of one type has at least what that of all types has.
func (c *Collection) SummaryOf(key Key) *Projection {
	if c.Scope > 0 && len(key) >= c.Scope {
		if p, ok := c.summary[key[c.Scope-1]]; ok {
			return p
		}
	}
	return c.summary[""]
}

// Summary is what p answers of a body alone. It is a body itself, which gives the same
// answers as the whole one to all that p covers (see Collection.Covers).
func (p *Projection) Summary(body []byte) []byte {
	const room = 768 // what most take: growing would copy it again and again
	return p.Append(make([]byte, 0, room), &Record{Body: body})
}

// Covers says whether fields is answered alike of a record and of one with the summary
// p in place of the body. Nothing covers the nil fields, which are everything.
func (c *Collection) Covers(p, fields *Projection) bool {
	if p == nil || fields == nil {
		return false
	}
	for _, path := range fields.paths {
		if !c.covers(p, path) {
			return false
		}
	}
	return true
}

// CoversFilter says whether a filter holds alike for a record and for one with the
// summary p in place of the body.
func (c *Collection) CoversFilter(p *Projection, f Filter) bool {
	switch f := f.(type) {
	case nil:
		return true
	case And:
		return c.coversAll(p, f)
	case Or:
		return c.coversAll(p, f)
	case Not:
		return c.CoversFilter(p, f.Filter)
	case Exists:
		return c.covers(p, f.Path)
	case In:
		return c.covers(p, f.Path)
	case Contains:
		return c.covers(p, f.Path)
	case TimeRange:
		return c.covers(p, f.Path)
	}
	return false
}

func (c *Collection) coversAll(p *Projection, filters []Filter) bool {
	for _, f := range filters {
		if !c.CoversFilter(p, f) {
			return false
		}
	}
	return true
}

// covers says whether what path leads to is a member of the record itself, or within what p keeps.
func (c *Collection) covers(p *Projection, path Path) bool {
	if len(path) == 1 && (path[0] == FieldID || path[0] == FieldCreateTime || path[0] == FieldUpdateTime && c.KeepUpdateTime) {
		return true
	}
	if p == nil {
		return false
	}
	for _, kept := range p.paths {
		// An array loses elements in a summary, so a part that may be an index is only
		// safe within what is kept whole.
		if path.within(kept) && !slices.ContainsFunc(kept, isIndex) {
			return true
		}
	}
	return false
}

func isIndex(part string) bool {
	_, is := arrayIndex(part)
	return is
}
