package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/provinces"
)

// The split of 8.1 is done only by plans marked scope = "home": across provinces the
// treatment side has done it (rules 1).
func TestShapesOfScope(t *testing.T) {
	catalogue := blocks{top: `scope = "home"`, deductible: "[version.deductible]\namount = 0", rest: `
		[[version.catalogue]]
		items = ["IMPLANT"]
		to = 2026-05-05
		self_pay_first = 50
		[[version.catalogue]]
		items = ["IMPLANT"]
		self_pay_first = 30
		[[version.catalogue]]
		items = ["HALF"]
		class = "half"
		[[version.catalogue]]
		classes = ["01"]
		class = "A"
		[[version.catalogue]]
		classes = ["02"]
		self_pay_first = 10
		class = "B"
		[[version.catalogue]]
		classes = ["03"]
		own_expense = true`, layers: basicHead + `
		[[version.layer.class]]
		name = "A"
		pays = 95
		[[version.layer.class]]
		name = "half"
		pays = 50
		[[version.layer.class]]
		name = "B"
		[[version.layer.segment]]
		pays = 80`}
	lines := func(lines ...provinces.Line) func(*benefit.Case) {
		return func(c *benefit.Case) {
			c.Claim.Lines = lines
			c.Claim.OwnExpense, c.Claim.InScope = 0, 0
			for i := range lines {
				c.Claim.InScope += lines[i].Amount
				if lines[i].Occurred == 0 {
					lines[i].Occurred = at("2026-05-10")
				}
			}
			c.Claim.Total = c.Claim.InScope
		}
	}
	line := func(class, item, amount string) provinces.Line {
		return provinces.Line{Serial: "7", Class: class, ItemCode: item, Quantity: 10_000, Amount: yuan(amount)}
	}
	limited := line("02", "X", "120")
	limited.PriceLimit = 110_000_000
	refund := line("02", "X", "-120")
	refund.PriceLimit, refund.Quantity = 110_000_000, -10_000
	early := line("02", "IMPLANT9", "1000")
	early.Occurred = at("2026-05-05 23:59:59")
	for _, s := range []shape{
		{"scope at home", catalogue, []stay{
			{in: "1", change: lines(line("03", "X", "1000")), want: "ded=0 cash=1000"},                           // 8.1.1 class C
			{in: "1", change: lines(line("02", "X", "1000")), want: "ded=0 basic=720 cash=280"},                  // 8.1.1 class B 10 %
			{in: "1", change: lines(limited), want: "ded=0 basic=79.20 cash=40.80"},                              // 8.1.2: 120, limit 110, 10 %: 99 in scope
			{in: "1", change: lines(limited, refund, line("02", "X", "1000")), want: "ded=0 basic=720 cash=280"}, // a refund takes back what it refunds
			{in: "1", change: lines(line("02", "IMPLANT9", "1000")), want: "ded=0 basic=560 cash=440"},           // 8.1.1 implants 30 %
			{in: "1", change: lines(early), want: "ded=0 basic=400 cash=600"},                                    // 8.1.3 at the line's own date: 50 %
			{in: "1", change: lines(line("01", "X", "1000")), want: "ded=0 basic=950 cash=50"},                   // 8.1.6 class A's own ratio (Suizhou)
			{in: "1", change: lines(line("01", "HALF1", "1000")), want: "ded=0 basic=500 cash=500"},              // 8.3.7 an item's ratio instead of the stay's (ZLHIS)
			{in: "1000", want: "refused 4004"},                                                                   // no lines
			{in: "1", change: lines(line("09", "X", "1000")), want: "refused 4004"},                              // outside the catalogue's classes
			{in: "1", change: lines(line("02", "X", "100"), line("02", "X", "-200")), want: "refused 3002"},      // more refunded than charged
		}},
	} {
		s.run(t)
	}
}
