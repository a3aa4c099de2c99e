package benefit_test

import (
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// settled is a case settled by the set, in years that begin with before.
func settled(set *benefit.Set, c benefit.Case, before benefit.Accumulators) (benefit.Adjudication, error) {
	p, err := set.Prepare(c)
	if err != nil {
		return benefit.Adjudication{}, err
	}
	years := make([]benefit.Accumulators, len(p.Years))
	for i := range years {
		years[i] = before
	}
	return p.Adjudicate(years)
}

// insured is a stay in another province of somebody under the plan, below 69 years.
func insured(p *benefit.Plan, level benefit.Level, filing string, in ledger.Amount) benefit.Case {
	c := stay{in: in.String(), hospital: string(level), filing: filing, at: "990100"}.toCase()
	c.Home = ledger.Area((p.AreaPrefix() + "0101")[:6])
	c.Claim.Insutype = p.Insutype()
	return c
}

// filings in falling order of what they may get, by out_fil_type (national rules 2.3).
var filingOrder = []struct{ name, code string }{
	{"long-term", "07"}, {"referral", "06"}, {"temporary", "10"}, {"unfiled", ""},
}

// Nobody is better off without filing: neither by what a source says nor, above all, by
// what a plan assumes where its source is silent.
func TestFilingNeverLowersWhatIsPaid(t *testing.T) {
	set := shipped(t)
	for _, p := range set.Plans() {
		for _, level := range []benefit.Level{benefit.LevelFirst, benefit.LevelSecond, benefit.LevelThird} {
			for _, in := range []string{"900", "3000", "20000", "90000", "700000"} {
				for _, retire := range []bool{false, true} {
					var paid []ledger.Amount
					for _, filing := range filingOrder {
						c := insured(p, level, filing.code, yuan(in))
						if retire {
							retired(&c)
						}
						a, err := settled(set, c, benefit.Accumulators{})
						if err != nil {
							t.Fatalf("%s: %v", p.ID(), err)
						}
						paid = append(paid, layerPaid(a, ""))
					}
					for i := 1; i < len(paid); i++ {
						if paid[i] > paid[i-1] {
							t.Errorf("%s, level %s, %s in scope, retired %v: %s is paid %s, %s %s", p.ID(), level, in, retire,
								filingOrder[i].name, paid[i], filingOrder[i-1].name, paid[i-1])
						}
					}
				}
			}
		}
	}
}

// Where a source does not tell what other temporary stays get, the plan takes no more
// off than the national rules allow: 20 points.
func TestTemporaryStaysLoseAtMostTwentyPoints(t *testing.T) {
	set := shipped(t)
	for _, p := range set.Plans() {
		if p.ID() == "2308-390" { // its source has a fixed row for other provinces
			continue
		}
		for _, level := range []benefit.Level{benefit.LevelFirst, benefit.LevelSecond, benefit.LevelThird} {
			local, err := settled(set, insured(p, level, "07", yuan("30000")), benefit.Accumulators{})
			away, err2 := settled(set, insured(p, level, "10", yuan("30000")), benefit.Accumulators{})
			if err != nil || err2 != nil || local.PoolRatio-away.PoolRatio > 2000 {
				t.Errorf("%s, level %s: %d, as at home %d (%v %v)", p.ID(), level, away.PoolRatio, local.PoolRatio, err, err2)
			}
		}
	}
}

// Plans in directories named partial lie beside the others and are not in force. What
// they do not tell, they refuse.
func TestPartialPlansAreKeptApart(t *testing.T) {
	inForce := map[string]bool{}
	for _, p := range shipped(t).Plans() {
		inForce[p.File()] = true
	}
	seen := 0
	err := fs.WalkDir(data.Plans, ".", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path.Base(dir) != "partial" {
			return err
		}
		sub, err := fs.Sub(data.Plans, dir)
		if err != nil {
			return err
		}
		set, err := benefit.LoadFS(sub)
		if err != nil {
			return err
		}
		results, err := benefit.RunExamples(set, sub)
		refusals := map[string]bool{}
		for _, r := range results {
			refusals[r.Plan] = true
			for _, d := range r.Differences {
				t.Errorf("%s/%s:%d: %s: %s is %s, want %s", dir, r.File, r.Line, r.Name, d.Field, d.Got, d.Want)
			}
		}
		for _, p := range set.Plans() {
			seen++
			if inForce[dir+"/"+p.File()] || p.Verified() || p.IsInvented() || !refusals[p.ID()] {
				t.Errorf("%s/%s: in force %v, verified %v, invented %v, examples %v", dir, p.File(), inForce[dir+"/"+p.File()], p.Verified(), p.IsInvented(), refusals[p.ID()])
			}
			if !strings.Contains(p.Explain("en"), "leaves out: ") || !strings.Contains(p.Explain("en"), "no cap: none is given") {
				t.Errorf("%s does not say what it lacks", p.ID())
			}
		}
		return err
	})
	if err != nil || seen < 20 {
		t.Errorf("%d plans: %v", seen, err)
	}
}

