package store

import (
	"bytes"
	"fmt"

	"clearingd/clearing"
)

// Rows and cases are folded from the records of officers' acts; each names the act that
// left it as it is.
var (
	bucketRowStates = []byte("rowstates")
	bucketCases     = []byte("cases")
)

// eachPrefix visits the keys of a bucket with a prefix in order, until visit says that it
// is enough.
func (tx *Tx) eachPrefix(name, prefix []byte, visit func(key, value []byte) (more bool, err error)) error {
	cursor := tx.raw.Bucket(name).Cursor()
	for key, value := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		if more, err := visit(key, value); err != nil || !more {
			return err
		}
	}
	return nil
}

// Row returns what officers did to a row; the zero state if nothing.
func (tx *Tx) Row(number uint64) (state clearing.RowState, err error) {
	_, err = get(tx.raw.Bucket(bucketRowStates), numberKey(number), &state)
	return state, err
}

// Case returns a case; nil if there is none.
func (tx *Tx) Case(key clearing.CaseKey) (*clearing.Case, error) {
	var c clearing.Case
	found, err := get(tx.raw.Bucket(bucketCases), []byte(key.String()), &c)
	if err != nil || !found {
		return nil, err
	}
	return &c, nil
}

// CasesOf returns all cases of a kind whose id begins with a prefix, in the order of
// their ids.
func (tx *Tx) CasesOf(kind clearing.CaseKind, prefix string) (list []clearing.Case, err error) {
	err = tx.Cases(kind, prefix, "", func(c clearing.Case) bool {
		list = append(list, c)
		return true
	})
	return list, err
}

// Cases visits the cases of a kind whose id begins with a prefix, behind a given id (""
// from the beginning), in the order of their ids, until visit returns false.
func (tx *Tx) Cases(kind clearing.CaseKind, prefix, after string, visit func(clearing.Case) bool) error {
	from := []byte(clearing.CaseKey{Kind: kind, ID: prefix}.String())
	behind := []byte(clearing.CaseKey{Kind: kind, ID: after}.String())
	return tx.eachPrefix(bucketCases, from, func(key, value []byte) (bool, error) {
		if after != "" && bytes.Compare(key, behind) <= 0 {
			return true, nil
		}
		var c clearing.Case
		if err := decode(key, value, &c); err != nil {
			return false, err
		}
		return visit(c), nil
	})
}

// applyAct stores what an officer's order changes besides the record.
func (tx *Tx) applyAct(d clearing.Decision) error {
	for _, change := range d.Rows {
		before, err := tx.Row(change.Row)
		if err != nil {
			return err
		}
		if err := put(tx.raw.Bucket(bucketRowStates), numberKey(change.Row), change.State); err != nil {
			return err
		}
		if err := tx.reoffer(change.Row, before, change.State); err != nil {
			return err
		}
	}
	if a := d.Record.Adjustment; a != nil { // something may have come to stand of what is confirmed
		for i := range a.Lines {
			state, err := tx.Row(a.Lines[i].Bill)
			if err == nil && state.Confirmed() {
				err = tx.reoffer(a.Lines[i].Bill, state, state)
			}
			if err != nil {
				return err
			}
		}
	}
	for i := range d.Cases {
		if err := put(tx.raw.Bucket(bucketCases), []byte(d.Cases[i].Key().String()), d.Cases[i]); err != nil {
			return err
		}
	}
	for i := range d.Breaks {
		if err := tx.SetBreak(d.Breaks[i]); err != nil {
			return err
		}
	}
	return nil
}

// act checks what an officer's act promises, and that rows and cases are where it left
// them unless a later act went on.
func (c *checker) act(r *clearing.Record, fault func(string)) {
	if r.Stream != "" || r.Outcome != clearing.Acted {
		fault("is an act and a message at once")
	}
	entry, err := c.tx.Entry(r.Number)
	if err == nil {
		err = clearing.CheckAct(c.tx, r, entry)
	}
	if err != nil {
		fault(err.Error())
	}
	for i := range r.Act.Rows {
		change := &r.Act.Rows[i]
		if state, err := c.tx.Row(change.Row); err != nil || state.Version < r.Number || state.Version == r.Number && !same(state, change.State) {
			fault(fmt.Sprintf("row %d is not as it was left", change.Row))
		}
	}
	for i := range r.Act.Cases {
		left := &r.Act.Cases[i]
		if stored, err := c.tx.Case(left.Key()); err != nil || stored == nil || stored.Version < r.Number || stored.Version == r.Number && !same(*stored, *left) {
			fault(fmt.Sprintf("case %s is not as it was left", left.Key()))
		}
	}
}

// same compares two values by their stored form.
func same(a, b any) bool {
	one, err := encode(a)
	if err != nil {
		return false
	}
	two, err := encode(b)
	return err == nil && bytes.Equal(one, two)
}

// cases reads rows, cases and breaks from their own side: each rests on a record of an act.
func (c *checker) cases(fault func(string)) {
	for _, check := range []func(func(string)) error{c.rowStates, c.caseStates, c.breaks, c.offers} {
		if err := check(fault); err != nil {
			fault(err.Error())
		}
	}
}

// actOf is the act that a state rests on; nil if the record is none.
func (c *checker) actOf(number uint64) *clearing.Act {
	record, err := c.tx.Record(number)
	if err != nil {
		return nil
	}
	return record.Act
}

func (c *checker) rowStates(fault func(string)) error {
	return c.tx.eachPrefix(bucketRowStates, nil, func(key, value []byte) (bool, error) {
		var state clearing.RowState
		if err := decode(key, value, &state); err != nil || len(key) != 8 {
			return false, fmt.Errorf("row state: %w: %w", ErrEncoding, err)
		}
		number := keyNumber(key)
		if left := c.actOf(state.Version).Row(number); left == nil || !same(*left, state) {
			fault(fmt.Sprintf("row %d is not what record %d left of it", number, state.Version))
		}
		return true, nil
	})
}

func (c *checker) caseStates(fault func(string)) error {
	return c.tx.eachPrefix(bucketCases, nil, func(key, value []byte) (bool, error) {
		var state clearing.Case
		if err := decode(key, value, &state); err != nil {
			return false, fmt.Errorf("case %s: %w", key, err)
		}
		if left := c.actOf(state.Version).Case(state.Key()); left == nil || !same(*left, state) || state.Key().String() != string(key) {
			fault(fmt.Sprintf("case %s is not what record %d left of it", key, state.Version))
		}
		return true, nil
	})
}
