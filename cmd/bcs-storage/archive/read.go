package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"bcs-storage/storage"
)

// maxWindow bounds the memory that unpacking takes: what is written here asks for an eighth of it.
const maxWindow = 64 << 20

// contents is what an archive says it has, once all of it was read.
type contents struct {
	Header
	totals Totals
}

// check reads the file from its beginning and fails unless every line, and
// every total, is right.
func check(ctx context.Context, f *os.File, progress Progress) (*contents, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return read(ctx, f, func(at int64) { progress.report(Checking, at, info.Size()) }, (*entry).check, nil)
}

// read reads the file from its beginning, tries each entry with check and hands it to each,
// both of which may be nil. The entry's memory is its own. An error may come after
// entries were handed over: only one pass over a file shows that all of it is right.
func read(ctx context.Context, f *os.File, at func(int64), check func(*entry, *storage.Collection) error, each func(*storage.Collection, entry) error) (*contents, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	compressed := &counted{from: f}
	z, err := zstd.NewReader(compressed, zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	lines := bufio.NewScanner(z)
	lines.Buffer(make([]byte, 1<<20), maxLine)
	lines.Split(wholeLines)
	r := &reader{lines: sha256.New(), totals: map[string]*Total{}, check: check, each: each}
	n := 0
	for lines.Scan() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n++; n%progressStep == 0 {
			at(compressed.n.Load())
		}
		if err := r.line(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w", n, err)
	}
	if !r.ended {
		return nil, fmt.Errorf("it ends after line %d, without the line that ends an archive", n)
	}
	return &r.contents, nil
}

// wholeLines splits into lines with their ends; there is none without.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("a line is cut off")
	}
	return 0, nil, nil
}

// counted counts what is read, which zstd does ahead and in a goroutine of its own.
type counted struct {
	from io.Reader
	n    atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// reader takes the lines of an archive.
type reader struct {
	contents
	lines   hash.Hash
	totals  map[string]*Total
	started bool
	ended   bool
	check   func(*entry, *storage.Collection) error
	each    func(*storage.Collection, entry) error
}

func (r *reader) line(line []byte) error {
	switch {
	case r.ended:
		return errors.New("something follows the line that ends an archive")
	case bytes.HasPrefix(line, []byte(endOf)):
		return r.end(line)
	}
	r.lines.Write(line)
	if !r.started {
		r.started = true
		return r.begin(line)
	}
	return r.entry(bytes.Clone(line))
}

func (r *reader) begin(line []byte) error {
	if err := json.Unmarshal(line, &r.Header); err != nil || r.Format != formatName {
		return errors.New("this is no archive")
	}
	if r.Version != formatVersion {
		return fmt.Errorf("an archive of version %d, this program knows %d", r.Version, formatVersion)
	}
	for _, c := range storage.Collections() {
		r.totals[c.Name] = &Total{Collection: c.Name}
	}
	r.totals[watchName] = &Total{Collection: watchName}
	return nil
}

func (r *reader) entry(line []byte) error {
	e, err := parse(line)
	if err != nil {
		return err
	}
	total, ok := r.totals[e.collection]
	if !ok {
		return fmt.Errorf("there is no collection %q", e.collection)
	}
	c := collectionOf(e.collection)
	if r.check != nil {
		if err := r.check(&e, c); err != nil {
			return fmt.Errorf("%s %s: %w", e.collection, e.ID, err)
		}
	}
	total.add(&e)
	if r.each != nil {
		return r.each(c, e)
	}
	return nil
}

// collectionOf is nil for the watch payloads.
func collectionOf(name string) *storage.Collection {
	for _, c := range storage.Collections() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// end compares what was read with what the last line says.
func (r *reader) end(line []byte) error {
	r.ended = true
	var t trailer
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil || !r.started {
		return errors.Join(errors.New("it does not end an archive"), err)
	}
	if got := hex.EncodeToString(r.lines.Sum(nil)); got != t.SHA256 {
		return fmt.Errorf("the archive was altered: the lines before have the checksum %s, not %s", got, t.SHA256)
	}
	for name, got := range r.totals {
		if want := t.Totals.of(name); want == nil || *want != *got {
			return fmt.Errorf("the archive was altered: its %s records are not those that it says", name)
		}
	}
	if len(t.Totals) != len(r.totals) {
		return errors.New("the archive was altered: it has totals of other collections")
	}
	r.contents.totals = t.Totals
	return nil
}
