package benefit_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// rule is a random plan as figures. It is written as a plan file for the calculator,
// and worked out by a plain calculator in fractions that shares no code with it.
type rule struct {
	deductible int64 // fen
	upTo       []int64
	ratios     []int64 // hundredths of a percent; one more than upTo
	including  bool    // bounds include the deductible
	onYear     bool
	cap        int64 // fen; 0: none
	large      int64 // ratio above the cap; 0: no such layer
	start      int64 // of critical illness; 0: no such layer
	critical   int64
	ownShare   int64 // of retirees, in percent
	away       string
	awayFigure int64 // percent
	ceiling    int64 // percent; 0: none
	yearMost   int64 // of all deductibles; fen; 0: no limit
	least      int64 // of a deductible by a share of the total; fen
	most       int64
	guarantee  int64  // percent; 0: no such layer
	guaranteed string // of what
}

func drawRule(t *rapid.T) rule {
	yuan := func(name string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, name) * 100 }
	r := rule{
		deductible: yuan("deductible", 3000),
		including:  rapid.Bool().Draw(t, "including"),
		onYear:     rapid.Bool().Draw(t, "on the year"),
		ownShare:   rapid.Int64Range(0, 100).Draw(t, "own share"),
		away:       rapid.SampledFrom([]string{"local", "points_down", "factor", "self_pay_first", "pays", "deductible_percent_of_total", "nothing"}).Draw(t, "away"),
		awayFigure: rapid.Int64Range(0, 100).Draw(t, "away figure"),
	}
	last := int64(0)
	for range rapid.IntRange(0, 3).Draw(t, "bounds") {
		last += 1 + rapid.Int64Range(0, 20_000_00).Draw(t, "width")
		r.upTo = append(r.upTo, last)
	}
	for range len(r.upTo) + 1 {
		r.ratios = append(r.ratios, drawRatio(t, "ratio"))
	}
	if rapid.Bool().Draw(t, "capped") {
		r.cap = 1 + yuan("cap", 60_000)
		r.large = drawRatio(t, "large")
	}
	if rapid.Bool().Draw(t, "with critical") {
		r.start = 1 + yuan("start", 20_000)
		r.critical = drawRatio(t, "critical")
	}
	if rapid.Bool().Draw(t, "limited in the year") {
		r.yearMost = 1 + yuan("year at most", 5000)
	}
	r.least = yuan("least", 2000)
	r.most = r.least + yuan("most", 10_000)
	if rapid.Bool().Draw(t, "guaranteed") {
		r.guarantee = rapid.Int64Range(1, 100).Draw(t, "guarantee")
		r.guaranteed = rapid.SampledFrom([]string{"total", "in scope", "total above the deductible"}).Draw(t, "guaranteed of")
	}
	if rapid.Bool().Draw(t, "with ceiling") {
		r.ceiling = rapid.Int64Range(0, 100).Draw(t, "ceiling")
	}
	return r
}

// drawRatio draws nothing, or 1 % to 100 %: less is refused as a slip.
func drawRatio(t *rapid.T, name string) int64 {
	if n := rapid.Int64Range(0, 100_00).Draw(t, name); n >= 1_00 {
		return n
	}
	return 0
}

func hundredths(n int64) string { return fmt.Sprintf(`"%d.%02d"`, n/100, n%100) }

