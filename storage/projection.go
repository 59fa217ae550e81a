package storage

// Projection is a set of paths to answer instead of the whole document: the
// values they lead to and what they stand in, nothing else. An object or array
// that holds none of them is left out. _id is always answered where a record
// has one. The nil Projection answers everything.
type Projection struct {
	paths []Path
	root  fieldNode
}

// fieldNode is a part of the tree that the paths make. No kids: all below is wanted.
type fieldNode struct {
	name string
	kids []fieldNode
}

// NewProjection builds a projection. A path that is given twice counts once; a
// path within another ("data" and "data.metadata") is a conflict and an
// ErrInvalid for param. No path at all is the nil Projection.
func NewProjection(param string, paths ...Path) (*Projection, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	p := &Projection{}
	for _, path := range paths {
		if p.has(path) {
			continue
		}
		for _, other := range p.paths {
			if path.within(other) || other.within(path) {
				return nil, Invalid(param, "%q and %q overlap: ask for one of them", other, path)
			}
		}
		p.paths = append(p.paths, path)
		p.root.add(path)
	}
	return p, nil
}

func (p *Projection) has(path Path) bool {
	for _, other := range p.paths {
		if path.Equal(other) {
			return true
		}
	}
	return false
}

// Paths are the distinct paths, in the order given.
func (p *Projection) Paths() []Path {
	if p == nil {
		return nil
	}
	return p.paths
}

func (n *fieldNode) add(path Path) {
	if len(path) == 0 {
		return
	}
	for i := range n.kids {
		if n.kids[i].name == path[0] {
			n.kids[i].add(path[1:])
			return
		}
	}
	n.kids = append(n.kids, fieldNode{name: path[0]})
	n.kids[len(n.kids)-1].add(path[1:])
}

func (n *fieldNode) kid(quoted []byte) *fieldNode {
	for i := range n.kids {
		if nameIs(quoted, n.kids[i].name) {
			return &n.kids[i]
		}
	}
	return nil
}

// hasLeaf says whether all of the member name is wanted.
func (n *fieldNode) hasLeaf(name string) bool {
	for i := range n.kids {
		if n.kids[i].name == name {
			return len(n.kids[i].kids) == 0
		}
	}
	return false
}

// Append appends what the projection answers of the record.
func (p *Projection) Append(dst []byte, r *Record) []byte {
	if p == nil {
		return r.AppendJSON(dst)
	}
	w := objectWriter{dst: append(dst, '{')}
	if r.ID != "" {
		w.name(FieldID)
		w.dst = AppendString(w.dst, r.ID)
	}
	w.members(r.Body, &p.root, func(name []byte) bool { return r.shadows(name) })
	if p.root.hasLeaf(FieldCreateTime) {
		w.time(FieldCreateTime, r.Created)
	}
	if p.root.hasLeaf(FieldUpdateTime) {
		w.time(FieldUpdateTime, r.Updated)
	}
	return append(w.dst, '}')
}

// shadows says whether a member of the body is hidden by one of the record's own.
func (r *Record) shadows(quoted []byte) bool {
	return !r.Created.IsZero() && nameIs(quoted, FieldCreateTime) ||
		!r.Updated.IsZero() && nameIs(quoted, FieldUpdateTime) ||
		r.ID != "" && nameIs(quoted, FieldID)
}

// members appends the wanted members of object and says how many there were.
func (w *objectWriter) members(object []byte, want *fieldNode, hidden func([]byte) bool) int {
	c, ok := openContainer(object)
	if !ok || !c.object {
		return 0
	}
	n := 0
	for left := len(want.kids); left > 0; {
		key, value, ok := c.next()
		if !ok {
			break
		}
		kid := want.kid(key)
		if kid == nil {
			continue
		}
		left--
		if hidden != nil && hidden(key) {
			continue
		}
		undo := *w
		w.comma()
		w.dst = append(append(w.dst, key...), ':')
		if !w.value(value, kid) {
			*w = undo
			continue
		}
		n++
	}
	return n
}

// value appends what is wanted of v and says whether there was anything.
func (w *objectWriter) value(v []byte, want *fieldNode) bool {
	if len(want.kids) == 0 {
		w.dst = append(w.dst, v...)
		return true
	}
	c, ok := openContainer(v)
	switch {
	case !ok:
		return false
	case c.object:
		inner := objectWriter{dst: append(w.dst, '{')}
		n := inner.members(v, want, nil)
		w.dst = append(inner.dst, '}')
		return n > 0
	}
	inner := objectWriter{dst: append(w.dst, '[')}
	n := 0
	for {
		_, element, ok := c.next()
		if !ok {
			break
		}
		if element[0] != '{' {
			continue
		}
		undo := inner
		inner.comma()
		if !inner.value(element, want) {
			inner = undo
			continue
		}
		n++
	}
	w.dst = append(inner.dst, ']')
	return n > 0
}
