package benefit_test

import (
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
)

func TestShapesOfTime(t *testing.T) {
	split := func(more string) blocks {
		return blocks{deductible: plainDeductible + "\n[version.deductible.later_stays]\npercent = [50]",
			rest: "[version.time]\nnew_year = \"split by days\"\n" + more}
	}
	newYear := func(in, want string) stay {
		return stay{in: in, from: "2025-12-28", to: "2026-01-07", want: want, years: []benefit.Accumulators{{Stays: 1}, {}}}
	}
	for _, s := range []shape{
		{"8.6.2 one bill, counted in the year of discharge", blocks{}, []stay{
			{in: "11000", from: "2025-12-28", to: "2026-01-07", want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"8.6.2 split by days, deductible anew (national rules, article 41)", split(""), []stay{
			newYear("20000", "ded=1500 basic=6000 basic=8800 cash=5200"), // 4 and 6 days: 8,000 - 500, 12,000 - 1,000
		}},
		{"8.6.2 split by days, the difference", split("later_part_deductible = \"difference\""), []stay{
			newYear("20000", "ded=1000 basic=6000 basic=9200 cash=4800"),
		}},
		{"8.6.2 split by days, none", split("later_part_deductible = \"none\""), []stay{
			newYear("20000", "ded=500 basic=6000 basic=9600 cash=4400"),
		}},
		{"8.6.1 the year begins in April (Suzhou), in October", blocks{rest: "[version.time]\nyear_begins = \"04-01\"\nnew_year = \"split by days\""}, []stay{
			{in: "11000", from: "2025-12-28", to: "2026-01-07", want: "ded=1000 basic=8000 cash=3000"},
			{in: "12000", from: "2026-03-28", to: "2026-04-07", years: make([]benefit.Accumulators, 2), want: "ded=2000 basic=3040 basic=4960 cash=4000"}, // 4 and 6 days
		}},
		{"8.6.3 people as of admission", blocks{rest: "[version.time]\nperson_as_of = \"admission\"", layers: plainLayer + "\n[[version.layer.special]]\nfor = { age_from = 70 }\npays = 90"}, []stay{
			{in: "11000", change: born("1956-05-01"), want: "ded=1000 basic=9000 cash=2000"},
			{in: "11000", change: born("1956-05-02"), want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"8.6.3 people as of discharge", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { age_from = 70 }\npays = 90"}, []stay{
			{in: "11000", change: born("1956-05-11"), want: "ded=1000 basic=9000 cash=2000"},
		}},
	} {
		s.run(t)
	}
}

// A stay over the new year pays the deductible of the month in which each part ends.
func TestPeriodsOfAStayThatIsSplit(t *testing.T) {
	for _, x := range []struct{ charged, old, new string }{
		{"once a month", "2025-12", "2026-04"}, // the day of discharge counts, though it is no hospital day
		{"once a quarter", "2025-Q4", "2026-Q2"},
		{"once a year in each hospital", "2025-H33010000001", "2026-H33010000001"},
	} {
		p := blocks{deductible: plainDeductible + "\ncharged = \"" + x.charged + "\"", rest: "[version.time]\nnew_year = \"split by days\"\nlater_part_deductible = \"none\""}.plan(t)
		a, err := stay{in: "50000", from: "2025-12-28", to: "2026-04-01", years: make([]benefit.Accumulators, 2)}.settle(t, p)
		if err != nil || a.Years[0].Periods[x.old] != 1000_00 || len(a.Years[0].Periods) != 1 {
			t.Errorf("%s: the old year has %v (%v)", x.charged, a.Years[0].Periods, err)
		}
		if paid, ok := a.Years[1].Periods[x.new]; !ok || paid != 0 {
			t.Errorf("%s: the new year has %v; the later part paid none", x.charged, a.Years[1].Periods)
		}
	}
}

func TestBenefitYearMayBeginInJuly(t *testing.T) { // 8.6.1
	calendar, july := blocks{}.plan(t), blocks{rest: "[version.time]\nyear_begins = \"07-01\""}.plan(t)
	for _, x := range []struct {
		p    *benefit.Plan
		to   string
		want int
	}{{calendar, "2026-06-30", 2026}, {july, "2026-06-30", 2025}, {july, "2026-07-01", 2026}, {july, "2026-12-31", 2026}} {
		prepared, err := x.p.Prepare(stay{in: "1", to: x.to}.toCase())
		if err != nil || !slices.Equal(prepared.Years, []int{x.want}) {
			t.Errorf("discharged %s: %+v, want %d (%v)", x.to, prepared, x.want, err)
		}
	}
}

func TestVersionIsThatOfDischargeUnlessThePlanSaysAdmission(t *testing.T) { // 8.6.4
	two := func(top string) *benefit.Plan {
		text := blocks{top: top, version: "valid_to = 2025-12-31"}.text()
		second := strings.SplitN(blocks{layers: strings.Replace(plainLayer, "80", "90", 1)}.text(), "[[version]]", 2)[1]
		p, problems := benefit.ParsePlan("two.toml", []byte(text+"\n[[version]]"+strings.Replace(second, "2020-01-01", "2026-01-01", 1)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p
	}
	x := stay{in: "11000", from: "2025-12-28", to: "2026-01-07"}
	if a, err := x.settle(t, two("")); summary(a, err) != "ded=1000 basic=9000 cash=2000" || a.Plan.Version != "2026-01-01" {
		t.Errorf("by discharge: %s under %s", summary(a, err), a.Plan.Version)
	}
	if a, err := x.settle(t, two(`chosen_by = "admission"`)); summary(a, err) != "ded=1000 basic=8000 cash=3000" || a.Plan.Version != "2020-01-01" {
		t.Errorf("by admission: %s under %s", summary(a, err), a.Plan.Version)
	}
	x.from, x.to = "2019-12-01", "2019-12-02"
	if a, err := x.settle(t, two("")); summary(a, err) != "refused 4002" {
		t.Errorf("before all versions: %s", summary(a, err))
	}
}

func TestShapesOfRounding(t *testing.T) {
	threeSegments := func(rounding string) blocks {
		return blocks{version: rounding, deductible: "[version.deductible]\namount = 0", layers: basicHead + `
			[[version.layer.segment]]
			up_to = "10.01"
			pays = "33.33"
			[[version.layer.segment]]
			up_to = "20.02"
			pays = "66.66"
			[[version.layer.segment]]
			pays = "11.11"`}
	}
	for _, s := range []shape{
		// 10.01 x 0.3333 = 3.336333, 10.01 x 0.6666 = 6.672666, 10.00 x 0.1111 = 1.111
		{"8.7.1 each segment half up to the fen, then summed (Beijing)", threeSegments(""), []stay{{in: "30.02", want: "ded=0 basic=11.12 cash=18.90"}}},
		{"8.7.2 the payment to ten fen (Meishan)", threeSegments(`rounding = "ten fen"`), []stay{{in: "30.02", want: "ded=0 basic=11.10 cash=18.92"}}},
		{"8.7.3 five decimals, rounded at the end (Dalian)", threeSegments(`rounding = "five decimals"`), []stay{{in: "30.02", want: "ded=0 basic=11.12 cash=18.90"}}},
		{"8.7.3 five decimals differ from fen by segment", func() blocks {
			b := threeSegments(`rounding = "five decimals"`)
			b.layers = strings.NewReplacer("33.33", "50", "66.66", "50", "11.11", "50").Replace(b.layers)
			return b
		}(), []stay{{in: "20.02", want: "ded=0 basic=10.01 cash=10.01"}}}, // 5.005 + 5.005; by fen it would be 10.02
		{"8.7.3 and fen by segment", func() blocks {
			b := threeSegments("")
			b.layers = strings.NewReplacer("33.33", "50", "66.66", "50", "11.11", "50").Replace(b.layers)
			return b
		}(), []stay{{in: "20.02", want: "ded=0 basic=10.02 cash=10"}}},
		{"8.7.5 the person's part is the remainder", blocks{deductible: "[version.deductible]\namount = 0"}, []stay{{in: "0.03", want: "ded=0 basic=0.02 cash=0.01"}, {in: "0.01", want: "ded=0 basic=0.01 cash=0"}}},
	} {
		s.run(t)
	}
}
