package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"go.uber.org/zap"

	"clearingd/clearing/calendar"
	"clearingd/clearing/evening"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// reconcileEndpoints are the services about what three sides state and what the match finds.
func (d *Daemon) reconcileEndpoints() []bus.Endpoint {
	return []bus.Endpoint{
		{Name: "breaks", Subject: service.Breaks, Handle: answer(d.breaks)},
		{Name: "break", Subject: service.Break, Handle: answer(d.oneBreak)},
		{Name: "reconcile", Subject: service.Reconcile, Handle: answer(d.reconcile)},
		{Name: "why", Subject: service.Why, Handle: answer(d.why)},
	}
}

var (
	errNotMatched = errors.New("the day was never matched: it is not closed, nobody had stated anything, or its year has no calendar")
	errNight      = errors.New("a day is frozen and its night is not done")
	errRequest    = errors.New("the request asks for what there is none of")
)

// reconcileFailure words what a caller can cause here; nil for other errors.
func reconcileFailure(err error) error {
	switch {
	case errors.Is(err, errNotMatched):
		return failure(http.StatusNotFound, "该日尚未对账：未封存、无人报送，或该年度无工作日历", err.Error())
	case errors.Is(err, errNight):
		return failure(http.StatusConflict, "日切未完成，完成后再试", err.Error())
	case errors.Is(err, errRequest):
		return failure(http.StatusBadRequest, "请求所列条件无效", err.Error())
	case errors.Is(err, calendar.ErrYear):
		return failure(http.StatusConflict, "无该年度的工作日历：放入 reconcile.calendar_dir 后重启", err.Error()+": put it into reconcile.calendar_dir and restart")
	}
	return nil
}

// lastClosed is the newest closed day; errNotMatched before the first.
func (d *Daemon) lastClosed() (last ledger.Day, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		if last, err = tx.LastClosed(); err == nil && last == 0 {
			err = errNotMatched
		}
		return err
	})
	return last, err
}

// reconcile shows what the match says of a day, and on request runs it first.
func (d *Daemon) reconcile(ctx context.Context, request service.ReconcileRequest) (reply service.ReconcileReply, err error) {
	last, err := d.lastClosed()
	if err != nil {
		return reply, err
	}
	if request.Run {
		outcome, err := d.runEvening(ctx)
		if err != nil {
			return reply, err
		}
		reply.Ran = slices.Contains(outcome.Days, dayOr(request.Day, last))
	}
	result, err := d.dayResult(dayOr(request.Day, last))
	if err != nil {
		return reply, err
	}
	reply.Day, reply.Evening, reply.Engine, reply.Inputs = result.Day, result.Evening, reconcile.Engine, hex.EncodeToString(result.Inputs[:])
	reply.Final = result.Final
	reply.Pairs, reply.Rows = append([]reconcile.PairResult{}, result.Pairs...), append([]reconcile.ClassSum{}, result.Rows...) // none is []
	reply.Horizons, err = d.sideHorizons(ctx, result.Day)
	return reply, err
}

func dayOr(day *ledger.Day, other ledger.Day) ledger.Day {
	if day != nil {
		return *day
	}
	return other
}

func (d *Daemon) dayResult(day ledger.Day) (result reconcile.DayResult, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		known := false
		result, known, err = tx.DayResult(day)
		if err == nil && !known {
			err = fmt.Errorf("%w: %s", errNotMatched, day)
		}
		return err
	})
	return result, err
}

// runEvening matches what has changed since the last night. What it finds is found on the open
// day, so that it changes no past evening; no day is closed meanwhile.
func (d *Daemon) runEvening(ctx context.Context) (evening.Outcome, error) {
	d.closing.mu.Lock()
	defer d.closing.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return evening.Outcome{}, err
	}
	if _, frozen, err := d.closing.unfinished(); err != nil || frozen {
		return evening.Outcome{}, errors.Join(err, errNight)
	}
	open, err := d.closing.openDay()
	if err != nil {
		return evening.Outcome{}, err
	}
	outcome, err := d.evening.Run(ctx, open, open-1)
	if err == nil {
		err = d.countBreaks()
	}
	return outcome, err
}

// sideHorizons counts the parties with bills of a closed day that reach it with their
// statements.
func (d *Daemon) sideHorizons(ctx context.Context, day ledger.Day) ([]service.SideHorizon, error) {
	if err := d.store.MakeBillSums(ctx, day); err != nil {
		if errors.Is(err, store.ErrDayOpen) {
			err = errNotMatched
		}
		return nil, err
	}
	lines := make([]service.SideHorizon, len(report.SideNames))
	err := d.store.View(func(tx *store.Tx) error {
		return tx.BillParties(day, func(party provinces.Party) error {
			if !d.evening.Asked(party) {
				return nil
			}
			line := &lines[reconcile.SideOf(party.Kind)-reconcile.Hospital]
			line.Asked++
			horizon, err := tx.Horizon(party)
			if horizon.Day >= day {
				line.There++
			}
			return err
		})
	})
	for i, side := range report.SideNames {
		lines[i].Side = side
	}
	return slices.DeleteFunc(lines, func(l service.SideHorizon) bool { return l.Asked == 0 }), err
}

// whyDaysMax is the longest range of days that one question is about.
const whyDaysMax = 400

// why explains how far a party is apart from the books.
func (d *Daemon) why(ctx context.Context, request service.WhyRequest) (reply service.WhyReply, err error) {
	party, ok := provinces.ParseParty(request.Party)
	if !ok {
		return reply, fmt.Errorf("%w: party %q", errRequest, request.Party)
	}
	last, err := d.lastClosed()
	if err != nil {
		return reply, err
	}
	reply.Party, reply.To = party, min(dayOr(request.To, last), last)
	reply.From = dayOr(request.From, reply.To-haveDaysDefault)
	if reply.From > reply.To || reply.To-reply.From >= whyDaysMax {
		return reply, fmt.Errorf("%w: %s to %s: at least one and at most %d closed days", errRequest, reply.From, reply.To, whyDaysMax)
	}
	days, why, err := d.evening.Why(ctx, party, reply.From, reply.To, last)
	if err != nil {
		return reply, err
	}
	reply.Evening, reply.Horizon, reply.Why = days.Evening, days.Horizon, why
	for _, day := range days.Days {
		line := service.WhyDay{Day: day.Day, Books: day.Books}
		if day.Day <= days.Horizon {
			line.Theirs = &day.Theirs
		}
		reply.Days = append(reply.Days, line)
	}
	return reply, nil
}

// countBreaks takes the open breaks into the metrics, as of the newest run.
func (d *Daemon) countBreaks() error {
	classes := make(map[reconcile.Class]int)
	overdue := 0
	var at store.Reconciled
	err := d.store.View(func(tx *store.Tx) (err error) {
		if at, err = tx.Reconciled(); err != nil || at.Evening == 0 {
			return err
		}
		var failed error
		err = tx.OpenBreaks("", func(b reconcile.Break) bool {
			classes[b.Class]++
			late, err := d.evening.Overdue(&b, at.Evening)
			if failed = err; late > 0 {
				overdue++
			}
			return err == nil
		})
		return errors.Join(err, failed)
	})
	if errors.Is(err, calendar.ErrYear) { // the night has said so
		d.log.Warn("overdue breaks are not counted", zap.Error(err))
		return nil
	}
	if err != nil || at.Evening == 0 {
		return err
	}
	d.metrics.SetBreaks(classes, overdue)
	d.metrics.SetReconciled(at.Evening)
	return nil
}
