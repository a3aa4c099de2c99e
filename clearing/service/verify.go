package service

import (
	"clearingd/clearing"
	"clearingd/ledger"
)

// Verify recomputes booked bills from the books alone and compares every figure and every
// step of the trace.
const Verify = "clearing.verify"

// VerifyRequest names one bill, by exactly one of the fields of ClaimRequest, or asks for
// all bills, of one day or of the books.
type VerifyRequest struct {
	ClaimRequest
	All   bool        `json:"all,omitempty"`
	Day   *ledger.Day `json:"day,omitempty"`
	After uint64      `json:"after,omitempty"` // of all: go on behind this books' number
}

// VerifyReply is what the bills came to. All bills come in parts: call again with After =
// Next until Next is 0.
type VerifyReply struct {
	Bills uint64              `json:"bills"` // recomputed
	Steps uint64              `json:"steps"` // of traces compared
	Bill  *clearing.Verified  `json:"bill,omitempty"`
	Wrong []clearing.Verified `json:"wrong,omitempty"` // those that did not come out as they are booked, at most 100 a part
	Next  uint64              `json:"next,omitempty"`  // last books' number looked at; 0: the end
	Last  uint64              `json:"last,omitempty"`  // last books' number there is
}

// CheckRequest says how deep the books are checked.
type CheckRequest struct {
	Recompute bool `json:"recompute,omitempty"` // also recompute every bill
}
