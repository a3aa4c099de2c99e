package benefit_test

import (
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/provinces"
)

// of makes a claim of fee lines; what one line is of is written as "<chrgitm_lv>".
func of(lines ...provinces.Line) func(*benefit.Case) {
	return func(c *benefit.Case) {
		c.Claim.Lines, c.Claim.InScope = lines, 0
		for i := range lines {
			lines[i].Serial = "1"
			if lines[i].Occurred == 0 {
				lines[i].Occurred = at("2026-05-10")
			}
			c.Claim.InScope += lines[i].Amount
		}
		c.Claim.Total = c.Claim.InScope
	}
}

func feeLine(class, amount string) provinces.Line {
	return provinces.Line{Class: class, Quantity: 10_000, Amount: yuan(amount)}
}

// Classes of the catalogue with ratios and shares of their own (8.1.6): what belongs to no
// class comes first, then the classes in the layer's order.
func TestShapesOfClasses(t *testing.T) {
	classes := func(deductible, layer, rest string) blocks {
		return blocks{top: `scope = "home"`, deductible: "[version.deductible]\namount = " + deductible, layers: basicHead + `
			[[version.layer.class]]
			name = "A"
			pays = 95
			[[version.layer.class]]
			name = "half"
			self_pay_first = 20
			pays = 50
			[[version.layer.class]]
			name = "B"
			self_pay_first = 10
			[[version.layer.segment]]
			pays = 80
			` + layer + "\n" + largeHead + `
			[[version.layer.segment]]
			pays = 50`, rest: `
			[[version.catalogue]]
			classes = ["01"]
			class = "A"
			[[version.catalogue]]
			classes = ["02"]
			class = "B"
			[[version.catalogue]]
			classes = ["03"]
			class = "half"
			[[version.catalogue]]
			classes = ["09"]
			` + rest}
	}
	costCap := func(yuan string) string { return "[[version.layer.cap]]\non = \"cost\"\nyuan = " + yuan }
	payCap := func(yuan string) string { return "[[version.layer.cap]]\nyuan = " + yuan }
	a, b, half, none := feeLine("01", "1000"), feeLine("02", "1000"), feeLine("03", "1000"), feeLine("09", "60")
	for _, s := range []shape{
		{"each by its own", classes("0", "", ""), []stay{
			{in: "1", change: of(a, b), want: "ded=0 basic=1670 cash=330"}, // 950 + (1,000 - 100) x 80
			{in: "1", change: of(half), want: "ded=0 basic=400 cash=600"},  // (1,000 - 200) x 50
			{in: "1", change: of(a, a, none), want: "ded=0 basic=1948 cash=112"},
		}},
		{"a deductible takes what is of no class first, then class by class", classes("100", "", ""), []stay{
			{in: "1", change: of(none, a, b), want: "ded=100 basic=1632 cash=428"}, // 960 x 95 + 900 x 80
		}},
		{"a deductible larger than the first class", classes("1500", "", ""), []stay{
			{in: "1", change: of(a, b), want: "ded=1500 basic=360 cash=1640"}, // (500 - 50) x 80
		}},
		{"a cap on cost is filled by what is of no class, then class by class", classes("0", costCap("1360"), ""), []stay{
			{in: "1", change: of(none, a, b), want: "ded=0 basic=1214 large=350 cash=496"}, // 60 x 80 + 950 + (300 - 30) x 80; 700 above
			{in: "1", change: of(feeLine("09", "2000"), a), want: "ded=0 basic=1088 large=820 cash=1092"},
		}},
		{"a cap on payment that a class reaches: the rest of it lies above", classes("0", payCap("1000"), ""), []stay{
			{in: "1", change: of(a, feeLine("02", "500")), want: "ded=0 basic=1000 large=163.16 cash=336.84"}, // 360, then 640 of 950: 673.68
		}},
		{"a cap on payment over two classes", classes("0", payCap("1150"), ""), []stay{
			{in: "1", change: of(a, half), want: "ded=0 basic=1150 large=200 cash=650"}, // 950, then 200 of 400: 400 of 800
		}},
		{"the deductible of a split stay, class by class in each year", classes("100", "", "[version.time]\nnew_year = \"split by days\""), []stay{
			{in: "1", from: "2025-12-28", to: "2026-01-07", years: make([]benefit.Accumulators, 2), change: of(a, none), want: "ded=200 basic=307.80 basic=509.20 cash=243"}, // 424 - 100: 24 of no class, 76 of A; 636 - 100: 36, 64
		}},
		{"8.4.3 self-pay-first out of area comes off in the same order", func() blocks {
			x := classes("0", "", "")
			x.away = everywhere + "self_pay_first = 10"
			return x
		}(), []stay{
			{in: "1", change: of(none, a), want: "ded=0 basic=906.30 cash=153.70"},     // 106: 60 of no class, 46 of A: 954 x 95
			{in: "1", change: of(none, a, b), want: "ded=0 basic=1531.30 cash=528.70"}, // 206: 60 and 146 of A: 854 x 95 + 900 x 80
		}},
		{"8.4.6 nothing out of area, of no class", func() blocks {
			x := classes("0", "", "")
			x.away = everywhere + "pays_nothing = true"
			return x
		}(), []stay{
			{in: "1", change: of(none, a), want: "ded=0 cash=1060"},
		}},
	} {
		s.run(t)
	}
}

