package mongo

import (
	"encoding/binary"
	"errors"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxCopyDepth is how deeply objects and arrays nest in a copy. MongoDB refuses
// more than 100 levels in a command; storage.MaxDepth is 200.
const maxCopyDepth = 80

var errNotJSON = errors.New("the body is not JSON")

// encoder turns JSON that storage.CheckJSON accepted into BSON, token by token,
// in one pass and one buffer.
//
// The copy is what filters see, so numbers are normalised as storage.Match
// compares them: an integer of 64 bits, however it was spelled, is an int64,
// everything else a double. An array inside an array, which no path without an
// index leads into, and what is deeper than maxCopyDepth, which no path of
// maxFieldParts reaches, become empty objects: a filter holds for neither.
type encoder struct {
	src     []byte
	pos     int
	dst     []byte
	scratch []byte
}

// appendCopy appends the copy of an object.
func appendCopy(dst, object []byte) ([]byte, error) {
	e := encoder{src: object, dst: dst}
	e.space()
	if e.peek() != '{' {
		return nil, errNotJSON
	}
	err := e.object(1)
	return e.dst, err
}

// begin starts a document; end writes its length where begin left room for it.
func (e *encoder) begin() int {
	e.dst = append(e.dst, 0, 0, 0, 0)
	return len(e.dst) - 4
}

func (e *encoder) end(at int) {
	e.dst = append(e.dst, 0)
	binary.LittleEndian.PutUint32(e.dst[at:], uint32(len(e.dst)-at))
}

func (e *encoder) object(depth int) error {
	at := e.begin()
	e.take('{')
	for first := true; !e.take('}'); first = false {
		if !first && !e.take(',') {
			return errNotJSON
		}
		kind := len(e.dst)
		e.dst = append(e.dst, 0)
		name, err := e.text()
		if err != nil {
			return err
		}
		e.dst = append(appendKey(e.dst, name), 0)
		if !e.take(':') {
			return errNotJSON
		}
		if err := e.value(kind, depth+1, false); err != nil {
			return err
		}
	}
	e.end(at)
	return nil
}

func (e *encoder) elements(depth int) error {
	at := e.begin()
	e.take('[')
	for i := 0; !e.take(']'); i++ {
		if i > 0 && !e.take(',') {
			return errNotJSON
		}
		kind := len(e.dst)
		e.dst = append(strconv.AppendInt(append(e.dst, 0), int64(i), 10), 0)
		if err := e.value(kind, depth+1, true); err != nil {
			return err
		}
	}
	e.end(at)
	return nil
}

// value appends what comes next; its type goes to the byte at kind.
func (e *encoder) value(kind, depth int, inArray bool) error {
	set := func(t bson.Type) { e.dst[kind] = byte(t) }
	switch b := e.peek(); b {
	case '{', '[':
		if depth > maxCopyDepth || inArray && b == '[' {
			set(bson.TypeEmbeddedDocument)
			e.end(e.begin())
			return e.skip()
		}
		if b == '{' {
			set(bson.TypeEmbeddedDocument)
			return e.object(depth)
		}
		set(bson.TypeArray)
		return e.elements(depth)
	case '"':
		set(bson.TypeString)
		text, err := e.text()
		at := len(e.dst)
		e.dst = appendText(append(e.dst, 0, 0, 0, 0), text)
		e.dst = append(e.dst, 0)
		binary.LittleEndian.PutUint32(e.dst[at:], uint32(len(e.dst)-at-4))
		return err
	case 'n':
		set(bson.TypeNull)
		return e.literal("null")
	case 't':
		set(bson.TypeBoolean)
		e.dst = append(e.dst, 1)
		return e.literal("true")
	case 'f':
		set(bson.TypeBoolean)
		e.dst = append(e.dst, 0)
		return e.literal("false")
	}
	return e.number(kind)
}
