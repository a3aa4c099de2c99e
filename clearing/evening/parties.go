package evening

import (
	"errors"
	"fmt"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// parties is what all parties have let know of one business day.
type parties struct {
	run     *run
	day     ledger.Day
	inForce []store.StatementInForce
	said    map[provinces.Party]*word
	breaks  []reconcile.Break // of totals that do not agree
	failed  error             // of the store, while the match was asking
}

// word is what one party has let know of the day.
type word struct {
	said    reconcile.Said
	tallies []*reconcile.TotalsTally // of totals without rows
}

// parties reads the statements that are in force for the day, and adds up what totals
// without rows are held against.
func (r *run) parties(day ledger.Day) (*parties, error) {
	var inForce []store.StatementInForce
	// Both in one transaction: a statement that comes meanwhile must not move the horizon of
	// a party whose rows were not seen, or its bills would be missing.
	err := r.view(func(tx *store.Tx) (err error) {
		if inForce, err = tx.StatementsInForce(day); err != nil {
			return err
		}
		return r.readHorizons(tx)
	})
	if err != nil {
		return nil, err
	}
	return r.partiesOf(day, inForce)
}

// readHorizons reads how far every party says that it is complete.
func (r *run) readHorizons(tx *store.Tx) error {
	r.horizons = make(map[provinces.Party]ledger.Day)
	return tx.Horizons(func(h store.Horizon) error {
		r.horizons[h.Party] = h.Day
		return nil
	})
}

// partiesOf reads what statements that are in force for the day let know.
func (r *run) partiesOf(day ledger.Day, inForce []store.StatementInForce) (*parties, error) {
	p := &parties{run: r, day: day, inForce: inForce, said: make(map[provinces.Party]*word)}
	var totals []*store.StatementInForce
	for i := range p.inForce {
		s := &p.inForce[i]
		w := p.of(s.Party)
		w.said.Stated = true
		if s.Rows {
			w.said.Rows, w.said.Refunds = true, s.Statement.Refunds
		}
	}
	for i := range p.inForce {
		s := &p.inForce[i]
		// Totals of a range that has not ended yet say nothing; rows say more than totals.
		if len(s.Totals) > 0 && s.Statement.File == nil && !p.said[s.Party].said.Rows && s.Statement.To <= r.through {
			totals = append(totals, s)
		}
	}
	if err := r.tally(totals); err != nil {
		return nil, err
	}
	for _, s := range totals {
		tally := r.tallies[s.Number]
		w := p.said[s.Party]
		w.said.Refunds = w.said.Refunds || s.Statement.Refunds
		w.tallies = append(w.tallies, tally)
		if day != s.Statement.To {
			continue
		}
		for _, difference := range tally.Differences() {
			p.breaks = append(p.breaks, reconcile.TotalsBreak(day, &difference))
		}
	}
	p.breaks = onePerKey(p.breaks)
	return p, nil
}

// onePerKey leaves one break of each key: several statements of totals can have lines of
// the same dimensions.
func onePerKey(list []reconcile.Break) []reconcile.Break {
	seen := make(map[string]bool)
	return slices.DeleteFunc(list, func(b reconcile.Break) bool {
		again := seen[b.Key]
		seen[b.Key] = true
		return again
	})
}

// of is the party's word, with what is known of it on any day.
func (p *parties) of(party provinces.Party) *word {
	if w, ok := p.said[party]; ok {
		return w
	}
	w := &word{said: reconcile.Said{
		Asked:    p.run.o.Asked == nil || p.run.o.Asked(party),
		Complete: p.run.horizons[party] >= p.day,
	}}
	p.said[party] = w
	return w
}

// word is what the party of a side has said of the day of a bill.
func (p *parties) word(side reconcile.Side, bill *reconcile.Item) reconcile.Said {
	w := p.of(bill.PartyOn(side))
	said := w.said
	for _, tally := range w.tallies {
		said.Totals = max(said.Totals, tally.Tie(bill))
	}
	return said
}

// tally adds up what the statements' totals are held against, as far as no run before in
// this one has: each range of days is read once.
func (r *run) tally(statements []*store.StatementInForce) error {
	type days struct{ from, to ledger.Day }
	ranges := make(map[days]map[provinces.Party][]*reconcile.TotalsTally)
	var order []days
	for _, s := range statements {
		if r.tallies[s.Number] != nil {
			continue
		}
		tally := newTally(s)
		r.tallies[s.Number] = tally
		key := days{s.Statement.From, s.Statement.To}
		if ranges[key] == nil {
			ranges[key] = make(map[provinces.Party][]*reconcile.TotalsTally)
			order = append(order, key)
		}
		ranges[key][s.Party] = append(ranges[key][s.Party], tally)
	}
	for _, key := range order {
		for day := key.from; day <= key.to; day++ {
			if err := errors.Join(r.besideDay(day, ranges[key]), r.add(day, ranges[key])); err != nil {
				return fmt.Errorf("totals of %s: %w", day, err)
			}
		}
	}
	return nil
}

// besideDay tells tallies what else their parties have stated of the day that is added next. Of
// a month each day has its own, so nothing is kept of the days before.
func (r *run) besideDay(day ledger.Day, tallies map[provinces.Party][]*reconcile.TotalsTally) error {
	return r.view(func(tx *store.Tx) error {
		for party, own := range tallies {
			inForce, err := tx.StatementsInForceOf(day, party)
			if err != nil {
				return err
			}
			var others []*reconcile.TotalsTally
			for i := range inForce {
				switch s := &inForce[i]; {
				case s.Rows:
					others = append(others, reconcile.SpeaksOfAll(party, day))
				case r.tallies[s.Number] != nil:
					others = append(others, r.tallies[s.Number])
				case len(s.Totals) > 0 && s.Statement.File == nil && s.Statement.To <= r.through:
					others = append(others, newTally(s))
				}
			}
			for _, tally := range own {
				tally.Beside(others)
			}
		}
		return nil
	})
}

// newTally begins to add up what the totals of a statement that are in force are held against.
func newTally(s *store.StatementInForce) *reconcile.TotalsTally {
	inForce := s.Statement
	inForce.Totals = nil
	for _, i := range s.Totals {
		inForce.Totals = append(inForce.Totals, s.Statement.Totals[i])
	}
	return reconcile.NewTotalsTally(&inForce)
}

// add gives every item of a day to the tallies of its parties.
func (r *run) add(day ledger.Day, tallies map[provinces.Party][]*reconcile.TotalsTally) error {
	books := r.books(day)
	var item reconcile.Item
	for {
		more, err := books.Next(&item)
		if err != nil || !more {
			return err
		}
		for _, side := range reconcile.Sides {
			for _, tally := range tallies[item.PartyOn(side)] {
				tally.Add(&item)
			}
		}
	}
}
