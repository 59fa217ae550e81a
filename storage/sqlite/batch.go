package sqlite

import (
	"errors"
	"time"

	"bcs-storage/storage"
)

// commit makes all changes of the batch in one transaction and answers them.
func (w *writer) commit(batch []*write) {
	results := make([]error, len(batch))
	start := time.Now()
	err := w.transact(batch, results)
	if w.onEnd != nil {
		w.onEnd(Commit{Writes: len(batch), Took: time.Since(start), Err: err})
	}
	w.failing.Store(err != nil)
	if err == nil {
		w.commits.Add(1)
	}
	for i, op := range batch {
		if err != nil && results[i] == nil {
			results[i] = err
		}
		op.done <- results[i]
	}
}

// transact fills in the results of the single changes; its error is that of
// the batch: nothing of it happened.
func (w *writer) transact(batch []*write, results []error) error {
	if w.conn == nil {
		c, err := w.redial()
		if err != nil {
			return contractError("write", errors.Join(storage.ErrUnavailable, err))
		}
		w.conn = c
	}
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		w.rollback()
		return contractError("begin", err)
	}
	for i, op := range batch {
		if results[i] = op.ctx.Err(); results[i] != nil {
			continue
		}
		if err := op.apply(w.conn); err != nil {
			if spoilsTransaction(err) {
				w.rollback()
				return contractError("write", err)
			}
			results[i] = contractError("write", err)
		}
	}
	if _, err := w.conn.exec("COMMIT"); err != nil {
		w.rollback()
		return contractError("commit", err)
	}
	return nil
}

// apply runs the change so that one that fails leaves nothing behind. A single
// statement that fails undoes itself.
func (op *write) apply(c *conn) error {
	if !op.steps {
		return op.run(c)
	}
	if _, err := c.exec("SAVEPOINT change"); err != nil {
		return err
	}
	err := op.run(c)
	if err != nil && !spoilsTransaction(err) {
		_, undo := c.exec("ROLLBACK TO change")
		err = errors.Join(err, undo)
	}
	_, end := c.exec("RELEASE change")
	if err != nil {
		return err // when SQLite ended the transaction there is no savepoint either
	}
	return end
}

// rollback ends the transaction that failed. SQLite may have done so already.
// A connection that still is not fit for the next batch is replaced.
func (w *writer) rollback() {
	_, _ = w.conn.exec("ROLLBACK") // an error says that there is no transaction any more
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err == nil {
		if _, err = w.conn.exec("ROLLBACK"); err == nil {
			return
		}
	}
	_ = w.conn.close() // the connection is given up because it fails
	w.conn = nil
}
