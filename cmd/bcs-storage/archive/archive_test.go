package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"bcs-storage/cmd/bcs-storage/archive"
	"bcs-storage/storage"
	"bcs-storage/storage/sqlite"
	"bcs-storage/watch"
	"bcs-storage/watch/local"
)

// start is the time of the first write.
var start = time.Date(2026, 11, 21, 19, 30, 57, 775_000_000, time.UTC)

// stores are the embedded engines.
func stores(t *testing.T) archive.Target {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), append(storage.Collections(), local.Collection))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return archive.Target{Documents: e, Nodes: local.New(e, time.Now)}
}

func source(s archive.Target) archive.Source {
	return archive.Source{
		Header: archive.Header{Created: start, Storage: "sqlite", Watch: "local"}, Records: s.Documents, Nodes: s.Nodes.All,
		Count: func(ctx context.Context, c *storage.Collection) (int64, error) {
			return s.Documents.Count(ctx, c, storage.Query{})
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill stores documents of every collection, with what is hard to move.
func fill(t *testing.T, s archive.Target, rounds int) {
	t.Helper()
	odd := []string{
		"{\n\t\"a\" : [1, 1.0, 1e2, -0] ,\r\n \"a.b\":{\"$c\":\"．\"} }", `"<\u003c\u0041\ud83d\ude00é\/"`, `9007199254740993`, `null`,
		"[ \r ]", `"` + strings.Repeat("\\n", 70_000) + `"`, strings.Repeat("[", 190) + strings.Repeat("]", 190),
	}
	all := map[*storage.Collection][]storage.Record{}
	put := func(c *storage.Collection, key storage.Key, data string, created time.Time) {
		doc := storage.NewDocument(c, key, storage.Member{Name: "data", Value: []byte(data)})
		all[c] = append(all[c], storage.Record{ID: key.ID(), Body: doc.Body, Created: created, Updated: created.Add(time.Duration(len(all[c])) * time.Millisecond)})
	}
	for round := range rounds {
		for i, data := range odd {
			if round > 0 && len(data) > 1000 {
				data = fmt.Sprint(round) // a few large ones are enough
			}
			at := start.Add(time.Duration(i) * time.Hour)
			name := fmt.Sprintf("%d/%%%d 服务\n", round, i)
			put(storage.Dynamic, storage.Key{"c", "Pod", "", name}, data, at)
			put(storage.Events, storage.Key{"c", name}, data, at)
			put(storage.Metrics, storage.Key{"c", "n", "t", name}, data, at)
		}
	}
	put(storage.Hosts, storage.Key{"10.0.0.1"}, `1`, start)
	for c, records := range all {
		must(t, s.Documents.Load(t.Context(), c, records))
	}
	for i, data := range odd {
		node := watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: "c%", Type: "t", Namespace: "n"}, Name: fmt.Sprint(i, ". 服务")}
		must(t, s.Nodes.Put(t.Context(), node, []byte(`{"data":`+data+`}`)))
	}
}

func export(t *testing.T, s archive.Target) (path string, totals archive.Totals) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "all.ndjson.zst")
	totals, err := archive.Export(t.Context(), path, false, source(s), nil)
	must(t, err)
	return path, totals
}

// lines are those of an archive, each with its end.
func lines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	z, err := zstd.NewReader(f)
	must(t, err)
	defer z.Close()
	raw, err := io.ReadAll(z)
	must(t, err)
	return slices.Collect(strings.Lines(string(raw)))
}

// pack is an archive of these lines.
func pack(t *testing.T, lines []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "packed.zst")
	f, err := os.Create(path)
	must(t, err)
	z, err := zstd.NewWriter(f)
	must(t, err)
	_, err = io.WriteString(z, strings.Join(lines, ""))
	must(t, errors.Join(err, z.Close(), f.Close()))
	return path
}

