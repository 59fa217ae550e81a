package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watched is a watched file with a clock of its own.
type watched struct {
	t     *testing.T
	path  string
	clock atomic.Int64 // nanoseconds
	mu    sync.Mutex
	fails []string
	parse atomic.Int64 // calls
	*File[string]
}

var errBad = errors.New("is bad")

func watch(t *testing.T, content string) *watched {
	t.Helper()
	w := &watched{t: t, path: writeFile(t, content)}
	f, err := Watch(w.path, 10*time.Second, w.now, w.upper, w.failed)
	if err != nil {
		t.Fatal(err)
	}
	w.File = f
	return w
}

func (w *watched) now() time.Time { return time.Unix(0, w.clock.Load()) }

func (w *watched) upper(b []byte) (string, error) {
	w.parse.Add(1)
	if strings.HasPrefix(string(b), "bad") {
		return "junk", fmt.Errorf("%q %w", b, errBad)
	}
	return strings.ToUpper(string(b)), nil
}

func (w *watched) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails = append(w.fails, strings.ReplaceAll(err.Error(), w.path, "FILE"))
}

func (w *watched) write(content string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// after lets time pass and compares the value.
func (w *watched) after(d time.Duration, want string) {
	w.t.Helper()
	w.clock.Add(int64(d))
	if got := w.Get(); got != want {
		w.t.Errorf("is %s, want %s", got, want)
	}
}

func TestFileFollows(t *testing.T) {
	w := watch(t, "a")
	w.write("b")
	w.after(0, "A")
	w.after(10*time.Second-1, "A")
	w.after(1, "B")
	w.write("c")
	w.after(10*time.Second-1, "B")
	w.after(time.Hour, "C")
	w.after(time.Hour, "C")
	w.after(time.Hour, "C")
	if n := w.parse.Load(); n != 3 {
		t.Errorf("parsed %d times", n)
	}
	if w.fails != nil {
		t.Error(w.fails)
	}
}

// Neither size nor time nor inode tell these contents apart.
func TestFileWithTheSameStat(t *testing.T) {
	w := watch(t, "a")
	before, err := os.Stat(w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.write("b")
	if err := os.Chtimes(w.path, time.Time{}, before.ModTime()); err != nil {
		t.Fatal(err)
	}
	w.after(time.Minute, "B")
}

func TestFileReplacedByRename(t *testing.T) {
	w := watch(t, "a")
	next := w.path + ".new"
	if err := os.WriteFile(next, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, w.path); err != nil {
		t.Fatal(err)
	}
	w.after(time.Minute, "B")
}

// A volume of a ConfigMap: the file is a link through ..data, which is a link that is replaced.
func TestFileInKubernetesVolume(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	version := func(name, content string) {
		err := errors.Join(
			os.Mkdir(at(name), 0o700),
			os.WriteFile(at(name+"/file"), []byte(content), 0o600),
			os.Symlink(name, at("..tmp")),
			os.Rename(at("..tmp"), at("..data")),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "a")
	if err := os.Symlink("..data/file", at("file")); err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t}
	var err error
	if w.File, err = Watch(at("file"), time.Second, w.now, w.upper, w.failed); err != nil {
		t.Fatal(err)
	}
	w.after(time.Second, "A")
	version("..2", "b")
	if err := os.RemoveAll(at("..1")); err != nil {
		t.Fatal(err)
	}
	w.after(time.Second, "B")
}

// The last good value stays, each failure is told once, and again after it was gone.
func TestFileFails(t *testing.T) {
	w := watch(t, "a")
	for _, step := range []struct{ content, want string }{
		{"bad 1", "A"}, {"bad 2", "A"}, {"b", "B"}, {"bad 2", "B"}, {"a", "A"}, {"b", "B"},
	} {
		w.write(step.content)
		w.after(time.Minute, step.want)
		w.after(time.Minute, step.want)
	}
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	w.after(time.Minute, "B")
	w.after(time.Minute, "B")
	w.write("b")
	w.after(time.Minute, "B")
	w.write(strings.Repeat("x", MaxFileBytes+1))
	w.after(time.Minute, "B")
	largest := strings.Repeat("x", MaxFileBytes)
	w.write(largest)
	w.after(time.Minute, strings.ToUpper(largest))
	want := []string{
		`FILE: "bad 1" is bad`, `FILE: "bad 2" is bad`, `FILE: "bad 2" is bad`, "stat FILE: no such file or directory", "FILE: is larger than 1048576 bytes",
	}
	if diff := cmp.Diff(want, w.fails); diff != "" {
		t.Error(diff)
	}
}

func TestWatchRefuses(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		filepath.Join(t.TempDir(), "none"): fs.ErrNotExist,
		t.TempDir():                        ErrNotRegular,
		pipe:                               ErrNotRegular,
		writeFile(t, "bad"):                errBad,
		writeFile(t, strings.Repeat("x", MaxFileBytes+1)):     ErrTooLarge,
		writeFile(t, "bad"+strings.Repeat("x", MaxFileBytes)): ErrTooLarge,
	} {
		w := &watched{t: t}
		f, err := Watch(path, time.Second, w.now, w.upper, w.failed)
		if f != nil || !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v, %v, want %v and the path %s", f, err, want, path)
		}
		if w.fails != nil {
			t.Error(w.fails)
		}
	}
}

