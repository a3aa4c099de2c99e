package evening_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

func TestWhatAllSidesStateAlikeIsMatched(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	for _, party := range everybody {
		b.state(party, monday, rows(one, two)...)
	}
	b.close(monday)
	b.match(monday)
	b.demand()
	b.demandSums(monday, 2, 0, 0)
}

// TestWhatIsNotDueYetIsExpected: nobody has stated the day, or only two of three sides.
func TestWhatIsNotDueYetIsExpected(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.state(theHospital, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand()
	b.demandSums(monday, 0, 1, 0)
	b.state(theTreatment, monday, row(one))
	b.match(monday)
	b.demandSums(monday, 1, 0, 0)
}

// TestOneFenIsABreak: no tolerance; the class says who has more, and the other bill is
// untouched.
func TestOneFenIsABreak(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	fen := row(one)
	fen.Funds++
	b.state(theHospital, monday, fen, row(two))
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 AMT_OVER hospital 0.01 open")
	b.demandSums(monday, 1, 0, 1)
}

// TestALateStatementChangesWhatItTouches: the corrected statement ends its break, the other
// break keeps its first evening, and a second run changes nothing.
func TestALateStatementChangesWhatItTouches(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	fen := row(one)
	fen.Funds++
	b.state(theHospital, monday, fen, row(two))
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 AMT_OVER hospital 0.01 open", "bill/2 MISS_HOME home -600.00 open")
	b.close(monday + 1)
	b.state(theHospital, monday, rows(one, two)...)
	b.match(monday + 1)
	b.demand("bill/1 AMT_OVER hospital 0.01 gone", "bill/2 MISS_HOME home -600.00 open")
	b.view(func(tx *store.Tx) error {
		x, err := tx.Break("bill/2")
		if x.FirstSeen != monday || len(x.History) != 1 {
			t.Errorf("bill/2 was first seen %s, history %v", x.FirstSeen, x.History)
		}
		x, _ = tx.Break("bill/1")
		if x.AsOf(monday) != reconcile.Open || x.AsOf(monday+1) != reconcile.Gone {
			t.Errorf("bill/1 as of the evenings: %s, %s", x.AsOf(monday), x.AsOf(monday+1))
		}
		return err
	})
	if again := b.match(monday + 1); len(again.Days) != 0 || again.Changed != 0 {
		t.Errorf("run again: %+v", again)
	}
}

// TestARowThatComesLateResolvesItself: missing on Monday, there on Tuesday, equal to the fen.
func TestARowThatComesLateResolvesItself(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	b.state(theHospital, monday, row(two))
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
	b.close(monday + 1)
	b.state(theHospital, monday, rows(one, two)...)
	outcome := b.match(monday + 1)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 resolved")
	b.demandSums(monday, 2, 0, 0)
	if len(outcome.Groups) != 1 || outcome.Groups[0].Kind != reconcile.AutoLateRow {
		t.Errorf("groups %+v", outcome.Groups)
	}
}

// TestARowOfAnotherDayIsPutBesideItsBill: the hospital counts Monday's bill on Tuesday. On
// Monday evening it lacks the bill; on Tuesday the pair has appeared, and resolves itself.
func TestARowOfAnotherDayIsPutBesideItsBill(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.state(theHospital, monday)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
	b.close(monday + 1)
	b.state(theHospital, monday+1, row(one))
	b.match(monday + 1)
	b.demand("bill/1 TIMING hospital 0.00 resolved")
	// Tuesday's statement is corrected: the row is gone, and with it the pair.
	b.close(monday + 2)
	b.state(theHospital, monday+1)
	b.match(monday + 2)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
}

// TestDaysWithRowsOfEachOther: in one evening the hospital corrects Monday, with Tuesday's
// bill in it, and states Tuesday with Monday's. Each day has the other matched, once.
func TestDaysWithRowsOfEachOther(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	for _, party := range everybody {
		b.state(party, monday, row(one))
	}
	b.close(monday)
	b.match(monday)
	two := b.bill("two", 2_000)
	b.state(theTreatment, monday+1, row(two))
	b.state(theHome, monday+1, row(two))
	b.state(theHospital, monday, row(two))
	b.state(theHospital, monday+1, row(one))
	b.close(monday + 1)
	if _, err := b.evening.Run(&stops{context.Background(), 10_000}, monday+1, monday+1); err != nil {
		t.Fatal(err)
	}
	b.demand("bill/1 TIMING hospital 0.00 resolved", "bill/2 TIMING hospital 0.00 resolved")
	b.demandSums(monday, 0, 0, 1)
	b.demandSums(monday+1, 0, 0, 1)
}

// TestABillOfTheNextDayThatIsStatedEarly: the hospital has it on Monday, the books on Tuesday.
func TestABillOfTheNextDayThatIsStatedEarly(t *testing.T) {
	b := newBooks(t)
	b.close(monday)
	one := b.bill("one", 11_000)
	if one.Day != monday+1 {
		t.Fatalf("booked on %s", one.Day)
	}
	b.state(theHospital, monday, row(one))
	b.match(monday)
	b.demand()
	b.state(theHospital, monday+1)
	b.state(theTreatment, monday+1, row(one))
	b.state(theHome, monday+1, row(one))
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand("bill/1 TIMING hospital 0.00 resolved")
}

// TestABillThatWasNeverKnown: a 2601 on the same day; the sides have neither, as it should
// be. A side that has the bill all the same is told so.
func TestABillThatWasNeverKnown(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	b.reverse(one)
	b.state(theHospital, monday, row(two))
	b.state(theTreatment, monday, row(two))
	b.state(theHome, monday, rows(one, two)...)
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 STATUS home 6000.00 open")
	b.close(monday + 1)
	b.state(theHome, monday, row(two))
	b.match(monday + 1)
	b.demand("bill/1 STATUS home 6000.00 gone")
	b.demandSums(monday, 3, 0, 0)
}

// TestWhatTookBackABillThatWasNeverKnown: a side that has it and not the bill differs by it.
func TestWhatTookBackABillThatWasNeverKnown(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	b.reverse(one)
	b.state(theHospital, monday, row(two))
	b.state(theTreatment, monday, row(two))
	b.state(theHome, monday, row(two), named(one))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 STATUS home -6000.00 open")
	b.demandSums(monday, 2, 0, 1)
}

// TestACancellationThatWasNeverKnown: a 2601 on the same day lets the bill stand again. It
// has always stood: the sides have it, and of the rest neither, whether they state rows or
// totals. A side that has the cancellation alone differs by it; one that has both does not.
func TestACancellationThatWasNeverKnown(t *testing.T) {
	again := func(bill clearing.Record) provinces.StatementRow {
		x := row(bill)
		x.SettlementID, x.Provider = "again-1", hospital
		return x
	}
	for name, is := range map[string]struct {
		home func(bill, cancelled clearing.Record) []provinces.StatementRow
		want []string
	}{
		"neither": {func(bill, _ clearing.Record) []provinces.StatementRow { return rows(bill) }, nil},
		"both": {func(bill, c clearing.Record) []provinces.StatementRow {
			return append(rows(bill), back(c, bill), again(bill))
		}, nil},
		"the 2305": {func(bill, c clearing.Record) []provinces.StatementRow { return append(rows(bill), back(c, bill)) }, []string{"bill/2 STATUS home -6000.00 open"}},
		"the 2601": {func(bill, _ clearing.Record) []provinces.StatementRow { return append(rows(bill), again(bill)) }, []string{"bill/3 STATUS home 6000.00 open"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			bill := b.bill("one", 11_000)
			cancelled := b.cancel(bill)
			b.restore(cancelled, bill)
			b.state(theHospital, monday, row(bill))
			b.apply(provinces.Statement{
				Party: theTreatment, From: monday, To: monday, Horizon: monday, Refunds: true,
				Totals: []provinces.StatementTotal{{Count: 1, Total: 11_000_00, Funds: 6_000_00}},
			}, nil)
			b.state(theHome, monday, is.home(bill, cancelled)...)
			b.close(monday)
			b.match(monday)
			b.demand(is.want...)
			b.demandSums(monday, uint64(3-len(is.want)), 0, uint64(len(is.want)))
		})
	}
}

// TestATakingBackNamesItsBill: a 2601 of the day after has no setl_id, so whoever states it names
// the bill. Columns that need not be there are not needed for that.
func TestATakingBackNamesItsBill(t *testing.T) {
	b := newBooks(t)
	bill := b.bill("one", 11_000)
	for _, party := range everybody {
		b.state(party, monday, row(bill))
	}
	b.close(monday)
	b.reverse(bill)
	for _, party := range everybody {
		x := named(bill)
		if x.VisitID = ""; party == theHospital {
			x.VisitID = bill.Bill.Claim.VisitID // a 3202 has the column
		}
		b.state(party, monday+1, x)
	}
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand()
	b.demandSums(monday+1, 1, 0, 0)
}

// TestATakingBackBesideOneThatWasNeverKnown: the bill is of the day before; a 2305 was undone,
// and then a 2601 took the bill back for good. A row that takes the bill back, and names the
// bill since a 2601 has no setl_id, means the latter.
func TestATakingBackBesideOneThatWasNeverKnown(t *testing.T) {
	b := newBooks(t)
	bill := b.bill("one", 11_000)
	for _, party := range everybody {
		b.state(party, monday, row(bill))
	}
	b.close(monday)
	b.restore(b.cancel(bill), bill)
	b.reverse(bill)
	for _, party := range everybody {
		b.state(party, monday+1, named(bill))
	}
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand()
	b.demandSums(monday+1, 3, 0, 0)
}

// TestTotalsOfABillThatWasNeverKnown: totals count neither it nor the 2601, of one day or of
// the month that holds both days.
func TestTotalsOfABillThatWasNeverKnown(t *testing.T) {
	for name, is := range map[string]struct {
		to    ledger.Day
		later ledger.Day
	}{"of the day": {monday, monday}, "of the month": {monday + 29, monday + 1}} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			one := b.bill("one", 11_000)
			b.bill("two", 2_000)
			for day := monday; day < is.later; day++ {
				b.close(day)
			}
			b.reverse(one)
			from := monday
			if is.to != monday {
				from = ledger.NewDay(2026, 3, 1)
			}
			b.apply(provinces.Statement{
				Party: theHospital, From: from, To: is.to, Horizon: is.to, Refunds: true,
				Totals: []provinces.StatementTotal{{Insutype: "390", ClearingType: "21", Agency: treatment, Count: 1, Total: 2_000_00, Funds: 600_00}},
			}, nil)
			for day := is.later; day <= is.to; day++ {
				b.close(day)
			}
			b.match(is.to)
			b.demand()
		})
	}
}

