package lab

import (
	"errors"
	"fmt"
	"reflect"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/provinces"
)

// replay goes through the bills in the books' order and carries every person-year as
// the draft makes it.
type replay struct {
	tx    *store.Tx
	draft *benefit.Set
	first uint64 // the books' number at which the draft begins to count

	years  map[clearing.YearKey]*personYear
	undone map[uint64]*verdict         // bills that something undoes: the only ones that must be remembered
	stood  map[clearing.YearKey]uint64 // newest bill that stood at first and was taken out since
	fallen map[uint64]bool             // bills from before that were out at first and are in again
	opened map[clearing.YearKey]bool   // figures from elsewhere came with a bill that was taken out since

	outOfOrder uint64
}

func newReplay(tx *store.Tx, draft *benefit.Set, first uint64) *replay {
	return &replay{
		tx: tx, draft: draft, first: first,
		years:  make(map[clearing.YearKey]*personYear),
		undone: make(map[uint64]*verdict),
		stood:  make(map[clearing.YearKey]uint64),
		fallen: make(map[uint64]bool),
		opened: make(map[clearing.YearKey]bool),
	}
}

// verdict is what became of a bill: what was booked, and what the draft made of it.
type verdict struct {
	booked  Figures
	figures Figures               // of the result
	result  *benefit.Adjudication // nil: refused
	refusal *provinces.RejectError

	inBooks, inDraft map[clearing.YearKey]yearChange // what it did to its person-years
}

// change is what one record does: which bill comes, goes or comes back.
type change struct {
	*verdict
	bill       *clearing.Record
	outOfOrder bool
}

// take computes a record that has an effect.
func (r *replay) take(record *clearing.Record) (c change, err error) {
	if c.bill, err = r.billOf(record); err != nil {
		return c, err
	}
	if c.bill == record {
		c.verdict, err = r.book(record)
		return c, err
	}
	if c.verdict = r.undone[c.bill.Number]; c.verdict == nil {
		if c.verdict, err = fromBefore(c.bill); err != nil {
			return c, err
		}
		r.undone[c.bill.Number] = c.verdict
	}
	if c.outOfOrder = r.move(c.verdict, record.Effect); c.outOfOrder {
		r.outOfOrder++
	}
	return c, nil
}

// billOf is the bill a record is about: itself, what a cancellation names, or what the
// cancellation named that is itself reversed.
func (r *replay) billOf(record *clearing.Record) (*clearing.Record, error) {
	for record.Bill == nil {
		if record.Original == 0 || record.Original >= record.Number {
			return nil, fmt.Errorf("record %d has an effect and names no bill", record.Number)
		}
		var err error
		if record, err = r.tx.Record(record.Original); err != nil {
			return nil, err
		}
	}
	return record, nil
}

func keyOf(record *clearing.Record, year int) clearing.YearKey {
	claim := &record.Bill.Claim
	return clearing.YearKey{Home: record.Home.Province(), PersonNo: claim.PersonNo, Insutype: claim.Insutype, Year: year}
}

// booked is what the books say that a bill did to its person-years.
func booked(bill *clearing.Record) map[clearing.YearKey]yearChange {
	changes := make(map[clearing.YearKey]yearChange, len(bill.Bill.Years))
	for i, link := range bill.Bill.Years {
		before := stateOf(link.Before)
		after := yearState{last: bill.Number, opened: before.opened, acc: bill.Bill.Benefit.Years[i].Accumulators}
		changes[keyOf(bill, link.Year)] = yearChange{before, after}
	}
	return changes
}

// fromBefore is the verdict on a bill from before the draft counts: what the books say.
func fromBefore(bill *clearing.Record) (*verdict, error) {
	figures, err := figuresOf(bill.Bill.Claim.Total, &bill.Bill.Benefit)
	years := booked(bill)
	return &verdict{booked: figures, figures: figures, result: &bill.Bill.Benefit, inBooks: years, inDraft: years}, err
}

