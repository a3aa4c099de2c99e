package clearing_test

import (
	"errors"
	"fmt"
	"testing"

	"clearingd/clearing"
	"clearingd/ledger"
)

// TestARowsFiguresAreItsBillsWithItsSign: a bill, what takes it back, and what lets it stand
// again are rows; a refusal is none.
func TestARowsFiguresAreItsBillsWithItsSign(t *testing.T) {
	b := newBooks(t)
	b.playAll(`
		2304 m1                       -> booked
		2305 m2 setl_id=m1            -> cancelled
		2601 m3 omsgid=m2 oinfno=2305 -> reversed
		2304 m4 psn_type=             -> refused 1004
		2601 m5 omsgid=m4             -> reversed`)
	for i, want := range []string{"1: 23000.00 14025.00 [{310100 14025.00}]", "1: -23000.00 -14025.00 [{310100 -14025.00}]", "1: 23000.00 14025.00 [{310100 14025.00}]"} {
		bill, sign, err := clearing.BillOf(b, b.records[i])
		if err != nil {
			t.Fatal(err)
		}
		f := clearing.FiguresOf(bill, sign)
		if got := fmt.Sprintf("%d: %s %s %v", bill.Number, f.Total, f.Pays, f.Funds); got != want {
			t.Errorf("record %d is row %s, want %s", i+1, got, want)
		}
	}
	for _, r := range b.records[3:] {
		if _, _, err := clearing.BillOf(b, r); !errors.Is(err, clearing.ErrRow) {
			t.Errorf("record %d: %v", r.Number, err)
		}
	}
	if in := (clearing.RowState{}).In(); in != (clearing.RowBatch{}) {
		t.Errorf("a row that nobody touched is confirmed in %+v", in)
	}
}

// TestWhatStandsOfAnAdjustedBillIsTheAdjustments, also after the bill was taken back: then
// the next adjustment takes that back too.
func TestWhatStandsOfAnAdjustedBillIsTheAdjustments(t *testing.T) {
	b := refolding(t)
	stands := func(number uint64) ledger.Amount {
		list, err := clearing.Standing(b, b.records[number-1])
		if err != nil || len(list) != 1 || list[0].Stage != ledger.Accrued || list[0].Fund != "310100" {
			t.Fatalf("of record %d stands %v (%v)", number, list, err)
		}
		return list[0].Amount
	}
	for _, x := range []struct {
		line   string
		number uint64
		stands ledger.Amount
	}{
		{"2304 m1 endtime=2026-03-02 -> booked", 1, 14025_00},
		{"2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked", 2, 14512_50},
		{"2304 m3 mdtrt_id=V3 endtime=2026-03-03 -> booked", 3, 14512_50},
		{"adjust -> adjusted moves=-", 1, 14512_50},
		{"should none", 2, 14025_00},
		{"should none", 3, 14512_50}, // in the same list, and not adjusted
		{"2305 m5 setl_id=m2 mdtrt_id=V2 -> cancelled", 2, 14025_00},
	} {
		b.refoldLine(x.line)
		if got := stands(x.number); got != x.stands {
			t.Errorf("%s: of record %d stands %s, want %s", x.line, x.number, got, x.stands)
		}
	}
}

// TestOpeningFiguresOfAnEmptiedYearAreItsSeed: a re-folded year that has no bill left may
// still be opened, and the figures outlive the bill that brought them.
func TestOpeningFiguresOfAnEmptiedYearAreItsSeed(t *testing.T) {
	b := refolding(t)
	b.playAll(`
		2304 m1                                -> booked
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked
		2305 m3 setl_id=m1                     -> cancelled
		2305 m4 setl_id=m2 mdtrt_id=V2         -> cancelled
		2304 m5 mdtrt_id=V5 accinfo=2          -> booked`)
	if stays := b.years[yearOfScripts].Accumulators.Stays; stays != 3 {
		t.Errorf("%d stays with the bill", stays)
	}
	b.playAll(`2305 m6 setl_id=m5 mdtrt_id=V5         -> cancelled`)
	if state := b.years[yearOfScripts]; state.Accumulators.Stays != 2 || !state.Opened || state.Last != 0 {
		t.Errorf("%d stays without it, opened %t", state.Accumulators.Stays, state.Opened)
	}
}