func (r rule) blocks() blocks {
	b := blocks{deductible: "[version.deductible]\namount = " + hundredths(r.deductible)}
	if r.yearMost > 0 {
		b.deductible += "\nyear_at_most = " + hundredths(r.yearMost)
	}
	b.away = "[[version.out_of_area]]\nfiling = [\"long-term\", \"long-term-at-home\", \"referral\", \"emergency\", \"temporary\", \"unfiled\"]\n"
	switch r.away {
	case "local":
		b.away += `same_as = "local"`
	case "nothing":
		b.away += `pays_nothing = true`
	default:
		b.away += fmt.Sprintf("%s = %d", r.away, r.awayFigure)
	}
	if r.away == "deductible_percent_of_total" {
		b.away += "\ndeductible_at_least = " + hundredths(r.least) + "\ndeductible_at_most = " + hundredths(r.most)
	}
	b.layers = basicHead
	if r.including {
		b.layers += "\nbounds = \"including the deductible\""
	}
	if r.onYear {
		b.layers += "\ncounted = \"on the year\""
	}
	for i, ratio := range r.ratios {
		b.layers += "\n[[version.layer.segment]]\npays = " + hundredths(ratio)
		if i < len(r.upTo) {
			b.layers += "\nup_to = " + hundredths(r.upTo[i])
		}
	}
	b.layers += fmt.Sprintf("\n[[version.layer.special]]\nfor = { groups = [\"retired\"] }\nown_share = %d", r.ownShare)
	if r.cap > 0 {
		b.layers += "\n[[version.layer.cap]]\nyuan = " + hundredths(r.cap) + "\n" + largeHead + "\n[[version.layer.segment]]\npays = " + hundredths(r.large)
	}
	if r.guarantee > 0 {
		b.layers += fmt.Sprintf("\n%s\n[[version.layer.brings_up_to]]\npercent = %d\nof = %q", guaranteed, r.guarantee, r.guaranteed)
	}
	if r.start > 0 {
		b.layers += "\n" + criticalHead + "\n[[version.layer.starts_above]]\nyuan = " + hundredths(r.start) + "\n[[version.layer.segment]]\npays = " + hundredths(r.critical)
	}
	if r.ceiling > 0 {
		b.rest = fmt.Sprintf("[[version.ceiling]]\npercent = %d", r.ceiling)
	}
	return b
}

// situation is a random stay and what came before it in the year.
type situation struct {
	in      int64
	own     int64
	retired bool
	local   bool
	stays   int
	paid    int64
	base    int64
	share   int64
	ded     int64
}

func drawSituation(t *rapid.T) situation {
	return situation{
		in:      rapid.Int64Range(0, 300_000_00).Draw(t, "in scope"),
		own:     rapid.Int64Range(0, 5_000_00).Draw(t, "own expense"),
		retired: rapid.Bool().Draw(t, "retired"), local: rapid.Bool().Draw(t, "local"),
		stays: rapid.IntRange(0, 3).Draw(t, "stays"), paid: rapid.Int64Range(0, 70_000_00).Draw(t, "paid"),
		base: rapid.Int64Range(0, 80_000_00).Draw(t, "base"), share: rapid.Int64Range(0, 30_000_00).Draw(t, "share"),
		ded: rapid.Int64Range(0, 6_000_00).Draw(t, "deductible before"),
	}
}

func (s situation) settle(t testing.TB, p *benefit.Plan) benefit.Adjudication {
	t.Helper()
	x := stay{in: ledger.Amount(s.in).String(), before: benefit.Accumulators{
		Stays: s.stays, OwnShare: ledger.Amount(s.share), Deductible: ledger.Amount(s.ded),
		Paid: map[string]ledger.Amount{"basic": ledger.Amount(s.paid)}, Base: map[string]ledger.Amount{"basic": ledger.Amount(s.base)},
	}, change: func(c *benefit.Case) {
		c.Claim.OwnExpense = ledger.Amount(s.own)
		c.Claim.Total += c.Claim.OwnExpense
		if s.retired {
			c.Claim.PersonType = "12"
		}
		if s.local {
			c.Treatment = c.Home
		}
	}}
	a, err := x.settle(t, p)
	if err != nil {
		t.Fatal(err)
	}
	checkCloses(t, ledger.Amount(s.in+s.own), a)
	return a
}

func layerPaid(a benefit.Adjudication, layer string) (sum ledger.Amount) {
	for _, f := range a.Funds {
		if layer == "" || f.Layer == layer {
			sum += f.Amount
		}
	}
	return sum
}

