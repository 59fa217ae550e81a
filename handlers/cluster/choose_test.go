package cluster_test

import (
	"errors"
	"testing"

	"bcs-storage/handlers/cluster"
	"bcs-storage/storage"
)

func TestChoose(t *testing.T) {
	known := []string{"BCS-K8S-00000", "BCS-MESOS-10000", "twin", "Twin", "10"}
	for name, c := range map[string]struct{ named, host, fallback, want, invalid string }{
		"named":                         {named: "BCS-K8S-9", host: "bcs-k8s-00000.example.com", fallback: "x", want: "BCS-K8S-9"},
		"host":                          {host: "BCS-K8S-00000.example.com", fallback: "x", want: "BCS-K8S-00000"},
		"host in small letters":         {host: "bcs-mesos-10000.cce.example.com:443", fallback: "x", want: "BCS-MESOS-10000"},
		"host of one label":             {host: "bcs-k8s-00000", want: "BCS-K8S-00000"},
		"host of one label with a port": {host: "bcs-k8s-00000:50024", want: "BCS-K8S-00000"},
		"host as an id is spelled":      {host: "Twin.example.com", want: "Twin"},
		"host that could be two":        {host: "TWIN.example.com", fallback: "x", invalid: "Host"},
		"host further on":               {host: "api.bcs-k8s-00000.example.com", fallback: "x", want: "x"},
		"part of a label":               {host: "bcs-k8s-0000.example.com", fallback: "x", want: "x"},
		"address that starts like one":  {host: "10.0.0.1:80", fallback: "x", want: "x"},
		"address without a port":        {host: "10.0.0.1", fallback: "x", want: "x"},
		"IPv6":                          {host: "[::1]:80", fallback: "x", want: "x"},
		"IPv6 without a port":           {host: "[::1]", fallback: "x", want: "x"},
		"the default":                   {fallback: "x", want: "x"},
		"the default, unknown host":     {host: "storage.example.com", fallback: "x", want: "x"},
		"nothing":                       {invalid: "X-Cluster-ID"},
		"nothing but an unknown host":   {host: "storage.example.com", invalid: "X-Cluster-ID"},
	} {
		got, err := cluster.Choose(c.named, c.host, known, c.fallback)
		var invalid *storage.InvalidError
		switch {
		case c.invalid == "" && (err != nil || got != c.want):
			t.Errorf("%s: %q, %v", name, got, err)
		case c.invalid != "" && (!errors.As(err, &invalid) || invalid.Param != c.invalid || got != ""):
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestChooseWithAnEmptyID(t *testing.T) {
	if got, err := cluster.Choose("", "", []string{""}, "x"); err != nil || got != "x" {
		t.Errorf("%q %v", got, err)
	}
}
