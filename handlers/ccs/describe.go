package ccs

import (
	"maps"
	"math"
	"slices"

	"bcs-storage/handlers/about"
)

// described are what callers are told of the parameters, by name: a row for each of actions and of common.
var described = map[string]about.Parameter{
	"Action":          {About: "What is asked for."},
	"Region":          {Example: "gz", About: "Has no meaning here."},
	"Timestamp":       {Type: about.Integer, Example: "1795200000", About: "When the request was signed, in unix seconds."},
	"Nonce":           {Type: about.Integer, Example: "1", About: "A number that makes the signature unique."},
	"SecretId":        {Example: "AKIDexample", About: "Whose key signed the request."},
	"Signature":       {Example: "c2lnbmF0dXJl", About: "The signature; needed where credentials are configured, else nothing looks at it."},
	"SignatureMethod": {Example: "HmacSHA1", About: "HmacSHA1, which is the default, or HmacSHA256."},
	"RequestClient":   {Example: "SDK_PYTHON_1.3", About: "What sends the request; the vendor's SDKs add it, and it has no meaning."},

	"clusterId":    {Example: "BCS-K8S-00000", About: "The cluster."},
	"clusterName":  {Example: "BCS-K8S-00000", About: "Another name for clusterId; of a list of clusters: only that one."},
	"clusterIds":   {Example: "BCS-K8S-00000", About: "Only these clusters: clusterIds.0, clusterIds.1 and so on."},
	"serviceName":  {Example: "web", About: "The service."},
	"namespace":    {Example: "default", About: "The namespace."},
	"allnamespace": {Example: "1", About: "1 is every namespace, whatever namespace says."},
	"offset":       {Example: "0", About: "So many are passed over."},
	"limit":        {Example: "10", About: "At most so many are answered."},
	"status":       {Example: statusRunning, About: "Only clusters with this status."},
	"orderField":   {Example: "clusterId", About: "What the clusters are ordered by."},
	"orderType":    {Example: "asc", About: "Which way they are ordered."},
}

// Describe is what the actions that are served take, each name once.
func Describe() []about.Parameter {
	names := slices.Sorted(maps.Keys(actions))
	var all []about.Parameter
	for _, name := range common {
		d := described[name]
		d.Name = name
		if name == "Action" {
			d.Values, d.Required, d.Example = names, true, names[0]
		}
		all = append(all, d)
	}
	for _, action := range names {
		for _, p := range actions[action].params {
			all = p.describe(all, action)
		}
	}
	return all
}

// describe adds the parameter, and its other name, to those of the actions before.
func (p param) describe(all []about.Parameter, action string) []about.Parameter {
	add := func(name, key string, required bool) {
		i := slices.IndexFunc(all, func(d about.Parameter) bool { return d.Name == name })
		if i < 0 {
			d := described[key]
			d.Name, d.Values, d.Default = name, p.oneOf, p.missing
			if p.form == integer {
				d.Type, d.Least = about.Integer, &p.min
				if p.max < math.MaxInt32 {
					d.Most = &p.max
				}
			}
			all, i = append(all, d), len(all)
		}
		all[i].Of = append(all[i].Of, action)
		if required {
			all[i].RequiredBy = append(all[i].RequiredBy, action)
		}
	}
	if p.form == array {
		add(p.name+".0", p.name, false)
		return all
	}
	add(p.name, p.name, p.required)
	if p.alias != "" {
		add(p.alias, p.alias, false)
	}
	return all
}

// Faults are all rows of the table of faults.
func Faults() []Fault {
	return []Fault{InvalidParameter, MissingParameter, InvalidAction, AuthFailure, Unauthorized, SecretIDNotFound,
		ReadOnly, ReplayAttack, ResourceNotFound, FailedOperation, InternalError}
}
