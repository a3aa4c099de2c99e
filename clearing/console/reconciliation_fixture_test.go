package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// apartProvider is the hospital that is 61 yuan apart from the books over six days.
const apartProvider = "H31010100017"

var apartParty = provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: apartProvider}

// hostileKey is the key of a row that names itself by what a hospital wrote.
const hostileKey = `row/provider.31.H31010100017/<script>alert(1)</script>"'&?x#=%`

// sampleBreaks are breaks as the match leaves them, each with what it was made from.
func sampleBreaks() (list []service.BreakReply) {
	add := func(b reconcile.Break, overdue int, sides map[reconcile.Side][]reconcile.Item, books *reconcile.Item) {
		b.FirstSeen, b.Due, b.Owner, b.State = b.Day, b.Day+4, reconcile.Hospital, reconcile.Open
		if b.History == nil {
			b.History = []reconcile.Event{{Evening: b.Day, State: reconcile.Open, What: "seen", Class: b.Class}}
		}
		result := &reconcile.Result{Books: books}
		for _, s := range reconcile.Sides {
			result.Sides[s], result.States[s] = sides[s], reconcile.Agrees
			for _, f := range b.Findings {
				if f.Side == s {
					result.States[s] = reconcile.Differs
				}
			}
		}
		if len(sides[reconcile.Home]) == 0 {
			result.States[reconcile.Home] = reconcile.Awaited
		}
		then := b.On(sealedDay)
		reply, err := service.NewBreakReply(&then, sealedDay, overdue, result)
		if err != nil {
			panic(err)
		}
		reply.Horizons = []service.BreakHorizon{{Side: report.SideHospital, Party: apartParty, Until: sealedDay}, {Side: report.SideHome, Party: provinces.Party{Kind: provinces.PartyHome, Province: "65"}}}
		list = append(list, reply)
	}
	item := func(n uint64, day ledger.Day, funds ledger.Amount) reconcile.Item {
		cash := ledger.Amount(20_000)
		return reconcile.Item{
			Number: n, SettlementID: fmt.Sprintf("310101G%013d", n), Person: "p-CANARY", VisitID: "CANARY-VISIT", Provider: apartProvider, Home: "650100", Treatment: "310101",
			Insutype: "310", From: day, To: day, Party: apartParty, Statement: "S20260317", Line: int(n) + 1,
			Amounts: reconcile.Amounts{Total: funds + 30_000, Funds: funds, Account: 10_000, Cash: &cash, ByFund: []provinces.FundAmount{{Fund: "310100", Amount: funds}}},
		}
	}
	for _, c := range []struct {
		n     uint64
		day   ledger.Day
		class reconcile.Class
		more  reconcile.More
		apart ledger.Amount
		cause *reconcile.Cause
	}{
		{1, sealedDay - 5, reconcile.AmountOver, reconcile.SideMore, 40_00, &reconcile.Cause{Kind: reconcile.RefundAtInsurer, Owed: 40_00, Proof: []string{"150.00 = 110.00 + 40.00", "2026-03-12 40.00"}, Refs: []uint64{2}}},
		{2, sealedDay - 3, reconcile.Round, reconcile.BooksMore, -1, &reconcile.Cause{Kind: reconcile.RoundingStep, Owed: -1, Proof: []string{"basic / ratio-1: 1234.565 → 1234.57, not 1234.56"}}},
		{4, sealedDay, reconcile.AmountOver, reconcile.SideMore, 21_01, nil},
	} {
		books, theirs := item(c.n, c.day, 150_000), item(c.n, c.day, 150_000+c.apart)
		add(reconcile.Break{
			Key: fmt.Sprintf("bill/%d", c.n), Day: c.day, Home: "650100", Treatment: "310101", Provider: apartProvider, Entry: c.n, Row: books.SettlementID, Party: apartParty,
			Class: c.class, Books: 160_000, Owed: c.apart, Facts: [32]byte{byte(c.n)},
			Findings: []reconcile.Finding{{Side: reconcile.Hospital, Class: c.class, More: c.more, Owed: c.apart, Field: "fund_pay_sumamt", Ours: "1500.00", Theirs: theirs.Amounts.Funds.String(), Cause: c.cause}},
		}, int(sealedDay-c.day)-2, map[reconcile.Side][]reconcile.Item{reconcile.Hospital: {theirs}}, &books)
	}
	twice := item(0, sealedDay, 33_300)
	twice.SettlementID = hostile
	add(reconcile.Break{
		Key: hostileKey, Day: sealedDay, Home: "650100", Treatment: "310101", Provider: "H31010100099", Row: hostile, Class: reconcile.Surplus, Owed: 43_300,
		Findings: []reconcile.Finding{{Side: reconcile.Hospital, Class: reconcile.Surplus, More: reconcile.SideMore, Owed: 43_300, Field: "setl_id", Theirs: hostile,
			Cause: &reconcile.Cause{Kind: reconcile.CauseKind(hostile), Proof: []string{hostile}}}},
		History: []reconcile.Event{{Evening: sealedDay, State: reconcile.Open, What: hostile}},
	}, -2, map[reconcile.Side][]reconcile.Item{reconcile.Hospital: {twice}}, nil)
	old := item(5, sealedDay-40, 99_900)
	add(reconcile.Break{
		Key: "bill/5", Day: sealedDay - 40, Home: "650100", Treatment: "310101", Provider: apartProvider, Entry: 5, Class: reconcile.Timing, Books: 109_900,
		Findings: []reconcile.Finding{{Side: reconcile.Treatment, Class: reconcile.Timing, Field: "day"}},
		History:  []reconcile.Event{{Evening: sealedDay - 39, State: reconcile.Open, What: "seen"}, {Evening: sealedDay - 38, State: reconcile.Resolved, What: "resolved:timing-pair", Group: "2026-02-07/timing-pair", Engine: 1}},
	}, 0, map[reconcile.Side][]reconcile.Item{reconcile.Treatment: {old}}, &old)
	elsewhere := provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100098"}
	decided := reconcile.Break{Day: sealedDay - 41, Home: "650100", Treatment: "310101", Provider: elsewhere.Provider, Party: elsewhere}
	add(reconcile.AcceptedBreak(&decided, 5, 61_00), 0, nil, nil)
	slices.SortFunc(list, func(x, y service.BreakReply) int { return cmp.Compare(x.Break.Key, y.Break.Key) })
	return list
}

