package ncs

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

// Error is how a request fails: the HTTP status, and the Code and Message of
// the answer (sections 1 and 2.6).
type Error struct {
	Status        int
	Code, Message string
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// MissingParameter is that a parameter that is required was not given (section 2.6).
func MissingParameter(name string) *Error {
	return &Error{http.StatusBadRequest, "MissingParameter",
		fmt.Sprintf("The required input parameter %s for processing this request is not supplied.", clip(name))}
}

// invalidValue spaces its message as section 2.6 does.
func invalidValue(name, value string) *Error {
	return &Error{http.StatusBadRequest, "InvalidParameterValue",
		fmt.Sprintf("The Parameter %s 's value %s is invalid.", clip(name), clip(value))}
}

func invalidFormat(name string) *Error {
	return &Error{http.StatusBadRequest, "InvalidFormat", fmt.Sprintf("The format of the parameter %s is invalid.", clip(name))}
}

func denied(action string) *Error {
	return &Error{http.StatusForbidden, "OperationDenied", fmt.Sprintf("The action %s is denied: clusters are only read here.", clip(action))}
}

func notFound(name string, value int64) *Error {
	return &Error{http.StatusNotFound, "ResourceNotFound",
		fmt.Sprintf("The resource that the parameter %s 's value %s names is not found.", name, strconv.FormatInt(value, 10))}
}

// ErrorOf is err as it is answered: an *Error itself, and else 500 InternalServerError,
// whose message tells of a cluster.MalformedError which object it is and where in it.
func ErrorOf(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	message := "Internal error."
	var malformed *cluster.MalformedError
	if errors.As(err, &malformed) {
		message = clipTo(malformed.Error(), maxMessage)
	}
	return &Error{http.StatusInternalServerError, "InternalServerError", message}
}

// Failure is the answer to a request that failed (section 2.6).
func Failure(err *Error, requestID string) []byte {
	b := storage.AppendString([]byte(`{"Code":`), err.Code)
	b = storage.AppendString(append(b, `,"Message":`...), err.Message)
	b = storage.AppendString(append(b, `,"RequestId":`...), requestID)
	return append(b, '}')
}

const (
	maxQuoted  = 100 // bytes of the caller's text in a message
	maxMessage = 1000
)

func clip(s string) string { return clipTo(s, maxQuoted) }

func clipTo(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
