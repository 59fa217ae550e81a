package importer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bcs-storage/cmd/bcs-storage/importer"
)

func pod(name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"shop"}}`, name)
}

func TestInputForms(t *testing.T) {
	const node = `{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}}`
	a, b := "PUT k8s/dynamic/namespace_resources/clusters/c/namespaces/shop/Pod/a",
		"PUT k8s/dynamic/namespace_resources/clusters/c/namespaces/shop/Pod/b"
	n1 := "PUT k8s/dynamic/cluster_resources/clusters/c/Node/n1"
	bare := func(name string) string { return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop"}}`, name) }

	tests := map[string]struct {
		in   string
		want []string
	}{
		"list":                   {`{"apiVersion":"v1","items":[` + pod("a") + `,` + node + `],"kind":"List","metadata":{}}`, []string{n1, a}},
		"list, kind first":       {`{"kind":"List","items":[` + pod("a") + `]}`, []string{a}},
		"typed list":             {`{"kind":"PodList","apiVersion":"v1","items":[` + bare("a") + `,` + bare("b") + `]}`, []string{a, b}},
		"typed list, kind last":  {`{"items":[` + bare("a") + `,` + bare("b") + `],"kind":"PodList"}`, []string{a, b}},
		"empty list":             {`{"kind":"List","items":[]}`, nil},
		"list of nothing":        {`{"items":null,"kind":"PodList"}`, nil},
		"single object":          {pod("a"), []string{a}},
		"object of a List kind":  {`{"kind":"AllowList","metadata":{"name":"x"},"spec":{}}`, []string{"PUT k8s/dynamic/cluster_resources/clusters/c/AllowList/x"}},
		"object with items":      {`{"kind":"Menu","metadata":{"name":"x"},"items":[1]}`, []string{"PUT k8s/dynamic/cluster_resources/clusters/c/Menu/x"}},
		"concatenated":           {pod("a") + pod("b"), []string{a, b}},
		"one a line":             {pod("a") + "\n" + node + "\n", []string{n1, a}},
		"array":                  {`[` + pod("a") + `,` + pod("b") + `]`, []string{a, b}},
		"lists and objects":      {`{"kind":"List","items":[` + pod("a") + `]}` + "\n" + pod("b"), []string{a, b}},
		"byte order mark":        {"\xef\xbb\xbf" + pod("a"), []string{a}},
		"names that need quotes": {`{"kind":"ClusterRole","metadata":{"name":"system:a/b c?%"}}`, []string{"PUT k8s/dynamic/cluster_resources/clusters/c/ClusterRole/system:a%2Fb%20c%3F%25"}},
		"a custom Event": {`{"apiVersion":"calendar.example.com/v1","kind":"Event","metadata":{"name":"x","namespace":"shop"}}`,
			[]string{"PUT k8s/dynamic/namespace_resources/clusters/c/namespaces/shop/Event/x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, nil)
			importText(t, s, tt.in)
			if diff := cmp.Diff(tt.want, s.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBodyIsUntouched(t *testing.T) {
	const odd = `{"kind" : "ConfigMap","metadata":{"name":"x\u002d1"},` +
		`"data":{"b.c/d":"１．２ \u003c\/","a":9007199254740993,"f":1.0,"$x":1e3}}`
	for name, in := range map[string]string{
		"in a list": `{"kind":"List","items":[` + odd + `]}`,
		"alone":     odd,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, nil)
			importText(t, s, in)
			want := `{"data":` + odd + `}`
			// White space between the members of a single object is the one thing that is not kept.
			if got := s.received()[0].Body; got != want && got != strings.ReplaceAll(want, `"kind" : `, `"kind":`) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// Line breaks, which a line can't have, become blanks.
func TestPrettyPrintedBody(t *testing.T) {
	s := newStorage(t, nil)
	importText(t, s, "{\"kind\":\"List\",\"items\":[{\r\n  \"kind\":\"Node\",\n\t\"metadata\":{\"name\":\"a\\nb\"}\n}]}")
	if got, want := s.received()[0].Body, "{\"data\":{    \"kind\":\"Node\", \t\"metadata\":{\"name\":\"a\\nb\"} }}"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestDocuments(t *testing.T) {
	tests := map[string]struct {
		in      string
		cluster string
		line    string
		body    string
	}{
		"resource": {
			in:   `{"clusterId":"m","namespace":"ns","resourceType":"taskgroup","resourceName":"0.a.ns","data":{"status":"Running"}}`,
			line: "PUT mesos/dynamic/namespace_resources/clusters/m/namespaces/ns/taskgroup/0.a.ns",
			body: `{"data":{"status":"Running"}}`,
		},
		"resource of a cluster, environment named": {
			in:   `{"env":"mesos","clusterId":"m","resourceType":"IPPoolStatic","resourceName":"IPPoolStatic-m","data":{"poolnum":1}}`,
			line: "PUT mesos/dynamic/cluster_resources/clusters/m/IPPoolStatic/IPPoolStatic-m",
			body: `{"data":{"poolnum":1}}`,
		},
		"resource, environment by case, data an array": {
			in:   `{"clusterId":"k","resourceType":"IPPoolStaticDetail","resourceName":"x","data":[1]}`,
			line: "PUT k8s/dynamic/cluster_resources/clusters/k/IPPoolStaticDetail/x",
			body: `{"data":[1]}`,
		},
		"resource, cluster overridden": {
			in:      `{"clusterId":"k","namespace":"ns","resourceType":"Pod","resourceName":"x","data":{"metadata":{"name":"y"}}}`,
			cluster: "other",
			line:    "PUT k8s/dynamic/namespace_resources/clusters/other/namespaces/ns/Pod/x",
			body:    `{"data":{"metadata":{"name":"y"}}}`,
		},
		"event": {
			in: `{"env":"mesos","kind":"rc","level":"warning","component":"scheduler","type":"killing","describe":"d","clusterId":"m",` +
				`"eventTime":1509423130,"extraInfo":{"name":"app","namespace":"ns","kind":"rc"},"data":{"a":"1"}}`,
			line: "PUT events",
			body: `{"env":"mesos","kind":"rc","level":"warning","component":"scheduler","type":"killing","describe":"d","clusterId":"m",` +
				`"eventTime":1509423130,"extraInfo":{"name":"app","namespace":"ns","kind":"rc"},"data":{"a":"1"}}`,
		},
		"event as it is answered": {
			in:      `{"_id":"x","id":"e1","env":"k8s","clusterId":"m","eventTime":"2017-10-31T12:12:10.5+08:00"}`,
			cluster: "c",
			line:    "PUT events",
			body: `{"id":"e1","env":"k8s","kind":"","level":"","component":"","type":"","describe":"","clusterId":"c",` +
				`"eventTime":1509423130,"data":null}`,
		},
		"alarm": {
			in:   `{"clusterId":"m","namespace":"ns","message":"down","source":"127.0.0.4","module":"bcs-health","type":"sms","receivedTime":1509423130,"data":{"n":2}}`,
			line: "POST alarms",
			body: `{"clusterId":"m","namespace":"ns","message":"down","source":"127.0.0.4","module":"bcs-health","type":"sms","receivedTime":1509423130,"data":{"n":2}}`,
		},
		"metric": {
			in:   `{"clusterId":"m","namespace":"ns","type":"metric","name":"cpu","data":"text"}`,
			line: "PUT metric/clusters/m/namespaces/ns/metric/cpu",
			body: `{"data":"text"}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, nil)
			out, err := run(t.Context(), s, importer.Options{Cluster: tt.cluster, In: strings.NewReader(tt.in)})
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := s.received()
			if len(got) != 1 || s.lines()[0] != tt.line {
				t.Fatalf("got %v, want %s", s.lines(), tt.line)
			}
			if diff := cmp.Diff(decode(t, tt.body), decode(t, got[0].Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKubernetesEvents(t *testing.T) {
	const (
		about = `{"kind":"Pod","namespace":"shop","name":"web-1","uid":"u"}`
		body  = `{"env":"k8s","kind":"Pod","level":"Warning","component":"kubelet","type":"BackOff","describe":"again","clusterId":"c",` +
			`"eventTime":1509423130,"extraInfo":{"namespace":"shop","name":"web-1","kind":"Pod"},"data":%s}`
		meta  = `"metadata":{"name":"web-1.17","namespace":"shop","creationTimestamp":"2017-10-31T04:12:10Z"}`
		same  = `"type":"Warning","reason":"BackOff"`
		after = `"2017-10-31T04:12:10Z"`
		other = `"2001-01-01T00:00:00Z"`
	)
	core := func(times string) string {
		return `{"apiVersion":"v1","kind":"Event",` + meta + `,` + same +
			`,"involvedObject":` + about + `,"message":"again","source":{"component":"kubelet","host":"n1"},` + times + `}`
	}
	tests := map[string]string{
		"core":                      core(`"lastTimestamp":` + after + `,"firstTimestamp":` + other + `,"eventTime":` + other),
		"null lastTimestamp":        core(`"lastTimestamp":null,"firstTimestamp":` + other + `,"eventTime":"2017-10-31T04:12:10.123456Z"`),
		"zero lastTimestamp":        core(`"lastTimestamp":"0001-01-01T00:00:00Z","firstTimestamp":` + after + `,"eventTime":null`),
		"only creationTimestamp":    core(`"lastTimestamp":null,"firstTimestamp":null`),
		"reporting component":       strings.Replace(core(`"reportingComponent":"kubelet","lastTimestamp":`+after), `"component":"kubelet","host":"n1"`, ``, 1),
		"in an EventList":           strings.Replace(core(`"lastTimestamp":`+after), `"apiVersion":"v1","kind":"Event",`, ``, 1),
		"events.k8s.io":             `{"apiVersion":"events.k8s.io/v1","kind":"Event",` + meta + `,` + same + `,"regarding":` + about + `,"note":"again","reportingController":"kubelet","eventTime":"2017-10-31T04:12:10.000001Z"}`,
		"events.k8s.io, deprecated": `{"apiVersion":"events.k8s.io/v1","kind":"Event",` + meta + `,` + same + `,"regarding":` + about + `,"note":"again","deprecatedSource":{"component":"kubelet"},"eventTime":null,"deprecatedLastTimestamp":` + after + `}`,
	}
	for name, event := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, nil)
			out := importText(t, s, `{"kind":"EventList","apiVersion":"v1","items":[`+event+`]}`)
			got := s.received()
			if got[0].Line != "PUT /bcsapi/v4/storage/events" {
				t.Fatalf("got %s", got[0].Line)
			}
			if diff := cmp.Diff(decode(t, fmt.Sprintf(body, event)), decode(t, got[0].Body)); diff != "" {
				t.Error(diff)
			}
			if !strings.HasPrefix(out, "imported 1 object (1 event) into c in ") {
				t.Errorf("summary: %s", out)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	s := newStorage(t, nil)
	out := importText(t, s, pod("a")+pod("b")+`{"clusterId":"x","type":"t","name":"n","namespace":"ns","data":1}`)
	want := regexp.MustCompile(`^imported 3 objects \(2 resources, 1 metric\) into c in [0-9.]+m?s, 0 failed\n$`)
	if !want.MatchString(out) {
		t.Errorf("got %q", out)
	}
}

func TestRefusedObjectsAreNamedAndTheRestGoesOn(t *testing.T) {
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		each(w, r, func(o object) string {
			if o.ResourceName == "bad" {
				return `"code":10003,"message":"Put resource failed. too odd"`
			}
			return ""
		})
	})
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(
		pod("a") + pod("bad") + `{"kind":"Pod"}` + `{"metadata":{"name":"x"}}` + `{"eventTime":"soon"}` + `[7]` + pod("b"))})
	if err == nil || err.Error() != "5 of 7 objects failed" {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{
		"Pod shop/bad: Put resource failed. too odd (code 10003, HTTP 200)\n",
		": neither a Kubernetes object", "x: it has no kind", "eventTime: ", "not a JSON object", "imported 2 objects", "5 failed",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if n := len(s.received()); n != 3 {
		t.Errorf("%d requests, want 3: a handled failure is not retried", n)
	}
}

func TestFailuresAreListedUpToALimit(t *testing.T) {
	s := newStorage(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "404 page\nnot found")
	})
	var in strings.Builder
	for i := range 25 {
		in.WriteString(pod(fmt.Sprint("p", i)))
	}
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(in.String())})
	if err == nil || err.Error() != "25 of 25 objects failed" {
		t.Errorf("error %v", err)
	}
	if n := strings.Count(out, "HTTP 404 Not Found without an envelope: 404 page not found"); n != 20 {
		t.Errorf("%d failures listed\n%s", n, out)
	}
	if !strings.Contains(out, "and 5 more\n") {
		t.Error(out)
	}
}

func TestAnswersThatAreNotSuccess(t *testing.T) {
	lines := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-ndjson")
			_, _ = io.WriteString(w, text)
		}
	}
	const good = `{"line":1,"code":0,"message":"Success"}` + "\n"
	for name, answer := range map[string]http.HandlerFunc{
		"one envelope":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, success) },
		"no line":           lines(""),
		"a line too many":   lines(good + strings.Replace(good, "1", "2", 1)),
		"another line":      lines(strings.Replace(good, "1", "2", 1)),
		"line without code": lines(`{"line":1}`),
		"a failure":         lines(strings.Replace(good, `"code":0`, `"code":10003`, 1)),
		"not JSON":          lines("Success"),
		"code": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"result":true,"code":5,"data":{}}`)
		},
		"no result": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"code":0}`) },
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"status": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, good)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, success)
				return
			}
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, answer)
			out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(pod("a"))})
			if err == nil || len(s.received()) != 1 {
				t.Errorf("error %v after %d requests\n%s", err, len(s.received()), out)
			}
		})
	}
}

func TestRetries(t *testing.T) {
	for _, status := range []int{200, 429, 502, 503, 504} { // 200: a failure in an envelope that asks for it
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var n atomic.Int32
			s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) < 3 {
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(status)
					return
				}
				succeed(w, r)
			})
			importText(t, s, pod("a"))
			got := s.received()
			if len(got) != 3 || got[2].Body != `{"data":`+pod("a")+`}` {
				t.Errorf("%v", got)
			}
		})
	}
}

// What the storage can't store now is sent again, alone; what it refuses is not.
func TestObjectsAreRetried(t *testing.T) {
	var mu sync.Mutex
	tries := make(map[string]int)
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		each(w, r, func(o object) string {
			mu.Lock()
			defer mu.Unlock()
			tries[o.ResourceName]++
			switch {
			case o.ResourceName == "late" && tries["late"] < 3, o.ResourceName == "never":
				return `"code":10003,"message":"not now","retryAfter":1`
			case o.ResourceName == "bad":
				return `"code":10003,"message":"too odd"`
			}
			return ""
		})
	})
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", Concurrency: 1, In: strings.NewReader(pod("a") + pod("late") + pod("bad") + pod("never") + pod("b"))})
	if err == nil || err.Error() != "2 of 5 objects failed" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "late": 3, "bad": 1, "never": 3, "b": 1}, tries); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"Pod shop/bad: too odd (code 10003, HTTP 200)\n", "Pod shop/never: given up after 3 attempts: not now (code 10003, HTTP 200)\n", "imported 3 objects"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// Objects that are there together go together, but never two of the same key.
func TestObjectsShareRequests(t *testing.T) {
	var requests atomic.Int32
	first := make(chan struct{})
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			<-first
		}
		succeed(w, r)
	})
	in, writer := io.Pipe()
	go func() {
		// The reader takes an object only when it has queued the one before.
		for i := range 1001 {
			_, _ = io.WriteString(writer, pod(fmt.Sprint("p", i))+"\n")
			if i == 900 {
				close(first)
			}
		}
		_ = writer.Close()
	}()
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", Concurrency: 2, In: in})
	if err != nil || !strings.Contains(out, "imported 1001 objects") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := requests.Load(); n > 750 {
		t.Errorf("%d requests for 1001 objects", n)
	}
}

func TestRetriesEndWithTheServersWords(t *testing.T) {
	s := newStorage(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"result":false,"code":10003,"message":"the disk is full","data":null}`)
	})
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(pod("a"))})
	if err == nil || !strings.Contains(out, "Pod shop/a: given up after 3 attempts: the disk is full (code 10003, HTTP 503)") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRetryAfterIsRespected(t *testing.T) {
	tests := []struct {
		status   int
		header   string
		min, max time.Duration
	}{
		{503, "", 500 * time.Millisecond, time.Second},
		{503, "7", 7 * time.Second, 7 * time.Second},
		{429, "3600", time.Minute, time.Minute},
	}
	for _, tt := range tests {
		if got := importer.Pause(tt.status, tt.header); got < tt.min || got > tt.max {
			t.Errorf("status %d, Retry-After %q: pause of %s", tt.status, tt.header, got)
		}
	}
}

func TestBrokenAnswerIsRetried(t *testing.T) {
	var n atomic.Int32
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"line":`)
			return
		}
		succeed(w, r)
	})
	importText(t, s, pod("a"))
	if len(s.received()) != 2 {
		t.Errorf("%d requests", len(s.received()))
	}
}

func TestServerGoesAway(t *testing.T) {
	var n, stored atomic.Int32
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 5 {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		each(w, r, func(object) string {
			stored.Add(1)
			return ""
		})
	})
	endless := newEndless()
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: endless, Concurrency: 2})
	if err == nil || !strings.Contains(err.Error(), "import stopped: "+s.URL+" cannot be reached: given up after 3 attempts") {
		t.Errorf("error %v", err)
	}
	if want := fmt.Sprintf("stopped: imported %d object", stored.Load()); stored.Load() < 5 || !strings.Contains(out, want) {
		t.Errorf("%s, want %s", out, want)
	}
}

func TestServerIsNotThere(t *testing.T) {
	s := newStorage(t, nil)
	s.Close()
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(pod("a"))})
	if err == nil || !strings.Contains(out, "Pod shop/a: given up after 3 attempts:") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestBadOptions(t *testing.T) {
	for _, server := range []string{"", "127.0.0.1:50024", "ftp://x", "http://", "http://[::1"} {
		err := importer.Run(t.Context(), importer.Options{Server: server, Cluster: "c", In: strings.NewReader(pod("a"))})
		if err == nil || !strings.Contains(err.Error(), "is not an http or https URL") {
			t.Errorf("%q: %v", server, err)
		}
	}
}

func TestKubernetesObjectsNeedACluster(t *testing.T) {
	s := newStorage(t, nil)
	out, err := run(t.Context(), s, importer.Options{In: strings.NewReader(pod("a") + pod("b"))})
	if err == nil || !strings.Contains(err.Error(), "test.json: Pod shop/a: ") || !strings.Contains(err.Error(), "give --cluster") {
		t.Errorf("error %v\n%s", err, out)
	}
	if len(s.received()) != 0 {
		t.Error("something was sent")
	}
}

func TestMalformedInput(t *testing.T) {
	list := `{"items":[` + pod("a") + ",\n"
	const cut = `{"kind":"Po`
	tests := map[string]struct {
		in     string
		want   string
		stored int
	}{
		"cut off in a list": {list + cut, fmt.Sprintf("test.json: byte %d, line 2: unexpected EOF", len(list)+len(cut)), 1},
		"cut off object":    {pod("a") + "\n" + cut, fmt.Sprintf("test.json: byte %d, line 2: unexpected EOF", len(pod("a")+"\n"+cut)), 1},
		"not JSON":          {pod("a") + "\n\nNAME READY\n", fmt.Sprintf("test.json: byte %d, line 3: ", len(pod("a"))+2), 1},
		"a warning first":   {"Warning: deprecated\n" + pod("a"), "test.json: byte 0, line 1: ", 0},
		"a number":          {pod("a") + "\n 42 " + pod("b"), fmt.Sprintf("test.json: byte %d, line 2: not a JSON object", len(pod("a"))+2), 1},
		"after a mark":      {"\xef\xbb\xbf\n[1,}", "test.json: byte 6, line 2: ", 0},
		"empty":             {" \n", "test.json: the input is empty", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t, nil)
			out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(tt.in)})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
			if n := len(s.received()); n != tt.stored {
				t.Errorf("%d stored, want %d\n%s", n, tt.stored, out)
			}
		})
	}
}

