package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// follow settles stays one after the other, each on the year that the one before left.
func follow(t *testing.T, b blocks, stays ...stay) (all []benefit.Adjudication, year benefit.Accumulators) {
	t.Helper()
	p := b.plan(t)
	for i, x := range stays {
		x.before = year
		a, err := x.settle(t, p)
		if got := summary(a, err); got != x.want {
			t.Fatalf("stay %d: %s, want %s", i+1, got, x.want)
		}
		all, year = append(all, a), a.Years[len(a.Years)-1].Accumulators
	}
	return all, year
}

// TestATransferIsTheStayItContinues (8.2.5): it owes what the first part has not paid,
// takes no place of its own among the year's stays, and may itself be continued.
func TestATransferIsTheStayItContinues(t *testing.T) {
	b := blocks{deductible: `[version.deductible]
		amount = { second = 600, third = 1000 }
		transfer_within_days = 1
		[version.deductible.later_stays]
		percent = [50]`}
	all, year := follow(t, b,
		stay{in: "10600", hospital: "second", to: "2026-05-11", want: "ded=600 basic=8000 cash=2600"},
		stay{in: "10400", from: "2026-05-11", to: "2026-05-20", want: "ded=400 basic=8000 cash=2400"}, // the same day, to a dearer one
		stay{in: "10000", hospital: "second", from: "2026-05-21", to: "2026-05-30", want: "ded=0 basic=8000 cash=2000"},
		stay{in: "10500", from: "2026-06-01", to: "2026-06-10", want: "ded=500 basic=8000 cash=2500"}, // two days later: a second stay
		stay{in: "10500", from: "2026-06-09", to: "2026-06-20", want: "ded=500 basic=8000 cash=2500"}, // begun before that one ended: a third
	)
	for i, want := range []int{1, 1, 1, 2, 3} {
		if all[i].Ordinal != want {
			t.Errorf("bill %d is of stay %d, want %d", i+1, all[i].Ordinal, want)
		}
	}
	if last := all[2].Years[0].Last; *last != (benefit.LastStay{Discharged: day("2026-05-30"), Ordinal: 1, Deductible: 1000_00}) {
		t.Errorf("the stay of three parts ends as %+v", last)
	}
	if year.Stays != 3 || year.StaysByLevel[benefit.LevelSecond] != 1 || year.StaysByLevel[benefit.LevelThird] != 2 {
		t.Errorf("the year has %d stays, %v", year.Stays, year.StaysByLevel)
	}
}

// TestATransferAfterRenewalsIsOfTheLastOfThem (8.2.4, 8.2.5).
func TestATransferAfterRenewalsIsOfTheLastOfThem(t *testing.T) {
	all, _ := follow(t, blocks{deductible: plainDeductible + "\nrenewed_every_days = 90\nrenewals_count = true\ntransfer_within_days = 1"},
		stay{in: "12000", from: "2026-01-01", to: "2026-04-02", want: "ded=2000 basic=8000 cash=4000"},
		stay{in: "10000", from: "2026-04-03", to: "2026-04-10", want: "ded=0 basic=8000 cash=2000"},
		stay{in: "11000", from: "2026-06-01", to: "2026-06-10", want: "ded=1000 basic=8000 cash=3000"})
	if all[0].Ordinal != 1 || all[1].Ordinal != 2 || all[2].Ordinal != 3 {
		t.Errorf("stays %d, %d, %d", all[0].Ordinal, all[1].Ordinal, all[2].Ordinal)
	}
}

// TestAYearThatKnowsItsLastStayMayMeetAPlanWithoutTransfers: a version may drop them.
func TestAYearThatKnowsItsLastStayMayMeetAPlanWithoutTransfers(t *testing.T) {
	last := benefit.Accumulators{Stays: 1, Last: &benefit.LastStay{Discharged: day("2026-04-30"), Ordinal: 1, Deductible: 1000_00}}
	if got := summary(stay{in: "11000", before: last}.settle(t, blocks{}.plan(t))); got != "ded=1000 basic=8000 cash=3000" {
		t.Error(got)
	}
}

