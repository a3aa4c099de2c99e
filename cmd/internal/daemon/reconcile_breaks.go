package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// standing is when breaks are looked at: working days are counted on the evening, and states
// are those at the end of asOf.
type standing struct {
	evening, asOf ledger.Day
	open          ledger.Day // the open business day, on which acts count
}

// standing is a past evening, or now: with what officers did today.
func (d *Daemon) standing(evening *ledger.Day) (standing, error) {
	last, err := d.lastClosed()
	if err != nil {
		return standing{}, err
	}
	open, err := d.closing.openDay()
	if evening != nil {
		return standing{min(*evening, last), min(*evening, last), open}, err
	}
	return standing{last, open, open}, err
}

// breaks lists breaks, part by part, with the sums of the whole list.
func (d *Daemon) breaks(ctx context.Context, q service.BreaksRequest) (reply service.BreaksReply, err error) {
	if err := checkBreaks(&q); err != nil {
		return reply, err
	}
	at, err := d.standing(q.Evening)
	if errors.Is(err, errNotMatched) { // nothing is closed, so nothing was ever found
		return service.BreaksReply{Breaks: []report.BreakLine{}}, nil
	}
	if err != nil {
		return reply, err
	}
	list := breakList{q: &q, at: at, evening: d.evening, classes: make(map[reconcile.Class]*report.BreakSum)}
	err = d.store.View(func(tx *store.Tx) error {
		if err := list.behind(tx); err != nil {
			return err
		}
		return candidates(tx, &q, at, func(b reconcile.Break) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return list.take(&b)
		})
	})
	return list.reply(), err
}

// checkBreaks refuses words that there are none of, and bounds the part.
func checkBreaks(q *service.BreaksRequest) error {
	if q.Limit <= 0 || q.Limit > service.BreaksLimit {
		q.Limit = service.BreaksLimit
	}
	_, age := report.ParseAge(q.Age)
	for _, c := range []struct {
		fits  bool
		field string
	}{
		{q.Class == "" || slices.Contains(reconcile.Classes, q.Class), "class"},
		{q.Age == "" || age, "age"},
		{q.Owner == "" || slices.Contains(report.SideNames, q.Owner), "owner"},
		{q.Happened == "" || slices.Contains(report.Happenings, q.Happened), "happened"},
		{slices.Contains(service.States(), q.State), "state"},
		{q.Province == "" || provinces.Known(q.Province), "province"},
	} {
		if !c.fits {
			return fmt.Errorf("%w: %s", errRequest, c.field)
		}
	}
	return nil
}

