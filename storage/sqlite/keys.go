package sqlite

import (
	"slices"
	"strings"

	"bcs-storage/storage"
)

// maxTargets bounds the id ranges that conditions on key fields multiply to.
const maxTargets = 1024

// texts are the strings among the values of f: key fields and _id are strings.
// An optional field that is empty is absent from the document (see
// storage.NewDocument), so null stands for "" there, and "" for nothing.
func texts(f storage.In, optional bool) map[string]bool {
	set := map[string]bool{}
	for _, v := range f.Values {
		switch s, isText := v.Interface().(string); {
		case isText && (s != "" || !optional):
			set[s] = true
		case v.IsNull() && optional:
			set[""] = true
		}
	}
	return set
}

// intersect is what a and b have in common; a nil a has everything.
func intersect(a, b map[string]bool) map[string]bool {
	if a == nil {
		return b
	}
	for s := range a {
		if !b[s] {
			delete(a, s)
		}
	}
	return a
}

// fixKeys turns the conditions on _id and on key fields into targets.
func (n *narrowing) fixKeys() {
	if n.ids != nil {
		n.fixIDs()
	}
	grown := n.targets[:0:0]
	for _, t := range n.targets {
		if n.allowed(t.key) {
			grown = append(grown, t)
		}
	}
	n.targets = grown
	for i := range n.keys {
		if n.keys[i] != nil {
			n.fixPart(i)
		}
	}
	n.targets = disjoint(n.targets)
}

// fixIDs leaves the documents whose _id is asked for.
func (n *narrowing) fixIDs() {
	var points []target
	for id := range n.ids {
		key := storage.ParseID(id)
		if len(key) != n.t.c.Parts || key.ID() != id {
			continue // no document has it
		}
		for _, t := range n.targets {
			if t.lo <= id && (t.hi == nil || id < t.hi.(string)) {
				points = append(points, point(key, id))
				break
			}
		}
	}
	n.targets = points
}

// allowed says whether the parts that key has may be.
func (n *narrowing) allowed(key storage.Key) bool {
	for i, set := range n.keys {
		if set != nil && i < len(key) && !set[key[i]] {
			return false
		}
	}
	return true
}

// fixPart makes the values of part i a part of the targets that end before it.
// Where targets lack an earlier part, or would become too many, the terms stay
// for others to decide.
func (n *narrowing) fixPart(i int) {
	var out []target
	open := 0
	for _, t := range n.targets {
		switch {
		case len(t.key) > i:
			out = append(out, t)
		case len(t.key) < i || len(n.targets)*len(n.keys[i]) > maxTargets:
			out = append(out, t)
			open++
		default:
			for value := range n.keys[i] {
				out = append(out, n.target(append(slices.Clip(t.key), value)))
			}
		}
	}
	n.targets = out
	if open > 0 {
		n.ins = append(n.ins, n.keyIns[i]...)
	}
}

// disjoint orders targets and drops those that lie within another.
func disjoint(targets []target) []target {
	slices.SortFunc(targets, func(a, b target) int {
		if c := strings.Compare(a.lo, b.lo); c != 0 {
			return c
		}
		return len(a.key) - len(b.key)
	})
	out := targets[:0]
	for _, t := range targets {
		if len(out) > 0 {
			last := out[len(out)-1]
			if last.hi == nil || t.hi != nil && t.hi.(string) <= last.hi.(string) {
				continue
			}
		}
		out = append(out, t)
	}
	return out
}