// TestStaysOfAKindAreCountedApart (8.2.6, Nanchang): chemotherapy is free from the second.
func TestStaysOfAKindAreCountedApart(t *testing.T) {
	b := blocks{version: `[[version.kind_of_stay]]
		name = "chemotherapy"
		zh = "化疗"
		en = "chemotherapy"
		diagnosis = ["Z51.1"]`, deductible: plainDeductible + `
		[[version.deductible.special]]
		for = { kinds = ["chemotherapy"], kind_stay_from = 2 }
		waived = true`}
	chemotherapy := diagnosis("Z51.103")
	all, year := follow(t, b,
		stay{in: "11000", want: "ded=1000 basic=8000 cash=3000"},
		stay{in: "11000", change: chemotherapy, want: "ded=1000 basic=8000 cash=3000"},
		stay{in: "10000", change: chemotherapy, want: "ded=0 basic=8000 cash=2000"},
		stay{in: "11000", want: "ded=1000 basic=8000 cash=3000"})
	if year.Kinds["chemotherapy"] != 2 || len(year.Kinds) != 1 || year.Stays != 4 || all[0].Years[0].Kinds != nil {
		t.Errorf("%d stays, of them %v; after the first %v", year.Stays, year.Kinds, all[0].Years[0].Kinds)
	}
}

// TestTheLaterPartMayBeNoStayOfTheNewYear (8.6.2); the old year's part is one of its year
// all the same, and of a kind.
func TestTheLaterPartMayBeNoStayOfTheNewYear(t *testing.T) {
	for _, x := range []struct {
		counts   string
		new      int
		newKinds int
	}{{"", 1, 1}, {"later_part_counts = true", 1, 1}, {"later_part_counts = false", 0, 0}} {
		p := blocks{version: "[[version.kind_of_stay]]\nname = \"long\"\nzh = \"长\"\nen = \"long\"\ndiagnosis = [\"F\"]",
			rest: "[version.time]\nnew_year = \"split by days\"\n" + x.counts}.plan(t)
		a, err := stay{in: "20000", from: "2025-12-28", to: "2026-01-07", years: []benefit.Accumulators{{Stays: 2}, {}}, change: diagnosis("F20")}.settle(t, p)
		if err != nil {
			t.Fatal(err)
		}
		if a.Ordinal != 3 || a.Years[0].Stays != 3 || a.Years[1].Stays != x.new || a.Years[0].Kinds["long"] != 1 || a.Years[1].Kinds["long"] != x.newKinds {
			t.Errorf("%q: stay %d, then %+v", x.counts, a.Ordinal, a.Years)
		}
	}
}

// TestStayAboveTheDeductibleCountsWhateverThePlanSaysOfThoseBelow (8.2.8).
func TestStayAboveTheDeductibleCountsWhateverThePlanSaysOfThoseBelow(t *testing.T) {
	_, year := follow(t, blocks{deductible: plainDeductible + "\nstay_below_it_counts = false\nrenewed_every_days = 90\nrenewals_count = true"},
		stay{in: "1000", want: "ded=1000 cash=1000"},
		stay{in: "1000.01", want: "ded=1000 basic=0.01 cash=1000"},
		stay{in: "2000.01", from: "2026-01-01", to: "2026-04-02", want: "ded=2000 basic=0.01 cash=2000"})
	if year.Stays != 3 { // none, one, and a long one with its renewal
		t.Errorf("%d stays", year.Stays)
	}
}

