package ccs

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bcs-storage/handlers/cluster"
)

// Fault is a row of the vendor's table of public error codes ("错误返回结果"): a
// code, and the name that stands in codeDesc.
type Fault struct {
	Code int
	Desc string
}

// The faults. Which signature is wrong and which cluster is not for a caller is not
// decided here; their rows stand with the others so that there is one table.
var (
	InvalidParameter = Fault{4000, "InvalidParameter"}
	MissingParameter = Fault{4000, "MissingParameter"}
	InvalidAction    = Fault{4000, "InvalidAction"}
	AuthFailure      = Fault{4100, "AuthFailure"}
	Unauthorized     = Fault{4102, "UnauthorizedOperation"}
	SecretIDNotFound = Fault{4104, "SecretIdNotFound"}
	ReadOnly         = Fault{4300, "OperationDenied.ReadOnly"}
	ReplayAttack     = Fault{4500, "ReplayAttack"}
	ResourceNotFound = Fault{5000, "ResourceNotFound"}
	FailedOperation  = Fault{5100, "FailedOperation"}
	InternalError    = Fault{6000, "InternalError"}
)

// Because is the error of this fault with the sentence that says what was wrong.
func (f Fault) Because(format string, args ...any) *Error {
	return &Error{Code: f.Code, Desc: f.Desc, Text: fmt.Sprintf(format, args...)}
}

// Error is a refusal or failure as the caller is told: code, codeDesc and the
// text of message.
type Error struct {
	Code int
	Desc string
	Text string
}

// Error is "codeDesc (code): text".
func (e *Error) Error() string { return fmt.Sprintf("%s (%d): %s", e.Desc, e.Code, e.Text) }

// ErrorOf is err as the caller is told: an *Error itself, a malformed object by its name and the path in
// it (6000), anything else without its details (6000).
func ErrorOf(err error) *Error {
	var own *Error
	var malformed *cluster.MalformedError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &malformed):
		return InternalError.Because("%v", malformed)
	}
	return InternalError.Because("the request failed for a reason that is not the caller's")
}

// Envelope is the answer that carries data ("正确返回结果"): code 0, no message, codeDesc Success.
func Envelope(data any) ([]byte, error) {
	return marshal(struct {
		Code     int    `json:"code"`
		Message  string `json:"message"`
		CodeDesc string `json:"codeDesc"`
		Data     any    `json:"data"`
	}{CodeDesc: "Success", Data: data})
}

// Failure is the answer that tells an error ("错误返回结果"): message is the text in the vendor's
// form "(n)text", where n is the code. There is no data, as in the seed's sample.
func Failure(e *Error) []byte {
	body, err := marshal(struct {
		Code     int    `json:"code"`
		Message  string `json:"message"`
		CodeDesc string `json:"codeDesc"`
	}{e.Code, fmt.Sprintf("(%d)%s", e.Code, e.Text), e.Desc})
	if err != nil {
		// Unreachable: numbers and strings of any bytes are marshalled.
		return []byte(`{"code":6000,"message":"(6000)the error could not be written","codeDesc":"InternalError"}`)
	}
	return body
}

// marshal writes maps in a fixed order, and a list that is nil as null: that is
// how the samples show envs, volumeMounts and arguments of a container without any.
func marshal(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), json.FormatNilSliceAsNull(true), jsontext.AllowInvalidUTF8(true))
}
