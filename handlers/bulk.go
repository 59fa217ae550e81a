package handlers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"bcs-storage/storage"
)

// lineType is the content type of an answer that is a line for each item.
const lineType = "application/x-ndjson"

// bulkRoutes are the routes by which many resources are written at once.
func bulkRoutes(env string) []route {
	return []route{{method: http.MethodPost, path: "/" + env + "/dynamic/bulk", op: dynamicPut, do: bulkWrite(env), access: inBody}}
}

// bulkWrite stores and removes the resources that the lines of the body name,
// and answers a line for each as soon as it is durable.
func bulkWrite(env string) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		if err := r.noParams(); err != nil {
			return reply{}, err
		}
		return reply{lines: func(w io.Writer) error { return a.bulk(ctx, r, env, w) }}, nil
	}
}

// bulk carries out the body group by group. What is wrong with items is in
// their lines; an error is that the body can't be read to its end, or the answer
// not be written.
func (a *API) bulk(ctx context.Context, r *request, env string, w io.Writer) error {
	connection := http.NewResponseController(r.response)
	// Otherwise HTTP/1 reads the body to its end before it answers anything.
	// Where that can't be changed it is not HTTP/1, or not a connection.
	_ = connection.EnableFullDuplex()
	r.clock.stop() // a stream may last
	in := startIntake(r, connection, env)
	defer func() {
		if in.stop() != nil {
			// Nobody may take the rest of the body for the next request.
			r.response.Header().Set("Connection", "close")
		}
	}()
	answer := lineAnswers{w: w, connection: connection, patience: r.patience, envelope: &a.envelope}
	for {
		group := in.take()
		if len(group) == 0 {
			break
		}
		if err := a.permitItems(r, group); err != nil {
			return err
		}
		// ctx ends when reading fails, also when the body stalls: what came is
		// stored all the same.
		a.carryOut(context.WithoutCancel(ctx), group)
		if err := answer.write(group); err != nil {
			return err
		}
	}
	setOutcome(r.restful, answer.outcome())
	return in.stop()
}

// permitItems refuses the items that the caller may not carry out. Who that is, is
// asked for each group: a stream may outlast a token.
func (a *API) permitItems(r *request, group []item) error {
	caller, err := a.access.Caller(r.restful.Request)
	if err != nil {
		return err
	}
	for i := range group {
		if it := &group[i]; it.err == nil {
			it.err = caller.check(actions[it.op.verb], it.write.Key[0])
		}
	}
	return nil
}

// carryOut makes the changes of a group and notes what became of them.
func (a *API) carryOut(ctx context.Context, group []item) {
	writes := make([]storage.Write, 0, len(group))
	at := make([]int, 0, len(group))
	for i := range group {
		if group[i].err == nil {
			writes, at = append(writes, group[i].write), append(at, i)
		}
	}
	if len(writes) == 0 {
		return
	}
	for i, err := range a.docs.Write(ctx, storage.Dynamic, writes, a.now()) {
		group[at[i]].err = err
	}
}

// lineAnswers writes the lines of the answer.
type lineAnswers struct {
	w          io.Writer
	connection *http.ResponseController
	patience   time.Duration
	envelope   *envelope
	buf        []byte
	items      int
	failed     int
	first      error // why the first of them failed; of those that are the service's fault if there is one
	code       int   // of first
}

// write answers a group. The caller must read while it writes: one that does not
// in time is cut off, because nothing would move any more.
func (s *lineAnswers) write(group []item) error {
	s.buf = s.buf[:0]
	for i := range group {
		s.append(&group[i])
	}
	// A connection that knows no deadline is not one that a slow client can hold.
	_ = s.connection.SetWriteDeadline(time.Now().Add(s.patience))
	if _, err := s.w.Write(s.buf); err != nil {
		return fmt.Errorf("%w: %w", errAnswerUnread, err)
	}
	if err := s.connection.Flush(); err != nil {
		return fmt.Errorf("%w: %w", errAnswerUnread, err)
	}
	_ = s.connection.SetWriteDeadline(time.Time{})
	return nil
}

func (s *lineAnswers) append(it *item) {
	code, message, again := 0, s.envelope.dialect.success, false
	if it.err != nil {
		code, message, again = s.envelope.explain(it.op, it.err)
		if s.first == nil || callersFault(s.first) && !callersFault(it.err) {
			s.first, s.code = it.err, code
		}
		s.failed++
	}
	s.items++
	s.buf = append(s.buf, `{"line":`...)
	s.buf = strconv.AppendInt(s.buf, it.line, 10)
	s.buf = append(s.buf, `,"code":`...)
	s.buf = strconv.AppendInt(s.buf, int64(code), 10)
	s.buf = append(s.buf, `,"message":`...)
	s.buf = storage.AppendString(s.buf, message)
	if again {
		s.buf = append(s.buf, `,"retryAfter":`...)
		s.buf = append(s.buf, retryAfter...)
	}
	s.buf = append(s.buf, "}\n"...)
}

func (s *lineAnswers) outcome() outcome {
	if s.failed == 0 {
		return outcome{}
	}
	return outcome{code: s.code, err: fmt.Errorf("%d of %d items failed: %w", s.failed, s.items, s.first)}
}
