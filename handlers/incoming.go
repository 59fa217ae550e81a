package handlers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// incoming is the body of a request that is paced.
type incoming struct {
	io.ReadCloser
	announced int64
	patience  time.Duration
	asked     bool // the client sends it only when it is read
	over      bool // it was read to its end, or can't be
	streamed  bool // it is read while the answer is written
}

// Read notes that the body has come to its end.
func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.over = b.over || err != nil
	return n, err
}

// paceBody puts itself in the place of the request's body.
func (w *paced) paceBody(r *http.Request, patience time.Duration) {
	if r.Body == nil || r.ContentLength == 0 {
		w.body.over = true
		return
	}
	w.body = incoming{
		ReadCloser: r.Body, announced: r.ContentLength, patience: patience,
		asked: strings.EqualFold(r.Header.Get("Expect"), "100-continue"),
	}
	r.Body = &w.body
}

// EnableFullDuplex is called by what reads the body while it writes, and sees to its end itself.
func (w *paced) EnableFullDuplex() error {
	w.body.streamed = true
	return w.connection.EnableFullDuplex()
}

// mostPassedBy is how much of a body that nobody wants is read. A client that is still sending when the connection ends
// may never see the answer, which says what was wrong: so it is as much as a body has by default.
const mostPassedBy = 8 << 20

// passBy reads what is left of the body. Over HTTP/1 the server would do it, before it sends the answer, and wait without
// end for a client that does not send.
func (w *paced) passBy() {
	b := &w.body
	if b.streamed || w.multiplexed || b.over { // of a stream another goroutine notes that it is over
		return
	}
	b.over = true
	if !b.asked && b.announced <= mostPassedBy {
		_ = w.connection.SetReadDeadline(time.Now().Add(b.patience))
		_, err := io.CopyN(io.Discard, b.ReadCloser, mostPassedBy+1)
		if err == io.EOF {
			_ = w.connection.SetReadDeadline(time.Time{})
			return
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.limited.Count(LimitBodyTime)
		}
	}
	_ = w.connection.SetReadDeadline(time.Unix(1, 0)) // the server is not to wait for the rest
}
