package lab_test

import (
	"fmt"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// rule is a test plan: deductible 1,000, one ratio, what else a test is about.
type rule struct {
	area     string
	ratio    int
	top      string // below the title
	version  string // in the version
	cap      int    // of the basic fund in a year; 0: none
	upper    string // layers above the basic fund
	from, to string // validity; "" from 2020, open
}

func (r rule) text() string {
	from, end, ceiling := "2020-01-01", "", ""
	if r.from != "" {
		from = r.from
	}
	if r.to != "" {
		end = "valid_to = " + r.to
	}
	if r.cap != 0 {
		ceiling = fmt.Sprintf("[[version.layer.cap]]\nyuan = %d\n", r.cap)
	}
	return fmt.Sprintf(`area = %q
insurance = "390"
title_zh = "测试"
title_en = "test"
%s
[[version]]
valid_from = %s
%s
source = "test"
verified = true
%s
[version.deductible]
amount = 1000
[[version.out_of_area]]
filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
same_as = "local"
[[version.layer]]
id = "basic"
zh = "统筹基金"
en = "pooled fund"
fund = "390100"
takes = ["in scope"]
[[version.layer.segment]]
pays = %d
%s%s
[version.personal_account]
allowed = false
`, r.area, r.top, from, end, r.version, r.ratio, ceiling, r.upper)
}

// critical is a critical-illness layer above 10,000 of the year's own share.
const critical = `[[version.layer]]
id = "critical"
zh = "大病保险"
en = "critical illness"
fund = "390200"
takes = ["deductible", "own share", "over cap"]
counted = "on the year"
[[version.layer.starts_above]]
yuan = 10_000
[[version.layer.segment]]
pays = 60
`

func plans(t testing.TB, rules ...rule) *benefit.Set {
	t.Helper()
	var list []*benefit.Plan
	for _, r := range rules {
		p, problems := benefit.ParsePlan(r.area+".toml", []byte(r.text()))
		for _, problem := range problems {
			t.Fatalf("%v in\n%s", problem, r.text())
		}
		list = append(list, p)
	}
	set, err := benefit.NewSet(list...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// stay is a stay in a few words: all of its cost is in scope.
type stay struct {
	id         string // msgid, and the visit
	person     int
	home       ledger.Area // 653100 if empty
	cost       ledger.Amount
	level      string // hosp_lv; 02 if empty
	treatment  ledger.Area
	admitted   provinces.DateTime
	discharged provinces.DateTime
	opening    *provinces.Opening
	identities []provinces.Identity
	personType string
}

func (s stay) request() provinces.Request {
	or := func(v, plain string) string {
		if v == "" {
			return plain
		}
		return v
	}
	home, treatment := ledger.Area(or(string(s.home), "653100")), ledger.Area(or(string(s.treatment), "330100"))
	if s.discharged == 0 {
		s.discharged = at(firstDay-1, 10)
	}
	if s.admitted == 0 {
		s.admitted = s.discharged - 5*24*60*60
	}
	return provinces.Request{
		Infno: provinces.InfnoSettle, MsgID: s.id, Treatment: treatment, Home: home, Provider: "H" + string(treatment) + "00001",
		Claim: &provinces.Claim{
			PersonNo: fmt.Sprintf("%020d", s.person), VisitID: "V" + s.id, Insutype: "390", PersonType: or(s.personType, "15"),
			HospitalLevel: or(s.level, "02"), MedType: "21", Admitted: s.admitted, Discharged: s.discharged,
			Total: s.cost, InScope: s.cost, Opening: s.opening, Identities: s.identities,
		},
	}
}

func at(day ledger.Day, hour int) provinces.DateTime {
	return provinces.DateTime(int64(day)*24*60*60 + int64(hour)*60*60)
}

func yuan(n int64) ledger.Amount { return ledger.Amount(n * 100) }

// stays sends stays; every one must be booked.
func (b *books) stays(list ...stay) {
	b.Helper()
	requests := make([]provinces.Request, len(list))
	for i, s := range list {
		requests[i] = s.request()
	}
	for i, r := range b.say(requests...) {
		if r.Outcome != provinces.Booked {
			b.Fatalf("%s became %s %d", list[i].id, r.Outcome, r.Code)
		}
	}
}

// cancel takes a booked stay back by its setl_id; it must be the newest of its year.
func (b *books) cancel(id string, s stay, booked uint64) uint64 {
	b.Helper()
	r := s.request()
	request := provinces.Request{
		Infno: provinces.InfnoCancel, MsgID: id, Treatment: r.Treatment, Home: r.Home, Provider: r.Provider,
		Cancellation: &provinces.Cancellation{
			SettlementID: fmt.Sprintf("%sG%013d", r.Treatment, booked), PersonNo: r.Claim.PersonNo, VisitID: r.Claim.VisitID,
		},
	}
	record := b.say(request)[0]
	if record.Outcome != provinces.Cancelled {
		b.Fatalf("%s became %s %d", id, record.Outcome, record.Code)
	}
	return record.Number
}

// reverse makes sure that a message has no effect.
func (b *books) reverse(id string, s stay, original, infno string) {
	b.Helper()
	r := s.request()
	record := b.say(provinces.Request{
		Infno: provinces.InfnoReverse, MsgID: id, Treatment: r.Treatment, Home: r.Home, Provider: r.Provider,
		Reversal: &provinces.Reversal{PersonNo: r.Claim.PersonNo, OriginalMsgID: original, OriginalInfno: infno},
	})[0]
	if record.Outcome != provinces.Reversed || record.Effect == 0 {
		b.Fatalf("%s became %s %d with effect %d", id, record.Outcome, record.Code, record.Effect)
	}
}

func day(y int, m time.Month, d int) ledger.Day { return ledger.NewDay(y, m, d) }