func TestInputThatCannotBeRead(t *testing.T) {
	s := newStorage(t, nil)
	broken := errors.New("cable cut")
	in := io.MultiReader(strings.NewReader(pod("a")+"\n"), errorReader{broken})
	_, err := run(t.Context(), s, importer.Options{Cluster: "c", In: in})
	if !errors.Is(err, broken) || len(s.received()) != 1 {
		t.Errorf("error %v, %d stored", err, len(s.received()))
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestSameKeyKeepsItsOrder(t *testing.T) {
	var mu sync.Mutex
	last := make(map[string]int)
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		inRequest := make(map[string]bool)
		each(w, r, func(o object) string {
			var data struct{ V int }
			_ = jsonDecode(bytes.NewReader(o.Data), &data)
			mu.Lock()
			defer mu.Unlock()
			if data.V != last[o.ResourceName]+1 || inRequest[o.ResourceName] {
				t.Errorf("%s: %d came after %d", o.ResourceName, data.V, last[o.ResourceName])
			}
			last[o.ResourceName], inRequest[o.ResourceName] = data.V, true
			return ""
		})
	})
	const keys, versions = 7, 40
	var in strings.Builder
	for v := range versions {
		for k := range keys {
			fmt.Fprintf(&in, `{"kind":"Node","metadata":{"name":"n%d"},"v":%d}`, k, v+1)
		}
	}
	importText(t, s, in.String())
	if len(last) != keys {
		t.Errorf("%v", last)
	}
}

