package query

import (
	"encoding/base64"
	"fmt"

	"bcs-storage/handlers/about"
)

// times says how a bound of a range is written.
const times = "unix seconds, 2006-01-02 15:04:05 or RFC 3339; 0 is not given"

// conditionsOf is an extra of one condition.
func conditionsOf(object string) string { return base64.StdEncoding.EncodeToString([]byte(object)) }

// described are what callers are told of the common parameters: a row beside each row of commonParams.
var described = []struct {
	accept Accepts
	about.Parameter
}{
	{Field, about.Parameter{Name: "field", Type: about.List, Example: "resourceName,data.status",
		About: "Dotted paths, comma separated: only those, and _id, are answered."}},
	{Extra, about.Parameter{Name: "extra", Example: conditionsOf(`{"data.kind":["Pod","process"]}`),
		About: "Base64 of a JSON object, dotted path to value: the value is at the path, or one of an array of values. A dot inside a key is written U+FF0E."}},
	{IgnoredExtra, about.Parameter{Name: "extra", Example: conditionsOf(`{}`),
		About: "Has no meaning; old clients send it."}},
	{ExtraContain, about.Parameter{Name: "extra_contain", Example: conditionsOf(`{"data.message":"failed"}`),
		About: "Base64 of a JSON object, dotted path to text: the string at the path contains the text."}},
	{Page | Length, about.Parameter{Name: "offset", Type: about.Integer, Example: "0", Least: new(int64),
		About: "So many are passed over."}},
	{Page, about.Parameter{Name: "limit", Type: about.Integer, Example: "10", Least: new(int64),
		About: "At most so many are answered; 0 is all."}},
	{Length, about.Parameter{Name: "length", Type: about.Integer, Example: "10", Least: new(int64),
		About: "At most so many are answered, the newest first."}},
	{Free, about.Parameter{Name: "labelSelector", Example: "app.kubernetes.io/name in (web,cart),tier!=test",
		About: "Labels at data.metadata.labels, in the grammar of Kubernetes: =, !=, in, notin, a key, ! and a key."}},
}

// free is what callers are told of the names that Free takes.
var free = about.Parameter{Name: "data.", Prefix: true, Whole: "data.metadata.name", Example: "web-0,web-1",
	About: "Any path below data is a parameter: one of the comma separated values is there."}

// continued is what callers are told of the parameter of Continue.
var continued = about.Parameter{Name: "continue", Blank: true,
	About: "Empty for the first page; then the member continue of the answer before, which is there as long as limit cuts the list. Not with offset."}

// Describe is what the spec understands, in the order in which it is best read:
// each name that Parse takes, once.
func (s Spec) Describe(o Options) []about.Parameter {
	var all []about.Parameter
	for _, row := range s.Params {
		all = append(all, row.describe(s.Accepts&Strict != 0)...)
	}
	all = append(all, s.Before...)
	for _, row := range s.commonParams(&reader{}, o, &Parsed{}, nil) {
		if s.Accepts&row.accept != 0 {
			all = append(all, row.describe(o))
		}
	}
	if s.Accepts&Continue != 0 {
		all = append(all, continued)
	}
	if s.Accepts&Free != 0 {
		all = append(all, free)
	}
	return all
}

// describe is the row's description; one without is a text under its name.
func (row commonParam) describe(o Options) about.Parameter {
	for _, d := range described {
		if d.Name != row.name || d.accept&row.accept == 0 {
			continue
		}
		if row.accept == Length {
			d.Most, d.Default = &o.MaxLength, fmt.Sprint(o.MaxLength)
		}
		return d.Parameter
	}
	return about.Parameter{Name: row.name}
}

// describe is the row's parameter, or, of a range, its two.
func (p Param) describe(strict bool) []about.Parameter {
	d := about.Parameter{Name: p.Name, Example: p.Example, Default: p.Default}
	at := p.Path
	if p.Else != "" {
		at += ", or " + p.Else + " where that is not there,"
	}
	switch p.Match {
	case Range:
		d.Type = about.Time
		end := d
		d.Name, end.Name = p.Name+"Begin", p.Name+"End"
		d.Example, end.Example = "2026-11-01 00:00:00", "2026-11-30T23:59:59Z"
		written := times
		if strict {
			written = "unix seconds, 2006-01-02 15:04:05 or RFC 3339"
		}
		d.About, end.About = at+" is not before this time: "+written+".", at+" is not after this time, to the second: "+written+"."
		return []about.Parameter{d, end}
	case Int:
		d.Type, d.About = about.Integer, at+" is this number."
		if d.Example == "" {
			d.Example = "2"
		}
	case Bool:
		d.Type, d.About = about.Boolean, at+" is this; 1 and 0 are read too."
		if d.Example == "" {
			d.Example = "true"
		}
	case InOrAbsent:
		d.Type, d.About = about.List, at+" is one of these, or is not there."
	default:
		d.Type, d.About = about.List, at+" is one of these, comma separated."
	}
	return []about.Parameter{d}
}

// before are the parameters of a typed query that Plan reads itself.
func (k Kind) before() []about.Parameter {
	all := []about.Parameter{{Name: "clusterId", Example: "BCS-K8S-00000", About: "Repeats the path; another cluster than the path's is refused."}}
	if len(k.Used) > 0 {
		all = append(all, about.Parameter{Name: "used", Type: about.Boolean, Example: "true",
			About: "The names of the namespaces that something is in, rather than the Namespaces that are stored."})
	}
	return all
}

// Spec is what the endpoint understands, but for used=1, which leaves name and namespace of its own parameters.
func (k Kind) Spec() Spec {
	return Spec{Params: k.Params, Accepts: Field | Extra | Page | Continue | Free, Before: k.before()}
}