// drawCase is any stay a province could send, absurd ones included.
func drawCase(t *rapid.T, p *benefit.Plan) benefit.Case {
	amount := func(name string) ledger.Amount {
		return rapid.OneOf(rapid.Just(ledger.Amount(0)), rapid.Just(ledger.Amount(1)), rapid.Custom(func(t *rapid.T) ledger.Amount {
			return ledger.Amount(rapid.Int64Range(0, 1_000_000_00).Draw(t, "yuan"))
		}), rapid.Just(ledger.Amount(24_000_000_000_000))).Draw(t, name)
	}
	days := []string{"2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", "2026-11-20", "2028-02-28", "2028-02-29", "2028-03-01"}
	discharged := at(rapid.SampledFrom(days).Draw(t, "discharged"))
	c := insured(p, "third", "", 0)
	c.Facility = benefit.Facility{
		Level:  rapid.SampledFrom([]benefit.Level{"special", "third", "second", "first"}).Draw(t, "level"),
		Traits: rapid.SliceOfN(rapid.SampledFrom([]string{"community", "township", "tcm", "provincial", "priority"}), 0, 3).Draw(t, "traits"),
	}
	c.Treatment = rapid.SampledFrom([]ledger.Area{c.Home, ledger.Area(string(c.Home[:2]) + "9900"), "330106", "650102"}).Draw(t, "treatment")
	c.Claim = provinces.Claim{
		Insutype: p.Insutype(), PersonType: rapid.SampledFrom([]string{"", "11", "1102", "12", "14", "15", "9"}).Draw(t, "person"),
		Discharged: discharged, Admitted: discharged - provinces.DateTime(rapid.SampledFrom([]int64{0, 1, 89, 90, 91, 400, 3660}).Draw(t, "days")*24*60*60),
		FilingType: rapid.SampledFrom([]string{"", "02", "06", "07", "10", "99"}).Draw(t, "filing"),
		MedType:    rapid.SampledFrom([]string{"", "21", "52"}).Draw(t, "med_type"), MainDiagnosis: rapid.SampledFrom([]string{"", "F20", "Z51.1", "O82"}).Draw(t, "diagnosis"),
		Emergency: rapid.Bool().Draw(t, "emergency"), Injury: rapid.Bool().Draw(t, "injury"), CivilServant: rapid.Bool().Draw(t, "civil servant"),
		OwnExpense: amount("own"), OverLimit: amount("over"), SelfPayFirst: amount("first"), InScope: amount("in scope"),
		UseAccount: rapid.Bool().Draw(t, "account"),
	}
	c.Claim.Total = c.Claim.OwnExpense + c.Claim.OverLimit + c.Claim.SelfPayFirst + c.Claim.InScope
	if rapid.Bool().Draw(t, "balance is known") {
		c.Claim.AccountBalance = ptr(amount("balance") - 5)
	}
	if rapid.Bool().Draw(t, "birthday is known") {
		c.Claim.Birth = ptr(day(rapid.SampledFrom([]string{"1880-01-01", "1956-02-29", "2020-02-29", "2026-01-01", "2099-12-31"}).Draw(t, "born")))
	}
	if rapid.Bool().Draw(t, "in hardship") {
		c.Claim.Identities = []provinces.Identity{{Type: rapid.SampledFrom([]string{"HARDSHIP", "LOW-INCOME", "DESTITUTE", ""}).Draw(t, "identity")}}
	}
	return c
}

func drawYear(t *rapid.T) benefit.Accumulators {
	amount := rapid.Int64Range(0, 2_000_000_00)
	year := benefit.Accumulators{Stays: rapid.IntRange(0, 400).Draw(t, "stays")}
	for _, a := range []*ledger.Amount{&year.Deductible, &year.OwnShare, &year.InScope, &year.Outpatient} {
		*a = ledger.Amount(amount.Draw(t, "sum"))
	}
	for _, layer := range []string{"basic", "critical", "large", "assistance", "390100", "310100"} {
		if year.Paid == nil {
			year.Paid = map[string]ledger.Amount{}
		}
		year.Paid[layer] = ledger.Amount(amount.Draw(t, layer))
	}
	return year
}

// Whatever arrives, every shipped plan settles it or refuses it by a code of its own;
// what it settles closes, is said in whole sentences, and comes out the same again.
func TestShippedPlansBearAnything(t *testing.T) {
	set := shipped(t)
	plans := set.Plans()
	rapid.Check(t, func(rt *rapid.T) {
		p := rapid.SampledFrom(plans).Draw(rt, "plan")
		c, before := drawCase(rt, p), drawYear(rt)
		a, err := settled(set, c, before)
		if err != nil {
			if text := fmt.Sprint(err); !strings.Contains(text, "400") {
				rt.Fatalf("%s: %v", p.ID(), err)
			}
			return
		}
		again, err := settled(set, c, before)
		if err != nil || !reflect.DeepEqual(a, again) {
			rt.Fatalf("%s: %s, and again %s (%v)", p.ID(), summary(a, nil), summary(again, nil), err)
		}
		checkCloses(t, c.Claim.Total, a)
		checkSentences(t, a)
		checkYears(rt, before, a)
		if t.Failed() {
			rt.Fatalf("%s: %s\n%s", p.ID(), summary(a, nil), traceText(a))
		}
	})
}

// checkYears wants the year to grow by what was paid and never to shrink.
func checkYears(t *rapid.T, before benefit.Accumulators, a benefit.Adjudication) {
	var grown ledger.Amount
	for _, year := range a.Years {
		for layer, paid := range year.Paid {
			grown += paid - before.Paid[layer]
			if paid < before.Paid[layer] && !strings.Contains(layer, "#") {
				t.Fatalf("%s shrinks to %s", layer, paid)
			}
			if strings.Contains(layer, "#") {
				grown -= paid - before.Paid[layer]
			}
		}
		if year.OwnShare < before.OwnShare || year.Deductible < before.Deductible || year.Stays < before.Stays {
			t.Fatalf("the year shrinks: %+v", year)
		}
	}
	if paid := layerPaid(a, ""); grown != paid {
		t.Fatalf("%s is paid, the years count %s", paid, grown)
	}
}
