package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
	"clearingd/provinces/nhsa"
)

// officerEndpoints answer what a script about officers' acts would expect.
func (h *house) officerEndpoints() []bus.Endpoint {
	reply := func(name, subject string, answer func(subject string, body []byte) (any, error)) bus.Endpoint {
		return bus.Endpoint{Name: name, Subject: subject, Handle: func(_ context.Context, subject string, body []byte) ([]byte, error) {
			v, err := answer(subject, body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(v)
		}}
	}
	return []bus.Endpoint{
		reply("act", service.Act+".*", actOfScript),
		reply("look", service.Look+".*", lookOfScript),
		reply("cases", service.Cases+".*.*", casesOfScript),
		{Name: "month", Subject: service.Month + ".>", Handle: monthOfScript},
	}
}

// actOfScript refuses one person twice and amounts above 100 yuan; record 10 is a proposal.
func actOfScript(_ string, body []byte) (any, error) {
	var request service.ActRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	refused := func(code provinces.Code, field, expected, found string) error {
		failure := service.Failure{Code: 409, ZH: code.Text().ZH, EN: code.Text().EN, Refusal: code,
			Errors: []provinces.FieldError{{Code: code, Field: field, Expected: expected, Found: found}}}
		body, _ := json.Marshal(failure)
		return &bus.ServiceError{Code: 409, Text: failure.EN, Body: body}
	}
	switch {
	case request.Object == "" || request.Target == "" || request.Reason == "":
		return nil, refused(provinces.CodeActForm, "object", "", "")
	case request.Kind.Checked() && request.Step == clearing.StepDo && clearing.SamePerson(request.Maker, request.Checker):
		return nil, refused(provinces.CodeFourEyes, "checker", "somebody else than the maker", "")
	case len(request.Funds) > 0 && request.Funds[0].Amount > 10_000:
		return nil, refused(provinces.CodeActAmount, "funds", "310100 <= 100.00", request.Funds[0].Amount.String())
	case request.Step == clearing.StepApprove && (request.Proposal != 10 || request.Kind != clearing.ActDeduct || request.Target != "bill/7"):
		return nil, refused(provinces.CodeActTarget, "proposal", "", "")
	}
	return service.ActReply{Entry: 10, Day: ledger.NewDay(2026, time.March, 18), Published: true}, nil
}

func lookOfScript(_ string, body []byte) (any, error) {
	var request service.LookRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	reply := service.LookReply{Object: "ab12", Parties: []ledger.Province{"65", "33"}}
	switch request.Target {
	case "bill/7":
		reply.Bill = &service.BillStanding{Entry: 7, SettlementID: "330100G0000000000007", Day: ledger.NewDay(2026, time.March, 18), Total: 2_300_000,
			Standing: []service.StandingLine{{Stage: "Accrued", Fund: "310100", Amount: 1_392_500}, {Stage: "Reserved", Fund: "310100", Amount: 10_000}}}
	case "break/bill/1": // of a sheet that is handed in
	case "break/bill/7":
		reply.Break = &service.BreakView{Key: "bill/7", Class: reconcile.AmountOver, State: reconcile.Proposed, Difference: 300, Proposal: 10,
			Findings: []service.FindingView{{Side: "hospital", Class: reconcile.AmountOver, Field: "310100", Ours: "14025.00", Theirs: "14028.00", Owed: 300}}}
	case "case/deduction/10":
		c := deductionOfScript()
		reply.Case = &c
	default:
		return nil, notFound("无此经办对象", "there is nothing of that name to decide upon")
	}
	return reply, nil
}

func deductionOfScript() service.CaseView {
	return service.CaseView{
		Key: "deduction/10", Kind: clearing.CaseDeduction, ID: "10", State: clearing.Held, Home: "65", Treatment: "33", Bill: 7, Money: 10_000, Owner: "33",
		Funds: []clearing.FundFigure{{Fund: "310100", Amount: 10_000}},
		Steps: []service.StepView{{Entry: 10, Kind: clearing.ActDeduct, Day: ledger.NewDay(2026, time.March, 18), Maker: "wang", Checker: "li", Reason: "twice"}},
	}
}

func casesOfScript(subject string, _ []byte) (any, error) {
	reply := service.CasesReply{Cases: []service.CaseView{}}
	if strings.HasSuffix(subject, ".deduction") {
		reply.Cases = append(reply.Cases, deductionOfScript())
	}
	return reply, nil
}

// monthOfScript offers 101 rows, of which the second is held.
func monthOfScript(_ context.Context, _ string, body []byte) ([]byte, error) {
	d := nhsa.New(nhsa.Settings{})
	request, err := d.DecodeMonth(body)
	if err != nil {
		return nil, err
	}
	answer := provinces.MonthAnswer{Infno: request.Infno, Treatment: "330100", Received: time.Date(2026, 4, 2, 2, 0, 0, 0, time.UTC), Number: 20}
	switch request.Infno {
	case provinces.InfnoMonthFetch:
		for n := request.StartRow; n <= 101 && len(answer.Lines) < 100; n++ {
			answer.Lines = append(answer.Lines, provinces.MonthLine{
				Sequence: n, Treatment: "330100", Provider: "H33010000001", VisitID: "V1", SettledAt: "2026-03-02 17:30:01",
				SettlementID: clearingID(n), Total: 100, Pays: 50, Held: n == 2, Overdue: n == 3,
			})
		}
	case provinces.InfnoMonthConfirm:
		for _, row := range request.Rows {
			if row.SettlementID == clearingID(9) && row.Confirm {
				refusal := provinces.Reject(provinces.CodeMonthDone, "input.detail[0].setl_sn", "", "2026-03")
				answer.Code, answer.Errors = refusal.Code, refusal.Errors
			}
		}
	}
	return d.EncodeMonth(answer)
}

func clearingID(n int) string {
	r := clearing.Record{Treatment: "330100", Number: uint64(n)}
	return r.SettlementID()
}

// What a list says of a case beside its state: how an inquiry was answered, above all.
func TestTheNoteOfACase(t *testing.T) {
	for _, c := range []struct {
		is     service.CaseView
		zh, en string
	}{
		{service.CaseView{Kind: clearing.CaseInquiry}, "", ""},
		{service.CaseView{Kind: clearing.CaseInquiry, Result: "right"}, "答复：无误", "answer: right"},
		{service.CaseView{Kind: clearing.CaseInquiry, Result: "wrong", Late: 2, Overdue: true}, "答复：有误；已滚存 2 批；逾期", "answer: wrong; rolled over 2 lists; overdue"},
		{service.CaseView{Kind: clearing.CaseTicket, Level: 1}, "已提请上级", "at the upper level"},
		{service.CaseView{Kind: clearing.CaseProposal, Target: "break/bill/7"}, "break/bill/7", "break/bill/7"},
	} {
		for language, want := range map[string]string{"zh": c.zh, "en": c.en} {
			a := &app{lang: chinese}
			if language == "en" {
				a.lang = english
			}
			if got := a.caseNote(&c.is); got != want {
				t.Errorf("%s: %q, want %q", language, got, want)
			}
		}
	}
}
