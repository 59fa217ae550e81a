package importer

import (
	"io"
	"net/http"
	"time"
)

// Impatient makes o retry at once.
func Impatient(o Options) Options {
	o.retry = retryPolicy{attempts: 3, min: time.Millisecond, max: 2 * time.Millisecond}
	return o
}

// Item is what the reader makes of one object.
type Item struct {
	Raw    string
	Kind   string
	Offset int64
	Err    error // of its classification, in a cluster called c
}

// Read runs the reader alone, with a limit to the size of an object.
func Read(in io.Reader, limit int, emit func(Item) error) error {
	r := newReader(in, "x", func(d document) error {
		_, err := classify(d, "c")
		return emit(Item{Raw: string(d.raw), Kind: d.head.kind(), Offset: d.offset, Err: err})
	})
	r.limit = limit
	return r.run()
}

// Pause is what is waited before the second attempt.
func Pause(status int, retryAfter string) time.Duration {
	resp := response(status, retryAfter)
	return backoff(time.Second, time.Minute, 0, resp)
}

func response(status int, retryAfter string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: make(http.Header)}
	if retryAfter != "" {
		resp.Header.Set("Retry-After", retryAfter)
	}
	return resp
}
