package handlers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/emicklei/go-restful/v3"
	"github.com/prometheus/client_golang/prometheus"
)

// Limits bound what clients can take of the service. Zero is no limit.
type Limits struct {
	// RequestTimeout is how long an operation may take until its answer begins.
	// The time in which the body comes does not count.
	RequestTimeout time.Duration
	// WriteTimeout is how long a client may take to accept a part of an answer.
	WriteTimeout time.Duration
	// InFlight is how many operations may be at work at a time.
	InFlight int64
}

// Limit names a limit in the metrics, by the last word of its setting.
type Limit string

// The limits that are counted.
const (
	LimitHeader   Limit = "headerTimeout"
	LimitIdle     Limit = "idleTimeout"
	LimitBody     Limit = "maxBodyBytes"
	LimitBodyTime Limit = "bodyTimeout"
	LimitRequest  Limit = "requestTimeout"
	LimitInFlight Limit = "maxInFlight"
	LimitRate     Limit = "callerRate"
	LimitList     Limit = "maxList"
	LimitWrite    Limit = "writeTimeout"
)

// What a limit refuses.
var (
	errTooLate     = errors.New("the answer did not begin in time")
	errBusy        = errors.New("too many requests are at work")
	errTooOften    = errors.New("too many requests")
	errListTooLong = errors.New("the list is too long")
)

// refusals are the limits by what they fail a request with.
var refusals = []struct {
	is    error
	limit Limit
}{
	{errBodyTooLarge, LimitBody},
	{errBodyLate, LimitBodyTime},
	{errTooLate, LimitRequest},
	{errBusy, LimitInFlight},
	{errTooOften, LimitRate},
	{errListTooLong, LimitList},
}

// Limited counts requests, and connections, that a limit has refused or cut off. nil counts nothing.
type Limited struct{ requests *prometheus.CounterVec }

// NewLimited registers the counter.
func NewLimited(registry prometheus.Registerer) (*Limited, error) {
	l := &Limited{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bcs_storage_limited_requests_total",
		Help: "Requests that a limit has refused or cut off, by limit; with headerTimeout and idleTimeout it is connections.",
	}, []string{"limit"})}
	for _, limit := range []Limit{LimitHeader, LimitIdle, LimitWrite} {
		l.requests.WithLabelValues(string(limit))
	}
	for _, row := range refusals {
		l.requests.WithLabelValues(string(row.limit))
	}
	if err := registry.Register(l.requests); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return l, nil
}

// Count counts one.
func (l *Limited) Count(limit Limit) {
	if l != nil {
		l.requests.WithLabelValues(string(limit)).Inc()
	}
}

// pace is around every request: its answer has to be read, and what a limit
// does to it is counted, also when it is cut off.
func (a *API) pace(req *restful.Request, resp *restful.Response, chain *restful.FilterChain) {
	w := &paced{
		ResponseWriter: resp.ResponseWriter,
		connection:     http.NewResponseController(resp.ResponseWriter),
		patience:       a.limits.WriteTimeout,
		multiplexed:    req.Request.ProtoMajor > 1,
		limited:        a.limited,
	}
	w.paceBody(req.Request, a.patience)
	resp.ResponseWriter = w
	defer func() {
		out, _ := req.Attribute(outcomeAttribute).(outcome)
		for _, row := range refusals {
			if errors.Is(out.err, row.is) {
				a.limited.Count(row.limit)
				return
			}
		}
	}()
	chain.ProcessFilter(req, resp)
	w.passBy()
	w.await() // what is still in buffers is sent after this
}

// paced is a response that has to be read: a part that the client does not take in
// time ends the transfer.
type paced struct {
	http.ResponseWriter
	connection  *http.ResponseController
	patience    time.Duration
	multiplexed bool // the deadline ends the answer even while nothing is written
	limited     *Limited
	clock       *clock // stops when the answer begins
	begun       bool
	refused     bool // by admit; the request holds a place among those at work all the same, until it leaves
	body        incoming
}

// Unwrap lets http.ResponseController find what w does not do itself.
func (w *paced) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer.
func (w *paced) WriteHeader(status int) {
	w.begun = true
	w.clock.stop()
	w.clear()
	w.ResponseWriter.WriteHeader(status)
}

// clear gets the body out of the way of the answer. That of a refused request is short: it can wait until the place is
// given back that strangers must not hold for so long.
func (w *paced) clear() {
	if !w.refused {
		w.passBy()
	}
}

