package ccs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a parameter may hold.
const (
	maxText  = 512 // bytes
	maxItems = 100 // of an array
)

// form is how a parameter is written.
type form int

const (
	text    form = iota // a name
	integer             // digits, within bounds
	array               // name.0, name.1 … ("接口请求参数": 数组下标从 0 开始)
)

// param is a parameter of an action.
type param struct {
	name     string
	form     form
	required bool
	// alias is a second name for it; both may be given if they say the same.
	alias    string
	missing  string   // what stands for it when it is not given
	min, max int64    // of an integer
	oneOf    []string // the only texts, if there are any
}

// common are the parameters that every action takes ("公共请求参数"); what they hold is
// for whoever checks signatures to judge. RequestClient is not in the seed: the vendor's
// SDKs add their name under it, and sign it.
var common = []string{"Action", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod", "RequestClient"}

// Parse reads the parameters of one request, each of which was given once: the action and its own
// parameters, with their defaults. An Action that is not in the seeds, or one that is not served because it
// would change something or reads what no watcher stores, and a parameter that is missing, unknown, empty or
// not of its form is an *Error that names it: nothing that was asked is passed over.
func Parse(params map[string]string) (*Call, error) {
	name, ok := params["Action"]
	if !ok {
		return nil, MissingParameter.Because("Action is missing")
	}
	if refused[name] {
		return nil, ReadOnly.Because("%s is not served: it would change something, or reads what is not stored here", name)
	}
	row, ok := actions[name]
	if !ok {
		return nil, InvalidAction.Because("there is no Action %.100q", name)
	}
	c := &Call{action: row, texts: map[string]string{}, numbers: map[string]int64{}, arrays: map[string][]string{}}
	rest := maps.Clone(params)
	for _, name := range common {
		delete(rest, name)
	}
	for _, p := range row.params {
		if err := p.take(c, rest); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		unknown := slices.Min(slices.Collect(maps.Keys(rest)))
		return nil, InvalidParameter.Because("%.100q is not a parameter of %s", unknown, name)
	}
	return c, nil
}

// take moves the parameter from the request to the call.
func (p param) take(c *Call, rest map[string]string) error {
	if p.form == array {
		values, err := p.items(rest)
		c.arrays[p.name] = values
		return err
	}
	name := p.name
	value, given := rest[name]
	if other, too := rest[p.alias]; too && p.alias != "" {
		if given && other != value {
			return InvalidParameter.Because("%s is another name for %s, and the two are given different values", p.alias, p.name)
		}
		if !given {
			name, value, given = p.alias, other, true
		}
	}
	delete(rest, p.name)
	if p.alias != "" {
		delete(rest, p.alias)
	}
	switch {
	case !given && p.required:
		return MissingParameter.Because("%s is missing", p.name)
	case !given && p.missing == "":
		return nil // there is no default: it does not narrow
	case !given:
		value = p.missing
	}
	if p.form == integer {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < p.min || n > p.max {
			return InvalidParameter.Because("%s is %.100q, not a number from %d to %d", name, value, p.min, p.max)
		}
		c.numbers[p.name] = n
		return nil
	}
	c.texts[p.name] = value
	if err := checkText(name, value); err != nil {
		return err
	}
	if len(p.oneOf) > 0 && !slices.Contains(p.oneOf, value) {
		return InvalidParameter.Because("%s is %.100q, not one of %s", name, value, strings.Join(p.oneOf, ", "))
	}
	return nil
}

// items are the values of an array in the order of their indexes, which may
// leave numbers out. A name with another ending stays in rest, as unknown.
func (p param) items(rest map[string]string) ([]string, error) {
	var indexes []int
	for name := range rest {
		index, ok := strings.CutPrefix(name, p.name+".")
		if n, err := strconv.Atoi(index); ok && err == nil && n >= 0 && strconv.Itoa(n) == index {
			indexes = append(indexes, n)
		}
	}
	if len(indexes) > maxItems {
		return nil, InvalidParameter.Because("%s has more than %d items", p.name, maxItems)
	}
	slices.Sort(indexes)
	var values []string
	for _, i := range indexes {
		name := p.name + "." + strconv.Itoa(i)
		if err := checkText(name, rest[name]); err != nil {
			return nil, err
		}
		values = append(values, rest[name])
		delete(rest, name)
	}
	return values, nil
}

// checkText accepts what can be the name of something that is stored.
func checkText(name, value string) error {
	switch {
	case value == "":
		return InvalidParameter.Because("%s is empty", name)
	case len(value) > maxText:
		return InvalidParameter.Because("%s is longer than %d bytes", name, maxText)
	case !utf8.ValidString(value):
		return InvalidParameter.Because("%s is not UTF-8", name)
	case value == "." || value == ".." || strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) || c == '/' }):
		return InvalidParameter.Because("%s is %.100q, which can't be the name of anything", name, value)
	}
	return nil
}
