package daemon

import (
	"errors"
	"net/http"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

func (d *Daemon) actEndpoints() []bus.Endpoint {
	return []bus.Endpoint{
		{Name: "act", Subject: service.Act + ".*", Handle: forProvince(service.Act, d.act)},
		{Name: "look", Subject: service.Look + ".*", Handle: forProvince(service.Look, d.look)},
		{Name: "cases", Subject: service.Cases + ".*.*", Handle: d.casesOf},
		{Name: "month", Subject: service.Month + ".*", Handle: d.month},
		{Name: "monthof", Subject: service.Month + ".*.*", Handle: d.month},
	}
}

// actFailure words what an act is refused with; nil for other errors.
func actFailure(err error) error {
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		return nil
	}
	code := http.StatusConflict
	switch refusal.Code {
	case provinces.CodeFourEyes, provinces.CodeActForm:
		code = http.StatusBadRequest
	case provinces.CodeActTarget:
		code = http.StatusNotFound
	case provinces.CodeActParty:
		code = http.StatusForbidden
	}
	text := refusal.Code.Text()
	return failureOf(service.Failure{Code: code, ZH: text.ZH, EN: text.EN, Refusal: refusal.Code, Errors: refusal.Errors})
}

// act books an officer's act for the province in the subject, and answers when its own
// answer is where those of claims are.
func (d *Daemon) act(province ledger.Province, request service.ActRequest) (service.ActReply, error) {
	record, err := d.intake.Instruct(clearing.ActOrder{
		Kind: request.Kind, Step: request.Step, Province: province, Target: request.Target, Object: request.Object,
		Maker: request.Maker, Checker: request.Checker, Reason: request.Reason, At: d.now().UTC().Round(0),
		Proposal: request.Proposal, Funds: request.Funds, Side: request.Side, Result: request.Result, Ticket: request.Ticket,
	})
	if err != nil {
		return service.ActReply{}, err
	}
	return service.ActReply{
		Entry: record.Number, Day: record.Day, Answer: record.Answer, Published: d.waitForAnswer(record),
	}, nil
}

// look shows what an act would be about.
func (d *Daemon) look(province ledger.Province, request service.LookRequest) (reply service.LookReply, err error) {
	day, err := d.closing.openDay()
	if err != nil {
		return reply, err
	}
	err = d.store.View(func(tx *store.Tx) error {
		looked, err := d.intake.Desk().Look(tx, province, request.Target)
		if err != nil {
			return err
		}
		theirs := false
		for _, p := range looked.Parties {
			theirs = theirs || p == province
		}
		if !theirs {
			return provinces.Reject(provinces.CodeActTarget, "target", "", request.Target)
		}
		reply = service.LookReply{Object: looked.Object, Parties: looked.Parties}
		if looked.Break != nil {
			view, err := breakView(tx, looked.Break)
			if err != nil {
				return err
			}
			reply.Break = &view
		}
		for i := range looked.Group {
			view, err := breakView(tx, &looked.Group[i])
			if err != nil {
				return err
			}
			reply.Group = append(reply.Group, view)
		}
		if looked.Case != nil {
			view, err := caseView(tx, looked.Case, day)
			if err != nil {
				return err
			}
			reply.Case = &view
		}
		if looked.Bill != nil && looked.Bill.Bill != nil {
			reply.Bill, err = billStanding(tx, &looked)
		}
		return err
	})
	return reply, err
}

// standsNow is the newest act on a row and what stands of the row; neither of one that nobody
// has acted upon.
func standsNow(tx *store.Tx, r *clearing.Record) (newest uint64, lines []service.StandingLine, err error) {
	row, err := tx.Row(r.Number)
	if err != nil || row.Version == 0 {
		return 0, nil, err
	}
	standing, err := clearing.Standing(tx, r)
	if err != nil {
		return 0, nil, err
	}
	return row.Version, standingLines(standing), nil
}

func standingLines(standing []clearing.StageAmount) (lines []service.StandingLine) {
	for _, s := range standing {
		lines = append(lines, service.StandingLine{Stage: s.Stage.String(), Fund: s.Fund, Amount: s.Amount})
	}
	return lines
}

func billStanding(tx *store.Tx, looked *clearing.Looked) (*service.BillStanding, error) {
	r := looked.Bill
	undone, err := tx.Undone(r.Number)
	view := &service.BillStanding{
		Entry: r.Number, SettlementID: r.SettlementID(), Day: r.Day, Home: r.Home, Treatment: r.Treatment, Provider: r.Provider,
		Total: r.Bill.Claim.Total, UndoneBy: undone, Batches: looked.Row.Batches,
	}
	view.Standing = standingLines(looked.Standing)
	return view, err
}

func breakView(tx *store.Tx, brk *reconcile.Break) (service.BreakView, error) {
	view := service.BreakView{
		Key: brk.Key, Class: brk.Class, State: brk.State, Owner: brk.Owner.String(), Day: brk.Day, FirstSeen: brk.FirstSeen, Due: brk.Due,
		Entry: brk.Entry, Books: brk.Books, Difference: brk.Owed,
	}
	for _, f := range brk.Findings {
		finding := service.FindingView{
			Side: f.Side.String(), Class: f.Class, More: f.More, Owed: f.Owed, Field: f.Field, Ours: f.Ours, Theirs: f.Theirs,
		}
		if f.Cause != nil {
			finding.Cause, finding.Proof = string(f.Cause.Kind), f.Cause.Proof
		}
		view.Findings = append(view.Findings, finding)
	}
	for _, e := range brk.History {
		view.History = append(view.History, service.EventView{Evening: e.Evening, State: e.State, What: e.What, Act: e.Act, Group: e.Group})
	}
	if brk.State != reconcile.Proposed {
		return view, nil
	}
	for i := len(brk.History) - 1; i >= 0; i-- {
		if brk.History[i].What == reconcile.EventProposed {
			view.Proposal = brk.History[i].Act
			break
		}
	}
	return view, nil
}

// actView explains an officer's act.
func actView(r *clearing.Record) *service.ActView {
	a := r.Act
	view := &service.ActView{StepView: stepView(r), Province: a.Province, Target: a.Target}
	for _, m := range a.Moves {
		move := service.MoveView{Row: m.Row, Fund: m.Fund, Amount: m.Amount}
		if m.From != 0 {
			move.From = m.From.String()
		}
		if m.To != 0 {
			move.To = m.To.String()
		}
		view.Moves = append(view.Moves, move)
	}
	for i := range a.Cases {
		view.Cases = append(view.Cases, a.Cases[i].Key().String())
	}
	return view
}

func stepView(r *clearing.Record) service.StepView {
	a := r.Act
	return service.StepView{
		Entry: r.Number, Kind: a.Kind, Step: a.Step, Day: r.Day, At: r.ReceivedTime(), Maker: a.Maker, Checker: a.Checker, Reason: a.Reason,
	}
}