// Write begins the answer, if it is not too late for that, and sends a part of it.
func (w *paced) Write(p []byte) (int, error) {
	if !w.begun {
		if w.begun = true; !w.clock.stop() {
			w.Header().Del("Content-Length") // another answer follows
			return 0, errTooLate
		}
		w.clear()
	}
	start := w.await()
	n, err := w.ResponseWriter.Write(p)
	return n, w.took(start, err)
}

// FlushError sends what is in buffers.
func (w *paced) FlushError() error {
	start := w.await()
	return w.took(start, w.connection.Flush())
}

// await gives the client its time from now on. A connection that knows no
// deadline is not one that a slow client can hold.
func (w *paced) await() (now time.Time) {
	if w.patience > 0 {
		now = time.Now()
		_ = w.connection.SetWriteDeadline(now.Add(w.patience))
	}
	return now
}

// took takes note of a client that has not read in time.
func (w *paced) took(start time.Time, err error) error {
	switch {
	case w.patience == 0:
	case err != nil && (errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) >= w.patience):
		w.limited.Count(LimitWrite)
		w.patience = 0 // once
		return fmt.Errorf("the client did not read within %v: %w", time.Since(start).Round(time.Millisecond), err)
	case w.multiplexed:
		_ = w.connection.SetWriteDeadline(time.Time{})
	}
	return err
}

// clock ends the work on a request when its answer has not begun in time. It is
// used by the goroutine of the request. nil has no end.
type clock struct {
	limit  time.Duration
	timer  *time.Timer
	paused bool
}

// stop says whether it was in time.
func (c *clock) stop() bool {
	if c == nil || c.paused {
		return true
	}
	c.paused = c.timer.Stop()
	return c.paused
}

// start gives the whole time anew after a stop in time.
func (c *clock) start() {
	if c != nil && c.paused {
		c.paused = false
		c.timer.Reset(c.limit)
	}
}

// admission is a request that was let in, or not: it has to leave in any case.
type admission struct {
	ctx    context.Context // ends with the request, or when it took too long
	cancel context.CancelCauseFunc
	caller *Caller
	clock  *clock
	atWork *atomic.Int64 // that it was added to
}

// leave gives back what the request held.
func (in *admission) leave() {
	if in.clock != nil {
		in.clock.timer.Stop()
		in.cancel(nil)
	}
	if in.atWork != nil {
		in.atWork.Add(-1)
	}
}

// cause is why the work failed that ended with err.
func (in *admission) cause(err error) error {
	if errors.Is(context.Cause(in.ctx), errTooLate) {
		return fmt.Errorf("%w: %v", errTooLate, err)
	}
	return err
}

// admit lets a request in: if not too many are at work, its caller is known, unless
// the request is signed, and does not ask too often.
func (a *API) admit(req *restful.Request, resp *restful.Response, signed bool) (*admission, error) {
	in := &admission{ctx: req.Request.Context()}
	if w, ok := resp.ResponseWriter.(*paced); ok {
		w.refused = true
	}
	if most := a.limits.InFlight; most > 0 {
		in.atWork = &a.atWork
		if a.atWork.Add(1) > most {
			return in, errBusy
		}
	}
	if !signed {
		var err error
		if in.caller, err = a.access.Caller(req.Request); err != nil {
			resp.Header().Set("WWW-Authenticate", "Bearer")
			return in, err
		}
		if in.caller != everyone {
			setCaller(req, in.caller.Name)
		}
		if wait := in.caller.wait(time.Now()); wait > 0 {
			resp.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			return in, fmt.Errorf("%w: %s may send %g in a second", errTooOften, in.caller.Name, in.caller.Rate)
		}
	}
	if limit := a.limits.RequestTimeout; limit > 0 {
		in.ctx, in.cancel = context.WithCancelCause(in.ctx)
		in.clock = &clock{limit: limit, timer: time.AfterFunc(limit, func() { in.cancel(errTooLate) })}
	}
	if w, ok := resp.ResponseWriter.(*paced); ok {
		w.clock, w.refused = in.clock, false
	}
	return in, nil
}

// wait is how long the caller has to wait before the next request; 0 is that it may come now, and then it counts.
func (c *Caller) wait(now time.Time) time.Duration {
	if c.bucket == nil {
		return 0
	}
	reservation := c.bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
