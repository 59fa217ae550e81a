// Command gen writes the sample data of this repository: a Kubernetes cluster as kubectl prints it, and the documents of
// a mesos cluster as the storage keeps them. It has no clock and no chance in it: the same source gives the same bytes.
//
//	go run ./scripts/samples/gen
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", filepath.Join("scripts", "samples"), "folder to write to")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// sample is one generated file.
type sample struct {
	name string
	make func() ([]byte, error)
}

func samples() []sample {
	return []sample{
		{name: "k8s.json", make: kubernetesJSON},
		{name: "mesos.ndjson", make: mesosNDJSON},
	}
}

func write(dir string) error {
	for _, s := range samples() {
		data, err := s.make()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, s.name), data, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", s.name, err)
		}
	}
	return nil
}