// TestPoolRatioIsThePoolsPartAboveTheDeductible, in ten-thousandths, half up, of all parts
// of the stay together.
func TestPoolRatioIsThePoolsPartAboveTheDeductible(t *testing.T) {
	split := blocks{rest: "[version.time]\nnew_year = \"split by days\""}
	for _, x := range []struct {
		blocks
		stay
		want int64
	}{
		{blocks{}, stay{in: "11000"}, 8000},
		{blocks{}, stay{in: "1000"}, 0},
		{blocks{}, stay{in: "1000.03"}, 6667}, // two fen of three
		{blocks{}, stay{in: "1000.01"}, 10000},
		{blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000\n" + largeHead + "\n[[version.layer.segment]]\npays = 50"}, stay{in: "11000"}, 4000}, // the large-amount fund is another
		{split, stay{in: "11000", from: "2025-12-28", to: "2026-01-07", years: []benefit.Accumulators{{Paid: map[string]ledger.Amount{}}, {}}}, 8000},
		{blocks{rest: split.rest, layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000"},
			stay{in: "22000", from: "2025-12-28", to: "2026-01-07", years: []benefit.Accumulators{{Paid: map[string]ledger.Amount{"basic": 4000_00}}, {}}}, 2000}, // 0 of 7,800 and 4,000 of 12,200
	} {
		a, err := x.settle(t, x.plan(t))
		if err != nil || a.PoolRatio != x.want {
			t.Errorf("%s: %d, want %d (%s, %v)", x.in, a.PoolRatio, x.want, summary(a, nil), err)
		}
	}
}

// TestASplitStayDividesEveryPartOfTheBill (rules, article 41): what is outside the scope
// too, to the fen, and each year counts its own.
func TestASplitStayDividesEveryPartOfTheBill(t *testing.T) {
	p := blocks{rest: "[version.time]\nnew_year = \"split by days\""}.plan(t)
	a, err := stay{in: "20000.01", from: "2025-12-27", to: "2026-01-06", years: make([]benefit.Accumulators, 2),
		change: func(c *benefit.Case) {
			c.Claim.OwnExpense, c.Claim.OverLimit, c.Claim.SelfPayFirst = yuan("1000.01"), yuan("200.01"), yuan("30.01")
			c.Claim.Total = yuan("21230.04")
		}}.settle(t, p)
	if got := summary(a, err); got != "ded=2000 basic=7200.01 basic=7200 cash=6830.03" { // 5 and 5 of 10 days: the odd fen are the old year's
		t.Fatal(got)
	}
	old, new := a.Years[0], a.Years[1]
	if old.InScope != yuan("10000.01") || new.InScope != yuan("10000") || old.Cost != yuan("10615.04") || new.Cost != yuan("10615") {
		t.Errorf("the old year has %s of %s, the new %s of %s", old.InScope, old.Cost, new.InScope, new.Cost)
	}
}

// TestOwnShareIsAllThatIsInScopeAndUnpaid: the base of critical illness in the stays after.
func TestOwnShareIsAllThatIsInScopeAndUnpaid(t *testing.T) {
	all := "[[version.out_of_area]]\nfiling = [\"long-term\", \"long-term-at-home\", \"referral\", \"emergency\", \"temporary\", \"unfiled\"]\n"
	for _, x := range []struct {
		name string
		blocks
		want ledger.Amount
	}{
		{"deductible and own share", blocks{}, 3000_00},
		{"above a cap", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000"}, 7000_00},
		{"self-pay-first out of area", blocks{away: all + "self_pay_first = 10"}, 1100_00 + 1000_00 + 1780_00},
		{"refused out of area", blocks{away: all + "pays_nothing = true"}, 11_000_00},
		{"a first layer that is for others", blocks{layers: plainLayer[:len(basicHead)] + "\nfor = { injury = true }" + plainLayer[len(basicHead):]}, 11_000_00},
	} {
		a, err := stay{in: "11000", change: outside("500", "60")}.settle(t, x.plan(t))
		if err != nil || a.Years[0].OwnShare != x.want {
			t.Errorf("%s: %s, want %s (%v)", x.name, a.Years[0].OwnShare, x.want, err)
		}
	}
}
