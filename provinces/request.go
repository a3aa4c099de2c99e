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
	PersonNo string `cbor:"1,keyasint,omitempty" json:"person_no,omitempty"` // psn_no, as the home region issued it
	VisitID  string `cbor:"2,keyasint,omitempty" json:"visit_id,omitempty"`  // mdtrt_id of the stay at the provider
	CertType string `cbor:"3,keyasint,omitempty" json:"cert_type,omitempty"` // mdtrt_cert_type: 01 e-voucher, 02 identity card, 03 social-security card
	CertNo   string `cbor:"4,keyasint,omitempty" json:"cert_no,omitempty"`   // mdtrt_cert_no: identifies a person; never logged, never printed

	Insutype     string      `cbor:"5,keyasint,omitempty" json:"insutype,omitempty"`    // 310 employee, 390 resident, ... (national-interface 6.1)
	PersonType   string      `cbor:"6,keyasint,omitempty" json:"person_type,omitempty"` // psn_type, for example 11 active, 12 retired (6.3)
	CivilServant bool        `cbor:"7,keyasint,omitempty" json:"civil_servant"`         // cvlserv_flag
	Birth        *ledger.Day `cbor:"8,keyasint,omitempty" json:"birth,omitempty"`
	Identities   []Identity  `cbor:"9,keyasint,omitempty" json:"identities,omitempty"` // hardship groups and the like, as 1101 gave them

	Admitted      DateTime `cbor:"10,keyasint,omitempty" json:"admitted"`                 // begntime
	Discharged    DateTime `cbor:"11,keyasint,omitempty" json:"discharged"`               // endtime; the stay's key with provider and VisitID
	MedType       string   `cbor:"12,keyasint,omitempty" json:"med_type,omitempty"`       // med_type (6.2)
	InpatientNo   string   `cbor:"13,keyasint,omitempty" json:"inpatient_no,omitempty"`   // ipt_no
	MainDiagnosis string   `cbor:"14,keyasint,omitempty" json:"main_diagnosis,omitempty"` // dscg_maindiag_code
	HospitalLevel string   `cbor:"15,keyasint,omitempty" json:"hospital_level,omitempty"` // hosp_lv, 01 to 11 (6.11)
	Emergency     bool     `cbor:"16,keyasint,omitempty" json:"emergency"`                // adm_way 1, or med_type 24
	FilingType    string   `cbor:"17,keyasint,omitempty" json:"filing_type,omitempty"`    // out_fil_type (6.17); "" = not filed
	Injury        bool     `cbor:"18,keyasint,omitempty" json:"injury"`                   // trum_flag 1, or med_type 22
	ThirdParty    bool     `cbor:"19,keyasint,omitempty" json:"third_party"`              // rel_ttp_flag

	Total        ledger.Amount `cbor:"20,keyasint,omitempty" json:"total"`          // medfee_sumamt
	OwnExpense   ledger.Amount `cbor:"21,keyasint,omitempty" json:"own_expense"`    // fulamt_ownpay_amt: outside the catalogue
	OverLimit    ledger.Amount `cbor:"22,keyasint,omitempty" json:"over_limit"`     // overlmt_selfpay: above a price limit
	SelfPayFirst ledger.Amount `cbor:"23,keyasint,omitempty" json:"self_pay_first"` // preselfpay_amt: the patient's first share of class B and the like
	InScope      ledger.Amount `cbor:"24,keyasint,omitempty" json:"in_scope"`       // inscp_scp_amt: what the home rules are applied to

	UseAccount     bool           `cbor:"25,keyasint,omitempty" json:"use_account"`               // acct_used_flag 1
	AccountBalance *ledger.Amount `cbor:"26,keyasint,omitempty" json:"account_balance,omitempty"` // insuinfo.balc; nil = unknown, then nothing is taken

	Opening *Opening `cbor:"27,keyasint,omitempty" json:"opening,omitempty"` // accinfo; nil = none sent
	Lines   []Line   `cbor:"28,keyasint,omitempty" json:"lines,omitempty"`   // feedetail; empty = none sent
}

