// Package archive moves everything that is stored between engines: Export
// writes it to a file, Import loads such a file and reads back what it loaded.
//
// An archive is lines of JSON (NDJSON), compressed by zstd:
//
//	{"format":"bcs-storage archive","version":1,"created":"…","storage":"sqlite","watch":"local"}
//	{"collection":"dynamic","id":"…","createTime":"…","updateTime":"…","body":{…}}
//	{"collection":"watch","id":"{env}/{clusterId}/{resourceType}/{namespace}/{resourceName}","body":{…}}
//	{"end":true,"totals":[{"collection":"dynamic","records":320,"digest":"…"},…],"sha256":"…"}
//
// The first line says what it is, the last what must have been between. A body
// stands there as it is stored, byte for byte; one with line breaks in it is
// "text" instead, the same as a JSON string. Times are those of the document, to
// the millisecond; a payload of watch data has none. Records of a collection
// come in any order, and a digest does not depend on it (see Total).
// sha256 is that of all lines but the last.
package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"bcs-storage/storage"
	"bcs-storage/watch"
)

const (
	formatName    = "bcs-storage archive"
	formatVersion = 1
	// watchName is what the collection of the watch payloads is called.
	watchName = "watch"
	// maxLine is the longest line that is read: that of the largest body there can
	// be, were each of its characters escaped.
	maxLine = 160 << 20
	// endOf is what the last line begins with.
	endOf = `{"end":`
)

// magic is what a file begins with that zstd wrote.
var magic = [4]byte{0x28, 0xB5, 0x2F, 0xFD}

// Is says whether the file at path begins as an archive does.
func Is(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var first [len(magic)]byte
	_, err = io.ReadFull(f, first[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return first == magic, err
}

// Header is the first line.
type Header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	Storage string    `json:"storage"` // the engines it is from, as in the configuration
	Watch   string    `json:"watch"`
}

// trailer is the last line.
type trailer struct {
	End    bool   `json:"end"`
	Totals Totals `json:"totals"`
	SHA256 string `json:"sha256"`
}

// entry is a line between: a document, or a watch payload without times.
type entry struct {
	collection string
	storage.Record
}

// nodeEntry is the entry of a payload. White space around one is nobody's, and
// not every engine keeps it.
func nodeEntry(item watch.Item) entry {
	n := item.Node
	key := storage.Key{n.Env, n.Cluster, n.Type, n.Namespace, n.Name}
	return entry{watchName, storage.Record{ID: key.ID(), Body: bytes.Trim(item.Data, " \t\r\n")}}
}

// node is the opposite of nodeEntry.
func (e *entry) node() (watch.Item, error) {
	key := storage.ParseID(e.ID)
	if len(key) != 5 || key.ID() != e.ID {
		return watch.Item{}, fmt.Errorf("%q is no watch data", e.ID)
	}
	n := watch.Node{Dir: watch.Dir{Env: key[0], Cluster: key[1], Type: key[2], Namespace: key[3]}, Name: key[4]}
	return watch.Item{Node: n, Data: e.Body}, n.Validate()
}

// appendLine appends the entry as a line.
func (e *entry) appendLine(dst []byte) []byte {
	member := func(name, value string) {
		dst = append(append(dst, name...), ':')
		dst = append(storage.AppendString(dst, value), ',')
	}
	dst = append(dst, '{')
	member(`"collection"`, e.collection)
	member(`"id"`, e.ID)
	if e.collection != watchName {
		member(`"createTime"`, storage.FormatTime(e.Created))
		member(`"updateTime"`, storage.FormatTime(e.Updated))
	}
	if bytes.IndexByte(e.Body, '\n') < 0 {
		dst = append(append(dst, `"body":`...), e.Body...)
	} else {
		dst = storage.AppendString(append(dst, `"text":`...), string(e.Body))
	}
	return append(dst, '}', '\n')
}

// parse reads a line. The body shares memory with it, or with nothing.
func parse(line []byte) (e entry, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(line))
	if token, err := d.ReadToken(); err != nil || token.Kind() != '{' {
		return e, errors.Join(errors.New("not a JSON object"), err)
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return e, err
		}
		field := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return e, err
		}
		if err := e.set(field, value, line[d.InputOffset()-int64(len(value)):d.InputOffset()]); err != nil {
			return e, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return e, err
	}
	if rest := bytes.Trim(line[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return e, fmt.Errorf("something follows the object: %.20q", rest)
	}
	return e, nil
}

