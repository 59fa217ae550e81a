package app

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"path/filepath"
	"time"

	"bcs-storage/cmd/bcs-storage/app/telemetry"
	"bcs-storage/conf"
	"bcs-storage/storage"
	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
	"bcs-storage/watch/local"
)

// DataFile is the file in which the embedded engines of the configuration keep
// everything, and whether they keep anything: false with both engines elsewhere.
func DataFile(c conf.Config) (path string, used bool) {
	return filepath.Join(c.DataDir, databaseFile), c.Storage == conf.StorageSQLite || c.Watch == conf.WatchLocal
}

// unserved is an App without a listener; nobody sees what it measures.
func unserved(c conf.Config, log *slog.Logger) *App {
	return &App{config: c, log: log, telemetry: telemetry.New(telemetry.Options{Now: time.Now})}
}

// Stores are the engines of a configuration without the service around them.
type Stores struct {
	Documents storage.Documents
	Nodes     watch.Nodes
	app       *App
}

// OpenStores opens both engines, the embedded ones as New does: not while a
// service has them open. It fails, with what is away, when an engine does not answer.
func OpenStores(ctx context.Context, c conf.Config, log *slog.Logger) (*Stores, error) {
	s := &Stores{app: unserved(c, log)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stores) open(ctx context.Context) (err error) {
	if s.Documents, err = s.app.openDocuments(ctx); err != nil {
		return err
	}
	if s.Nodes, err = s.app.openNodes(ctx, s.Documents, time.Now); err != nil {
		return err
	}
	c := s.app.config
	return errors.Join(answers(ctx, c.MongoDB.ServerSelectionTimeout, s.Documents.Ping), answers(ctx, c.ZooKeeper.CallTimeout, s.Nodes.Ping))
}

// Settle waits for what the engines do in the background after writes: until
// the indexes of MongoDB are made.
func (s *Stores) Settle(ctx context.Context) error {
	if engine, ok := s.Documents.(*mongo.Engine); ok {
		return engine.Indexed(ctx)
	}
	return nil
}

// Close closes both engines.
func (s *Stores) Close() error { return s.app.close() }

// Contents is what the engines of a configuration have, to be read.
type Contents struct {
	Documents storage.RecordReader
	Nodes     func(context.Context) iter.Seq2[watch.Item, error]
	// Count is how many documents a collection has.
	Count func(context.Context, *storage.Collection) (int64, error)
	app   *App
}

// OpenContents opens both engines to read all that they have. Embedded ones
// are read as they are at one moment, whether or not a service has them open; of the others
// what is written meanwhile may or may not be seen. It fails, with what is
// away, when an engine does not answer.
func OpenContents(ctx context.Context, c conf.Config, log *slog.Logger) (*Contents, error) {
	s := &Contents{app: unserved(c, log)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Contents) open(ctx context.Context) error {
	c := s.app.config
	if path, used := DataFile(c); used {
		snapshot, err := sqlite.OpenSnapshot(ctx, path, append(storage.Collections(), local.Collection))
		if err != nil {
			return err
		}
		s.app.engines = append(s.app.engines, snapshot)
		s.Documents, s.Count = snapshot, snapshot.Count
		s.Nodes = func(ctx context.Context) iter.Seq2[watch.Item, error] { return local.All(ctx, snapshot) }
	}
	var docs storage.Documents
	if c.Storage != conf.StorageSQLite {
		var err error
		if docs, err = s.app.openDocuments(ctx); err != nil {
			return err
		}
		s.Documents = docs
		s.Count = func(ctx context.Context, c *storage.Collection) (int64, error) {
			return docs.Count(ctx, c, storage.Query{})
		}
		if err := answers(ctx, c.MongoDB.ServerSelectionTimeout, docs.Ping); err != nil {
			return err
		}
	}
	if c.Watch == conf.WatchLocal {
		return nil
	}
	nodes, err := s.app.openNodes(ctx, docs, time.Now)
	if err != nil {
		return err
	}
	s.Nodes = nodes.All
	return answers(ctx, c.ZooKeeper.CallTimeout, nodes.Ping)
}

// Close closes both engines.
func (s *Contents) Close() error { return s.app.close() }

// askEvery is how long an engine has until it is asked again whether it
// answers: one that was just opened may not be connected yet.
const askEvery = 100 * time.Millisecond

// answers asks for so long, and once at least.
func answers(ctx context.Context, within time.Duration, ping func(context.Context) error) error {
	late := time.NewTimer(within)
	defer late.Stop()
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for {
		err := ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-late.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