// TestACancellationOnTheNextDayTouchesItsBill: the hospital took the bill back and states
// neither; the books have both, on two days. Once both are known the chain explains itself.
func TestACancellationOnTheNextDayTouchesItsBill(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.state(theHospital, monday)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open")
	cancelled := b.cancel(one)
	b.state(theHospital, monday+1)
	b.state(theTreatment, monday+1, back(cancelled, one))
	b.state(theHome, monday+1, back(cancelled, one))
	b.close(monday + 1)
	b.match(monday + 1)
	b.view(func(tx *store.Tx) error {
		for _, key := range []string{"bill/1", "bill/2"} {
			x, err := tx.Break(key)
			if err != nil || x == nil || x.Class != reconcile.Status || x.Findings[0].Cause == nil {
				t.Errorf("%s: %+v %v", key, x, err)
				continue
			}
			if kind := x.Findings[0].Cause.Kind; kind != reconcile.ReversalAcrossCutOff {
				t.Errorf("%s: cause %s", key, kind)
			}
		}
		return nil
	})
}

// TestTotalsAreTiedWithoutRows: a 3201 that agrees is enough for a hospital. One that does
// not is a break of its own, and its bills wait for rows.
func TestTotalsAreTiedWithoutRows(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	total := provinces.StatementTotal{Insutype: "390", ClearingType: "21", Agency: treatment, Count: 2, Total: 13_000_00, Funds: 6_600_00}
	said := provinces.Statement{Party: theHospital, From: monday, To: monday, Horizon: monday, Refunds: true, Totals: []provinces.StatementTotal{total}}
	said.Totals[0].Funds -= 61_00
	b.apply(said, nil)
	b.close(monday)
	b.match(monday)
	b.demand("totals/provider.33.H33010000001/2026-03-02/390.21.330100.- TOTALS hospital -61.00 open")
	b.demandSums(monday, 0, 2, 0)
	b.close(monday + 1)
	said.Totals = []provinces.StatementTotal{total}
	b.apply(said, nil)
	b.match(monday + 1)
	b.demand("totals/provider.33.H33010000001/2026-03-02/390.21.330100.- TOTALS hospital -61.00 gone")
	b.demandSums(monday, 2, 0, 0)
}

