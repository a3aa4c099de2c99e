package reconcile

import (
	"clearingd/ledger"
)

// stayMax is how many bills and rows of one stay are held against each other. Nobody has
// so many; a statement that has names its rows without telling them apart, and what is
// beyond is not guessed at.
const stayMax = 256

// stay is what books and sides have of one visit, and the first pass did not settle.
type stay struct {
	claimed []twin
	bills   []Result
	rows    [4][]Item
	free    [4][]bool // by side: rows that no bill has claimed
}

// twin is a standing bill that some sides have.
type twin struct {
	number      uint64
	has         byte // bits by Side
	total, owed ledger.Amount
}

// byStay are passes two to five: what is left, visit by visit.
func (m *matching) byStay() error {
	sorted, err := m.stays.sorted()
	if err != nil {
		return err
	}
	var key [stayBytes]byte
	var group stay
	began := false
	for {
		r, err := sorted.next()
		if err != nil {
			return err
		}
		if r != nil && len(r) <= stayBytes {
			return ErrRun
		}
		if r == nil || !began || string(r[:stayBytes]) != string(key[:]) {
			if err := m.solve(&group); err != nil {
				return err
			}
			if r == nil {
				return nil
			}
			copy(key[:], r)
			group, began = stay{}, true
		}
		if err := m.join(&group, r[stayBytes], r[stayBytes+1:]); err != nil {
			return err
		}
	}
}

// join reads a record of the stay.
func (m *matching) join(g *stay, kind byte, content []byte) error {
	d := decoder{text: string(content)}
	full := len(g.bills)+len(g.rows[Hospital])+len(g.rows[Treatment])+len(g.rows[Home]) >= stayMax
	switch kind {
	case aClaimed:
		t := twin{has: d.byte(), number: d.uvarint(), total: d.amount(), owed: d.amount()}
		if len(g.claimed) < stayMax {
			g.claimed = append(g.claimed, t)
		}
	case aBill:
		r, err := d.result()
		if err != nil {
			return err
		}
		if full {
			return m.give(&r)
		}
		g.bills = append(g.bills, r)
	default:
		s := Side(d.byte())
		var row Item
		if err := d.item(&row); err != nil {
			return err
		}
		if full {
			return m.leave(s, &row)
		}
		g.rows[s] = append(g.rows[s], row)
		g.free[s] = append(g.free[s], true)
	}
	if d.bad {
		return ErrRun
	}
	return nil
}

