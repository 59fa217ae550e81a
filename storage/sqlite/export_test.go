package sqlite

import (
	"context"

	"bcs-storage/storage"
)

// OpenInSmallSteps is Open with steps so small that a handful of documents
// takes many of them.
func OpenInSmallSteps(ctx context.Context, path string, collections []*storage.Collection) (*Engine, error) {
	return open(ctx, path, collections, limits{firstRows: 1, mostRows: 5, chunkBytes: 300, sparse: 3, probe: 4}, released())
}