// TestAHospitalStatesEachInsuranceApart: a 3201 speaks of one insurance, clearing type and
// agency; what another of the same day speaks of is not left over. What none speaks of is.
func TestAHospitalStatesEachInsuranceApart(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	said := provinces.Statement{Party: theHospital, From: monday, To: monday, Horizon: monday, Refunds: true}
	state := func(total provinces.StatementTotal) {
		said.Totals = []provinces.StatementTotal{total}
		b.apply(said, nil)
	}
	state(provinces.StatementTotal{Insutype: "310", ClearingType: "21", Agency: treatment})
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 open", "bill/2 MISS_HOSP hospital -600.00 open",
		"totals/provider.33.H33010000001/2026-03-02/-.rest.-.- TOTALS hospital -6600.00 open")
	b.close(monday + 1)
	state(provinces.StatementTotal{Insutype: "390", ClearingType: "21", Agency: treatment, Count: 2, Total: 13_000_00, Funds: 6_600_00})
	b.match(monday + 1)
	b.demandSums(monday, 2, 0, 0)
	b.demand("bill/1 MISS_HOSP hospital -6000.00 resolved", "bill/2 MISS_HOSP hospital -600.00 resolved",
		"totals/provider.33.H33010000001/2026-03-02/-.rest.-.- TOTALS hospital -6600.00 gone")
}

