package audit

import (
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// settled is what an answer must show of a bill: output.setlinfo, member by member,
// and output.setldetail as "fund amount" in the order of the funds' codes.
type settled struct {
	info    map[string]string
	details []string
}

// members are the sums of setlinfo that hold single funds; all other funds are in oth_pay.
var members = map[string]string{
	"310100": "hifp_pay", "390100": "hifp_pay", "330100": "hifob_pay", "390200": "hifmi_pay",
	"320100": "cvlserv_pay", "370100": "hifes_pay", "610100": "maf_pay", "350100": "hifdm_pay",
}

// clock writes the time that answers carry: the broker's, in manual mode on the business
// day.
func (b *Books) clock(e *event, layout string) string {
	t := e.message.Received.In(china)
	if day, err := time.Parse(time.DateOnly, e.day); b.manual && err == nil {
		t = time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), china)
	}
	return t.Format(layout)
}

// settlement is what a booked bill's answer must show.
func (b *Books) settlement(r *record) *settled {
	q, c := r.event.request, r.event.request.claim
	s := b.figures(r, r.bill, 1)
	s.info["psn_no"], s.info["insutype"], s.info["psn_type"] = c.person, c.insurance, c.personType
	s.info["cvlserv_flag"] = map[bool]string{true: "1", false: "0"}[c.civilServant]
	if c.birth != "" {
		s.info["brdy"] = c.birth
	}
	s.info["mdtrt_cert_type"], s.info["med_type"] = c.certType, c.medType
	balance := rat(0)
	if c.balance != nil {
		balance = minus(c.balance, r.bill.Account)
	}
	s.info["balc"] = Yuan(balance)
	s.info["setl_id"] = settlementID(q.treatment, r.number)
	return s
}

// cancellation is what the answer to a 2305 must show: the bill with all signs turned,
// the account's balance as it was, and nothing about the person.
func (b *Books) cancellation(r, bill *record) *settled {
	s := b.figures(r, bill.bill, -1)
	balance := rat(0)
	if c := bill.event.request.claim; c.balance != nil {
		balance = c.balance
	}
	s.info["balc"] = Yuan(balance)
	s.info["mdtrt_id"] = bill.event.request.visit
	s.info["setl_id"] = settlementID(bill.event.request.treatment, r.number)
	s.info["clr_optins"] = bill.event.request.treatment
	return s
}

func settlementID(treatment string, number uint64) string {
	return fmt.Sprintf("%sG%013d", treatment, number)
}

// figures are the members with amounts, and those that any settlement has.
func (b *Books) figures(r *record, bill *Bill, sign int64) *settled {
	c := bill.claim
	show := func(a *big.Rat) string { return Yuan(times(a, rat(sign))) }
	byMember := map[string]*big.Rat{}
	funds, account := rat(0), bill.Account
	s := &settled{}
	for fund, a := range byFund(bill) {
		if fund == personalAccount {
			if account.Sign() != 0 {
				s.details = append(s.details, fund+" "+show(account))
			}
			continue
		}
		member := members[fund]
		if member == "" {
			member = "oth_pay"
		}
		byMember[member] = sum(byMember[member], a)
		funds = sum(funds, a)
		if a.Sign() != 0 {
			s.details = append(s.details, fund+" "+show(a))
		}
	}
	sort.Strings(s.details)
	s.info = map[string]string{
		"mdtrt_id": c.visit, "clr_optins": r.event.request.treatment, "clr_way": "1", "clr_type": "21",
		"setl_time": b.clock(r.event, time.DateTime), "medins_setl_id": lastToken(r.event.message.Subject),
		"medfee_sumamt": show(c.total), "fulamt_ownpay_amt": show(c.own), "overlmt_selfpay": show(c.over),
		"preselfpay_amt": show(c.first), "inscp_scp_amt": show(c.scope), "act_pay_dedc": show(bill.Deductible),
		"fund_pay_sumamt": show(funds), "psn_part_amt": show(sum(account, bill.Cash)), "acct_pay": show(account),
		"psn_cash_pay": show(bill.Cash), "hosp_part_amt": "0.00", "acct_mulaid_pay": "0.00",
		"pool_prop_selfpay": poolRatio(bill),
	}
	for _, member := range []string{"hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "hifdm_pay", "oth_pay"} {
		s.info[member] = show(sum(byMember[member]))
	}
	return s
}

// poolRatio is the basic fund's share of what comes to it: the in-scope amount without
// what is paid first and the deductible.
func poolRatio(bill *Bill) string {
	paid, of := bill.basic[0], bill.basic[1]
	if of == nil || of.Sign() <= 0 {
		return "0.0000"
	}
	return rounded(new(big.Rat).Quo(paid, of), 4).FloatString(4)
}

