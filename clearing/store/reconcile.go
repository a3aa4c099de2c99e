package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

var (
	bucketDayResults = []byte("dayresults")
	bucketStrays     = []byte("strays")    // bill, side, statement, line -> a row whose bill counts on another day
	bucketStraysOf   = []byte("straysof")  // party, stray's key -> nothing
	bucketBreakDays  = []byte("breakdays") // day, break key -> nothing
	bucketHorizons   = []byte("horizons")  // party -> last day of its horizons

	bucketBreakEvenings = []byte("breakevenings") // evening, break key -> nothing: something happened to it

	bucketPairBalances = []byte("pairbalances") // day -> what stands of each pair of areas at its end
	bucketSealed       = []byte("sealed")       // day, part -> what the day's report was rendered from, compressed
)

// keyReconciled is where meta keeps how far the statements have been matched.
var keyReconciled = []byte("reconciled")

// Reconciled is how far the match has come.
type Reconciled struct {
	Statements uint64     `cbor:"1,keyasint"` // last sequence of STATEMENTS that was taken into a match
	Evening    ledger.Day `cbor:"2,keyasint"` // of the newest run
	Record     uint64     `cbor:"3,keyasint"` // last record of the books that a run has looked at

	Reported uint64 `cbor:"4,keyasint,omitempty"` // last sequence of STATEMENTS that a sealed report has counted
}

// Reconciled returns how far the match has come; the zero value before the first run.
func (tx *Tx) Reconciled() (at Reconciled, err error) {
	_, err = get(tx.raw.Bucket(bucketMeta), keyReconciled, &at)
	return at, err
}

// SetReconciled notes how far the match has come.
func (tx *Tx) SetReconciled(at Reconciled) error {
	return put(tx.raw.Bucket(bucketMeta), keyReconciled, at)
}

// DayResult is what the newest match says of a business day; ok is false if it was never
// matched.
func (tx *Tx) DayResult(day ledger.Day) (result reconcile.DayResult, ok bool, err error) {
	ok, err = get(tx.raw.Bucket(bucketDayResults), dayKey(day), &result)
	return result, ok, err
}

// SetDayResult stores what a match says of a day.
func (tx *Tx) SetDayResult(result reconcile.DayResult) error {
	return put(tx.raw.Bucket(bucketDayResults), dayKey(result.Day), result)
}

// DayResults visits the matched days up to and with the evening, oldest first.
func (tx *Tx) DayResults(evening ledger.Day, visit func(reconcile.DayResult) error) error {
	cursor := tx.raw.Bucket(bucketDayResults).Cursor()
	last := dayKey(evening)
	for key, value := cursor.First(); key != nil && bytes.Compare(key, last) <= 0; key, value = cursor.Next() {
		var result reconcile.DayResult
		if err := decode(key, value, &result); err != nil {
			return err
		}
		if err := visit(result); err != nil {
			return err
		}
	}
	return nil
}

// DayBreaks visits the breaks about a business day, whatever their state, in the order of
// their keys.
func (tx *Tx) DayBreaks(day ledger.Day, visit func(reconcile.Break) error) error {
	return tx.indexedBreaks(bucketBreakDays, dayKey(day), visit)
}

// indexedBreaks visits the breaks whose keys stand behind a prefix in an index.
func (tx *Tx) indexedBreaks(index, prefix []byte, visit func(reconcile.Break) error) error {
	return tx.eachPrefix(index, prefix, func(key, _ []byte) (bool, error) {
		b, err := tx.Break(string(key[len(prefix):]))
		if err == nil && b == nil {
			err = fmt.Errorf("%w: an indexed break that is not there", ErrEncoding)
		}
		if err != nil {
			return false, err
		}
		return true, visit(*b)
	})
}

// EveningBreaks visits the breaks that something happened to on an evening, in the order of
// their keys.
func (tx *Tx) EveningBreaks(evening ledger.Day, visit func(reconcile.Break) error) error {
	return tx.indexedBreaks(bucketBreakEvenings, dayKey(evening), visit)
}

// Horizon is how far a party says that it is complete.
type Horizon struct {
	Party provinces.Party `cbor:"1,keyasint"`
	Day   ledger.Day      `cbor:"2,keyasint"` // the last day, over all that it has stated; 0: it has stated nothing

	Steps []HorizonStep `cbor:"3,keyasint,omitempty"` // those that the newest run had not seen when the last was made, in order
}

