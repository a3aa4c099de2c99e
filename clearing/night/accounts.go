package night

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"

	"clearingd/ledger"
)

// accounts are those in use. A large day uses some hundred thousand, nearly as many as the
// country has pairs of hospitals and home areas, so each is kept as five small numbers: it is
// the only thing of a night whose memory grows with its days.
type accounts struct {
	used  map[accountID]struct{}
	known map[string]uint32 // areas, funds and providers, by their place in texts
	texts []string

	last   ledger.Account // the newest; the postings of an entry share most of it
	lastID accountID

	sorting sync.Once
	sorted  []accountID
}

type accountID struct {
	home, treatment, fund, provider uint32
	side                            ledger.Side
	stage                           ledger.Stage
}

func newAccounts() *accounts {
	// The empty text has the number 0, so that last and lastID agree from the beginning.
	return &accounts{used: make(map[accountID]struct{}), known: map[string]uint32{"": 0}, texts: []string{""}}
}

func (a *accounts) use(account ledger.Account) {
	id := &a.lastID
	id.side, id.stage = account.Side, account.Stage
	if account.Home != a.last.Home {
		id.home = a.id(string(account.Home))
	}
	if account.Treatment != a.last.Treatment {
		id.treatment = a.id(string(account.Treatment))
	}
	if account.Fund != a.last.Fund {
		id.fund = a.id(string(account.Fund))
	}
	if account.Provider != a.last.Provider {
		id.provider = a.id(account.Provider)
	}
	a.last = account
	a.used[*id] = struct{}{}
}

func (a *accounts) id(text string) uint32 {
	id, ok := a.known[text]
	if !ok {
		id = uint32(len(a.texts))
		a.known[text], a.texts = id, append(a.texts, text)
	}
	return id
}

// names are the accounts' names, sorted. From the first call on nothing may be added.
func (a *accounts) names() iter.Seq[string] {
	a.sorting.Do(func() { a.sorted = slices.SortedFunc(maps.Keys(a.used), a.compare) })
	return func(yield func(string) bool) {
		for _, id := range a.sorted {
			if !yield(a.account(id).Name()) {
				return
			}
		}
	}
}

func (a *accounts) account(id accountID) ledger.Account {
	return ledger.Account{
		Side: id.side, Home: ledger.Area(a.texts[id.home]), Treatment: ledger.Area(a.texts[id.treatment]),
		Provider: a.texts[id.provider], Fund: ledger.Fund(a.texts[id.fund]), Stage: id.stage,
	}
}

// compare orders by name without making the names: areas and funds are six digits, and a
// provider's code ends in the name with a colon.
func (a *accounts) compare(x, y accountID) int {
	text := func(i, j uint32) int { return cmp.Compare(a.texts[i], a.texts[j]) }
	stages := func() int { return cmp.Compare(x.stage.String(), y.stage.String()) }
	switch {
	case x.side != y.side:
		return cmp.Compare(x.side, y.side)
	case x.side == ledger.Receivable:
		return cmp.Or(text(x.home, y.home), text(x.treatment, y.treatment), text(x.fund, y.fund), stages())
	case x.treatment == y.treatment && x.provider != y.provider:
		return cmp.Compare(a.texts[x.provider]+":", a.texts[y.provider]+":")
	}
	return cmp.Or(text(x.treatment, y.treatment), text(x.home, y.home), text(x.fund, y.fund), stages())
}
