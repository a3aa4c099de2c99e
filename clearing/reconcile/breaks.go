package reconcile

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Break is a difference that people must solve. Its key says what it is about, so a match
// that is run again finds it again.
//
// The numbers in the tags are the stored form: append-only.
type Break struct {
	// Key: "bill/<number>", "row/<party>/<settlement id or line key>", of one that the party states
	// on other days too with "@<day>" behind,
	// "totals/<party>/<day>/<dimensions>", "serial/<party>/<from>-<to>".
	Key string `cbor:"1,keyasint" json:"key"`

	Day       ledger.Day      `cbor:"2,keyasint" json:"day"` // business day of what it is about
	Home      ledger.Area     `cbor:"3,keyasint,omitempty" json:"home,omitempty"`
	Treatment ledger.Area     `cbor:"4,keyasint,omitempty" json:"treatment,omitempty"`
	Provider  string          `cbor:"5,keyasint,omitempty" json:"provider,omitempty"`
	Entry     uint64          `cbor:"6,keyasint,omitempty" json:"entry,omitempty"` // the bill; 0: none
	Row       string          `cbor:"7,keyasint,omitempty" json:"settlement_id,omitempty"`
	Party     provinces.Party `cbor:"8,keyasint" json:"party"` // whose statement; of a bill with several findings, the first finding's

	Class    Class         `cbor:"9,keyasint" json:"class"`
	Findings []Finding     `cbor:"10,keyasint" json:"findings"`
	Books    ledger.Amount `cbor:"11,keyasint" json:"books"`      // owed by the books; 0 where no bill stands behind it
	Owed     ledger.Amount `cbor:"12,keyasint" json:"difference"` // of the primary finding: the side's less the books'
	Facts    [32]byte      `cbor:"13,keyasint" json:"-"`          // digest of class, amounts and findings: what a decision was about

	FirstSeen ledger.Day `cbor:"14,keyasint" json:"first_seen"` // evening
	Due       ledger.Day `cbor:"15,keyasint" json:"due"`        // by Clock
	Owner     Side       `cbor:"16,keyasint" json:"owner"`      // whose turn it is
	State     State      `cbor:"17,keyasint" json:"state"`
	History   []Event    `cbor:"18,keyasint" json:"history"` // oldest first

	Seen   *Seen `cbor:"21,keyasint,omitempty" json:"-"`                // what it was last found to be made of; nil: it is about statements or totals
	Still  bool  `cbor:"22,keyasint,omitempty" json:"still,omitempty"`  // settled, and the newest match of its day finds it all the same
	Agreed bool  `cbor:"23,keyasint,omitempty" json:"agreed,omitempty"` // a person has the word on it, and the newest match of its day does not find it: an equal row has come

	Person string `cbor:"20,keyasint,omitempty" json:"person,omitempty"` // keyed pseudonym
	Visit  string `cbor:"19,keyasint,omitempty" json:"visit,omitempty"`  // mdtrt_id: with Provider the stay, in whose chain differences can cancel
}

// State is how far a break has come.
type State string

// States of a break.
const (
	Open     State = "open"
	Proposed State = "proposed" // a maker has decided, the checker has not
	Resolved State = "resolved" // by itself: one of the four kinds
	Decided  State = "decided"  // by two officers
	Gone     State = "gone"     // the match does not find it any more
)

// Undecided reports whether officers have still to do with a break.
func (s State) Undecided() bool { return s == Open || s == Proposed }

// Event is one change of a break.
type Event struct {
	Evening ledger.Day `cbor:"1,keyasint" json:"evening"` // or, of an act, its business day
	State   State      `cbor:"2,keyasint" json:"state"`   // after it
	What    string     `cbor:"3,keyasint" json:"what"`    // seen, changed, reopened, resolved:<kind>, waiting:<kind>, undone, act:<kind>, commented, assigned, gone
	Class   Class      `cbor:"4,keyasint,omitempty" json:"class,omitempty"`
	Act     uint64     `cbor:"5,keyasint,omitempty" json:"act,omitempty"`   // the books' number of the act behind it
	Group   string     `cbor:"6,keyasint,omitempty" json:"group,omitempty"` // of an automatic resolution: what can be undone together
	Engine  int        `cbor:"7,keyasint,omitempty" json:"engine,omitempty"`

	// Why a break was opened again, or how it changed: class, amount, findings, cause, or
	// "found again".
	Why string `cbor:"8,keyasint,omitempty" json:"why,omitempty"`

	// What the event changed of the break, as it stood before; nil: nothing but the state.
	Was *Stood `cbor:"9,keyasint,omitempty" json:"-"`
}

// Stood is what a break said before an event gave it other facts or another owner.
//
// The numbers in the tags are the stored form: append-only.
type Stood struct {
	Class    Class         `cbor:"1,keyasint"`
	Findings []Finding     `cbor:"2,keyasint"`
	Books    ledger.Amount `cbor:"3,keyasint"`
	Owed     ledger.Amount `cbor:"4,keyasint"`
	Facts    [32]byte      `cbor:"5,keyasint"`
	Due      ledger.Day    `cbor:"6,keyasint"`
	Owner    Side          `cbor:"7,keyasint"`
	Seen     *Seen         `cbor:"8,keyasint,omitempty"`

	Party provinces.Party `cbor:"9,keyasint"`
}

// Stood is what the break says now, for the event that changes it.
func (b *Break) Stood() *Stood {
	return &Stood{Class: b.Class, Findings: b.Findings, Books: b.Books, Owed: b.Owed, Facts: b.Facts, Due: b.Due, Owner: b.Owner, Seen: b.Seen, Party: b.Party}
}

// Words of events (Event.What).
const (
	EventSeen      = "seen"
	EventChanged   = "changed"
	EventReopened  = "reopened"
	EventResolved  = "resolved:" // and the kind
	EventWaiting   = "waiting:"  // and the kind: a cap was reached, a person must approve the group
	EventUndone    = "undone"
	EventAct       = "act:" // and the kind of act
	EventProposed  = EventAct + "propose"
	EventWithdrawn = EventAct + "withdraw" // of a proposal
	EventCommented = "commented"
	EventAssigned  = "assigned"
	EventGone      = "gone"
)

// Engine is the version of the matching rules; it is part of a run's inputs.
const Engine = 2

// AsOf is the state of the break on a past evening; "" before it was first seen.
func (b *Break) AsOf(evening ledger.Day) (state State) {
	for _, e := range b.History {
		if e.Evening <= evening {
			state = e.State
		}
	}
	return state
}

// On is the break as it stood on a past evening, with what had happened to it by then; its
// state is "" before it was first seen. Memory is shared with the break.
func (b *Break) On(evening ledger.Day) Break {
	then := *b
	then.State, then.History = b.AsOf(evening), nil
	for _, e := range b.History {
		if e.Evening <= evening {
			then.History = append(then.History, e)
		}
	}
	// An act counts on the open day, so a night that is closed later can stand behind it.
	for i := len(b.History) - 1; i >= 0 && b.History[i].Evening > evening; i-- {
		if was := b.History[i].Was; was != nil {
			then.Class, then.Findings, then.Books, then.Owed = was.Class, was.Findings, was.Books, was.Owed
			then.Facts, then.Due, then.Owner, then.Seen, then.Party = was.Facts, was.Due, was.Owner, was.Seen, was.Party
		}
	}
	return then
}