// HorizonStep is a statement that has moved a horizon.
type HorizonStep struct {
	Statement uint64     `cbor:"1,keyasint"` // its number
	Before    ledger.Day `cbor:"2,keyasint"` // the horizon until then
}

// At is the horizon as the statements up to and with a number had left it, of one that the
// newest run has taken or a later one.
func (h *Horizon) At(statement uint64) ledger.Day {
	for _, step := range h.Steps {
		if step.Statement > statement {
			return step.Before
		}
	}
	return h.Day
}

// Horizon returns a party's horizon.
func (tx *Tx) Horizon(party provinces.Party) (h Horizon, err error) {
	h.Party = party
	_, err = get(tx.raw.Bucket(bucketHorizons), []byte(party.Key()), &h)
	return h, err
}

// Horizons visits every party that has ever stated anything, in the order of their keys.
func (tx *Tx) Horizons(visit func(Horizon) error) error {
	return tx.raw.Bucket(bucketHorizons).ForEach(func(key, value []byte) error {
		var h Horizon
		if err := decode(key, value, &h); err != nil {
			return err
		}
		return visit(h)
	})
}

// noteHorizon keeps the horizon of an applied statement, if it is the furthest.
func (tx *Tx) noteHorizon(record *clearing.StatementRecord) error {
	before, err := tx.Horizon(record.Party)
	if err != nil || record.Statement.Horizon <= before.Day {
		return err
	}
	at, err := tx.Reconciled()
	if err != nil {
		return err
	}
	steps := slices.DeleteFunc(before.Steps, func(s HorizonStep) bool { return s.Statement <= at.Statements })
	return put(tx.raw.Bucket(bucketHorizons), []byte(record.Party.Key()), Horizon{
		Party: record.Party, Day: record.Statement.Horizon, Steps: append(steps, HorizonStep{record.Number, before.Day}),
	})
}

// StatementsDecided visits the statements that the messages from..to of the stream decided,
// in their order.
func (tx *Tx) StatementsDecided(from, to uint64, visit func(*clearing.StatementRecord) error) error {
	cursor := tx.raw.Bucket(bucketNumbers).Cursor()
	for key, _ := cursor.Seek(numberKey(from)); key != nil && binary.BigEndian.Uint64(key) <= to; key, _ = cursor.Next() {
		record, err := tx.StatementNumbered(binary.BigEndian.Uint64(key))
		if err != nil {
			return err
		}
		if err := visit(&record); err != nil {
			return err
		}
	}
	return nil
}

// RowsInForce reports whether the rows of a statement are in force for any of its days.
func (tx *Tx) RowsInForce(record *clearing.StatementRecord) (bool, error) {
	if record.Outcome != provinces.StatementApplied || record.Statement.File == nil {
		return false, nil
	}
	for day := record.Statement.From; day <= record.Statement.To; day++ {
		number, err := getBytes(tx.raw.Bucket(bucketInForce), append(inForcePrefix(day, record.Party), rowsInForce))
		if err != nil {
			return false, err
		}
		if number != nil && keyNumber(number) == record.Number {
			return true, nil
		}
	}
	return false, nil
}

