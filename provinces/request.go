package provinces

import "clearingd/ledger"

// Transaction numbers (infno) of the national interface that this house understands.
const (
	InfnoEstimate = "2303" // 预结算: what would be paid; never booked
	InfnoSettle   = "2304" // 出院结算: a Claim
	InfnoCancel   = "2305" // 结算撤销: a Cancellation
	InfnoReverse  = "2601" // 冲正: a Reversal of an unknown outcome
)

// Request is one decoded message of a hospital. Exactly one of Claim, Cancellation
// and Reversal is set, as Infno says (2303 and 2304 carry a Claim).
type Request struct {
	Infno     string
	MsgID     string      // sender's message id, [A-Za-z0-9_-]{1,30}; unique only with the subject
	Treatment ledger.Area // 就医地 mdtrtarea_admvs: who is owed
	Home      ledger.Area // 参保地 insuplc_admdvs: who owes
	Provider  string      // fixmedins_code, [HP][0-9]{11}
	Operator  string      // opter, as sent; "" if absent

	Claim        *Claim
	Cancellation *Cancellation
	Reversal     *Reversal
}

// Claim is a discharge bill (2304, or 2303 for an estimate), split by the treatment
// side's catalogue. Every field here is read by the calculator or the ledger, so two
// claims with equal fields have the same content.
//
// Invariant: Total = OwnExpense + OverLimit + SelfPayFirst + InScope, none negative.
type Claim struct {
	PersonNo string // psn_no, as the home region issued it
	VisitID  string // mdtrt_id of the stay at the provider
	CertType string // mdtrt_cert_type: 01 e-voucher, 02 identity card, 03 social-security card
	CertNo   string // mdtrt_cert_no: identifies a person; never logged, never printed

	Insutype     string // 310 employee, 390 resident, ... (national-interface 6.1)
	PersonType   string // psn_type, for example 11 active, 12 retired (6.3)
	CivilServant bool   // cvlserv_flag
	Birth        *ledger.Day
	Identities   []Identity // hardship groups and the like, as 1101 gave them

	Admitted      DateTime // begntime
	Discharged    DateTime // endtime; the stay's key with provider and VisitID
	MedType       string   // med_type (6.2)
	InpatientNo   string   // ipt_no
	MainDiagnosis string   // dscg_maindiag_code
	HospitalLevel string   // hosp_lv, 01 to 11 (6.11)
	Emergency     bool     // adm_way 1, or med_type 24
	FilingType    string   // out_fil_type (6.17); "" = not filed
	Injury        bool     // trum_flag
	ThirdParty    bool     // rel_ttp_flag

	Total        ledger.Amount // medfee_sumamt
	OwnExpense   ledger.Amount // fulamt_ownpay_amt: outside the catalogue
	OverLimit    ledger.Amount // overlmt_selfpay: above a price limit
	SelfPayFirst ledger.Amount // preselfpay_amt: the patient's first share of class B and the like
	InScope      ledger.Amount // inscp_scp_amt: what the home rules are applied to

	UseAccount     bool           // acct_used_flag 1
	AccountBalance *ledger.Amount // insuinfo.balc; nil = unknown, then nothing is taken

	Opening *Opening // accinfo; nil = none sent
	Lines   []Line   // feedetail; empty = none sent
}

// Identity is one hardship group or similar status of a person (idetinfo).
type Identity struct {
	Type  string // psn_idet_type; what it means is said by the plan
	Level string // psn_type_lv; "" if absent
	Begin *ledger.Day
	End   *ledger.Day // last day it holds; nil = open
}

// HoldsOn reports whether the identity is in force on day.
func (i Identity) HoldsOn(day ledger.Day) bool {
	return (i.Begin == nil || *i.Begin <= day) && (i.End == nil || day <= *i.End)
}

// Opening is a person's year before this stay, from elsewhere (accinfo). It is used
// once, when the person-year is first seen.
type Opening struct {
	Year          int
	Stays         int           // settled stays of the year
	Deductible    ledger.Amount // deductible paid in the year
	Paid          []FundAmount  // paid in the year, by fund
	OwnShare      ledger.Amount // in-scope amount that stayed with the person
	OutpatientSum ledger.Amount // paid by the pooled fund for outpatient care, where caps are joint
}

// FundAmount is an amount of one fund.
type FundAmount struct {
	Fund   ledger.Fund
	Amount ledger.Amount
}

// Line is one fee line with the split the treatment side gave it (2301).
//
// Invariant: Amount = OwnExpense + OverLimit + SelfPayFirst + InScope.
type Line struct {
	Serial       string // feedetl_sn
	Occurred     DateTime
	ItemCode     string        // med_list_codg
	Class        string        // chrgitm_lv: 01 class A, 02 class B, 03 class C
	Quantity     int64         // cnt in 1/10000; negative on a refund line
	Price        int64         // pric in 1/1000000 yuan
	PriceLimit   int64         // pric_uplmt_amt in 1/1000000 yuan; 0 = none
	SelfPayShare int64         // selfpay_prop in 1/10000
	Amount       ledger.Amount // det_item_fee_sumamt
	OwnExpense   ledger.Amount
	OverLimit    ledger.Amount // overlmt_amt on a line
	SelfPayFirst ledger.Amount
	InScope      ledger.Amount
}

// Cancellation asks to undo a booked settlement as a whole (2305).
type Cancellation struct {
	SettlementID string // setl_id of the settlement to undo
	PersonNo     string
	VisitID      string
}

// Reversal asks to make sure that a message of unknown outcome has no effect (2601).
type Reversal struct {
	PersonNo      string
	OriginalMsgID string // omsgid
	OriginalInfno string // oinfno: 2304 or 2305
}
