package archive

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bcs-storage/storage"
)

// FuzzLine: what an engine may have stored comes back from its line, and what
// is no line is refused without harm.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{`1`, "[\n1.0 ,\t-0]", `{"a.b":"\u0000\n","$":1e-7}`, `"é😀\ud83d\ude00"`, "{\r}", `}`, `1,"x":2`, ``} {
		f.Add("c", "na/me%", seed, int64(1_763_753_457_775))
	}
	f.Fuzz(func(t *testing.T, cluster, name, data string, ms int64) {
		if _, err := parse([]byte(data)); err == nil && !bytes.HasPrefix(bytes.TrimSpace([]byte(data)), []byte("{")) {
			t.Errorf("parsed %q", data)
		}
		at := time.UnixMilli(ms).UTC()
		if _, ok := storage.UnixTime(at.Unix()); !ok || storage.CheckJSON("data", []byte(data)) != nil {
			return
		}
		key := storage.Key{cluster, name}
		doc := storage.NewDocument(storage.Events, key, storage.Member{Name: "data", Value: []byte(data)})
		e := entry{"event", storage.Record{ID: key.ID(), Body: doc.Body, Created: at, Updated: at}}
		if e.exportable(storage.Events) != nil {
			return // a key that is no text
		}
		line := e.appendLine(nil)
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("not one line: %q", line)
		}
		got, err := parse(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(e, got, cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := got.check(storage.Events); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if got.sum() != e.sum() {
			t.Error("another checksum")
		}
	})
}
