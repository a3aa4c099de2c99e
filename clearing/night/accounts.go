package night

import (
	"iter"
	"maps"
	"slices"

	"clearingd/ledger"
)

// accounts are those in use.
type accounts struct {
	used map[ledger.Account]bool
}

func newAccounts() *accounts { return &accounts{used: make(map[ledger.Account]bool)} }

func (a *accounts) use(account ledger.Account) { a.used[account] = true }

// names are the accounts' names, sorted.
func (a *accounts) names() iter.Seq[string] {
	list := make([]string, 0, len(a.used))
	for account := range maps.Keys(a.used) {
		list = append(list, account.Name())
	}
	slices.Sort(list)
	return slices.Values(list)
}
