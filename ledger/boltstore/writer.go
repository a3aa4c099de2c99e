package boltstore

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"clearingd/ledger"
)

var (
	bucketRecords  = []byte("records")
	bucketHashes   = []byte("hashes")
	bucketBalances = []byte("balances")
)

// appendFill packs the pages of buckets that only grow at their right edge.
const appendFill = 0.95

// Refusals of Append. Any of them means the transaction must be rolled back.
var (
	ErrNotNext = errors.New("boltstore: entry does not carry the next number")
	ErrNoBooks = errors.New("boltstore: the transaction's file holds no books")
)

// Init creates the buckets of empty books.
func Init(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bucketRecords, bucketHashes, bucketBalances} {
		if _, err := tx.CreateBucket(name); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	return setCarried(tx.Bucket(bucketBalances), 0)
}

// Writer appends records in one transaction. Hashes are gathered and written by Flush,
// which must be called before the transaction commits and brings the stored balances
// forward where it is time. After any error the transaction must be rolled back.
type Writer struct {
	tx              *bbolt.Tx
	records, hashes *bbolt.Bucket

	next  uint64
	first int64       // index of the first stored hash that is not in the bucket
	fresh []tlog.Hash // those from there on: the tree grows without gaps
}

// NewWriter continues the books of the transaction's file.
func NewWriter(tx *bbolt.Tx) (*Writer, error) {
	w := &Writer{
		tx:      tx,
		records: tx.Bucket(bucketRecords),
		hashes:  tx.Bucket(bucketHashes),
	}
	if w.records == nil || w.hashes == nil || tx.Bucket(bucketBalances) == nil {
		return nil, ErrNoBooks
	}
	w.records.FillPercent, w.hashes.FillPercent = appendFill, appendFill
	w.next = last(w.records) + 1
	w.first = tlog.StoredHashIndex(0, int64(w.next-1))
	if balances := tx.Bucket(bucketBalances); balances.Get(keyCarried) == nil {
		return w, setCarried(balances, w.next-1) // books of before this was noted
	}
	return w, nil
}

// Next is the number the next record gets.
func (w *Writer) Next() uint64 { return w.next }

// Append stores the next record. entry is nil where no money moved; otherwise it must
// carry the number Next returned and pass ledger.Entry.Check.
func (w *Writer) Append(entry *ledger.Entry, payload []byte) error {
	prepared, err := Prepare(w.next, entry, payload)
	if err != nil {
		return err
	}
	return w.AppendPrepared(prepared)
}

// Prepared is a record as it will be stored, with its Merkle leaf.
type Prepared struct {
	number uint64
	value  []byte
	leaf   tlog.Hash
}

// Prepare does of Append what needs no books: it may run for many records at once.
func Prepare(number uint64, entry *ledger.Entry, payload []byte) (Prepared, error) {
	var encoded []byte
	if entry != nil {
		if entry.Number != number {
			return Prepared{}, fmt.Errorf("entry %d, next is %d: %w", entry.Number, number, ErrNotNext)
		}
		if err := entry.Check(); err != nil {
			return Prepared{}, err
		}
		encoded = appendEntry(nil, *entry)
	}
	value := encodeRecord(number, encoded, payload)
	return Prepared{number: number, value: value, leaf: tlog.RecordHash(content(value))}, nil
}

// AppendPrepared stores the next record.
func (w *Writer) AppendPrepared(p Prepared) error {
	if p.number != w.next {
		return fmt.Errorf("record %d, next is %d: %w", p.number, w.next, ErrNotNext)
	}
	if err := w.records.Put(numberKey(w.next), p.value); err != nil {
		return fmt.Errorf("record %d: %w", w.next, err)
	}
	if err := w.grow(p.leaf); err != nil {
		return fmt.Errorf("record %d: %w", w.next, err)
	}
	w.next++
	return nil
}

// grow adds the record's leaf, and the inner nodes it completes, to the tree.
func (w *Writer) grow(leaf tlog.Hash) error {
	n := int64(w.next - 1) // the tree counts its records from 0
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, tlog.HashReaderFunc(w.readHashes))
	if err != nil {
		return err
	}
	w.fresh = append(w.fresh, hashes...)
	return nil
}

func (w *Writer) readHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= w.first {
			hashes[i] = w.fresh[index-w.first]
			continue
		}
		h, err := readHash(w.hashes, index)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	return hashes, nil
}

// Flush writes the gathered hashes, and brings the balances forward where
// many records lie behind them.
func (w *Writer) Flush() error {
	for ; len(w.fresh) > 0; w.first, w.fresh = w.first+1, w.fresh[1:] {
		if err := w.hashes.Put(numberKey(uint64(w.first)), w.fresh[0][:]); err != nil {
			return fmt.Errorf("hash %d: %w", w.first, err)
		}
	}
	return carryForward(w.tx, w.next-1)
}

func last(b *bbolt.Bucket) uint64 {
	key, _ := b.Cursor().Last()
	if key == nil {
		return 0
	}
	return keyNumber(key)
}
