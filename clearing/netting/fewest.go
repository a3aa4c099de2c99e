package netting

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"clearingd/ledger"
)

// Sizes up to which the exact searches go. The table of tableMax parties has 2^16
// lines; meeting in the middle works on two halves of that size.
const (
	tableMax  = 16
	middleMax = 2 * tableMax
)

// party is a province whose position is not zero.
type party struct {
	province ledger.Province
	net      ledger.Amount // positive: is owed
}

// openParties keeps the positions that are not zero and makes sure that the sum of
// any of them is in range: it lies between minus and plus all that is owed.
func openParties(list []Position) ([]party, error) {
	var parties []party
	var owed, owes ledger.Amount
	for _, p := range list {
		var err error
		switch {
		case p.Net > 0:
			owed, err = owed.Add(p.Net)
		case p.Net < 0:
			owes, err = owes.Add(p.Net)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("netting: all positions: %w", err)
		}
		parties = append(parties, party{p.Province, p.Net})
	}
	return parties, nil
}

// partition splits parties into groups that each sum to zero and reports whether no
// split into more groups exists.
func partition(parties []party) (groups [][]party, fewest bool) {
	pairs, rest := oppositePairs(parties)
	bound := groupsAtMost(rest, 3) // what is left holds no group of two
	var found [][]party
	for len(rest) > tableMax && len(rest) <= middleMax {
		smallest := smallestGroup(rest)
		if len(found) == 0 {
			bound = groupsAtMost(rest, bits.OnesCount64(smallest))
		}
		var g []party
		g, rest = split(rest, smallest)
		found = append(found, g)
	}
	switch {
	case len(rest) > middleMax:
		found = append(found, rest)
	case len(rest) > 0:
		exact := mostGroups(rest)
		if len(found) == 0 {
			bound = len(exact) // the table is the proof
		}
		found = append(found, exact...)
	}
	return append(pairs, found...), len(found) == bound
}

// groupsAtMost bounds the number of groups: each has at least `size` members, a
// payer and a payee.
func groupsAtMost(parties []party, size int) int {
	payers := 0
	for _, p := range parties {
		if p.net < 0 {
			payers++
		}
	}
	return min(len(parties)/size, payers, len(parties)-payers)
}

// oppositePairs takes out groups of two, first come first matched.
func oppositePairs(parties []party) (pairs [][]party, rest []party) {
	open := map[ledger.Amount][]int{}
	matched := make([]bool, len(parties))
	for i, p := range parties {
		if js := open[-p.net]; len(js) > 0 {
			j := js[0]
			open[-p.net] = js[1:]
			matched[i], matched[j] = true, true
			pairs = append(pairs, []party{parties[j], p})
			continue
		}
		open[p.net] = append(open[p.net], i)
	}
	for i, p := range parties {
		if !matched[i] {
			rest = append(rest, p)
		}
	}
	return pairs, rest
}

// mostGroups finds the most groups of at most tableMax parties that sum to zero.
//
// best[s] is the most zero-sum sets in any order of adding the members of s one by
// one, counting each moment at which the sum is zero. Taking the members out again
// along a best order, a group ends wherever the sum is zero.
func mostGroups(parties []party) [][]party {
	n := len(parties)
	sums := subsetSums(parties)
	best := make([]int8, 1<<n)
	last := make([]int8, 1<<n)
	for s := 1; s < 1<<n; s++ {
		best[s] = -1
		for i := range n {
			if s>>i&1 == 1 && best[s&^(1<<i)] > best[s] {
				best[s], last[s] = best[s&^(1<<i)], int8(i)
			}
		}
		if sums[s] == 0 {
			best[s]++
		}
	}
	var groups [][]party
	for s := 1<<n - 1; s != 0; s &^= 1 << last[s] {
		if sums[s] == 0 {
			groups = append(groups, nil)
		}
		g := &groups[len(groups)-1]
		*g = append(*g, parties[last[s]])
	}
	return groups
}

