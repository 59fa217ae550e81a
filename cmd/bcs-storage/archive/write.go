package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// Progress is told now and then how far Export or Import is: with what it is
// doing, and how many of how many bytes or records; total is -1 where nobody
// knows. Several goroutines may call it. It may be nil.
type Progress func(doing string, done, total int64)

// What is being done, in the words for Progress.
const (
	Exporting = "exporting" // records
	Checking  = "checking"  // bytes
	Importing = "importing" // records
	Comparing = "comparing" // records
)

// progressStep is how many records are handled between two calls of Progress.
const progressStep = 256

func (p Progress) report(doing string, done, total int64) {
	if p != nil {
		p(doing, done, total)
	}
}

// each reports every so many records.
func (p Progress) each(doing string, done, total int64) {
	if done%progressStep == 0 {
		p.report(doing, done, total)
	}
}

// Source is what Export reads.
type Source struct {
	Header  Header // Format and Version need not be set
	Records storage.RecordReader
	Nodes   func(context.Context) iter.Seq2[watch.Item, error]
	// Count is how many documents a collection has, for Progress alone.
	Count func(context.Context, *storage.Collection) (int64, error)
}

// Export writes all that the source has to the file at path, and reads it
// through again. The file is made under another name and gets its own when it
// is whole and synced. One that is there is replaced if replace says so, and
// otherwise the error is fs.ErrExist. On an error nothing is left behind.
// The totals are those of what was written, also what the last line says.
func Export(ctx context.Context, path string, replace bool, from Source, progress Progress) (_ Totals, err error) {
	if _, err := os.Lstat(path); err == nil && !replace {
		return nil, &fs.PathError{Op: "export", Path: path, Err: fs.ErrExist}
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	totals, err := write(ctx, f, from, progress)
	if err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	if _, err := check(ctx, f, progress); err != nil {
		return nil, fmt.Errorf("what was written cannot be read: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, err
	}
	return totals, syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func write(ctx context.Context, to io.Writer, from Source, progress Progress) (_ Totals, err error) {
	z, err := zstd.NewWriter(to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	w := &writer{out: z, lines: sha256.New(), progress: progress, total: from.count(ctx)}
	h := from.Header
	h.Format, h.Version = formatName, formatVersion
	if err := w.json(h); err != nil {
		return nil, err
	}
	for _, c := range storage.Collections() {
		if err := w.collection(c, c.Name, documents(ctx, from.Records, c)); err != nil {
			return nil, err
		}
	}
	if err := w.collection(nil, watchName, payloads(ctx, from.Nodes)); err != nil {
		return nil, err
	}
	end := trailer{End: true, Totals: w.totals, SHA256: hex.EncodeToString(w.lines.Sum(nil))}
	return w.totals, w.json(end)
}

// documents are the entries of a collection.
func documents(ctx context.Context, from storage.RecordReader, c *storage.Collection) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for r, err := range from.Records(ctx, c) {
			if !yield(entry{c.Name, r}, err) {
				return
			}
		}
	}
}

// payloads are the entries of the watch data.
func payloads(ctx context.Context, all func(context.Context) iter.Seq2[watch.Item, error]) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for item, err := range all(ctx) {
			if !yield(nodeEntry(item), err) {
				return
			}
		}
	}
}

// count is how many documents there are, -1 when that cannot be found out.
func (s Source) count(ctx context.Context) (total int64) {
	for _, c := range storage.Collections() {
		n, err := s.Count(ctx, c)
		if err != nil {
			return -1
		}
		total += n
	}
	return total
}

// writer writes the lines of an archive.
type writer struct {
	out      io.Writer
	lines    hash.Hash // of all that was written
	line     []byte
	totals   Totals
	progress Progress
	done     int64
	total    int64
}

func (w *writer) write(line []byte) error {
	w.lines.Write(line)
	_, err := w.out.Write(line)
	return err
}

func (w *writer) json(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.write(append(line, '\n'))
}

// collection writes the entries of c, or of the watch data, for which c is nil.
func (w *writer) collection(c *storage.Collection, name string, entries iter.Seq2[entry, error]) error {
	total := Total{Collection: name}
	for e, err := range entries {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := e.exportable(c); err != nil {
			return fmt.Errorf("%s: %s cannot be moved: %w", name, e.ID, err)
		}
		w.line = e.appendLine(w.line[:0])
		if err := w.write(w.line); err != nil {
			return err
		}
		total.add(&e)
		w.done++
		w.progress.each(Exporting, w.done, w.total)
	}
	w.totals = append(w.totals, total)
	return nil
}

// exportable is check, but for the bodies of documents, which were checked when
// they were put. What is in ZooKeeper anybody may have written.
func (e *entry) exportable(c *storage.Collection) error {
	if c != nil {
		return e.checkName(c)
	}
	if err := storage.CheckJSON("payload", e.Body); err != nil {
		return err
	}
	return e.check(nil)
}
