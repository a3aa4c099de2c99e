package sim

import (
	"hash/fnv"
	"math/rand/v2"

	"clearingd/ledger"
)

// dice is a stream of random choices. It draws on a bare PCG and makes its own numbers,
// because the bytes of a sample must not change with the library's way of
// drawing a number below n.
type dice struct{ source *rand.PCG }

// newDice starts the stream that belongs to a seed and a purpose: streams of different
// purposes do not disturb each other.
func newDice(seed uint64, purpose string, numbers ...uint64) *dice {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	for _, n := range numbers {
		for shift := 0; shift < 64; shift += 8 {
			h.Write([]byte{byte(n >> shift)})
		}
	}
	return &dice{rand.NewPCG(seed, h.Sum64())}
}

// below is a number from 0 to n-1. n is at least 1. The bias of the remainder is less
// than n in 2^64.
func (d *dice) below(n int) int { return int(d.source.Uint64() % uint64(n)) }

// between is a number from low to high, both included.
func (d *dice) between(low, high int) int { return low + d.below(high-low+1) }

// chance is true permille times in a thousand.
func (d *dice) chance(permille int) bool { return d.below(1000) < permille }

// weighted is an index into weights, drawn in proportion to them. Their sum is at
// least 1.
func (d *dice) weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	left := d.below(sum)
	for i, w := range weights {
		if left -= w; left < 0 {
			return i
		}
	}
	panic("sim: unreachable: weights changed while drawing")
}

// pick is one of the choices, all equally likely.
func pick[T any](d *dice, choices ...T) T { return choices[d.below(len(choices))] }

// costQuantiles are the costs below which so many of 10,000 stays lie. They follow a
// log-normal curve with a median of 14,000 yuan, as bills of cross-province stays do;
// between two points the cost is drawn evenly, which brings the mean near 24,000.
var costQuantiles = []struct {
	rank int // of 10,000
	fen  ledger.Amount
}{
	{0, 60_000}, {100, 154_000}, {500, 293_000}, {1000, 414_000}, {2500, 737_000}, {5000, 1_400_000},
	{7500, 2_660_000}, {9000, 4_730_000}, {9500, 6_680_000}, {9900, 12_760_000}, {9990, 26_360_000}, {10000, 60_000_000},
}

// cost draws the cost of a stay.
func (d *dice) cost() ledger.Amount {
	rank := d.below(10_000)
	i := 1
	for costQuantiles[i].rank <= rank {
		i++
	}
	low, high := costQuantiles[i-1], costQuantiles[i]
	return low.fen + ledger.Amount(d.below(int(high.fen-low.fen)))
}
