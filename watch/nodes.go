// Package watch is the contract for watch payloads: small JSON objects that
// watchers PUT and that other programs (load balancers) follow where they are
// kept. Engines live in the subpackages and import this one.
package watch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// What an operation can fail with. An engine wraps one of them; an error that
// is none of them is the engine's own failure.
var (
	// ErrNotFound: there is no such node.
	ErrNotFound = errors.New("resource does not exist")
	// ErrInvalid: the node cannot have that name. It is always an *InvalidError.
	ErrInvalid = errors.New("invalid")
	// ErrTooLarge: the payload is larger than the engine keeps.
	ErrTooLarge = errors.New("payload too large")
	// ErrUnavailable: the engine cannot be reached or is shutting down.
	ErrUnavailable = errors.New("watch store unavailable")
)

// InvalidError says which part of a node is wrong and why. It matches ErrInvalid.
type InvalidError struct {
	Param  string // "namespace", "resourceName" …, as in the route
	Reason string
}

// Error is "param: reason".
func (e *InvalidError) Error() string { return e.Param + ": " + e.Reason }

// Is makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Dir is where the nodes of one namespace and type are.
type Dir struct {
	Env       string // "mesos" or "k8s"
	Cluster   string
	Type      string
	Namespace string
}

// Node names a payload.
type Node struct {
	Dir
	Name string
}

// Entry is a node's name and payload.
type Entry struct {
	Name string
	Data []byte
}

// Item is a node and its payload.
type Item struct {
	Node Node
	Data []byte
}

// Validate refuses a node that could not be told from another one where nodes
// are kept as {namespace}.{name}: every part must be there and hold no slash,
// and the namespace no dot, because the first dot ends it. Names may hold dots.
func (n Node) Validate() error {
	if err := n.Dir.Validate(); err != nil {
		return err
	}
	return checkPart("resourceName", n.Name)
}

// Validate is Node.Validate without the name.
func (d Dir) Validate() error {
	for _, part := range []struct{ param, value string }{
		{"env", d.Env}, {"clusterId", d.Cluster}, {"resourceType", d.Type}, {"namespace", d.Namespace},
	} {
		if err := checkPart(part.param, part.value); err != nil {
			return err
		}
	}
	if strings.Contains(d.Namespace, ".") {
		return &InvalidError{"namespace", fmt.Sprintf("%q holds a dot, which ends a namespace where watch data is kept", d.Namespace)}
	}
	return nil
}

func checkPart(param, value string) error {
	switch {
	case value == "":
		return &InvalidError{param, "empty"}
	case value == "." || value == "..":
		return &InvalidError{param, fmt.Sprintf("%q cannot be the name of a node", value)}
	case strings.ContainsAny(value, "/\x00"):
		return &InvalidError{param, fmt.Sprintf("%q holds a slash or a NUL", value)}
	}
	return nil
}

// Nodes is an engine. Every method ends early when ctx is done. A write that
// returned nil is durable. All methods may be called concurrently, and answer
// an *InvalidError for a node that Validate refuses.
type Nodes interface {
	// Put stores the payload, a JSON object, creating or replacing the node.
	// A reader sees the old payload or the new one, nothing between.
	Put(ctx context.Context, n Node, payload []byte) error
	// Get is the payload as it was put, byte for byte, or ErrNotFound. Nothing is created.
	Get(ctx context.Context, n Node) ([]byte, error)
	// Delete removes the node. One that is absent is no error.
	Delete(ctx context.Context, n Node) error
	// List yields the nodes of one namespace in the byte order of their names; none is
	// no error. An error is yielded last. Data is valid until the next step.
	List(ctx context.Context, d Dir) iter.Seq2[Entry, error]
	// All yields every node once, of all namespaces, types, clusters and environments, in
	// no order that may be relied on. A node that is put or deleted meanwhile may or may not
	// be among them. An error is yielded last. Data is valid until the next step.
	All(ctx context.Context) iter.Seq2[Item, error]
	// Ping fails when the engine can't serve now.
	Ping(ctx context.Context) error
}