// set takes a member; raw is the value, in memory that stays.
func (e *entry) set(name string, value jsontext.Value, raw []byte) error {
	if name == "body" {
		e.Body = raw
		return nil
	}
	if value.Kind() != '"' {
		return fmt.Errorf("%s is no string", name)
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch name {
	case "collection":
		e.collection = string(text)
	case "id":
		e.ID = string(text)
	case "text":
		if e.Body = text; !jsontext.Value(text).IsValid() {
			err = errors.New("not JSON")
		}
	case "createTime":
		e.Created, err = time.Parse(storage.TimeFormat, string(text))
	case "updateTime":
		e.Updated, err = time.Parse(storage.TimeFormat, string(text))
	default:
		err = errors.New("unknown member")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// check fails for an entry that must not be stored: engines trust what they
// get. c is nil for a watch payload. The body is JSON.
func (e *entry) check(c *storage.Collection) error {
	if err := e.checkName(c); err != nil {
		return err
	}
	if storage.KindOf(e.Body) != '{' {
		return errors.New("the body is no object")
	}
	// A body nests one level deeper than the values that were checked when they were put.
	for name, value := range storage.Members(e.Body) {
		if err := storage.CheckJSON(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (e *entry) checkName(c *storage.Collection) error {
	if c != nil {
		return storage.CheckRecord(c, e.Record)
	}
	_, err := e.node()
	return err
}

// Total is what there is of a collection.
type Total struct {
	Collection string `json:"collection"`
	Records    int64  `json:"records"`
	// Digest is the sum, modulo 2^256, of the SHA-256 of every record. It does not
	// depend on their order, and differs when one is missing, twice, or other
	// by a byte of its body or a millisecond of its times.
	Digest Digest `json:"digest"`
}

// Totals has every collection once.
type Totals []Total

// of is that of the collection; nil when there is none.
func (t Totals) of(collection string) *Total {
	for i := range t {
		if t[i].Collection == collection {
			return &t[i]
		}
	}
	return nil
}

// Records is how many there are in all.
func (t Totals) Records() (n int64) {
	for _, one := range t {
		n += one.Records
	}
	return n
}

// add counts the entry.
func (t *Total) add(e *entry) {
	t.Records++
	t.Digest.add(e.sum())
}

// sum is the SHA-256 of everything that a record is, each part with its length
// or of fixed length.
func (e *entry) sum() [sha256.Size]byte {
	h := sha256.New()
	var head [24]byte
	binary.BigEndian.PutUint64(head[:], uint64(len(e.ID)))
	if e.collection != watchName {
		binary.BigEndian.PutUint64(head[8:], uint64(e.Created.UnixMilli()))
		binary.BigEndian.PutUint64(head[16:], uint64(e.Updated.UnixMilli()))
	}
	h.Write(head[:])
	io.WriteString(h, e.ID)
	h.Write(e.Body)
	return [sha256.Size]byte(h.Sum(nil))
}

// Digest is a number of 256 bits, written in hexadecimal digits.
type Digest [4]uint64

func (d *Digest) add(sum [sha256.Size]byte) {
	var carry uint64
	for i := 3; i >= 0; i-- {
		d[i], carry = bits.Add64(d[i], binary.BigEndian.Uint64(sum[8*i:]), carry)
	}
}

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) {
	var raw [sha256.Size]byte
	for i, word := range d {
		binary.BigEndian.PutUint64(raw[8*i:], word)
	}
	return hex.AppendEncode(nil, raw[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := hex.AppendDecode(nil, text)
	if err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("%q is no digest", text)
	}
	for i := range d {
		d[i] = binary.BigEndian.Uint64(raw[8*i:])
	}
	return nil
}
