package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
)

// Worked examples that cities and their agencies have printed, to the fen. The place and the
// year say where a rule was in force; no example is a plan that is shipped. Where a source
// gives a fund's payment without its rule, it stands here as a fixed payment.
func TestPublishedExamples(t *testing.T) {
	for _, s := range []shape{
		{"Hunan, residents, 2019: a stay of 70,000 in a city hospital", blocks{
			deductible: `[version.deductible]
				amount = { second = 600, third = 1200, "third+provincial" = 2300 }
				year_at_most = 2300`,
			layers: segments(basicHead, "", `{ second = 70, third = 65, "third+provincial" = 50 }`)}, []stay{
			{in: "66000", change: outside("3000", "1000"), want: "ded=1200 basic=42120 cash=27880"},
			// twice 600 in the county, then the city's 1,200: 1,100 are left of the year's 2,300
			{in: "66000", before: benefit.Accumulators{Stays: 2, Deductible: 1_200_00}, want: "ded=1100 basic=42185 cash=23815"},
			{in: "66000", before: benefit.Accumulators{Stays: 3, Deductible: 2_300_00}, want: "ded=0 basic=42900 cash=23100"},
		}},
		{"Nanjing, children, 2021: 75 % of the second hospital's, half of it of the third's, at least 150", blocks{deductible: `[version.deductible]
			amount = { first = 300, second = 400, third = 500 }
			[version.deductible.later_stays]
			percent = [75, "37.5"]
			floor = 150`}, []stay{
			{in: "10400", hospital: "second", want: "ded=400 basic=8000 cash=2400"},
			{in: "10375", before: earlier(1), want: "ded=375 basic=8000 cash=2375"},
			{in: "10150", hospital: "first", before: earlier(2), want: "ded=150 basic=8000 cash=2150"}, // 112.50
		}},
		{"residents: a table of segments, with the deductible in the first and a cap on payment", blocks{
			deductible: `[version.deductible]
				amount = { second = 200, third = 400 }
				[version.deductible.later_stays]
				percent = [70, 50]`,
			layers: segments(basicHead+"\nbounds = \"including the deductible\"", "10_000", "80", "30_000", "85", "", "90") + "\n[[version.layer.cap]]\nyuan = 60_000"}, []stay{
			{in: "10000", want: "ded=400 basic=7680 cash=2320"},
			{in: "30000", want: "ded=400 basic=24680 cash=5320"},
			{in: "100000", want: "ded=400 basic=60000 cash=40000"},
			{in: "30000", before: earlier(1), want: "ded=280 basic=24776 cash=5224"},
			{in: "30000", before: earlier(2), want: "ded=200 basic=24840 cash=5160"},
			{in: "30000", hospital: "second", before: earlier(1), want: "ded=140 basic=24888 cash=5112"},
		}},
		{"Chengdu, employees, 2005: 75 % and 0.2 points for each year of age, up to four average wages", blocks{
			version:    "average_wage = 11_584",
			deductible: "[version.deductible]\namount = \"404.20\"", // 5 % of 8,084
			layers: segments(basicHead, "", "75") + `
				[[version.layer.special]]
				for = { age_from = 40, age_up_to = 40 }
				points_up = 8
				[[version.layer.special]]
				for = { age_from = 50, age_up_to = 50 }
				points_up = 10
				[[version.layer.cap]]
				wage_times = 4`}, []stay{
			{in: "30000", change: born("1986-01-01"), want: "ded=404.20 basic=24564.51 cash=5435.49"},
			{in: "60000", change: born("1976-01-01"), want: "ded=404.20 basic=46336 cash=13664"},
		}},
		{"residents, 2017: a cap on cost, and what goes on to critical illness", blocks{
			deductible: "[version.deductible]\namount = 600",
			layers: segments(basicHead, "", "55") + "\n[[version.layer.cap]]\non = \"cost\"\ncounts_deductible = true\nyuan = 90_000\n" +
				segments(criticalHead, "", "100")}, []stay{
			{in: "177000", change: outside("3000", "0"), want: "ded=600 basic=49170 critical=127830 cash=3000"},
		}},
		{"Ziyang: critical illness by bands that include its start", blocks{
			deductible: "[version.deductible]\namount = 0",
			layers: segments(basicHead, "", "0") + "\n" + segments(criticalHead+"\nbounds = \"including the deductible\"\n[[version.layer.starts_above]]\nyuan = 8000",
				"50_000", "50", "100_000", "60", "", "70")}, []stay{
			{in: "50000", want: "ded=0 critical=21000 cash=29000"},
			{in: "80000", want: "ded=0 critical=39000 cash=41000"},
		}},
		{"critical illness by bands that include its start: 18,000, 70,000 and 50,000", blocks{
			deductible: "[version.deductible]\namount = 0",
			layers: segments(basicHead, "", "0") + "\n" + segments(criticalHead+"\nbounds = \"including the deductible\"\n[[version.layer.starts_above]]\nyuan = 12_000",
				"30_000", "60", "100_000", "65", "", "75")}, []stay{
			{in: "150000", want: "ded=0 critical=93800 cash=56200"},
		}},
		{"critical illness by bands above its start, in a year from October, 2018", blocks{
			deductible: "[version.deductible]\namount = 0",
			layers: segments(basicHead, "", "50") + fixed("40_000") + "\n" + segments(criticalHead+"\n[[version.layer.starts_above]]\nyuan = 20_000",
				"20_000", "30", "50_000", "40", "", "50"),
			rest: "[version.time]\nyear_begins = \"10-01\""}, []stay{
			{in: "90000", change: outside("10000", "0"), want: "ded=0 basic=40000 critical=10000 cash=50000"},
		}},
		{"Jiangyin, residents: assistance after critical illness", blocks{
			deductible: "[version.deductible]\namount = 0",
			layers: segments(basicHead, "", "50") + fixed("68_828") + "\n" + segments(criticalHead, "", "50") + fixed(`"37161.80"`) +
				segments(upper("assistance", "610100"), "", "70")}, []stay{
			{in: "135000", change: outside("15000", "0"), want: "ded=0 basic=68828 critical=37161.80 assistance=20307.14 cash=23703.06"},
		}},
		{"residents, 2024: further assistance above 3,500 that three funds have left", blocks{
			deductible: "[version.deductible]\namount = 0",
			layers: segments(basicHead, "", "50") + fixed("125_790") + "\n" + segments(criticalHead, "", "50") + fixed(`"29743.68"`) +
				segments(upper("assistance", "610100"), "", "50") + fixed(`"17126.42"`) +
				segments(upper("further", "610200")+"\n[[version.layer.starts_above]]\nyuan = 3500", "", "70")}, []stay{
			{in: "180000", change: outside("20000", "0"), want: "ded=0 basic=125790 critical=29743.68 assistance=17126.42 further=2687.93 cash=24651.97"},
		}},
		{"employees: the employer bears a part of the deductible", blocks{
			deductible: "[version.deductible]\namount = { second = 1500, third = 2000 }",
			layers: segments(basicHead+"\nbounds = \"including the deductible\"", "20_000", "82", "30_000", "88", "", "94") +
				segments("\n[[version.layer]]\nid = \"employer\"\nzh = \"单位\"\nen = \"employer\"\nfund = \"370100\"\ntakes = [\"deductible\"]", "", "{ second = 85, third = 82 }")}, []stay{
			{in: "40000", want: "ded=2000 basic=32960 employer=1640 cash=5400"},
		}},
		{"2013: a supplement on whatever the pool has left", blocks{
			deductible: "[version.deductible]\namount = 2000",
			layers: segments(basicHead, "", "80") + "\n[[version.layer.cap]]\nyuan = 100_000" +
				segments("\n[[version.layer]]\nid = \"supplement\"\nzh = \"补充\"\nen = \"supplement\"\nfund = \"370100\"\ntakes = [\"deductible\", \"own share\", \"over cap\", \"own expense\"]", "", "80")}, []stay{
			{in: "117000", change: outside("30000", "0"), want: "ded=2000 basic=92000 supplement=44000 cash=11000"},
		}},
	} {
		s.run(t)
	}
}

// outside puts amounts outside what is in scope: own expense, and self-pay-first.
func outside(own, first string) func(*benefit.Case) {
	return func(c *benefit.Case) {
		c.Claim.OwnExpense, c.Claim.SelfPayFirst = yuan(own), yuan(first)
		c.Claim.Total = c.Claim.InScope + c.Claim.OwnExpense + c.Claim.SelfPayFirst
	}
}

// segments adds segments to a layer: upper bound and ratio in turn, "" for no bound.
func segments(layer string, figures ...string) string {
	for i := 0; i < len(figures); i += 2 {
		layer += "\n[[version.layer.segment]]\npays = " + figures[i+1]
		if figures[i] != "" {
			layer += "\nup_to = " + figures[i]
		}
	}
	return layer
}

func fixed(yuan string) string { return "\n[[version.layer.special]]\nfixed_payment = " + yuan }

// upper is the head of a layer on what is left of the in-scope amount.
func upper(id, fund string) string {
	return "\n[[version.layer]]\nid = \"" + id + "\"\nzh = \"救助\"\nen = \"" + id + "\"\nfund = \"" + fund + "\"\ntakes = [\"deductible\", \"own share\", \"over cap\"]"
}
