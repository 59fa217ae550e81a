package sqlite_test

import (
	"fmt"
	"testing"

	"bcs-storage/storage"
)

// TestWriteGuesses: whether documents are new is guessed; a wrong guess changes
// nothing but the number of statements.
func TestWriteGuesses(t *testing.T) {
	e := openTest(t)
	group := func(version int, numbers ...int) {
		t.Helper()
		var writes []storage.Write
		for _, i := range numbers {
			key := storage.Key{"c", "Pod", "n", fmt.Sprintf("p%02d", i)}
			data := fmt.Appendf(nil, `{"v":%d,"status":{"phase":"v%d"}}`, version, version%2)
			writes = append(writes, storage.Write{Document: storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: data})})
		}
		if errs := e.Write(t.Context(), storage.Dynamic, writes, at); errs != nil {
			t.Fatal(errs)
		}
	}
	want := map[int]int{}
	for version, numbers := range [][]int{{9, 3, 5}, {1, 2, 3, 4, 5, 6}, {0, 3, 7, 8, 9, 10}, {3, 3, 11, 3}, {5, 6}} {
		group(version, numbers...)
		for _, i := range numbers {
			want[i] = version
		}
	}
	for i, version := range want {
		key := storage.Key{"c", "Pod", "n", fmt.Sprintf("p%02d", i)}
		phase := storage.OneOf(storage.P("data.status.phase"), storage.String(fmt.Sprintf("v%d", version%2)))
		v := storage.OneOf(storage.P("data.v"), storage.Int(int64(version)))
		if n, err := e.Count(t.Context(), storage.Dynamic, storage.Query{Scopes: []storage.Key{{"c", "Pod"}}, Filter: storage.And{phase, v, storage.OneOf(storage.P("resourceName"), storage.String(key[3]))}}); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", key[3], n, err)
		}
	}
	if n, err := e.Count(t.Context(), storage.Dynamic, storage.Query{}); int(n) != len(want) || err != nil {
		t.Errorf("%d documents, want %d: %v", n, len(want), err)
	}
}
