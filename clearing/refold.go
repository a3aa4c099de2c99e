package clearing

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Order is the order in which a home province wants the bills of a person-year to count.
type Order string

// Orders.
const (
	BySettlement Order = "settlement" // the books' order: a bill counts when it was settled
	ByDischarge  Order = "discharge"  // the order of discharge, whenever a bill was settled or lost
)

// OrderOf is the order of a home province: by discharge where person-years are
// re-folded.
func (d *Desk) OrderOf(home ledger.Province) Order {
	if d.Refold[home] {
		return ByDischarge
	}
	return BySettlement
}

// Refold is a person's bills beside what they would have come out as in their right
// order, over all benefit years that hang together through stays over a new year.
type Refold struct {
	Home     ledger.Province
	PersonNo string
	Insutype string
	Order    Order
	Years    []RefoldYear // ascending
	Bills    []RefoldBill // standing, in that order; then those undone of which an adjustment is still booked
}

// RefoldYear is a person-year as it is and as it would be.
type RefoldYear struct {
	Year     int
	Adjusted uint64 // the newest adjustment; 0: none
	Now      benefit.Accumulators
	Should   benefit.Accumulators
}

// RefoldBill is one bill as it is in force and as it would have come out.
type RefoldBill struct {
	StandingBill
	Record     *Record
	Undone     bool                   // taken back, but the adjustment of it is not
	Now        benefit.Adjudication   // as answered, or as last adjusted
	Should     benefit.Adjudication   // in the right order; of an undone bill, as it was answered and taken back
	ShouldFrom []benefit.Accumulators // what Should was computed from
	Refused    *provinces.RejectError // the plan has no answer for the bill in its right place: it stays as it is
}

// Funds is what each fund, the personal account among them, would pay more (or less).
func (b *RefoldBill) Funds() []provinces.FundAmount { return fundDifferences(&b.Now, &b.Should) }

// Cash is what the patient would pay more (or less).
func (b *RefoldBill) Cash() ledger.Amount { return b.Should.Cash - b.Now.Cash }

// Deductible is how much more (or less) deductible would be paid.
func (b *RefoldBill) Deductible() ledger.Amount { return b.Should.Deductible - b.Now.Deductible }

// Differs reports whether the bill would have come out otherwise in money.
func (b *RefoldBill) Differs() bool {
	return len(b.Funds()) > 0 || b.Cash() != 0 || b.Deductible() != 0
}

// changes reports whether an adjustment has anything to say of the bill: its money, or
// the way to it, which later bills count on.
func (b *RefoldBill) changes() bool { return b.Undone || len(Compare(b.Now, b.Should)) > 0 }

// Differs reports whether a year counts otherwise than it would: a single bill may have
// kept its money and yet stand as another stay, or with its parts in other years, and
// the next bill is computed from that.
func (y *RefoldYear) Differs() bool {
	var c comparison
	c.year("", y.Now, y.Should)
	return len(c.found) > 0
}

// Differs reports whether there is anything to decide: a bill that would have come out
// otherwise in money, or a year that would count otherwise.
func (r *Refold) Differs() bool {
	return slices.ContainsFunc(r.Bills, func(b RefoldBill) bool { return b.Differs() }) ||
		slices.ContainsFunc(r.Years, func(y RefoldYear) bool { return y.Differs() })
}

// Digest identifies everything an officer sees before a decision: bills, both
// adjudications with their traces, and years. Whatever changes it ends the decision.
func (r *Refold) Digest() ([32]byte, error) {
	type bill struct {
		StandingBill
		Undone      bool
		Now, Should benefit.Adjudication
		From        []benefit.Accumulators
		Refused     *provinces.RejectError
	}
	whole := struct {
		Home     ledger.Province
		PersonNo string
		Insutype string
		Order    Order
		Years    []RefoldYear
		Bills    []bill
	}{r.Home, r.PersonNo, r.Insutype, r.Order, r.Years, nil}
	for _, b := range r.Bills {
		whole.Bills = append(whole.Bills, bill{b.StandingBill, b.Undone, b.Now, b.Should, b.ShouldFrom, b.Refused})
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return [32]byte{}, fmt.Errorf("digest of a re-folded person-year: %w", err)
	}
	return sha256.Sum256(text), nil
}

