package handlers

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"

	"github.com/google/uuid"
)

// requestIDHeader carries the id of a request, both ways: of the answer, the log
// line and, in NCS answers, RequestId.
const requestIDHeader = "X-Request-Id"

// maxRequestID bounds an id that a caller gives.
const maxRequestID = 128

// identify finds the request's id and answers it: the caller's own, if that is
// one word of printable ASCII, else a new one.
func identify(r *http.Request, answer http.Header) string {
	id := r.Header.Get(requestIDHeader)
	if !wellFormed(id) {
		id = newRequestID()
	}
	answer[requestIDHeader] = []string{id}
	return id
}

func wellFormed(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// newRequestID is a random UUID. It names, it does not protect: so it need not
// come from the system's generator, which costs more.
func newRequestID() string {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id.String()
}

// requestID is the id under which the request is answered.
func requestID(w http.ResponseWriter) string { return w.Header().Get(requestIDHeader) }
