package service

import (
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Subjects of the services about re-folded person-years. All carry the home province
// behind the prefix, for example clearing.refold.65, so that permissions can keep an
// agency to its own people.
const (
	Refold  = "clearing.refold"
	Refolds = "clearing.refolds"
	Adjust  = "clearing.adjust"
)

// RefoldRequest names a person of the home province, by number or by one of their bills.
type RefoldRequest struct {
	PersonNo string `json:"person_no,omitempty"`
	Entry    uint64 `json:"entry,omitempty"`    // the books' number of a bill of the person
	Insutype string `json:"insutype,omitempty"` // "": all; by entry: that of the bill
	Year     int    `json:"year,omitempty"`     // 0: all; by entry: those of the bill
	Trace    bool   `json:"trace,omitempty"`    // with both traces of each bill
}

// RefoldReply is the person's years that hang together, each beside what its bills would
// have come out as in their right order. Asking changes nothing.
type RefoldReply struct {
	Person string       `json:"person"` // keyed pseudonym
	Years  []RefoldYear `json:"years"`
}

// RefoldYear is one benefit year, with the years that stays over a new year tie to it.
type RefoldYear struct {
	Insutype string         `json:"insutype"`
	Order    clearing.Order `json:"order"`  // of the home province
	Object   string         `json:"object"` // hex digest of all this: what a decision names
	Differs  bool           `json:"differs"`
	Totals   []RefoldTotal  `json:"totals"` // by year
	Bills    []RefoldBill   `json:"bills"`  // in their right order
}

// RefoldTotal is a benefit year as it is and as it would be.
type RefoldTotal struct {
	Year   int                  `json:"year"`
	Now    benefit.Accumulators `json:"now"`
	Should benefit.Accumulators `json:"should"`
	Note   *RefoldNotice        `json:"note,omitempty"` // nil: never re-folded
}

// RefoldBill is one bill as it is in force and as it would have come out.
type RefoldBill struct {
	Entry        uint64                        `json:"entry"`
	SettlementID string                        `json:"settlement_id"`
	Day          ledger.Day                    `json:"day"` // on which it was settled
	Admitted     string                        `json:"admitted"`
	Discharged   string                        `json:"discharged"`
	Treatment    ledger.Area                   `json:"treatment"`
	Provider     string                        `json:"provider"`
	Adjusted     uint64                        `json:"adjusted,omitempty"` // the adjustment in force
	Undone       bool                          `json:"undone,omitempty"`   // taken back, while the adjustment of it is still booked
	Code         provinces.Code                `json:"code,omitempty"`     // the plan has no answer for it in its right place
	Now          benefit.Adjudication          `json:"now"`
	Should       benefit.Adjudication          `json:"should"`
	Differs      bool                          `json:"differs"`
	Funds        map[ledger.Fund]ledger.Amount `json:"funds,omitempty"` // should less now; the personal account among them
	Cash         ledger.Amount                 `json:"cash"`            // should less now
	Deductible   ledger.Amount                 `json:"deductible"`      // should less now
}

// RefoldNotice tells that a person-year was re-folded.
type RefoldNotice struct {
	Year     int    `json:"year"`
	First    uint64 `json:"first"`              // the record that did it first
	Last     uint64 `json:"last"`               // the newest one
	Adjusted uint64 `json:"adjusted,omitempty"` // the newest adjustment of the year
}

// RefoldsRequest asks for the home province's person-years that were re-folded.
type RefoldsRequest struct {
	All  bool   `json:"all,omitempty"`  // also those in which no bill would have come out otherwise
	Skip uint64 `json:"skip,omitempty"` // so many were looked at before
}

// RefoldsReply lists person-years in parts: call again with Skip = Next until Next is 0.
type RefoldsReply struct {
	Years []RefoldLine `json:"years"`
	Next  uint64       `json:"next,omitempty"`
}

// RefoldLine is one re-folded person-year.
type RefoldLine struct {
	Person   string        `json:"person"` // keyed pseudonym
	Entry    uint64        `json:"entry"`  // a bill of the person-year, to ask about it; 0: none is left
	Insutype string        `json:"insutype"`
	Note     RefoldNotice  `json:"note"`
	Bills    int           `json:"bills"`   // bills that would have come out otherwise
	Funds    ledger.Amount `json:"funds"`   // all funds and the personal account: should less now
	Cash     ledger.Amount `json:"cash"`    // should less now
	Differs  bool          `json:"differs"` // something is left to decide
}

// AdjustRequest is the decision of two officers that the bills of a person-year shall
// count as the re-folding has them that they saw.
type AdjustRequest struct {
	Entry   uint64 `json:"entry"`   // a bill of the person-year
	Year    int    `json:"year"`    // benefit year
	Object  string `json:"object"`  // of the re-folding they saw
	Maker   string `json:"maker"`   // who proposes
	Checker string `json:"checker"` // who approves: somebody else
	Reason  string `json:"reason"`
}

// AdjustReply is the booked decision.
type AdjustReply struct {
	Entry  uint64     `json:"entry"` // the books' number of the adjustment
	Day    ledger.Day `json:"day"`   // the business day it counts on
	Answer []byte     `json:"answer"`

	// Published: the broker holds the answer, so that the decision survives the loss of the
	// books since their last copy. Otherwise the answer goes out later by itself.
	Published bool `json:"published"`
}

// AdjustmentView is a booked decision as a record of the books explains it.
type AdjustmentView struct {
	Insutype string               `json:"insutype"`
	Years    []int                `json:"years"`
	Maker    string               `json:"maker"`
	Checker  string               `json:"checker"`
	Reason   string               `json:"reason"`
	Object   string               `json:"object"` // hex
	At       time.Time            `json:"at"`
	Lines    []AdjustmentViewLine `json:"lines"`
}

// AdjustmentViewLine is what the decision changes of one bill.
type AdjustmentViewLine struct {
	Entry  uint64                        `json:"entry"`         // the bill
	Was    uint64                        `json:"was,omitempty"` // the adjustment it takes the place of
	Undone bool                          `json:"undone,omitempty"`
	Funds  map[ledger.Fund]ledger.Amount `json:"funds,omitempty"`
	Cash   ledger.Amount                 `json:"cash"`
	Now    benefit.Adjudication          `json:"now"` // in force since, with its trace
}
