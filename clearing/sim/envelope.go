package sim

import (
	"bytes"
	"encoding/json"
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Built is what every envelope says of itself, in opter_name and exp_content.
const Built = "演示数据 built sample"

// envelope is the national request envelope (national-interface 1.1), in its order.
type envelope struct {
	Infno        string `json:"infno"`
	MsgID        string `json:"msgid"`
	Treatment    string `json:"mdtrtarea_admvs"`
	Home         string `json:"insuplc_admdvs"`
	Receiver     string `json:"recer_sys_code"`
	Device       string `json:"dev_no"`
	DeviceInfo   string `json:"dev_safe_info"`
	Signature    string `json:"cainfo"`
	SignType     string `json:"signtype"`
	Version      string `json:"infver"`
	OperatorKind string `json:"opter_type"`
	Operator     string `json:"opter"`
	OperatorName string `json:"opter_name"`
	Time         string `json:"inf_time"`
	Provider     string `json:"fixmedins_code"`
	ProviderName string `json:"fixmedins_name"`
	SignNo       string `json:"sign_no"`
	Input        any    `json:"input"`
}

// settleInput is the input of 2304 as design section 4 asks for it: self-contained.
type settleInput struct {
	Data      settleData `json:"data"`
	Stay      stayInfo   `json:"mdtrtinfo"`
	Person    personInfo `json:"baseinfo"`
	Insurance *insurance `json:"insuinfo,omitempty"`
	Identity  []identity `json:"idetinfo,omitempty"`
	Account   *account   `json:"accinfo,omitempty"`
	Lines     []wireLine `json:"feedetail,omitempty"`
}

type settleData struct {
	PersonNo     string `json:"psn_no"`
	CertType     string `json:"mdtrt_cert_type"`
	CertNo       string `json:"mdtrt_cert_no"`
	Total        money  `json:"medfee_sumamt"`
	Way          string `json:"psn_setlway"`
	VisitID      string `json:"mdtrt_id"`
	Insutype     string `json:"insutype"`
	UseAccount   string `json:"acct_used_flag"`
	Invoice      string `json:"invono"`
	Interim      string `json:"mid_setl_flag"`
	OwnExpense   money  `json:"fulamt_ownpay_amt"`
	OverLimit    money  `json:"overlmt_selfpay"`
	SelfPayFirst money  `json:"preselfpay_amt"`
	InScope      money  `json:"inscp_scp_amt"`
	Discharged   string `json:"dscgTime"`
	Note         string `json:"exp_content"`
	PersonType   string `json:"psn_type"`
	CivilServant string `json:"cvlserv_flag"`
}

type stayInfo struct {
	Admitted    string `json:"begntime"`
	Discharged  string `json:"endtime"`
	MedType     string `json:"med_type"`
	InpatientNo string `json:"ipt_no"`
	Diagnosis   string `json:"dscg_maindiag_code"`
	DiagName    string `json:"dscg_maindiag_name"`
	Level       string `json:"hosp_lv"`
	AdmWay      string `json:"adm_way"`
	Filing      string `json:"out_fil_type,omitempty"`
	Injury      string `json:"trum_flag"`
	ThirdParty  string `json:"rel_ttp_flag"`
}

type personInfo struct {
	Name  string `json:"psn_name"`
	Birth string `json:"brdy"`
}

type insurance struct {
	Balance money `json:"balc"`
}

type identity struct {
	Type  string `json:"psn_idet_type"`
	Begin string `json:"begntime"`
}

// account is the year's figures before this stay from elsewhere (design section 4).
type account struct {
	Year       string     `json:"trt_year"`
	Stays      string     `json:"ipt_cnt"`
	Deductible money      `json:"act_pay_dedc"`
	OwnShare   money      `json:"inscp_selfpay_amt"`
	Paid       []fundPaid `json:"payinfo"`
}

type fundPaid struct {
	Fund   string `json:"fund_pay_type"`
	Amount money  `json:"fund_payamt"`
}

// cancelInput is the input of 2305.
type cancelInput struct {
	Data cancelData `json:"data"`
}

type cancelData struct {
	VisitID      string `json:"mdtrt_id"`
	SettlementID string `json:"setl_id"`
	PersonNo     string `json:"psn_no"`
	Note         string `json:"exp_content"`
}

// reverseInput is the input of 2601.
type reverseInput struct {
	Data reverseData `json:"data"`
}

type reverseData struct {
	PersonNo      string `json:"psn_no"`
	OriginalMsgID string `json:"omsgid"`
	OriginalInfno string `json:"oinfno"`
}

// money is an amount on the wire: text, or a bare JSON number where the hospital's
// system writes it so. Both are met in the field.
type money struct {
	amount ledger.Amount
	bare   bool
}

// MarshalJSON writes yuan with two decimals.
func (m money) MarshalJSON() ([]byte, error) {
	if m.bare {
		return []byte(m.amount.String()), nil
	}
	return fmt.Appendf(nil, "%q", m.amount.String()), nil
}

// claim is everything one 2304 says.
type claim struct {
	hospital Hospital
	person   Person
	stay     Stay
	note     string // said beside Built
}

// input writes the 2304 input of the claim.
func (c claim) input() settleInput {
	s, p, bare := c.stay, c.person, c.hospital.bare
	in := settleInput{
		Data: settleData{
			PersonNo: p.Number, CertType: p.CertType, CertNo: p.CertNo,
			Total: money{s.Total, bare}, Way: "01", VisitID: s.VisitID, Insutype: p.Insutype,
			UseAccount: flag(s.UseAccount), Invoice: "", Interim: "0",
			OwnExpense: money{s.OwnExpense, bare}, OverLimit: money{s.OverLimit, bare},
			SelfPayFirst: money{s.SelfPayFirst, bare}, InScope: money{s.InScope, bare},
			Discharged: s.Discharged.Day().String(), Note: note(c.note),
			PersonType: p.PersonType, CivilServant: flag(p.CivilServant),
		},
		Stay: stayInfo{
			Admitted: s.Admitted.String(), Discharged: s.Discharged.String(), MedType: s.MedType, InpatientNo: s.InpatientNo,
			Diagnosis: s.Diagnosis.code, DiagName: s.Diagnosis.name, Level: c.hospital.Level, AdmWay: s.AdmWay,
			Filing: p.Filing, Injury: flag(s.MedType == injury), ThirdParty: "0",
		},
		Person: personInfo{Name: p.Name, Birth: p.Birth.String()},
		Lines:  wireLines(s, p.Number, bare),
	}
	if p.Balance != nil {
		in.Insurance = &insurance{Balance: money{*p.Balance, bare}}
	}
	if e := s.Earlier; e != nil {
		in.Account = &account{
			Year: fmt.Sprint(e.Year), Stays: fmt.Sprint(e.Stays), Deductible: money{e.Deductible, bare}, OwnShare: money{e.OwnShare, bare},
			Paid: []fundPaid{{basicFund[p.Insutype], money{e.Paid, bare}}},
		}
	}
	if p.Hardship != "" {
		in.Identity = []identity{{Type: p.Hardship, Begin: "2016-01-01"}}
	}
	return in
}

// basicFund is the pooled fund of an insurance (fund_pay_type).
var basicFund = map[string]string{"310": "310100", "390": "390100"}

func note(what string) string {
	if what == "" {
		return Built
	}
	return Built + "; " + what
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// seal wraps an input into the envelope of a hospital and gives the message its place
// on the bus.
func seal(infno string, h Hospital, home ledger.Area, msgID string, at provinces.DateTime, input any) (provinces.Subject, []byte) {
	subject := provinces.Subject{Treatment: h.Area.Province(), Home: home.Province(), Provider: h.Code, MsgID: msgID}
	body := encode(envelope{
		Infno: infno, MsgID: msgID, Treatment: string(h.Area), Home: string(home),
		Receiver: "SAMPLE", Version: "V1.0", OperatorKind: "1", Operator: "SAMPLE01", OperatorName: Built,
		Time: at.String(), Provider: h.Code, ProviderName: h.Name, Input: input,
	})
	return subject, body
}

// encode writes compact JSON without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("sim: a message of our own making does not encode: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
