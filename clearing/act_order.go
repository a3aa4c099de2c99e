package clearing

import (
	"time"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Acted marks the record of an officer's act. Like Adjusted it is none of the outcomes
// of messages.
const Acted provinces.Outcome = "acted"

// ActKind is what an officer does. The words are stored and travel: append-only.
type ActKind string

// The kinds of acts.
const (
	ActComment  ActKind = "comment"  // 备注: on a break or a case
	ActAssign   ActKind = "assign"   // 指派: whose turn a break is
	ActAccept   ActKind = "accept"   // 认账: the books follow the side's figures
	ActClose    ActKind = "close"    // 结案: the books stay as they are
	ActUndo     ActKind = "undo"     // 撤回自动核销: a group of breaks that were resolved by themselves
	ActResolve  ActKind = "resolve"  // 核销: a group of breaks that waits because it is above its cap
	ActReverse  ActKind = "reverse"  // 冲回: an accepted difference
	ActDeduct   ActKind = "deduct"   // 暂扣: money of a bill is held back
	ActAppeal   ActKind = "appeal"   // 申诉: the hospital objects to a deduction
	ActUphold   ActKind = "uphold"   // 核定扣款: the money leaves the books
	ActRestore  ActKind = "restore"  // 退还: the money of a deduction, or of what was taken back, is owed again
	ActTakeBack ActKind = "takeback" // 追回: money of a bill that was confirmed or paid
	ActConfirm  ActKind = "confirm"  // 清分确认 (3261)
	ActRollBack ActKind = "rollback" // 清分确认回退 (3262)
	ActInquire  ActKind = "inquire"  // 发起费用协查
	ActRetract  ActKind = "retract"  // 撤回费用协查, until its list is fixed
	ActAnswer   ActKind = "answer"   // 答复: of an inquiry or a ticket
	ActAgree    ActKind = "agree"    // 确认答复
	ActTicket   ActKind = "ticket"   // 发起问题协同
	ActReopen   ActKind = "reopen"   // 问题协同提级
)

// ActStep is how far an order goes.
type ActStep string

// The steps. Without one an order is carried out at once: by its maker, or by maker and
// checker together where its kind needs both.
const (
	StepDo       ActStep = ""
	StepPropose  ActStep = "propose"  // the maker's word; nothing moves
	StepApprove  ActStep = "approve"  // the checker's word: the proposal is carried out
	StepWithdraw ActStep = "withdraw" // the proposal ends
)

// ActOrder is what an officer orders. With the books it is all that an act needs, so the
// same books and the same order book the same.
type ActOrder struct {
	Kind     ActKind         `json:"kind"`
	Step     ActStep         `json:"step,omitempty"`
	Province ledger.Province `json:"province"` // whose officers act

	// Target: "break/<key>", "bill/<books' number>", "case/<kind>/<id>", "group/<name>",
	// "act/<books' number>", "month/<yyyyMM>", "new".
	Target string `json:"target"`
	// Object is the hex of the digest of what was seen of the target ([Desk.Look]). Of
	// "month" it comes from the message, of "new" it is chosen by the caller: both only once.
	Object string `json:"object"`

	Maker   string    `json:"maker"`             // of an approval: nobody, the proposal has it
	Checker string    `json:"checker,omitempty"` // somebody else
	Reason  string    `json:"reason"`            // one line; of a comment, the comment
	At      time.Time `json:"at"`

	Proposal uint64       `json:"proposal,omitempty"` // approve, withdraw: the proposal's record
	Funds    []FundFigure `json:"funds,omitempty"`    // accept, deduct, takeback: the money, fund by fund
	Side     string       `json:"side,omitempty"`     // assign: whose turn; accept: whose figures
	Result   string       `json:"result,omitempty"`   // answer of an inquiry: "right" or "wrong"
	Ticket   *TicketOrder `json:"ticket,omitempty"`
	Month    *MonthOrder  `json:"month,omitempty"` // confirm, rollback
	Seen     *ActSeen     `json:"seen,omitempty"`  // filled by the desk, never by a caller
}

// FundFigure is an amount of one fund.
type FundFigure struct {
	Fund   ledger.Fund   `json:"fund"`
	Amount ledger.Amount `json:"amount"`
}

// ActSeen is what an order rests on that no act can give back: breaks are written by the
// night, and due dates come from a calendar. The first time the desk fills it in; books
// restored from an older copy take it from the published answer.
type ActSeen struct {
	Break []byte     `json:"break,omitempty"` // the break in its stored form
	Facts []byte     `json:"facts,omitempty"` // of a group: digest of what its breaks were
	Due   ledger.Day `json:"due,omitempty"`
}

// Act is what the books keep of an officer's act besides its entry. The order itself is
// in the record's answer.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Act struct {
	Kind     ActKind         `cbor:"1,keyasint"`
	Step     ActStep         `cbor:"2,keyasint,omitempty"`
	Province ledger.Province `cbor:"3,keyasint"`
	Target   string          `cbor:"4,keyasint"`
	Maker    string          `cbor:"5,keyasint"`
	Checker  string          `cbor:"6,keyasint,omitempty"`
	Reason   string          `cbor:"7,keyasint"`

	Moves []Move      `cbor:"8,keyasint,omitempty"`
	Cases []Case      `cbor:"9,keyasint,omitempty"`  // as the act leaves them
	Rows  []RowChange `cbor:"10,keyasint,omitempty"` // as the act leaves them
}

// ActView is what the books know when an act is decided.
type ActView interface {
	View
	// Row returns what officers did to a row; the zero state if nothing.
	Row(number uint64) (RowState, error)
	// Case returns a case; nil if there is none.
	Case(key CaseKey) (*Case, error)
	// CasesOf returns the cases of a kind whose id begins with a prefix, in order.
	CasesOf(kind CaseKind, prefix string) ([]Case, error)
	// Break returns a break by its key; nil if there is none.
	Break(key string) (*reconcile.Break, error)
	// BreakGroup returns the breaks that were resolved by themselves as one group, or wait, by key.
	BreakGroup(name string) ([]reconcile.Break, error)
}

// WorkingDays counts on China's calendar, with its shifted weekends.
type WorkingDays interface {
	// After is the n-th working day after a day; an error if a year on the way is not known.
	After(day ledger.Day, n int) (ledger.Day, error)
}
