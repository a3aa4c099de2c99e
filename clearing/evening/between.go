package evening

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// PartyDays is a party beside the books, day by day, as the newest run took it.
type PartyDays struct {
	Evening ledger.Day // of that run
	Horizon ledger.Day // complete up to; 0: it never stated anything
	Area    ledger.Area
	Days    []PartyDay // closed days with a bill or a row, in order

	// Early are rows of bills whose business day is not closed yet, so that no match has seen
	// them: on the statement's last day, and taken off.
	Early []reconcile.Item

	// InTotals are bills that totals of the party speak for on their day, although it has a row
	// of them on another.
	InTotals map[uint64]bool
}

// PartyDay is one business day of a party and the books. The sum of what its breaks say about
// the party's side is Theirs.Owed - Books.Owed, on the days up to the horizon.
type PartyDay struct {
	Day    ledger.Day
	Books  reconcile.Sum // the bills that the party speaks for: without those that it need not state
	Theirs reconcile.Sum // its rows, or what its totals say, on the days where they count

	// Restated: another statement of the day has come since the newest run. What that run
	// was made from is told by its breaks alone, and is not in Theirs.
	Restated bool
}

// partyDays puts a party beside the books on the days from..to, as far as they are closed;
// through is the last closed day. Of a hospital its own bills are read; of a province all bills
// of the days, which takes as long as a match. strays are bills that the party has a row of on
// another day.
func (e *Evening) partyDays(ctx context.Context, party provinces.Party, from, to, through ledger.Day, strays map[uint64]bool) (PartyDays, error) {
	r, err := e.reading(ctx, through)
	if err != nil {
		return PartyDays{}, err
	}
	b := &between{run: r, party: party, side: reconcile.SideOf(party.Kind), from: from, to: min(to, through), days: make(map[ledger.Day]*partyDay), strays: strays, result: PartyDays{Evening: r.evening, InTotals: make(map[uint64]bool)}}
	defer b.close()
	if b.result.Horizon, err = r.matchedHorizon(party); err != nil {
		return PartyDays{}, err
	}
	for _, step := range []func() error{b.statements, b.rows, b.books} {
		if err := step(); err != nil {
			return PartyDays{}, err
		}
	}
	for _, d := range b.days {
		if d.Books != (reconcile.Sum{}) || d.Theirs != (reconcile.Sum{}) {
			b.result.Days = append(b.result.Days, d.PartyDay)
		}
	}
	slices.SortFunc(b.result.Days, func(x, y PartyDay) int { return cmp.Compare(x.Day, y.Day) })
	return b.result, nil
}

// StatedRows adds up the rows of a party that are in force now for the days from..to, as far as
// they are closed. read is false where there are more than most of them.
func (e *Evening) StatedRows(ctx context.Context, party provinces.Party, from, to, through ledger.Day, most int64) (rows map[ledger.Day]reconcile.Sum, read bool, err error) {
	r, err := e.reading(ctx, through)
	if err != nil {
		return nil, false, err
	}
	b := &between{run: r, party: party, side: reconcile.SideOf(party.Kind), from: from, to: min(to, through), days: make(map[ledger.Day]*partyDay), newest: true}
	if err := b.statements(); err != nil {
		return nil, false, err
	}
	if b.rowsInForce() > most {
		return nil, false, nil
	}
	rows = make(map[ledger.Day]reconcile.Sum)
	err = b.rows()
	for day, d := range b.days {
		rows[day] = d.Theirs
	}
	return rows, true, err
}

// between is a party beside the books on their way.
type between struct {
	run      *run
	party    provinces.Party
	side     reconcile.Side
	from, to ledger.Day
	days     map[ledger.Day]*partyDay
	strays   map[uint64]bool
	result   PartyDays
	newest   bool // what no run has matched yet counts, too, and nothing is matched
}

// partyDay is one closed day with what the party has let know of it.
type partyDay struct {
	PartyDay
	inForce []store.StatementInForce
	rows    *reconcile.Sorter // that lie beside the day
}

func (b *between) close() {
	for _, d := range b.days {
		_ = d.rows.Close() // room that the system takes back
	}
}

// statements reads what is in force. What has come after the newest run was not matched yet,
// and takes no part.
func (b *between) statements() error {
	return b.run.view(func(tx *store.Tx) error {
		for _, closed := range b.run.ranges {
			if closed.day < b.from || closed.day > b.to {
				continue
			}
			inForce, err := tx.StatementsInForceOf(closed.day, b.party)
			if err != nil {
				return err
			}
			all := len(inForce)
			inForce = slices.DeleteFunc(inForce, func(s store.StatementInForce) bool { return !b.newest && s.Number > b.run.at.Statements })
			b.days[closed.day] = &partyDay{PartyDay: PartyDay{Day: closed.day, Restated: len(inForce) < all}, inForce: inForce, rows: reconcile.NewSorter(b.run.o.Runs)}
		}
		return nil
	})
}

// onDays is a statement with the days that its rows are in force for.
type onDays struct {
	of *store.StatementInForce
	on map[ledger.Day]bool
}

// withRows are the statements whose rows are in force, by their numbers.
func (b *between) withRows() map[uint64]*onDays {
	statements := make(map[uint64]*onDays)
	for day, d := range b.days {
		for i := range d.inForce {
			if s := &d.inForce[i]; s.Rows {
				if statements[s.Number] == nil {
					statements[s.Number] = &onDays{of: s, on: make(map[ledger.Day]bool)}
				}
				statements[s.Number].on[day] = true
			}
		}
	}
	return statements
}

