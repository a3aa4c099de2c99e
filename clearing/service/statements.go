package service

import (
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Subjects of the services about statements. Both carry the party behind the prefix, as
// the subjects of its statements do: clearing.have.provider.33.H33010000001,
// clearing.statement.home.65; so permissions can keep a party to what is its own.
const (
	Have      = "clearing.have"
	Statement = "clearing.statement"
)

// HaveRequest asks what the books have from a party: bills and statements.
type HaveRequest struct {
	From *ledger.Day `json:"from,omitempty"` // first business day; nil: 30 days before To
	To   *ledger.Day `json:"to,omitempty"`   // last one; nil: the open day
}

// HaveReply is what the books have from a party.
type HaveReply struct {
	Party      string                 `json:"party"`
	From       ledger.Day             `json:"from"`
	To         ledger.Day             `json:"to"`
	Days       []HaveDay              `json:"days"`                      // of the range, those with bills
	Applied    []StatementLine        `json:"applied"`                   // newest first; at most 200 of each kind
	Waiting    []StatementLine        `json:"waiting"`                   // not whole: their head or parts are missing
	Refused    []StatementLine        `json:"refused"`                   // nothing of them counts
	Reused     []ReusedLine           `json:"reused,omitempty"`          // messages that came in the place of others
	Missing    []clearing.SerialRange `json:"missing_serials,omitempty"` // statements that have not come
	Statements int                    `json:"statements"`                // all that the party has sent
}

// HaveDay is one business day of a party's bills. What took bills back is counted apart;
// the amounts are signed sums over both.
type HaveDay struct {
	Day     ledger.Day    `json:"day"`
	State   string        `json:"state"` // open, frozen, closed
	Bills   int64         `json:"bills"`
	Refunds int64         `json:"refunds"`
	Total   ledger.Amount `json:"medfee_sumamt"`
	Funds   ledger.Amount `json:"fund_pay_sumamt"`
	Account ledger.Amount `json:"acct_pay"`
	Cash    ledger.Amount `json:"psn_cash_pay"`
}

// StatementLine is one statement at a glance.
type StatementLine struct {
	ID       string                     `json:"id"`
	Number   uint64                     `json:"number,omitempty"` // of the message that decided it
	Digest   string                     `json:"digest,omitempty"` // SHA-256 of the head's bytes, hex; "" while it has not come
	Outcome  provinces.StatementOutcome `json:"outcome,omitempty"`
	Received time.Time                  `json:"received"`
	From     *ledger.Day                `json:"begndate,omitempty"`
	To       *ledger.Day                `json:"enddate,omitempty"`
	Horizon  *ledger.Day                `json:"horizon,omitempty"`
	Serial   uint64                     `json:"serial,omitempty"`
	Totals   int                        `json:"totals"`
	Rows     int64                      `json:"rows"`
	Answered bool                       `json:"answered"` // its result is made
	Missing  []int                      `json:"missing_parts,omitempty"`
	Original string                     `json:"original,omitempty"` // of a copy the first
	Code     provinces.Code             `json:"code,omitempty"`
	ZH       string                     `json:"zh,omitempty"`
	EN       string                     `json:"en,omitempty"`
	Errors   []provinces.FieldError     `json:"errors,omitempty"`
}

// ReusedLine is a message that was refused because its place was taken.
type ReusedLine struct {
	Sequence uint64                 `json:"sequence"`
	ID       string                 `json:"id"`
	Part     int                    `json:"part"`
	Received time.Time              `json:"received"`
	Code     provinces.Code         `json:"code"`
	Errors   []provinces.FieldError `json:"errors"`
}

// StatementRequest asks for one statement and, of a provider's with rows, for a page of
// its row result.
type StatementRequest struct {
	ID    string `json:"id"`
	Skip  int64  `json:"skip,omitempty"` // lines known already
	Lines bool   `json:"lines,omitempty"`
}

// StatementReply is one statement. Its answer is what was published.
type StatementReply struct {
	Statement StatementLine `json:"statement"`
	Answer    []byte        `json:"answer,omitempty"` // base64 in JSON; the exact bytes
	Data      []byte        `json:"data,omitempty"`   // whole lines of result.txt, at most 512 KiB
	Next      int64         `json:"next,omitempty"`   // the skip of the page after; unchanged: this was the last
}
