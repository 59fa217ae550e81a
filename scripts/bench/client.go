package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// client calls the service. It is used by many goroutines at once.
type client struct {
	url  string
	http *http.Client
}

// newClient keeps a connection open for each of so many callers.
func newClient(url string, callers int) *client {
	return &client{url: url, http: &http.Client{
		Timeout: 5 * time.Minute,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: callers,
			DisableCompression:  true,
			ReadBufferSize:      bufferSize,
		},
	}}
}

const bufferSize = 64 << 10

// do makes the request and checks the answer on the way: lists are far larger than what there is to check, so they are
// not kept. It says how long the answer is. buf is room to read in.
func (c *client) do(ctx context.Context, r request, buf []byte) (int64, error) {
	body, err := c.send(ctx, r)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	a, err := tallyOf(body, r.mark, buf)
	if err == nil {
		err = a.check(r)
	}
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return a.bytes, nil
}

func (c *client) send(ctx context.Context, r request) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, c.url+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, headSize))
		answer.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", r.method, r.path, answer.Status, said)
	}
	return answer.Body, nil
}

// headSize is how much of the beginning of an answer is kept.
const headSize = 300

// tally is what an answer is checked by.
type tally struct {
	bytes int64
	marks int
	head  []byte
	last  byte
}

// tallyOf reads to the end and counts how often mark is there.
func tallyOf(r io.Reader, mark string, buf []byte) (tally, error) {
	var t tally
	kept := 0 // too few bytes for a mark, but one may begin in them
	for {
		n, err := r.Read(buf[kept:])
		if n > 0 {
			fresh, seen := buf[kept:kept+n], buf[:kept+n]
			t.bytes += int64(n)
			t.marks += bytes.Count(seen, []byte(mark))
			t.head = append(t.head, fresh[:min(n, headSize-len(t.head))]...)
			t.last = fresh[n-1]
			kept = copy(buf, seen[len(seen)-min(len(seen), len(mark)-1):])
		}
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

func (t *tally) check(r request) error {
	switch {
	case !bytes.HasPrefix(t.head, []byte(`{"result":true,"code":0,`)), t.last != '}' && t.last != '\n':
		return fmt.Errorf("not a success: %s", t.head)
	case t.marks != r.documents:
		return fmt.Errorf("%d documents, want %d: %s", t.marks, r.documents, t.head)
	case !bytes.Contains(t.head, []byte(r.start)):
		return fmt.Errorf("want %s: %s", r.start, t.head)
	}
	return nil
}

// checkWhole makes the request and reads the answer as JSON.
func (c *client) checkWhole(ctx context.Context, r request) error {
	body, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer body.Close()
	var answer struct {
		Result bool
		Data   json.RawMessage
	}
	err = json.NewDecoder(body).Decode(&answer)
	if err == nil && !answer.Result {
		err = errors.New("result is false")
	}
	if err == nil {
		err = checkData(answer.Data, r)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return nil
}

func checkData(data json.RawMessage, r request) error {
	switch {
	case r.method != http.MethodGet:
		if string(data) != "null" {
			return fmt.Errorf("data is %.100s, want null", data)
		}
	case r.mark == documentMark:
		var documents []struct {
			ID string `json:"_id"`
		}
		if err := json.Unmarshal(data, &documents); err != nil {
			return err
		}
		different := map[string]bool{}
		for _, d := range documents {
			different[d.ID] = true
		}
		if len(documents) != r.documents || len(different) != r.documents {
			return fmt.Errorf("%d documents, %d different, want %d", len(documents), len(different), r.documents)
		}
	}
	return nil
}

// fill puts all that is read but the first have pods, which are there; when none is, events and watch data too.
func (c *client) fill(ctx context.Context, pods corpus, have int) error {
	put := func(from, to int, request func(i int) request) error {
		return each(ctx, from, to, func(ctx context.Context, i int, buf []byte) error {
			_, err := c.do(ctx, request(i), buf)
			return err
		})
	}
	if err := put(have, pods.pods, func(i int) request { return pods.put(i, 0) }); err != nil || have > 0 {
		return err
	}
	return errors.Join(
		put(0, pods.events(), func(i int) request { return putEvent(cluster, i) }),
		put(0, watchNodes, putWatch))
}

// each calls do with every number in [from, to), in so many goroutines as there are writers, until one fails.
func each(ctx context.Context, from, to int, do func(ctx context.Context, i int, buf []byte) error) error {
	var next atomic.Int64
	next.Store(int64(from))
	group, ctx := errgroup.WithContext(ctx)
	for range writers {
		group.Go(func() error {
			buf := make([]byte, bufferSize)
			for i := next.Add(1) - 1; i < int64(to); i = next.Add(1) - 1 {
				if err := do(ctx, int(i), buf); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
