package main

import (
	"iter"
	"maps"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// outcome is an outcome in the user's language.
func (a *app) outcome(o provinces.Outcome) string {
	if a.lang == english {
		return string(o)
	}
	zh := map[provinces.Outcome]string{
		provinces.Booked: "已结算", provinces.Repeated: "重复", provinces.Cancelled: "已撤销",
		provinces.Reversed: "已冲正", clearing.Adjusted: "经办调整", clearing.Acted: "经办", provinces.Refused: "拒绝", provinces.Quarantined: "隔离待查",
	}
	return orDefault(zh[o], string(o))
}

// warning is what an officer should know about a booked bill.
func (a *app) warning(w benefit.Warning) string {
	switch w {
	case benefit.WarnUnverified:
		return a.say("待遇政策未经核实", "the plan is not verified")
	case benefit.WarnInvented:
		return a.say("待遇政策为演示虚构", "the plan was made for demonstrations")
	case benefit.WarnAssumed:
		return a.say("用到了政策来源未载明、由本系统假定的规则", "a rule was used that the plan's source is silent about")
	case benefit.WarnDeclared:
		return a.say("人员信息以报文为准，参保地未登记", "the claim's word was taken for the person")
	case benefit.WarnAbsent:
		return a.say("缺少某项事实，未给予相应优待", "a fact was missing, so a privilege was not given")
	}
	return string(w)
}

// yes is a yes or no in the user's language.
func (a *app) yes(b bool) string {
	if b {
		return a.say("是", "yes")
	}
	return a.say("否", "no")
}

// grouped writes an amount with thousands apart: 6,290,000.00.
func grouped(amount ledger.Amount) string {
	s := amount.String()
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + fraction
}

func mapKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// province is a province with its code and name.
func (a *app) province(p ledger.Province) string {
	if !provinces.Known(p) {
		return string(p)
	}
	return string(p) + " " + provinces.Name(p, a.lang)
}

// fund is a fund with its code and name.
func (a *app) fund(f ledger.Fund) string { return string(f) + " " + provinces.FundName(f, a.lang) }
