package reconcile

import (
	"slices"

	"clearingd/ledger"
)

// Finding is one thing that one side has otherwise than the books. A break can have any
// number of findings and has one primary class.
type Finding struct {
	Side   Side          `cbor:"1,keyasint" json:"side"`
	Class  Class         `cbor:"2,keyasint" json:"class"`
	More   More          `cbor:"3,keyasint,omitempty" json:"more,omitempty"`
	Owed   ledger.Amount `cbor:"4,keyasint,omitempty" json:"owed"`            // the side's funds and account less the books'; on one finding of several about one row
	Field  string        `cbor:"5,keyasint,omitempty" json:"field,omitempty"` // wire name of what differs: medfee_sumamt, fund_pay_sumamt, acct_pay, psn_cash_pay, a fund code, mdtrt_id, ...
	Ours   string        `cbor:"6,keyasint,omitempty" json:"ours,omitempty"`  // never an identity: a differing person is said to differ, no more
	Theirs string        `cbor:"7,keyasint,omitempty" json:"theirs,omitempty"`
	Cause  *Cause        `cbor:"8,keyasint,omitempty" json:"cause,omitempty"` // nil: unknown

	// Of TIMING only: the business days that the side's row counts on, from and to.
	From ledger.Day `cbor:"9,keyasint,omitempty" json:"from,omitempty"`
	To   ledger.Day `cbor:"10,keyasint,omitempty" json:"to,omitempty"`
}

// Cause is why a finding is as it is, proved by a recomputation that gave the side's
// figures to the fen.
type Cause struct {
	Kind  CauseKind     `cbor:"1,keyasint" json:"kind"`
	Owed  ledger.Amount `cbor:"2,keyasint" json:"owed"`                     // what it explains: exactly the finding's Owed
	Proof []string      `cbor:"3,keyasint" json:"proof"`                    // the steps of the recomputation, one line each, for people; the same for everybody
	Refs  []uint64      `cbor:"4,keyasint,omitempty" json:"refs,omitempty"` // books' numbers that the proof rests on

	// Of reversal-across-cut-off only: the side lacks both, the bill and what took it back, so
	// that over both days it agrees with the books.
	Both bool `cbor:"5,keyasint,omitempty" json:"both,omitempty"`
}

// CauseKind is one of the causes that can be proved. The list is closed and append-only.
type CauseKind string

// The causes (where-to-lead P5).
const (
	ReversalAcrossCutOff CauseKind = "reversal-across-cut-off" // 冲正跨日切
	PostedTwice          CauseKind = "posted-twice"            // 重发重复入账
	OffsettingPair       CauseKind = "offsetting-pair"         // 互抵
	RoundingStep         CauseKind = "rounding-step"           // 取整步骤
	PlanVersion          CauseKind = "plan-version"            // 政策版本
	RefundAtInsurer      CauseKind = "refund-at-insurer"       // 经办机构直接退费
	FilingChanged        CauseKind = "filing-changed"          // 备案追溯变更
)

// CauseKinds lists the causes in the order in which they are tried.
var CauseKinds = []CauseKind{ReversalAcrossCutOff, PostedTwice, OffsettingPair, RoundingStep, PlanVersion, RefundAtInsurer, FilingChanged}

// Result is what the match makes of one bill, or of one row without a bill.
//
// Invariant: for each side, the sum of Owed over its findings is what its rows say is owed
// less what the books do, unless ByStay says that they were held against several bills.
type Result struct {
	Books    *Item     // nil: a row without a bill
	Sides    [4][]Item // by Side: what each side stated of it, the row that was held against the bill first; index 0 is unused
	ByStay   [4]bool   // by Side: several rows together make up the bill, or one row this bill and others of its stay
	Standing Standing
	States   [4]SideState // by Side
	Findings []Finding    // in the order of sides and fields; empty unless Standing is Broken

	said  [4]Said   // by Side: the word of the side's party
	back  [4]bool   // by Side: it has a refund of this bill, which lies beside what took the bill back
	alone [4]bool   // by Side: it has this one of a cancellation and the 2601 that undid it, and not the other
	twin  [4]uint64 // by Side: another standing bill of the same stay and amounts, which the side has
}

