package store

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Every value of the clearing carries a CRC-32C over key and value behind it, which each
// reading verifies: a flipped bit is an error, never a figure. Without one are only the
// numbers that the check can recompute from records, one byte that it counts, and what has
// a checksum of another kind: records, plans, blocks of rows and sealed reports.

const sumBytes = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summedBuckets are the buckets whose values carry their sum.
var summedBuckets = [][]byte{
	bucketMeta, bucketYears, bucketPositions, bucketCuts, bucketDays, bucketAttempts, bucketRefolds,
	bucketPlanSets, bucketPeople, bucketProviders, bucketDocuments, bucketHolders, bucketRefusals, bucketCounts,
	bucketStatements, bucketNumbers, bucketParts, bucketSerials, bucketStrangers, bucketDue, bucketInForce, bucketHorizons,
	bucketBillSums, bucketBillNumbers, bucketRowStates, bucketCases, bucketOffers,
	bucketBreaks, bucketOpenBreaks, bucketStillBreaks, bucketBreakGroups, bucketBreakDays, bucketBreakEvenings,
	bucketDayResults, bucketPairBalances, bucketStrays, bucketStraysOf,
}

// bucket is the part of bbolt.Bucket that keyed values need.
type bucket interface {
	Get(key []byte) []byte
	Put(key, value []byte) error
}

// put stores a value with its sum.
func put(b bucket, key []byte, value any) error {
	encoded, err := encode(value)
	if err != nil {
		return err
	}
	return putBytes(b, key, encoded)
}

// get decodes the value of a key into value and reports whether there is one.
func get(b bucket, key []byte, value any) (bool, error) {
	stored := b.Get(key)
	if stored == nil {
		return false, nil
	}
	return true, decode(key, stored, value)
}

// decode is get for a key and its value as a cursor gives them.
func decode(key, stored []byte, value any) error {
	encoded, err := summed(key, stored)
	if err != nil {
		return err
	}
	return decodeRaw(encoded, value)
}

// putBytes is put for what has a shorter form than CBOR; no bytes at all are a mark.
func putBytes(b bucket, key, encoded []byte) error {
	return b.Put(key, binary.BigEndian.AppendUint32(encoded[:len(encoded):len(encoded)], sumOf(key, encoded)))
}

// getBytes is get for what putBytes wrote; nil if there is none.
func getBytes(b bucket, key []byte) ([]byte, error) {
	stored := b.Get(key)
	if stored == nil {
		return nil, nil
	}
	return summed(key, stored)
}

// summed is the value without its sum, if the sum holds.
func summed(key, stored []byte) ([]byte, error) {
	at := len(stored) - sumBytes
	if at < 0 || binary.BigEndian.Uint32(stored[at:]) != sumOf(key, stored[:at]) {
		return nil, fmt.Errorf("%w: the value of %q is not as it was written", ErrEncoding, key)
	}
	return stored[:at], nil
}

func sumOf(key, encoded []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, encoded)
}

// sums verifies the sum of every value that carries one, and what sealed reports were rendered
// from, which gzip has a sum of.
func (c *checker) sums(fault func(string)) {
	for _, name := range summedBuckets {
		c.eachValue(name, fault, func(key, value []byte) error {
			_, err := summed(key, value)
			return err
		})
	}
	c.eachValue(bucketSealed, fault, func(_, value []byte) error {
		r, err := gzip.NewReader(bytes.NewReader(value))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err
	})
}

func (c *checker) eachValue(name []byte, fault func(string), check func(key, value []byte) error) {
	err := c.tx.raw.Bucket(name).ForEach(func(key, value []byte) error {
		if err := check(key, value); err != nil {
			fault(fmt.Sprintf("%s %q: %v", name, key, err))
		}
		return nil
	})
	if err != nil {
		fault(err.Error())
	}
}
