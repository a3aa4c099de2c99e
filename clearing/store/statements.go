package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// StatementsStream names the STATEMENTS stream where positions and attempts are told by
// stream.
const StatementsStream ledger.Province = "STATEMENTS"

var (
	bucketStatements = []byte("statements")
	bucketParts      = []byte("statementparts")
	bucketNumbers    = []byte("statementnumbers")
	bucketDue        = []byte("statementdue")
	bucketStrangers  = []byte("statementstrangers")
	bucketInForce    = []byte("inforce")
	bucketSerials    = []byte("serials")
)

// StatementPart is where a part of a waiting statement lies in the stream.
type StatementPart struct {
	Sequence uint64   `cbor:"1,keyasint"`
	Bytes    int64    `cbor:"2,keyasint"`
	Digest   [32]byte `cbor:"3,keyasint"` // SHA-256
}

// partyPrefix keeps what a party has together.
func partyPrefix(party provinces.Party) []byte { return append([]byte(party.Key()), 0) }

func statementKey(party provinces.Party, id string) []byte {
	return append(partyPrefix(party), id...)
}

func partsPrefix(party provinces.Party, id string) []byte {
	return append(statementKey(party, id), 0)
}

func partKey(party provinces.Party, id string, part int) []byte {
	return binary.BigEndian.AppendUint16(partsPrefix(party, id), uint16(part))
}

func serialKey(party provinces.Party, serial uint64) []byte {
	return binary.BigEndian.AppendUint64(partyPrefix(party), serial)
}

// Statement returns what is known of a statement; ok is false if nothing is.
func (tx *Tx) Statement(party provinces.Party, id string) (record clearing.StatementRecord, ok bool, err error) {
	ok, err = get(tx.raw.Bucket(bucketStatements), statementKey(party, id), &record)
	return record, ok, err
}

// StatementNumbered returns the statement that a message of the stream decided.
func (tx *Tx) StatementNumbered(number uint64) (record clearing.StatementRecord, err error) {
	key, err := getBytes(tx.raw.Bucket(bucketNumbers), numberKey(number))
	found := false
	if key != nil {
		found, err = get(tx.raw.Bucket(bucketStatements), key, &record)
	}
	if err == nil && !found {
		err = fmt.Errorf("%w: statement %d is not there", ErrEncoding, number)
	}
	return record, err
}

// Statements visits a party's statements in the order of their ids until visit returns
// false.
func (tx *Tx) Statements(party provinces.Party, visit func(*clearing.StatementRecord) bool) error {
	prefix := partyPrefix(party)
	cursor := tx.raw.Bucket(bucketStatements).Cursor()
	for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		var record clearing.StatementRecord
		if err := decode(key, value, &record); err != nil {
			return err
		}
		if !visit(&record) {
			return nil
		}
	}
	return nil
}

// StatementParties visits the parties that have sent statements, in the order of their
// keys, until visit returns false.
func (tx *Tx) StatementParties(visit func(provinces.Party) bool) error {
	cursor := tx.raw.Bucket(bucketStatements).Cursor()
	for key, value := cursor.First(); key != nil; {
		var record clearing.StatementRecord
		if err := decode(key, value, &record); err != nil {
			return err
		}
		if !visit(record.Party) {
			return nil
		}
		key, value = cursor.Seek(append([]byte(record.Party.Key()), 1)) // behind all of the party's
	}
	return nil
}

// NoteStatement stores a statement that waits.
func (tx *Tx) NoteStatement(record *clearing.StatementRecord) error {
	return put(tx.raw.Bucket(bucketStatements), statementKey(record.Party, record.ID), record)
}

// NoteStatementPart notes where a part lies.
func (tx *Tx) NoteStatementPart(party provinces.Party, id string, part int, at StatementPart) error {
	return put(tx.raw.Bucket(bucketParts), partKey(party, id, part), at)
}

