package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"bcs-storage/conf"
	"bcs-storage/storage"
	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
	"bcs-storage/watch/local"
	"bcs-storage/watch/zk"
)

// databaseFile is where the embedded engine keeps everything, in the data directory.
const databaseFile = "bcs-storage.db"

// openDocuments opens the engine of the documents.
func (a *App) openDocuments(ctx context.Context) (storage.Documents, error) {
	c := a.config
	switch c.Storage {
	case conf.StorageSQLite:
		return a.openFile(ctx, append(storage.Collections(), local.Collection))
	case conf.StorageMongoDB:
		engine, err := mongo.Open(ctx, mongo.Options{
			URI:                    c.MongoDB.URI,
			Database:               c.MongoDB.Database,
			OperationTimeout:       c.MongoDB.OperationTimeout,
			ServerSelectionTimeout: c.MongoDB.ServerSelectionTimeout,
			MaxPoolSize:            uint64(c.MongoDB.MaxPoolSize),
			MinPoolSize:            uint64(c.MongoDB.MinPoolSize),
			Collections:            storage.Collections(),
			Log:                    a.log,
			Observer:               a.telemetry.MongoDB(),
		})
		if err != nil {
			return nil, err
		}
		a.engines = append(a.engines, engine)
		return engine, nil
	}
	return nil, fmt.Errorf("storage: there is no %q", c.Storage)
}

// openNodes opens the engine of the watch payloads. The embedded one is in the
// file of the documents, or in a file of its own where those are elsewhere.
func (a *App) openNodes(ctx context.Context, docs storage.Documents, now func() time.Time) (watch.Nodes, error) {
	c := a.config
	switch {
	case c.Watch == conf.WatchLocal && c.Storage == conf.StorageSQLite:
		return local.New(docs, now), nil
	case c.Watch == conf.WatchLocal:
		file, err := a.openFile(ctx, []*storage.Collection{local.Collection})
		if err != nil {
			return nil, err
		}
		return local.New(file, now), nil
	case c.Watch == conf.WatchZooKeeper:
		nodes, err := zk.Open(zk.Options{
			Servers:     c.ZooKeeper.Servers,
			Base:        c.ZooKeeper.Base,
			Timeout:     c.ZooKeeper.SessionTimeout,
			CallTimeout: c.ZooKeeper.CallTimeout,
			Username:    c.ZooKeeper.Username,
			Password:    c.ZooKeeper.Password,
			MaxPayload:  c.ZooKeeper.MaxPayload,
			Log:         a.log,
		})
		if err != nil {
			return nil, err
		}
		a.engines = append(a.engines, nodes)
		a.telemetry.ZooKeeper(nodes.Session)
		return nodes, nil
	}
	return nil, fmt.Errorf("watch: there is no %q", c.Watch)
}

// openFile opens the embedded engine.
func (a *App) openFile(ctx context.Context, collections []*storage.Collection) (storage.Documents, error) {
	engine, err := sqlite.Open(ctx, filepath.Join(a.config.DataDir, databaseFile), collections, sqlite.OnCommit(a.telemetry.SQLite()))
	if err != nil {
		return nil, err
	}
	a.engines = append(a.engines, engine)
	return engine, nil
}
