package storage

import (
	"strings"
)

// Key identifies a document: the values of its collection's key fields, in the
// order that the collection declares. A Key that is shorter than that is a
// prefix and stands for every document below it.
type Key []string

// ID is the document's _id: the parts joined by "/". A "/" or "%" inside a
// part is percent-encoded, so two keys never share an _id and the _ids below
// a prefix are exactly those that start with Prefix.
func (k Key) ID() string {
	var b strings.Builder
	k.write(&b)
	return b.String()
}

// Prefix is what the _id of every document strictly below k starts with. The
// empty key is above everything: its prefix is "".
func (k Key) Prefix() string {
	if len(k) == 0 {
		return ""
	}
	var b strings.Builder
	k.write(&b)
	b.WriteByte('/')
	return b.String()
}

func (k Key) write(b *strings.Builder) {
	size := len(k)
	for _, part := range k {
		size += len(part)
	}
	b.Grow(size)
	for i, part := range k {
		if i > 0 {
			b.WriteByte('/')
		}
		if strings.ContainsAny(part, "/%") {
			part = keyEscaper.Replace(part)
		}
		b.WriteString(part)
	}
}

// PrefixEnd is the smallest string greater than every string that starts with
// prefix, for half-open range scans. Prefixes end in "/", so it always exists;
// for "" it is "", which means no end.
func PrefixEnd(prefix string) string {
	if prefix == "" {
		return ""
	}
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]+1)
}

// ParseID splits an _id into its key. It is the inverse of ID.
func ParseID(id string) Key {
	parts := strings.Split(id, "/")
	for i, part := range parts {
		if strings.Contains(part, "%") {
			parts[i] = keyUnescaper.Replace(part)
		}
	}
	return parts
}

var (
	keyEscaper   = strings.NewReplacer("%", "%25", "/", "%2F")
	keyUnescaper = strings.NewReplacer("%2F", "/", "%25", "%")
)
