package console

import (
	"strings"

	"clearingd/clearing/service"
	"clearingd/ledger"
)

// postingView is a posting in words beside its account's name.
type postingView struct {
	service.PostingLine
	Account ledger.Account // zero where the name is not in the grammar
	Name    string
}

// post reads the postings and adds up both sides.
func (v *claimView) post(lines []service.PostingLine) error {
	for _, line := range lines {
		v.Postings = append(v.Postings, postingView{PostingLine: line, Account: readAccount(line.Account), Name: line.Account})
		var err error
		if line.Amount >= 0 {
			v.Debits, err = v.Debits.Add(line.Amount)
		} else {
			v.Credits, err = v.Credits.Add(-line.Amount)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readAccount is the inverse of [ledger.Account.Name]; the zero account where the text
// is no such name.
func readAccount(name string) ledger.Account {
	var a ledger.Account
	for i, part := range strings.Split(name, ":") {
		key, value, keyed := strings.Cut(part, "-")
		switch {
		case i == 0 && part == "Assets":
			a.Side = ledger.Receivable
		case i == 0 && part == "Liabilities":
			a.Side = ledger.Payable
		case keyed && key == "Home":
			a.Home = ledger.Area(value)
		case keyed && key == "Treatment":
			a.Treatment = ledger.Area(value)
		case keyed && key == "Provider":
			a.Provider = value
		case keyed && key == "Fund":
			a.Fund = ledger.Fund(value)
		}
		for _, stage := range ledger.Stages {
			if part == stage.String() {
				a.Stage = stage
			}
		}
	}
	if a.Check() != nil || a.Name() != name {
		return ledger.Account{}
	}
	return a
}
