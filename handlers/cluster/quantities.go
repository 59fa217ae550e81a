package cluster

import (
	"math"
	"math/big"

	"k8s.io/apimachinery/pkg/api/resource"
)

// The units that vendors show quantities in.
var (
	Whole      = big.NewRat(1, 1)
	Thousandth = big.NewRat(1, 1000)
	MiB        = big.NewRat(1<<20, 1)
	GiB        = big.NewRat(1<<30, 1)
)

// Rounding is what a vendor makes of the part of a unit that is left over.
type Rounding int

// The ways to round.
const (
	Nearest Rounding = iota // halves up
	Up
)

var half = big.NewRat(1, 2)

// Scaled is the sum of the quantities in the unit, rounded once, when it is complete. A
// quantity below zero counts as none, and a sum that is beyond int64 is the largest int64.
func Scaled(unit *big.Rat, rounding Rounding, quantities ...resource.Quantity) int64 {
	sum := new(big.Rat)
	for _, q := range quantities {
		// Kubernetes' own arithmetic overflows, and floating point makes 1101 of 1100m rounded up.
		if n, ok := new(big.Rat).SetString(q.AsDec().String()); ok && n.Sign() > 0 {
			sum.Add(sum, n)
		}
	}
	sum.Quo(sum, unit)
	if rounding == Nearest {
		sum.Add(sum, half)
	}
	n := new(big.Int).Quo(sum.Num(), sum.Denom())
	if rounding == Up && !sum.IsInt() {
		n.Add(n, big.NewInt(1))
	}
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return n.Int64()
}
