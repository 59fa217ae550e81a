package ncs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHash53 computes the hash as the definition of FNV-1a has it.
func TestHash53(t *testing.T) {
	h := uint64(14695981039346656037)
	for _, b := range []byte("BCS-K8S-00000\x00data\x00StatefulSet\x00kafka\x00") {
		h = (h ^ uint64(b)) * 1099511628211
	}
	want := int64(h>>53 ^ h&(1<<53-1))
	if got := hash53(key{"data", "StatefulSet", "kafka"}.parts("BCS-K8S-00000")...); got != want || got > maxID {
		t.Errorf("%d, not %d", got, want)
	}
	if hash53("a", "bc") == hash53("ab", "c") {
		t.Error("the parts run together")
	}
}

// TestNumbering: with hashes that collide more or less, and at the end of the
// range, ids are those that the rule says, whatever the order of the keys.
func TestNumbering(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []uint64{1, 2, 7, 50, 1 << 20} {
		for _, base := range []int64{0, 1, 1000, maxID - 3} {
			hash := func(parts ...string) int64 {
				return (base + int64(uint64(hash53(parts...))%spread)) & maxID
			}
			var keys []key
			for i := range 60 {
				keys = append(keys, key{fmt.Sprintf("ns%d", i%4), []string{"StatefulSet", "Pod"}[i%2], fmt.Sprintf("w%d", random.IntN(40))})
			}
			n := numberWith(hash, "c", keys)
			for range 5 {
				random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
				if again := numberWith(hash, "c", keys); !maps.Equal(n.ids, again.ids) || !maps.Equal(n.keys, again.keys) {
					t.Fatalf("spread %d, base %d: the order of the keys matters", spread, base)
				}
			}
			checkNumbering(t, n, keys, func(k key) int64 { return max(hash(k.parts("c")...), 1) })
		}
	}
}

func checkNumbering(t *testing.T, n numbering, keys []key, homeOf func(key) int64) {
	t.Helper()
	sorted := slices.Compact(slices.SortedFunc(slices.Values(keys), key.compare))
	if len(n.ids) != len(sorted) || len(n.keys) != len(sorted) {
		t.Fatalf("%d keys, %d ids, %d back", len(sorted), len(n.ids), len(n.keys))
	}
	first := map[int64]key{}
	for _, k := range sorted {
		if _, taken := first[homeOf(k)]; !taken {
			first[homeOf(k)] = k
		}
	}
	steps := func(k key) int64 { // from its hash to its id, round the end of the range
		d := n.ids[k] - homeOf(k)
		if d < 0 {
			d += maxID
		}
		return d
	}
	last := map[int64]int64{}
	for _, k := range sorted {
		id, home := n.ids[k], homeOf(k)
		if id < 1 || id > maxID || n.keys[id] != k {
			t.Fatalf("%v has id %d, which is that of %v", k, id, n.keys[id])
		}
		if (first[home] == k) != (id == home) {
			t.Errorf("%v: hash %d, id %d, the smallest is %v", k, home, id, first[home])
		}
		if first[home] == k {
			continue
		}
		if steps(k) <= last[home] {
			t.Errorf("%v has a smaller id than a smaller name of the same hash", k)
		}
		last[home] = steps(k)
		for at := home; at != id; at = at%maxID + 1 {
			if _, taken := n.keys[at]; !taken {
				t.Errorf("%v has id %d though %d is free", k, id, at)
			}
		}
	}
}

// TestNumberingIsStable: an object with a hash of its own keeps its id whatever
// comes and goes.
func TestNumberingIsStable(t *testing.T) {
	hash := func(parts ...string) int64 {
		return map[string]int64{"a": 10, "b": 10, "c": 11}[parts[len(parts)-1]]
	}
	a, b, c := key{"n", "Pod", "a"}, key{"n", "Pod", "b"}, key{"n", "Pod", "c"}
	for _, set := range [][]key{{c}, {b, c}, {a, b, c}} {
		if id := numberWith(hash, "x", set).ids[c]; id != 11 {
			t.Errorf("%v: c has id %d", set, id)
		}
	}
	if id := numberWith(hash, "x", []key{a, b, c}).ids[b]; id != 12 {
		t.Errorf("b has id %d", id)
	}
}
