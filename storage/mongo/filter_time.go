package mongo

import (
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (t *translation) timeRange(f storage.TimeRange) condition {
	where, own := t.place(f.Path)
	switch {
	case where == nowhere, !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To):
		return never()
	case where == theID:
		return undecided()
	case where == aTime:
		return ownRange(own, f)
	}
	for _, path := range t.times {
		if path.Equal(f.Path) {
			return slotRange(slotOf(path), f)
		}
	}
	return onField(f.Path, func(name string) condition { return narrowed(is(name, "$exists", true)) })
}

// ownRange is a range of a time that Match, too, sees in milliseconds.
func ownRange(name string, f storage.TimeRange) condition {
	bounds := bson.D{}
	if !f.From.IsZero() {
		bounds = append(bounds, bson.E{Key: "$gte", Value: millisecond(f.From, true)})
	}
	if !f.To.IsZero() {
		bounds = append(bounds, bson.E{Key: "$lt", Value: millisecond(f.To, true)})
	}
	if len(bounds) == 0 {
		return always()
	}
	return exactly(bson.D{{Key: name, Value: bounds}})
}

// slotRange is a range of instants that were cut to the millisecond when they
// were stored: bounds within one leave a doubt. So does a document without the
// slot, as it may be older than the slot: it is in no range, but nor is it told
// to be outside of one, which Match decides.
func slotRange(name string, f storage.TimeRange) condition {
	bounds := bson.D{}
	exact := true
	if !f.From.IsZero() {
		bounds = append(bounds, bson.E{Key: "$gte", Value: millisecond(f.From, false)})
		exact = wholeMillisecond(f.From)
	}
	if !f.To.IsZero() {
		bounds = append(bounds, bson.E{Key: "$lt", Value: millisecond(f.To, true)})
		exact = exact && wholeMillisecond(f.To)
	}
	if len(bounds) == 0 {
		return condition{query: is(name, "$exists", true), exact: true, asIs: true}
	}
	return condition{query: is(name, "$elemMatch", bounds), exact: exact, asIs: true}
}

func wholeMillisecond(t time.Time) bool { return t.Nanosecond()%int(time.Millisecond) == 0 }

func millisecond(t time.Time, up bool) bson.DateTime {
	ms := t.UnixMilli()
	if up && !wholeMillisecond(t) {
		ms++
	}
	return bson.DateTime(ms)
}
