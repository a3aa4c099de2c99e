package reconcile

import (
	"slices"
	"strings"
)

// Seen is what the match last found a break to be made of: the books' item and the rows of
// the sides, so that people see the figures beside each other without a match. Persons are
// keyed pseudonyms in it, as in every item.
//
// The numbers in the tags are the stored form: append-only.
type Seen struct {
	Books  *Item       `cbor:"1,keyasint,omitempty"` // nil: a row without a bill
	Sides  [][]Item    `cbor:"2,keyasint"`           // by Side, index 0 unused
	States []SideState `cbor:"3,keyasint"`           // by Side
	ByStay []bool      `cbor:"4,keyasint"`           // by Side
}

// Seen keeps what the result is made of. It shares no memory with the result.
func (r *Result) Seen() *Seen {
	c := r.Clone()
	return &Seen{Books: c.Books, Sides: c.Sides[:], States: c.States[:], ByStay: c.ByStay[:]}
}

// Result is the result that the break was found as, with its findings; nil for a break that
// is not about a bill or a row.
func (b *Break) Result() *Result {
	if b.Seen == nil {
		return nil
	}
	r := &Result{Books: b.Seen.Books, Standing: Broken, Findings: slices.Clone(b.Findings)}
	copy(r.Sides[:], b.Seen.Sides)
	copy(r.States[:], b.Seen.States)
	copy(r.ByStay[:], b.Seen.ByStay)
	return r
}

// Settled reports whether people have nothing to do with the break any more: it was resolved
// by itself, or two officers have decided it.
func (b *Break) Settled() bool { return b.State == Resolved || b.State == Decided }

// Found reports whether the newest match of its day finds the break: its bill is one of the
// broken ones then, whatever people have decided of it.
func (b *Break) Found() bool {
	if b.Settled() {
		return b.Still
	}
	return b.State != Gone && !b.Agreed
}

// Mark notes whether the newest match of its day finds the break.
func (b *Break) Mark(found bool) {
	b.Still = found && b.Settled()
	b.Agreed = !found && !b.Settled() && b.State != Gone
}

// Waiting is the event since which the break waits for a person, because its group was above
// a cap.
func (b *Break) Waiting() (e Event, waits bool) {
	if b.State != Open {
		return e, false
	}
	for _, e := range slices.Backward(b.History) {
		if _, waits, ok := e.Automatic(); ok {
			return e, waits
		}
		if e.What != EventCommented && e.What != EventAssigned {
			break
		}
	}
	return Event{}, false
}

// ResolvedItself is the event with which the break resolved itself, and since which it is so.
func (b *Break) ResolvedItself() (e Event, ok bool) {
	if b.State != Resolved {
		return e, false
	}
	for _, e := range slices.Backward(b.History) {
		if _, waits, automatic := e.Automatic(); automatic && !waits {
			return e, e.Act == 0 // or else two officers have resolved the group
		}
	}
	return Event{}, false
}

// Automatic tells of an event that resolved a break by itself, or would have: of which
// kind, and whether it waits for a person because a cap was reached.
func (e *Event) Automatic() (kind AutoKind, waits, ok bool) {
	if kind, ok := strings.CutPrefix(e.What, EventResolved); ok {
		return AutoKind(kind), false, true
	}
	word, ok := strings.CutPrefix(e.What, EventWaiting)
	return AutoKind(word), true, ok
}
