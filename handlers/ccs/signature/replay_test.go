package signature_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bcs-storage/handlers/ccs/signature"
)

// fresh is a rightly signed request of its own.
func fresh(timestamp, nonce int64) map[string]string {
	return signed("GET", host, path, map[string]string{
		"Action": "DescribeCluster", "SecretId": secretID,
		"Timestamp": strconv.FormatInt(timestamp, 10), "Nonce": strconv.FormatInt(nonce, 10),
	})
}

func TestSkew(t *testing.T) {
	for _, skew := range []int64{0, 1, 300, 3600} {
		v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp), Skew: time.Duration(skew) * time.Second})
		if skew == 0 {
			skew = 300
		}
		for _, off := range []int64{-skew, 0, skew} {
			if err := v.Verify("GET", host, path, fresh(stamp+off, 1)); err != nil {
				t.Errorf("skew %d, off by %d: %v", skew, off, err)
			}
		}
		for off, why := range map[int64]string{
			-skew - 1: fmt.Sprintf("Timestamp %d is older than %d seconds", stamp-skew-1, skew),
			-stamp:    fmt.Sprintf("Timestamp 0 is older than %d seconds", skew),
			skew + 1:  fmt.Sprintf("Timestamp %d is more than %d seconds in the future", stamp+skew+1, skew),
			1 << 62:   fmt.Sprintf("Timestamp %d is more than %d seconds in the future", stamp+1<<62, skew),
		} {
			err := v.Verify("GET", host, path, fresh(stamp+off, 2))
			if !errors.Is(err, signature.ErrReplay) || err.Error() != "the request is not fresh: "+why {
				t.Errorf("skew %d, off by %d: %v", skew, off, err)
			}
		}
	}
}

// While the clock goes on, a request is refused first because it is remembered and then because it is old, without a gap;
// also when the clock is set back.
func TestNeverTwiceWhileTimePasses(t *testing.T) {
	now := time.Unix(stamp-300, 0)
	v := signature.NewVerifier(signature.Options{Keys: keys, Now: func() time.Time { return now }})
	r := fresh(stamp, 1)
	if err := v.Verify("GET", host, path, r); err != nil {
		t.Fatal(err)
	}
	again := func() {
		t.Helper()
		if err := v.Verify("GET", host, path, r); !errors.Is(err, signature.ErrReplay) {
			t.Errorf("at %d: %v", now.Unix()-stamp, err)
		}
		if err := v.Verify("GET", host, path, fresh(now.Unix(), now.UnixNano())); err != nil {
			t.Errorf("another one: %v", err)
		}
	}
	for range 1210 {
		now = now.Add(500 * time.Millisecond)
		again()
	}
	now = time.Unix(stamp, 0)
	if err := v.Verify("GET", host, path, r); !errors.Is(err, signature.ErrReplay) {
		t.Errorf("the clock was set back: %v", err)
	}
}

// The nonce is a number, and belongs to a SecretId and a Timestamp.
func TestWhatIsAReplay(t *testing.T) {
	v := signature.NewVerifier(signature.Options{Now: at(stamp), Keys: func(string) (string, bool) { return secretKey, true }})
	sign := func(changes ...string) map[string]string {
		return signed("GET", host, path, with(fresh(stamp, 7), changes...))
	}
	for _, r := range []map[string]string{sign(), sign("Nonce", "8"), sign("Timestamp", "1465185769"), sign("SecretId", "other")} {
		if err := v.Verify("GET", host, path, r); err != nil {
			t.Error(err)
		}
	}
	for _, r := range []map[string]string{sign(), sign("Nonce", "007"), sign("Timestamp", "01465185768"), sign("Action", "DescribeClusterService")} {
		if err := v.Verify("GET", host, path, r); !errors.Is(err, signature.ErrReplay) {
			t.Error(err)
		}
	}
}

// One client fills its window; it is not accepted twice, and another one does not notice.
func TestFullWindow(t *testing.T) {
	v := signature.NewVerifier(signature.Options{Now: at(stamp), Window: 2, Keys: func(string) (string, bool) { return secretKey, true }})
	verify := func(id string, timestamp, nonce int64) error {
		return v.Verify("GET", host, path, signed("GET", host, path, with(fresh(timestamp, nonce), "SecretId", id)))
	}
	if err := verify("quiet", stamp-300, 1); err != nil {
		t.Fatal(err)
	}
	for i := range int64(300) {
		if err := verify("busy", stamp+i, i); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for i := range int64(300) {
		if err := verify("busy", stamp+i, i); !errors.Is(err, signature.ErrReplay) {
			t.Fatalf("%d, again: %v", i, err)
		}
	}
	if err := verify("quiet", stamp-300, 2); err != nil {
		t.Errorf("another client is crowded out: %v", err)
	}
	if err := verify("quiet", stamp-300, 1); !errors.Is(err, signature.ErrReplay) {
		t.Errorf("another client's request is forgotten: %v", err)
	}
}

func TestConcurrently(t *testing.T) {
	v := signature.NewVerifier(signature.Options{Keys: keys, Now: at(stamp)})
	const requests, senders = 50, 8
	var accepted [requests]atomic.Int32
	var group sync.WaitGroup
	start := make(chan struct{})
	for range senders {
		group.Go(func() {
			<-start
			for i := range int64(requests) {
				bad := with(fresh(stamp+i, i), "Signature", "bad")
				if err := v.Verify("GET", host, path, bad); !errors.Is(err, signature.ErrSignature) {
					t.Error(err)
				}
				switch err := v.Verify("GET", host, path, fresh(stamp+i, i)); {
				case err == nil:
					accepted[i].Add(1)
				case !errors.Is(err, signature.ErrReplay):
					t.Error(err)
				}
			}
		})
	}
	close(start)
	group.Wait()
	for i := range accepted {
		if n := accepted[i].Load(); n != 1 {
			t.Errorf("request %d is accepted %d times", i, n)
		}
	}
}
