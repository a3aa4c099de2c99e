package benefit_test

import (
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// A layer counted on the year begins where the year stands, the first layer's bounds
// including the deductible or not.
func TestShapesOfLayersOnTheYear(t *testing.T) {
	const bands = `
		[[version.layer.segment]]
		up_to = 30_000
		pays = 60
		[[version.layer.segment]]
		up_to = 40_000
		pays = 70
		[[version.layer.segment]]
		pays = 80`
	onYear, including := basicHead+"\ncounted = \"on the year\"", "\nbounds = \"including the deductible\""
	base := func(layer string, a ledger.Amount) benefit.Accumulators {
		return benefit.Accumulators{Stays: 1, Base: map[string]ledger.Amount{layer: a}}
	}
	for _, s := range []shape{
		{"8.3.3 on the year, including the deductible", blocks{layers: onYear + including + bands}, []stay{
			{in: "11000", before: base("basic", 34_000_00), want: "ded=1000 basic=7500 cash=3500"},                                                 // 35,000 to 40,000 x 70, 5,000 x 80
			{in: "11000", before: benefit.Accumulators{Stays: 1, InScope: 34_000_00, Deductible: 1_000_00}, want: "ded=1000 basic=7500 cash=3500"}, // counted there for the first time
		}},
		{"8.3.3 on the year: an opening tells its deductible, and no amount in scope", blocks{layers: onYear + bands}, []stay{
			{in: "32000", before: benefit.OpeningAccumulators(provinces.Opening{Stays: 1, Deductible: 1_000_00}), want: "ded=1000 basic=18700 cash=13300"}, // 30,000 x 60 + 1,000 x 70
		}},
		{"8.5.6 a large-amount layer on the year knows nothing of the year before it", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000\n" + largeHead + "\ncounted = \"on the year\"" + bands}, []stay{
			{in: "40000", before: benefit.Accumulators{Stays: 1, InScope: 90_000_00, OwnShare: 35_000_00}, want: "ded=1000 basic=4000 large=20800 cash=15200"}, // 30,000 x 60 + 4,000 x 70
			{in: "40000", before: base("large", 35_000_00), want: "ded=1000 basic=4000 large=26700 cash=9300"},                                                 // 5,000 x 70 + 29,000 x 80
		}},
		{"8.5.7 critical illness begins with the year's own share, its bounds absolute or not", blocks{layers: plainLayer + "\n" + criticalHead + including + bands}, []stay{
			{in: "51000", before: benefit.Accumulators{Stays: 1, InScope: 5_000_00, OwnShare: 35_000_00}, want: "ded=1000 basic=40000 critical=8300 cash=2700"}, // 5,000 x 70 + 6,000 x 80
		}},
		{"8.5.7 bands above its own deductible, which the year has passed", blocks{layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.starts_above]]\nyuan = 10_000" + bands}, []stay{
			{in: "51000", before: base("critical", 35_000_00), want: "ded=1000 basic=40000 critical=7200 cash=3800"}, // 25,000 to 30,000 x 60, 6,000 x 70
		}},
	} {
		s.run(t)
	}
}

