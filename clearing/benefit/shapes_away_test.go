package benefit_test

import (
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// The trace names the filing and what it counts as.
func TestTraceSaysAsWhatAStayIsSettled(t *testing.T) {
	p := blocks{away: `[[version.out_of_area]]
		filing = ["referral"]
		points_down = 10
		[[version.out_of_area]]
		filing = ["long-term"]
		same_as = "local"
		[[version.out_of_area]]
		filing = ["emergency", "long-term-at-home", "temporary", "unfiled"]
		same_as = "referral"`}.plan(t)
	for _, x := range []struct{ filing, at, zh, en string }{
		{"06", "330100", "按“异地转诊”结算", "settled as referral"},
		{"10", "330100", "“其他临时外出就医”与下列情形同等对待；按“异地转诊”结算", "temporary counts as what follows; settled as referral"},
		{"07", "330100", "异地长期居住，按本地就医结算", "settled as a local stay (long-term)"},
		{"", "650100", "按本地就医结算", "settled as a local stay"},
	} {
		a, err := stay{in: "11000", filing: x.filing, at: ledger.Area(x.at)}.settle(t, p)
		var zh, en []string
		for _, s := range a.Trace {
			if s.Layer == "filing" {
				zh, en = append(zh, s.Text("zh")), append(en, s.Text("en"))
			}
		}
		if err != nil || strings.Join(zh, "；") != x.zh || strings.Join(en, "; ") != x.en {
			t.Errorf("filing %q: %q, %q (%v)", x.filing, zh, en, err)
		}
	}
}

func TestShapesOutOfArea(t *testing.T) {
	all := `filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]`
	ratio85 := basicHead + `
		[[version.layer.segment]]
		pays = 85`
	one := func(rule string) blocks {
		return blocks{layers: ratio85, away: "[[version.out_of_area]]\n" + all + "\n" + rule}
	}
	emergency := func(c *benefit.Case) { c.Claim.Emergency = true }
	for _, s := range []shape{
		{"8.4.1 points down (national rules): 85 less 10 is 75", one("points_down = 10"), []stay{
			{in: "11000", want: "ded=1000 basic=7500 cash=3500"},
			{in: "11000", at: "650102", want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.4.2 factor (good9527): 85 times 0.90 is 76.5", one("factor = 90"), []stay{
			{in: "11000", want: "ded=1000 basic=7650 cash=3350"},
		}},
		{"8.7.4 the product rounded to three decimals (good9527): 0.85 x 0.85 is 0.723", one("factor = 85\nfactor_decimals = 3"), []stay{
			{in: "11000", want: "ded=1000 basic=7230 cash=3770"},
		}},
		{"8.4.2 the product exact", one("factor = 85"), []stay{
			{in: "11000", want: "ded=1000 basic=7225 cash=3775"},
		}},
		{"8.4.3 self-pay-first, before the deductible (Jiangxi)", one("self_pay_first = 10"), []stay{
			{in: "11000", want: "ded=1000 basic=7565 cash=3435"}, // (11,000 - 1,100 - 1,000) x 85
		}},
		{"8.4.4 a row of its own (Jiamusi)", one("deductible = 1500\npays = 50"), []stay{
			{in: "11500", want: "ded=1500 basic=5000 cash=6500"},
		}},
		{"8.4.5 higher deductible and lower ratio (Hanzhong)", one("deductible_raised = 20\nfactor = 90"), []stay{
			{in: "11200", want: "ded=1200 basic=7650 cash=3550"},
		}},
		{"8.4.6 nothing for the unfiled without emergency (Ulanqab)", blocks{layers: ratio85, away: `[[version.out_of_area]]
			filing = ["unfiled"]
			pays_nothing = true
			[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary"]
			same_as = "local"`}, []stay{
			{in: "11000", want: "ded=0 cash=11000"},
			{in: "11000", change: emergency, want: "ded=1000 basic=8500 cash=2500"},
		}},
		{"8.4.6 nothing only in some hospitals (Ulanqab: city level and above)", blocks{layers: ratio85, away: `[[version.out_of_area]]
			filing = ["unfiled"]
			hospital = ["second", "third"]
			pays_nothing = true
			[[version.out_of_area]]
			` + all + `
			points_down = 20`}, []stay{
			{in: "11000", want: "ded=0 cash=11000"},
			{in: "11000", hospital: "first", want: "ded=1000 basic=6500 cash=4500"},
		}},
		{"8.4.7 emergency as referral, unfiled or temporary (rules 2.2)", blocks{layers: ratio85, away: `[[version.out_of_area]]
			filing = ["referral"]
			points_down = 10
			[[version.out_of_area]]
			filing = ["emergency", "long-term-at-home"]
			same_as = "referral"
			[[version.out_of_area]]
			filing = ["temporary", "unfiled"]
			points_down = 20
			[[version.out_of_area]]
			filing = ["long-term"]
			same_as = "local"`}, []stay{
			{in: "11000", want: "ded=1000 basic=6500 cash=4500"},
			{in: "11000", change: emergency, want: "ded=1000 basic=7500 cash=3500"},
			{in: "11000", filing: "10", want: "ded=1000 basic=6500 cash=4500"},
			{in: "11000", filing: "10", change: emergency, want: "ded=1000 basic=7500 cash=3500"},
			{in: "11000", filing: "06", want: "ded=1000 basic=7500 cash=3500"},
			{in: "11000", filing: "02", want: "ded=1000 basic=8500 cash=2500"},
			// 8.4.8: a long-term filer treated at home has the referral level
			{in: "11000", filing: "07", at: "650100", want: "ded=1000 basic=7500 cash=3500"},
			// the registry's filing wins; filed for another place is not filed
			{in: "11000", filing: "10", change: person(func(p *benefit.Person) { p.Filing = benefit.FilingLongTerm }), want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", change: person(func(p *benefit.Person) { p.Filing, p.FilingPlace = benefit.FilingReferral, []string{"3301"} }), want: "ded=1000 basic=7500 cash=3500"},
			{in: "11000", change: person(func(p *benefit.Person) { p.Filing, p.FilingPlace = benefit.FilingReferral, []string{"3201"} }), want: "ded=1000 basic=6500 cash=4500"},
		}},
		{"8.4.9 exempt corridors", func() blocks { b := one("points_down = 10"); b.version = `local_also = ["66", "3301"]`; return b }(), []stay{
			{in: "11000", want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", at: "330200", want: "ded=1000 basic=7500 cash=3500"},
		}},
		{"8.4.9 inside the province another rule", blocks{layers: ratio85, away: `[[version.out_of_area]]
			` + all + `
			where = "same province"
			same_as = "local"
			[[version.out_of_area]]
			` + all + `
			where = "other province"
			points_down = 10`}, []stay{
			{in: "11000", at: "653100", want: "ded=1000 basic=8500 cash=2500"},
			{in: "11000", want: "ded=1000 basic=7500 cash=3500"},
		}},
		{"8.4.11 the change also in the layers above", blocks{layers: ratio85 + "\n[[version.layer.cap]]\nyuan = 7500\n" + largeHead + "\n[[version.layer.segment]]\npays = 90",
			away: "[[version.out_of_area]]\n" + all + "\npoints_down = 10\nlayers = [\"basic\", \"large\"]"}, []stay{
			{in: "21000", want: "ded=1000 basic=7500 large=8000 cash=5500"},
		}},
		{"8.4.11 critical insurance makes up part of the cut (good9527)", blocks{layers: ratio85 + "\n" + criticalHead + `
			[[version.layer.starts_above]]
			yuan = 2000
			[[version.layer.segment]]
			pays = 60`, away: "[[version.out_of_area]]\n" + all + "\npoints_down = 10"}, []stay{
			{in: "11000", want: "ded=1000 basic=7500 critical=900 cash=2600"},               // (3,500 - 2,000) x 60
			{in: "11000", at: "650100", want: "ded=1000 basic=8500 critical=300 cash=2200"}, // (2,500 - 2,000) x 60
		}},
	} {
		s.run(t)
	}
}
