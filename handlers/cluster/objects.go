package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"bcs-storage/storage"
)

type (
	node        = corev1.Node
	namespace   = corev1.Namespace
	pod         = corev1.Pod
	service     = corev1.Service
	replicaSet  = appsv1.ReplicaSet
	statefulSet = appsv1.StatefulSet
	daemonSet   = appsv1.DaemonSet
)

// DeploymentObject is a Deployment of any API version: extensions/v1beta1 knew
// spec.rollbackTo, which apps/v1 does not.
type DeploymentObject struct {
	appsv1.Deployment `json:",inline"`
	// RollingBack: spec.rollbackTo is there and not null.
	RollingBack bool `json:"-"`
}

// Stored is an object as it was PUT, with what the store knows of it. The name
// and namespace of the object are those of the path that it was PUT to.
type Stored[T any] struct {
	Cluster          string
	Created, Updated time.Time // of the document: first and last PUT
	Object           *T
}

// EventObject is an event as schedulers and watchers post it (API document, "事件数据").
type EventObject struct {
	Level       string
	Type        string // Kubernetes: the reason
	Description string // Kubernetes: the message
	Time        time.Time
	// What the event is about.
	Kind, Name string
	// Of a Kubernetes Event: how often it was seen, and when first and last;
	// else 1 and Time.
	Count       int64
	First, Last time.Time
	// UID is the same in every document of one Kubernetes Event, which is stored again
	// each time that it is seen again; else "".
	UID string
}

// Objects are what a view computes with, in the order in which the store
// lists them: by namespace, then name; events newest first.
type Objects struct {
	Nodes        []Stored[node]
	Namespaces   []Stored[namespace]
	Pods         []Stored[pod]
	Services     []Stored[service]
	Deployments  []Stored[DeploymentObject]
	ReplicaSets  []Stored[replicaSet]
	StatefulSets []Stored[statefulSet]
	DaemonSets   []Stored[daemonSet]
	Events       []EventObject

	Applications  []Stored[ApplicationObject]
	Taskgroups    []Stored[TaskgroupObject]
	MesosServices []Stored[MesosServiceObject]
}

// MalformedError is that an object in the store is not of the shape that its kind has.
type MalformedError struct {
	Kind                     Kind
	Cluster, Namespace, Name string
	// Path leads to the value that is wrong, in dots below the object; "" is the object.
	Path string
	Err  error
}

// Error names the object and the path in it.
func (e *MalformedError) Error() string {
	at := ""
	if e.Path != "" {
		at = ": " + e.Path
	}
	return fmt.Sprintf("%s %s of cluster %s is malformed as stored%s: %v",
		e.Kind, strings.TrimPrefix(e.Namespace+"/"+e.Name, "/"), e.Cluster, at, e.Err)
}

// Unwrap is what is wrong with the value.
func (e *MalformedError) Unwrap() error { return e.Err }

// Add decodes a document of the kind and appends it to its list. The object holds
// nothing of doc: all that is decoded is copied.
// A document of another shape is a MalformedError.
func (o *Objects) Add(kind Kind, doc []byte) error {
	d := document{kind: kind}
	for name, value := range storage.Members(doc) {
		switch name {
		case "clusterId":
			d.cluster = text(value)
		case "namespace":
			d.namespace = text(value)
		case "resourceName":
			d.name = text(value)
		case "data":
			d.data = value
		case storage.FieldCreateTime:
			d.created, _ = storage.InstantOf(value)
		case storage.FieldUpdateTime:
			d.updated, _ = storage.InstantOf(value)
		default:
			d.rest = append(d.rest, storage.Member{Name: name, Value: value})
		}
	}
	return kinds[kind].add(o, d)
}

// document is a stored document, taken apart.
type document struct {
	kind                     Kind
	cluster, namespace, name string
	data                     []byte
	created, updated         time.Time
	rest                     []storage.Member
}

// text is the string that a JSON value is, "" for another value.
func text(value []byte) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

