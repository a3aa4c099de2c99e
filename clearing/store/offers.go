package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// bucketOffers finds the rows of a hospital, or of a treatment province, that can be
// confirmed. It is an index and no more: whether a row is offered is read from the row.
// So that claims do not pay for it, it is brought up to date when it is asked for.
//
//	'm'                                     -> the last record it knows
//	'o' province provider record            -> day: may be offered
//	'c' province period provider record     -> day: confirmed in that period
var bucketOffers = []byte("offers")

var keyOffersMark = []byte{'m'}

func openKey(province ledger.Province, provider string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(append([]byte{'o'}, province...), provider...), number)
}

func confirmedKey(province ledger.Province, period clearing.Period, provider string, number uint64) []byte {
	key := binary.BigEndian.AppendUint32(append([]byte{'c'}, province...), uint32(period))
	return binary.BigEndian.AppendUint64(append(key, provider...), number)
}

func keyNumber(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// offersMark is the last record that the index knows.
func (tx *Tx) offersMark() uint64 {
	stored, _ := getBytes(tx.raw.Bucket(bucketOffers), keyOffersMark) // an index: 0 begins anew
	mark, _ := parseNumber(stored)
	return mark
}

// effect is the part of a record that the index needs: decoding it is many times faster.
type effect struct {
	Number    uint64            `cbor:"-"`
	Day       ledger.Day        `cbor:"6,keyasint"`
	Original  uint64            `cbor:"10,keyasint,omitempty"`
	Treatment ledger.Area       `cbor:"13,keyasint,omitempty"`
	Provider  string            `cbor:"15,keyasint,omitempty"`
	Effect    int8              `cbor:"16,keyasint,omitempty"`
	Outcome   provinces.Outcome `cbor:"7,keyasint"`
}

// offersChunk is how many records one transaction brings into the index.
const offersChunk = 5000

// CatchUpOffers brings the index of rows up to the newest record, in many short
// transactions.
func (s *Store) CatchUpOffers() error {
	for {
		var behind bool
		err := s.View(func(tx *Tx) error { behind = tx.offersMark() < tx.Last(); return nil })
		if err != nil || !behind {
			return err
		}
		if err := s.Update((*Tx).catchUpOffers); err != nil {
			return err
		}
	}
}

func (tx *Tx) catchUpOffers() error {
	mark := tx.offersMark()
	to := min(mark+offersChunk, tx.Last())
	var rows []effect
	err := tx.scan(mark+1, to, func(stored boltstore.Record) error {
		e := effect{Number: stored.Number}
		if err := decodeRaw(stored.Payload, &e); err != nil {
			return fmt.Errorf("record %d: %w", stored.Number, err)
		}
		if e.Effect != 0 {
			rows = append(rows, e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := putBytes(tx.raw.Bucket(bucketOffers), keyOffersMark, binaryNumber(to)); err != nil {
		return err
	}
	for _, e := range rows {
		if err := tx.index(e); err != nil {
			return err
		}
	}
	return nil
}

// index enters one row; what undoes another has that one looked at again, too.
func (tx *Tx) index(e effect) error {
	if e.Outcome != provinces.Booked {
		return tx.offer(e.Number)
	}
	undone, err := tx.Undone(e.Number)
	if err != nil {
		return err
	}
	if undone != 0 {
		return tx.offer(e.Number)
	}
	return putBytes(tx.raw.Bucket(bucketOffers), openKey(e.Treatment.Province(), e.Provider, e.Number), dayKey(e.Day))
}

// recordWithBill is a record, and the bill that it is or undoes.
func (tx *Tx) recordWithBill(number uint64) (record, bill *clearing.Record, err error) {
	if record, err = tx.Record(number); err != nil {
		return nil, nil, err
	}
	bill, _, err = clearing.BillOf(tx, record)
	return record, bill, err
}

// offer looks at a row anew, and at what it undoes, all the way to the bill.
func (tx *Tx) offer(number uint64) error {
	for number != 0 {
		record, bill, err := tx.recordWithBill(number)
		if err != nil {
			return err
		}
		offered, err := clearing.Offered(tx, number)
		if err != nil {
			return err
		}
		key := openKey(bill.Treatment.Province(), bill.Provider, number)
		if offered != nil && offered.Open {
			err = putBytes(tx.raw.Bucket(bucketOffers), key, dayKey(record.Day))
		} else {
			err = tx.raw.Bucket(bucketOffers).Delete(key)
		}
		if err != nil {
			return err
		}
		number = 0
		if record.Bill == nil {
			number = record.Original
		}
	}
	return nil
}

// reoffer keeps the index level with what an act did to a row.
func (tx *Tx) reoffer(number uint64, before, after clearing.RowState) error {
	record, bill, err := tx.recordWithBill(number)
	if err != nil {
		return err
	}
	offers := tx.raw.Bucket(bucketOffers)
	for _, batch := range before.Batches {
		if !slices.Contains(after.Batches, batch) {
			if err := offers.Delete(confirmedKey(bill.Treatment.Province(), batch.Period, bill.Provider, number)); err != nil {
				return err
			}
		}
	}
	for _, batch := range after.Batches {
		if err := putBytes(offers, confirmedKey(bill.Treatment.Province(), batch.Period, bill.Provider, number), dayKey(record.Day)); err != nil {
			return err
		}
	}
	mark := tx.offersMark()
	if by, err := tx.Undone(number); err != nil {
		return err
	} else if by != 0 && by <= mark { // it is offered or not as this row is confirmed or not
		number = by
	}
	if number > mark {
		return nil // the index has not come so far
	}
	return tx.offer(number)
}

// MonthRows visits the rows of a period of a treatment province, of one provider or with ""
// of all, by provider and number: those made up to the month's end that may be offered, and
// those confirmed in the period. It stops when visit returns false.
func (tx *Tx) MonthRows(province ledger.Province, provider string, period clearing.Period, visit func(number uint64) bool) error {
	b := tx.raw.Bucket(bucketOffers)
	openPrefix := append(append([]byte{'o'}, province...), provider...)
	confirmedPrefix := confirmedKey(province, period, provider, 0)
	confirmedPrefix = confirmedPrefix[:len(confirmedPrefix)-8]
	open, confirmed := b.Cursor(), b.Cursor()
	ok, ov := open.Seek(openPrefix)
	ck, _ := confirmed.Seek(confirmedPrefix)
	for {
		if !bytes.HasPrefix(ok, openPrefix) {
			ok = nil
		}
		if !bytes.HasPrefix(ck, confirmedPrefix) {
			ck = nil
		}
		if ok == nil && ck == nil {
			return nil
		}
		order := -1
		switch {
		case ok == nil:
			order = 1
		case ck != nil:
			order = bytes.Compare(rowPart(ok), rowPart(ck))
		}
		number, counts := uint64(0), true
		if order <= 0 {
			made, err := summed(ok, ov)
			if err != nil {
				return err
			}
			number, counts = keyNumber(ok), keyDay(made) <= period.Last()
			ok, ov = open.Next()
		}
		if order >= 0 {
			number, counts = keyNumber(ck), true
			ck, _ = confirmed.Next()
		}
		if counts && !visit(number) {
			return nil
		}
	}
}

// rowPart is provider and record at the end of an index key.
func rowPart(key []byte) []byte {
	const providerBytes = 12
	return key[len(key)-providerBytes-8:]
}

// offers: every row up to the mark that is open is in the index.
func (c *checker) offers(fault func(string)) error {
	mark := c.tx.offersMark()
	return boltstore.Scan(c.tx.raw, 1, min(mark, c.tx.Last()), func(stored boltstore.Record) error {
		e := effect{Number: stored.Number}
		if err := decodeRaw(stored.Payload, &e); err != nil {
			return err
		}
		if e.Effect == 0 {
			return nil
		}
		offered, err := clearing.Offered(c.tx, e.Number)
		if err != nil || offered == nil || !offered.Open {
			return err
		}
		if c.tx.raw.Bucket(bucketOffers).Get(openKey(offered.Bill.Treatment.Province(), offered.Bill.Provider, e.Number)) == nil {
			fault(fmt.Sprintf("record %d can be confirmed, but is not among the rows of its hospital", e.Number))
		}
		return nil
	})
}
