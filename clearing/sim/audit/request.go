package audit

import (
	"fmt"
	"math/big"
	"sort"
	"strings"
	"time"
)

// request is a message as the auditor reads it.
type request struct {
	infno, msgid, provider string
	treatment, home        string // six digits; "" where they cannot be read

	person, visit string // of any infno
	settlement    string // 2305: setl_id
	omsgid        string // 2601: the msgid to reverse, and its infno
	oinfno        string
	claim         *claim // 2304 and 2303

	// The codes of which one must be answered; empty: the message is whole. More than
	// one only where syntax is broken in several ways at once.
	refusals []int
}

// claim is a discharge bill.
type claim struct {
	person, visit, certType string
	insurance, personType   string
	civilServant            bool
	birth                   string // yyyy-MM-dd; "" if not sent
	identities              []identity
	admitted, discharged    time.Time
	medType, diagnosis      string
	level, filing           string
	emergency, injury       bool
	useAccount              bool
	balance                 *big.Rat // nil: unknown
	opening                 *opening

	total, own, over, first, scope *big.Rat

	content string // what a repetition must have the same
}

type identity struct{ kind, level, begin, end string }

// opening is the year's figures from elsewhere.
type opening struct {
	year                             int
	stays                            int
	deductible, ownShare, outpatient *big.Rat
	paid                             map[string]*big.Rat // by fund
}

// read reads a message by the interface for hospitals.
func read(subject string, body []byte) request {
	tokens := strings.Split(subject, ".")
	if len(body) > 1<<20 {
		return request{refusals: []int{codeTooBig}}
	}
	v, faults := document(body)
	if codes := syntaxCodes(faults); codes != nil {
		return request{refusals: codes}
	}
	r := &reader{}
	o := object{r, v, true}
	q := request{
		infno: o.text("infno", transaction, true), msgid: o.text("msgid", msgid, true),
		provider:  o.text("fixmedins_code", provider, true),
		treatment: o.area("mdtrtarea_admvs"), home: o.area("insuplc_admdvs"),
	}
	o.operator("opter")
	input := o.object("input", true)
	switch q.infno {
	case "2304", "2303":
		q.claim = readClaim(input, q.home)
		q.person, q.visit = q.claim.person, q.claim.visit
		q.claim.content = q.treatment + q.home + content(input, q.claim)
	case "2305":
		data := input.object("data", true)
		q.settlement, q.person, q.visit = data.text("setl_id", identifier, true), data.text("psn_no", identifier, true), data.text("mdtrt_id", identifier, true)
	case "2601":
		data := input.object("data", true)
		q.person, q.omsgid, q.oinfno = data.text("psn_no", identifier, true), data.text("omsgid", msgid, true), data.text("oinfno", reversible, true)
	}
	for i, said := range []string{o.member("mdtrtarea_admvs").text, o.member("insuplc_admdvs").text, q.provider, q.msgid} {
		if i < 2 && len(said) >= 2 {
			said = said[:2]
		}
		if len(tokens) != 5 || said != "" && said != tokens[i+1] {
			r.wrong(codeSubject)
		}
	}
	if r.lowest != 0 {
		q.refusals = []int{r.lowest}
	}
	return q
}

func syntaxCodes(f documentFaults) (codes []int) {
	for code, found := range map[int]bool{codeMalformed: f.malformed, codeTwice: f.twice, codeTooBig: f.tooBig} {
		if found {
			codes = append(codes, code)
		}
	}
	sort.Ints(codes)
	return codes
}

