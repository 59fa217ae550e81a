package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client makes one request after the other. What it stores nobody else writes, so it knows what there must be.
type client struct {
	index  int
	seed   uint64
	step   int
	base   string // URL of the service
	host   string // and its host and port
	tokens tokens
	token  string
	http   *http.Client
	report *report
	actions

	stores   []*store
	related  model // addresses in the cluster of hosts
	alarms   int   // that were acknowledged
	maybe    int   // alarms of unknown outcome
	relation []string
}

// patience is how long an answer may take: longer than all limits of the service together.
const patience = 40 * time.Second

func newClient(index int, seed uint64, base string, t tokens, r *report) *client {
	c := &client{
		index: index, seed: seed, base: base, host: strings.TrimPrefix(base, "http://"), tokens: t, token: t.owners[index], report: r,
		http: &http.Client{
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
				MaxIdleConnsPerHost:   2,
				DisableCompression:    true,
				ExpectContinueTimeout: 5 * time.Second,
			},
		},
		actions: allActions(), stores: stores(index),
	}
	for i := range 8 {
		c.relation = append(c.relation, fmt.Sprintf("10.%d.1.%d", index, i))
	}
	c.related = newModel(c.relation)
	return c
}

// run makes steps until the time is up, or ctx ends.
func (c *client) run(ctx context.Context, until time.Time) {
	for ctx.Err() == nil && time.Now().Before(until) {
		r := c.choices()
		a := c.actions.pick(r)
		a.do(ctx, c, r)
		c.step++
	}
}

// choices are the random numbers of a step: they depend on nothing that the steps before have met with.
func (c *client) choices() *rand.Rand {
	return rand.New(rand.NewPCG(c.seed, uint64(c.index)<<40|uint64(c.step)))
}

// close gives up all connections.
func (c *client) close() { c.http.CloseIdleConnections() }

// sent is a request. Its path begins behind the prefix of the API if it has none of its own.
type sent struct {
	kind         string
	method, path string
	body         string
	stream       io.Reader // instead of a body; its length is not announced
	token        string    // instead of the client's; none is "-"
	header       http.Header
	form         form // nil: that of the path
	breaks       bool // that there is no answer is no failure
}

// ask makes the request, reads the answer, and checks its form.
func (c *client) ask(ctx context.Context, s sent) *answer {
	a := c.exchange(ctx, s)
	c.judge(ctx, s, a)
	return a
}

func (c *client) exchange(ctx context.Context, s sent) *answer {
	var body io.Reader = strings.NewReader(s.body)
	if s.stream != nil {
		body = s.stream
	}
	request, err := http.NewRequestWithContext(ctx, s.method, c.base+s.path, body)
	if err != nil {
		return &answer{err: err}
	}
	for name, values := range s.header {
		request.Header[name] = values
	}
	switch s.token {
	case "":
		request.Header.Set("Authorization", "Bearer "+c.token)
	case "-":
	default:
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return &answer{err: err}
	}
	return readAnswer(response)
}

// mostOfAnAnswer bounds what is read of one.
const mostOfAnAnswer = 64 << 20

func readAnswer(response *http.Response) *answer {
	defer response.Body.Close()
	a := &answer{status: response.StatusCode, header: response.Header}
	a.body, a.err = io.ReadAll(io.LimitReader(response.Body, mostOfAnAnswer))
	return a
}

// judge counts the answer, and says so if there is something wrong with it.
func (c *client) judge(ctx context.Context, s sent, a *answer) {
	c.report.count(s.kind, a)
	if a.err != nil {
		var late interface{ Timeout() bool }
		switch {
		case ctx.Err() != nil: // it was given up
		case errors.As(a.err, &late) && late.Timeout():
			c.fail(s, a, fmt.Errorf("there was no answer within %v", patience))
		case !s.breaks:
			c.fail(s, a, fmt.Errorf("the transfer broke: %w", a.err))
		}
		return
	}
	check := s.form
	switch {
	case s.method == http.MethodHead:
		check = nothing
	case check == nil:
		check = formOf(s.path)
	}
	if err := check(a); err != nil {
		c.fail(s, a, fmt.Errorf("the form of the answer: %w", err))
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		c.pause(ctx)
	}
}

// pause gives way for a moment to those who are at work.
func (c *client) pause(ctx context.Context) {
	select {
	case <-time.After(5 * time.Millisecond):
	case <-ctx.Done():
	}
}

func nothing(a *answer) error {
	if len(bytes.TrimSpace(a.body)) > 0 {
		return errors.New("there is a body")
	}
	return nil
}

func (c *client) fail(s sent, a *answer, why error) {
	c.report.fail(c.index, c.step, s, a, why)
}

func (c *client) prefix(r *rand.Rand) string {
	if r.IntN(4) == 0 {
		return fieldPrefix
	}
	return documentedPrefix
}

// accepted says whether a good request had success. That it had none is a failure, unless a limit was why.
func (c *client) accepted(s sent, a *answer) bool {
	switch {
	case a.cancelled() && !s.breaks:
		c.fail(s, a, errors.New("a request was cancelled whose client was there"))
		return false
	case a.err != nil || a.limited() || a.envelope.Result == nil:
		return false
	case a.outcome() == done:
		return true
	}
	c.fail(s, a, errors.New("a good request was refused"))
	return false
}

// rejected says so if a bad request had success.
func (c *client) rejected(s sent, a *answer) {
	if a.err == nil && a.outcome() == done {
		c.fail(s, a, errors.New("a bad request was not refused"))
	}
}

func query(name, text string) string { return name + "=" + url.QueryEscape(text) }
