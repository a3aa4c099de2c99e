package reconcile

import (
	"slices"
	"testing"

	"clearingd/ledger"
	"clearingd/provinces"
)

// A line of 3201 has no counterpart, one of 3202 no insurance and cash in the place of the
// account; each is compared on what it has, and what no line covers is told.
func TestTotals(t *testing.T) {
	a, b, back := bill(1, 100_00), with(bill(2, 300_00), func(i *Item) { i.Insutype = "390" }), takenBack(bill(9, 40_00), 3)
	hospital := a.PartyOn(Hospital)
	account := func(x ledger.Amount) *ledger.Amount { return &x }
	both := provinces.StatementTotal{Count: 2, Total: 440_00, Funds: 398_00, Account: account(2_00)}
	cases := []struct {
		name    string
		refunds bool
		lines   []provinces.StatementTotal
		ties    string // of a, b and back
		want    []string
	}{
		{"all agree", false, []provinces.StatementTotal{both}, "tied tied tied", nil},
		{"with cash in the place of the account", false, []provinces.StatementTotal{{Count: 2, Total: 440_00, Funds: 398_00, Cash: account(40_00)}}, "tied tied tied", nil},
		{"with refunds, signed and counted", true, []provinces.StatementTotal{{Count: 3, Total: 380_00, Funds: 359_00, Account: account(1_00)}}, "tied tied tied", nil},
		{"refunds left out that were asked for", true, []provinces.StatementTotal{both}, "open open open",
			[]string{"totals/provider.33.H33010000001/2026-11-03/-.-.-.-: 40.00, result 2"}},
		{"by insurance, one of them wrong", false, []provinces.StatementTotal{
			{Insutype: "310", ClearingType: "21", Agency: "330100", Count: 1, Total: 120_00, Funds: 99_00, Account: account(1_00)},
			{Insutype: "390", ClearingType: "21", Agency: "330100", Count: 1, Total: 320_00, Funds: 238_00, Account: account(1_00)},
		}, "tied open tied", []string{"totals/provider.33.H33010000001/2026-11-03/390.21.330100.-: -61.00, result 1"}},
		{"a line is missing", false, []provinces.StatementTotal{{Insutype: "310", Count: 1, Total: 120_00, Funds: 99_00, Account: account(1_00)}},
			"tied none tied", []string{"totals/provider.33.H33010000001/2026-11-03/-.rest.-.-: -300.00, result 1"}},
		{"the count alone", false, []provinces.StatementTotal{{Count: 3, Total: 440_00, Funds: 398_00}}, "open open open",
			[]string{"totals/provider.33.H33010000001/2026-11-03/-.-.-.-: 0.00, result 3"}},
		{"by counterpart", false, []provinces.StatementTotal{{Counterpart: "65", Count: 2, Total: 440_00, Funds: 398_00}}, "tied tied tied", nil},
		{"of another agency", false, []provinces.StatementTotal{{Agency: "330200"}}, "none none none",
			[]string{"totals/provider.33.H33010000001/2026-11-03/-.rest.-.-: -400.00, result 1"}},
	}
	for _, c := range cases {
		tally := NewTotalsTally(&provinces.Statement{Party: hospital, From: today, To: today, Refunds: c.refunds, Totals: c.lines})
		for _, i := range []Item{a, b, back} {
			tally.Add(&i)
		}
		other, tomorrow := with(a, func(i *Item) { i.Provider = "H33010000002" }), with(a, func(i *Item) { i.From, i.To = today+1, today+1 })
		tally.Add(&other)
		tally.Add(&tomorrow)
		names, ties := map[Tie]string{NoTotals: "none", TotalsTied: "tied", TotalsOpen: "open"}, ""
		for n, i := range []Item{a, b, back} {
			if n > 0 {
				ties += " "
			}
			ties += names[tally.Tie(&i)]
		}
		var got []string
		for _, d := range tally.Differences() {
			b := TotalsBreak(today, &d)
			got = append(got, b.Key+": "+b.Owed.String()+", result "+d.Result())
		}
		if ties != c.ties || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, ties, got, c.ties, c.want)
		}
	}
}

