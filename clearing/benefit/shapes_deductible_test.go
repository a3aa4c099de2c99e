package benefit_test

import (
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

func TestShapesOfDeductibles(t *testing.T) {
	later := func(rule string) blocks {
		return blocks{deductible: `[version.deductible]
			amount = { first = 200, second = 500, third = 1200 }
			[version.deductible.later_stays]
			` + rule}
	}
	for _, s := range []shape{
		{"8.2.1 by level of the hospital (most)", blocks{deductible: `[version.deductible]
			amount = { first = 200, second = 400, third = 900 }`}, []stay{
			{in: "10900", want: "ded=900 basic=8000 cash=2900"},
			{in: "10400", hospital: "second", want: "ded=400 basic=8000 cash=2400"},
			{in: "10200", hospital: "first", want: "ded=200 basic=8000 cash=2200"},
			{in: "10900", hospital: "special", want: "ded=900 basic=8000 cash=2900"},
		}},
		{"8.2.1 flat for all levels (Shanghai)", blocks{deductible: `[version.deductible]
			amount = 1500`}, []stay{
			{in: "11500", hospital: "first", want: "ded=1500 basic=8000 cash=3500"},
			{in: "11500", hospital: "tcm", want: "refused 4004"}, // neither register nor claim tells a level
		}},
		{"8.2.1 rows for community, TCM, special level three, five levels (Chengdu, Hanzhong, Xi'an, Shaoyang)", blocks{deductible: `[version.deductible]
			amount = { community = 160, township = 200, first = 500, second = 800, "second+tcm" = 600, third = 1200, "third+provincial" = 2000, special = 2500 }`}, []stay{
			{in: "10160", hospital: "first+community", want: "ded=160 basic=8000 cash=2160"},
			{in: "10200", hospital: "first+township", want: "ded=200 basic=8000 cash=2200"},
			{in: "10600", hospital: "second+tcm", want: "ded=600 basic=8000 cash=2600"},
			{in: "11200", hospital: "third+tcm", want: "ded=1200 basic=8000 cash=3200"},
			{in: "12000", hospital: "third+provincial", want: "ded=2000 basic=8000 cash=4000"},
			{in: "12500", hospital: "special", want: "ded=2500 basic=8000 cash=4500"},
		}},
		{"8.2.2 half from the second stay (Beijing, Shenzhen, Wuhan)", later(`percent = [50]`), []stay{
			{in: "11200", want: "ded=1200 basic=8000 cash=3200"},
			{in: "10600", before: earlier(1), want: "ded=600 basic=8000 cash=2600"},
			{in: "10600", before: earlier(5), want: "ded=600 basic=8000 cash=2600"},
		}},
		{"8.2.2 half, then none (Jinan)", later(`percent = [50, 0]`), []stay{
			{in: "10600", before: earlier(1), want: "ded=600 basic=8000 cash=2600"},
			{in: "10000", before: earlier(2), want: "ded=0 basic=8000 cash=2000"},
			{in: "10000", before: earlier(9), want: "ded=0 basic=8000 cash=2000"},
		}},
		{"8.2.2 100 less each, with a floor (Hebei, Ulanqab)", later("minus = 100\nfloor = { any = 100, third = 950 }"), []stay{
			{in: "11100", before: earlier(1), want: "ded=1100 basic=8000 cash=3100"},
			{in: "10950", before: earlier(3), want: "ded=950 basic=8000 cash=2950"},
			{in: "10100", hospital: "first", before: earlier(4), want: "ded=100 basic=8000 cash=2100"},
		}},
		{"8.2.2 20 % less each, not below level one (Xi'an)", later("minus_percent = 20\nfloor_level = \"first\""), []stay{
			{in: "10960", before: earlier(1), want: "ded=960 basic=8000 cash=2960"},
			{in: "10200", before: earlier(6), want: "ded=200 basic=8000 cash=2200"},
		}},
		{"8.2.2 half only at the same level (Shaoyang)", later("count = \"at the same level\"\npercent = [50]"), []stay{
			{in: "11200", before: benefit.Accumulators{Stays: 2, StaysByLevel: map[benefit.Level]int{benefit.LevelFirst: 2}}, want: "ded=1200 basic=8000 cash=3200"},
			{in: "10600", before: benefit.Accumulators{Stays: 2, StaysByLevel: map[benefit.Level]int{benefit.LevelThird: 1}}, want: "ded=600 basic=8000 cash=2600"},
		}},
		{"8.2.3 once a year (simulator)", blocks{deductible: `[version.deductible]
			amount = { first = 200, third = 900 }
			charged = "once a year"`}, []stay{
			{in: "10900", want: "ded=900 basic=8000 cash=2900"},
			{in: "10000", before: benefit.Accumulators{Stays: 1, Deductible: 200_00, YearDeductible: 200_00}, want: "ded=0 basic=8000 cash=2000"},
			{in: "10150", hospital: "first", before: benefit.Accumulators{Stays: 1, Deductible: 50_00, YearDeductible: 200_00}, want: "ded=150 basic=8000 cash=2150"},
		}},
		{"8.2.3 once a year: a stay without it leaves it to the next", blocks{deductible: `[version.deductible]
			amount = 900
			charged = "once a year"
			[[version.deductible.special]]
			for = { med_types = ["52"] }
			waived = true`}, []stay{
			{in: "10900", before: earlier(1), want: "ded=900 basic=8000 cash=2900"}, // the first was waived, or nothing was paid on it
			{in: "10000", before: benefit.Accumulators{Stays: 1, Deductible: 300_00, YearDeductible: 900_00},
				change: func(c *benefit.Case) { c.Claim.MedType = "52" }, want: "ded=0 basic=8000 cash=2000"}, // nor is the rest of it charged
			{in: "10600", before: benefit.Accumulators{Stays: 1, Deductible: 300_00, YearDeductible: 900_00}, want: "ded=600 basic=8000 cash=2600"},
			{in: "10000", before: benefit.Accumulators{Stays: 1, Deductible: 300_00}, want: "ded=0 basic=8000 cash=2000"}, // begun elsewhere
		}},
		{"8.2.3 each stay its own, all of a year up to a limit (Hunan; half from the second: Xiangtan)", blocks{deductible: `[version.deductible]
			amount = { second = 600, third = 1200 }
			year_at_most = 2300
			[version.deductible.later_stays]
			percent = [50]`}, []stay{
			{in: "11200", want: "ded=1200 basic=8000 cash=3200"},
			{in: "10600", before: benefit.Accumulators{Stays: 1, Deductible: 1_200_00}, want: "ded=600 basic=8000 cash=2600"},
			{in: "10500", before: benefit.Accumulators{Stays: 2, Deductible: 1_800_00}, want: "ded=500 basic=8000 cash=2500"},
			{in: "10000", before: benefit.Accumulators{Stays: 3, Deductible: 2_300_00}, want: "ded=0 basic=8000 cash=2000"},
			{in: "10000", before: benefit.Accumulators{Stays: 1, Deductible: 9_000_00}, want: "ded=0 basic=8000 cash=2000"}, // paid elsewhere
		}},
		{"8.2.3 topped up at a dearer hospital (Bijie)", blocks{deductible: `[version.deductible]
			amount = { first = 200, third = 900 }
			charged = "topped up in the year"`}, []stay{
			{in: "10700", before: benefit.Accumulators{Stays: 1, Deductible: 200_00, YearDeductible: 200_00}, want: "ded=700 basic=8000 cash=2700"},
			{in: "10000", hospital: "first", before: benefit.Accumulators{Stays: 2, Deductible: 900_00, YearDeductible: 900_00}, want: "ded=0 basic=8000 cash=2000"},
		}},
		{"8.2.3 by the year's highest level (Chongqing)", blocks{deductible: `[version.deductible]
			amount = { first = 200, third = 900 }
			charged = "by the year's highest level"`}, []stay{
			{in: "10300", hospital: "first", before: benefit.Accumulators{Stays: 1, Deductible: 600_00, StaysByLevel: map[benefit.Level]int{benefit.LevelThird: 1}}, want: "ded=300 basic=8000 cash=2300"},
		}},
		{"8.2.4 once a quarter (simulator)", blocks{deductible: `[version.deductible]
			amount = 900
			charged = "once a quarter"`}, []stay{
			{in: "10500", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-Q2": 400_00, "2026-Q1": 900_00}}, want: "ded=500 basic=8000 cash=2500"},
		}},
		{"8.2.4 once a month (simulator)", blocks{deductible: `[version.deductible]
			amount = 900
			charged = "once a month"`}, []stay{
			{in: "10000", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-05": 900_00}}, want: "ded=0 basic=8000 cash=2000"},
			{in: "10900", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-04": 900_00}}, want: "ded=900 basic=8000 cash=2900"},
		}},
		{"8.2.4 once a year in each hospital (simulator)", blocks{deductible: `[version.deductible]
			amount = 900
			charged = "once a year in each hospital"`}, []stay{
			{in: "10000", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-H33010000001": 900_00}}, want: "ded=0 basic=8000 cash=2000"},
			{in: "10900", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-H33010000002": 900_00}}, want: "ded=900 basic=8000 cash=2900"},
		}},
		{"8.2.4 a new one every 90 days (Beijing, Guangzhou)", blocks{deductible: `[version.deductible]
			amount = 1300
			renewed_every_days = 90
			[version.deductible.later_stays]
			percent = [50]`}, []stay{
			{in: "11300", from: "2026-01-01", to: "2026-04-01", want: "ded=1300 basic=8000 cash=3300"}, // 90 days
			{in: "11950", from: "2026-01-01", to: "2026-04-02", want: "ded=1950 basic=8000 cash=3950"}, // 91 days
			{in: "11300", from: "2026-01-01", to: "2026-05-01", before: earlier(1), want: "ded=1300 basic=8000 cash=3300"},
		}},
		{"8.2.5 a transfer continues the stay", blocks{deductible: `[version.deductible]
			amount = { first = 200, third = 900 }
			transfer_within_days = 1`}, []stay{
			{in: "10700", before: benefit.Accumulators{Stays: 1, Deductible: 200_00, Last: &benefit.LastStay{Discharged: day("2026-04-30"), Ordinal: 1, Deductible: 200_00}}, want: "ded=700 basic=8000 cash=2700"},
			{in: "10900", before: benefit.Accumulators{Stays: 1, Deductible: 200_00, Last: &benefit.LastStay{Discharged: day("2026-04-28"), Ordinal: 1, Deductible: 200_00}}, want: "ded=900 basic=8000 cash=2900"},
		}},
		{"8.2.6 waived for the poor, the old from the 4th stay, psychiatry, repeated chemotherapy, childbirth (Nanchang)", blocks{
			version: hardship + `
			[[version.kind_of_stay]]
			name = "chemotherapy"
			zh = "化疗"
			en = "chemotherapy"
			diagnosis = ["Z51.1"]`,
			deductible: `[version.deductible]
			amount = 1000
			[[version.deductible.special]]
			for = { groups = ["hardship"] }
			waived = true
			[[version.deductible.special]]
			for = { age_from = 70, stay_from = 4 }
			waived = true
			[[version.deductible.special]]
			for = { kinds = ["chemotherapy"], kind_stay_from = 2 }
			waived = true
			[[version.deductible.special]]
			for = { med_types = ["52"] }
			percent = 50`}, []stay{
			{in: "10000", change: identity("7", ""), want: "ded=0 basic=8000 cash=2000"},
			{in: "10000", change: identity("8", "1"), want: "ded=0 basic=8000 cash=2000"},
			{in: "11000", change: identity("8", "2"), want: "ded=1000 basic=8000 cash=3000"},
			{in: "10000", before: earlier(3), change: born("1956-05-11"), want: "ded=0 basic=8000 cash=2000"},
			{in: "11000", before: earlier(3), change: born("1956-05-12"), want: "ded=1000 basic=8000 cash=3000"}, // 70 the day after discharge
			{in: "11000", before: earlier(2), change: born("1950-01-01"), want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", before: earlier(3), want: "ded=1000 basic=8000 cash=3000"}, // birthday not known: no privilege
			{in: "11000", change: diagnosis("Z51.103"), want: "ded=1000 basic=8000 cash=3000"},
			{in: "10000", before: benefit.Accumulators{Kinds: map[string]int{"chemotherapy": 1}}, change: diagnosis("Z51.103"), want: "ded=0 basic=8000 cash=2000"},
			{in: "10500", change: func(c *benefit.Case) { c.Claim.MedType = "52" }, want: "ded=500 basic=8000 cash=2500"},
		}},
		{"8.2.7 out of area: an amount of its own (Jiamusi), raised by percent (Hanzhong)", blocks{away: `
			[[version.out_of_area]]
			filing = ["referral", "long-term", "long-term-at-home", "emergency", "temporary"]
			deductible = 1500
			[[version.out_of_area]]
			filing = ["unfiled"]
			deductible_raised = 20`}, []stay{
			{in: "11500", filing: "06", want: "ded=1500 basic=8000 cash=3500"},
			{in: "11200", want: "ded=1200 basic=8000 cash=3200"},
			{in: "11000", at: "650100", want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"8.2.2 it falls at home, and is fixed for those referred (Suzhou, children)", blocks{deductible: `[version.deductible]
			amount = 500
			[version.deductible.later_stays]
			for = { filing = ["local", "long-term"] }
			percent = [50, 20]`, away: `
			[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home"]
			same_as = "local"
			[[version.out_of_area]]
			filing = ["referral", "emergency", "temporary", "unfiled"]
			deductible = 500`}, []stay{
			{in: "10500", filing: "06", before: earlier(2), want: "ded=500 basic=8000 cash=2500"},
			{in: "10100", filing: "02", before: earlier(2), want: "ded=100 basic=8000 cash=2100"},
			{in: "10250", at: "650100", before: earlier(1), want: "ded=250 basic=8000 cash=2250"},
		}},
		{"8.2.2 it falls in hospitals of the second and third level only", blocks{deductible: `[version.deductible]
			amount = { first = 200, second = 400, third = 800 }
			[version.deductible.later_stays]
			for = { hospital = ["second", "third"] }
			minus = 100
			floor = 160`}, []stay{
			{in: "10700", before: earlier(1), want: "ded=700 basic=8000 cash=2700"},
			{in: "10160", hospital: "second", before: earlier(5), want: "ded=160 basic=8000 cash=2160"},
			{in: "10200", hospital: "first", before: earlier(5), want: "ded=200 basic=8000 cash=2200"},
		}},
		{"8.2.7 outside the province 20 % of the total cost, 2,000 to 10,000 (Anhui)", blocks{away: `
			[[version.out_of_area]]
			filing = ["referral", "long-term", "long-term-at-home", "emergency", "temporary", "unfiled"]
			where = "same province"
			deductible_raised = 100
			[[version.out_of_area]]
			filing = ["referral", "long-term", "long-term-at-home", "emergency", "temporary", "unfiled"]
			deductible_percent_of_total = 20
			deductible_at_least = 2_000
			deductible_at_most = 10_000`}, []stay{
			{in: "8000", want: "ded=2000 basic=4800 cash=3200"},
			{in: "25000", change: outside("5000", "0"), want: "ded=6000 basic=15200 cash=14800"},
			{in: "60000", want: "ded=10000 basic=40000 cash=20000"},
			{in: "10000", at: "653100", want: "ded=2000 basic=6400 cash=3600"},
		}},
		{"8.2.8 larger than the in-scope amount; it may leave the first place free", blocks{deductible: `[version.deductible]
			amount = 1000
			stay_below_it_counts = false`}, []stay{
			{in: "999.99", want: "ded=999.99 cash=999.99"},
			{in: "1000", want: "ded=1000 cash=1000"},
			{in: "1000.01", want: "ded=1000 basic=0.01 cash=1000"},
		}},
		{"8.2.9 refunded by a supplement", blocks{layers: plainLayer + `
			[[version.layer]]
			id = "civil"
			zh = "公务员补助"
			en = "civil servants"
			fund = "320100"
			for = { groups = ["civil-servant"] }
			takes = ["deductible"]
			[[version.layer.segment]]
			pays = 100`}, []stay{
			{in: "11000", change: func(c *benefit.Case) { c.Claim.CivilServant = true }, want: "ded=1000 basic=8000 civil=1000 cash=2000"},
			{in: "11000", want: "ded=1000 basic=8000 cash=3000"},
		}},
	} {
		s.run(t)
	}
}

func TestOnlyWhatWasPaidOfThePeriodIsPaid(t *testing.T) {
	p := blocks{deductible: plainDeductible + "\ncharged = \"once a month\""}.plan(t)
	a, err := stay{in: "400"}.settle(t, p)
	if err != nil || a.Years[0].Periods["2026-05"] != 400_00 {
		t.Fatalf("%v (%v)", a.Years[0].Periods, err)
	}
	again, err := stay{in: "10600", before: a.Years[0].Accumulators}.settle(t, p)
	if got := summary(again, err); got != "ded=600 basic=8000 cash=2600" {
		t.Error(got)
	}
}

func TestStayBelowTheDeductibleMayNotCount(t *testing.T) {
	for _, x := range []struct {
		flag string
		want int
	}{{"", 1}, {"stay_below_it_counts = true", 1}, {"stay_below_it_counts = false", 0}} {
		p := blocks{deductible: plainDeductible + "\n" + x.flag}.plan(t)
		a, err := stay{in: "900"}.settle(t, p)
		if err != nil || a.Years[0].Stays != x.want {
			t.Errorf("%q: %d stays, want %d (%v)", x.flag, a.Years[0].Stays, x.want, err)
		}
	}
}

// TestRenewalsCountAsStays: "each 90 days of a long stay are one settlement cycle, a
// further cycle counts as a further stay" (8.2.4, Beijing). Of a plan with half from the
// second stay and none from the third, a stay after one of 91 days is the third.
func TestRenewalsCountAsStays(t *testing.T) {
	const long = `[version.deductible]
		amount = 1000
		renewed_every_days = 90
		[version.deductible.later_stays]
		percent = [50, 0]`
	counted := strings.Replace(long, "renewed_every_days = 90", "renewed_every_days = 90\nrenewals_count = true", 1)
	for _, x := range []struct {
		deductible, to string
		stays          int
		next           string
	}{
		{long, "2026-04-02", 1, "ded=500 basic=7600 cash=2400"},
		{counted, "2026-04-01", 1, "ded=500 basic=7600 cash=2400"}, // 90 days: one cycle
		{counted, "2026-04-02", 2, "ded=0 basic=8000 cash=2000"},
	} {
		p := blocks{deductible: x.deductible}.plan(t)
		first, err := stay{in: "11500", from: "2026-01-01", to: x.to}.settle(t, p)
		if err != nil {
			t.Fatal(err)
		}
		after := first.Years[0].Accumulators
		if after.Stays != x.stays || after.StaysByLevel[benefit.LevelThird] != x.stays {
			t.Errorf("until %s: %d stays, %v", x.to, after.Stays, after.StaysByLevel)
		}
		if got := summary(stay{in: "10000", before: after}.settle(t, p)); got != x.next {
			t.Errorf("until %s, the next stay: %s, want %s", x.to, got, x.next)
		}
	}
}

// TestBelowTheDeductibleRenewalsCountAsTheStayDoes, which is not at all where the plan
// says so.
func TestBelowTheDeductibleRenewalsCountAsTheStayDoes(t *testing.T) {
	p := blocks{deductible: `[version.deductible]
		amount = 1000
		renewed_every_days = 90
		renewals_count = true
		stay_below_it_counts = false`}.plan(t)
	below, err := stay{in: "900", from: "2026-01-01", to: "2026-05-01"}.settle(t, p)
	if err != nil || below.Years[0].Accumulators.Stays != 0 {
		t.Errorf("%+v, %v", below.Years, err)
	}
	p = blocks{deductible: plainDeductible + "\nrenewed_every_days = 90\nrenewals_count = true"}.plan(t)
	counted, err := stay{in: "900", from: "2026-01-01", to: "2026-05-01"}.settle(t, p)
	if err != nil || counted.Years[0].Accumulators.Stays != 2 {
		t.Errorf("%+v, %v", counted.Years, err)
	}
}
