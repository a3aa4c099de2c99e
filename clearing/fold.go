package clearing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Usually a person-year is a chain: each bill was computed from what the one before it
// left, the newest one's accumulators are the year's, and only the newest can go. Where
// a home province re-folds, a bill may go from the middle of the chain, or come back into
// it. From then on the year keeps the list of its standing bills, and its accumulators
// are the fold of that list: every bill with the amounts that were answered, or that an
// officer's adjustment put in their place.

// Refolded is a person-year whose bills no longer follow each other.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Refolded struct {
	Seed  benefit.Accumulators `cbor:"1,keyasint"`           // the year before its first bill: zero, or what an opening brought
	Bills []StandingBill       `cbor:"2,keyasint,omitempty"` // in the order of the fold: as booked, or as an adjustment put them
	// Undone are bills that were taken back although an adjustment of them is booked; the
	// next adjustment takes that back too.
	Undone []StandingBill `cbor:"3,keyasint,omitempty"`

	Adjusted uint64 `cbor:"4,keyasint,omitempty"` // the newest adjustment of the year; it makes each decision's object another
}

// StandingBill is a bill of a re-folded person-year.
type StandingBill struct {
	Number   uint64 `cbor:"1,keyasint"`
	Adjusted uint64 `cbor:"2,keyasint,omitempty"` // the record of the adjustment in force; 0: as it was answered
}

// with is the list with one more bill at its end; nil stays nil.
func (f *Refolded) with(bill StandingBill) *Refolded {
	if f == nil {
		return nil
	}
	next := *f
	next.Bills = append(slices.Clone(f.Bills), bill)
	return &next
}

// last is the greatest number among the standing bills.
func (f *Refolded) last() (last uint64) {
	for _, b := range f.Bills {
		last = max(last, b.Number)
	}
	return last
}

// History is what is read of the books to fold person-years again.
type History interface {
	PlanReader
	// Record returns a record by its number; an error if there is none.
	Record(number uint64) (*Record, error)
	// Year returns the state of a person-year; the zero state if nothing was booked.
	Year(YearKey) (YearState, error)
}

// ErrHistory: the books do not hold the bills that a person-year rests on.
var ErrHistory = errors.New("clearing: a person-year rests on what is no bill")

// folder folds person-years. plan gives the plan of a bill's own day.
type folder struct {
	books History
	plan  func(hash [32]byte) (*benefit.Plan, error)
}

// folderOf looks for plans among those in force before it reads them from the books.
func (d *Desk) folderOf(books History) *folder {
	return &folder{books: books, plan: func(hash [32]byte) (*benefit.Plan, error) {
		if plan, ok := d.Plans.ByHash(hash); ok {
			return plan, nil
		}
		return readPlan(books, hash)
	}}
}

// inForce is a bill with what is in force of it: as it was answered, or as the newest
// adjustment has it.
type inForce struct {
	StandingBill
	record   *Record
	prepared *benefit.Prepared
	result   benefit.Adjudication
	from     []benefit.Accumulators // what result was computed from
}

func (f *folder) bill(s StandingBill) (*inForce, error) {
	record, err := f.books.Record(s.Number)
	if err != nil {
		return nil, err
	}
	if record.Bill == nil {
		return nil, fmt.Errorf("%w: record %d", ErrHistory, s.Number)
	}
	plan, err := f.plan(record.Bill.Benefit.Plan.Hash)
	if err != nil {
		return nil, err
	}
	b := &inForce{StandingBill: s, record: record, result: record.Bill.Benefit}
	if b.prepared, b.from, err = prepareAgain(record, plan); err != nil {
		return nil, fmt.Errorf("record %d: %w", s.Number, err)
	}
	if s.Adjusted == 0 {
		return b, nil
	}
	line, err := adjustedLine(f.books, s)
	if err != nil {
		return nil, err
	}
	b.result, b.from = line.Benefit, line.From
	return b, nil
}

// onto are the accumulators of the bill's years with one year replaced, and with what
// the register said of outpatient care when the bill came.
func (b *inForce) onto(year int, with benefit.Accumulators) (years []benefit.Accumulators, place int) {
	years = slices.Clone(b.from)
	for i, link := range b.record.Bill.Years {
		if link.Year == year {
			place = i
			years[i] = b.outpatient(i, with)
		}
	}
	return years, place
}

func (b *inForce) outpatient(i int, with benefit.Accumulators) benefit.Accumulators {
	if said := b.record.Bill.Years[i].Outpatient; said != nil {
		with.Outpatient = *said
	}
	return with
}

// fold is the state of a person-year that consists of the given bills.
func (f *folder) fold(year int, list Refolded, opened bool) (YearState, error) {
	state := YearState{Last: list.last(), Opened: opened, Accumulators: list.Seed, Refold: &list}
	for _, s := range list.Bills {
		b, err := f.bill(s)
		if err != nil {
			return YearState{}, err
		}
		onto, place := b.onto(year, state.Accumulators)
		state.Accumulators = b.prepared.Recount(onto, b.from, b.result)[place].Accumulators
		state.Latest = max(state.Latest, b.record.Bill.Claim.Discharged)
	}
	return state, nil
}

