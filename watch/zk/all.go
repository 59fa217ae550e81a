package zk

import (
	"context"
	"errors"
	"iter"
	"slices"

	"bcs-storage/watch"

	"github.com/go-zookeeper/zk"
)

// All implements watch.Nodes. It walks the znodes below the base, level by
// level; what could not be the name of a node is passed over, and so is what
// holds no JSON object.
func (n *Nodes) All(ctx context.Context) iter.Seq2[watch.Item, error] {
	return func(yield func(watch.Item, error) bool) {
		w := &walk{n: n, yield: yield}
		if err := w.below(ctx, "/"+n.base, nil); err != nil {
			yield(watch.Item{}, err)
		}
	}
}

// walk is a walk over the znodes of all nodes.
type walk struct {
	n     *Nodes
	yield func(watch.Item, error) bool
	ended bool // yield has enough
}

// below goes down from the znode at path; parts are the environment, cluster
// and type that its path says so far.
func (w *walk) below(ctx context.Context, path string, parts []string) error {
	children, err := w.n.children(ctx, path)
	if err != nil {
		return err
	}
	slices.Sort(children)
	if len(parts) == 3 {
		return w.nodes(ctx, path, watch.Dir{Env: parts[0], Cluster: parts[1], Type: parts[2]}, children)
	}
	for _, child := range children {
		if err := w.below(ctx, path+"/"+child, append(slices.Clip(parts), child)); err != nil || w.ended {
			return err
		}
	}
	return nil
}

// nodes yields what is in the znode of a type, namespace by namespace: sorted
// by {namespace}.{name} those of one namespace are together.
func (w *walk) nodes(ctx context.Context, path string, d watch.Dir, children []string) error {
	for len(children) > 0 && !w.ended {
		namespace, _, _ := splitChild(children[0])
		var names []string
		for len(children) > 0 {
			ns, name, ok := splitChild(children[0])
			if ns != namespace {
				break
			}
			if children = children[1:]; ok {
				names = append(names, name)
			}
		}
		d.Namespace = namespace
		err := w.n.readAll(ctx, path, d, names, func(e watch.Entry, err error) bool {
			w.ended = !w.yield(watch.Item{Node: watch.Node{Dir: d, Name: e.Name}, Data: e.Data}, err)
			return !w.ended
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// children are the names of the znodes below the one at path; none when that
// is not there.
func (n *Nodes) children(ctx context.Context, path string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, n.callTimeout)
	defer cancel()
	children, err := call(ctx, n.session, func(c *zk.Conn) ([]string, error) {
		children, _, err := c.Children(path)
		return children, err
	})
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return nil, contractError("list", path, err)
	}
	return children, nil
}
