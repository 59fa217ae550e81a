package main

import (
	"context"
	"math/rand/v2"
)

// action is something that clients do, as often as its weight says.
type action struct {
	kind   string
	weight int
	do     func(ctx context.Context, c *client, r *rand.Rand)
}

type actions []action

func allActions() actions {
	var all actions
	for _, some := range []actions{good(), lists(), others(), bad(), strangers(), torn(), wires()} {
		all = append(all, some...)
	}
	return all
}

func (all actions) pick(r *rand.Rand) action {
	sum := 0
	for _, a := range all {
		sum += a.weight
	}
	n := r.IntN(sum)
	for _, a := range all {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("unreachable: the weights add up")
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// someTags are at least one, in order, each once.
func someTags(r *rand.Rand) []int {
	var some []int
	first := r.IntN(tags)
	for tag := range tags {
		if tag == first || r.IntN(3) == 0 {
			some = append(some, tag)
		}
	}
	return some
}

func withTag(some []int) func(value) bool {
	var set [tags]bool
	for _, tag := range some {
		set[tag] = true
	}
	return func(v value) bool { return v.tag >= 0 && v.tag < tags && set[v.tag] }
}

func everything(value) bool { return true }
