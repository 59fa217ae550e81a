package storage

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

type kind byte

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
)

// Value is a scalar that a filter compares with. Two Values are equal (==) when
// the evaluator holds them equal: strings byte for byte, numbers by value
// (1, 1.0 and 1e0 are one number; 64-bit integers are exact).
type Value struct {
	kind kind
	text string // a canonical spelling: see numberText
}

// Null is JSON null. A filter that looks for it also matches an absent value.
var Null = Value{}

// String is a string value.
func String(s string) Value { return Value{kindString, s} }

// Bool is a boolean value.
func Bool(b bool) Value { return Value{kindBool, strconv.FormatBool(b)} }

// Int is an integer value.
func Int(n int64) Value { return Value{kindNumber, strconv.FormatInt(n, 10)} }

// ParseValue reads a JSON scalar that CheckJSON accepted; false for an object
// or an array.
func ParseValue(raw []byte) (Value, bool) { return scalarOf(raw) }

// IsNull says whether v is Null.
func (v Value) IsNull() bool { return v.kind == kindNull }

// AppendJSON appends v as JSON.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case kindNull:
		return append(dst, "null"...)
	case kindString:
		return AppendString(dst, v.text)
	}
	return append(dst, v.text...)
}

// Interface is v as a Go value: nil, bool, int64, float64 or string.
func (v Value) Interface() any {
	switch v.kind {
	case kindBool:
		return v.text == "true"
	case kindNumber:
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return n
		}
		f, _ := strconv.ParseFloat(v.text, 64)
		return f
	case kindString:
		return v.text
	}
	return nil
}

// IndexKey is a string that is equal for equal values and different for
// different ones: what an engine puts into an index. It never starts with "*".
func (v Value) IndexKey() string { return string("zbns"[v.kind]) + v.text }

// AppendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst, err := jsontext.AppendQuote(dst, s)
	_ = err // AppendQuote still appends, with U+FFFD for what is not UTF-8
	return dst
}

// scalarOf reads a trusted JSON value; false when it is an object or array.
func scalarOf(raw []byte) (Value, bool) {
	raw = trimSpace(raw)
	if len(raw) == 0 {
		return Value{}, false
	}
	switch raw[0] {
	case '{', '[':
		return Value{}, false
	case '"':
		return Value{kindString, string(unquote(raw))}, true
	case 'n':
		return Null, true
	case 't', 'f':
		return Value{kindBool, string(raw)}, true
	}
	return Value{kindNumber, numberText(raw)}, true
}

// numberText spells a JSON number so that equal numbers have equal text: an
// integer that fits int64 in decimal digits however it was written, everything
// else as the shortest text of its float64.
func numberText(raw []byte) string {
	if isPlainInteger(raw) {
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return string(raw) // beyond float64: equal only to itself
	}
	if f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func isPlainInteger(raw []byte) bool { return !bytes.ContainsAny(raw, ".eE") }

// unquote is the content of a trusted JSON string token. Without escapes it is
// a slice of raw.
func unquote(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	out, err := jsontext.AppendUnquote(make([]byte, 0, len(inner)), raw)
	if err != nil && !utf8.Valid(out) {
		return inner
	}
	return out
}