// Refolding computes what the bills of a person-year would have come out as, in the
// given order. It changes nothing. Each bill is settled by the plan of its own day, with
// the person as the register knew them then.
func (v *Verifier) Refolding(books History, key YearKey, order Order) (Refold, error) {
	return v.folderOf(books).refold(key, order)
}

// Refolding is Verifier.Refolding in the order of the home province.
func (d *Desk) Refolding(books History, key YearKey) (Refold, error) {
	return d.folderOf(books).refold(key, d.OrderOf(key.Home))
}

func (f *folder) refold(key YearKey, order Order) (Refold, error) {
	result := Refold{Home: key.Home, PersonNo: key.PersonNo, Insutype: key.Insutype, Order: order}
	standing, undone, years, err := f.gather(key)
	if err != nil {
		return result, err
	}
	if order == ByDischarge {
		slices.SortFunc(standing, compareDischarge)
	} else {
		slices.SortFunc(standing, compareNumber)
	}
	should := make(map[int]benefit.Accumulators, len(years))
	for year, state := range years {
		should[year] = state.seed
	}
	for _, b := range standing {
		line, err := b.settleAgain(should)
		if err != nil {
			return result, err
		}
		result.Bills = append(result.Bills, line)
	}
	slices.SortFunc(undone, compareNumber)
	for _, b := range undone {
		result.Bills = append(result.Bills, RefoldBill{
			StandingBill: b.StandingBill, Record: b.record, Undone: true,
			Now: b.result, Should: b.record.Bill.Benefit, ShouldFrom: b.record.Bill.found(),
		})
	}
	for _, year := range sortedYears(years) {
		result.Years = append(result.Years, RefoldYear{
			Year: year, Adjusted: years[year].adjusted, Now: years[year].now, Should: should[year],
		})
	}
	return result, nil
}

// settleAgain settles the bill on top of the years as they would be, and takes them on.
func (b *inForce) settleAgain(years map[int]benefit.Accumulators) (RefoldBill, error) {
	line := RefoldBill{StandingBill: b.StandingBill, Record: b.record, Now: b.result}
	for i, year := range b.prepared.Years {
		line.ShouldFrom = append(line.ShouldFrom, b.outpatient(i, years[year]))
	}
	again, err := b.prepared.Adjudicate(line.ShouldFrom)
	after := again.Years
	if err != nil {
		if !errors.As(err, &line.Refused) {
			return line, fmt.Errorf("record %d: %w", b.Number, err)
		}
		again, after = b.result, b.prepared.Recount(line.ShouldFrom, b.from, b.result)
		line.ShouldFrom = b.from
	}
	line.Should = again
	for _, year := range after {
		years[year.Year] = year.Accumulators
	}
	return line, nil
}

// gatheredYear is a person-year with what it began from.
type gatheredYear struct {
	now, seed benefit.Accumulators
	adjusted  uint64
}

// gather finds the bills of a person-year and of all years that hang together with it.
func (f *folder) gather(key YearKey) (standing, undone []*inForce, years map[int]gatheredYear, err error) {
	years = make(map[int]gatheredYear)
	known := make(map[uint64]bool)
	for wanted := []int{key.Year}; len(wanted) > 0; wanted = wanted[1:] {
		key.Year = wanted[0]
		if _, seen := years[key.Year]; seen {
			continue
		}
		state, err := f.books.Year(key)
		if err != nil {
			return nil, nil, nil, err
		}
		list, err := f.list(key, state)
		if err != nil {
			return nil, nil, nil, err
		}
		years[key.Year] = gatheredYear{now: state.Accumulators, seed: list.Seed, adjusted: list.Adjusted}
		for i, s := range slices.Concat(list.Bills, list.Undone) {
			if known[s.Number] {
				continue
			}
			known[s.Number] = true
			b, err := f.bill(s)
			if err != nil {
				return nil, nil, nil, err
			}
			wanted = append(wanted, b.prepared.Years...)
			if i < len(list.Bills) {
				standing = append(standing, b)
			} else {
				undone = append(undone, b)
			}
		}
	}
	return standing, undone, years, nil
}

func sortedYears[V any](years map[int]V) []int {
	var list []int
	for year := range years {
		list = append(list, year)
	}
	slices.Sort(list)
	return list
}
