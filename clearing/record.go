package clearing

import (
	"strconv"
	"strings"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Record is what became of one message: the books' unit. Records are numbered from 1
// in the order in which the books took the messages; that number is the only order
// there is between streams.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Record struct {
	Number   uint64          `cbor:"-"` // the books' number; stored as the key
	Stream   ledger.Province `cbor:"1,keyasint"`
	Sequence uint64          `cbor:"2,keyasint"`
	Subject  string          `cbor:"3,keyasint"` // as published: claims.<treatment>.<home>.<provider>.<msgid>
	Digest   [32]byte        `cbor:"4,keyasint"` // SHA-256 of the request's exact bytes
	Received int64           `cbor:"5,keyasint"` // the broker's timestamp, nanoseconds since 1970 UTC
	Day      ledger.Day      `cbor:"6,keyasint"`

	Outcome      provinces.Outcome      `cbor:"7,keyasint"`
	Code         provinces.Code         `cbor:"8,keyasint,omitempty"`
	Errors       []provinces.FieldError `cbor:"9,keyasint,omitempty"`
	Original     uint64                 `cbor:"10,keyasint,omitempty"` // the record this one repeats or undoes; 0: none
	OriginalWord string                 `cbor:"11,keyasint,omitempty"` // value of the Clr-Original header

	Infno     string      `cbor:"12,keyasint,omitempty"` // empty where the message could not be read
	Treatment ledger.Area `cbor:"13,keyasint,omitempty"`
	Home      ledger.Area `cbor:"14,keyasint,omitempty"`
	Provider  string      `cbor:"15,keyasint,omitempty"`

	// Set when money moved or could have moved: Booked, and what undoes or restores.
	Effect int8  `cbor:"16,keyasint,omitempty"` // +1 the bill counts from here, -1 it no longer does
	Bill   *Bill `cbor:"17,keyasint,omitempty"` // of Booked only; what undoes it names it in Original

	Redo *RedoOrder `cbor:"20,keyasint,omitempty"` // set on a quarantined message that was decided again

	Answer []byte `cbor:"18,keyasint"` // the exact body of the answer

	// Register is the last message of the REGISTRY stream that the books had taken when
	// this one was decided; 0: none. Books that are replayed take the register so far first.
	Register uint64 `cbor:"21,keyasint,omitempty"`

	Adjustment *Adjustment `cbor:"19,keyasint,omitempty"` // of Adjusted only, which no message stands behind
	Act        *Act        `cbor:"22,keyasint,omitempty"` // of Acted only, likewise
}

// Bill is a settled claim with everything needed to explain and recompute it.
type Bill struct {
	Claim   provinces.Claim      `cbor:"1,keyasint"`
	Benefit benefit.Adjudication `cbor:"2,keyasint"`
	PlanSet [32]byte             `cbor:"3,keyasint"`
	Years   []YearLink           `cbor:"4,keyasint"`           // one for each of Benefit.Years
	Person  *benefit.Person      `cbor:"5,keyasint,omitempty"` // what the register knew of the person; nil: the claim's word was taken

	// Facility is what the treatment province's register knew of the provider; nil: the
	// claim's hosp_lv was taken.
	Facility *benefit.Facility `cbor:"6,keyasint,omitempty"`
}

// YearLink ties a bill into a person-year: the state it found.
type YearLink struct {
	Year   int       `cbor:"1,keyasint"`
	Before YearState `cbor:"2,keyasint"`

	// Outpatient is what the register said was paid for outpatient care in the year; nil:
	// it said nothing, and Before has what an opening brought.
	Outpatient *ledger.Amount `cbor:"3,keyasint,omitempty"`
}

// Accumulators are those that the bill was computed from.
func (l YearLink) Accumulators() benefit.Accumulators {
	from := l.Before.Accumulators
	if l.Outpatient != nil {
		from.Outpatient = *l.Outpatient
	}
	return from
}

// Case is what the calculator was given of a booked bill. The record must have a bill.
func (r *Record) Case() benefit.Case {
	c := benefit.Case{Home: r.Home, Treatment: r.Treatment, Provider: r.Provider, Claim: r.Bill.Claim, Person: r.Bill.Person}
	if r.Bill.Facility != nil {
		c.Facility = *r.Bill.Facility
	}
	return c
}

// ReceivedTime is the broker's timestamp in China's zone.
func (r *Record) ReceivedTime() time.Time { return time.Unix(0, r.Received).In(China) }

// SettlementID is the setl_id that the record issued: treatment area, "G" and 13
// digits of the books' number. Booked bills and cancellations have one.
func (r *Record) SettlementID() string { return settlementID(r.Treatment, r.Number) }

func settlementID(treatment ledger.Area, number uint64) string {
	digits := strconv.AppendUint(make([]byte, 0, 20), number, 10)
	const zeros = "0000000000000"
	return string(treatment) + "G" + zeros[min(len(digits), len(zeros)):] + string(digits)
}

// ParseSettlementID returns the books' number in a setl_id of this house.
func ParseSettlementID(id string) (treatment ledger.Area, number uint64, ok bool) {
	if len(id) != 20 || id[6] != 'G' || strings.ContainsFunc(id[:6]+id[7:], notDigit) {
		return "", 0, false
	}
	number, err := strconv.ParseUint(id[7:], 10, 64)
	return ledger.Area(id[:6]), number, err == nil && number > 0
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// MsgID is the last token of the subject.
func (r *Record) MsgID() string { return r.Subject[strings.LastIndexByte(r.Subject, '.')+1:] }

// MessageKey is the part of the subject that claims and answers share.
func (r *Record) MessageKey() string { return messageKey(r.Subject) }

func messageKey(subject string) string {
	_, key, _ := strings.Cut(subject, ".")
	return key
}
