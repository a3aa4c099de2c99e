package report

import (
	"testing"

	"clearingd/clearing/reconcile"
)

// What the report says of a night is told apart: by itself, by two officers, or nothing that
// changes the break.
func TestWhatAnEventIsCalled(t *testing.T) {
	for _, c := range []struct {
		event reconcile.Event
		want  Happening // "": nothing
	}{
		{reconcile.Event{What: reconcile.EventSeen, State: reconcile.Open}, BreakNew},
		{reconcile.Event{What: reconcile.EventChanged, State: reconcile.Open}, BreakChanged},
		{reconcile.Event{What: reconcile.EventReopened, State: reconcile.Open}, BreakReopened},
		{reconcile.Event{What: reconcile.EventUndone, State: reconcile.Open, Act: 7}, BreakReopened},
		{reconcile.Event{What: reconcile.EventGone, State: reconcile.Gone}, BreakGone},
		{reconcile.Event{What: reconcile.EventResolved + "late-row", State: reconcile.Resolved, Group: "g"}, BreakResolved},
		{reconcile.Event{What: reconcile.EventResolved + "late-row", State: reconcile.Resolved, Group: "g", Act: 7}, BreakDecided}, // a group that waited
		{reconcile.Event{What: reconcile.EventWaiting + "late-row", State: reconcile.Open, Group: "g"}, ""},
		{reconcile.Event{What: reconcile.EventAct + "accept", State: reconcile.Decided, Act: 7}, BreakDecided},
		{reconcile.Event{What: reconcile.EventProposed, State: reconcile.Proposed, Act: 7}, ""},
		{reconcile.Event{What: reconcile.EventWithdrawn, State: reconcile.Open, Act: 7}, ""}, // nothing was decided
		{reconcile.Event{What: reconcile.EventWithdrawn, State: reconcile.Decided, Act: 7}, ""},
		{reconcile.Event{What: reconcile.EventAct + "reverse", State: reconcile.Open, Act: 7}, BreakReopened},
		{reconcile.Event{What: reconcile.EventCommented, State: reconcile.Resolved, Act: 7}, ""},
		{reconcile.Event{What: reconcile.EventCommented, State: reconcile.Decided, Act: 7}, ""},
		{reconcile.Event{What: reconcile.EventAssigned, State: reconcile.Open, Act: 7}, ""},
	} {
		if got, ok := HappeningOf(c.event); got != c.want || ok != (c.want != "") {
			t.Errorf("%s, then %s, by %d: %q, want %q", c.event.What, c.event.State, c.event.Act, got, c.want)
		}
	}
}
