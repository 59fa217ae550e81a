package cluster_test

import (
	"math"
	"math/big"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"bcs-storage/handlers/cluster"
)

func TestScaled(t *testing.T) {
	for _, c := range []struct {
		unit        *big.Rat
		quantities  []string
		nearest, up int64
	}{
		{cluster.Whole, nil, 0, 0},
		{cluster.Whole, []string{"0"}, 0, 0},
		{cluster.Whole, []string{"3"}, 3, 3},
		{cluster.Whole, []string{"499m"}, 0, 1},
		{cluster.Whole, []string{"500m"}, 1, 1},
		{cluster.Whole, []string{"500m", "500m"}, 1, 1},
		{cluster.Whole, []string{"400m", "400m", "400m"}, 1, 2},
		{cluster.Thousandth, []string{"1100m"}, 1100, 1100},
		{cluster.Thousandth, []string{"1n"}, 0, 1},
		{cluster.Thousandth, []string{"1500u"}, 2, 2},
		{cluster.MiB, []string{"1Mi"}, 1, 1},
		{cluster.MiB, []string{"1000M"}, 954, 954},
		{cluster.MiB, []string{"1"}, 0, 1},
		{cluster.GiB, []string{"1400Mi", "1400Mi"}, 3, 3},
		{cluster.GiB, []string{"1Gi", "1"}, 1, 2},
		{cluster.Whole, []string{"-1"}, 0, 0},
		{cluster.Thousandth, []string{"-1m", "1"}, 1000, 1000},
		{cluster.Whole, []string{"9223372036854775807"}, math.MaxInt64, math.MaxInt64},
		{cluster.Whole, []string{"9223372036854775806"}, math.MaxInt64 - 1, math.MaxInt64 - 1},
		{cluster.Whole, []string{"9E", "9E"}, math.MaxInt64, math.MaxInt64},
		{cluster.Thousandth, []string{"1e30"}, math.MaxInt64, math.MaxInt64},
		{cluster.MiB, []string{"1e24"}, 953674316406250000, 953674316406250000},
		{cluster.Whole, []string{"1e-30"}, 0, 1},
		{cluster.Whole, []string{"-1e30"}, 0, 0},
	} {
		var quantities []resource.Quantity
		for _, q := range c.quantities {
			quantities = append(quantities, resource.MustParse(q))
		}
		if got := cluster.Scaled(c.unit, cluster.Nearest, quantities...); got != c.nearest {
			t.Errorf("%s in %s, to the nearest: %d, not %d", c.quantities, c.unit, got, c.nearest)
		}
		if got := cluster.Scaled(c.unit, cluster.Up, quantities...); got != c.up {
			t.Errorf("%s in %s, up: %d, not %d", c.quantities, c.unit, got, c.up)
		}
	}
}
