package store

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// ErrOlder: the books have an older layout, and were opened for reading only. Opening
// them once for writing, as the daemon does, brings them up to date.
var ErrOlder = errors.New("store: the books have an older layout: open them once with the daemon")

// layout lists what each format added to the one before, oldest first: a format's number
// is its place, from 1. Books are brought from any earlier format to the newest by adding
// what is missing, in one transaction, and sums behind it (addsums.go); their records are never
// rewritten.
//
// It is append-only. A bucket that a later version needs makes a new step, even when it
// may stay empty: an older program then refuses the books instead of leaving the bucket
// behind. Formats of one unreleased version may share a step.
type layout [][][]byte

var layouts = layout{
	{ // 1
		bucketMeta, bucketMessages, bucketStays, bucketUndone, bucketYears, bucketPositions,
		bucketCuts, bucketDays, bucketPlans, bucketPlanSets, bucketAttempts,
		bucketPeople, bucketDocuments, bucketHolders, bucketRegistry, bucketRefusals, bucketCounts,
		bucketRefolds,
	},
	{ // 2: the treatment provinces' register, statements, officers' acts; and balances say how far they go (boltstore)
		bucketProviders,
		bucketStatements, bucketParts, bucketNumbers, bucketDue, bucketStrangers, bucketRows, bucketInForce, bucketSerials,
		bucketBillSums, bucketBillNumbers,
		bucketRowStates, bucketCases, bucketOffers, bucketBreaks, bucketOpenBreaks, bucketBreakGroups,
		bucketDayResults, bucketStrays, bucketStraysOf, bucketBreakDays, bucketBreakEvenings, bucketStillBreaks, bucketHorizons, bucketPairBalances, bucketSealed,
	},
	{}, // 3: every value carries its sum
}

// newest is the format this version writes.
func (l layout) newest() int { return len(l) }

// since are the buckets that the formats after one added; all of them after 0.
func (l layout) since(format int) (names [][]byte) {
	for _, step := range l[format:] {
		names = append(names, step...)
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

// upgrade adds what the books' format lacks. All of it is on disk when it returns nil;
// otherwise the next opening goes on. A failed commit is ErrCommit.
func (l layout) upgrade(db *bbolt.DB, m meta) error {
	more := true
	for renewed := m.Format == l.newest(); more; renewed = true {
		err := change(db, func(tx *bbolt.Tx) (err error) {
			if renewed {
				more, err = addSums(tx, sumsInPart)
			} else {
				more, err = l.renew(tx, m)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("bring the books up to date: %w", err)
		}
	}
	return nil
}

// change is one transaction of an upgrade.
func change(db *bbolt.DB, do func(*bbolt.Tx) error) error {
	tx, err := db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: %w", ErrCommit, err)
	}
	return nil
}

// renew makes the books ones of the newest format, and reports whether sums are to be added.
func (l layout) renew(tx *bbolt.Tx, m meta) (more bool, err error) {
	for _, name := range l.since(m.Format) {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return false, fmt.Errorf("bucket %s: %w", name, err)
		}
	}
	if m.Format < firstSummed {
		if err := beginSums(tx); err != nil {
			return false, err
		}
	}
	m.Format = l.newest()
	return summing(tx), writeMeta(tx, m)
}
