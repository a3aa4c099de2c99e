package benefit_test

import (
	"reflect"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// What an earlier stay of the year leaves to a later one, where the two differ: in level,
// in privilege, or in what was really paid. No deductible is ever less than nothing.
func TestShapesOfDeductiblesAfterOtherStays(t *testing.T) {
	const levels = `[version.deductible]
		amount = { first = 200, second = 500, third = 900, special = 1500 }
		charged = `
	const poorPayHalf = `
		[[version.deductible.special]]
		for = { groups = ["hardship"] }
		percent = 50`
	year := func(paid, fixed ledger.Amount, levels ...benefit.Level) benefit.Accumulators {
		a := benefit.Accumulators{Stays: 1, Deductible: paid, YearDeductible: fixed, StaysByLevel: map[benefit.Level]int{}}
		for _, level := range levels {
			a.StaysByLevel[level]++
		}
		return a
	}
	month := func(paid ledger.Amount) benefit.Accumulators {
		return benefit.Accumulators{Stays: 1, Deductible: paid, Periods: map[string]ledger.Amount{"2026-05": paid}}
	}
	for _, s := range []shape{
		{"8.2.3 once a year: the first stay's amount", blocks{deductible: levels + `"once a year"`}, []stay{
			{in: "10200", before: year(0, 200_00, benefit.LevelFirst), want: "ded=200 basic=8000 cash=2200"},               // of which nothing was paid: it had nothing in scope
			{in: "10200", hospital: "first", before: year(0, 0, benefit.LevelThird), want: "ded=200 basic=8000 cash=2200"}, // the earlier one, of another level, was waived
			{in: "10000", before: year(500_00, 200_00, benefit.LevelFirst), want: "ded=0 basic=8000 cash=2000"},            // more was paid, under a version before
			{in: "10000", hospital: "special", before: year(900_00, 900_00, "third"), want: "ded=0 basic=8000 cash=2000"},  // paid
			{in: "10050", hospital: "special", before: year(850_00, 900_00, "third"), want: "ded=50 basic=8000 cash=2050"}, // paid in part
		}},
		{"8.2.3 topped up: what a dearer hospital has left open is still owed at a cheaper one", blocks{deductible: levels + `"topped up in the year"`}, []stay{
			{in: "10600", hospital: "first", before: year(300_00, 900_00, "third"), want: "ded=600 basic=8000 cash=2600"},
		}},
		{"8.2.3 by the year's highest level, this stay's among them", blocks{deductible: levels + `"by the year's highest level"`}, []stay{
			{in: "10900", want: "ded=900 basic=8000 cash=2900"},
			{in: "10700", before: year(200_00, 200_00, "first"), want: "ded=700 basic=8000 cash=2700"},
			{in: "10300", hospital: "first", before: year(200_00, 200_00, "second"), want: "ded=300 basic=8000 cash=2300"},
			{in: "10600", hospital: "second", before: year(900_00, 900_00, "special", "third"), want: "ded=600 basic=8000 cash=2600"},
		}},
		{"8.2.3 once a year, half of it for some", blocks{version: hardship, deductible: levels + `"once a year"` + poorPayHalf}, []stay{
			{in: "10450", change: identity("7", ""), want: "ded=450 basic=8000 cash=2450"},
			{in: "10900", want: "ded=900 basic=8000 cash=2900"},
		}},
		{"8.2.4 once a month, half of it for some", blocks{version: hardship, deductible: levels + `"once a month"` + poorPayHalf}, []stay{
			{in: "10450", change: identity("7", ""), want: "ded=450 basic=8000 cash=2450"},
			{in: "10000", hospital: "first", before: month(900_00), want: "ded=0 basic=8000 cash=2000"}, // a dearer one came before
		}},
		{"8.2.5 a transfer to a cheaper hospital owes nothing more", blocks{deductible: levels + "\"each stay\"\ntransfer_within_days = 1"}, []stay{
			{in: "10000", hospital: "first", before: benefit.Accumulators{Stays: 1, Deductible: 900_00, Last: &benefit.LastStay{Discharged: day("2026-04-30"), Ordinal: 1, Deductible: 900_00}}, want: "ded=0 basic=8000 cash=2000"},
		}},
		{"8.2.6 an amount of its own for some, and no floor above it", blocks{version: hardship, deductible: levels + `"each stay"
			[version.deductible.later_stays]
			minus = 50
			floor = 160
			[[version.deductible.special]]
			for = { groups = ["hardship"] }
			amount = 100`}, []stay{
			{in: "10100", change: identity("7", ""), want: "ded=100 basic=8000 cash=2100"},
			{in: "10100", before: earlier(2), change: identity("7", ""), want: "ded=100 basic=8000 cash=2100"},
			{in: "10800", before: earlier(2), want: "ded=800 basic=8000 cash=2800"},
		}},
		{"8.2.1 a level without a row is refused, not free", blocks{deductible: `[version.deductible]
			amount = { second = 500, third = 900 }`}, []stay{
			{in: "10500", hospital: "second", want: "ded=500 basic=8000 cash=2500"},
			{in: "10000", hospital: "first", want: "refused 4004"},
		}},
		{"8.2.7 a share of the total cost without an upper bound", blocks{away: `[[version.out_of_area]]
			filing = ["referral", "long-term", "long-term-at-home", "emergency", "temporary", "unfiled"]
			deductible_percent_of_total = 20
			deductible_at_least = 2_000`}, []stay{
			{in: "60000", want: "ded=12000 basic=38400 cash=21600"},
		}},
		{"8.6.2 split by days, the difference: the old year's was the larger", blocks{
			deductible: plainDeductible + "\n[version.deductible.later_stays]\npercent = [50]",
			rest:       "[version.time]\nnew_year = \"split by days\"\nlater_part_deductible = \"difference\""}, []stay{
			{in: "20000", from: "2025-12-28", to: "2026-01-07", years: []benefit.Accumulators{{}, {Stays: 1}}, want: "ded=1000 basic=5600 basic=9600 cash=4800"},
		}},
	} {
		s.run(t)
	}
}

// TestWhatIsRefusedOutOfAreaUsesUpNoDeductible: where nothing is paid (8.4.6), nothing is
// deducted, nothing is fixed for the year, and no row of the table is asked for.
func TestWhatIsRefusedOutOfAreaUsesUpNoDeductible(t *testing.T) {
	for _, charged := range []string{"once a year", "once a month"} {
		p := blocks{deductible: "[version.deductible]\namount = { second = 600, third = 1000 }\ncharged = \"" + charged + "\"",
			away: `[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
			pays_nothing = true`}.plan(t)
		for _, hospital := range []string{"first", "third"} {
			a, err := stay{in: "11000", hospital: hospital}.settle(t, p)
			if got := summary(a, err); got != "ded=0 cash=11000" {
				t.Fatalf("%s, %s: %s", charged, hospital, got)
			}
			if y := a.Years[0]; y.Deductible != 0 || y.YearDeductible != 0 || len(y.Periods) != 0 {
				t.Errorf("%s, %s: the year has %+v", charged, hospital, y)
			}
		}
	}
}

// TestAStayThatDoesNotCountLeavesNoPlace, not even an empty one (8.2.8).
func TestAStayThatDoesNotCountLeavesNoPlace(t *testing.T) {
	a, err := stay{in: "900"}.settle(t, blocks{deductible: plainDeductible + "\nstay_below_it_counts = false"}.plan(t))
	if y := a.Years[0]; err != nil || y.Stays != 0 || y.StaysByLevel != nil || y.Deductible != 900_00 {
		t.Errorf("the year has %+v (%v)", y, err)
	}
}

// TestWhatAStayAddsToTheYear holds every sum, and that there is no other.
func TestWhatAStayAddsToTheYear(t *testing.T) {
	for _, x := range []struct {
		name string
		blocks
		stay
		add benefit.Accumulators
	}{
		{"each stay", blocks{}, stay{in: "11000"}, benefit.Accumulators{
			Deductible: 1000_00, Paid: map[string]ledger.Amount{"basic": 8000_00}, OwnShare: 3000_00}},
		{"once a year", blocks{deductible: plainDeductible + "\ncharged = \"once a year\""}, stay{in: "11000"}, benefit.Accumulators{
			Deductible: 1000_00, YearDeductible: 1000_00, Paid: map[string]ledger.Amount{"basic": 8000_00}, OwnShare: 3000_00}},
		{"a year that began elsewhere", blocks{deductible: plainDeductible + "\ncharged = \"once a year\""},
			stay{in: "11000", before: benefit.Accumulators{Deductible: 300_00}}, benefit.Accumulators{
				Deductible: 300_00, YearDeductible: 300_00, Paid: map[string]ledger.Amount{"basic": 8800_00}, OwnShare: 2200_00}},
		{"a cap on cost that counts the deductible", blocks{layers: plainLayer + "\n[[version.layer.cap]]\non = \"cost\"\ncounts_deductible = true\nyuan = 4000"}, stay{in: "11000"}, benefit.Accumulators{
			Deductible: 1000_00, Base: map[string]ledger.Amount{"basic#cost": 4000_00}, Paid: map[string]ledger.Amount{"basic": 2400_00}, OwnShare: 8600_00}},
		{"a cap without a name", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000"}, stay{in: "11000"}, benefit.Accumulators{
			Deductible: 1000_00, Paid: map[string]ledger.Amount{"basic": 4000_00}, OwnShare: 7000_00}},
		{"a layer that pays nothing, with a cap that has a name", blocks{layers: basicHead + "\n[[version.layer.segment]]\npays = 0\n[[version.layer.cap]]\nname = \"accident\"\nyuan = 4000"}, stay{in: "11000"}, benefit.Accumulators{
			Deductible: 1000_00, OwnShare: 11_000_00}},
		{"all of it the deductible", blocks{}, stay{in: "900"}, benefit.Accumulators{Deductible: 900_00, OwnShare: 900_00}},
	} {
		a, err := x.settle(t, x.plan(t))
		if err != nil {
			t.Fatal(err)
		}
		want := x.add
		want.Stays, want.StaysByLevel = 1, map[benefit.Level]int{benefit.LevelThird: 1}
		want.InScope, want.Cost = yuan(x.in), yuan(x.in)
		if got := a.Years[0].Accumulators; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", x.name, got, want)
		}
	}
}
