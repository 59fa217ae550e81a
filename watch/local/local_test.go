package local_test

import (
	"path/filepath"
	"testing"
	"time"

	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
	"bcs-storage/watch/local"
	"bcs-storage/watch/watchtest"
)

func TestConformance(t *testing.T) {
	watchtest.Run(t, func(t *testing.T) watch.Nodes {
		engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "watch.db"), []*storage.Collection{local.Collection})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := engine.Close(); err != nil {
				t.Error(err)
			}
		})
		return local.New(engine, time.Now)
	})
}
