package cce_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bcs-storage/handlers/cce"
	"bcs-storage/storage"
)

var update = flag.Bool("update", false, "write the answers as they are now to testdata/services.golden")

// services are the Services of scripts/samples/k8s.json, as a GET of each would answer its data.
func services(t testing.TB) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../../scripts/samples/k8s.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, item := range list.Items {
		var o struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
		}
		if err := json.Unmarshal(item, &o); err != nil {
			t.Fatal(err)
		}
		if o.Kind != "Service" {
			continue
		}
		key := storage.Key{"BCS-K8S-00000", "Service", o.Metadata.Namespace, o.Metadata.Name}
		d := storage.NewDocument(storage.Dynamic, key, storage.Member{Name: "data", Value: item})
		doc := (*storage.Projection)(nil).Append(nil, &storage.Record{ID: key.ID(), Body: d.Body})
		data, ok := storage.Lookup(doc, storage.P("data"))
		if !ok {
			t.Fatalf("no data in %s", doc)
		}
		all = append(all, data)
	}
	if len(all) < 20 {
		t.Fatalf("only %d services", len(all))
	}
	return all
}

func TestGolden(t *testing.T) {
	var got bytes.Buffer
	for _, data := range services(t) {
		answer, err := cce.Service(data, true)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(answer)
		got.WriteByte('\n')
	}
	const file = "testdata/services.golden"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestServiceIsAsStored(t *testing.T) {
	sample, err := os.ReadFile("testdata/seed-service.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range append(services(t), sample) {
		answer, err := cce.Service(data, false)
		if err != nil || !bytes.Equal(answer, data) {
			t.Errorf("%v: %s\nnot\n%s", err, answer, data)
		}
	}
}

// TestSampleOfTheDocument: stored without what the list of a watch leaves out, it is the document's answer.
func TestSampleOfTheDocument(t *testing.T) {
	sample, err := os.ReadFile("testdata/seed-service.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(sample, &want); err != nil {
		t.Fatal(err)
	}
	stored := strings.Replace(string(sample), `  "apiVersion" : "v1",`+"\n"+`  "kind" : "Service",`+"\n", "", 1)
	if len(stored) == len(sample) {
		t.Fatal("the sample does not start with apiVersion and kind")
	}
	for _, pretty := range []bool{false, true} {
		answer, err := cce.Service([]byte(stored), pretty)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestService(t *testing.T) {
	for data, want := range map[string]string{
		`{}`:                            `{"apiVersion":"v1","kind":"Service"}`,
		` { } `:                         ` {"apiVersion":"v1","kind":"Service" } `,
		`{"kind":"Service"}`:            `{"apiVersion":"v1","kind":"Service"}`,
		`{"spec":{"kind":"x"}}`:         `{"apiVersion":"v1","kind":"Service","spec":{"kind":"x"}}`,
		`{"b":1,"apiVersion":"v0"}`:     `{"kind":"Service","b":1,"apiVersion":"v0"}`,
		`{"kind":null,"apiVersion":""}`: `{"kind":null,"apiVersion":""}`,
		`{"a" : 1.50, "ü":"<\u00e9>"}`:  `{"apiVersion":"v1","kind":"Service","a" : 1.50, "ü":"<\u00e9>"}`,
		`{"k\u0069nd":"Service"}`:       `{"apiVersion":"v1","k\u0069nd":"Service"}`,
	} {
		got, err := cce.Service([]byte(data), false)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", data, got, err)
		}
	}
	pretty, err := cce.Service([]byte(`{"a":[{"b":1.50},{}],"c":"<\u00e9>"}`), true)
	if want := "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Service\",\n  \"a\": [\n    {\n      \"b\": 1.50\n    },\n    {}\n  ],\n  \"c\": \"<\\u00e9>\"\n}"; err != nil || string(pretty) != want {
		t.Errorf("%s\nnot\n%s (%v)", pretty, want, err)
	}
}

func TestServiceLeavesItsInputAlone(t *testing.T) {
	data := []byte(`{"spec":{}} and more`)
	if _, err := cce.Service(data[:11], false); err != nil {
		t.Fatal(err)
	}
	if string(data) != `{"spec":{}} and more` {
		t.Errorf("%s", data)
	}
}

func TestMalformedServices(t *testing.T) {
	for _, data := range []string{``, ` `, `null`, `[]`, `"x"`, `1`, `{`, `{"a":}`, `{"a":1} {}`, `"`, `{"`} {
		answer, err := cce.Service([]byte(data), true)
		if err == nil || errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "malformed as stored") {
			t.Errorf("%q: %s, %v", data, answer, err)
		}
	}
}

func TestParams(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "1": true, "T": true, "True": true, "false": false, "0": false, "F": false, "": false} {
		got, err := cce.ParseParams(map[string]string{"pretty": value})
		if err != nil || got.Pretty != want {
			t.Errorf("pretty=%s: %+v, %v", value, got, err)
		}
	}
	if got, err := cce.ParseParams(nil); err != nil || got.Pretty {
		t.Errorf("%+v, %v", got, err)
	}
	for name, query := range map[string]map[string]string{
		"pretty": {"pretty": "yes"},
		"Pretty": {"Pretty": "true"},
		"limit":  {"pretty": "true", "limit": "1"},
		"a":      {"b": "", "a": ""},
	} {
		_, err := cce.ParseParams(query)
		var invalid *storage.InvalidError
		if !errors.As(err, &invalid) || invalid.Param != name {
			t.Errorf("%v: %v", query, err)
		}
	}
}

