package provinces

import (
	"time"

	"clearingd/ledger"
)

// Outcome is what became of a message. It is one list everywhere: in the answer's
// Clr-Outcome header, in the night's completeness and in reports.
type Outcome string

// The outcomes (design section 4).
const (
	Booked      Outcome = "booked"      // a claim was settled and the obligation booked
	Repeated    Outcome = "repeated"    // the same again; the first answer is repeated
	Cancelled   Outcome = "cancelled"   // a settlement was undone
	Reversed    Outcome = "reversed"    // an unknown outcome was made to have no effect
	Refused     Outcome = "refused"     // nothing happened; the code says why
	Quarantined Outcome = "quarantined" // our own fault three times; an operator works on it
)

// Outcomes lists every outcome in the order reports show them.
var Outcomes = []Outcome{Booked, Repeated, Cancelled, Reversed, Refused, Quarantined}

// Answer is what a hospital is told about one message. Everything in it comes from
// the message, the books' number and the broker's time, so it can be made again with
// the same bytes.
type Answer struct {
	Infno     string
	MsgID     string // of the request
	Treatment ledger.Area
	Number    uint64    // the books' number
	Received  time.Time // the broker's timestamp of the request, in China's zone; in manual mode with the business day's date
	Outcome   Outcome

	Code   Code         // 0 unless Refused or Quarantined
	Errors []FieldError // what was wrong, where; empty unless Code is set

	Settlement *Settlement // set when Booked, Repeated (of either) or Cancelled
}

// FieldError names one place that is wrong.
type FieldError struct {
	Code     Code   `cbor:"1,keyasint,omitempty" json:"code"`
	Field    string `cbor:"2,keyasint,omitempty" json:"field,omitempty"`    // path in the dialect's own names, for example input.data.medfee_sumamt
	Expected string `cbor:"3,keyasint,omitempty" json:"expected,omitempty"` // what would be right; "" if it cannot be said
	Found    string `cbor:"4,keyasint,omitempty" json:"found,omitempty"`    // what was there, shortened, never an identity number or a name
}

// Settlement is a bill as settled. For a cancellation every amount is negative.
//
// Invariant: Total = sum of Funds + Account + Cash + HospitalPart.
type Settlement struct {
	ID            string // setl_id: treatment area, "G", 13 digits of the books' number
	MsgID         string // msgid of the message that made it (medins_setl_id)
	PersonNo      string
	VisitID       string
	Insutype      string
	PersonType    string
	CivilServant  bool
	Birth         *ledger.Day
	CertType      string // mdtrt_cert_type
	MedType       string
	SettledAt     time.Time
	ClearingOptin ledger.Area // clr_optins: the treatment area

	Total, OwnExpense, OverLimit, SelfPayFirst, InScope ledger.Amount

	DeductiblePaid ledger.Amount
	PoolRatio      int64 // the basic fund's share of the in-scope amount above the deductible, in 1/10000
	Funds          []FundAmount
	Account        ledger.Amount
	Cash           ledger.Amount
	HospitalPart   ledger.Amount
	Balance        ledger.Amount // personal account after this bill; 0 if unknown
}
