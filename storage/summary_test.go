package storage_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"bcs-storage/storage"
)

func TestSummaryOf(t *testing.T) {
	common := storage.Dynamic.SummaryOf(storage.Key{"c"})
	for _, typ := range append(storage.Dynamic.Types(), "Other") {
		key := storage.Key{"c", typ}
		ix, p := storage.Dynamic.IndexOf(key), storage.Dynamic.SummaryOf(key)
		if !storage.Dynamic.Covers(p, common) {
			t.Errorf("%s: %q lacks some of %q", typ, p.Paths(), common.Paths())
		}
		for _, path := range slices.Concat(ix.Values, ix.Times) {
			if !storage.Dynamic.CoversFilter(p, storage.Exists{Path: path}) {
				t.Errorf("%s: %q lacks %q", typ, p.Paths(), path)
			}
		}
	}
	for _, c := range []*storage.Collection{storage.Events, storage.Alarms, storage.Hosts, storage.Metrics} {
		if p := c.SummaryOf(storage.Key{"c"}); p != nil {
			t.Errorf("%s: %q", c.Name, p.Paths())
		}
	}
}

func TestCovers(t *testing.T) {
	pod := storage.Dynamic.SummaryOf(storage.Key{"c", "Pod"})
	for _, tc := range []struct {
		c      *storage.Collection
		p      *storage.Projection
		fields string
		want   bool
	}{
		{storage.Dynamic, pod, "resourceName", true},
		{storage.Dynamic, pod, "resourceName,data.status.phase,createTime,updateTime,_id", true},
		{storage.Dynamic, pod, "data.metadata.labels.app", true},
		{storage.Dynamic, pod, "data.metadata.labels.0", true},
		{storage.Dynamic, pod, "data.status", false},
		{storage.Dynamic, pod, "data.metadata", false},
		{storage.Dynamic, pod, "resourceName,data.spec", false},
		{storage.Dynamic, pod, "createTime.x", false},
		{storage.Dynamic, pod, "", false},
		{storage.Dynamic, nil, "resourceName", false},
		{storage.Dynamic, projection(t, "data.0.a"), "data.0.a", false},
		{storage.Events, projection(t, "a"), "a,updateTime", false},
		{storage.Events, projection(t, "a"), "a,createTime", true},
	} {
		var fields *storage.Projection
		if tc.fields != "" {
			fields = projection(t, strings.Split(tc.fields, ",")...)
		}
		if got := tc.c.Covers(tc.p, fields); got != tc.want {
			t.Errorf("%q of %q: %v, want %v", tc.p.Paths(), tc.fields, got, tc.want)
		}
	}
}

func projection(t *testing.T, dotted ...string) *storage.Projection {
	t.Helper()
	p, err := storage.NewProjection("field", paths(dotted...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// FuzzCovers holds a summary to its promise: what it covers it answers like the whole.
func FuzzCovers(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"a":1},2,{"b":"x"}]},"b":null,"x.y":{"0":[]}}`), []byte{1, 1, 0, 1, 2, 1, 0, 0}, []byte{0, 1, 0, 1, 2, 0})
	f.Add([]byte(`{"createTime":{"a":1},"_id":[{"a":2}],"a":[[{"a":1}],{"a":[]}]}`), []byte{3, 1, 0, 0, 2, 9, 0}, []byte{6, 3, 4, 1, 1, 0})
	f.Add([]byte{1, 4, 0, 1, 3, 1, 2, 0, 1, 2, 3, 1, 9, 9, 9, 9}, []byte{2, 0, 0, 1, 1}, []byte{0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, doc, kept, query []byte) {
		whole := fuzzRecord(doc, 7)
		k := &choices{b: kept}
		var wanted []storage.Path
		for range 1 + k.pick(4) {
			wanted = append(wanted, k.path())
		}
		p, err := storage.NewProjection("field", wanted...)
		if err != nil {
			return
		}
		brief := whole
		brief.Body = p.Summary(whole.Body)
		if err := storage.CheckJSON("summary", brief.Body); err != nil {
			t.Fatalf("%q of %s is %s: %v", wanted, whole.Body, brief.Body, err)
		}
		c := &choices{b: query}
		if filter, _ := c.filter(4); storage.Dynamic.CoversFilter(p, filter) {
			if got, want := storage.Match(filter, &brief), storage.Match(filter, &whole); got != want {
				t.Errorf("%#v is %v for the summary %s, %v for %s", filter, got, brief.Body, want, whole.Body)
			}
		}
		// Paths at and below those that are kept, for random ones are seldom covered.
		for _, path := range wanted {
			for _, below := range []storage.Path{path, append(slices.Clip(path), c.path()...)} {
				fields, err := storage.NewProjection("field", below)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := fields.Append(nil, &brief), fields.Append(nil, &whole); storage.Dynamic.Covers(p, fields) && !bytes.Equal(got, want) {
					t.Errorf("%q of the summary %s is %s, of %s %s", below, brief.Body, got, whole.Body, want)
				}
				exists := storage.Exists{Path: below}
				if got, want := storage.Match(exists, &brief), storage.Match(exists, &whole); storage.Dynamic.CoversFilter(p, exists) && got != want {
					t.Errorf("%q is there in the summary %s: %v, in %s: %v", below, brief.Body, got, whole.Body, want)
				}
			}
		}
	})
}
