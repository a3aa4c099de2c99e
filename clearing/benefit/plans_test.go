package benefit_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

func yuan(s string) ledger.Amount {
	a, err := ledger.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

func at(s string) provinces.DateTime {
	d, err := provinces.ParseDateTime(s)
	if err != nil {
		panic(err)
	}
	return d
}

func shipped(t testing.TB) *benefit.Set {
	t.Helper()
	set, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// provinceCodes are the 31 provinces and 66, the XPCC.
var provinceCodes = strings.Fields("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 66")

func TestEveryProvinceHasAPlanForEmployeesAndResidents(t *testing.T) {
	set := shipped(t)
	for _, p := range provinceCodes {
		for _, insutype := range []string{"310", "390"} {
			plan, ok := set.Find(ledger.Area(p+"9999"), insutype)
			if !ok || plan.AreaPrefix() != p {
				t.Errorf("%s %s: found %v", p, insutype, ok)
			}
		}
	}
}

func TestShippedPlansSayWhereTheyComeFrom(t *testing.T) {
	for _, p := range shipped(t).Plans() {
		want := p.AreaPrefix()[:2] + "/plans/" + p.ID() + ".toml"
		if p.File() != want {
			t.Errorf("%s stands in %s, want %s", p.ID(), p.File(), want)
		}
		for _, v := range p.History() {
			if v.Source == "" || v.Verified {
				t.Errorf("%s from %s: source %q, verified %v: no document was read", p.ID(), v.From, v.Source, v.Verified)
			}
		}
		for _, lang := range []string{"zh", "en"} {
			if text := p.Explain(lang); !strings.Contains(text, p.Title(lang)) || strings.Contains(text, "%!") {
				t.Errorf("%s explained in %s:\n%s", p.ID(), lang, text)
			}
		}
	}
}

func TestPlanIsFoundByTheLongestMatch(t *testing.T) {
	set := shipped(t)
	for _, x := range []struct {
		home ledger.Area
		want string
	}{
		{"110105", "11-310"}, {"650100", "6501-310"}, {"650102", "6501-310"}, {"653101", "6531-310"},
		{"654000", "65-310"}, {"330100", "3301-310"}, {"330200", "33-310"}, {"430599", "43-310"},
	} {
		if p, ok := set.Find(x.home, "310"); !ok || p.ID() != x.want {
			t.Errorf("%s: found %v, want %s", x.home, p, x.want)
		}
	}
}

func TestRefusalsOfTheCalculator(t *testing.T) {
	set := shipped(t)
	for _, x := range []struct {
		name   string
		change func(*benefit.Case)
		want   provinces.Code
		where  string // as the hospital has it in its message
	}{
		{"no such area", func(c *benefit.Case) { c.Home = "990100" }, provinces.CodeNoPlan, "insuplc_admdvs"},
		{"no such insurance", func(c *benefit.Case) { c.Claim.Insutype = "340" }, provinces.CodeNoPlan, "insuplc_admdvs"},
		{"before every version", func(c *benefit.Case) { c.Claim.Admitted, c.Claim.Discharged = at("2001-01-01"), at("2001-01-02") }, provinces.CodeNoVersion, "input.mdtrtinfo.endtime"},
		{"discharged before admission", func(c *benefit.Case) { c.Claim.Discharged = at("2026-01-01") }, provinces.CodePeriod, "input.mdtrtinfo.endtime"},
		{"a stay of more than ten years", func(c *benefit.Case) { c.Claim.Admitted = at("2001-01-01") }, provinces.CodePeriod, "input.mdtrtinfo.begntime"},
		{"amounts that do not add up", func(c *benefit.Case) { c.Claim.Total++ }, provinces.CodeAmountSum, "input.data.medfee_sumamt"},
		{"a negative amount", func(c *benefit.Case) { c.Claim.OwnExpense, c.Claim.InScope = -1, c.Claim.InScope+1 }, provinces.CodeAmountSign, "input.data.fulamt_ownpay_amt"},
		{"an unknown level", func(c *benefit.Case) { c.Facility.Level, c.Claim.HospitalLevel = "", "77" }, provinces.CodePlanGap, "input.mdtrtinfo.hosp_lv"},
	} {
		c := stay{in: "11000"}.toCase()
		x.change(&c)
		p, err := set.Prepare(c)
		if err == nil {
			_, err = p.Adjudicate(make([]benefit.Accumulators, len(p.Years)))
		}
		var reject *provinces.RejectError
		if !errors.As(err, &reject) || reject.Code != x.want || reject.Errors[0].Field != x.where {
			t.Errorf("%s: %v, want %d at %s", x.name, err, x.want, x.where)
		}
	}
}

func TestAPlanDoesNotReachAreasItExcepts(t *testing.T) {
	plan := blocks{top: `except = ["650109"]`}.plan(t)
	set, err := benefit.NewSet(plan)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := set.Find("650109", "390"); ok {
		t.Error("650109 is a pool of its own and has no plan")
	}
	if _, ok := set.Find("650108", "390"); !ok {
		t.Error("650108 belongs to 6501")
	}
}

func TestSetKeepsEachPlanByItsHash(t *testing.T) {
	set := shipped(t)
	for _, p := range set.Plans() {
		want, err := fs.ReadFile(data.Plans, p.File())
		got, ok := set.PlanBytes(p.Hash())
		if err != nil || !ok || string(got) != string(want) {
			t.Errorf("%s: %v", p.ID(), err)
		}
	}
	if _, ok := set.PlanBytes([32]byte{1}); ok {
		t.Error("found a plan that is not there")
	}
	plans := set.Plans()
	slices.Reverse(plans)
	if again, err := benefit.NewSet(plans...); err != nil || again.Hash() != set.Hash() {
		t.Error("the hash of a set depends on the order", err)
	}
	if less, _ := benefit.NewSet(plans[1:]...); less.Hash() == set.Hash() {
		t.Error("the hash of a set does not depend on its plans")
	}
	if _, err := benefit.NewSet(plans[0], plans[0]); !errors.Is(err, benefit.ErrTwoPlans) {
		t.Errorf("twice the same plan: %v", err)
	}
}

func TestLoadNamesEveryProblemOfEveryFile(t *testing.T) {
	_, err := benefit.LoadFS(fstest.MapFS{
		"a.toml":          {Data: []byte("area = 65\n")},
		"b/c.toml":        {Data: []byte("nonsense")},
		"examples/x.toml": {Data: []byte("nonsense")},
		"partial/y.toml":  {Data: []byte("nonsense")},
	})
	if text := fmt.Sprint(err); !strings.Contains(text, "a.toml:1") || !strings.Contains(text, "b/c.toml:1") || strings.Contains(text, "x.toml") || strings.Contains(text, "y.toml") {
		t.Error(text)
	}
}

func TestWorkedExamples(t *testing.T) {
	for _, x := range []struct {
		name string
		fsys fs.FS
	}{{"shipped", data.Plans}, {"history", os.DirFS("testdata/history")}} {
		set, err := benefit.LoadFS(x.fsys)
		if err != nil {
			t.Fatal(err)
		}
		results, err := benefit.RunExamples(set, x.fsys)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range results {
			seen[r.Plan] = true
			for _, d := range r.Differences {
				t.Errorf("%s:%d: %s: %s is %s, want %s", r.File, r.Line, r.Name, d.Field, d.Got, d.Want)
			}
		}
		for _, p := range set.Plans() {
			if !p.IsInvented() && !seen[p.ID()] {
				t.Errorf("%s has no worked example", p.ID())
			}
		}
	}
}

func TestAnExampleThatFailsSaysWhichFigure(t *testing.T) {
	set, err := benefit.NewSet(blocks{}.plan(t))
	if err != nil {
		t.Fatal(err)
	}
	results, err := benefit.RunExamples(set, fstest.MapFS{"examples/6501-390.toml": {Data: []byte(`
plan = "6501-390"
[[example]]
name = "wrong"
[example.stay]
home = "650100"
treatment = "330100"
admitted = 2026-01-01
discharged = 2026-01-05
hospital = "third"
person_type = "15"
in_scope = 11000
[[example.step]]
layer = "basic"
rule = "segment"
output = 1
[example.expect]
deductible = 900
paid = { basic = 8000, large = 5 }
cash = 3000
`)}})
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	got := fmt.Sprint(results[0].Differences)
	if want := "[{deductible 900.00 1000.00} {paid.large 5.00 0.00} {step basic segment = 1.00 not in the trace}]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestWarnings(t *testing.T) {
	known := func(c *benefit.Case) { c.Person = &benefit.Person{PersonType: "15"} }
	for _, x := range []struct {
		name string
		blocks
		change func(*benefit.Case)
		want   string
	}{
		{"nothing to warn of", blocks{}, known, "[]"},
		{"the claim's word", blocks{}, nil, "[declared-person]"},
		{"an assumed block that is used", blocks{deductible: plainDeductible + "\nassumed = true"}, known, "[assumed-rule]"},
		{"an assumed block that is not", blocks{layers: plainLayer + "\n[[version.layer.special]]\nassumed = true\nfor = { injury = true }\npoints_up = 1"}, known, "[]"},
		{"a member of a group whose codes are assumed", blocks{version: hardship + "\nassumed = true"}, func(c *benefit.Case) { known(c); c.Person.Groups = []string{"7"} }, "[assumed-rule]"},
		{"no member of it", blocks{version: hardship + "\nassumed = true"}, known, "[]"},
		{"a privilege lost for want of a fact", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { age_from = 70 }\npoints_up = 1"}, known, "[absent-fact]"},
		{"a cap's bonus lost, for the register tells no years", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 5\n[version.layer.cap.raise]\nper_continuous_year = 1"}, known, "[absent-fact]"},
		{"an invented plan", blocks{top: "invented = true"}, known, "[invented-plan]"},
		{"an invented version", blocks{version: "invented = true"}, known, "[invented-plan]"},
	} {
		a, err := stay{in: "11000", change: x.change}.settle(t, x.plan(t))
		if got := fmt.Sprint(a.Warnings); err != nil || got != x.want {
			t.Errorf("%s: %s, want %s (%v)", x.name, got, x.want, err)
		}
	}
	if a, err := (stay{in: "11000"}).settle(t, func() *benefit.Plan {
		p, _ := benefit.ParsePlan("x", []byte(strings.Replace(blocks{}.text(), "verified = true", "verified = false", 1)))
		return p
	}()); err != nil || !slices.Contains(a.Warnings, benefit.WarnUnverified) {
		t.Errorf("unverified: %v %v", a.Warnings, err)
	}
}

func TestRegistryWinsOverTheClaim(t *testing.T) {
	p := blocks{version: hardship, layers: plainLayer + "\n[[version.layer.special]]\nfor = { groups = [\"hardship\"] }\npoints_up = 5"}.plan(t)
	claimed := identity("7", "")
	for _, x := range []struct {
		name   string
		person *benefit.Person
		want   string
	}{
		{"nobody registered: the claim's word", nil, "ded=1000 basic=8500 cash=2500"},
		{"only a filing registered: the claim's word", &benefit.Person{Filing: benefit.FilingReferral}, "ded=1000 basic=8500 cash=2500"},
		{"enrolled without the group", &benefit.Person{PersonType: "15"}, "ded=1000 basic=8000 cash=3000"},
		{"enrolled with it", &benefit.Person{PersonType: "15", Groups: []string{"8/1"}}, "ded=1000 basic=8500 cash=2500"},
		{"enrolled with another level of it", &benefit.Person{PersonType: "15", Groups: []string{"8/2", "81"}}, "ded=1000 basic=8000 cash=3000"},
		{"a type means any level", &benefit.Person{PersonType: "15", Groups: []string{"7/3"}}, "ded=1000 basic=8500 cash=2500"},
	} {
		a, err := stay{in: "11000", change: func(c *benefit.Case) { claimed(c); c.Person = x.person }}.settle(t, p)
		if got := summary(a, err); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}
