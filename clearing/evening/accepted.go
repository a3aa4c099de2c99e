package evening

import (
	"cmp"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// accepted is money that two officers have booked about a bill because a side stated it.
type accepted struct {
	bill uint64
	owed ledger.Amount
}

// accepted reads what officers have booked about the bills of the days at hand, and about those
// whose acceptance no side stated any more, by the keys of the bills' breaks.
func (r *run) accepted() (map[string]accepted, error) {
	booked := make(map[string]accepted)
	err := r.view(func(tx *store.Tx) error {
		bills := make(map[uint64]bool)
		for _, b := range r.previous {
			if b.Entry != 0 {
				bills[b.Entry] = true
			}
		}
		if err := tx.OpenBreaks(reconcile.AcceptedPrefix, func(b reconcile.Break) bool {
			r.previous[b.Key] = b
			bills[reconcile.AcceptedBill(b.Key)] = true
			return true
		}); err != nil {
			return err
		}
		for number := range bills {
			row, err := tx.Row(number)
			if err != nil {
				return err
			}
			one := accepted{bill: number}
			for _, f := range row.Accepted {
				if one.owed, err = one.owed.Add(f.Amount); err != nil {
					return err
				}
			}
			if len(row.Accepted) > 0 {
				booked[reconcile.BillKey(number)] = one
			}
		}
		return nil
	})
	return booked, err
}

// unclaimed finds what officers have booked and the side does not state any more: the bill agrees
// as it was answered, and the books owe the accepted difference besides. It is open until the
// acceptance is reversed or the side states otherwise than the books again. found is what this
// run has found.
func (r *run) unclaimed(booked map[string]accepted, found []reconcile.Break) (alone []reconcile.Break, err error) {
	still := make(map[string]bool, len(found))
	for i := range found {
		still[found[i].Key] = true
	}
	err = r.view(func(tx *store.Tx) error {
		for key, a := range booked {
			b, err := tx.Break(key)
			if err != nil {
				return err
			}
			if b == nil || a.owed == 0 {
				continue
			}
			claimed := still[key]
			if _, looked := r.results[b.Day]; !looked {
				claimed = b.Found()
			}
			if !claimed {
				alone = append(alone, reconcile.AcceptedBreak(b, a.bill, a.owed))
			}
		}
		return nil
	})
	return alone, err
}

// byActs touches the days of breaks that officers have acted upon since the evening of the run
// before: what was reversed must be found again, and what was accepted is looked at once more.
func (r *run) byActs(tx *store.Tx) error {
	for evening := cmp.Or(r.at.Evening, r.evening); evening <= r.evening; evening++ {
		err := tx.EveningBreaks(evening, func(b reconcile.Break) error {
			for _, e := range b.History {
				// Of the last run's own evening those count that came after it.
				if e.Act != 0 && e.Evening == evening && (evening > r.at.Evening || evening == r.evening || e.Act > r.at.Record) {
					r.touch(b.Day)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
