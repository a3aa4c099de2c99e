package night

import (
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// ErrAdjustment: what an adjustment says of its bills is not what its entry moves.
var ErrAdjustment = errors.New("night: an adjustment and its entry do not agree")

// Adjustments are what an officers' decision changes, bill by bill; nil for the record of
// a message.
func (n *Night) Adjustments(tx *store.Tx, r *clearing.Record) ([]report.Adjustment, error) {
	if r.Adjustment == nil {
		return nil, nil
	}
	var list []report.Adjustment
	for i := range r.Adjustment.Lines {
		line := &r.Adjustment.Lines[i]
		bill, err := tx.Record(line.Bill)
		if err != nil {
			return nil, err
		}
		funds, cash, err := clearing.AdjustmentChange(tx, line)
		if err != nil {
			return nil, err
		}
		a := report.Adjustment{
			Entry: r.Number, Bill: line.Bill, Day: r.Day, Home: bill.Home, Treatment: bill.Treatment, Cash: cash,
		}
		for _, change := range funds {
			if change.Fund == ledger.FundAccount {
				a.Account += change.Amount
				continue
			}
			a.Funds = append(a.Funds, provinces.FundAmount{Fund: change.Fund, Amount: change.Amount})
		}
		list = append(list, a)
	}
	return list, nil
}

// addDecision brings an officers' decision onto the report and holds it against its
// entry.
func addDecision(builder *report.Builder, l *line) error {
	builder.AddDecision(l.number)
	var owed, moved ledger.Amount
	for _, a := range l.adjusted {
		owed -= a.Cash
		if err := builder.AddAdjustment(a); err != nil {
			return err
		}
	}
	for _, p := range l.entry.Postings {
		if p.Account.Side == ledger.Receivable {
			moved += p.Amount
		}
	}
	if owed != moved {
		return fmt.Errorf("%w: record %d says %s, moves %s", ErrAdjustment, l.number, owed, moved)
	}
	return nil
}
