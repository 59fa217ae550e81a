package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/storage/storagetest"
)

func openTest(t *testing.T) storage.Documents {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "store.db"))
}

func openAt(t *testing.T, path string) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), path, storage.Collections())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestConformance(t *testing.T) { storagetest.Run(t, openTest) }

func TestRandom(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { storagetest.Random(t, openTest, seed, 400) })
	}
}

func FuzzAgainstModel(f *testing.F) { storagetest.Fuzz(f, openTest) }
