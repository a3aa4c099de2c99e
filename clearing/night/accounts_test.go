package night

import (
	"slices"
	"testing"

	"clearingd/ledger"
)

func TestAccountsComeInTheOrderOfTheirNames(t *testing.T) {
	used := newAccounts()
	var want []string
	add := func(a ledger.Account) {
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		used.use(a)
		used.use(a) // again and again: it is one account
		want = append(want, a.Name())
	}
	areas := []ledger.Area{"650100", "110000", "330100"}
	for _, home := range areas {
		for _, treatment := range areas {
			for _, fund := range []ledger.Fund{"390100", "310200"} {
				for stage := ledger.Accrued; stage <= ledger.Paid; stage++ {
					add(ledger.Account{Side: ledger.Receivable, Home: home, Treatment: treatment, Fund: fund, Stage: stage})
					for _, provider := range []string{"H1", "H10", "H1A", "H2", "h", "A"} { // a colon sorts between digits and letters
						add(ledger.Account{Side: ledger.Payable, Home: home, Treatment: treatment, Provider: provider, Fund: fund, Stage: stage})
					}
				}
			}
		}
	}
	slices.Sort(want)
	for range 2 { // each journal asks
		if got := slices.Collect(used.names()); !slices.Equal(got, want) {
			t.Errorf("%d names, want %d in the order of sorted text: %q", len(got), len(want), got)
		}
	}
}
