package query

import (
	"encoding/base64"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"bcs-storage/storage"
)

// maxFields bounds field: each path is compared with every other one.
const maxFields = 1000

// maxConditions bounds how many conditions extra, extra_contain, labelSelector
// and the data. parameters may each bring: every one is looked for in every document.
const maxConditions = 100

func tooMany(name string) error {
	return storage.Invalid(name, "more than %d conditions", maxConditions)
}

// ParseFields reads field: dotted paths, comma separated, empty ones passed
// over. Without any the projection is nil: everything.
func ParseFields(name, s string) (*storage.Projection, error) {
	var paths []storage.Path
	for part := range strings.SplitSeq(s, ",") {
		if part == "" {
			continue
		}
		path, err := storage.ParsePath(name, part)
		if err != nil {
			return nil, err
		}
		if len(paths) == maxFields {
			return nil, storage.Invalid(name, "more than %d paths", maxFields)
		}
		paths = append(paths, path)
	}
	return storage.NewProjection(name, paths...)
}

// condition is one entry of an extra: a path and what the caller wants there.
type condition struct {
	path storage.Path
	raw  []byte
}

// conditions decodes extra and extra_contain: base64 of a JSON object whose keys are dotted
// paths (API document, "extra"). Both base64 alphabets are read, with or without
// padding, and a blank counts as the "+" that a query string turned into it.
func conditions(name, s string) ([]condition, error) {
	s = strings.TrimRight(base64Alphabet.Replace(s), "=")
	object, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, storage.Invalid(name, "not base64: %v", err)
	}
	if err := storage.CheckJSON(name, object); err != nil {
		return nil, err
	}
	if storage.KindOf(object) != '{' {
		return nil, storage.Invalid(name, "must be base64 of a JSON object")
	}
	var all []condition
	for key, raw := range storage.Members(object) {
		path, err := storage.ParsePath(name, key)
		if err != nil {
			return nil, err
		}
		if all = append(all, condition{path, raw}); len(all) > maxConditions {
			return nil, tooMany(name)
		}
	}
	return all, nil
}

var base64Alphabet = strings.NewReplacer(" ", "+", "-", "+", "_", "/")

// parseExtra reads extra: each entry narrows. A value stands for itself, an array for one of
// its elements. Objects are refused: their parts are addressed with dots.
// With strict it is that of a DELETE: one without any entry is refused, and so
// are paths below one of the fixed keys, for what the URL says can't be said again.
func parseExtra(name, s string, strict bool, fixed []string) (storage.Filter, error) {
	all, err := conditions(name, s)
	if err != nil {
		return nil, err
	}
	if strict && len(all) == 0 {
		return nil, storage.Invalid(name, "holds no condition; leave it out to not filter by it")
	}
	var and storage.And
	for _, c := range all {
		for _, key := range fixed {
			if c.path[0] == key {
				return nil, storage.Invalid(name, "%q is what the URL path says and can't be given again", key)
			}
		}
		values, err := extraValues(name, c)
		if err != nil {
			return nil, err
		}
		and = append(and, storage.OneOf(c.path, values...))
	}
	return and, nil
}

func extraValues(name string, c condition) ([]storage.Value, error) {
	if v, ok := storage.ParseValue(c.raw); ok {
		return []storage.Value{v}, nil
	}
	if c.raw[0] != '[' {
		return nil, storage.Invalid(name, "%q: an object is no condition; address its parts with dots", c.path)
	}
	var values []storage.Value
	for raw := range storage.Elements(c.raw) {
		v, ok := storage.ParseValue(raw)
		if !ok {
			return nil, storage.Invalid(name, "%q: an array holds strings, numbers, booleans or null", c.path)
		}
		values = append(values, v)
	}
	return values, nil
}

// parseContains reads extra_contain: each entry is a text that the string at the path contains.
func parseContains(name, s string) (storage.Filter, error) {
	all, err := conditions(name, s)
	if err != nil {
		return nil, err
	}
	var and storage.And
	for _, c := range all {
		v, _ := storage.ParseValue(c.raw)
		part, ok := v.Interface().(string)
		if !ok {
			return nil, storage.Invalid(name, "%q: must be a string", c.path)
		}
		and = append(and, storage.Contains{Path: c.path, Text: part})
	}
	return and, nil
}

// parseLabels reads labelSelector in Kubernetes' grammar (equality- and set-based
// requirements) over data.metadata.labels.
func parseLabels(name, s string) (storage.Filter, error) {
	selector, err := labels.Parse(s)
	if err != nil {
		return nil, storage.Invalid(name, "%v", err)
	}
	requirements, _ := selector.Requirements()
	if len(requirements) == 0 {
		return nil, storage.Invalid(name, "%q selects nothing: name a label", s)
	}
	if len(requirements) > maxConditions {
		return nil, tooMany(name)
	}
	var and storage.And
	for _, r := range requirements {
		f, err := labelFilter(name, r)
		if err != nil {
			return nil, err
		}
		and = append(and, f)
	}
	return and, nil
}

func labelFilter(name string, r labels.Requirement) (storage.Filter, error) {
	path := storage.Path{"data", "metadata", "labels", r.Key()}
	in := func() storage.Filter {
		var values []storage.Value
		for _, v := range r.ValuesUnsorted() {
			values = append(values, storage.String(v))
		}
		return storage.OneOf(path, values...)
	}
	switch r.Operator() {
	case selection.Equals, selection.DoubleEquals, selection.In:
		return in(), nil
	case selection.NotEquals, selection.NotIn:
		return storage.Not{Filter: in()}, nil
	case selection.Exists:
		return storage.Exists{Path: path}, nil
	case selection.DoesNotExist:
		return storage.Not{Filter: storage.Exists{Path: path}}, nil
	}
	return nil, storage.Invalid(name, "the operator %s is not supported: use =, !=, in, notin, or a key", r.Operator())
}

// parseRange reads a pair of times. Both ends are inclusive to the second; ""
// is an open end. Without either the filter is nil.
func parseRange(path storage.Path, base string, begin, end string, zone *time.Location) (storage.Filter, error) {
	if begin == "" && end == "" {
		return nil, nil
	}
	r := storage.TimeRange{Path: path}
	if begin != "" {
		t, err := parseTime(base+"Begin", begin, zone)
		if err != nil {
			return nil, err
		}
		r.From = bound(t)
	}
	if end != "" {
		t, err := parseTime(base+"End", end, zone)
		if err != nil {
			return nil, err
		}
		if begin != "" && t.Before(r.From) {
			return nil, storage.Invalid(base+"End", "%s is before %sBegin", end, base)
		}
		r.To = bound(t.Add(time.Second))
	}
	return r, nil
}

// bound is t as a bound of a TimeRange. The zero time would be an open end
// there; the nanosecond before it parts the same instants.
func bound(t time.Time) time.Time {
	if t.IsZero() {
		return t.Add(-1)
	}
	return t
}

// parseTime reads an instant and cuts it to the second.
func parseTime(name, s string, zone *time.Location) (time.Time, error) {
	t, ok := storage.ParseTime(s, zone)
	if !ok || strings.HasPrefix(s, "-") {
		return time.Time{}, storage.Invalid(name, "%q is not a time: use unix seconds, 2006-01-02 15:04:05 or RFC 3339", s)
	}
	return t.Truncate(time.Second), nil
}