func (d document) malformed(err error) error {
	m := &MalformedError{Kind: d.kind, Cluster: d.cluster, Namespace: d.namespace, Name: d.name, Err: err}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		m.Path = strings.ReplaceAll(strings.TrimPrefix(string(semantic.JSONPointer), "/"), "/", ".")
		switch {
		case semantic.Err != nil && !errors.Is(semantic.Err, json.ErrUnknownName):
			m.Err = semantic.Err
		case semantic.GoType != nil:
			m.Err = fmt.Errorf("a JSON %v where %v is expected", semantic.JSONKind, semantic.GoType)
		}
	}
	return m
}

// object is what the kinds' types have in common.
type object[T any] interface {
	*T
	metav1.Object
}

// into decodes documents into the list at.
func into[T any, P object[T]](at func(*Objects) *[]Stored[T]) func(*Objects, document) error {
	return func(o *Objects, d document) error {
		v := P(new(T))
		if len(d.data) > 0 {
			if err := decode(d.data, v); err != nil {
				return d.malformed(err)
			}
		}
		v.SetNamespace(d.namespace)
		v.SetName(d.name)
		list := at(o)
		*list = append(*list, Stored[T]{Cluster: d.cluster, Created: d.created, Updated: d.updated, Object: (*T)(v)})
		return nil
	}
}

// decode reads data as Kubernetes' own clients do: unknown members are left out.
func decode(data []byte, v any) error {
	if storage.KindOf(data) != '{' {
		return errors.New("not a JSON object")
	}
	return json.Unmarshal(data, v, decoding)
}

var decoding = json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.WithUnmarshalers(json.UnmarshalFunc(readQuantity)))

// readQuantity reads a quantity of a magnitude that can be: Kubernetes' own
// reader computes for minutes on 1e-30000000.
func readQuantity(value []byte, q *resource.Quantity) error {
	const mostText, mostExponent = 64, 30
	if len(value) > mostText {
		return fmt.Errorf("a quantity of more than %d characters", mostText)
	}
	if i := bytes.LastIndexAny(value, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(strings.Trim(string(value[i+1:]), `"`))
		if errors.Is(err, strconv.ErrRange) || err == nil && (exponent < -mostExponent || exponent > mostExponent) {
			return fmt.Errorf("the quantity %s is beyond any that can be", value)
		}
	}
	return q.UnmarshalJSON(value)
}

// UnmarshalJSON reads the Deployment, and whether it has a spec.rollbackTo.
func (d *DeploymentObject) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &d.Deployment, decoding); err != nil {
		return err
	}
	rollback, ok := storage.Lookup(data, storage.Path{"spec", "rollbackTo"})
	d.RollingBack = ok && storage.KindOf(rollback) != 'n'
	return nil
}

// addEvent decodes an event; its data may be anything.
func addEvent(o *Objects, d document) error {
	e := EventObject{Count: 1}
	for _, m := range d.rest {
		switch m.Name {
		case "level":
			e.Level = text(m.Value)
		case "type":
			e.Type = text(m.Value)
		case "describe":
			e.Description = text(m.Value)
		case "kind":
			if e.Kind == "" {
				e.Kind = text(m.Value)
			}
		case "eventTime":
			e.Time, _ = storage.InstantOf(m.Value)
		case "extraInfo":
			for name, value := range storage.Members(m.Value) {
				switch name {
				case "kind":
					e.Kind = text(value)
				case "name":
					e.Name = text(value)
				}
			}
		}
	}
	e.First, e.Last = e.Time, e.Time
	if storage.KindOf(d.data) == '{' {
		for name, value := range storage.Members(d.data) {
			switch name {
			case "metadata":
				if uid, ok := storage.Lookup(value, storage.Path{"uid"}); ok {
					e.UID = text(uid)
				}
			case "count":
				var n int64
				if json.Unmarshal(value, &n) == nil && n > 0 {
					e.Count = n
				}
			case "firstTimestamp":
				if t, ok := storage.InstantOf(value); ok && !t.IsZero() {
					e.First = t
				}
			case "lastTimestamp":
				if t, ok := storage.InstantOf(value); ok && !t.IsZero() {
					e.Last = t
				}
			}
		}
	}
	o.Events = append(o.Events, e)
	return nil
}
