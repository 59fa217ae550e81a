package ncs_test

import (
	"encoding/json"
	"maps"
	"slices"

	"bcs-storage/storage"
)

// storable says whether a watcher could have PUT it.
func storable(data string) bool { return storage.CheckJSON("data", []byte(data)) == nil }

// mutate takes away the value number at of a JSON text, or puts another in its place.
func mutate(data []byte, at, how int) (string, bool) {
	var root any
	if json.Unmarshal(data, &root) != nil {
		return "", false
	}
	type place struct {
		set    func(any)
		remove func()
	}
	var places []place
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				places = append(places, place{func(other any) { v[name] = other }, func() { delete(v, name) }})
				walk(v[name])
			}
		case []any:
			for i := range v {
				places = append(places, place{func(other any) { v[i] = other }, func() { v[i] = nil }})
				walk(v[i])
			}
		}
	}
	walk(root)
	if len(places) == 0 {
		return "", false
	}
	p := places[at%len(places)]
	others := []any{nil, "", "x", 0, -1, 1.5, true, []any{}, map[string]any{}, []any{nil}, map[string]any{"": nil}, "1e400", 1 << 62}
	if how %= len(others) + 1; how == len(others) {
		p.remove()
	} else {
		p.set(others[how])
	}
	changed, err := json.Marshal(root)
	return string(changed), err == nil
}
