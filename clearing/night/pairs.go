package night

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// pairs is what stands of each pair of areas at the end of a day: carried from the day
// before, like the trial balance.
type pairs map[reconcile.Pair]*store.PairBalance

// newPairs begins with what stood at the end of the day before the first. Books of before
// this was kept are read from their beginning, once.
func (n *Night) newPairs(s span) (pairs, error) {
	p := make(pairs)
	err := n.o.Store.View(func(tx *store.Tx) error {
		before, ok, err := tx.PairBalances(s.from - 1)
		if err != nil {
			return err
		}
		for i := range before {
			p[reconcile.Pair{Home: before[i].Home, Treatment: before[i].Treatment}] = &before[i]
		}
		if ok || s.previous.Size == 0 {
			return nil
		}
		return tx.Brief(1, s.previous.Size, func(r *clearing.Record, entry ledger.Entry) error {
			if r.Day >= s.from {
				return nil
			}
			return p.post(entry, r.Adjustment != nil || r.Act != nil)
		})
	})
	return p, err
}

func (p pairs) post(entry ledger.Entry, decision bool) (err error) {
	for _, posting := range entry.Postings {
		if posting.Account.Side != ledger.Receivable {
			continue
		}
		key := reconcile.Pair{Home: posting.Account.Home, Treatment: posting.Account.Treatment}
		pair := p[key]
		if pair == nil {
			pair = &store.PairBalance{Home: key.Home, Treatment: key.Treatment}
			p[key] = pair
		}
		if pair.Balance, err = pair.Balance.Add(posting.Amount); err != nil {
			return fmt.Errorf("entry %d: %w", entry.Number, err)
		}
		if !decision {
			continue
		}
		if pair.Decisions, err = pair.Decisions.Add(posting.Amount); err != nil {
			return fmt.Errorf("entry %d: %w", entry.Number, err)
		}
	}
	return nil
}

// list is by home, then treatment.
func (p pairs) list() []store.PairBalance {
	list := make([]store.PairBalance, 0, len(p))
	for _, one := range slices.Collect(maps.Values(p)) {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(x, y store.PairBalance) int {
		return cmp.Or(cmp.Compare(x.Home, y.Home), cmp.Compare(x.Treatment, y.Treatment))
	})
	return list
}
