package mongo

import (
	"slices"
	"strings"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// span is a range of strings, lo included, hi not; hi "" is no end. one says
// that it holds nothing but lo.
type span struct {
	lo, hi string
	one    bool
}

func everything() span { return span{} }

// spanOf is the range of _ids at or below key where a full key has parts
// parts; false when there can be none.
func spanOf(key storage.Key, parts int) (span, bool) {
	for _, part := range key {
		if checkPart(part) != nil {
			return span{}, false
		}
	}
	switch {
	case len(key) > parts:
		return span{}, false
	case len(key) == parts:
		id := key.ID()
		return span{lo: id, hi: id + "\x00", one: true}, true
	}
	prefix := key.Prefix()
	return span{lo: prefix, hi: storage.PrefixEnd(prefix)}, true
}

// disjoint puts spans in order and drops those within another. Spans of
// prefixes never overlap in another way.
func disjoint(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if o := strings.Compare(a.lo, b.lo); o != 0 {
			return o
		}
		switch { // the wider first
		case a.hi == b.hi:
			return 0
		case a.hi == "":
			return -1
		case b.hi == "":
			return 1
		}
		return strings.Compare(b.hi, a.hi)
	})
	kept := spans[:0]
	for _, s := range spans {
		if n := len(kept); n > 0 && (kept[n-1].hi == "" || s.lo < kept[n-1].hi) {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// within is the condition that the field's value is in one of the spans.
func within(name string, spans []span) condition {
	var exact bson.A
	var conditions []condition
	for _, s := range spans {
		switch {
		case s.one:
			exact = append(exact, s.lo)
		case s.lo == "" && s.hi == "":
			return always()
		default:
			bounds := bson.D{{Key: "$gte", Value: s.lo}, {Key: "$lt", Value: s.hi}}
			conditions = append(conditions, exactly(bson.D{{Key: name, Value: bounds}}))
		}
	}
	if len(exact) == 1 {
		conditions = append(conditions, exactly(is(name, "$eq", exact[0])))
	} else {
		conditions = append(conditions, oneOf(name, exact))
	}
	return anyOf(conditions...)
}

// scopes is what a query asks of one MongoDB collection, by key.
type scopes struct {
	c    *storage.Collection
	keys []storage.Key
}

func (s scopes) spans(parts int) []span {
	if len(s.keys) == 0 {
		return []span{everything()}
	}
	spans := make([]span, 0, len(s.keys))
	for _, key := range s.keys {
		if sp, ok := spanOf(key, parts); ok {
			spans = append(spans, sp)
		}
	}
	return disjoint(spans)
}

// one says whether the scopes are a single document.
func (s scopes) one() bool { return len(s.keys) == 1 && len(s.keys[0]) == s.c.Parts }

// condition is the condition on the key. An index of times or of the newest
// begins with the scope, so where one may serve (byTime), the scope is named
// too. _id is named always: a cluster that is sharded by it asks few shards then.
func (s scopes) condition(byTime bool) condition {
	byID := within(nameID, s.spans(s.c.Parts))
	if byID.never || !byTime || s.c.Scope == 0 || len(s.keys) == 0 {
		return byID
	}
	leading := make([]storage.Key, len(s.keys))
	for i, key := range s.keys {
		if len(key) < s.c.Scope {
			return byID
		}
		leading[i] = key[:s.c.Scope]
	}
	return allOf(within(nameScope, scopes{s.c, leading}.spans(s.c.Scope)), byID)
}

// ofScope are the spans of the scope field alone; false when a key says more
// than that.
func (s scopes) ofScope() (condition, bool) {
	for _, key := range s.keys {
		if len(key) > s.c.Scope {
			return condition{}, false
		}
	}
	return within(nameScope, s.spans(s.c.Scope)), true
}

// usesTime says whether an index of times may serve the filter.
func usesTime(f storage.Filter) bool {
	switch f := f.(type) {
	case storage.And:
		return slices.ContainsFunc(f, usesTime)
	case storage.TimeRange:
		return true
	}
	return false
}
