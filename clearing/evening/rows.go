package evening

import (
	"cmp"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// row is a row of a statement as the match has it.
func (r *run) row(s *provinces.Statement, row *provinces.StatementRow) reconcile.Item {
	i := reconcile.Item{
		SettlementID: row.SettlementID, Person: r.person(row.PersonNo), Provider: row.Provider, VisitID: row.VisitID, Refund: row.Refund,
		Home: row.Home, Treatment: row.Treatment, Insutype: row.Insutype,
		Amounts: reconcile.Amounts{Total: row.Total, Funds: row.Funds, Account: row.Account, Cash: row.Cash, ByFund: row.ByFund},
		From:    s.From, To: s.To, Party: s.Party, Statement: s.ID, Line: row.Line,
	}
	if _, number, ok := clearing.ParseSettlementID(row.SettlementID); ok {
		i.Number = number
	}
	if i.Provider == "" {
		i.Provider = s.Party.Provider
	}
	return i
}

// anchor is where a row lies: beside which business day, and by which record of the
// books. ok is false for a row that the books do not know.
type anchor struct {
	day    ledger.Day
	number uint64
	ok     bool
}

// beside finds the anchor of a row (reconcile.Beside). What the day's own numbers tell is
// not looked up. A row that takes back a bill of another day, and names the bill, is found by
// its stay; where it does not say which, it gets that of the bill.
func (r *run) beside(i *reconcile.Item) (a anchor, err error) {
	if i.Number == 0 {
		return anchor{day: i.To}, nil
	}
	if day, ok := r.ranges.only(i.Number); ok && !i.Refund {
		return anchor{day, i.Number, true}, nil
	}
	err = r.view(func(tx *store.Tx) error {
		if i.Number > tx.Last() {
			a = anchor{day: i.To}
			return nil
		}
		record, err := r.brief(tx, i.Number)
		if err != nil {
			return err
		}
		if record.Effect == 0 { // a refusal, say: no bill has the number
			a = anchor{day: i.To}
			return nil
		}
		booked := reconcile.Item{Number: i.Number, Refund: record.Effect < 0, From: record.Day, To: record.Day}
		if record.Effect > 0 {
			by, err := r.undone(tx, i.Number)
			if err != nil {
				return err
			}
			booked.UndoneBy, booked.UndoneOn = by.Number, by.Day
		}
		a = anchor{reconcile.Beside(i, &booked), i.Number, true}
		if a.day == record.Day {
			return nil
		}
		a.number = booked.UndoneBy
		return r.staysWith(tx, i)
	})
	return a, err
}

// staysWith gives a row the stay of the bill that it names, as far as it says none.
func (r *run) staysWith(tx *store.Tx, i *reconcile.Item) error {
	if i.Provider != "" && i.VisitID != "" {
		return nil
	}
	record, err := tx.Record(i.Number)
	if err != nil {
		return err
	}
	bill, _, err := clearing.BillOf(tx, record)
	if err != nil {
		return err
	}
	i.Provider, i.VisitID = cmp.Or(i.Provider, bill.Provider), cmp.Or(i.VisitID, bill.Bill.Claim.VisitID)
	return nil
}

// rows sorts the rows that lie beside a day: those of the statements in force, and strays
// of others.
func (r *run) rows(day ledger.Day, inForce []store.StatementInForce, sorters *[4]*reconcile.Sorter) error {
	for i := range inForce {
		s := &inForce[i]
		if !s.Rows {
			continue
		}
		side := reconcile.SideOf(s.Party.Kind)
		err := r.o.Store.StatementRows(r.ctx, s.Number, func(row *provinces.StatementRow) error {
			item := r.row(&s.Statement, row)
			at, err := r.beside(&item)
			switch {
			case err != nil:
				return err
			case at.day == day:
				return sorters[side].Add(&item)
			case at.ok && !r.led[s.Number] && (at.day < s.Statement.From || at.day > s.Statement.To):
				return r.stray(at, side, s, row)
			}
			return nil // it lies beside another day of its statement, or was led there before
		})
		if err != nil {
			return fmt.Errorf("statement %s of %s: %w", s.Statement.ID, s.Party.Key(), err)
		}
		// Once a run: two days whose statements have rows of each other would otherwise
		// have each other matched for ever.
		r.led[s.Number] = true
	}
	return r.strays(day, sorters)
}

// stray keeps a row whose bill counts on a day that its statement is not about, and has
// that day matched with it.
func (r *run) stray(at anchor, side reconcile.Side, of *store.StatementInForce, row *provinces.StatementRow) error {
	s := store.Stray{Bill: at.number, Side: side, Statement: of.Number, Row: *row}
	known := false
	err := r.view(func(tx *store.Tx) (err error) {
		known = tx.HasStray(s)
		return nil
	})
	if err != nil || known && of.Number <= r.at.Statements {
		return err
	}
	// Known rows of a new statement are those of a run that was interrupted.
	if err := r.update(func(tx *store.Tx) error { return tx.SetStray(of.Party, s) }); err != nil {
		return err
	}
	r.touch(at.day)
	return nil
}

// strays adds the stray rows beside a day, of statements that are in force somewhere.
func (r *run) strays(day ledger.Day, sorters *[4]*reconcile.Sorter) error {
	span := r.ranges.of(day)
	if span.from == 0 {
		return nil
	}
	var beside []store.Stray
	err := r.view(func(tx *store.Tx) error {
		return tx.Strays(span.from, span.to, func(s store.Stray) error {
			beside = append(beside, s)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for i := range beside {
		s := &beside[i]
		var statement *provinces.Statement
		err := r.view(func(tx *store.Tx) error {
			record, err := tx.StatementNumbered(s.Statement)
			if err != nil {
				return err
			}
			if alive, err := r.lives(tx, &record); err != nil || !alive {
				return err
			}
			statement = &record.Statement
			return nil
		})
		if err != nil {
			return err
		}
		if statement == nil {
			continue
		}
		item := r.row(statement, &s.Row)
		at, err := r.beside(&item)
		if err != nil {
			return err
		}
		if at.day == day {
			if err := sorters[s.Side].Add(&item); err != nil {
				return err
			}
		}
	}
	return nil
}

// lives reports whether the rows of a statement are in force for some day.
func (r *run) lives(tx *store.Tx, record *clearing.StatementRecord) (alive bool, err error) {
	alive, known := r.alive[record.Number]
	if !known {
		alive, err = tx.RowsInForce(record)
		r.alive[record.Number] = alive
	}
	return alive, err
}

// replacedStrays finds the stray rows of parties whose statements have been replaced, and
// has the days of their bills matched without them. They are forgotten with the rest of
// what the run stores.
func (r *run) replacedStrays(tx *store.Tx, parties map[provinces.Party]bool) error {
	for party := range parties {
		err := tx.StraysOf(party, func(s store.Stray) error {
			record, err := tx.StatementNumbered(s.Statement)
			if err != nil {
				return err
			}
			if alive, err := r.lives(tx, &record); err != nil || alive {
				return err
			}
			r.dead = append(r.dead, deadStray{party, s})
			bill, err := r.brief(tx, s.Bill)
			r.touch(bill.Day)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deadStray is a stray row of a statement that another has taken the place of.
type deadStray struct {
	party provinces.Party
	row   store.Stray
}