// StatementParts returns where the parts of a waiting statement lie, by part.
func (tx *Tx) StatementParts(party provinces.Party, id string) (map[int]StatementPart, error) {
	parts := make(map[int]StatementPart)
	prefix := partsPrefix(party, id)
	cursor := tx.raw.Bucket(bucketParts).Cursor()
	for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		if len(key) != len(prefix)+2 {
			continue // of another id that begins with these bytes: there is none, since no id has a zero
		}
		var at StatementPart
		if err := decode(key, value, &at); err != nil {
			return nil, err
		}
		parts[int(binary.BigEndian.Uint16(key[len(prefix):]))] = at
	}
	return parts, nil
}

// StatementSerial returns who has used a serial; the zero value if nobody has.
func (tx *Tx) StatementSerial(party provinces.Party, serial uint64) (used clearing.StatementSerial, err error) {
	_, err = get(tx.raw.Bucket(bucketSerials), serialKey(party, serial), &used)
	return used, err
}

// StatementSerials lists the serials a party has used, in ascending order.
func (tx *Tx) StatementSerials(party provinces.Party) (used []uint64) {
	prefix := partyPrefix(party)
	cursor := tx.raw.Bucket(bucketSerials).Cursor()
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		if len(key) == len(prefix)+8 {
			used = append(used, binary.BigEndian.Uint64(key[len(prefix):]))
		}
	}
	return used
}

// DecideStatement stores what became of a statement: it, its serial, what is in force from
// now on, and that its answer is due. Rows must have been written before; its parts are
// no longer kept.
func (tx *Tx) DecideStatement(record *clearing.StatementRecord) error {
	key := statementKey(record.Party, record.ID)
	if err := put(tx.raw.Bucket(bucketStatements), key, record); err != nil {
		return err
	}
	if err := putBytes(tx.raw.Bucket(bucketNumbers), numberKey(record.Number), key); err != nil {
		return err
	}
	if err := putBytes(tx.raw.Bucket(bucketDue), numberKey(record.Number), dueWhen(record)); err != nil {
		return err
	}
	if err := tx.dropParts(record.Party, record.ID); err != nil {
		return err
	}
	if err := tx.noteSerial(record); err != nil || record.Outcome != provinces.StatementApplied {
		return err
	}
	if err := tx.noteHorizon(record); err != nil {
		return err
	}
	return tx.putInForce(record)
}

