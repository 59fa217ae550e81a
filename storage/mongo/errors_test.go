package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

var now = time.Date(2026, 11, 21, 19, 30, 57, 775_000_000, time.UTC)

// TestErrorsAreOfTheContract: what the driver and the server say, as the contract says it.
func TestErrorsAreOfTheContract(t *testing.T) {
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, tc := range []struct {
		name string
		err  error
		want error // nil: the engine's own failure
	}{
		{"too large for the driver", driver.ErrDocumentTooLarge, storage.ErrTooLarge},
		{"too large for the server", mongo.CommandError{Code: codeBSONObjectTooLarge}, storage.ErrTooLarge},
		{"too large once updated", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: codeUpdatedTooLarge}}}, storage.ErrTooLarge},
		{"nothing found", mongo.ErrNoDocuments, storage.ErrNotFound},
		{"not the primary", mongo.CommandError{Code: 10107}, storage.ErrUnavailable},
		{"no majority in time", mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, storage.ErrUnavailable},
		{"out of time on the server", mongo.CommandError{Code: 50}, storage.ErrUnavailable},
		{"shutting down", mongo.CommandError{Code: 11600}, storage.ErrUnavailable},
		{"cursor lost", mongo.CommandError{Code: 43}, storage.ErrUnavailable},
		{"may be written again", mongo.CommandError{Code: 1, Labels: []string{"RetryableWriteError"}}, storage.ErrUnavailable},
		{"no server", topology.ServerSelectionError{Wrapped: errors.New("none")}, storage.ErrUnavailable},
		{"connection lost", topology.ConnectionError{Wrapped: errors.New("lost")}, storage.ErrUnavailable},
		{"disconnected", mongo.ErrClientDisconnected, storage.ErrUnavailable},
		{"out of the engine's time", context.DeadlineExceeded, storage.ErrUnavailable},
		{"may not", mongo.CommandError{Code: 13}, nil},
		{"bad value", mongo.CommandError{Code: 2}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := contractError(t.Context(), limited, "test", tc.err)
			if err == nil {
				t.Fatal("no error")
			}
			for _, sentinel := range []error{storage.ErrTooLarge, storage.ErrUnavailable, storage.ErrNotFound, storage.ErrInvalid} {
				if errors.Is(err, sentinel) != (sentinel == tc.want) {
					t.Errorf("%v: is %v: %t", err, sentinel, sentinel != tc.want)
				}
			}
		})
	}
	for _, label := range []string{driver.TransientTransactionError, driver.UnknownTransactionCommitResult} {
		for _, code := range []int32{1, 251} {
			if err := contractError(t.Context(), limited, "test", mongo.CommandError{Code: code, Labels: []string{label}}); !hasLabel(err, label) {
				t.Errorf("code %d with %s: %v has lost it", code, label, err)
			}
		}
	}
	done, end := context.WithCancel(t.Context())
	end()
	if err := contractError(done, limited, "test", mongo.CommandError{Code: 50}); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a caller who left: %v", err)
	}
}

// TestTooLargeIsNotSent: what no server takes costs no command.
func TestTooLargeIsNotSent(t *testing.T) {
	e, r := openRecorded(t)
	for name, data := range map[string]string{
		"text":    `"` + strings.Repeat("x", 9<<20) + `"`,
		"numbers": "[" + strings.Repeat("1,", 1<<20) + "1]",
	} {
		if err := putPod(t.Context(), e, data); !errors.Is(err, storage.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	r.expect(t, "too large")
}

// TestClosed: calls after Close are refused, and a server that is not there is unavailable.
func TestClosed(t *testing.T) {
	e, err := Open(t.Context(), Options{
		URI: "mongodb://127.0.0.1:1/?connectTimeoutMS=100", Database: "x", Collections: storage.Collections(),
		ServerSelectionTimeout: 100 * time.Millisecond, OperationTimeout: 200 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	calls := func() []error {
		_, count := e.Count(t.Context(), storage.Events, storage.Query{})
		return []error{e.Ping(t.Context()), putPod(t.Context(), e, "1"), getPod(t.Context(), e), count}
	}
	before := calls()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	for i, err := range slices.Concat(before, calls()) {
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("call %d: %v, want ErrUnavailable", i, err)
		}
	}
}

func putPod(ctx context.Context, e *Engine, data string) error {
	key := storage.Key{"c1", "Pod", "ns", "web"}
	doc := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(data)})
	return e.Put(ctx, storage.Dynamic, doc, now)
}

func getPod(ctx context.Context, e *Engine) error {
	_, err := e.Get(ctx, storage.Dynamic, storage.Key{"c1", "Pod", "ns", "web"}, nil, nil)
	return err
}

// TestWritesAreDurable: what is acknowledged is on a majority of disks.
func TestWritesAreDurable(t *testing.T) {
	e, r := openRecorded(t)
	if err := putPod(t.Context(), e, `1`); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	concern, err := r.last.LookupErr("writeConcern")
	if err != nil {
		t.Fatal(err)
	}
	w, _ := concern.Document().Lookup("w").StringValueOK()
	if j, ok := concern.Document().Lookup("j").BooleanOK(); w != "majority" || !ok || !j {
		t.Errorf("write concern %v", concern)
	}
}

// TestReadsAreOfThePrimary: what is read is what was written, whatever the URI says.
func TestReadsAreOfThePrimary(t *testing.T) {
	e, r := openRecordedAt(t, func(uri string) string {
		return withOptions(uri, "readConcernLevel=available&readPreference=secondary")
	})
	if err := getPod(t.Context(), e); !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if level := r.last.Lookup("readConcern", "level").StringValue(); level != "local" {
		t.Errorf("read concern %q", level)
	}
	if mode, err := r.last.LookupErr("$readPreference", "mode"); err == nil && !strings.HasPrefix(mode.StringValue(), "primary") {
		t.Errorf("read preference %s", mode)
	}
}

// TestAssignIsOneTransaction: two processes that give a cluster its hosts at
// the same time leave it with those of one of them.
func TestAssignIsOneTransaction(t *testing.T) {
	a := openWith(t, nil)
	replicaSet, err := a.hasTransactions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !replicaSet {
		t.Skip("needs a replica set: this server is none, and has no transactions")
	}
	b, err := Open(t.Context(), Options{URI: testURI(t), Database: a.db.Name(), Collections: storage.Collections()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for round := range 20 {
		var both sync.WaitGroup
		for i, e := range []*Engine{a, b} {
			both.Go(func() {
				hosts := []storage.Key{{fmt.Sprintf("10.%d.%d.1", i, round)}, {fmt.Sprintf("10.%d.%d.2", i, round)}}
				err := e.Assign(t.Context(), storage.Hosts, storage.Assignment{Field: "clusterId", Value: "C", Keys: hosts, Exclusive: true}, now)
				if err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		n, err := a.Count(t.Context(), storage.Hosts, storage.Query{Filter: storage.OneOf(storage.Path{"clusterId"}, storage.String("C"))})
		if err != nil || n != 2 {
			t.Fatalf("round %d: the cluster has %d hosts: %v", round, n, err)
		}
	}
}
