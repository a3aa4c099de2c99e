package nhsa

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clearingd/ledger"
	"clearingd/provinces"
)

// wireAnswer is an answer as a hospital's system reads it.
type wireAnswer struct {
	Infcode     int    `json:"infcode"`
	RefMsgID    string `json:"inf_refmsgid"`
	RefMsgTime  string `json:"refmsg_time"`
	RespondTime string `json:"respond_time"`
	ErrMsg      string `json:"err_msg"`
	Output      struct {
		Error []struct {
			Code                   int
			Field, Expected, Found string
		} `json:"error"`
		Info   map[string]string   `json:"setlinfo"`
		Detail []map[string]string `json:"setldetail"`
	} `json:"output"`
}

// readAnswer reads an answer strictly and holds what every answer must hold.
func readAnswer(t *testing.T, body []byte) wireAnswer {
	t.Helper()
	var a wireAnswer
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if n := utf8.RuneCountInString(a.ErrMsg); n > maxMessage {
		t.Errorf("err_msg has %d characters: %s", n, a.ErrMsg)
	}
	if len(a.RefMsgID) != 30 || len(a.RefMsgTime) != 17 || len(a.RespondTime) != 17 {
		t.Errorf("times and ids: %+v", a)
	}
	if a.Infcode > 0 || a.Infcode == -1 {
		t.Errorf("infcode %d", a.Infcode)
	}
	return a
}

var beijing = time.FixedZone("CST", 8*3600)

func bookedAnswer() provinces.Answer {
	birth, received := ledger.NewDay(1948, time.March, 1), time.Date(2016, time.December, 20, 10, 30, 16, 7_654_321, beijing)
	return provinces.Answer{
		Infno: provinces.InfnoSettle, MsgID: "H31010400001201612201030150001", Treatment: "310104", Number: 31_234_567_890_123, Received: received, Outcome: provinces.Booked,
		Settlement: &provinces.Settlement{
			ID: "310104G1234567890123", MsgID: "H31010400001201612201030150001", PersonNo: "65010000000000000017", VisitID: "310104G0000000000017",
			Insutype: "310", PersonType: "1201", Birth: &birth, CertType: "03", MedType: "21", SettledAt: received, ClearingOptin: "310104",
			Total: 120452, OwnExpense: 10000, OverLimit: 5000, SelfPayFirst: 5023, InScope: 100429,
			DeductiblePaid: 45000, PoolRatio: 8900,
			Funds: []provinces.FundAmount{
				{Fund: "310100", Amount: 49332}, {Fund: "330100", Amount: 1000}, {Fund: "320100", Amount: 200},
				{Fund: "370100", Amount: 30}, {Fund: "610100", Amount: 4}, {Fund: "350100", Amount: 5}, {Fund: "390200", Amount: 6}, {Fund: "640100", Amount: 7}, {Fund: "999997", Amount: 1},
			},
			Account: 32140, Cash: 37627, HospitalPart: 100,
		},
	}
}

// answers are one answer of every kind, by the name of its golden file.
func answers() map[string]provinces.Answer {
	booked := bookedAnswer()
	estimate := bookedAnswer()
	estimate.Infno, estimate.Settlement.ID = provinces.InfnoEstimate, ""
	repeated := bookedAnswer()
	repeated.Outcome, repeated.MsgID, repeated.Number = provinces.Repeated, "other", 9
	repeated.Received = repeated.Received.Add(time.Hour)
	cancelled := bookedAnswer()
	cancelled.Infno, cancelled.Outcome, cancelled.MsgID, cancelled.Settlement = provinces.InfnoCancel, provinces.Cancelled, "c1", negative(cancelled.Settlement)
	reversed := provinces.Answer{Infno: provinces.InfnoReverse, MsgID: "r1", Treatment: "310104", Number: 12, Received: booked.Received, Outcome: provinces.Reversed}
	reversedAgain := reversed
	reversedAgain.Outcome = provinces.Repeated
	refused := provinces.Answer{
		Infno: provinces.InfnoSettle, MsgID: "x", Treatment: "310104", Number: 13, Received: booked.Received, Outcome: provinces.Refused, Code: provinces.CodeAmountSum,
		Errors: []provinces.FieldError{{Code: provinces.CodeAmountSum, Field: "input.data.medfee_sumamt", Expected: "1204.52", Found: "1204.53"}},
	}
	refusedAgain := refused
	refusedAgain.Outcome = provinces.Repeated
	quarantined := provinces.Answer{
		Treatment: "310000", Number: 14, Received: booked.Received, Outcome: provinces.Quarantined,
		Code: provinces.CodeInternal, Errors: provinces.Reject(provinces.CodeInternal, "", "", "").Errors,
	}
	return map[string]provinces.Answer{
		"booked": booked, "estimate": estimate, "repeated": repeated, "cancelled": cancelled, "reversed": reversed,
		"reversed-again": reversedAgain, "refused": refused, "refused-again": refusedAgain, "quarantined": quarantined,
	}
}

