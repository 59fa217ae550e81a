package mongo

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The members of a stored document (see the package comment).
const (
	nameID      = "_id"
	nameScope   = "s"
	nameCreated = "c"
	nameUpdated = "u"
	nameVersion = "v"
	nameJSON    = "j"
	nameBody    = "b"
	nameRaw     = "r"
	nameSpelled = "e"
	nameCopy    = "d"
	nameTimes   = "x"
	nameSlots   = "t"
	nameNewest  = "n"
)

const (
	pathOrder   = nameTimes + "." + nameNewest
	pathRaw     = nameJSON + "." + nameRaw
	pathSpelled = nameJSON + "." + nameSpelled
)

// slotOf is where the instants of a declared time path are.
func slotOf(path storage.Path) string {
	return nameTimes + "." + nameSlots + "." + escapeKey(path.String())
}

// scopeID is what the scope of a full key, or a longer prefix, is stored as.
func scopeID(c *storage.Collection, key storage.Key) string { return key[:c.Scope].ID() }

// stored is a document about to be written: all that a write sets but createTime.
type stored struct {
	c    *storage.Collection
	key  storage.Key
	body []byte
	now  time.Time
	docs struct{ json, bson, times []byte }
}

// prepare computes what is stored of a document. What it makes shares no
// memory with body.
func prepare(c *storage.Collection, key storage.Key, body []byte, now time.Time) (*stored, error) {
	s := &stored{c: c, key: key, body: body, now: now}
	var err error
	if s.docs.bson, err = appendCopy(make([]byte, 0, len(body)*5/4+64), body); err != nil {
		return nil, storage.Invalid("body", "%v", err)
	}
	s.docs.json = jsonPart(body, spellingOf(body, s.docs.bson))
	s.docs.times = timesPart(c, c.IndexOf(key), body)
	return s, nil
}

// update is the update that puts the document. It is built by hand: the body
// is copied once, and nothing is looked up by reflection.
func (s *stored) update() bson.Raw {
	dst := make([]byte, 0, s.size())
	dst, doc := beginDocument(dst)
	dst, set := beginMember(dst, bson.TypeEmbeddedDocument, "$set")
	dst = endDocument(s.appendMembers(dst), set)
	dst, insert := beginMember(dst, bson.TypeEmbeddedDocument, "$setOnInsert")
	dst = endDocument(appendTime(dst, nameCreated, s.now), insert)
	return endDocument(dst, doc)
}

// insert is the document as it is when the key is new.
func (s *stored) insert() bson.Raw {
	dst, doc := beginDocument(make([]byte, 0, s.size()))
	dst = appendString(dst, nameID, s.key.ID())
	dst = appendTime(dst, nameCreated, s.now)
	return endDocument(s.appendMembers(dst), doc)
}

func (s *stored) size() int {
	return 256 + len(s.docs.json) + len(s.docs.bson) + len(s.docs.times)
}

func (s *stored) appendMembers(dst []byte) []byte {
	if s.c.Scope > 0 {
		dst = appendString(dst, nameScope, scopeID(s.c, s.key))
	}
	dst = appendTime(dst, nameUpdated, s.now)
	dst = appendInt64(dst, nameVersion, rand.Int64())
	dst = appendDocument(dst, nameJSON, s.docs.json)
	dst = appendDocument(dst, nameCopy, s.docs.bson)
	return appendDocument(dst, nameTimes, s.docs.times)
}

func jsonPart(body []byte, s spelling) []byte {
	dst, doc := beginDocument(make([]byte, 0, len(body)+32))
	name := nameRaw
	if s != spelledOtherwise {
		name = nameBody
		dst = appendInt64(dst, nameSpelled, int64(s))
	}
	dst = appendName0(dst, bson.TypeBinary, name)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	dst = append(append(dst, bson.TypeBinaryGeneric), body...)
	return endDocument(dst, doc)
}

// timesPart holds the instants of the declared paths, to the millisecond.
func timesPart(c *storage.Collection, ix storage.Index, body []byte) []byte {
	dst, doc := beginDocument(nil)
	slots := make([][]time.Time, len(ix.Times))
	ix.Entries(body, func(int, string) {}, func(i int, t time.Time, many bool) {
		if many {
			slots[i] = instantsAt(body, ix.Times[i])
			return
		}
		slots[i] = []time.Time{t}
		if c.NewestFirst != "" && ix.Times[i].Equal(storage.Path{c.NewestFirst}) {
			dst = appendTime(dst, nameNewest, t)
		}
	})
	dst, all := beginMember(dst, bson.TypeEmbeddedDocument, nameSlots)
	for i, path := range ix.Times {
		if len(slots[i]) > 0 {
			dst = appendTimes(dst, escapeKey(path.String()), slots[i])
		}
	}
	return endDocument(endDocument(dst, all), doc)
}

// instantsAt are the instants that path leads to: through every array, and in
// an array at its end. Declared paths have no parts in digits.
func instantsAt(v []byte, path storage.Path) (found []time.Time) {
	if len(path) == 0 {
		if t, ok := storage.InstantOf(v); ok {
			return append(found, t)
		}
		for element := range storage.Elements(v) {
			if t, ok := storage.InstantOf(element); ok {
				found = append(found, t)
			}
		}
		return found
	}
	for name, value := range storage.Members(v) {
		if name == path[0] {
			found = append(found, instantsAt(value, path[1:])...)
		}
	}
	for element := range storage.Elements(v) {
		for range storage.Members(element) {
			found = append(found, instantsAt(element, path)...)
			break
		}
	}
	return found
}
