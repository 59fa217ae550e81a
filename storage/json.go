package storage

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deeply objects and arrays may nest in what is stored.
const MaxDepth = 200

// CheckJSON accepts exactly what the service stores and its walkers trust: one
// JSON value (RFC 8259) in UTF-8, nothing but white space behind it, no name
// twice in an object, at most MaxDepth levels, integers that fit int64 and
// other numbers that fit a double. Anything else is an ErrInvalid for param
// that says what is wrong and where.
func CheckJSON(param string, raw []byte) error {
	if len(skipSpaces(raw)) == 0 {
		return Invalid(param, "empty")
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(raw))
	for {
		token, err := d.ReadToken()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return syntaxError(param, err)
		}
		switch token.Kind() {
		case '{', '[':
			if d.StackDepth() > MaxDepth {
				return Invalid(param, "nested deeper than %d levels", MaxDepth)
			}
		case '0':
			end := d.InputOffset()
			if err := checkNumber(param, lastNumber(raw[:end])); err != nil {
				return err
			}
		}
		if d.StackDepth() == 0 && len(skipSpaces(raw[d.InputOffset():])) > 0 {
			return Invalid(param, "more than one JSON value: something follows at byte %d", d.InputOffset())
		}
	}
}

func skipSpaces(b []byte) []byte { return b[skipSpace(b, 0):] }

// lastNumber is the number token at the end of b.
func lastNumber(b []byte) []byte {
	i := len(b)
	for i > 0 {
		switch c := b[i-1]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			i--
		default:
			return b[i:]
		}
	}
	return b[i:]
}

func checkNumber(param string, raw []byte) error {
	if isPlainInteger(raw) {
		if len(raw) <= 18 {
			return nil
		}
		if _, err := strconv.ParseInt(string(raw), 10, 64); err != nil {
			return Invalid(param, "a number does not fit a 64-bit integer: %s", raw)
		}
		return nil
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
		return Invalid(param, "a number does not fit a double: %s", raw)
	}
	return nil
}

func syntaxError(param string, err error) error {
	var s *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Invalid(param, "not JSON: it ends too early")
	case errors.As(err, &s):
		return Invalid(param, "not JSON: %v (at byte %d)", s.Err, s.ByteOffset)
	}
	return Invalid(param, "not JSON: %v", err)
}

// KindOf tells what a JSON value is by its first byte: '{', '[', '"', 't', 'f',
// 'n', or a digit or '-' for a number; 0 for white space alone.
func KindOf(raw []byte) byte {
	if raw = skipSpaces(raw); len(raw) > 0 {
		return raw[0]
	}
	return 0
}

// Members walks the members of a JSON object that CheckJSON accepted, in
// order: the name and the raw value. It yields nothing for any other value.
func Members(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		c, ok := openContainer(object)
		for ok && c.object {
			key, value, more := c.next()
			if !more || !yield(string(unquote(key)), value) {
				return
			}
		}
	}
}

// Elements walks the elements of a JSON array that CheckJSON accepted. It
// yields nothing for any other value.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		c, ok := openContainer(array)
		for ok && !c.object {
			_, value, more := c.next()
			if !more || !yield(value) {
				return
			}
		}
	}
}
