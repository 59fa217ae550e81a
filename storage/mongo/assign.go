package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// assignAttempts is how often an assignment starts over because somebody else
// wrote a document between reading and writing it.
const assignAttempts = 8

// errChanged: a document is not as it was read any more.
var errChanged = errors.New("a document was written by somebody else meanwhile")

// Assign is a transaction where the deployment has them. Assignments of one
// process run one after the other.
func (e *Engine) Assign(ctx context.Context, c *storage.Collection, a storage.Assignment, now time.Time) error {
	if err := e.knows(c); err != nil {
		return err
	}
	for _, key := range a.Keys {
		if err := checkKey(c, key); err != nil {
			return err
		}
	}
	// One limit for all of it, waiting included: an assignment is several commands.
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	err := e.assign(limited, &assigning{e: e, c: c, a: a, now: now})
	if err != nil && ctx.Err() == nil && !sameDeadline(ctx, limited) && (limited.Err() != nil || errors.Is(err, context.DeadlineExceeded)) {
		err = &unavailable{"assign", err}
	}
	for _, key := range a.Keys {
		if err == nil {
			e.indexer.want(c, e.collection(c, key).Name())
		}
	}
	return err
}

func (e *Engine) assign(ctx context.Context, w *assigning) error {
	select {
	case e.assigning <- struct{}{}:
		defer func() { <-e.assigning }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := w.plan(ctx); err != nil {
		return err
	}
	inTransaction, err := e.hasTransactions(ctx)
	if err != nil {
		return err
	}
	if inTransaction {
		return persist(ctx, w.transaction)
	}
	return persist(ctx, w.once)
}

// hasTransactions asks: a server may have joined a replica set since the last time.
func (e *Engine) hasTransactions(ctx context.Context) (bool, error) {
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	err := e.call(ctx, "assign", func(ctx context.Context) error {
		return e.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	})
	return hello.SetName != "" || hello.Msg == "isdbgrid", err
}

// assigning is an assignment that is carried out.
type assigning struct {
	e       *Engine
	c       *storage.Collection
	a       storage.Assignment
	now     time.Time
	has     storage.Filter
	holders []part // where documents that have the value are
}

func (w *assigning) plan(ctx context.Context) (err error) {
	if !w.a.Exclusive {
		return w.e.usable(ctx)
	}
	w.has = storage.OneOf(storage.Path{w.a.Field}, storage.String(w.a.Value))
	w.holders, err = w.e.plan(ctx, w.c, storage.Query{Filter: w.has})
	return err
}

// persist starts over when a document was written by somebody else meanwhile.
func persist(ctx context.Context, attempt func(context.Context) error) (err error) {
	for range assignAttempts {
		if err = attempt(ctx); !errors.Is(err, errChanged) {
			return err
		}
	}
	return fmt.Errorf("assign: %w: %w", storage.ErrUnavailable, err)
}

// once reads what is there and writes what follows from it.
func (w *assigning) once(ctx context.Context) error {
	writes := &writes{w: w, named: map[string]bool{}}
	for _, key := range w.a.Keys {
		writes.named[key.ID()] = true
	}
	if err := writes.takeAway(ctx); err != nil {
		return err
	}
	if err := writes.give(ctx); err != nil {
		return err
	}
	return writes.send(ctx)
}
