package clearing

import (
	"strconv"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// CaseKind is what a case is about. The words are stored: append-only.
type CaseKind string

// The kinds of cases.
const (
	CaseProposal  CaseKind = "proposal"  // what a maker proposes and a checker has not decided
	CaseDeduction CaseKind = "deduction" // 审核扣款: money held back from a bill
	CaseTakeBack  CaseKind = "takeback"  // 追回: money of a bill that was confirmed or paid
	CaseBatch     CaseKind = "batch"     // 月度确认批次: rows that were confirmed together
	CaseInquiry   CaseKind = "inquiry"   // 费用协查 (article 58)
	CaseTicket    CaseKind = "ticket"    // 问题协同 (article 59)
	CaseGroup     CaseKind = "group"     // what was decided about breaks that resolve themselves
	CaseReversal  CaseKind = "reversal"  // an accepted difference that was taken back
)

// CaseKinds lists the kinds in the order in which documents explain them.
var CaseKinds = []CaseKind{CaseProposal, CaseDeduction, CaseTakeBack, CaseBatch, CaseInquiry, CaseTicket, CaseGroup, CaseReversal}

// CaseState is how far a case has come.
type CaseState string

// The states of cases.
const (
	Waiting    CaseState = "waiting"     // proposal: for the checker; inquiry, ticket: for an answer
	Approved   CaseState = "approved"    // proposal: carried out
	Withdrawn  CaseState = "withdrawn"   // proposal, inquiry
	Held       CaseState = "reserved"    // deduction: the money is held back
	Appealed   CaseState = "appealed"    // deduction: the hospital objects
	Upheld     CaseState = "upheld"      // deduction: the money has left the books
	Restored   CaseState = "restored"    // deduction, takeback: the money is owed again
	Taken      CaseState = "taken"       // takeback
	Agreed     CaseState = "confirmed"   // batch; inquiry, ticket: the answer is accepted
	RolledBack CaseState = "rolled-back" // batch
	Answered   CaseState = "answered"    // inquiry, ticket
	Undone     CaseState = "undone"      // group, reversal
)

// Case is a matter that officers work on, folded from the records of their acts. Its
// steps name those records, and with them who did what and why.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Case struct {
	Kind    CaseKind  `cbor:"1,keyasint"`
	ID      string    `cbor:"2,keyasint"` // the books' number of the act that opened it; see CaseKey for other forms
	State   CaseState `cbor:"3,keyasint"`
	Version uint64    `cbor:"4,keyasint"`           // the newest act on it
	Before  uint64    `cbor:"5,keyasint,omitempty"` // the act before that

	Home      ledger.Province `cbor:"6,keyasint,omitempty"`
	Treatment ledger.Province `cbor:"7,keyasint,omitempty"`
	Provider  string          `cbor:"8,keyasint,omitempty"`
	Bill      uint64          `cbor:"9,keyasint,omitempty"`  // the books' number of the bill; 0: none
	Target    string          `cbor:"10,keyasint,omitempty"` // proposal: what it is about; ticket: what it refers to

	Opened ledger.Day      `cbor:"11,keyasint"`
	Due    ledger.Day      `cbor:"12,keyasint,omitempty"` // until when Owner must act; 0: no clock
	Owner  ledger.Province `cbor:"13,keyasint,omitempty"` // whose turn it is; "": nobody's

	Funds  []provinces.FundAmount `cbor:"14,keyasint,omitempty"` // deduction, takeback: positive
	From   []StageAmount          `cbor:"15,keyasint,omitempty"` // deduction: where the money was held back from
	Offset []provinces.FundAmount `cbor:"16,keyasint,omitempty"` // takeback: what a clearing has set off of it
	Facts  [32]byte               `cbor:"17,keyasint,omitempty"` // proposal: digest of what it was decided upon

	Period Period   `cbor:"18,keyasint,omitempty"` // batch: the clearing period; inquiry: the month of its list
	Rows   []uint64 `cbor:"19,keyasint,omitempty"` // batch: the rows it confirms

	Result string          `cbor:"20,keyasint,omitempty"` // inquiry: "right" or "wrong"
	Type   TicketType      `cbor:"21,keyasint,omitempty"` // ticket
	Asker  ledger.Province `cbor:"22,keyasint,omitempty"` // ticket: who opened it
	Holder string          `cbor:"23,keyasint,omitempty"` // ticket: the first responder, who owns it
	Level  int             `cbor:"24,keyasint,omitempty"` // ticket: 0, and one more each time it was reopened to the upper level

	Steps []CaseStep `cbor:"25,keyasint"` // oldest first
}

// CaseStep is one act on a case.
type CaseStep struct {
	Act  uint64     `cbor:"1,keyasint" json:"act"` // the books' number of its record
	Kind ActKind    `cbor:"2,keyasint" json:"kind"`
	Day  ledger.Day `cbor:"3,keyasint" json:"day"`
}

// CaseKey names a case: "<kind>/<id>". A proposal, deduction, takeback or ticket has the
// books' number of the act that opened it as its id; a batch
// "<province>/<provider>/<period>/<number>" with "-" for the provider of a province's own
// confirmation; an inquiry "<month>/<bill>"; a group "<name>/<province>"; a reversal the number of the act it takes back.
type CaseKey struct {
	Kind CaseKind
	ID   string
}

// Key is the case's key.
func (c *Case) Key() CaseKey { return CaseKey{c.Kind, c.ID} }

func (k CaseKey) String() string { return string(k.Kind) + "/" + k.ID }

// ParseCaseKey reads the text of a key; ok is false if its kind is none.
func ParseCaseKey(text string) (key CaseKey, ok bool) {
	kind, id, ok := strings.Cut(text, "/")
	for _, known := range CaseKinds {
		if string(known) == kind && id != "" && ok {
			return CaseKey{known, id}, true
		}
	}
	return CaseKey{}, false
}

func numberedCase(kind CaseKind, number uint64) CaseKey {
	return CaseKey{kind, strconv.FormatUint(number, 10)}
}

// BatchPrefix is what the ids of all batches of a period begin with: of one hospital, or
// with provider "" of the province's own confirmations.
func BatchPrefix(province ledger.Province, provider string, period Period) string {
	if provider == "" {
		provider = "-"
	}
	return string(province) + "/" + provider + "/" + strconv.Itoa(int(period)) + "/"
}

// StateOn is the state of the case as of a day. A ticket whose answer nobody has objected
// to in ten working days counts as confirmed (article 59).
func (c *Case) StateOn(day ledger.Day) CaseState {
	if c.Kind == CaseTicket && c.State == Answered && c.Due != 0 && day > c.Due {
		return Agreed
	}
	return c.State
}

// Late is how often an inquiry's answer has missed the 26th by that day: it rolls over
// from list to list and is counted (article 58).
func (c *Case) Late(day ledger.Day) (missed int) {
	if c.Kind != CaseInquiry || c.State != Waiting {
		return 0
	}
	for due := c.Due; due < day; missed++ {
		due = PeriodOf(due).Add(1).First() + inquiryFixed - 1
	}
	return missed
}

// Money is the sum of a case's funds.
func (c *Case) Money() (sum ledger.Amount) {
	for _, f := range c.Funds {
		sum += f.Amount // parts of a checked bill cannot overflow
	}
	return sum
}
