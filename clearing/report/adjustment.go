package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Adjustment is what an officers' decision changes of one bill: a line of what a
// [Builder] adds up apart from the bills of the days, since the bill itself stays as it
// was answered.
//
// Invariant: the funds, Account and Cash sum to zero, for the bill's total does not
// change.
type Adjustment struct {
	Entry     uint64                 // the books' number of the decision
	Bill      uint64                 // the books' number of the bill
	Day       ledger.Day             // the business day it counts on
	Home      ledger.Area            // who owes
	Treatment ledger.Area            // who is owed
	Funds     []provinces.FundAmount // more (or less) paid by each fund
	Account   ledger.Amount          // more (or less) paid from the personal account
	Cash      ledger.Amount          // more (or less) to be paid by the patient
}

// AdjustmentLine is what the adjustments of the days change between two provinces, or
// within one.
//
// Invariant: Owed = FundTotal + Account = -Cash.
type AdjustmentLine struct {
	Home      ledger.Province               `json:"home"`
	Treatment ledger.Province               `json:"treatment"`
	Bills     uint64                        `json:"bills"` // adjusted
	Funds     map[ledger.Fund]ledger.Amount `json:"funds"`
	FundTotal ledger.Amount                 `json:"fund_total"`
	Account   ledger.Amount                 `json:"personal_account"`
	Owed      ledger.Amount                 `json:"owed"`
	Cash      ledger.Amount                 `json:"cash"`
}

// AddDecision counts a record of the books that answers no message.
func (b *Builder) AddDecision(number uint64) { b.countRecord(number) }

func (b *Builder) countRecord(number uint64) {
	rules := &b.report.Rules
	if rules.BooksFrom == 0 || number < rules.BooksFrom {
		rules.BooksFrom = number
	}
	rules.BooksTo = max(rules.BooksTo, number)
}

// AddAdjustment adds up one adjusted bill. Errors: [ErrBill], [ErrOutside],
// ledger.ErrOverflow.
func (b *Builder) AddAdjustment(a Adjustment) error {
	if a.Day < b.report.From || a.Day > b.report.To {
		return fmt.Errorf("entry %d of %s: %w", a.Entry, a.Day, ErrOutside)
	}
	if len(a.Home) != 6 || len(a.Treatment) != 6 {
		return fmt.Errorf("entry %d: area: %w", a.Entry, ErrBill)
	}
	line := b.adjustmentLine(a.Home.Province(), a.Treatment.Province())
	errs := []error{addTo(&line.Account, a.Account), addTo(&line.Owed, a.Account), addTo(&line.Cash, a.Cash)}
	sum := []ledger.Amount{a.Account, a.Cash}
	for _, f := range a.Funds {
		fund := line.Funds[f.Fund]
		errs = append(errs, addTo(&fund, f.Amount), addTo(&line.FundTotal, f.Amount), addTo(&line.Owed, f.Amount))
		line.Funds[f.Fund] = fund
		sum = append(sum, f.Amount)
	}
	if left, err := ledger.Sum(sum...); err != nil || left != 0 {
		errs = append(errs, err, fmt.Errorf("the parts change by %s: %w", left, ErrBill))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("entry %d: bill %d: %w", a.Entry, a.Bill, err)
	}
	line.Bills++
	return nil
}

func (b *Builder) adjustmentLine(home, treatment ledger.Province) *AdjustmentLine {
	key := provincePair{home, treatment}
	if b.adjusted == nil {
		b.adjusted = map[provincePair]*AdjustmentLine{}
	}
	if b.adjusted[key] == nil {
		b.adjusted[key] = &AdjustmentLine{Home: home, Treatment: treatment, Funds: map[ledger.Fund]ledger.Amount{}}
	}
	return b.adjusted[key]
}

func (b *Builder) finishAdjustments() error {
	r := &b.report
	for _, key := range slices.SortedFunc(maps.Keys(b.adjusted), provincePair.compare) {
		line := *b.adjusted[key]
		r.Adjustments = append(r.Adjustments, line)
		if err := addTo(&r.Summary.Adjusted, line.Owed); err != nil {
			return fmt.Errorf("adjustments %s-%s: %w", line.Home, line.Treatment, err)
		}
	}
	return nil
}

// AdjustedFunds are the funds that any adjustment names: the columns of their table.
func (p page) AdjustedFunds() []ledger.Fund { return adjustedFunds(p.Report) }

func adjustedFunds(r Report) []ledger.Fund {
	var funds []ledger.Fund
	for _, line := range r.Adjustments {
		funds = slices.AppendSeq(funds, maps.Keys(line.Funds))
	}
	slices.SortFunc(funds, func(a, b ledger.Fund) int { return cmp.Compare(a, b) })
	return slices.Compact(funds)
}

// adjustmentTables stand beside the trial balance, which they move; there is none where
// nothing was adjusted.
func adjustmentTables(r Report) []table {
	if len(r.Adjustments) == 0 {
		return nil
	}
	funds := adjustedFunds(r)
	t := table{caption: say("adjustments").Both(), head: heads("home", "treatment", "bills")}
	for _, f := range funds {
		t.head = append(t.head, fundName(f).ZH+"\n"+string(f))
	}
	t.head = append(append(t.head, heads("fundtotal", "account", "owed")...), append([]string{"应付精确值\nexact text"}, heads("cash")...)...)
	for _, a := range r.Adjustments {
		line := []any{text(named(a.Home)), text(named(a.Treatment)), counted(a.Bills)}
		for _, f := range funds {
			line = append(line, money(a.Funds[f]))
		}
		t.lines = append(t.lines, append(line, money(a.FundTotal), money(a.Account), money(a.Owed), exactly(a.Owed), money(a.Cash)))
	}
	return []table{t}
}
