package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"bcs-storage/storage"
)

// TestChoices: a step's choices depend on seed, client and step alone.
func TestChoices(t *testing.T) {
	text := func(seed uint64, index, step int) string {
		c := &client{seed: seed, index: index, step: step}
		r := c.choices()
		st := stores(index)[0]
		return allActions().pick(r).kind + object(r, st, "x", 1).data
	}
	if first, again := text(1, 2, 3), text(1, 2, 3); first != again {
		t.Error("the same step chooses otherwise")
	}
	for _, other := range []string{text(2, 2, 3), text(1, 3, 3), text(1, 2, 4)} {
		if other == text(1, 2, 3) {
			t.Error("another step makes the same choices")
		}
	}
}

// TestObjects: what good requests send is what the service takes, and can be read back by store.
func TestObjects(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, st := range stores(3) {
		for range 200 {
			name, tag := one(r, st.names), r.IntN(tags)
			v := object(r, st, name, tag)
			if err := storage.CheckJSON("object", []byte(v.data)); err != nil || tagOf(v.data) != tag {
				t.Fatalf("%s: %v, tag %d: %s", st.title, err, tagOf(v.data), v.data)
			}
			doc := []byte(`{"_id":"i","` + st.name + `":"` + name + `","data":` + v.data + `}`)
			if st.payload {
				doc = storage.WithField([]byte(v.data), "updateTime", "2026-11-22T01:02:03.456Z")
			}
			if got, data, err := st.read(doc); got != name || data != v.data || err != nil {
				t.Fatalf("%s: %s %s %v, want %s %s", st.title, got, data, err, name, v.data)
			}
		}
	}
}

func TestModel(t *testing.T) {
	begin := time.Unix(1000, 0)
	later := begin.Add(settles)
	one, two := value{`{"tag":"t1"}`, 1}, value{`{"tag":"t2"}`, 2}
	m := newModel([]string{"a", "b"})
	saw := func(name, data string, at time.Time, wrong bool) {
		t.Helper()
		if err := m.saw(name, data, at); (err != nil) != wrong {
			t.Errorf("%s holds %s: %v", name, shown(data), err)
		}
	}
	listed := func(found map[string]string, some []int, at time.Time, wrong bool) {
		t.Helper()
		match := everything
		if some != nil {
			match = withTag(some)
		}
		if err := m.listed(found, match, at); (err != nil) != wrong {
			t.Errorf("%v is listed: %v", found, err)
		}
	}
	saw("a", "", begin, false)
	saw("c", "", begin, true)
	m.set("a", one, done, begin)
	m.set("a", two, refused, begin)
	saw("a", one.data, begin, false)
	listed(map[string]string{"a": one.data}, nil, begin, false)
	listed(map[string]string{"a": one.data}, []int{1}, begin, false)
	listed(map[string]string{"a": one.data}, []int{2}, begin, true)
	listed(map[string]string{}, []int{2}, begin, false)

	// A change of unknown outcome is seen, or not, until it has settled: then it is one or the other.
	m.set("a", two, unknown, begin)
	if !m.open("a", begin) || m.open("a", later) {
		t.Error("a change settles too early or too late")
	}
	saw("a", two.data, begin, false)
	saw("a", one.data, begin, false)
	listed(map[string]string{}, []int{1}, begin, false)
	saw("a", two.data, later, false)
	saw("a", one.data, later, true)
	saw("a", one.data, later, false) // told once

	m.set("b", two, done, later)
	m.remove(withTag([]int{2}), refused, later)
	saw("b", two.data, later, false)
	m.remove(withTag([]int{2}), unknown, later)
	saw("b", "", later, false)
	saw("b", two.data, later, false)
	m.remove(everything, done, later)
	saw("a", "", later, false)
	m.set("a", one, done, later)
	listed(map[string]string{}, nil, later, true)
	listed(map[string]string{}, nil, later, false) // told once
}

func TestEnvelope(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		want   outcome
		wrong  string
	}{
		{200, `{"result":true,"code":0,"message":"Success","data":null}`, done, ""},
		{404, `{"result":false,"code":10004,"message":"No.","data":[]}`, refused, ""},
		{503, `{"result":false,"code":10004,"message":"x Too many requests are at work.","data":[]}`, refused, "Retry-After"},
		{504, `{"result":false,"code":10004,"message":"late","data":[]}`, unknown, "Retry-After"},
		{200, `{"result":false,"code":10004,"message":"No.","data":[]}`, refused, "do not agree"},
		{200, `{"result":true,"code":0,"message":"Success"}`, done, "missing"},
		{200, `{"result":true,"code":0,"message":"Success","data":1,"more":1}`, done, "more"},
		{400, `{"result":false,"code":10003,"message":"x Internal error.","data":null}`, refused, "at fault"},
		{500, `{}`, refused, "500"},
		{200, `{`, refused, "not JSON"},
	} {
		a := &answer{status: tc.status, body: []byte(tc.body), header: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}}
		if err := enveloped(a); tc.wrong == "" && err != nil || tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)) {
			t.Errorf("%s: %v, want %q", tc.body, err, tc.wrong)
		}
		if tc.status != 500 && json.Valid(a.body) && a.outcome() != tc.want {
			t.Errorf("%s: outcome %d, want %d", tc.body, a.outcome(), tc.want)
		}
	}
}

func TestLogged(t *testing.T) {
	r := newReport(slog.New(slog.DiscardHandler))
	l := &logged{report: r}
	for _, part := range []string{
		`{"time":"x","level":"INFO","msg":"request"}` + "\n" + `{"time":"x","level":"ERROR","msg":"request","er`, `ror":"too many requests are at work"}` + "\n",
		`{"time":"x","level":"ERROR","msg":"request","error":"disk full"}` + "\n", `{"time":"x","level":"ERROR","msg":"panic"}` + "\n", "panic: oops\n\ngoroutine 1 [running]:\n",
	} {
		if _, err := io.WriteString(l, part); err != nil {
			t.Fatal(err)
		}
	}
	l.close()
	if _, _, failures := r.sofar(); failures != 3 {
		t.Errorf("%d failures, want 3: an error, a panic that was caught, and one that was not", failures)
	}
}