// StayBills are the standing bills of a visit at a provider. It reads the provider's
// stays, so it is for the few that do not match.
func (tx *Tx) StayBills(provider, visitID string) (numbers []uint64, err error) {
	prefix := append([]byte(provider), 0)
	cursor := tx.raw.Bucket(bucketStays).Cursor()
	for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		if string(key[min(len(key), len(prefix)+8):]) != visitID {
			continue
		}
		number, err := parseNumber(value)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// Stray is a row whose bill counts on another day than its statement says.
type Stray struct {
	Bill      uint64                 `cbor:"-"` // the books' number that the row names; the key
	Side      reconcile.Side         `cbor:"-"`
	Statement uint64                 `cbor:"-"` // the statement's number
	Row       provinces.StatementRow `cbor:"1,keyasint"`
}

func strayKey(s Stray) []byte {
	key := append(numberKey(s.Bill), byte(s.Side))
	key = binary.BigEndian.AppendUint64(key, s.Statement)
	return binary.BigEndian.AppendUint32(key, uint32(s.Row.Line))
}

func parseStray(key, value []byte) (s Stray, err error) {
	if len(key) != 8+1+8+4 {
		return s, ErrEncoding
	}
	err = decode(key, value, &s)
	s.Bill, s.Side = binary.BigEndian.Uint64(key), reconcile.Side(key[8])
	s.Statement = binary.BigEndian.Uint64(key[9:])
	return s, err
}

// HasStray reports whether the row is kept already.
func (tx *Tx) HasStray(s Stray) bool { return tx.raw.Bucket(bucketStrays).Get(strayKey(s)) != nil }

// SetStray keeps a stray row of a party beside its bill.
func (tx *Tx) SetStray(party provinces.Party, s Stray) error {
	key := strayKey(s)
	if err := putBytes(tx.raw.Bucket(bucketStraysOf), append(partyPrefix(party), key...), nil); err != nil {
		return err
	}
	return put(tx.raw.Bucket(bucketStrays), key, s)
}

// DropStray forgets a stray row of a party.
func (tx *Tx) DropStray(party provinces.Party, s Stray) error {
	key := strayKey(s)
	if err := tx.raw.Bucket(bucketStraysOf).Delete(append(partyPrefix(party), key...)); err != nil {
		return err
	}
	return tx.raw.Bucket(bucketStrays).Delete(key)
}

// StraysOf visits the stray rows of a party, by bill.
func (tx *Tx) StraysOf(party provinces.Party, visit func(Stray) error) error {
	prefix := partyPrefix(party)
	return tx.eachPrefix(bucketStraysOf, prefix, func(key, _ []byte) (bool, error) {
		key = key[len(prefix):]
		s, err := parseStray(key, tx.raw.Bucket(bucketStrays).Get(key))
		if err != nil {
			return false, err
		}
		return true, visit(s)
	})
}

// Strays visits the stray rows of the bills from..to, in their order.
func (tx *Tx) Strays(from, to uint64, visit func(Stray) error) error {
	cursor := tx.raw.Bucket(bucketStrays).Cursor()
	for key, value := cursor.Seek(numberKey(from)); key != nil && binary.BigEndian.Uint64(key) <= to; key, value = cursor.Next() {
		stray, err := parseStray(key, value)
		if err != nil {
			return err
		}
		if err := visit(stray); err != nil {
			return err
		}
	}
	return nil
}

// PairBalance is what the entries up to the end of a day come to for a pair of areas, and how
// much of it officers moved.
type PairBalance struct {
	Home      ledger.Area   `cbor:"1,keyasint"`
	Treatment ledger.Area   `cbor:"2,keyasint"`
	Balance   ledger.Amount `cbor:"3,keyasint"` // of the receivables at every stage
	Decisions ledger.Amount `cbor:"4,keyasint"` // of that, by adjustments and acts
}

// PairBalances are the balances of all pairs at the end of a day; ok is false if they were
// not kept.
func (tx *Tx) PairBalances(day ledger.Day) (list []PairBalance, ok bool, err error) {
	ok, err = get(tx.raw.Bucket(bucketPairBalances), dayKey(day), &list)
	return list, ok, err
}

// SetPairBalances keeps the balances of all pairs at the end of a day.
func (tx *Tx) SetPairBalances(day ledger.Day, list []PairBalance) error {
	return put(tx.raw.Bucket(bucketPairBalances), dayKey(day), list)
}

// sealedKey orders the parts of a day's sealed content.
func sealedKey(day ledger.Day, part uint32) []byte {
	return binary.BigEndian.AppendUint32(dayKey(day), part)
}

// SetSealed keeps a part of what a day's report was rendered from. Part 0 is report.json,
// the parts from 1 are the lines of its breaks.
func (tx *Tx) SetSealed(day ledger.Day, part uint32, compressed []byte) error {
	return tx.raw.Bucket(bucketSealed).Put(sealedKey(day, part), compressed)
}

// Sealed returns a part of what a day's report was rendered from; nil behind the last.
func (tx *Tx) Sealed(day ledger.Day, part uint32) []byte {
	return bytes.Clone(tx.raw.Bucket(bucketSealed).Get(sealedKey(day, part)))
}

// CutSealed removes the parts of a day's sealed content from one on: those that an
// interrupted night has left behind a shorter one.
func (tx *Tx) CutSealed(day ledger.Day, from uint32) error {
	bucket := tx.raw.Bucket(bucketSealed)
	for part := from; bucket.Get(sealedKey(day, part)) != nil; part++ {
		if err := bucket.Delete(sealedKey(day, part)); err != nil {
			return err
		}
	}
	return nil
}
