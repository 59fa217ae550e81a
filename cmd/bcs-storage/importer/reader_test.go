package importer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bcs-storage/cmd/bcs-storage/importer"
)

func jsonDecode(r io.Reader, v any) error { return json.NewDecoder(r).Decode(v) }

// endless is a list that never ends.
type endless struct {
	rest string
	made atomic.Int64
}

func newEndless() *endless { return &endless{rest: `{"apiVersion":"v1","items":[`} }

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.rest = pod(fmt.Sprint("p", e.made.Add(1))) + ","
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestReaderStreamsIntoALongList(t *testing.T) {
	enough := errors.New("enough")
	in := newEndless()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen := 0
	err := importer.Read(in, 1<<20, func(i importer.Item) error {
		if seen++; seen == 5_000 {
			return enough
		}
		return i.Err
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if ahead := in.made.Load() - int64(seen); ahead > 1000 {
		t.Errorf("the reader is %d objects ahead", ahead)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

func TestReaderRefusesAnObjectWithoutEnd(t *testing.T) {
	for name, in := range map[string]string{
		"object":    `{"kind":"Pod","spec":"`,
		"list item": `{"items":[{"kind":"Pod","spec":"`,
		"held":      `{"items":[`,
	} {
		t.Run(name, func(t *testing.T) {
			unit := strings.Repeat("x", 1<<16)
			if name == "held" {
				unit = `{"spec":"` + unit + `"},`
			}
			err := importer.Read(io.MultiReader(strings.NewReader(in), &repeat{unit: unit}), 1<<20,
				func(importer.Item) error { return nil })
			if err == nil {
				t.Fatal("no error")
			}
			if name != "held" && !strings.Contains(err.Error(), "an object of more than 64 MiB") {
				t.Error(err)
			}
			if name == "held" && !strings.Contains(err.Error(), "before the kind of their list") {
				t.Error(err)
			}
		})
	}
}

type repeat struct{ unit, rest string }

func (r *repeat) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.unit
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestReaderOffsetsPointAtTheObjects(t *testing.T) {
	in := "\xef\xbb\xbf " + pod("a") + "\n" + `{"kind":"List", "items" : [ ` + pod("b") + ` , ` + pod("c") + ` ] } [ ` + pod("d") + `]`
	err := importer.Read(strings.NewReader(in), 1<<20, func(i importer.Item) error {
		if i.Err != nil {
			return i.Err
		}
		if diff := cmp.Diff(i.Raw, in[i.Offset:][:len(i.Raw)]); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBarOnATerminal(t *testing.T) {
	// The controlling side of a new pseudo-terminal is a terminal that echoes what is written to it.
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	s := newStorage(t, nil)
	err = importer.Run(t.Context(), importer.Options{
		Server: s.URL, Cluster: "c", In: strings.NewReader(pod("a")), Out: terminal,
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(seen.String(), "imported 1 object"); {
		n, err := terminal.Read(buf)
		if err != nil {
			t.Fatalf("%v\n%q", err, seen.String())
		}
		seen.Write(buf[:n])
	}
	if !strings.Contains(seen.String(), "importing") {
		t.Errorf("no bar in %q", seen.String())
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", " ", "null", "[]", "[[]]", `{"items":[1,{"kind":"A","metadata":{"name":"x"}}],"kind":"AList"}`, pod("a") + pod("b"),
		`{"kind":"EventList","items":[{"metadata":{"name":"x"},"lastTimestamp":"2017-10-31T04:12:10Z"}]}`,
		`{"resourceType":"Pod","resourceName":"x","data":{}}`, `{"receivedTime":1,"clusterId":"c"}`, `{"eventTime":"2"}`,
		`{"type":"t","name":"n","data":[]}`, `{"items":null}`, `{"items":[`, "\xef\xbb\xbf{}", `{"kind":1,"metadata":[],"type":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_ = importer.Read(strings.NewReader(string(in)), 1<<20, func(i importer.Item) error {
			if !json.Valid([]byte(i.Raw)) {
				t.Errorf("%q was read from %q", i.Raw, in)
			}
			return nil
		})
	})
}
