package zk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"bcs-storage/watch"

	"github.com/go-zookeeper/zk"
)

// Nodes implements watch.Nodes.
type Nodes struct {
	session     *session
	base        string
	acl         []zk.ACL
	callTimeout time.Duration
	maxPayload  int
	log         *slog.Logger
}

var _ watch.Nodes = (*Nodes)(nil)

// Open starts to connect. It fails only for options that cannot work: a
// ZooKeeper that is away shows in Ping and in every call until it is back.
func Open(o Options) (*Nodes, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open ZooKeeper: %w", err)
	}
	s, err := openSession(o)
	if err != nil {
		return nil, fmt.Errorf("open ZooKeeper: %w", err)
	}
	return &Nodes{
		session: s, base: o.Base, acl: o.acl(), callTimeout: o.CallTimeout,
		maxPayload: o.MaxPayload, log: o.Log,
	}, nil
}

// Close ends the session, in a few seconds at most. Calls that are under way,
// and later ones, fail with watch.ErrUnavailable. It always returns nil.
func (n *Nodes) Close() error {
	n.session.close()
	return nil
}

// Session says whether there is a session now, and how often one was established or taken up again.
func (n *Nodes) Session() (up bool, established int) { return n.session.gate.state() }

// Get implements watch.Nodes. A znode whose data is not a JSON object is none of ours.
func (n *Nodes) Get(ctx context.Context, at watch.Node) ([]byte, error) {
	znode, err := n.nodePath(at)
	if err != nil {
		return nil, err
	}
	return n.read(ctx, znode)
}

func (n *Nodes) read(ctx context.Context, znode string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, n.callTimeout)
	defer cancel()
	data, err := call(ctx, n.session, func(c *zk.Conn) ([]byte, error) {
		data, _, err := c.Get(znode)
		return data, err
	})
	if err != nil {
		return nil, contractError("get", znode, err)
	}
	if !isObject(data) {
		n.log.Debug("passing over a znode that holds no JSON object", "path", znode, "bytes", len(data))
		return nil, fmt.Errorf("get %s: %w: it holds no JSON object", znode, watch.ErrNotFound)
	}
	return data, nil
}

// isObject: the service once left the node's own name where one was asked for in vain.
func isObject(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && json.Valid(data)
}

// Delete implements watch.Nodes. What Put says about watch.ErrUnavailable holds here too.
func (n *Nodes) Delete(ctx context.Context, at watch.Node) error {
	znode, err := n.nodePath(at)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, n.callTimeout)
	defer cancel()
	_, err = call(ctx, n.session, func(c *zk.Conn) (struct{}, error) { return struct{}{}, c.Delete(znode, -1) })
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return contractError("delete", znode, err)
}

// Ping implements watch.Nodes: a server answers on a session.
func (n *Nodes) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.callTimeout)
	defer cancel()
	_, err := call(ctx, n.session, func(c *zk.Conn) (bool, error) {
		there, _, err := c.Exists("/")
		return there, err
	})
	return contractError("ping", "/", err)
}
