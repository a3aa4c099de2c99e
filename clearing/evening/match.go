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
		if b.Entry == 0 {
			if err := r.stranger(&b, day); err != nil {
				return err
			}
		}
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

// stranger puts a break about a row without a bill on the day that the row lies beside: only the
// match of that day finds it again. A party can state a row that the books do not know on several
// days; behind the first, its break has the day in its key.
func (r *run) stranger(b *reconcile.Break, day ledger.Day) error {
	b.Day = day
	dated := b.Key + "@" + day.String()
	return r.view(func(tx *store.Tx) error {
		own, err := tx.Break(dated)
		if err != nil {
			return err
		}
		first, err := tx.Break(b.Key)
		if err != nil {
			return err
		}
		of, named := r.strangers[b.Key]
		if !named && first != nil && first.Found() {
			if _, looked := r.results[first.Day]; !looked { // else it was not found any more
				of, named = first.Day, true
			}
		}
		if own != nil && own.Found() || named && of != day {
			b.Key = dated
			return nil
		}
		r.strangers[b.Key] = day
		return nil
	})
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
			if b.Day != day { // it was about this day once
				return nil
			}
			r.previous[b.Key] = b
			open[b.Key] = b.State.Undecided()
			return nil
		})
	})
	return open, err
}
