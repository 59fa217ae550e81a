package zk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"bcs-storage/watch"

	"github.com/go-zookeeper/zk"
)

var (
	errNoSession = errors.New("no session with ZooKeeper")
	errClosed    = errors.New("the engine is closed")
	errContended = errors.New("the znode came and went while it was written")
)

// meanings give an error of the library the one of the contract. What is not
// here, such as a znode that this user may not write, is the engine's own
// failure; a cancelled context stays what it is.
var meanings = []struct{ from, to error }{
	{zk.ErrNoNode, watch.ErrNotFound},
	{zk.ErrConnectionClosed, watch.ErrUnavailable},
	{zk.ErrNoServer, watch.ErrUnavailable},
	{zk.ErrClosing, watch.ErrUnavailable},
	{zk.ErrSessionExpired, watch.ErrUnavailable},
	{zk.ErrSessionMoved, watch.ErrUnavailable},
	{context.DeadlineExceeded, watch.ErrUnavailable},
	{errNoSession, watch.ErrUnavailable},
	{errClosed, watch.ErrUnavailable},
	{errContended, watch.ErrUnavailable},
	{io.EOF, watch.ErrUnavailable},
	{net.ErrClosed, watch.ErrUnavailable},
}

// contractError is err in the terms of the contract. doing says what the engine
// was about, and path with which znode.
func contractError(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	for _, m := range meanings {
		if errors.Is(err, m.from) {
			return fmt.Errorf("%s %s: %w: %w", doing, path, m.to, err)
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return fmt.Errorf("%s %s: %w: %w", doing, path, watch.ErrUnavailable, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}
