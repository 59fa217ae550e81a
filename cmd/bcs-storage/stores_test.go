package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"bcs-storage/cmd/bcs-storage/internal/testparts"
)

// succeed runs a command that must, and returns what it prints.
func succeed(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	got := call(t, environ, args...)
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("%v: exit code %d, %s", args, got.code, got.stderr)
	}
	return got.stdout
}

// failsWith runs a command that must fail with a code, and with these words.
func failsWith(t *testing.T, code int, words string, environ []string, args ...string) {
	t.Helper()
	got := call(t, environ, args...)
	if got.code != code || !strings.Contains(got.stderr, words) || got.stdout != "" {
		t.Errorf("%v: %+v, want exit code %d and %q", args, got, code, words)
	}
}

// embedded makes the test run on the embedded engines alone.
func embedded(t *testing.T) { t.Setenv("BCS_TEST_ENGINES", "") }

// busy is writers at work on a service, each of which writes one thing after
// the other and knows how far it is.
type busy struct {
	client       *http.Client
	stop         context.CancelFunc
	running      sync.WaitGroup
	mu           sync.Mutex
	acknowledged map[string]string // as isThere takes it
	counts       [writers]int      // of the writes of each
}

func startBusy(t *testing.T, base string) *busy {
	ctx, stop := context.WithCancel(t.Context())
	b := &busy{
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: writers}}, stop: stop,
		acknowledged: map[string]string{},
	}
	for w := range writers {
		b.running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				method, put, body, get, want := b.write(w, i)
				answer, err := send(b.client, method, base+put, body)
				if err != nil || !strings.HasPrefix(answer, `{"result":true`) {
					t.Errorf("%s %s: %s %v", method, put, answer, err)
					return
				}
				b.mu.Lock()
				b.counts[w]++
				if want != "" {
					b.acknowledged[want] = get
				}
				b.mu.Unlock()
			}
		})
	}
	return b
}

// write is the i-th write of a writer. The last one sets the hosts of a cluster
// to one of two sets, which is one transaction; the one before it puts one large document again and again.
func (b *busy) write(w, i int) (method, put, body, get, want string) {
	switch w {
	case writers - 1:
		return "PUT", "/host/clusters/SET", fmt.Sprintf(`{"ips":["%[1]d.0.0.1","%[1]d.0.0.2","%[1]d.0.0.3"]}`, i%2+1), "", ""
	case writers - 2:
		return "PUT", "/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/same", `{"data":"` + strings.Repeat(fmt.Sprint(i%10), 60_000) + `"}`, "", ""
	}
	return someWrite(0, w, i)
}

// soFar are the writes that are acknowledged, and how many each writer has.
func (b *busy) soFar() (acknowledged map[string]string, counts [writers]int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	acknowledged = map[string]string{}
	for want, get := range b.acknowledged {
		acknowledged[want] = get
	}
	return acknowledged, b.counts
}

// goesOn waits until every writer has had more acknowledgements.
func (b *busy) goesOn(t *testing.T, more int) {
	t.Helper()
	_, from := b.soFar()
	eventually(t, func() error {
		_, counts := b.soFar()
		for w, n := range counts {
			if n < from[w]+more {
				return fmt.Errorf("writer %d: %d writes, %d before", w, n, from[w])
			}
		}
		return nil
	})
}

func (b *busy) end() {
	b.stop()
	b.running.Wait()
	b.client.CloseIdleConnections()
}

