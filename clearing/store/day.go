package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/ledger"
)

// Rules of days and streams.
var (
	ErrSequence = errors.New("store: message is not the next of its stream")
	ErrDayOrder = errors.New("store: business day goes back or is closed")
)

// Phase is how far a business day has come.
type Phase uint8

const (
	DayOpen   Phase = 0 // messages still get this day
	DayFrozen Phase = 1 // its end is decided; it waits for its last messages to be answered
	DayClosed Phase = 2 // reported and sealed
)

var phaseNames = [...]string{"open", "frozen", "closed"}

func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}

// DayState is what the books know of a business day.
//
// Invariant: the day's records are those with that Day among numbers From..To; other
// days' records may stand between.
type DayState struct {
	Phase    Phase               `cbor:"1,keyasint"`
	From     uint64              `cbor:"2,keyasint"` // first record of the day; 0 if none
	To       uint64              `cbor:"3,keyasint"` // last record of the day; 0 if none
	Records  uint64              `cbor:"4,keyasint"`
	Frozen   int64               `cbor:"5,keyasint"` // when, nanoseconds since 1970 UTC; for people, never for a figure
	Seal     Seal                `cbor:"6,keyasint"`
	Files    map[string][32]byte `cbor:"7,keyasint"` // SHA-256 of each file of the report
	Revision int                 `cbor:"8,keyasint"`
}

// count takes one more record into the day.
func (s *DayState) count(number uint64) {
	if s.From == 0 {
		s.From = number
	}
	s.To = number
	s.Records++
}

// Seal closes a day for ever.
type Seal struct {
	Size     uint64     `cbor:"1,keyasint"` // records under the root
	Root     [32]byte   `cbor:"2,keyasint"`
	PlanSet  [32]byte   `cbor:"3,keyasint"`
	Report   [32]byte   `cbor:"4,keyasint"` // SHA-256 of report.json
	Previous [32]byte   `cbor:"5,keyasint"` // Digest of the day before; zero for the first
	Trial    []TrialSum `cbor:"6,keyasint"` // of all entries up to and with this day
	Digest   [32]byte   `cbor:"7,keyasint"` // over everything above
}

// TrialSum is one line of the trial balance at a day's end.
type TrialSum struct {
	Side     ledger.Side     `cbor:"1,keyasint"`
	Province ledger.Province `cbor:"2,keyasint"`
	Stage    ledger.Stage    `cbor:"3,keyasint"`
	Debits   ledger.Amount   `cbor:"4,keyasint"`
	Credits  ledger.Amount   `cbor:"5,keyasint"`
}

// Position returns how far a stream is answered; the zero Position before its first.
func (tx *Tx) Position(stream ledger.Province) (at clearing.Position, err error) {
	if at, ok := tx.positions[stream]; ok {
		return at, nil
	}
	_, err = get(tx.raw.Bucket(bucketPositions), []byte(stream), &at)
	return at, err
}

// SetPosition is used where no message is answered: to note a stream's identity.
func (tx *Tx) SetPosition(stream ledger.Province, at clearing.Position) {
	tx.positions[stream] = at
}

// advance notes the record's message as answered. Crossing into a later day stores the
// cut of every day left behind, once and for ever.
func (tx *Tx) advance(r *clearing.Record) error {
	at, err := tx.Position(r.Stream)
	if err != nil {
		return err
	}
	if r.Sequence != at.Sequence+1 && at.Sequence != 0 {
		return fmt.Errorf("%w: %s/%d after %d", ErrSequence, r.Stream, r.Sequence, at.Sequence)
	}
	day, err := tx.Day(r.Day)
	if err != nil {
		return err
	}
	if r.Day < at.Day || day.Phase == DayClosed {
		return fmt.Errorf("%w: %s/%d on %s, stream is at %s", ErrDayOrder, r.Stream, r.Sequence, r.Day, at.Day)
	}
	for left := at.Day; left < r.Day && at.Day != 0; left++ {
		if err := tx.cutOnce(left, r.Stream, at.Sequence); err != nil {
			return err
		}
	}
	day.count(r.Number)
	tx.days[r.Day] = day
	tx.outcomes[r.Outcome]++
	at.Sequence, at.Day, at.Digest = r.Sequence, r.Day, r.Digest
	tx.positions[r.Stream] = at
	return tx.raw.Bucket(bucketAttempts).Delete(attemptKey(r.Stream, r.Sequence))
}

