package evening

import (
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
)

// Differences of one stay can cancel though its bills count on different days. Each is told
// together with the other, so a day that has one of them is never matched without the day of
// the other: neither on which evening each was found, nor which day is matched again, may make a
// difference.

// chains touches the days on which the other half lies of what this run has found, or what
// was known and may not be found any more; more is false where there are none left.
func (r *run) chains() (more bool, err error) {
	others := make(map[reconcile.Half]bool)
	note := func(b *reconcile.Break) {
		for _, half := range b.Halves() {
			others[half.Other()] = true
		}
	}
	for _, b := range r.previous {
		note(&b)
	}
	for _, found := range r.found {
		for i := range found {
			note(&found[i])
		}
	}
	if len(others) == 0 {
		return false, nil
	}
	look := func(b reconcile.Break) error {
		if _, known := r.touched[b.Day]; !known && b.Found() && slices.ContainsFunc(b.Halves(), func(h reconcile.Half) bool { return others[h] }) {
			r.touch(b.Day)
		}
		return r.ctx.Err()
	}
	err = r.view(func(tx *store.Tx) error { return tx.FoundBreaks(look) })
	_, more = r.next()
	return more, err
}

// offset lets the halves among what was found cancel. What two officers have decided about one
// of them as it was stays theirs: it is not paired with what came later.
func (r *run) offset(found []reconcile.Break) {
	free := 0
	for i := range found {
		if was, known := r.previous[found[i].Key]; known && was.State == reconcile.Decided && !was.Offset() {
			continue
		}
		found[i], found[free] = found[free], found[i]
		free++
	}
	reconcile.Offset(found[:free])
}
