package ncs

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
)

// maxID bounds ids to 53 bits, which JavaScript's numbers keep exact.
const maxID = 1<<53 - 1

// key is what has an id: an object of the cluster, or with no kind a namespace.
type key struct{ namespace, kind, name string }

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.namespace, other.namespace), cmp.Compare(k.name, other.name), cmp.Compare(k.kind, other.kind))
}

// parts are what the id of the key is made of.
func (k key) parts(cluster string) []string {
	if k.kind == "" {
		return []string{cluster, k.namespace}
	}
	return []string{cluster, k.namespace, k.kind, k.name}
}

// hash53 is the 64-bit FNV-1a of the parts, a zero byte after each, folded to 53 bits.
func hash53(parts ...string) int64 {
	h := fnv.New64a()
	for _, part := range parts {
		// A hash takes everything that is written to it.
		_, _ = io.WriteString(h, part)
		_, _ = h.Write([]byte{0})
	}
	sum := h.Sum64()
	return int64(sum>>53 ^ sum&maxID)
}

// numbering gives every key of a set, of one cluster, an id between 1 and maxID that no
// other key of the set has: its hash. Where several have the same hash, the
// smallest keeps it (by namespace, name, kind) and the others take, in that order,
// the next id upward that is nobody's hash and not yet taken. So an id depends
// on the set alone, and changes only when a key of the same hash comes or goes.
type numbering struct {
	ids  map[key]int64
	keys map[int64]key
}

func number(cluster string, keys []key) numbering { return numberWith(hash53, cluster, keys) }

func numberWith(hash func(parts ...string) int64, cluster string, keys []key) numbering {
	keys = slices.SortedFunc(slices.Values(keys), key.compare)
	keys = slices.Compact(keys)
	n := numbering{make(map[key]int64, len(keys)), make(map[int64]key, len(keys))}
	homeOf := func(k key) int64 { return max(hash(k.parts(cluster)...)&maxID, 1) }
	var displaced []key
	for _, k := range keys {
		id := homeOf(k)
		if _, taken := n.keys[id]; taken {
			displaced = append(displaced, k)
			continue
		}
		n.ids[k], n.keys[id] = id, k
	}
	for _, k := range displaced {
		id := homeOf(k)
		for {
			if _, taken := n.keys[id]; !taken {
				break
			}
			id = id%maxID + 1
		}
		n.ids[k], n.keys[id] = id, k
	}
	return n
}