// SideState is what one side says of one bill.
type SideState uint8

// The states of a side.
const (
	Agrees   SideState = 1 // it has the bill, and nothing differs
	Tied     SideState = 2 // its totals agree on every dimension; it sent no rows, and none were needed
	Awaited  SideState = 3 // its horizon does not reach the day
	Differs  SideState = 4 // a finding says how
	NotAsked SideState = 5 // this side takes no part: the installation does not expect statements of it
)

// Sum adds up bills of one standing.
type Sum struct {
	Count uint64        `cbor:"1,keyasint" json:"count"`
	Owed  ledger.Amount `cbor:"2,keyasint" json:"owed"` // by the books: funds and personal account, signed
}

// PairResult is what a day's match says of one pair of areas.
//
// Invariant: Matched.Owed + Expected.Owed + Broken.Owed = Ledger.
type PairResult struct {
	Home      ledger.Area `cbor:"1,keyasint" json:"home"`
	Treatment ledger.Area `cbor:"2,keyasint" json:"treatment"`

	Matched  Sum `cbor:"3,keyasint" json:"matched"`
	Expected Sum `cbor:"4,keyasint" json:"expected"`
	Broken   Sum `cbor:"5,keyasint" json:"broken"`

	Ledger ledger.Amount `cbor:"6,keyasint" json:"ledger"` // what the entries of the day's bills moved into the pair's receivables

	Classes []ClassSum `cbor:"7,keyasint,omitempty" json:"classes,omitempty"` // of the breaks, in the order of Classes
}

// ClassSum adds up breaks of one primary class.
type ClassSum struct {
	Class Class         `cbor:"1,keyasint" json:"class"`
	Count uint64        `cbor:"2,keyasint" json:"count"`
	Books ledger.Amount `cbor:"3,keyasint" json:"books"` // owed by the books
	More  ledger.Amount `cbor:"4,keyasint" json:"more"`  // where sides have more: sum of the differences
	Less  ledger.Amount `cbor:"5,keyasint" json:"less"`  // where sides have less, as a positive amount
}

// DayResult is what the match says of one business day, as of one evening.
type DayResult struct {
	Day     ledger.Day   `cbor:"1,keyasint" json:"day"`
	Evening ledger.Day   `cbor:"2,keyasint" json:"evening"`                   // the last closed day when it was made
	Inputs  [32]byte     `cbor:"3,keyasint" json:"-"`                         // digest of everything it was made from
	Pairs   []PairResult `cbor:"4,keyasint,omitempty" json:"pairs,omitempty"` // by home, then treatment
	Rows    []ClassSum   `cbor:"5,keyasint,omitempty" json:"rows,omitempty"`  // rows without a bill: nothing of them is in the books

	// Final: all sides' horizons reach past the day, and no break of it is open.
	Final bool `cbor:"6,keyasint,omitempty" json:"final"`
}

// Clone is a copy that stays good when emit has returned.
func (r *Result) Clone() Result {
	c := *r
	if r.Books != nil {
		books := *r.Books
		c.Books = &books
	}
	for s := range c.Sides {
		c.Sides[s] = slices.Clone(r.Sides[s])
	}
	c.Findings = slices.Clone(r.Findings)
	return c
}

// Key names what the result is about: the key of the break that it is, if it is one.
func (r *Result) Key() string {
	if r.Books != nil {
		return BillKey(r.Books.Number)
	}
	for _, rows := range r.Sides {
		if len(rows) > 0 {
			return "row/" + rows[0].Party.Key() + "/" + RowKey(&rows[0])
		}
	}
	return ""
}
