package storage

import (
	"context"
	"fmt"
	"iter"
	"unicode/utf8"
)

// RecordReader reads whole collections as they are stored. Every method ends
// early when ctx is done and then fails with the context's error; a store that
// cannot be reached is an ErrUnavailable.
type RecordReader interface {
	// Records yields every document of the collection once, in no order that may
	// be relied on: the Body byte for byte as it is stored, Created and Updated in
	// UTC to the millisecond, Updated also where the collection does not show it.
	// Memory does not grow with the collection. A record is valid until the next step. An error
	// is yielded last, with an empty record; the records before it are then not all there are.
	Records(ctx context.Context, c *Collection) iter.Seq2[Record, error]
}

// RecordWriter stores documents as they were elsewhere.
type RecordWriter interface {
	// Load stores the records with the times that they carry (to the millisecond) under
	// their IDs, replacing the documents that have these: Put for what is moved. Of several
	// records with one ID the last one stays. Each record is stored in one atomic step, and
	// all are durable when Load returns nil; on an error some may be stored. Records may be
	// changed once Load has returned. What CheckRecord refuses is an ErrInvalid and nothing is stored.
	Load(ctx context.Context, c *Collection, records []Record) error
}

// CheckRecord fails with an ErrInvalid unless r can be a record of c: its ID is
// that of a full key, both times are there, and its Body looks like an object.
// That the Body is JSON which CheckJSON accepts is for the caller to know.
func CheckRecord(c *Collection, r Record) error {
	key := ParseID(r.ID)
	switch {
	case len(key) != c.Parts || key.ID() != r.ID || !utf8.ValidString(r.ID):
		return Invalid(FieldID, "%q is no _id of %s", r.ID, c.Name)
	case r.Created.IsZero() || r.Updated.IsZero():
		return Invalid(FieldCreateTime, "%s %q has no %s or no %s", c.Name, r.ID, FieldCreateTime, FieldUpdateTime)
	case KindOf(r.Body) != '{':
		return Invalid("body", "%s %q is no object", c.Name, r.ID)
	}
	return nil
}

// CheckRecords is CheckRecord for each of them.
func CheckRecords(c *Collection, records []Record) error {
	for _, r := range records {
		if err := CheckRecord(c, r); err != nil {
			return fmt.Errorf("load: %w", err)
		}
	}
	return nil
}