// Identity is one hardship group or similar status of a person (idetinfo).
type Identity struct {
	Type  string      `cbor:"1,keyasint,omitempty" json:"type"`            // psn_idet_type; what it means is said by the plan
	Level string      `cbor:"2,keyasint,omitempty" json:"level,omitempty"` // psn_type_lv; "" if absent
	Begin *ledger.Day `cbor:"3,keyasint,omitempty" json:"begin,omitempty"`
	End   *ledger.Day `cbor:"4,keyasint,omitempty" json:"end,omitempty"` // last day it holds; nil = open
}

// HoldsOn reports whether the identity is in force on day.
func (i Identity) HoldsOn(day ledger.Day) bool {
	return (i.Begin == nil || *i.Begin <= day) && (i.End == nil || day <= *i.End)
}

// Opening is a person's year before this stay, from elsewhere (accinfo). It is used
// once, when the person-year is first seen.
type Opening struct {
	Year          int           `cbor:"1,keyasint,omitempty" json:"year"`
	Stays         int           `cbor:"2,keyasint,omitempty" json:"stays"`                    // settled stays of the year
	Deductible    ledger.Amount `cbor:"3,keyasint,omitempty" json:"deductible"`               // deductible paid in the year
	Paid          []FundAmount  `cbor:"4,keyasint,omitempty" json:"paid,omitempty"`           // paid in the year, by fund
	OwnShare      ledger.Amount `cbor:"5,keyasint,omitempty" json:"own_share"`                // in-scope amount that stayed with the person
	OutpatientSum ledger.Amount `cbor:"6,keyasint,omitempty" json:"outpatient_sum,omitempty"` // paid by the pooled fund for outpatient care, where caps are joint
}

// FundAmount is an amount of one fund.
type FundAmount struct {
	Fund   ledger.Fund   `cbor:"1,keyasint,omitempty" json:"fund"`
	Amount ledger.Amount `cbor:"2,keyasint,omitempty" json:"amount"`
}

// Line is one fee line with the split the treatment side gave it (2301).
//
// Invariant: Amount = OwnExpense + OverLimit + SelfPayFirst + InScope.
type Line struct {
	Serial       string        `cbor:"1,keyasint,omitempty" json:"serial,omitempty"` // feedetl_sn
	Occurred     DateTime      `cbor:"2,keyasint,omitempty" json:"occurred"`
	ItemCode     string        `cbor:"3,keyasint,omitempty" json:"item_code,omitempty"` // med_list_codg
	Class        string        `cbor:"4,keyasint,omitempty" json:"class,omitempty"`     // chrgitm_lv: 01 class A, 02 class B, 03 class C
	Quantity     int64         `cbor:"5,keyasint,omitempty" json:"quantity"`            // cnt in 1/10000; negative on a refund line
	Price        int64         `cbor:"6,keyasint,omitempty" json:"price"`               // pric in 1/1000000 yuan
	PriceLimit   int64         `cbor:"7,keyasint,omitempty" json:"price_limit"`         // pric_uplmt_amt in 1/1000000 yuan; 0 = none
	SelfPayShare int64         `cbor:"8,keyasint,omitempty" json:"self_pay_share"`      // selfpay_prop in 1/10000
	Amount       ledger.Amount `cbor:"9,keyasint,omitempty" json:"amount"`              // det_item_fee_sumamt
	OwnExpense   ledger.Amount `cbor:"10,keyasint,omitempty" json:"own_expense"`
	OverLimit    ledger.Amount `cbor:"11,keyasint,omitempty" json:"over_limit"` // overlmt_amt on a line
	SelfPayFirst ledger.Amount `cbor:"12,keyasint,omitempty" json:"self_pay_first"`
	InScope      ledger.Amount `cbor:"13,keyasint,omitempty" json:"in_scope"`
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
