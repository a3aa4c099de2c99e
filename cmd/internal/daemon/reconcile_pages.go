package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/calendar"
	"clearingd/clearing/console"
	"clearingd/clearing/evening"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

var _ console.Reconciliation = pages{}

// absent tells the console of what there is none of.
func absent(err error) error {
	for _, none := range []error{errNoSuch, errNotMatched, errRequest, boltstore.ErrNoRecord} {
		if errors.Is(err, none) {
			return fmt.Errorf("%w: %w", console.ErrNotFound, err)
		}
	}
	if errors.Is(err, calendar.ErrYear) {
		return fmt.Errorf("%w: %w", console.ErrUnavailable, err)
	}
	return err
}

func (p pages) Breaks(ctx context.Context, q service.BreaksRequest) (service.BreaksReply, error) {
	reply, err := p.d.breaks(ctx, q)
	return reply, absent(err)
}

func (p pages) Break(ctx context.Context, q service.BreakRequest) (service.BreakReply, error) {
	reply, err := p.d.oneBreak(ctx, q)
	return reply, absent(err)
}

func (p pages) Reconcile(ctx context.Context, q service.ReconcileRequest) (service.ReconcileReply, error) {
	reply, err := p.d.reconcile(ctx, service.ReconcileRequest{Day: q.Day})
	return reply, absent(err)
}

// Standings lists the bills of a pair and day: those with a break have what the match has
// found, the others what the parties' words say of them.
func (p pages) Standings(ctx context.Context, q console.StandingQuery) (page console.StandingPage, err error) {
	result, err := p.d.dayResult(q.Day)
	if err != nil {
		return page, absent(err)
	}
	last, err := p.d.lastClosed()
	if err != nil {
		return page, absent(err)
	}
	page.Evening = result.Evening
	for _, pair := range result.Pairs {
		if strings.HasPrefix(string(pair.Home), q.Home) && strings.HasPrefix(string(pair.Treatment), q.Treatment) {
			if err := addStandings(&page.Sums, pair); err != nil {
				return page, err
			}
		}
	}
	words, err := p.d.evening.Words(ctx, q.Day, last)
	if err != nil {
		return page, err
	}
	list := standingList{page: &page, query: q, words: words}
	reached, err := p.eachChunk(ctx, q.Day, q.Day, q.After, func(tx *store.Tx, r *clearing.Record) error {
		if r.Effect == 0 {
			return nil
		}
		bill, err := p.d.night.Bill(tx, r)
		if err != nil || bill == nil || !strings.HasPrefix(string(bill.Home), q.Home) || !strings.HasPrefix(string(bill.Treatment), q.Treatment) {
			return err
		}
		return list.add(tx, r, *bill)
	}, func() error { return list.flush(ctx) })
	page.Next = max(page.Next, reached)
	return page, err
}

func addStandings(sum *report.Standings, p reconcile.PairResult) (err error) {
	for _, x := range []struct{ into, from *reconcile.Sum }{{&sum.Matched, &p.Matched}, {&sum.Expected, &p.Expected}, {&sum.Broken, &p.Broken}} {
		x.into.Count += x.from.Count
		if x.into.Owed, err = x.into.Owed.Add(x.from.Owed); err != nil {
			return err
		}
	}
	sum.Ledger, err = sum.Ledger.Add(p.Ledger)
	return err
}

// standingList gathers a page of bills. The parties' words are asked about the bills of one
// transaction together, behind it.
type standingList struct {
	page  *console.StandingPage
	query console.StandingQuery
	words *evening.Words
	bills []console.StandingBill
	items []reconcile.Item // of those among them without a break
}

func (l *standingList) add(tx *store.Tx, r *clearing.Record, bill report.Bill) error {
	line := console.StandingBill{Bill: bill, Standing: reconcile.Broken}
	key := reconcile.BillKey(r.Number)
	b, err := tx.Break(key)
	switch {
	case err != nil:
		return err
	case b != nil && b.Found():
		line.Break = key
		line.Sides = sideWords(b.Seen)
	default:
		item, err := l.words.Item(tx, r)
		if err != nil {
			return err
		}
		l.items = append(l.items, item)
	}
	l.bills = append(l.bills, line)
	return nil
}

func sideWords(seen *reconcile.Seen) (words [3]string) {
	for i, side := range reconcile.Sides {
		if seen != nil && int(side) < len(seen.States) {
			words[i] = report.SideStateWord(seen.States[side])
		}
	}
	return words
}

