package storage

import (
	"context"
	"iter"
	"time"
)

// Document is what a Put stores.
type Document struct {
	Key  Key
	Body []byte // a JSON object that CheckJSON accepted, with the key fields in it (see NewDocument)
}

// Member is a member of a document's body: a name and a JSON value that CheckJSON accepted.
type Member struct {
	Name  string
	Value []byte
}

// NewDocument builds the document of key: the collection's key fields (an
// empty namespace is left out, see Dynamic), then members in the order given.
func NewDocument(c *Collection, key Key, members ...Member) Document {
	size := 2
	for i, field := range c.Key {
		size += len(field) + len(key[i]) + 6
	}
	for _, m := range members {
		size += len(m.Name) + len(m.Value) + 4
	}
	w := objectWriter{dst: append(make([]byte, 0, size), '{')}
	for i, field := range c.Key {
		if key[i] == "" && field == "namespace" {
			continue
		}
		w.name(field)
		w.dst = AppendString(w.dst, key[i])
	}
	for _, m := range members {
		w.name(m.Name)
		w.dst = append(w.dst, m.Value...)
	}
	return Document{Key: key, Body: append(w.dst, '}')}
}

// Query selects documents of a collection and what is answered of them.
type Query struct {
	// Scopes are keys, full or prefixes; a document is meant if it is, or is
	// below, one of them. No scope: every document of the collection.
	Scopes []Key
	// Filter narrows; nil holds for all.
	Filter Filter
	// Fields is what is answered; nil is everything.
	Fields *Projection
	// After is an _id: a List begins behind it, whether or not a document has it,
	// before Skip is counted. Collections that are NewestFirst have no such place;
	// there it is an ErrInvalid. Only List looks at it. "" is the begin.
	After string
	// Skip and Limit cut a page out of the ordered list. Limit 0 is no limit.
	Skip, Limit int64
}

// CheckAfter is the ErrInvalid of a List that has After where lists are not in
// the order of _id.
func (q Query) CheckAfter(c *Collection) error {
	if q.After != "" && c.NewestFirst != "" {
		return Invalid("after", "lists of %s are not in the order of _id", c.Name)
	}
	return nil
}

// Write is one of many changes that are made together (see Documents.Write): a
// Put of the document, or, without a Body, the removal of the one with its Key.
type Write struct {
	Document
	// Filter spares a document from removal for which it does not hold. A Put does not look at it.
	Filter Filter
}

// Assignment sets one field of many documents at once (see Documents.Assign).
type Assignment struct {
	Field string // a top-level field that is not part of the key
	Value string
	Keys  []Key // full keys
	// Exclusive: every other document whose Field is Value loses it (it becomes "").
	Exclusive bool
}

// Reader is what reads documents. Every method ends early when ctx is done and
// then fails with the context's error; a store that cannot be reached is an
// ErrUnavailable. JSON is in the form of Record.AppendJSON, or of the
// query's projection.
type Reader interface {
	// Get is the document with the full key, if the filter holds for it, else
	// ErrNotFound. It is one store command.
	Get(ctx context.Context, c *Collection, key Key, filter Filter, fields *Projection) ([]byte, error)
	// List yields the selected documents in the collection's order. It is one
	// store command to the first document and streams from there: memory does
	// not grow with the answer. The bytes are valid until the next step. An error is
	// yielded last, with nil bytes; the documents before it are then not all there are.
	List(ctx context.Context, c *Collection, q Query) iter.Seq2[[]byte, error]
	// Count is how many documents q selects; Fields, Skip and Limit do not matter.
	Count(ctx context.Context, c *Collection, q Query) (int64, error)
	// Distinct are the different values of a key field among the documents that
	// q selects, in byte order, never "". Documents are not loaded to find them
	// when there is no filter. Fields, Skip and Limit do not matter. A field that
	// is not one of the collection's key fields is an ErrInvalid.
	Distinct(ctx context.Context, c *Collection, q Query, field string) ([]string, error)
}

// Documents is an engine. A write that returned nil survives the death of the
// process and, on a sound disk, of the machine; one that returned an error may or may
// not have happened unless the error says otherwise, but never in part. All methods may be
// called concurrently.
type Documents interface {
	Reader
	RecordReader
	RecordWriter
	// Put stores the document under its key in one atomic step: createTime is
	// set to now when the key is new and kept otherwise, updateTime is always
	// set to now, the body is replaced whole. Nothing is read before. d may be
	// changed once Put has returned.
	Put(ctx context.Context, c *Collection, d Document, now time.Time) error
	// Write makes the changes as if one by one in their order, in as few store
	// commands as it can. It answers an error for each of them, by position, or
	// nil when all were made. Each is made or not by itself, and one that fails
	// does not hold up the others. All that were made are durable when Write
	// returns. The bodies are the engine's from then on: nobody may change them.
	Write(ctx context.Context, c *Collection, writes []Write, now time.Time) []error
	// Delete removes the documents that q selects (Fields, Skip and Limit do
	// not matter) and says how many there were. None is no error. On an error the
	// embedded engine removed none; an engine that is atomic for single documents
	// only may have removed some, and the same call again removes the rest. A
	// document that is put again meanwhile and no longer matches is spared.
	Delete(ctx context.Context, c *Collection, q Query) (int64, error)
	// Trim removes all but the newest keep documents below scope, by createTime
	// and then _id, and says how many were removed. On an error as Delete.
	Trim(ctx context.Context, c *Collection, scope Key, keep int64) (int64, error)
	// Assign carries out the assignment in one atomic step: keys that do not
	// exist are created with their key fields and the assigned field; updateTime of every
	// document that is created or named is set to now, so is that of one that loses the value.
	Assign(ctx context.Context, c *Collection, a Assignment, now time.Time) error
	// Ping fails when the engine can't serve now.
	Ping(ctx context.Context) error
	// Close waits for writes that were accepted and releases everything. Calls
	// after it fail with ErrUnavailable.
	Close() error
}

// WithField is body with the top-level member name set to the string value; a
// member that is absent is added at the end. body is not changed.
func WithField(body []byte, name, value string) []byte {
	w := objectWriter{dst: append(make([]byte, 0, len(body)+len(name)+len(value)+8), '{')}
	done := false
	c, ok := openContainer(body)
	for ok {
		key, old, more := c.next()
		if !more {
			break
		}
		w.comma()
		w.dst = append(append(w.dst, key...), ':')
		if nameIs(key, name) {
			done = true
			w.dst = AppendString(w.dst, value)
			continue
		}
		w.dst = append(w.dst, old...)
	}
	if !done {
		w.name(name)
		w.dst = AppendString(w.dst, value)
	}
	return append(w.dst, '}')
}
