package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"

	"bcs-storage/scripts/bench/service"
	"bcs-storage/storage"
	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
	"bcs-storage/watch/local"
	"bcs-storage/watch/zk"
)

// engines are what the service stores in, driven by this process.
type engines struct {
	documents storage.Documents
	nodes     watch.Nodes
	opened    []io.Closer
}

// openEngines opens engines with all that the service was filled with: an embedded one of their own, or the
// database and the nodes of the service.
func openEngines(ctx context.Context, o options, place, dir string, pods corpus) (_ *engines, err error) {
	e := &engines{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	file, err := sqlite.Open(ctx, filepath.Join(dir, "engine", "engine.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		return nil, err
	}
	e.opened = append(e.opened, file)
	e.documents, e.nodes = file, local.New(file, time.Now)
	if o.Storage == service.StorageMongoDB {
		engine, err := mongo.Open(ctx, mongo.Options{URI: o.MongoURI, Database: place, Collections: storage.Collections()})
		if err != nil {
			return nil, err
		}
		e.opened = append(e.opened, engine)
		e.documents = engine
	} else if err := fillDocuments(ctx, e.documents, pods); err != nil {
		return nil, err
	}
	if o.Watch == service.WatchZooKeeper {
		// Below the service's, so that it is removed with that; what the service answers has been put by itself.
		nodes, err := zk.Open(zk.Options{Servers: strings.Split(o.ZooKeeper, ","), Base: place + "/alone"})
		if err != nil {
			return nil, err
		}
		e.opened = append(e.opened, nodes)
		e.nodes = nodes
	}
	return e, each(ctx, 0, watchNodes, func(ctx context.Context, i int, _ []byte) error {
		return e.nodes.Put(ctx, watchNode(i), watchData(i))
	})
}

func (e *engines) close() (err error) {
	for _, opened := range slices.Backward(e.opened) {
		err = errors.Join(err, opened.Close())
	}
	return err
}

func fillDocuments(ctx context.Context, e storage.Documents, pods corpus) error {
	return errors.Join(
		each(ctx, 0, pods.pods, func(ctx context.Context, i int, _ []byte) error {
			return e.Put(ctx, storage.Dynamic, pods.document(i, 0), time.Now())
		}),
		each(ctx, 0, pods.events, func(ctx context.Context, i int, _ []byte) error {
			return e.Put(ctx, storage.Events, eventDocument(eventCluster(i), i), time.Now())
		}))
}

// measureAlone is how many operations a second the engine alone does.
func (b *bench) measureAlone(ctx context.Context, op operation, clients int) (float64, error) {
	want := op.request(0).documents
	f, err := measure(ctx, clients, b.phase, func(ctx context.Context, _, seq int) (int64, error) {
		n, bytes, err := op.alone(ctx, b.engines, seq)
		if err == nil && n != want {
			err = fmt.Errorf("%d documents, want %d", n, want)
		}
		return bytes, err
	})
	if err == nil && f.Wrong > 0 {
		err = fmt.Errorf("the engine alone: %s", f.FirstWrong)
	}
	return f.PerSecond, err
}

// floor is what bare SQLite does when so many upserts share a synced commit.
type floor struct {
	PerCommit int     `json:"upsertsPerCommit"`
	PerSecond float64 `json:"upsertsPerSecond"`
}

// measureFloor runs the benchmark of bare SQLite, which is with the engine because nothing else may import SQLite.
func measureFloor(ctx context.Context, root, tmp string, d time.Duration) ([]floor, error) {
	out, err := service.Tool(ctx, root, tmp, "go", "test", "-run", "^$", "-bench", "^BenchmarkFloor$", "-benchtime", d.String(), "./storage/sqlite").Output()
	if err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return nil, err
	}
	return parseFloor(out)
}

func parseFloor(out []byte) ([]floor, error) {
	var floors []floor
	results := benchfmt.NewReader(bytes.NewReader(out), "go test")
	for results.Scan() {
		result, ok := results.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		perSecond, ok := result.Value("upserts/s")
		_, parts := result.Name.Parts()
		if !ok || len(parts) == 0 {
			continue
		}
		n, err := strconv.Atoi(string(parts[0][1:])) // "/16"
		if err != nil {
			return nil, fmt.Errorf("benchmark %s: %w", result.Name, err)
		}
		floors = append(floors, floor{n, perSecond})
	}
	if err := results.Err(); err != nil {
		return nil, err
	}
	if len(floors) == 0 {
		return nil, fmt.Errorf("no figures in %q", out)
	}
	return floors, nil
}
