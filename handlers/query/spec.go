package query

import (
	"slices"
	"strings"
	"time"

	"bcs-storage/handlers/about"
	"bcs-storage/storage"
)

// Options are the settings that readings depend on.
type Options struct {
	// Zone is where a time without a zone is meant. nil is UTC.
	Zone *time.Location
	// IgnoreUnknown passes over parameters that nothing declares, instead of
	// refusing them. A DELETE refuses them all the same (see Strict).
	IgnoreUnknown bool
	// MaxLength is the page length of events and alarms where none is asked
	// for, and the most that may be asked for.
	MaxLength int64
}

// Matcher is how a parameter's text is compared with the values at its path.
type Matcher int

const (
	// In: a comma list; one of the strings.
	In Matcher = iota
	// InOrAbsent: as In, or nothing at the path.
	InOrAbsent
	// Int: one 64-bit integer.
	Int
	// Bool: true, false, 1 or 0.
	Bool
	// Range: two parameters, the name with "Begin" and with "End"; instants.
	Range
)

// Param is a declared filter parameter: a row.
type Param struct {
	Name  string
	Path  string
	Match Matcher
	// Else is looked at in documents where Path leads nowhere.
	Else string
	// Default is the value when the parameter is not given.
	Default string
	// Example is a value that callers are shown; without one it is the matcher's.
	Example string
}

// Accepts is a set of the parameters that mean the same wherever they occur.
type Accepts uint

const (
	// Field is field: a projection.
	Field Accepts = 1 << iota
	// Extra is extra: conditions on any path.
	Extra
	// ExtraContain is extra_contain: conditions on parts of strings.
	ExtraContain
	// Page is offset and limit.
	Page
	// Length is offset and length (at most Options.MaxLength, which is also the default).
	Length
	// Free is labelSelector, and every name that starts with "data.".
	Free
	// IgnoredExtra is extra on a PUT: clients send it, it means nothing.
	IgnoredExtra
	// Continue is continue: pages that begin behind the one before.
	Continue
	// Strict is for DELETE: a parameter with an empty value is refused rather
	// than taken as not given, so is an unknown one in any case, and extra may
	// not speak of what the path fixes.
	Strict
)

// Spec is what a route understands: its declared rows and the common parameters.
type Spec struct {
	Params  []Param
	Accepts Accepts
	// PathKeys are the fields that the URL path fixes; only Strict looks at them.
	PathKeys []string
	// Before are the parameters that are taken out before Parse sees them; they are only described.
	Before []about.Parameter
}

// Parsed is what the parameters of a request mean: a storage.Query without its scopes.
type Parsed struct {
	Filter      storage.Filter
	Fields      *storage.Projection
	Skip, Limit int64
	Paging      Paging
}

// reader consumes parameters by name, so that what is left is unknown.
type reader struct {
	left   Params
	strict bool
}

// take removes the parameter. An empty one counts as not given, but is refused
// where a dropped filter would delete more.
func (r *reader) take(name string) (string, bool, error) {
	s, ok := r.left[name]
	if !ok {
		return "", false, nil
	}
	delete(r.left, name)
	if s == "" && r.strict {
		return "", false, storage.Invalid(name, "empty; leave it out to not filter by it")
	}
	return s, s != "", nil
}

// Parse reads the parameters. Everything declared narrows (AND). The first
// parameter that cannot be read, or that nothing declares, is refused.
func (s Spec) Parse(params Params, o Options) (Parsed, error) {
	r := &reader{left: make(Params, len(params)), strict: s.Accepts&Strict != 0}
	for name, value := range params {
		r.left[name] = value
	}
	var p Parsed
	var and storage.And
	add := func(f storage.Filter, err error) error {
		if f != nil {
			and = append(and, f)
		}
		return err
	}
	for _, row := range s.Params {
		if err := add(row.filter(r, o)); err != nil {
			return p, err
		}
	}
	if err := s.common(r, o, &p, add); err != nil {
		return p, err
	}
	if err := r.rest(s.Accepts&Free != 0, o, add); err != nil {
		return p, err
	}
	if len(and) > 0 {
		p.Filter = and
	}
	return p, nil
}

// commonParam is a row of the parameters of Accepts.
type commonParam struct {
	accept Accepts
	name   string
	read   func(name, value string) error
}

// commonParams are the rows; what they read goes to p and add. What callers are told of them is in describe.go.
func (s Spec) commonParams(r *reader, o Options, p *Parsed, add func(storage.Filter, error) error) []commonParam {
	return []commonParam{
		{Field, "field", func(name, v string) (err error) { p.Fields, err = ParseFields(name, v); return err }},
		{Extra, "extra", func(name, v string) error { return add(parseExtra(name, v, r.strict, s.PathKeys)) }},
		{IgnoredExtra, "extra", func(string, string) error { return nil }},
		{ExtraContain, "extra_contain", func(name, v string) error { return add(parseContains(name, v)) }},
		{Page | Length, "offset", func(name, v string) (err error) { p.Skip, err = parseCount(name, v); return err }},
		{Page, "limit", func(name, v string) (err error) { p.Limit, err = parseCount(name, v); return err }},
		{Length, "length", func(name, v string) (err error) { p.Limit, err = parseLength(name, v, o.MaxLength); return err }},
		{Free, "labelSelector", func(name, v string) error { return add(parseLabels(name, v)) }},
	}
}