// TestBackup: 16 writers work on a service while the program backs up what it
// keeps, and exports it. Restored, and imported, everything is there that was
// acknowledged before the command began, and what it shows is one moment.
func TestBackup(t *testing.T) {
	embedded(t)
	dir, out := t.TempDir(), t.TempDir()
	c := startChildIn(t, []string{allInOne}, t.Output(), "--data-dir", dir)
	defer c.kill()
	b := startBusy(t, c.base)
	defer b.end()
	b.goesOn(t, 20)

	moments := map[string]map[string]string{} // by the directory of the restored store
	for n := range 2 {
		file, to := filepath.Join(out, fmt.Sprint("backup", n)), filepath.Join(out, fmt.Sprint("restored", n))
		before, _ := b.soFar()
		got := succeed(t, nil, "backup", "--data-dir", dir, file)
		if want := fmt.Sprintf("backed up %s/bcs-storage.db to %s in ", dir, file); !strings.HasPrefix(got, want) {
			t.Errorf("printed %q", got)
		}
		b.goesOn(t, 1)
		got = succeed(t, nil, "restore", "--data-dir", to, file)
		if want := fmt.Sprintf("restored %s/bcs-storage.db from %s in ", to, file); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
			t.Errorf("printed %q", got)
		}
		moments[to] = before

		file, to = filepath.Join(out, fmt.Sprint("archive", n)), filepath.Join(out, fmt.Sprint("imported", n))
		before, _ = b.soFar()
		succeed(t, nil, "export", "--data-dir", dir, file)
		b.goesOn(t, 1)
		succeed(t, nil, "import", "--data-dir", to, file)
		moments[to] = before
	}
	failsWith(t, 1, "file already exists; --force replaces it", nil, "backup", "--data-dir", dir, filepath.Join(out, "backup0"))
	succeed(t, nil, "backup", "--force", "--data-dir", dir, filepath.Join(out, "backup0"))
	failsWith(t, 1, "in use by another process", nil, "restore", "--force", "--data-dir", dir, filepath.Join(out, "backup0"))
	failsWith(t, 1, "in use by another process", nil, "import", "--data-dir", dir, filepath.Join(out, "archive0"))
	b.end()
	for to, before := range moments {
		t.Run(filepath.Base(to), func(t *testing.T) {
			if len(before) < 20*(writers-2) {
				t.Errorf("only %d writes were acknowledged before", len(before))
			}
			isOneMoment(t, to, before)
		})
	}
}

var names = regexp.MustCompile(`"r0-w(\d+)-i(\d+)"`)

// isOneMoment serves a store that was copied while it was written.
func isOneMoment(t *testing.T, dir string, acknowledged map[string]string) {
	c := startChildIn(t, []string{allInOne}, t.Output(), "--data-dir", dir)
	defer c.kill()
	client := &http.Client{Timeout: time.Minute}
	isThere(t, client, c.base, acknowledged)

	// A transaction is there as a whole, and so is a document.
	hosts := present(t, client, c.base+"/host/clusters/SET?field=ip")
	one := regexp.MustCompile(`"ip":"1\.0\.0\.\d"`).FindAllString(hosts, -1)
	two := regexp.MustCompile(`"ip":"2\.0\.0\.\d"`).FindAllString(hosts, -1)
	if len(one)+len(two) != 3 || len(one)*len(two) != 0 {
		t.Errorf("hosts of two moments: %s", hosts)
	}
	same := present(t, client, c.base+"/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/same?field=data")
	if value := regexp.MustCompile(`"data":"(\d+)"`).FindStringSubmatch(same); value == nil || len(value[1]) != 60_000 || strings.Trim(value[1], value[1][:1]) != "" {
		t.Errorf("a torn document: %.200s", same)
	}

	// Each writer made one write after the other: what is there of each, in
	// every collection, has no gap.
	var found [writers][]int
	for _, list := range []string{
		"/events", "/alarms", "/host/clusters/C", "/k8s/watch/clusters/C/namespaces/n/exportservice",
		"/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod?field=data.name",
	} {
		seen := map[string]bool{}
		for _, m := range names.FindAllStringSubmatch(present(t, client, c.base+list), -1) {
			var w, i int
			if _, err := fmt.Sscan(m[1]+" "+m[2], &w, &i); err != nil {
				t.Fatal(err)
			}
			if !seen[m[0]] {
				found[w] = append(found[w], i)
			}
			seen[m[0]] = true
		}
	}
	for w, all := range found[:writers-2] {
		slices.Sort(all)
		if len(all) == 0 || all[len(all)-1] != len(all)-1 {
			t.Errorf("writer %d: %d writes up to number %d", w, len(all), all[max(len(all)-1, 0)])
		}
	}
}