// What is of a class is paid to the last fen up to a cap, as a segment is.
func TestAClassThatPaysTheCapExactlyLiesBelowIt(t *testing.T) {
	shape{"33.33 % of 10 is 3.33", blocks{top: `scope = "home"`, deductible: "[version.deductible]\namount = 0", layers: basicHead + `
		[[version.layer.class]]
		name = "A"
		pays = "33.33"
		[[version.layer.segment]]
		pays = 80
		[[version.layer.cap]]
		yuan = "3.33"
		` + largeHead + `
		[[version.layer.segment]]
		pays = 50`, rest: "[[version.catalogue]]\nclass = \"A\""}, []stay{
		{in: "1", change: of(feeLine("01", "10")), want: "ded=0 basic=3.33 cash=6.67"},
	}}.run(t)
}

// The lines of a bill that the home region splits itself (8.1.1 to 8.1.3): the catalogue's
// days, its own price limits, and lines that contradict each other or the claim.
func TestShapesOfLines(t *testing.T) {
	b := blocks{top: `scope = "home"`, deductible: "[version.deductible]\namount = 0", rest: `
		[[version.catalogue]]
		classes = ["01"]
		from = 2026-05-05
		self_pay_first = 50
		[[version.catalogue]]
		classes = ["01"]
		self_pay_first = 10
		[[version.catalogue]]
		classes = ["02"]
		price_limit = "12.34"
		[[version.catalogue]]
		classes = ["03"]
		own_expense = true
		[[version.catalogue]]
		classes = ["04"]
		[[version.catalogue]]
		classes = ["05"]
		class = "A"`}
	on := func(day string, l provinces.Line) provinces.Line { l.Occurred = at(day); return l }
	limited := func(limit, quantity int64, amount string) provinces.Line {
		return provinces.Line{Class: "04", Quantity: quantity, PriceLimit: limit, Amount: yuan(amount)}
	}
	both := func(lines func(*benefit.Case), more func(*benefit.Case)) func(*benefit.Case) {
		return func(c *benefit.Case) { lines(c); more(c) }
	}
	shape{"lines", b, []stay{
		{in: "1", change: of(on("2026-05-05", feeLine("01", "100"))), want: "ded=0 basic=40 cash=60"},                                                      // 8.1.3 the first day of a row
		{in: "1", change: of(on("2026-05-04 23:59:59", feeLine("01", "100"))), want: "ded=0 basic=72 cash=28"},                                             // and the day before
		{in: "1", change: of(provinces.Line{Class: "02", Quantity: 20_000, PriceLimit: 1, Amount: yuan("30")}), want: "ded=0 basic=19.74 cash=10.26"},      // 8.1.2 the catalogue's limit, two units of 12.34
		{in: "1", change: of(provinces.Line{Class: "02", Quantity: 10_000_000, Amount: yuan("20000")}), want: "ded=0 basic=9872 cash=10128"},               // a thousand units: 12,340
		{in: "1", change: of(limited(15_000_000, 20_000, "20")), want: "ded=0 basic=16 cash=4"},                                                            // below the limit
		{in: "1", change: of(limited(15_000_000, 5_000, "20")), want: "ded=0 basic=6 cash=14"},                                                             // half a unit: 7.50
		{in: "1", change: of(limited(15_000_000, -20_000, "20")), want: "ded=0 cash=20"},                                                                   // less than no unit: nothing is within
		{in: "1", change: of(feeLine("04", "100"), feeLine("04", "-200"), feeLine("03", "500")), want: "refused 3004"},                                     // more refunded than charged, in scope
		{in: "1", change: of(feeLine("03", "100"), feeLine("03", "-200"), feeLine("04", "500")), want: "refused 3004"},                                     // of own expense
		{in: "1", change: of(feeLine("04", "100"), feeLine("04", "-200"), feeLine("05", "500")), want: "refused 3004"},                                     // of what is of no class
		{in: "1", change: of(feeLine("05", "100"), feeLine("05", "-200"), feeLine("04", "500")), want: "refused 3004"},                                     // of a class
		{in: "1", change: both(of(feeLine("04", "100")), func(c *benefit.Case) { c.Claim.InScope, c.Claim.Total = 100_01, 100_01 }), want: "refused 3004"}, // the claim's sum is another
	}}.run(t)
}

