package sqlite_test

import (
	"context"
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

// openInSmallSteps makes every list go through what only long ones do otherwise.
func openInSmallSteps(t *testing.T) storage.Documents {
	t.Helper()
	return openWith(t, sqlite.OpenInSmallSteps, filepath.Join(t.TempDir(), "store.db"))
}

func openAt(t *testing.T, path string) *sqlite.Engine {
	t.Helper()
	return openWith(t, func(ctx context.Context, path string, collections []*storage.Collection) (*sqlite.Engine, error) {
		return sqlite.Open(ctx, path, collections)
	}, path)
}

func openWith(t *testing.T, open func(context.Context, string, []*storage.Collection) (*sqlite.Engine, error), path string) *sqlite.Engine {
	t.Helper()
	e, err := open(t.Context(), path, storage.Collections())
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

func TestConformanceInSmallSteps(t *testing.T) { storagetest.Run(t, openInSmallSteps) }

func TestRandom(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if seed%2 == 0 {
				storagetest.Random(t, openTest, seed, 350)
			} else {
				storagetest.Random(t, openInSmallSteps, seed, 350)
			}
		})
	}
}

func FuzzAgainstModel(f *testing.F) { storagetest.Fuzz(f, openInSmallSteps) }
