package ncs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bcs-storage/handlers/cluster"
	"bcs-storage/handlers/ncs"
)

// fullCluster has a workload that uses everything that views show.
func fullCluster(t testing.TB) []object {
	t.Helper()
	text, err := os.ReadFile("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Kind            cluster.Kind
		Namespace, Name string
		Data            json.RawMessage
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var world []object
	for _, o := range list {
		world = append(world, object{o.Kind, o.Namespace, o.Name, string(o.Data)})
	}
	return world
}

// samples are the answers that the document shows, and where each is not what its own
// tables say. A path is without indexes.
var samples = []struct {
	section, action string
	// types are where the table has another JSON type than the sample: that is answered.
	types map[string]string
	// absent is what the sample has and no table does.
	absent []string
	// unstored are lists of what no watcher stores: empty.
	unstored []string
}{
	{section: "2.7", action: "DescribeStatefulWorkloadInfo",
		types:    map[string]string{"Containers.DataDisks.DiskId": "string"},
		unstored: []string{"Containers.SshKeyIds", "Containers.LogDirs", "SecurityGroupIds"}},
	{section: "2.8", action: "DescribeStatefulWorkloadsAllNamespaces",
		types: map[string]string{"StatefulWorkloads.CreateAt": "string"}},
	{section: "2.9", action: "DescribeStatefulWorkloadInfo",
		types: map[string]string{"CreateAt": "string", "Containers.SecurityContext.Privilege": "bool"},
		// It is the workload's: the sample has it here and not there, the table the other way round.
		absent:   []string{"Containers.NamespaceId"},
		unstored: []string{"Containers.SshKeyIds", "Containers.LogDirs", "SecurityGroupIds"}},
	{section: "2.10", action: "DescribeStatefulWorkloadInstances",
		types: map[string]string{"Pods.CreateAt": "string"}},
	{section: "2.11", action: "DescribeStatefulWorkloadImages"},
}

// TestShapes: every key of every sample is in our answer with the sample's JSON type.
func TestShapes(t *testing.T) {
	world := fullCluster(t)
	full := named(t, world, "sts0822test01")
	for _, s := range samples {
		p := full.params(s.action)
		if s.section == "2.8" {
			p = params(s.action)
		}
		answer, err := ask(world, p)
		if err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		got := decode(t, answer)
		if s.action == "DescribeStatefulWorkloadInfo" {
			// The samples have a container with all there is and a volume of type Emptydir;
			// the fixture's other container has next to nothing, its other volume is a Secret.
			container := first(got.(map[string]any), "Containers")
			first(container, "Volumes")
		}
		used := map[string]bool{}
		for _, problem := range compare(decode(t, read(t, s.section)), got, "", s.types, slices.Concat(s.absent, s.unstored), used) {
			t.Errorf("section %s: %s", s.section, problem)
		}
		for path := range s.types {
			if !used[path] {
				t.Errorf("section %s: %s is no exception", s.section, path)
			}
		}
		for _, path := range slices.Concat(s.absent, s.unstored) {
			if !used[path] {
				t.Errorf("section %s: %s is no exception", s.section, path)
			}
		}
	}
}

// first cuts the list at the name down to its first element, which it returns.
func first(object map[string]any, name string) map[string]any {
	list := object[name].([]any)[:1]
	object[name] = list
	return list[0].(map[string]any)
}

// TestShapesOfChanges: the document answers a change with a RequestId, which
// its denial has as well.
func TestShapesOfChanges(t *testing.T) {
	for _, section := range []string{"2.6", "2.12"} {
		got := decode(t, ncs.Failure(ncs.MissingParameter("x"), requestID))
		for _, problem := range compare(decode(t, read(t, section)), got, "", nil, nil, map[string]bool{}) {
			t.Errorf("section %s: %s", section, problem)
		}
	}
}

func read(t *testing.T, section string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/seed-" + section + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// compare says where got lacks something of want or has another type. used
// collects the exceptions that were made.
func compare(want, got any, path string, types map[string]string, except []string, used map[string]bool) []string {
	wanted := typeOf(want)
	if other, ok := types[path]; ok && other != wanted {
		used[path], wanted = true, other
	}
	if typeOf(got) != wanted {
		return []string{fmt.Sprintf("%s is a %s, not a %s", path, typeOf(got), wanted)}
	}
	var problems []string
	switch want := want.(type) {
	case map[string]any:
		for name, value := range want {
			inner := strings.TrimPrefix(path+"."+name, ".")
			member, there := got.(map[string]any)[name]
			if !there && slices.Contains(except, inner) {
				used[inner] = true
				continue
			}
			if !there {
				problems = append(problems, inner+" is not there")
				continue
			}
			problems = append(problems, compare(value, member, inner, types, except, used)...)
		}
	case []any:
		list := got.([]any)
		switch {
		case len(list) == 0 && slices.Contains(except, path):
			used[path] = true
		case len(list) == 0 && len(want) > 0:
			problems = append(problems, path+" is empty")
		case len(want) > 0 && len(list) > 0:
			// Each of ours is of the shape of the first of theirs, or, where
			// theirs differ in shape, of one of them.
			for _, element := range list {
				var best []string
				for i, like := range want {
					p := compare(like, element, path, types, except, used)
					if i == 0 || len(p) < len(best) {
						best = p
					}
				}
				problems = append(problems, best...)
			}
		}
	}
	return problems
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// tables are the members that the document's tables of return parameters list,
// where it has a name for them: a dot leads into an object or the objects of a list.
var tables = map[string]string{
	// Section 2.7, but of Containers what DescribeStatefulWorkloadInfo tells, and SysCmds and
	// ImagePullSecretIds: the list holds "the simple metadata".
	"DescribeStatefulWorkloads": `TotalCount RequestId StatefulWorkloads.StatefulWorkloadId StatefulWorkloads.NamespaceId StatefulWorkloads.Name
		StatefulWorkloads.Placement.ZoneId StatefulWorkloads.Status StatefulWorkloads.CreateAt StatefulWorkloads.UpdateAt StatefulWorkloads.PackageId
		StatefulWorkloads.StatefulWorkloadStatus StatefulWorkloads.PayType StatefulWorkloads.VirtualPrivateCloud.VpcId
		StatefulWorkloads.VirtualPrivateCloud.SubnetId StatefulWorkloads.SecurityGroupIds StatefulWorkloads.ContainerType StatefulWorkloads.EipId
		StatefulWorkloads.Labels StatefulWorkloads.OperationLocks StatefulWorkloads.Kind StatefulWorkloads.ClusterId
		StatefulWorkloads.ResourcePoolInfo.ResourcePoolId StatefulWorkloads.ResourcePoolInfo.ResourcePoolName StatefulWorkloads.ResourcePoolInfo.Owner
		StatefulWorkloads.Containers.Name StatefulWorkloads.Containers.Image`,
	"DescribeStatefulWorkloadsAllNamespaces": `TotalCount RequestId StatefulWorkloads.NamespaceId StatefulWorkloads.StatefulWorkLoadId StatefulWorkloads.Name
		StatefulWorkloads.Placement.ZoneId StatefulWorkloads.StatefulWorkloadStatus StatefulWorkloads.CreateAt StatefulWorkloads.UpdateAt
		StatefulWorkloads.Status StatefulWorkloads.Images`,
	"DescribeStatefulWorkloadInfo": `RequestId StatefulWorkloadId NamespaceId Name Placement.ZoneId OperationLocks StatefulWorkloadStatus Status CreateAt UpdateAt
		PackageId PayType SpecType VirtualPrivateCloud.VpcId VirtualPrivateCloud.SubnetId SecurityGroupIds ContainerType SysCmds EipId Labels Kind
		ClusterId ImagePullSecretIds ResourcePoolInfo.ResourcePoolId ResourcePoolInfo.ResourcePoolName ResourcePoolInfo.Owner
		Containers.Name Containers.Image Containers.LogDirs Containers.Args Containers.Command Containers.Envs.Name Containers.Envs.Value
		Containers.ResourceRequirements.Limits.Cpu Containers.ResourceRequirements.Limits.Memory Containers.ResourceRequirements.Limits.Gpu
		Containers.ResourceRequirements.Requests.Cpu Containers.ResourceRequirements.Requests.Memory Containers.ResourceRequirements.Requests.Gpu
		Containers.DataDisks.DiskType Containers.DataDisks.DiskName Containers.DataDisks.DiskId Containers.DataDisks.DiskUuid
		Containers.DataDisks.MountPath Containers.DataDisks.DiskSize Containers.SshKeyIds Containers.SecurityContext.Privilege
		Containers.SecurityContext.Capabilities Containers.LivenessProbe.Exec.Command Containers.LivenessProbe.PeriodSeconds
		Containers.LivenessProbe.TimeoutSeconds Containers.ReadinessProbe.Exec.Command Containers.ReadinessProbe.PeriodSeconds
		Containers.ReadinessProbe.TimeoutSeconds Containers.Volumes.VolumeType Containers.Volumes.Emptydirs.Medium
		Containers.Volumes.Emptydirs.MountPath Containers.Volumes.Emptydirs.Mode Containers.Volumes.Emptydirs.Name`,
	"DescribeStatefulWorkloadInstances": `RequestId Pods.PodId Pods.PodName Pods.Status Pods.Ip Pods.SystemDisk.DiskType Pods.SystemDisk.DiskUuid Pods.ZoneId
		Pods.CreateAt Pods.Containers.Name Pods.Containers.Image Pods.Containers.Status Pods.Containers.ContainerId Pods.Containers.DockerContainerId`,
	"DescribeStatefulWorkloadImages": `RequestId NamespaceId StatefulWorkloadId Containers.ContainerName Containers.Image`,
}

// TestTables: what the tables list is answered.
func TestTables(t *testing.T) {
	world := fullCluster(t)
	full := named(t, world, "sts0822test01")
	for action, fields := range tables {
		p := full.params(action)
		if action == "DescribeStatefulWorkloadsAllNamespaces" {
			p = params(action)
		}
		answer, err := ask(world, p)
		if err != nil {
			t.Fatalf("%v: %v", p, err)
		}
		for _, field := range strings.Fields(fields) {
			if !leads(decode(t, answer), strings.Split(field, ".")) {
				t.Errorf("%s: no %s", action, field)
			}
		}
	}
}

// leads says whether the path leads somewhere; in a list, in its first element.
func leads(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	if list, ok := v.([]any); ok {
		return len(list) > 0 && leads(list[0], path)
	}
	object, _ := v.(map[string]any)
	member, there := object[path[0]]
	return there && leads(member, path[1:])
}