// plain is the same rule worked out in fractions, from the documents.
func (r rule) plain(s situation) (deductible, basic, large, guarantee, critical, cash int64) {
	away := r.away
	if s.local {
		away = "local"
	}
	if away == "nothing" {
		if r.guarantee > 0 { // of what is left, only own expense can still be paid
			guarantee = min(s.own, r.plainGuarantee(s, 0))
		}
		if r.ceiling > 0 {
			guarantee = min(guarantee, halfUp(big.NewRat((s.in+s.own)*r.ceiling, 100)))
		}
		return 0, 0, 0, guarantee, 0, s.in + s.own - guarantee
	}
	first := int64(0)
	if away == "self_pay_first" {
		first = halfUp(big.NewRat(s.in*r.awayFigure, 100))
	}
	rest := s.in - first
	owed := r.deductible
	if away == "deductible_percent_of_total" {
		owed = min(r.most, max(r.least, halfUp(big.NewRat((s.in+s.own)*r.awayFigure, 100))))
	}
	if r.yearMost > 0 {
		owed = min(owed, max(0, r.yearMost-s.ded))
	}
	deductible = min(owed, rest)
	rest -= deductible
	position := int64(0)
	if r.including {
		position = deductible
	}
	if r.onYear {
		position += s.base
	}
	room := int64(1) << 60
	if r.cap > 0 {
		room = max(0, r.cap-s.paid)
	}
	used := int64(0)
	for i := range r.ratios {
		upTo := int64(1) << 60
		if i < len(r.upTo) {
			upTo = r.upTo[i]
		}
		amount := min(rest-used, upTo-position)
		if amount <= 0 || room == 0 {
			continue
		}
		ratio := r.plainRatio(i, away, s.retired)
		payment := halfUp(new(big.Rat).Mul(ratio, big.NewRat(amount, 1)))
		if payment > room {
			payment = room
			amount = halfUp(new(big.Rat).Quo(big.NewRat(room, 1), ratio))
			upTo = 0 // nothing after it
		}
		basic, room, used, position = basic+payment, room-payment, used+amount, position+amount
		if upTo == 0 {
			break
		}
	}
	over := rest - used
	if r.cap > 0 {
		large = halfUp(big.NewRat(over*r.large, 100_00))
	}
	if r.guarantee > 0 {
		open := deductible + rest - basic - large + s.own
		guarantee = min(open, max(0, r.plainGuarantee(s, deductible)-basic-large))
	}
	if r.start > 0 {
		share := r.plainShare(deductible, rest, basic, large, guarantee)
		above := max(0, s.share+share-r.start) - max(0, s.share-r.start)
		critical = halfUp(big.NewRat(above*r.critical, 100_00))
	}
	if r.ceiling > 0 {
		excess := basic + large + guarantee + critical - halfUp(big.NewRat((s.in+s.own)*r.ceiling, 100))
		for _, layer := range []*int64{&critical, &guarantee, &large, &basic} {
			back := max(0, min(excess, *layer))
			*layer -= back
			excess -= back
		}
	}
	return deductible, basic, large, guarantee, critical, s.in + s.own - basic - large - guarantee - critical
}

// plainGuarantee is what the funds are to come to together.
func (r rule) plainGuarantee(s situation, deductible int64) int64 {
	of := s.in + s.own
	switch r.guaranteed {
	case "in scope":
		of = s.in
	case "total above the deductible":
		of -= deductible
	}
	return halfUp(big.NewRat(of*r.guarantee, 100))
}

// plainShare is what critical illness is counted on: deductible, own share and what lies
// above the cap, less what the guarantee has paid of them before it came to own expense.
func (r rule) plainShare(deductible, rest, basic, large, guarantee int64) int64 {
	return max(0, deductible+rest-basic-large-guarantee)
}

func (r rule) plainRatio(i int, away string, retired bool) *big.Rat {
	one := big.NewRat(1, 1)
	ratio := big.NewRat(r.ratios[i], 100_00)
	if away == "pays" {
		ratio = big.NewRat(r.awayFigure, 100)
	}
	if retired {
		own := new(big.Rat).Sub(one, ratio)
		ratio = new(big.Rat).Sub(one, own.Mul(own, big.NewRat(r.ownShare, 100)))
	}
	switch away {
	case "points_down":
		ratio = new(big.Rat).Sub(ratio, big.NewRat(r.awayFigure, 100))
	case "factor":
		ratio = new(big.Rat).Mul(ratio, big.NewRat(r.awayFigure, 100))
	}
	if ratio.Sign() < 0 {
		ratio = new(big.Rat)
	}
	return ratio
}

func halfUp(x *big.Rat) int64 {
	double := new(big.Rat).Add(x, big.NewRat(1, 2))
	return new(big.Int).Quo(double.Num(), double.Denom()).Int64() // x is not negative
}