// Cut is the last sequence of a day in a stream, and whether it is decided yet.
func (tx *Tx) Cut(day ledger.Day, stream ledger.Province) (sequence uint64, decided bool, err error) {
	stored, err := getBytes(tx.raw.Bucket(bucketCuts), cutKey(day, stream))
	if err != nil || stored == nil {
		return 0, false, err
	}
	return keyNumber(stored), true, nil
}

// SetCut decides the last sequence of a day in a stream, unless it is decided already.
func (tx *Tx) SetCut(day ledger.Day, stream ledger.Province, sequence uint64) error {
	at, err := tx.Position(stream)
	if err != nil {
		return err
	}
	if at.Day <= day {
		sequence = max(sequence, at.Sequence)
	}
	return tx.cutOnce(day, stream, sequence)
}

func (tx *Tx) cutOnce(day ledger.Day, stream ledger.Province, sequence uint64) error {
	if _, decided, err := tx.Cut(day, stream); err != nil || decided {
		return err
	}
	return putBytes(tx.raw.Bucket(bucketCuts), cutKey(day, stream), numberKey(sequence))
}

// Day returns the state of a business day; an open day without records if it was never
// touched.
func (tx *Tx) Day(day ledger.Day) (state DayState, err error) {
	if state, ok := tx.days[day]; ok {
		return state, nil
	}
	_, err = get(tx.raw.Bucket(bucketDays), dayKey(day), &state)
	return state, err
}

// SetDay stores the state of a day.
func (tx *Tx) SetDay(day ledger.Day, state DayState) { tx.days[day] = state }

// Days visits the known days, newest first, until visit returns false.
func (tx *Tx) Days(visit func(ledger.Day, DayState) bool) error {
	cursor := tx.raw.Bucket(bucketDays).Cursor()
	for key, value := cursor.Last(); key != nil; key, value = cursor.Prev() {
		var state DayState
		if err := decode(key, value, &state); err != nil {
			return err
		}
		if !visit(keyDay(key), state) {
			return nil
		}
	}
	return nil
}

// LastClosed is the newest closed day; 0 before the first.
func (tx *Tx) LastClosed() (last ledger.Day, err error) {
	err = tx.Days(func(day ledger.Day, state DayState) bool {
		if state.Phase == DayClosed {
			last = day
		}
		return last == 0
	})
	return last, err
}

// Attempts counts our own failures with a message that is not answered yet.
func (tx *Tx) Attempts(stream ledger.Province, sequence uint64) (uint64, error) {
	stored, err := getBytes(tx.raw.Bucket(bucketAttempts), attemptKey(stream, sequence))
	if err != nil {
		return 0, err
	}
	return parseNumber(stored)
}

// NoteAttempt adds one failure.
func (tx *Tx) NoteAttempt(stream ledger.Province, sequence uint64) error {
	n, err := tx.Attempts(stream, sequence)
	if err != nil {
		return err
	}
	return putBytes(tx.raw.Bucket(bucketAttempts), attemptKey(stream, sequence), binaryNumber(n+1))
}

// MessageDay is clearing.MessageDay on these books.
func (tx *Tx) MessageDay(stream ledger.Province, sequence uint64, byClock ledger.Day) (ledger.Day, error) {
	at, err := tx.Position(stream)
	if err != nil {
		return 0, err
	}
	day := clearing.MessageDay(at, sequence, byClock, func(day ledger.Day) (uint64, bool) {
		cut, decided, failed := tx.Cut(day, stream)
		err = errors.Join(err, failed)
		return cut, decided
	})
	return day, err
}

func binaryNumber(n uint64) []byte { return binary.AppendUvarint(nil, n) }

// Close computes the seal's digest over everything else in it.
func (s *Seal) Close() error {
	open := *s
	open.Digest = [32]byte{}
	encoded, err := encode(open)
	if err != nil {
		return err
	}
	s.Digest = sha256.Sum256(encoded)
	return nil
}
