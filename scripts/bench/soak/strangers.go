package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
)

// strangers are requests of callers who may not make them.
func strangers() actions {
	return actions{
		{"wrong token", 30, wrongToken},
		{"forbidden", 30, forbidden},
		{"list beyond maxList", 10, beyondMaxList},
		{"records of others", 10, recordsOfOthers},
	}
}

// aChange is a PUT or DELETE of a document, which must not be let through.
func (c *client) aChange(r *rand.Rand, kind string) sent {
	st := one(r, c.stores)
	name := one(r, st.names)
	s := sent{kind: kind}
	s.method, s.path, s.body = st.writes(name, object(r, st, name, r.IntN(tags)))
	if r.IntN(3) == 0 && st.item != nil {
		s.method, s.path, s.body = http.MethodDelete, st.item(name), ""
	}
	s.path = c.prefix(r) + s.path
	return s
}

func wrongToken(ctx context.Context, c *client, r *rand.Rand) {
	s := c.aChange(r, "wrong token")
	s.token = "-"
	s.header = one(r, []http.Header{
		nil, {"Authorization": {"Bearer nobody"}}, {"Authorization": {"Basic " + c.token}}, {"Authorization": {"Bearer"}}, {"X-Auth-Token": {""}},
		{"Authorization": {"Bearer " + c.token}, "X-Auth-Token": {"another"}}, {"X-Bcs-User-Token": {c.token, c.tokens.reader}}, {"X-Auth-Token": {c.token + "x"}},
	})
	c.notLetIn(s, c.ask(ctx, s), http.StatusUnauthorized)
}

func forbidden(ctx context.Context, c *client, r *rand.Rand) {
	s := c.aChange(r, "forbidden")
	s.token = one(r, []string{c.tokens.reader, c.tokens.stranger})
	if s.method != http.MethodDelete && r.IntN(3) == 0 {
		s.token = c.tokens.remover
	}
	if s.method == http.MethodDelete && s.token == c.tokens.stranger && strings.Contains(s.path, "/host/") {
		return // a host that is not there may be deleted by everyone
	}
	c.notLetIn(s, c.ask(ctx, s), http.StatusForbidden)
}

func (c *client) notLetIn(s sent, a *answer, want int) {
	if a.err == nil && !a.limited() && a.status != want {
		c.fail(s, a, errors.New("the caller may not do that"))
	}
}

func beyondMaxList(ctx context.Context, c *client, r *rand.Rand) {
	st := one(r, c.stores)
	limit := "limit"
	if st.title == "event" {
		limit = "length"
	}
	s := sent{kind: "list beyond maxList", method: http.MethodGet, token: c.tokens.reader, path: c.prefix(r) + st.list + one(r, []string{"", "&" + limit + "=0", "&" + limit + "=51"})}
	c.rejected(s, c.ask(ctx, s))
}

func recordsOfOthers(ctx context.Context, c *client, r *rand.Rand) {
	s := sent{kind: "records of others", method: http.MethodGet, token: c.tokens.stranger, path: c.prefix(r) + one(r, []string{"/events", "/alarms"})}
	a := c.ask(ctx, s)
	if c.accepted(s, a) && (a.Total == nil || *a.Total != 0 || string(a.Data) != "[]") {
		c.fail(s, a, errors.New("records of other callers are answered"))
	}
}
