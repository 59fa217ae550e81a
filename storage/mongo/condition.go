package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// condition is what the server is asked: a query that holds for every document
// that is meant, and, if it is exact, for no other.
type condition struct {
	query bson.D // nil holds for every document
	never bool   // no document is meant
	exact bool
	// asIs: exact only as it stands. Of the documents for which it does not hold
	// some may be meant after all (see slotRange).
	asIs bool
}

func always() condition           { return condition{exact: true} }
func never() condition            { return condition{never: true, exact: true} }
func undecided() condition        { return condition{} }
func exactly(q bson.D) condition  { return condition{query: q, exact: true} }
func narrowed(q bson.D) condition { return condition{query: q} }

// holdsForAll says whether every document is meant.
func (c condition) holdsForAll() bool { return c.exact && !c.never && c.query == nil }

// allOf holds when all conditions do.
func allOf(conditions ...condition) condition {
	all := always()
	var queries bson.A
	for _, c := range conditions {
		if c.never {
			return never()
		}
		all.exact = all.exact && c.exact
		all.asIs = all.asIs || c.asIs
		if c.query != nil {
			queries = append(queries, c.query)
		}
	}
	all.query = joined("$and", queries)
	return all
}

// anyOf holds when one of the conditions does.
func anyOf(conditions ...condition) condition {
	one := never()
	open := false
	var queries bson.A
	for _, c := range conditions {
		switch {
		case c.holdsForAll():
			return always()
		case c.never:
			continue
		}
		one.never = false
		one.exact = one.exact && c.exact
		one.asIs = one.asIs || c.asIs
		open = open || c.query == nil
		queries = append(queries, c.query)
	}
	if open {
		return undecided()
	}
	one.query = joined("$or", queries)
	return one
}

// negated holds when c does not. What is not exact, or only as it stands,
// cannot be turned round.
func (c condition) negated() condition {
	switch {
	case c.never:
		return always()
	case c.holdsForAll():
		return never()
	case c.exact && !c.asIs:
		return exactly(bson.D{{Key: "$nor", Value: bson.A{c.query}}})
	}
	return undecided()
}

func joined(operator string, queries bson.A) bson.D {
	switch len(queries) {
	case 0:
		return nil
	case 1:
		return queries[0].(bson.D)
	}
	return bson.D{{Key: operator, Value: queries}}
}

// document is the query as commands take it.
func (c condition) document() bson.D {
	if c.query == nil {
		return bson.D{}
	}
	return c.query
}
