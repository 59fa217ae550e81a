package ncs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the answers as they are now to testdata/*.golden")

// TestGolden holds every answer about the sample cluster, ids included: they
// must stay the same from one release to the next.
func TestGolden(t *testing.T) {
	world := sampleCluster(t)
	workloads := all(t, world)
	if len(workloads) < 10 {
		t.Fatalf("the sample cluster has only %d stateful workloads", len(workloads))
	}
	requests := map[string][]map[string]string{
		"all": {
			params("DescribeStatefulWorkloadsAllNamespaces"),
			params("DescribeStatefulWorkloadsAllNamespaces", "Limit", "2", "Offset", "1"),
		},
	}
	namespaces := map[int64]bool{}
	for _, w := range workloads {
		if !namespaces[w.NamespaceID] {
			namespaces[w.NamespaceID] = true
			requests["list"] = append(requests["list"], params("DescribeStatefulWorkloads", "NamespaceId", text(w.NamespaceID)))
		}
		requests["info"] = append(requests["info"], w.params("DescribeStatefulWorkloadInfo"))
		requests["instances"] = append(requests["instances"], w.params("DescribeStatefulWorkloadInstances"))
		requests["images"] = append(requests["images"], w.params("DescribeStatefulWorkloadImages"))
	}
	for name, list := range requests {
		var got bytes.Buffer
		for _, p := range list {
			answer, err := ask(world, p)
			if err != nil {
				t.Fatalf("%v: %v", p, err)
			}
			fmt.Fprintf(&got, "> Action=%s", p["Action"])
			for _, parameter := range []string{"NamespaceId", "StatefulWorkloadId", "Limit", "Offset"} {
				if p[parameter] != "" {
					fmt.Fprintf(&got, "&%s=%s", parameter, p[parameter])
				}
			}
			got.WriteByte('\n')
			if err := json.Indent(&got, answer, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteString("\n\n")
		}
		file := "testdata/" + name + ".golden"
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what is answered now; look at it, then go test -update and git diff", file)
		}
	}
}
