package zk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"

	"bcs-storage/watch"

	"github.com/go-zookeeper/zk"
)

// putAttempts is how often Put starts again because somebody else made or
// deleted the node, or its parents, meanwhile.
const putAttempts = 5

// Put implements watch.Nodes. One that fails with watch.ErrUnavailable may have
// been carried out, or be so when the connection is there again.
func (n *Nodes) Put(ctx context.Context, at watch.Node, payload []byte) error {
	znode, err := n.nodePath(at)
	if err != nil {
		return err
	}
	// A server hangs up on a packet that is too large, and every call under way fails.
	if len(payload) > n.maxPayload {
		return fmt.Errorf("put %s: %w: %d bytes, %d at most", znode, watch.ErrTooLarge, len(payload), n.maxPayload)
	}
	ctx, cancel := context.WithTimeout(ctx, n.callTimeout)
	defer cancel()
	// The library may read the payload after the call was given up on.
	return contractError("put", znode, n.put(ctx, znode, bytes.Clone(payload)))
}

func (n *Nodes) put(ctx context.Context, znode string, data []byte) error {
	for range putAttempts {
		_, err := call(ctx, n.session, func(c *zk.Conn) (*zk.Stat, error) { return c.Set(znode, data, -1) })
		if !errors.Is(err, zk.ErrNoNode) {
			return err
		}
		err = n.create(ctx, znode, data)
		if !errors.Is(err, zk.ErrNodeExists) && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return errContended
}

// create makes a znode; when that fails because its parents are missing, these
// first. Trying the znode first costs nothing once they are there, holds when
// they are deleted, and needs no rights above those that are.
//
// Parents are empty. The service once wrote their names into them, but nothing
// reads that, and it looks like a payload that is broken.
func (n *Nodes) create(ctx context.Context, znode string, data []byte) error {
	err := n.createOne(ctx, znode, data)
	parent := path.Dir(znode)
	if !errors.Is(err, zk.ErrNoNode) || parent == "/" {
		return err
	}
	if err := n.create(ctx, parent, []byte{}); err != nil && !errors.Is(err, zk.ErrNodeExists) {
		return err
	}
	return n.createOne(ctx, znode, data)
}

func (n *Nodes) createOne(ctx context.Context, znode string, data []byte) error {
	_, err := call(ctx, n.session, func(c *zk.Conn) (string, error) {
		return c.Create(znode, data, zk.FlagPersistent, n.acl)
	})
	return err
}