// TestAMonthOfOneInsuranceBesideDaysOfTwo: the hospital sends a 3201 for the month of one
// insurance, and one a day for each of the others. What a day speaks of is not left over by the
// month, whichever day of the month is matched, nor is what a day's rows speak of; what nobody
// speaks of is, until a day that comes late does.
func TestAMonthOfOneInsuranceBesideDaysOfTwo(t *testing.T) {
	first, last := ledger.NewDay(2026, 3, 1), ledger.NewDay(2026, 3, 31)
	rest := "totals/provider.33.H33010000001/2026-03-31/-.rest.-.- TOTALS hospital -600.00"
	for name, is := range map[string]struct {
		second func(say func(ledger.Day, string, ...clearing.Record), b *books, two clearing.Record)
		want   []string // before the second day's totals come late; nil: they need not
	}{
		"totals of every day": {func(say func(ledger.Day, string, ...clearing.Record), _ *books, two clearing.Record) {
			say(monday+1, "310")
			say(monday+1, "390", two)
		}, nil},
		"rows of the second day": {func(_ func(ledger.Day, string, ...clearing.Record), b *books, two clearing.Record) {
			b.state(theHospital, monday+1, row(two))
		}, nil},
		"the second day is late": {func(say func(ledger.Day, string, ...clearing.Record), _ *books, _ clearing.Record) {
			say(monday+1, "310")
		}, []string{"bill/2 MISS_HOSP hospital -600.00 open", "totals/provider.33.H33010000001/2026-03-03/-.rest.-.- TOTALS hospital -600.00 open", rest + " open"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			say := func(from, to ledger.Day, insutype string, bills []clearing.Record) {
				total := provinces.StatementTotal{Insutype: insutype, ClearingType: "21", Agency: treatment}
				for _, bill := range bills {
					total.Count++
					total.Total += bill.Bill.Claim.Total
					total.Funds += bill.Bill.Benefit.Funds[0].Amount
				}
				b.apply(provinces.Statement{Party: theHospital, From: from, To: to, Horizon: to, Refunds: true, Totals: []provinces.StatementTotal{total}}, nil)
			}
			daily := func(day ledger.Day, insutype string, bills ...clearing.Record) { say(day, day, insutype, bills) }
			one := b.bill("one", 11_000)
			b.close(monday)
			two := b.bill("two", 2_000)
			for day := monday + 1; day <= last; day++ {
				b.close(day)
			}
			for day, bill := range map[ledger.Day]clearing.Record{monday: one, monday + 1: two} {
				b.state(theTreatment, day, row(bill))
				b.state(theHome, day, row(bill))
			}
			daily(monday, "310")
			daily(monday, "390", one)
			is.second(daily, b, two)
			say(first, last, "310", nil)
			b.match(last)
			b.demand(is.want...)
			if is.want == nil {
				return
			}
			b.close(last + 1)
			daily(monday+1, "390", two)
			b.match(last + 1)
			b.demand("bill/2 MISS_HOSP hospital -600.00 resolved",
				"totals/provider.33.H33010000001/2026-03-03/-.rest.-.- TOTALS hospital -600.00 gone", rest+" gone")
		})
	}
}

// TestMonthsTakeTheirDays: a statement of the whole month takes the place of its days', and
// each bill is found on its own day.
func TestMonthsTakeTheirDays(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.close(monday)
	two := b.bill("two", 2_000)
	b.close(monday + 1)
	first, last := ledger.NewDay(2026, 3, 1), ledger.NewDay(2026, 3, 31)
	for _, party := range everybody {
		b.state(party, monday)
		b.apply(provinces.Statement{Party: party, From: first, To: last, Horizon: last, Refunds: true, Totals: []provinces.StatementTotal{{}}, File: &provinces.StatementFile{}}, rows(one, two))
	}
	b.match(monday + 1)
	b.demand()
	b.demandSums(monday, 1, 0, 0)
	b.demandSums(monday+1, 1, 0, 0)
}