func (b *sampleBooks) Breaks(_ context.Context, q service.BreaksRequest) (reply service.BreaksReply, err error) {
	b.mutex.Lock()
	b.breakQueries = append(b.breakQueries, q)
	b.mutex.Unlock()
	reply.Evening = sealedDay
	settled := func(s reconcile.State) bool { return s != reconcile.Open && s != reconcile.Proposed }
	for _, one := range sampleBreaks() {
		l := one.Break
		if q.State == service.StateUnsettled && settled(l.State) && q.Group == "" || q.State != service.StateUnsettled && q.State != service.StateAll && string(l.State) != q.State ||
			q.Class != "" && l.Class != q.Class || q.Provider != "" && l.Provider != q.Provider || q.Owner != "" && l.Owner != q.Owner ||
			q.From != nil && l.Day < *q.From || q.To != nil && l.Day > *q.To || !strings.HasPrefix(string(l.Home), q.Home) || !strings.HasPrefix(string(l.Treatment), q.Treatment) ||
			q.Overdue && l.Overdue <= 0 || q.Province != "" && l.Home.Province() != q.Province && l.Treatment.Province() != q.Province {
			continue
		}
		reply.Sum.Count++
		if l.Overdue > 0 {
			reply.Overdue++
		}
		reply.Sum.Books += l.Books
		reply.Sum.More += max(0, l.Difference)
		reply.Sum.Less += max(0, -l.Difference)
		reply.Classes = append(reply.Classes, report.ClassLine{Class: l.Class, BreakSum: report.BreakSum{Count: 1, Books: l.Books}})
		switch {
		case l.Key <= q.After || reply.Next != "":
		case len(reply.Breaks) == min(q.Limit, 3): // short parts, so that turning the page is tried
			reply.Next = reply.Breaks[len(reply.Breaks)-1].Key
		default:
			reply.Breaks = append(reply.Breaks, l)
		}
	}
	return reply, b.failing
}

