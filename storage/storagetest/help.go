package storagetest

import (
	"sync"
	"sync/atomic"
)

// writers is how many goroutines fill a store.
const writers = 16

// parallel calls f with 0 … n-1 from several goroutines.
func (s *suite) parallel(n int, f func(i int) error) {
	s.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(writers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					s.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s.Failed() {
		s.FailNow()
	}
}
