package sqlite

import (
	"context"
	"errors"
	"fmt"

	"bcs-storage/storage"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// contractError turns what SQLite says into an error of the contract. doing
// says what the engine was about.
func contractError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	switch primaryCode(err) {
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%s: %w: %w", doing, storage.ErrTooLarge, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT:
		return fmt.Errorf("%s: %w: %w", doing, storage.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// primaryCode is the SQLite result code of err, 0 when it has none.
func primaryCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// spoilsTransaction says whether the transaction in which err occurred cannot
// go on: SQLite may have rolled it back on its own. Errors that concern one
// statement, such as a value that is too big, do not.
func spoilsTransaction(err error) bool {
	switch primaryCode(err) {
	case 0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG,
		sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return false
	}
	return true
}
