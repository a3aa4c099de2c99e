package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
)

// bucketRefolds is small: only person-years in which a bill came or went before others
// that stand.
var bucketRefolds = []byte("refolds")

// RefoldNote says when a person-year was re-folded.
type RefoldNote struct {
	First    uint64 `cbor:"1,keyasint"`           // the record that did it first
	Last     uint64 `cbor:"2,keyasint"`           // the newest one
	Adjusted uint64 `cbor:"3,keyasint,omitempty"` // the newest adjustment; 0: none
}

// noteRefolds remembers the person-years that a decision re-folded.
func (tx *Tx) noteRefolds(d clearing.Decision) error {
	for _, key := range d.Refolds {
		note, _, err := tx.RefoldNote(key)
		if err != nil {
			return err
		}
		if d.Record.Adjustment != nil {
			note.Adjusted = d.Record.Number
		} else {
			note.Last = d.Record.Number
		}
		if note.First == 0 {
			note.First = d.Record.Number
		}
		if err := put(tx.raw.Bucket(bucketRefolds), yearKey(key), note); err != nil {
			return err
		}
	}
	return nil
}

// RefoldNote returns the note of a person-year; ok is false if it was never re-folded.
func (tx *Tx) RefoldNote(key clearing.YearKey) (note RefoldNote, ok bool, err error) {
	ok, err = get(tx.raw.Bucket(bucketRefolds), yearKey(key), &note)
	return note, ok, err
}

// Refolds visits the person-years that were re-folded, by home province and person,
// behind the given one (the zero key: from the beginning), until visit returns false.
func (tx *Tx) Refolds(after clearing.YearKey, visit func(clearing.YearKey, RefoldNote) bool) error {
	cursor := tx.raw.Bucket(bucketRefolds).Cursor()
	key, value := cursor.First()
	if after != (clearing.YearKey{}) {
		from := yearKey(after)
		if key, value = cursor.Seek(from); bytes.Equal(key, from) {
			key, value = cursor.Next()
		}
	}
	for ; key != nil; key, value = cursor.Next() {
		parsed, err := parseWholeYearKey(key)
		if err != nil {
			return err
		}
		var note RefoldNote
		if err := decode(key, value, &note); err != nil {
			return err
		}
		if !visit(parsed, note) {
			return nil
		}
	}
	return nil
}

// parseWholeYearKey reads what yearKey wrote. A person's number has no zero byte in it.
func parseWholeYearKey(key []byte) (clearing.YearKey, error) {
	const province = 2
	parts := bytes.SplitN(key[min(len(key), province):], []byte{0}, 3)
	if len(parts) != 3 || len(parts[2]) != 4 {
		return clearing.YearKey{}, fmt.Errorf("%w: person-year key", ErrEncoding)
	}
	return clearing.YearKey{
		Home: ledger.Province(key[:province]), PersonNo: string(parts[0]), Insutype: string(parts[1]),
		Year: int(binary.BigEndian.Uint32(parts[2])),
	}, nil
}

// enter counts a record that answers no message into its day. It has no place in a
// stream, so the completeness of the day does not see it.
func (tx *Tx) enter(r *clearing.Record) error {
	day, err := tx.Day(r.Day)
	if err != nil {
		return err
	}
	if day.Phase == DayClosed {
		return fmt.Errorf("%w: a decision on %s", ErrDayOrder, r.Day)
	}
	day.count(r.Number)
	tx.days[r.Day] = day
	if r.Redo != nil {
		tx.redone++
	}
	return nil
}

// OpenDay is the day that new messages get: the one after the newest that is frozen.
func (tx *Tx) OpenDay() (open ledger.Day, err error) {
	m, err := readMeta(tx.raw)
	if err != nil {
		return 0, err
	}
	open = m.FirstDay
	err = tx.Days(func(day ledger.Day, state DayState) bool {
		if now, changed := tx.days[day]; changed {
			state = now
		}
		if state.Phase == DayOpen {
			return true
		}
		open = day + 1
		return false
	})
	return open, err
}

// DayBegunBy is the newest business day that had begun at a moment of the broker's clock, where
// business days move by hand: the open one, or a later one of which a message came by then. In
// books that were restored from a copy the days closed since the copy are open again, but their
// messages are back: what came between them is on the day it was on the first time. Days without
// any message between the copy and the moment are not known to have begun.
func (tx *Tx) DayBegunBy(moment time.Time) (begun ledger.Day, err error) {
	if begun, err = tx.OpenDay(); err != nil {
		return 0, err
	}
	var failed error
	err = tx.Days(func(day ledger.Day, state DayState) bool {
		if day <= begun {
			return false
		}
		if state.From == 0 {
			return true
		}
		first, err := tx.Record(state.From)
		if failed = err; err != nil {
			return false
		}
		if !first.ReceivedTime().After(moment) {
			begun = day
			return false
		}
		return true
	})
	return begun, errors.Join(err, failed)
}

// adjustment checks what an officers' decision promises.
func (c *checker) adjustment(record *clearing.Record, entry ledger.Entry, fault func(string)) {
	if record.Stream != "" || record.Outcome != clearing.Adjusted {
		fault("is an adjustment and a message at once")
	}
	if err := clearing.CheckAdjustment(c.tx, record, entry); err != nil {
		fault(err.Error())
	}
}

// refolded holds the accumulators of a re-folded person-year against the fold of its
// bills, from the records and plans in these books alone.
func (c *checker) refolded(year int, list *clearing.Refolded, stored any, fault func(string)) {
	folded, err := c.verifier.FoldAgain(c.tx, year, *list)
	switch {
	case err != nil:
		fault(fmt.Sprintf("a re-folded person-year cannot be folded again: %v", err))
	case !reflect.DeepEqual(any(folded), stored):
		fault(fmt.Sprintf("a re-folded person-year of %d is not the fold of its bills", year))
	}
}

// standing checks that the bills of a re-folded person-year stand, and that those noted
// as undone do not.
func (c *checker) standing(list *clearing.Refolded, fault func(string)) {
	for undone, bills := range map[bool][]clearing.StandingBill{false: list.Bills, true: list.Undone} {
		for _, bill := range bills {
			if by, err := c.tx.Undone(bill.Number); err != nil || (by != 0) != undone {
				fault(fmt.Sprintf("a re-folded person-year lists record %d as undone: %v, but it is undone by %d", bill.Number, undone, by))
			}
		}
	}
}
