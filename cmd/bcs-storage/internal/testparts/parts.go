// Package testparts gives the tests of the program the engines to run on: the
// embedded ones, or real servers that the environment names.
//
//	BCS_TEST_ENGINES=mongodb+zookeeper   which: sqlite or mongodb, + local or zookeeper; default sqlite+local
//	BCS_TEST_MONGODB_URI                 a server that speaks MongoDB's protocol
//	BCS_TEST_ZOOKEEPER                   host:port of a ZooKeeper server
package testparts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"bcs-storage/conf"
	"bcs-storage/storage"
	"bcs-storage/storage/mongo"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch/local"
)

// Engines are the words of the configuration for the engines under test.
func Engines() (documents, nodes string) {
	documents, nodes, _ = strings.Cut(os.Getenv("BCS_TEST_ENGINES"), "+")
	if documents == "" {
		return conf.StorageSQLite, conf.WatchLocal
	}
	return documents, nodes
}

// Dir is a directory for one service: its data and, on servers, its name. What
// is kept on servers under that name is removed at the end of the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	documents, nodes := Engines()
	if documents == conf.StorageMongoDB {
		t.Cleanup(func() { dropDatabase(t, databaseOf(dir)) })
	}
	if nodes == conf.WatchZooKeeper {
		t.Cleanup(func() { removeNodes(t, "/"+databaseOf(dir)) })
	}
	return dir
}

// Config is the configuration of a service on the engines under test, on a port
// of its own, keeping its data in and under the name of dir.
func Config(dir string) conf.Config {
	c := conf.Default()
	c.Listen, c.Metrics.Listen, c.DataDir = "127.0.0.1:0", "127.0.0.1:0", dir
	c.Storage, c.Watch = Engines()
	if c.Storage == conf.StorageMongoDB {
		c.MongoDB.URI, c.MongoDB.Database = os.Getenv("BCS_TEST_MONGODB_URI"), databaseOf(dir)
	}
	if c.Watch == conf.WatchZooKeeper {
		c.ZooKeeper.Servers, c.ZooKeeper.Base = strings.Split(os.Getenv("BCS_TEST_ZOOKEEPER"), ","), databaseOf(dir)
	}
	return c
}

// Environ is Config as environment variables, for a service in a process of its own.
func Environ(dir string) []string {
	c := Config(dir)
	environ := []string{"BCS_STORAGE_DATA_DIR=" + dir, "BCS_STORAGE_STORAGE=" + c.Storage, "BCS_STORAGE_WATCH=" + c.Watch}
	if c.Storage == conf.StorageMongoDB {
		environ = append(environ, "BCS_STORAGE_MONGODB_URI="+c.MongoDB.URI, "BCS_STORAGE_MONGODB_DATABASE="+c.MongoDB.Database)
	}
	if c.Watch == conf.WatchZooKeeper {
		environ = append(environ, "BCS_STORAGE_ZOOKEEPER="+strings.Join(c.ZooKeeper.Servers, ","), "BCS_STORAGE_ZOOKEEPER_BASE="+c.ZooKeeper.Base)
	}
	return environ
}

// Documents opens the documents of a service that has stopped.
func Documents(t testing.TB, dir string) storage.Documents {
	t.Helper()
	c := Config(dir)
	var docs storage.Documents
	var err error
	if c.Storage == conf.StorageMongoDB {
		docs, err = mongo.Open(context.Background(), mongo.Options{URI: c.MongoDB.URI, Database: c.MongoDB.Database, Collections: storage.Collections()})
	} else {
		docs, err = sqlite.Open(context.Background(), filepath.Join(dir, "bcs-storage.db"), append(storage.Collections(), local.Collection))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := docs.Close(); err != nil {
			t.Error(err)
		}
	})
	return docs
}

func databaseOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "bcs_test_" + hex.EncodeToString(sum[:8])
}

const cleaning = 30 * time.Second

func dropDatabase(t testing.TB, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), cleaning)
	defer cancel()
	client, err := driver.Connect(options.Client().ApplyURI(os.Getenv("BCS_TEST_MONGODB_URI")))
	if err != nil {
		t.Error(err)
		return
	}
	if err := client.Database(name).Drop(ctx); err != nil {
		t.Error(err)
	}
	if err := client.Disconnect(ctx); err != nil {
		t.Error(err)
	}
}

func removeNodes(t testing.TB, path string) {
	conn, _, err := zk.Connect(strings.Split(os.Getenv("BCS_TEST_ZOOKEEPER"), ","), cleaning, zk.WithLogInfo(false))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if err := removeBelow(conn, path); err != nil {
		t.Error(err)
	}
}

func removeBelow(conn *zk.Conn, path string) error {
	children, _, err := conn.Children(path)
	if err == zk.ErrNoNode {
		return nil
	}
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := removeBelow(conn, path+"/"+child); err != nil {
			return err
		}
	}
	return conn.Delete(path, -1)
}