// candidates visits at least the breaks that a request can select, each once.
func candidates(tx *store.Tx, q *service.BreaksRequest, at standing, visit func(reconcile.Break) error) error {
	switch {
	case q.Group != "":
		group, err := tx.BreakGroup(q.Group)
		for _, b := range group {
			err = errors.Join(err, visit(b))
		}
		return err
	case q.Happened != "":
		return tx.EveningBreaks(at.evening, visit)
	case q.State != service.StateUnsettled && q.State != string(reconcile.Open) && q.State != string(reconcile.Proposed):
		return each(tx.Breaks, visit)
	}
	if err := each(tx.OpenBreaks, visit); err != nil {
		return err
	}
	// What was open on the evening and is not any more has changed since.
	seen := make(map[string]bool)
	for evening := at.asOf + 1; evening <= at.open; evening++ {
		err := tx.EveningBreaks(evening, func(b reconcile.Break) error {
			if b.State.Undecided() || seen[b.Key] {
				return nil
			}
			seen[b.Key] = true
			return visit(b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func each(walk func(prefix string, visit func(reconcile.Break) bool) error, visit func(reconcile.Break) error) error {
	var failed error
	err := walk("", func(b reconcile.Break) bool {
		failed = visit(b)
		return failed == nil
	})
	return errors.Join(err, failed)
}

// breakList gathers the part that is asked for, and the sums of everything.
type breakList struct {
	q       *service.BreaksRequest
	at      standing
	evening breakLiner
	lines   []report.BreakLine
	sum     report.BreakSum
	overdue uint64
	classes map[reconcile.Class]*report.BreakSum
	late    bool        // the evening was not matched
	matched *ledger.Day // the newest evening that was
}

// behind finds out whether the evening was matched; without any statement there is nothing to
// match.
func (l *breakList) behind(tx *store.Tx) error {
	at, err := tx.Reconciled()
	if err != nil || at.Evening >= l.at.evening {
		return err
	}
	if at.Evening != 0 {
		l.matched = &at.Evening
	}
	return tx.StatementParties(func(provinces.Party) bool {
		l.late = true
		return false
	})
}

type breakLiner interface {
	BreakLine(b *reconcile.Break, evening ledger.Day) (report.BreakLine, error)
}

func (l *breakList) take(b *reconcile.Break) error {
	then := b.On(l.at.asOf)
	if !l.selects(&then) {
		return nil
	}
	line, err := l.evening.BreakLine(&then, l.at.evening)
	if err != nil || !l.selectsLine(&line) {
		return err
	}
	if l.classes[line.Class] == nil {
		l.classes[line.Class] = new(report.BreakSum)
	}
	if err := errors.Join(l.sum.Add(line), l.classes[line.Class].Add(line)); err != nil {
		return err
	}
	if line.Overdue > 0 {
		l.overdue++
	}
	if line.Key <= l.q.After {
		return nil
	}
	if l.lines = append(l.lines, line); len(l.lines) > 4*l.q.Limit {
		l.cut()
	}
	return nil
}

// cut leaves the first lines, and one more that says that there are more.
func (l *breakList) cut() {
	slices.SortFunc(l.lines, func(x, y report.BreakLine) int { return cmp.Compare(x.Key, y.Key) })
	l.lines = l.lines[:min(len(l.lines), l.q.Limit+1)]
}

// selects tells by what needs no counting of days.
func (l *breakList) selects(b *reconcile.Break) bool {
	q, state := l.q, b.State
	switch {
	case state == "", // it was not known yet
		q.From != nil && b.Day < *q.From, q.To != nil && b.Day > *q.To,
		!strings.HasPrefix(string(b.Home), q.Home), !strings.HasPrefix(string(b.Treatment), q.Treatment),
		q.Province != "" && b.Home.Province() != q.Province && b.Treatment.Province() != q.Province && b.Party.Province != q.Province,
		q.Provider != "" && b.Provider != q.Provider,
		q.Owner != "" && string(q.Owner) != b.Owner.String():
		return false
	}
	if q.Happened != "" && !slices.ContainsFunc(b.History, func(e reconcile.Event) bool {
		what, ok := report.HappeningOf(e)
		return ok && what == q.Happened && e.Evening == l.at.evening
	}) {
		return false
	}
	still := b.Settled() && b.Still && b.Entry != 0
	switch q.State {
	case service.StateAll:
		return true
	case service.StateUnsettled: // of a happening or a group, all
		return q.Happened != "" || q.Group != "" || state.Undecided()
	case service.StateStill:
		return still
	case service.StateBroken:
		return still || state.Undecided() && b.Found()
	}
	return string(state) == q.State
}

// selectsLine tells by what is counted on the evening.
func (l *breakList) selectsLine(line *report.BreakLine) bool {
	age, asked := report.ParseAge(l.q.Age)
	return (l.q.Class == "" || line.Class == l.q.Class) && (!l.q.Overdue || line.Overdue > 0) &&
		(!asked || line.Overdue >= age.From && line.Overdue <= age.To)
}

func (l *breakList) reply() service.BreaksReply {
	l.cut()
	reply := service.BreaksReply{Evening: l.at.evening, Behind: l.late, Breaks: l.lines, Sum: l.sum, Overdue: l.overdue, Classes: []report.ClassLine{}}
	if l.late {
		reply.Matched = l.matched
	}
	if len(l.lines) > l.q.Limit {
		reply.Breaks = l.lines[:l.q.Limit]
		reply.Next = reply.Breaks[l.q.Limit-1].Key
	}
	if reply.Breaks == nil {
		reply.Breaks = []report.BreakLine{}
	}
	for _, class := range reconcile.Classes {
		if sum := l.classes[class]; sum != nil {
			reply.Classes = append(reply.Classes, report.ClassLine{Class: class, BreakSum: *sum})
		}
	}
	return reply
}

// oneBreak shows a break with everything that is known of it.
func (d *Daemon) oneBreak(_ context.Context, request service.BreakRequest) (reply service.BreakReply, err error) {
	at, err := d.standing(request.Evening)
	if err != nil {
		return reply, err
	}
	err = d.store.View(func(tx *store.Tx) error {
		known, err := tx.Break(request.Key)
		if err != nil {
			return err
		}
		if known == nil || known.AsOf(at.asOf) == "" {
			return errNoSuch
		}
		b := known.On(at.asOf)
		overdue, err := d.evening.Overdue(&b, at.evening)
		if err != nil {
			return err
		}
		if reply, err = service.NewBreakReply(&b, at.evening, overdue, b.Result()); err != nil {
			return err
		}
		if err := decidedBy(tx, reply.History); err != nil {
			return err
		}
		reply.Horizons, err = horizonsOf(tx, &b)
		return err
	})
	return reply, err
}

// decidedBy says of the events that are acts who did them, and why.
func decidedBy(tx *store.Tx, history []service.BreakEvent) error {
	for i := range history {
		e := &history[i]
		if e.Act == 0 {
			continue
		}
		record, err := tx.Record(e.Act)
		if err != nil {
			return err
		}
		if record.Act != nil {
			e.Maker, e.Checker, e.Reason = record.Act.Maker, record.Act.Checker, record.Act.Reason
		}
	}
	return nil
}

// horizonsOf says how far the parties are complete that speak for what a break is about.
func horizonsOf(tx *store.Tx, b *reconcile.Break) (list []service.BreakHorizon, err error) {
	about := reconcile.Item{Home: b.Home, Treatment: b.Treatment, Provider: b.Provider}
	for i, side := range reconcile.Sides {
		party := about.PartyOn(side)
		if reconcile.SideOf(b.Party.Kind) == side {
			party = b.Party
		}
		if party.Province == "" || party.Kind == provinces.PartyProvider && party.Provider == "" {
			continue
		}
		horizon, err := tx.Horizon(party)
		if err != nil {
			return nil, err
		}
		list = append(list, service.BreakHorizon{Side: report.SideNames[i], Party: party, Until: horizon.Day})
	}
	return list, nil
}