// rowsInForce is how many rows these statements have.
func (b *between) rowsInForce() (rows int64) {
	for _, s := range b.withRows() {
		for _, t := range s.of.Statement.Totals {
			rows += t.Count
		}
	}
	return rows
}

// rows reads each statement's rows once, and adds them up where they count: beside their bill
// if the statement is in force for its day, and on the statement's last day otherwise.
func (b *between) rows() error {
	for number, s := range b.withRows() {
		head := &s.of.Statement
		err := b.run.o.Store.StatementRows(b.run.ctx, number, func(row *provinces.StatementRow) error {
			item := b.run.row(head, row)
			at, err := b.run.beside(&item)
			if err != nil {
				return err
			}
			if d := b.days[at.day]; d != nil && s.on[at.day] {
				if !b.newest {
					err = d.rows.Add(&item)
				}
				return errors.Join(err, add(&d.Theirs, item.Amounts.Owed()))
			}
			if d := b.days[head.To]; d != nil && (at.day < head.From || at.day > head.To) {
				if !b.run.ranges.has(at.day) {
					early := reconcile.Item{Number: item.Number, From: head.To, To: head.To, Amounts: reconcile.Amounts{Funds: -item.Amounts.Owed()}}
					b.result.Early = append(b.result.Early, early)
				}
				return add(&d.Theirs, item.Amounts.Owed())
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func add(sum *reconcile.Sum, owed ledger.Amount) (err error) {
	sum.Count++
	sum.Owed, err = sum.Owed.Add(owed)
	return err
}

// books matches the party's own bills of each day with its rows alone, to learn which bills it
// speaks for.
func (b *between) books() error {
	for day, d := range b.days {
		items, err := b.items(day)
		if err != nil {
			return err
		}
		if err := b.tally(d); err != nil {
			return err
		}
		said, err := b.run.partiesOf(day, d.inForce)
		if err != nil {
			return err
		}
		in := reconcile.Inputs{Books: items, Runs: b.run.o.Runs, Word: func(side reconcile.Side, bill *reconcile.Item) reconcile.Said {
			if side != b.side {
				return reconcile.Said{} // nobody is asked
			}
			return said.word(side, bill)
		}}
		if in.Sides[b.side], err = d.rows.Sorted(); err != nil {
			return err
		}
		_, err = reconcile.Match(in, func(result *reconcile.Result) error {
			bill := result.Books
			if bill == nil || bill.Silent || result.States[b.side] == reconcile.NotAsked {
				return nil
			}
			owed := bill.Amounts.Owed()
			if said.word(b.side, bill).Totals != reconcile.NoTotals {
				if err := add(&d.Theirs, owed); err != nil { // and the difference of the totals below
					return err
				}
				if b.strays[bill.Number] {
					b.result.InTotals[bill.Number] = true
				}
			}
			return add(&d.Books, owed)
		})
		if err := errors.Join(err, said.failed); err != nil {
			return err
		}
		for i := range said.breaks {
			if isRest(&said.breaks[i]) {
				continue
			}
			if d.Theirs.Owed, err = d.Theirs.Owed.Add(said.breaks[i].Owed); err != nil {
				return err
			}
		}
	}
	return nil
}

// items streams the party's bills of a day.
func (b *between) items(day ledger.Day) (reconcile.Stream, error) {
	if b.party.Kind != provinces.PartyProvider {
		return &own{b.run.books(day), b}, nil
	}
	if err := b.run.o.Store.MakeBillSums(b.run.ctx, day); err != nil {
		return nil, err
	}
	var items []reconcile.Item
	err := b.run.view(func(tx *store.Tx) error {
		numbers, err := tx.BillNumbers(day, b.party.Provider)
		if err != nil {
			return err
		}
		for _, number := range numbers {
			record, err := tx.Record(number)
			if err != nil {
				return err
			}
			item, err := b.run.item(tx, record)
			if err != nil {
				return err
			}
			if item.PartyOn(b.side) == b.party {
				items = append(items, item)
				b.result.Area = item.Treatment
			}
		}
		return nil
	})
	return reconcile.Items(items...), err
}

// own are the items of the party among all of a day.
type own struct {
	reconcile.Stream
	b *between
}

func (o *own) Next(i *reconcile.Item) (bool, error) {
	for {
		more, err := o.Stream.Next(i)
		if err != nil || !more || i.PartyOn(o.b.side) == o.b.party {
			return more, err
		}
	}
}

// tally adds up what a hospital's totals are held against, from its own bills alone.
func (b *between) tally(d *partyDay) error {
	if b.party.Kind != provinces.PartyProvider {
		return nil
	}
	for i := range d.inForce {
		s := &d.inForce[i]
		if len(s.Totals) == 0 || s.Statement.File != nil || b.run.tallies[s.Number] != nil {
			continue
		}
		tally := newTally(s)
		b.run.tallies[s.Number] = tally
		for day := s.Statement.From; day <= s.Statement.To; day++ {
			if !b.run.ranges.has(day) {
				continue
			}
			items, err := b.items(day)
			if err != nil {
				return err
			}
			var item reconcile.Item
			for {
				more, err := items.Next(&item)
				if err != nil {
					return err
				}
				if !more {
					break
				}
				tally.Add(&item)
			}
		}
	}
	return nil
}