func TestCalculatorAgreesWithPlainFractions(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		a := s.settle(t, r.blocks().plan(t))
		deductible, basic, large, guarantee, critical, cash := r.plain(s)
		got := []ledger.Amount{a.Deductible, layerPaid(a, "basic"), layerPaid(a, "large"), layerPaid(a, "guarantee"), layerPaid(a, "critical"), a.Cash}
		want := []ledger.Amount{ledger.Amount(deductible), ledger.Amount(basic), ledger.Amount(large), ledger.Amount(guarantee), ledger.Amount(critical), ledger.Amount(cash)}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("deductible, basic, large, guarantee, critical, cash: %v, want %v\n%s\n%s", got, want, r.blocks().text(), traceText(a))
		}
	})
}

func TestPartsAddUpAndNothingIsNegative(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		b := r.blocks()
		b.version = "rounding = \"" + rapid.SampledFrom([]string{"fen", "ten fen", "five decimals"}).Draw(rt, "rounding") + "\""
		s.settle(t, b.plan(t))
		if t.Failed() {
			rt.Fatal(b.text())
		}
	})
}

func TestHigherBillNeverLowersThePayment(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		p := r.blocks().plan(t)
		low := s.settle(t, p)
		s.in += rapid.SampledFrom([]int64{1, 2, 99, 12_345_67}).Draw(rt, "more")
		high := s.settle(t, p)
		if layerPaid(high, "") < layerPaid(low, "") {
			rt.Fatalf("%s, then only %s\n%s%s", summary(low, nil), summary(high, nil), traceText(low), traceText(high))
		}
	})
}

func TestHigherRatioNeverLowersThePayment(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		low := s.settle(t, r.blocks().plan(t))
		i := rapid.IntRange(0, len(r.ratios)-1).Draw(rt, "segment")
		r.ratios[i] = rapid.Int64Range(max(1_00, r.ratios[i]), 100_00).Draw(rt, "higher")
		high := s.settle(t, r.blocks().plan(t))
		if layerPaid(high, "basic") < layerPaid(low, "basic") && r.ceiling == 0 {
			rt.Fatalf("%s, then only %s", summary(low, nil), summary(high, nil))
		}
	})
}

func TestCapsAndCeilingsHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		a := s.settle(t, r.blocks().plan(t))
		if paid := a.Years[0].Paid["basic"]; r.cap > 0 && paid > ledger.Amount(max(r.cap, s.paid)) {
			rt.Fatalf("paid %s in the year over a cap of %s", paid, ledger.Amount(r.cap))
		}
		if limit := ledger.Amount(halfUp(big.NewRat((s.in+s.own)*r.ceiling, 100))); r.ceiling > 0 && layerPaid(a, "") > limit {
			rt.Fatalf("paid %s over a ceiling of %s", layerPaid(a, ""), limit)
		}
	})
}

// The amount that the inverse gives to the pool is paid exactly up to the cap when it
// is settled alone, without any cap.
func TestSplitAndSingleComputationAgreeAtTheCap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		r.away, r.ceiling, r.start, s.own = "local", 0, 0, 0
		r.cap, r.large = 1+rapid.Int64Range(1, 60_000_00).Draw(rt, "cap at"), 100_00
		single := s.settle(t, r.blocks().plan(t))
		over := layerPaid(single, "large")
		if over == 0 {
			return
		}
		alone := s
		alone.in -= int64(over)
		uncapped := r
		uncapped.cap = 0
		split := alone.settle(t, uncapped.blocks().plan(t))
		if layerPaid(split, "basic") != layerPaid(single, "basic") {
			rt.Fatalf("single %s, alone %s\n%s", summary(single, nil), summary(split, nil), traceText(single))
		}
	})
}

// Every figure of a segment step can be recomputed from its own inputs.
func TestTraceCanBeRecomputedByHand(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, s := drawRule(rt), drawSituation(rt)
		a := s.settle(t, r.blocks().plan(t))
		var basic ledger.Amount
		for _, step := range a.Trace {
			if step.Rule != "segment" {
				continue
			}
			amount, ratio := inputRat(t, step, "amount"), inputRat(t, step, "ratio")
			product := new(big.Rat).Mul(amount, ratio)
			if got := halfUp(product.Mul(product, big.NewRat(100, 1))); ledger.Amount(got) != step.Output && !precededByCapSplit(a, step) {
				rt.Fatalf("%s gives %d", step.Text("en"), got)
			}
			if step.Layer == "basic" {
				basic += step.Output
			}
			if text := step.Text("zh") + step.Text("en"); strings.ContainsAny(text, "{}[]") {
				rt.Fatalf("a placeholder is left in %q", text)
			}
		}
		if paid := layerPaid(a, "basic"); basic != paid && r.ceiling == 0 {
			rt.Fatalf("the segments come to %s, paid is %s", basic, paid)
		}
	})
}