// TestARowWithoutABill is a break of its own, with nothing in the books.
func TestARowWithoutABill(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	more := row(one)
	more.SettlementID, more.VisitID, more.PersonNo = "330100G0000000000777", "v-nobody", "65310000"
	b.state(theHospital, monday, row(one), more)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand("row/provider.33.H33010000001/330100G0000000000777 SURPLUS hospital 6000.00 open")
	b.demandSums(monday, 1, 0, 0)
}

// TestAMissingStatementIsSaid: serials 1 and 3; with 2 the break is gone.
func TestAMissingStatementIsSaid(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	serial := func(n uint64, day ledger.Day, list ...provinces.StatementRow) {
		b.apply(provinces.Statement{Party: theHospital, From: day, To: day, Horizon: day, Serial: n, Totals: []provinces.StatementTotal{{}}, File: &provinces.StatementFile{}}, list)
	}
	serial(1, monday, row(one))
	serial(3, monday+1)
	b.close(monday)
	b.match(monday)
	b.demand("serial/provider.33.H33010000001/2-2 SEQ_GAP hospital 0.00 open")
	b.close(monday + 1)
	serial(2, monday+1)
	b.match(monday + 1)
	b.demand("serial/provider.33.H33010000001/2-2 SEQ_GAP hospital 0.00 gone")
}

// TestAStatementThatComesDuringARun counts in the next one: a bill must not be missing in rows
// that the run has not seen.
func TestAStatementThatComesDuringARun(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.asked = func(party provinces.Party) {
		if party == theHospital {
			b.asked = nil
			b.state(theHospital, monday, row(one))
		}
	}
	b.match(monday)
	if b.asked != nil {
		t.Fatal("the hospital was not asked for")
	}
	b.demand()
	b.demandSums(monday, 0, 1, 0)
	b.match(monday)
	b.demandSums(monday, 1, 0, 0)
}

// TestWhatWasAcceptedIsNotForgotten: officers accept the hospital's 61 yuan more; then the
// hospital states the books' figure again. The books still owe the 61, and say so until the
// acceptance is reversed.
func TestWhatWasAcceptedIsNotForgotten(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 11_000)
	more := row(one)
	more.Funds += 61_00
	b.state(theHospital, monday, more)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 AMT_OVER hospital 61.00 open")
	accepted := b.act(clearing.ActAccept, "break/bill/1", clearing.FundFigure{Fund: "390100", Amount: 61_00})
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand("bill/1 AMT_OVER hospital 61.00 decided")
	b.state(theHospital, monday, row(one))
	b.close(monday + 2)
	b.match(monday + 2)
	b.demand("accepted/1 AMT_UNDER hospital -61.00 open", "bill/1 AMT_OVER hospital 61.00 decided")
	b.demandSums(monday, 1, 0, 0)
	if again := b.match(monday + 2); again.Changed != 0 {
		t.Errorf("run again: %+v", again)
	}
	b.act(clearing.ActReverse, fmt.Sprintf("act/%d", accepted))
	b.close(monday + 3)
	b.match(monday + 3)
	b.demand("accepted/1 AMT_UNDER hospital -61.00 gone", "bill/1 AMT_OVER hospital 61.00 gone")
}