func TestWatchPair(t *testing.T) {
	first, second := writeFile(t, "1a"), writeFile(t, "1b")
	w := &watched{t: t, path: first}
	var err error
	w.File, err = WatchPair(first, second, time.Second, w.now, func(first, second []byte) (string, error) {
		if first[0] != second[0] {
			return "", errBad
		}
		return string(first) + string(second), nil
	}, w.failed)
	if err != nil {
		t.Fatal(err)
	}
	w.after(0, "1a1b")
	w.write("2a")
	w.after(time.Second, "1a1b")
	for _, content := range []string{"2b", "2c"} {
		if err := os.WriteFile(second, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		w.after(time.Second, "2a"+content)
	}
	if diff := cmp.Diff([]string{"FILE, " + second + ": is bad"}, w.fails); diff != "" {
		t.Error(diff)
	}
	if _, err := WatchPair(first, second+"x", time.Second, w.now, func(_, _ []byte) (string, error) { return "", nil }, w.failed); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// While one call parses, the others have the old value at once, and so has the parser itself.
func TestGetDoesNotWait(t *testing.T) {
	path := writeFile(t, "a")
	var clock atomic.Int64
	var parsing, parsed chan struct{}
	var f *File[string]
	f, err := Watch(path, time.Second, func() time.Time { return time.Unix(clock.Load(), 0) }, func(b []byte) (string, error) {
		if parsing != nil {
			if got := f.Get(); got != "a" {
				t.Errorf("within the parser: %s", got)
			}
			close(parsing)
			<-parsed
		}
		return string(b), nil
	}, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	parsing, parsed = make(chan struct{}), make(chan struct{})
	if err := os.WriteFile(path, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.Store(1)
	got := make(chan string)
	go func() { got <- f.Get() }()
	<-parsing
	for range 10 {
		if got := f.Get(); got != "a" {
			t.Errorf("meanwhile: %s", got)
		}
	}
	close(parsed)
	if got := <-got; got != "b" {
		t.Errorf("the call that parses: %s", got)
	}
}

// A panic of the parser does not end the watching.
func TestParserPanics(t *testing.T) {
	w := watch(t, "a")
	f, err := Watch(w.path, time.Second, w.now, func(b []byte) (string, error) {
		if string(b) == "panic" {
			panic("parser")
		}
		return string(b), nil
	}, w.failed)
	if err != nil {
		t.Fatal(err)
	}
	w.write("panic")
	w.clock.Add(int64(time.Minute))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		f.Get()
	}()
	w.write("b")
	w.clock.Add(int64(time.Minute))
	if got := f.Get(); got != "b" {
		t.Errorf("is %s", got)
	}
}

func TestGetConcurrently(t *testing.T) {
	w := watch(t, "0")
	var group sync.WaitGroup
	const writes = 50
	next := w.path + ".new"
	for range 4 {
		group.Go(func() {
			for last := ""; last != fmt.Sprint(writes); {
				w.clock.Add(int64(time.Second))
				got := w.Get()
				if len(got) < len(last) || len(got) == len(last) && got < last {
					t.Errorf("%s after %s", got, last)
					return
				}
				last = got
			}
		})
	}
	for i := range writes {
		if err := errors.Join(os.WriteFile(next, fmt.Append(nil, i+1), 0o600), os.Rename(next, w.path)); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
	if n := w.parse.Load(); n < 2 || n > writes+1 {
		t.Errorf("parsed %d times for %d contents", n, writes+1)
	}
	if w.fails != nil {
		t.Error(w.fails)
	}
}
