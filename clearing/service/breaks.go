package service

import (
	"cmp"
	"slices"
	"strconv"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// NewBreakReply tells of a break as it stood on an evening (reconcile.Break.On). overdue is in
// working days, as report.BreakLine has it; result is what the match made of it then, or nil.
// Error: ledger.ErrOverflow.
func NewBreakReply(b *reconcile.Break, evening ledger.Day, overdue int, result *reconcile.Result) (BreakReply, error) {
	line, err := report.NewBreakLine(b, overdue, result)
	r := BreakReply{Evening: evening, Break: line}
	for _, f := range b.Findings {
		r.Findings = append(r.Findings, newBreakFinding(f))
	}
	for _, e := range b.History {
		r.History = append(r.History, BreakEvent{Evening: e.Evening, State: e.State, What: e.What, Class: e.Class, Act: e.Act, Group: e.Group, Why: e.Why})
	}
	if result == nil {
		return r, err
	}
	if result.Books != nil {
		r.Corrects, r.UndoneBy = result.Books.Corrects, result.Books.UndoneBy
	}
	for i, side := range reconcile.Sides {
		for _, item := range result.Sides[side] {
			r.Sources = append(r.Sources, BreakSource{Side: report.SideNames[i], Party: item.Party, Statement: item.Statement, Line: item.Line, From: item.From, To: item.To})
		}
	}
	r.Figures = CompareFigures(result)
	return r, err
}

func newBreakFinding(f reconcile.Finding) BreakFinding {
	out := BreakFinding{Side: report.SideName(f.Side.String()), Class: f.Class, More: f.More, Owed: f.Owed, Field: f.Field, Ours: f.Ours, Theirs: f.Theirs}
	if f.Cause != nil {
		out.Cause = &BreakCause{Kind: f.Cause.Kind, Owed: f.Cause.Owed, Proof: f.Cause.Proof, Refs: f.Cause.Refs}
	}
	return out
}

// Words for what is never written out.
const (
	FigureSame    = "="
	FigureDiffers = "≠"
)

// CompareFigures puts the books' figures and those of the three sides beside each other.
// Figures that nobody states are left out. Of a side with several rows amounts are sums,
// and other figures those of the first row.
func CompareFigures(r *reconcile.Result) []FigureRow {
	var columns [4]map[string]string // books, then the sides in order
	columns[0] = figuresOf(itemsOf(r.Books), r.Books)
	for i, side := range reconcile.Sides {
		columns[i+1] = figuresOf(r.Sides[side], r.Books)
	}
	var rows []FigureRow
	for _, field := range figureFields(columns) {
		row := FigureRow{Field: field, Books: columns[0][field]}
		for i, side := range reconcile.Sides {
			row.Sides[i] = columns[i+1][field]
			row.Differs[i] = differs(field, row.Books, row.Sides[i], r, side)
		}
		rows = append(rows, row)
	}
	return rows
}

// differs marks what a side has otherwise. A month's statement that holds the books' day
// does not differ in its day.
func differs(field, ours, theirs string, r *reconcile.Result, side reconcile.Side) bool {
	switch {
	case theirs == "" || r.Books == nil || theirs == FigureSame:
		return false
	case field == "day":
		row := &r.Sides[side][0]
		return r.Books.From < row.From || r.Books.From > row.To
	}
	return theirs != ours
}

func itemsOf(books *reconcile.Item) []reconcile.Item {
	if books == nil {
		return nil
	}
	return []reconcile.Item{*books}
}

// figureOrder is the order of the rows; fund codes come behind fund_pay_sumamt.
var figureOrder = []string{
	"rows", "owed", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay", "day", "setl_id", "refd_setl_flag", "fixmedins_code",
	"insuplc_admdvs", "mdtrtarea_admvs", "insutype", "psn_no", "mdtrt_id",
}

func figureFields(columns [4]map[string]string) []string {
	var funds []string
	known := map[string]bool{}
	for _, column := range columns {
		for field := range column {
			if !known[field] && !slices.Contains(figureOrder, field) {
				funds = append(funds, field)
			}
			known[field] = true
		}
	}
	slices.SortFunc(funds, cmp.Compare[string])
	var fields []string
	for _, field := range figureOrder {
		if known[field] {
			fields = append(fields, field)
		}
		if field == "fund_pay_sumamt" {
			fields = append(fields, funds...)
		}
	}
	return fields
}

// figuresOf are the figures of a column by wire name. Amounts that leave their range are
// left out rather than shown wrong.
func figuresOf(items []reconcile.Item, books *reconcile.Item) map[string]string {
	if len(items) == 0 {
		return nil
	}
	figures := map[string]string{}
	sum := func(field string, of func(a *reconcile.Amounts) (ledger.Amount, bool)) {
		var total ledger.Amount
		for i := range items {
			a, stated := of(&items[i].Amounts)
			next, err := total.Add(a)
			if !stated || err != nil {
				return
			}
			total = next
		}
		figures[field] = total.String()
	}
	sum("owed", func(a *reconcile.Amounts) (ledger.Amount, bool) { return a.Owed(), true })
	sum("medfee_sumamt", func(a *reconcile.Amounts) (ledger.Amount, bool) { return a.Total, true })
	sum("fund_pay_sumamt", func(a *reconcile.Amounts) (ledger.Amount, bool) { return a.Funds, true })
	sum("acct_pay", func(a *reconcile.Amounts) (ledger.Amount, bool) { return a.Account, true })
	sum("psn_cash_pay", func(a *reconcile.Amounts) (ledger.Amount, bool) {
		if a.Cash == nil {
			return 0, false
		}
		return *a.Cash, true
	})
	for _, fund := range items[0].Amounts.ByFund {
		sum(string(fund.Fund), func(a *reconcile.Amounts) (ledger.Amount, bool) { return fundOf(a.ByFund, fund.Fund), true })
	}
	if len(items) > 1 {
		figures["rows"] = strconv.Itoa(len(items))
	}
	words(figures, &items[0], books)
	return figures
}

func fundOf(funds []provinces.FundAmount, fund ledger.Fund) (sum ledger.Amount) {
	for _, f := range funds {
		if f.Fund == fund {
			sum += f.Amount
		}
	}
	return sum
}

// words are the figures that are no amounts. A person and a visit are compared with the
// books and never written.
func words(figures map[string]string, item, books *reconcile.Item) {
	for field, value := range map[string]string{
		"setl_id": item.SettlementID, "fixmedins_code": item.Provider, "insuplc_admdvs": string(item.Home), "mdtrtarea_admvs": string(item.Treatment), "insutype": item.Insutype,
	} {
		if value != "" {
			figures[field] = value
		}
	}
	if figures["day"] = item.From.String(); item.To != item.From {
		figures["day"] += " – " + item.To.String()
	}
	if item.Refund {
		figures["refd_setl_flag"] = "1"
	}
	if books == nil {
		return
	}
	for field, pair := range map[string][2]string{"psn_no": {item.Person, books.Person}, "mdtrt_id": {item.VisitID, books.VisitID}} {
		switch {
		case pair[0] == "":
		case pair[0] == pair[1]:
			figures[field] = FigureSame
		default:
			figures[field] = FigureDiffers
		}
	}
}