// Who and what a layer is for, and where its payment comes off.
func TestShapesOfLayersAtTheirEdges(t *testing.T) {
	const third = "\n[[version.layer.segment]]\npays = { third = 50 }"
	poor := identity("7", "")
	for _, s := range []shape{
		{"a layer into which nothing enters needs no row for the hospital", blocks{layers: plainLayer + "\n" + largeHead + third}, []stay{
			{in: "11000", hospital: "first", want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"and one into which something enters is refused without it", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000\n" + largeHead + third}, []stay{
			{in: "11000", hospital: "first", want: "refused 4004"},
		}},
		{"8.4.6, 8.4.11 nothing out of area, of one layer above only", blocks{layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.segment]]\npays = 50", away: `[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
			pays_nothing = true
			layers = ["critical"]`}, []stay{
			{in: "11000", want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", at: "650100", want: "ded=1000 basic=8000 critical=1500 cash=1500"},
		}},
		{"8.5.7 a payment comes off the parts in the plan's order: the deductible, then the own share", blocks{
			layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.segment]]\npays = 50",
			rest:   "[version.personal_account]\nallowed = true\npays = [\"own share\"]"}, []stay{
			{in: "11000", change: account("5000", true), want: "ded=1000 basic=8000 critical=1500 account=1500 cash=0"},
			{in: "5500", change: account("5000", true), want: "ded=1000 basic=3600 critical=950 account=900 cash=50"}, // 50 of the deductible are left, and not the account's
		}},
		{"8.3.9 what a fixed payment leaves is own share, not above a cap", blocks{version: hardship, layers: basicHead + `
			[[version.layer.segment]]
			pays = 80
			[[version.layer.special]]
			for = { groups = ["hardship"] }
			fixed_payment = 6000
			[[version.layer.cap]]
			yuan = 9000
			` + largeHead + `
			[[version.layer.segment]]
			pays = 50`}, []stay{
			{in: "11000", change: poor, want: "ded=1000 basic=6000 cash=5000"},
			{in: "11000", change: poor, before: benefit.Accumulators{Stays: 1, Paid: map[string]ledger.Amount{"basic": 5_000_00}}, want: "ded=1000 basic=4000 cash=7000"}, // the cap has 4,000 left
		}},
		{"8.5.10 a guaranteed share for some", blocks{version: hardship, layers: plainLayer + "\n" + guaranteed + `
			[[version.layer.brings_up_to]]
			for = { groups = ["hardship"] }
			percent = 90
			of = "in scope"
			[[version.layer.brings_up_to]]
			percent = 75
			of = "in scope"`}, []stay{
			{in: "11000", change: poor, want: "ded=1000 basic=8000 guarantee=1900 cash=1100"},
			{in: "11000", want: "ded=1000 basic=8000 guarantee=250 cash=2750"},
		}},
		{"8.3.5 points lift to everything at most, and a factor comes after them", blocks{version: hardship, layers: basicHead + `
			[[version.layer.segment]]
			pays = 85
			[[version.layer.special]]
			for = { groups = ["hardship"] }
			points_up = 50`, away: `[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
			factor = 90`}, []stay{
			{in: "11000", change: poor, want: "ded=1000 basic=9000 cash=2000"},
		}},
	} {
		s.run(t)
	}
}

// Caps that do not bind, bind to the fen, or are used up and more.
func TestShapesOfCapsAtTheirEdges(t *testing.T) {
	capped := func(layer, rule string) string {
		return layer + "\n[[version.layer.cap]]\n" + rule + "\n" + largeHead + "\n[[version.layer.segment]]\npays = 50"
	}
	paying := func(ratio string) string { return strings.Replace(plainLayer, "80", ratio, 1) }
	free := "[version.deductible]\namount = 0"
	paid := func(key string, a ledger.Amount) benefit.Accumulators {
		return benefit.Accumulators{Stays: 1, Paid: map[string]ledger.Amount{key: a}}
	}
	cost := func(a ledger.Amount) benefit.Accumulators {
		return benefit.Accumulators{Stays: 1, Base: map[string]ledger.Amount{"basic#cost": a}}
	}
	raised := blocks{layers: plainLayer + "\n" + criticalHead + `
		[[version.layer.segment]]
		pays = 100
		[[version.layer.cap]]
		yuan = 20_000
		[version.layer.cap.raise]
		after_years = 4
		per_continuous_year = 1000
		per_zero_claim_year = 500`}
	loyal := func(years, zero *int) func(*benefit.Case) {
		return person(func(p *benefit.Person) { p.PersonType, p.ContinuousYears, p.ZeroClaimYears = "15", years, zero })
	}
	for _, s := range []shape{
		{"8.5.1 a cap on cost: below it, used up by more, and no cap on what was paid", blocks{layers: capped(plainLayer, "on = \"cost\"\nyuan = 4000")}, []stay{
			{in: "3000", want: "ded=1000 basic=1600 cash=1400"},
			{in: "5000", want: "ded=1000 basic=3200 cash=1800"},
			{in: "11000", before: cost(9_000_00), want: "ded=1000 large=5000 cash=6000"},
			{in: "5000", before: paid("basic", 3_999_00), want: "ded=1000 basic=3200 cash=1800"},
		}},
		{"8.5.1 a cap on the cost of each stay", blocks{layers: capped(plainLayer, "on = \"cost\"\nper = \"stay\"\nyuan = 4000")}, []stay{
			{in: "11000", before: cost(3_000_00), want: "ded=1000 basic=3200 large=3000 cash=4800"},
		}},
		{"8.5.1 what pays the cap exactly lies in the layer to the last fen", blocks{deductible: free, layers: capped(paying(`"33.33"`), "yuan = \"3.33\"")}, []stay{
			{in: "10", want: "ded=0 basic=3.33 cash=6.67"}, // 3.33 / 33.33 % would be 9.99
			{in: "10.02", want: "ded=0 basic=3.33 large=0.02 cash=6.67"},
		}},
		{"8.5.1 above the cap a segment without payment takes nothing in", blocks{layers: capped(basicHead+`
			[[version.layer.segment]]
			up_to = 5000
			pays = 80
			[[version.layer.segment]]
			pays = 0`, "yuan = 4000")}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=2500 cash=4500"},
		}},
		{"8.7.2 rounding up to ten fen goes above neither the cap nor the cost", blocks{version: `rounding = "ten fen"`, deductible: free, layers: capped(paying("100"), "yuan = \"10.06\"")}, []stay{
			{in: "10.04", want: "ded=0 basic=10 cash=0.04"},
			{in: "10.05", want: "ded=0 basic=10.05 cash=0"}, // not 10.10
			{in: "20", want: "ded=0 basic=10.06 large=5 cash=4.94"},
		}},
		{"8.7.2 rounding up to ten fen goes above no cap, the cost being larger", blocks{version: `rounding = "ten fen"`, deductible: free, layers: capped(paying("50"), "yuan = \"10.06\"")}, []stay{
			{in: "30", want: "ded=0 basic=10.06 large=4.90 cash=15.04"}, // 20.12 reach the cap; half of 9.88 is 4.94
		}},
		{"8.7.2 five fen and more are ten", blocks{version: `rounding = "ten fen"`, deductible: free, layers: paying("50")}, []stay{
			{in: "0.08", want: "ded=0 cash=0.08"},
			{in: "0.10", want: "ded=0 basic=0.10 cash=0"},
			{in: "0.28", want: "ded=0 basic=0.10 cash=0.18"},
			{in: "0.30", want: "ded=0 basic=0.20 cash=0.10"},
		}},
		{"8.7.3 five decimals: half a fen and more is a fen, once, at the end", blocks{version: `rounding = "five decimals"`, deductible: free, layers: paying("20")}, []stay{
			{in: "0.02", want: "ded=0 cash=0.02"},            // 0.4 fen
			{in: "0.03", want: "ded=0 basic=0.01 cash=0.02"}, // 0.6 fen
			{in: "0.13", want: "ded=0 basic=0.03 cash=0.10"}, // 2.6 fen
			{in: "0.12", want: "ded=0 basic=0.02 cash=0.10"}, // 2.4 fen
		}},
		{"8.7.3 five decimals, and a cap", blocks{version: `rounding = "five decimals"`, deductible: free, layers: capped(paying("50"), "yuan = 10")}, []stay{
			{in: "100", want: "ded=0 basic=10 large=40 cash=50"},
			{in: "20", want: "ded=0 basic=10 cash=10"},
		}},
		{"8.5.3 a joint cap for each stay", blocks{layers: capped(plainLayer, "yuan = 4000") + "\n[[version.layer.cap]]\nper = \"stay\"\nyuan = 5500\nwith = [\"basic\"]"}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=1500 cash=5500"},
			{in: "11000", before: paid("large", 90_000_00), want: "ded=1000 basic=4000 large=1500 cash=5500"},
		}},
		{"8.5.3 of a joint cap only the layers named have a part", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000\n" + largeHead + "\n[[version.layer.segment]]\npays = 50\n" + criticalHead + `
			[[version.layer.segment]]
			pays = 100
			[[version.layer.cap]]
			per = "stay"
			yuan = 5000
			with = ["large"]`}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=2500 critical=2500 cash=2000"},
		}},
		{"8.5.4 an opening by fund counts once where two layers are of that fund", blocks{layers: plainLayer + "\n" + guaranteed + `
			[[version.layer.brings_up_to]]
			percent = 100
			of = "total"
			[[version.layer.cap]]
			yuan = 9000
			with = ["basic"]`}, []stay{
			{in: "11000", before: paid("390100", 500_00), want: "ded=1000 basic=8000 guarantee=500 cash=2500"},
		}},
		{"8.5.4 outpatient payments count only where the plan says so", blocks{layers: capped(plainLayer, "yuan = 4000")}, []stay{
			{in: "11000", before: benefit.Accumulators{Outpatient: 3_000_00}, want: "ded=1000 basic=4000 large=2500 cash=4500"},
		}},
		{"8.5.7 loyalty: years before they count, either kind alone, and none known", raised, []stay{
			{in: "201000", change: loyal(ptr(3), nil), want: "ded=1000 basic=160000 critical=20000 cash=21000"},
			{in: "201000", change: loyal(ptr(5), nil), want: "ded=1000 basic=160000 critical=21000 cash=20000"},
			{in: "201000", change: loyal(nil, ptr(3)), want: "ded=1000 basic=160000 critical=21500 cash=19500"},
			{in: "201000", change: loyal(ptr(5), ptr(3)), want: "ded=1000 basic=160000 critical=22500 cash=18500"},
			{in: "201000", change: loyal(ptr(-7), ptr(-7)), want: "ded=1000 basic=160000 critical=20000 cash=21000"}, // foreign figures
			{in: "201000", change: loyal(nil, ptr(1<<62)), want: "ded=1000 basic=160000 critical=41000 cash=0"},      // 200 of them count
			{in: "201000", change: loyal(nil, nil), want: "ded=1000 basic=160000 critical=20000 cash=21000"},
		}},
	} {
		s.run(t)
	}
}

// A ceiling may be for some, of what is in scope, and over some layers: those alone are
// summed, and those alone give back.
func TestShapesOfCeilings(t *testing.T) {
	three := func(ceiling string) blocks {
		return blocks{version: hardship, layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.segment]]\npays = 50\n" + `
			[[version.layer]]
			id = "enterprise"
			zh = "企业补充"
			en = "enterprise"
			fund = "370100"
			takes = ["own share"]
			[[version.layer.segment]]
			pays = 50`, rest: "[[version.ceiling]]\n" + ceiling}
	}
	for _, s := range []shape{
		{"8.5.9 for some", three("for = { groups = [\"hardship\"] }\npercent = 50"), []stay{
			{in: "11000", want: "ded=1000 basic=8000 critical=1500 enterprise=750 cash=750"},
			{in: "11000", change: identity("7", ""), want: "ded=1000 basic=5500 cash=5500"},
		}},
		{"8.5.9 of what is in scope", three("of = \"in scope\"\npercent = 90"), []stay{
			{in: "11000", change: outside("1000", "0"), want: "ded=1000 basic=8000 critical=1500 enterprise=400 cash=2100"},
		}},
		{"8.5.9 over some layers", three("layers = [\"basic\", \"critical\"]\npercent = 80"), []stay{
			{in: "11000", want: "ded=1000 basic=8000 critical=800 enterprise=750 cash=1450"},
		}},
	} {
		s.run(t)
	}
}

// TestACeilingGivesBackToTheCapThatCounted, and to no other layer's.
func TestACeilingGivesBackToTheCapThatCounted(t *testing.T) {
	p := blocks{layers: plainLayer + "\n[[version.layer.cap]]\nname = \"accident\"\nyuan = 9000\n" + criticalHead + `
		[[version.layer.segment]]
		pays = 50
		[[version.layer.cap]]
		name = "accident"
		yuan = 9000`, rest: "[[version.ceiling]]\npercent = 80"}.plan(t)
	a, err := stay{in: "11000"}.settle(t, p)
	if got := summary(a, err); got != "ded=1000 basic=8000 critical=800 cash=2200" {
		t.Fatal(got)
	}
	if paid := a.Years[0].Paid; paid["basic#accident"] != 8000_00 || paid["critical#accident"] != 800_00 {
		t.Errorf("the year counts %v", paid)
	}
}
