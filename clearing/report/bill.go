package report

import (
	"errors"
	"fmt"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Bill is one booked or undone bill as the books hold it: a line of the entries list
// and what a [Builder] adds up. Amounts of an undone bill are negative, so that sums
// are plain sums.
//
// Invariant: Total = sum of Funds + Account + Cash + HospitalPart.
type Bill struct {
	Entry        uint64            // the books' number
	Corrects     uint64            // the entry it undoes; 0: none
	SettlementID string            // setl_id; "" for a reversal, which has none
	Day          ledger.Day        // the business day it counts on
	Home         ledger.Area       // who owes
	Treatment    ledger.Area       // who is owed
	Provider     string            // fixmedins_code
	Outcome      provinces.Outcome // Booked, Cancelled or Reversed
	Person       string            // keyed pseudonym, never an identity

	Total        ledger.Amount
	Funds        []provinces.FundAmount // without the personal account; a fund may stand more than once
	Account      ledger.Amount          // personal account
	Cash         ledger.Amount
	HospitalPart ledger.Amount

	Warnings []benefit.Warning
}

// ErrBill: a bill cannot be what the books hold.
var ErrBill = errors.New("report: not a bill of the books")

// Check reports what keeps b from being added up: an outcome that books nothing, areas
// that are no areas, the personal account or the hospital's part among the funds, a sign against the outcome,
// or amounts that do not close.
func (b Bill) Check() error {
	fail := func(what string) error { return fmt.Errorf("entry %d: %s: %w", b.Entry, what, ErrBill) }
	undone := b.Outcome == provinces.Cancelled || b.Outcome == provinces.Reversed
	if !undone && b.Outcome != provinces.Booked {
		return fail("outcome " + string(b.Outcome))
	}
	if len(b.Home) != 6 || len(b.Treatment) != 6 {
		return fail("area")
	}
	sum, err := ledger.Sum(b.Account, b.Cash, b.HospitalPart)
	turned := against(b.Account, undone) || against(b.Cash, undone) || against(b.HospitalPart, undone) || against(b.Total, undone)
	for _, f := range b.Funds {
		if f.Fund == ledger.FundAccount || f.Fund == provinces.FundHospital || f.Fund == "" {
			return fail("fund " + string(f.Fund))
		}
		turned = turned || against(f.Amount, undone)
		if err == nil {
			sum, err = sum.Add(f.Amount)
		}
	}
	switch {
	case turned:
		return fail("sign")
	case err != nil:
		return fmt.Errorf("entry %d: %w", b.Entry, err)
	case sum != b.Total:
		return fail(fmt.Sprintf("parts sum to %s, total is %s", sum, b.Total))
	}
	return nil
}

// against reports an amount whose sign is not its bill's.
func against(a ledger.Amount, undone bool) bool { return undone && a > 0 || !undone && a < 0 }

// fundTotal adds up the funds; Check has shown that it stays in range, because no
// part turns against another's sign.
func (b Bill) fundTotal() ledger.Amount {
	var sum ledger.Amount
	for _, f := range b.Funds {
		sum += f.Amount
	}
	return sum
}
