package mongo

import (
	"math"
	"unicode/utf8"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// scalars are the values that a stored document can have, as the copy has
// them; the strings among them as they are; and whether null is one of them.
func scalars(all []storage.Value) (values, text bson.A, null bool) {
	seen := make(map[any]struct{}, len(all))
	for _, v := range all {
		value := v.Interface()
		if _, ok := seen[value]; ok {
			continue
		}
		seen[value] = struct{}{}
		switch value := value.(type) {
		case nil:
			null = true
			continue
		case string:
			if !utf8.ValidString(value) {
				continue
			}
			text = append(text, value)
			values = append(values, escapeText(value))
			continue
		case float64:
			if math.IsInf(value, 0) {
				continue // a number that no document holds
			}
		}
		values = append(values, value)
	}
	return values, text, null
}

// oneOf is always an $in: servers that answer from SQL get $eq wrong where the
// path leads through an array.
func oneOf(name string, values bson.A) condition {
	if len(values) == 0 {
		return never()
	}
	return exactly(is(name, "$in", values))
}

// idsOf are the spans of _ids; no stored one has a NUL (see checkPart).
func idsOf(text bson.A) []span {
	var spans []span
	for _, id := range text {
		if id := id.(string); checkPart(id) == nil {
			spans = append(spans, span{lo: id, one: true})
		}
	}
	return spans
}
