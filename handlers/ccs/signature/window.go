package signature

import (
	"cmp"
	"fmt"
	"slices"
)

// window remembers the accepted requests of one SecretId. What is below its floor is refused, so it need not be remembered.
// The floor never falls: a clock that is set back does not make old requests good again.
type window struct {
	most    int // entries, at least 1
	floor   int64
	count   int      // of all nonces
	seconds []second // ascending; none is empty
}

// second is the nonces that were used with one Timestamp.
type second struct {
	at     int64
	nonces map[uint64]struct{}
}

// take remembers a request, or says that it is an ErrReplay. oldest is the oldest Timestamp that the clock allows.
func (w *window) take(at int64, nonce uint64, oldest int64) error {
	w.raise(oldest)
	if at < w.floor {
		return fmt.Errorf("%w: Timestamp %d is older than the requests that are remembered", ErrReplay, at)
	}
	if i, found := w.find(at); found {
		if _, used := w.seconds[i].nonces[nonce]; used {
			return fmt.Errorf("%w: Timestamp %d was used with Nonce %d before", ErrReplay, at, nonce)
		}
	}
	for w.count >= w.most {
		w.raise(min(at, w.seconds[0].at) + 1)
		if at < w.floor {
			return nil // the floor alone keeps it from being accepted again
		}
	}
	w.add(at, nonce)
	return nil
}

// raise forgets what is older than floor.
func (w *window) raise(floor int64) {
	w.floor = max(w.floor, floor)
	n, _ := w.find(w.floor)
	for _, s := range w.seconds[:n] {
		w.count -= len(s.nonces)
	}
	w.seconds = slices.Delete(w.seconds, 0, n)
}

func (w *window) add(at int64, nonce uint64) {
	i, found := w.find(at)
	if !found {
		w.seconds = slices.Insert(w.seconds, i, second{at, map[uint64]struct{}{}})
	}
	w.seconds[i].nonces[nonce] = struct{}{}
	w.count++
}

func (w *window) find(at int64) (int, bool) {
	return slices.BinarySearchFunc(w.seconds, at, func(s second, at int64) int { return cmp.Compare(s.at, at) })
}
