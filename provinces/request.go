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

	// PersonName is the patient's name (baseinfo.psn_name), "" if absent. It is held
	// against the home region's register and not kept.
	PersonName string

	Claim        *Claim
	Cancellation *Cancellation
	Reversal     *Reversal
}

// Claim is a discharge bill (2304, or 2303 for an estimate), split by the treatment
// side's catalogue. Its fields are read by the calculator or the ledger, but for the
// certificate shown at the desk and ipt_no; [Differences] says when two claims for one
// stay have the same content.
//
// Invariant: Total = OwnExpense + OverLimit + SelfPayFirst + InScope, none negative.
type Claim struct {
	PersonNo string `cbor:"1,keyasint,omitempty"` // psn_no, as the home region issued it
	VisitID  string `cbor:"2,keyasint,omitempty"` // mdtrt_id of the stay at the provider
	CertType string `cbor:"3,keyasint,omitempty"` // mdtrt_cert_type: 01 e-voucher, 02 identity card, 03 social-security card
	CertNo   string `cbor:"4,keyasint,omitempty"` // mdtrt_cert_no: identifies a person; never logged, never printed

	Insutype     string      `cbor:"5,keyasint,omitempty"` // 310 employee, 390 resident, ... (national-interface 6.1)
	PersonType   string      `cbor:"6,keyasint,omitempty"` // psn_type, for example 11 active, 12 retired (6.3)
	CivilServant bool        `cbor:"7,keyasint,omitempty"` // cvlserv_flag
	Birth        *ledger.Day `cbor:"8,keyasint,omitempty"`
	Identities   []Identity  `cbor:"9,keyasint,omitempty"` // hardship groups and the like, as 1101 gave them

	Admitted      DateTime `cbor:"10,keyasint,omitempty"` // begntime
	Discharged    DateTime `cbor:"11,keyasint,omitempty"` // endtime; the stay's key with provider and VisitID
	MedType       string   `cbor:"12,keyasint,omitempty"` // med_type (6.2)
	InpatientNo   string   `cbor:"13,keyasint,omitempty"` // ipt_no
	MainDiagnosis string   `cbor:"14,keyasint,omitempty"` // dscg_maindiag_code
	HospitalLevel string   `cbor:"15,keyasint,omitempty"` // hosp_lv, 01 to 11 (6.11)
	Emergency     bool     `cbor:"16,keyasint,omitempty"` // adm_way 1, or med_type 24
	FilingType    string   `cbor:"17,keyasint,omitempty"` // out_fil_type (6.17); "" = not filed
	Injury        bool     `cbor:"18,keyasint,omitempty"` // trum_flag 1, or med_type 22
	ThirdParty    bool     `cbor:"19,keyasint,omitempty"` // rel_ttp_flag

	Total        ledger.Amount `cbor:"20,keyasint,omitempty"` // medfee_sumamt
	OwnExpense   ledger.Amount `cbor:"21,keyasint,omitempty"` // fulamt_ownpay_amt: outside the catalogue
	OverLimit    ledger.Amount `cbor:"22,keyasint,omitempty"` // overlmt_selfpay: above a price limit
	SelfPayFirst ledger.Amount `cbor:"23,keyasint,omitempty"` // preselfpay_amt: the patient's first share of class B and the like
	InScope      ledger.Amount `cbor:"24,keyasint,omitempty"` // inscp_scp_amt: what the home rules are applied to

	UseAccount     bool           `cbor:"25,keyasint,omitempty"` // acct_used_flag 1
	AccountBalance *ledger.Amount `cbor:"26,keyasint,omitempty"` // insuinfo.balc; nil = unknown, then nothing is taken

	Opening *Opening `cbor:"27,keyasint,omitempty"` // accinfo; nil = none sent
	Lines   []Line   `cbor:"28,keyasint,omitempty"` // feedetail; empty = none sent
}

// Identity is one hardship group or similar status of a person (idetinfo).
type Identity struct {
	Type  string      `cbor:"1,keyasint,omitempty"` // psn_idet_type; what it means is said by the plan
	Level string      `cbor:"2,keyasint,omitempty"` // psn_type_lv; "" if absent
	Begin *ledger.Day `cbor:"3,keyasint,omitempty"`
	End   *ledger.Day `cbor:"4,keyasint,omitempty"` // last day it holds; nil = open
}

// HoldsOn reports whether the identity is in force on day.
func (i Identity) HoldsOn(day ledger.Day) bool {
	return (i.Begin == nil || *i.Begin <= day) && (i.End == nil || day <= *i.End)
}

// Opening is a person's year before this stay, from elsewhere (accinfo). It is used
// once, when the person-year is first seen.
type Opening struct {
	Year          int           `cbor:"1,keyasint,omitempty"`
	Stays         int           `cbor:"2,keyasint,omitempty"` // settled stays of the year
	Deductible    ledger.Amount `cbor:"3,keyasint,omitempty"` // deductible paid in the year
	Paid          []FundAmount  `cbor:"4,keyasint,omitempty"` // paid in the year, by fund
	OwnShare      ledger.Amount `cbor:"5,keyasint,omitempty"` // in-scope amount that stayed with the person
	OutpatientSum ledger.Amount `cbor:"6,keyasint,omitempty"` // paid by the pooled fund for outpatient care, where caps are joint
}

// FundAmount is an amount of one fund.
type FundAmount struct {
	Fund   ledger.Fund   `cbor:"1,keyasint,omitempty"`
	Amount ledger.Amount `cbor:"2,keyasint,omitempty"`
}

// Line is one fee line with the split the treatment side gave it (2301).
//
// Invariant: Amount = OwnExpense + OverLimit + SelfPayFirst + InScope.
type Line struct {
	Serial       string        `cbor:"1,keyasint,omitempty"` // feedetl_sn
	Occurred     DateTime      `cbor:"2,keyasint,omitempty"`
	ItemCode     string        `cbor:"3,keyasint,omitempty"` // med_list_codg
	Class        string        `cbor:"4,keyasint,omitempty"` // chrgitm_lv: 01 class A, 02 class B, 03 class C
	Quantity     int64         `cbor:"5,keyasint,omitempty"` // cnt in 1/10000; negative on a refund line
	Price        int64         `cbor:"6,keyasint,omitempty"` // pric in 1/1000000 yuan
	PriceLimit   int64         `cbor:"7,keyasint,omitempty"` // pric_uplmt_amt in 1/1000000 yuan; 0 = none
	SelfPayShare int64         `cbor:"8,keyasint,omitempty"` // selfpay_prop in 1/10000
	Amount       ledger.Amount `cbor:"9,keyasint,omitempty"` // det_item_fee_sumamt
	OwnExpense   ledger.Amount `cbor:"10,keyasint,omitempty"`
	OverLimit    ledger.Amount `cbor:"11,keyasint,omitempty"` // overlmt_amt on a line
	SelfPayFirst ledger.Amount `cbor:"12,keyasint,omitempty"`
	InScope      ledger.Amount `cbor:"13,keyasint,omitempty"`
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
