package mongo

import (
	"regexp"
	"unicode/utf8"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	// maxFilterDepth is how deeply filters are translated; MongoDB takes 100
	// levels of BSON, and a filter within another is three.
	maxFilterDepth = 24
	// maxPattern is the longest regular expression that is sent; MongoDB
	// compiles up to 32764 bytes.
	maxPattern = 32000
)

// translation turns filters on the documents of one type into conditions.
type translation struct {
	c     *storage.Collection
	times []storage.Path // those that have slots
}

func translate(c *storage.Collection, ix storage.Index, f storage.Filter) condition {
	t := translation{c: c, times: ix.Times}
	return t.filter(f, 0)
}

func (t *translation) filter(f storage.Filter, depth int) condition {
	if depth > maxFilterDepth {
		return undecided()
	}
	switch f := f.(type) {
	case nil:
		return always()
	case storage.And:
		return allOf(t.filters(f, depth+1)...)
	case storage.Or:
		return anyOf(t.filters(f, depth+1)...)
	case storage.Not:
		return t.filter(f.Filter, depth+1).negated()
	case storage.In:
		return t.in(f)
	case storage.Exists:
		return t.exists(f)
	case storage.Contains:
		return t.contains(f)
	case storage.TimeRange:
		return t.timeRange(f)
	}
	return undecided()
}

func (t *translation) filters(filters []storage.Filter, depth int) []condition {
	all := make([]condition, len(filters))
	for i, f := range filters {
		all[i] = t.filter(f, depth)
	}
	return all
}

// place says what a path leads to.
type place int

const (
	inBody  place = iota // a path of the body
	theID                // _id, a string that every document has
	aTime                // createTime or updateTime, which every document has
	nowhere              // something below one of those
)

func (t *translation) place(path storage.Path) (where place, name string) {
	if len(path) == 0 {
		return nowhere, ""
	}
	switch {
	case path[0] == storage.FieldID:
		where, name = theID, nameID
	case path[0] == storage.FieldCreateTime:
		where, name = aTime, nameCreated
	case path[0] == storage.FieldUpdateTime && t.c.KeepUpdateTime:
		where, name = aTime, nameUpdated
	default:
		return inBody, ""
	}
	if len(path) > 1 {
		return nowhere, ""
	}
	return where, name
}

func (t *translation) exists(f storage.Exists) condition {
	switch where, _ := t.place(f.Path); where {
	case theID, aTime:
		return always()
	case nowhere:
		return never()
	}
	return onField(f.Path, func(name string) condition { return exactly(is(name, "$exists", true)) })
}

// onField is the condition on the path's field, if the server can be asked.
func onField(path storage.Path, ask func(name string) condition) condition {
	name, ok := field(path)
	if !ok {
		return undecided()
	}
	return ask(name)
}

func is(name, operator string, value any) bson.D {
	return bson.D{{Key: name, Value: bson.D{{Key: operator, Value: value}}}}
}

func (t *translation) in(f storage.In) condition {
	values, text, null := scalars(f.Values)
	switch where, _ := t.place(f.Path); {
	case where == nowhere && null:
		return always()
	case where == nowhere, where == inBody && !null && len(values) == 0:
		return never()
	case where == theID:
		return within(nameID, idsOf(text))
	case where == aTime && len(text) == 0:
		return never()
	case where == aTime:
		return undecided()
	}
	return onField(f.Path, func(name string) condition {
		conditions := []condition{oneOf(name, values)}
		if null {
			// An array on the way with a member here and none there is not null,
			// so {path: null} would be wrong.
			conditions = append(conditions, exactly(is(name, "$type", "null")), exactly(is(name, "$exists", false)))
		}
		return anyOf(conditions...)
	})
}

func (t *translation) contains(f storage.Contains) condition {
	switch where, _ := t.place(f.Path); where {
	case nowhere:
		return never()
	case aTime, theID:
		return undecided()
	}
	return onField(f.Path, func(name string) condition { return pattern(name, f.Text) })
}

// pattern holds for strings of the copy that contain text. A pattern has to be
// UTF-8, which a part of a character is not.
func pattern(name, text string) condition {
	if !utf8.ValidString(text) {
		return narrowed(is(name, "$exists", true))
	}
	quoted := regexp.QuoteMeta(escapeText(text))
	if len(quoted) > maxPattern {
		return narrowed(is(name, "$exists", true))
	}
	return exactly(is(name, "$regex", quoted))
}