func (b *sampleBooks) Break(_ context.Context, q service.BreakRequest) (service.BreakReply, error) {
	for _, one := range sampleBreaks() {
		if one.Break.Key == q.Key {
			return one, b.failing
		}
	}
	return service.BreakReply{}, errors.Join(b.failing, fmt.Errorf("break: %w", ErrNotFound))
}

// Reconcile has every bill of the sealed day but two matched.
func (b *sampleBooks) Reconcile(_ context.Context, q service.ReconcileRequest) (service.ReconcileReply, error) {
	if q.Run {
		panic("the console runs no match")
	}
	if q.Day == nil || *q.Day > sealedDay {
		return service.ReconcileReply{}, errors.Join(b.failing, ErrNotFound)
	}
	reply := service.ReconcileReply{Day: *q.Day, Evening: sealedDay, Engine: 1, Inputs: strings.Repeat("0f", 32),
		Rows:     []reconcile.ClassSum{{Class: reconcile.Surplus, Count: 1, More: 43_300}},
		Horizons: []service.SideHorizon{{Side: report.SideHospital, There: 7, Asked: 8}, {Side: report.SideHome, There: 3, Asked: 9}}}
	pairs := map[[2]ledger.Area]*reconcile.PairResult{}
	for _, r := range b.records {
		if r.bill == nil || r.Day != *q.Day {
			continue
		}
		key := [2]ledger.Area{r.Home, r.Treatment}
		if pairs[key] == nil {
			pairs[key] = &reconcile.PairResult{Home: r.Home, Treatment: r.Treatment}
		}
		p, owed := pairs[key], must(owedOf(*r.bill))
		sum := [...]*reconcile.Sum{&p.Matched, &p.Expected, &p.Broken}[standingOf(r.Entry)]
		sum.Count++
		sum.Owed += owed
		p.Ledger += owed
	}
	for _, p := range pairs {
		reply.Pairs = append(reply.Pairs, *p)
	}
	slices.SortFunc(reply.Pairs, func(x, y reconcile.PairResult) int {
		return cmp.Or(cmp.Compare(x.Home, y.Home), cmp.Compare(x.Treatment, y.Treatment))
	})
	return reply, b.failing
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func standingOf(entry uint64) reconcile.Standing {
	switch {
	case entry == 4:
		return reconcile.Broken
	case entry%5 == 0:
		return reconcile.Expected
	}
	return reconcile.Matched
}

// reconcile gives the report of the sealed day its reconciliation.
func (b *sampleBooks) reconcile(t testing.TB, builder *report.Builder) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	builder.Reconcile(sealedDay, reconcile.Engine)
	day := sealedDay
	result, err := b.Reconcile(context.Background(), service.ReconcileRequest{Day: &day})
	check(err)
	check(builder.AddDay(reconcile.DayResult{Day: day, Evening: day, Pairs: result.Pairs}))
	for _, p := range result.Pairs {
		check(builder.AddPairBalance(p.Home, p.Treatment, 0, p.Ledger))
	}
	for _, one := range sampleBreaks() {
		if one.Break.State == reconcile.Open {
			check(builder.AddBreak(one.Break))
			check(builder.AddHappening(report.BreakNew, one.Break))
		}
	}
	builder.AddAutomatic(report.AutomaticGroup{Group: "2026-03-17/timing-pair", Kind: "timing-pair", Count: 1, Amount: 5, MostOf: 100, MostFen: 1_000_000})
	check(builder.AddParty(report.PartyLine{Party: apartParty, Horizon: sealedDay - 1, Due: sealedDay, Missing: []report.SerialRange{{From: 17, To: 17}}}))
}