// list is the standing bills of a person-year: its own list once it was re-folded, and
// before that what the chain of its bills says.
func (f *folder) list(key YearKey, state YearState) (Refolded, error) {
	if state.Refold != nil {
		list := *state.Refold
		list.Bills, list.Undone = slices.Clone(list.Bills), slices.Clone(list.Undone)
		return list, nil
	}
	list := Refolded{Seed: state.Accumulators}
	for number := state.Last; number != 0; {
		record, err := f.books.Record(number)
		if err != nil {
			return list, err
		}
		link, ok := record.link(key.Year)
		if !ok {
			return list, fmt.Errorf("%w: record %d in %d", ErrHistory, number, key.Year)
		}
		list.Bills = append(list.Bills, StandingBill{Number: number})
		list.Seed, number = link.Before.Accumulators, link.Before.Last
	}
	slices.Reverse(list.Bills)
	return list, nil
}

// link ties the record's bill into a year.
func (r *Record) link(year int) (YearLink, bool) {
	if r.Bill != nil {
		for _, link := range r.Bill.Years {
			if link.Year == year {
				return link, true
			}
		}
	}
	return YearLink{}, false
}

// FoldAgain is what the accumulators of a re-folded person-year must be, from its bills
// and the plans in the books alone.
func (v *Verifier) FoldAgain(books History, year int, list Refolded) (benefit.Accumulators, error) {
	state, err := v.folderOf(books).fold(year, list, false)
	return state.Accumulators, err
}

func (v *Verifier) folderOf(books History) *folder {
	return &folder{books: books, plan: func(hash [32]byte) (*benefit.Plan, error) { return v.shelf.Plan(books, hash) }}
}

// withoutBill is a person-year from which one bill has gone.
func (w *work) withoutBill(key YearKey, state YearState, gone *Record) (YearState, error) {
	f := w.folderOf(w.view)
	list, err := f.list(key, state)
	if err != nil {
		return YearState{}, err
	}
	place := slices.IndexFunc(list.Bills, func(b StandingBill) bool { return b.Number == gone.Number })
	if place < 0 {
		return YearState{}, fmt.Errorf("%w: record %d is not in its year", ErrHistory, gone.Number)
	}
	if b := list.Bills[place]; b.Adjusted != 0 {
		list.Undone = append(list.Undone, b)
	}
	list.Bills = slices.Delete(list.Bills, place, place+1)
	w.noteRefold(key, &list, gone.Number)
	return f.fold(key.Year, list, state.Opened)
}

// withBill is a person-year into which a bill has come back, at the place of its number.
func (w *work) withBill(key YearKey, state YearState, back *Record) (YearState, error) {
	f := w.folderOf(w.view)
	list, err := f.list(key, state)
	if err != nil {
		return YearState{}, err
	}
	bill := StandingBill{Number: back.Number}
	if i := slices.IndexFunc(list.Undone, func(b StandingBill) bool { return b.Number == back.Number }); i >= 0 {
		bill = list.Undone[i]
		list.Undone = slices.Delete(list.Undone, i, i+1)
	}
	place := slices.IndexFunc(list.Bills, func(b StandingBill) bool { return b.Number > back.Number })
	if place < 0 {
		place = len(list.Bills)
	}
	list.Bills = slices.Insert(list.Bills, place, bill)
	w.noteRefold(key, &list, back.Number)
	return f.fold(key.Year, list, state.Opened)
}

// noteRefold lets officers find the person-year where a bill came or went before others
// that stand, or where an adjustment has lost its bill.
func (w *work) noteRefold(key YearKey, list *Refolded, number uint64) {
	if list.last() > number || len(list.Undone) > 0 {
		w.decision.Refolds = append(w.decision.Refolds, key)
	}
}

// noteLate lets officers find a person-year where a bill came after one of a later
// discharge. The books keep the order of settlement all the same.
func (w *work) noteLate(booked *Record) {
	if !w.Refold[booked.Home.Province()] {
		return
	}
	for _, link := range booked.Bill.Years {
		if link.Before.Latest > booked.Bill.Claim.Discharged {
			w.decision.Refolds = append(w.decision.Refolds, yearKey(booked.Home, &booked.Bill.Claim, link.Year))
		}
	}
}

// compareDischarge orders bills by discharge, and those of one moment by the books.
func compareDischarge(a, b *inForce) int {
	return cmp.Or(cmp.Compare(a.record.Bill.Claim.Discharged, b.record.Bill.Claim.Discharged), cmp.Compare(a.Number, b.Number))
}

func compareNumber(a, b *inForce) int { return cmp.Compare(a.Number, b.Number) }

// fundAmounts are the shares of an adjudication by fund, the personal account among
// them, sorted.
func fundAmounts(a *benefit.Adjudication) map[ledger.Fund]ledger.Amount {
	sums := make(map[ledger.Fund]ledger.Amount, len(a.Funds)+1)
	for _, share := range billShares(&Bill{Benefit: *a}) {
		sums[share.Fund] += share.Amount
	}
	return sums
}

// fundDifferences is what each fund pays more in now than in before, by fund; the
// personal account is one of them. Funds without a difference are left out.
func fundDifferences(before, now *benefit.Adjudication) []provinces.FundAmount {
	old, next := fundAmounts(before), fundAmounts(now)
	var list []provinces.FundAmount
	for _, fund := range unionOfKeys(old, next) {
		if change := next[fund] - old[fund]; change != 0 {
			list = append(list, provinces.FundAmount{Fund: fund, Amount: change})
		}
	}
	return list
}

// YearKeys are the person-years that the record's bill lies in; none if it booked no bill.
func (r *Record) YearKeys() (keys []YearKey) {
	if r.Bill == nil {
		return nil
	}
	for _, link := range r.Bill.Years {
		keys = append(keys, yearKey(r.Home, &r.Bill.Claim, link.Year))
	}
	return keys
}

// InYear reports whether the record's bill lies in that benefit year.
func (r *Record) InYear(year int) bool {
	_, ok := r.link(year)
	return ok
}