// book computes a bill under the draft on top of what the draft made of its years. A
// refusal changes no year of the draft.
func (r *replay) book(record *clearing.Record) (*verdict, error) {
	v := &verdict{inBooks: booked(record)}
	var err error
	if v.booked, err = figuresOf(record.Bill.Claim.Total, &record.Bill.Benefit); err != nil {
		return nil, err
	}
	for key, c := range v.inBooks {
		state := beforeOpening(record, key.Year, c.before)
		if r.years[key] == nil {
			r.years[key] = &personYear{state, state}
		}
		r.years[key].follow(c.before, state.opened != c.before.opened)
	}
	if err := r.adjudicate(record, v); !errors.As(err, &v.refusal) && err != nil {
		return nil, err
	}
	for key, c := range v.inBooks {
		r.years[key].booked = c.after
	}
	for key, c := range v.inDraft {
		r.years[key].draft = c.after
	}
	if _, kept := r.undone[record.Number]; kept {
		r.undone[record.Number] = v
	}
	return v, nil
}

// beforeOpening is a year that a bill found, without the figures from elsewhere that the
// bill's own claim brought into it: where the draft refuses the bill, it brings none.
func beforeOpening(record *clearing.Record, year int, found yearState) yearState {
	opening := record.Bill.Claim.Opening
	if found.opened && found.last == 0 && opening != nil && opening.Year == year &&
		reflect.DeepEqual(found.acc, benefit.OpeningAccumulators(*opening)) {
		return yearState{}
	}
	return found
}

func (r *replay) adjudicate(record *clearing.Record, v *verdict) error {
	prepared, err := r.draft.Prepare(record.Case())
	if err != nil {
		return err
	}
	from := make([]yearState, len(prepared.Years))
	before := make([]benefit.Accumulators, len(prepared.Years))
	for i, year := range prepared.Years {
		if from[i], err = r.found(record, year); err != nil {
			return err
		}
		before[i] = from[i].acc
		for _, link := range record.Bill.Years {
			if link.Year == year && link.Outpatient != nil {
				before[i].Outpatient = *link.Outpatient
			}
		}
	}
	result, err := prepared.Adjudicate(before)
	if err != nil {
		return err
	}
	if v.figures, err = figuresOf(record.Bill.Claim.Total, &result); err != nil {
		return err
	}
	v.result, v.inDraft = &result, make(map[clearing.YearKey]yearChange, len(from))
	for i, after := range result.Years {
		v.inDraft[keyOf(record, after.Year)] = yearChange{from[i], yearState{record.Number, from[i].opened, after.Accumulators}}
	}
	return nil
}

// found is a person-year as the bill finds it under the draft.
func (r *replay) found(record *clearing.Record, year int) (yearState, error) {
	key := keyOf(record, year)
	if r.years[key] == nil { // a year that only the draft connects the bill with
		state, err := r.atFirst(key)
		if err != nil {
			return state, err
		}
		r.years[key] = &personYear{state, state}
	}
	state := r.years[key].draft
	opening := record.Bill.Claim.Opening
	if state.opened || state.last != 0 || opening == nil || opening.Year != year {
		return state, nil
	}
	// Figures from elsewhere come into a year without bills, once: the rule of the desk.
	return yearState{opened: true, acc: benefit.OpeningAccumulators(*opening)}, nil
}

// move takes a bill out of its years, effect -1, or puts it back. It reports whether under
// the draft that happens in the middle of a year.
func (r *replay) move(v *verdict, effect int8) (middle bool) {
	for key, c := range v.inBooks {
		r.year(key, c, effect).booked.move(c, effect)
	}
	for key, c := range v.inDraft {
		middle = r.year(key, c, effect).draft.move(c, effect) || middle
	}
	return middle
}

// year is a person-year that a bill is taken out of or put back into. Where nothing has
// touched it yet, the bill is one from before the draft counts, and the year is as that
// bill left it, or found it.
func (r *replay) year(key clearing.YearKey, c yearChange, effect int8) *personYear {
	if r.years[key] == nil {
		state := c.after
		if effect > 0 {
			state = c.before
		}
		r.years[key] = &personYear{state, state}
	}
	return r.years[key]
}
