package handlers

import (
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"bcs-storage/storage"
)

// contentType of every answer.
const contentType = "application/json; charset=utf-8"

// reply is what a handler wants answered: exactly one of its parts.
type reply struct {
	// item is one JSON value, in the form of its route.
	item []byte
	form form
	// documents are JSON values, streamed into an array.
	documents iter.Seq2[[]byte, error]
	// names are strings in an array.
	names []string
	// lines writes the whole answer, which is no envelope but a line for each item.
	lines func(io.Writer) error
	// cut, if set, says once data is written whether a list goes on behind it.
	cut *cut
	// total, if set, is answered beside the documents.
	total *int64
}

// form is how a single document is answered.
type form int

const (
	asObject  form = iota // alone
	asArray               // in an array of one
	asDialect             // as the dialect has it
)

// written is the reply to a write: the dialect knows what it looks like.
func written() reply { return reply{} }

// envelope writes answers; it is the only thing that does.
type envelope struct {
	dialect  *Dialect
	semantic bool // HTTP status says what the envelope says
}

// success writes a reply. After an error the answer is incomplete: if none of
// it was sent yet the failure can still be written, else it must be cut off,
// never ended as if it were whole.
func (e *envelope) success(w http.ResponseWriter, r reply) error {
	if r.lines != nil {
		w.Header().Set("Content-Type", lineType)
		return r.lines(w)
	}
	w.Header().Set("Content-Type", contentType)
	if r.documents != nil {
		return e.stream(w, r)
	}
	front, back := e.head(make([]byte, 0, 64)), append(r.cut.appendTo(nil), '}')
	switch {
	case r.names != nil:
		front = appendNames(front, r.names)
	case r.item == nil:
		front = append(front, e.dialect.written...)
	case r.form == asArray || r.form == asDialect && e.dialect.itemInArray:
		front, back = append(front, '['), []byte("]}")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(front)+len(r.item)+len(back)))
	for _, part := range [][]byte{front, r.item, back} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// streamBuffer is how much of a list is gathered before it is sent: a write to
// the connection takes as long as many documents do.
const streamBuffer = 64 << 10

// gathered sends what is appended to it in parts. Its buffer grows with what there
// is, because most lists are short.
type gathered struct {
	w   io.Writer
	buf []byte
}

// add takes over a document.
func (g *gathered) add(doc []byte) error {
	if len(g.buf)+len(doc) > streamBuffer {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if len(doc) > streamBuffer {
		_, err := g.w.Write(doc)
		return err
	}
	g.buf = append(g.buf, doc...)
	return nil
}

func (g *gathered) flush() error {
	_, err := g.w.Write(g.buf)
	g.buf = g.buf[:0]
	return err
}

// stream writes the reply's documents as they come.
func (e *envelope) stream(w http.ResponseWriter, r reply) error {
	g := &gathered{w, append(e.head(make([]byte, 0, 4<<10)), '[')}
	first := true
	for doc, err := range r.documents {
		if err == nil && !first {
			g.buf = append(g.buf, ',')
		}
		if err == nil {
			first = false
			err = g.add(doc)
		}
		if err != nil {
			return err
		}
	}
	g.buf = r.cut.appendTo(append(g.buf, ']'))
	if r.total != nil {
		g.buf = strconv.AppendInt(append(g.buf, `,"total":`...), *r.total, 10)
	}
	g.buf = append(g.buf, '}')
	return g.flush()
}

// head appends what stands before the data of a success.
func (e *envelope) head(dst []byte) []byte {
	dst = append(dst, `{"result":true,"code":0,"message":"`...)
	dst = append(dst, e.dialect.success...)
	return append(dst, `","data":`...)
}

func appendNames(dst []byte, names []string) []byte {
	dst = append(dst, '[')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = storage.AppendString(dst, name)
	}
	return append(dst, ']')
}

// failure writes that op failed with err and returns the envelope's code.
func (e *envelope) failure(w http.ResponseWriter, op operation, err error) int {
	m := mappingOf(err)
	f := e.dialect.failure(op, missing(err))
	status := http.StatusOK
	if m.own || e.semantic {
		status = m.status
	}
	if m.again {
		w.Header().Set("Retry-After", retryAfter)
	}
	_, message, _ := e.explain(op, err)
	data := e.dialect.empty(op)
	if op.counted && e.dialect.totalOfFailure {
		data += `,"total":0`
	}
	e.write(w, status, f.code, message, data)
	return f.code
}

// retryAfter is after how many seconds a request that may then succeed is worth repeating.
const retryAfter = "1"

// explain says in which way op failed with err, and whether it may succeed soon.
func (e *envelope) explain(op operation, err error) (code int, message string, again bool) {
	m := mappingOf(err)
	f := e.dialect.failure(op, missing(err))
	message = f.text
	if !missing(err) || !strings.Contains(message, storage.ErrNotFound.Error()) {
		message += " " + m.text(err)
	}
	return f.code, message, m.again
}

// refusal writes an answer that is not about an operation: of the router, or of
// a limit. Its code is the HTTP status.
func (e *envelope) refusal(w http.ResponseWriter, status int, sentence string) {
	e.write(w, status, status, sentence, e.dialect.empty(noOperation))
}

func (e *envelope) write(w http.ResponseWriter, status, code int, message, data string) {
	body := make([]byte, 0, 128+len(message))
	body = append(body, `{"result":false,"code":`...)
	body = strconv.AppendInt(body, int64(code), 10)
	body = append(body, `,"message":`...)
	body = storage.AppendString(body, message)
	body = append(body, `,"data":`...)
	body = append(body, data...)
	body = append(body, '}')
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // a success that failed to be sent may have set another one
	w.WriteHeader(status)
	// The caller may be gone; there is nobody to tell.
	_, _ = w.Write(body)
}
