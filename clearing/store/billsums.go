package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// The sums that statements are held against are made once for a closed day, when the first
// statement asks for it: by one reading of the day's records for all parties. They can be
// made again at any time, and are checked by nothing but that.

var (
	bucketBillSums    = []byte("billsums")
	bucketBillNumbers = []byte("billnumbers")
)

// ErrDayOpen: the sums of a day are kept only once it is closed.
var ErrDayOpen = errors.New("store: the day is not closed")

const sumsRecords = 500 // read in one transaction

func partyDayKey(day ledger.Day, party string) []byte { return append(dayKey(day), party...) }

// BillSums are what the books have of a party on a closed day. They must have been made
// by MakeBillSums.
func (tx *Tx) BillSums(day ledger.Day, party provinces.Party) (sums []clearing.BillSum, err error) {
	_, err = get(tx.raw.Bucket(bucketBillSums), partyDayKey(day, party.Key()), &sums)
	return sums, err
}

// BillParties visits the parties that have bills on a closed day, in the order of their keys.
// The sums must have been made by MakeBillSums.
func (tx *Tx) BillParties(day ledger.Day, visit func(provinces.Party) error) error {
	prefix := dayKey(day)
	return tx.eachPrefix(bucketBillSums, prefix, func(key, _ []byte) (bool, error) {
		if len(key) == len(prefix) { // the day's own
			return true, nil
		}
		party, ok := provinces.ParseParty(string(key[len(prefix):]))
		if !ok {
			return false, fmt.Errorf("%w: sums of nobody", ErrEncoding)
		}
		return true, visit(party)
	})
}

// BillNumbers are the records that moved bills of a provider on a closed day, in order.
func (tx *Tx) BillNumbers(day ledger.Day, provider string) ([]uint64, error) {
	packed, err := getBytes(tx.raw.Bucket(bucketBillNumbers), partyDayKey(day, provider))
	if err != nil {
		return nil, err
	}
	return unpackNumbers(packed)
}

// MakeBillSums makes the sums of a closed day, unless they are there.
func (s *Store) MakeBillSums(ctx context.Context, day ledger.Day) error {
	s.sums.Lock() // whoever else asks waits for the one reading
	defer s.sums.Unlock()
	made := false
	var state DayState
	err := s.View(func(tx *Tx) (err error) {
		made = tx.raw.Bucket(bucketBillSums).Get(dayKey(day)) != nil
		state, err = tx.Day(day)
		return err
	})
	if err != nil || made {
		return err
	}
	if state.Phase != DayClosed {
		return fmt.Errorf("%w: %s", ErrDayOpen, day)
	}
	sums := clearing.NewDaySums(day)
	if _, err := s.AddBills(ctx, sums, day, state.From, state.To); err != nil {
		return err
	}
	return s.keepSums(day, sums)
}

// AddBills adds the records of a day from one number to another to its sums, in short
// transactions, and returns the last number it has seen.
func (s *Store) AddBills(ctx context.Context, sums *clearing.DaySums, day ledger.Day, from, to uint64) (last uint64, err error) {
	last = from - 1
	for ; from != 0 && from <= to && err == nil; from += sumsRecords {
		if err = ctx.Err(); err != nil {
			break
		}
		err = s.View(func(tx *Tx) error {
			return tx.Scan(from, min(from+sumsRecords-1, to, tx.Last()), func(r *clearing.Record, _ ledger.Entry) error {
				last = r.Number
				if r.Day != day {
					return nil
				}
				move, ok, err := tx.BillMove(r)
				if ok {
					sums.Add(move)
				}
				return err
			})
		})
	}
	return last, err
}

// BillMove is what a record did to a bill; ok is false if it did nothing to any. What
// officers decide about bills that stand is nothing a hospital knows of.
func (tx *Tx) BillMove(r *clearing.Record) (m clearing.BillMove, ok bool, err error) {
	m.Record, m.Bill = r, r
	if r.Effect == 0 || r.Adjustment != nil {
		return m, false, nil
	}
	for m.Bill.Bill == nil {
		before := m.Bill
		if m.Bill, err = tx.Record(before.Original); err != nil {
			return m, false, err
		}
		if r.Infno == provinces.InfnoReverse && m.Undoes == nil {
			m.Undoes = m.Bill
		}
		if m.Bill.Number >= before.Number {
			return m, false, fmt.Errorf("%w: record %d is about a later one", ErrEncoding, before.Number)
		}
	}
	return m, true, nil
}

// sumsInTransaction bounds how many parties are written together.
const sumsInTransaction = 2_000

func (s *Store) keepSums(day ledger.Day, sums *clearing.DaySums) error {
	parties := sums.Parties()
	for len(parties) > 0 {
		part := parties[:min(sumsInTransaction, len(parties))]
		parties = parties[len(part):]
		err := s.Update(func(tx *Tx) error {
			for _, party := range part {
				if err := put(tx.raw.Bucket(bucketBillSums), partyDayKey(day, party), sums.Of(party)); err != nil {
					return err
				}
				if provider, ok := providerOf(party); ok {
					if err := putBytes(tx.raw.Bucket(bucketBillNumbers), partyDayKey(day, provider), packNumbers(sums.Numbers[provider])); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	// The day's own key says that all of them are there.
	return s.Update(func(tx *Tx) error { return put(tx.raw.Bucket(bucketBillSums), dayKey(day), true) })
}

func providerOf(party string) (string, bool) {
	kind, rest, _ := bytes.Cut([]byte(party), []byte("."))
	_, provider, ok := bytes.Cut(rest, []byte("."))
	return string(provider), ok && provinces.PartyKind(kind) == provinces.PartyProvider
}

// packNumbers writes ascending numbers as what each has more than the one before.
func packNumbers(numbers []uint64) []byte {
	var packed []byte
	before := uint64(0)
	for _, n := range numbers {
		packed = binary.AppendUvarint(packed, n-before)
		before = n
	}
	return packed
}

func unpackNumbers(packed []byte) (numbers []uint64, err error) {
	before := uint64(0)
	for len(packed) > 0 {
		n, size := binary.Uvarint(packed)
		if size <= 0 {
			return nil, ErrEncoding
		}
		before += n
		numbers, packed = append(numbers, before), packed[size:]
	}
	return numbers, nil
}
