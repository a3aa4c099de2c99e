package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"clearingd/ledger"
)

// AutoKind is a reason for which a break is resolved without a person. The list is closed
// (where-to-lead 2.4).
type AutoKind string

// The four kinds.
const (
	AutoTiming     AutoKind = "timing-pair"     // both have it, on different days, and nothing else differs
	AutoOffsetting AutoKind = "offsetting-pair" // proved: cancels within one claim chain, as a bill and its cancellation that a side has neither of
	AutoLateRow    AutoKind = "late-row"        // an equal row came after all
	AutoRounding   AutoKind = "rounding-step"   // proved: a named step, rounded otherwise
)

// AutoKinds lists the kinds.
var AutoKinds = []AutoKind{AutoTiming, AutoOffsetting, AutoLateRow, AutoRounding}

// Cap is what may be resolved by itself of one kind on one evening. Zero allows nothing.
type Cap struct {
	Count uint64
	Owed  ledger.Amount // sum of what the breaks are about, each as a positive amount
}

// Group is what was, or would be, resolved by itself on one evening of one kind: it can be
// undone, or approved, together.
type Group struct {
	ID    string        `json:"group"` // <evening>/<kind>
	Kind  AutoKind      `json:"kind"`
	Count uint64        `json:"count"`
	Owed  ledger.Amount `json:"owed"`
	Waits bool          `json:"waits"` // above the cap: a person decides
}

// GroupID names what resolves itself on an evening for a kind of reason.
func GroupID(evening ledger.Day, kind AutoKind) string { return evening.String() + "/" + string(kind) }

// auto is the kind for which a found break could be resolved by itself; "" for none.
// timingDays bounds how many working days may lie between bill and row; 0 does not.
func (b *Break) auto(timingDays int, cal Calendar) (AutoKind, error) {
	all := func(is func(f *Finding) bool) bool {
		for i := range b.Findings {
			if !is(&b.Findings[i]) {
				return false
			}
		}
		return len(b.Findings) > 0
	}
	proved := func(kind CauseKind) func(*Finding) bool {
		return func(f *Finding) bool { return f.Cause != nil && f.Cause.Kind == kind }
	}
	switch {
	case all(func(f *Finding) bool { return f.Class == Timing }):
		for _, f := range b.Findings {
			near, err := f.near(b.Day, timingDays, cal)
			if err != nil || !near {
				return "", err
			}
		}
		return AutoTiming, nil
	case all(func(f *Finding) bool { return f.Cause != nil && (f.Cause.Kind == OffsettingPair || f.Cause.Both) }):
		return AutoOffsetting, nil
	case all(proved(RoundingStep)):
		return AutoRounding, nil
	}
	return "", nil
}

// near reports whether the row's days begin or end within so many working days of the
// bill's.
func (f *Finding) near(day ledger.Day, workingDays int, cal Calendar) (bool, error) {
	if workingDays == 0 {
		return true, nil
	}
	from, to := day, f.From
	if f.To < day {
		from, to = f.To, day
	}
	n, err := cal.Between(from, to)
	return n <= workingDays, err
}

// Weight is what a break weighs against a cap: the largest amount in it, as a positive one.
func (b *Break) Weight() ledger.Amount {
	weight := max(b.Books, -b.Books)
	for _, f := range b.Findings {
		weight = max(weight, f.Owed, -f.Owed)
	}
	return weight
}

// held reports whether a person has the word on the break as it is: its resolution was
// undone, or waits for approval.
func (b *Break) held() bool {
	for _, e := range slices.Backward(b.History) {
		switch {
		case e.What == EventUndone, strings.HasPrefix(e.What, EventWaiting):
			return true
		case e.What == EventSeen, e.What == EventChanged, e.What == EventReopened:
			return false
		}
	}
	return false
}

// resolvedAs is the kind for which the break was resolved by itself last, and the group.
func (b *Break) resolvedAs() (kind AutoKind, group string) {
	for _, e := range slices.Backward(b.History) {
		if k, ok := strings.CutPrefix(e.What, EventResolved); ok {
			return AutoKind(k), e.Group
		}
	}
	return "", ""
}

// resolve closes the candidates of each kind as a group, or lets the whole group wait where
// it is above its cap. What has resolved itself of the kind on the same evening, or waits since
// then, counts with it, however many runs there were.
func (c *carrying) resolve() []Group {
	var groups []Group
	for _, kind := range AutoKinds {
		group := Group{ID: GroupID(c.turn.Evening, kind), Kind: kind}
		var used Cap
		count := func(b *Break) {
			e, ok := b.ResolvedItself()
			if !ok {
				e, ok = b.Waiting()
			}
			if ok && e.Group == group.ID {
				used.Count++
				used.Owed += b.Weight()
			}
		}
		for i := range c.breaks {
			if b := &c.breaks[i]; c.candidate[i] == kind {
				group.Count++
				group.Owed += b.Weight()
			} else {
				count(b)
			}
		}
		for i := range c.turn.Others {
			count(&c.turn.Others[i])
		}
		if group.Count == 0 {
			continue
		}
		limit := c.turn.Caps[kind]
		group.Waits = used.Count+group.Count > limit.Count || used.Owed+group.Owed > limit.Owed
		what, state := EventResolved, Resolved
		if group.Waits {
			what, state = EventWaiting, Open
		}
		for i := range c.breaks {
			if c.candidate[i] == kind {
				c.event(i, Event{State: state, What: what + string(kind), Group: group.ID, Engine: Engine})
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// Undo opens every break again that the group has resolved and that is still so. It gives
// those that changed. evening dates the event, act is the act behind it.
func Undo(breaks []Break, group string, evening ledger.Day, act uint64) []Break {
	return regroup(breaks, group, func(b *Break) (Event, bool) {
		_, id := b.resolvedAs()
		return Event{Evening: evening, State: Open, What: EventUndone, Act: act, Group: group}, b.State == Resolved && id == group
	})
}

// Approve resolves every break of a group that waits for a person. It gives those that
// changed.
func Approve(breaks []Break, group string, evening ledger.Day, act uint64) []Break {
	return regroup(breaks, group, func(b *Break) (Event, bool) {
		last, waits := b.Waiting()
		kind, _, _ := last.Automatic()
		return Event{Evening: evening, State: Resolved, What: EventResolved + string(kind), Act: act, Group: group, Engine: Engine}, waits && last.Group == group
	})
}

func regroup(breaks []Break, group string, event func(*Break) (Event, bool)) []Break {
	var changed []Break
	for _, b := range breaks {
		if e, ok := event(&b); ok && group != "" {
			found := b.Found()
			b.State, b.History = e.State, append(slices.Clone(b.History), e)
			b.Mark(found)
			changed = append(changed, b)
		}
	}
	slices.SortFunc(changed, func(a, b Break) int { return cmp.Compare(a.Key, b.Key) })
	return changed
}
