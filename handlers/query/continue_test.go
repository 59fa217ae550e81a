package query_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

func paging(t *testing.T, params query.Params) query.Paging {
	t.Helper()
	p, err := query.List.Parse(params, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p.Paging
}

// TestSelection: everything that decides what is selected, or where, tells
// selections apart; what only shapes the answer does not.
func TestSelection(t *testing.T) {
	type args struct {
		route string
		path  map[string]string
		query query.Params
	}
	base := args{"/r/{a}/{b}", map[string]string{"a": "1", "b": "2"}, query.Params{"status": "x", "limit": "7", "field": "data"}}
	of := func(a args) query.Selection { return query.SelectionOf(a.route, a.path, a.query) }
	for name, same := range map[string]query.Params{
		"limit": {"status": "x", "limit": "8", "field": "data"}, "field": {"status": "x"}, "continue": {"status": "x", "continue": "abc"},
	} {
		if of(args{base.route, base.path, same}) != of(base) {
			t.Errorf("%s makes it another selection", name)
		}
	}
	seen := map[query.Selection]string{of(base): "base"}
	for name, other := range map[string]args{
		"route":           {"/s/{a}/{b}", base.path, base.query},
		"path":            {base.route, map[string]string{"a": "2", "b": "1"}, base.query},
		"path cut":        {base.route, map[string]string{"a": "12", "b": ""}, base.query},
		"value":           {base.route, base.path, query.Params{"status": "y"}},
		"name":            {base.route, base.path, query.Params{"statux": "x"}},
		"empty":           {base.route, base.path, query.Params{"status": ""}},
		"one more":        {base.route, base.path, query.Params{"status": "x", "z": ""}},
		"none":            {base.route, base.path, nil},
		"parameter of it": {base.route, map[string]string{"a": "1", "b": "2", "status": "x"}, nil},
	} {
		s := of(other)
		if before, ok := seen[s]; ok {
			t.Errorf("%s is the same selection as %s", name, before)
		}
		seen[s] = name
	}
}

func FuzzToken(f *testing.F) {
	f.Add("c/Pod/n/x", "")
	f.Add("é\U0001F600", "AU2XoHL0VEiIQkNT")
	f.Fuzz(func(t *testing.T, last, token string) {
		s := query.SelectionOf("r", nil, nil)
		if token != "" {
			if after, err := paging(t, query.Params{"continue": token}).After(s); err != nil && !errors.Is(err, storage.ErrInvalid) || err == nil && s.Token(after) != token {
				t.Errorf("%q: %q %v", token, after, err)
			}
		}
		after, err := paging(t, query.Params{"continue": s.Token(last)}).After(s)
		if err == nil && (after != last || last == "") {
			t.Errorf("%q came back as %q", last, after)
		}
		if whole := last != "" && utf8.ValidString(last) && !strings.Contains(last, "\x00"); whole != (err == nil) {
			t.Errorf("%q: %v", last, err)
		}
		if _, err := paging(t, query.Params{"continue": s.Token(last)}).After(query.SelectionOf("other", nil, nil)); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("a token of another selection: %v", err)
		}
	})
}