func (tx *Tx) dropParts(party provinces.Party, id string) error {
	prefix := partsPrefix(party, id)
	bucket := tx.raw.Bucket(bucketParts)
	var keys [][]byte
	cursor := bucket.Cursor()
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		keys = append(keys, bytes.Clone(key))
	}
	for _, key := range keys {
		if err := bucket.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// noteSerial notes the number as used. What was refused gives it up to a later one.
func (tx *Tx) noteSerial(record *clearing.StatementRecord) error {
	serial := record.Statement.Serial
	if serial == 0 || record.Outcome == provinces.StatementRepeated {
		return nil
	}
	used, err := tx.StatementSerial(record.Party, serial)
	if err != nil || used.Applied {
		return err
	}
	return put(tx.raw.Bucket(bucketSerials), serialKey(record.Party, serial), clearing.StatementSerial{
		ID: record.ID, Applied: record.Outcome == provinces.StatementApplied,
	})
}

// What is in force: for a day and party the rows of one statement, and for each kind of
// total the totals of one. Totals of another range are another kind: a month does not
// take the place of its days.

const (
	rowsInForce  = 'r'
	totalInForce = 't'
)

func inForcePrefix(day ledger.Day, party provinces.Party) []byte {
	return append(dayKey(day), partyPrefix(party)...)
}

func totalKind(s *provinces.Statement, t *provinces.StatementTotal) string {
	refunds := "0"
	if s.Refunds {
		refunds = "1"
	}
	return totalsUntil(s.From, s.To) + strings.Join([]string{refunds, t.Insutype, t.ClearingType, string(t.Agency), string(t.Counterpart)}, "/")
}

// totalsUntil is what the kinds of all totals of a range begin with.
func totalsUntil(from, to ledger.Day) string {
	return strings.Join([]string{string(totalInForce), from.String(), to.String(), ""}, "/")
}

// putInForce notes rows at each day of the range, and totals at its first: a range is a
// day or a month, so a day's totals are found at itself and at the first of its month.
func (tx *Tx) putInForce(record *clearing.StatementRecord) error {
	s, bucket := &record.Statement, tx.raw.Bucket(bucketInForce)
	for day := s.From; day <= s.To && s.File != nil; day++ {
		if err := putBytes(bucket, append(inForcePrefix(day, record.Party), rowsInForce), numberKey(record.Number)); err != nil {
			return err
		}
	}
	for i := range s.Totals {
		key := append(inForcePrefix(s.From, record.Party), totalKind(s, &s.Totals[i])...)
		if err := putBytes(bucket, key, numberKey(record.Number)); err != nil {
			return err
		}
	}
	return nil
}

// StatementInForce is a statement that counts for a day.
type StatementInForce struct {
	Number    uint64
	Party     provinces.Party
	Statement provinces.Statement
	Digest    [32]byte // of head and rows: with another one the day is matched again
	Rows      bool     // its rows are in force for the day
	Totals    []int    // of Statement.Totals those in force for the day, ascending
}

// StatementsInForce are the statements that count for a day, in the order of their
// parties' keys and then of their numbers.
func (tx *Tx) StatementsInForce(day ledger.Day) ([]StatementInForce, error) {
	return tx.statementsInForce(day, nil)
}

// StatementsInForceOf are those of one party.
func (tx *Tx) StatementsInForceOf(day ledger.Day, party provinces.Party) ([]StatementInForce, error) {
	return tx.statementsInForce(day, partyPrefix(party))
}

func (tx *Tx) statementsInForce(day ledger.Day, of []byte) ([]StatementInForce, error) {
	kinds := make(map[uint64]map[string]bool)
	if err := tx.inForceAt(day, day, of, kinds); err != nil {
		return nil, err
	}
	if first := firstOfMonth(day); first != day {
		if err := tx.inForceAt(first, day, of, kinds); err != nil {
			return nil, err
		}
	}
	order := slices.Sorted(maps.Keys(kinds))
	all := make([]StatementInForce, 0, len(order))
	for _, number := range order {
		record, err := tx.StatementNumbered(number)
		if err != nil {
			return nil, err
		}
		all = append(all, inForceOf(&record, kinds[number]))
	}
	sortInForce(all)
	return all, nil
}

// inForceAt gathers what is noted at one day and counts for another of its month, by the
// statements' numbers; of is the prefix of a party's keys, or nil for all.
func (tx *Tx) inForceAt(at, day ledger.Day, of []byte, kinds map[uint64]map[string]bool) error {
	noted := dayKey(at)
	prefix := append(dayKey(at), of...)
	cursor := tx.raw.Bucket(bucketInForce).Cursor()
	for key, value := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		_, kind, ok := strings.Cut(string(key[len(noted):]), "\x00")
		if !ok {
			return fmt.Errorf("%w: key in force", ErrEncoding)
		}
		if at != day && !strings.HasPrefix(kind, totalsUntil(at, lastOfMonth(at))) {
			continue
		}
		stored, err := summed(key, value)
		if err != nil {
			return err
		}
		number := keyNumber(stored)
		if kinds[number] == nil {
			kinds[number] = make(map[string]bool)
		}
		kinds[number][kind] = true
	}
	return nil
}

func firstOfMonth(day ledger.Day) ledger.Day {
	return day - ledger.Day(day.Time().Day()-1)
}

func lastOfMonth(day ledger.Day) ledger.Day {
	return ledger.DayOf(firstOfMonth(day).Time().AddDate(0, 1, -1))
}