// TestWhatWasAcceptedEndsByOfficersAlone: the hospital's 61 yuan more are accepted; then it states
// something else. Whatever the match makes of that, the books owe the 61 until the acceptance is
// reversed, so nothing about the bill resolves itself or goes unsaid.
func TestWhatWasAcceptedEndsByOfficersAlone(t *testing.T) {
	for name, c := range map[string]struct {
		states func(b *books, one clearing.Record)
		want   []string
		then   []string // when the hospital states the books' figure at last
	}{
		"another difference": {
			func(b *books, one clearing.Record) { b.state(theHospital, monday, with(row(one), 41_00)) },
			[]string{"bill/1 AMT_OVER hospital 41.00 open"},
			[]string{"accepted/1 AMT_UNDER hospital -61.00 open", "bill/1 AMT_OVER hospital 41.00 gone"},
		},
		"another day, which would resolve itself": {
			func(b *books, one clearing.Record) {
				b.state(theHospital, monday)
				b.state(theHospital, monday+1, row(one))
			},
			[]string{"bill/1 TIMING hospital 0.00 open"},
			[]string{"accepted/1 AMT_UNDER hospital -61.00 open", "bill/1 TIMING hospital 0.00 gone"},
		},
		"nothing, and an equal row late": {
			func(b *books, one clearing.Record) { b.state(theHospital, monday) },
			[]string{"bill/1 MISS_HOSP hospital -1200.00 open"},
			[]string{"accepted/1 AMT_UNDER hospital -61.00 open", "bill/1 MISS_HOSP hospital -1200.00 gone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			one := b.bill("one", 3_000)
			b.state(theHospital, monday, with(row(one), 61_00))
			b.state(theTreatment, monday, row(one))
			b.state(theHome, monday, row(one))
			b.close(monday)
			b.match(monday)
			b.act(clearing.ActAccept, "break/bill/1", clearing.FundFigure{Fund: "390100", Amount: 61_00})
			b.close(monday + 1)
			b.match(monday + 1)
			b.demand("bill/1 AMT_OVER hospital 61.00 decided")
			c.states(b, one)
			b.close(monday + 2)
			b.match(monday + 2)
			b.demand(c.want...)
			b.state(theHospital, monday+1)
			b.state(theHospital, monday, row(one))
			b.close(monday + 3)
			b.match(monday + 3)
			b.demand(c.then...)
			if again := b.match(monday + 3); again.Changed != 0 {
				t.Errorf("run again: %+v", again)
			}
		})
	}
}

// with is a row whose funds are so much more.
func with(row provinces.StatementRow, more ledger.Amount) provinces.StatementRow {
	row.Funds += more
	return row
}

// TestWhatWaitsForAPersonAgreesAllTheSame: a statement comes a day late, and equal to the fen, but
// its bills are above what may resolve itself on one evening. They wait for a person, or for one
// who has undone their group, and are none of the broken bills.
func TestWhatWaitsForAPersonAgreesAllTheSame(t *testing.T) {
	for name, above := range map[string]bool{"above the cap": true, "undone": false} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			all := []clearing.Record{b.bill("one", 3_000)}
			for i := 0; above && i < 10; i++ {
				all = append(all, b.bill(fmt.Sprint("more", i), 3_000))
			}
			count := uint64(len(all))
			b.state(theTreatment, monday, rows(all...)...)
			b.state(theHome, monday, rows(all...)...)
			b.state(theHospital, monday)
			b.close(monday)
			b.match(monday)
			b.demandSums(monday, 0, 0, count)
			b.close(monday + 1)
			b.state(theHospital, monday, rows(all...)...)
			b.match(monday + 1)
			b.demandSums(monday, count, 0, 0)
			if !above {
				b.demand("bill/1 MISS_HOSP hospital -1200.00 resolved")
				b.act(clearing.ActUndo, "group/"+(monday+1).String()+"/late-row")
			}
			b.tied(monday+2, count)
			waiting := b.breaks()
			b.close(monday + 2)
			b.state(theTreatment, monday, rows(all...)...) // and is matched again
			b.match(monday + 2)
			b.demand(waiting...)
			b.tied(monday+2, count)
			b.state(theHospital, monday) // not, after all
			b.match(monday + 2)
			b.demandSums(monday, 0, 0, count)
			b.tied(monday+2, 0)
		})
	}
}

// TestACapIsOfTheEvening: ten bills may resolve themselves on one evening. Two days whose rows come
// late are matched one after the other: what is above is above, however many runs there are.
func TestACapIsOfTheEvening(t *testing.T) {
	for name, apart := range map[string]bool{"in two runs": true, "in one": false} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			var days [2][]clearing.Record
			for i := range days {
				day := monday + ledger.Day(i)
				for n := range 6 {
					days[i] = append(days[i], b.bill(fmt.Sprintf("%d-%d", i, n), 3_000))
				}
				b.state(theTreatment, day, rows(days[i]...)...)
				b.state(theHome, day, rows(days[i]...)...)
				b.state(theHospital, day)
				b.close(day)
				b.match(day)
			}
			b.close(monday + 2)
			for i := range days {
				b.state(theHospital, monday+ledger.Day(i), rows(days[i]...)...)
				if apart || i == 1 {
					b.match(monday + 2)
				}
			}
			resolved := 0
			for _, line := range b.breaks() {
				if strings.HasSuffix(line, " resolved") {
					resolved++
				}
			}
			if want := map[bool]int{true: 6, false: 0}[apart]; resolved != want {
				t.Errorf("%d have resolved themselves, want %d", resolved, want)
			}
		})
	}
}

