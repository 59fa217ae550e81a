// Package query turns what a caller sends (parameters of a URL, a flat JSON
// object) into a storage.Query. It is pure: values in, values out. What it
// cannot read it refuses with a storage.ErrInvalid that names the parameter; no filter
// is ever dropped, because that would widen the answer, or a DELETE.
package query

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bcs-storage/storage"
)

// Params are the parameters of one request by name, each given once.
type Params map[string]string

// FromURL reads the parameters of a query string. A broken escape, text that
// is not UTF-8 (no document holds it), a value without a name, or a name that is
// given twice, is refused.
func FromURL(rawQuery string) (Params, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, storage.Invalid("query string", "%v", err)
	}
	p := make(Params, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all := values[name]
		switch {
		case name == "":
			return nil, storage.Invalid("query string", "a value without a name")
		case !utf8.ValidString(name):
			return nil, storage.Invalid("query string", "the name %q is not UTF-8", name)
		case len(all) > 1:
			return nil, storage.Invalid(name, "given %d times; join several values with a comma", len(all))
		case !utf8.ValidString(all[0]):
			return nil, storage.Invalid(name, "%q is not UTF-8", all[0])
		}
		p[name] = all[0]
	}
	return p, nil
}

// FromJSON reads the parameters of a flat JSON object, the body of a POST
// query. Values are strings, numbers or booleans.
func FromJSON(body []byte) (Params, error) {
	if err := storage.CheckJSON("body", body); err != nil {
		return nil, err
	}
	if storage.KindOf(body) != '{' {
		return nil, storage.Invalid("body", "must be a JSON object")
	}
	p := Params{}
	for name, raw := range storage.Members(body) {
		if name == "" {
			return nil, storage.Invalid("body", "a member without a name")
		}
		v, scalar := storage.ParseValue(raw)
		if !scalar || v.IsNull() {
			return nil, storage.Invalid(name, "must be a string, a number or a boolean")
		}
		p[name] = text(v)
	}
	return p, nil
}

// text is how a scalar is written in a URL.
func text(v storage.Value) string {
	if s, ok := v.Interface().(string); ok {
		return s
	}
	return string(v.AppendJSON(nil))
}

// parseCount reads offset, limit and length: an integer that is not negative.
func parseCount(name, s string) (int64, error) {
	n, err := parseInt(name, s)
	if err == nil && n < 0 {
		return 0, storage.Invalid(name, "%d is negative", n)
	}
	return n, err
}

func parseInt(name, s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, storage.Invalid(name, "%q is not a 64-bit integer", s)
	}
	return n, nil
}

func parseBool(name, s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, storage.Invalid(name, "%q is not a boolean: use true, false, 1 or 0", s)
}
