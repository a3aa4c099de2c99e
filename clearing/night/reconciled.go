package night

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/calendar"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// reconcile matches what sides have stated by the evening of the day, and begins the
// report's part about it; it is not done where nobody has ever stated anything, or the working
// days of a year are not known. The latter is told to the operator and in the report, holds back
// nothing else, and is made good by the first night with a calendar.
func (n *Night) reconcile(ctx context.Context, day ledger.Day) (m match, err error) {
	stated, err := n.anyStated()
	if err != nil || !stated {
		return m, err
	}
	if _, err = n.o.Evening.StatementsDue(day); err == nil { // a match that finds nothing asks for no working day
		_, err = n.o.Evening.Run(ctx, day, day)
	}
	var missing *calendar.YearError
	if errors.As(err, &missing) {
		n.o.Unmatched(day, err)
		return match{noCalendar: missing.Year}, nil
	}
	return match{done: err == nil, evening: day}, err
}

// anyStated tells whether anybody has ever stated anything, and is to be held to it.
func (n *Night) anyStated() (stated bool, err error) {
	if n.o.Evening == nil {
		return false, nil
	}
	err = n.o.Store.View(func(tx *store.Tx) error {
		return tx.Horizons(func(store.Horizon) error {
			stated = true
			return nil
		})
	})
	return stated, err
}

// newestMatch is what a period's report tells of. What sides state comes late, so the days of a
// period are told as they stand today. It is not done where the match has not seen every closed
// day; the newest night's report knows whether that is for want of a calendar.
func (n *Night) newestMatch() (m match, err error) {
	stated, err := n.anyStated()
	if err != nil || !stated {
		return m, err
	}
	var closed ledger.Day
	err = n.o.Store.View(func(tx *store.Tx) error {
		at, err := tx.Reconciled()
		if err != nil {
			return err
		}
		closed, err = tx.LastClosed()
		m = match{done: at.Evening >= closed, evening: at.Evening}
		return err
	})
	if err != nil || m.done {
		return m, err
	}
	newest, _, err := n.sealed(closed)
	m.noCalendar = newest.NoCalendar
	return m, err
}

// addReconciled brings what the match says on the evening onto the report.
func (n *Night) addReconciled(t *totals, s span) error {
	b := t.builder
	b.Reconcile(s.match.evening, reconcile.Engine)
	return n.o.Store.View(func(tx *store.Tx) error {
		if err := tx.DayResults(s.match.evening, b.AddDay); err != nil {
			return err
		}
		balances, err := n.balances(tx, t, s)
		if err != nil {
			return err
		}
		for _, p := range balances {
			if err := b.AddPairBalance(p.Home, p.Treatment, p.Decisions, p.Balance); err != nil {
				return err
			}
		}
		if err := n.eachBreak(tx, s.match.evening, b.AddBreak); err != nil {
			return err
		}
		if err := n.happenings(tx, s, b); err != nil {
			return err
		}
		return n.statements(tx, s, b)
	})
}

// balances are what stands of each pair at the end of the evening: for a night as it adds
// them up, for a period as the newest night has kept them.
func (n *Night) balances(tx *store.Tx, t *totals, s span) ([]store.PairBalance, error) {
	if s.night() {
		return t.pairs.list(), nil
	}
	closed, err := tx.LastClosed()
	if err != nil {
		return nil, err
	}
	list, ok, err := tx.PairBalances(closed)
	if err == nil && !ok {
		err = fmt.Errorf("%w: no balances at the end of %s", ErrIncomplete, closed)
	}
	return list, err
}

// standing visits breaks as they stood on an evening: those that people had to do with, and those
// that were settled and still found.
func (n *Night) standing(tx *store.Tx, evening ledger.Day, visit func(*reconcile.Break) error) error {
	one := func(b reconcile.Break) error {
		then := b.On(evening)
		if then.State == "" || then.State == reconcile.Gone || then.Settled() && !then.Found() {
			return nil
		}
		return visit(&then)
	}
	seen := make(map[string]bool) // of those that are not visited first
	if err := tx.FoundBreaks(one); err != nil {
		return err
	}
	open, err := tx.OpenDay()
	// Acts count on the open day, also while the night is at work.
	for day := evening + 1; day <= open && err == nil; day++ {
		err = tx.EveningBreaks(day, func(b reconcile.Break) error {
			if b.State.Undecided() || b.Found() || seen[b.Key] {
				return nil
			}
			seen[b.Key] = true
			return one(b)
		})
	}
	return err
}

