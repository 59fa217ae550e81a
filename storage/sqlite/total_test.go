package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"bcs-storage/storage"
)

// The total of a scope follows every way in which its documents come and go.
func TestTotals(t *testing.T) {
	e := openInternal(t)
	ctx := t.Context()
	check := func(what string, want int64, scopes ...storage.Key) {
		t.Helper()
		q := storage.Query{Scopes: scopes}
		got, err := e.Count(ctx, storage.Events, q)
		if err != nil {
			t.Fatal(err)
		}
		listed := int64(0)
		for _, err := range e.List(ctx, storage.Events, q) {
			if err != nil {
				t.Fatal(err)
			}
			listed++
		}
		if got != want || listed != want {
			t.Errorf("%s: counted %d and listed %d, want %d", what, got, listed, want)
		}
	}
	put := func(cluster string, i int, at string) {
		t.Helper()
		d := storage.NewDocument(storage.Events, storage.Key{cluster, fmt.Sprint(i)}, storage.Member{Name: "eventTime", Value: []byte(at)})
		if err := e.Put(ctx, storage.Events, d, time.UnixMilli(int64(i))); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(q storage.Query) {
		t.Helper()
		if _, err := e.Delete(ctx, storage.Events, q); err != nil {
			t.Fatal(err)
		}
	}
	a, b := storage.Key{"a"}, storage.Key{"b"}
	check("nothing", 0, a)
	for i := range 5 {
		put("a", i, "7")
		put("b", i, "7")
	}
	check("put", 5, a)
	check("put everywhere", 10)
	put("a", 1, "7")
	put("a", 2, "8")
	check("replaced", 5, a)
	remove(storage.Query{Scopes: []storage.Key{{"a", "1"}}})
	check("deleted one", 4, a)
	remove(storage.Query{Scopes: []storage.Key{a}, Filter: storage.OneOf(storage.P("eventTime"), storage.Int(8))})
	check("deleted some", 3, a)
	if _, err := e.Trim(ctx, storage.Events, a, 1); err != nil {
		t.Fatal(err)
	}
	check("trimmed", 1, a)
	remove(storage.Query{Scopes: []storage.Key{b}})
	check("deleted all", 0, b)
	check("two scopes", 1, a, b)
	check("one of a scope", 0, storage.Key{"b", "1"})
}

// A file from before there were totals, or in which they are out of date, has them counted once.
func TestTotalsAreMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	for round := range 2 {
		e, err := Open(t.Context(), path, storage.Collections())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := e.Count(t.Context(), storage.Alarms, storage.Query{Scopes: []storage.Key{{"a"}}}); err != nil || n != int64(round) {
			t.Errorf("round %d: %d, %v", round, n, err)
		}
		d := storage.NewDocument(storage.Alarms, storage.Key{"a", fmt.Sprint(round)})
		if err := e.Put(t.Context(), storage.Alarms, d, time.UnixMilli(1)); err != nil {
			t.Fatal(err)
		}
		err = e.writer.do(t.Context(), 0, true, func(c *conn) error {
			for _, sql := range []string{"DROP TRIGGER alarm_added", "UPDATE total SET n = 7", "DELETE FROM meta"} {
				if err := c.pragma(sql); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
