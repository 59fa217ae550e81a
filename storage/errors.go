package storage

import (
	"errors"
	"fmt"
	"strings"
)

// What an operation can fail with. An engine wraps one of them, so callers
// decide with errors.Is and never by text. An error that is none of them is
// the engine's own failure.
var (
	// ErrNotFound: no document has the key, or the one that has it does not
	// match the filter.
	ErrNotFound = errors.New("resource does not exist")
	// ErrInvalid: the caller asked for something that has no meaning. It is
	// always an *InvalidError, which names the parameter.
	ErrInvalid = errors.New("invalid")
	// ErrTooLarge: the document is larger than the engine stores.
	ErrTooLarge = errors.New("too large")
	// ErrUnavailable: the engine cannot be reached or is shutting down; the
	// same request may succeed later.
	ErrUnavailable = errors.New("storage unavailable")
)

// InvalidError says which parameter is wrong and why. It matches ErrInvalid.
type InvalidError struct {
	Param  string // as the caller wrote it: "limit", "extra", "data.status", a path segment's name
	Reason string // a sentence without a full stop
}

// Error is "param: reason".
func (e *InvalidError) Error() string { return e.Param + ": " + e.Reason }

// Is makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Invalid builds an *InvalidError. Both texts may quote the caller's input, which
// may be as long as a body: what is too long for a message is cut.
func Invalid(param, format string, args ...any) error {
	return &InvalidError{Param: clip(param, 100), Reason: clip(fmt.Sprintf(format, args...), 300)}
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}
