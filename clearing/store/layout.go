package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// ErrOlder: the books have an older layout, and were opened for reading only. Opening
// them once for writing, as the daemon does, brings them up to date.
var ErrOlder = errors.New("store: the books have an older layout: open them once with the daemon")

// layout lists what each format added to the one before, oldest first: a format's number
// is its place, from 1. Books are brought from any earlier format to the newest by adding
// what is missing, in one transaction; their records are never rewritten.
//
// It is append-only. A bucket that a later version needs makes a new step, even when it
// may stay empty: an older program then refuses the books instead of leaving the bucket
// behind. Formats of one unreleased version may share a step.
type layout []step

// step is what one format added.
type step struct {
	buckets [][]byte
	change  func(*bbolt.Tx) error // of what the format before had; nil: nothing
}

var layouts = layout{
	{buckets: [][]byte{ // 1
		bucketMeta, bucketMessages, bucketStays, bucketUndone, bucketYears, bucketPositions,
		bucketCuts, bucketDays, bucketPlans, bucketPlanSets, bucketAttempts,
		bucketPeople, bucketDocuments, bucketHolders, bucketRegistry, bucketRefusals, bucketCounts,
		bucketRefolds,
	}},
	{buckets: [][]byte{ // 2: the treatment provinces' register, statements, officers' acts; and balances say how far they go (boltstore)
		bucketProviders,
		bucketStatements, bucketParts, bucketNumbers, bucketDue, bucketStrangers, bucketRows, bucketInForce, bucketSerials,
		bucketBillSums, bucketBillNumbers,
		bucketRowStates, bucketCases, bucketOffers, bucketBreaks, bucketOpenBreaks, bucketBreakGroups,
		bucketDayResults, bucketStrays, bucketStraysOf, bucketBreakDays, bucketBreakEvenings, bucketStillBreaks, bucketHorizons, bucketPairBalances, bucketSealed,
	}},
	{change: addSums}, // 3: every value carries its sum
}

// firstSummed is the format from which on every value carries its sum.
const firstSummed = 3

// addSums puts the sum behind the values that had none before the third format.
func addSums(tx *bbolt.Tx) error {
	summedBefore := [][]byte{bucketStatements, bucketBreaks, bucketDayResults, bucketStrays, bucketHorizons, bucketPairBalances}
	for _, name := range summedBuckets {
		if slices.ContainsFunc(summedBefore, func(other []byte) bool { return bytes.Equal(other, name) }) {
			continue
		}
		b := tx.Bucket(name)
		var keys [][]byte // a bucket must not be changed while it is walked
		if err := b.ForEach(func(key, _ []byte) error { keys = append(keys, bytes.Clone(key)); return nil }); err != nil {
			return err
		}
		for _, key := range keys {
			if err := putBytes(b, key, bytes.Clone(b.Get(key))); err != nil {
				return err
			}
		}
	}
	return nil
}

// newest is the format this version writes.
func (l layout) newest() int { return len(l) }

// since are the buckets that the formats after one added; all of them after 0.
func (l layout) since(format int) (names [][]byte) {
	for _, step := range l[format:] {
		names = append(names, step.buckets...)
	}
	return names
}

// verify reads the books' facts and holds their buckets against their own format. A
// newer format is refused before anything else is looked at.
func (l layout) verify(tx *bbolt.Tx) (m meta, err error) {
	if tx.Bucket(bucketMeta) == nil {
		return m, fmt.Errorf("%w: no bucket %s", ErrDamaged, bucketMeta)
	}
	if m, err = readMetaOfAnyFormat(tx); err != nil {
		return m, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if m.Format < 1 || m.Format > l.newest() {
		return m, fmt.Errorf("%w: %d, this version knows %d", ErrFormat, m.Format, l.newest())
	}
	for _, name := range l[:m.Format].since(0) {
		if tx.Bucket(name) == nil {
			return m, fmt.Errorf("%w: no bucket %s", ErrDamaged, name)
		}
	}
	return m, nil
}

// upgrade adds what the books' format lacks. All of it is on disk when it returns nil,
// or none; a failed commit is ErrCommit.
func (l layout) upgrade(db *bbolt.DB, m meta) error {
	tx, err := db.Begin(true)
	if err != nil {
		return fmt.Errorf("bring the books up to date: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	for _, name := range l.since(m.Format) {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("bring the books up to date: bucket %s: %w", name, err)
		}
	}
	for _, step := range l[m.Format:] {
		if step.change == nil {
			continue
		}
		if err := step.change(tx); err != nil {
			return fmt.Errorf("bring the books up to date: %w", err)
		}
	}
	m.Format = l.newest()
	if err := writeMeta(tx, m); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("bring the books up to date: %w: %w", ErrCommit, err)
	}
	return nil
}
