package zk

import (
	"context"

	"github.com/go-zookeeper/zk"
)

// maxCalls is how many calls are in the library at a time, those that their
// callers have given up on included: it holds on to these until the connection
// is lost or answers.
const maxCalls = 64

// call runs do until ctx is done. A call that is given up on may still be
// carried out, and its goroutine ends with the connection at the latest: do must
// not touch what the caller goes on using.
func call[T any](ctx context.Context, s *session, do func(*zk.Conn) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := s.enter(ctx); err != nil {
		return none, err
	}
	results := make(chan result, 1)
	go func() {
		defer s.leave()
		value, err := do(s.conn)
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// enter waits for a session and a free slot.
func (s *session) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.gate.pass(ctx, s.life); err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return errClosed
	}
	if s.life.Err() != nil { // both were ready: close may have all slots but this
		s.leave()
		return errClosed
	}
	return nil
}

func (s *session) leave() { <-s.slots }
