package storage

import "strings"

// FullwidthDot is what clients write for a dot that is part of a key, in paths
// of extra and field (API document, "extra"): U+FF0E.
const FullwidthDot = "．"

// maxPathDepth bounds a path; no stored document is deeper (see CheckJSON).
const maxPathDepth = MaxDepth

// maxDigitParts bounds the parts of a path that are digits: each may name a
// member or pick an element, so each can multiply the ways that a walk takes.
const maxDigitParts = 8

// Path addresses a value inside a document: the keys from the top, dots inside
// a key as they are.
type Path []string

// ParsePath reads a dotted path as the API's clients write it. U+FF0E inside a
// component stands for a dot. An empty component, one that starts with "$", or
// more components than any document needs is an ErrInvalid that carries param.
func ParsePath(param, s string) (Path, error) {
	parts := strings.Split(s, ".")
	if len(parts) > maxPathDepth {
		return nil, Invalid(param, "a path has at most %d parts", maxPathDepth)
	}
	digits := 0
	for i, part := range parts {
		if _, ok := arrayIndex(part); ok {
			digits++
		}
		switch {
		case part == "":
			return nil, Invalid(param, "%q is not a path: it has an empty part", s)
		case part[0] == '$':
			return nil, Invalid(param, "%q is not a path: a part may not start with $", s)
		case digits > maxDigitParts:
			return nil, Invalid(param, "a path has at most %d parts in digits", maxDigitParts)
		}
		parts[i] = strings.ReplaceAll(part, FullwidthDot, ".")
	}
	return parts, nil
}

// P is ParsePath for paths written in code: tables and tests.
// It panics on a path that ParsePath refuses.
func P(s string) Path {
	p, err := ParsePath("path", s)
	if err != nil {
		panic(err)
	}
	return p
}

// String is the path as a client writes it.
func (p Path) String() string {
	var b strings.Builder
	for i, part := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.ReplaceAll(part, ".", FullwidthDot))
	}
	return b.String()
}

// Equal says whether two paths address the same value.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.within(q) }

// within says whether p equals q or lies below it.
func (p Path) within(q Path) bool {
	if len(p) < len(q) {
		return false
	}
	for i := range q {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}
