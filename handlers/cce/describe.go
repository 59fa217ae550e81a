package cce

import "bcs-storage/handlers/about"

// Describe is what the request takes beside its path.
func Describe() []about.Parameter {
	return []about.Parameter{
		{Name: "pretty", Type: about.Boolean, Example: "true", Default: "false", About: "An indented answer."},
		{Name: "X-Cluster-ID", Where: about.Header, Example: "BCS-K8S-00000", About: "The cluster; not given, it is the first label of the host name, or the default."},
	}
}
