package console

import (
	"maps"
	"net/http"
	"slices"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// balancesView is what the page of balances shows.
type balancesView struct {
	service.BalancesReply
	Home, Treatment ledger.Province // chosen; "" = all
	ByAccount       bool
	Between         pairTable
	Within          pairTable
	Positions       []positionLine // of all provinces; empty when one is chosen
	Accounts        []accountLine
	Provinces       []ledger.Province
}

// pairLine is a pair's balance with the funds and the account together.
type pairLine struct {
	service.PairBalance
	Owed ledger.Amount
}

// pairTable is a list of pairs with its sums.
type pairTable struct {
	Title, Note string // keys of its words; Note may be ""
	Pairs       []pairLine
	Funds       []ledger.Fund // columns: only where one province is chosen, or they would not fit
	Sum         pairSum
}

// pairSum adds up pairs.
type pairSum struct {
	ByFund               map[ledger.Fund]ledger.Amount
	Funds, Account, Owed ledger.Amount
}

// positionLine is what one province owes and is owed, between provinces.
//
// Invariant: Net = IsOwed - Owes.
type positionLine struct {
	Province          ledger.Province
	Owes, IsOwed, Net ledger.Amount
}

// accountLine is an account in words beside its name.
type accountLine struct {
	service.AccountLine
	Is ledger.Account // zero where the name is not in the grammar
}

func (c *console) balances(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	v := balancesView{
		Provinces: provinces.Provinces(),
		Between:   pairTable{Title: "bal.pairs"}, Within: pairTable{Title: "bal.within", Note: "internal.note"},
	}
	if v.Home, err = q.province("home"); err != nil {
		return nil, err
	}
	if v.Treatment, err = q.province("treatment"); err != nil {
		return nil, err
	}
	by := q["by"]
	if by != "" && by != "pair" && by != "account" {
		return nil, errParameter
	}
	v.ByAccount = by == "account"
	v.BalancesReply, err = c.books.Balances(r.Context(), service.BalancesRequest{Home: v.Home, Treatment: v.Treatment, By: by})
	if err != nil {
		return nil, err
	}
	for _, a := range v.BalancesReply.Accounts {
		v.Accounts = append(v.Accounts, accountLine{a, readAccount(a.Account)})
	}
	if err := v.add(); err != nil {
		return nil, err
	}
	return page{name: "balances", section: "balances", title: phrases["balances"], data: v}, nil
}

// Tables are the lists that have any pair.
func (v balancesView) Tables() []pairTable {
	return slices.DeleteFunc([]pairTable{v.Between, v.Within}, func(t pairTable) bool { return len(t.Pairs) == 0 })
}

// add sorts the pairs into those between provinces and those within one, and adds each
// list up.
func (v *balancesView) add() error {
	whole := v.Home == "" && v.Treatment == ""
	at := map[ledger.Province]int{}
	for _, p := range v.BalancesReply.Pairs {
		owed, err := p.Total.Add(p.Account)
		if err != nil {
			return err
		}
		line, table := pairLine{p, owed}, &v.Between
		if p.Home == p.Treatment {
			table = &v.Within
		} else if whole {
			if err := v.position(at, line); err != nil {
				return err
			}
		}
		if err := table.add(line, !whole); err != nil {
			return err
		}
	}
	v.sortPositions(at)
	return nil
}

func (t *pairTable) add(p pairLine, columns bool) (err error) {
	t.Pairs = append(t.Pairs, p)
	s := &t.Sum
	if s.Funds, err = s.Funds.Add(p.Total); err != nil {
		return err
	}
	if s.Account, err = s.Account.Add(p.Account); err != nil {
		return err
	}
	if s.Owed, err = s.Owed.Add(p.Owed); err != nil || !columns {
		return err
	}
	if s.ByFund == nil {
		s.ByFund = map[ledger.Fund]ledger.Amount{}
	}
	for fund, amount := range p.Funds {
		if s.ByFund[fund], err = s.ByFund[fund].Add(amount); err != nil {
			return err
		}
	}
	t.Funds = slices.Sorted(maps.Keys(s.ByFund))
	return nil
}

// position adds a pair to the positions of its two provinces; at finds them.
func (v *balancesView) position(at map[ledger.Province]int, p pairLine) (err error) {
	of := func(province ledger.Province) *positionLine {
		if _, ok := at[province]; !ok {
			at[province] = len(v.Positions)
			v.Positions = append(v.Positions, positionLine{Province: province})
		}
		return &v.Positions[at[province]]
	}
	owes := of(p.Home)
	if owes.Owes, err = owes.Owes.Add(p.Owed); err != nil {
		return err
	}
	if owes.Net, err = owes.Net.Add(-p.Owed); err != nil {
		return err
	}
	isOwed := of(p.Treatment)
	if isOwed.IsOwed, err = isOwed.IsOwed.Add(p.Owed); err != nil {
		return err
	}
	isOwed.Net, err = isOwed.Net.Add(p.Owed)
	return err
}

// sortPositions puts the positions in the order of the register of provinces.
func (v *balancesView) sortPositions(at map[ledger.Province]int) {
	var sorted []positionLine
	for _, p := range v.Provinces {
		if i, ok := at[p]; ok {
			sorted = append(sorted, v.Positions[i])
			delete(at, p)
		}
	}
	for i := range v.Positions { // a province the register does not know is not lost
		if _, left := at[v.Positions[i].Province]; left {
			sorted = append(sorted, v.Positions[i])
		}
	}
	v.Positions = sorted
}