// The trace of a bill that the home region splits itself: line by line, class by class.
func TestTraceOfLinesAndClasses(t *testing.T) {
	p := blocks{top: `scope = "home"`, deductible: "[version.deductible]\namount = 0", layers: basicHead + `
		[[version.layer.class]]
		name = "A"
		self_pay_first = 20
		pays = 50
		[[version.layer.segment]]
		pays = 80
		[[version.layer.cap]]
		yuan = 450`, rest: `
		[[version.catalogue]]
		classes = ["01"]
		self_pay_first = 10
		class = "A"
		[[version.catalogue]]
		classes = ["02"]
		[[version.catalogue]]
		classes = ["03"]
		own_expense = true`}.plan(t)
	a, err := stay{in: "1", change: of(feeLine("01", "1000"), feeLine("02", "500"), feeLine("03", "70"))}.settle(t, p)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range a.Trace {
		got = append(got, s.Layer+": "+s.Text("en"))
	}
	want := []string{
		"hospital: the treatment province's register knows the hospital as third",
		"scope: line 1: of 1000.00 yuan 1000.00 is within the price limit; 10 % self-pay-first is 100.00; in scope is 900.00",
		"scope: line 1: of 500.00 yuan 500.00 is within the price limit; 0 % self-pay-first is 0.00; in scope is 500.00",
		"scope: line 1: 70.00 yuan is outside the catalogue and wholly the person's",
		"scope: of 1570.00 yuan in all, own expense is 70.00, over price limits 0.00, self-pay-first 100.00; in scope is 1400.00",
		"filing: settled as a local stay (unfiled)",
		"deductible: the deductible (any level) is 0.00 yuan",
		"deductible: a deductible of 0.00 is due on 1400.00 in scope: 0.00 is really paid",
		"basic: pooled fund: 1400.00 yuan enters",
		"basic: the cap is 450.00; 0.00 is used up, 450.00 remains",
		"basic: class A: of 900.00 yuan 20 % is self-pay-first: 180.00",
		"basic: from 0.00 to 500.00: 500.00 × 80 % = 400.00",
		"basic: class A: 100.00 × 50 % = 50.00",
		"basic: 620.00 yuan lies above the cap",
		"cash: the person's share is 1120.00; the account pays 0.00, cash is 1120.00",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s\nwant\n%s", g, w)
	}
}
