package cluster

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"bcs-storage/storage"
)

// Choose is the cluster that a request of a vendor's API is about. The vendors
// give each cluster an endpoint of its own, so a request may name it (header
// X-Cluster-ID; NCS: parameter ClusterId): that is taken as it is, known or not. Else
// the first label of the host (the Host header, its port aside) says, when it
// is one of the known clusters; host names have no case and cluster ids do, so one that
// differs only in case counts too, unless it could be several. Else it is the fallback.
// The error is an ErrInvalid: nothing says which cluster, or the host could mean several.
// Each of the known is given once; where the cluster is named they are not looked at.
func Choose(named, host string, known []string, fallback string) (string, error) {
	if named != "" {
		return named, nil
	}
	label := firstLabel(host)
	var alike []string
	for _, id := range known {
		if label != "" && strings.EqualFold(id, label) {
			alike = append(alike, id)
		}
	}
	switch {
	case slices.Contains(alike, label):
		return label, nil
	case len(alike) > 1:
		return "", storage.Invalid("Host", "%q could be cluster %s or %s: name one with X-Cluster-ID", label, alike[0], alike[1])
	case len(alike) == 1:
		return alike[0], nil
	case fallback == "":
		return "", storage.Invalid("X-Cluster-ID", "not given, the host names no cluster that is known, and there is no default")
	}
	return fallback, nil
}

// firstLabel is the host name up to its first dot, "" for an IP address.
func firstLabel(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	label, _, _ := strings.Cut(host, ".")
	return label
}
