package signature

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// What an Options without a value means.
const (
	DefaultSkew   = 5 * time.Minute
	DefaultWindow = 1 << 16
)

// Options is what a Verifier depends on. Only Keys has to be set.
type Options struct {
	// Keys returns the SecretKey of a SecretId. It is called once for each request, by many goroutines at once. An empty key
	// counts as unknown: anybody can sign with it.
	Keys func(secretID string) (secretKey string, known bool)
	// Hosts are those that clients may have signed, for servers behind a proxy that replaces the Host header. Then that
	// header is not looked at. Empty: the host of the request has to be the signed one.
	Hosts []string
	// Skew is how much a Timestamp may differ from the clock, to either side, in whole seconds. Not positive: DefaultSkew.
	Skew time.Duration
	// Window is how many requests are remembered for each SecretId, see Verifier. Not positive: DefaultWindow.
	Window int
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Verifier accepts each signed request once. It is safe for concurrent use.
//
// An accepted request is remembered by its SecretId, Timestamp and Nonce (as numbers) until its Timestamp is too old anyway.
// Options.Window bounds how many are, for each SecretId alone, so that no client can crowd out another. When that is full,
// the oldest second is forgotten, and from then on whatever is as old is refused with ErrReplay, fresh or not. So a replay is
// never accepted; a client that sends more than Window requests within Skew has to keep its clock better than Skew, and gets
// at least Window requests of any one second accepted.
//
// Only requests with a right signature are remembered. The memory is that of this process: a request that was accepted before
// a restart, or by another server, is accepted here once more, for as long as its Timestamp is good.
type Verifier struct {
	keys   func(string) (string, bool)
	hosts  []string
	skew   int64 // seconds
	window int
	now    func() time.Time

	mu       sync.Mutex
	accepted map[string]*window // by SecretId, one for each that ever signed
}

// NewVerifier returns a Verifier that has accepted nothing yet.
func NewVerifier(o Options) *Verifier {
	v := &Verifier{keys: o.Keys, hosts: slices.Clone(o.Hosts), window: o.Window, now: o.Now, accepted: map[string]*window{}}
	if o.Skew <= 0 {
		o.Skew = DefaultSkew
	}
	v.skew = int64(o.Skew / time.Second)
	if v.window <= 0 {
		v.window = DefaultWindow
	}
	if v.now == nil {
		v.now = time.Now
	}
	return v
}

// Verify returns nil if the request is signed by the SecretId it names, is fresh, and was not accepted before. Else it returns
// one of the errors of this package, and the request may still be accepted later. What is signed is said at Text.
//
// The signature is judged before the time: who has no key learns nothing about what was accepted.
func (v *Verifier) Verify(method, host, path string, params map[string]string) error {
	at, nonce, err := read(params)
	if err != nil {
		return err
	}
	if err := v.authenticate(method, host, path, params); err != nil {
		return err
	}
	return v.take(params[ParamSecretID], at, nonce)
}

// read returns the two numbers of a request that has every parameter.
func read(params map[string]string) (at int64, nonce uint64, err error) {
	for _, name := range []string{ParamSecretID, ParamSignature, ParamTimestamp, ParamNonce} {
		if params[name] == "" {
			return 0, 0, missing(name)
		}
	}
	seconds, err := strconv.ParseUint(params[ParamTimestamp], 10, 63)
	if err != nil {
		return 0, 0, invalid(ParamTimestamp, "%.40q is not a UNIX time in seconds", params[ParamTimestamp])
	}
	nonce, err = strconv.ParseUint(params[ParamNonce], 10, 64)
	if err != nil {
		return 0, 0, invalid(ParamNonce, "%.40q is not an unsigned integer of 64 bits", params[ParamNonce])
	}
	return int64(seconds), nonce, nil
}

// nobodysKey stands in for the key of an unknown SecretId, so that one takes as long to refuse as a wrong signature.
const nobodysKey = "00000000000000000000000000000000"

func (v *Verifier) authenticate(method, host, path string, params map[string]string) error {
	key, known := v.keys(params[ParamSecretID])
	if !known || key == "" {
		key, known = nobodysKey, false
	}
	hosts := v.hosts
	if len(hosts) == 0 {
		hosts = []string{host}
	}
	joined := join(params)
	same := 0
	for _, host := range hosts {
		want, err := Sign(key, params[ParamMethod], method+host+path+"?"+joined)
		if err != nil {
			return err
		}
		// The texts are compared, not the bytes they encode: base64 has several texts for the same bytes.
		same |= subtle.ConstantTimeCompare([]byte(want), []byte(params[ParamSignature]))
	}
	switch {
	case !known:
		return ErrUnknownKey
	case same == 0:
		return ErrSignature
	}
	return nil
}

// take accepts a request whose signature is right, if it is fresh.
func (v *Verifier) take(secretID string, at int64, nonce uint64) error {
	now := v.now().Unix()
	switch {
	case at < now-v.skew:
		return fmt.Errorf("%w: Timestamp %d is older than %d seconds", ErrReplay, at, v.skew)
	case at > now+v.skew:
		return fmt.Errorf("%w: Timestamp %d is more than %d seconds in the future", ErrReplay, at, v.skew)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.accepted[secretID]
	if w == nil {
		w = &window{most: v.window}
		v.accepted[secretID] = w
	}
	return w.take(at, nonce, now-v.skew)
}
