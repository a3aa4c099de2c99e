package console

import (
	"maps"

	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// newBillLine adds up a bill's funds.
func newBillLine(b report.Bill) (line billLine, err error) {
	line = billLine{Bill: b, By: make(map[ledger.Fund]ledger.Amount, len(b.Funds))}
	for _, f := range b.Funds {
		if line.By[f.Fund], err = line.By[f.Fund].Add(f.Amount); err != nil {
			return line, err
		}
		if line.Sum, err = line.Sum.Add(f.Amount); err != nil {
			return line, err
		}
	}
	line.Owed, err = line.Sum.Add(b.Account)
	return line, err
}

// addLine adds a bill to sums; cancelled and reversed ones count as undone.
func addLine(s *report.Sums, b billLine) error {
	if b.Outcome == provinces.Booked {
		s.Booked++
	} else {
		s.Undone++
	}
	add := func(sum *ledger.Amount, a ledger.Amount) (err error) {
		*sum, err = sum.Add(a)
		return err
	}
	for fund, amount := range b.By {
		sum := s.Funds[fund]
		if err := add(&sum, amount); err != nil {
			return err
		}
		s.Funds[fund] = sum
	}
	for _, x := range []struct {
		sum *ledger.Amount
		a   ledger.Amount
	}{
		{&s.Cost, b.Total}, {&s.FundTotal, b.Sum}, {&s.Account, b.Account}, {&s.Owed, b.Owed},
		{&s.Cash, b.Cash}, {&s.HospitalPart, b.HospitalPart},
	} {
		if err := add(x.sum, x.a); err != nil {
			return err
		}
	}
	return nil
}

// sumsRow is a row of sums with the columns of its list.
type sumsRow struct {
	report.Sums
	Columns  []ledger.Fund
	Hospital bool
}

func newSumsRow(v *billsView, s report.Sums) sumsRow { return sumsRow{s, v.Funds, v.Hospital} }

// Ties reports whether the bills add up to the sealed report's figures, one by one.
func (v *billsView) Ties() bool {
	a, b := v.Page, *v.Sealed
	return a.Booked == b.Booked && a.Undone == b.Undone && a.Cost == b.Cost && a.FundTotal == b.FundTotal &&
		a.Account == b.Account && a.Owed == b.Owed && a.Cash == b.Cash && a.HospitalPart == b.HospitalPart &&
		maps.Equal(withoutZeros(a.Funds), withoutZeros(b.Funds))
}

func withoutZeros(funds map[ledger.Fund]ledger.Amount) map[ledger.Fund]ledger.Amount {
	funds = maps.Clone(funds)
	maps.DeleteFunc(funds, func(_ ledger.Fund, a ledger.Amount) bool { return a == 0 })
	return funds
}
