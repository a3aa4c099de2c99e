package audit

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
)

// Move is a bill as the parties to it have it: that it was made, or that it was taken back.
// Of what takes back all amounts are negative.
type Move struct {
	Number       uint64 // the books' number
	Day          string // business day
	Subject      string // of the message that did it, behind "claims.": the same on a replay
	SettlementID string // "" of a 2601, whose answer has none
	Of           string // the setl_id of the bill
	Refund       bool

	Home, Treatment                    string // areas
	Provider, Visit, Person, Insurance string

	Total, Funds, Account, Cash *big.Rat
	ByFund                      map[string]*big.Rat // what is not zero, without the personal account

	// Silent: a bill, or a cancellation, that a 2601 undid on its own day, and that 2601. It
	// has never been: nobody is asked for it.
	Silent bool

	// Alone: a bill that stands, and nothing else is known of its stay. TakenBack: a 2305, and
	// nothing is known of its stay but it and its bill. What a side has otherwise about it
	// has no other meaning.
	Alone, TakenBack bool
}

// Owed is what the home side owes by it: funds and personal account.
func (m *Move) Owed() *big.Rat { return sum(m.Funds, m.Account) }

// Parties are those who can state it: the hospital, the treatment and the home province.
func (m *Move) Parties() [3]string {
	return [3]string{
		fmt.Sprintf("provider.%s.%s", m.Treatment[:2], m.Provider), "treatment." + m.Treatment[:2], "home." + m.Home[:2],
	}
}

// Moves are all bills that were made and taken back, in the order of the books.
func (b *Books) Moves() []Move {
	restores := map[*record]*record{} // by the 2601: the cancellation that it undid
	for what, by := range b.undone {
		if what.outcome == cancelled {
			restores[by] = what
		}
	}
	var moves []Move
	stays := map[string]int{}
	for _, r := range b.records[1:] {
		bill, sign := r, int64(1)
		switch {
		case r.outcome == booked:
		case r.of != nil && restores[r] != nil:
			bill = r.of
		case r.of != nil && (r.outcome == cancelled || r.outcome == reversed):
			bill, sign = r.of, -1
		default:
			continue
		}
		m := move(r, bill, sign)
		m.Silent = b.silent(r, restores[r])
		stays[m.Provider+" "+m.Visit]++
		moves = append(moves, m)
	}
	for i := range moves {
		m := &moves[i]
		n := stays[m.Provider+" "+m.Visit]
		m.Alone = n == 1 && !m.Refund
		m.TakenBack = n == 2 && m.Refund && m.SettlementID != ""
	}
	return moves
}

func move(r, bill *record, sign int64) Move {
	q, c := bill.event.request, bill.event.request.claim
	m := Move{
		Number: r.number, Day: r.event.day, Subject: messageKey(r.event.message.Subject), Of: settlementID(q.treatment, bill.number), Refund: sign < 0,
		Home: q.home, Treatment: q.treatment, Provider: q.provider, Visit: c.visit, Person: q.person, Insurance: c.insurance,
		Total: times(c.total, rat(sign)), Funds: rat(0), Cash: times(bill.bill.Cash, rat(sign)), ByFund: map[string]*big.Rat{},
	}
	if r.outcome != reversed {
		m.SettlementID = settlementID(q.treatment, r.number)
	}
	funds := byFund(bill.bill)
	for _, fund := range slices.Sorted(maps.Keys(funds)) {
		a := times(funds[fund], rat(sign))
		if fund == personalAccount {
			m.Account = a
		} else if a.Sign() != 0 {
			m.ByFund[fund], m.Funds = a, sum(m.Funds, a)
		}
	}
	return m
}

// silent reports whether the record and what it undid, or what undid it, are nothing
// together: one of both is a 2601, and both are of one day.
func (b *Books) silent(r, restored *record) bool {
	before := restored
	if before == nil && r.outcome == reversed {
		before = r.of
	}
	if before != nil {
		return before.event.day == r.event.day
	}
	by := b.undone[r]
	return by != nil && by.outcome == reversed && by.event.day == r.event.day
}
