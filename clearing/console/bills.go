package console

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// billOutcomes are the outcomes that make or take away a bill.
var billOutcomes = []provinces.Outcome{provinces.Booked, provinces.Cancelled, provinces.Reversed}

// billsView is what a list of bills shows.
type billsView struct {
	Query    BillQuery
	OneDay   bool
	Pair     bool   // home and treatment are both given
	Action   string // where the form leads; "" for a pair, which has none
	Bills    []billLine
	Funds    []ledger.Fund // columns
	Page     report.Sums
	Whole    bool // the page is the whole list
	Hospital bool // any bill has a part of the hospital
	Sealed   *report.Sums
	Searched uint64 // the part ended at this record before it was full; 0: it did not
	First    string // address of the list's beginning; "" on it
	Next     string // address of the next part; "" at the end
}

// billLine is a bill with its amounts by fund.
type billLine struct {
	report.Bill
	By   map[ledger.Fund]ledger.Amount
	Sum  ledger.Amount // the funds together
	Owed ledger.Amount // funds and personal account
}

// pair lists the bills behind one cell of the matrix.
func (c *console) pair(r *http.Request) (response, error) {
	home, treatment, err := parsePair(r.PathValue("pair"))
	if err != nil {
		return nil, err
	}
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	return c.listDay(r, q, BillQuery{Home: home, Treatment: treatment}, "")
}

// dayBills lists the bills of a day, filtered.
func (c *console) dayBills(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	query, err := regionQuery(q)
	if err != nil {
		return nil, err
	}
	return c.listDay(r, q, query, r.URL.Path)
}

func regionQuery(q values) (query BillQuery, err error) {
	if query.Home, err = q.region("home"); err != nil {
		return query, err
	}
	if query.Treatment, err = q.region("treatment"); err != nil {
		return query, err
	}
	query.Scope, err = q.scope()
	return query, err
}

func (c *console) listDay(r *http.Request, q values, query BillQuery, action string) (response, error) {
	day, err := parseDay(r.PathValue("day"))
	if err != nil {
		return nil, err
	}
	known, err := c.findDay(r.Context(), day)
	if err != nil {
		return nil, err
	}
	query.From, query.To = day, day
	v, err := c.list(r, q, query)
	if err != nil {
		return nil, err
	}
	v.Action = action
	if known.State == stateClosed && v.Query.Outcome == "" {
		if whole, err := c.readReport(r.Context(), day); err == nil {
			v.Sealed = sealedSums(whole, query)
		}
	}
	return v.page(), nil
}

// rangeBills lists bills over days; without a range, those of all days a list may have.
func (c *console) rangeBills(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	query, err := regionQuery(q)
	if err != nil {
		return nil, err
	}
	status, err := c.books.Status(r.Context())
	if err != nil {
		return nil, err
	}
	if query.To, err = q.dayOr("to", status.Day); err != nil {
		return nil, err
	}
	if query.From, err = q.dayOr("from", c.earliest(r.Context(), query.To)); err != nil {
		return nil, err
	}
	if query.From > query.To || query.To-query.From >= daysMax {
		return nil, errParameter
	}
	v, err := c.list(r, q, query)
	if err != nil {
		return nil, err
	}
	v.Action = r.URL.Path
	return v.page(), nil
}

// earliest is the first known day of a list that ends with a day.
func (c *console) earliest(ctx context.Context, to ledger.Day) ledger.Day {
	first := to
	if reply, err := c.books.Days(ctx); err == nil {
		for _, d := range reply.Days {
			first = min(first, d.Day)
		}
	}
	return max(first, to-daysMax+1)
}

func (v *billsView) page() page {
	funds := maps.Clone(v.Page.Funds)
	if v.Sealed != nil {
		maps.Copy(funds, v.Sealed.Funds)
		v.Hospital = v.Hospital || v.Sealed.HospitalPart != 0
	}
	v.Funds = slices.Sorted(maps.Keys(funds))
	return page{name: "bills", section: "days", title: phrases["bills"], data: v, wide: true}
}

// list asks the books for one part of a list and adds it up.
func (c *console) list(r *http.Request, q values, query BillQuery) (*billsView, error) {
	var err error
	if query.Outcome, err = q.outcome(billOutcomes); err != nil {
		return nil, err
	}
	if query.After, err = q.after(); err != nil {
		return nil, err
	}
	query.Limit = rowsMax
	part, err := c.books.Bills(r.Context(), query)
	if err != nil {
		return nil, err
	}
	v := &billsView{
		Query: query, OneDay: query.From == query.To, Pair: query.Home != "" && query.Treatment != "",
		Searched: part.Searched,
		Whole:    query.After == 0 && part.Next == 0, Page: report.Sums{Funds: map[ledger.Fund]ledger.Amount{}},
	}
	for _, b := range part.Bills {
		line, err := newBillLine(b)
		if err != nil {
			return nil, err
		}
		v.Bills = append(v.Bills, line)
		if err := addLine(&v.Page, line); err != nil {
			return nil, err
		}
		v.Hospital = v.Hospital || b.HospitalPart != 0
	}
	if query.After != 0 {
		v.First = after(r.URL, 0)
	}
	if part.Next != 0 {
		v.Next = after(r.URL, part.Next)
	}
	return v, nil
}

// after is the address of the same list from another place on.
func after(u *url.URL, number uint64) string {
	q := u.Query()
	q.Del("after")
	q.Del("lang")
	if number != 0 {
		q.Set("after", strconv.FormatUint(number, 10))
	}
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}