// flush tells the standing of the bills at hand and puts those that are asked for onto the
// page; errEnough: it is full.
func (l *standingList) flush(ctx context.Context) error {
	states, err := l.words.States(ctx, l.items)
	if err != nil {
		return err
	}
	bills := l.bills
	l.bills, l.items = l.bills[:0], l.items[:0]
	for _, line := range bills {
		if line.Break == "" {
			said := states[line.Entry]
			line.Standing = reconcile.Matched
			for i, side := range reconcile.Sides {
				line.Sides[i] = report.SideStateWord(said[side])
				if said[side] == reconcile.Awaited {
					line.Standing = reconcile.Expected
				}
			}
		}
		if l.query.Standing != nil && *l.query.Standing != line.Standing {
			continue
		}
		if len(l.page.Bills) == l.query.Limit {
			l.page.Next = l.page.Bills[l.query.Limit-1].Entry
			return errEnough
		}
		l.page.Bills = append(l.page.Bills, line)
	}
	return nil
}

// Provider puts a hospital beside the books.
func (p pages) Provider(ctx context.Context, q console.ProviderQuery) (reply console.ProviderDays, err error) {
	last, err := p.d.lastClosed()
	if err != nil {
		return reply, absent(err)
	}
	party, err := p.provider(q.Provider)
	if err != nil {
		return reply, err
	}
	days, why, err := p.d.evening.Why(ctx, party, q.From, q.To, last)
	if err != nil {
		return reply, err
	}
	reply = console.ProviderDays{Evening: days.Evening, Area: days.Area, Horizon: days.Horizon, Why: why}
	for _, day := range days.Days {
		line := console.ProviderDay{Day: day.Day, Books: day.Books}
		if day.Day <= days.Horizon {
			line.Hospital = &day.Theirs
		}
		reply.Days = append(reply.Days, line)
	}
	if reply.Area == "" && len(days.Days) == 0 && days.Horizon == 0 {
		return reply, console.ErrNotFound
	}
	if reply.Area == "" {
		reply.Area = ledger.Area(party.Province) + "0000"
	}
	return reply, p.providerBreaks(ctx, q, &reply)
}

// provider is the hospital as a party: of the province that it has stated something in, or
// else of the one that its code begins with.
func (p pages) provider(code string) (party provinces.Party, err error) {
	party = provinces.Party{Kind: provinces.PartyProvider, Province: ledger.Province(code[1:3]), Provider: code}
	err = p.d.store.View(func(tx *store.Tx) error {
		for _, province := range provinces.Provinces() {
			other := party
			other.Province = province
			horizon, err := tx.Horizon(other)
			if err != nil {
				return err
			}
			if horizon.Day != 0 {
				party = other
			}
		}
		return nil
	})
	if err == nil && !provinces.Known(party.Province) {
		err = console.ErrNotFound
	}
	return party, err
}

// providerBreaks lists the open breaks of the hospital's days.
func (p pages) providerBreaks(ctx context.Context, q console.ProviderQuery, reply *console.ProviderDays) error {
	request := service.BreaksRequest{Provider: q.Provider, From: &q.From, To: &q.To}
	for {
		part, err := p.d.breaks(ctx, request)
		if err != nil {
			return absent(err)
		}
		reply.Breaks = append(reply.Breaks, part.Breaks...)
		request.After = part.Next
		if reply.More = int(part.Sum.Count) - len(reply.Breaks); part.Next == "" || len(reply.Breaks) >= console.ProviderBreaksMax {
			break
		}
	}
	slices.SortStableFunc(reply.Breaks, func(x, y report.BreakLine) int { return int(x.Day - y.Day) })
	return nil
}

