package service

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Redo decides a quarantined message again, after the fault which was ours is mended.
const Redo = "clearing.redo"

// RedoRequest names the message and who says so.
type RedoRequest struct {
	Entry    uint64 `json:"entry"`    // the record of the quarantine
	Operator string `json:"operator"` // one line, at most 60 characters
	Reason   string `json:"reason"`   // one line, at most 500 characters
}

// RedoReply is what became of the message now. Its answer lies under answers.redo.
type RedoReply struct {
	Entry   uint64            `json:"entry"` // the record it made
	Day     ledger.Day        `json:"day"`
	Outcome provinces.Outcome `json:"outcome"`
	Code    provinces.Code    `json:"code,omitempty"`
	Subject string            `json:"subject"` // of the answer
	Answer  []byte            `json:"answer"`  // its exact body, base64 in JSON
}
