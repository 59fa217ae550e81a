package handlers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/time/rate"

	"bcs-storage/storage"
)

// Action is what a caller wants to do with what is stored of a cluster.
type Action string

// The actions that access is granted for.
const (
	ActionRead   Action = "read"
	ActionWrite  Action = "write"
	ActionDelete Action = "delete"
	// ActionSecrets is to read what is redacted for others (see Redaction).
	ActionSecrets Action = "secrets"
)

var (
	// ErrUnauthenticated is that a request says not, or not rightly, who sends it.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrForbidden is that the caller may not do that.
	ErrForbidden = errors.New("not allowed")
)

// Caller is who sends requests, and what they may do. It is not changed while it is in use.
type Caller struct {
	// Name is what messages and logs call the caller.
	Name    string
	Actions []Action
	// Everywhere grants them for every cluster, and for what belongs to none.
	// Else Sees says for which clusters.
	Everywhere bool
	Sees       func(clusterID string) bool
	// MaxList is the largest limit of a list; 0 is none.
	MaxList int64
	// Rate, in requests a second, and Burst bound how often the caller may ask; 0 is no bound.
	Rate  float64
	Burst int

	bucket *rate.Limiter // nil without Rate
}

// May says whether the caller may do that in the cluster.
func (c *Caller) May(action Action, clusterID string) bool {
	return c.can(action) && (c.Everywhere || c.Sees(clusterID))
}

// can says whether there may be a cluster in which the caller may do that.
func (c *Caller) can(action Action) bool { return slices.Contains(c.Actions, action) }

// check is an ErrForbidden unless the caller may do that in the cluster.
func (c *Caller) check(action Action, clusterID string) error {
	if c.May(action, clusterID) {
		return nil
	}
	return fmt.Errorf("%w: %s may not %s in the cluster %.100q", ErrForbidden, c.Name, action, clusterID)
}

// Access finds out who sent a request. The error is an ErrUnauthenticated.
type Access interface {
	Caller(r *http.Request) (*Caller, error)
}

// Everyone lets every caller do everything: it is for listeners that only
// trusted callers reach.
type Everyone struct{}

var everyone = &Caller{Name: "everyone", Actions: []Action{ActionRead, ActionWrite, ActionDelete, ActionSecrets}, Everywhere: true}

// Caller is the same for every request.
func (Everyone) Caller(*http.Request) (*Caller, error) { return everyone, nil }

// Callers are those that are known, by the SHA-256 of their tokens. They are looked up by
// that, so how long it takes tells nothing about the tokens of others.
type Callers struct {
	byDigest map[[sha256.Size]byte]*Caller
}

// NewCallers knows the callers by the digests of their tokens. A caller that was
// known before under the same name and with the same rate has what is left of it, and no more.
func NewCallers(callers map[[sha256.Size]byte]Caller, before *Callers) *Callers {
	buckets := map[string]*rate.Limiter{}
	if before != nil {
		for _, c := range before.byDigest {
			buckets[c.Name] = c.bucket
		}
	}
	known := &Callers{make(map[[sha256.Size]byte]*Caller, len(callers))}
	for digest, c := range callers {
		if c.Rate > 0 {
			c.bucket = buckets[c.Name]
			if b := c.bucket; b == nil || b.Limit() != rate.Limit(c.Rate) || b.Burst() != c.Burst {
				c.bucket = rate.NewLimiter(rate.Limit(c.Rate), c.Burst)
			}
		}
		known.byDigest[digest] = &c
	}
	return known
}

// Tokens is the Access by tokens. It is asked for the callers anew for every request.
type Tokens func() *Callers

// Caller is whose token the request carries.
func (t Tokens) Caller(r *http.Request) (*Caller, error) {
	token, err := tokenOf(r.Header)
	if err != nil {
		return nil, err
	}
	var room [128]byte // on the stack
	caller, known := t().byDigest[sha256.Sum256(append(room[:0], token...))]
	if !known {
		return nil, fmt.Errorf("%w: the token is not one that is known", ErrUnauthenticated)
	}
	return caller, nil
}

// tokenHeaders are where clients put a token that stands alone, in canonical form.
var tokenHeaders = []string{"X-Bcs-User-Token", "X-Auth-Token"}

// tokenOf is the token of a request. It may be given in several headers.
func tokenOf(h http.Header) (string, error) {
	var token string
	differ := false
	found := func(given string) {
		differ = differ || token != "" && given != "" && given != token
		if token == "" {
			token = given
		}
	}
	for _, given := range h["Authorization"] {
		if scheme, credentials, _ := strings.Cut(given, " "); strings.EqualFold(scheme, "Bearer") {
			found(strings.TrimSpace(credentials))
		}
	}
	for _, name := range tokenHeaders {
		for _, given := range h[name] {
			found(given)
		}
	}
	switch {
	case differ:
		return "", fmt.Errorf("%w: the request carries two different tokens", ErrUnauthenticated)
	case token == "":
		return "", fmt.Errorf("%w: the request carries no token; send Authorization: Bearer, X-Bcs-User-Token or X-Auth-Token", ErrUnauthenticated)
	}
	return token, nil
}

