package storage_test

import (
	"slices"
	"strings"
	"testing"

	"bcs-storage/storage"
)

func TestKeyID(t *testing.T) {
	for _, tc := range []struct {
		name   string
		key    storage.Key
		id     string
		prefix string
	}{
		{"the empty key is above everything", storage.Key{}, "", ""},
		{"one part", storage.Key{"c"}, "c", "c/"},
		{"full key", storage.Key{"BCS-K8S-1", "Pod", "ns", "web-1"}, "BCS-K8S-1/Pod/ns/web-1", "BCS-K8S-1/Pod/ns/web-1/"},
		{"no namespace", storage.Key{"c", "Node", "", "n1"}, "c/Node//n1", "c/Node//n1/"},
		{"empty part in front", storage.Key{"", "x"}, "/x", "/x/"},
		{"only an empty part", storage.Key{""}, "", "/"},
		{"slash", storage.Key{"a/b"}, "a%2Fb", "a%2Fb/"},
		{"percent", storage.Key{"50%"}, "50%25", "50%25/"},
		{"what looks escaped", storage.Key{"a%2Fb", "%25", "%"}, "a%252Fb/%2525/%25", "a%252Fb/%2525/%25/"},
		{"other bytes stay", storage.Key{"．$.é\n", "\xff"}, "．$.é\n/\xff", "．$.é\n/\xff/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.key.ID(); got != tc.id {
				t.Errorf("ID() = %q, want %q", got, tc.id)
			}
			if got := tc.key.Prefix(); got != tc.prefix {
				t.Errorf("Prefix() = %q, want %q", got, tc.prefix)
			}
			if len(tc.key) == 0 {
				return // no document has the empty key
			}
			if got := storage.ParseID(tc.id); !slices.Equal(got, tc.key) {
				t.Errorf("ParseID(%q) = %q, want %q", tc.id, got, tc.key)
			}
		})
	}
}

func TestPrefixEnd(t *testing.T) {
	for _, tc := range []struct{ prefix, want string }{
		{"", ""},
		{"/", "0"},
		{"c/Pod/", "c/Pod0"},
		{"c//", "c/0"},
		{"\xff/", "\xff0"},
	} {
		if got := storage.PrefixEnd(tc.prefix); got != tc.want {
			t.Errorf("PrefixEnd(%q) = %q, want %q", tc.prefix, got, tc.want)
		}
	}
}

// FuzzKey checks what engines build on: an _id is a key and back, and the
// half-open range of a prefix holds the documents below it and no other.
func FuzzKey(f *testing.F) {
	f.Add("c", "Pod", "ns", "web-1", "c", "Pod")
	f.Add("c", "Node", "", "n1", "c", "Node")
	f.Add("a/b", "%", "%2F", "/", "a", "b")
	f.Add("", "", "", "", "", "")
	f.Add("a", "b0", "", "\x00", "a", "b")
	f.Add("a-b", "\xff", "a.b", "a0", "a", "\xff")
	f.Fuzz(func(t *testing.T, a, b, c, d, x, y string) {
		key := storage.Key{a, b, c, d}
		id := key.ID()
		if got := storage.ParseID(id); !slices.Equal(got, key) {
			t.Fatalf("ParseID(%q) = %q, want %q", id, got, key)
		}
		for _, scope := range []storage.Key{key[:0], key[:1], key[:2], key[:3], {x}, {x, y}, {a, y}, {a, b, x}} {
			below := slices.Equal(key[:len(scope)], scope)
			prefix := scope.Prefix()
			end := storage.PrefixEnd(prefix)
			if got := strings.HasPrefix(id, prefix); got != below {
				t.Errorf("%q starts with the prefix of %q: %v, want %v", id, scope, got, below)
			}
			if got := id >= prefix && (end == "" || id < end); got != below {
				t.Errorf("%q in [%q, %q): %v, want %v", id, prefix, end, got, below)
			}
		}
		if id >= key.Prefix() && id < storage.PrefixEnd(key.Prefix()) {
			t.Errorf("%q is below itself", id)
		}
		if other := (storage.Key{x, y, c, d}); other.ID() == id && !slices.Equal(other, key) {
			t.Errorf("%q and %q share the _id %q", key, other, id)
		}
	})
}
