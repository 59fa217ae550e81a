package storage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bcs-storage/storage"
)

func TestParsePath(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   string
		want storage.Path // nil: refused
		err  string       // part of the refusal
	}{
		{"one part", "resourceName", storage.Path{"resourceName"}, ""},
		{"parts", "data.status.phase", storage.Path{"data", "status", "phase"}, ""},
		{"a fullwidth dot is a dot of the key", "data.metadata.labels.app．kubernetes．io/name", storage.Path{"data", "metadata", "labels", "app.kubernetes.io/name"}, ""},
		{"only a fullwidth dot", "．", storage.Path{"."}, ""},
		{"white space is part of a name", " a . b", storage.Path{" a ", " b"}, ""},
		{"digits", "a.0.b", storage.Path{"a", "0", "b"}, ""},
		{"dollar inside", "a$b.c$", storage.Path{"a$b", "c$"}, ""},
		{"fullwidth dollar", "＄a", storage.Path{"＄a"}, ""},
		{"fullwidth dot before dollar", "．$a", storage.Path{".$a"}, ""},
		{"empty", "", nil, "empty part"},
		{"leading dot", ".a", nil, "empty part"},
		{"trailing dot", "a.", nil, "empty part"},
		{"two dots", "a..b", nil, "empty part"},
		{"operator", "$where", nil, "may not start with $"},
		{"operator inside", "data.$gt", nil, "may not start with $"},
		{"as deep as a document", strings.Repeat("a.", storage.MaxDepth-1) + "a", slices.Repeat(storage.Path{"a"}, storage.MaxDepth), ""},
		{"deeper than a document", strings.Repeat("a.", storage.MaxDepth) + "a", nil, "at most 200 parts"},
		{"some indexes", "a" + strings.Repeat(".0", 8), append(storage.Path{"a"}, slices.Repeat(storage.Path{"0"}, 8)...), ""},
		{"too many indexes", "a" + strings.Repeat(".0", 9), nil, "at most 8 parts in digits"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := storage.ParsePath("field", tc.in)
			if tc.want == nil {
				var invalid *storage.InvalidError
				if !errors.As(err, &invalid) || invalid.Param != "field" || !errors.Is(err, storage.ErrInvalid) {
					t.Fatalf("ParsePath(%q) = %q, %v, want an ErrInvalid for field", tc.in, got, err)
				}
				if !strings.Contains(invalid.Reason, tc.err) {
					t.Fatalf("reason %q does not say %q", invalid.Reason, tc.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, tc.want) {
				t.Fatalf("ParsePath(%q) = %q, %v, want %q", tc.in, got, err, tc.want)
			}
			if got := got.String(); got != tc.in {
				t.Errorf("String() = %q, want %q", got, tc.in)
			}
		})
	}
}

func TestPanicsOnBadPath(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error(`P("a..b") did not panic`)
		}
	}()
	storage.P("a..b")
}

func TestPathEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b storage.Path
		want bool
	}{
		{storage.P("a.b"), storage.P("a.b"), true},
		{storage.P("a.b"), storage.P("a．b"), false},
		{storage.P("a.b"), storage.P("a"), false},
		{storage.P("a"), storage.P("a.b"), false},
		{storage.P("a"), storage.P("b"), false},
	} {
		if got := tc.a.Equal(tc.b); got != tc.want {
			t.Errorf("%q.Equal(%q) = %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"data.status.phase", "a．b.c", "", ".", "$a", "a.$b", "a..b", "．", "\xef\xbc.a", "0.1.2", strings.Repeat("a.", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := storage.ParsePath("extra", s)
		if err != nil {
			if !errors.Is(err, storage.ErrInvalid) {
				t.Fatalf("ParsePath(%q): %v is no ErrInvalid", s, err)
			}
			return
		}
		if len(p) == 0 || len(p) > storage.MaxDepth {
			t.Fatalf("ParsePath(%q) has %d parts", s, len(p))
		}
		for i, part := range strings.Split(s, ".") {
			if part == "" || part[0] == '$' {
				t.Errorf("ParsePath(%q) took the part %q", s, part)
			}
			if want := strings.ReplaceAll(part, "\uff0e", "."); p[i] != want {
				t.Errorf("ParsePath(%q)[%d] = %q, want %q", s, i, p[i], want)
			}
		}
		again, err := storage.ParsePath("extra", p.String())
		if err != nil || !again.Equal(p) {
			t.Errorf("ParsePath(%q) = %q, %v, want %q", p.String(), again, err, p)
		}
	})
}
