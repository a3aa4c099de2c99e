package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// refusedAct calls the service of acts, which must refuse, and returns the code of the
// refusal.
func (h *house) refusedAct(province string, request service.ActRequest) provinces.Code {
	h.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = h.hospital.Call(ctx, service.Act+"."+province, body)
	var answered *bus.ServiceError
	if !errors.As(err, &answered) {
		h.Fatalf("%+v: %v", request, err)
	}
	var failure service.Failure
	if err := json.Unmarshal(answered.Body, &failure); err != nil || failure.ZH == "" || failure.EN == "" {
		h.Fatalf("%v: %s", err, answered.Body)
	}
	return failure.Refusal
}

func (h *house) look(province, target string) service.LookReply {
	h.Helper()
	return call[service.LookReply](h, service.Look+"."+province, service.LookRequest{Target: target})
}

// act looks and acts at once, as an officer who saw nothing change between.
func (h *house) act(province string, request service.ActRequest) service.ActReply {
	h.Helper()
	if request.Object == "" {
		request.Object = h.look(province, request.Target).Object
	}
	if request.Reason == "" {
		request.Reason = "复核"
	}
	return call[service.ActReply](h, service.Act+"."+province, request)
}

type monthAnswer struct {
	Infcode int    `json:"infcode"`
	Handle  string `json:"inf_refmsgid"`
	ErrMsg  string `json:"err_msg"`
	Output  struct {
		Data  []map[string]any `json:"data"`
		Error []struct {
			Code  int    `json:"code"`
			Field string `json:"field"`
		} `json:"error"`
	} `json:"output"`
}

// month sends a message of the monthly clearing and returns the answer with its bytes.
func (h *house) month(subject, infno, msgid string, data, detail string) (answer monthAnswer, raw []byte) {
	h.Helper()
	body := fmt.Sprintf(`{"infno":%q,"msgid":%q,"mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","opter":"01",
		"input":{"data":{"trt_year":"2026","trt_month":"03",%s}%s}}`, infno, msgid, data, detail)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	raw, err := h.hospital.Call(ctx, subject, []byte(body))
	if err != nil {
		h.Fatalf("%s: %v", subject, err)
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		h.Fatal(err)
	}
	return answer, raw
}

// detail confirms or leaves out rows as they were offered.
func detail(t *testing.T, rows []map[string]any, flags string) string {
	t.Helper()
	var list []map[string]any
	for i, flag := range flags {
		row := map[string]any{"cnfm_flag": string(flag)}
		for _, name := range []string{"certno", "mdtrt_id", "mdtrt_setl_time", "setl_sn", "medfee_sumamt", "optins_pay_sumamt"} {
			row[name] = rows[i][name]
		}
		list = append(list, row)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return `,"detail":` + string(text)
}

// TestOfficersActFromDeductionToConfirmedMonth: a deduction is proposed, approved, appealed
// and restored; the month is fetched, confirmed, rolled back and confirmed again; and
// books restored from before come to the same by the answers alone.
func TestOfficersActFromDeductionToConfirmedMonth(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	h.send([]sim.Message{bjStay("m1", "V1", "2026-03-02"), bjStay("m2", "V2", "2026-03-10")})
	h.close()
	restore := copyBooks(t, cfg)
	h = start(t, cfg)

	funds := []clearing.FundFigure{{Fund: "310100", Amount: 10000}}
	proposed := h.act("33", service.ActRequest{Kind: clearing.ActDeduct, Step: clearing.StepPropose, Target: "bill/1", Maker: "wang", Funds: funds})
	approval := service.ActRequest{Kind: clearing.ActDeduct, Step: clearing.StepApprove, Target: "bill/1", Checker: "Wang",
		Object: h.look("33", "bill/1").Object, Reason: "复核", Proposal: proposed.Entry}
	if code := h.refusedAct("33", approval); code != provinces.CodeFourEyes {
		t.Errorf("an officer approves what they proposed: refused with %d", code)
	}
	approval.Checker = "li"
	if code := h.refusedAct("65", approval); code != provinces.CodeActParty {
		t.Errorf("another province decides: refused with %d", code)
	}
	reserved := h.act("33", approval)
	if again := h.act("33", approval); again.Entry != reserved.Entry || !reserved.Published {
		t.Errorf("booked as %+v, sent again %+v", reserved, again)
	}
	list := call[service.CasesReply](h, service.Cases+".11.deduction", service.CasesRequest{Open: true})
	if len(list.Cases) != 1 || list.Cases[0].State != clearing.Held || list.Cases[0].Money != 10000 || list.Cases[0].Bill != 1 || list.Cases[0].Steps[0].Checker != "li" {
		t.Fatalf("the home province sees %+v", list)
	}
	if others := call[service.CasesReply](h, service.Cases+".65.deduction", service.CasesRequest{}); len(others.Cases) != 0 {
		t.Errorf("another province sees %+v", others)
	}
	for bill, want := range map[uint64]int{1: 2, 2: 0} { // accrued and reserved; nobody has acted on the other
		if is := call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Entry: bill}); len(is.Standing) != want || (is.NewestAct == reserved.Entry) != (want > 0) {
			t.Errorf("bill %d stands at %+v, its newest act is %d", bill, is.Standing, is.NewestAct)
		}
	}
	target := "case/" + list.Cases[0].Key
	h.act("33", service.ActRequest{Kind: clearing.ActAppeal, Target: target, Maker: "zhao"})
	h.act("33", service.ActRequest{Kind: clearing.ActRestore, Target: target, Maker: "wang", Checker: "li"})
	if bill := h.look("33", "bill/1").Bill; len(bill.Standing) != 1 || bill.Standing[0] != (service.StandingLine{Stage: "Accrued", Fund: "310100", Amount: 1402500}) {
		t.Errorf("restored, stands %+v", bill)
	}
	explained := call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Entry: reserved.Entry})
	if explained.Act == nil || explained.Act.Maker != "wang" || explained.Act.Checker != "li" || len(explained.Act.Moves) != 1 || explained.Act.Moves[0].To != "Reserved" || len(explained.Postings) != 4 {
		t.Errorf("the act is explained as %+v", explained)
	}

	h.confirmMonth(t)
	want := call[service.StatusReply](h, service.Status, nil)
	h.close()
	restore()
	h = start(t, cfg)
	h.demandEnd(want)
	if check := call[service.CheckReply](h, service.Check, service.CheckRequest{Recompute: true}); len(check.Faults) > 0 {
		t.Errorf("the restored books fail their check: %v", check.Faults)
	}
	if bill := h.look("33", "bill/1").Bill; len(bill.Batches) != 1 {
		t.Errorf("after the restore the bill is confirmed %+v", bill)
	}
}