// subsetSums lists the sum of each subset, indexed by its bits.
func subsetSums(parties []party) []ledger.Amount {
	sums := make([]ledger.Amount, 1<<len(parties))
	for s := 1; s < len(sums); s++ {
		low := s & -s
		sums[s] = sums[s^low] + parties[bits.TrailingZeros(uint(low))].net
	}
	return sums
}

// smallestGroup finds, as bits, the smallest set of at most middleMax parties that
// sums to zero; it is the whole if no smaller one does. Each half lists for every sum
// its smallest subset; a group is one of the left and one of the right whose sums
// cancel.
func smallestGroup(parties []party) uint64 {
	half := len(parties) / 2
	left := smallestBySum(parties[:half])
	right := smallestBySum(parties[half:])
	found := uint64(1)<<len(parties) - 1
	try := func(s uint64) {
		size, least := bits.OnesCount64(s), bits.OnesCount64(found)
		if s != 0 && (size < least || size == least && s < found) {
			found = s
		}
	}
	i, j := 0, len(right)-1
	for i < len(left) && j >= 0 {
		switch sum := left[i].sum + right[j].sum; {
		case sum < 0:
			i++
		case sum > 0:
			j--
		default:
			try(left[i].set | right[j].set<<half)
			i, j = i+1, j-1
		}
	}
	// The empty sets hide a half that closes by itself: sum zero stands for "none".
	try(closing(parties[:half]))
	try(closing(parties[half:]) << half)
	return found
}

type subset struct {
	sum ledger.Amount
	set uint64
}

func bySumAndSize(x, y subset) int {
	return cmp.Or(cmp.Compare(x.sum, y.sum),
		cmp.Compare(bits.OnesCount64(x.set), bits.OnesCount64(y.set)), cmp.Compare(x.set, y.set))
}

// smallestBySum lists the distinct sums in ascending order, each with its smallest
// subset; sum zero has the empty one.
func smallestBySum(parties []party) []subset {
	sums := subsetSums(parties)
	list := make([]subset, len(sums))
	for s, sum := range sums {
		list[s] = subset{sum, uint64(s)}
	}
	slices.SortFunc(list, bySumAndSize)
	return slices.CompactFunc(list, func(x, y subset) bool { return x.sum == y.sum })
}

// closing is the smallest subset, not empty, that sums to zero; 0 if there is none.
func closing(parties []party) uint64 {
	var found subset
	for s, sum := range subsetSums(parties) {
		candidate := subset{0, uint64(s)}
		if s != 0 && sum == 0 && (found.set == 0 || bySumAndSize(candidate, found) < 0) {
			found = candidate
		}
	}
	return found.set
}

func split(parties []party, set uint64) (in, out []party) {
	for i, p := range parties {
		if set>>i&1 == 1 {
			in = append(in, p)
		} else {
			out = append(out, p)
		}
	}
	return in, out
}

// settle lets the largest payer of a group pay the largest payee until all are at
// zero. Each transfer brings one of the two to zero and the last one both, so k
// parties need at most k-1.
func settle(group []party) []Obligation {
	open := slices.Clone(group)
	var transfers []Obligation
	for len(open) > 1 {
		slices.SortFunc(open, func(x, y party) int {
			return cmp.Or(cmp.Compare(x.net, y.net), cmp.Compare(x.province, y.province))
		})
		payer, payee := &open[0], &open[len(open)-1]
		// Compared as negatives, because the least amount has no positive twin.
		amount := payee.net
		if payer.net > -payee.net {
			amount = -payer.net
		}
		transfers = append(transfers, Obligation{Debtor: payer.province, Creditor: payee.province, Amount: amount})
		payer.net += amount
		payee.net -= amount
		open = slices.DeleteFunc(open, func(p party) bool { return p.net == 0 })
	}
	return transfers
}