func TestFailure(t *testing.T) {
	got := string(cce.Failure(404, `services "redis" not found`, "redis", "services"))
	want := `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"services \"redis\" not found","reason":"NotFound","details":{"name":"redis","kind":"services"},"code":404}`
	if got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	got = string(cce.Failure(401, "Unauthorized", "", ""))
	if want = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`; got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	if got := cce.Failure(418, "\xff", "", ""); !json.Valid(got) || bytes.Contains(got, []byte("reason")) {
		t.Errorf("%s", got)
	}
}

// TestStatuses are the codes of the document's table, and their words.
func TestStatuses(t *testing.T) {
	for status, reason := range map[int]metav1.StatusReason{
		400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 406: "NotAcceptable", 409: "Conflict",
		415: "UnsupportedMediaType", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "ServerTimeout",
	} {
		if s := cce.Status(status, "m", "n", "k"); s.Reason != reason || s.Code != int32(status) || s.Status != "Failure" || s.Kind != "Status" || s.APIVersion != "v1" {
			t.Errorf("%+v", s)
		}
	}
}

// FuzzService: what can be stored as an object is answered with all that is in
// it, and in either form the same; anything else is an error.
func FuzzService(f *testing.F) {
	for _, data := range services(f)[:3] {
		f.Add(data)
	}
	for _, data := range []string{`{}`, ` {"kind":1}`, `[]`, `{"a":{"apiVersion":"x"}}`, `{"`} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		answer, err := cce.Service(data, false)
		object := storage.CheckJSON("data", data) == nil && storage.KindOf(data) == '{'
		if object != (err == nil) {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		if err := storage.CheckJSON("answer", answer); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		pretty, err := cce.Service(data, true)
		if err != nil {
			t.Fatal(err)
		}
		var want, got, indented map[string]any
		for text, v := range map[*map[string]any][]byte{&want: data, &got: answer, &indented: pretty} {
			if err := json.Unmarshal(v, text); err != nil {
				t.Fatal(err)
			}
		}
		for name, value := range map[string]any{"apiVersion": "v1", "kind": "Service"} {
			if _, there := want[name]; !there {
				want[name] = value
			}
		}
		if !cmp.Equal(want, got) || !cmp.Equal(want, indented) {
			t.Fatalf("%s\nof\n%s", answer, data)
		}
	})
}
