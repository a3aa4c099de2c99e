package report

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"clearingd/ledger"
	"clearingd/provinces"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// adjusted is an adjustment of a bill between Beijing and Hangzhou: the fund pays less,
// the patient more.
func adjusted(fund, account ledger.Amount) Adjustment {
	return Adjustment{
		Entry: 900, Bill: 7, Day: sampleHead().From, Home: "110105", Treatment: "330100",
		Funds: []provinces.FundAmount{{Fund: "310100", Amount: fund}}, Account: account, Cash: -fund - account,
	}
}

func adjustedDay(t testing.TB) Report {
	t.Helper()
	b := NewBuilder(sampleHead())
	b.AddDecision(900)
	inside := adjusted(100, 0)
	inside.Treatment = "110106"
	for _, a := range []Adjustment{adjusted(-48750, 50), adjusted(1000, 0), inside} {
		if err := b.AddAdjustment(a); err != nil {
			t.Fatal(err)
		}
	}
	return finish(t, b)
}

// Adjustments are a group of their own: they are in no pair and in no total of bills.
func TestAdjustmentsStandApart(t *testing.T) {
	r := adjustedDay(t)
	want := []AdjustmentLine{
		{Home: "11", Treatment: "11", Bills: 1, Funds: map[ledger.Fund]ledger.Amount{"310100": 100}, FundTotal: 100, Owed: 100, Cash: -100},
		{Home: "11", Treatment: "33", Bills: 2, Funds: map[ledger.Fund]ledger.Amount{"310100": -47750}, FundTotal: -47750, Account: 50, Owed: -47700, Cash: 47700},
	}
	if diff := cmp.Diff(want, r.Adjustments); diff != "" {
		t.Error(diff)
	}
	if len(r.Pairs) != 0 || r.Totals.Owed != 0 || r.Summary.Adjusted != -47600 || r.Summary.Received != 0 || r.Rules.BooksTo != 900 {
		t.Errorf("%+v", r.Summary)
	}
}

func TestAdjustmentsAreShownInEveryForm(t *testing.T) {
	r := adjustedDay(t)
	back, err := ReadJSON(bytes.NewReader(render(t, JSON, r)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	page := string(render(t, HTML, r))
	for _, want := range []string{`id="adjustments"`, `href="#adjustments"`, "经办调整", "Adjustments by officers", "-477.00"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if tables := trialTables(r); len(tables) != 2 || len(tables[1].lines) != 2 {
		t.Errorf("the workbook has %d tables beside the trial balance", len(tables))
	}
	render(t, XLSX, r)
	without := string(render(t, HTML, zeroDay(t)))
	if strings.Contains(without, "adjustments") || strings.Contains(string(render(t, JSON, zeroDay(t))), "adjust") {
		t.Error("a day without adjustments speaks of them")
	}
}

func TestAnAdjustmentThatCannotBeIsRefused(t *testing.T) {
	other := adjusted(100, 0)
	other.Day--
	open := adjusted(100, 0)
	open.Cash++
	nowhere := adjusted(100, 0)
	nowhere.Home = "11"
	for name, x := range map[string]struct {
		a    Adjustment
		want error
	}{
		"of another day":     {other, ErrOutside},
		"does not close":     {open, ErrBill},
		"of no area":         {nowhere, ErrBill},
		"leaves the range":   {adjusted(math.MaxInt64, 1), ledger.ErrOverflow},
		"is as it should be": {adjusted(100, 0), nil},
	} {
		if err := NewBuilder(sampleHead()).AddAdjustment(x.a); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
	}
}

func TestARevisionSaysWhatItAdjusted(t *testing.T) {
	before, after := zeroDay(t), adjustedDay(t)
	d, err := DiffReports(before, after)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, c := range d.Figures {
		found = found || c.Figure == "adjusted" && c.Delta == "-476.00"
	}
	if !found {
		t.Errorf("%+v", d.Figures)
	}
}