// records are everything that is stored, as text.
func records(t *testing.T, s archive.Target) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, c := range storage.Collections() {
		for r, err := range s.Documents.Records(t.Context(), c) {
			must(t, err)
			all[c.Name+" "+r.ID] = fmt.Sprint(r.Created, r.Updated, string(r.Body))
		}
	}
	for item, err := range s.Nodes.All(t.Context()) {
		must(t, err)
		all[fmt.Sprint(item.Node)] = string(item.Data)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	from, to := stores(t), stores(t)
	fill(t, from, 90) // more than a batch of each collection
	path, exported := export(t, from)
	var doing []string
	var mu sync.Mutex
	progress := func(what string, done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if done > total || total <= 0 {
			t.Errorf("%s: %d of %d", what, done, total)
		}
		if !slices.Contains(doing, what) {
			doing = append(doing, what)
		}
	}
	header, imported, err := archive.Import(t.Context(), path, false, to, progress)
	must(t, err)
	if diff := cmp.Diff(records(t, from), records(t, to)); diff != "" {
		t.Errorf("(-exported +imported):\n%.2000s", diff)
	}
	if want := []string{archive.Checking, archive.Importing, archive.Comparing}; !slices.Equal(doing, want) {
		t.Errorf("did %q, want %q", doing, want)
	}
	if want := (archive.Header{Format: "bcs-storage archive", Version: 1, Created: start, Storage: "sqlite", Watch: "local"}); header != want {
		t.Errorf("header %+v", header)
	}
	_, again := export(t, to)
	for _, totals := range []archive.Totals{imported, again} {
		if diff := cmp.Diff(exported, totals); diff != "" {
			t.Errorf("totals (-exported +others):\n%s", diff)
		}
	}
	if n := exported.Records(); n != 90*3*7+1+7 {
		t.Errorf("%d records", n)
	}
}

