package daemon

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// casesPart is how many cases one reply lists, and casesLooked how many it looks at.
const (
	casesPart   = 100
	casesLooked = 5000
)

// casesOf lists the cases of the kind in the subject that the province in it has a part in.
func (d *Daemon) casesOf(ctx context.Context, subject string, body []byte) ([]byte, error) {
	tokens := strings.Split(subject, ".") // clearing.cases.<province>.<kind>
	province, kind := ledger.Province(tokens[2]), clearing.CaseKind(tokens[3])
	if !provinces.Known(province) || !slices.Contains(clearing.CaseKinds, kind) {
		return nil, failure(http.StatusNotFound, "无此省份或事项", "no such province or kind of case")
	}
	return answer(func(_ context.Context, request service.CasesRequest) (service.CasesReply, error) {
		return d.cases(province, kind, request)
	})(ctx, subject, body)
}

func (d *Daemon) cases(province ledger.Province, kind clearing.CaseKind, request service.CasesRequest) (service.CasesReply, error) {
	reply := service.CasesReply{Cases: []service.CaseView{}}
	day, err := d.closing.openDay()
	if err != nil {
		return reply, err
	}
	err = d.store.View(func(tx *store.Tx) error {
		looked := 0
		var failed error
		last := ""
		err := tx.Cases(kind, "", request.After, func(c clearing.Case) bool {
			if looked++; looked > casesLooked || len(reply.Cases) == casesPart {
				reply.Next = last
				return false
			}
			last = c.ID
			if !concerns(&c, province) || request.Open && finished(c.StateOn(day)) {
				return true
			}
			var view service.CaseView
			if view, failed = caseView(tx, &c, day); failed != nil {
				return false
			}
			reply.Cases = append(reply.Cases, view)
			return true
		})
		if err != nil {
			return err
		}
		return failed
	})
	return reply, err
}

func concerns(c *clearing.Case, province ledger.Province) bool {
	return c.Home == province || c.Treatment == province || c.Owner == province
}

// finished: nobody has to do anything about the case any more.
func finished(state clearing.CaseState) bool {
	switch state {
	case clearing.Waiting, clearing.Held, clearing.Appealed, clearing.Answered:
		return false
	}
	return true
}

func caseView(tx *store.Tx, c *clearing.Case, day ledger.Day) (service.CaseView, error) {
	view := service.CaseView{
		Key: c.Key().String(), Kind: c.Kind, ID: c.ID, State: c.StateOn(day), Home: c.Home, Treatment: c.Treatment, Provider: c.Provider,
		Bill: c.Bill, Target: c.Target, Opened: c.Opened, Owner: c.Owner, Late: c.Late(day),
		Funds: figures(c.Funds), Money: c.Money(), Offset: figures(c.Offset), Period: c.Period, Rows: c.Rows,
		Result: c.Result, Type: c.Type, Holder: c.Holder, Level: c.Level,
	}
	if c.Due != 0 {
		due := c.Due
		view.Due, view.Overdue = &due, due < day && !finished(view.State)
	}
	if c.Bill != 0 {
		by, err := tx.Undone(c.Bill)
		if err != nil {
			return view, err
		}
		view.BillUndone = by != 0
	}
	for _, step := range c.Steps {
		record, err := tx.Record(step.Act)
		if err != nil {
			return view, err
		}
		view.Steps = append(view.Steps, stepView(record))
	}
	return view, nil
}

func figures(list []provinces.FundAmount) (figures []clearing.FundFigure) {
	for _, f := range list {
		figures = append(figures, clearing.FundFigure{Fund: f.Fund, Amount: f.Amount})
	}
	return figures
}
