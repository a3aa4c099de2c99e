package reconcile

import (
	"errors"
)

// Tie says how a party's totals compare with the books where it has sent no rows.
type Tie uint8

// Ties.
const (
	NoTotals   Tie = 0 // it has stated no totals that cover the bill, or rows are in force
	TotalsTied Tie = 1 // they agree with the books on every dimension they have
	TotalsOpen Tie = 2 // they do not: a break of its own, and the bills wait for rows
)

// Said is what a party has let know of the business day of a bill, by the evening of
// the match.
type Said struct {
	Asked    bool // the installation expects statements of the party
	Complete bool // its horizon reaches the day: what it does not have, it will not have
	Stated   bool // a statement of it is in force for the day, rows or totals
	Rows     bool // rows of it lie beside the day
	Refunds  bool // its statement holds what takes bills back; otherwise only bills that were made
	Totals   Tie
}

// Word tells what the party of a side has said of the day of a bill (see [Item.PartyOn]).
type Word func(side Side, bill *Item) Said

// Inputs are what the match of one business day is made of. Every stream is in the
// order of its numbers, as [Sorter] gives it.
type Inputs struct {
	Books Stream    // the day's bills and what takes bills back: each number once
	Sides [4]Stream // by Side: the rows that lie beside the day (see [Beside]); nil: none
	Word  Word
	Runs  Runs // room for what the first pass leaves over
}

// Errors of inputs.
var (
	ErrOrder = errors.New("reconcile: items are not in the order of their numbers")
	ErrBooks = errors.New("reconcile: an item of the books is malformed")
)

// absent is what it means that a side has no row of the bill. A statement of bills alone is
// not asked for what takes bills back, nor for a bill that was taken back on its own
// day: some hospitals list it and some do not. A day that the side has passed over is no
// statement of bills alone: it lacks what takes back a bill of another day as well. Nobody is
// asked for a bill and the 2601 that took it back on its own day.
func (s Said) absent(bill *Item) SideState {
	switch {
	case !s.Asked:
		return NotAsked
	case !s.Complete, s.Totals == TotalsOpen:
		return Awaited
	case bill.Silent:
		return NotAsked
	case !s.Refunds && (bill.Refund && s.Stated || bill.ownDay()):
		return NotAsked
	case s.Totals == TotalsTied:
		return Tied
	}
	return Differs
}
