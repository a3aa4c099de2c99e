package benefit

import (
	"math"
	"math/big"
	"testing"
)

// TestMulDivIsExactInTheMiddle: the product has 128 bits, the quotient is half up, and what
// no amount can be is unbounded.
func TestMulDivIsExactInTheMiddle(t *testing.T) {
	values := []int64{0, 1, 2, 3, 7, 99, 100, 12345678, int64(one) - 1, int64(one), int64(one) + 1,
		1 << 31, 1<<32 - 1, 3_037_000_500, int64(unbounded) - 1, int64(unbounded), math.MaxInt64 - 1, math.MaxInt64}
	limit := big.NewInt(int64(unbounded))
	for _, a := range values {
		for _, b := range values {
			for _, c := range values[1:] {
				want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
				want.Add(want, big.NewInt(c/2)).Quo(want, big.NewInt(c))
				if want.Cmp(limit) > 0 {
					want.Set(limit)
				}
				if got := mulDiv(a, b, c); got != want.Int64() {
					t.Errorf("%d x %d / %d is %d, want %s", a, b, c, got, want)
				}
			}
		}
	}
}

// TestPercentagesOfPlans: none below zero, two decimals at most, and a factor may be above
// one hundred.
func TestPercentagesOfPlans(t *testing.T) {
	for text, want := range map[string]ratio{"0": 0, "85": 85 * percent, "87.5": percent * 875 / 10, "0.01": percent / 100, "110": 110 * percent, "1000": 10 * one} {
		if got, ok := parsePercent(text); !ok || got != want {
			t.Errorf("%s %% is %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{"-0.01", "1000.01", "87.505", "", "x"} {
		if got, ok := parsePercent(text); ok {
			t.Errorf("%s %% is %d", text, got)
		}
	}
}
