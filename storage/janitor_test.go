package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
)

// openStore is an empty engine. It is closed by the test, inside its bubble
// where it has one.
func openStore(t *testing.T) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), storage.Collections())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// entry is a document to keep or to remove: its _id and its age.
type entry struct {
	id  string
	age time.Duration
}

func put(t *testing.T, e storage.Documents, c *storage.Collection, now time.Time, entries ...entry) {
	t.Helper()
	for _, x := range entries {
		at := now.Add(-x.age)
		seconds := storage.Member{Name: c.NewestFirst, Value: storage.AppendString(nil, storage.FormatTime(at))}
		if err := e.Put(t.Context(), c, storage.NewDocument(c, storage.ParseID(x.id), seconds), at); err != nil {
			t.Fatal(err)
		}
	}
}

// remaining are the _ids of a collection in byte order, joined by a space.
func remaining(t *testing.T, e storage.Documents, c *storage.Collection) string {
	t.Helper()
	only, err := storage.NewProjection("field", storage.P("_id"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for doc, err := range e.List(t.Context(), c, storage.Query{Fields: only}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range storage.Members(doc) {
			id, _ := storage.ParseValue(raw)
			ids = append(ids, id.Interface().(string))
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func TestJanitorSweep(t *testing.T) {
	const hour = time.Hour
	// Clusters c1 and c2, and documents that belong to none.
	events := []entry{
		{"c1/a", 1 * hour}, {"c1/b", 2 * hour}, {"c1/c", 3 * hour}, {"c1/d", 4 * hour},
		{"c2/a", 5 * hour}, {"c2/b", 30 * hour},
		{"/a", 2 * hour}, {"/b", 3 * hour}, {"/c", 30 * hour},
	}
	const all = "/a /b /c c1/a c1/b c1/c c1/d c2/a c2/b"
	unopened := &storage.Collection{Name: "unopened", Key: []string{"clusterId"}, Parts: 2, Scope: 1}
	for _, tc := range []struct {
		name           string
		rules          []storage.Retention
		events, alarms string
		errs           []string // parts of the error
		logged         []string // parts of the log
	}{
		{name: "no rule", events: all, alarms: all},
		{name: "a rule that keeps everything", rules: []storage.Retention{{Collection: storage.Events}}, events: all, alarms: all},
		{name: "age", rules: []storage.Retention{{Collection: storage.Events, MaxAge: 24 * hour}},
			events: "/a /b c1/a c1/b c1/c c1/d c2/a", alarms: all, logged: []string{"collection=event removed=2 max_age=24h0m0s"}},
		{name: "what is exactly as old stays", rules: []storage.Retention{{Collection: storage.Events, MaxAge: 3 * hour}},
			events: "/a /b c1/a c1/b c1/c", alarms: all},
		{name: "count", rules: []storage.Retention{{Collection: storage.Events, MaxPerCluster: 2}},
			events: "/a /b c1/a c1/b c2/a c2/b", alarms: all,
			logged: []string{"collection=event cluster=c1 removed=2 max_per_cluster=2", `collection=event cluster="" removed=1`}},
		{name: "count of one", rules: []storage.Retention{{Collection: storage.Alarms, MaxPerCluster: 1}},
			events: all, alarms: "/a c1/a c2/a"},
		{name: "count that is not reached", rules: []storage.Retention{{Collection: storage.Events, MaxPerCluster: 4}}, events: all, alarms: all},
		{name: "age and count", rules: []storage.Retention{{Collection: storage.Events, MaxAge: 24 * hour, MaxPerCluster: 1}},
			events: "/a c1/a c2/a", alarms: all},
		{name: "every rule has its collection", rules: []storage.Retention{{Collection: storage.Events, MaxPerCluster: 3}, {Collection: storage.Alarms, MaxAge: 24 * hour}},
			events: "/a /b /c c1/a c1/b c1/c c2/a c2/b", alarms: "/a /b c1/a c1/b c1/c c1/d c2/a"},
		{name: "a rule that fails does not stop the next", rules: []storage.Retention{{Collection: unopened, MaxAge: hour, MaxPerCluster: 1}, {Collection: storage.Events, MaxPerCluster: 1}},
			events: "/a c1/a c2/a", alarms: all, errs: []string{"unopened by age", "unopened by count"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := openStore(t)
			defer e.Close()
			put(t, e, storage.Events, noon, events...)
			put(t, e, storage.Alarms, noon, events...)
			var log bytes.Buffer
			j := storage.Janitor{Documents: e, Rules: tc.rules, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(&log, nil))}
			for range 2 { // a second sweep finds nothing to do
				err := j.Sweep(t.Context())
				if (err != nil) != (len(tc.errs) > 0) {
					t.Fatalf("Sweep: %v", err)
				}
				for _, want := range tc.errs {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("Sweep: %v, want it to say %q", err, want)
					}
				}
				if got := remaining(t, e, storage.Events); got != tc.events {
					t.Errorf("events %q, want %q", got, tc.events)
				}
				if got := remaining(t, e, storage.Alarms); got != tc.alarms {
					t.Errorf("alarms %q, want %q", got, tc.alarms)
				}
			}
			for _, want := range tc.logged {
				if strings.Count(log.String(), want) != 1 {
					t.Errorf("the log does not say %q once:\n%s", want, log.String())
				}
			}
		})
	}
}

// TestJanitorTells: what was removed and by what, and every sweep of Run and how it ended.
func TestJanitorTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openStore(t)
		defer e.Close()
		now := time.Now()
		put(t, e, storage.Events, now, entry{"c/a", time.Minute}, entry{"c/b", time.Minute}, entry{"c/c", time.Minute}, entry{"c/d", 2 * time.Hour})
		unopened := &storage.Collection{Name: "unopened", Key: []string{"clusterId"}, Parts: 2, Scope: 1}
		var told []string
		j := storage.Janitor{
			Documents: e, Interval: time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Rules: []storage.Retention{{Collection: storage.Events, MaxAge: time.Hour, MaxPerCluster: 2}},
		}
		j.Removed = func(c *storage.Collection, by string, n int64) {
			told = append(told, fmt.Sprint(c.Name, " ", by, " ", n))
		}
		ctx, cancel := context.WithCancel(t.Context())
		j.Swept = func(ctx context.Context, err error) {
			told = append(told, fmt.Sprint("swept ", err != nil))
			if len(j.Rules) == 2 {
				cancel()
			}
			j.Rules = append(j.Rules, storage.Retention{Collection: unopened, MaxAge: time.Hour})
		}
		j.Run(ctx)
		if want := []string{"event age 1", "event count 1", "swept false", "swept true"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestJanitorSweepCancelled(t *testing.T) {
	e := openStore(t)
	defer e.Close()
	put(t, e, storage.Events, noon, entry{"c/a", 2 * time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	j := storage.Janitor{
		Documents: e, Rules: []storage.Retention{{Collection: storage.Events, MaxAge: time.Hour, MaxPerCluster: 1}},
		Interval: time.Hour, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	if err := j.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Sweep = %v, want %v", err, context.Canceled)
	}
	j.Run(ctx) // returns, and a shutdown is no failure
	if log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	if got := remaining(t, e, storage.Events); got != "c/a" {
		t.Errorf("events %q, want c/a", got)
	}
}

// TestJanitorRun runs on the clock of a bubble: at once, then every interval,
// after a failure too, until it is told to stop.
func TestJanitorRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := openStore(t)
		var log bytes.Buffer
		j := storage.Janitor{
			Documents: e, Rules: []storage.Retention{{Collection: storage.Events, MaxAge: 90 * time.Minute}},
			Interval: time.Hour, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
		}
		start := time.Now()
		put(t, e, storage.Events, start, entry{"c/a", 2 * time.Hour}, entry{"c/b", time.Hour}, entry{"c/c", 0})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			j.Run(ctx)
		}()
		for _, want := range []string{"c/b c/c", "c/c", ""} { // now, after one hour, after two
			synctest.Wait()
			if got := remaining(t, e, storage.Events); got != want {
				t.Errorf("after %v: events %q, want %q", time.Since(start), got, want)
			}
			<-time.After(time.Hour) // of the bubble's clock
		}
		synctest.Wait()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour) // of the bubble's clock
		synctest.Wait()
		cancel()
		<-done
		if n := strings.Count(log.String(), "retention sweep failed"); n != 1 {
			t.Errorf("the one sweep of a closed store is logged %d times:\n%s", n, log.String())
		}
	})
}
