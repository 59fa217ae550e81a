package sqlite

import (
	"context"
	"slices"
	"strings"

	"bcs-storage/storage"
)

// maxScopes is how many scopes a query is spread over at most.
const maxScopes = 1024

// spread narrows q where order does not matter. A query by time that fixes no
// scope is asked of every scope there is, because the indexes of times start
// with it. A list is not: it would have to merge all of them.
func spread(ctx context.Context, t *table, q storage.Query, access access) (plan, error) {
	p := narrow(t, q)
	if !p.timeWithoutScope {
		return p, nil
	}
	var scopes []storage.Key
	for _, target := range p.targets {
		err := access(ctx, func(c *conn) (err error) {
			scopes, err = appendScopes(ctx, t, c, target, scopes)
			return err
		})
		if err != nil || len(scopes) > maxScopes {
			return p, err
		}
	}
	if len(scopes) == 0 {
		return plan{}, nil
	}
	q.Scopes = scopes
	return narrow(t, q), nil
}

// appendScopes appends the scopes that have documents below target, or the
// target itself where it is within a scope.
func appendScopes(ctx context.Context, t *table, c *conn, target target, scopes []storage.Key) ([]storage.Key, error) {
	if len(target.key) >= t.c.Scope {
		return append(scopes, target.key), nil
	}
	for src := idRange(target.lo, target.hi); len(scopes) <= maxScopes; {
		at, err := src.place(ctx, t, c, 0)
		if at == nil || err != nil {
			return scopes, err
		}
		scope := slices.Clone(storage.ParseID(at.id)[:t.c.Scope])
		scopes = append(scopes, scope)
		src.lo = storage.PrefixEnd(scope.Prefix())
		if hi, ok := src.hi.(string); ok && strings.Compare(src.lo, hi) >= 0 {
			break
		}
	}
	return scopes, nil
}
