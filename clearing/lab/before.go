package lab

import (
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/store"
)

// lookAhead finds the bills that records undo: those of the span must be remembered, and
// of those from before it the first such record tells whether they stood when it began,
// whatever the books say today.
func (r *replay) lookAhead(s span) error {
	if s.first == 0 {
		return nil
	}
	seen := map[uint64]bool{}
	return r.tx.Undoings(s.first, r.tx.Last(), func(u store.Undoing) error {
		record, err := r.tx.Record(u.Original)
		if err != nil {
			return err
		}
		bill, err := r.billOf(record)
		if err != nil || seen[bill.Number] {
			return err
		}
		if seen[bill.Number] = true; bill.Number < s.first {
			r.wasThere(bill, u.Effect < 0)
			return nil
		}
		if u.Number <= s.last {
			r.undone[bill.Number] = nil
		}
		for key, c := range booked(bill) {
			r.opened[key] = r.opened[key] || beforeOpening(bill, key.Year, c.before).opened != c.before.opened
		}
		return nil
	})
}

// wasThere notes of a bill from before whether it stood when the span began.
func (r *replay) wasThere(bill *clearing.Record, stood bool) {
	if !stood {
		r.fallen[bill.Number] = true
		return
	}
	for key := range booked(bill) {
		r.stood[key] = max(r.stood[key], bill.Number)
	}
}

// atFirst is a person-year as the books had it before the span: what its newest bill
// standing then had left.
func (r *replay) atFirst(key clearing.YearKey) (yearState, error) {
	now, err := r.tx.Year(key)
	if err != nil {
		return yearState{}, err
	}
	state := stateOf(now)
	for state.last >= r.first || r.fallen[state.last] {
		record, c, err := r.changeOf(state.last, key)
		if err != nil {
			return state, err
		}
		if state = c.before; record.Number >= r.first {
			state = beforeOpening(record, key.Year, c.before)
		}
	}
	newest := r.stood[key]
	switch {
	case newest > state.last:
		_, c, err := r.changeOf(newest, key)
		return c.after, err
	case state.last == 0 && r.opened[key]:
		return yearState{}, nil
	}
	return state, nil
}

// changeOf is a bill of the books and what it did to a person-year.
func (r *replay) changeOf(number uint64, key clearing.YearKey) (*clearing.Record, yearChange, error) {
	record, err := r.tx.Record(number)
	if err != nil {
		return nil, yearChange{}, err
	}
	if record.Bill != nil {
		if c, ok := booked(record)[key]; ok {
			return record, c, nil
		}
	}
	return nil, yearChange{}, fmt.Errorf("a person-year rests on record %d, which is no bill of it", number)
}
