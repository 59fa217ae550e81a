package sqlite

import "time"

// Option is what Open can be told beside what it needs.
type Option func(*Engine)

// Commit is a transaction of writes that came together.
type Commit struct {
	Writes int
	Took   time.Duration
	Err    error // nothing of it was written
}

// OnCommit has ended called after every commit and every one that failed, before its
// writes are answered, one call at a time. It must not block.
func OnCommit(ended func(Commit)) Option {
	return func(e *Engine) { e.writer.onEnd = ended }
}
