package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// addBill adds one bill that has passed its Check, or returns ledger.ErrOverflow and
// leaves s unusable.
func (s *Sums) addBill(b Bill) error {
	owed, err := b.fundTotal().Add(b.Account)
	if err != nil {
		return err
	}
	if b.Outcome == provinces.Booked {
		s.Booked++
	} else {
		s.Undone++
	}
	for _, part := range []struct {
		sum    *ledger.Amount
		amount ledger.Amount
	}{
		{&s.Cost, b.Total}, {&s.FundTotal, b.fundTotal()}, {&s.Account, b.Account},
		{&s.Owed, owed}, {&s.Cash, b.Cash}, {&s.HospitalPart, b.HospitalPart},
	} {
		if err := addTo(part.sum, part.amount); err != nil {
			return err
		}
	}
	for _, f := range b.Funds {
		sum := s.Funds[f.Fund]
		if err := addTo(&sum, f.Amount); err != nil {
			return err
		}
		s.Funds[f.Fund] = sum
	}
	return nil
}

// add adds other to s, or returns ledger.ErrOverflow and leaves s unusable.
func (s *Sums) add(other Sums) error {
	s.Booked += other.Booked
	s.Undone += other.Undone
	errs := []error{
		addTo(&s.Cost, other.Cost), addTo(&s.FundTotal, other.FundTotal), addTo(&s.Account, other.Account),
		addTo(&s.Owed, other.Owed), addTo(&s.Cash, other.Cash), addTo(&s.HospitalPart, other.HospitalPart),
	}
	for fund, amount := range other.Funds {
		sum := s.Funds[fund]
		errs = append(errs, addTo(&sum, amount))
		s.Funds[fund] = sum
	}
	return errors.Join(errs...)
}

func addTo(sum *ledger.Amount, amount ledger.Amount) error {
	next, err := sum.Add(amount)
	if err == nil {
		*sum = next
	}
	return err
}

// totals adds up pairs by province.
type totals map[ledger.Province]*ProvinceTotal

func (t totals) add(p ledger.Province, s Sums) error {
	if t[p] == nil {
		t[p] = &ProvinceTotal{Province: p, Sums: Sums{Funds: map[ledger.Fund]ledger.Amount{}}}
	}
	t[p].Pairs++
	return t[p].Sums.add(s)
}

func (t totals) list() []ProvinceTotal {
	var list []ProvinceTotal
	for _, p := range slices.Sorted(maps.Keys(t)) {
		list = append(list, *t[p])
	}
	return list
}

// tie checks the invariants of Report by another way than the one that computed the
// figures: column against row, parts against whole.
func (r Report) tie() error {
	var paid, received, nets, settled ledger.Amount
	for _, p := range r.Positions {
		paid += p.Pays // each in range, and so is their sum: it equals Totals.Owed or ties fail
		received += p.Receives
		nets += p.Net
	}
	for _, t := range r.Proposal.Transfers {
		settled += t.Amount
	}
	switch {
	case paid != r.Totals.Owed || received != r.Totals.Owed || nets != 0:
		return fmt.Errorf("%w: pairs owe %s, positions pay %s, receive %s, net %s", ErrTie, r.Totals.Owed, paid, received, nets)
	case settled != r.Proposal.NetAmount:
		return fmt.Errorf("%w: transfers of %s, net amount %s", ErrTie, settled, r.Proposal.NetAmount)
	}
	groups := []Sums{r.Totals.Sums}
	for _, p := range r.Pairs {
		groups = append(groups, p.Sums)
	}
	for _, a := range r.Internal {
		groups = append(groups, a.Sums)
	}
	for _, s := range groups {
		if err := s.tie(); err != nil {
			return err
		}
	}
	return nil
}

func (s Sums) tie() error {
	var funds ledger.Amount
	for _, amount := range s.Funds {
		funds += amount
	}
	if funds != s.FundTotal || s.Owed != s.FundTotal+s.Account || s.Cost != s.Owed+s.Cash+s.HospitalPart {
		return fmt.Errorf("%w: %+v", ErrTie, s)
	}
	return nil
}
