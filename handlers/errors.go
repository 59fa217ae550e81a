package handlers

import (
	"context"
	"errors"
	"net/http"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

// errPanic stands for a panic of an operation.
var errPanic = errors.New("panic")

// mapping is how an error is answered.
type mapping struct {
	is error
	// status is the HTTP status under http.status=semantic.
	status int
	// own: the status is sent under http.status=envelope too.
	own bool
	// sentence is what the caller is told; empty: the error's own text, which
	// only errors about the caller's input have.
	sentence string
	// gate: the request was refused, or given up, before its operation said
	// anything; the vendors' views send the status too.
	gate bool
	// again: the same request may succeed soon; the answer says so with Retry-After.
	again bool
}

// mappings is the only place that turns an error into an answer. The first row
// that matches decides; the last matches everything. Texts of engines stay in the log.
var mappings = []mapping{
	{is: ErrUnauthenticated, status: http.StatusUnauthorized, own: true, gate: true},
	{is: ErrForbidden, status: http.StatusForbidden, own: true, gate: true},
	{is: errTooOften, status: http.StatusTooManyRequests, own: true, gate: true}, // Retry-After is set where it is known
	{is: errBusy, status: http.StatusServiceUnavailable, own: true, gate: true, sentence: "Too many requests are at work.", again: true},
	{is: errTooLate, status: http.StatusGatewayTimeout, own: true, gate: true, sentence: "The answer did not begin in time.", again: true},
	{is: storage.ErrInvalid, status: http.StatusBadRequest},
	{is: watch.ErrInvalid, status: http.StatusBadRequest},
	{is: errBodyTooLarge, status: http.StatusRequestEntityTooLarge, own: true},
	{is: errBodyUnread, status: http.StatusBadRequest},
	{is: errAnswerUnread, status: http.StatusBadRequest},
	{is: storage.ErrNotFound, status: http.StatusNotFound, sentence: "The resource does not exist."},
	{is: watch.ErrNotFound, status: http.StatusNotFound, sentence: "The resource does not exist."},
	{is: storage.ErrTooLarge, status: http.StatusRequestEntityTooLarge, own: true, sentence: "The document is larger than the store keeps."},
	{is: watch.ErrTooLarge, status: http.StatusRequestEntityTooLarge, own: true, sentence: "The payload is larger than the watch store keeps."},
	{is: storage.ErrUnavailable, status: http.StatusServiceUnavailable, sentence: "The store is not available.", again: true},
	{is: watch.ErrUnavailable, status: http.StatusServiceUnavailable, sentence: "The watch store is not available.", again: true},
	{is: context.DeadlineExceeded, status: http.StatusServiceUnavailable, sentence: "The store did not answer in time.", again: true},
	{is: context.Canceled, status: http.StatusServiceUnavailable, sentence: "The request was cancelled."},
	{is: errPanic, status: http.StatusInternalServerError, own: true, sentence: "Internal error."},
	{status: http.StatusInternalServerError, sentence: "Internal error."},
}

func mappingOf(err error) mapping {
	for _, m := range mappings {
		if m.is == nil || errors.Is(err, m.is) {
			return m
		}
	}
	panic("unreachable: the last row matches everything")
}

// text is what the caller is told about err.
func (m mapping) text(err error) string {
	if m.sentence != "" {
		return m.sentence
	}
	var invalid *storage.InvalidError
	var node *watch.InvalidError
	switch {
	case errors.As(err, &invalid):
		return invalid.Error() + "."
	case errors.As(err, &node):
		return node.Error() + "."
	}
	return err.Error() + "."
}

// missing says whether the error is that there is no such item.
func missing(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, watch.ErrNotFound)
}

// callersFault says whether the error is about the request rather than the service.
func callersFault(err error) bool {
	m := mappingOf(err)
	return m.status < http.StatusInternalServerError || errors.Is(err, context.Canceled)
}
