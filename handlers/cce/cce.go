// Package cce answers Huawei CCE's "查询service状态", GET
// /api/v1/namespaces/{namespace}/services/{name}/status, from the Service that
// a watcher PUT. It is pure.
package cce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bcs-storage/storage"
)

// Params are the query parameters (table 2).
type Params struct {
	// Pretty asks for an indented answer.
	Pretty bool
}

// ParseParams reads the query parameters, each name given once. pretty is what
// Kubernetes takes for a boolean (1, t, true, 0, f, false …), and one without a value
// as not given. Another parameter or value is an ErrInvalid that names the parameter.
func ParseParams(query map[string]string) (Params, error) {
	var p Params
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query[name]
		if name != "pretty" {
			return Params{}, storage.Invalid(name, "unknown parameter")
		}
		if value == "" {
			continue
		}
		pretty, err := strconv.ParseBool(value)
		if err != nil {
			return Params{}, storage.Invalid(name, "%q is not a boolean: use true or false", value)
		}
		p.Pretty = pretty
	}
	return p, nil
}

// Service is the Service as the answer shows it (table 4): byte for byte as
// stored, with apiVersion and kind in front where they are not in it, which is how a watch
// delivers objects. Pretty indents it by two spaces, as Kubernetes does. The
// error, that what is stored is no JSON object, is not the caller's fault: no ErrInvalid.
func Service(data []byte, pretty bool) ([]byte, error) {
	// The walkers below trust what CheckJSON has accepted.
	if err := storage.CheckJSON("data", data); err != nil {
		return nil, fmt.Errorf("the Service is malformed as stored: %v", err)
	}
	if storage.KindOf(data) != '{' {
		return nil, errors.New("the Service is malformed as stored: data: not a JSON object")
	}
	missing := []storage.Member{
		{Name: "apiVersion", Value: []byte(`"v1"`)},
		{Name: "kind", Value: []byte(`"Service"`)},
	}
	empty := true
	for name := range storage.Members(data) {
		empty = false
		missing = slices.DeleteFunc(missing, func(m storage.Member) bool { return m.Name == name })
	}
	open := bytes.IndexByte(data, '{') + 1
	answer := slices.Clone(data[:open])
	for i, m := range missing {
		answer = append(append(storage.AppendString(answer, m.Name), ':'), m.Value...)
		if !empty || i < len(missing)-1 {
			answer = append(answer, ',')
		}
	}
	answer = append(answer, data[open:]...)
	if !pretty {
		return answer, nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, answer, "", "  "); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// reasons are the HTTP statuses of the document's last table and their reasons.
// Kubernetes itself sends 500 with ServerTimeout; the document has it at 504.
var reasons = map[int]metav1.StatusReason{
	http.StatusBadRequest:           metav1.StatusReasonBadRequest,
	http.StatusUnauthorized:         metav1.StatusReasonUnauthorized,
	http.StatusForbidden:            metav1.StatusReasonForbidden,
	http.StatusNotFound:             metav1.StatusReasonNotFound,
	http.StatusMethodNotAllowed:     metav1.StatusReasonMethodNotAllowed,
	http.StatusNotAcceptable:        metav1.StatusReasonNotAcceptable,
	http.StatusConflict:             metav1.StatusReasonConflict,
	http.StatusUnsupportedMediaType: metav1.StatusReasonUnsupportedMediaType,
	http.StatusUnprocessableEntity:  metav1.StatusReasonInvalid,
	http.StatusTooManyRequests:      metav1.StatusReasonTooManyRequests,
	http.StatusInternalServerError:  metav1.StatusReasonInternalError,
	http.StatusServiceUnavailable:   metav1.StatusReasonServiceUnavailable,
	http.StatusGatewayTimeout:       metav1.StatusReasonServerTimeout,
}

// Status is the Kubernetes Status of a request that failed. The name and kind are those
// of the object that was asked for; without either there are no details. An HTTP
// status that the document's table lacks has no reason, as Kubernetes has it.
func Status(status int, message, name, kind string) metav1.Status {
	s := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure,
		Message:  message,
		Reason:   reasons[status],
		Code:     int32(status),
	}
	if name != "" || kind != "" {
		s.Details = &metav1.StatusDetails{Name: name, Kind: kind}
	}
	return s
}

// Failure is Status as JSON, in the form in which Kubernetes sends it.
func Failure(status int, message, name, kind string) []byte {
	// A Status is strings and a number: nothing that can't be marshalled.
	b, _ := json.Marshal(Status(status, message, name, kind))
	return b
}