// result reads what waitFor wrote.
func (d *decoder) result() (Result, error) {
	for range numberBytes {
		d.byte()
	}
	r := Result{Books: new(Item)}
	if err := d.item(r.Books); err != nil {
		return r, err
	}
	for _, s := range Sides {
		r.said[s] = saidOf(d.byte())
		r.back[s] = d.byte() != 0
		r.Sides[s] = make([]Item, d.byte())
		for i := range r.Sides[s] {
			if err := d.item(&r.Sides[s][i]); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

func saidOf(b byte) Said {
	return Said{Asked: b&1 != 0, Complete: b&2 != 0, Rows: b&4 != 0, Refunds: b&8 != 0, Stated: b&16 != 0, Totals: Tie(b >> 5)}
}

// solve runs the passes over one stay and gives everything out.
func (m *matching) solve(g *stay) error {
	for _, s := range Sides {
		g.equal(s)
		g.only(s)
		g.byReference(s)
		g.together(s)
		g.again(s)
		g.twins(s)
		g.voids(s)
	}
	for i := range g.bills {
		if err := m.give(&g.bills[i]); err != nil {
			return err
		}
	}
	for _, s := range Sides {
		for i := range g.rows[s] {
			if !g.free[s][i] {
				continue
			}
			if err := m.leave(s, &g.rows[s][i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits reports whether the row can be the bill's: both made or both taken back, no other
// person, and a refund that names a bill only what took back that one.
func fits(bill, row *Item) bool {
	if bill.Refund != row.Refund || !samePerson(bill, row) {
		return false
	}
	return !row.Refund || row.Number == 0 || row.Number == bill.Corrects || row.Number == bill.Number
}

// pairs goes through the bills and rows of a side that have no partner yet, in order, and
// claims each pair that agree says yes to. Bills that nobody is asked for come last: a row that
// could be of either is of the one that counts.
func (g *stay) pairs(s Side, agree func(bill, row *Item) bool) {
	for _, silent := range []bool{false, true} {
		for i := range g.bills {
			for k := range g.rows[s] {
				bill := &g.bills[i]
				if bill.Books.Silent == silent && bill.wants(s) && g.free[s][k] && agree(bill.Books, &g.rows[s][k]) {
					g.claim(s, i, k)
				}
			}
		}
	}
}

// claim puts the row before whatever else the side said of the bill.
func (g *stay) claim(s Side, bill, row int) {
	r := &g.bills[bill]
	r.Sides[s] = append([]Item{g.rows[s][row]}, r.Sides[s]...)
	g.free[s][row] = false
}

// equal is the second pass: amounts are equal, on the bill's day first.
func (g *stay) equal(s Side) {
	g.pairs(s, func(bill, row *Item) bool {
		return fits(bill, row) && bill.Amounts.same(&row.Amounts) && row.on(bill.From)
	})
	g.pairs(s, func(bill, row *Item) bool { return fits(bill, row) && bill.Amounts.same(&row.Amounts) })
}

// only is the third pass: amounts differ, but there is one bill and one row left that
// could be meant. Where there are more, people must say which.
func (g *stay) only(s Side) {
	for _, refund := range []bool{false, true} {
		bills, rows := g.open(s, refund)
		if len(bills) == 1 && len(rows) == 1 && fits(g.bills[bills[0]].Books, &g.rows[s][rows[0]]) {
			g.claim(s, bills[0], rows[0])
		}
	}
}

// open are the bills and rows of a side without a partner; bills that nobody is asked for only
// where there are no others.
func (g *stay) open(s Side, refund bool) (bills, rows []int) {
	for _, silent := range []bool{false, true} {
		for i := range g.bills {
			if g.bills[i].Books.Silent == silent && g.bills[i].wants(s) && g.bills[i].Books.Refund == refund {
				bills = append(bills, i)
			}
		}
		if len(bills) > 0 {
			break
		}
	}
	for k := range g.rows[s] {
		if g.free[s][k] && g.rows[s][k].Refund == refund {
			rows = append(rows, k)
		}
	}
	return bills, rows
}

// byReference is the fourth pass: a refund row beside what took back the bill it names.
func (g *stay) byReference(s Side) {
	g.pairs(s, func(bill, row *Item) bool {
		return bill.Refund && row.Refund && row.Number != 0 && row.Number == bill.Corrects && samePerson(bill, row)
	})
}

// together is the fifth pass: one bill in several rows, or several bills in one row, to
// the fen.
func (g *stay) together(s Side) {
	for _, refund := range []bool{false, true} {
		bills, rows := g.open(s, refund)
		if len(bills) == 0 || len(rows) == 0 || len(bills) > 1 && len(rows) > 1 {
			continue
		}
		var ours, theirs Amounts
		one := true
		for _, i := range bills {
			ours.add(&g.bills[i].Books.Amounts)
			for _, k := range rows {
				one = one && fits(g.bills[i].Books, &g.rows[s][k])
			}
		}
		for _, k := range rows {
			theirs.add(&g.rows[s][k].Amounts)
		}
		if !one || !ours.same(&theirs) {
			continue
		}
		for _, i := range bills {
			g.bills[i].ByStay[s] = true
			for n := range rows {
				g.claim(s, i, rows[len(rows)-1-n])
			}
		}
	}
}

// add sums up the figures that every row has.
func (a *Amounts) add(b *Amounts) {
	a.Total += b.Total
	a.Funds += b.Funds
	a.Account += b.Account
}

// again finds rows that say a second time what a row that was claimed by its stay said.
// Beside a bill that the side has under its own id, a row under another one is no
// duplicate of a row, but a bill too many; whether it is one does not depend on what the
// other sides made wait.
func (g *stay) again(s Side) {
	for k := range g.rows[s] {
		row := &g.rows[s][k]
		for i := range g.bills {
			r := &g.bills[i]
			own, _ := r.ownRows(s)
			if !g.free[s][k] || own == 0 || own >= rowsMax || r.ByStay[s] || r.Sides[s][0].SettlementID == r.Books.SettlementID ||
				!fits(r.Books, row) || !r.Sides[s][0].Amounts.same(&row.Amounts) {
				continue
			}
			rows := append([]Item{}, r.Sides[s][:own]...)
			r.Sides[s] = append(append(rows, *row), r.Sides[s][own:]...)
			g.free[s][k] = false
		}
	}
}

// twins finds bills that the side does not have, while it has another standing bill of the
// same stay and amounts: the books have twice what the side has once.
func (g *stay) twins(s Side) {
	for i := range g.bills {
		r := &g.bills[i]
		if own, _ := r.ownRows(s); own > 0 || r.Books.Refund || r.Books.UndoneBy != 0 {
			continue
		}
		for _, t := range g.claimed {
			if t.has&(1<<s) != 0 && t.total == r.Books.Amounts.Total && t.owed == r.Books.Amounts.Owed() {
				r.twin[s] = t.number
			}
		}
		for k := range g.bills {
			o := &g.bills[k]
			own, _ := o.ownRows(s)
			if own > 0 && !o.Books.Refund && o.Books.UndoneBy == 0 && o.Books.Amounts.same(&r.Books.Amounts) {
				r.twin[s] = o.Books.Number
			}
		}
	}
}
