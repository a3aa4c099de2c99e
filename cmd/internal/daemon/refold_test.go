package daemon_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// bjPerson is insured in Beijing, where the first stay of a year has a deductible of
// 1300 and each later one of 650.
const bjPerson = "11000000000000000001"

// bjMessage is a message of the hospital in Hangzhou that treats them.
func bjMessage(infno, msgid string, input map[string]any) sim.Message {
	body, err := json.Marshal(map[string]any{
		"infno": infno, "msgid": msgid, "mdtrtarea_admvs": "330100", "insuplc_admdvs": "110105",
		"recer_sys_code": "TEST", "infver": "V1.0", "opter_type": "1", "opter": "1", "opter_name": "", "sign_no": "",
		"inf_time": "2026-03-18 17:30:00", "fixmedins_code": "H33010000001", "fixmedins_name": "测试医院", "input": input,
	})
	if err != nil {
		panic(err) // only texts
	}
	return sim.Message{Subject: "claims.33.11.H33010000001." + msgid, Body: body}
}

func bjStay(msgid, visit, end string) sim.Message {
	return bjMessage("2304", msgid, map[string]any{
		"data": map[string]any{
			"psn_no": bjPerson, "mdtrt_id": visit, "psn_type": "11", "insutype": "310", "mdtrt_cert_type": "03", "mdtrt_cert_no": "C1",
			"medfee_sumamt": "23000.00", "fulamt_ownpay_amt": "1000.00", "overlmt_selfpay": "500.00", "preselfpay_amt": "1500.00",
			"inscp_scp_amt": "20000.00", "psn_setlway": "01", "acct_used_flag": "0", "mid_setl_flag": "0", "cvlserv_flag": "0",
		},
		"mdtrtinfo": map[string]any{
			"begntime": "2026-02-20 09:00:00", "endtime": end + " 09:00:00", "med_type": "21", "ipt_no": "Z1", "dscg_maindiag_code": "I63.900",
			"hosp_lv": "02", "adm_way": "2", "out_fil_type": "06", "trum_flag": "0", "rel_ttp_flag": "0",
		},
	})
}

func bjCancel(msgid, visit, settlement string) sim.Message {
	return bjMessage("2305", msgid, map[string]any{
		"data": map[string]any{"psn_no": bjPerson, "mdtrt_id": visit, "setl_id": settlement},
	})
}

// refused calls a service that must refuse, and returns the code.
func (h *house) refused(subject string, request any) int {
	h.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = h.hospital.Call(ctx, subject, body)
	failed, ok := err.(*bus.ServiceError)
	if !ok {
		h.Fatalf("%s: %v", subject, err)
	}
	return failed.Code
}

// TestAReFoldedYearFromCancellationToReport: an earlier stay is cancelled, officers find
// the person-year, see both calculations, decide once, and the day's report and the
// books show it; books restored from before come to the same by the answers alone.
func TestAReFoldedYearFromCancellationToReport(t *testing.T) {
	cfg := configOf(t)
	cfg.Order.Provinces = map[string]config.Order{"11": config.Refold}
	h := start(t, cfg)
	answers := h.send([]sim.Message{bjStay("m1", "V1", "2026-03-02"), bjStay("m2", "V2", "2026-03-10")})
	if list := call[service.RefoldsReply](h, service.Refolds+".11", service.RefoldsRequest{All: true}); len(list.Years) != 0 {
		t.Errorf("nothing came or went out of order, but listed is %+v", list)
	}
	h.close()
	restore := copyBooks(t, cfg)
	h = start(t, cfg)
	cancelled := h.send([]sim.Message{bjCancel("m3", "V1", settlementOf(t, answers[0]))})
	if got := cancelled[0].Header[provinces.HeaderOutcome]; got != "cancelled" {
		t.Fatalf("the cancellation is %s: %s", got, cancelled[0].Body)
	}

	object := h.checkListed()
	decision := service.AdjustRequest{Entry: 2, Year: 2026, Object: object, Maker: "wang", Checker: "li", Reason: "m1 cancelled"}
	for code, change := range map[int]func(*service.AdjustRequest){
		400: func(r *service.AdjustRequest) { r.Checker = "wang" },
		404: func(r *service.AdjustRequest) { r.Year = 2025 },
		409: func(r *service.AdjustRequest) { r.Object = strings.Repeat("0", 64) },
	} {
		wrong := decision
		change(&wrong)
		if got := h.refused(service.Adjust+".11", wrong); got != code {
			t.Errorf("%+v is refused with %d, want %d", wrong, got, code)
		}
	}
	if got := h.refused(service.Adjust+".65", decision); got != 404 {
		t.Errorf("another province's officers are refused with %d", got)
	}
	booked := call[service.AdjustReply](h, service.Adjust+".11", decision)
	again := call[service.AdjustReply](h, service.Adjust+".11", decision)
	if booked.Entry != 4 || !booked.Published || again.Entry != booked.Entry || booked.Day != openDay {
		t.Errorf("booked as %+v, sent again %+v", booked, again)
	}
	if list := call[service.RefoldsReply](h, service.Refolds+".11", service.RefoldsRequest{}); len(list.Years) != 0 {
		t.Errorf("after the decision is still listed: %+v", list)
	}
	h.checkExplained(booked.Entry)

	closed := call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	if closed.Day.State != "closed" {
		t.Fatalf("closed: %+v", closed)
	}
	h.checkReport()
	want := call[service.StatusReply](h, service.Status, nil)
	h.close()

	restore()
	h = start(t, cfg)
	h.demandEnd(want)
}

