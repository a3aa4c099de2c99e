package store

import (
	"bytes"
	"fmt"

	"clearingd/clearing/reconcile"
)

// Breaks are written by the night, which finds them, and by acts, which decide them.
var (
	bucketBreaks      = []byte("breaks")
	bucketOpenBreaks  = []byte("openbreaks")  // break key -> nothing: open or proposed
	bucketBreakGroups = []byte("breakgroups") // group, 0, break key -> nothing
	bucketStillBreaks = []byte("stillbreaks") // break key -> nothing: settled, and still found
)

// Break returns a break by its key; nil if there is none.
func (tx *Tx) Break(key string) (*reconcile.Break, error) {
	var brk reconcile.Break
	found, err := get(tx.raw.Bucket(bucketBreaks), []byte(key), &brk)
	if err != nil || !found {
		return nil, err
	}
	return &brk, nil
}

// SetBreak stores a break with its indexes: whether it is undecided, and the groups in
// which it was resolved by itself, or waits.
func (tx *Tx) SetBreak(brk reconcile.Break) error {
	key := []byte(brk.Key)
	if len(key) == 0 || bytes.IndexByte(key, 0) >= 0 {
		return fmt.Errorf("%w: a break's key", ErrEncoding)
	}
	if err := put(tx.raw.Bucket(bucketBreaks), key, brk); err != nil {
		return err
	}
	if err := tx.noteStill(&brk); err != nil {
		return err
	}
	if err := putBytes(tx.raw.Bucket(bucketBreakDays), append(dayKey(brk.Day), key...), nil); err != nil {
		return err
	}
	open := tx.raw.Bucket(bucketOpenBreaks)
	if brk.State.Undecided() {
		if err := putBytes(open, key, nil); err != nil {
			return err
		}
	} else if err := open.Delete(key); err != nil {
		return err
	}
	for _, e := range brk.History {
		if err := putBytes(tx.raw.Bucket(bucketBreakEvenings), append(dayKey(e.Evening), key...), nil); err != nil {
			return err
		}
		if e.Group == "" {
			continue
		}
		if err := putBytes(tx.raw.Bucket(bucketBreakGroups), groupKey(e.Group, brk.Key), nil); err != nil {
			return err
		}
	}
	return nil
}

// noteStill indexes settled breaks that are still found.
func (tx *Tx) noteStill(brk *reconcile.Break) error {
	if brk.Still && brk.Settled() {
		return putBytes(tx.raw.Bucket(bucketStillBreaks), []byte(brk.Key), nil)
	}
	return tx.raw.Bucket(bucketStillBreaks).Delete([]byte(brk.Key))
}

// FoundBreaks visits the breaks that people have to do with, and then those that are settled and
// that the match still finds, by key each.
func (tx *Tx) FoundBreaks(visit func(reconcile.Break) error) error {
	if err := tx.indexedBreaks(bucketOpenBreaks, nil, visit); err != nil {
		return err
	}
	return tx.indexedBreaks(bucketStillBreaks, nil, visit)
}

func groupKey(group, key string) []byte { return append(append([]byte(group), 0), key...) }

// Breaks visits the breaks whose key begins with a prefix ("" for all), in the order of
// their keys, until visit returns false.
func (tx *Tx) Breaks(prefix string, visit func(reconcile.Break) bool) error {
	return tx.eachPrefix(bucketBreaks, []byte(prefix), func(key, value []byte) (bool, error) {
		var brk reconcile.Break
		if err := decode(key, value, &brk); err != nil {
			return false, err
		}
		return visit(brk), nil
	})
}

// OpenBreaks visits the breaks that are open or proposed and whose key begins with a
// prefix, in the order of their keys, until visit returns false.
func (tx *Tx) OpenBreaks(prefix string, visit func(reconcile.Break) bool) error {
	return tx.eachPrefix(bucketOpenBreaks, []byte(prefix), func(key, _ []byte) (bool, error) {
		brk, err := tx.Break(string(key))
		if err != nil {
			return false, err
		}
		if brk == nil {
			return false, fmt.Errorf("%w: an open break that is not there", ErrEncoding)
		}
		return visit(*brk), nil
	})
}

// BreakGroup returns the breaks that were resolved by themselves as one group, or wait, by
// key.
func (tx *Tx) BreakGroup(name string) (list []reconcile.Break, err error) {
	prefix := groupKey(name, "")
	err = tx.eachPrefix(bucketBreakGroups, prefix, func(key, _ []byte) (bool, error) {
		brk, err := tx.Break(string(key[len(prefix):]))
		if err == nil && brk != nil {
			list = append(list, *brk)
		}
		return true, err
	})
	return list, err
}

// breaks holds each break against its indexes, and each act in its history against the
// record of that act.
func (c *checker) breaks(fault func(string)) error {
	open := 0
	err := c.tx.eachPrefix(bucketBreaks, nil, func(key, value []byte) (bool, error) {
		var brk reconcile.Break
		if err := decode(key, value, &brk); err != nil {
			return false, fmt.Errorf("break %s: %w", key, err)
		}
		if brk.Key != string(key) {
			fault(fmt.Sprintf("break %s lies at %s", brk.Key, key))
		}
		if brk.State.Undecided() {
			open++
			if c.tx.raw.Bucket(bucketOpenBreaks).Get(key) == nil {
				fault(fmt.Sprintf("break %s is undecided, and not among those", key))
			}
		}
		for _, e := range brk.History {
			if e.Act != 0 && c.actOf(e.Act) == nil {
				fault(fmt.Sprintf("break %s is said to be decided by record %d, which is no act", key, e.Act))
			}
		}
		return true, nil
	})
	if n := c.tx.raw.Bucket(bucketOpenBreaks).Stats().KeyN; err == nil && n != open {
		fault(fmt.Sprintf("%d breaks are undecided, %d are listed", open, n))
	}
	return err
}