// reach says whose data a route touches, which decides what a caller needs for it
// beside the action of the route's verb.
type reach int

const (
	// inPath: that of the cluster of the path parameter clusterId.
	inPath reach = iota
	// inBody: that of the cluster in the body; the action of the route checks it.
	inBody
	// inStore: that of the cluster in the stored document; the action of the route checks it.
	inStore
	// allSeen: that of all clusters; the action of the route leaves out those
	// that the caller may not see.
	allSeen
)

// actions are what the verbs need.
var actions = [verbs]Action{put: ActionWrite, get: ActionRead, remove: ActionDelete, list: ActionRead}

// permit is an ErrForbidden if the caller may not use the route, as far as its row says.
func (rt *route) permit(c *Caller, clusterID string) error {
	action := actions[rt.op.verb]
	switch {
	case rt.access == inPath:
		return c.check(action, clusterID)
	case !c.can(action):
		return fmt.Errorf("%w: %s may not %s", ErrForbidden, c.Name, action)
	}
	return nil
}

// seen narrows a filter to the clusters that the caller may see. For callers
// that may see all it costs nothing, else one store command.
func (a *API) seen(ctx context.Context, r *request, c *storage.Collection, f storage.Filter) (storage.Filter, error) {
	if r.caller.Everywhere {
		return f, nil
	}
	known, err := a.docs.Distinct(ctx, c, storage.Query{}, "clusterId")
	if err != nil {
		return nil, err
	}
	var ids []storage.Value
	for _, id := range known {
		if r.caller.May(ActionRead, id) {
			ids = append(ids, storage.String(id))
		}
	}
	if len(ids) == 0 {
		return storage.Or{}, nil // holds for nothing
	}
	return storage.And{storage.OneOf(storage.Path{"clusterId"}, ids...), f}, nil
}

// onHost is do for callers that may do it to the stored host, and only as long as the
// host is in the cluster in which it was seen.
func onHost(do action) action {
	return func(a *API, ctx context.Context, r *request) (reply, error) {
		if r.caller.Everywhere {
			return do(a, ctx, r)
		}
		t, err := hostItem(r)
		if err != nil {
			return reply{}, err
		}
		doc, err := a.docs.Get(ctx, t.collection, t.key, nil, clusterOnly)
		verb := r.route.op.verb
		switch {
		case missing(err) && verb == put:
			return do(a, ctx, r)
		case missing(err):
			// What is wrong with the request is found all the same, and no host that comes meanwhile.
			r.narrow = storage.Or{}
			return do(a, ctx, r)
		case err != nil:
			return reply{}, err
		}
		cluster := clusterOf(doc)
		if verb == put && cluster == "" {
			return do(a, ctx, r) // nobody's: it can be taken
		}
		if !r.caller.May(actions[verb], cluster) {
			// Which cluster that is, is not the caller's to know.
			return reply{}, fmt.Errorf("%w: %s may not %s this host", ErrForbidden, r.caller.Name, actions[verb])
		}
		r.narrow = storage.OneOf(storage.Path{"clusterId"}, storage.String(cluster))
		return do(a, ctx, r)
	}
}

// clusterOnly answers the cluster that a document belongs to.
var clusterOnly = mustProject("clusterId")

func mustProject(path string) *storage.Projection {
	p, err := storage.NewProjection("field", storage.P(path))
	if err != nil {
		panic(err) // not for one path
	}
	return p
}

func clusterOf(doc []byte) string {
	raw, _ := storage.Lookup(doc, storage.Path{"clusterId"})
	return stringOf(raw)
}

// mayPutHost refuses a host of a cluster that the caller may not write.
func mayPutHost(r *request, d storage.Document) error {
	return r.caller.check(ActionWrite, clusterOf(d.Body))
}

// mayMove refuses to take hosts away from clusters that the caller may not write.
// For callers that may write all it costs nothing, else one store command.
func (a *API) mayMove(ctx context.Context, r *request, hosts []storage.Key) error {
	if r.caller.Everywhere || len(hosts) == 0 {
		return nil
	}
	for doc, err := range a.docs.List(ctx, storage.Hosts, storage.Query{Scopes: hosts, Fields: clusterOnly}) {
		if err != nil {
			return err
		}
		if id := clusterOf(doc); id != "" && !r.caller.May(ActionWrite, id) {
			host, _ := storage.Lookup(doc, storage.Path{storage.FieldID})
			return fmt.Errorf("%w: %s may not take the host %s from its cluster", ErrForbidden, r.caller.Name, host)
		}
	}
	return nil
}

// checkList refuses a list that is longer than the caller may ask for. param is what says how long.
func (r *request) checkList(param string, limit int64) error {
	most := r.caller.MaxList
	if most == 0 || limit > 0 && limit <= most {
		return nil
	}
	return fmt.Errorf("%w: %w", errListTooLong, storage.Invalid(param, "must be given, from 1 to %d: that is what %s may list at once", most, r.caller.Name))
}