// TestADayIsFinalWhenNothingIsOpen: all sides are complete. A break keeps the day open, until it has
// resolved itself or officers have decided it; so does what they have to let through.
func TestADayIsFinalWhenNothingIsOpen(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 3_000), b.bill("two", 4_000)
	final := func(want bool) {
		t.Helper()
		b.view(func(tx *store.Tx) error {
			result, _, err := tx.DayResult(monday)
			if result.Final != want {
				t.Errorf("final %t, want %t: %q", result.Final, want, b.breaks())
			}
			return err
		})
	}
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	b.state(theHospital, monday, with(row(one), 61_00))
	b.close(monday)
	b.match(monday)
	b.demand("bill/1 AMT_OVER hospital 61.00 open", "bill/2 MISS_HOSP hospital -1800.00 open")
	final(false)
	b.state(theHospital, monday+1, row(two)) // a timing pair
	b.close(monday + 1)
	b.match(monday + 1)
	b.demand("bill/1 AMT_OVER hospital 61.00 open", "bill/2 TIMING hospital 0.00 resolved")
	final(false)
	b.act(clearing.ActClose, "break/bill/1")
	b.close(monday + 2)
	b.match(monday + 2)
	b.demand("bill/1 AMT_OVER hospital 61.00 decided", "bill/2 TIMING hospital 0.00 resolved")
	final(true)
}

// TestARefusedStatementIsOpenUntilAnotherIsTaken: of the same days; and where its head could not be
// read, any other.
func TestARefusedStatementIsOpenUntilAnotherIsTaken(t *testing.T) {
	b := newBooks(t)
	b.bill("one", 3_000)
	refuse := func(id string, from, to ledger.Day) {
		b.stated++
		b.update(func(tx *store.Tx) error {
			err := tx.DecideStatement(&clearing.StatementRecord{
				Party: theHospital, ID: id, First: b.stated, Head: b.stated, Number: b.stated, Outcome: provinces.StatementRefused, Code: provinces.CodeStatementTotal,
				Statement: provinces.Statement{Party: theHospital, ID: id, From: from, To: to}, HeadDigest: sha256.Sum256([]byte(id)),
			})
			return errors.Join(err, tx.AdvanceStatements(b.stated))
		})
	}
	open := func(want ...string) {
		t.Helper()
		var got []string
		b.view(func(tx *store.Tx) error {
			return tx.OpenBreaks("statement/", func(x reconcile.Break) bool {
				got = append(got, strings.TrimPrefix(x.Key, "statement/"+theHospital.Key()+"/"))
				return true
			})
		})
		if !slices.Equal(got, want) {
			t.Errorf("refused and not replaced: %q, want %q", got, want)
		}
	}
	refuse("monday", monday, monday)
	refuse("tuesday", monday+1, monday+1)
	refuse("unreadable", 0, 0)
	b.close(monday)
	b.match(monday)
	open("monday", "tuesday", "unreadable")
	b.close(monday + 1)
	b.state(theHospital, monday)
	b.match(monday + 1)
	open("tuesday")
	refuse("again", monday, monday) // what was taken before does not stand for it
	b.match(monday + 1)
	open("again", "tuesday")
}

// TestARemarkChangesNothingElse: officers comment on a break that has resolved itself, as its row
// has come. The bill agrees before and after.
func TestARemarkChangesNothingElse(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 3_000)
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.state(theHospital, monday)
	b.close(monday)
	b.match(monday)
	b.close(monday + 1)
	b.state(theHospital, monday, row(one))
	b.match(monday + 1)
	b.act(clearing.ActComment, "break/bill/1")
	b.demand("bill/1 MISS_HOSP hospital -1200.00 resolved")
	b.tied(monday+2, 0)
}

// tied holds the breaks as a report of the evening counts them against the days' broken bills, but
// for so many that agree by now, and asks why the parties are apart.
func (b *books) tied(evening ledger.Day, agreed uint64) {
	b.Helper()
	sums := report.NewBuilder(report.Head{Title: report.Night, From: evening, To: evening})
	sums.Reconcile(evening, reconcile.Engine)
	b.view(func(tx *store.Tx) error {
		err := tx.DayResults(evening-1, func(day reconcile.DayResult) error {
			for _, p := range day.Pairs {
				if err := errors.Join(sums.AddEarlier(p), sums.AddPairBalance(p.Home, p.Treatment, 0, p.Ledger)); err != nil {
					return err
				}
			}
			return nil
		})
		return errors.Join(err, tx.FoundBreaks(func(x reconcile.Break) error {
			x = x.On(evening)
			line, err := b.evening.BreakLine(&x, evening)
			return errors.Join(err, sums.AddBreak(line))
		}))
	})
	r, err := sums.Finish(report.Seal{})
	if err != nil {
		b.Fatal(err)
	}
	if v := r.Reconciliation; !v.OpenTies || v.Agreed.Count != agreed {
		b.Errorf("open %+v and settled %+v are not the broken bills: %+v; %d agree by now, want %d", v.Open, v.Settled, v.BalanceTotal.Broken, v.Agreed.Count, agreed)
	}
	b.explained(evening - 1)
}

