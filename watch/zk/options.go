package zk

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

// DefaultMaxPayload is the largest payload that a server with the default
// jute.maxbuffer takes whatever the node is called.
const DefaultMaxPayload = 0xfffff - overhead

const (
	// maxPart is the most bytes of a part of a path, and of the base and the user.
	maxPart = 1000
	// overhead is what a request that creates a znode holds beside the payload,
	// at most: the base, five parts, the user in the ACL, and numbers.
	overhead = 8 << 10
)

// Options say where ZooKeeper is and how it is used. Only Servers must be set.
type Options struct {
	Servers     []string      // host or host:port
	Base        string        // what every path starts with; default etc/cluster
	Timeout     time.Duration // of the session, as asked for; default 10s
	CallTimeout time.Duration // the longest that a call takes; default 5s
	// Username and Password: with a user, znodes are made for that user alone, by
	// the digest scheme. Without, for everyone.
	Username, Password string
	// MaxPayload is in bytes. More than DefaultMaxPayload needs servers with a
	// larger jute.maxbuffer.
	MaxPayload int
	Log        *slog.Logger // default: none
}

func (o Options) withDefaults() Options {
	setDefault(&o.Base, "etc/cluster")
	setDefault(&o.Timeout, 10*time.Second)
	setDefault(&o.CallTimeout, 5*time.Second)
	setDefault(&o.MaxPayload, DefaultMaxPayload)
	setDefault(&o.Log, slog.New(slog.DiscardHandler))
	o.Base = strings.Trim(o.Base, "/")
	return o
}

func setDefault[T comparable](option *T, value T) {
	var unset T
	if *option == unset {
		*option = value
	}
}

// check says everything that is wrong.
func (o Options) check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(len(o.Servers) == 0, "no servers")
	refuse(len(o.Base) > maxPart, "base: longer than %d bytes", maxPart)
	for segment := range strings.SplitSeq(o.Base, "/") {
		if why := wrongSegment(segment); why != "" {
			errs = append(errs, fmt.Errorf("base %q: %s", o.Base, why))
		}
	}
	refuse(o.Timeout < time.Millisecond, "session timeout %v: too short", o.Timeout)
	refuse(o.CallTimeout < 0, "call timeout %v: negative", o.CallTimeout)
	refuse(o.MaxPayload < 0, "largest payload %d: negative", o.MaxPayload)
	refuse(len(o.Username) > maxPart, "user: longer than %d bytes", maxPart)
	refuse(strings.Contains(o.Username, ":"), "user %q: a colon ends a user's name", o.Username)
	return errors.Join(errs...)
}

// addresses are the servers, each with a port.
func (o Options) addresses() []string {
	all := make([]string, len(o.Servers))
	for i, server := range o.Servers {
		all[i] = server
		if _, _, err := net.SplitHostPort(server); err != nil {
			all[i] = net.JoinHostPort(strings.Trim(server, "[]"), strconv.Itoa(zk.DefaultPort))
		}
	}
	return all
}

// acl is that of every znode that is made.
func (o Options) acl() []zk.ACL {
	if o.Username == "" {
		return zk.WorldACL(zk.PermAll)
	}
	return zk.DigestACL(zk.PermAll, o.Username, o.Password)
}

// credentials are sent without a user too: builds of the service that had none
// gave their znodes to the user with the empty name, and those must stay writable.
func (o Options) credentials() []byte { return []byte(o.Username + ":" + o.Password) }
