package console

import (
	"math/bits"

	"clearingd/ledger"
)

// barWidth is the length of the bar of payers, in the units of its view box.
const barWidth = 1000

// barPart is one payer's piece of the bar. Fills are patterns as well as colours, so
// that they can be told apart without colour.
type barPart struct{ X, Width, Fill int }

// Fills of the bar that are no fund's; a fund has one of the others.
const (
	fillAccount = 2
	fillCash    = 5
)

var fundFills = []int{0, 1, 3, 4}

// bar divides the whole among the payers by their exact cumulated amounts, so that the
// pieces meet and end where the whole ends. It is empty for a bill of nothing.
func bar(payments []payment) (parts []barPart) {
	var whole, before uint64
	for _, p := range payments {
		whole += size(p.Amount)
	}
	if whole == 0 {
		return nil
	}
	for _, p := range payments {
		x := scaled(before, whole, barWidth)
		before += size(p.Amount)
		parts = append(parts, barPart{x, scaled(before, whole, barWidth) - x, p.Fill})
	}
	return parts
}

// shareOf is a part's share of a whole in 1/10000, half up; 0 of nothing.
func shareOf(part, whole ledger.Amount) int64 {
	if whole == 0 {
		return 0
	}
	return int64(scaled(size(part), size(whole), 20_000)+1) / 2
}

// scaled is a's share of whole on a length, exact in integers, rounded down.
func scaled(a, whole uint64, length uint64) int {
	if a >= whole {
		return int(length)
	}
	hi, lo := bits.Mul64(a, length)
	q, _ := bits.Div64(hi, lo, whole)
	return int(q)
}

// size is the amount without its sign.
func size(a ledger.Amount) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}
