package ncs

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"

	"bcs-storage/handlers/about"
)

// described are what callers are told of the parameters, by name.
var described = map[string]about.Parameter{
	"Action":             {Required: true, About: "What is asked for."},
	"Version":            {Required: true, Values: []string{Version}, Example: Version, About: "The version of the API."},
	"ClusterId":          {Example: "BCS-K8S-00000", About: "The cluster; not given, it is the one of X-Cluster-ID, of the host name, or the default."},
	"X-Cluster-ID":       {Where: about.Header, Example: "BCS-K8S-00000", About: "The cluster, where ClusterId does not name it."},
	"NamespaceId":        {Example: "8144579992723183", About: "The namespace, by its id."},
	"StatefulWorkloadId": {Example: "296945060495931", About: "The stateful workload, by its id."},
	"StatefulWorkLoadId": {Example: "296945060495931", About: "Another spelling of StatefulWorkloadId."},
	"Limit":              {Example: "10", About: "At most so many are answered."},
	"Offset":             {Example: "0", About: "So many are passed over."},
}

// Describe is what the actions that are sent with the method take, each name once. Those
// that are not sent with GET would change something, and are refused.
func Describe(method string) []about.Parameter {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		if (actions[name].view != nil) == (method == http.MethodGet) {
			names = append(names, name)
		}
	}
	var all []about.Parameter
	for _, name := range []string{"Action", "Version", "ClusterId", "X-Cluster-ID"} {
		d := described[name]
		d.Name = name
		if name == "Action" {
			d.Values, d.Example = names, names[0]
		}
		all = append(all, d)
	}
	for _, action := range names {
		for _, p := range actions[action].parameters {
			all = p.describe(all, p.name, action, p.required)
			if p.other != "" {
				all = p.describe(all, p.other, action, false)
			}
		}
	}
	return all
}

// describe adds the parameter under a name to those of the actions before.
func (p parameter) describe(all []about.Parameter, name, action string, required bool) []about.Parameter {
	i := slices.IndexFunc(all, func(d about.Parameter) bool { return d.Name == name })
	if i < 0 {
		d := described[name]
		d.Name, d.Type, d.Least = name, about.Integer, &p.least
		if p.most < math.MaxInt64 {
			d.Most = &p.most
		}
		if p.fallback != 0 {
			d.Default = strconv.FormatInt(p.fallback, 10)
		}
		all, i = append(all, d), len(all)
	}
	all[i].Of = append(all[i].Of, action)
	if required {
		all[i].RequiredBy = append(all[i].RequiredBy, action)
	}
	return all
}
