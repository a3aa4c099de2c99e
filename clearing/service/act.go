package service

import (
	"time"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
)

// Subjects of the services for officers. All carry the acting province behind the prefix,
// for example clearing.act.65 or clearing.cases.33.deduction, so that permissions can keep
// an agency to what is its own.
const (
	Act   = "clearing.act"   // .<province>: an officer's act
	Look  = "clearing.look"  // .<province>: what an act would be about, with its object
	Cases = "clearing.cases" // .<province>.<kind>: deductions, inquiries, tickets, proposals, ...

	// Month takes the national envelope of the monthly clearing (3260 to 3262):
	// .<treatment>.<provider> from a hospital, .<treatment> from the treatment province.
	Month = "clearing.month"
)

// ActRequest is an officer's order. Where its kind needs two persons it names both, or it is
// proposed by one and approved by the other.
type ActRequest struct {
	Kind     clearing.ActKind      `json:"kind"`
	Step     clearing.ActStep      `json:"step,omitempty"` // "", "propose", "approve", "withdraw"
	Target   string                `json:"target"`         // "break/<key>", "bill/<books' number>", "case/<kind>/<id>", "group/<name>", "act/<books' number>", "new"
	Object   string                `json:"object"`         // as Look gave it; of "new", 64 random hex digits
	Maker    string                `json:"maker,omitempty"`
	Checker  string                `json:"checker,omitempty"`
	Reason   string                `json:"reason"`
	Proposal uint64                `json:"proposal,omitempty"`
	Funds    []clearing.FundFigure `json:"funds,omitempty"`
	Side     string                `json:"side,omitempty"`   // "hospital", "treatment", "home"
	Result   string                `json:"result,omitempty"` // "right", "wrong"
	Ticket   *clearing.TicketOrder `json:"ticket,omitempty"`
}

// ActReply is the booked act.
type ActReply struct {
	Entry  uint64     `json:"entry"` // the books' number
	Day    ledger.Day `json:"day"`   // the business day it counts on
	Answer []byte     `json:"answer"`

	// Published: the broker holds the answer, so that the act survives the loss of the books
	// since their last copy. Otherwise the answer goes out later by itself.
	Published bool `json:"published"`
}

// LookRequest names what officers want to decide about.
type LookRequest struct {
	Target string `json:"target"`
}

// LookReply is what an act would be about. Asking changes nothing.
type LookReply struct {
	Object  string            `json:"object"` // hex: what an order names
	Parties []ledger.Province `json:"parties"`
	Break   *BreakView        `json:"break,omitempty"`
	Case    *CaseView         `json:"case,omitempty"`
	Group   []BreakView       `json:"group,omitempty"`

	Bill *BillStanding `json:"bill,omitempty"` // the bill it is about
}

// BillStanding is what stands of a bill in the books.
type BillStanding struct {
	Entry        uint64              `json:"entry"`
	SettlementID string              `json:"settlement_id"`
	Day          ledger.Day          `json:"day"`
	Home         ledger.Area         `json:"home"`
	Treatment    ledger.Area         `json:"treatment"`
	Provider     string              `json:"provider"`
	Total        ledger.Amount       `json:"total"`
	UndoneBy     uint64              `json:"undone_by,omitempty"`
	Standing     []StandingLine      `json:"standing"`
	Batches      []clearing.RowBatch `json:"confirmed,omitempty"` // the confirmations in force
}

// StandingLine is what stands of a bill at one stage, of one fund.
type StandingLine struct {
	Stage  string        `json:"stage"` // Accrued, Reserved, Confirmed, Noticed, Paid
	Fund   ledger.Fund   `json:"fund"`
	Amount ledger.Amount `json:"amount"`
}

// BreakView is a break as officers see it before they decide.
type BreakView struct {
	Key        string          `json:"key"`
	Class      reconcile.Class `json:"class"`
	State      reconcile.State `json:"state"`
	Owner      string          `json:"owner"` // hospital, treatment, home
	Day        ledger.Day      `json:"day"`
	FirstSeen  ledger.Day      `json:"first_seen"`
	Due        ledger.Day      `json:"due"`
	Entry      uint64          `json:"entry,omitempty"`
	Books      ledger.Amount   `json:"books"`      // owed by the books
	Difference ledger.Amount   `json:"difference"` // the side's less the books'
	Findings   []FindingView   `json:"findings"`
	History    []EventView     `json:"history"`            // oldest first
	Proposal   uint64          `json:"proposal,omitempty"` // the proposal that waits for a checker
}

