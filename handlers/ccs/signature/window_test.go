package signature

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestWindow holds the window against one that forgets nothing.
func TestWindow(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, most := range []int{1, 2, 3, 10, 100, 1 << 20} {
		type key struct {
			at    int64
			nonce uint64
		}
		used := map[key]bool{}
		w := &window{most: most}
		clock, crowded := int64(1000), false
		for range 20000 {
			clock += random.Int64N(4) / 3
			k := key{clock + random.Int64N(41) - 20, random.Uint64N(5)}
			before, newest := w.floor, len(w.seconds) > 0 && k.at > w.seconds[len(w.seconds)-1].at
			err := w.take(k.at, k.nonce, clock-20)
			crowded = crowded || w.floor > clock-20
			switch {
			case err == nil && used[k]:
				t.Fatalf("most %d: %v is accepted twice", most, k)
			case err == nil && k.at < before:
				t.Fatalf("most %d: %v is below the floor %d", most, k, before)
			case err != nil && !used[k] && (k.at >= before || newest):
				t.Fatalf("most %d: %v is refused: %v", most, k, err)
			}
			used[k] = true
			w.check(t)
		}
		if most != 100 && crowded != (most <= 10) { // 100 is about what is alive at a time
			t.Errorf("most %d: was full: %v", most, crowded)
		}
	}
}

// check counts again what the window says of itself.
func (w *window) check(t *testing.T) {
	t.Helper()
	count := 0
	for i, s := range w.seconds {
		count += len(s.nonces)
		if len(s.nonces) == 0 || s.at < w.floor || i > 0 && s.at <= w.seconds[i-1].at {
			t.Fatalf("second %d of %v, floor %d", i, w.seconds, w.floor)
		}
	}
	if count != w.count || count > w.most {
		t.Fatalf("%d nonces, says %d, at most %d", count, w.count, w.most)
	}
}

// At least as many requests as are remembered are accepted of one second.
func TestOneSecond(t *testing.T) {
	w := &window{most: 10}
	for nonce := range uint64(11) {
		if err := w.take(5, nonce, 0); err != nil {
			t.Errorf("%d: %v", nonce, err)
		}
	}
	for nonce := range uint64(20) {
		if err := w.take(5, nonce, 0); err == nil {
			t.Errorf("%d is accepted, though nothing of it is remembered", nonce)
		}
	}
	if err := w.take(6, 0, 0); err != nil {
		t.Errorf("the next second: %v", err)
	}
}

// What is older than everything in a full window takes no place in it.
func TestOlderThanAFullWindow(t *testing.T) {
	w := &window{most: 1}
	for _, k := range []struct {
		at    int64
		nonce uint64
		fresh bool
	}{{10, 1, true}, {5, 1, true}, {5, 1, false}, {5, 2, false}, {10, 1, false}, {10, 2, true}, {10, 3, false}, {11, 1, true}} {
		if err := w.take(k.at, k.nonce, 0); (err == nil) != k.fresh {
			t.Errorf("%v: %v", k, err)
		}
	}
}

// What is too old to be accepted is not kept.
func TestForgetsWithTime(t *testing.T) {
	now := time.Unix(1000, 0)
	v := NewVerifier(Options{Now: func() time.Time { return now }, Skew: 10 * time.Second})
	for range 100 {
		if err := v.take("id", now.Unix(), 1); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if w := v.accepted["id"]; w.count != 11 || len(w.seconds) != 11 {
		t.Errorf("%d requests are remembered", w.count)
	}
}

// A request that is refused leaves nothing behind, for a SecretId that is known or not.
func TestRefusedIsNotRemembered(t *testing.T) {
	v := NewVerifier(Options{
		Now:  func() time.Time { return time.Unix(1000, 0) },
		Keys: func(id string) (string, bool) { return "key", id == "known" },
	})
	for _, id := range []string{"known", "unknown"} {
		params := map[string]string{ParamSecretID: id, ParamTimestamp: "1000", ParamNonce: "1", ParamSignature: "bad"}
		if err := v.Verify("GET", "h", "/", params); err == nil {
			t.Error("accepted")
		}
	}
	if len(v.accepted) != 0 {
		t.Errorf("remembers %v", v.accepted)
	}
}
