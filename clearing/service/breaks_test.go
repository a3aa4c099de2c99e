package service

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// item is a bill of 300 yuan, of which 200 are owed.
func item() reconcile.Item {
	cash := ledger.Amount(100_00)
	return reconcile.Item{
		Number: 7, SettlementID: "310101G0000000000007", Person: "p-CANARY", VisitID: "v-CANARY", Provider: "H31010100017", Home: "650100", Treatment: "310101", Insutype: "310",
		From: 20_000, To: 20_000, Statement: "S1", Line: 3, Amounts: reconcile.Amounts{Total: 300_00, Funds: 190_00, Account: 10_00, Cash: &cash,
			ByFund: []provinces.FundAmount{{Fund: "330100", Amount: 40_00}, {Fund: "310100", Amount: 150_00}}},
	}
}

// row finds a field's row.
func row(rows []FigureRow, field string) FigureRow {
	for _, r := range rows {
		if r.Field == field {
			return r
		}
	}
	return FigureRow{}
}

func TestFiguresStandBesideEachOther(t *testing.T) {
	books, other := item(), item()
	other.Amounts.Funds, other.Amounts.Cash, other.Person, other.From, other.To = 191_00, nil, "p-OTHER", 19_990, 20_010
	other.Amounts.ByFund = []provinces.FundAmount{{Fund: "310100", Amount: 191_00}}
	r := &reconcile.Result{Books: &books}
	r.Sides[reconcile.Hospital], r.Sides[reconcile.Home] = []reconcile.Item{other}, []reconcile.Item{item(), item()}
	rows := CompareFigures(r)
	day, id := ledger.Day(20_000).String(), "310101G0000000000007"
	for _, want := range []FigureRow{
		{"rows", "", [3]string{"", "", "2"}, [3]bool{false, false, true}},
		{"owed", "200.00", [3]string{"201.00", "", "400.00"}, [3]bool{true, false, true}},
		{"medfee_sumamt", "300.00", [3]string{"300.00", "", "600.00"}, [3]bool{false, false, true}},
		{"310100", "150.00", [3]string{"191.00", "", "300.00"}, [3]bool{true, false, true}},
		{"330100", "40.00", [3]string{"", "", "80.00"}, [3]bool{false, false, true}},
		{"psn_cash_pay", "100.00", [3]string{"", "", "200.00"}, [3]bool{false, false, true}},                           // not stated is not different
		{"day", day, [3]string{ledger.Day(19_990).String() + " – " + ledger.Day(20_010).String(), "", day}, [3]bool{}}, // a month's statement holds the day
		{"psn_no", "=", [3]string{"≠", "", "="}, [3]bool{true, false, false}},
		{"mdtrt_id", "=", [3]string{"=", "", "="}, [3]bool{}},
		{"setl_id", id, [3]string{id, "", id}, [3]bool{}},
	} {
		if diff := cmp.Diff(want, row(rows, want.Field)); diff != "" {
			t.Errorf("%s:\n%s", want.Field, diff)
		}
	}
	for i, field := range []string{"rows", "owed", "medfee_sumamt", "fund_pay_sumamt", "310100", "330100", "acct_pay"} {
		if rows[i].Field != field {
			t.Errorf("row %d is %s, want %s", i, rows[i].Field, field)
		}
	}
}

func TestNobodyIsNamedAmongTheFigures(t *testing.T) {
	books := item()
	for _, r := range []*reconcile.Result{{Books: &books, Sides: [4][]reconcile.Item{1: {item()}}}, {Sides: [4][]reconcile.Item{3: {item()}}}} {
		for _, f := range CompareFigures(r) {
			if strings.Contains(f.Books+strings.Join(f.Sides[:], ""), "CANARY") {
				t.Errorf("%s names somebody: %+v", f.Field, f)
			}
		}
	}
}

func TestARowWithoutABillDiffersFromNothing(t *testing.T) {
	for _, f := range CompareFigures(&reconcile.Result{Sides: [4][]reconcile.Item{1: {item()}}}) {
		if f.Books != "" || f.Differs != [3]bool{} {
			t.Errorf("%+v", f)
		}
	}
}

func TestABreakIsToldAsOfItsEvening(t *testing.T) {
	books := item()
	b := &reconcile.Break{
		Key: "bill/7", Class: reconcile.Round, Owed: -1, Books: 200_00, Owner: reconcile.Home,
		Findings: []reconcile.Finding{{Side: reconcile.Hospital, Class: reconcile.Round, More: reconcile.BooksMore, Owed: -1, Field: "fund_pay_sumamt",
			Cause: &reconcile.Cause{Kind: reconcile.RoundingStep, Owed: -1, Proof: []string{"0.005 → 0.01"}, Refs: []uint64{7}}}},
		History: []reconcile.Event{{Evening: 20_001, State: reconcile.Open, What: "seen"}, {Evening: 20_005, State: reconcile.Resolved, What: "resolved:rounding-step", Group: "g"}},
	}
	result := &reconcile.Result{Books: &books, Sides: [4][]reconcile.Item{1: {item()}}}
	for evening, want := range map[ledger.Day]struct {
		events int
		state  reconcile.State
	}{20_000: {0, ""}, 20_001: {1, reconcile.Open}, 20_004: {1, reconcile.Open}, 20_005: {2, reconcile.Resolved}} {
		then := b.On(evening)
		r, err := NewBreakReply(&then, evening, 0, result)
		if err != nil || len(r.History) != want.events || r.Break.State != want.state {
			t.Errorf("on %s: %d events, %q, %v", evening, len(r.History), r.Break.State, err)
		}
	}
	r, err := NewBreakReply(b, 20_009, 3, result)
	if err != nil || len(r.Sources) != 1 || r.Sources[0].Line != 3 || r.Sources[0].Side != report.SideHospital || r.Findings[0].Cause.Proof[0] != "0.005 → 0.01" || r.Break.Owner != report.SideHome {
		t.Errorf("%+v, %v", r, err)
	}
	if bare, err := NewBreakReply(b, 20_009, 3, nil); err != nil || bare.Figures != nil || bare.Break.Of(report.SideHospital).State != report.SideDiffers {
		t.Errorf("without the match: %+v, %v", bare, err)
	}
}