func TestConcurrencyIsBoundedAndUsed(t *testing.T) {
	const workers = 4
	var now, most atomic.Int32
	full := make(chan struct{})
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == workers {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full // the first requests wait for each other
		succeed(w, r)
	})
	var in strings.Builder
	for i := range 200 {
		in.WriteString(pod(fmt.Sprint("p", i)))
	}
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(in.String()), Concurrency: workers})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if most.Load() != workers {
		t.Errorf("%d requests at once, want %d", most.Load(), workers)
	}
}

func TestCancelStopsPromptlyAndBoundsTheReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var n atomic.Int32
	s := newStorage(t, func(_ http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 2 {
			cancel()
		}
		<-r.Context().Done() // never answers
	})
	in := newEndless()
	out, err := run(ctx, s, importer.Options{Cluster: "c", In: in, Concurrency: 2})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "import stopped") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(out, "stopped: imported 0 objects in ") || !strings.Contains(out, ", 0 failed") {
		t.Error(out)
	}
	if made := in.made.Load(); made > 2500 { // two requests, what waits for the next two, and one to be queued
		t.Errorf("%d objects were read while none was stored", made)
	}
}

func TestCancelWhileTheInputIsSilent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		succeed(w, r)
		cancel()
	})
	in, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	go func() { _, _ = io.WriteString(writer, pod("a")+"\n") }()
	_, err := run(ctx, s, importer.Options{Cluster: "c", In: in})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestHeadersAreSent(t *testing.T) {
	s := newStorage(t, func(w http.ResponseWriter, r *http.Request) {
		want := "application/json"
		if strings.HasSuffix(r.URL.Path, "/bulk") {
			want = "application/x-ndjson"
		}
		if r.Header.Get("Accept") != want || r.Header.Get("Content-Type") != want {
			w.WriteHeader(http.StatusUnauthorized)
		}
		succeed(w, r)
	})
	const alarm = `{"clusterId":"m","message":"down","receivedTime":1509423130}`
	out, err := run(t.Context(), s, importer.Options{Cluster: "c", In: strings.NewReader(pod("a") + alarm)})
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The samples of this repository go through the importer whole.
func TestSamples(t *testing.T) {
	for _, tt := range []struct{ file, cluster, want string }{
		{"k8s.json", "BCS-K8S-00000", "events) into BCS-K8S-00000 in "},
		{"mesos.ndjson", "", "resources, 8 events, 4 alarms, 5 metrics) into BCS-MESOS-10000 in "},
	} {
		t.Run(tt.file, func(t *testing.T) {
			in, err := os.Open(filepath.Join("..", "..", "..", "scripts", "samples", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = in.Close() })
			s := newStorage(t, nil)
			out, err := run(t.Context(), s, importer.Options{Cluster: tt.cluster, In: in})
			if err != nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v\n%s", err, out)
			}
			lines := make(map[string]bool)
			for _, r := range s.received() {
				if lines[r.Line] && !strings.HasSuffix(r.Line, "/events") && !strings.HasSuffix(r.Line, "/alarms") {
					t.Errorf("%s came twice", r.Line)
				}
				lines[r.Line] = true
			}
		})
	}
}
