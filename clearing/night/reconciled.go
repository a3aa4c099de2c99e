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
// report's part about it; matched is false where there is nothing to report: nobody has ever
// stated anything, or the working days of the year are not known. The latter is told to
// the operator, holds back nothing else, and is made good by the first night with a calendar.
func (n *Night) reconcile(ctx context.Context, day ledger.Day) (matched bool, err error) {
	if n.o.Evening == nil {
		return false, nil
	}
	err = n.o.Store.View(func(tx *store.Tx) error {
		return tx.Horizons(func(store.Horizon) error {
			matched = true
			return nil
		})
	})
	if err != nil || !matched {
		return false, err
	}
	_, err = n.o.Evening.Run(ctx, day, day)
	if errors.Is(err, calendar.ErrYear) {
		n.o.Unmatched(day, err)
		return false, nil
	}
	return err == nil, err
}

// addReconciled brings what the match says on the evening of the report's last day onto the
// report.
func (n *Night) addReconciled(t *totals, s span) error {
	b := t.builder
	b.Reconcile(s.to, reconcile.Engine)
	return n.o.Store.View(func(tx *store.Tx) error {
		if err := tx.DayResults(s.to, b.AddDay); err != nil {
			return err
		}
		for _, p := range t.pairs.list() {
			if err := b.AddPairBalance(p.Home, p.Treatment, p.Decisions, p.Balance); err != nil {
				return err
			}
		}
		if err := n.eachBreak(tx, s.to, b.AddBreak); err != nil {
			return err
		}
		if err := n.happenings(tx, s.to, b); err != nil {
			return err
		}
		return n.statements(tx, s.to, b)
	})
}

// eachBreak visits the breaks that people have to do with on an evening, and those that are
// settled and still found, by key each.
func (n *Night) eachBreak(tx *store.Tx, evening ledger.Day, visit func(report.BreakLine) error) error {
	one := func(b reconcile.Break) error {
		line, err := n.o.Evening.BreakLine(&b, evening, evening)
		if err != nil {
			return err
		}
		return visit(line)
	}
	var failed error
	err := tx.OpenBreaks("", func(b reconcile.Break) bool {
		failed = one(b)
		return failed == nil
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	return tx.StillBreaks(one)
}

// happenings counts what happened to breaks on the evening, and lists what resolved itself.
func (n *Night) happenings(tx *store.Tx, evening ledger.Day, b *report.Builder) error {
	groups := make(map[string]*report.AutomaticGroup)
	err := tx.EveningBreaks(evening, func(brk reconcile.Break) error {
		line, err := n.o.Evening.BreakLine(&brk, evening, evening)
		if err != nil {
			return err
		}
		seen := make(map[report.Happening]bool)
		for _, e := range brk.History {
			if e.Evening != evening {
				continue
			}
			if what, ok := report.HappeningOf(e); ok && !seen[what] {
				seen[what] = true
				if err := b.AddHappening(what, line); err != nil {
					return err
				}
			}
			n.inGroup(groups, e, &brk)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, group := range groups {
		b.AddAutomatic(*group)
	}
	return nil
}

// inGroup adds a break to the group that the event says it was resolved in, or waits in.
func (n *Night) inGroup(groups map[string]*report.AutomaticGroup, e reconcile.Event, b *reconcile.Break) {
	kind, waits, ok := e.Automatic()
	if !ok {
		return
	}
	group := groups[e.Group]
	if group == nil {
		limit := n.o.Evening.Cap(kind)
		group = &report.AutomaticGroup{Group: e.Group, Kind: kind, MostOf: limit.Count, MostFen: limit.Owed, Waits: waits, Engine: e.Engine}
		groups[e.Group] = group
	}
	group.Count++
	group.Amount += b.Weight()
}

// statements counts what parties have stated since the last sealed report, and who is behind.
func (n *Night) statements(tx *store.Tx, evening ledger.Day, b *report.Builder) error {
	at, err := tx.Reconciled()
	if err != nil {
		return err
	}
	lines := make(map[provinces.Party]*report.PartyLine)
	of := func(party provinces.Party) *report.PartyLine {
		if lines[party] == nil {
			lines[party] = &report.PartyLine{Party: party}
		}
		return lines[party]
	}
	due, err := n.o.Evening.StatementsDue(evening)
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
	err = tx.StatementsDecided(at.Reported+1, at.Statements, func(s *clearing.StatementRecord) error {
		line := of(s.Party)
		switch s.Outcome {
		case provinces.StatementApplied:
			line.Applied++
		case provinces.StatementRepeated:
			line.Repeated++
		case provinces.StatementRefused:
			line.Refused++
			line.Code = s.Code
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