func negative(s *provinces.Settlement) *provinces.Settlement {
	n := *s
	n.ID, n.MsgID = "310104G0000000000010", "c1"
	n.Funds = append([]provinces.FundAmount(nil), s.Funds...)
	for i := range n.Funds {
		n.Funds[i].Amount *= -1
	}
	for _, a := range []*ledger.Amount{&n.Total, &n.OwnExpense, &n.OverLimit, &n.SelfPayFirst, &n.InScope, &n.DeductiblePaid, &n.Account, &n.Cash, &n.HospitalPart} {
		*a = -*a
	}
	n.Balance = s.Account
	return &n
}

func TestAnswersAreGolden(t *testing.T) {
	for name, answer := range answers() {
		t.Run(name, func(t *testing.T) {
			body, err := New(Settings{}).Encode(answer)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := New(Settings{}).Encode(answer)
			if !bytes.Equal(body, again) {
				t.Error("the same answer has other bytes")
			}
			read := readAnswer(t, body)
			if (read.Infcode == 0) != (answer.Code == 0) || read.Infcode != -int(answer.Code) {
				t.Errorf("infcode %d", read.Infcode)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "answers", name+".golden"), append(indented.Bytes(), '\n'))
		})
	}
}

// The identities of the national interface, section 2.6, hold on what is written.
func TestAnswersKeepTheNationalIdentities(t *testing.T) {
	for _, name := range []string{"booked", "estimate", "repeated", "cancelled"} {
		body, err := New(Settings{}).Encode(answers()[name])
		if err != nil {
			t.Fatal(err)
		}
		a := readAnswer(t, body)
		amount := func(member string) ledger.Amount {
			parsed, err := ledger.ParseAmount(a.Output.Info[member])
			if err != nil {
				t.Errorf("%s: %s = %q", name, member, a.Output.Info[member])
			}
			return parsed
		}
		sum := func(members ...string) (total ledger.Amount) {
			for _, m := range members {
				total += amount(m)
			}
			return total
		}
		var details ledger.Amount
		for _, row := range a.Output.Detail {
			paid, _ := ledger.ParseAmount(row["fund_payamt"])
			details += paid
		}
		for identity, pair := range map[string][2]ledger.Amount{
			"A": {amount("medfee_sumamt"), sum("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")},
			"B": {amount("fund_pay_sumamt"), sum("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "hifdm_pay", "oth_pay")},
			"C": {amount("medfee_sumamt"), sum("fund_pay_sumamt", "psn_part_amt", "hosp_part_amt")},
			"D": {amount("psn_part_amt"), sum("acct_pay", "psn_cash_pay")},
			"E": {amount("medfee_sumamt"), sum("fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt")},
			"F": {details, sum("fund_pay_sumamt", "acct_pay", "hosp_part_amt")},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: identity %s: %s and %s", name, identity, pair[0], pair[1])
			}
		}
	}
}

func TestTimesAndNumbersComeFromTheBroker(t *testing.T) {
	answer := bookedAnswer()
	answer.Received = answer.Received.UTC() // whichever zone the time is held in, China's is written
	body, err := New(Settings{}).Encode(answer)
	if err != nil {
		t.Fatal(err)
	}
	a := readAnswer(t, body)
	if a.RefMsgID != "310104201612201030164567890123" || a.RefMsgTime != "20161220103016007" || a.RespondTime != a.RefMsgTime {
		t.Errorf("got %s, %s, %s", a.RefMsgID, a.RefMsgTime, a.RespondTime)
	}
	if got := a.Output.Info["setl_time"]; got != "2016-12-20 10:30:16" {
		t.Errorf("setl_time %s", got)
	}
}

// Every refusal fits err_msg in both languages, however many and long its places are.
func TestEveryCodeFitsTheMessage(t *testing.T) {
	for _, code := range provinces.Codes() {
		answer := provinces.Answer{Treatment: "110105", Outcome: provinces.Refused, Code: code}
		for range provinces.MaxFieldErrors {
			answer.Errors = append(answer.Errors, provinces.FieldError{Code: code, Field: "input.feedetail[4095]." + strings.Repeat("x", len(answer.Errors)), Found: "\xff\u202e\"\\"})
		}
		body, err := New(Settings{}).Encode(answer)
		if err != nil {
			t.Fatal(err)
		}
		a := readAnswer(t, body)
		if !strings.Contains(a.ErrMsg, code.Text().ZH) || !strings.Contains(a.ErrMsg, code.Text().EN) || !strings.Contains(a.ErrMsg, "input.feedetail[4095].") {
			t.Errorf("err_msg of %d: %s", code, a.ErrMsg)
		}
		if len(a.Output.Error) != provinces.MaxFieldErrors || !utf8.Valid(body) {
			t.Errorf("output of %d: %s", code, body)
		}
	}
}

func TestInconsistentAnswersAreNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*provinces.Answer){
		"booked with a code":          func(a *provinces.Answer) { a.Code = provinces.CodeForm },
		"refused without a code":      func(a *provinces.Answer) { a.Outcome = provinces.Refused },
		"booked without a settlement": func(a *provinces.Answer) { a.Settlement = nil },
		"repeated, neither":           func(a *provinces.Answer) { a.Outcome, a.Settlement = provinces.Repeated, nil },
		"repeated, both":              func(a *provinces.Answer) { a.Outcome, a.Code = provinces.Repeated, provinces.CodeForm },
		"no treatment area":           func(a *provinces.Answer) { a.Treatment = "" },
		"payments one fen short":      func(a *provinces.Answer) { a.Settlement.Cash-- },
		"scope one fen over":          func(a *provinces.Answer) { a.Settlement.InScope++ },
		"a fund twice":                func(a *provinces.Answer) { a.Settlement.Funds[1].Fund = a.Settlement.Funds[0].Fund },
		"account among the funds":     func(a *provinces.Answer) { a.Settlement.Funds[0].Fund = ledger.FundAccount },
		"negative cash": func(a *provinces.Answer) {
			a.Settlement.Cash, a.Settlement.Account = -1, a.Settlement.Account+a.Settlement.Cash+1
		},
		"negative deductible": func(a *provinces.Answer) { a.Settlement.DeductiblePaid = -1 },
		"overflow":            func(a *provinces.Answer) { a.Settlement.Cash, a.Settlement.Account = 1<<62, 1<<62 },
	} {
		t.Run(name, func(t *testing.T) {
			answer := bookedAnswer()
			spoil(&answer)
			if body, err := New(Settings{}).Encode(answer); !errors.Is(err, ErrAnswer) || body != nil {
				t.Errorf("wrote %s (%v)", body, err)
			}
		})
	}
}

