package benefit_test

import (
	"reflect"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// recounted: a first stay is settled, then a second on top of it; then the second is
// counted onto a year without the first.
func recounted(t *testing.T, b blocks, first, second stay) (alone, computed benefit.Accumulators, answered benefit.Adjudication) {
	t.Helper()
	plan := b.plan(t)
	one, err := first.settle(t, plan)
	if err != nil {
		t.Fatal(err)
	}
	second.before = one.Years[0].Accumulators
	if answered, err = second.settle(t, plan); err != nil {
		t.Fatal(err)
	}
	prepared, err := plan.Prepare(second.toCase())
	if err != nil {
		t.Fatal(err)
	}
	from := []benefit.Accumulators{second.before}
	if same := prepared.Recount(from, from, answered); !reflect.DeepEqual(same, answered.Years) {
		t.Errorf("onto what it was computed from, a bill counts\n%+v\nnot\n%+v", same, answered.Years)
	}
	years := prepared.Recount([]benefit.Accumulators{{}}, from, answered)
	second.before = benefit.Accumulators{}
	fresh, err := second.settle(t, plan)
	if err != nil {
		t.Fatal(err)
	}
	return years[0].Accumulators, fresh.Years[0].Accumulators, answered
}

// Amounts stay as they were answered; what is counted is counted as the plan counts it
// now.
func TestRecountKeepsAmountsAndCountsAnew(t *testing.T) {
	t.Run("the n-th stay keeps its lower deductible", func(t *testing.T) {
		alone, fresh, answered := recounted(t, blocks{deductible: plainDeductible + "\n[version.deductible.later_stays]\npercent = [50]"},
			stay{in: "10000"}, stay{in: "10000"})
		if alone.Stays != 1 || alone.Deductible != 500_00 || fresh.Deductible != 1000_00 || alone.Paid["basic"] != answered.Funds[0].Amount {
			t.Errorf("alone it counts %+v", alone)
		}
	})
	t.Run("a transfer that continues nothing is a stay", func(t *testing.T) {
		alone, fresh, _ := recounted(t, blocks{deductible: plainDeductible + "\ntransfer_within_days = 2"},
			stay{in: "600"}, stay{in: "10000", from: "2026-05-12", to: "2026-05-20"})
		if alone.Stays != 1 || alone.Last.Ordinal != 1 || alone.Last.Deductible != 400_00 || fresh.Last.Deductible != 1000_00 {
			t.Errorf("alone it counts %+v, last %+v", alone, alone.Last)
		}
	})
	t.Run("the year's deductible is that of the first stay that stands", func(t *testing.T) {
		alone, _, _ := recounted(t, blocks{deductible: "[version.deductible]\ncharged = \"once a year\"\namount = { third = 1000, second = 600 }"},
			stay{in: "800"}, stay{in: "10000", hospital: "second"})
		if alone.YearDeductible != 600_00 || alone.Deductible != 200_00 {
			t.Errorf("alone it counts %+v", alone)
		}
	})
	t.Run("a layer on the year begins with what the year had before", func(t *testing.T) {
		alone, fresh, _ := recounted(t, blocks{layers: basicHead + "\ncounted = \"on the year\"\n[[version.layer.segment]]\nup_to = 5_000\npays = 60\n[[version.layer.segment]]\npays = 90"},
			stay{in: "10000"}, stay{in: "10000"})
		if alone.Base["basic"] != 9000_00 || alone.Base["basic"] != fresh.Base["basic"] || alone.Paid["basic"] != 8100_00 || fresh.Paid["basic"] != 6600_00 {
			t.Errorf("alone it counts %+v, settled alone %+v", alone, fresh)
		}
	})
	t.Run("an opening's figures are where a layer on the year begins", func(t *testing.T) {
		plan := blocks{layers: basicHead + "\ncounted = \"on the year\"\n[[version.layer.segment]]\npays = 80"}.plan(t)
		prepared, err := plan.Prepare(stay{in: "10000"}.toCase())
		if err != nil {
			t.Fatal(err)
		}
		from := []benefit.Accumulators{{InScope: 7000_00, Deductible: 1000_00}}
		answered, err := prepared.Adjudicate(from)
		if err != nil {
			t.Fatal(err)
		}
		years := prepared.Recount([]benefit.Accumulators{{}}, from, answered)
		if got := years[0].Base["basic"]; got != 9000_00 || answered.Years[0].Base["basic"] != 15_000_00 {
			t.Errorf("with the opening the layer stands at %s, without at %s", answered.Years[0].Base["basic"], got)
		}
	})
}

func TestRecountChangesNothingItIsGiven(t *testing.T) {
	plan := blocks{}.plan(t)
	prepared, err := plan.Prepare(stay{in: "10000"}.toCase())
	if err != nil {
		t.Fatal(err)
	}
	from := []benefit.Accumulators{{Stays: 1, Paid: map[string]ledger.Amount{"basic": 5}}}
	onto := []benefit.Accumulators{{Paid: map[string]ledger.Amount{"basic": 7}}}
	answered, err := prepared.Adjudicate(from)
	if err != nil {
		t.Fatal(err)
	}
	years := prepared.Recount(onto, from, answered)
	if onto[0].Paid["basic"] != 7 || from[0].Paid["basic"] != 5 || years[0].Paid["basic"] != 7+answered.Years[0].Paid["basic"]-5 {
		t.Errorf("from %+v onto %+v gave %+v", from, onto, years)
	}
}

// TestRecountOfABillThatHasNoAnswerInItsNewPlace: the bills before it use up the basic
// fund, so that it would enter a layer that has no row for its hospital. Then it counts as
// it was counted.
func TestRecountOfABillThatHasNoAnswerInItsNewPlace(t *testing.T) {
	plan := blocks{version: "[[version.kind_of_stay]]\nname = \"chemotherapy\"\nzh = \"化疗\"\nen = \"chemotherapy\"\ndiagnosis = [\"Z51.1\"]",
		layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 8000\n" + largeHead + "\n[[version.layer.segment]]\npays = { third = 50 }"}.plan(t)
	prepared, err := plan.Prepare(stay{in: "11000", hospital: "first", change: diagnosis("Z51.1")}.toCase())
	if err != nil {
		t.Fatal(err)
	}
	from := []benefit.Accumulators{{Stays: 1, StaysByLevel: map[benefit.Level]int{benefit.LevelFirst: 1}}}
	answered, err := prepared.Adjudicate(from)
	if err != nil {
		t.Fatal(err)
	}
	onto := []benefit.Accumulators{{Stays: 4, StaysByLevel: map[benefit.Level]int{benefit.LevelThird: 4}, Kinds: map[string]int{"chemotherapy": 3}, Paid: map[string]ledger.Amount{"basic": 8000_00}}}
	if _, err := prepared.Adjudicate(onto); err == nil {
		t.Fatal("it has an answer there")
	}
	want := benefit.Accumulators{
		Stays: 5, StaysByLevel: map[benefit.Level]int{benefit.LevelThird: 4, benefit.LevelFirst: 1}, Kinds: map[string]int{"chemotherapy": 4},
		Deductible: 1000_00, InScope: 11_000_00, Cost: 11_000_00, OwnShare: 3000_00, Paid: map[string]ledger.Amount{"basic": 16_000_00},
	}
	if got := prepared.Recount(onto, from, answered)[0].Accumulators; !reflect.DeepEqual(got, want) {
		t.Errorf("it counts\n%+v, want\n%+v", got, want)
	}
}

// TestRecountMovesWhatTheBillBroughtAndNothingElse: periods and layers of the year it was
// computed from stay there; what it brought comes along, also where that is nothing.
func TestRecountMovesWhatTheBillBroughtAndNothingElse(t *testing.T) {
	plan := blocks{deductible: plainDeductible + "\ncharged = \"once a month\""}.plan(t)
	prepared, err := plan.Prepare(stay{in: "11000"}.toCase())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name              string
		from, onto, total map[string]ledger.Amount
	}{
		{"it paid the month's", nil, map[string]ledger.Amount{"2026-04": 7}, map[string]ledger.Amount{"2026-04": 7, "2026-05": 1000_00}},
		{"another had paid it", map[string]ledger.Amount{"2026-05": 1000_00}, nil, nil},
		{"another month stays where it was", map[string]ledger.Amount{"2026-03": 5}, nil, map[string]ledger.Amount{"2026-05": 1000_00}},
		{"another has paid it since: it stands as it was answered", map[string]ledger.Amount{}, map[string]ledger.Amount{"2026-05": 1000_00}, map[string]ledger.Amount{"2026-05": 2000_00}},
		{"it paid the rest", map[string]ledger.Amount{"2026-05": 400_00}, map[string]ledger.Amount{"2026-05": 300_00}, map[string]ledger.Amount{"2026-05": 900_00}},
	} {
		from := []benefit.Accumulators{{Periods: x.from}}
		answered, err := prepared.Adjudicate(from)
		if err != nil {
			t.Fatal(err)
		}
		got := prepared.Recount([]benefit.Accumulators{{Periods: x.onto}}, from, answered)[0].Periods
		if !reflect.DeepEqual(got, x.total) {
			t.Errorf("%s: %v, want %v", x.name, got, x.total)
		}
	}
}

// TestRecountOntoAYearThatKnowsItsLayer: the layer stands where the year says, not where its
// other sums would put it; and a bill that brings nothing into it leaves it there.
func TestRecountOntoAYearThatKnowsItsLayer(t *testing.T) {
	plan := blocks{layers: basicHead + "\ncounted = \"on the year\"\n[[version.layer.segment]]\npays = 80"}.plan(t)
	base := func(a ledger.Amount) []benefit.Accumulators {
		return []benefit.Accumulators{{InScope: 7777_00, Base: map[string]ledger.Amount{"basic": a}}}
	}
	for _, x := range []struct {
		in         string
		from, onto []benefit.Accumulators
		want       ledger.Amount
	}{
		{"10000", base(100_00), base(5000_00), 14_000_00},
		{"10000", base(100_00), []benefit.Accumulators{{}}, 9000_00},
		{"10000", []benefit.Accumulators{{}}, base(5000_00), 14_000_00},
		{"1000", base(500_00), []benefit.Accumulators{{}}, 0},
		{"1000", base(500_00), base(5000_00), 5000_00},
	} {
		prepared, err := plan.Prepare(stay{in: x.in}.toCase())
		if err != nil {
			t.Fatal(err)
		}
		answered, err := prepared.Adjudicate(x.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := prepared.Recount(x.onto, x.from, answered)[0].Base["basic"]; got != x.want {
			t.Errorf("%s in scope from %v onto %v: the layer stands at %s, want %s", x.in, x.from[0].Base, x.onto[0].Base, got, x.want)
		}
	}
}

// TestRecountOfALongStayEndsWithItsRenewals: the next may continue the last of them.
func TestRecountOfALongStayEndsWithItsRenewals(t *testing.T) {
	alone, fresh, _ := recounted(t, blocks{deductible: plainDeductible + "\nrenewed_every_days = 90\nrenewals_count = true\ntransfer_within_days = 1"},
		stay{in: "10000", from: "2025-12-01", to: "2025-12-05"}, stay{in: "20000", from: "2026-01-01", to: "2026-04-02"})
	if alone.Last.Ordinal != 2 || fresh.Last.Ordinal != 2 || alone.Stays != 2 {
		t.Errorf("alone it ends as stay %d of %d, settled alone as %d", alone.Last.Ordinal, alone.Stays, fresh.Last.Ordinal)
	}
}
