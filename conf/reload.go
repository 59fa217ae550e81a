package conf

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// MaxFileBytes is the largest file that is watched.
const MaxFileBytes = 1 << 20

// What a watched file can be refused with besides what the operating system says.
var (
	ErrTooLarge   = fmt.Errorf("is larger than %d bytes", MaxFileBytes)
	ErrNotRegular = errors.New("is not a regular file")
)

// File is a value that was parsed from a file, or a pair of them, and that follows it. It has no goroutine and holds nothing
// open, so there is nothing to close. It is safe for concurrent use.
//
// Whether the file changed is decided by its content, once in a while, and not by its size, time and inode: two writes within
// the granularity of the time can have all three in common, and a file of this size is read as fast as a symbolic link of a
// Kubernetes volume is resolved.
//
// Replace the file by renaming a new one over it. One that is written in place may be read half written; if that can be
// parsed it counts until the next look.
type File[T any] struct {
	paths  []string
	every  time.Duration
	now    func() time.Time
	parse  func([][]byte) (T, error)
	failed func(error)

	value atomic.Pointer[T]
	start time.Time
	next  atomic.Int64 // after start, in nanoseconds: when to look again

	looking  sync.Mutex // held while the file is read; guards the rest
	taken    []digest   // of what value was parsed from
	reported string     // the failure that lasts, "" for none
}

type digest [sha256.Size]byte

// Watch reads and parses the file at path; an error names path and matches the cause. Get looks again when every has passed
// since the last look. A file that cannot be read or parsed then is handed to failed, once as long as the error reads the
// same, and the last good value stays. parse must not keep the bytes that it is given.
func Watch[T any](path string, every time.Duration, now func() time.Time, parse func([]byte) (T, error), failed func(error)) (*File[T], error) {
	return open([]string{path}, every, now, func(contents [][]byte) (T, error) { return parse(contents[0]) }, failed)
}

// WatchPair is Watch for two files that belong together: both are parsed anew when one changes. parse may be
// tls.X509KeyPair, for a certificate and its key. While only one of the two is replaced, parse should fail.
func WatchPair[T any](first, second string, every time.Duration, now func() time.Time, parse func(first, second []byte) (T, error), failed func(error)) (*File[T], error) {
	return open([]string{first, second}, every, now, func(contents [][]byte) (T, error) { return parse(contents[0], contents[1]) }, failed)
}

func open[T any](paths []string, every time.Duration, now func() time.Time, parse func([][]byte) (T, error), failed func(error)) (*File[T], error) {
	f := &File[T]{paths: paths, every: every, now: now, parse: parse, failed: failed, start: now()}
	f.next.Store(int64(every))
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Get returns the last good value. One of the calls after each interval reads the file before it returns, and calls failed
// if need be; the others do not wait for it.
func (f *File[T]) Get() T {
	if f.due() && f.looking.TryLock() {
		f.look()
	}
	return *f.value.Load()
}

// due is by the monotonic clock, if the clock has one.
func (f *File[T]) due() bool {
	return int64(f.now().Sub(f.start)) >= f.next.Load()
}

func (f *File[T]) look() {
	defer f.looking.Unlock()
	if !f.due() {
		return // another call was faster
	}
	err := f.read()
	f.next.Store(int64(f.now().Sub(f.start) + f.every))
	if err == nil {
		f.reported = ""
		return
	}
	if text := err.Error(); text != f.reported {
		f.reported = text
		f.failed(err)
	}
}

func (f *File[T]) read() error {
	contents := make([][]byte, len(f.paths))
	digests := make([]digest, len(f.paths))
	for i, path := range f.paths {
		content, err := readSmall(path)
		if err != nil {
			return err
		}
		contents[i], digests[i] = content, sha256.Sum256(content)
	}
	if slices.Equal(digests, f.taken) {
		return nil
	}
	value, err := f.parse(contents)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(f.paths, ", "), err)
	}
	f.value.Store(&value)
	f.taken = digests
	return nil
}

// readSmall follows symbolic links. It opens nothing but a regular file, as to open a pipe can take for ever.
func readSmall(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", path, ErrNotRegular)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, MaxFileBytes+1))
	if err == nil && len(content) > MaxFileBytes {
		err = fmt.Errorf("%s: %w", path, ErrTooLarge)
	}
	return content, err
}
