package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// TestReadItem: a line says what the PUT or DELETE of one resource would.
func TestReadItem(t *testing.T) {
	const names = `"clusterId":"c","namespace":"n","resourceType":"application","resourceName":"x"`
	for _, c := range []struct{ env, line, id, body string }{
		{query.K8s, `{` + names + `,"data":{"a" : 1}}`, "c/application/n/x", `{"clusterId":"c","resourceType":"application","namespace":"n","resourceName":"x","data":{"a" : 1}}`},
		{query.K8s, ` { "data":null,"resourceName":"a/b","resourceType":"Node","clusterId":"\u0063" } ` + "\r", "", ""},
		{query.K8s, ` { "op":"put","data":null,"resourceName":"a b","resourceType":"Node","clusterId":"\u0063" } ` + "\r", "c/Node//a b", `{"clusterId":"c","resourceType":"Node","resourceName":"a b","data":null}`},
		{query.Mesos, `{` + strings.Replace(names, "application", "process", 1) + `,"data":{"kind":"process"}}`, "c/application/n/x", `{"clusterId":"c","resourceType":"application","namespace":"n","resourceName":"x","data":{"kind":"process"}}`},
		{query.K8s, `{` + strings.Replace(names, "application", "process", 1) + `,"data":{}}`, "c/process/n/x", `{"clusterId":"c","resourceType":"process","namespace":"n","resourceName":"x","data":{}}`},
		{query.K8s, `{"op":"delete",` + names + `}`, "c/application/n/x", ""},
	} {
		it := readItem(c.env, []byte(c.line))
		if c.id == "" {
			if it.err == nil {
				t.Errorf("%s: taken", c.line)
			}
			continue
		}
		if it.err != nil || it.write.Key.ID() != c.id || string(it.write.Body) != c.body || (it.op == dynamicDelete) != (c.body == "") {
			t.Errorf("%s: %+v %s", c.line, it, it.write.Body)
		}
	}
	// Where two types share a store, a delete of the one spares the other.
	for word, spared := range map[string]string{"application": `{"data":{"kind":"process"}}`, "process": `{"data":{}}`} {
		it := readItem(query.Mesos, []byte(`{"op":"delete",`+strings.Replace(names, "application", word, 1)+`}`))
		if it.err != nil || storage.Match(it.write.Filter, &storage.Record{Body: []byte(spared)}) {
			t.Errorf("a delete of an %s removes %s: %v", word, spared, it.err)
		}
	}
}

// FuzzReadItem: whatever comes is refused with its reason, or becomes a write
// that says what the line does.
func FuzzReadItem(f *testing.F) {
	for _, line := range []string{
		`{"clusterId":"c","namespace":"n","resourceType":"Pod","resourceName":"x","data":{"a":[1,2.5,"\u0000"]}}`,
		`{"op":"delete","clusterId":"c","resourceType":"process","resourceName":"x"}`,
		`{"op":"put","clusterId":"c","resourceType":"process","resourceName":"x","data":{"kind":"process"}}`,
		`{"clusterId":"a/b"}`, `{"clusterId":1}`, `{"op":"x"}`, `[]`, `{"a":`, ``, `{}{}`, `{"data":1,"data":2}`, "{\"clusterId\":\"\xff\"}",
		`{"\u0063lusterId":"c","resourceType":"Pod","resourceName":"\ud83d\ude00","data":0}`,
	} {
		f.Add(true, []byte(line))
		f.Add(false, []byte(line))
	}
	f.Fuzz(func(t *testing.T, k8s bool, line []byte) {
		env := query.Mesos
		if k8s {
			env = query.K8s
		}
		it := readItem(env, line)
		if it.err != nil {
			var invalid *storage.InvalidError
			if !errors.As(it.err, &invalid) || invalid.Param == "" && !bytes.Contains(line, []byte(`""`)) {
				t.Fatalf("%q: %v", line, it.err)
			}
			return
		}
		var want struct {
			Op           *string
			ClusterID    string `json:"clusterId"`
			Namespace    string
			ResourceType string
			ResourceName string
			Data         json.RawMessage
		}
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatalf("%q was taken: %v", line, err)
		}
		key := it.write.Key
		stored, _ := query.Stored(env, want.ResourceType)
		if len(key) != 4 || key[0] != want.ClusterID || key[1] != stored || key[2] != want.Namespace || key[3] != want.ResourceName {
			t.Fatalf("%q: key %q", line, key)
		}
		if isDelete := want.Op != nil && *want.Op == "delete"; isDelete != (it.write.Body == nil) || isDelete != (it.op == dynamicDelete) {
			t.Fatalf("%q: %+v", line, it)
		}
		if it.write.Body == nil {
			return
		}
		if err := storage.CheckJSON("body", it.write.Body); err != nil {
			t.Fatalf("%q: the body %s: %v", line, it.write.Body, err)
		}
		if data, ok := storage.Lookup(it.write.Body, storage.P("data")); !ok || string(data) != string(want.Data) {
			t.Fatalf("%q: data %s", line, data)
		}
	})
}

// cutLines is what lines makes of a stream: the lines, "!" for one that is too long.
func cutLines(t *testing.T, in io.Reader, most int64) (all []string) {
	t.Helper()
	l := newLines(in, most)
	for {
		line, err := l.next()
		switch {
		case err == io.EOF:
			return all
		case errors.Is(err, storage.ErrInvalid):
			all = append(all, "!")
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, string(line))
		}
		if l.number != int64(len(all)) {
			t.Fatalf("line %d is counted as %d", len(all), l.number)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\n\nbc\r\n", int64(2))
	f.Add("toolong\nx", int64(3))
	f.Add(strings.Repeat("x", lineBuffer)+"\n"+strings.Repeat("y", 2*lineBuffer+7)+"\nz", int64(lineBuffer+1))
	f.Fuzz(func(t *testing.T, text string, most int64) {
		most = max(0, most)
		var want []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); int64(len(line)) > most {
				line = "!"
			}
			want = append(want, line)
		}
		for _, in := range []io.Reader{strings.NewReader(text), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			if got := cutLines(t, in, most); strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
				t.Fatalf("%.200q in lines of %d: %.200q, want %.200q", text, most, got, want)
			}
		}
	})
}

// endless is a line that never ends.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestLongLinesAreNotHeld: a line that is too long takes no more room than one that is not.
func TestLongLinesAreNotHeld(t *testing.T) {
	const most = 1 << 20
	l := newLines(&endless{left: 64 << 20}, most)
	if _, err := l.next(); !errors.Is(err, storage.ErrInvalid) {
		t.Error(err)
	}
	if cap(l.long) > 4*most {
		t.Errorf("%d bytes are held", cap(l.long))
	}
	if _, err := l.next(); err != io.EOF {
		t.Error(err)
	}
	failed := errors.New("cable cut")
	l = newLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(failed)), most)
	if line, err := l.next(); string(line) != "a" || err != nil {
		t.Errorf("%q %v", line, err)
	}
	if line, err := l.next(); line != nil || err != failed {
		t.Errorf("%q %v, want the reader's error", line, err)
	}
}