// FindingView is one thing that a side has otherwise than the books.
type FindingView struct {
	Side   string          `json:"side"`
	Class  reconcile.Class `json:"class"`
	More   reconcile.More  `json:"more,omitempty"` // who has more: "books", "side"
	Owed   ledger.Amount   `json:"owed"`
	Field  string          `json:"field,omitempty"`
	Ours   string          `json:"ours,omitempty"`
	Theirs string          `json:"theirs,omitempty"`
	Cause  string          `json:"cause,omitempty"` // "" unknown
	Proof  []string        `json:"proof,omitempty"`
}

// EventView is one change of a break.
type EventView struct {
	Evening ledger.Day      `json:"evening"`
	State   reconcile.State `json:"state"`
	What    string          `json:"what"`
	Act     uint64          `json:"act,omitempty"`
	Group   string          `json:"group,omitempty"`
}

// CasesRequest asks for cases of a kind that the province is a party of.
type CasesRequest struct {
	Open  bool   `json:"open,omitempty"`  // only those that wait for somebody
	After string `json:"after,omitempty"` // id of the last one seen
}

// CasesReply lists cases in parts: call again with After = Next until Next is "".
type CasesReply struct {
	Cases []CaseView `json:"cases"`
	Next  string     `json:"next,omitempty"`
}

// CaseView is a case as of the open day.
type CaseView struct {
	Key       string                `json:"key"` // "<kind>/<id>"; "case/" and this is its target
	Kind      clearing.CaseKind     `json:"kind"`
	ID        string                `json:"id"`
	State     clearing.CaseState    `json:"state"`
	Home      ledger.Province       `json:"home,omitempty"`
	Treatment ledger.Province       `json:"treatment,omitempty"`
	Provider  string                `json:"provider,omitempty"`
	Bill      uint64                `json:"bill,omitempty"`
	Target    string                `json:"target,omitempty"`
	Opened    ledger.Day            `json:"opened"`
	Due       *ledger.Day           `json:"due,omitempty"`
	Overdue   bool                  `json:"overdue,omitempty"`
	Late      int                   `json:"late,omitempty"`  // inquiry: how many lists it has rolled over
	Owner     ledger.Province       `json:"owner,omitempty"` // whose turn it is
	Funds     []clearing.FundFigure `json:"funds,omitempty"`
	Money     ledger.Amount         `json:"money"` // sum of the funds
	Offset    []clearing.FundFigure `json:"offset,omitempty"`
	Period    clearing.Period       `json:"period,omitempty"`
	Rows      []uint64              `json:"rows,omitempty"`
	Result    string                `json:"result,omitempty"`
	Type      clearing.TicketType   `json:"type,omitempty"`
	Holder    string                `json:"holder,omitempty"`
	Level     int                   `json:"level,omitempty"`

	// BillUndone: the bill was taken back, so what was decided about its money must be
	// restored.
	BillUndone bool       `json:"bill_undone,omitempty"`
	Steps      []StepView `json:"steps"` // oldest first
}

// StepView is one act on a case: who, when and why.
type StepView struct {
	Entry   uint64           `json:"entry"`
	Kind    clearing.ActKind `json:"kind"`
	Step    clearing.ActStep `json:"step,omitempty"`
	Day     ledger.Day       `json:"day"`
	At      time.Time        `json:"at"`
	Maker   string           `json:"maker,omitempty"`
	Checker string           `json:"checker,omitempty"`
	Reason  string           `json:"reason"`
}

// ActView is a booked act as a record of the books explains it.
type ActView struct {
	StepView
	Province ledger.Province `json:"province"`
	Target   string          `json:"target"`
	Moves    []MoveView      `json:"moves,omitempty"`
	Cases    []string        `json:"cases,omitempty"` // keys of the cases it changed
}

// MoveView is money of a row that an act moved between stages; "" is outside the books.
type MoveView struct {
	Row    uint64        `json:"row"`
	Fund   ledger.Fund   `json:"fund"`
	From   string        `json:"from,omitempty"`
	To     string        `json:"to,omitempty"`
	Amount ledger.Amount `json:"amount"`
}
