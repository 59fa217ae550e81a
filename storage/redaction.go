package storage

// Redaction is a set of paths below which values are not shown. An array on the
// way stands for each of its elements.
type Redaction struct {
	paths []Path
	root  fieldNode
}

// redactedValue stands for a value that is not shown.
const redactedValue = `"***"`

// NewRedaction builds a redaction of what the paths lead to. No path at all redacts nothing.
func NewRedaction(paths ...Path) *Redaction {
	r := &Redaction{paths: paths}
	for i, path := range paths {
		within := false
		for j, other := range paths {
			within = within || i != j && path.within(other) && (!path.Equal(other) || j < i)
		}
		if !within { // what is within another is redacted by that
			r.root.add(path)
		}
	}
	return r
}

// Append appends the JSON value v, which CheckJSON accepted, with every scalar
// at or below the paths as "***". Names stay, and how deep things are; all else is as it was,
// byte for byte.
func (r *Redaction) Append(dst, v []byte) []byte {
	if len(r.paths) == 0 {
		return append(dst, v...)
	}
	return r.root.redact(dst, v)
}

// redact appends v. It looks at every member, as a payload that somebody else has
// written may have a name twice.
func (n *fieldNode) redact(dst, v []byte) []byte {
	if len(n.kids) == 0 {
		return appendRedacted(dst, v)
	}
	c, ok := openContainer(v)
	if !ok {
		return append(dst, v...)
	}
	copied := 0
	for {
		key, value, ok := c.next()
		if !ok {
			return append(dst, v[copied:]...)
		}
		kid := n
		if c.object {
			kid = n.kid(key)
		}
		if kid == nil {
			continue
		}
		dst = kid.redact(append(dst, v[copied:c.i-len(value)]...), value)
		copied = c.i
	}
}

// appendRedacted appends v with every scalar in it redacted.
func appendRedacted(dst, v []byte) []byte {
	c, ok := openContainer(v)
	if !ok {
		return append(dst, redactedValue...)
	}
	copied := 0
	for {
		_, value, ok := c.next()
		if !ok {
			return append(dst, v[copied:]...)
		}
		dst = appendRedacted(append(dst, v[copied:c.i-len(value)]...), value)
		copied = c.i
	}
}

// Touched is the first path of the filter whose value the redaction hides, or a part
// of whose value it does: whether the filter holds would tell about it.
func (r *Redaction) Touched(f Filter) (Path, bool) {
	switch f := f.(type) {
	case And:
		return r.touchedOne(f)
	case Or:
		return r.touchedOne(f)
	case Not:
		return r.Touched(f.Filter)
	case Exists:
		return f.Path, r.touches(f.Path)
	case In:
		return f.Path, r.touches(f.Path)
	case Contains:
		return f.Path, r.touches(f.Path)
	case TimeRange:
		return f.Path, r.touches(f.Path)
	}
	return nil, false // nil: the set of filters is closed
}

func (r *Redaction) touchedOne(filters []Filter) (Path, bool) {
	for _, f := range filters {
		if path, touched := r.Touched(f); touched {
			return path, true
		}
	}
	return nil, false
}

func (r *Redaction) touches(path Path) bool {
	for _, hidden := range r.paths {
		if meet(path, hidden) {
			return true
		}
	}
	return false
}

// meet says whether one path may lead to, or to something above, what the other one
// leads to. A part in digits may pick an element of an array, which the hidden path passes through.
func meet(path, hidden Path) bool {
	if len(path) == 0 || len(hidden) == 0 {
		return true
	}
	if path[0] == hidden[0] && meet(path[1:], hidden[1:]) {
		return true
	}
	_, isIndex := arrayIndex(path[0])
	return isIndex && meet(path[1:], hidden)
}