func (b *sampleBooks) Standings(_ context.Context, q StandingQuery) (page StandingPage, err error) {
	page.Evening = sealedDay
	for _, r := range b.records {
		if r.bill == nil || r.Day != q.Day || !strings.HasPrefix(string(r.Home), q.Home) || !strings.HasPrefix(string(r.Treatment), q.Treatment) {
			continue
		}
		owed, standing := must(owedOf(*r.bill)), standingOf(r.Entry)
		sum := [...]*reconcile.Sum{&page.Sums.Matched, &page.Sums.Expected, &page.Sums.Broken}[standing]
		sum.Count++
		sum.Owed += owed
		page.Sums.Ledger += owed
		if r.Entry <= q.After || q.Standing != nil && standing != *q.Standing {
			continue
		}
		if len(page.Bills) == q.Limit {
			page.Next = page.Bills[q.Limit-1].Entry
			break
		}
		line := StandingBill{Bill: *r.bill, Standing: standing, Sides: [3]string{report.SideAgrees, report.SideTied, report.SideNotAsked}}
		if standing == reconcile.Broken {
			line.Sides[0], line.Break = report.SideDiffers, "bill/4"
		}
		page.Bills = append(page.Bills, line)
	}
	return page, b.failing
}

// Provider has the hospital 61.00 yuan above the books over six days.
func (b *sampleBooks) Provider(_ context.Context, q ProviderQuery) (ProviderDays, error) {
	days := ProviderDays{Evening: sealedDay, Area: "310101", Horizon: sealedDay}
	for d := sealedDay - 5; d <= sealedDay+1; d++ {
		if q.Provider != apartProvider || d < q.From || d > q.To {
			continue
		}
		line := ProviderDay{Day: d, Books: reconcile.Sum{Count: 12, Owed: 1_920_000}}
		theirs := line.Books
		for _, one := range sampleBreaks() {
			if l := one.Break; l.Day == d && l.Provider == q.Provider {
				theirs.Owed += l.Difference
				days.Breaks = append(days.Breaks, l)
				days.Why.Reasons = append(days.Why.Reasons, reconcile.Reason{Class: l.Class, Cause: l.Cause, Owed: l.Difference,
					Parts: []reconcile.Part{{Key: l.Key, Day: l.Day, Entry: l.Entry, Class: l.Class, Owed: l.Difference}}})
			}
		}
		if d <= sealedDay {
			line.Hospital = &theirs
		}
		days.Days = append(days.Days, line)
	}
	days.Why.Cancel = []reconcile.Part{{Key: "bill/5", Day: sealedDay, Entry: 5, Class: reconcile.Timing, Owed: 5}, {Key: "bill/7", Day: sealedDay, Entry: 7, Class: reconcile.ExpectedPart, Owed: -5}}
	return days, b.failing
}

func (b *sampleBooks) Statements(_ context.Context, q StatementsQuery) (PartyStatements, error) {
	s := PartyStatements{Horizon: sealedDay - 1, Due: sealedDay, NextSerial: 23, Missing: []report.SerialRange{{From: 17, To: 17}, {From: 20, To: 21}}}
	sum := reconcile.Sum{Count: 12, Owed: 1_920_000}
	s.Days = []StatedDay{{Day: sealedDay - 1, Books: sum, Rows: &sum, Totals: &sum, Statement: hostile}, {Day: sealedDay, Books: sum, Breaks: 2}}
	s.Statements = []StatementLine{
		{ID: hostile, Serial: 22, From: sealedDay - 1, To: sealedDay - 1, Horizon: sealedDay - 1, Received: sealedDay, Outcome: provinces.StatementApplied, Rows: 12},
		{ID: "S-21", From: sealedDay, To: sealedDay, Horizon: sealedDay, Received: sealedDay, Outcome: provinces.StatementRefused, Code: provinces.CodeAmountSum},
		{ID: "S-20", From: sealedDay, To: sealedDay, Horizon: sealedDay, Received: sealedDay, Outcome: provinces.StatementRepeated},
	}
	return s, b.failing
}
