package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// lists are the lists, queries and DELETEs by filters.
func lists() actions {
	return actions{
		{"list", 60, func(ctx context.Context, c *client, r *rand.Rand) {
			c.list(ctx, one(r, c.stores), c.prefix(r), "list", "", everything, nil)
		}},
		{"list by filter", 80, filtered},
		{"list, gzip", 20, func(ctx context.Context, c *client, r *rand.Rand) {
			c.list(ctx, one(r, c.stores), c.prefix(r), "list, gzip", "", everything, http.Header{"Accept-Encoding": {"gzip"}})
		}},
		{"typed query", 60, typed},
		{"pages by continue", 20, pages},
		{"pages by offset", 20, offsets},
		{"delete by filter", 6, removeSome},
		{"delete of nothing", 10, removeNone},
	}
}

// list looks whether all that matches is listed, and nothing else.
func (c *client) list(ctx context.Context, st *store, prefix, kind, parameter string, match func(value) bool, header http.Header) bool {
	s := sent{kind: kind, method: http.MethodGet, path: prefix + st.list, header: header}
	if parameter != "" {
		s.path += "&" + parameter
	}
	s.path = strings.TrimSuffix(s.path, "?")
	if header != nil {
		s.form = func(a *answer) error { return errors.Join(unpack(a), enveloped(a)) }
	}
	return c.listed(s, c.ask(ctx, s), st, match)
}

func (c *client) listed(s sent, a *answer, st *store, match func(value) bool) bool {
	if !c.accepted(s, a) {
		return false
	}
	found, err := st.documents(a.Data)
	if err == nil {
		err = st.listed(found, match, time.Now())
	}
	if err != nil {
		c.fail(s, a, err)
	}
	return true
}

