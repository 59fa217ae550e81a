package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// good are the requests for single documents, and bulk requests.
func good() actions {
	return actions{
		{"put", 200, (func(ctx context.Context, c *client, r *rand.Rand) { c.put(ctx, r, sent{kind: "put"}) })},
		{"put, expects 100", 5, func(ctx context.Context, c *client, r *rand.Rand) {
			c.put(ctx, r, sent{kind: "put, expects 100", header: http.Header{"Expect": {"100-continue"}}})
		}},
		{"get", 200, get},
		{"delete", 60, remove},
		{"bulk", 20, bulk},
	}
}

// put stores a new value under a name of a store. s has what is unusual about the request.
func (c *client) put(ctx context.Context, r *rand.Rand, s sent) {
	st := one(r, c.stores)
	name := one(r, st.names)
	v := object(r, st, name, r.IntN(tags))
	if st.open(name, time.Now()) {
		return
	}
	s.method, s.path, s.body = st.writes(name, v)
	s.path = c.prefix(r) + s.path
	a := c.ask(ctx, s)
	if !s.breaks {
		c.accepted(s, a)
	}
	st.set(name, v, a.outcome(), time.Now())
}

func get(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, st.names)
	if st.item == nil {
		return
	}
	c.get(ctx, st, name, sent{kind: "get", method: http.MethodGet, path: c.prefix(r) + st.item(name)})
}

// get looks whether the document is what it must be.
func (c *client) get(ctx context.Context, st *store, name string, s sent) {
	a := c.ask(ctx, s)
	if a.err != nil || a.limited() || a.Result == nil {
		return
	}
	found := ""
	switch {
	case a.outcome() == done:
		doc := bytes.TrimSpace(a.Data)
		if doc[0] == '[' {
			doc = bytes.TrimSuffix(doc[1:], []byte("]"))
		}
		read, data, err := st.read(doc)
		if err == nil && read != name {
			err = fmt.Errorf("it is %s", read)
		}
		if err != nil {
			c.fail(s, a, err)
			return
		}
		found = data
	case a.status != http.StatusNotFound:
		c.fail(s, a, fmt.Errorf("a good request was refused"))
		return
	}
	if err := st.saw(name, found, time.Now()); err != nil {
		c.fail(s, a, err)
	}
}

func remove(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	name := one(r, st.names)
	if st.item == nil || st.open(name, time.Now()) {
		return
	}
	s := sent{kind: "delete", method: http.MethodDelete, path: c.prefix(r) + st.item(name)}
	a := c.ask(ctx, s)
	c.accepted(s, a)
	st.set(name, value{}, a.outcome(), time.Now())
}

// change is a line of a bulk request.
type change struct {
	st   *store // nil: the line must be refused
	name string
	v    value
	text string
}

// changes are lines, each for another document, and some that must be refused.
func (c *client) changes(r *rand.Rand, env string, most int) []change {
	var all []change
	taken := map[string]bool{}
	for range 1 + r.IntN(most) {
		st := one(r, c.stores)
		name := one(r, st.names)
		v := object(r, st, name, r.IntN(tags))
		doomed, removes := r.IntN(8) == 0, r.IntN(4) == 0
		bad := one(r, []string{
			`{`, `nonsense`, `{}`, `[]`, `{"op":"move"}`, `{"op":"delete",` + st.line + `}`, `{` + st.line + `,"resourceName":"x","data":{},"more":1}`,
			`{"clusterId":"ELSEWHERE","namespace":"soak","resourceType":"Pod","resourceName":"x","data":{}}`,
			`{` + st.line + `,"resourceName":"a/b","data":{}}`, "\x00\xff", `{` + st.line + `,"resourceName":"x","data":` + strings.Repeat("[", 300) + `}`,
		})
		switch {
		case doomed:
			all = append(all, change{text: bad})
		case st.line == "" || st.mesos != (env == "mesos") || taken[st.title+name] || st.open(name, time.Now()):
		case removes:
			taken[st.title+name] = true
			all = append(all, change{st, name, value{}, fmt.Sprintf(`{"op":"delete",%s,"resourceName":%q}`, st.line, name)})
		default:
			taken[st.title+name] = true
			// A line has no end in it.
			v.data = strings.NewReplacer("\n", " ", "\r", " ").Replace(v.data)
			all = append(all, change{st, name, v, fmt.Sprintf(`{%s,"resourceName":%q,"data":%s}`, st.line, name, v.data)})
		}
	}
	return all
}

func textOf(changes []change) string {
	var b strings.Builder
	for _, line := range changes {
		b.WriteString(line.text + "\n")
	}
	return b.String()
}

func bulk(ctx context.Context, c *client, r *rand.Rand) {
	env := one(r, []string{"k8s", "k8s", "mesos"})
	changes := c.changes(r, env, 30)
	s := sent{kind: "bulk", method: http.MethodPost, path: c.prefix(r) + "/" + env + "/dynamic/bulk", body: textOf(changes), form: lines}
	if r.IntN(2) == 0 {
		s.stream = io.MultiReader(strings.NewReader(s.body)) // of unknown length
	}
	a := c.ask(ctx, s)
	c.took(s, a, changes)
}

// took takes what the answer says about the lines into account.
func (c *client) took(s sent, a *answer, changes []change) {
	answered, err := linesOf(a)
	whole := a.err == nil && a.status == http.StatusOK
	if a.status != http.StatusOK {
		answered = nil
	}
	if whole && err == nil && len(answered) != len(changes) {
		c.fail(s, a, fmt.Errorf("%d lines of %d are answered", len(answered), len(changes)))
	}
	for i, line := range changes {
		o := unknown // not answered
		switch {
		case i < len(answered):
			o = answered[i].outcome()
		case !whole && a.err == nil:
			o = a.outcome()
		}
		switch {
		case line.st == nil && o == done && i < len(answered):
			c.fail(s, a, fmt.Errorf("line %d was not refused: %s", i+1, shown(line.text)))
		case line.st == nil:
		case i < len(answered) && o == refused:
			c.fail(s, a, fmt.Errorf("line %d was refused with %q: %s", i+1, *answered[i].Message, shown(line.text)))
		default:
			line.st.set(line.name, line.v, o, time.Now())
		}
	}
}

func asJSON(v any) string {
	text, _ := json.Marshal(v) // only of strings and numbers
	return string(text)
}