func (h *house) confirmMonth(t *testing.T) {
	h.Helper()
	hospital := service.Month + ".33.H33010000001"
	if early, _ := h.month(hospital, "3260", "f0", `"startrow":1`, ""); early.Infcode != -7101 {
		h.Errorf("the month is not over, but %+v", early)
	}
	for day := openDay; day < ledger.NewDay(2026, time.April, 1); day++ {
		call[service.CloseReply](h, service.Close, service.CloseRequest{Day: day})
	}
	offered, raw := h.month(hospital, "3260", "f1", `"startrow":1`, "")
	rows := offered.Output.Data
	if len(rows) != 2 || rows[0]["setl_sn"] != "330100G0000000000001" || rows[0]["optins_pay_sumamt"] != "14025.00" || rows[1]["seqno"] != "2" {
		h.Fatalf("offered: %s", raw)
	}
	if bytes.Contains(raw, []byte(bjPerson)) || rows[0]["certno"] != "" {
		h.Error("the rows tell who was treated")
	}
	if second, _ := h.month(hospital, "3260", "f2", `"startrow":2`, ""); len(second.Output.Data) != 1 || second.Output.Data[0]["seqno"] != "2" {
		h.Errorf("from row 2: %+v", second)
	}
	if wrong, _ := h.month(service.Month+".33.H33010000002", "3260", "f3", `"startrow":1`, ""); wrong.Infcode != -1007 {
		h.Errorf("another hospital's subject: %+v", wrong)
	}
	other := map[string]any{}
	for name, value := range rows[0] {
		other[name] = value
	}
	other["medfee_sumamt"] = "23000.01"
	if refused, _ := h.month(hospital, "3261", "c0", `"totalrow":2`, detail(t, []map[string]any{rows[1], other}, "11")); refused.Infcode != -7103 || len(refused.Output.Error) != 1 || refused.Output.Error[0].Field != "input.detail[1].medfee_sumamt" {
		h.Errorf("one row differs: %+v", refused)
	}
	confirmed, first := h.month(hospital, "3261", "c1", `"totalrow":2`, detail(t, rows, "10"))
	again, second := h.month(hospital, "3261", "c1", `"totalrow":2`, detail(t, rows, "10"))
	if confirmed.Infcode != 0 || again.Infcode != 0 || !bytes.Equal(first, second) {
		h.Errorf("the same message twice:\n%s\n%s", first, second)
	}
	if reused, _ := h.month(hospital, "3261", "c1", `"totalrow":2`, detail(t, rows, "11")); reused.Infcode != -5007 {
		h.Errorf("other content under the same msgid: %+v", reused)
	}
	after, _ := h.month(service.Month+".33", "3260", "f4", `"startrow":1`, "")
	if rows := after.Output.Data; len(rows) != 2 || rows[0]["cnfm_flag"] != "1" || rows[1]["cnfm_flag"] != "0" || rows[0]["seqno"] != "1" {
		h.Errorf("after the confirmation the province is offered %+v", rows)
	}
	if wrong, _ := h.month(hospital, "3262", "u0", `"otransid":"`+offered.Handle+`"`, ""); wrong.Infcode != -7106 {
		h.Errorf("the handle of a 3260 is rolled back: %+v", wrong)
	}
	if undone, _ := h.month(hospital, "3262", "u1", `"otransid":"`+confirmed.Handle+`"`, ""); undone.Infcode != 0 {
		h.Errorf("rolled back: %+v", undone)
	}
	if undone, _ := h.month(hospital, "3262", "u2", `"otransid":"`+confirmed.Handle+`"`, ""); undone.Infcode != -7107 {
		h.Errorf("rolled back twice: %+v", undone)
	}
	if all, _ := h.month(hospital, "3261", "c2", `"totalrow":2`, detail(t, rows, "11")); all.Infcode != 0 {
		h.Errorf("confirmed again: %+v", all)
	}
	balances := call[service.BalancesReply](h, service.Balances, service.BalancesRequest{By: "account"})
	for _, line := range balances.Accounts {
		if confirmed := strings.HasSuffix(line.Account, ":Confirmed"); (line.Net != 0) != confirmed {
			h.Errorf("%s has %s", line.Account, line.Net)
		}
	}
}
