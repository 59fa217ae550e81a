package signature

import (
	"errors"
	"fmt"
)

// What a request can be refused with. Decide with errors.Is. The codes are the vendor's; to answer with them is up to the caller.
var (
	// ErrMissing: a parameter that every signed request has is absent or empty (4000). It is always a *ParameterError.
	ErrMissing = errors.New("missing")
	// ErrInvalid: Timestamp or Nonce is not an unsigned integer, or SignatureMethod is unknown (4000). It is always a *ParameterError.
	ErrInvalid = errors.New("invalid")
	// ErrSignature: the signature is not that of the request under the key of its SecretId (4100).
	ErrSignature = errors.New("the signature does not match the request")
	// ErrUnknownKey: there is no such SecretId (4104).
	ErrUnknownKey = errors.New("the SecretId is not known")
	// ErrReplay: the Timestamp is too old or too far in the future, or the request was accepted before (4500). A client may
	// sign the request anew and try again.
	ErrReplay = errors.New("the request is not fresh")
)

// ParameterError says which parameter is wrong and why. It matches ErrMissing or ErrInvalid.
type ParameterError struct {
	Param  string // one of the Param constants
	Reason string // a sentence without a full stop; quotes at most 40 characters of the request
	kind   error
}

// Error is "param: reason".
func (e *ParameterError) Error() string { return e.Param + ": " + e.Reason }

// Unwrap returns ErrMissing or ErrInvalid.
func (e *ParameterError) Unwrap() error { return e.kind }

func missing(param string) error {
	return &ParameterError{param, "is missing", ErrMissing}
}

func invalid(param, format string, args ...any) error {
	return &ParameterError{param, fmt.Sprintf(format, args...), ErrInvalid}
}
