package mongo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// spelling is a way of writing JSON: compact, numbers as encoding/json writes
// them, strings with as few escapes as possible or with those of encoding/json.
// A body that is written exactly so can be had back from its copy.
type spelling int32

const (
	spelledOtherwise spelling = iota // the copy does not tell how
	spelledPlain
	spelledForHTML // <, >, &, U+2028 and U+2029 are escaped, too
)

var errNotBSON = errors.New("the stored copy is damaged")

// spellingOf says in which spelling body can be written from its copy.
func spellingOf(body, bsonCopy []byte) spelling {
	s := spelledPlain
	if bytes.Contains(body, []byte(`\u00`)) || bytes.Contains(body, []byte(`\u202`)) {
		s = spelledForHTML
	}
	text, err := appendJSON(make([]byte, 0, len(body)+64), bsonCopy, s)
	if err != nil || !bytes.Equal(text, body) {
		return spelledOtherwise
	}
	return s
}

// decoder writes BSON that appendCopy made, or a server's projection of it, as
// JSON, member by member.
type decoder struct {
	dst     []byte
	html    bool
	scratch []byte
}

// appendJSON appends a document as JSON.
func appendJSON(dst, doc []byte, s spelling) ([]byte, error) {
	d := decoder{dst: dst, html: s == spelledForHTML}
	_, err := d.document(doc, '{', 0)
	return d.dst, err
}

// document writes the document or array at the start of b and returns what
// follows it.
func (d *decoder) document(b []byte, open byte, depth int) (rest []byte, err error) {
	if len(b) < 5 || depth > 2*maxCopyDepth {
		return nil, errNotBSON
	}
	size := binary.LittleEndian.Uint32(b)
	if size < 5 || uint64(size) > uint64(len(b)) {
		return nil, errNotBSON
	}
	b, rest = b[4:size-1], b[size:]
	d.dst = append(d.dst, open)
	for first := true; len(b) > 0; first = false {
		if !first {
			d.dst = append(d.dst, ',')
		}
		if b, err = d.element(b, open == '{', depth); err != nil {
			return nil, err
		}
	}
	d.dst = append(d.dst, open+2) // the closing brace or bracket
	return rest, nil
}

func (d *decoder) element(b []byte, named bool, depth int) (rest []byte, err error) {
	kind := bson.Type(b[0])
	end := bytes.IndexByte(b[1:], 0)
	if end < 0 {
		return nil, errNotBSON
	}
	if named {
		d.scratch = appendName(d.scratch[:0], b[1:1+end])
		d.text(d.scratch)
		d.dst = append(d.dst, ':')
	}
	return d.value(kind, b[end+2:], depth)
}

func (d *decoder) value(kind bson.Type, b []byte, depth int) (rest []byte, err error) {
	if len(b) < sizeOf(kind) {
		return nil, errNotBSON
	}
	switch kind {
	case bson.TypeEmbeddedDocument:
		return d.document(b, '{', depth+1)
	case bson.TypeArray:
		return d.document(b, '[', depth+1)
	case bson.TypeString:
		size := uint64(binary.LittleEndian.Uint32(b))
		if size == 0 || size > uint64(len(b)-4) {
			return nil, errNotBSON
		}
		d.scratch = appendPlain(d.scratch[:0], b[4:3+size])
		d.text(d.scratch)
		return b[4+size:], nil
	case bson.TypeNull:
		d.dst = append(d.dst, "null"...)
	case bson.TypeBoolean:
		d.dst = strconv.AppendBool(d.dst, b[0] != 0)
	case bson.TypeInt32:
		d.dst = strconv.AppendInt(d.dst, int64(int32(binary.LittleEndian.Uint32(b))), 10)
	case bson.TypeInt64:
		d.dst = strconv.AppendInt(d.dst, int64(binary.LittleEndian.Uint64(b)), 10)
	case bson.TypeDouble:
		f := math.Float64frombits(binary.LittleEndian.Uint64(b))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errNotBSON
		}
		d.dst = appendFloat(d.dst, f)
	default:
		return nil, errNotBSON
	}
	return b[sizeOf(kind):], nil
}

// sizeOf is how many bytes a value has, or begins with.
func sizeOf(kind bson.Type) int {
	switch kind {
	case bson.TypeBoolean:
		return 1
	case bson.TypeInt32, bson.TypeString:
		return 4
	case bson.TypeInt64, bson.TypeDouble:
		return 8
	}
	return 0
}

// appendFloat spells a double as encoding/json does.
func appendFloat(dst []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst = append(dst[:n-2], dst[n-1]) // e-09 is written e-9
	}
	return dst
}

func (d *decoder) text(s []byte) {
	start := len(d.dst)
	d.dst, _ = jsontext.AppendQuote(d.dst, s) // it replaces what is not UTF-8 and goes on
	if d.html && bytes.ContainsAny(d.dst[start:], "<>&\u2028\u2029") {
		quoted := bytes.Clone(d.dst[start:])
		d.dst = appendForHTML(d.dst[:start], quoted)
	}
}

// appendForHTML escapes what encoding/json does beside what JSON demands.
func appendForHTML(dst, s []byte) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch r {
		case '<', '>', '&':
			dst = append(dst, '\\', 'u', '0', '0', hexLower[r>>4], hexLower[r&15])
		case '\u2028', '\u2029':
			dst = append(dst, '\\', 'u', '2', '0', '2', hexLower[r&15])
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst
}

const hexLower = "0123456789abcdef"
