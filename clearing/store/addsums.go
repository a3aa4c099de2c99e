package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"go.etcd.io/bbolt"
)

// Books from before the third format get the sums of their values in parts: a transaction is in
// memory until its commit, and who starts the daemon waits only so long before it is killed. The
// first transaction makes them books of the newest format, which an older program refuses, and
// notes where to begin; each part notes how far it has come. Whoever opens the books goes on from
// there before anything else is read.

// firstSummed is the format from which on every value carries its sum.
const firstSummed = 3

// keySumming is, in the bucket of the books' facts, where the next part begins: the bucket's name,
// a zero, and the last key that has its sum. It is there as long as something is left to do.
var keySumming = []byte("summing")

// sumsInPart bounds a part: a hundred megabytes in memory, and a second or two.
const sumsInPart = 50_000

// unsummed are the buckets whose values had no sum before the third format, but for the facts.
func unsummed() [][]byte {
	others := [][]byte{bucketMeta, bucketStatements, bucketBreaks, bucketDayResults, bucketStrays, bucketHorizons, bucketPairBalances}
	return slices.DeleteFunc(slices.Clone(summedBuckets), func(name []byte) bool {
		return slices.ContainsFunc(others, func(other []byte) bool { return bytes.Equal(other, name) })
	})
}

// beginSums adds the sums of the books' facts, and notes that the others are to follow.
func beginSums(tx *bbolt.Tx) error {
	facts := tx.Bucket(bucketMeta)
	if _, err := sumFrom(facts, nil, math.MaxInt); err != nil {
		return err
	}
	return putBytes(facts, keySumming, append(unsummed()[0], 0))
}

// summing reports whether sums are to be added.
func summing(tx *bbolt.Tx) bool { return tx.Bucket(bucketMeta).Get(keySumming) != nil }

// addSums adds the next sums, so many at most, and reports whether more are to follow.
func addSums(tx *bbolt.Tx, most int) (more bool, err error) {
	facts := tx.Bucket(bucketMeta)
	at, err := getBytes(facts, keySumming)
	if err != nil {
		return false, err
	}
	name, after, _ := bytes.Cut(bytes.Clone(at), []byte{0})
	names := unsummed()
	place := slices.IndexFunc(names, func(other []byte) bool { return bytes.Equal(other, name) })
	if place < 0 {
		return false, fmt.Errorf("%w: sums are to be added to %q", ErrEncoding, name)
	}
	for _, name := range names[place:] {
		keys, err := sumFrom(tx.Bucket(name), after, most)
		if err != nil {
			return false, err
		}
		if most -= len(keys); most == 0 {
			return true, putBytes(facts, keySumming, slices.Concat(name, []byte{0}, keys[len(keys)-1]))
		}
		after = nil
	}
	return false, facts.Delete(keySumming)
}

// sumFrom puts the sum behind the values of at most so many keys after one, and returns the keys.
func sumFrom(b *bbolt.Bucket, after []byte, most int) (keys [][]byte, err error) {
	cursor := b.Cursor() // a bucket must not be changed while it is walked
	for key, _ := cursor.Seek(after); key != nil && len(keys) < most; key, _ = cursor.Next() {
		if !bytes.Equal(key, after) {
			keys = append(keys, bytes.Clone(key))
		}
	}
	for _, key := range keys {
		if err := putBytes(b, key, bytes.Clone(b.Get(key))); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
