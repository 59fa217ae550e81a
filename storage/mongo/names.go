package mongo

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"bcs-storage/storage"
)

// maxTypeName is how long an escaped type may be. A namespace (database, dot,
// collection) of 255 bytes is MongoDB's limit.
const maxTypeName = 120

// digestMark starts the name of a type that is too long; escapeType never
// starts one with it.
const digestMark = "~"

func escapeType(docType string) string {
	if docType == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(docType) {
		c := docType[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	if b.Len() > maxTypeName {
		sum := sha256.Sum256([]byte(docType))
		return digestMark + hex.EncodeToString(sum[:])
	}
	return b.String()
}

// typeOf is the type whose documents the MongoDB collection holds; false when
// the collection is none of c's. The type is "" where the name does not tell
// it, which is no type that an index is declared for.
func typeOf(c *storage.Collection, name string) (docType string, ok bool) {
	if !perType(c) {
		return "", name == c.Name
	}
	escaped, ok := strings.CutPrefix(name, c.Name+".")
	if !ok {
		return "", false
	}
	if strings.HasPrefix(escaped, digestMark) {
		return "", true
	}
	return string(appendName(nil, []byte(escaped))), true
}

// indexFor is what is indexed of the documents of a type.
func indexFor(c *storage.Collection, docType string) storage.Index {
	if c.Scope == 0 {
		return c.IndexOf(nil)
	}
	key := make(storage.Key, c.Scope)
	key[c.Scope-1] = docType
	return c.IndexOf(key)
}

// collectionName is the MongoDB collection for documents of a type: the
// collection's own name, or that and the type where there is one for each
// type. Types are told apart by every byte; a name that MongoDB would refuse
// is escaped, and a type that is too long for a name is named by a digest.
func collectionName(c *storage.Collection, docType string) string {
	if !perType(c) {
		return c.Name
	}
	return c.Name + "." + escapeType(docType)
}

// perType says whether every type of a collection's documents has a MongoDB
// collection: where the scope is more than a cluster, its last part is a type.
func perType(c *storage.Collection) bool { return c.Scope > 1 }
