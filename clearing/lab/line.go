package lab

import (
	"encoding/hex"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// newLine is a counted bill for those who want every single one.
func newLine(record *clearing.Record, c change, k kind) (line Line, err error) {
	bill := c.bill
	line = Line{
		Entry: record.Number, Day: record.Day, Outcome: record.Outcome,
		Home: bill.Home, Treatment: bill.Treatment, Provider: bill.Provider, Insutype: bill.Bill.Claim.Insutype,
		Person: bill.Bill.Claim.PersonType, Level: k.level, Retired: k.retired, Hardship: k.hardship,
		OutOfOrder: c.outOfOrder,
	}
	if bill != record {
		line.Corrects = bill.Number
	}
	sign := ledger.Amount(record.Effect)
	if line.Booked, err = newSide(&bill.Bill.Benefit, c.booked, sign); err != nil {
		return line, err
	}
	if refusal := c.refusal; refusal != nil {
		line.Refused, line.Errors = refusal.Code, refusal.Errors
		line.Draft = Side{Figures: Figures{Funds: map[ledger.Fund]ledger.Amount{}}, Trace: Trace{}}
		return line, nil
	}
	line.Changed = changed(c.booked, c.figures)
	line.Draft, err = newSide(c.result, c.figures, sign)
	return line, err
}

func newSide(a *benefit.Adjudication, f Figures, sign ledger.Amount) (s Side, err error) {
	if err := s.Figures.add(f, sign); err != nil {
		return s, err
	}
	s.Plan, s.Version, s.PlanHash = a.Plan.ID, a.Plan.Version, hex.EncodeToString(a.Plan.Hash[:])
	s.Filing, s.Ordinal, s.Deductible, s.Trace = a.Filing, a.Ordinal, sign*a.Deductible, a.Trace
	return s, nil
}
