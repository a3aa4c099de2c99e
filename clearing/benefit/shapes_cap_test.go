package benefit_test

import (
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

func TestShapesOfCapsAndLayers(t *testing.T) {
	capped := func(rule string) string {
		return plainLayer + "\n[[version.layer.cap]]\n" + rule + "\n" + largeHead + "\n[[version.layer.segment]]\npays = 50"
	}
	paid := func(layer string, a ledger.Amount) benefit.Accumulators {
		return benefit.Accumulators{Stays: 1, Paid: map[string]ledger.Amount{layer: a}}
	}
	for _, s := range []shape{
		{"8.5.1 cap on payment (Beijing)", blocks{layers: capped("yuan = 4000")}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=2500 cash=4500"}, // 5,000 belongs to the pool, 5,000 lies above
			{in: "6000", want: "ded=1000 basic=4000 cash=2000"},             // exactly at the cap
			{in: "6000.01", want: "ded=1000 basic=4000 large=0.01 cash=2000"},
			{in: "11000", before: paid("basic", 3_000_00), want: "ded=1000 basic=1000 large=4375 cash=5625"},
			{in: "11000", before: paid("basic", 4_000_00), want: "ded=1000 large=5000 cash=6000"},
		}},
		{"8.5.1 cap on cost (Tongren)", blocks{layers: capped("on = \"cost\"\nyuan = 4000")}, []stay{
			{in: "11000", want: "ded=1000 basic=3200 large=3000 cash=4800"},
			{in: "11000", before: benefit.Accumulators{Base: map[string]ledger.Amount{"basic#cost": 1_000_00}}, want: "ded=1000 basic=2400 large=3500 cash=5100"},
		}},
		{"8.5.1 cap on cost that counts the deductible (Tongren)", blocks{layers: capped("on = \"cost\"\ncounts_deductible = true\nyuan = 4000")}, []stay{
			{in: "11000", want: "ded=1000 basic=2400 large=3500 cash=5100"},
		}},
		{"8.5.2 cap as a multiple of the average wage (Guangzhou)", blocks{version: "average_wage = 1000", layers: capped("wage_times = 6")}, []stay{
			{in: "11000", want: "ded=1000 basic=6000 large=1250 cash=3750"},
		}},
		{"8.5.2 cap by months of contributions (Shenzhen)", blocks{version: "average_wage = 1000",
			layers: capped("for = { contribution_months_from = 72 }\nwage_times = 6\n[[version.layer.cap]]\nfor = { contribution_months_from = 12 }\nwage_times = 3\n[[version.layer.cap]]\nwage_times = 1")}, []stay{
			{in: "11000", change: person(func(p *benefit.Person) { p.ContributionMonths = ptr(72) }), want: "ded=1000 basic=6000 large=1250 cash=3750"},
			{in: "11000", change: person(func(p *benefit.Person) { p.ContributionMonths = ptr(71) }), want: "ded=1000 basic=3000 large=3125 cash=4875"},
			{in: "11000", want: "ded=1000 basic=1000 large=4375 cash=5625"}, // not known: no privilege
		}},
		{"8.5.3 two caps (Beijing, Hanzhong)", blocks{layers: capped("yuan = 4000") + "\n[[version.layer.cap]]\nyuan = 1000"}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=1000 cash=6000"},
		}},
		{"8.5.3 one joint cap (Kunming, XPCC)", blocks{layers: capped("yuan = 4000") + "\n[[version.layer.cap]]\nyuan = 5500\nwith = [\"basic\"]"}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=1500 cash=5500"},
			{in: "11000", before: paid("large", 1_000_00), want: "ded=1000 basic=4000 large=500 cash=6500"},
		}},
		{"8.5.4 cap shared with outpatient payments", blocks{layers: capped("yuan = 4000\noutpatient = true")}, []stay{
			{in: "11000", before: benefit.Accumulators{Outpatient: 3_000_00}, want: "ded=1000 basic=1000 large=4375 cash=5625"},
		}},
		{"8.5.4 an opening by fund counts in the fund's first layer", blocks{layers: capped("yuan = 4000")}, []stay{
			{in: "11000", before: benefit.OpeningAccumulators(provinces.Opening{Stays: 1, Paid: []provinces.FundAmount{{Fund: "390100", Amount: 3_000_00}}}), want: "ded=1000 basic=1000 large=4375 cash=5625"},
		}},
		{"8.5.6 large-amount layer in bands", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 4000\n" + largeHead + `
			[[version.layer.segment]]
			up_to = 1000
			pays = 80
			[[version.layer.segment]]
			pays = 90`}, []stay{
			{in: "11000", want: "ded=1000 basic=4000 large=4400 cash=2600"},
		}},
		{"8.5.7 critical illness on the year, bands above its deductible (Beijing), hardship", blocks{version: hardship, layers: plainLayer + "\n" + criticalHead + `
			[[version.layer.starts_above]]
			for = { groups = ["hardship"] }
			yuan = 5000
			[[version.layer.starts_above]]
			yuan = 10_000
			[[version.layer.segment]]
			up_to = 5000
			pays = 60
			[[version.layer.segment]]
			pays = 70
			[[version.layer.special]]
			for = { groups = ["hardship"] }
			points_up = 5
			[[version.layer.cap]]
			for = { groups = ["hardship"] }
			none = true
			[[version.layer.cap]]
			yuan = 10_000`}, []stay{
			{in: "46000", want: "ded=1000 basic=36000 cash=10000"},                // own share 10,000: nothing above
			{in: "51000", want: "ded=1000 basic=40000 critical=600 cash=10400"},   // 1,000 x 60
			{in: "101000", want: "ded=1000 basic=80000 critical=7200 cash=13800"}, // 5,000 x 60 + 6,000 x 70
			{in: "151000", want: "ded=1000 basic=120000 critical=10000 cash=21000"},
			{in: "51000", before: benefit.Accumulators{OwnShare: 9_000_00}, want: "ded=1000 basic=40000 critical=6500 cash=4500"}, // 10,000 above: 5,000 x 60 + 5,000 x 70
			{in: "51000", before: benefit.Accumulators{Base: map[string]ledger.Amount{"critical": 9_000_00}}, want: "ded=1000 basic=40000 critical=6500 cash=4500"},
			{in: "51000", change: identity("7", ""), want: "ded=1000 basic=40000 critical=4000 cash=7000"}, // 5,000 x 65 + 1,000 x 75
		}},
		{"8.5.7 critical illness with bands on absolute amounts (others)", blocks{layers: plainLayer + "\n" + criticalHead + `
			bounds = "including the deductible"
			[[version.layer.starts_above]]
			yuan = 10_000
			[[version.layer.segment]]
			up_to = 15_000
			pays = 60
			[[version.layer.segment]]
			pays = 70`}, []stay{
			{in: "101000", want: "ded=1000 basic=80000 critical=7200 cash=13800"},
		}},
		{"8.1.5 self-pay-first counts for critical illness, or not (Jiangxi)", blocks{
			away: "[[version.out_of_area]]\nfiling = [\"long-term\", \"long-term-at-home\", \"referral\", \"emergency\", \"temporary\", \"unfiled\"]\nself_pay_first = 10",
			layers: plainLayer + strings.Replace("\n"+criticalHead, `"over cap"`, `"over cap", "out-of-area self-pay-first", "self-pay-first"`, 1) + `
			[[version.layer.segment]]
			pays = 50`}, []stay{
			{in: "11000", change: func(c *benefit.Case) { c.Claim.SelfPayFirst, c.Claim.Total = 100_00, 11_100_00 }, want: "ded=1000 basic=7120 critical=1990 cash=1990"},
		}},
		{"8.5.7 loyalty raises the cap, together at most 20 % (Jiangxi)", blocks{layers: plainLayer + "\n" + criticalHead + `
			[[version.layer.segment]]
			pays = 100
			[[version.layer.cap]]
			yuan = 20_000
			[version.layer.cap.raise]
			after_years = 4
			per_continuous_year = 1000
			per_zero_claim_year = 500
			at_most_percent = 20`}, []stay{
			{in: "201000", want: "ded=1000 basic=160000 critical=20000 cash=21000"},
			{in: "201000", change: person(func(p *benefit.Person) { p.ContinuousYears, p.ZeroClaimYears = ptr(6), ptr(1) }), want: "ded=1000 basic=160000 critical=22500 cash=18500"},
			{in: "201000", change: person(func(p *benefit.Person) { p.ContinuousYears = ptr(40) }), want: "ded=1000 basic=160000 critical=24000 cash=17000"},
		}},
		{"8.5.8 assistance by group, caps by the stay's total, priority hospitals (Ulanqab)", blocks{version: hardship, layers: plainLayer + `
			[[version.layer]]
			id = "assistance"
			zh = "医疗救助"
			en = "assistance"
			fund = "610100"
			for = { groups = ["hardship"] }
			takes = ["deductible", "own share", "over cap"]
			[[version.layer.segment]]
			pays = 70
			[[version.layer.special]]
			for = { hospital = ["priority"] }
			factor = 110
			[[version.layer.cap]]
			for = { total_above = 30_000 }
			yuan = 100_000
			[[version.layer.cap]]
			yuan = 2000`}, []stay{
			{in: "11000", want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", change: identity("7", ""), want: "ded=1000 basic=8000 assistance=2000 cash=1000"},
			{in: "31000", change: identity("7", ""), want: "ded=1000 basic=24000 assistance=4900 cash=2100"},
			{in: "31000", hospital: "third+priority", change: identity("7", ""), want: "ded=1000 basic=24000 assistance=5390 cash=1610"},
		}},
		{"8.5.9 a ceiling on all payments (Ulanqab 90 %)", blocks{layers: basicHead + `
			[[version.layer.segment]]
			pays = 95
			` + criticalHead + `
			[[version.layer.segment]]
			pays = 50`, rest: "[[version.ceiling]]\npercent = 90"}, []stay{
			{in: "11000", want: "ded=1000 basic=9500 critical=400 cash=1100"},
			{in: "101000", want: "ded=1000 basic=90900 cash=10100"},
		}},
		{"8.5.10 enterprise, disabled soldiers and a bottom fund, in order", blocks{version: `[[version.group]]
			name = "soldier"
			zh = "残疾军人"
			en = "disabled soldiers"
			identities = ["50"]`, layers: plainLayer + `
			[[version.layer]]
			id = "enterprise"
			zh = "企业补充"
			en = "enterprise"
			fund = "370100"
			takes = ["own share"]
			[[version.layer.segment]]
			pays = 50
			[[version.layer]]
			id = "soldiers"
			zh = "残疾军人补助"
			en = "disabled soldiers"
			fund = "350100"
			for = { groups = ["soldier"] }
			takes = ["own share", "deductible"]
			[[version.layer.segment]]
			pays = 50
			[[version.layer]]
			id = "bottom"
			zh = "兜底"
			en = "bottom fund"
			fund = "640100"
			takes = ["own share", "deductible", "over cap"]
			[[version.layer.starts_above]]
			percent_of_total = 10
			[[version.layer.segment]]
			pays = 100`}, []stay{
			{in: "11000", want: "ded=1000 basic=8000 enterprise=1000 bottom=900 cash=1100"}, // 10 % of 11,000 stays
			{in: "11000", change: identity("50", ""), want: "ded=1000 basic=8000 enterprise=1000 soldiers=1000 cash=1000"},
		}},
		{"8.5.10 a guaranteed share of the cost above the deductible (Bengbu, Anhui)", blocks{layers: plainLayer + `
			[[version.layer.cap]]
			yuan = 9_000
			` + guaranteed + `
			[[version.layer.brings_up_to]]
			where = "same province"
			percent = 45
			of = "total above the deductible"
			[[version.layer.brings_up_to]]
			percent = 40
			of = "total above the deductible"
			[[version.layer.cap]]
			yuan = 9_000
			with = ["basic"]`}, []stay{
			{in: "6000", change: outside("15000", "0"), want: "ded=1000 basic=4000 guarantee=4000 cash=13000"},
			{in: "6000", at: "653100", change: outside("15000", "0"), want: "ded=1000 basic=4000 guarantee=5000 cash=12000"},
			{in: "6000", change: outside("4000", "0"), want: "ded=1000 basic=4000 cash=6000"},                                                   // 40 % are 3,600
			{in: "6000", change: outside("15000", "0"), before: paid("basic", 2_000_00), want: "ded=1000 basic=4000 guarantee=3000 cash=14000"}, // the common cap
			{in: "1500", change: outside("0.13", "0"), want: "ded=1000 basic=400 cash=1100.13"},
			{in: "1000", change: outside("0.12", "0"), want: "ded=1000 guarantee=0.05 cash=1000.07"}, // 0.048
		}},
		{"8.5.10 all funds together brought up to 90 % of what is in scope, for some", blocks{version: hardship, layers: plainLayer + `
			` + guaranteed + `
			for = { groups = ["hardship"] }
			[[version.layer.brings_up_to]]
			percent = 90
			of = "in scope"`}, []stay{
			{in: "11000", change: identity("7", ""), want: "ded=1000 basic=8000 guarantee=1900 cash=1100"}, // 90 % are 9,900
			{in: "11000", want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"8.5.11 accident cap (Jiamusi), counted apart", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 6000\n[[version.layer.cap]]\nname = \"accident\"\nfor = { injury = true }\nyuan = 3000"}, []stay{
			{in: "11000", want: "ded=1000 basic=6000 cash=5000"},
			{in: "11000", change: func(c *benefit.Case) { c.Claim.Injury = true }, want: "ded=1000 basic=3000 cash=8000"},
			{in: "11000", change: func(c *benefit.Case) { c.Claim.Injury = true }, before: benefit.Accumulators{Paid: map[string]ledger.Amount{"basic": 4_000_00, "basic#accident": 1_500_00}}, want: "ded=1000 basic=1500 cash=9500"},
			{in: "11000", change: func(c *benefit.Case) { c.Claim.Injury = true }, before: paid("basic", 5_000_00), want: "ded=1000 basic=1000 cash=10000"},
		}},
		{"8.5.11 a cap for each stay", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nper = \"stay\"\nyuan = 3000"}, []stay{
			{in: "11000", before: paid("basic", 50_000_00), want: "ded=1000 basic=3000 cash=8000"},
		}},
		{"personal account: the smaller of share and known balance", blocks{rest: "[version.personal_account]\nallowed = true"}, []stay{
			{in: "11000", change: account("2000", true), want: "ded=1000 basic=8000 account=2000 cash=1000"},
			{in: "11000", change: account("5000", true), want: "ded=1000 basic=8000 account=3000 cash=0"},
			{in: "11000", change: account("5000", false), want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", change: func(c *benefit.Case) { c.Claim.UseAccount = true }, want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", change: func(c *benefit.Case) {
				account("5000", true)(c)
				c.Person = &benefit.Person{AccountAllowed: ptr(false)}
			}, want: "ded=1000 basic=8000 cash=3000"},
		}},
		{"personal account: the registry may forbid it, and cannot make the person use it", blocks{rest: "[version.personal_account]\nallowed = true"}, []stay{
			{in: "11000", change: func(c *benefit.Case) {
				account("5000", false)(c)
				c.Person = &benefit.Person{AccountAllowed: ptr(true)}
			}, want: "ded=1000 basic=8000 cash=3000"},
			{in: "11000", change: func(c *benefit.Case) {
				account("5000", true)(c)
				c.Person = &benefit.Person{AccountAllowed: ptr(true)}
			}, want: "ded=1000 basic=8000 account=3000 cash=0"},
			{in: "11000", change: func(c *benefit.Case) {
				account("5000", true)(c)
				c.Person = &benefit.Person{PersonType: "15"} // it says nothing of it
			}, want: "ded=1000 basic=8000 account=3000 cash=0"},
			{in: "11000", change: account("-5", true), want: "ded=1000 basic=8000 cash=3000"}, // a foreign figure
		}},
		{"personal account: not for own expense", blocks{rest: "[version.personal_account]\nallowed = true\npays = [\"deductible\", \"own share\"]"}, []stay{
			{in: "11000", change: func(c *benefit.Case) {
				account("5000", true)(c)
				c.Claim.OwnExpense, c.Claim.Total = 700_00, 11_700_00
			}, want: "ded=1000 basic=8000 account=3000 cash=700"},
		}},
		{"personal account: not in this insurance", blocks{}, []stay{
			{in: "11000", change: account("5000", true), want: "ded=1000 basic=8000 cash=3000"},
		}},
	} {
		s.run(t)
	}
}

// What a ceiling takes back has not used up a named cap.
func TestCeilingGivesBackToNamedCaps(t *testing.T) {
	p := blocks{layers: plainLayer + "\n[[version.layer.cap]]\nname = \"accident\"\nyuan = 9000", rest: "[[version.ceiling]]\npercent = 50"}.plan(t)
	a, err := stay{in: "11000"}.settle(t, p)
	if got := summary(a, err); got != "ded=1000 basic=5500 cash=5500" {
		t.Fatal(got)
	}
	if paid := a.Years[0].Paid; paid["basic"] != 5500_00 || paid["basic#accident"] != 5500_00 {
		t.Errorf("the year counts %v", paid)
	}
}

// Figures of a registry are foreign: none overflows a cap.
func TestLoyaltyOfAThousandYears(t *testing.T) {
	p := blocks{layers: basicHead + `
		[[version.layer.segment]]
		pays = 100
		[[version.layer.cap]]
		yuan = 1000
		[version.layer.cap.raise]
		per_continuous_year = 999_999_999_999`}.plan(t)
	a, err := stay{in: "11000", change: person(func(p *benefit.Person) { p.ContinuousYears = ptr(1 << 62) })}.settle(t, p)
	if got := summary(a, err); got != "ded=1000 basic=10000 cash=1000" {
		t.Error(got)
	}
}

func account(balance string, use bool) func(*benefit.Case) {
	return func(c *benefit.Case) { c.Claim.UseAccount, c.Claim.AccountBalance = use, ptr(yuan(balance)) }
}
