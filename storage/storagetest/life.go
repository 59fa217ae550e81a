package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"bcs-storage/storage"
)

// operations call every method once; List and the rest report through the error.
var operations = []struct {
	name string
	run  func(ctx context.Context, d storage.Documents) error
}{
	{"get", func(ctx context.Context, d storage.Documents) error {
		_, err := d.Get(ctx, storage.Dynamic, pod("ns", "web"), nil, nil)
		return err
	}},
	{"list", func(ctx context.Context, d storage.Documents) error {
		_, err := collect(ctx, d, storage.Dynamic, storage.Query{})
		return err
	}},
	{"list newest first", func(ctx context.Context, d storage.Documents) error {
		_, err := collect(ctx, d, storage.Events, storage.Query{Skip: 1})
		return err
	}},
	{"list with a filter", func(ctx context.Context, d storage.Documents) error {
		_, err := collect(ctx, d, storage.Dynamic, storage.Query{Filter: storage.Exists{Path: storage.P("data")}})
		return err
	}},
	{"count", func(ctx context.Context, d storage.Documents) error {
		_, err := d.Count(ctx, storage.Dynamic, storage.Query{})
		return err
	}},
	{"distinct", func(ctx context.Context, d storage.Documents) error {
		_, err := d.Distinct(ctx, storage.Dynamic, storage.Query{}, "clusterId")
		return err
	}},
	{"put", func(ctx context.Context, d storage.Documents) error {
		return d.Put(ctx, storage.Dynamic, storage.NewDocument(storage.Dynamic, pod("ns", "other"), member("data", "1")), start)
	}},
	{"write", func(ctx context.Context, d storage.Documents) error {
		errs := d.Write(ctx, storage.Dynamic, []storage.Write{
			{Document: storage.NewDocument(storage.Dynamic, pod("ns", "other"), member("data", "1"))},
			{Document: storage.Document{Key: pod("ns", "web")}},
		}, start)
		if len(errs) == 0 {
			return nil
		}
		if (errs[0] == nil) != (errs[1] == nil) {
			return fmt.Errorf("one of two was made: %v", errs)
		}
		return errs[1]
	}},
	{"list behind an _id", func(ctx context.Context, d storage.Documents) error {
		_, err := collect(ctx, d, storage.Dynamic, storage.Query{After: "c1/Pod"})
		return err
	}},
	{"delete", func(ctx context.Context, d storage.Documents) error {
		_, err := d.Delete(ctx, storage.Dynamic, storage.Query{})
		return err
	}},
	{"trim", func(ctx context.Context, d storage.Documents) error {
		_, err := d.Trim(ctx, storage.Dynamic, storage.Key{"c1"}, 0)
		return err
	}},
	{"assign", func(ctx context.Context, d storage.Documents) error {
		a := storage.Assignment{Field: "clusterId", Value: "c1", Keys: []storage.Key{host("1.1.1.1")}}
		return d.Assign(ctx, storage.Hosts, a, start)
	}},
	{"records", func(ctx context.Context, d storage.Documents) error {
		_, err := records(ctx, d, storage.Dynamic)
		return err
	}},
	{"load", func(ctx context.Context, d storage.Documents) error {
		return d.Load(ctx, storage.Dynamic, []storage.Record{record(storage.Dynamic, pod("ns", "loaded"), "1", start, start)})
	}},
	{"ping", func(ctx context.Context, d storage.Documents) error { return d.Ping(ctx) }},
}

var lifeCases = []testCase{
	{"a store that works answers ping", func(s *suite) { s.check(s.store.Ping(s.Context())) }},
	{"a context that is done ends everything and changes nothing", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `1`, start)
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		for _, op := range operations {
			if err := op.run(ctx, s.store); !errors.Is(err, context.Canceled) {
				s.Errorf("%s: %v, want the context's error", op.name, err)
			}
		}
		s.equal(s.ids(storage.Dynamic, storage.Query{}), []string{"c1/Pod/ns/web"})
		s.equal(s.ids(storage.Hosts, storage.Query{}), []string{})
	}},
	{"a context that ends during a list ends it", func(s *suite) {
		s.numbered(600)
		for _, filter := range []storage.Filter{nil, storage.Exists{Path: storage.P("data.n")}} {
			ctx, cancel := context.WithCancel(s.Context())
			n, last := 0, error(nil)
			for _, err := range s.store.List(ctx, storage.Dynamic, storage.Query{Filter: filter}) {
				if last != nil {
					s.Error("something was yielded after the error")
				}
				if last = err; err == nil {
					n++
				}
				cancel()
			}
			if !errors.Is(last, context.Canceled) || n == 0 || n == 600 {
				s.Errorf("%d documents, then %v", n, last)
			}
			cancel()
		}
	}},
	{"everything is unavailable once the store is closed", func(s *suite) {
		s.put(storage.Dynamic, pod("ns", "web"), `1`, start)
		s.check(s.store.Close())
		for _, op := range operations {
			if err := op.run(s.Context(), s.store); !errors.Is(err, storage.ErrUnavailable) {
				s.Errorf("%s: %v, want ErrUnavailable", op.name, err)
			}
		}
	}},
	{"a list that is being read ends when the store is closed", func(s *suite) {
		s.numbered(600)
		n, last := 0, error(nil)
		for _, err := range s.store.List(s.Context(), storage.Dynamic, storage.Query{}) {
			if last = err; err == nil {
				n++
			}
			if n == 1 {
				s.check(s.store.Close())
			}
		}
		if n < 600 && !errors.Is(last, storage.ErrUnavailable) {
			s.Errorf("%d documents, then %v, want ErrUnavailable", n, last)
		}
	}},
	{"close while others write", func(s *suite) {
		var wg sync.WaitGroup
		begun := make(chan struct{}, 8)
		for w := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					doc := storage.NewDocument(storage.Dynamic, pod("ns", fmt.Sprintf("%d-%d", w, i)), member("data", "1"))
					err := s.store.Put(s.Context(), storage.Dynamic, doc, start)
					if i == 0 {
						begun <- struct{}{}
					}
					if errors.Is(err, storage.ErrUnavailable) {
						return
					}
					if err != nil {
						s.Error(err)
						return
					}
				}
			})
		}
		for range 8 {
			<-begun
		}
		s.check(s.store.Close())
		wg.Wait()
	}},
	{"all at once", func(s *suite) {
		var wg sync.WaitGroup
		for w := range 4 {
			for _, op := range operations {
				wg.Go(func() {
					for range 3 {
						if err := op.run(s.Context(), s.store); err != nil && !errors.Is(err, storage.ErrNotFound) {
							s.Errorf("%d %s: %v", w, op.name, err)
						}
					}
				})
			}
		}
		wg.Wait()
	}},
}
