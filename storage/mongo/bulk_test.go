package mongo

import (
	"fmt"
	"testing"

	"bcs-storage/storage"
)

// TestWriteCommands: a group is a command for each type and operation, however
// often a document is changed, and nothing is read.
func TestWriteCommands(t *testing.T) {
	e, r := openRecorded(t)
	put := func(docType, name string) storage.Write {
		key := storage.Key{"c1", docType, "ns", name}
		return storage.Write{Document: storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: []byte(`{"kind":"x"}`)})}
	}
	remove := func(docType, name string, f storage.Filter) storage.Write {
		return storage.Write{Document: storage.Document{Key: storage.Key{"c1", docType, "ns", name}}, Filter: f}
	}
	write := func(doing string, writes []storage.Write, commands ...string) {
		t.Helper()
		if errs := e.Write(t.Context(), storage.Dynamic, writes, now); errs != nil {
			t.Fatalf("%s: %v", doing, errs)
		}
		r.expect(t, doing, commands...)
	}
	var many []storage.Write
	for i := range bulkBatch {
		many = append(many, put("Pod", fmt.Sprint("n", i)))
	}
	write("new documents", many, "update")
	write("each twice", append(many, many...), "update")
	write("removals", []storage.Write{remove("Pod", "n1", nil), remove("Pod", "n2", storage.Not{Filter: eq("data.kind", storage.String("y"))})}, "delete")
	write("two types", []storage.Write{put("Pod", "a"), put("Service", "a"), put("Pod", "b")}, "update", "update")
	write("put and removed", []storage.Write{put("Pod", "a"), put("Pod", "b"), remove("Pod", "a", nil)}, "update", "delete")
	write("removed and put", []storage.Write{remove("Pod", "b", nil), put("Pod", "b")}, "delete", "update")
	write("more than a command", append(many, put("Pod", "last")), "update", "update")
	if n, err := e.Count(t.Context(), storage.Dynamic, storage.Query{}); n != bulkBatch+3 || err != nil {
		t.Errorf("%d documents, %v", n, err)
	}
}
