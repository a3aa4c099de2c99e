package benefit_test

import (
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// BenchmarkAdjudicate prepares and adjudicates a mixed day on the shipped plans with
// the trace kept. The goal is 50,000 a second on one core: 20 µs each.
func BenchmarkAdjudicate(b *testing.B) {
	set, err := benefit.LoadFS(data.Plans)
	if err != nil {
		b.Fatal(err)
	}
	cases := mixedDay(b, set)
	before := []benefit.Accumulators{{
		Stays: 1, StaysByLevel: map[benefit.Level]int{benefit.LevelThird: 1}, Deductible: 800_00, InScope: 9_000_00,
		OwnShare: 2_000_00, Paid: map[string]ledger.Amount{"basic": 7_000_00},
	}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p, err := set.Prepare(cases[i%len(cases)])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Adjudicate(before); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "adjudications/s")
}

// mixedDay has a stay for every plan, of changing size, level, filing and person.
func mixedDay(tb testing.TB, set *benefit.Set) (cases []benefit.Case) {
	levels := []string{"02", "02", "05", "08"}
	filings := []string{"07", "06", "10", ""}
	for i, p := range set.Plans() {
		home := ledger.Area((p.AreaPrefix() + "0100")[:6])
		in := ledger.Amount(1_234_56) * ledger.Amount(1+i*i%400)
		cases = append(cases, benefit.Case{
			Home: home, Treatment: ledger.Area([]string{"330100", "110000", "440100"}[i%3]), Provider: "H33010000001",
			Claim: provinces.Claim{
				Insutype: p.Insutype(), PersonType: []string{"11", "12"}[i%2], HospitalLevel: levels[i%4], FilingType: filings[i%4],
				Admitted: at("2026-03-01"), Discharged: at("2026-03-15"), UseAccount: i%3 == 0,
				OwnExpense: 500_00, SelfPayFirst: 345_67, InScope: in, Total: in + 845_67,
			},
		})
	}
	return cases
}