// The file is what the package says that it is: a program in another language
// may read it.
func TestFormat(t *testing.T) {
	s := stores(t)
	doc := storage.NewDocument(storage.Hosts, storage.Key{"10.0.0.1"}, storage.Member{Name: "data", Value: []byte(`{"a": 1.0}`)})
	must(t, s.Documents.Put(t.Context(), storage.Hosts, doc, start))
	doc = storage.NewDocument(storage.Alarms, storage.Key{"c", "a/b"}, storage.Member{Name: "data", Value: []byte("[\n]")})
	must(t, s.Documents.Put(t.Context(), storage.Alarms, doc, start))
	must(t, s.Nodes.Put(t.Context(), watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: "c", Type: "t", Namespace: "n"}, Name: "x.y"}, []byte(`{"a":"b"}`)))
	path, _ := export(t, s)
	got := lines(t, path)
	digest := func(id string, times, body string) string {
		var length [8]byte
		length[7] = byte(len(id))
		sum := sha256.Sum256([]byte(string(length[:]) + times + id + body))
		return hex.EncodeToString(sum[:])
	}
	var stamp [8]byte
	for i, n := 7, start.UnixMilli(); i >= 0; i, n = i-1, n>>8 {
		stamp[i] = byte(n)
	}
	times := string(stamp[:]) + string(stamp[:])
	none := strings.Repeat("0", 64)
	want := []string{
		`{"format":"bcs-storage archive","version":1,"created":"2026-11-21T19:30:57.775Z","storage":"sqlite","watch":"local"}`,
		`{"collection":"host","id":"10.0.0.1","createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z","body":{"ip":"10.0.0.1","data":{"a": 1.0}}}`,
		`{"collection":"alarm","id":"c/a%2Fb","createTime":"2026-11-21T19:30:57.775Z","updateTime":"2026-11-21T19:30:57.775Z","text":"{\"clusterId\":\"c\",\"data\":[\n]}"}`,
		`{"collection":"watch","id":"k8s/c/t/n/x.y","body":{"a":"b"}}`,
	}
	want[2] = strings.Replace(want[2], "\n", `\n`, 1)
	sum := sha256.Sum256([]byte(strings.Join(want, "\n") + "\n"))
	want = append(want, `{"end":true,"totals":[`+strings.Join([]string{
		`{"collection":"dynamic","records":0,"digest":"` + none + `"}`,
		`{"collection":"metric","records":0,"digest":"` + none + `"}`,
		`{"collection":"host","records":1,"digest":"` + digest("10.0.0.1", times, `{"ip":"10.0.0.1","data":{"a": 1.0}}`) + `"}`,
		`{"collection":"event","records":0,"digest":"` + none + `"}`,
		`{"collection":"alarm","records":1,"digest":"` + digest("c/a%2Fb", times, "{\"clusterId\":\"c\",\"data\":[\n]}") + `"}`,
		`{"collection":"watch","records":1,"digest":"` + digest("k8s/c/t/n/x.y", strings.Repeat("\x00", 16), `{"a":"b"}`) + `"}`,
	}, ",")+`],"sha256":"`+hex.EncodeToString(sum[:])+`"}`)
	if diff := cmp.Diff(strings.Join(want, "\n")+"\n", strings.Join(got, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// sign gives lines, the last of which it replaces, the end that belongs to them:
// for archives that are wrong in another way.
func sign(t *testing.T, all []string) []string {
	t.Helper()
	end := all[len(all)-1]
	all = all[:len(all)-1]
	sum := sha256.Sum256([]byte(strings.Join(all, "")))
	at := strings.Index(end, `"sha256":"`)
	return append(all, end[:at]+`"sha256":"`+hex.EncodeToString(sum[:])+"\"}\n")
}

func TestRefusesWhatIsNotAsItWasWritten(t *testing.T) {
	from := stores(t)
	fill(t, from, 1)
	path, _ := export(t, from)
	good := lines(t, path)
	find := func(part string) int {
		i := slices.IndexFunc(good, func(line string) bool { return strings.Contains(line, part) })
		if i < 0 {
			t.Fatalf("no line with %q", part)
		}
		return i
	}
	host := find(`"collection":"host"`)
	edit := func(i int, from, to string) []string {
		all := slices.Clone(good)
		if all[i] = strings.Replace(all[i], from, to, 1); all[i] == good[i] {
			t.Fatalf("no %q in %s", from, good[i])
		}
		return all
	}
	last := len(good) - 1
	to := stores(t)
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"a line less":            {slices.Delete(slices.Clone(good), host, host+1), "altered"},
		"a line twice":           {slices.Insert(slices.Clone(good), host, good[host]), "altered"},
		"another value":          {edit(host, `"data":1`, `"data":2`), "altered"},
		"another time":           {edit(host, `57.775Z`, `57.776Z`), "altered"},
		"another engine":         {edit(0, `"sqlite"`, `"mongodb"`), "altered"},
		"another order":          {append([]string{good[0], good[2], good[1]}, good[3:]...), "altered"},
		"another count":          {edit(last, `"records":7`, `"records":8`), "altered"},
		"another digest":         {edit(last, `"digest":"`, `"digest":"00`), "digest"},
		"no end":                 {good[:last], "without the line that ends"},
		"a line after the end":   {append(slices.Clone(good), good[1]), "follows"},
		"two archives":           {append(slices.Clone(good), good...), "follows"},
		"nothing but an end":     {good[last:], "does not end an archive"},
		"half a line":            {append(slices.Clone(good[:last]), `{"collection":`), "cut off"},
		"something else":         {[]string{`{"kind":"List"}` + "\n"}, "no archive"},
		"a later version":        {edit(0, `"version":1`, `"version":2`), "version 2"},
		"an unknown collection":  {sign(t, edit(host, `"host"`, `"ghost"`)), "ghost"},
		"an unknown member":      {sign(t, edit(host, `"id":`, `"ids":`)), "unknown member"},
		"another key":            {sign(t, edit(host, `"id":"10.0.0.1"`, `"id":"10.0.0.1/x"`)), "no _id of host"},
		"no time":                {sign(t, edit(host, `"createTime"`, `"updateTime"`)), "duplicate"},
		"a time of another sort": {sign(t, edit(host, `57.775Z`, `57Z`)), "createTime"},
		"a number too large":     {sign(t, edit(host, `"data":1`, `"data":92233720368547758070`)), "64-bit"},
		"a body that is none":    {sign(t, edit(host, `"body":{`, `"body":[{`)), "line"},
		"a text that is no JSON": {sign(t, edit(find(`"text":"{`), `"text":"{`, `"text":"{{`)), "not JSON"},
		"watch data of nothing":  {sign(t, edit(find(`"collection":"watch"`), `"id":"k8s/`, `"id":"k8s//`)), "watch"},
		"a namespace with a dot": {sign(t, edit(find(`"collection":"watch"`), `/n/`, `/n.x/`)), "namespace"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, to, pack(t, tt.lines), tt.want) })
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	cut := func(name string, content []byte) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cut.zst")
			must(t, os.WriteFile(path, content, 0o600))
			refused(t, to, path, path)
		})
	}
	for n := 1; n < len(raw); n += max(1, len(raw)/12) {
		cut(fmt.Sprintf("cut at %d", n), raw[:n])
	}
	cut("cut by a byte", raw[:len(raw)-1])
	cut("empty", nil)
	cut("with something behind", append(slices.Clone(raw), "more"...))
	for n := 3; n < len(raw); n += max(1, len(raw)/12) {
		flipped := slices.Clone(raw)
		flipped[n] ^= 0x10
		cut(fmt.Sprintf("other at %d", n), flipped)
	}
}