// A hospital sends a 3201 for each insurance: what the other covers is left over by neither.
// One of other days, or of another party, covers nothing here.
func TestTotalsInSeveralStatements(t *testing.T) {
	a, b := bill(1, 100_00), with(bill(2, 300_00), func(i *Item) { i.Insutype = "390" })
	line := func(insutype string, party provinces.Party, day ledger.Day) *TotalsTally {
		return NewTotalsTally(&provinces.Statement{Party: party, From: day, To: day, Totals: []provinces.StatementTotal{{Insutype: insutype}}})
	}
	hospital := a.PartyOn(Hospital)
	for _, c := range []struct {
		name   string
		beside *TotalsTally
		want   int
	}{
		{"the other insurance", line("390", hospital, today), 0},
		{"the same insurance", line("310", hospital, today), 1},
		{"rows of the day", SpeaksOfAll(hospital, today), 0},
		{"another day", line("390", hospital, today+1), 1},
		{"another party", line("390", a.PartyOn(Treatment), today), 1},
	} {
		tally := line("310", hospital, today)
		tally.Beside([]*TotalsTally{SpeaksOfAll(hospital, today)}) // of before, and no longer
		tally.Beside([]*TotalsTally{tally, c.beside})
		tally.Add(&a)
		tally.Add(&b)
		left := 0
		for _, d := range tally.Differences() {
			if d.Stated.ClearingType == "rest" {
				left += int(d.Count)
			}
		}
		if left != c.want {
			t.Errorf("%s: %d left over, want %d", c.name, left, c.want)
		}
	}
}

// An agency is one of the party's own province, and speaks for its area, its city or its
// province: a line of the province's agency leaves no bill of a hospital without totals.
func TestTheAgencyOfALine(t *testing.T) {
	a := with(bill(1, 100_00), func(i *Item) { i.Treatment, i.Home = "330106", "650102" })
	cases := []struct {
		side   Side
		agency ledger.Area
		want   Tie
	}{
		{Hospital, "330106", TotalsTied}, {Hospital, "330100", TotalsTied}, {Hospital, "330000", TotalsTied},
		{Hospital, "330105", NoTotals}, {Hospital, "330200", NoTotals},
		{Treatment, "330000", TotalsTied}, {Treatment, "650000", NoTotals},
		{Home, "650102", TotalsTied}, {Home, "650100", TotalsTied}, {Home, "650000", TotalsTied},
		{Home, "330106", NoTotals}, {Home, "652900", NoTotals},
	}
	for _, c := range cases {
		line := provinces.StatementTotal{Agency: c.agency, Count: 1, Total: a.Amounts.Total, Funds: a.Amounts.Funds}
		tally := NewTotalsTally(&provinces.Statement{Party: a.PartyOn(c.side), From: today, To: today, Totals: []provinces.StatementTotal{line}})
		tally.Add(&a)
		if got := tally.Tie(&a); got != c.want {
			t.Errorf("the line of %s on the side %s: %d, want %d", c.agency, c.side, got, c.want)
		}
	}
}

// A statement of bills alone may list a bill that was taken back on its own day, or not.
func TestABillTakenBackOnItsOwnDay(t *testing.T) {
	a, b := bill(1, 100_00), undone(bill(2, 300_00), 3, today)
	for _, line := range []provinces.StatementTotal{{Count: 2, Total: 440_00, Funds: 398_00}, {Count: 1, Total: 120_00, Funds: 99_00}} {
		for refunds, want := range map[bool]Tie{false: TotalsTied, true: TotalsOpen} {
			tally := NewTotalsTally(&provinces.Statement{Party: a.PartyOn(Hospital), From: today, To: today, Refunds: refunds, Totals: []provinces.StatementTotal{line}})
			for _, i := range []Item{a, b, takenBack(b, 3)} {
				tally.Add(&i)
			}
			if got := tally.Tie(&a); got != want {
				t.Errorf("%d bills, refunds %v: %d, want %d", line.Count, refunds, got, want)
			}
		}
	}
	bills := Said{Asked: true, Complete: true, Stated: true, Rows: true}
	for _, rows := range [][]Item{rowsOf(Hospital, a), rowsOf(Hospital, a, b)} {
		results, _ := matched(t, []Item{a, b, takenBack(b, 3)}, [4][]Item{Hospital: rows}, alone(Hospital, bills), 0)
		if got, want := said(results), []string{"bill/1 matched", "bill/2 matched", "bill/3 matched"}; !slices.Equal(got, want) {
			t.Errorf("%d rows: %q", len(rows), got)
		}
	}
}

// The home province's counterpart is the treatment province.
func TestTotalsOfAHomeProvince(t *testing.T) {
	a := bill(1, 100_00)
	for counterpart, want := range map[ledger.Province]Tie{"33": TotalsTied, "65": NoTotals} {
		tally := NewTotalsTally(&provinces.Statement{Party: a.PartyOn(Home), From: today, To: today, Totals: []provinces.StatementTotal{
			{Counterpart: counterpart, Count: 1, Total: 120_00, Funds: 99_00},
		}})
		tally.Add(&a)
		if got := tally.Tie(&a); got != want {
			t.Errorf("counterpart %s: %d, want %d", counterpart, got, want)
		}
	}
}
