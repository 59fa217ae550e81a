package storage

import (
	"bytes"
	"time"
)

// The names of the members that every document has beside its own.
const (
	FieldID         = "_id"
	FieldCreateTime = "createTime"
	FieldUpdateTime = "updateTime"
)

// Record is a stored document as an engine holds it, and what filters and
// projections see: one JSON object with the members _id, those of Body, and
// createTime and updateTime. ID, Created and Updated are left out where zero.
//
// A path walks this object: a part names a member; an array on the way stands
// for each of its objects, and a part in digits also picks an element.
type Record struct {
	ID      string
	Body    []byte // a JSON object that CheckJSON accepted
	Created time.Time
	Updated time.Time
}

// AppendJSON appends the record as the API answers it. The body is copied, not
// parsed: what was stored is what is answered, byte for byte.
func (r *Record) AppendJSON(dst []byte) []byte {
	w := objectWriter{dst: append(dst, '{')}
	if r.ID != "" {
		w.name(FieldID)
		w.dst = AppendString(w.dst, r.ID)
	}
	if inner := innerOf(r.Body); len(inner) > 0 {
		w.comma()
		w.dst = append(w.dst, inner...)
	}
	w.time(FieldCreateTime, r.Created)
	w.time(FieldUpdateTime, r.Updated)
	return append(w.dst, '}')
}

// resolve calls visit with every value path leads to, until visit returns true.
func (r *Record) resolve(path Path, visit func([]byte) bool) bool {
	if len(path) == 0 {
		return false
	}
	if raw, ok := r.own(path[0]); ok {
		return resolve(raw, path[1:], visit)
	}
	return resolve(r.Body, path, visit)
}

// lacks says that none of the texts, which are plain, is in a string that the
// path can lead to, because it is nowhere in the body: to search for bytes is
// many times faster than to walk. false says nothing.
func (r *Record) lacks(path Path, texts []string) bool {
	if len(path) == 0 {
		return false
	}
	if _, ok := r.own(path[0]); ok {
		return false
	}
	for _, text := range texts {
		if bytes.Contains(r.Body, []byte(text)) {
			return false
		}
	}
	// A character can also be written as an escape.
	return !bytes.Contains(r.Body, []byte(`\u`))
}

// plain says that JSON can write the text in one way only, if \u is not used: it holds
// nothing that has an escape of its own.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' || c == '/' {
			return false
		}
	}
	return true
}

// own is the value of a member that is not in Body.
func (r *Record) own(name string) ([]byte, bool) {
	switch {
	case name == FieldID && r.ID != "":
		return AppendString(nil, r.ID), true
	case name == FieldCreateTime && !r.Created.IsZero():
		return quotedTime(r.Created), true
	case name == FieldUpdateTime && !r.Updated.IsZero():
		return quotedTime(r.Updated), true
	}
	return nil, false
}

func quotedTime(t time.Time) []byte {
	const room = 2 + len(TimeFormat) + 6 // the fraction is written in nanoseconds, then cut
	return appendQuotedTime(make([]byte, 0, room), t)
}

func appendQuotedTime(dst []byte, t time.Time) []byte {
	return append(AppendTime(append(dst, '"'), t), '"')
}

// innerOf is what stands between the braces of an object, without white space around it.
func innerOf(object []byte) []byte {
	object = trimSpace(object)
	if len(object) < 2 {
		return nil
	}
	return trimSpace(object[1 : len(object)-1])
}

// objectWriter appends members and sets the commas.
type objectWriter struct {
	dst     []byte
	started bool
}

func (w *objectWriter) comma() {
	if w.started {
		w.dst = append(w.dst, ',')
	}
	w.started = true
}

func (w *objectWriter) name(name string) {
	w.comma()
	w.dst = append(AppendString(w.dst, name), ':')
}

func (w *objectWriter) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	w.name(name)
	w.dst = appendQuotedTime(w.dst, t)
}
