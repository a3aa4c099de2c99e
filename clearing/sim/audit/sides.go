package audit

import (
	"fmt"
	"math/big"
)

// Standing is what an evening's report must say of a pair of provinces.
//
// Invariant: Matched, Expected and Broken together are what bills moved; with Decisions they
// are Balance.
type Standing struct {
	Matched, Expected, Broken Sum
	Decisions, Balance        *big.Rat
}

// Sum counts bills, and what takes them back, and adds up what they owe.
type Sum struct {
	Count int
	Owed  *big.Rat
}

func (s *Sum) add(m *Move) {
	s.Count++
	s.Owed = sum(s.Owed, m.Owed())
}

// Said is what the parties have let know by an evening, as whoever made them say it has
// written it down.
type Said struct {
	Through map[string]string // by party: the day up to which it has told everything
	Broken  map[uint64]bool   // by the books' number: a side has it otherwise
}

// Standings are the pairs on an evening: a bill that some side has otherwise is broken;
// another one that some side has not come to yet is expected; the others are matched.
func (b *Books) Standings(evening string, said Said) map[Pair]*Standing {
	pairs := map[Pair]*Standing{}
	of := func(home, treatment string) *Standing {
		pair := Pair{home[:2], treatment[:2]}
		if pairs[pair] == nil {
			pairs[pair] = &Standing{Matched: Sum{Owed: rat(0)}, Expected: Sum{Owed: rat(0)}, Broken: Sum{Owed: rat(0)}, Decisions: rat(0), Balance: rat(0)}
		}
		return pairs[pair]
	}
	for _, m := range b.Moves() {
		if m.Day > evening {
			continue
		}
		s := of(m.Home, m.Treatment)
		into := &s.Matched
		for _, party := range m.Parties() {
			if said.Through[party] < m.Day {
				into = &s.Expected
			}
		}
		if said.Broken[m.Number] {
			into = &s.Broken
		}
		into.add(&m)
		s.Balance = sum(s.Balance, m.Owed())
	}
	for _, d := range b.decisions {
		if d.day <= evening {
			s := of(d.home, d.treatment)
			s.Decisions, s.Balance = sum(s.Decisions, d.amount), sum(s.Balance, d.amount)
		}
	}
	return pairs
}

// decision is money that officers moved.
type decision struct {
	day, home, treatment string
	amount               *big.Rat
}

// Decide books what officers decided on a day: of a bill so much more of one fund is owed, or
// less.
func (b *Books) Decide(day string, bill *Move, fund string, amount *big.Rat) {
	b.move(fmt.Sprintf("Assets:Receivable:Home-%s:Treatment-%s:Fund-%s:Accrued", bill.Home, bill.Treatment, fund), amount)
	b.move(fmt.Sprintf("Liabilities:Payable:Treatment-%s:Provider-%s:Home-%s:Fund-%s:Accrued", bill.Treatment, bill.Provider, bill.Home, fund), negative(amount))
	b.decisions = append(b.decisions, decision{day, bill.Home, bill.Treatment, amount})
	b.dayOf(day)
}
