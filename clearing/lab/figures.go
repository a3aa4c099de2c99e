package lab

import (
	"fmt"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// Figures are the amounts of one bill or of many, in fen.
//
// Invariants: FundTotal = sum of Funds; Cost = FundTotal + Account + Cash.
type Figures struct {
	Cost      ledger.Amount                 `json:"cost"`             // total cost
	Funds     map[ledger.Fund]ledger.Amount `json:"funds"`            // without the personal account; a fund that pays nothing is absent
	FundTotal ledger.Amount                 `json:"fund_total"`       // sum of Funds
	Account   ledger.Amount                 `json:"personal_account"` // from the personal account
	Cash      ledger.Amount                 `json:"cash"`             // what patients pay
}

// Personal is what stays with the person: the personal account and cash.
func (f Figures) Personal() ledger.Amount { return f.Account + f.Cash }

// figuresOf are the amounts of one bill of that total cost. It fails with ErrBill if they
// do not close or one is negative.
func figuresOf(cost ledger.Amount, a *benefit.Adjudication) (Figures, error) {
	f := Figures{Cost: cost, Funds: map[ledger.Fund]ledger.Amount{}, Account: a.Account, Cash: a.Cash}
	least := min(a.Account, a.Cash)
	for _, share := range a.Funds {
		least = min(least, share.Amount)
		if share.Amount != 0 {
			f.Funds[share.Fund] += share.Amount
			f.FundTotal += share.Amount
		}
	}
	if least < 0 || f.FundTotal+f.Account+f.Cash != cost {
		return f, fmt.Errorf("%w: funds %s, account %s, cash %s of %s", ErrBill, f.FundTotal, f.Account, f.Cash, cost)
	}
	return f, nil
}

// add adds g to f, sign +1, or takes it off, sign -1. Sums of a country's bills are far
// from the range of an Amount; a sum that leaves it is told, never wrapped.
func (f *Figures) add(g Figures, sign ledger.Amount) error {
	if f.Funds == nil {
		f.Funds = map[ledger.Fund]ledger.Amount{}
	}
	var failed error
	sum := func(a, b ledger.Amount) ledger.Amount {
		total, err := a.Add(sign * b)
		if err != nil {
			failed = err
		}
		return total
	}
	for fund, amount := range g.Funds {
		if f.Funds[fund] = sum(f.Funds[fund], amount); f.Funds[fund] == 0 {
			delete(f.Funds, fund)
		}
	}
	f.Cost, f.FundTotal = sum(f.Cost, g.Cost), sum(f.FundTotal, g.FundTotal)
	f.Account, f.Cash = sum(f.Account, g.Account), sum(f.Cash, g.Cash)
	return failed
}

// less is f - g.
func (f Figures) less(g Figures) (Figures, error) {
	var d Figures
	if err := d.add(f, 1); err != nil {
		return d, err
	}
	return d, d.add(g, -1)
}