// TestKillRestore kills the program at many moments of a restore. Whenever it
// was, what it leaves is one of the two stores, whole.
func TestKillRestore(t *testing.T) {
	embedded(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "backup")
	store := func(name string, n int) string {
		at := filepath.Join(dir, name)
		c := startChild(t, "--data-dir", at)
		for i := range n {
			put := fmt.Sprintf("%s/k8s/dynamic/namespace_resources/clusters/C/namespaces/n/Pod/%s%d", c.base, name, i)
			if answer, err := send(http.DefaultClient, "PUT", put, `{"data":"`+strings.Repeat(name, 20_000)+`"}`); err != nil || !strings.HasPrefix(answer, `{"result":true`) {
				t.Fatal(answer, err)
			}
		}
		c.kill() // what was written is in the log alone
		return at
	}
	fresh := store("new", 40)
	succeed(t, nil, "backup", "--data-dir", fresh, file)
	old := store("old", 30)
	totals := map[string]string{"old": totalsOf(t, old), "new": totalsOf(t, fresh)}

	restore := func(to string, after time.Duration) (killed bool) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "restore", "--force", "--data-dir", to, file)
		cmd.Env = []string{asMain + "=1"}
		cmd.Stdout, cmd.Stderr = io.Discard, t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if after > 0 {
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
			defer timer.Stop()
		}
		return cmd.Wait() != nil
	}
	copied := func(name string) string {
		to := filepath.Join(dir, name)
		if out, err := exec.CommandContext(t.Context(), "cp", "-r", old, to).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		return to
	}
	begin := time.Now()
	if restore(copied("whole"), 0) {
		t.Fatal("the restore failed")
	}
	whole := time.Since(begin)
	const moments = 16
	outcomes := map[string]int{}
	for i := range moments {
		to := copied(fmt.Sprint("killed", i))
		killed := restore(to, whole*time.Duration(i+1)/moments)
		got := totalsOf(t, to)
		switch {
		case got == totals["new"]:
			outcomes["new"]++
		case got == totals["old"] && killed:
			outcomes["old"]++
		default:
			t.Fatalf("killed %v at %d/%d: the store has %s, want %v", killed, i+1, moments, got, totals)
		}
		if i%8 == 0 { // and the restore can be made again
			if restore(to, 0) {
				t.Fatal("a second restore failed")
			}
			if got := totalsOf(t, to); got != totals["new"] {
				t.Errorf("after a second restore: %s", got)
			}
		}
	}
	t.Logf("a restore takes %v; left behind: %v", whole, outcomes)
	if outcomes["old"] == 0 {
		t.Error("no restore was killed before its end")
	}
}

// totalsOf exports what a directory has and returns what the archive says of it.
func totalsOf(t *testing.T, dir string) string {
	t.Helper()
	return totalsWith(t, nil, "--data-dir", dir)
}

func totalsWith(t *testing.T, environ []string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "all.zst")
	succeed(t, environ, slices.Concat([]string{"export"}, flags, []string{path})...)
	return totalsIn(t, path)
}

var digests = regexp.MustCompile(`"totals":(\[.*\])`)

// totalsIn is what the last line of an archive says.
func totalsIn(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	found := digests.FindStringSubmatch(lines[len(lines)-1])
	if found == nil {
		t.Fatalf("the archive ends in %q", lines[len(lines)-1])
	}
	return found[1]
}

