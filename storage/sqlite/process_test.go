package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
)

// childFile is set for the process that TestKill starts: the file to write.
const childFile = "BCS_STORAGE_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever prints the key of every write that was acknowledged.
func writeForever(path string) {
	e, err := sqlite.Open(context.Background(), path, storage.Collections())
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	acknowledged := make(chan string)
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d", w, i)
				doc := storage.NewDocument(storage.Dynamic, storage.Key{"c", "Pod", "a", name}, storage.Member{Name: "data", Value: []byte(`"` + name + `"`)})
				if err := e.Put(context.Background(), storage.Dynamic, doc, at); err != nil {
					name = "error " + err.Error()
				}
				acknowledged <- name
			}
		}()
	}
	for name := range acknowledged {
		fmt.Println(name)
	}
}

// What was acknowledged is there after the process was killed, and the file
// can be opened again at once.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	names := map[string]bool{}
	for round := range 3 {
		for _, name := range killWriter(t, path, 150*(round+1)) {
			names[name] = true
		}
		e := openAt(t, path)
		for name := range names {
			doc, err := e.Get(t.Context(), storage.Dynamic, storage.Key{"c", "Pod", "a", name}, nil, nil)
			if err != nil || !bytes.Contains(doc, []byte(`"data":"`+name+`"`)) {
				t.Fatalf("round %d: %s was acknowledged and is lost: %s %v", round, name, doc, err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWriter lets a process write and kills it after so many writes. It
// returns all that were acknowledged before it was dead.
func killWriter(t *testing.T, path string, writes int) (names []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // the pipe is empty and its writer dead; half a line is none
		}
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "error") {
			t.Error(name)
		}
		if names = append(names, name); len(names) == writes {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if len(names) < writes {
		t.Fatalf("the process ended after %d writes", len(names))
	}
	return names
}

// A list of many bytes is read with few in memory.
func TestListStreams(t *testing.T) {
	e := openAt(t, filepath.Join(t.TempDir(), "store.db"))
	const docs, size = 200, 100_000
	data := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), size)...), '"')
	for i := range docs {
		doc := storage.NewDocument(storage.Dynamic, storage.Key{"c", "Pod", "a", fmt.Sprintf("%04d", i)}, storage.Member{Name: "data", Value: data})
		if err := e.Put(t.Context(), storage.Dynamic, doc, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, filter := range []storage.Filter{nil, storage.Exists{Path: storage.P("data")}, storage.OneOf(storage.P("resourceName"), storage.String("0001"))} {
		before, most := heap(), uint64(0)
		n := 0
		for _, err := range e.List(t.Context(), storage.Dynamic, storage.Query{Filter: filter}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%50 == 1 {
				most = max(most, heap())
			}
		}
		if grown := int64(most) - int64(before); grown > 6<<20 {
			t.Errorf("%v: %d bytes more in memory while %d were listed", filter, grown, docs*size)
		}
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
