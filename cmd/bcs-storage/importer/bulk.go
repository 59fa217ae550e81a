package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/hashicorp/go-retryablehttp"
)

// A batch is what waits for a worker when it is free, up to so many objects or bytes.
const (
	maxBatchObjects = 500
	maxBatchBytes   = 4 << 20
)

const lineType = "application/x-ndjson"

// batch are resources that go in one request. No two have the same key, so that it can be sent again in part.
type batch struct {
	jobs  []job
	keys  map[string]bool
	bytes int
}

// takes says whether j may go with the others.
func (b *batch) takes(j job) bool {
	switch {
	case len(b.jobs) == 0:
		return true
	case !j.bulk || !b.jobs[0].bulk:
		return false
	}
	return j.path == b.jobs[0].path && !b.keys[j.key] && len(b.jobs) < maxBatchObjects && b.bytes+len(j.body) <= maxBatchBytes
}

func (b *batch) add(j job) {
	if b.keys == nil {
		b.keys = map[string]bool{}
	}
	b.jobs, b.bytes, b.keys[j.key] = append(b.jobs, j), b.bytes+len(j.body), true
}

// collect waits for a job and takes those that are there with it. next is one that was taken off the queue and does not
// go with them; more is false once the queue is closed and empty.
func collect(ctx context.Context, queue <-chan job, first *job) (b batch, next *job, more bool) {
	if first == nil {
		select {
		case <-ctx.Done():
			return b, nil, false
		case j, ok := <-queue:
			if !ok {
				return b, nil, false
			}
			first = &j
		}
	}
	for b.add(*first); ; {
		select {
		case j, ok := <-queue:
			switch {
			case !ok:
				return b, nil, true
			case !b.takes(j):
				return b, &j, true
			}
			b.add(j)
		default:
			return b, nil, true
		}
	}
}

// storeAll sends the objects of a batch, and again those of which the storage says that it can't store them now.
func (r *run) storeAll(ctx context.Context, jobs []job) {
	for attempt := 1; len(jobs) > 0; attempt++ {
		answers, err := r.client.sendAll(ctx, jobs)
		if err != nil {
			for _, j := range jobs {
				r.outcome(ctx, j, err)
			}
			return
		}
		var again []job
		for i, j := range jobs {
			err := answers[i].err()
			switch {
			case err == nil || answers[i].RetryAfter == 0:
			case attempt < r.options.retry.attempts:
				again = append(again, j)
				continue
			default:
				err = fmt.Errorf("given up after %s: %w", plural(attempt, "attempt"), err)
			}
			r.outcome(ctx, j, err)
		}
		if jobs = again; len(jobs) == 0 || !wait(ctx, backoff(r.options.retry.min, r.options.retry.max, attempt-1, nil)) {
			return
		}
	}
}

// wait is false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lineAnswer is what the storage answers to an object of a batch.
type lineAnswer struct {
	Line       int    `json:"line"`
	Code       *int64 `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retryAfter"`
}

func (a lineAnswer) err() error {
	if *a.Code == 0 {
		return nil
	}
	return refused(a.Message, *a.Code, http.StatusOK)
}

// sendAll makes one request of all jobs and returns the answer to each.
func (c *client) sendAll(ctx context.Context, jobs []job) ([]lineAnswer, error) {
	var body bytes.Buffer
	for _, j := range jobs {
		body.Write(j.body)
	}
	resp, answer, err := c.exchange(ctx, jobs[0], body.Bytes(), lineType)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), lineType) {
		if err := judge(resp, answer); err != nil {
			return nil, err
		}
		return nil, errors.New("the storage did not answer each object")
	}
	return readAnswers(answer, len(jobs))
}

func readAnswers(text []byte, n int) ([]lineAnswer, error) {
	var all []lineAnswer
	for line := range bytes.Lines(text) {
		var a lineAnswer
		if err := json.Unmarshal(line, &a); err != nil || a.Code == nil || a.Line != len(all)+1 {
			return nil, fmt.Errorf("the answer to object %d can't be read: %s", len(all)+1, excerpt(line))
		}
		all = append(all, a)
	}
	if len(all) != n {
		return nil, fmt.Errorf("%d of %d objects were answered", len(all), n)
	}
	return all, nil
}

// exchange sends body to where j goes and returns the answer.
func (c *client) exchange(ctx context.Context, j job, body []byte, contentType string) (*http.Response, []byte, error) {
	req, err := retryablehttp.NewRequestWithContext(ctx, j.method, c.server+j.path, body)
	if err != nil {
		return nil, nil, fmt.Errorf("making the request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", contentType)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}

	var answer []byte
	req.SetResponseHandler(func(resp *http.Response) (err error) {
		// Read here, so that a connection that breaks inside the answer is retried like one that breaks before it.
		answer, err = readAnswer(resp)
		return err
	})
	resp, err := c.http.Do(req)
	if err != nil {
		c.lost.Add(1)
		return nil, nil, err
	}
	c.lost.Store(0)
	return resp, answer, nil
}
