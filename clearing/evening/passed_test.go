package evening_test

import (
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/store"
)

// TestAHorizonThatMovesLeavesNothingAwaited: a hospital passes over Monday and states Tuesday.
// What it is complete beyond it will not state any more: its bills of Monday are missing,
// whatever was stated of them by others, and on whichever evening.
func TestAHorizonThatMovesLeavesNothingAwaited(t *testing.T) {
	for name, first := range map[string]bool{"after Monday was matched": true, "before": false} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			one := b.bill("one", 11_000)
			b.state(theTreatment, monday, row(one))
			b.state(theHome, monday, row(one))
			b.close(monday)
			if first {
				b.match(monday)
				b.demandSums(monday, 0, 1, 0)
			}
			b.close(monday + 1)
			b.state(theHospital, monday+1)
			b.match(monday + 1)
			b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
			b.demandSums(monday, 0, 0, 1)
			if again := b.match(monday + 1); len(again.Days) != 0 || again.Changed != 0 {
				t.Errorf("run again: %+v", again)
			}
		})
	}
}

// TestABrokenBillCanBeAwaitedToo: the home side lacks a bill that the hospital has not spoken
// about. When the hospital has passed over the day, it lacks the bill as well, and is told so.
func TestABrokenBillCanBeAwaitedToo(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday)
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 MISS_HOME home -6000.00 open")
	b.close(monday + 1)
	b.state(theHospital, monday+1)
	b.match(monday + 1)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
	b.view(func(tx *store.Tx) error {
		both, err := tx.Break("bill/1")
		if err == nil && len(both.Findings) != 2 {
			t.Errorf("the bill is told of %+v", both.Findings)
		}
		return err
	})
	if again := b.match(monday + 1); len(again.Days) != 0 || again.Changed != 0 {
		t.Errorf("run again: %+v", again)
	}
}

// TestADayPassedOverLacksItsCancellation: all have stated the bill; the hospital says nothing
// of the day on which it was cancelled, and then of a later one.
func TestADayPassedOverLacksItsCancellation(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	for _, party := range everybody {
		b.state(party, monday, row(one))
	}
	b.close(monday)
	b.match(monday)
	cancelled := b.cancel(one)
	b.state(theTreatment, monday+1, back(cancelled, one))
	b.state(theHome, monday+1, back(cancelled, one))
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand()
	b.demandSums(monday+1, 0, 1, 0)
	b.close(monday + 2)
	b.state(theHospital, monday+2)
	b.match(monday + 2)
	b.demand("bill/2 STATUS hospital 6000.00 open")
	b.demandSums(monday+1, 0, 0, 1)
}

// TestTheEndAloneOfABillThatWasNeverKnown: a 2601 takes a bill back on its own day. Who has neither
// agrees; who has the refund alone has 1,200 less than the books.
func TestTheEndAloneOfABillThatWasNeverKnown(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 3_000)
	b.reverse(one)
	refund := row(one)
	refund.Refund = true
	refund.Total, refund.Funds = -refund.Total, -refund.Funds
	b.state(theHospital, monday, refund)
	b.state(theTreatment, monday)
	b.state(theHome, monday)
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 STATUS hospital -1200.00 open")
}

// TestTheEndAloneOnADayWithoutRows: the hospital has passed over the bill's day, and its refund of
// a later day is told as a row without a bill, once.
func TestTheEndAloneOnADayWithoutRows(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 3_000)
	b.reverse(one)
	refund := row(one)
	refund.Refund = true
	refund.Total, refund.Funds = -refund.Total, -refund.Funds
	b.close(monday)
	b.state(theTreatment, monday)
	b.state(theHome, monday)
	b.state(theHospital, monday+1, refund)
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand("row/provider.33.H33010000001/330100G0000000000001~r REV_ORPHAN hospital -1200.00 open")
}

// TestATakingBackThatASideHasNeitherHalfOfResolvesItself: a bill and what takes it back on the
// next day. Who states both days without either agrees with the books over both; who has the
// bill and not its end does not.
func TestATakingBackThatASideHasNeitherHalfOfResolvesItself(t *testing.T) {
	for name, takeBack := range map[string]func(*books, clearing.Record) clearing.Record{"2601": (*books).reverse, "2305": (*books).cancel} {
		for _, late := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				b := newBooks(t)
				one := b.bill("one", 11_000)
				b.state(theHospital, monday)
				b.state(theTreatment, monday, row(one))
				b.state(theHome, monday, row(one))
				b.close(monday)
				b.match(monday)
				b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
				taken := takeBack(b, one)
				b.state(theTreatment, monday+1, back(taken, one))
				b.state(theHome, monday+1, back(taken, one))
				if !late {
					b.state(theHospital, monday+1)
				}
				b.close(monday + 1)
				b.match(monday + 1)
				if late { // the day of the taking back is stated on another evening than that of the bill
					b.demand("bill/1 STATUS hospital -6000.00 open")
				}
				b.close(monday + 2)
				if late {
					b.state(theHospital, monday+1)
				}
				b.match(monday + 2)
				b.demand("bill/1 STATUS hospital -6000.00 resolved", "bill/2 STATUS hospital 6000.00 resolved")

				b.close(monday + 3)
				b.state(theHospital, monday, row(one)) // it has the bill after all, and so lacks its end
				b.match(monday + 3)
				b.view(func(tx *store.Tx) error {
					end, err := tx.Break("bill/2")
					if err != nil || end.State != "open" {
						t.Errorf("the half that is left: %+v, %v", end, err)
					}
					begin, err := tx.Break("bill/1")
					if err != nil || begin.Still {
						t.Errorf("the half that has come: %+v, %v", begin, err)
					}
					return err
				})
				b.demandSums(monday, 1, 0, 0)
				b.demandSums(monday+1, 0, 0, 1)
			})
		}
	}
}
