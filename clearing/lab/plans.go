package lab

import (
	"errors"
	"fmt"

	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// PlansOf reads a plan set that the books keep.
func PlansOf(tx *store.Tx, set [32]byte) (*benefit.Set, error) {
	hashes, err := tx.PlanSet(set)
	if err != nil {
		return nil, err
	}
	var plans []*benefit.Plan
	var wrong []error
	for _, hash := range hashes {
		file, err := tx.Plan(hash)
		if err != nil {
			return nil, err
		}
		plan, problems := benefit.ParsePlan(fmt.Sprintf("%x.toml", hash[:6]), file)
		for _, p := range problems {
			wrong = append(wrong, p)
		}
		if plan != nil {
			plans = append(plans, plan)
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("plans in the books: %w", errors.Join(wrong...))
	}
	return benefit.NewSet(plans...)
}

// Current is the plan set that was in force when the newest closed day was sealed: what
// the books themselves were made with.
func Current(books *store.Store) (set *benefit.Set, err error) {
	err = books.View(func(tx *store.Tx) error {
		var sealed [32]byte
		err := tx.Days(func(_ ledger.Day, state store.DayState) bool {
			sealed = state.Seal.PlanSet
			return state.Phase != store.DayClosed
		})
		if err != nil {
			return err
		}
		if sealed == ([32]byte{}) {
			return ErrNoDays
		}
		set, err = PlansOf(tx, sealed)
		return err
	})
	return set, err
}
