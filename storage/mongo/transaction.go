package mongo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
)

// locks is the MongoDB collection of the documents that assignments in
// transactions change, so that two of them at once conflict.
const locks = "locks"

// transaction reads and writes in one, which conflicts with every other one
// for the same field.
func (w *assigning) transaction(ctx context.Context) error {
	return w.e.transaction(ctx, func(ctx context.Context) error {
		if err := w.lock(ctx); err != nil {
			return err
		}
		return w.once(ctx)
	})
}

func (w *assigning) lock(ctx context.Context) error {
	return w.e.call(ctx, "assign", func(ctx context.Context) error {
		_, err := w.e.db.Collection(locks).UpdateOne(ctx,
			bson.D{{Key: nameID, Value: "assign/" + w.c.Name + "/" + w.a.Field}},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}},
			options.UpdateOne().SetUpsert(true))
		return err
	})
}

// transaction carries out do in a transaction, and again when it conflicts
// with another, until ctx is done.
//
// The driver has such a loop, WithTransaction, but that commits on a context
// that never ends: a primary that hangs would hold the assignment for good.
func (e *Engine) transaction(ctx context.Context, do func(context.Context) error) error {
	session, err := e.client.StartSession()
	if err != nil {
		return contractError(ctx, ctx, "assign", err)
	}
	// What is to be aborted is by then. EndSession would also send an abort behind
	// a commit that nobody has heard of, which routers may carry out side by
	// side: on a context that is done it sends nothing.
	done, cancel := context.WithCancel(ctx)
	cancel()
	defer session.EndSession(done)
	for n := 0; ; n++ {
		err := e.attempt(ctx, session, do)
		if !hasLabel(err, driver.TransientTransactionError) {
			return err
		}
		if err := pause(ctx, n, err); err != nil {
			return err
		}
	}
}

func (e *Engine) attempt(ctx context.Context, session *mongo.Session, do func(context.Context) error) error {
	if err := session.StartTransaction(); err != nil {
		return fmt.Errorf("assign: %w", err)
	}
	committing := false
	defer func() {
		if !committing {
			abort(ctx, session)
		}
	}()
	if err := do(mongo.NewSessionContext(ctx, session)); err != nil {
		return err
	}
	for n := 0; ; n++ {
		err := e.call(ctx, "assign", func(ctx context.Context) error {
			committing = true
			return session.CommitTransaction(ctx)
		})
		if !hasLabel(err, driver.UnknownTransactionCommitResult) {
			return err
		}
		if err := pause(ctx, n, err); err != nil {
			return err
		}
	}
}

// abort ends the transaction also when ctx is done, and when Close has begun.
// One that the server does not hear of it aborts by itself, in time.
func abort(ctx context.Context, session *mongo.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	_ = session.AbortTransaction(ctx)
}

// pause waits before what failed with err is tried for the n-th time again:
// longer each time, and not as long as another process does. It fails when ctx
// is done.
func pause(ctx context.Context, n int, err error) error {
	const shortest, doublings = 10 * time.Millisecond, 6
	timer := time.NewTimer(rand.N(shortest << min(n, doublings)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("assign: %w: %v", ctx.Err(), err)
	}
}