func precededByCapSplit(a benefit.Adjudication, step benefit.Step) bool {
	for i := 1; i < len(a.Trace); i++ {
		if a.Trace[i-1].Rule == "cap-split" && a.Trace[i].Output == step.Output {
			return true
		}
	}
	return false
}

func inputRat(t testing.TB, step benefit.Step, name string) *big.Rat {
	t.Helper()
	for _, in := range step.Inputs {
		if in.Name == name {
			x, ok := new(big.Rat).SetString(in.Value)
			if !ok {
				t.Fatalf("%s = %q is no decimal", name, in.Value)
			}
			return x
		}
	}
	t.Fatalf("step %s has no %s", step.Rule, name)
	return nil
}

func TestAdjudicationLeavesItsInputAlone(t *testing.T) {
	before := benefit.Accumulators{
		Stays: 1, StaysByLevel: map[benefit.Level]int{}, Paid: map[string]ledger.Amount{}, Periods: map[string]ledger.Amount{},
		Base: map[string]ledger.Amount{}, Kinds: map[string]int{}, Last: &benefit.LastStay{Discharged: day("2026-04-30"), Ordinal: 1},
	}
	b := blocks{version: "[[version.kind_of_stay]]\nname = \"chemotherapy\"\nzh = \"化疗\"\nen = \"chemotherapy\"\ndiagnosis = [\"Z51.1\"]",
		layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.segment]]\npays = 50"}
	want := fmt.Sprintf("%+v %+v", before, *before.Last)
	for _, deductible := range []string{"transfer_within_days = 1", "transfer_within_days = 0", "charged = \"once a month\""} {
		b.deductible = plainDeductible + "\n" + deductible
		if _, err := (stay{in: "11000", before: before, change: diagnosis("Z51.1")}).settle(t, b.plan(t)); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v %+v", before, *before.Last); got != want {
			t.Errorf("%s: changed to %s, was %s", deductible, got, want)
		}
	}
}

func TestAccumulatorsAreFoldedBillByBill(t *testing.T) {
	p := blocks{layers: plainLayer + "\n" + criticalHead + "\n[[version.layer.starts_above]]\nyuan = 5000\n[[version.layer.segment]]\npays = 50"}.plan(t)
	var year benefit.Accumulators
	for i, want := range []string{
		"ded=1000 basic=8000 cash=3000",
		"ded=1000 basic=8000 critical=500 cash=2500", // 3,000 + 3,000 - 5,000 = 1,000
		"ded=1000 basic=8000 critical=1500 cash=1500",
	} {
		a, err := stay{in: "11000", before: year}.settle(t, p)
		if got := summary(a, err); got != want {
			t.Fatalf("stay %d: %s, want %s", i+1, got, want)
		}
		year = a.Years[0].Accumulators
	}
	if year.Stays != 3 || year.Deductible != 3_000_00 || year.InScope != 33_000_00 || year.Cost != 33_000_00 ||
		year.OwnShare != 7_000_00 || year.Paid["basic"] != 24_000_00 || year.Paid["critical"] != 2_000_00 ||
		year.StaysByLevel[benefit.LevelThird] != 3 || year.Base["critical"] != 9_000_00 {
		t.Errorf("the year is %+v", year)
	}
}

func TestOpeningCounts(t *testing.T) {
	a := benefit.OpeningAccumulators(provinces.Opening{
		Stays: 2, Deductible: 1_300_00, OwnShare: 4_000_00, OutpatientSum: 50_00,
		Paid: []provinces.FundAmount{{Fund: "390100", Amount: 7_00}, {Fund: "390100", Amount: 8_00}},
	})
	if a.Stays != 2 || a.Deductible != 1_300_00 || a.OwnShare != 4_000_00 || a.Outpatient != 50_00 || a.Paid["390100"] != 15_00 {
		t.Errorf("%+v", a)
	}
}
