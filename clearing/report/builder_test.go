package report

import (
	"errors"
	"math"
	"slices"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestOneRetireeOfUrumqiTreatedInHangzhou(t *testing.T) {
	r := onePair(t)
	want := Pair{Home: "65", Treatment: "33", Sums: Sums{
		Booked: 1, Cost: 2_110_738, Funds: map[ledger.Fund]ledger.Amount{"310100": 1_500_038}, FundTotal: 1_500_038,
		Account: 10_000, Owed: 1_510_038, Cash: 600_700,
	}}
	if diff := cmp.Diff([]Pair{want}, r.Pairs); diff != "" {
		t.Error(diff)
	}
	if r.Summary.Owed != 1_510_038 || !r.Summary.Balanced || !r.Summary.Complete || r.Summary.Received != 1 {
		t.Errorf("%+v", r.Summary)
	}
	if len(r.Proposal.Transfers) != 1 || r.Proposal.Transfers[0].Debtor != "65" || r.Proposal.SavedPayments != 0 {
		t.Errorf("%+v", r.Proposal)
	}
}

func TestACancelledBillLeavesNothingOwed(t *testing.T) {
	b := NewBuilder(sampleHead())
	one := bill(1, "650100", "330100", 2_110_738, 1_500_038, 10_000)
	for _, x := range []Bill{one, undo(2, one)} {
		if err := b.AddBill(x); err != nil {
			t.Fatal(err)
		}
	}
	r := finish(t, b)
	p := r.Pairs[0]
	if p.Booked != 1 || p.Undone != 1 || p.Owed != 0 || p.Cost != 0 || p.Funds["310100"] != 0 {
		t.Errorf("%+v", p)
	}
	if len(r.Proposal.Transfers) != 0 || !r.Proposal.Fewest {
		t.Errorf("%+v", r.Proposal)
	}
}

func TestBillsWithinAProvinceStayOutOfTheMatrix(t *testing.T) {
	b := NewBuilder(sampleHead())
	for _, x := range []Bill{bill(1, "650200", "650100", 100, 70, 0), bill(2, "650200", "650100", 50, 20, 5), bill(3, "650100", "660100", 9, 9, 0)} {
		if err := b.AddBill(x); err != nil {
			t.Fatal(err)
		}
	}
	r := finish(t, b)
	if len(r.Pairs) != 1 || r.Pairs[0].Treatment != "66" {
		t.Errorf("the corps is a party of its own: %+v", r.Pairs)
	}
	if len(r.Internal) != 1 || r.Internal[0].Owed != 95 || r.InternalByProvince[0].Owed != 95 || r.Summary.InternalOwed != 95 {
		t.Errorf("%+v", r.Internal)
	}
	if r.Summary.Owed != 9 || r.Summary.Booked != 3 {
		t.Errorf("%+v", r.Summary)
	}
}

func TestBillsThatCannotBe(t *testing.T) {
	good := bill(1, "650100", "330100", 100, 60, 10)
	change := func(f func(b *Bill)) Bill {
		b := good
		b.Funds = slices.Clone(good.Funds)
		f(&b)
		return b
	}
	for _, c := range []struct {
		name string
		bill Bill
		want error
	}{
		{"a bill that closes", good, nil},
		{"its cancellation", undo(2, good), nil},
		{"one fen missing", change(func(b *Bill) { b.Cash-- }), ErrBill},
		{"a refusal", change(func(b *Bill) { b.Outcome = provinces.Refused }), ErrBill},
		{"a repeat", change(func(b *Bill) { b.Outcome = provinces.Repeated }), ErrBill},
		{"the account among the funds", change(func(b *Bill) { b.Funds[0].Fund = ledger.FundAccount }), ErrBill},
		{"the hospital's part among the funds", change(func(b *Bill) { b.Funds[0].Fund = provinces.FundHospital }), ErrBill},
		{"a booked bill below zero", change(func(b *Bill) { b.Cash, b.Total = -30, 40 }), ErrBill},
		{"a cancellation above zero", change(func(b *Bill) { b.Outcome = provinces.Cancelled }), ErrBill},
		{"a province for an area", change(func(b *Bill) { b.Home = "65" }), ErrBill},
		{"another day", change(func(b *Bill) { b.Day++ }), ErrOutside},
		{"parts beyond the range", change(func(b *Bill) { b.Funds[0].Amount, b.Cash = math.MaxInt64, math.MaxInt64 }), ledger.ErrOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := NewBuilder(sampleHead()).AddBill(c.bill); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSumsBeyondTheRangeAreAnError(t *testing.T) {
	b := NewBuilder(sampleHead())
	huge := bill(1, "650100", "330100", math.MaxInt64, math.MaxInt64, 0)
	if err := b.AddBill(huge); err != nil {
		t.Fatal(err)
	}
	if err := b.AddBill(huge); !errors.Is(err, ledger.ErrOverflow) {
		t.Errorf("within a pair: %v", err)
	}
	b = NewBuilder(sampleHead())
	for _, x := range []Bill{huge, bill(2, "110100", "310100", 1, 1, 0)} {
		if err := b.AddBill(x); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Finish(Seal{}); !errors.Is(err, ledger.ErrOverflow) {
		t.Errorf("over all pairs: %v", err)
	}
}

func TestCompletenessNamesTheGap(t *testing.T) {
	b := NewBuilder(sampleHead())
	if err := b.AddStream("33", 10, 12); err != nil {
		t.Fatal(err)
	}
	b.AddMessage("33", 8, provinces.Refused, provinces.CodeAmountSum)
	b.AddMessage("33", 7, provinces.Repeated, 0)
	r := finish(t, b)
	if r.Summary.Complete || r.Completeness[0].Answered() != 2 || r.Rules.BooksFrom != 7 || r.Rules.BooksTo != 8 {
		t.Errorf("%+v %+v", r.Completeness, r.Rules)
	}
	if diff := cmp.Diff([]RefusalCount{{provinces.CodeAmountSum, 1}}, r.Refusals); diff != "" {
		t.Error(diff)
	}
	for _, bad := range [][2]uint64{{5, 4}, {0, 4}, {3, 0}} {
		if err := b.AddStream("33", bad[0], bad[1]); !errors.Is(err, ErrTie) {
			t.Errorf("sequences %d to %d: %v", bad[0], bad[1], err)
		}
	}
}

func TestBooksThatDoNotBalanceAreSaid(t *testing.T) {
	b := NewBuilder(sampleHead())
	account := ledger.Account{Side: ledger.Receivable, Home: "650100", Treatment: "330100", Fund: "310100", Stage: ledger.Accrued}
	if err := b.AddBalance(account, ledger.Balance{Debits: 5, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if r := finish(t, b); r.Summary.Balanced || r.Summary.Debits != 5 {
		t.Errorf("%+v", r.Summary)
	}
}

func TestWarningsAreCountedOnceABill(t *testing.T) {
	b := NewBuilder(sampleHead())
	one := bill(1, "650100", "330100", 100, 60, 10)
	one.Warnings = []benefit.Warning{benefit.WarnAssumed, benefit.WarnAssumed, benefit.WarnDeclared, benefit.WarnAbsent}
	for _, x := range []Bill{one, undo(2, one)} {
		if err := b.AddBill(x); err != nil {
			t.Fatal(err)
		}
	}
	got := finish(t, b).Rules
	if got.Assumed != 1 || got.Declared != 1 || got.Absent != 1 || got.Invented != 0 || got.Unverified != 0 {
		t.Errorf("%+v", got)
	}
}

// The dumb twin adds everything up again, bill by bill.
func TestFiguresTieForAnyDay(t *testing.T) {
	areas := []ledger.Area{"110100", "110200", "330100", "650100", "660100"}
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder(sampleHead())
		var owed, internal, cost ledger.Amount
		byPair := map[provincePair]ledger.Amount{}
		for i := range rapid.IntRange(0, 30).Draw(t, "bills") {
			pooled := ledger.Amount(rapid.Int64Range(0, 1e9).Draw(t, "pooled"))
			account := ledger.Amount(rapid.Int64Range(0, 1e6).Draw(t, "account"))
			x := bill(uint64(i+1), rapid.SampledFrom(areas).Draw(t, "home"), rapid.SampledFrom(areas).Draw(t, "treatment"),
				pooled+account+ledger.Amount(rapid.Int64Range(0, 1e7).Draw(t, "cash")), pooled, account)
			if rapid.IntRange(0, 4).Draw(t, "undone") == 0 {
				x = undo(uint64(i+1000), x)
			}
			if err := b.AddBill(x); err != nil {
				t.Fatal(err)
			}
			one := x.Funds[0].Amount + x.Account
			if h, tr := x.Home.Province(), x.Treatment.Province(); h == tr {
				internal += one
			} else {
				owed += one
				cost += x.Total
				byPair[provincePair{h, tr}] += one
			}
		}
		r, err := b.Finish(sampleSeal())
		if err != nil {
			t.Fatal(err)
		}
		if r.Totals.Owed != owed || r.Totals.Cost != cost || r.Summary.InternalOwed != internal || len(r.Pairs) != len(byPair) {
			t.Errorf("totals %+v, want owed %s cost %s internal %s", r.Totals, owed, cost, internal)
		}
		var pays, receives, nets, rows, columns ledger.Amount
		for _, p := range r.Pairs {
			if p.Owed != byPair[provincePair{p.Home, p.Treatment}] {
				t.Errorf("pair %s-%s: %s", p.Home, p.Treatment, p.Owed)
			}
		}
		for _, p := range r.Positions {
			pays, receives, nets = pays+p.Pays, receives+p.Receives, nets+p.Net
		}
		for _, p := range r.ByHome {
			rows += p.Owed
		}
		for _, p := range r.ByTreatment {
			columns += p.Owed
		}
		if pays != owed || receives != owed || nets != 0 || rows != owed || columns != owed {
			t.Errorf("pays %s receives %s nets %s rows %s columns %s, all should tie to %s", pays, receives, nets, rows, columns, owed)
		}
	})
}