func unpack(a *answer) error {
	if a.header.Get("Content-Encoding") != "gzip" {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	a.body, err = io.ReadAll(io.LimitReader(r, mostOfAnAnswer))
	return err
}

func filtered(ctx context.Context, c *client, r *rand.Rand) {
	st, some := one(r, c.stores), someTags(r)
	c.list(ctx, st, c.prefix(r), "list by filter", one(r, st.filters)(r, some), withTag(some), nil)
}

// typed asks the typed query, by its own parameters or by those that all lists have.
func typed(ctx context.Context, c *client, r *rand.Rand) {
	st, some := one(r, c.stores), someTags(r)
	post, way, prefix := r.IntN(2) == 0, r.IntN(4), c.prefix(r)
	filter := one(r, st.filters)(r, some)
	if st.query == "" {
		return
	}
	s := sent{kind: "typed query", method: http.MethodGet, path: prefix + st.query}
	match := withTag(some)
	parameters := url.Values{"field": {"resourceName,data"}}
	switch {
	case way == 0 && (st.title == "Pod" || st.title == "taskgroup"):
		var phases []string
		for _, tag := range some {
			phases = append(phases, phase(tag))
		}
		parameters.Set("status", strings.Join(phases, ","))
	case way == 1:
		first, last := some[0], some[len(some)-1]
		parameters.Set("createTimeBegin", day(first))
		parameters.Set("createTimeEnd", day(last))
		match = func(v value) bool { return v.tag >= first && v.tag <= last }
	case way == 2 && st.namespace != "":
		parameters.Set("namespace", "elsewhere,"+st.namespace)
		match = everything
	default:
		s.path += "?" + parameters.Encode() + "&" + filter
		c.listed(s, c.ask(ctx, s), st, match)
		return
	}
	if post {
		flat := map[string]string{}
		for name := range parameters {
			flat[name] = parameters.Get(name)
		}
		s.method, s.body = http.MethodPost, asJSON(flat)
	} else {
		s.path += "?" + parameters.Encode()
	}
	c.listed(s, c.ask(ctx, s), st, match)
}

// pages reads a list page by page: everything is answered once.
func pages(ctx context.Context, c *client, r *rand.Rand) {
	st, limit, prefix := one(r, c.stores), 1+r.IntN(9), c.prefix(r)
	if !st.continues {
		return
	}
	c.paged(ctx, st, "pages by continue", func(last *answer, _ int) (string, bool) {
		next := ""
		if last != nil {
			if last.Continue == nil {
				return "", false
			}
			next = *last.Continue
		}
		return fmt.Sprintf("%s%s&limit=%d&continue=%s", prefix, st.list, limit, next), true
	})
}

func offsets(ctx context.Context, c *client, r *rand.Rand) {
	st, limit, prefix := one(r, c.stores), 1+r.IntN(9), c.prefix(r)
	if !st.offsets {
		return
	}
	for _, e := range st.model {
		if time.Now().Before(e.until) {
			return // something may move while it is read
		}
	}
	c.paged(ctx, st, "pages by offset", func(last *answer, n int) (string, bool) {
		if last != nil && string(bytes.TrimSpace(last.Data)) == "[]" {
			return "", false
		}
		return fmt.Sprintf("%s%s&limit=%d&offset=%d", prefix, st.list, limit, n*limit), true
	})
}

func (c *client) paged(ctx context.Context, st *store, kind string, next func(last *answer, n int) (string, bool)) {
	found := map[string]string{}
	var last *answer
	s := sent{kind: kind, method: http.MethodGet}
	for n := range namesOfStore + 2 {
		path, more := next(last, n)
		if !more {
			if err := st.listed(found, everything, time.Now()); err != nil {
				c.fail(s, last, err)
			}
			return
		}
		s.path = path
		a := c.ask(ctx, s)
		for tries := 0; a.err == nil && a.limited() && tries < 20; tries++ {
			a = c.ask(ctx, s)
		}
		if !c.accepted(s, a) {
			return
		}
		page, err := st.documents(a.Data)
		for name := range page {
			if _, twice := found[name]; twice && err == nil {
				err = fmt.Errorf("%s: is on two pages", name)
			}
		}
		if err != nil {
			c.fail(s, a, err)
			return
		}
		maps.Copy(found, page)
		last = a
	}
	c.fail(s, last, errors.New("the pages have no end"))
}

func removeSome(ctx context.Context, c *client, r *rand.Rand) {
	st, some := one(r, c.stores), someTags(r)[:1]
	filter := one(r, st.filters)(r, some)
	if st.remove == "" {
		return
	}
	s := sent{kind: "delete by filter", method: http.MethodDelete, path: c.prefix(r) + st.remove + "?" + filter}
	a := c.ask(ctx, s)
	c.accepted(s, a)
	st.model.remove(withTag(some), a.outcome(), time.Now())
	c.verify(ctx, st)
}

// removeNone makes DELETEs that select nothing.
func removeNone(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	how := r.IntN(4)
	if st.remove == "" {
		return
	}
	s := sent{kind: "delete of nothing", method: http.MethodDelete, path: c.prefix(r) + st.remove}
	switch how {
	case 0:
		s.body = `{"updateTimeBegin":0,"updateTimeEnd":1509423130}`
	case 1:
		s.path += "?updateTimeEnd=2017-10-31+00:00:00"
	case 2:
		s.path += "?" + extra("data.tag", []int{99})
	case 3:
		s.path += "?labelSelector=app%3Dnobody"
	}
	c.accepted(s, c.ask(ctx, s))
	c.verify(ctx, st)
}

// verify lists all of a store. It is false if limits did not let it.
func (c *client) verify(ctx context.Context, st *store) bool {
	for range 20 {
		if ctx.Err() != nil || c.list(ctx, st, documentedPrefix, "verify", "", everything, nil) {
			return true
		}
	}
	return false
}

// verifyAll looks at everything that the client has stored.
func (c *client) verifyAll(ctx context.Context) {
	for _, st := range c.stores {
		for ctx.Err() == nil && !c.verify(ctx, st) {
			c.pause(ctx)
		}
	}
	relations(ctx, c, nil)
}
