package nhsa

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clearingd/provinces"
)

const monthRow = `{"certno":"330102199001011234","mdtrt_id":"V1","mdtrt_setl_time":"2026-03-02 17:30:01","setl_sn":"330100G0000000000001",` +
	`"medfee_sumamt":"23000.00","optins_pay_sumamt":14025.00,"cnfm_flag":"1"}`

func monthMessage(infno, data, rest string) string {
	return fmt.Sprintf(`{"infno":%q,"msgid":"H33010000001202604021000000001","mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","opter":"01",
		"input":{"data":{"trt_year":"2026","trt_month":"03"%s}%s}}`, infno, data, rest)
}

func TestMonthMessagesAreRead(t *testing.T) {
	envelope := provinces.MonthRequest{
		MsgID: "H33010000001202604021000000001", Treatment: "330100", Provider: "H33010000001", Operator: "01", Year: 2026, Month: 3,
	}
	fetch, confirm, undo, agency := envelope, envelope, envelope, envelope
	fetch.Infno, fetch.StartRow = "3260", 101
	confirm.Infno, confirm.Rows = "3261", []provinces.MonthRow{{SettlementID: "330100G0000000000001", VisitID: "V1",
		SettledAt: "2026-03-02 17:30:01", Total: 2300000, Pays: 1402500, Confirm: true}}
	undo.Infno, undo.Handle = "3262", "0"
	agency.Infno, agency.StartRow, agency.Provider = "3260", 1, ""
	for body, want := range map[string]provinces.MonthRequest{
		monthMessage("3260", `,"startrow":101`, ""):                                                                       fetch,
		monthMessage("3261", `,"totalrow":"1"`, `,"detail":[`+monthRow+`]`):                                               confirm,
		monthMessage("3262", `,"otransid":"0"`, ""):                                                                       undo,
		strings.Replace(monthMessage("3260", `,"startrow":"1"`, ""), `"fixmedins_code":"H33010000001"`, `"dev_no":""`, 1): agency,
	} {
		got, err := New(Settings{}).DecodeMonth([]byte(body))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", body, err, diff)
		}
	}
}

func TestMonthMessagesAreRefused(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(monthRow+",", 101), ",")
	for body, want := range map[string]struct {
		code  provinces.Code
		field string
	}{
		`{`:                          {provinces.CodeMalformed, ""},
		monthMessage("2304", "", ""): {provinces.CodeInfno, "infno"},
		monthMessage("3260", "", ""): {provinces.CodeMissing, "input.data.startrow"},
		monthMessage("3260", `,"startrow":0`, ""):                                                                         {provinces.CodeForm, "input.data.startrow"},
		monthMessage("3260", `,"startrow":1`, "") + "x":                                                                   {provinces.CodeMalformed, ""},
		monthMessage("3261", `,"totalrow":1`, ""):                                                                         {provinces.CodeMissing, "input.detail"},
		monthMessage("3261", `,"totalrow":2`, `,"detail":[`+monthRow+`]`):                                                 {provinces.CodeMonthCount, "input.data.totalrow"},
		monthMessage("3261", `,"totalrow":101`, `,"detail":[`+many+`]`):                                                   {provinces.CodeMonthCount, "input.detail"},
		monthMessage("3261", `,"totalrow":1`, `,"detail":[7]`):                                                            {provinces.CodeForm, "input.detail[0]"},
		monthMessage("3262", `,"otransid":"7"`, ""):                                                                       {provinces.CodeForm, "input.data.otransid"},
		strings.Replace(monthMessage("3262", `,"otransid":"0"`, ""), `"03"`, `"13"`, 1):                                   {provinces.CodeForm, "input.data.trt_month"},
		monthMessage("3261", `,"totalrow":1`, `,"detail":[`+strings.Replace(monthRow, "14025.00", "1e4", 1)+`]`):          {provinces.CodeAmountForm, "input.detail[0].optins_pay_sumamt"},
		monthMessage("3261", `,"totalrow":1`, `,"detail":[`+strings.Replace(monthRow, `_flag":"1"`, `_flag":"2"`, 1)+`]`): {provinces.CodeUnknownCode, "input.detail[0].cnfm_flag"},
	} {
		_, err := New(Settings{}).DecodeMonth([]byte(body))
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) || refusal.Code != want.code || want.field != "" && refusal.Errors[0].Field != want.field {
			t.Errorf("%.200s: %v, want %d at %s", body, err, want.code, want.field)
		}
	}
}

