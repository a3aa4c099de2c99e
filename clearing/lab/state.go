package lab

import (
	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// yearState is how far a person-year has come on one side.
type yearState struct {
	last   uint64 // newest standing bill; 0 if none stands
	opened bool   // figures from elsewhere have been used
	acc    benefit.Accumulators
}

// personYear is a person-year on both sides. The booked side is carried to notice what
// came into the year otherwise than by its bills: then the draft's side moves with it.
type personYear struct{ booked, draft yearState }

func stateOf(s clearing.YearState) yearState {
	return yearState{last: s.Last, opened: s.Opened, acc: s.Accumulators}
}

// follow brings the draft's side along where the books' year is not what its last bill
// left: an officer's adjustment, a re-folding. What the books' year changed by, the
// draft's changes by. Opening figures are another matter: they come once, into a year
// without bills, and whether the draft's is one is the draft's affair. own says that they
// come with the claim at hand, which brings them to the draft too.
func (y *personYear) follow(found yearState, own bool) {
	switch {
	case found.last != 0 || !found.opened || y.booked.opened:
		y.draft.acc = shifted(y.draft.acc, y.booked.acc, found.acc)
	case !own && y.draft.last == 0 && !y.draft.opened:
		y.draft = found
	}
	y.booked = found
}

// yearChange is what one bill did to a side of a person-year.
type yearChange struct{ before, after yearState }

// move takes a bill out, effect -1, or puts it back.
func (y *yearState) move(c yearChange, effect int8) (middle bool) {
	if effect < 0 {
		return y.out(c)
	}
	return y.back(c)
}

// out takes the bill out. It reports whether a later bill stands in the year: then the
// later ones keep what they were given, and only this bill's own share of the sums goes.
func (y *yearState) out(c yearChange) (middle bool) {
	if y.last == c.after.last {
		*y = c.before
		return false
	}
	y.acc = shifted(y.acc, c.after.acc, c.before.acc)
	return true
}

// back puts the bill in again, and reports whether the year is not as the bill found it.
func (y *yearState) back(c yearChange) (middle bool) {
	if y.last == c.before.last {
		*y = c.after
		return false
	}
	y.acc = shifted(y.acc, c.before.acc, c.after.acc)
	y.last = max(y.last, c.after.last)
	return true
}

// shifted is a year with the difference of two others added to it: sums by what they
// changed, never below zero; what is no sum as it is in to, if it changed. With
// a = from the result is to, to the last field.
func shifted(a, from, to benefit.Accumulators) benefit.Accumulators {
	a.Stays = plus(a.Stays, from.Stays, to.Stays)
	a.Deductible = plus(a.Deductible, from.Deductible, to.Deductible)
	a.InScope = plus(a.InScope, from.InScope, to.InScope)
	a.Cost = plus(a.Cost, from.Cost, to.Cost)
	a.OwnShare = plus(a.OwnShare, from.OwnShare, to.OwnShare)
	a.Outpatient = plus(a.Outpatient, from.Outpatient, to.Outpatient)
	a.StaysByLevel = plusEach(a.StaysByLevel, from.StaysByLevel, to.StaysByLevel)
	a.Paid = plusEach(a.Paid, from.Paid, to.Paid)
	a.Periods = plusEach(a.Periods, from.Periods, to.Periods)
	a.Base = plusEach(a.Base, from.Base, to.Base)
	a.Kinds = plusEach(a.Kinds, from.Kinds, to.Kinds)
	if from.YearDeductible != to.YearDeductible {
		a.YearDeductible = to.YearDeductible
	}
	if !sameStay(from.Last, to.Last) {
		a.Last = to.Last
	}
	return a
}

func sameStay(a, b *benefit.LastStay) bool { return a == b || a != nil && b != nil && *a == *b }

func plus[V int | ledger.Amount](a, from, to V) V {
	if from == to {
		return a
	}
	return max(0, a+to-from)
}

// plusEach is plus, entry by entry. A map in which nothing changed is shared.
func plusEach[K comparable, V int | ledger.Amount](a, from, to map[K]V) map[K]V {
	if equal(from, to) {
		return a
	}
	sum := make(map[K]V, len(a)+len(to))
	for _, side := range []map[K]V{a, to} {
		for key := range side {
			_, stays := to[key]
			if _, was := from[key]; was && !stays && a[key] == from[key] {
				continue // gone, and nothing of the draft's own is left of it
			}
			sum[key] = plus(a[key], from[key], to[key])
		}
	}
	if len(sum) == 0 {
		return nil
	}
	return sum
}

func equal[K, V comparable](a, b map[K]V) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			return false
		}
	}
	return true
}
