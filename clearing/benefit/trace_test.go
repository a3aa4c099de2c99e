package benefit_test

import (
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

const everywhere = "[[version.out_of_area]]\nfiling = [\"long-term\", \"long-term-at-home\", \"referral\", \"emergency\", \"temporary\", \"unfiled\"]\n"

// TestTraceHasEveryThingThatWasDone: who reads only the trace can recompute the bill, so no
// station works in silence. Of each stay here stands every step from the filing on, in
// order; in brackets how its output was rounded.
func TestTraceHasEveryThingThatWasDone(t *testing.T) {
	for _, x := range []struct {
		name string
		blocks
		stay
		want string
	}{
		{"8.2.2, 8.2.6, 8.2.7 a later stay, half for some, raised out of area", blocks{version: hardship, away: everywhere + "deductible_raised = 20\nfactor = 90", deductible: `[version.deductible]
			amount = 1000
			year_at_most = 1240
			[version.deductible.later_stays]
			minus = 100
			[[version.deductible.special]]
			for = { groups = ["hardship"] }
			percent = 50`, layers: plainLayer + `
			[[version.layer.special]]
			for = { groups = ["hardship"] }
			points_up = 5
			own_share = 60
			factor = 98`}, stay{in: "11000", before: benefit.Accumulators{Stays: 1, Deductible: 1000_00}, change: identity("7", "")}, `
			filing: settled as unfiled
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: stay 2 of the year: the deductible falls from 1000.00 to 900.00 (half-up-fen)
			deductible: the deductible of 900.00 counts 50 %: 450.00 (half-up-fen)
			deductible: out of area the deductible of 450.00 rises by 20 % to 540.00 (half-up-fen)
			deductible: all deductibles of the year are at most 1240.00; 1000.00 was paid, 240.00 is due
			deductible: a deductible of 240.00 is due on 11000.00 in scope: 240.00 is really paid
			basic: pooled fund: 10760.00 yuan enters
			basic: a special rule applies: hardship
			basic: from 0.00 to 10760.00: 10760.00 × 80.262 % = 8636.19 (the table's ratio 80 %, 5 points up, own share × 60 %, × 98 %, out of area × 90 %) (half-up-fen)
			cash: the person's share is 2363.81; the account pays 0.00, cash is 2363.81`},
		{"8.2.4, 8.2.5 renewed, and a transfer", blocks{deductible: plainDeductible + "\nrenewed_every_days = 5\ntransfer_within_days = 1"}, stay{in: "11000", before: benefit.Accumulators{Stays: 1, Last: &benefit.LastStay{Discharged: day("2026-04-30"), Ordinal: 1, Deductible: 700_00}}}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: 10 days in hospital, a new deductible every 5 days: 2 of them, together 2000.00
			deductible: a transfer continues the stay before: 700.00 was paid, 1300.00 is due
			deductible: a deductible of 1300.00 is due on 11000.00 in scope: 1300.00 is really paid
			basic: pooled fund: 9700.00 yuan enters
			basic: from 0.00 to 9700.00: 9700.00 × 80 % = 7760.00 (half-up-fen)
			cash: the person's share is 3240.00; the account pays 0.00, cash is 3240.00`},
		{"8.2.3 the year's, waived; 8.4.7 counted as another", blocks{version: hardship, deductible: plainDeductible + "\ncharged = \"once a year\"\n[[version.deductible.special]]\nfor = { groups = [\"hardship\"] }\nwaived = true", away: `[[version.out_of_area]]
			filing = ["unfiled", "temporary", "long-term", "long-term-at-home", "emergency"]
			same_as = "referral"
			[[version.out_of_area]]
			filing = ["referral"]
			self_pay_first = 10`}, stay{in: "11000", before: benefit.Accumulators{Stays: 1, Deductible: 300_00, YearDeductible: 1000_00}, change: identity("7", "")}, `
			filing: unfiled counts as what follows
			filing: settled as referral
			filing: out-of-area self-pay-first: 11000.00 × 10 % = 1100.00 (half-up-fen)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: the deductible is waived
			deductible: the year's deductible is 1000.00; 300.00 was paid, 0.00 is due
			deductible: a deductible of 0.00 is due on 9900.00 in scope: 0.00 is really paid
			basic: pooled fund: 9900.00 yuan enters
			basic: from 0.00 to 9900.00: 9900.00 × 80 % = 7920.00 (half-up-fen)
			cash: the person's share is 3080.00; the account pays 0.00, cash is 3080.00`},
		{"8.2.4 a quarter's; 8.4.4 a row out of area", blocks{deductible: plainDeductible + "\ncharged = \"once a quarter\"", away: everywhere + "pays = 50\ndeductible = 1500"}, stay{in: "11000", before: benefit.Accumulators{Periods: map[string]ledger.Amount{"2026-Q2": 400_00}}}, `
			filing: settled as unfiled
			deductible: the deductible (any level) is 1500.00 yuan
			deductible: the deductible of 2026-Q2 is 1500.00; 400.00 was paid, 1100.00 is due
			deductible: a deductible of 1100.00 is due on 11000.00 in scope: 1100.00 is really paid
			basic: pooled fund: 9900.00 yuan enters
			basic: from 0.00 to 9900.00: 9900.00 × 50 % = 4950.00 (the table's ratio 80 %, out-of-area ratio 50 %) (half-up-fen)
			cash: the person's share is 6050.00; the account pays 0.00, cash is 6050.00`},
		{"8.2.7 a share of the total", blocks{away: everywhere + "deductible_percent_of_total = 20\ndeductible_at_least = 500\ndeductible_at_most = 2000"}, stay{in: "11000"}, `
			filing: settled as unfiled
			deductible: the deductible is 20 % of the total cost of 11000.00, at least 500.00, at most 2000.00: 2000.00 (half-up-fen)
			deductible: a deductible of 2000.00 is due on 11000.00 in scope: 2000.00 is really paid
			basic: pooled fund: 9000.00 yuan enters
			basic: from 0.00 to 9000.00: 9000.00 × 80 % = 7200.00 (half-up-fen)
			cash: the person's share is 3800.00; the account pays 0.00, cash is 3800.00`},
		{"8.4.6 nothing out of area", blocks{away: everywhere + "pays_nothing = true"}, stay{in: "11000"}, `
			filing: settled as unfiled
			filing: nothing is paid in this case; 11000.00 yuan stays with the person
			cash: the person's share is 11000.00; the account pays 0.00, cash is 11000.00`},
		{"8.4.11 nothing out of area, in one layer", blocks{layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.segment]]\npays = 50", away: everywhere + "pays_nothing = true\nlayers = [\"critical\"]"}, stay{in: "11000"}, `
			filing: settled as unfiled
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: from 0.00 to 10000.00: 10000.00 × 80 % = 8000.00 (half-up-fen)
			critical: nothing is paid in this case; 3000.00 yuan stays with the person
			cash: the person's share is 3000.00; the account pays 0.00, cash is 3000.00`},
		{"8.6.2 over the new year", blocks{rest: "[version.time]\nnew_year = \"split by days\"\nlater_part_deductible = \"difference\""}, stay{in: "20000", from: "2025-12-28", to: "2026-01-07", years: make([]benefit.Accumulators, 2), at: "650100"}, `
			scope: stay over the new year, split by days: 4 days in 2025, 8000.00 yuan, of it 8000.00 in scope (half-up-fen)
			filing: settled as a local stay
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 8000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 7000.00 yuan enters
			basic: from 0.00 to 7000.00: 7000.00 × 80 % = 5600.00 (half-up-fen)
			scope: stay over the new year, split by days: 6 days in 2026, 12000.00 yuan, of it 12000.00 in scope (half-up-fen)
			filing: settled as a local stay
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: deductible of the part in the new year: 1000.00 was paid before, 0.00 is due
			deductible: a deductible of 0.00 is due on 12000.00 in scope: 0.00 is really paid
			basic: pooled fund: 12000.00 yuan enters
			basic: from 0.00 to 12000.00: 12000.00 × 80 % = 9600.00 (half-up-fen)
			cash: the person's share is 4800.00; the account pays 0.00, cash is 4800.00`},
		{"8.5.1, 8.5.2, 8.5.7 caps", blocks{version: "average_wage = 1000", layers: plainLayer + `
			[[version.layer.cap]]
			wage_times = 4
			` + largeHead + `
			[[version.layer.segment]]
			pays = 50
			[[version.layer.cap]]
			none = true
			` + criticalHead + `
			[[version.layer.starts_above]]
			yuan = 2000
			[[version.layer.segment]]
			pays = 60
			[[version.layer.cap]]
			yuan = 500
			[version.layer.cap.raise]
			per_continuous_year = 10
			per_zero_claim_year = 5
			at_most_percent = 20`}, stay{in: "11000", before: benefit.Accumulators{Paid: map[string]ledger.Amount{"basic": 1000_00, "critical": 100_00}, OwnShare: 500_00}, change: person(func(p *benefit.Person) { p.ContinuousYears, p.ZeroClaimYears = ptr(7), ptr(1) })}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: the cap is 4.00 times the average wage of 1000.00: 4000.00 (half-up-fen)
			basic: the cap is 4000.00; 1000.00 is used up, 3000.00 remains
			basic: 3000.00 can still be paid; at 80 % this is reached with 3750.00, which belongs to this layer (half-up-fen)
			basic: from 0.00 to 3750.00: 3750.00 × 80 % = 3000.00 (half-up-fen)
			basic: 6250.00 yuan lies above the cap
			large: large: 6250.00 yuan enters
			large: there is no cap
			large: from 0.00 to 6250.00: 6250.00 × 50 % = 3125.00 (half-up-fen)
			critical: critical illness: 4875.00 yuan enters
			critical: starts above 2000.00; 500.00 came before; of this bill 1500.00 lies below; 3375.00 is paid on
			critical: 7 continuous and 1 zero-claim years raise the cap of 500.00 by 75.00 (half-up-fen)
			critical: the cap is 575.00; 100.00 is used up, 475.00 remains
			critical: 475.00 can still be paid; at 60 % this is reached with 791.67, which belongs to this layer (half-up-fen)
			critical: from 0.00 to 791.67: 791.67 × 60 % = 475.00 (half-up-fen)
			cash: the person's share is 4400.00; the account pays 0.00, cash is 4400.00`},
		{"8.5.1, 8.7.2 a cap on cost, ten fen", blocks{layers: strings.Replace(plainLayer, "takes", "rounding = \"ten fen\"\ntakes", 1) + "\n[[version.layer.cap]]\non = \"cost\"\ncounts_deductible = true\nyuan = \"5000.09\""}, stay{in: "11000", before: benefit.Accumulators{Base: map[string]ledger.Amount{"basic#cost": 500_00}}}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: the cap on cost is 5000.09; 500.00 is used up, the deductible takes 1000.00; 3500.09 counts in this layer
			basic: from 0.00 to 3500.09: 3500.09 × 80 % = 2800.07 (half-up-fen)
			basic: the segments come to 2800.07; 2800.10 is paid (half-up-ten-fen)
			basic: 6499.91 yuan lies above the cap
			cash: the person's share is 8199.90; the account pays 0.00, cash is 8199.90`},
		{"8.7.3 five decimals", blocks{version: "rounding = \"five decimals\"", deductible: "[version.deductible]\namount = 0", layers: strings.Replace(plainLayer, "80", "\"33.33\"", 1) + "\n[[version.layer.cap]]\nyuan = \"3.33\""}, stay{in: "20.01"}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 0.00 yuan
			deductible: a deductible of 0.00 is due on 20.01 in scope: 0.00 is really paid
			basic: pooled fund: 20.01 yuan enters
			basic: the cap is 3.33; 0.00 is used up, 3.33 remains
			basic: 3.33000 can still be paid; at 33.33 % this is reached with 9.99, which belongs to this layer (half-up-fen)
			basic: from 0.00 to 9.99: 9.99 × 33.33 % = 3.33 (half-up-five-decimals)
			basic: the segments come to 3.33000; 3.33 is paid (half-up-five-decimals)
			basic: 10.02 yuan lies above the cap
			cash: the person's share is 16.68; the account pays 0.00, cash is 16.68`},
		{"8.5.9, 8.5.10 a guarantee and a ceiling; an account whose balance is not known", blocks{layers: plainLayer + "\n" + guaranteed + `
			[[version.layer.brings_up_to]]
			percent = 90
			of = "total"`, rest: "[[version.ceiling]]\npercent = 85\n[version.personal_account]\nallowed = true"}, stay{in: "11000", change: func(c *benefit.Case) { c.Claim.UseAccount = true }}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: from 0.00 to 10000.00: 10000.00 × 80 % = 8000.00 (half-up-fen)
			guarantee: guaranteed: 3000.00 yuan enters
			guarantee: guaranteed: 90 % of 11000.00 is 9900.00; the layers below pay 8000.00; 1900.00 is added (half-up-fen)
			ceiling: all payments are 9900.00; they may not be above 85 % of 11000.00: 9350.00 (half-up-fen)
			guarantee: above the ceiling: 550.00 is taken back, 1350.00 is left
			account: balc is not known, so a privilege was not given
			cash: the person's share is 1650.00; the account pays 0.00, cash is 1650.00`},
		{"8.3.9 a fixed payment; the account", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { diagnosis = [\"O82\"] }\nfixed_payment = 6000", rest: "[version.personal_account]\nallowed = true"}, stay{in: "11000", change: func(c *benefit.Case) {
			account("2000", true)(c)
			c.Claim.MainDiagnosis = "O82.1"
		}}, `
			filing: settled as a local stay (unfiled)
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: a special rule applies: main diagnosis O82
			basic: a fixed payment of 6000.00; on 10000.00 it pays 6000.00
			account: of the person's share the account may pay 5000.00; with a balance of 2000.00 it pays 2000.00
			cash: the person's share is 5000.00; the account pays 2000.00, cash is 3000.00`},
		{"privileges lost for want of a fact, each told once", blocks{deductible: plainDeductible + "\n[version.deductible.later_stays]\nfor = { grades = [\"high\"] }\npercent = [50]\n[[version.deductible.special]]\nfor = { age_from = 60 }\nwaived = true", away: strings.Replace(everywhere, "filing", "for = { grades = [\"high\"] }\nfiling", 1) + "points_down = 5\n" + everywhere + "points_down = 10", layers: plainLayer + "\n[[version.layer.special]]\nfor = { age_from = 60 }\npoints_up = 5\n[[version.layer.special]]\nfor = { age_from = 80 }\npoints_up = 5\n" + strings.Replace(criticalHead, "takes", "for = { contribution_months_from = 12 }\ntakes", 1) + "\n[[version.layer.segment]]\npays = 50"}, stay{in: "11000"}, `
			filing: payment grade is not known, so a privilege was not given
			filing: settled as unfiled
			deductible: brdy is not known, so a privilege was not given
			deductible: the deductible (any level) is 1000.00 yuan
			deductible: payment grade is not known, so a privilege was not given
			deductible: a deductible of 1000.00 is due on 11000.00 in scope: 1000.00 is really paid
			basic: pooled fund: 10000.00 yuan enters
			basic: brdy is not known, so a privilege was not given
			basic: from 0.00 to 10000.00: 10000.00 × 70 % = 7000.00 (the table's ratio 80 %, out of area 10 points down) (half-up-fen)
			critical: contribution months is not known, so a privilege was not given
			cash: the person's share is 4000.00; the account pays 0.00, cash is 4000.00`},
	} {
		a, err := x.settle(t, x.plan(t))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := traceLines(a), strings.ReplaceAll(strings.TrimSpace(x.want), "\t", ""); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, want)
		}
		checkSentences(t, a)
	}
}

// traceLines is the trace in words, without the hospital and the scope at its beginning.
func traceLines(a benefit.Adjudication) string {
	var lines []string
	for _, s := range a.Trace {
		if s.Layer == "hospital" || s.Rule == "scope" {
			continue
		}
		line := s.Layer + ": " + s.Text("en")
		if s.Rounding != "" {
			line += " (" + s.Rounding + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestEveryAssumedBlockThatIsUsedIsWarnedOf, of whatever station it is; one that is not
// used is not.
func TestEveryAssumedBlockThatIsUsedIsWarnedOf(t *testing.T) {
	const assumed = "\nassumed = true\n"
	split := "[version.time]\nnew_year = \"split by days\"\nlater_part_deductible = \"none\"" + assumed
	overNewYear := stay{in: "20000", from: "2025-12-28", to: "2026-01-07", years: make([]benefit.Accumulators, 2)}
	second, twice := stay{in: "11000", before: earlier(1)}, []benefit.Accumulators{{}}
	for _, x := range []struct {
		name string
		blocks
		used, not stay
	}{
		{"out of area", blocks{away: everywhere + "points_down = 10" + assumed}, stay{in: "11000"}, stay{in: "11000", at: "650100"}},
		{"a special deductible", blocks{deductible: plainDeductible + "\n[[version.deductible.special]]\nfor = { injury = true }\nwaived = true" + assumed}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"later stays", blocks{deductible: plainDeductible + "\n[version.deductible.later_stays]\npercent = [50]" + assumed}, second, stay{in: "11000"}},
		{"the time", blocks{rest: split}, overNewYear, stay{in: "11000", years: twice}},
		{"a layer", blocks{layers: plainLayer + "\n" + strings.Replace(criticalHead, "takes", "assumed = true\nfor = { injury = true }\ntakes", 1) + "\n[[version.layer.segment]]\npays = 50"}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"a start", blocks{layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.starts_above]]\nfor = { injury = true }\nyuan = 5" + assumed + "[[version.layer.segment]]\npays = 50"}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"a special ratio", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { injury = true }\npoints_up = 5" + assumed}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"a cap", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nfor = { injury = true }\nyuan = 5" + assumed}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"a guarantee", blocks{layers: plainLayer + "\n" + guaranteed + "\n[[version.layer.brings_up_to]]\nfor = { injury = true }\npercent = 90" + assumed}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"a ceiling", blocks{rest: "[[version.ceiling]]\nfor = { injury = true }\npercent = 90" + assumed}, stay{in: "11000", change: injured}, stay{in: "11000"}},
		{"the account", blocks{rest: "[version.personal_account]\nallowed = true" + assumed}, stay{in: "11000", change: account("1", true)}, stay{in: "11000", change: account("1", false)}},
		{"a kind of stay", blocks{version: "[[version.kind_of_stay]]\nname = \"chemotherapy\"\nzh = \"化疗\"\nen = \"chemotherapy\"\ndiagnosis = [\"Z51.1\"]" + assumed}, stay{in: "11000", change: diagnosis("Z51.1")}, stay{in: "11000"}},
	} {
		p := x.plan(t)
		for want, s := range map[bool]stay{true: x.used, false: x.not} {
			a, err := s.settle(t, p)
			if got := slices.Contains(a.Warnings, benefit.WarnAssumed); err != nil || got != want {
				t.Errorf("%s: warned %t, want %t (%v)", x.name, got, want, err)
			}
		}
	}
}

func injured(c *benefit.Case) { c.Claim.Injury = true }
