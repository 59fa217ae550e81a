package mongo

import (
	"encoding/binary"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Appenders for the BSON of a write.

func beginDocument(dst []byte) (grown []byte, at int) {
	return append(dst, 0, 0, 0, 0), len(dst)
}

func beginMember(dst []byte, kind bson.Type, name string) (grown []byte, at int) {
	return beginDocument(appendName0(dst, kind, name))
}

func endDocument(dst []byte, at int) []byte {
	dst = append(dst, 0)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}

// appendName0 appends what every member begins with: its type and name.
func appendName0(dst []byte, kind bson.Type, name string) []byte {
	return append(append(append(dst, byte(kind)), name...), 0)
}

func appendString(dst []byte, name, value string) []byte {
	dst = appendName0(dst, bson.TypeString, name)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(value)+1))
	return append(append(dst, value...), 0)
}

func appendInt64(dst []byte, name string, n int64) []byte {
	return binary.LittleEndian.AppendUint64(appendName0(dst, bson.TypeInt64, name), uint64(n))
}

// appendTime appends an instant, to the millisecond.
func appendTime(dst []byte, name string, t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(appendName0(dst, bson.TypeDateTime, name), uint64(t.UnixMilli()))
}

func appendTimes(dst []byte, name string, times []time.Time) []byte {
	dst, at := beginMember(dst, bson.TypeArray, name)
	for i, t := range times {
		dst = appendTime(dst, strconv.Itoa(i), t)
	}
	return endDocument(dst, at)
}

func appendDocument(dst []byte, name string, doc []byte) []byte {
	return append(appendName0(dst, bson.TypeEmbeddedDocument, name), doc...)
}
