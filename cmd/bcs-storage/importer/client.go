package importer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/hashicorp/go-retryablehttp"
)

const (
	requestTimeout = time.Minute
	// maxAnswer is far more than any answer to a write.
	maxAnswer = 1 << 20
	// maxRetryAfter bounds how long a server may tell the import to wait before it looks again.
	maxRetryAfter = time.Minute
)

// retryPolicy is how often and how patiently a request is repeated.
type retryPolicy struct {
	attempts int
	min, max time.Duration
}

func defaultRetry() retryPolicy {
	return retryPolicy{attempts: 6, min: 250 * time.Millisecond, max: 10 * time.Second}
}

// client sends jobs to a storage and judges the answers.
type client struct {
	http   *retryablehttp.Client
	server string
	token  string

	lost atomic.Int64 // requests in a row that got no answer
	many int64        // this many of them mean that the server is gone
}

func newClient(o Options) *client {
	retry := retryablehttp.NewClient()
	retry.HTTPClient = &http.Client{
		// Every worker keeps one connection.
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: o.Concurrency, ForceAttemptHTTP2: true, TLSClientConfig: o.TLS},
		Timeout:   requestTimeout,
		// A redirect turns a PUT into a GET, whose answer would look like success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	retry.Logger = retryLog{o.Log}
	retry.RetryMax = o.retry.attempts - 1
	retry.RetryWaitMin, retry.RetryWaitMax = o.retry.min, o.retry.max
	retry.CheckRetry = shouldRetry
	retry.Backoff = backoff
	retry.ErrorHandler = giveUp
	return &client{
		http:   retry,
		server: strings.TrimRight(o.Server, "/"),
		token:  o.Token,
		many:   int64(o.Concurrency),
	}
}

func (c *client) close() { c.http.HTTPClient.CloseIdleConnections() }

// send makes one request. It returns nil only when the storage says in its envelope that the object is stored: the HTTP
// status of a failure is 200 too. A POST whose answer was lost is repeated, so an alarm may arrive twice but not never.
func (c *client) send(ctx context.Context, j job) error {
	resp, answer, err := c.exchange(ctx, j, j.body, "application/json")
	if err != nil {
		return err
	}
	return judge(resp, answer)
}

// unreachable says that so many requests in a row went unanswered that the server must be gone.
func (c *client) unreachable() bool { return c.lost.Load() >= c.many }

func readAnswer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // all that matters of the answer has been read
	return io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
}

// envelope is what every answer of a storage looks like.
type envelope struct {
	Result  *bool  `json:"result"`
	Code    int64  `json:"code"`
	Message string `json:"message"`
}

func judge(resp *http.Response, answer []byte) error {
	var e envelope
	if err := json.Unmarshal(answer, &e); err != nil || e.Result == nil {
		return fmt.Errorf("HTTP %s without an envelope: %s", resp.Status, excerpt(answer))
	}
	if *e.Result && e.Code == 0 && resp.StatusCode/100 == 2 {
		return nil
	}
	return refused(e.Message, e.Code, resp.StatusCode)
}

func refused(message string, code int64, status int) error {
	return fmt.Errorf("%s (code %d, HTTP %d)", cmp.Or(message, "refused"), code, status)
}

// excerpt makes a line of whatever a proxy or another program answered.
func excerpt(answer []byte) string {
	const most = 120
	line := strings.Join(strings.Fields(string(answer)), " ")
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + " …"
	}
	return cmp.Or(line, "(no body)")
}

// shouldRetry repeats only what may go better next time: a request without an answer, the statuses with which a
// server or a proxy says that it cannot answer now, and any answer that asks for it with Retry-After, as the storage's
// does when its store is away, whatever the status. A failure that the storage has thought about stays one.
func shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		// The library knows the transport errors that never go away, such as a certificate that is not trusted.
		return retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return resp.Header.Get("Retry-After") != "", nil
}

// backoff doubles the pause with every attempt and varies it, so that requests that failed together do not come back
// together. What the server asks for is respected, within reason.
func backoff(low, high time.Duration, attempt int, resp *http.Response) time.Duration {
	pause := retryablehttp.DefaultBackoff(low, high, attempt, resp)
	if resp != nil && resp.Header.Get("Retry-After") != "" {
		return min(pause, maxRetryAfter)
	}
	return pause/2 + rand.N(pause/2+1)
}

// giveUp makes the error of a request that will not be repeated any more.
func giveUp(resp *http.Response, err error, attempts int) (*http.Response, error) {
	if err == nil {
		// Refused to the last with one of the statuses that are retried: the answer says why.
		var answer []byte
		if answer, err = readAnswer(resp); err == nil {
			err = judge(resp, answer)
		}
	} else if resp != nil {
		_ = resp.Body.Close() // broken already
	}
	return nil, fmt.Errorf("given up after %s: %w", plural(attempts, "attempt"), err)
}

// retryLog makes every attempt that failed a debug line: the outcome is what the report is for.
type retryLog struct{ log *slog.Logger }

func (l retryLog) Error(msg string, args ...any) { l.log.Debug(msg, args...) }
func (l retryLog) Warn(msg string, args ...any)  { l.log.Debug(msg, args...) }
func (l retryLog) Info(msg string, args ...any)  { l.log.Debug(msg, args...) }
func (l retryLog) Debug(msg string, args ...any) { l.log.Debug(msg, args...) }
