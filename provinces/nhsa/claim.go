package nhsa

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Codes that the dialect itself gives a meaning.
const (
	admittedByEmergency = "1"  // adm_way
	medTypeInjury       = "22" // 外伤住院
	medTypeEmergency    = "24" // 急诊转住院
)

// readClaim reads the input of a 2304 or 2303.
func readClaim(input object, home ledger.Area) *provinces.Claim {
	c := &provinces.Claim{}
	data, stay := input.needObject("data"), input.needObject("mdtrtinfo")
	readPerson(c, data)
	readAmounts(c, data)
	readStay(c, data, stay)
	c.Birth = input.object("baseinfo").day("brdy")
	c.AccountBalance = readBalance(input, c.Insutype, home)
	c.Identities = readIdentities(input)
	c.Opening = readOpening(input.object("accinfo"))
	c.Lines = readLines(input, data)
	checkTotals(c, data)
	return c
}

// readPerson reads who was treated and under which insurance.
func readPerson(c *provinces.Claim, data object) {
	c.PersonNo = data.needText("psn_no", personNumber)
	c.VisitID = data.needText("mdtrt_id", recordNumber)
	c.CertType = data.needText("mdtrt_cert_type", certType)
	c.CertNo = data.needText("mdtrt_cert_no", certificate)
	c.Insutype = data.needText("insutype", insuranceTyp)
	c.PersonType = data.needText("psn_type", personType)
	c.CivilServant = data.needFlag("cvlserv_flag")
	c.UseAccount = data.needFlag("acct_used_flag")
	if data.needFlag("mid_setl_flag") {
		data.report(provinces.CodeInterim, data.field("mid_setl_flag"), "0", "1")
	}
}

// readAmounts reads the bill and its four parts, and holds identity A of the national
// interface (section 2.6): the parts add up to the total.
func readAmounts(c *provinces.Claim, data object) {
	c.Total = data.payment("medfee_sumamt")
	c.OwnExpense = data.payment("fulamt_ownpay_amt")
	c.OverLimit = data.payment("overlmt_selfpay")
	c.SelfPayFirst = data.payment("preselfpay_amt")
	c.InScope = data.payment("inscp_scp_amt")
	parts := c.OwnExpense + c.OverLimit + c.SelfPayFirst + c.InScope // four times 10^14 fen at most
	if parts != c.Total {
		data.report(provinces.CodeAmountSum, data.field("medfee_sumamt"), parts.String(), c.Total.String())
	}
}

// readStay reads when, where and why the person was treated.
func readStay(c *provinces.Claim, data, stay object) {
	c.MedType = stay.needText("med_type", shortCode)
	c.InpatientNo = stay.needText("ipt_no", localNumber)
	c.MainDiagnosis = stay.needText("dscg_maindiag_code", localNumber)
	c.HospitalLevel = stay.needText("hosp_lv", hospitalLevel)
	c.Emergency = stay.needText("adm_way", shortCode) == admittedByEmergency || c.MedType == medTypeEmergency
	c.FilingType = stay.text("out_fil_type", filingType)
	readInjury(c, stay)
	readPeriod(c, data, stay)
}

// readInjury reads whether somebody else is liable. An injury must say so: if silence
// counted as "nobody", it would be paid from insurance for a third party.
func readInjury(c *provinces.Claim, stay object) {
	c.Injury = stay.needFlag("trum_flag") || c.MedType == medTypeInjury
	if c.Injury {
		stay.require("rel_ttp_flag", zeroOne.expected)
	}
	c.ThirdParty = stay.flag("rel_ttp_flag")
	if c.Injury && c.ThirdParty {
		stay.report(provinces.CodeThirdParty, stay.field("rel_ttp_flag"), "0", "1")
	}
}

// readPeriod reads admission and discharge. dscgTime, the national spelling of the
// discharge day in data, may be absent; if it is there it must name the same day: two days
// for one discharge is a mistake of form that no clock is needed to see.
func readPeriod(c *provinces.Claim, data, stay object) {
	ended := false
	c.Admitted, _ = stay.needMoment("begntime")
	c.Discharged, ended = stay.needMoment("endtime")
	if c.Discharged < c.Admitted {
		stay.report(provinces.CodePeriod, stay.field("endtime"), ">= "+c.Admitted.String(), c.Discharged.String())
	}
	if day := data.day("dscgTime"); day != nil && ended && *day != c.Discharged.Day() {
		data.report(provinces.CodeForm, data.field("dscgTime"), c.Discharged.Day().String(), day.String())
	}
}
