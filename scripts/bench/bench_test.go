package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"bcs-storage/scripts/bench/service"
)

func TestTally(t *testing.T) {
	const two = `{"result":true,"code":0,"message":"Success","data":[{"_id":"a"},{"_id":"b","data":{}}]}`
	for _, tc := range []struct {
		name, body string
		documents  int
		start      string
		wrong      string
	}{
		{"right", two, 2, `{"_id":"a"`, ""},
		{"no document", `{"result":true,"code":0,"message":"Success","data":null}` + "\n", 0, "", ""},
		{"too few", two, 3, "", "2 documents, want 3"},
		{"another one", two, 2, `{"_id":"c"`, `want {"_id":"c"`},
		{"failure", `{"result":false,"code":10006,"message":"oops","data":[]}`, 0, "", "oops"},
		{"broken off", two[:len(two)-1], 2, "", "not a success"},
		{"nothing", "", 0, "", "not a success"},
		{"long", `{"result":true,"code":0,"data":["` + strings.Repeat(`x"_id":`, 1000) + `"]}`, 1000, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tc.body), iotest.OneByteReader(strings.NewReader(tc.body)), iotest.DataErrReader(strings.NewReader(tc.body))} {
				got, err := tallyOf(r, documentMark, make([]byte, 64))
				if err != nil || got.bytes != int64(len(tc.body)) {
					t.Fatalf("%d bytes, %v", got.bytes, err)
				}
				err = got.check(request{documents: tc.documents, start: tc.start})
				if tc.wrong == "" && err != nil || tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)) {
					t.Errorf("%v, want %q", err, tc.wrong)
				}
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1)*time.Millisecond)
	}
	for _, tc := range []struct {
		sorted []time.Duration
		p      float64
		want   float64
	}{
		{nil, 50, 0},
		{hundred[:1], 50, 1},
		{hundred[:1], 99, 1},
		{hundred[:2], 50, 1},
		{hundred[:3], 50, 2},
		{hundred, 95, 95},
		{hundred, 99, 99},
		{hundred, 100, 100},
	} {
		if got := percentile(tc.sorted, tc.p); got != tc.want {
			t.Errorf("percentile %v of %d: %v, want %v", tc.p, len(tc.sorted), got, tc.want)
		}
	}
}

func TestParseFloor(t *testing.T) {
	out := "goos: linux\npkg: p\nBenchmarkFloor/1-2 \t 6828\t 204497 ns/op\t 4890 upserts/s\nBenchmarkFloor/16-2 \t 2650\t 852316 ns/op\t 18772 upserts/s\nBenchmarkOther 1 2 ns/op\nPASS\n"
	got, err := parseFloor([]byte(out))
	if want := []floor{{1, 4890}, {16, 18772}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	if _, err := parseFloor([]byte("PASS\n")); err == nil {
		t.Error("nothing was read as something")
	}
}

func TestOptions(t *testing.T) {
	for _, tc := range []struct{ args, wrong string }{
		{"", ""},
		{"-clients 1,16 -scale 1,10 -svg x", ""},
		{"-storage mongodb -mongodb-uri mongodb://u:p@127.0.0.1:1/db?directConnection=true", ""},
		{"-storage mongodb -mongodb-uri mongodb://127.0.0.1:1", "directConnection"},
		{"-watch zookeeper -zookeeper [::1]:2181,127.0.0.1", ""},
		{"-listen 0.0.0.0:0", "loopback"},
		{"-listen :0", "loopback"},
		{"-listen example.com:80", "loopback"},
		{"-storage mongodb -mongodb-uri mongodb://127.0.0.1@10.0.0.1/?directConnection=true", "loopback"},
		{"-storage mongodb -mongodb-uri mongodb+srv://localhost/", "mongodb://"},
		{"-storage mongodb", "go together"},
		{"-watch zookeeper -zookeeper 127.0.0.1:1,10.0.0.1:1", "loopback"},
		{"-n 100", "multiple"},
		{"-clients 1,x", "positive"},
		{"-scale 10,1", "rising"},
		{"-svg x", "list of two"},
		{"-seconds 0", "more than 0"},
		{"more", "no flag"},
	} {
		_, err := parseOptions(strings.Fields(tc.args), io.Discard)
		if tc.wrong == "" && err != nil || tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)) {
			t.Errorf("%s: %v, want %q", tc.args, err, tc.wrong)
		}
	}
}

// TestCorpus counts what the operations rely on.
func TestCorpus(t *testing.T) {
	for _, n := range []int{block, 11 * block} {
		c := corpus{pods: n}
		namespaces, hosts, phases := map[string]int{}, map[string]int{}, 0
		for i := range n {
			namespaces[namespace(i)]++
			hosts[hostIP(host(i))]++
			if running(i) {
				phases++
			}
		}
		for name, have := range namespaces {
			if have != perNamespace {
				t.Errorf("%d pods in %s", have, name)
			}
		}
		for ip, have := range hosts {
			if have != perHost {
				t.Errorf("%d pods on %s", have, ip)
			}
		}
		if len(hosts) != c.hosts() || phases != c.running() {
			t.Errorf("%d hosts, %d running; want %d, %d", len(hosts), phases, c.hosts(), c.running())
		}
	}
	if pod := (corpus{pods: block}).data(3, 1); !json.Valid(pod) || bytes.Contains(pod, []byte("${")) {
		t.Errorf("not a pod: %s", pod)
	}
}

func TestReport(t *testing.T) {
	r := &report{Documents: 20000, Storage: service.StorageSQLite, Floor: []floor{{16, 2000}}}
	for _, clients := range []int{1, 256} {
		r.Rows = append(r.Rows, row{Operation: putPod, Clients: clients, figures: figures{PerSecond: 1000, P50: 1}, Alone: 4000})
	}
	for _, documents := range []int{20000, 200000} {
		r.Growth = append(r.Growth, row{Operation: "GET pod", Documents: documents, figures: figures{P50: 0.5}})
	}
	var text, svg bytes.Buffer
	if err := r.markdown(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| PUT pod | 256 | 1,000 | 1.00 |", "| 4,000 | 25 % |",
		"| 16 in a commit | 2,000 | 50 % | 50 % |",
		"| operation | 1 | 256 |", "| operation | 20,000 | 200,000 |", "| GET pod | 0.50 | 0.50 |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, &text)
		}
	}
	if err := r.draw(&svg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PUT pod", "GET pod", "clients", "median time, ms"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("%q is not drawn", want)
		}
	}
	for d := xml.NewDecoder(&svg); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := (&report{Rows: r.Rows[:1]}).draw(io.Discard); err == nil {
		t.Error("a curve of one point was drawn")
	}
	if err := r.wrong(); err != nil {
		t.Error(err)
	}
	r.Growth[0].Wrong, r.Growth[0].FirstWrong = 2, "oops"
	if err := r.wrong(); err == nil || err.Error() != "2 answers were wrong, the first: GET pod: oops" {
		t.Error(err)
	}
}
