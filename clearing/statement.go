package clearing

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// HeaderStatement is the header of a statement's answer that tells its number: the place in the
// STATEMENTS stream of the message that made it whole, or unacceptable.
const HeaderStatement = "Clr-Statement"

// StatementRecord is what became of one statement, named by its party and id.
//
// The numbers in the tags are the stored form: append-only.
type StatementRecord struct {
	Party provinces.Party `cbor:"1,keyasint"`
	ID    string          `cbor:"2,keyasint"`

	First      uint64   `cbor:"3,keyasint"`           // sequence of the first message of it
	Head       uint64   `cbor:"4,keyasint,omitempty"` // sequence of its head; 0: it has not come
	HeadDigest [32]byte `cbor:"5,keyasint,omitempty"` // SHA-256 of the head's exact bytes
	Received   int64    `cbor:"6,keyasint"`           // the broker's timestamp of the head, or of the first part while there is none; nanoseconds since 1970 UTC

	Statement provinces.Statement        `cbor:"7,keyasint"`           // as far as it could be read
	Outcome   provinces.StatementOutcome `cbor:"8,keyasint,omitempty"` // "": it waits for its head or for parts
	Number    uint64                     `cbor:"9,keyasint,omitempty"` // sequence of the message that decided it
	Code      provinces.Code             `cbor:"10,keyasint,omitempty"`
	Errors    []provinces.FieldError     `cbor:"11,keyasint,omitempty"`
	Original  string                     `cbor:"12,keyasint,omitempty"` // of a repeated one the id of the first

	Rows       int64    `cbor:"13,keyasint,omitempty"`
	Blocks     uint32   `cbor:"14,keyasint,omitempty"` // in which the rows are kept
	RowsDigest [32]byte `cbor:"15,keyasint,omitempty"` // SHA-256 over the blocks

	Answer []byte `cbor:"16,keyasint,omitempty"` // exact body; nil until the days of the range are closed
}

// Answered is the answer of the statement as it goes on the bus.
func (r *StatementRecord) Answered() provinces.Envelope {
	header := map[string]string{
		provinces.HeaderOutcome: string(r.Outcome),
		provinces.HeaderDigest:  hex.EncodeToString(r.HeadDigest[:]),
		HeaderStatement:         fmt.Sprint(r.Number),
	}
	if r.Original != "" {
		header[provinces.HeaderOriginal] = r.Original
	}
	return provinces.Envelope{Subject: provinces.StatementAnswer(r.Party, r.ID), Header: header, Body: r.Answer}
}

// StatementSerial is who has used a serial number of a party.
type StatementSerial struct {
	ID      string `cbor:"1,keyasint"`
	Applied bool   `cbor:"2,keyasint,omitempty"` // false: it was refused, and the number may be used again
}

// StatementRefusal is a message of the STATEMENTS stream that belongs to no statement of
// the books: its subject is none, or its place was taken by other content.
type StatementRefusal struct {
	Sequence uint64                 `cbor:"-"`
	Party    provinces.Party        `cbor:"1,keyasint"`
	ID       string                 `cbor:"2,keyasint,omitempty"`
	Part     int                    `cbor:"3,keyasint,omitempty"`
	Received int64                  `cbor:"4,keyasint"`
	Code     provinces.Code         `cbor:"5,keyasint"`
	Errors   []provinces.FieldError `cbor:"6,keyasint"`
}

// StatementView is what the books know of a party's statements.
type StatementView interface {
	// Statement returns what is known of a statement; ok is false if nothing is.
	Statement(party provinces.Party, id string) (record StatementRecord, ok bool, err error)
	// StatementSerial returns who has used a serial; the zero value if nobody has.
	StatementSerial(party provinces.Party, serial uint64) (StatementSerial, error)
}

// ReadStatement reads a head. An error is our own fault, never the message's.
func (d *Desk) ReadStatement(party provinces.Party, id string, body []byte) (s provinces.Statement, refusal *provinces.RejectError, err error) {
	if d.Statements == nil {
		return s, nil, fmt.Errorf("%w: no adapter for statements", ErrAdapter)
	}
	s, err = d.Statements.Head(party, id, body)
	if err != nil && !errors.As(err, &refusal) {
		return s, nil, fmt.Errorf("%w: %w", ErrAdapter, err)
	}
	return s, refusal, nil
}

// Bounds of a horizon, in days after the one on which the statement came: a business day may end
// before midnight; and where business days move by hand, a party may state several, or a month,
// before somebody ends them.
const (
	horizonAhead  = 1
	horizonByHand = 31
)

// CheckHorizon refuses a horizon that lies ahead. A horizon never goes back, so a mistyped year
// would have every later bill of the party missing on the evening it is booked. came is the day
// on which the statement came: by the broker's clock, or where business days move by hand the
// business day that was open, whichever year that is in.
func (d *Desk) CheckHorizon(s *provinces.Statement, came ledger.Day) *provinces.RejectError {
	last := came + horizonAhead
	if d.ManualDay {
		last = came + horizonByHand
	}
	if s.Horizon <= last {
		return nil
	}
	return provinces.Reject(provinces.CodeStatementHorizon, "horizon", "<= "+last.String(), s.Horizon.String())
}

// PlaceStatement applies the sequence rule to a statement that is whole: its serial is new
// or that of a refused one (first is ""), it is a copy of the statement called first, or it is
// refused because the serial stands for other content. A number beyond the next is taken;
// what is missing between is told by whoever asks.
func PlaceStatement(view StatementView, s *provinces.Statement) (first string, refusal *provinces.RejectError, err error) {
	if s.Serial == 0 {
		return "", nil, nil
	}
	used, err := view.StatementSerial(s.Party, s.Serial)
	if err != nil || !used.Applied || used.ID == s.ID {
		return "", nil, err
	}
	before, _, err := view.Statement(s.Party, used.ID)
	if err != nil {
		return "", nil, err
	}
	if s.SameContent(before.Statement) {
		return used.ID, nil, nil
	}
	return "", provinces.Reject(provinces.CodeStatementReuse, "serial", "a number not used before", fmt.Sprint(s.Serial)), nil
}

// Result is what the record's party is told. Of an applied statement the comparisons are
// the caller's to bring.
func (r *StatementRecord) Result() provinces.StatementResult {
	return provinces.StatementResult{
		Statement: r.Statement, Number: r.Number, Received: time.Unix(0, r.Received).In(China),
		Outcome: r.Outcome, Code: r.Code, Errors: r.Errors,
	}
}

// MissingSerials are the ranges of serials, from 1 to the greatest used, that no statement
// has come with. used must be in ascending order.
func MissingSerials(used []uint64) (missing []SerialRange) {
	next := uint64(1)
	for _, serial := range used {
		if serial > next {
			missing = append(missing, SerialRange{From: next, To: serial - 1})
		}
		next = serial + 1
	}
	return missing
}

// SerialRange is From to To, both missing.
type SerialRange struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}