// compare holds an answer against what the auditor decided.
func (b *Books) compare(r *record) {
	a, subject := r.event.answer, r.event.message.Subject
	if got := a.Header["Clr-Outcome"]; got != r.outcome {
		b.fault("record %d, %s: outcome %s, should be %s %v", r.number, subject, got, r.outcome, r.codes)
		return
	}
	if got := a.Header["Clr-Original"]; got != r.original {
		b.fault("record %d, %s: Clr-Original %q, should be %q", r.number, subject, got, r.original)
	}
	v, faults := document(a.Body)
	if faults != (documentFaults{}) {
		b.fault("record %d, %s: the answer is not one JSON object", r.number, subject)
		return
	}
	b.compareHead(r, v)
	output := v.member("output")
	switch {
	case len(r.codes) > 0:
		b.compareErrors(r, output)
	case r.settled != nil:
		b.compareSettled(r, output)
	case len(output.items) > 0:
		b.fault("record %d, %s: output where nothing is to be told", r.number, subject)
	}
}

// compareHead holds the members around output.
func (b *Books) compareHead(r *record, v value) {
	area := r.event.request.treatment
	if area == "" {
		area = r.event.message.Stream + "0000"
	}
	stamp := strings.Replace(b.clock(r.event, "20060102150405.000"), ".", "", 1)
	for name, want := range map[string]string{
		"inf_refmsgid": fmt.Sprintf("%s%s%010d", area, b.clock(r.event, "20060102150405"), r.number),
		"refmsg_time":  stamp, "respond_time": stamp,
	} {
		if got := v.member(name).text; got != want {
			b.fault("record %d, %s: %s is %q, should be %q", r.number, r.event.message.Subject, name, got, want)
		}
	}
	code := v.member("infcode").text
	fits := len(r.codes) == 0 && code == "0"
	for _, want := range r.codes {
		if code == fmt.Sprint(-want) {
			fits = true
			b.Codes[want]++
			b.day(r).Codes[want]++
		}
	}
	if !fits {
		b.fault("record %d, %s: infcode %s, should be minus one of %v", r.number, r.event.message.Subject, code, r.codes)
	}
	text := v.member("err_msg").text
	if utf8.RuneCountInString(text) > 200 || (text == "") != (len(r.codes) == 0) {
		b.fault("record %d, %s: err_msg of %d characters", r.number, r.event.message.Subject, utf8.RuneCountInString(text))
	}
}

// compareErrors holds the list of places against the code it explains.
func (b *Books) compareErrors(r *record, output value) {
	places := output.member("error")
	if n := len(places.items); n == 0 && !slices.Contains(r.codes, codeMalformed) || n > 20 {
		b.fault("record %d, %s: a refusal that names %d places", r.number, r.event.message.Subject, n)
	}
	for _, place := range places.items {
		code := place.member("code").text
		if !slices.ContainsFunc(r.codes, func(want int) bool { return code == fmt.Sprint(want) }) {
			b.fault("record %d, %s: a place with code %s among those of %v", r.number, r.event.message.Subject, code, r.codes)
		}
	}
}

// compareSettled holds output.setlinfo and output.setldetail against the bill.
func (b *Books) compareSettled(r *record, output value) {
	info := output.member("setlinfo")
	seen := map[string]bool{}
	for i, name := range info.names {
		seen[name] = true
		if want, known := r.settled.info[name]; !known || info.items[i].text != want {
			b.fault("record %d, %s: %s is %q, should be %q", r.number, r.event.message.Subject, name, info.items[i].text, want)
		}
	}
	for name, want := range r.settled.info {
		if !seen[name] {
			b.fault("record %d, %s: %s is missing, should be %q", r.number, r.event.message.Subject, name, want)
		}
	}
	var details []string
	for _, row := range output.member("setldetail").items {
		details = append(details, row.member("fund_pay_type").text+" "+row.member("fund_payamt").text)
	}
	sort.Strings(details)
	if !slices.Equal(details, r.settled.details) {
		b.fault("record %d, %s: setldetail %v, should be %v", r.number, r.event.message.Subject, details, r.settled.details)
	}
}

// fromAnswer takes over what the answer says of a bill that is beyond the auditor.
func (b *Books) fromAnswer(r *record) *Bill {
	v, _ := document(r.event.answer.Body)
	output := v.member("output")
	read := func(v value, name string) *big.Rat {
		if a, ok := amount(v.member(name).text); ok {
			return a
		}
		return rat(0)
	}
	info := output.member("setlinfo")
	bill := &Bill{
		claim: r.event.request.claim, base: map[string]*big.Rat{},
		Deductible: read(info, "act_pay_dedc"), Account: read(info, "acct_pay"), Cash: read(info, "psn_cash_pay"),
	}
	for _, row := range output.member("setldetail").items {
		if fund := row.member("fund_pay_type").text; fund != personalAccount {
			bill.Shares = append(bill.Shares, Share{Layer: fund, Fund: fund, Amount: read(row, "fund_payamt")})
		}
	}
	if ratio, ok := new(big.Rat).SetString(info.member("pool_prop_selfpay").text); ok {
		bill.basic = [2]*big.Rat{ratio, rat(1)}
	}
	return bill
}
