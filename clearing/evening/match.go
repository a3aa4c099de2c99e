package evening

import (
	"errors"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// match matches one business day.
func (r *run) match(day ledger.Day) error {
	r.touched[day] = true
	open, err := r.breaksOf(day)
	if err != nil {
		return err
	}
	parties, err := r.parties(day)
	if err != nil {
		return err
	}
	var sorters [4]*reconcile.Sorter
	for _, s := range reconcile.Sides {
		sorters[s] = reconcile.NewSorter(r.o.Runs)
		defer sorters[s].Close() // what is lost here is room that the system takes back
	}
	if err := r.rows(day, parties.inForce, &sorters); err != nil {
		return err
	}
	books := r.books(day)
	in := reconcile.Inputs{Books: books, Word: parties.word, Runs: r.o.Runs}
	for _, s := range reconcile.Sides {
		if in.Sides[s], err = sorters[s].Sorted(); err != nil {
			return err
		}
	}
	sums := reconcile.NewDayBuilder(day, r.evening)
	found := parties.breaks
	proofs := r.proofs(day)
	inputs, err := reconcile.Match(in, func(result *reconcile.Result) error {
		proofs.saw(result)
		if result.Standing != reconcile.Broken {
			if key := result.Key(); open[key] && result.Standing == reconcile.Matched {
				r.agreed[key] = true
			}
			return sums.Add(result)
		}
		broken := result.Clone()
		if err := reconcile.Prove(&broken, proofs.of(&broken)); err != nil {
			return err
		}
		b := reconcile.BreakOf(&broken)
		b.Seen = broken.Seen()
		found = append(found, b)
		return sums.Add(&broken)
	})
	if err := errors.Join(err, parties.failed); err != nil {
		return err
	}
	result, err := sums.Result(books.ledgers(), inputs)
	if err != nil {
		return err
	}
	r.found[day], r.results[day] = found, result
	return nil
}

// breaksOf reads what is known of the day's breaks, and tells which of them are open.
func (r *run) breaksOf(day ledger.Day) (open map[string]bool, err error) {
	open = make(map[string]bool)
	err = r.view(func(tx *store.Tx) error {
		return tx.DayBreaks(day, func(b reconcile.Break) error {
			r.previous[b.Key] = b
			open[b.Key] = b.State == reconcile.Open || b.State == reconcile.Proposed
			return nil
		})
	})
	return open, err
}