// eachBreak visits the lines of the breaks that stood on an evening.
func (n *Night) eachBreak(tx *store.Tx, evening ledger.Day, visit func(report.BreakLine) error) error {
	return n.standing(tx, evening, func(b *reconcile.Break) error {
		line, err := n.o.Evening.BreakLine(b, evening)
		if err != nil {
			return err
		}
		return visit(line)
	})
}

// happenings counts what happened to breaks on the evenings of the report's days, and lists
// what resolved itself then, and what waits for a person still, since whichever evening.
func (n *Night) happenings(tx *store.Tx, s span, b *report.Builder) error {
	groups := make(automaticGroups)
	for evening := s.from; evening <= s.to; evening++ {
		if err := n.happened(tx, evening, groups, b); err != nil {
			return err
		}
	}
	if err := n.standing(tx, s.match.evening, func(brk *reconcile.Break) error {
		if e, ok := brk.Waiting(); ok {
			n.inGroup(groups, e, brk)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, group := range groups {
		b.AddAutomatic(*group)
	}
	return nil
}

func (n *Night) happened(tx *store.Tx, evening ledger.Day, groups automaticGroups, b *report.Builder) error {
	return tx.EveningBreaks(evening, func(brk reconcile.Break) error {
		then := brk.On(evening)
		line, err := n.o.Evening.BreakLine(&then, evening)
		if err != nil {
			return err
		}
		seen := make(map[report.Happening]bool)
		for _, e := range then.History {
			if what, ok := report.HappeningOf(e); ok && e.Evening == evening && !seen[what] {
				seen[what] = true
				if err := b.AddHappening(what, line); err != nil {
					return err
				}
			}
		}
		if e, ok := then.ResolvedItself(); ok && e.Evening == evening {
			n.inGroup(groups, e, &then)
		}
		return nil
	})
}

// automaticGroups are groups of breaks: what was resolved of a group, and what waits of it.
type automaticGroups map[automaticPart]*report.AutomaticGroup

type automaticPart struct {
	group string
	waits bool
}

// inGroup adds a break to the group that the event says it was resolved in, or waits in.
func (n *Night) inGroup(groups automaticGroups, e reconcile.Event, b *reconcile.Break) {
	kind, waits, _ := e.Automatic()
	part := automaticPart{e.Group, waits}
	group := groups[part]
	if group == nil {
		limit := n.o.Evening.Cap(kind)
		group = &report.AutomaticGroup{Group: e.Group, Kind: kind, MostOf: limit.Count, MostFen: limit.Owed, Waits: waits, Engine: e.Engine}
		groups[part] = group
	}
	group.Count++
	group.Amount += b.Weight()
}

// statements counts what parties have stated, and who is behind on the evening: for a night
// what came since the last sealed report, for a period what was said about its days.
func (n *Night) statements(tx *store.Tx, s span, b *report.Builder) error {
	at, err := tx.Reconciled()
	if err != nil {
		return err
	}
	after := at.Reported
	if !s.night() {
		after = 0
	}
	lines := make(map[provinces.Party]*report.PartyLine)
	of := func(party provinces.Party) *report.PartyLine {
		if lines[party] == nil {
			lines[party] = &report.PartyLine{Party: party}
		}
		return lines[party]
	}
	due, err := n.o.Evening.StatementsDue(s.match.evening)
	if err != nil {
		return err
	}
	err = tx.Horizons(func(h store.Horizon) error {
		line := of(h.Party)
		line.Horizon, line.Due = h.Day, due
		for _, gap := range clearing.MissingSerials(tx.StatementSerials(h.Party)) {
			line.Missing = append(line.Missing, report.SerialRange{From: gap.From, To: gap.To})
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = tx.StatementsDecided(after+1, at.Statements, func(r *clearing.StatementRecord) error {
		if !s.night() && (r.Statement.To < s.from || r.Statement.From > s.to) {
			return nil
		}
		line := of(r.Party)
		switch r.Outcome {
		case provinces.StatementApplied:
			line.Applied++
		case provinces.StatementRepeated:
			line.Repeated++
		case provinces.StatementRefused:
			line.Refused++
			line.Code = r.Code
		}
		return nil
	})
	if err != nil {
		return err
	}
	parties := make([]provinces.Party, 0, len(lines))
	for party := range lines {
		parties = append(parties, party)
	}
	slices.SortFunc(parties, func(x, y provinces.Party) int { return slices.Compare([]byte(x.Key()), []byte(y.Key())) })
	for _, party := range parties {
		if err := b.AddParty(*lines[party]); err != nil {
			return fmt.Errorf("statements of %s: %w", party.Key(), err)
		}
	}
	return nil
}