// No answer has an identity number, and the same answer has the same bytes.
func TestMonthAnswersAreWritten(t *testing.T) {
	at := time.Date(2026, 4, 2, 2, 0, 0, 7_000_000, time.UTC)
	d := New(Settings{})
	for name, c := range map[string]struct {
		answer provinces.MonthAnswer
		want   string
	}{
		"rows": {provinces.MonthAnswer{Infno: "3260", Treatment: "330100", Received: at, Lines: []provinces.MonthLine{{
			Sequence: 1, Treatment: "330100", Provider: "H33010000001", VisitID: "V1", SettledAt: "2026-03-02 17:30:01",
			SettlementID: "330100G0000000000001", Total: 2300000, Pays: 1402500, Overdue: true,
		}}}, `{"infcode":0,"inf_refmsgid":"330100202604021000000000000000","refmsg_time":"20260402100000007","respond_time":"20260402100000007","err_msg":"","output":{"data":[` +
			`{"seqno":"1","mdtrtarea":"330100","medins_no":"H33010000001","certno":"","mdtrt_id":"V1","mdtrt_setl_time":"2026-03-02 17:30:01",` +
			`"setl_sn":"330100G0000000000001","fulamt_advpay_flag":"0","medfee_sumamt":"23000.00","optins_pay_sumamt":"14025.00",` +
			`"cnfm_flag":"0","hold_flag":"0","ovd_flag":"1","rsv_amt":"0.00"}]}}`},
		"none":      {provinces.MonthAnswer{Infno: "3260", Treatment: "330100", Received: at}, `{"infcode":0,"inf_refmsgid":"330100202604021000000000000000","refmsg_time":"20260402100000007","respond_time":"20260402100000007","err_msg":"","output":{"data":[]}}`},
		"confirmed": {provinces.MonthAnswer{Infno: "3261", Treatment: "330100", Received: at, Number: 42}, `{"infcode":0,"inf_refmsgid":"330100202604021000000000000042","refmsg_time":"20260402100000007","respond_time":"20260402100000007","err_msg":"","output":{}}`},
	} {
		body, err := d.EncodeMonth(c.answer)
		if err != nil || string(body) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, body, c.want)
		}
	}
	refusal := provinces.Reject(provinces.CodeMonthDiffers, "input.detail[0].medfee_sumamt", "1.00", "2.00")
	body, err := d.EncodeMonth(provinces.MonthAnswer{Infno: "3261", Treatment: "330100", Received: at, Code: refusal.Code, Errors: refusal.Errors})
	if err != nil || !strings.Contains(string(body), `"infcode":-7103`) || !strings.Contains(string(body), `"expected":"1.00","found":"2.00"`) {
		t.Errorf("%v: %s", err, body)
	}
}

func FuzzDecodeMonth(f *testing.F) {
	f.Add([]byte(monthMessage("3260", `,"startrow":101`, "")))
	f.Add([]byte(monthMessage("3261", `,"totalrow":"1"`, `,"detail":[`+monthRow+`]`)))
	f.Add([]byte(monthMessage("3262", `,"otransid":"0"`, "")))
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := New(Settings{}).DecodeMonth(body)
		var refusal *provinces.RejectError
		if err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if err == nil && (request.Year < 2000 || request.Month < 1 || request.Month > 12 || len(request.Rows) > provinces.MonthRowsMax) {
			t.Errorf("%+v", request)
		}
	})
}
