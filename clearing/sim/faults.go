package sim

import (
	"bytes"
	"fmt"
	"strings"

	"clearingd/provinces"
)

// fault breaks a good 2304 in exactly one way and says which code must come back.
type fault struct {
	name   string
	code   provinces.Code
	breaks func(*provinces.Subject, []byte) []byte
	lines  bool // needs a claim with fee lines
}

// faults is every kind of refusal that a message alone can earn, in the order of the
// codes. What needs a history is in day.go and followups.go.
var faults = []fault{
	{name: "truncated", code: provinces.CodeMalformed, breaks: func(_ *provinces.Subject, b []byte) []byte { return b[:len(b)-1] }},
	{name: "not-utf8", code: provinces.CodeMalformed, breaks: replace(`"opter_name":"演示`, "\"opter_name\":\"\xff\xfe")},
	{name: "trailing", code: provinces.CodeMalformed, breaks: func(_ *provinces.Subject, b []byte) []byte { return append(b, "{}"...) }},
	{name: "duplicate-key", code: provinces.CodeDuplicateKey, breaks: replace(`"mdtrt_id":`, `"psn_no":"1","mdtrt_id":`)},
	{name: "deep", code: provinces.CodeTooDeep, breaks: replace(`"sign_no":""`, `"sign_no":"","x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500))},
	{name: "missing-total", code: provinces.CodeMissing, breaks: set("medfee_sumamt", "null")},
	{name: "empty-person", code: provinces.CodeMissing, breaks: set("psn_no", `""`)},
	{name: "missing-scope", code: provinces.CodeMissing, breaks: set("inscp_scp_amt", "null")},
	{name: "date-form", code: provinces.CodeForm, breaks: set("endtime", `"2016/11/20 10:00"`)},
	{name: "infno", code: provinces.CodeInfno, breaks: set("infno", `"2399"`)},
	{name: "subject", code: provinces.CodeSubject, breaks: otherHomeInSubject},
	{name: "province", code: provinces.CodeProvince, breaks: outsideTheCountry},
	{name: "interim", code: provinces.CodeInterim, breaks: set("mid_setl_flag", `"1"`)},
	{name: "period", code: provinces.CodePeriod, breaks: set("begntime", `"2999-01-01 10:00:00"`)},
	{name: "level-code", code: provinces.CodeUnknownCode, breaks: set("hosp_lv", `"99"`)},
	{name: "third-party", code: provinces.CodeThirdParty, breaks: thirdParty},
	{name: "three-decimals", code: provinces.CodeAmountForm, breaks: set("medfee_sumamt", `"24000.005"`)},
	{name: "exponent", code: provinces.CodeAmountForm, breaks: set("medfee_sumamt", `2.4e4`)},
	{name: "negative", code: provinces.CodeAmountSign, breaks: set("preselfpay_amt", `"-1.00"`)},
	{name: "amount-sum", code: provinces.CodeAmountSum, breaks: set("medfee_sumamt", `"999999.99"`)},
	{name: "line-sum", code: provinces.CodeLineSum, breaks: set("det_item_fee_sumamt", `"0.01"`), lines: true},
	{name: "no-plan", code: provinces.CodeNoPlan, breaks: set("insutype", `"340"`)},
}

// apply breaks a message. It never touches the bytes it was given.
func (f fault) apply(subject provinces.Subject, body []byte) (provinces.Subject, []byte) {
	broken := f.breaks(&subject, bytes.Clone(body))
	if bytes.Equal(broken, body) && f.code != provinces.CodeSubject {
		panic(fmt.Sprintf("sim: fault %q changed nothing", f.name))
	}
	return subject, broken
}

func otherHomeInSubject(s *provinces.Subject, body []byte) []byte {
	other := Regions[0].Province
	if s.Home == other {
		other = Regions[1].Province
	}
	s.Home = other
	return body
}

// outsideTheCountry is a home region that exists and takes no part: 81, Hong Kong.
func outsideTheCountry(s *provinces.Subject, body []byte) []byte {
	s.Home = "81"
	return setMember(body, "insuplc_admdvs", `"810000"`)
}

func thirdParty(_ *provinces.Subject, body []byte) []byte {
	return setMember(setMember(body, "trum_flag", `"1"`), "rel_ttp_flag", `"1"`)
}

func set(member, value string) func(*provinces.Subject, []byte) []byte {
	return func(_ *provinces.Subject, body []byte) []byte { return setMember(body, member, value) }
}

func replace(old, new string) func(*provinces.Subject, []byte) []byte {
	return func(_ *provinces.Subject, body []byte) []byte {
		return bytes.Replace(body, []byte(old), []byte(new), 1)
	}
}

// setMember replaces the value of the first member of that name. The value there must
// be text without escapes, a number, or null, as everything in these messages is.
func setMember(body []byte, member, value string) []byte {
	key := []byte(`"` + member + `":`)
	start := bytes.Index(body, key)
	if start < 0 {
		panic("sim: no member " + member)
	}
	start += len(key)
	length := bytes.IndexAny(body[start:], ",}")
	if body[start] == '"' {
		length = bytes.IndexByte(body[start+1:], '"') + 2
	}
	return bytes.Join([][]byte{body[:start], body[start+length:]}, []byte(value))
}
