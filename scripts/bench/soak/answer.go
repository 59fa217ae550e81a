package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// answer is one that was read to its end. Those of the API's own form have the members of the envelope.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // why there is none, or only a part of it

	envelope
}

// envelope is the documented form.
type envelope struct {
	Result   *bool           `json:"result"`
	Code     *int            `json:"code"`
	Message  *string         `json:"message"`
	Data     json.RawMessage `json:"data"`
	Total    *int64          `json:"total"`
	Continue *string         `json:"continue"`
}

// outcome is what the answer says about a change.
func (a *answer) outcome() outcome {
	switch {
	case a.err != nil:
		return unknown
	case a.Result != nil && *a.Result:
		return done
	case a.status == http.StatusServiceUnavailable && a.Message != nil && strings.Contains(*a.Message, "Too many requests are at work"):
		return refused
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		return unknown
	}
	return refused
}

// limited says whether a limit, not the request, is why there is no success.
func (a *answer) limited() bool {
	return a.err == nil && (a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout)
}

// cancelled says whether the service took the client for gone: it does so too when one only ends what it sends.
func (a *answer) cancelled() bool {
	return a.Message != nil && strings.HasSuffix(*a.Message, "The request was cancelled.")
}

// form says what is wrong with the form of an answer.
type form func(*answer) error

// statuses are those that the API may send with its envelope.
var statuses = []int{200, 400, 401, 403, 404, 405, 413, 429, 503, 504}

// enveloped is the form of the API's own routes.
func enveloped(a *answer) error {
	if !slices.Contains(statuses, a.status) {
		return fmt.Errorf("status %d", a.status)
	}
	if err := isJSON(a); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a.envelope); err != nil {
		return fmt.Errorf("not the envelope: %w", err)
	}
	e := a.envelope
	switch {
	case e.Result == nil || e.Code == nil || e.Message == nil || e.Data == nil:
		return errors.New("not the envelope: a member is missing")
	case *e.Result != (*e.Code == 0), *e.Result != (a.status == http.StatusOK):
		return errors.New("result, code and status do not agree")
	case *e.Result && *e.Message != "Success":
		return fmt.Errorf("a success with the message %q", *e.Message)
	case strings.Contains(*e.Message, "Internal error"):
		return errors.New("the service is at fault")
	case !*e.Result && !slices.Contains([]int{10003, 10004, 10005, 10006, 404, 405}, *e.Code):
		return fmt.Errorf("a failure with the code %d", *e.Code)
	case *e.Message == "":
		return errors.New("there is no message")
	case a.limited() && !a.cancelled() && a.header.Get("Retry-After") == "":
		return errors.New("there is no Retry-After")
	}
	return nil
}

func isJSON(a *answer) error {
	if got := a.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		return fmt.Errorf("Content-Type is %q", got)
	}
	if !json.Valid(a.body) {
		return errors.New("not JSON")
	}
	return nil
}

// line is of the answer to a bulk request.
type line struct {
	Line       *int64  `json:"line"`
	Code       *int    `json:"code"`
	Message    *string `json:"message"`
	RetryAfter int     `json:"retryAfter"`
}

func (l line) outcome() outcome {
	switch {
	case *l.Code == 0:
		return done
	case l.RetryAfter > 0:
		return unknown
	}
	return refused
}

// linesOf are the lines of the answer, also of one that is cut off.
func linesOf(a *answer) ([]line, error) {
	var all []line
	for text := range bytes.Lines(a.body) {
		if !bytes.HasSuffix(text, []byte("\n")) {
			break // the transfer was cut off in it
		}
		var l line
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&l); err != nil || l.Line == nil || l.Code == nil || l.Message == nil {
			return nil, fmt.Errorf("not a line of a bulk answer: %s", shown(string(text)))
		}
		if strings.Contains(*l.Message, "Internal error") {
			return nil, fmt.Errorf("the service is at fault: %s", text)
		}
		all = append(all, l)
	}
	return all, nil
}

// lines is the form of a bulk answer: before the first line it may fail as any other.
func lines(a *answer) error {
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/x-ndjson" {
		return enveloped(a)
	}
	_, err := linesOf(a)
	return err
}

// ccsForm, cceForm and ncsForm are those of the vendors' views.
func ccsForm(a *answer) error {
	if !slices.Contains([]int{200, 401, 403, 404, 405, 429, 503, 504}, a.status) {
		return fmt.Errorf("status %d", a.status)
	}
	var e struct {
		Code              *int
		Message, CodeDesc *string
		Data              json.RawMessage
	}
	if err := errors.Join(isJSON(a), json.Unmarshal(a.body, &e)); err != nil {
		return err
	}
	switch {
	case e.Code == nil || e.Message == nil || e.CodeDesc == nil:
		return errors.New("a member is missing")
	case *e.Code == 0 && e.Data == nil:
		return errors.New("a success without data")
	case *e.Code >= 5100 && !a.limited():
		return fmt.Errorf("code %d: the service is at fault", *e.Code)
	}
	return nil
}

func cceForm(a *answer) error {
	if !slices.Contains(statuses, a.status) {
		return fmt.Errorf("status %d", a.status)
	}
	var e struct {
		Kind string
		Code int
	}
	if err := errors.Join(isJSON(a), json.Unmarshal(a.body, &e)); err != nil {
		return err
	}
	if a.status == http.StatusOK && e.Kind != "Service" || a.status != http.StatusOK && (e.Kind != "Status" || e.Code != a.status) {
		return fmt.Errorf("kind %q, code %d", e.Kind, e.Code)
	}
	return nil
}

func ncsForm(a *answer) error {
	if !slices.Contains(statuses, a.status) {
		return fmt.Errorf("status %d", a.status)
	}
	var e map[string]json.RawMessage
	if err := errors.Join(isJSON(a), json.Unmarshal(a.body, &e)); err != nil {
		return err
	}
	if failed := e["Code"] != nil && e["Message"] != nil; failed == (a.status == http.StatusOK) {
		return errors.New("it is not said whether it failed")
	}
	return nil
}

// formOf is the form of the answers to a path.
func formOf(path string) form {
	switch {
	case strings.HasPrefix(path, "/v2/"):
		return ccsForm
	case strings.HasPrefix(path, "/api/"):
		return cceForm
	case strings.HasPrefix(path, "/ncs"):
		return ncsForm
	}
	return enveloped
}

// page is the form of what is no part of the API.
func page(a *answer) error {
	if a.status != http.StatusOK && a.status != http.StatusNotModified && a.status != http.StatusPartialContent {
		return fmt.Errorf("status %d", a.status)
	}
	return nil
}

// byServer is the form of answers to what is no request: the HTTP server gives them before the API sees anything.
func byServer(a *answer) error {
	text := strings.HasPrefix(a.header.Get("Content-Type"), "text/plain")
	if text && slices.Contains([]int{400, 431, 501, 505}, a.status) || a.status == http.StatusExpectationFailed && len(a.body) == 0 {
		return nil
	}
	return errors.New("neither the API's form nor that of the HTTP server")
}
