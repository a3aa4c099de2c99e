package clearing

import (
	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// View is what the books know when a message is decided. Within a batch it already
// shows what the messages before were decided to be.
type View interface {
	// Next is the books' number the decision will get.
	Next() uint64
	// Record returns a record by its number; an error if there is none.
	Record(number uint64) (*Record, error)
	// Entry returns the ledger entry of a record; no postings if no money moved.
	Entry(number uint64) (ledger.Entry, error)
	// Stay returns the number of the standing booking of a stay; 0 if none stands.
	Stay(StayKey) (uint64, error)
	// Message returns what is known of a message by its key; the zero state if nothing.
	Message(key string) (MessageState, error)
	// Undone returns the number of the record that undid this one; 0 if it stands.
	Undone(number uint64) (uint64, error)
	// Year returns the state of a person-year; the zero state if nothing was booked.
	Year(YearKey) (YearState, error)
	// Plan returns the bytes of a plan that a booked bill names.
	Plan(hash [32]byte) ([]byte, error)
	// Register returns how far the REGISTRY stream has been taken: the sequence of its last
	// message that has an outcome; 0 if none has.
	Register() (uint64, error)
	// Person returns what the home province's register says of a person; the zero file
	// if it does not know one.
	Person(home ledger.Province, personNo string) (PersonFile, error)
	// Provider returns what the treatment province's register says of a provider; the zero
	// file if it does not know one.
	Provider(treatment ledger.Province, code string) (ProviderFile, error)
	// Holders returns the persons of a home province that have a certificate of that
	// hash; see RegistryView.
	Holders(home ledger.Province, hash provinces.CertificateHash) ([]string, error)
}

// StayKey identifies a stay. The end is part of it so that interim settlements of one
// visit can come.
type StayKey struct {
	Provider   string
	VisitID    string
	Discharged provinces.DateTime
}

// MessageState is what the books know of a message.
type MessageState struct {
	Record uint64 // the record it became; 0 if it was never seen
	Mark   uint64 // a reversal that came before it; 0 if none
}

// YearKey identifies a person's benefit year in one insurance.
type YearKey struct {
	Home     ledger.Province
	PersonNo string
	Insutype string
	Year     int
}

// YearState is how far a person-year has come.
type YearState struct {
	Last         uint64               `cbor:"1,keyasint,omitempty"` // newest standing bill; 0 if none stands
	Opened       bool                 `cbor:"2,keyasint,omitempty"` // opening figures from elsewhere have been used
	Accumulators benefit.Accumulators `cbor:"3,keyasint"`           // after the newest standing bill

	Latest provinces.DateTime `cbor:"4,keyasint,omitempty"` // latest discharge of its standing bills
	Refold *Refolded          `cbor:"5,keyasint,omitempty"` // nil: each bill follows the one that it names as the last before it
}

// Decision is everything that one message changes. It is stored whole or not at all.
type Decision struct {
	Record Record
	Entry  *ledger.Entry // nil where no money moves

	Stay   *StayChange
	Undone []UndoneChange
	Mark   string // message key that this reversal makes void in advance; "" if none
	Years  []YearChange

	// Refolds are person-years whose later bills stand as they were answered although one
	// came or went before them: officers look at those.
	Refolds []YearKey

	// Of officers' acts alone.
	Rows   []RowChange
	Cases  []Case            // as the act leaves them
	Breaks []reconcile.Break // as the act leaves them
}

// StayChange sets the standing booking of a stay; 0 when it no longer stands.
type StayChange struct {
	Key    StayKey
	Booked uint64
}

// UndoneChange notes that a record was undone by another; By 0 takes that back.
type UndoneChange struct {
	Number, By uint64
}

// YearChange sets a person-year.
type YearChange struct {
	Key   YearKey
	State YearState
}
