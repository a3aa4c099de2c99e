package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

func retired(c *benefit.Case) { c.Claim.PersonType = "12" }

func TestShapesOfRatios(t *testing.T) {
	withSpecial := func(special string) blocks {
		return blocks{version: hardship, layers: basicHead + `
			[[version.layer.segment]]
			pays = { second = 88, third = 85 }
			[[version.layer.special]]
			` + special}
	}
	segments := `
		[[version.layer.segment]]
		up_to = 30_000
		pays = 60
		[[version.layer.segment]]
		up_to = 40_000
		pays = 70
		[[version.layer.segment]]
		pays = 80`
	for _, s := range []shape{
		{"8.3.1 one ratio by level", withSpecial("for = { groups = [\"retired\"] }\npoints_up = 0"), []stay{
			{in: "11000", want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", hospital: "second", want: "ded=1000 basic=8800 cash=2200"},
			{in: "11000", hospital: "first", want: "refused 4004"}, // the plan has no row for it
		}},
		{"8.3.3 bounds including the deductible (Beijing, Ulanqab)", blocks{layers: basicHead + "\nbounds = \"including the deductible\"" + segments}, []stay{
			{in: "50000", want: "ded=1000 basic=32400 cash=17600"}, // 29,000 x 60 + 10,000 x 70 + 10,000 x 80
		}},
		{"8.3.3 bounds above the deductible (Tongren)", blocks{layers: basicHead + segments}, []stay{
			{in: "51000", want: "ded=1000 basic=33000 cash=18000"}, // 30,000 x 60 + 10,000 x 70 + 10,000 x 80
		}},
		{"8.3.3 bounds on the year's sum", blocks{layers: basicHead + "\ncounted = \"on the year\"" + segments}, []stay{
			{in: "11000", before: benefit.Accumulators{Base: map[string]ledger.Amount{"basic": 35_000_00}}, want: "ded=1000 basic=7500 cash=3500"}, // 5,000 x 70 + 5,000 x 80
			{in: "11000", before: benefit.Accumulators{Stays: 1, InScope: 36_000_00, Deductible: 1_000_00}, want: "ded=1000 basic=7500 cash=3500"},
		}},
		{"8.3.3 bounds on payment (ZLHIS)", blocks{layers: basicHead + "\nmeasured = \"by payment\"" + segments}, []stay{
			{in: "71000", want: "ded=1000 basic=44571.43 cash=26428.57"}, // 50,000 x 60 = 30,000; 14,285.71 x 70 = 10,000; 5,714.29 x 80
		}},
		{"8.3.4 retirees by points, different per level (Urumqi)", withSpecial("for = { groups = [\"retired\"] }\npoints_up = { second = 3, third = 4 }"), []stay{
			{in: "11000", change: retired, want: "ded=1000 basic=8900 cash=2100"},
			{in: "11000", hospital: "second", change: retired, want: "ded=1000 basic=9100 cash=1900"},
			{in: "11000", want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.3.4 retirees by a factor on the own share (Beijing 0.6)", withSpecial("for = { groups = [\"retired\"] }\nown_share = 60"), []stay{
			{in: "11000", change: retired, want: "ded=1000 basic=9100 cash=1900"},
		}},
		{"8.3.4 retirees by a ratio of their own (Shenzhen 95)", withSpecial("for = { groups = [\"retired\"] }\npays = 95"), []stay{
			{in: "11000", change: retired, want: "ded=1000 basic=9500 cash=1500"},
			{in: "11000", hospital: "first", change: retired, want: "ded=1000 basic=9500 cash=1500"},
		}},
		{"8.3.4 retirees by segments of their own", withSpecial(`for = { groups = ["retired"] }
			[[version.layer.special.segment]]
			up_to = 5000
			pays = 90
			[[version.layer.special.segment]]
			pays = 95`), []stay{
			{in: "11000", change: retired, want: "ded=1000 basic=9250 cash=1750"},
			{in: "11000", want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.3.4 the registry's word on retirement wins", withSpecial("for = { groups = [\"retired\"] }\npays = 95"), []stay{
			{in: "11000", change: func(c *benefit.Case) { retired(c); c.Person = &benefit.Person{Retired: ptr(false)} }, want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.3.5 bonus for hardship", withSpecial("for = { groups = [\"hardship\"] }\npoints_up = 5"), []stay{
			{in: "11000", change: identity("7", ""), want: "ded=1000 basic=9000 cash=2000"},
		}},
		{"8.3.5 bonus for a region (South Xinjiang)", withSpecial("for = { home_areas = [\"6501\"] }\npoints_up = 5"), []stay{
			{in: "11000", want: "ded=1000 basic=9000 cash=2000"},
		}},
		{"8.3.5 bonus for the payment grade (Chengdu)", withSpecial("for = { grades = [\"high\"] }\npoints_up = 5"), []stay{
			{in: "11000", change: person(func(p *benefit.Person) { p.Grade = "high" }), want: "ded=1000 basic=9000 cash=2000"},
			{in: "11000", change: person(func(p *benefit.Person) { p.Grade = "low" }), want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.3.5 bonus for TCM hospitals", withSpecial("for = { hospital = [\"tcm\"] }\npoints_up = 5"), []stay{
			{in: "11000", hospital: "third+tcm", want: "ded=1000 basic=9000 cash=2000"},
		}},
		{"8.3.6 long contributions; ranks of civil servants", withSpecial(`for = { contribution_months_from = 360 }
			points_up = 2
			[[version.layer.special]]
			for = { ranks = ["2"] }
			pays = 98`), []stay{
			{in: "11000", change: person(func(p *benefit.Person) { p.ContributionMonths = ptr(360) }), want: "ded=1000 basic=8700 cash=2300"},
			{in: "11000", change: person(func(p *benefit.Person) { p.ContributionMonths = ptr(359) }), want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", change: person(func(p *benefit.Person) { p.CivilServantRank = "2" }), want: "ded=1000 basic=9800 cash=1200"},
		}},
		{"8.3.8 ages paid in full", withSpecial("for = { age_up_to = 6 }\npays = 100"), []stay{
			{in: "11000", change: born("2020-05-12"), want: "ded=1000 basic=10000 cash=1000"},
			{in: "11000", change: born("2019-05-11"), want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", change: born("2026-05-05"), want: "ded=1000 basic=10000 cash=1000"}, // born during the stay
			{in: "11000", change: born("2026-05-12"), want: "ded=1000 basic=8500 cash=2500"},  // after it: no birthday at all
			{in: "11000", from: "2027-02-20", to: "2027-02-28", change: born("2020-02-29"), want: "ded=1000 basic=10000 cash=1000"},
			{in: "11000", from: "2027-02-20", to: "2027-03-01", change: born("2020-02-29"), want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.3.9 a ratio and a fixed amount for a disease", withSpecial(`for = { diagnosis = ["O82"] }
			fixed_payment = 6000
			[[version.layer.special]]
			for = { diagnosis = ["C50"] }
			pays = 90`), []stay{
			{in: "11000", change: diagnosis("O82.001"), want: "ded=1000 basic=6000 cash=5000"},
			{in: "4000", change: diagnosis("O82.001"), want: "ded=1000 basic=3000 cash=1000"},
			{in: "11000", change: diagnosis("C50.900"), want: "ded=1000 basic=9000 cash=2000"},
		}},
		{"points never lift a ratio above everything", withSpecial("for = { groups = [\"retired\"] }\npoints_up = 50"), []stay{
			{in: "11000", change: retired, want: "ded=1000 basic=10000 cash=1000"},
		}},
	} {
		s.run(t)
	}
}