// refused fails unless the archive is refused with these words and nothing was stored.
func refused(t *testing.T, to archive.Target, path, want string) {
	t.Helper()
	_, _, err := archive.Import(t.Context(), path, false, to, nil)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if n := len(records(t, to)); n != 0 {
		t.Errorf("%d records were stored", n)
	}
}

func TestImportWhereSomethingIs(t *testing.T) {
	from := stores(t)
	fill(t, from, 2)
	path, _ := export(t, from)
	for name, put := range map[string]func(archive.Target) error{
		"a document": func(s archive.Target) error {
			return s.Documents.Put(t.Context(), storage.Alarms, storage.NewDocument(storage.Alarms, storage.Key{"c", "mine"}), start)
		},
		"watch data": func(s archive.Target) error {
			return s.Nodes.Put(t.Context(), watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: "c", Type: "t", Namespace: "n"}, Name: "mine"}, []byte(`{}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			to := stores(t)
			must(t, put(to))
			if _, _, err := archive.Import(t.Context(), path, false, to, nil); !errors.Is(err, archive.ErrNotEmpty) {
				t.Errorf("%v, want ErrNotEmpty", err)
			}
			before := records(t, to)
			if len(before) != 1 {
				t.Errorf("there are %d records", len(before))
			}
			// A document of the archive is there already, with other times.
			doc := storage.NewDocument(storage.Hosts, storage.Key{"10.0.0.1"}, storage.Member{Name: "data", Value: []byte(`"theirs"`)})
			must(t, to.Documents.Put(t.Context(), storage.Hosts, doc, start.Add(time.Hour)))
			_, _, err := archive.Import(t.Context(), path, true, to, nil)
			must(t, err)
			want := records(t, from)
			for name, r := range before {
				want[name] = r
			}
			if diff := cmp.Diff(want, records(t, to)); diff != "" {
				t.Errorf("(-want +got):\n%.2000s", diff)
			}
		})
	}
}

// lossy is a real engine that does not store what it should.
type lossy struct {
	storage.Documents
	change func([]storage.Record) []storage.Record
}

func (l lossy) Load(ctx context.Context, c *storage.Collection, records []storage.Record) error {
	if c == storage.Metrics {
		records = l.change(slices.Clone(records))
	}
	return l.Documents.Load(ctx, c, records)
}

func TestImportNoticesDifferences(t *testing.T) {
	from := stores(t)
	fill(t, from, 1)
	path, _ := export(t, from)
	for name, tt := range map[string]struct {
		change func([]storage.Record) []storage.Record
		want   string
	}{
		"a record less": {func(r []storage.Record) []storage.Record { return r[1:] }, "metric: the store has 6 records, the archive 7"},
		"another time": {func(r []storage.Record) []storage.Record {
			r[0].Created = r[0].Created.Add(time.Millisecond)
			return r
		}, "metric: the store has as many records as the archive, 7, but their checksum is another one"},
		"another body": {func(r []storage.Record) []storage.Record {
			r[0].Body = bytes.Replace(r[0].Body, []byte(`data`), []byte(`dada`), 1)
			return r
		}, "but their checksum is another one"},
		"bodies swapped": {func(r []storage.Record) []storage.Record {
			r[0].Body, r[1].Body = r[1].Body, r[0].Body
			return r
		}, "but their checksum is another one"},
	} {
		for _, merge := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", merge), func(t *testing.T) {
				to := stores(t)
				to.Documents = lossy{to.Documents, tt.change}
				_, _, err := archive.Import(t.Context(), path, merge, to, nil)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
			})
		}
	}
	t.Run("a record more", func(t *testing.T) {
		to := stores(t)
		to.Documents = lossy{to.Documents, func(r []storage.Record) []storage.Record {
			more := r[0]
			more.ID += "x"
			return append(r, more)
		}}
		if _, _, err := archive.Import(t.Context(), path, false, to, nil); err == nil || !strings.Contains(err.Error(), "the store has 8 records, the archive 7") {
			t.Error(err)
		}
	})
	t.Run("a failure", func(t *testing.T) {
		to := stores(t)
		must(t, to.Documents.Close())
		if _, _, err := archive.Import(t.Context(), path, true, to, nil); !errors.Is(err, storage.ErrUnavailable) {
			t.Error(err)
		}
	})
}

func TestExportLeavesNothingBehind(t *testing.T) {
	s := stores(t)
	fill(t, s, 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "all.zst")
	must(t, os.WriteFile(path, []byte("older"), 0o600))
	if _, err := archive.Export(t.Context(), path, false, source(s), nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v, want fs.ErrExist", err)
	}
	broken := source(s)
	broken.Nodes = func(context.Context) iter.Seq2[watch.Item, error] {
		return func(yield func(watch.Item, error) bool) { yield(watch.Item{}, watch.ErrUnavailable) }
	}
	if _, err := archive.Export(t.Context(), path, true, broken, nil); !errors.Is(err, watch.ErrUnavailable) {
		t.Error(err)
	}
	// What somebody else wrote to ZooKeeper may be no JSON that other engines keep.
	for _, payload := range []string{`{"a":1,"a":2}`, `{"a":1e999}`, `[]`, `{`, "{\"a\":\"\xff\"}"} {
		broken.Nodes = func(context.Context) iter.Seq2[watch.Item, error] {
			return func(yield func(watch.Item, error) bool) {
				n := watch.Node{Dir: watch.Dir{Env: "k8s", Cluster: "c", Type: "t", Namespace: "n"}, Name: "odd"}
				yield(watch.Item{Node: n, Data: []byte(payload)}, nil)
			}
		}
		if _, err := archive.Export(t.Context(), path, true, broken, nil); err == nil || !strings.Contains(err.Error(), "k8s/c/t/n/odd cannot be moved") {
			t.Errorf("%s: %v", payload, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := archive.Export(ctx, path, true, source(s), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if content, err := os.ReadFile(path); len(entries) != 1 || string(content) != "older" {
		t.Errorf("there are %v, %q %v", entries, content, err)
	}
	_, err = archive.Export(t.Context(), path, true, source(s), nil)
	must(t, err)
	if is, err := archive.Is(path); !is || err != nil {
		t.Errorf("not an archive (%v)", err)
	}
}

func TestIs(t *testing.T) {
	for content, want := range map[string]bool{"": false, "{}": false, "\x28\xb5\x2f\xfd": true, "\x28\xb5\x2f": false, "\x1f\x8b\x08\x00": false} {
		path := filepath.Join(t.TempDir(), "x")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		if got, err := archive.Is(path); got != want || err != nil {
			t.Errorf("%q: %v %v", content, got, err)
		}
	}
	if _, err := archive.Is(filepath.Join(t.TempDir(), "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
