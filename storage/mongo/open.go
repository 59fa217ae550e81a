package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// Options say where documents are kept. URI, Database and Collections are
// needed; a zero value of the others stands for what is said there.
type Options struct {
	URI                    string        // hosts, credentials, TLS, replica set
	Database               string        // all collections are in this one
	OperationTimeout       time.Duration // bounds every command; 10s
	ServerSelectionTimeout time.Duration // how long a command waits for a server that can take it; as in the URI, else 3s
	MaxPoolSize            uint64        // connections to a server; as in the URI, else 100
	MinPoolSize            uint64        // connections kept open; as in the URI, else 0
	Collections            []*storage.Collection
	Log                    *slog.Logger          // failures in the background; nil discards them
	Monitor                *event.CommandMonitor // sees every command; may be nil
	Observer               Observer              // hears how commands end and connections come and go; may be nil
}

const (
	defaultOperationTimeout       = 10 * time.Second
	defaultServerSelectionTimeout = 3 * time.Second
)

// Open prepares a client. It does not connect: it succeeds while the server is
// down (a mongodb+srv URI, though, needs its DNS records), commands then fail
// with ErrUnavailable, and work as soon as the server does.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open mongodb: %w", err)
	}
	o.setDefaults()
	client, err := mongo.Connect(o.client())
	if err != nil {
		return nil, fmt.Errorf("open mongodb: %w", err)
	}
	e := &Engine{
		client:      client,
		db:          client.Database(o.Database),
		collections: o.Collections,
		timeout:     o.OperationTimeout,
		assigning:   make(chan struct{}, 1),
	}
	e.indexer = startIndexer(e.db, o.Log)
	return e, nil
}

func (o *Options) check() error {
	switch {
	case o.URI == "":
		return errors.New("no URI")
	case o.Database == "":
		return errors.New("no database")
	case len(o.Collections) == 0:
		return errors.New("no collections")
	case o.OperationTimeout < 0 || o.ServerSelectionTimeout < 0:
		return errors.New("a timeout is negative")
	}
	return checkIndexes(o.Collections)
}

func (o *Options) setDefaults() {
	if o.OperationTimeout == 0 {
		o.OperationTimeout = defaultOperationTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// client are the driver's options. What the contract promises (durable writes,
// reading what was written) is not left to the URI. Reads and writes that can
// be sent again after a failure are, within OperationTimeout, which is the driver's default.
func (o *Options) client() *options.ClientOptions {
	journaled := true
	opts := options.Client().
		SetServerSelectionTimeout(defaultServerSelectionTimeout).
		SetAppName("bcs-storage").
		ApplyURI(o.URI).
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Local()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled})
	if o.ServerSelectionTimeout > 0 {
		opts.SetServerSelectionTimeout(o.ServerSelectionTimeout)
	}
	if o.MaxPoolSize > 0 {
		opts.SetMaxPoolSize(o.MaxPoolSize)
	}
	if o.MinPoolSize > 0 {
		opts.SetMinPoolSize(o.MinPoolSize)
	}
	if m := o.monitor(); m != nil {
		opts.SetMonitor(m)
	}
	if o.Observer != nil {
		opts.SetPoolMonitor(&event.PoolMonitor{Event: poolEvents(o.Observer)})
	}
	return opts
}
