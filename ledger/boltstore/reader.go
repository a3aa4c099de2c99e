package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"clearingd/ledger"
)

// ErrNoRecord: no record has that number.
var ErrNoRecord = errors.New("boltstore: no such record")

// Record is one stored record. Entry has no postings where no money moved. Payload
// aliases the database and dies with the transaction.
type Record struct {
	Number  uint64
	Entry   ledger.Entry
	Payload []byte
}

// Last is the number of the newest record; 0 for empty books.
func Last(tx *bbolt.Tx) uint64 { return last(tx.Bucket(bucketRecords)) }

// RecordsPage is the page at the root of the records' tree: for who reads pages himself.
func RecordsPage(tx *bbolt.Tx) uint64 { return uint64(tx.Bucket(bucketRecords).Root()) }

// Get reads one record.
func Get(tx *bbolt.Tx, number uint64) (Record, error) {
	value := tx.Bucket(bucketRecords).Get(numberKey(number))
	if value == nil {
		return Record{}, fmt.Errorf("record %d: %w", number, ErrNoRecord)
	}
	return decodeRecord(number, value)
}

func decodeRecord(number uint64, value []byte) (Record, error) {
	encoded, payload, err := splitRecord(number, value)
	if err != nil {
		return Record{}, err
	}
	entry, err := decodeEntry(number, encoded)
	return Record{Number: number, Entry: entry, Payload: payload}, err
}

// Scan visits the records from..to in order. visit must not keep the payload.
func Scan(tx *bbolt.Tx, from, to uint64, visit func(Record) error) error {
	cursor := tx.Bucket(bucketRecords).Cursor()
	for key, value := cursor.Seek(numberKey(from)); key != nil; key, value = cursor.Next() {
		number := keyNumber(key)
		if number > to {
			return nil
		}
		record, err := decodeRecord(number, value)
		if err != nil {
			return err
		}
		if err := visit(record); err != nil {
			return err
		}
	}
	return nil
}

// Root is the RFC 6962 tree hash over the first size records.
func Root(tx *bbolt.Tx, size uint64) (tlog.Hash, error) {
	if size > Last(tx) {
		return tlog.Hash{}, fmt.Errorf("tree of %d records: %w", size, ErrNoRecord)
	}
	return tlog.TreeHash(int64(size), hashReader(tx))
}

// Leaf is the record's hash in the tree.
func Leaf(tx *bbolt.Tx, number uint64) (tlog.Hash, error) {
	return readHash(tx.Bucket(bucketHashes), tlog.StoredHashIndex(0, int64(number)-1))
}

// ProveRecord proves that the record is under the root of the first size records.
func ProveRecord(tx *bbolt.Tx, size, number uint64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(int64(size), int64(number)-1, hashReader(tx))
}

// ProveTree proves that the first old records are unchanged under the root of size.
func ProveTree(tx *bbolt.Tx, size, old uint64) (tlog.TreeProof, error) {
	return tlog.ProveTree(int64(size), int64(old), hashReader(tx))
}

func hashReader(tx *bbolt.Tx) tlog.HashReader {
	bucket := tx.Bucket(bucketHashes)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			var err error
			if hashes[i], err = readHash(bucket, index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

func readHash(bucket *bbolt.Bucket, index int64) (h tlog.Hash, err error) {
	value := bucket.Get(numberKey(uint64(index)))
	if len(value) != len(h) {
		return h, fmt.Errorf("stored hash %d: %w", index, ErrEncoding)
	}
	copy(h[:], value)
	return h, nil
}

func keyNumber(key []byte) uint64 {
	if len(key) != 8 {
		return 0 // a foreign key; Check names it
	}
	return binary.BigEndian.Uint64(key)
}
