package report

import (
	"fmt"
	"strings"
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// reconciled is a busy day whose bills were matched: of each pair every seventh bill is
// expected, every ninth broken. Days before it are matched but for one broken bill.
type reconciled struct {
	b      *Builder
	day    reconcile.DayResult
	breaks []BreakLine
}

func newReconciled(t testing.TB, provincesCount, bills int) *reconciled {
	t.Helper()
	x := &reconciled{b: NewBuilder(sampleHead())}
	fed := feedBusyDay(t, x.b, provincesCount, bills)
	x.b.Reconcile(sampleDay, reconcile.Engine)
	results := map[areaPair]*reconcile.PairResult{}
	x.day = reconcile.DayResult{Day: sampleDay, Evening: sampleDay}
	for i, one := range fed {
		key := areaPair{one.Home, one.Treatment}
		if results[key] == nil {
			results[key] = &reconcile.PairResult{Home: one.Home, Treatment: one.Treatment}
		}
		p, owed := results[key], one.fundTotal()+one.Account
		p.Ledger += owed
		sum := &p.Matched
		switch {
		case i%9 == 0:
			sum = &p.Broken
			x.breaks = append(x.breaks, sampleBreak(i, one, owed))
		case i%7 == 0:
			sum = &p.Expected
		}
		sum.Count++
		sum.Owed += owed
	}
	for _, p := range results {
		x.day.Pairs = append(x.day.Pairs, *p)
	}
	return x
}

// sampleBreak is a break of a bill: the hospital has more, less, or nothing, in turn.
func sampleBreak(i int, one Bill, owed ledger.Amount) (l BreakLine) {
	l = BreakLine{
		Key: fmt.Sprintf("bill/%d", one.Entry), Day: one.Day, Home: one.Home, Treatment: one.Treatment, Provider: one.Provider,
		Entry: one.Entry, Row: one.SettlementID, Party: provinces.Party{Kind: provinces.PartyProvider, Province: one.Treatment.Province(), Provider: one.Provider},
		Side: SideHospital, Books: owed, FirstSeen: sampleDay, Due: sampleDay + 3, Overdue: -3, Owner: SideHospital, State: reconcile.Open,
		Facts: strings.Repeat(fmt.Sprintf("%02x", i%256), 32), Field: "fund_pay_sumamt",
	}
	theirs, total := owed+6100, one.Total
	defer func() { // as the match's findings would have it
		for i, side := range SideNames {
			switch f := &l.Sides[i]; {
			case side == l.Side:
				f.Apart = &l.Difference
			case f.State == SideAgrees:
				f.Apart = new(ledger.Amount)
			}
		}
	}()
	switch i % 4 {
	case 0:
		l.Class, l.More, l.Difference = reconcile.AmountOver, reconcile.SideMore, 6100
	case 1:
		theirs = owed - 1
		l.Class, l.More, l.Difference, l.Cause = reconcile.Round, reconcile.BooksMore, -1, reconcile.RoundingStep
	case 2:
		l.Class, l.More, l.Difference, l.Field = reconcile.MissHospital, reconcile.BooksMore, -owed, ""
		l.Sides = []SideFigure{{State: SideDiffers}, {State: SideAgrees, Rows: 1, Owed: &owed}, {State: SideAwaited}}
		l.FirstSeen, l.Due, l.Overdue = sampleDay-20, sampleDay-9, 7
		return l
	case 3:
		theirs = owed
		l.Class, l.More, l.Owner, l.Side, l.Overdue, l.Due = reconcile.Field, reconcile.Equal, SideHome, SideHome, 0, sampleDay
		l.Sides = []SideFigure{{State: SideAgrees, Rows: 1, Owed: &owed}, {State: SideNotAsked}, {State: SideDiffers, Rows: 1, Owed: &theirs}}
		return l
	}
	l.Sides = []SideFigure{{State: SideDiffers, Rows: 1, Owed: &theirs, Total: &total}, {State: SideAgrees, Rows: 1, Owed: &owed}, {State: SideAwaited}}
	return l
}

// feed gives the builder everything, with one old broken bill and an officers' decision.
func (x *reconciled) feed(t testing.TB) {
	t.Helper()
	b := x.b
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.AddDay(x.day))
	for _, p := range x.day.Pairs {
		must(b.AddPairBalance(p.Home, p.Treatment, 0, p.Ledger))
	}
	must(b.AddEarlier(reconcile.PairResult{Home: "110100", Treatment: "310101",
		Matched: reconcile.Sum{Count: 40, Owed: 4_000_000}, Broken: reconcile.Sum{Count: 1, Owed: 120_000}, Ledger: 4_120_000}))
	must(b.AddPairBalance("110100", "310101", -5_000, 4_115_000))
	old := BreakLine{
		Key: "bill/12", Day: sampleDay - 400, Home: "110100", Treatment: "310101", Provider: "H31010100017", Entry: 12, Class: reconcile.Status, Side: SideHome,
		More: reconcile.BooksMore, Books: 120_000, Difference: -120_000, FirstSeen: sampleDay - 399, Due: sampleDay - 390, Overdue: 265, Owner: SideHome, State: reconcile.Proposed,
	}
	alone := BreakLine{
		Key: "row/provider.31.H31010100017/310101G9999999999999", Day: sampleDay - 6, Home: "650100", Treatment: "310101", Provider: "H31010100017",
		Party: provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100017"}, Class: reconcile.Surplus, Side: SideHospital, More: reconcile.SideMore,
		Difference: 33_300, FirstSeen: sampleDay - 5, Due: sampleDay - 2, Overdue: 2, Owner: SideTreatment, State: reconcile.Open,
	}
	for _, l := range append([]BreakLine{alone, old}, x.breaks...) {
		must(b.AddBreak(l))
		if l.FirstSeen == sampleDay {
			must(b.AddHappening(BreakNew, l))
		}
	}
	gone := old
	gone.Key, gone.State = "bill/11", reconcile.Resolved
	must(b.AddHappening(BreakResolved, gone))
	b.AddAutomatic(AutomaticGroup{Group: "2026-11-23/timing-pair", Kind: "timing-pair", Count: 1, Amount: 120_000, MostOf: 500, MostFen: 100_000_000, Engine: reconcile.Engine})
	b.AddAutomatic(AutomaticGroup{Group: "2026-11-23/late-row", Kind: "late-row", Count: 501, Amount: 99, MostOf: 500, MostFen: 100_000_000, Waits: true, Engine: reconcile.Engine})
	must(b.AddParty(PartyLine{Party: provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100017"}, Horizon: sampleDay - 1, Due: sampleDay - 1, Applied: 2}))
	must(b.AddParty(PartyLine{Party: provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010100017"}, Horizon: sampleDay - 4, Due: sampleDay - 1,
		Missing: []SerialRange{{17, 17}, {20, 22}}, Refused: 1, Code: provinces.CodeAmountSum}))
	must(b.AddParty(PartyLine{Party: provinces.Party{Kind: provinces.PartyHome, Province: "65"}, Due: sampleDay - 1}))
}

func (x *reconciled) report(t testing.TB) Report {
	t.Helper()
	x.feed(t)
	return finish(t, x.b)
}

// hostileReconciliation has text wherever a reconciliation could hold some from outside.
func hostileReconciliation(text string) *Reconciliation {
	p, a := ledger.Province(text), ledger.Area(text)
	line := BreakLine{Key: text, Home: a, Treatment: a, Provider: text, Row: text, Class: reconcile.Class(text), Side: SideName(text), More: reconcile.More(text),
		Field: text, Cause: reconcile.CauseKind(text), Owner: SideName(text), State: reconcile.State(text), Facts: text, Party: provinces.Party{Kind: provinces.PartyKind(text), Province: p, Provider: text}}
	return &Reconciliation{
		Evening: sampleDay, Days: 1,
		Pairs:     []PairReconciled{{Home: p, Treatment: p}},
		ByHome:    []HomeReconciled{{Province: p}},
		Internal:  []AreaReconciled{{Home: "11" + a, Treatment: "11" + a}},
		Balances:  []PairBalance{{Home: p, Treatment: "11"}, {Home: "11", Treatment: "11"}},
		Classes:   []ClassLine{{Class: reconcile.Class(text)}},
		Rows:      []ClassLine{{Class: reconcile.Class(text)}},
		Ages:      Ages(),
		Owners:    []OwnerLine{{Owner: SideName(text), Province: p}},
		Overdue:   []BreakLine{line},
		Hospitals: []HospitalLine{{Provider: text}},
		Changes:   []ChangeLine{{What: Happening(text)}},
		Automatic: []AutomaticGroup{{Group: text, Kind: reconcile.AutoKind(text), Waits: true}},
		Parties:   []SideStatements{{Side: SideName(text)}},
		Late:      []PartyLine{{Party: line.Party}},
	}
}
