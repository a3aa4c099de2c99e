package reconcile

import (
	"fmt"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// judge decides what each side says of the bill, and what the three make of it.
func (r *Result) judge() {
	r.Findings = r.Findings[:0]
	r.Standing = Matched
	for _, s := range Sides {
		r.States[s] = r.judgeSide(s)
		switch r.States[s] {
		case Differs:
			r.Standing = Broken
		case Awaited:
			r.Standing = max(r.Standing, Expected)
		}
	}
}

func (r *Result) judgeSide(s Side) SideState {
	before := len(r.Findings)
	rows := r.Sides[s]
	own, others := r.ownRows(s)
	switch {
	case len(rows) == 0 && r.Books.Silent && r.back[s] && r.said[s].Asked && r.said[s].Rows: // it has what took the bill back, and not the bill
		r.missing(s)
	case len(rows) == 0:
		state := r.said[s].absent(r.Books)
		if state == Differs {
			r.missing(s)
		}
		return state
	case r.ByStay[s]:
		r.otherDay(s, &rows[0])
	case own == 0:
		r.missing(s)
	default:
		r.compare(s, &rows[0])
		if r.Books.Silent && (r.Books.Corrects == 0 && !r.back[s] || r.alone[s]) {
			r.find(s, Finding{Class: Status, Owed: rows[0].Amounts.Owed(), Field: "refd_setl_flag", Ours: flag(!r.Books.Refund), Theirs: flag(r.Books.Refund)})
		}
		for i := 1; i < own; i++ {
			r.find(s, Finding{Class: Duplicate, Owed: rows[i].Amounts.Owed(), Field: "setl_id", Ours: place(&rows[0]), Theirs: place(&rows[i])})
		}
	}
	for i := range others {
		r.find(s, Finding{Class: Status, Owed: others[i].Amounts.Owed(), Field: "refd_setl_flag", Ours: flag(r.Books.Refund), Theirs: flag(others[i].Refund)})
	}
	if len(r.Findings) > before {
		return Differs
	}
	return Agrees
}

// ownRows counts the rows that say the same of the bill as the books, that it was made or
// that it was taken back; behind them stand those that say the other.
func (r *Result) ownRows(s Side) (own int, others []Item) {
	rows := r.Sides[s]
	for own < len(rows) && rows[own].Refund == r.Books.Refund {
		own++
	}
	return own, rows[own:]
}

// find adds a finding, with its direction.
func (r *Result) find(s Side, f Finding) {
	f.Side = s
	if f.More == Equal {
		f.More = direction(f.Owed)
	}
	r.Findings = append(r.Findings, f)
}

func direction(more ledger.Amount) More {
	switch {
	case more > 0:
		return SideMore
	case more < 0:
		return BooksMore
	}
	return Equal
}

// place names a row: for people, by its statement and line.
func place(i *Item) string { return fmt.Sprintf("%s:%d", i.Statement, i.Line) }

func flag(refund bool) string {
	if refund {
		return "1"
	}
	return "0"
}

var missing = [...]Class{Hospital: MissHospital, Treatment: MissTreatment, Home: MissHome}

// missing finds that the side has no row that says what the books do.
func (r *Result) missing(s Side) {
	f := Finding{Class: missing[s], Owed: -r.Books.Amounts.Owed(), Field: "setl_id", Ours: r.Books.SettlementID}
	switch {
	case r.Books.Refund, r.Books.UndoneBy != 0:
		f.Class = Status // made and taken back: the side has not heard of one of both
	case r.twin[s] != 0:
		f.Class = DuplicateOurs
	}
	r.find(s, f)
}

// compare holds a row against the bill, figure by figure.
func (r *Result) compare(s Side, row *Item) {
	r.otherDay(s, row)
	r.amounts(s, &row.Amounts)
	for _, f := range [...]struct{ field, ours, theirs string }{
		{"setl_id", r.Books.SettlementID, row.SettlementID},
		{"mdtrt_id", r.Books.VisitID, row.VisitID},
		{"fixmedins_code", r.Books.Provider, row.Provider},
		{"insuplc_admdvs", string(r.Books.Home), string(row.Home)},
		{"mdtrtarea_admvs", string(r.Books.Treatment), string(row.Treatment)},
		{"insutype", r.Books.Insutype, row.Insutype},
	} {
		if f.theirs == "" || f.ours == "" || f.ours == f.theirs || f.field == "setl_id" && !r.renamed(row) {
			continue
		}
		r.find(s, Finding{Class: Field, Field: f.field, Ours: f.ours, Theirs: f.theirs})
	}
	if !samePerson(r.Books, row) {
		r.find(s, Finding{Class: Field, Field: "psn_no"}) // whose it is stays unsaid
	}
}

// renamed reports whether the row has another id of this house than the bill. An id of
// the side's own is no difference, nor is a refund that names what it takes back.
func (r *Result) renamed(row *Item) bool {
	return row.Number != 0 && !(r.Books.Refund && row.Number == r.Books.Corrects)
}

// samePerson: a person that one of both does not name is not compared.
func samePerson(a, b *Item) bool {
	return a.Person == b.Person || a.Person == "" || b.Person == ""
}

// otherDay finds that the row counts on other business days than the bill.
func (r *Result) otherDay(s Side, row *Item) {
	if !row.on(r.Books.From) {
		r.find(s, Finding{Class: Timing, Field: "stmt_begndate", Ours: r.Books.From.String(), Theirs: row.From.String(), From: row.From, To: row.To})
	}
}

// on reports whether the day is one that the item counts on.
func (i *Item) on(day ledger.Day) bool { return i.From <= day && day <= i.To }

// amounts finds which figures differ. What is owed in all stands on the first of them.
func (r *Result) amounts(s Side, theirs *Amounts) {
	ours := &r.Books.Amounts
	if ours.same(theirs) {
		return
	}
	first := len(r.Findings)
	figure := func(field string, a, b ledger.Amount) {
		if a != b {
			r.find(s, Finding{Class: Split, More: direction(b - a), Field: field, Ours: a.String(), Theirs: b.String()})
		}
	}
	figure("medfee_sumamt", ours.Total, theirs.Total)
	figure("fund_pay_sumamt", ours.Funds, theirs.Funds)
	figure("acct_pay", ours.Account, theirs.Account)
	if ours.Cash != nil && theirs.Cash != nil {
		figure("psn_cash_pay", *ours.Cash, *theirs.Cash)
	}
	if len(ours.ByFund) > 0 && len(theirs.ByFund) > 0 {
		for _, fund := range unionOfFunds(ours.ByFund, theirs.ByFund) {
			figure(string(fund), amountOf(ours.ByFund, fund), amountOf(theirs.ByFund, fund))
		}
	}
	owed := theirs.Owed() - ours.Owed()
	class := Split
	switch more := direction(owed); {
	case more == SideMore, more == Equal && theirs.Total > ours.Total:
		class = AmountOver
	case more == BooksMore, theirs.Total < ours.Total:
		class = AmountUnder
	}
	found := r.Findings[first:]
	for i := range found {
		found[i].Class = class
	}
	if len(found) > 0 && owed != 0 {
		found[0].Owed, found[0].More = owed, direction(owed)
	}
}

// same reports whether no figure that both state differs.
func (a *Amounts) same(b *Amounts) bool {
	return a.Total == b.Total && a.Funds == b.Funds && a.Account == b.Account &&
		(a.Cash == nil || b.Cash == nil || *a.Cash == *b.Cash) &&
		(len(a.ByFund) == 0 || len(b.ByFund) == 0 || slices.Equal(a.ByFund, b.ByFund) || sameFunds(a.ByFund, b.ByFund))
}

// sameFunds compares amounts by fund in which a fund may be missing or stand as zero.
func sameFunds(a, b []provinces.FundAmount) bool {
	for _, fund := range unionOfFunds(a, b) {
		if amountOf(a, fund) != amountOf(b, fund) {
			return false
		}
	}
	return true
}

func unionOfFunds(a, b []provinces.FundAmount) []ledger.Fund {
	var funds []ledger.Fund
	for _, list := range [2][]provinces.FundAmount{a, b} {
		for _, f := range list {
			funds = append(funds, f.Fund)
		}
	}
	slices.Sort(funds)
	return slices.Compact(funds)
}

func amountOf(list []provinces.FundAmount, fund ledger.Fund) (sum ledger.Amount) {
	for _, f := range list {
		if f.Fund == fund {
			sum += f.Amount
		}
	}
	return sum
}