// Statements says what the books have of a party.
func (p pages) Statements(ctx context.Context, q console.StatementsQuery) (reply console.PartyStatements, err error) {
	last, err := p.d.lastClosed()
	if err != nil {
		return reply, absent(err)
	}
	days := make(map[ledger.Day]*console.StatedDay)
	for day := q.From; day <= min(q.To, last); day++ {
		line, err := p.statedDay(ctx, q.Party, day)
		if err != nil {
			return reply, err
		}
		days[day] = line
	}
	rows, read, err := p.d.evening.StatedRows(ctx, q.Party, q.From, q.To, last, int64(p.search))
	if err != nil {
		return reply, err
	}
	if p.d.evening.Asked(q.Party) {
		reply.Due, err = p.d.evening.StatementsDue(last)
		if err != nil && !errors.Is(err, calendar.ErrYear) { // without its calendar nothing is due
			return reply, err
		}
	}
	err = p.d.store.View(func(tx *store.Tx) error {
		for _, day := range days {
			if err := inForce(tx, q.Party, day, !read); err != nil {
				return err
			}
			if sum, ok := rows[day.Day]; ok && day.Rows != nil {
				day.Rows = &sum
			}
		}
		err := each(tx.OpenBreaks, func(b reconcile.Break) error {
			if day := days[b.Day]; day != nil && evening.Concerns(&b, q.Party) {
				day.Breaks++
			}
			return nil
		})
		return errors.Join(err, p.stated(tx, q, &reply))
	})
	for _, day := range days {
		if day.Books.Count != 0 || day.Books.Owed != 0 || day.Statement != "" {
			reply.Days = append(reply.Days, *day)
		}
	}
	slices.SortFunc(reply.Days, func(x, y console.StatedDay) int { return int(x.Day - y.Day) })
	return reply, err
}

// statedDay has what the books have of a party's day.
func (p pages) statedDay(ctx context.Context, party provinces.Party, day ledger.Day) (*console.StatedDay, error) {
	line := &console.StatedDay{Day: day}
	if err := p.d.store.MakeBillSums(ctx, day); errors.Is(err, store.ErrDayOpen) { // before the first
		return line, nil
	} else if err != nil {
		return nil, err
	}
	err := p.d.store.View(func(tx *store.Tx) error {
		sums, err := tx.BillSums(day, party)
		for _, s := range sums {
			line.Books.Count += uint64(s.Count)
			line.Books.Owed += s.Funds + s.Account
		}
		return err
	})
	return line, err
}

// inForce notes what is in force for a day. Totals of a longer range say nothing of a single
// day. Rows that are too many to be read for a page are told by their totals, which they
// were held against when they came.
func inForce(tx *store.Tx, party provinces.Party, day *console.StatedDay, rowsByTotals bool) error {
	list, err := tx.StatementsInForceOf(day.Day, party)
	for _, s := range list {
		day.Statement = s.Statement.ID
		if s.Rows {
			day.Rows = &reconcile.Sum{}
		}
		into := &day.Totals
		if s.Rows && rowsByTotals {
			into = &day.Rows
		}
		if s.Statement.From != s.Statement.To || s.Rows && !rowsByTotals {
			continue
		}
		for _, i := range s.Totals {
			total := &s.Statement.Totals[i]
			if *into == nil {
				*into = &reconcile.Sum{}
			}
			(*into).Count += uint64(total.Count)
			(*into).Owed += total.Funds
			if total.Account != nil {
				(*into).Owed += *total.Account
			}
		}
	}
	return err
}

// stated lists the statements of the range, and says how far the party is complete.
func (p pages) stated(tx *store.Tx, q console.StatementsQuery, reply *console.PartyStatements) error {
	horizon, err := tx.Horizon(q.Party)
	if err != nil {
		return err
	}
	reply.Horizon = horizon.Day
	serials := tx.StatementSerials(q.Party)
	if len(serials) > 0 {
		reply.NextSerial = serials[len(serials)-1] + 1
	}
	for _, gap := range clearing.MissingSerials(serials) {
		reply.Missing = append(reply.Missing, report.SerialRange{From: gap.From, To: gap.To})
	}
	type received struct {
		console.StatementLine
		at int64
	}
	var lines []received
	err = tx.Statements(q.Party, func(s *clearing.StatementRecord) bool {
		if s.Statement.To != 0 && (s.Statement.From > q.To || s.Statement.To < q.From) {
			return true
		}
		lines = append(lines, received{console.StatementLine{
			ID: s.ID, Serial: s.Statement.Serial, From: s.Statement.From, To: s.Statement.To, Horizon: s.Statement.Horizon,
			Received: p.d.closing.cutoff.DayAt(time.Unix(0, s.Received)), Outcome: s.Outcome, Code: s.Code, Rows: uint64(s.Rows),
		}, s.Received})
		return true
	})
	slices.SortStableFunc(lines, func(x, y received) int {
		switch {
		case x.at > y.at:
			return -1
		case x.at < y.at:
			return 1
		}
		return 0
	})
	for _, line := range lines[:min(len(lines), haveStatementsMax)] {
		reply.Statements = append(reply.Statements, line.StatementLine)
	}
	return err
}
