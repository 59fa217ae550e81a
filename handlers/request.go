package handlers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emicklei/go-restful/v3"

	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

var (
	errBodyTooLarge = errors.New("the body is too large")
	errBodyUnread   = errors.New("the body could not be read")
	errAnswerUnread = errors.New("the answer is not read")
	errBodyLate     = fmt.Errorf("%w", errBodyUnread) // in time
)

// maxSegment bounds a path segment, in bytes. Kubernetes names end at 253.
const maxSegment = 512

// request is what a handler sees of an HTTP request: checked path segments,
// parameters that were each given once, and a body of bounded size.
type request struct {
	restful  *restful.Request
	response http.ResponseWriter
	route    *route
	maxBody  int64
	patience time.Duration
	query    query.Options
	caller   *Caller            // nil if the request is signed instead
	clock    *clock             // of the time that the operation may take
	narrow   storage.Filter     // ANDed to what the parameters say
	hides    *storage.Redaction // from the answer
}

func (a *API) request(in *admission, req *restful.Request, resp *restful.Response) *request {
	return &request{
		restful: req, response: resp.ResponseWriter, maxBody: a.maxBody, patience: a.patience, query: a.query,
		caller: in.caller, clock: in.clock,
	}
}

// segment is a path parameter of the route; an empty, overlong or unprintable
// one is an ErrInvalid that names it.
func (r *request) segment(name string) (string, error) {
	s := r.restful.PathParameter(name)
	return s, checkName(name, s)
}

// segments are several path parameters.
func (r *request) segments(names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		s, err := r.segment(name)
		if err != nil {
			return nil, err
		}
		values[i] = s
	}
	return values, nil
}

// checkName accepts what may be part of a key: printable UTF-8 of bounded length.
func checkName(param, s string) error {
	switch {
	case s == "":
		return storage.Invalid(param, "empty")
	case len(s) > maxSegment:
		return storage.Invalid(param, "longer than %d bytes", maxSegment)
	case !utf8.ValidString(s):
		return storage.Invalid(param, "not UTF-8")
	case s == "." || s == "..":
		return storage.Invalid(param, "%q is no name", s)
	case strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || c == '/' }):
		return storage.Invalid(param, "holds a control character or a slash")
	}
	return nil
}

// params are the parameters of the query string.
func (r *request) params() (query.Params, error) {
	return query.FromURL(r.restful.Request.URL.RawQuery)
}

// noParams refuses parameters, for a route that has none.
func (r *request) noParams() error {
	params, err := r.params()
	if err != nil {
		return err
	}
	_, err = query.None.Parse(params, r.query)
	return err
}

// maxQueryBody bounds the body of a query or a DELETE: it holds parameters, no documents.
const maxQueryBody = 1 << 20

// body is the whole body. One over the limit is not read to its end, and one
// that takes too long to come is given up.
func (r *request) body(limit int64) ([]byte, error) {
	in, announced := r.restful.Request.Body, r.restful.Request.ContentLength
	if in == nil || announced == 0 {
		return nil, nil
	}
	if limit = min(limit, r.maxBody); announced > limit {
		return nil, tooLarge(limit)
	}
	r.clock.stop() // what the client takes is not the operation's time
	defer r.clock.start()
	connection := http.NewResponseController(r.response)
	// A connection that knows no deadline is not one that a slow client can hold.
	_ = connection.SetReadDeadline(time.Now().Add(r.patience))
	body, err := readAll(http.MaxBytesReader(nil, in, limit), announced)
	var overLimit *http.MaxBytesError
	switch {
	case errors.As(err, &overLimit):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%w within %v", errBodyLate, r.patience)
	case err != nil:
		return nil, fmt.Errorf("%w: %v", errBodyUnread, err)
	}
	_ = connection.SetReadDeadline(time.Time{})
	return body, nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: at most %d bytes are taken", errBodyTooLarge, limit)
}

// object is the body as a JSON object that was checked.
func (r *request) object() ([]byte, error) {
	body, err := r.body(r.maxBody)
	if err != nil {
		return nil, err
	}
	if err := storage.CheckJSON("body", body); err != nil {
		return nil, err
	}
	if storage.KindOf(body) != '{' {
		return nil, storage.Invalid("body", "must be a JSON object")
	}
	return body, nil
}

// dataOf is the member data of a body, which must be there. Other members are
// what newer clients may send; they have no meaning.
func dataOf(body []byte) ([]byte, error) {
	data, ok := storage.Lookup(body, storage.Path{"data"})
	if !ok {
		return nil, storage.Invalid("data", "missing from the body")
	}
	return data, nil
}

// readAll is io.ReadAll with room for a body of the announced size from the start.
func readAll(in io.Reader, announced int64) ([]byte, error) {
	const most = 1 << 20 // of what a client only announces
	size := min(max(announced, 0), most) + 1
	buf := make([]byte, 0, size)
	for {
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}
