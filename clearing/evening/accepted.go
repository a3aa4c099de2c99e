package evening

import (
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// acceptedAlone finds money that two officers have booked because a side stated it, and that
// the side does not state any more: the bill agrees as it was answered, and the books owe the
// accepted difference besides. It is open until the acceptance is reversed or the side
// states the difference again.
func (r *run) acceptedAlone(found []reconcile.Break) (alone []reconcile.Break, err error) {
	still := make(map[string]bool, len(found))
	for i := range found {
		still[found[i].Key] = true
	}
	err = r.view(func(tx *store.Tx) error {
		bills := make(map[uint64]bool)
		for _, b := range r.previous {
			if b.Entry != 0 && b.State == reconcile.Decided {
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
			b, err := r.unclaimed(tx, number, still)
			if err != nil {
				return err
			}
			if b != nil {
				alone = append(alone, *b)
			}
		}
		return nil
	})
	return alone, err
}

// unclaimed is the break about a bill's accepted difference that no side states; nil if there
// is none. still has the keys of what this run has found.
func (r *run) unclaimed(tx *store.Tx, number uint64, still map[string]bool) (*reconcile.Break, error) {
	key := reconcile.BillKey(number)
	decided, err := tx.Break(key)
	if err != nil || decided == nil {
		return nil, err
	}
	_, looked := r.results[decided.Day]
	if looked && still[key] || !looked && decided.Still {
		return nil, nil
	}
	row, err := tx.Row(number)
	if err != nil {
		return nil, err
	}
	var accepted ledger.Amount
	for _, f := range row.Accepted {
		if accepted, err = accepted.Add(f.Amount); err != nil {
			return nil, err
		}
	}
	if accepted == 0 {
		return nil, nil
	}
	b := reconcile.AcceptedBreak(decided, number, accepted)
	return &b, nil
}

// byActs touches the days of breaks that officers have acted upon on this evening: what was
// reversed must be found again, and what was accepted is looked at once more.
func (r *run) byActs(tx *store.Tx) error {
	return tx.EveningBreaks(r.evening, func(b reconcile.Break) error {
		for _, e := range b.History {
			if e.Act != 0 && e.Evening == r.evening {
				r.touch(b.Day)
			}
		}
		return nil
	})
}
