package sqlite

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"bcs-storage/storage"
)

// TestOnCommit: each commit is told once, with how many writes shared it, and so is one that failed.
func TestOnCommit(t *testing.T) {
	var told []Commit // by the writer, whose answers come after it
	e, err := Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), storage.Collections(), OnCommit(func(c Commit) { told = append(told, c) }))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := errors.Join(together(t, e, e.putting("a", "1"), e.putting("b", "1"), e.putting("c", "1"))...); err != nil {
		t.Fatal(err)
	}
	if err := e.writer.conn.close(); err != nil { // the writer is idle
		t.Fatal(err)
	}
	broken := errors.New("broken")
	e.writer.conn, e.writer.redial = nil, func() (*conn, error) { return nil, broken }
	if err := e.putting("d", "1")(); !errors.Is(err, broken) {
		t.Fatalf("%v, want that there is no connection", err)
	}
	var writes []int
	for _, c := range told {
		writes = append(writes, c.Writes)
		if c.Took < 0 {
			t.Errorf("took %v", c.Took)
		}
	}
	// The write that held the writer, the three that waited for it, and the one that failed.
	if !slices.Equal(writes, []int{1, 3, 1}) || told[0].Err != nil || told[1].Err != nil || !errors.Is(told[2].Err, broken) {
		t.Errorf("told %+v", told)
	}
}
