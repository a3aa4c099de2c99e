package evening_test

import (
	"testing"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// interim books one of several bills of a stay, to a day so long before the books begin.
func (b *books) interim(name string, before ledger.Day, cost ledger.Amount) clearing.Record {
	b.Helper()
	r := b.say(provinces.Request{Infno: provinces.InfnoSettle, MsgID: "m-" + name, Claim: &provinces.Claim{
		PersonNo: "6531-stay", VisitID: "v-stay", Insutype: "390", PersonType: "15", MedType: "21", HospitalLevel: "02",
		Admitted: provinces.DateTime(int64(monday-9) * 86400), Discharged: provinces.DateTime(int64(monday-before) * 86400),
		Total: cost * 100, InScope: cost * 100,
	}})
	if r.Outcome != provinces.Booked {
		b.Fatalf("%s is %s: %d %v", name, r.Outcome, r.Code, r.Errors)
	}
	return r
}

// twoOfAStay are two bills of one stay, on Monday and Tuesday. The hospital has 61 yuan more in
// the first and 61 less in the second. between is called when Monday is closed.
func (b *books) twoOfAStay(between func()) (one, two clearing.Record) {
	b.Helper()
	one = b.interim("one", 5, 3000)
	b.state(theHospital, monday, with(row(one), 61_00))
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	between()
	two = b.interim("two", 1, 4000)
	b.state(theHospital, monday+1, with(row(two), -61_00))
	b.state(theTreatment, monday+1, row(two))
	b.state(theHome, monday+1, row(two))
	b.close(monday + 1)
	b.match(monday + 1)
	return one, two
}

// TestDifferencesOfAStayCancelOnWhicheverEvening: both days at once, one after the other, or the
// one of them matched again by itself, as when a statement comes that is about something else.
func TestDifferencesOfAStayCancelOnWhicheverEvening(t *testing.T) {
	for name, between := range map[string]func(b *books){
		"both days on one evening": func(*books) {},
		"one day after the other":  func(b *books) { b.match(monday) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			one, two := b.twoOfAStay(func() { between(b) })
			resolved := []string{"bill/1 AMT_OVER hospital 61.00 resolved", "bill/2 AMT_UNDER hospital -61.00 resolved"}
			b.demand(resolved...)
			for i, again := range []clearing.Record{one, two} {
				b.state(theTreatment, monday+ledger.Day(i), row(again))
				b.match(monday + 1)
				b.demand(resolved...)
			}
			if again := b.match(monday + 1); len(again.Days) != 0 || again.Changed != 0 {
				t.Errorf("run again: %+v", again)
			}
		})
	}
}

// TestWhatCancelledIsOpenWithoutItsOther: the hospital corrects the one; the other is 61 yuan
// apart now, and on another day.
func TestWhatCancelledIsOpenWithoutItsOther(t *testing.T) {
	b := newBooks(t)
	one, _ := b.twoOfAStay(func() {})
	b.state(theHospital, monday, row(one))
	b.close(monday + 2)
	b.match(monday + 2)
	b.demand("bill/1 AMT_OVER hospital 61.00 resolved", "bill/2 AMT_UNDER hospital -61.00 open")
	b.demandSums(monday, 1, 0, 0)
	b.demandSums(monday+1, 0, 0, 1)
}

// TestWhatIsDecidedIsNotPairedLater: officers accept the 61 yuan of Monday, and the books owe
// them. The 61 less of Tuesday is a difference then: to pair the two would lose the decision, and
// 61 yuan with it.
func TestWhatIsDecidedIsNotPairedLater(t *testing.T) {
	b := newBooks(t)
	b.twoOfAStay(func() {
		b.match(monday)
		b.act(clearing.ActAccept, "break/bill/1", clearing.FundFigure{Fund: "390100", Amount: 61_00})
	})
	b.demand("bill/1 AMT_OVER hospital 61.00 decided", "bill/3 AMT_UNDER hospital -61.00 open")
}
