package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// now is when the cluster was looked at. It is fixed: a sample that changed with every run could not be compared.
func now() time.Time { return time.Date(2026, time.November, 21, 18, 0, 0, 0, time.UTC) }

func ago(d time.Duration) metav1.Time { return metav1.NewTime(now().Add(-d)) }

const day = 24 * time.Hour

// object is any typed Kubernetes object.
type object interface {
	metav1.Object
	GetObjectKind() schema.ObjectKind
}

// cluster collects the objects of the sample and hands out what a cluster hands out: addresses, versions, nodes.
type cluster struct {
	objects []any
	pods    []*corev1.Pod
	nodes   []*node
	version int
	turn    int // round robin over the nodes
	service int // last part of the next cluster IP
}

// add gives an object its identity and keeps it. Versions count up in the order of adding.
func (c *cluster) add(version, kind string, o object) {
	o.GetObjectKind().SetGroupVersionKind(schema.FromAPIVersionAndKind(version, kind))
	o.SetUID(uid(kind, o.GetNamespace(), o.GetName()))
	o.SetResourceVersion(c.nextVersion())
	c.objects = append(c.objects, o)
}

func (c *cluster) nextVersion() string {
	c.version += 37
	return strconv.Itoa(48200000 + c.version)
}

func (c *cluster) nextClusterIP() string {
	c.service++
	return fmt.Sprintf("10.96.%d.%d", 12+c.service/200, 20+c.service%200)
}

// uid is a name-based UUID, so that an object can be referred to before it exists.
func uid(kind, namespace, name string) types.UID {
	return types.UID(uuid.NewSHA1(uuid.NameSpaceURL, []byte("bcs-samples/"+kind+"/"+namespace+"/"+name)).String())
}

// suffix is what Kubernetes appends to generated names: letters and digits that spell no words.
func suffix(key string, n int) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	sum := sha256.Sum256([]byte(key))
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(b)
}

func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func number(key string, below uint32) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % below)
}

func owner(version, kind, namespace, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{
		APIVersion: version, Kind: kind, Name: name, UID: uid(kind, namespace, name),
		Controller: new(true), BlockOwnerDeletion: new(true),
	}}
}

func meta(namespace, name string, created metav1.Time, labels map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: created, Labels: labels}
}

// kubernetesJSON prints the cluster as `kubectl get … -A -o json` does: one List, keys sorted, four spaces.
func kubernetesJSON() ([]byte, error) {
	c := &cluster{}
	build(c)
	items := make([]map[string]any, 0, len(c.objects))
	for _, o := range c.objects {
		item, err := printed(o)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	slices.SortStableFunc(items, byKindAndName)
	list := map[string]any{
		"apiVersion": "v1", "kind": "List", "items": items, "metadata": map[string]any{"resourceVersion": ""},
	}
	text, err := json.MarshalIndent(list, "", "    ")
	if err != nil {
		return nil, fmt.Errorf("writing the list: %w", err)
	}
	return append(text, '\n'), nil
}

// kinds is the order in which they were asked for, which is the order in which kubectl prints them.
func kinds() []string {
	return []string{
		"Namespace", "Node", "Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "Endpoints",
		"Ingress", "ConfigMap", "Secret", "PersistentVolumeClaim", "CustomResourceDefinition", "GameDeployment", "Event",
	}
}

func byKindAndName(a, b map[string]any) int {
	order := kinds()
	key := func(m map[string]any) (int, string) {
		meta, _ := m["metadata"].(map[string]any)
		kind, _ := m["kind"].(string)
		return slices.Index(order, kind), fmt.Sprint(meta["namespace"], " ", meta["name"])
	}
	rankA, nameA := key(a)
	rankB, nameB := key(b)
	return cmp.Or(cmp.Compare(rankA, rankB), cmp.Compare(nameA, nameB))
}

// printed is an object the way an API server of version 1.31 prints it. Its types still wrote a null creationTimestamp
// into every template, which those of today leave out.
func printed(o any) (map[string]any, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("writing %T: %w", o, err)
	}
	var item map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&item); err != nil {
		return nil, fmt.Errorf("reading %T back: %w", o, err)
	}
	spec, _ := item["spec"].(map[string]any)
	for _, key := range []string{"template", "jobTemplate"} {
		if template, ok := spec[key].(map[string]any); ok {
			undated(template)
		}
	}
	return item, nil
}

// undated writes the null creationTimestamp of a template, and of the template inside it.
func undated(template map[string]any) {
	m, ok := template["metadata"].(map[string]any)
	if !ok {
		m = make(map[string]any)
		template["metadata"] = m
	}
	m["creationTimestamp"] = nil
	if spec, ok := template["spec"].(map[string]any); ok {
		if inner, ok := spec["template"].(map[string]any); ok {
			undated(inner)
		}
	}
}
