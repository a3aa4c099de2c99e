package lab

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// TestAGroupIsWhatTheCalculatorSaysItIs: a plan pays a group more, and its trace says to
// whom; the laboratory must count the same people as members, registered or not.
func TestAGroupIsWhatTheCalculatorSaysItIs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		asOf := rapid.SampledFrom([]string{"discharge", "admission"}).Draw(r, "as of")
		plan, problems := benefit.ParsePlan("test.toml", fmt.Appendf(nil, groupPlan, asOf))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		types := rapid.SampledFrom([]string{"", "7", "8", "9"})
		levels := rapid.SampledFrom([]string{"", "1", "2"})
		days := rapid.SampledFrom([]*ledger.Day{nil, ptr[ledger.Day](99), ptr[ledger.Day](105), ptr[ledger.Day](111)})
		c := benefit.Case{Home: "650100", Treatment: "330100", Claim: provinces.Claim{
			PersonType: rapid.SampledFrom([]string{"15", "16", "1501", "12"}).Draw(r, "psn_type"), Insutype: "390", HospitalLevel: "02",
			Admitted: 100 * 86400, Discharged: 110 * 86400, Total: 100_000, InScope: 100_000,
		}}
		for range rapid.IntRange(0, 2).Draw(r, "identities") {
			c.Claim.Identities = append(c.Claim.Identities, provinces.Identity{
				Type: types.Draw(r, "type"), Level: levels.Draw(r, "level"), Begin: days.Draw(r, "begin"), End: days.Draw(r, "end"),
			})
		}
		if rapid.Bool().Draw(r, "registered") {
			c.Person = &benefit.Person{
				PersonType: rapid.SampledFrom([]string{"", "15", "16"}).Draw(r, "registered psn_type"),
				Groups:     rapid.SliceOfN(rapid.SampledFrom([]string{"7", "8", "8/1", "8/2", "7/3", "77"}), 0, 2).Draw(r, "groups"),
			}
		}
		prepared, err := plan.Prepare(c)
		if err != nil {
			t.Fatal(err)
		}
		result, err := prepared.Adjudicate(make([]benefit.Accumulators, 1))
		if err != nil {
			t.Fatal(err)
		}
		want := slices.ContainsFunc(result.Trace, func(s benefit.Step) bool { return s.Rule == "special" })
		p := newPeople(nil)
		groups, err := p.groups(result.Plan, func([32]byte) ([]byte, error) { return fmt.Appendf(nil, groupPlan, asOf), nil })
		if err != nil || len(groups) != 1 {
			t.Fatal(groups, err)
		}
		personType := c.Claim.PersonType
		if c.Person != nil && c.Person.PersonType != "" {
			personType = c.Person.PersonType
		}
		if got := groups[0].holds(&c, personType); got != want {
			r.Fatalf("the laboratory says %v, the calculator %v of %+v %+v", got, want, c.Claim.Identities, c.Person)
		}
	})
}

func ptr[T any](v T) *T { return &v }

const groupPlan = `area = "65"
insurance = "390"
title_zh = "测试"
title_en = "test"
[[version]]
valid_from = 1970-01-01
source = "test"
verified = true
[version.time]
person_as_of = %q
[[version.group]]
name = "poor"
zh = "困难"
en = "poor"
identities = ["7", "8/1"]
person_types = ["16"]
[version.deductible]
amount = 0
[[version.out_of_area]]
filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
same_as = "local"
[[version.layer]]
id = "basic"
zh = "统筹基金"
en = "pooled fund"
fund = "390100"
takes = ["in scope"]
[[version.layer.segment]]
pays = 50
[[version.layer.special]]
for = { groups = ["poor"] }
points_up = 5
[version.personal_account]
allowed = false
`