// TestActsOfAnEveningWithoutAMatch: the acceptance that nobody claims is reversed on a day whose
// night has no calendar, and so no match. The next match looks at it all the same.
func TestActsOfAnEveningWithoutAMatch(t *testing.T) {
	b := newBooks(t)
	one := b.bill("one", 3_000)
	b.state(theHospital, monday, with(row(one), 61_00))
	b.state(theTreatment, monday, row(one))
	b.state(theHome, monday, row(one))
	b.close(monday)
	b.match(monday)
	accepted := b.act(clearing.ActAccept, "break/bill/1", clearing.FundFigure{Fund: "390100", Amount: 61_00})
	b.close(monday + 1)
	b.state(theHospital, monday, row(one))
	b.match(monday + 1)
	b.demand("accepted/1 AMT_UNDER hospital -61.00 open", "bill/1 AMT_OVER hospital 61.00 decided")
	b.act(clearing.ActReverse, fmt.Sprintf("act/%d", accepted))
	b.close(monday + 2)
	b.close(monday + 3)
	b.match(monday + 3)
	b.demand("accepted/1 AMT_UNDER hospital -61.00 gone", "bill/1 AMT_OVER hospital 61.00 gone")
}

// stops is a context that ends when it was asked so many times.
type stops struct {
	context.Context
	left int
}

var errStopped = errors.New("stopped")

func (s *stops) Err() error {
	if s.left--; s.left < 0 {
		return errStopped
	}
	return nil
}

// TestARunThatIsInterruptedIsRunAgain: wherever it ends, the next run comes to the same
// breaks and sums as one that was not interrupted.
func TestARunThatIsInterruptedIsRunAgain(t *testing.T) {
	story := func(t *testing.T, run func(b *books, day ledger.Day)) (lines []string) {
		b := newBooks(t)
		one, two, three := b.bill("one", 11_000), b.bill("two", 2_000), b.bill("three", 3_000)
		fen := row(one)
		fen.Funds++
		b.state(theHospital, monday, fen, row(two))
		b.state(theTreatment, monday, rows(one, two, three)...)
		b.state(theHome, monday, rows(one, two)...)
		b.close(monday)
		run(b, monday)
		b.close(monday + 1)
		b.state(theHospital, monday+1, row(three))
		run(b, monday+1) // a stray row leads back to Monday
		b.close(monday + 2)
		b.state(theHospital, monday+1)
		b.state(theHome, monday, rows(one, two, three)...)
		run(b, monday+2) // and is gone
		for _, day := range []ledger.Day{monday, monday + 1} {
			m, e, x := b.sums(day)
			lines = append(lines, fmt.Sprint(day, m, e, x))
		}
		return append(lines, b.breaks()...)
	}
	want := story(t, func(b *books, day ledger.Day) { b.match(day) })
	for n := 0; ; n++ {
		interrupted := false
		got := story(t, func(b *books, day ledger.Day) {
			if _, err := b.evening.Run(&stops{context.Background(), n}, day, day); err != nil {
				if !errors.Is(err, errStopped) {
					t.Fatal(err)
				}
				interrupted = true
			}
			b.match(day)
		})
		if !slices.Equal(got, want) {
			t.Fatalf("stopped at %d:\n%q\nwant:\n%q", n, got, want)
		}
		if !interrupted {
			return
		}
	}
}

// TestTheOrderOfStatementsDoesNotMatter: once all have come, the same breaks are open.
func TestTheOrderOfStatementsDoesNotMatter(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}} {
		for _, between := range []bool{false, true} {
			b := newBooks(t)
			one, two := b.bill("one", 11_000), b.bill("two", 2_000)
			b.close(monday)
			fen := row(two)
			fen.Funds--
			lists := [][]provinces.StatementRow{rows(one, two), {row(one), fen}, rows(two)}
			for _, i := range order {
				b.state(everybody[i], monday, lists[i]...)
				if between {
					b.match(monday)
				}
			}
			b.match(monday)
			b.demand("bill/1 MISS_HOME home -6000.00 open", "bill/2 AMT_UNDER treatment -0.01 open")
		}
	}
}
