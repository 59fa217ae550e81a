package mongo

import (
	"strings"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// row is a document as a command answers it.
type row struct {
	id               string
	created, updated time.Time
	version          int64
	newest           int64 // the order of newest-first lists, in milliseconds
	dated            bool  // newest is there
	body             []byte
}

// read fills r from doc. The body shares memory with doc, or, where it has to
// be made of the copy, with room, which is grown as needed.
func (r *row) read(doc bson.Raw, room []byte) (grown []byte, err error) {
	*r = row{}
	r.id, _ = doc.Lookup(nameID).StringValueOK()
	r.created, r.updated = timeOf(doc.Lookup(nameCreated)), timeOf(doc.Lookup(nameUpdated))
	r.version, _ = doc.Lookup(nameVersion).AsInt64OK()
	r.newest, r.dated = doc.Lookup(nameTimes, nameNewest).DateTimeOK()
	json, _ := doc.Lookup(nameJSON).DocumentOK()
	for _, name := range []string{nameBody, nameRaw} {
		if _, body, ok := json.Lookup(name).BinaryOK(); ok {
			r.body = body
			return room, nil
		}
	}
	bsonCopy, ok := doc.Lookup(nameCopy).DocumentOK()
	if !ok {
		return room, nil
	}
	spelled, _ := json.Lookup(nameSpelled).AsInt64OK()
	r.body, err = appendJSON(room[:0], bsonCopy, spelling(spelled))
	return r.body, err
}

func timeOf(v bson.RawValue) time.Time {
	if ms, ok := v.DateTimeOK(); ok {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

// record is what filters and projections see of r.
func (r *row) record(c *storage.Collection) storage.Record {
	rec := storage.Record{ID: r.id, Body: r.body, Created: r.created}
	if c.KeepUpdateTime {
		rec.Updated = r.updated
	}
	return rec
}

// order says how lists are ordered.
type order int

const (
	byID      order = iota // _id, lowest first
	byNewest               // x.n, latest first, then _id, highest first
	byCreated              // createTime, latest first, then _id, highest first
	anyOrder               // as the server finds them
)

func orderOf(c *storage.Collection) order {
	if c.NewestFirst != "" {
		return byNewest
	}
	return byID
}

func (o order) sort() bson.D {
	switch o {
	case anyOrder:
		return nil
	case byNewest:
		return bson.D{{Key: pathOrder, Value: -1}, {Key: nameID, Value: -1}}
	case byCreated:
		return bson.D{{Key: nameCreated, Value: -1}, {Key: nameID, Value: -1}}
	}
	return bson.D{{Key: nameID, Value: 1}}
}

// before says whether r comes before other.
func (r *row) before(other *row, o order) bool {
	switch o {
	case anyOrder:
		return false
	case byID:
		return r.id < other.id
	case byCreated:
		if c := r.created.Compare(other.created); c != 0 {
			return c > 0
		}
	case byNewest:
		if r.dated != other.dated {
			return r.dated
		}
		if r.newest != other.newest {
			return r.newest > other.newest
		}
	}
	return strings.Compare(r.id, other.id) > 0
}

// What is read of a document.
var (
	wholeRow = fieldsOf(nameCreated, nameUpdated, nameVersion, nameJSON, pathOrder)
	identity = fieldsOf(nameCreated)
)

func fieldsOf(names ...string) bson.D {
	fields := bson.D{{Key: nameID, Value: 1}}
	for _, name := range names {
		fields = append(fields, bson.E{Key: name, Value: 1})
	}
	return fields
}

// projection is what the server is asked for: the fields, and the body where
// it cannot be made of them; false when the server cannot be asked.
func projection(c *storage.Collection, fields *storage.Projection) (bson.D, bool) {
	names := []string{nameCreated, nameUpdated, pathOrder, pathRaw, pathSpelled}
	for _, path := range fields.Paths() {
		switch path[0] {
		case storage.FieldID, storage.FieldCreateTime:
			continue
		case storage.FieldUpdateTime:
			if c.KeepUpdateTime {
				continue
			}
		}
		name, ok := projected(path)
		if !ok {
			return nil, false
		}
		names = append(names, name)
	}
	return fieldsOf(names...), true
}