// common reads the parameters of Accepts.
func (s Spec) common(r *reader, o Options, p *Parsed, add func(storage.Filter, error) error) error {
	if s.Accepts&Length != 0 {
		p.Limit = o.MaxLength
	}
	if s.Accepts&Continue != 0 {
		var err error
		if p.Paging, err = r.paging(); err != nil {
			return err
		}
	}
	for _, row := range s.commonParams(r, o, p, add) {
		if s.Accepts&row.accept == 0 {
			continue
		}
		value, given, err := r.take(row.name)
		if err != nil {
			return err
		}
		if !given {
			continue
		}
		if err := row.read(row.name, value); err != nil {
			return err
		}
	}
	return nil
}

// parseLength reads length; 0 asks for as many as may be asked for.
func parseLength(name, s string, most int64) (int64, error) {
	n, err := parseCount(name, s)
	switch {
	case err != nil:
		return 0, err
	case n > most:
		return 0, storage.Invalid(name, "%d is more than %d (query.maxLength)", n, most)
	case n == 0:
		return most, nil
	}
	return n, nil
}

// rest reads names that start with "data." where they are free, and refuses
// what is then left. Names are taken in order, so that an error is always the same.
func (r *reader) rest(free bool, o Options, add func(storage.Filter, error) error) error {
	names := make([]string, 0, len(r.left))
	for name := range r.left {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i == maxConditions {
			return tooMany(name)
		}
		if free && strings.HasPrefix(name, "data.") {
			if err := add(freeFilter(name, r.left[name])); err != nil {
				return err
			}
			continue
		}
		if r.strict || !o.IgnoreUnknown {
			return storage.Invalid(name, "unknown parameter")
		}
	}
	return nil
}

// freeFilter is a filter on a path that nothing declares. As nothing says what
// type is there either, the text 2 finds the number 2 as well as the string.
func freeFilter(name, list string) (storage.Filter, error) {
	path, err := storage.ParsePath(name, name)
	if err != nil {
		return nil, err
	}
	var values []storage.Value
	for part := range strings.SplitSeq(list, ",") {
		values = append(values, storage.String(part))
		if v, ok := numberOrBool(name, part); ok {
			values = append(values, v)
		}
	}
	return storage.OneOf(path, values...), nil
}

// numberOrBool reads s as JSON; false when it is neither. Null is not read: it
// would find the documents that have nothing at the path.
func numberOrBool(name, s string) (storage.Value, bool) {
	if storage.CheckJSON(name, []byte(s)) != nil {
		return storage.Value{}, false
	}
	v, _ := storage.ParseValue([]byte(strings.TrimSpace(s)))
	switch v.Interface().(type) {
	case bool, int64, float64:
		return v, true
	}
	return storage.Value{}, false
}

// filter reads the row's parameter; nil when it is not given.
func (p Param) filter(r *reader, o Options) (storage.Filter, error) {
	path := storage.P(p.Path)
	if p.Match == Range {
		begin, _, err := r.take(p.Name + "Begin")
		if err != nil {
			return nil, err
		}
		end, _, err := r.take(p.Name + "End")
		if err != nil {
			return nil, err
		}
		if !r.strict {
			begin, end = zeroIsOpen(begin), zeroIsOpen(end)
		}
		return parseRange(path, p.Name, begin, end, o.Zone)
	}
	value, given, err := r.take(p.Name)
	switch {
	case err != nil:
		return nil, err
	case !given && p.Default == "":
		return nil, nil
	case !given:
		value = p.Default
	}
	values, err := p.values(value)
	if err != nil {
		return nil, err
	}
	f := storage.Filter(storage.OneOf(path, values...))
	if p.Else != "" {
		instead := storage.And{storage.Not{Filter: storage.Exists{Path: path}}, storage.OneOf(storage.P(p.Else), values...)}
		f = storage.Or{f, instead}
	}
	return f, nil
}

// zeroIsOpen takes a bound of 0 for none, as clients mean that send all fields
// of a structure. Where something is deleted 0 is 1970: that deletes less.
func zeroIsOpen(s string) string {
	if s == "0" {
		return ""
	}
	return s
}

func (p Param) values(s string) ([]storage.Value, error) {
	switch p.Match {
	case Int:
		n, err := parseInt(p.Name, s)
		return []storage.Value{storage.Int(n)}, err
	case Bool:
		b, err := parseBool(p.Name, s)
		return []storage.Value{storage.Bool(b)}, err
	}
	var values []storage.Value
	for part := range strings.SplitSeq(s, ",") {
		values = append(values, storage.String(part))
	}
	if p.Match == InOrAbsent {
		values = append(values, storage.Null)
	}
	return values, nil
}
