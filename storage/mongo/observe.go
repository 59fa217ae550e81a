package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
)

// Observer hears what happens between an engine and its servers. Its methods may
// be called concurrently, also after Close, and must not block.
type Observer interface {
	// CommandDone: a server answered a command of that name after that time, or it failed.
	CommandDone(name string, took time.Duration, failed bool)
	// PoolChanged: something happened to the connections to a server.
	PoolChanged(e PoolEvent)
}

// PoolChange is what happened to the connections to a server.
type PoolChange int

// What can happen.
const (
	PoolOpened       PoolChange = iota // the server is known; Max is set
	PoolCleared                        // a connection failed and all are given up
	PoolClosed                         // the server is no longer one of ours
	ConnectionOpened                   //
	ConnectionClosed                   //
	CheckedOut                         // an operation got a connection after Waited
	CheckOutFailed                     // an operation got none after Waited, for Reason
	CheckedIn                          // an operation gave its connection back
)

// PoolEvent is one change.
type PoolEvent struct {
	Server string // host:port
	Change PoolChange
	Max    uint64 // connections
	Waited time.Duration
	Reason string // a word of the driver: timeout, connectionError, poolClosed …
}

// poolChanges are what the driver calls the changes. The others are of no interest.
var poolChanges = map[string]PoolChange{
	event.ConnectionPoolCreated:    PoolOpened,
	event.ConnectionPoolCleared:    PoolCleared,
	event.ConnectionPoolClosed:     PoolClosed,
	event.ConnectionCreated:        ConnectionOpened,
	event.ConnectionClosed:         ConnectionClosed,
	event.ConnectionCheckedOut:     CheckedOut,
	event.ConnectionCheckOutFailed: CheckOutFailed,
	event.ConnectionCheckedIn:      CheckedIn,
}

func poolEvents(to Observer) func(*event.PoolEvent) {
	return func(e *event.PoolEvent) {
		change, known := poolChanges[e.Type]
		if !known {
			return
		}
		told := PoolEvent{Server: e.Address, Change: change, Waited: e.Duration, Reason: e.Reason}
		if e.PoolOptions != nil {
			told.Max = e.PoolOptions.MaxPoolSize
		}
		to.PoolChanged(told)
	}
}

// monitor sees every command for both Monitor and Observer; nil if there is neither.
func (o *Options) monitor() *event.CommandMonitor {
	if o.Observer == nil {
		return o.Monitor
	}
	var first event.CommandMonitor
	if o.Monitor != nil {
		first = *o.Monitor
	}
	return &event.CommandMonitor{
		Started: first.Started,
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) {
			if first.Succeeded != nil {
				first.Succeeded(ctx, e)
			}
			o.Observer.CommandDone(e.CommandName, e.Duration, false)
		},
		Failed: func(ctx context.Context, e *event.CommandFailedEvent) {
			if first.Failed != nil {
				first.Failed(ctx, e)
			}
			o.Observer.CommandDone(e.CommandName, e.Duration, true)
		},
	}
}