func readClaim(input object, home string) *claim {
	data, stay := input.object("data", true), input.object("mdtrtinfo", true)
	c := &claim{
		person: data.text("psn_no", identifier, true), visit: data.text("mdtrt_id", identifier, true),
		certType: data.text("mdtrt_cert_type", certificate, true), insurance: data.text("insutype", insurance, true),
		personType: data.text("psn_type", personType, true), civilServant: data.flag("cvlserv_flag", true),
		useAccount: data.flag("acct_used_flag", true),
	}
	data.text("mdtrt_cert_no", printable, true)
	if data.flag("mid_setl_flag", true) {
		data.wrong(codeInterim)
	}
	c.total, _ = data.payment("medfee_sumamt", true)
	c.own, _ = data.payment("fulamt_ownpay_amt", true)
	c.over, _ = data.payment("overlmt_selfpay", true)
	c.first, _ = data.payment("preselfpay_amt", true)
	c.scope, _ = data.payment("inscp_scp_amt", true)
	if sum(c.own, c.over, c.first, c.scope).Cmp(c.total) != 0 {
		data.wrong(codeAmountSum)
	}
	readStay(c, data, stay)
	person := input.object("baseinfo", false)
	person.name("psn_name")
	if t, ok := person.moment("brdy", false); ok {
		c.birth = t.Format(time.DateOnly)
	}
	c.balance = readBalance(input, c.insurance, home)
	for _, row := range input.rows("idetinfo") {
		id := identity{kind: row.text("psn_idet_type", identifier, true), level: row.text("psn_type_lv", identifier, false)}
		if t, ok := row.moment("begntime", false); ok {
			id.begin = t.Format(time.DateOnly)
		}
		if t, ok := row.moment("endtime", false); ok {
			id.end = t.Format(time.DateOnly)
		}
		c.identities = append(c.identities, id)
	}
	c.opening = readOpening(input.object("accinfo", false))
	readLines(input, data, c)
	return c
}

func readStay(c *claim, data, stay object) {
	c.medType = stay.text("med_type", shortCode, true)
	stay.text("ipt_no", printable, true)
	c.diagnosis = stay.text("dscg_maindiag_code", printable, true)
	c.level = stay.text("hosp_lv", level, true)
	c.emergency = stay.text("adm_way", shortCode, true) == "1" || c.medType == "24"
	c.filing = stay.text("out_fil_type", filing, false)
	c.injury = stay.flag("trum_flag", true) || c.medType == "22"
	if stay.flag("rel_ttp_flag", c.injury) && c.injury {
		stay.wrong(codeThirdParty)
	}
	var ended bool
	c.admitted, _ = stay.moment("begntime", true)
	c.discharged, ended = stay.moment("endtime", true)
	if c.discharged.Before(c.admitted) {
		stay.wrong(codePeriod)
	}
	if day, ok := data.moment("dscgTime", false); ok && ended && day.Format(time.DateOnly) != c.discharged.Format(time.DateOnly) {
		data.wrong(codeForm)
	}
}

// readBalance is the balance of the row for this insurance and area.
func readBalance(input object, insutype, home string) *big.Rat {
	rows := []object{}
	if v := input.member("insuinfo"); v.kind == '{' {
		rows = append(rows, input.object("insuinfo", false))
	} else {
		rows = input.rows("insuinfo")
	}
	var found *big.Rat
	matches := 0
	for _, row := range rows {
		kind, area := row.text("insutype", insurance, false), row.text("insuplc_admdvs", sixDigits, false)
		if !row.there || kind != "" && kind != insutype || area != "" && area != home {
			continue
		}
		matches++
		if a, ok := row.payment("balc", false); ok {
			found = a
		}
	}
	if matches > 1 {
		input.wrong(codeForm)
	}
	return found
}

func readOpening(o object) *opening {
	if !o.there {
		return nil
	}
	p := &opening{paid: map[string]*big.Rat{}}
	fmt.Sscan(o.text("trt_year", fourDigits, true), &p.year) // four digits, or the message is refused
	fmt.Sscan(o.text("ipt_cnt", stayCount, true), &p.stays)
	p.deductible, _ = o.payment("act_pay_dedc", true)
	p.ownShare, _ = o.payment("inscp_selfpay_amt", true)
	p.outpatient, _ = o.payment("opt_pool_pay", false)
	for _, row := range o.rows("payinfo") {
		fund := row.text("fund_pay_type", sixDigits, true)
		paid, _ := row.payment("fund_payamt", true)
		if p.paid[fund] != nil && fund != "" {
			row.wrong(codeForm)
		}
		p.paid[fund] = paid
	}
	return p
}