func TestClearingWayIsASetting(t *testing.T) {
	body, err := New(Settings{ClearingWay: "05"}).Encode(bookedAnswer())
	if err != nil {
		t.Fatal(err)
	}
	if got := readAnswer(t, body).Output.Info["clr_way"]; got != "05" {
		t.Errorf("clr_way %q", got)
	}
}

func BenchmarkEncode(b *testing.B) {
	dialect, answer := New(Settings{}), bookedAnswer()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := dialect.Encode(answer); err != nil {
			b.Fatal(err)
		}
	}
}

// settlementOf is the settlement that an answer tells of; nil if it has none.
func settlementOf(t *testing.T, read wireAnswer) *provinces.Settlement {
	t.Helper()
	info := read.Output.Info
	if info == nil {
		return nil
	}
	amount := func(text string) ledger.Amount {
		parsed, err := ledger.ParseAmount(text)
		if err != nil {
			t.Fatalf("amount %q", text)
		}
		return parsed
	}
	ratio, ok := parseScaled(info["pool_prop_selfpay"], shareScale.whole, shareScale.decimals)
	settled, err := time.ParseInLocation(time.DateTime, info["setl_time"], beijing)
	if !ok || err != nil {
		t.Fatalf("ratio %q, time %q", info["pool_prop_selfpay"], info["setl_time"])
	}
	s := &provinces.Settlement{
		ID: info["setl_id"], MsgID: info["medins_setl_id"], PersonNo: info["psn_no"], VisitID: info["mdtrt_id"],
		Insutype: info["insutype"], PersonType: info["psn_type"], CivilServant: info["cvlserv_flag"] == "1",
		CertType: info["mdtrt_cert_type"], MedType: info["med_type"], SettledAt: settled, ClearingOptin: ledger.Area(info["clr_optins"]),
		Total: amount(info["medfee_sumamt"]), OwnExpense: amount(info["fulamt_ownpay_amt"]), OverLimit: amount(info["overlmt_selfpay"]),
		SelfPayFirst: amount(info["preselfpay_amt"]), InScope: amount(info["inscp_scp_amt"]),
		DeductiblePaid: amount(info["act_pay_dedc"]), PoolRatio: ratio,
		Account: amount(info["acct_pay"]), Cash: amount(info["psn_cash_pay"]), HospitalPart: amount(info["hosp_part_amt"]), Balance: amount(info["balc"]),
	}
	for _, row := range read.Output.Detail {
		if fund := ledger.Fund(row["fund_pay_type"]); provinces.FundMember(fund) != "" {
			s.Funds = append(s.Funds, provinces.FundAmount{Fund: fund, Amount: amount(row["fund_payamt"])})
		}
	}
	return s
}

// addressAnswer takes area, time and number back out of an answer's ids.
func addressAnswer(t *testing.T, a *provinces.Answer, read wireAnswer) {
	t.Helper()
	a.Treatment = ledger.Area(read.RefMsgID[:6])
	received, err := time.ParseInLocation("20060102150405.000", read.RefMsgTime[:14]+"."+read.RefMsgTime[14:], beijing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(read.RefMsgID[20:], "%d", &a.Number); err != nil {
		t.Fatal(err)
	}
	a.Received = received
}

// What an answer says is what was settled: read back, it is written the same.
func TestAnswersAreWrittenBackTheSame(t *testing.T) {
	for _, name := range []string{"booked", "estimate", "repeated"} {
		answer := answers()[name]
		answer.Settlement.Birth = nil
		answer.Number %= 1e10 // an answer tells the last ten digits
		body, err := New(Settings{}).Encode(answer)
		if err != nil {
			t.Fatal(err)
		}
		checkDocumentedAnswer(t, string(body))
	}
}
