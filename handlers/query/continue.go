package query

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"bcs-storage/storage"
)

// Paging is what the parameter continue asks for. It is empty for the first
// page, and then what the page before answered.
type Paging struct {
	// On: the answer says where it was cut.
	On    bool
	token string
}

// paging reads continue. A page begins behind a document, or after so many
// documents, not both.
func (r *reader) paging() (Paging, error) {
	token, on := r.left["continue"]
	if on && r.left["offset"] != "" {
		return Paging{}, storage.Invalid("continue", "can't be combined with offset")
	}
	delete(r.left, "continue")
	return Paging{On: on, token: token}, nil
}

// Selection stands for what a list selects.
type Selection [8]byte

// SelectionOf is the same for lists of the same route (its template), with the same
// values in the path and the same parameters, but for those that say how much of what is
// selected is answered.
func SelectionOf(route string, path map[string]string, params Params) Selection {
	h := sha256.New()
	add := func(s string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	add(route)
	for _, values := range []map[string]string{path, params} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			switch name {
			case "field", "limit", "continue":
				continue
			}
			add(name)
			add(values[name])
		}
		add("")
	}
	return Selection(h.Sum(nil))
}

// tokenVersion is the first byte of a token: what follows it is the selection,
// then the last _id or name that was answered.
const tokenVersion = 1

// Token is what continues a list behind last.
func (s Selection) Token(last string) string {
	raw := append([]byte{tokenVersion}, s[:]...)
	return base64.RawURLEncoding.EncodeToString(append(raw, last...))
}

// After is where the list goes on, "" at its begin. A token that was not made for
// the selection is an ErrInvalid for continue: it would skip what was never answered.
func (p Paging) After(s Selection) (string, error) {
	if p.token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(p.token)
	if err != nil || len(raw) <= 1+len(s) || raw[0] != tokenVersion {
		return "", storage.Invalid("continue", "%q is not from an answer", p.token)
	}
	last := string(raw[1+len(s):])
	switch {
	case Selection(raw[1:1+len(s)]) != s:
		return "", storage.Invalid("continue", "is from an answer to another request: route, path and parameters other than field and limit must be the same")
	case !utf8.ValidString(last) || strings.ContainsRune(last, 0):
		return "", storage.Invalid("continue", "%q is not from an answer", p.token)
	}
	return last, nil
}
