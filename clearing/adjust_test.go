package clearing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// TestAnAdjustmentSaysWhatItComesTo: which years, which bills and no other, what each fund
// and the patient pay more or less; and its record is held against all of that.
func TestAnAdjustmentSaysWhatItComesTo(t *testing.T) {
	b := refolding(t)
	b.playAll(`
		2304 m1 endtime=2026-03-02             -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked moves=+
		2304 m3 mdtrt_id=V3 endtime=2026-03-03 -> booked moves=+`)
	day := ledger.NewDay(2026, time.March, 4)
	order := clearing.AdjustmentOrder{Entry: 1, Year: 2026, Object: b.object(), Maker: "wang", Checker: "li", Reason: "late stay", At: day.Time()}
	other := order
	other.Year = 2025
	if _, err := b.desk.Adjust(b, other, day); !errors.Is(err, clearing.ErrNoYear) {
		t.Errorf("a year that the bill does not lie in: %v", err)
	}
	d, err := b.desk.Adjust(b, order, day)
	if err != nil {
		t.Fatal(err)
	}
	a := d.Record.Adjustment
	if !reflect.DeepEqual(a.Years, []int{2026}) || !reflect.DeepEqual(d.Refolds, []clearing.YearKey{yearOfScripts}) {
		t.Errorf("it is of %v, officers find %v", a.Years, d.Refolds)
	}
	var said struct {
		Lines []struct {
			Bill  uint64                        `json:"bill"`
			ID    string                        `json:"setl_id"`
			Funds map[ledger.Fund]ledger.Amount `json:"funds"`
			Cash  ledger.Amount                 `json:"cash"`
		} `json:"lines"`
	}
	if err := json.Unmarshal(d.Record.Answer, &said); err != nil {
		t.Fatal(err)
	}
	b.apply(d)
	for i, want := range []struct {
		bill uint64
		fund ledger.Amount // what it pays less is the patient's
	}{{2, -487_50}, {1, 487_50}} { // the one discharged first is the first stay; the third is as it was
		if i >= len(a.Lines) || i >= len(said.Lines) {
			t.Fatalf("%d lines, %d answered", len(a.Lines), len(said.Lines))
		}
		funds, cash, err := clearing.AdjustmentChange(b, &a.Lines[i])
		if err != nil || a.Lines[i].Bill != want.bill || !reflect.DeepEqual(funds, []provinces.FundAmount{{Fund: "310100", Amount: want.fund}}) || cash != -want.fund {
			t.Errorf("bill %d: %v, cash %s (%v)", a.Lines[i].Bill, funds, cash, err)
		}
		line := said.Lines[i]
		if line.Bill != want.bill || line.ID != b.records[want.bill-1].SettlementID() || len(line.Funds) != 1 || line.Funds["310100"] != want.fund || line.Cash != -want.fund {
			t.Errorf("answered %+v", line)
		}
	}
	if len(a.Lines) != 2 || len(said.Lines) != 2 {
		t.Errorf("%d lines, %d answered", len(a.Lines), len(said.Lines))
	}
	if err := clearing.CheckAdjustment(b, &d.Record, b.entries[d.Record.Number]); err != nil {
		t.Error(err)
	}
	a.Lines[0].Benefit.Cash++
	if err := clearing.CheckAdjustment(b, &d.Record, b.entries[d.Record.Number]); !errors.Is(err, clearing.ErrBill) {
		t.Errorf("a fen more than the bill: %v", err)
	}
}

// TestAnAdjustedBillThatIsBackIsNoLongerUndone: nothing of it is left to take back.
func TestAnAdjustedBillThatIsBackIsNoLongerUndone(t *testing.T) {
	b := refolding(t)
	for _, x := range []struct {
		line   string
		undone int
	}{
		{"2304 m1 -> booked moves=+", 0},
		{"2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+", 0},
		{"2305 m3 setl_id=m1 -> cancelled of=m1 moves=-", 0},
		{"adjust -> adjusted moves=-", 0},
		{"2305 m4 setl_id=m2 mdtrt_id=V2 -> cancelled of=m2 moves=-", 1},
		{"2601 m5 omsgid=m4 oinfno=2305 -> reversed of=booked moves=+", 0},
	} {
		b.refoldLine(x.line)
		if refold := b.years[yearOfScripts].Refold; refold != nil && len(refold.Undone) != x.undone {
			t.Errorf("%s: undone are %v", x.line, refold.Undone)
		}
	}
	b.checkBooks()
}

// TestTheMoneyOfACaseIsOfAllItsFunds: lists show one sum.
func TestTheMoneyOfACaseIsOfAllItsFunds(t *testing.T) {
	c := clearing.Case{Funds: []provinces.FundAmount{{Fund: "310100", Amount: 10_01}, {Fund: "330100", Amount: 2_02}}}
	if got := fmt.Sprint(c.Money(), (&clearing.Case{}).Money()); got != "12.03 0.00" {
		t.Error(got)
	}
}
