package store

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Most values can be recomputed from the records, and the check does so. What comes from
// outside of them, or is too much to compute again, carries a CRC-32C over key and value
// behind it, which every reading of it verifies: a flipped bit is an error, never a figure.

const sumBytes = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summedBuckets are the buckets whose values carry their sum.
var summedBuckets = [][]byte{bucketStatements, bucketBreaks, bucketDayResults, bucketStrays, bucketHorizons, bucketPairBalances}

func sumOf(key, encoded []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, encoded)
}

// putSummed is put, with the sum behind the value.
func putSummed(b bucket, key []byte, value any) error {
	encoded, err := encode(value)
	if err != nil {
		return err
	}
	return b.Put(key, binary.BigEndian.AppendUint32(encoded, sumOf(key, encoded)))
}

// getSummed is get for what putSummed wrote.
func getSummed(b bucket, key []byte, value any) (bool, error) {
	stored := b.Get(key)
	if stored == nil {
		return false, nil
	}
	return true, decodeSummed(key, stored, value)
}

// decodeSummed is decode for what putSummed wrote.
func decodeSummed(key, stored []byte, value any) error {
	encoded, err := summed(key, stored)
	if err != nil {
		return err
	}
	return decode(encoded, value)
}

// summed is the value without its sum, if the sum holds.
func summed(key, stored []byte) ([]byte, error) {
	at := len(stored) - sumBytes
	if at < 0 || binary.BigEndian.Uint32(stored[at:]) != sumOf(key, stored[:at]) {
		return nil, fmt.Errorf("%w: the value of %q is not as it was written", ErrEncoding, key)
	}
	return stored[:at], nil
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
