package night

import (
	"cmp"
	"errors"
	"slices"

	"clearingd/clearing/store"
	"clearingd/ledger"
)

// trial carries the trial balance from seal to seal: what the books said at the end of
// a day can be printed on any later day, although balances have moved on.
type trial map[trialKey]*store.TrialSum

type trialKey struct {
	side     ledger.Side
	province ledger.Province
	stage    ledger.Stage
}

func newTrial(carried []store.TrialSum) trial {
	t := make(trial)
	for _, sum := range carried {
		t[trialKey{sum.Side, sum.Province, sum.Stage}] = &sum
	}
	return t
}

func (t trial) post(entry ledger.Entry) error {
	for _, p := range entry.Postings {
		key := trialKey{p.Account.Side, p.Account.Home.Province(), p.Account.Stage}
		if key.side == ledger.Payable {
			key.province = p.Account.Treatment.Province()
		}
		sum := t[key]
		if sum == nil {
			sum = &store.TrialSum{Side: key.side, Province: key.province, Stage: key.stage}
			t[key] = sum
		}
		balance := ledger.Balance{Debits: sum.Debits, Credits: sum.Credits}
		if err := balance.Post(p.Amount); err != nil {
			return errors.Join(errors.New("trial balance"), err)
		}
		sum.Debits, sum.Credits = balance.Debits, balance.Credits
	}
	return nil
}

func (t trial) sums() []store.TrialSum {
	sums := make([]store.TrialSum, 0, len(t))
	for _, sum := range t {
		sums = append(sums, *sum)
	}
	slices.SortFunc(sums, func(a, b store.TrialSum) int {
		return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.Province, b.Province), cmp.Compare(a.Stage, b.Stage))
	})
	return sums
}