// TestMove: the sample clusters go from the embedded engines to others and back,
// and are everywhere the same.
func TestMove(t *testing.T) {
	embedded(t)
	first, out := t.TempDir(), t.TempDir()
	c := startChild(t, "--data-dir", first)
	defer c.kill()
	server := strings.TrimSuffix(c.base, "/bcsstorage/v1")
	succeed(t, nil, "import", "--server", server, "--cluster", "BCS-K8S-00000", "../../scripts/samples/k8s.json")
	succeed(t, nil, "import", "--server", server, "../../scripts/samples/mesos.ndjson")
	for put, body := range map[string]string{
		"/host/clusters/BCS-K8S-00000":                                           `{"ips":["10.0.0.7","10.0.0.8"]}`,
		"/k8s/watch/clusters/BCS-K8S-00000/namespaces/shop/exportservice/web.x":  `{"data":{"port":80, "odd":"é\u00e9", "n":1.50}}`,
		"/mesos/watch/clusters/BCS-MESOS-10000/namespaces/shop/exportservice/服务": "{\"data\":{\n}}",
	} {
		if answer, err := send(http.DefaultClient, "PUT", c.base+put, body); err != nil || !strings.HasPrefix(answer, `{"result":true`) {
			t.Fatal(answer, err)
		}
	}
	archived := filepath.Join(out, "first.zst")
	printed := succeed(t, nil, "export", "--data-dir", first, archived)
	if want := "exported 468 records (dynamic 407, metric 5, host 2, event 48, alarm 4, watch 2) in "; !strings.HasPrefix(printed, want) {
		t.Errorf("printed %q", printed)
	}
	want := totalsIn(t, archived)

	for _, engines := range []string{"sqlite+local", "mongodb+local", "sqlite+zookeeper", "mongodb+zookeeper"} {
		t.Run(engines, func(t *testing.T) {
			needServers(t, engines)
			t.Setenv("BCS_TEST_ENGINES", engines)
			environ := testparts.Environ(testparts.Dir(t))
			printed := succeed(t, environ, "import", archived)
			documents, nodes, _ := strings.Cut(engines, "+")
			if !strings.Contains(printed, ", from sqlite and local into "+documents+" and "+nodes+"\nread back: every count and checksum is that of the archive\n") {
				t.Errorf("printed %q", printed)
			}
			if engines == "sqlite+local" {
				failsWith(t, 1, "the store is not empty: dynamic has 407 records; --merge", environ, "import", archived)
				succeed(t, environ, "import", "--merge", archived)
			}
			there := filepath.Join(out, engines+".zst")
			succeed(t, environ, "export", there)
			if diff := cmp.Diff(want, totalsIn(t, there)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", engines, diff)
			}
			back := t.TempDir()
			succeed(t, nil, "import", "--data-dir", back, there)
			if diff := cmp.Diff(want, totalsOf(t, back)); diff != "" {
				t.Errorf("and back (-want +got):\n%s", diff)
			}
			sameAnswers(t, c, startChildIn(t, environ, t.Output()))
		})
	}
}

// needServers skips the test where the servers of the engines are not.
func needServers(t *testing.T, engines string) {
	t.Helper()
	for word, variable := range map[string]string{"mongodb": "BCS_TEST_MONGODB_URI", "zookeeper": "BCS_TEST_ZOOKEEPER"} {
		if !strings.Contains(engines, word) || os.Getenv(variable) != "" {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: in CI this test has to run", variable)
		}
		t.Skipf("%s is not set", variable)
	}
}

// sameAnswers asks two services, the second of which ends with that.
func sameAnswers(t *testing.T, a, b *child) {
	t.Helper()
	defer b.kill()
	client := &http.Client{Timeout: time.Minute}
	for _, get := range []string{
		"/query/k8s/dynamic/clusters/BCS-K8S-00000/pod?status=Failed", "/query/mesos/dynamic/clusters/BCS-MESOS-10000/taskgroup?rcName=web-v1",
		"/query/k8s/dynamic/clusters/BCS-K8S-00000/pod?startTimeBegin=1795200000", "/events?clusterId=BCS-K8S-00000&length=7", "/alarms", "/metric/clusters",
		"/host/clusters/BCS-K8S-00000", "/k8s/watch/clusters/BCS-K8S-00000/namespaces/shop/exportservice",
	} {
		want, got := present(t, client, a.base+get), present(t, client, b.base+get)
		if want != got || !strings.HasPrefix(got, `{"result":true`) {
			t.Errorf("%s: got %.300s, want %.300s", get, got, want)
		}
	}
}

