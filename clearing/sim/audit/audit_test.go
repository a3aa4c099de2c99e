package audit

import (
	"go/parser"
	"go/token"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces/data"
)

// An auditor that shares code with what it judges shares its mistakes.
func TestImportsNothingOfOurs(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range source.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if strings.HasPrefix(path, "clearingd") || strings.Contains(path, "decimal") {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

func readPlans(t *testing.T) *Plans {
	t.Helper()
	plans, err := ReadPlans(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	for _, unread := range plans.Unread {
		t.Errorf("a plan has words the auditor does not know: %s", unread)
	}
	return plans
}

func yuan(t *testing.T, text string) *big.Rat {
	t.Helper()
	a, ok := amount(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return a
}

// The published bill of a Beijing retiree of 2025, whose pool had paid 8,240.49 before:
// 91,759.51 were left below its cap of 100,000, which 97,372.18 of the in-scope amount use up; of
// the other 52,627.82 the large-amount fund pays 80 %.
func TestBeijingBillAtItsCap(t *testing.T) {
	plans := readPlans(t)
	p := plans.find("110105", "310")
	day := func(text string) time.Time {
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	q := request{home: "110105", treatment: "110101", claim: &claim{
		insurance: "310", personType: "12", level: "02", admitted: day("2025-03-01"), discharged: day("2025-04-10"),
		total: yuan(t, "150000"), scope: yuan(t, "150000"),
	}}
	year := fold(2025, nil)
	year.open(2025, &opening{year: 2025, stays: 1, deductible: rat(0), ownShare: rat(0), paid: map[string]*big.Rat{"310100": yuan(t, "8240.49")}})
	bill, err := settle(p, p.on(q.claim.discharged), q, year)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"deductible": {Yuan(bill.Deductible), "650.00"},
		"pool":       {Yuan(bill.Shares[0].Amount), "91759.51"},
		"large":      {Yuan(bill.Shares[1].Amount), "42102.26"},
		"cash":       {Yuan(bill.Cash), "16138.23"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, published %s", what, pair[0], pair[1])
		}
	}
}

// Deductibles as Hunan and Anhui have printed them: at most 2,300 in a year, after twice 600
// in the county the city's 1,200 are 1,100; and outside the province 20 % of the total cost,
// 2,000 to 10,000.
func TestDeductiblesOfHunanAndAnhui(t *testing.T) {
	const head = `area = "43"
		insurance = "390"
		[[version]]
		valid_from = 2020-01-01
		`
	const layer = `
		[[version.layer]]
		id = "basic"
		fund = "390100"
		takes = ["in scope"]
		[[version.layer.segment]]
		pays = 65`
	hunan := head + `[version.deductible]
		amount = { second = 600, third = 1200 }
		year_at_most = 2300
		[version.deductible.later_stays]
		for = { filing = ["local"] }
		percent = [50]
		[[version.out_of_area]]
		filing = ["unfiled"]
		same_as = "local"` + layer
	anhui := head + `[version.deductible]
		amount = 700
		[[version.out_of_area]]
		filing = ["unfiled"]
		deductible_percent_of_total = 20
		deductible_at_least = 2000
		deductible_at_most = 10_000` + layer
	for _, x := range []struct {
		plan, total, before string
		stays               int
		want                string
	}{
		{hunan, "66000", "0", 0, "1200.00"},
		{hunan, "66000", "1200", 2, "1100.00"}, // and does not fall: unfiled
		{hunan, "66000", "2300", 3, "0.00"},
		{anhui, "8000", "0", 0, "2000.00"},
		{anhui, "30000", "0", 0, "6000.00"},
		{anhui, "60000", "0", 0, "10000.00"},
	} {
		plans, err := ReadPlans(fstest.MapFS{"43/plans/43-390.toml": {Data: []byte(x.plan)}})
		if err != nil || len(plans.Unread) > 0 {
			t.Fatal(err, plans.Unread)
		}
		p := plans.find("430100", "390")
		q := request{home: "430100", treatment: "310101", claim: &claim{insurance: "390", personType: "15", level: "02",
			admitted: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), discharged: time.Date(2024, 5, 9, 0, 0, 0, 0, time.UTC), total: yuan(t, x.total), scope: yuan(t, x.total)}}
		year := fold(2024, nil)
		year.Stays, year.Deductible = x.stays, yuan(t, x.before)
		bill, err := settle(p, p.on(q.claim.discharged), q, year)
		if err != nil || Yuan(bill.Deductible) != x.want {
			t.Errorf("%s after %s: %v, want %s (%v)", x.total, x.before, bill, x.want, err)
		}
	}
}

func TestPlansAreFoundByTheLongestArea(t *testing.T) {
	plans := readPlans(t)
	for home, want := range map[string]string{"110105": "11", "650100": "6501", "650200": "65", "330100": "3301", "330200": "33"} {
		if p := plans.find(home, "310"); p == nil || p.Area != want {
			t.Errorf("%s finds %v, want %s", home, p, want)
		}
	}
	if p := plans.find("110105", "340"); p != nil {
		t.Errorf("an insurance without a plan finds %s", p.Area)
	}
}

func TestAmountGrammar(t *testing.T) {
	for _, good := range []string{"0", "0.5", "12.50", "-1", "999999999999.99"} {
		if _, ok := amount(good); !ok {
			t.Errorf("%q is an amount", good)
		}
	}
	for _, bad := range []string{"", "-0", "-0.00", "+1", "01", "1.", ".5", "1.005", "1e3", "１", " 1", "1000000000000"} {
		if _, ok := amount(bad); ok {
			t.Errorf("%q is none", bad)
		}
	}
}

func TestRoundingIsHalfUpToTheFen(t *testing.T) {
	for exact, want := range map[string]string{"1721.1654": "1721.17", "0.005": "0.01", "0.0049": "0.00", "2.675": "2.68"} {
		a, _ := new(big.Rat).SetString(exact)
		if got := Yuan(fen(a)); got != want {
			t.Errorf("%s rounds to %s, want %s", exact, got, want)
		}
	}
}

// What package sim says of the messages it builds is what the auditor reads.
func TestReadsTheSamplesAsTheyWereBuilt(t *testing.T) {
	messages := sim.Day(sim.DefaultConfig(5, 1500, ledger.NewDay(2026, time.March, 18))).Messages
	met := map[int]bool{}
	for _, m := range messages {
		q := read(m.Subject, m.Body)
		want := int(m.Want.Code)
		if want >= codeNoPlan { // only the books can tell
			want = 0
		}
		if want == 0 && len(q.refusals) > 0 || want != 0 && !slices.Contains(q.refusals, want) {
			t.Fatalf("%s: read as %v, built as %d", m.What, q.refusals, want)
		}
		met[want] = true
	}
	if len(met) < 12 {
		t.Errorf("met only %d codes", len(met))
	}
}

// Books that answer nothing, twice, or the wrong thing are found out.
func TestFindsWhatIsMissing(t *testing.T) {
	plans := readPlans(t)
	m := sim.Day(sim.DefaultConfig(5, 1, ledger.NewDay(2026, time.March, 18))).Messages[0]
	message := Message{Stream: strings.Split(m.Subject, ".")[1], Sequence: 1, Subject: m.Subject, Body: m.Body, Received: time.Unix(1773800000, 0)}
	answer := Answer{Subject: "answers." + strings.TrimPrefix(m.Subject, "claims."), Header: map[string]string{
		"Clr-Entry": "1", "Clr-Day": "2026-03-18", "Clr-Outcome": "refused", "Clr-Digest": "00",
	}, Body: []byte("{}")}
	for name, answers := range map[string][]Answer{
		"no answer": nil, "a wrong answer": {answer}, "two answers": {answer, answer},
	} {
		books := Audit(plans, true, []Message{message}, answers)
		if books.FaultCount == 0 {
			t.Errorf("%s: nothing found", name)
		}
	}
}
