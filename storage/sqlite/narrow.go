package sqlite

import (
	"database/sql/driver"
	"slices"

	"bcs-storage/storage"
)

const (
	// maxSlotValues is the number of values up to which an index of them is
	// read value by value; maxInValues that up to which SQL checks them.
	maxSlotValues = 32
	maxInValues   = 256
)

// plan is how a query is answered.
type plan struct {
	// targets are the keys and prefixes that are looked at, in the order of their ids.
	targets []target
	// groups are read one after another; the sources of a group are merged.
	groups []group
	// keysOnly: every document of the targets matches.
	keysOnly bool
	// timeWithoutScope: there is a range of createTime or updateTime, which can
	// only be looked up scope by scope, and the targets span scopes.
	timeWithoutScope bool
}

// target is a part of the collection: a document or everything below a prefix.
type target struct {
	key storage.Key
	lo  string
	hi  driver.Value // nil is no end
}

// group is what is read of a target.
type group struct {
	// sources are in the order of the list.
	sources []source
	// byTime are other sources of the same rows, out of order but narrowed by
	// an index of a time. Empty when there is none or sources are better.
	byTime []source
}

// narrow decides how q is answered. It is pure: no row is looked at.
func narrow(t *table, q storage.Query) plan {
	n := narrowing{t: t}
	n.scopes(q.Scopes)
	n.split(q.Filter)
	n.fixKeys()
	p := plan{targets: n.targets, keysOnly: !n.rest && len(n.ins) == 0 && len(n.times) == 0}
	for _, target := range n.targets {
		p.groups = append(p.groups, n.group(target))
		p.timeWithoutScope = p.timeWithoutScope || n.ownTime() && len(target.key) < t.c.Scope
	}
	if t.newest() && len(p.groups) > 1 {
		p.groups = []group{joined(p.groups)}
	}
	return p
}

// joined is one group of all sources: with lists by time no group comes before another.
func joined(groups []group) group {
	var all group
	usable := true
	for _, g := range groups {
		all.sources = append(all.sources, g.sources...)
		all.byTime = append(all.byTime, g.byTime...)
		usable = usable && len(g.byTime) > 0
	}
	if !usable {
		all.byTime = nil
	}
	return all
}

// ownTime says whether there is a range of createTime or updateTime.
func (n *narrowing) ownTime() bool {
	return slices.ContainsFunc(n.times, func(f storage.TimeRange) bool {
		return len(f.Path) == 1 && (f.Path[0] == storage.FieldCreateTime || f.Path[0] == storage.FieldUpdateTime && n.t.c.KeepUpdateTime)
	})
}

// narrowing is the state of narrow: the terms that the filter's And is made
// of, by what can be done with them.
type narrowing struct {
	t       *table
	targets []target
	keys    []map[string]bool // by key part: the values that may be, nil is any
	keyIns  [][]storage.In    // by key part: the terms that keys come from
	ids     map[string]bool
	ins     []storage.In
	times   []storage.TimeRange
	// rest: there are terms that only Match can decide.
	rest bool
}

func (n *narrowing) scopes(scopes []storage.Key) {
	if len(scopes) == 0 {
		scopes = []storage.Key{{}}
	}
	for _, key := range scopes {
		n.targets = append(n.targets, n.target(key))
	}
}

func (n *narrowing) target(key storage.Key) target {
	if len(key) >= n.t.c.Parts {
		return point(key, key.ID())
	}
	lo := key.Prefix()
	if lo == "" {
		return target{key: key}
	}
	return target{key: key, lo: lo, hi: storage.PrefixEnd(lo)}
}

func point(key storage.Key, id string) target {
	return target{key: key, lo: id, hi: id + "\x00"}
}

// split sorts the terms of the top-level And.
func (n *narrowing) split(f storage.Filter) {
	switch f := f.(type) {
	case nil:
	case storage.And:
		for _, term := range f {
			n.split(term)
		}
	case storage.In:
		n.in(f)
	case storage.TimeRange:
		n.times = append(n.times, f)
	default:
		n.rest = true
	}
}

func (n *narrowing) in(f storage.In) {
	if len(f.Path) == 1 {
		if f.Path[0] == storage.FieldID {
			n.ids = intersect(n.ids, texts(f, false))
			return
		}
		if i := slices.Index(n.t.c.Key, f.Path[0]); i >= 0 {
			if n.keys == nil {
				n.keys = make([]map[string]bool, len(n.t.c.Key))
				n.keyIns = make([][]storage.In, len(n.t.c.Key))
			}
			n.keys[i] = intersect(n.keys[i], texts(f, f.Path[0] == "namespace"))
			n.keyIns[i] = append(n.keyIns[i], f)
			return
		}
	}
	n.ins = append(n.ins, f)
}
