package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

const (
	// loadRecords and loadBytes end a batch, whichever comes first.
	loadRecords = 500
	loadBytes   = 4 << 20
	// loaders is how many batches, or payloads, are stored at the same time.
	loaders = 8
)

// ErrNotEmpty: there are records already where an archive was to be imported.
var ErrNotEmpty = errors.New("the store is not empty")

// Target is what Import fills.
type Target struct {
	Documents storage.Documents
	Nodes     watch.Nodes
}

// Import stores what the archive at path has, with its times, and then reads
// everything back: the error names the collection whose count or checksum is not that
// of the archive. An archive that is cut off or altered is refused before
// anything is stored, and so is, with ErrNotEmpty, one for a store that has records.
// With merge its records replace those of the same _id, or name, instead,
// and the others stay; a few dozen bytes of memory are then needed for each record.
// Nobody else may write meanwhile.
func Import(ctx context.Context, path string, merge bool, to Target, progress Progress) (Header, Totals, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, nil, err
	}
	defer f.Close()
	if !merge {
		if err := to.empty(ctx); err != nil {
			return Header{}, nil, err
		}
	}
	archived, err := check(ctx, f, progress)
	if err != nil {
		return Header{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	l := &loading{to: to, progress: progress, total: archived.totals.Records()}
	if merge {
		l.names = map[name]struct{}{}
	}
	if err := l.run(ctx, f); err != nil {
		return archived.Header, nil, fmt.Errorf("%s: %w (what was stored until then stays)", path, err)
	}
	return archived.Header, archived.totals, l.compare(ctx, archived.totals)
}

// empty fails with ErrNotEmpty when there is anything.
func (t Target) empty(ctx context.Context) error {
	for _, c := range storage.Collections() {
		n, err := t.Documents.Count(ctx, c, storage.Query{})
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: %s has %d records", ErrNotEmpty, c.Name, n)
		}
	}
	for item, err := range t.Nodes.All(ctx) {
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: there is the watch data %v", ErrNotEmpty, item.Node)
	}
	return nil
}

// name is which record something is, in few bytes: a part of the SHA-256 of it.
type name [16]byte

func (e *entry) name() name {
	sum := sha256.Sum256([]byte(e.collection + "/" + e.ID))
	return name(sum[:len(name{})])
}

// loading is an import under way.
type loading struct {
	to       Target
	progress Progress
	total    int64
	done     atomic.Int64
	names    map[name]struct{} // those of the archive, when there may be others in the store
	batches  map[*storage.Collection]*batch
	group    *errgroup.Group
	ctx      context.Context // of the group
}

// batch are documents that wait to be stored together.
type batch struct {
	records []storage.Record
	bytes   int
}

func (l *loading) run(ctx context.Context, f *os.File) error {
	l.group, l.ctx = errgroup.WithContext(ctx)
	l.group.SetLimit(loaders)
	l.batches = map[*storage.Collection]*batch{}
	_, err := read(l.ctx, f, func(int64) {}, nil, l.take)
	for c := range l.batches {
		l.send(c)
	}
	if stored := l.group.Wait(); stored != nil {
		return stored // it is why reading ended
	}
	return err
}

// take gives an entry to a batch, or stores a payload.
func (l *loading) take(c *storage.Collection, e entry) error {
	if l.names != nil {
		l.names[e.name()] = struct{}{}
	}
	if c == nil {
		l.put(e)
		return nil
	}
	b := l.batches[c]
	if b == nil {
		b = &batch{}
		l.batches[c] = b
	}
	b.records = append(b.records, e.Record)
	if b.bytes += len(e.Body); len(b.records) >= loadRecords || b.bytes >= loadBytes {
		l.send(c)
	}
	return nil
}

func (l *loading) send(c *storage.Collection) {
	b := l.batches[c]
	l.batches[c] = &batch{}
	l.group.Go(func() error {
		if err := l.to.Documents.Load(l.ctx, c, b.records); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		l.progress.report(Importing, l.done.Add(int64(len(b.records))), l.total)
		return nil
	})
}

func (l *loading) put(e entry) {
	l.group.Go(func() error {
		item, err := e.node()
		if err == nil {
			err = l.to.Nodes.Put(l.ctx, item.Node, item.Data)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", e.collection, e.ID, err)
		}
		l.progress.each(Importing, l.done.Add(1), l.total)
		return nil
	})
}

// compare reads back what the archive has.
func (l *loading) compare(ctx context.Context, want Totals) error {
	var differences []error
	l.done.Store(0)
	for _, w := range want {
		entries := payloads(ctx, l.to.Nodes.All)
		if c := collectionOf(w.Collection); c != nil {
			entries = documents(ctx, l.to.Documents, c)
		}
		got, err := l.totalOf(w.Collection, entries)
		if err != nil {
			return fmt.Errorf("reading back %s: %w", w.Collection, err)
		}
		if got != w {
			differences = append(differences, difference(got, w))
		}
	}
	return errors.Join(differences...)
}

func (l *loading) totalOf(collection string, entries iter.Seq2[entry, error]) (Total, error) {
	total := Total{Collection: collection}
	for e, err := range entries {
		if err != nil {
			return total, err
		}
		if l.names != nil {
			if _, ours := l.names[e.name()]; !ours {
				continue
			}
		}
		total.add(&e)
		l.progress.each(Comparing, l.done.Add(1), l.total)
	}
	return total, nil
}

func difference(got, want Total) error {
	if got.Records != want.Records {
		return fmt.Errorf("%s: the store has %d records, the archive %d", want.Collection, got.Records, want.Records)
	}
	return fmt.Errorf("%s: the store has as many records as the archive, %d, but their checksum is another one", want.Collection, got.Records)
}
