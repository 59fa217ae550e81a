package app

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"time"

	"bcs-storage/conf"
	"bcs-storage/handlers"
	"bcs-storage/handlers/query"
	"bcs-storage/storage"
)

// access is who may do what: everyone everything, or what the file of tokens says.
func (a *App) access() (handlers.Access, []handlers.Redaction, error) {
	c := a.config
	if c.Auth.Tokens == "" {
		return handlers.Everyone{}, nil, nil
	}
	var known *handlers.Callers // conf.File never parses twice at a time
	tokens, err := conf.Watch(c.Auth.Tokens, lookEvery, time.Now, func(file []byte) (*handlers.Callers, error) {
		list, err := conf.ParseTokens(file)
		if err == nil {
			known = handlers.NewCallers(callers(list, c.Limits), known)
		}
		return known, err
	}, func(err error) {
		a.log.Error("the tokens stay as they were", "error", err)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("auth.tokens: %w", err)
	}
	redact, err := redactions(c.Auth.Redact)
	return handlers.Tokens(tokens.Get), redact, err
}

// callers are the tokens as the API knows them, with the limits of those that have no own.
func callers(tokens []conf.Token, limits conf.Limits) map[[sha256.Size]byte]handlers.Caller {
	all := make(map[[sha256.Size]byte]handlers.Caller, len(tokens))
	for _, t := range tokens {
		c := handlers.Caller{
			Name: t.Name, Everywhere: t.Everywhere(), Sees: t.Sees, MaxList: t.MaxList,
			Rate: float64(limits.CallerRate), Burst: limits.CallerBurst,
		}
		if t.Rate > 0 {
			c.Rate, c.Burst = t.Rate, t.Burst
		}
		if c.Burst == 0 {
			c.Burst = int(math.Ceil(min(c.Rate, math.MaxInt32))) // as many as in one second
		}
		for _, verb := range t.Verbs {
			c.Actions = append(c.Actions, handlers.Action(verb)) // the words are the same
		}
		all[t.SHA256] = c
	}
	return all
}

func redactions(words []string) ([]handlers.Redaction, error) {
	var all []handlers.Redaction
	for _, word := range words {
		resourceType, dotted, err := conf.ParseRedact(word)
		if err != nil {
			return nil, fmt.Errorf("auth.redact: %w", err)
		}
		if stored, _ := query.Stored(query.Mesos, strings.ToLower(resourceType)); !strings.EqualFold(stored, resourceType) {
			return nil, fmt.Errorf("auth.redact: %q: a %s is kept as %s, name that", word, resourceType, stored)
		}
		path, err := storage.ParsePath("auth.redact", dotted)
		if err != nil {
			return nil, err
		}
		all = append(all, handlers.Redaction{Type: resourceType, Path: path})
	}
	return all, nil
}
