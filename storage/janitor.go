package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Retention says how long documents of a collection are kept.
type Retention struct {
	Collection *Collection
	// MaxAge removes documents whose createTime is longer ago. 0 keeps them.
	MaxAge time.Duration
	// MaxPerCluster keeps the newest so many documents of each value of the
	// collection's first key field. 0 keeps all.
	MaxPerCluster int64
}

// Janitor removes what retention does not keep. It is the only place where
// documents vanish without a caller asking.
type Janitor struct {
	Documents Documents
	Rules     []Retention
	Interval  time.Duration
	Now       func() time.Time
	Log       *slog.Logger
	// Removed, if set, is told how many documents of the collection a rule removed, ByAge or ByCount.
	Removed func(c *Collection, by string, n int64)
	// Swept, if set, is called after each sweep of Run with what the sweep returned.
	Swept func(ctx context.Context, err error)
}

// What a rule removes documents by.
const (
	ByAge   = "age"
	ByCount = "count"
)

// Run sweeps at once and then every Interval, until ctx is done. A sweep that
// fails is logged and tried again at the next turn.
func (j *Janitor) Run(ctx context.Context) {
	ticker := time.NewTicker(j.Interval)
	defer ticker.Stop()
	for {
		err := j.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			j.Log.Error("retention sweep failed", "error", err)
		}
		if j.Swept != nil && ctx.Err() == nil {
			j.Swept(ctx, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Sweep applies every rule once. One rule's failure does not keep the others
// from running; all failures are returned together.
func (j *Janitor) Sweep(ctx context.Context) error {
	var errs []error
	for _, rule := range j.Rules {
		if err := j.sweepAge(ctx, rule); err != nil {
			errs = append(errs, fmt.Errorf("%s by age: %w", rule.Collection.Name, err))
		}
		if err := j.sweepCount(ctx, rule); err != nil {
			errs = append(errs, fmt.Errorf("%s by count: %w", rule.Collection.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (j *Janitor) sweepAge(ctx context.Context, rule Retention) error {
	if rule.MaxAge <= 0 {
		return nil
	}
	tooOld := TimeRange{Path: Path{FieldCreateTime}, To: j.Now().Add(-rule.MaxAge)}
	n, err := j.Documents.Delete(ctx, rule.Collection, Query{Filter: tooOld})
	if n > 0 {
		j.removed(rule.Collection, ByAge, n)
		j.Log.Info("retention removed documents by age", "collection", rule.Collection.Name, "removed", n, "max_age", rule.MaxAge)
	}
	return err
}

func (j *Janitor) sweepCount(ctx context.Context, rule Retention) error {
	if rule.MaxPerCluster <= 0 {
		return nil
	}
	c := rule.Collection
	clusters, err := j.Documents.Distinct(ctx, c, Query{}, c.Key[0])
	if err != nil {
		return err
	}
	// Documents without a cluster are kept apart under the empty name.
	for _, cluster := range append(clusters, "") {
		n, err := j.Documents.Trim(ctx, c, Key{cluster}, rule.MaxPerCluster)
		if n > 0 {
			j.removed(c, ByCount, n)
			j.Log.Info("retention removed documents by count", "collection", c.Name, "cluster", cluster, "removed", n, "max_per_cluster", rule.MaxPerCluster)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *Janitor) removed(c *Collection, by string, n int64) {
	if j.Removed != nil {
		j.Removed(c, by, n)
	}
}
