package handlers

import (
	"errors"
	"net/http"
)

// Action is what a caller wants to do with what is stored of a cluster.
type Action string

// The actions that access is granted for.
const (
	ActionRead   Action = "read"
	ActionWrite  Action = "write"
	ActionDelete Action = "delete"
)

var (
	// ErrUnauthenticated is that a request says not, or not rightly, who sends it.
	ErrUnauthenticated = errors.New("the request carries no token that is known")
	// ErrForbidden is that the caller may not do that.
	ErrForbidden = errors.New("the caller may not do that")
)

// Caller is who sent a request.
type Caller interface {
	// May says whether the caller may do that in the cluster.
	May(action Action, clusterID string) bool
}

// Access finds out who sent a request. The error is an ErrUnauthenticated.
type Access interface {
	Caller(r *http.Request) (Caller, error)
}

// Everyone lets every caller do everything: it is for listeners that only
// trusted callers reach.
type Everyone struct{}

// Caller is the same for every request.
func (e Everyone) Caller(*http.Request) (Caller, error) { return e, nil }

// May is true.
func (Everyone) May(Action, string) bool { return true }
