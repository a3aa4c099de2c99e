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
	sums.Ended = func(string) bool { return true } // of breaks that is known when they are carried forward: see mark
	found := parties.breaks
	proofs := r.proofs(day)
	inputs, err := reconcile.Match(in, func(result *reconcile.Result) error {
		proofs.saw(result)
		if err := r.otherDay(result.Books); err != nil {
			return err
		}
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

// otherDay has the day matched, too, on which a bill was taken back, or on which the bill was
// made that is taken back here, where something about that one is known: the two are told
// together, and what was said of the one may not hold without the other.
func (r *run) otherDay(i *reconcile.Item) error {
	if i == nil || i.Corrects == 0 && i.UndoneBy == 0 {
		return nil
	}
	for _, other := range [...]struct {
		number uint64
		day    ledger.Day
	}{{i.Corrects, i.CorrectsOn}, {i.UndoneBy, i.UndoneOn}} {
		if _, known := r.touched[other.day]; known || other.number == 0 {
			continue
		}
		err := r.view(func(tx *store.Tx) error {
			b, err := tx.Break(reconcile.BillKey(other.number))
			if err == nil && b != nil && b.State != reconcile.Gone {
				r.touch(other.day)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// breaksOf reads what is known of the day's breaks, and tells which of them are open.
func (r *run) breaksOf(day ledger.Day) (open map[string]bool, err error) {
	open = make(map[string]bool)
	err = r.view(func(tx *store.Tx) error {
		return tx.DayBreaks(day, func(b reconcile.Break) error {
			r.previous[b.Key] = b
			open[b.Key] = b.State.Undecided()
			return nil
		})
	})
	return open, err
}