func TestStoreCommandsRefuse(t *testing.T) {
	embedded(t)
	dir := t.TempDir()
	none := filepath.Join(dir, "none")
	archived, list := filepath.Join(dir, "a.zst"), filepath.Join(dir, "list.json")
	if err := os.WriteFile(archived, []byte("\x28\xb5\x2f\xfd and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := []string{"--storage", "mongodb", "--mongodb-uri", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "--watch", "zookeeper", "--zookeeper", "127.0.0.1:1"}
	for name, tt := range map[string]struct {
		code  int
		words string
		args  []string
	}{
		"backup, no file":      {2, "backup: takes one FILE, not 0", []string{"backup"}},
		"restore, no file":     {2, "restore: takes one FILE, not 0", []string{"restore"}},
		"export, two files":    {2, "export: takes one FILE, not 2", []string{"export", "a", "b"}},
		"backup, no store":     {1, "no such file", []string{"backup", "--data-dir", none, filepath.Join(dir, "b")}},
		"export, no store":     {1, "no such file", []string{"export", "--data-dir", none, filepath.Join(dir, "e")}},
		"restore, no backup":   {1, "no such file", []string{"restore", "--data-dir", filepath.Join(dir, "r"), filepath.Join(dir, "b")}},
		"restore, no store":    {1, "not a database", []string{"restore", "--data-dir", filepath.Join(dir, "r"), list}},
		"backup, elsewhere":    {2, "backup: with storage: mongodb and watch: zookeeper nothing is kept in files", append([]string{"backup", "x"}, elsewhere...)},
		"restore, elsewhere":   {2, "restore: with storage: mongodb and watch: zookeeper nothing is kept in files", append([]string{"restore", "x"}, elsewhere...)},
		"settings":             {2, `storage: "disk" is not one of sqlite, mongodb (from --storage)`, []string{"export", "--storage", "disk", "x"}},
		"archive to a server":  {2, "import: --server: " + archived + " is an archive", []string{"import", "--server", "http://x", archived}},
		"list into an engine":  {2, "import: --data-dir: " + list + " is no archive", []string{"import", "--data-dir", dir, list}},
		"list merged":          {2, "import: --merge: - is no archive", []string{"import", "--merge", "-"}},
		"a damaged archive":    {1, "import: " + archived, []string{"import", "--data-dir", filepath.Join(dir, "i"), archived}},
		"no dialect with this": {2, "unknown flag: --dialect", []string{"backup", "--dialect", "deployed", "x"}},
	} {
		t.Run(name, func(t *testing.T) { failsWith(t, tt.code, tt.words, nil, tt.args...) })
	}
	if got, err := filepath.Glob(filepath.Join(dir, "[ber]*")); len(got) != 1 || err != nil { // the lock of the restore made its directory
		t.Errorf("left behind: %v %v", got, err)
	}
}

// A server that is away is named before anything is written.
func TestStoreCommandsSayWhatIsAway(t *testing.T) {
	embedded(t)
	dir := t.TempDir()
	here, archived := filepath.Join(dir, "data"), filepath.Join(dir, "all.zst")
	startChild(t, "--data-dir", here).kill()
	succeed(t, nil, "export", "--data-dir", here, archived)
	for name, tt := range map[string]struct {
		impatient, words string
		flags            []string
	}{
		"MongoDB":   {"BCS_STORAGE_MONGODB_SERVER_SELECTION_TIMEOUT=100ms", "storage unavailable", []string{"--storage", "mongodb", "--mongodb-uri", "mongodb://127.0.0.1:1"}},
		"ZooKeeper": {"BCS_STORAGE_ZOOKEEPER_CALL_TIMEOUT=100ms", "watch store unavailable", []string{"--watch", "zookeeper", "--zookeeper", "127.0.0.1:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			environ := []string{tt.impatient, "BCS_STORAGE_DATA_DIR=" + here}
			failsWith(t, 1, tt.words, environ, slices.Concat([]string{"export"}, tt.flags, []string{filepath.Join(dir, "new.zst")})...)
			failsWith(t, 1, tt.words, environ, slices.Concat([]string{"import"}, tt.flags, []string{archived})...)
		})
	}
	if left, err := filepath.Glob(filepath.Join(dir, "new*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A terminal is told how far things are; a file or a pipe is not.
func TestNoProgressWithoutATerminal(t *testing.T) {
	var said strings.Builder
	p := newProgress(&said)
	p.bytes("copying", 1, 2)
	p.archive("importing", 1, -1)
	p.close()
	if said.Len() > 0 {
		t.Errorf("said %q", said.String())
	}
}
