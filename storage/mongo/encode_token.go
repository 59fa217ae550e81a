package mongo

import (
	"encoding/binary"
	"math"

	"bcs-storage/storage"

	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func (e *encoder) peek() byte {
	if e.pos < len(e.src) {
		return e.src[e.pos]
	}
	return 0
}

func (e *encoder) space() {
	for e.pos < len(e.src) {
		switch e.src[e.pos] {
		case ' ', '\n', '\t', '\r':
			e.pos++
		default:
			return
		}
	}
}

// take passes the byte b, and white space around it.
func (e *encoder) take(b byte) bool {
	e.space()
	if e.peek() != b {
		return false
	}
	e.pos++
	e.space()
	return true
}

// text is the content of the string that comes next, valid until the next call.
func (e *encoder) text() ([]byte, error) {
	start := e.pos
	if e.peek() != '"' {
		return nil, errNotJSON
	}
	escaped := false
	for e.pos++; e.pos < len(e.src); e.pos++ {
		switch e.src[e.pos] {
		case '\\':
			escaped = true
			e.pos++
		case '"':
			e.pos++
			if !escaped {
				return e.src[start+1 : e.pos-1], nil
			}
			var err error
			e.scratch, err = jsontext.AppendUnquote(e.scratch[:0], e.src[start:e.pos])
			return e.scratch, err
		}
	}
	return nil, errNotJSON
}

func (e *encoder) literal(word string) error {
	if end := e.pos + len(word); end <= len(e.src) && string(e.src[e.pos:end]) == word {
		e.pos = end
		return nil
	}
	return errNotJSON
}

func (e *encoder) number(kind int) error {
	start := e.pos
	for e.pos < len(e.src) && isNumberByte(e.src[e.pos]) {
		e.pos++
	}
	v, ok := storage.ParseValue(e.src[start:e.pos])
	if start == e.pos || !ok {
		return errNotJSON
	}
	switch n := v.Interface().(type) {
	case int64:
		e.dst[kind] = byte(bson.TypeInt64)
		e.dst = binary.LittleEndian.AppendUint64(e.dst, uint64(n))
	case float64:
		e.dst[kind] = byte(bson.TypeDouble)
		e.dst = binary.LittleEndian.AppendUint64(e.dst, math.Float64bits(n))
	default:
		return errNotJSON
	}
	return nil
}

func isNumberByte(b byte) bool {
	return b >= '0' && b <= '9' || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E'
}

// skip passes the object or array that comes next.
func (e *encoder) skip() error {
	for depth := 0; e.pos < len(e.src); {
		switch e.src[e.pos] {
		case '"':
			if _, err := e.text(); err != nil {
				return err
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				e.pos++
				return nil
			}
		}
		e.pos++
	}
	return errNotJSON
}
