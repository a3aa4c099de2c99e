// Package service describes the request-reply services of the daemon (NATS "micro",
// group "clearing"): their subjects and the JSON that travels. The daemon serves
// them, clearctl and consoles call them; neither knows the other.
//
// A service that fails answers with the headers Nats-Service-Error-Code (4xx for the
// caller's fault, 5xx for ours) and Nats-Service-Error, and a body of type [Failure].
package service

import (
	"time"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Subjects of the services. Estimate and Journey carry tokens behind the prefix:
// clearing.estimate.<treatment>.<home>.<provider>; their request is a 2303 envelope and
// their reply the national answer. An estimate is what a claim would get; a journey is a
// stay that somebody thinks of: its filing is tried, and nobody has to be known.
const (
	Name     = "clearing"
	Estimate = "clearing.estimate"
	Journey  = "clearing.journey"
	Status   = "clearing.status"
	Claim    = "clearing.claim"
	Answer   = "clearing.answer"
	Person   = "clearing.person"
	Balances = "clearing.balances"
	Days     = "clearing.days"
	Report   = "clearing.report"
	Close    = "clearing.close"
	Check    = "clearing.check"
	Plans    = "clearing.plans"
)

// Failure is the body of a failed call.
type Failure struct {
	Code int    `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`

	// Of officers' acts: the code of docs/errors.md, and where.
	Refusal provinces.Code         `json:"refusal,omitempty"`
	Errors  []provinces.FieldError `json:"errors,omitempty"`
}

// StatusReply is the daemon's state at a glance.
type StatusReply struct {
	Version     string            `json:"version"`
	Install     string            `json:"install"` // identity of these books
	Ready       bool              `json:"ready"`
	Reasons     []string          `json:"reasons"` // why not ready; empty when ready
	IntakeOnly  bool              `json:"intake_only"`
	Mode        string            `json:"business_day"` // "clock" or "manual"
	Day         ledger.Day        `json:"day"`          // the open business day
	LastClosed  *ledger.Day       `json:"last_closed"`
	BooksNumber uint64            `json:"books_number"` // last record
	MerkleRoot  string            `json:"merkle_root"`
	PlanSet     string            `json:"plan_set"` // hex
	Plans       int               `json:"plans"`
	Streams     []StreamStatus    `json:"streams"`
	Outcomes    map[string]uint64 `json:"outcomes"` // since the books began
	Started     time.Time         `json:"started"`
	Expiries    []Expiry          `json:"expiries,omitempty"`
}

// Expiry is the end of something without which nobody connects to the broker any more.
type Expiry struct {
	What    string    `json:"what"` // login, broker_certificate or authority
	Expires time.Time `json:"expires"`
}

// StreamStatus is one claims stream: what the broker has and how far the books are.
type StreamStatus struct {
	Treatment ledger.Province `json:"treatment"`
	Last      uint64          `json:"last"`     // last sequence in the stream
	Answered  uint64          `json:"answered"` // last sequence with an outcome
}

// ClaimRequest names one record by exactly one of its fields.
type ClaimRequest struct {
	Entry        uint64 `json:"entry,omitempty"`         // the books' number
	SettlementID string `json:"settlement_id,omitempty"` // setl_id
	Message      string `json:"message,omitempty"`       // <treatment>.<home>.<provider>.<msgid>
}

// ClaimReply is one record of the books, explained. Identity numbers are not in it.
type ClaimReply struct {
	Entry        uint64                 `json:"entry"`
	Outcome      provinces.Outcome      `json:"outcome"`
	Code         provinces.Code         `json:"code,omitempty"`
	Errors       []provinces.FieldError `json:"errors,omitempty"`
	Stream       ledger.Province        `json:"stream"`
	Sequence     uint64                 `json:"sequence"`
	Subject      string                 `json:"subject"`
	Digest       string                 `json:"digest"`
	Received     time.Time              `json:"received"`
	Day          ledger.Day             `json:"day"`
	Infno        string                 `json:"infno"`
	Home         ledger.Area            `json:"home"`
	Treatment    ledger.Area            `json:"treatment"`
	Provider     string                 `json:"provider"`
	SettlementID string                 `json:"settlement_id,omitempty"`
	Original     uint64                 `json:"original,omitempty"` // the record it repeats, cancels or reverses
	UndoneBy     uint64                 `json:"undone_by,omitempty"`
	Person       string                 `json:"person,omitempty"`   // keyed pseudonym
	Claim        *provinces.Claim       `json:"claim,omitempty"`    // with PersonNo, CertNo and Birth blanked
	Facility     *benefit.Facility      `json:"facility,omitempty"` // the provider as the register knew it; absent: the claim's hosp_lv was taken
	Adjudication *benefit.Adjudication  `json:"adjudication,omitempty"`
	PlanSet      string                 `json:"plan_set,omitempty"`
	Postings     []PostingLine          `json:"postings,omitempty"`
	LeafHash     string                 `json:"leaf_hash"`
	Refolded     []RefoldNotice         `json:"refolded,omitempty"`   // of a bill: its person-years that were re-folded
	Adjustment   *AdjustmentView        `json:"adjustment,omitempty"` // of an officers' decision
	Act          *ActView               `json:"act,omitempty"`        // of an officer's act

	// Of a row that officers acted upon: what stands of it now, by stage and fund, and the
	// newest act on it.
	Standing  []StandingLine `json:"standing,omitempty"`
	NewestAct uint64         `json:"newest_act,omitempty"`
}

// PostingLine is one posting with its account spelled out.
type PostingLine struct {
	Account string        `json:"account"`
	Amount  ledger.Amount `json:"amount"`
}

// AnswerRequest asks for a stored answer again, however old.
type AnswerRequest struct {
	Message string `json:"message"` // <treatment>.<home>.<provider>.<msgid>
}

// AnswerReply is the answer as it was published.
type AnswerReply struct {
	Subject string            `json:"subject"`
	Header  map[string]string `json:"header"`
	Body    []byte            `json:"body"` // base64 in JSON; the exact bytes
}

// PersonRequest asks for the accumulators of a person.
type PersonRequest struct {
	Home     ledger.Province `json:"home"`
	PersonNo string          `json:"person_no"`
	Insutype string          `json:"insutype,omitempty"` // "": all
}

// PersonReply lists the person's years.
type PersonReply struct {
	Person string       `json:"person"` // keyed pseudonym
	Years  []PersonYear `json:"years"`
}

// PersonYear is one benefit year of one insurance.
type PersonYear struct {
	Insutype     string               `json:"insutype"`
	Year         int                  `json:"year"`
	Entries      []uint64             `json:"entries"` // the booked records it is folded from, oldest first
	Accumulators benefit.Accumulators `json:"accumulators"`
}

// BalancesRequest selects accounts; empty fields select all.
type BalancesRequest struct {
	Home      ledger.Province `json:"home,omitempty"`
	Treatment ledger.Province `json:"treatment,omitempty"`
	By        string          `json:"by,omitempty"` // "pair" (default), "account"
}

// BalancesReply holds one line an account or a pair of provinces.
type BalancesReply struct {
	Books     uint64        `json:"books_number"` // balances are as of this record
	Pairs     []PairBalance `json:"pairs,omitempty"`
	Accounts  []AccountLine `json:"accounts,omitempty"`
	Truncated bool          `json:"truncated,omitempty"` // more accounts than fit one reply
}

// PairBalance is what one province owes another now, at every stage not yet paid.
type PairBalance struct {
	Home      ledger.Province               `json:"home"`
	Treatment ledger.Province               `json:"treatment"`
	Funds     map[ledger.Fund]ledger.Amount `json:"funds"`
	Total     ledger.Amount                 `json:"total"` // funds without the personal account
	Account   ledger.Amount                 `json:"personal_account"`
}

// AccountLine is one account of the books.
type AccountLine struct {
	Account string        `json:"account"`
	Debits  ledger.Amount `json:"debits"`
	Credits ledger.Amount `json:"credits"`
	Net     ledger.Amount `json:"net"`
	Count   uint64        `json:"count"`
}

// DaysReply lists business days, newest first.
type DaysReply struct {
	Days []DayStatus `json:"days"`
}

// DayStatus is how far a day has come.
type DayStatus struct {
	Day      ledger.Day `json:"day"`
	State    string     `json:"state"`             // "open", "frozen", "closed"
	Waiting  []string   `json:"waiting,omitempty"` // what a frozen day still waits for
	Revision int        `json:"revision,omitempty"`
	Seal     string     `json:"seal,omitempty"` // hex
	Files    []string   `json:"files,omitempty"`
}

// ReportRequest fetches a part of a report's file. A period's report is made, or made anew
// when the books or the match have gone on, when the beginning of its report.json is asked
// for: fetch that first.
type ReportRequest struct {
	Day    ledger.Day  `json:"day"`
	To     *ledger.Day `json:"to,omitempty"` // last day of a period; nil: the single day
	File   string      `json:"file"`         // for example "report.html"
	Offset int64       `json:"offset"`
}

// ReportReply is at most 512 KiB of the file; read on until Offset+len(Data) = Size.
type ReportReply struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // of the whole file, as the day was sealed with it or the period's was made
	Data   []byte `json:"data"`
}

// CloseRequest closes the open day by hand.
type CloseRequest struct {
	Day   ledger.Day `json:"day"`             // must be the open day: a guard against closing twice
	Early bool       `json:"early,omitempty"` // in clock mode: close before the cut-off
}

// CloseReply is the closed day.
type CloseReply struct {
	Day  DayStatus  `json:"day"`
	Next ledger.Day `json:"next"` // the day now open
}

// CheckReply is the result of a check of the running books.
type CheckReply struct {
	Records uint64   `json:"records"`
	Root    string   `json:"merkle_root"`
	Faults  []string `json:"faults"` // empty: all promises hold
}

// PlansReply lists the plans in force.
type PlansReply struct {
	Set   string     `json:"plan_set"`
	Plans []PlanLine `json:"plans"`
}

// PlanLine is one plan.
type PlanLine struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Versions int    `json:"versions"`
	Verified bool   `json:"verified"`
	Invented bool   `json:"invented"`
	Hash     string `json:"hash"`
}
