package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"bcs-storage/storage"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// contractError turns what the driver says into an error of the contract.
// doing says what the engine was about; ctx is the caller's, and limited the
// one made of it, with the engine's own limit, that the driver was given.
func contractError(ctx, limited context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case mongo.IsTimeout(err) && sameDeadline(ctx, limited):
		// The driver gives up when a deadline is about to be missed.
		return fmt.Errorf("%s: %w", doing, context.DeadlineExceeded)
	case errors.Is(err, mongo.ErrNoDocuments):
		return storage.ErrNotFound
	case isTooLarge(err):
		return fmt.Errorf("%s: %w: %w", doing, storage.ErrTooLarge, err)
	case isUnavailable(err):
		return &unavailable{doing, err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func sameDeadline(a, b context.Context) bool {
	x, hasX := a.Deadline()
	y, hasY := b.Deadline()
	return hasX && hasY && x.Equal(y)
}

// unavailable is an ErrUnavailable with its cause. A deadline in the cause is
// the engine's, so it does not count as the caller's context being done.
type unavailable struct {
	doing string
	cause error
}

func (u *unavailable) Error() string {
	return fmt.Sprintf("%s: %v: %v", u.doing, storage.ErrUnavailable, u.cause)
}

func (u *unavailable) Is(target error) bool { return target == storage.ErrUnavailable }

// As finds the driver's errors: transactions look for their labels.
func (u *unavailable) As(target any) bool { return errors.As(u.cause, target) }

// The server's codes (see error_codes.yml in its sources).
const (
	codeBSONObjectTooLarge = 10334
	codeUpdatedTooLarge    = 17419
	codeUpsertedTooLarge   = 17420
)

func isTooLarge(err error) bool {
	return errors.Is(err, driver.ErrDocumentTooLarge) ||
		hasCode(err, codeBSONObjectTooLarge, codeUpdatedTooLarge, codeUpsertedTooLarge)
}

// unavailableCodes say that the server cannot do now what it may do later.
var unavailableCodes = []int{
	6,     // HostUnreachable
	7,     // HostNotFound
	43,    // CursorNotFound: it was lost with the server's memory
	46,    // LockTimeout
	50,    // MaxTimeMSExpired
	64,    // WriteConcernFailed: not replicated in time
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	112,   // WriteConflict
	133,   // FailedToSatisfyReadPreference
	175,   // QueryPlanKilled
	189,   // PrimarySteppedDown
	237,   // CursorKilled
	251,   // NoSuchTransaction: it was aborted
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11601, // Interrupted
	11602, // InterruptedDueToReplStateChange
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
	14031, // OutOfDiskSpace
}

func isUnavailable(err error) bool {
	if errors.Is(err, mongo.ErrClientDisconnected) || mongo.IsTimeout(err) || mongo.IsNetworkError(err) {
		return true
	}
	var selection topology.ServerSelectionError
	var connection topology.ConnectionError
	var pool topology.PoolError
	var cleared driver.RetryablePoolError
	if errors.As(err, &selection) || errors.As(err, &connection) || errors.As(err, &pool) || errors.As(err, &cleared) {
		return true
	}
	if hasLabel(err, driver.RetryableWriteError) || hasLabel(err, driver.TransientTransactionError) {
		return true
	}
	return hasCode(err, unavailableCodes...)
}

func hasLabel(err error, label string) bool {
	var labeled mongo.LabeledError
	return errors.As(err, &labeled) && labeled.HasErrorLabel(label)
}

func hasCode(err error, codes ...int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(codes, server.HasErrorCode)
}
