package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// torn are bulk requests that do not come to their end.
func torn() actions {
	return actions{
		{"bulk, cut off", 10, bulkCut},
		{"bulk, stalls", 1, bulkStalls},
		{"bulk, long line", 3, bulkLong},
	}
}

// errCut is why a body ends too early.
var errCut = errors.New("cut off")

func (c *client) bulkOf(prefix string, body io.Reader) sent {
	return sent{kind: "bulk, cut off", method: http.MethodPost, path: prefix + "/k8s/dynamic/bulk", form: lines, breaks: true, stream: body}
}

func bulkCut(ctx context.Context, c *client, r *rand.Rand) {
	changes := c.changes(r, "k8s", 40)
	text := textOf(changes)
	cut := r.IntN(len(text) + 1)
	s := c.bulkOf(c.prefix(r), io.MultiReader(strings.NewReader(text[:cut]), failing{}))
	a := c.ask(ctx, s)
	c.took(s, a, begun(changes, cut))
}

// begun are the changes whose lines may have come to their end.
func begun(changes []change, cut int) []change {
	for i, line := range changes {
		if cut -= len(line.text); cut < 0 {
			return changes[:i]
		}
		cut--
	}
	return changes
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

// bulkStalls sends some lines, and then no more: what came is stored and answered.
func bulkStalls(ctx context.Context, c *client, r *rand.Rand) {
	changes := c.changes(r, "k8s", 10)
	body, more := io.Pipe()
	go func() {
		_, _ = io.WriteString(more, textOf(changes)) // fails when the answer came first
		select {
		case <-time.After(bodyTimeout + 3*time.Second):
		case <-ctx.Done():
		}
		more.CloseWithError(errCut)
	}()
	s := c.bulkOf(c.prefix(r), body)
	s.kind = "bulk, stalls"
	a := c.ask(ctx, s)
	body.CloseWithError(errCut)
	if answered, err := linesOf(a); a.status == http.StatusOK && err == nil && len(answered) == len(changes)+1 {
		if last := answered[len(changes)]; *last.Code == 0 {
			c.fail(s, a, errors.New("a line that never came has success"))
		}
		a.body = a.body[:strings.LastIndexByte(strings.TrimSuffix(string(a.body), "\n"), '\n')+1]
	}
	c.took(s, a, changes)
}

// bulkLong has a line that is too long between two that are good.
func bulkLong(ctx context.Context, c *client, r *rand.Rand) {
	long := change{text: fmt.Sprintf(`{"data":"%s"}`, strings.Repeat("x", maxBody+r.IntN(1<<20)))}
	changes := append(append(c.changes(r, "k8s", 5), long), change{text: "{"})
	s := c.bulkOf(c.prefix(r), strings.NewReader(textOf(changes)))
	s.kind = "bulk, long line" // refused before it is read it may break: it is too long to be passed by
	c.took(s, c.ask(ctx, s), changes)
}
