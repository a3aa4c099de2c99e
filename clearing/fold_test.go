package clearing_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// decide is what the desk would make of a line; nothing is stored.
func (b *books) decide(line string) clearing.Decision {
	b.Helper()
	decoded, err := b.desk.Decode(b.message(strings.Fields(line)))
	if err != nil {
		b.Fatal(err)
	}
	d, err := b.desk.Decide(b, decoded, ledger.NewDay(2026, time.March, 3))
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func refolding(t *testing.T) *books {
	t.Helper()
	b := newBooks(t)
	b.desk.Refold = map[ledger.Province]bool{"11": true}
	return b
}

func numbers(bills []clearing.StandingBill) (list []uint64) {
	for _, b := range bills {
		list = append(list, b.Number)
	}
	return list
}

// TestARefoldedYearListsItsBillsByNumber: one that goes leaves its place, one that comes
// back takes it again; what was never adjusted is not remembered among the undone.
func TestARefoldedYearListsItsBillsByNumber(t *testing.T) {
	b := refolding(t)
	for _, x := range []struct {
		line  string
		bills []uint64
		last  uint64
	}{
		{"2304 m1 endtime=2026-02-25", nil, 1},
		{"2304 m2 mdtrt_id=V2 endtime=2026-02-26", nil, 2},
		{"2304 m3 mdtrt_id=V3 endtime=2026-02-27", nil, 3},
		{"2305 m4 setl_id=m1", []uint64{2, 3}, 3},
		{"2305 m5 setl_id=m2 mdtrt_id=V2", []uint64{3}, 3},
		{"2601 m6 omsgid=m4 oinfno=2305", []uint64{1, 3}, 3},
		{"2601 m7 omsgid=m5 oinfno=2305", []uint64{1, 2, 3}, 3},
		{"2305 m8 setl_id=m3 mdtrt_id=V3", []uint64{1, 2}, 2},
		{"2601 m9 omsgid=m8 oinfno=2305", []uint64{1, 2, 3}, 3},
	} {
		before := fmt.Sprintf("%+v", b.years[yearOfScripts].Refold)
		d := b.decide(x.line)
		if after := fmt.Sprintf("%+v", b.years[yearOfScripts].Refold); after != before {
			t.Errorf("%s: to decide changed the year that was read:\n%s\n%s", x.line, before, after)
		}
		b.apply(d)
		state := b.years[yearOfScripts]
		if state.Last != x.last {
			t.Errorf("%s: the last bill is %d, want %d", x.line, state.Last, x.last)
		}
		if x.bills == nil {
			continue
		}
		if got := numbers(state.Refold.Bills); !reflect.DeepEqual(got, x.bills) || len(state.Refold.Undone) != 0 {
			t.Errorf("%s: the year lists %v, undone %v, want %v", x.line, got, state.Refold.Undone, x.bills)
		}
	}
	b.checkBooks()
}

// TestOfficersFindTheYearsWhereABillCameOrWentBeforeOthers: not where the newest goes, or
// comes back as the newest; and a bill is late after one of a later discharge only.
func TestOfficersFindTheYearsWhereABillCameOrWentBeforeOthers(t *testing.T) {
	b := refolding(t)
	for _, x := range []struct {
		line  string
		found bool
	}{
		{"2304 m1 endtime=2026-02-25", false},
		{"2304 m2 mdtrt_id=V2 endtime=2026-02-25", false}, // the same moment
		{"2304 m3 mdtrt_id=V3 endtime=2026-02-24", true},
		{"2304 m4 mdtrt_id=V4 endtime=2026-03-02", false},
		{"2305 m5 setl_id=m1", true},
		{"2305 m6 setl_id=m4 mdtrt_id=V4", false},
		{"2601 m7 omsgid=m6 oinfno=2305", false},
		{"2601 m8 omsgid=m5 oinfno=2305", true},
	} {
		d := b.decide(x.line)
		if found := len(d.Refolds) > 0; found != x.found || found && d.Refolds[0] != yearOfScripts {
			t.Errorf("%s: to be found %v, want %t", x.line, d.Refolds, x.found)
		}
		b.apply(d)
	}
}

// TestAnAdjustedYearKnowsItsNewestBill: in the order of discharge it is not the last of the
// list, and the next bill is the next number after it.
func TestAnAdjustedYearKnowsItsNewestBill(t *testing.T) {
	b := refolding(t)
	for _, line := range []string{
		"2304 m1 endtime=2026-03-02       -> booked moves=+",
		"2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked moves=+",
		"adjust                           -> adjusted moves=-",
	} {
		b.refoldLine(line)
	}
	if state := b.years[yearOfScripts]; state.Last != 2 || !reflect.DeepEqual(numbers(state.Refold.Bills), []uint64{2, 1}) {
		t.Errorf("the year lists %v and ends with %d", numbers(state.Refold.Bills), state.Last)
	}
	b.refoldLine("2304 m3 mdtrt_id=V3 endtime=2026-03-03 -> booked moves=+")
	b.refoldLine("year stays=3 deductible=2600.00 paid=43050.00 bills=m2,m1,m3")
	b.refoldLine("should none")
	b.checkBooks()
}

// TestAYearWithoutABillForgetsItsDischarge, where it was the latest.
func TestAYearWithoutABillForgetsItsDischarge(t *testing.T) {
	b := refolding(t)
	b.playAll(`
		2304 m1                                -> booked
		2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked
		2304 m3 mdtrt_id=V3 endtime=2026-02-24 -> booked
		2305 m4 setl_id=m1                     -> cancelled`)
	if latest := b.years[yearOfScripts].Latest; latest.Day() != ledger.NewDay(2026, time.February, 25) {
		t.Errorf("the latest discharge is %s", latest)
	}
}

// TestAFoldedYearKeepsWhatTheRegisterSaidOfOutpatientCare, for the caps that it shares.
func TestAFoldedYearKeepsWhatTheRegisterSaidOfOutpatientCare(t *testing.T) {
	b := newRegister(t, false)
	b.desk.Refold = map[ledger.Province]bool{"11": true}
	b.play("2304 m1 -> booked")
	b.publish("accumulation A1 opt_pool_pay=120.50 -> applied")
	b.play("2304 m2 mdtrt_id=V2 -> booked")
	b.play("2305 m3 setl_id=m1 -> cancelled")
	if got := b.years[yearOfScripts].Accumulators.Outpatient; got != 120_50 {
		t.Errorf("the year has %s of outpatient payments", got)
	}
}

// TestAFoldedYearEndsWithItsLastStay: a transfer is one of the stay that stands last.
func TestAFoldedYearEndsWithItsLastStay(t *testing.T) {
	b := newBooks(t)
	b.desk = foldDesk(t, orderedPlans["a transfer continues a stay"])
	b.playAll(`
		2304 m1 begntime=2026-01-01 endtime=2026-01-05             -> booked
		2304 m2 mdtrt_id=V2 begntime=2026-01-20 endtime=2026-01-25 -> booked
		2304 m3 mdtrt_id=V3 begntime=2026-02-10 endtime=2026-02-15 -> booked
		2305 m4 setl_id=m1                                         -> cancelled`)
	if last := b.years[yearOfScripts].Accumulators.Last; last == nil || last.Discharged != ledger.NewDay(2026, time.February, 15) || last.Ordinal != 2 {
		t.Errorf("the year ends with %+v", last)
	}
}

// TestABillWithoutAnAnswerInItsRightPlaceStaysAsItIs: an earlier discharge uses up the
// basic fund, and the layer above has no row for the bill's hospital.
func TestABillWithoutAnAnswerInItsRightPlaceStaysAsItIs(t *testing.T) {
	b := newBooks(t)
	b.desk = foldDesk(t, `
[version.deductible]
amount = 1000`+foldBasic+`
[[version.layer.segment]]
pays = 80
[[version.layer.cap]]
yuan = 16_000
[[version.layer]]
id = "large"
zh = "大额"
en = "large"
fund = "330100"
takes = ["over cap"]
[[version.layer.segment]]
pays = { third = 50 }`)
	b.playAll(`
		2304 m1 hosp_lv=09                                     -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-02-25                 -> booked moves=+`)
	refold := b.refold()
	if len(refold.Bills) != 2 {
		t.Fatalf("%d bills", len(refold.Bills))
	}
	first, second := refold.Bills[0], refold.Bills[1]
	if first.Record.MsgID() != "m2" || first.Refused != nil || !first.Differs() {
		t.Errorf("first %s, refused %v, differs %t", first.Record.MsgID(), first.Refused, first.Differs())
	}
	if second.Refused == nil || second.Refused.Code != provinces.CodePlanGap || second.Differs() || !reflect.DeepEqual(second.Should, second.Now) ||
		!reflect.DeepEqual(second.ShouldFrom, []benefit.Accumulators{b.records[0].Bill.Years[0].Accumulators()}) {
		t.Errorf("second %+v", second)
	}
	if year := refold.Years[0].Should; year.Stays != 2 || year.Paid["basic"] != 15_200_00+15_200_00 {
		t.Errorf("the year would count %+v", year)
	}
}

// TestYearKeysAreThoseOfTheBill, one for each year it lies in; a message without a bill
// lies in none.
func TestYearKeysAreThoseOfTheBill(t *testing.T) {
	b := newBooks(t)
	b.desk = planDesk(t, overNewYear)
	b.playAll(`
		2304 m1 begntime=2025-12-28 endtime=2026-01-07 -> booked
		2305 m2 setl_id=m1                             -> cancelled`)
	keys := b.records[0].YearKeys()
	if len(keys) != 2 || keys[0].Year != 2025 || keys[1] != yearOfScripts || !b.records[0].InYear(2025) || !b.records[0].InYear(2026) || b.records[0].InYear(2024) {
		t.Errorf("the bill lies in %v", keys)
	}
	if keys := b.records[1].YearKeys(); keys != nil || b.records[1].InYear(2026) {
		t.Errorf("a cancellation lies in %v", keys)
	}
}
