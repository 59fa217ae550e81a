// Package storagetest is what every document engine has to pass: the promises
// of package storage, each made a test that runs against an open engine.
package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"

	"github.com/google/go-cmp/cmp"
)

// testCase is one promise. It gets a store of its own.
type testCase struct {
	name string
	run  func(s *suite)
}

// Run runs every case on a fresh store. open opens an empty one with
// storage.Collections and registers its clean-up, which has to bear that the
// case has closed the store.
func Run(t *testing.T, open func(t *testing.T) storage.Documents) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"put", putCases},
		{"bodies", bodyCases},
		{"write", writeCases},
		{"list", listCases},
		{"after", afterCases},
		{"scope", scopeCases},
		{"filter", filterCases},
		{"fields", fieldCases},
		{"count", countCases},
		{"delete", deleteCases},
		{"trim", trimCases},
		{"assign", assignCases},
		{"records", recordCases},
		{"life", lifeCases},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(&suite{T: t, store: open(t)}) })
			}
		})
	}
}

// suite is a test with its store.
type suite struct {
	*testing.T
	store storage.Documents
}

// start is the time of the first write of most cases.
var start = time.Date(2026, 11, 21, 19, 30, 57, 775_000_000, time.UTC)

// later is so many milliseconds after start.
func later(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func pod(ns, name string) storage.Key { return storage.Key{"c1", "Pod", ns, name} }

// member is a member of a document, written as JSON.
func member(name, value string) storage.Member {
	return storage.Member{Name: name, Value: []byte(value)}
}

func (s *suite) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// put stores a document with the member data.
func (s *suite) put(c *storage.Collection, key storage.Key, data string, now time.Time) {
	s.Helper()
	s.putMembers(c, key, now, member("data", data))
}

func (s *suite) putMembers(c *storage.Collection, key storage.Key, now time.Time, members ...storage.Member) {
	s.Helper()
	for _, m := range members {
		s.check(storage.CheckJSON(m.Name, m.Value))
	}
	s.check(s.store.Put(s.Context(), c, storage.NewDocument(c, key, members...), now))
}

// get is the document with the key as JSON, "" when there is none.
func (s *suite) get(c *storage.Collection, key storage.Key) string {
	s.Helper()
	doc, err := s.store.Get(s.Context(), c, key, nil, nil)
	if err != nil {
		s.Fatalf("get %q: %v", key.ID(), err)
	}
	return string(doc)
}

func (s *suite) list(c *storage.Collection, q storage.Query) []string {
	s.Helper()
	docs, err := collect(s.Context(), s.store, c, q)
	s.check(err)
	return docs
}

func collect(ctx context.Context, store storage.Reader, c *storage.Collection, q storage.Query) ([]string, error) {
	docs := []string{}
	for doc, err := range store.List(ctx, c, q) {
		if err != nil {
			if doc != nil {
				return docs, fmt.Errorf("an error came with a document: %w", err)
			}
			return docs, err
		}
		docs = append(docs, string(doc))
	}
	return docs, nil
}

// ids are the _ids that q selects, in order.
func (s *suite) ids(c *storage.Collection, q storage.Query) []string {
	s.Helper()
	ids := []string{}
	for _, doc := range s.list(c, q) {
		ids = append(ids, idOf(doc))
	}
	return ids
}

// idOf is the _id of an answered document.
func idOf(doc string) string {
	for name, value := range storage.Members([]byte(doc)) {
		if name == storage.FieldID {
			v, _ := storage.ParseValue(value)
			id, _ := v.Interface().(string)
			return id
		}
	}
	return ""
}

// names are the last key parts of what q selects, in order, in one string.
func (s *suite) names(c *storage.Collection, q storage.Query) string {
	s.Helper()
	names := []string{}
	for _, id := range s.ids(c, q) {
		key := storage.ParseID(id)
		names = append(names, key[len(key)-1])
	}
	return strings.Join(names, " ")
}

func (s *suite) count(c *storage.Collection, q storage.Query) int64 {
	s.Helper()
	n, err := s.store.Count(s.Context(), c, q)
	s.check(err)
	return n
}

func (s *suite) equal(got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("wrong answer (-want +got):\n%s", diff)
	}
}

// selects fails unless List and Count agree that q selects the documents whose
// last key part is among names, in that order.
func (s *suite) selects(c *storage.Collection, q storage.Query, names string) {
	s.Helper()
	if got := s.names(c, q); got != names {
		s.Errorf("%+v\nlists %q, want %q", q, got, names)
	}
	if got, want := s.count(c, q), int64(len(strings.Fields(names))); got != want {
		s.Errorf("%+v\ncounts %d, want %d", q, got, want)
	}
}

func sortedIDs(keys ...storage.Key) []string {
	ids := []string{}
	for _, key := range keys {
		ids = append(ids, key.ID())
	}
	slices.Sort(ids)
	return ids
}
