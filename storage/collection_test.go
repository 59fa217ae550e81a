package storage_test

import (
	"regexp"
	"slices"
	"testing"

	"bcs-storage/storage"
)

// TestCollections holds the table to what engines and NewDocument rely on.
func TestCollections(t *testing.T) {
	names := map[string]bool{}
	word := regexp.MustCompile(`^[a-z]+$`)
	for _, c := range storage.Collections() {
		t.Run(c.Name, func(t *testing.T) {
			if !word.MatchString(c.Name) || names[c.Name] {
				t.Errorf("the name %q is no plain word of its own", c.Name)
			}
			names[c.Name] = true
			if len(c.Key) == 0 || c.Parts < len(c.Key) {
				t.Errorf("%d parts, %d of them fields", c.Parts, len(c.Key))
			}
			if c.Scope < 0 || c.Scope > len(c.Key) {
				t.Errorf("scope of %d parts, the key has %d fields", c.Scope, len(c.Key))
			}
			reserved := []string{storage.FieldID, storage.FieldCreateTime, storage.FieldUpdateTime}
			for i, field := range c.Key {
				if slices.Contains(reserved, field) || slices.Contains(c.Key[:i], field) {
					t.Errorf("the key field %q is taken", field)
				}
			}
			checkIndex(t, "", c.IndexOf(nil))
			types := c.Types()
			for i, typ := range types {
				if typ == "" || slices.Contains(types[:i], typ) {
					t.Errorf("type %q among %q", typ, types)
				}
				scope := append(make(storage.Key, c.Scope-1), typ)
				ix := c.IndexOf(scope)
				checkIndex(t, typ, ix)
				// A full key is below its scope and has the same index.
				if full := append(scope, make(storage.Key, c.Parts-c.Scope)...); !slices.EqualFunc(c.IndexOf(full).Values, ix.Values, storage.Path.Equal) {
					t.Errorf("%q is indexed otherwise than its scope", full)
				}
			}
			if c.NewestFirst != "" && !slices.ContainsFunc(c.IndexOf(nil).Times, storage.P(c.NewestFirst).Equal) {
				t.Errorf("ordered by %q, which is not indexed as a time", c.NewestFirst)
			}
		})
	}
}

func checkIndex(t *testing.T, typ string, ix storage.Index) {
	t.Helper()
	if len(ix.Values) > storage.MaxIndexedValues || len(ix.Times) > storage.MaxIndexedTimes {
		t.Errorf("type %q: %d values and %d times are indexed, there is room for %d and %d", typ, len(ix.Values), len(ix.Times), storage.MaxIndexedValues, storage.MaxIndexedTimes)
	}
	for _, paths := range [][]storage.Path{ix.Values, ix.Times} {
		for i, p := range paths {
			if len(p) == 0 || slices.ContainsFunc(paths[:i], p.Equal) {
				t.Errorf("type %q: path %q is empty or indexed twice", typ, p)
			}
		}
	}
}

func TestIndexOf(t *testing.T) {
	has := func(paths []storage.Path, path string) bool {
		return slices.ContainsFunc(paths, storage.P(path).Equal)
	}
	for _, tc := range []struct {
		name        string
		c           *storage.Collection
		key         storage.Key
		value, time string // a path that is indexed; "" is none at all
	}{
		{"type", storage.Dynamic, storage.Key{"c", "Pod"}, "data.status.hostIP", "data.metadata.creationTimestamp"},
		{"document", storage.Dynamic, storage.Key{"c", "taskgroup", "ns", "n"}, "data.rcname", "data.lastUpdateTime"},
		{"types are case-sensitive", storage.Dynamic, storage.Key{"c", "pod"}, "resourceName", ""},
		{"type without a row", storage.Dynamic, storage.Key{"c", "Lease"}, "resourceName", ""},
		{"above the scope", storage.Dynamic, storage.Key{"Pod"}, "resourceName", ""},
		{"everything", storage.Dynamic, nil, "resourceName", ""},
		{"empty type", storage.Dynamic, storage.Key{"c", ""}, "resourceName", ""},
		{"no index", storage.Metrics, storage.Key{"c", "ns"}, "", ""},
		{"no scope", storage.Hosts, storage.Key{"10.0.0.1"}, "clusterId", ""},
		{"cluster", storage.Events, storage.Key{"c"}, "extraInfo.name", "eventTime"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ix := tc.c.IndexOf(tc.key)
			if tc.value == "" && len(ix.Values) > 0 || tc.value != "" && !has(ix.Values, tc.value) {
				t.Errorf("values %q, want %q", ix.Values, tc.value)
			}
			if tc.time == "" && len(ix.Times) > 0 || tc.time != "" && !has(ix.Times, tc.time) {
				t.Errorf("times %q, want %q", ix.Times, tc.time)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	err := storage.Invalid("limit", "%q is no number", "x")
	if got, want := err.Error(), `limit: "x" is no number`; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
