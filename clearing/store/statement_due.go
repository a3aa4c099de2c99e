package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// dueWhen is the day that must be closed before the statement can be answered: the last of
// its range, and none for a refusal.
func dueWhen(record *clearing.StatementRecord) []byte {
	if record.Outcome == provinces.StatementRefused {
		return dayKey(math.MinInt32)
	}
	return dayKey(record.Statement.To)
}

// StatementsDue visits the statements that can be answered when all days up to the given
// one are closed and whose answer is not published, in the order of their numbers from
// the given one on, until visit returns false. The others are passed over unread: after a
// day there may be as many as hospitals.
func (tx *Tx) StatementsDue(from uint64, closed ledger.Day, visit func(*clearing.StatementRecord) bool) error {
	cursor := tx.raw.Bucket(bucketDue).Cursor()
	for key, when := cursor.Seek(numberKey(from)); key != nil; key, when = cursor.Next() {
		due, err := summed(key, when)
		if err != nil {
			return err
		}
		if bytes.Compare(due, dayKey(closed)) > 0 {
			continue
		}
		record, err := tx.StatementNumbered(binary.BigEndian.Uint64(key))
		if err != nil {
			return err
		}
		if !visit(&record) {
			return nil
		}
	}
	return nil
}

// AnswerStatement stores the answer of a statement that has none.
func (tx *Tx) AnswerStatement(number uint64, answer []byte) error {
	record, err := tx.StatementNumbered(number)
	if err != nil || record.Answer != nil {
		return err
	}
	record.Answer = answer
	return put(tx.raw.Bucket(bucketStatements), statementKey(record.Party, record.ID), record)
}

// StatementPublished notes that a statement's answer is on the broker.
func (tx *Tx) StatementPublished(number uint64) error {
	return tx.raw.Bucket(bucketDue).Delete(numberKey(number))
}

// AdvanceStatements notes a message of the stream as dealt with.
func (tx *Tx) AdvanceStatements(sequence uint64) error {
	at, err := tx.Position(StatementsStream)
	if err != nil {
		return err
	}
	if sequence != at.Sequence+1 && at.Sequence != 0 {
		return fmt.Errorf("%w: %s/%d after %d", ErrSequence, StatementsStream, sequence, at.Sequence)
	}
	at.Sequence = sequence
	tx.SetPosition(StatementsStream, at)
	return tx.raw.Bucket(bucketAttempts).Delete(attemptKey(StatementsStream, sequence))
}

// RefuseStranger keeps a refused message that belongs to no statement.
func (tx *Tx) RefuseStranger(refusal clearing.StatementRefusal) error {
	return put(tx.raw.Bucket(bucketStrangers), numberKey(refusal.Sequence), refusal)
}

// StatementStrangers visits the refused messages of a party that belong to no statement,
// newest first, until visit returns false. The zero party has those whose subject is none.
func (tx *Tx) StatementStrangers(party provinces.Party, visit func(clearing.StatementRefusal) bool) error {
	cursor := tx.raw.Bucket(bucketStrangers).Cursor()
	for key, value := cursor.Last(); key != nil; key, value = cursor.Prev() {
		var refusal clearing.StatementRefusal
		if err := decode(key, value, &refusal); err != nil {
			return err
		}
		refusal.Sequence = binary.BigEndian.Uint64(key)
		if refusal.Party == party && !visit(refusal) {
			return nil
		}
	}
	return nil
}

// statements holds the statements against each other: each is found by its number, its rows
// are those it was applied with, and what is in force is applied and about that day.
func (c *checker) statements(fault func(string)) {
	for _, check := range []func(func(string)) error{c.statementRecords, c.statementsInForce} {
		if err := check(fault); err != nil {
			fault(err.Error())
		}
	}
}

func (c *checker) statementRecords(fault func(string)) error {
	at, err := c.tx.Position(StatementsStream)
	if err != nil {
		return err
	}
	return c.tx.raw.Bucket(bucketStatements).ForEach(func(key, value []byte) error {
		var r clearing.StatementRecord
		if err := decode(key, value, &r); err != nil {
			return err
		}
		name := fmt.Sprintf("statement %s of %s", r.ID, r.Party.Key())
		if string(key) != string(statementKey(r.Party, r.ID)) {
			fault(name + " lies under another name")
		}
		if max(r.First, r.Head, r.Number) > at.Sequence {
			fault(name + " is newer than what has been read of its stream")
		}
		if r.Outcome == "" {
			return nil
		}
		if named, err := getBytes(c.tx.raw.Bucket(bucketNumbers), numberKey(r.Number)); err != nil || string(named) != string(key) {
			fault(name + " is not found by its number")
		}
		if err := c.tx.checkRows(&r); err != nil {
			fault(name + ": " + err.Error())
		}
		return nil
	})
}

func (c *checker) statementsInForce(fault func(string)) error {
	return c.tx.raw.Bucket(bucketInForce).ForEach(func(key, value []byte) error {
		stored, err := summed(key, value)
		if err != nil {
			return err
		}
		day, number := keyDay(key[:4]), keyNumber(stored)
		r, err := c.tx.StatementNumbered(number)
		if err != nil {
			return err
		}
		if r.Outcome != provinces.StatementApplied || day < r.Statement.From || day > r.Statement.To {
			fault(fmt.Sprintf("statement %s of %s is in force on %s, but is %s and about %s to %s",
				r.ID, r.Party.Key(), day, r.Outcome, r.Statement.From, r.Statement.To))
		}
		return nil
	})
}
