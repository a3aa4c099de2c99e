package reconcile

import "clearingd/ledger"

// leftOver gives out the rows that no bill stands behind: what a side says several times
// in one result.
func (m *matching) leftOver() error {
	sorted, err := m.rows.sorted()
	if err != nil {
		return err
	}
	var key string
	var side Side
	var rows []Item
	var more ledger.Amount
	for {
		r, err := sorted.next()
		if err != nil {
			return err
		}
		var next string
		if r != nil {
			if next, err = rowGroup(r); err != nil {
				return err
			}
		}
		if len(rows) > 0 && next != key {
			if err := m.emit(withoutBill(side, rows, more)); err != nil {
				return err
			}
			rows, more = nil, 0
		}
		if r == nil {
			return nil
		}
		key, side = next, Side(next[0])
		var row Item
		d := decoder{text: string(r[len(next):])}
		if err := d.item(&row); err != nil {
			return err
		}
		if len(rows) == rowsMax {
			more += row.Amounts.Owed()
			continue
		}
		rows = append(rows, row)
	}
}

// rowGroup is the key of a record of leave: side, party and row.
func rowGroup(r []byte) (string, error) {
	d := decoder{text: string(r)}
	d.byte()
	d.string()
	d.string()
	n := len(r) - len(d.text)
	if d.uvarint() != uint64(n) || d.bad {
		return "", ErrRun
	}
	return string(r[:len(r)-len(d.text)]), nil
}

// withoutBill is the result of rows that the books do not have. more is what is owed by
// those beyond rowsMax: they are not kept, their amount is.
func withoutBill(s Side, rows []Item, more ledger.Amount) *Result {
	r := &Result{Standing: Broken}
	r.Sides[s], r.States[s] = rows, Differs
	for i := range rows {
		class := Surplus
		switch {
		case i > 0:
			class = Duplicate
		case rows[i].Refund:
			class = ReversalAlone
		}
		f := Finding{Class: class, Owed: rows[i].Amounts.Owed(), Field: "setl_id", Theirs: rows[i].SettlementID}
		if i > 0 {
			f.Ours, f.Theirs = place(&rows[0]), place(&rows[i])
		}
		if i == len(rows)-1 && i > 0 {
			f.Owed += more
		}
		r.find(s, f)
	}
	return r
}