func settlementOf(t *testing.T, answer provinces.Envelope) string {
	var body struct {
		Output struct {
			Settled struct {
				ID string `json:"setl_id"`
			} `json:"setlinfo"`
		} `json:"output"`
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil || body.Output.Settled.ID == "" {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return body.Output.Settled.ID
}

// checkListed looks as officers do, and returns what they decide upon.
func (h *house) checkListed() (object string) {
	h.Helper()
	list := call[service.RefoldsReply](h, service.Refolds+".11", service.RefoldsRequest{})
	if len(list.Years) != 1 || list.Years[0].Bills != 1 || list.Years[0].Funds != -48750 || list.Years[0].Cash != 48750 || list.Years[0].Entry != 2 {
		h.Fatalf("listed is %+v", list)
	}
	if others := call[service.RefoldsReply](h, service.Refolds+".65", service.RefoldsRequest{All: true}); len(others.Years) != 0 {
		h.Errorf("another province sees %+v", others)
	}
	byEntry := call[service.RefoldReply](h, service.Refold+".11", service.RefoldRequest{Entry: 2, Trace: true})
	byPerson := call[service.RefoldReply](h, service.Refold+".11", service.RefoldRequest{PersonNo: bjPerson, Trace: true})
	if !reflect.DeepEqual(byEntry, byPerson) || len(byEntry.Years) != 1 {
		h.Fatalf("asked by entry and by person the answers differ, in %d years", len(byEntry.Years))
	}
	year := byEntry.Years[0]
	bill := year.Bills[0]
	if year.Order != clearing.ByDischarge || !bill.Differs || bill.Deductible != 65000 || bill.Funds["310100"] != -48750 ||
		len(bill.Now.Trace) == 0 || len(bill.Should.Trace) == 0 || year.Totals[0].Note == nil || year.Totals[0].Note.First != 3 {
		h.Errorf("re-folded: %+v", year)
	}
	if code := h.refused(service.Refold+".65", service.RefoldRequest{Entry: 2}); code != 404 {
		h.Errorf("another province asks about the bill and is refused with %d", code)
	}
	return year.Object
}

// checkExplained: the bill and the decision are explained, and all bills come out of the
// books as they are booked.
func (h *house) checkExplained(adjustment uint64) {
	h.Helper()
	bill := call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Entry: 2})
	if len(bill.Refolded) != 1 || bill.Refolded[0].First != 3 || bill.Refolded[0].Adjusted != adjustment {
		h.Errorf("the bill does not say that its person-year was re-folded: %+v", bill.Refolded)
	}
	decision := call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Entry: adjustment})
	if a := decision.Adjustment; a == nil || a.Maker != "wang" || a.Checker != "li" || len(a.Lines) != 1 || a.Lines[0].Funds["310100"] != -48750 ||
		decision.Outcome != clearing.Adjusted || len(decision.Postings) != 2 {
		h.Errorf("the decision is explained as %+v", decision)
	}
	one := call[service.VerifyReply](h, service.Verify, service.VerifyRequest{ClaimRequest: service.ClaimRequest{Entry: 2}})
	day := openDay
	ofDay := call[service.VerifyReply](h, service.Verify, service.VerifyRequest{Day: &day})
	all := call[service.VerifyReply](h, service.Verify, service.VerifyRequest{All: true})
	if one.Bill == nil || len(one.Wrong)+len(ofDay.Wrong)+len(all.Wrong) != 0 || ofDay.Bills != 3 || all.Bills != 3 || all.Next != 0 {
		h.Errorf("verified: %+v\n%+v\n%+v", one, ofDay, all)
	}
	if decided := call[service.VerifyReply](h, service.Verify, service.VerifyRequest{ClaimRequest: service.ClaimRequest{Entry: adjustment}}); decided.Bill == nil || !decided.Bill.OK() || decided.Steps == 0 {
		h.Errorf("the decision does not come out as booked: %+v", decided)
	}
	if code := h.refused(service.Verify, service.VerifyRequest{ClaimRequest: service.ClaimRequest{Entry: 3}}); code != 409 {
		h.Errorf("a cancellation is recomputed like a bill: %d", code)
	}
	if check := call[service.CheckReply](h, service.Check, service.CheckRequest{Recompute: true}); len(check.Faults) > 0 {
		h.Errorf("the books fail their check: %v", check.Faults)
	}
}

// checkReport: the day has its adjustments in a group of their own, the trial balance
// holds them, and the streams are complete without them.
func (h *house) checkReport() {
	h.Helper()
	file, err := os.Open(filepath.Join(h.cfg.ReportDir(), openDay.String(), "report.json"))
	if err != nil {
		h.Fatal(err)
	}
	defer file.Close()
	r, err := report.ReadJSON(file)
	if err != nil {
		h.Fatal(err)
	}
	if len(r.Adjustments) != 1 || r.Summary.Adjusted != -48750 || r.Adjustments[0].Home != "11" || r.Adjustments[0].Treatment != "33" ||
		r.Adjustments[0].Bills != 1 || r.Adjustments[0].Owed != -48750 || r.Adjustments[0].Cash != 48750 {
		h.Errorf("adjustments: %+v, %s in all", r.Adjustments, r.Summary.Adjusted)
	}
	var net ledger.Amount
	for _, line := range r.TrialBalance {
		if line.Side == ledger.Receivable {
			net += line.Net
		}
	}
	if want := r.Totals.Owed + r.Summary.InternalOwed + r.Summary.Adjusted; net != want || !r.Summary.Balanced || !r.Summary.Complete || r.Summary.Received != 3 {
		h.Errorf("the trial balance has %s receivable, bills and adjustments %s; %+v", net, want, r.Summary)
	}
	journal, err := os.ReadFile(filepath.Join(h.cfg.ReportDir(), openDay.String(), "journal.hledger"))
	if err != nil || !strings.Contains(string(journal), "(4) adjusted") {
		h.Errorf("the journal lacks the adjustment: %v", err)
	}
}
