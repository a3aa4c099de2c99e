package night

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clearingd/clearing/calendar"
	"clearingd/clearing/evening"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

var tuesday = ledger.NewDay(2026, time.March, 3)

// told is what a report says of the breaks' happenings, as of an evening.
func told(t *testing.T, from, to, as ledger.Day, breaks ...reconcile.Break) *report.Reconciliation {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: from}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(func(tx *store.Tx) error {
		for _, b := range breaks {
			if err := tx.SetBreak(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	working, err := calendar.China()
	if err != nil {
		t.Fatal(err)
	}
	n := New(Options{Store: s, Evening: evening.New(evening.Options{Store: s, Calendar: working})})
	b := report.NewBuilder(report.Head{From: from, To: to})
	b.Reconcile(as, reconcile.Engine)
	if err := s.View(func(tx *store.Tx) error {
		return n.happenings(tx, span{from: from, to: to, match: match{evening: as}}, b)
	}); err != nil {
		t.Fatal(err)
	}
	r, err := b.Finish(report.Seal{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Reconciliation
}

// lived is a break of 100 yuan with a history.
func lived(key string, owed ledger.Amount, history ...reconcile.Event) reconcile.Break {
	b := reconcile.Break{
		Key: key, Day: tuesday, Class: reconcile.MissHospital, Owed: owed, Owner: reconcile.Hospital, FirstSeen: history[0].Evening, Due: tuesday + 1,
		State: history[len(history)-1].State, History: history,
	}
	b.Findings = []reconcile.Finding{{Side: reconcile.Hospital, Class: b.Class, Owed: owed}}
	b.Mark(true)
	return b
}

func resolved(evening ledger.Day, act uint64) reconcile.Event {
	return reconcile.Event{Evening: evening, State: reconcile.Resolved, What: reconcile.EventResolved + "late-row", Group: "g", Act: act}
}

// TestAGroupHasWhatResolvedItselfInTheEnd: each break once, with the figures of that evening, and
// not where somebody has undone it before the night.
func TestAGroupHasWhatResolvedItselfInTheEnd(t *testing.T) {
	open := func(evening ledger.Day, what string, was *reconcile.Stood) reconcile.Event {
		return reconcile.Event{Evening: evening, State: reconcile.Open, What: what, Was: was}
	}
	before := lived("x", 100_00, open(tuesday, reconcile.EventSeen, nil))
	r := told(t, tuesday, tuesday+1, tuesday+2,
		lived("bill/1", -100_00, open(tuesday, reconcile.EventSeen, nil), resolved(tuesday+1, 0), open(tuesday+1, reconcile.EventReopened, nil), resolved(tuesday+1, 0)),
		lived("bill/2", -100_00, open(tuesday, reconcile.EventSeen, nil), resolved(tuesday+1, 0), open(tuesday+1, reconcile.EventUndone, nil)),
		lived("bill/3", 700_00, open(tuesday, reconcile.EventSeen, nil), resolved(tuesday+1, 0), open(tuesday+2, reconcile.EventReopened, before.Stood())),
	)
	if len(r.Automatic) != 1 || r.Automatic[0].Count != 2 || r.Automatic[0].Amount != 200_00 || r.Automatic[0].Waits {
		t.Errorf("%+v", r.Automatic)
	}
	if i := slices.IndexFunc(r.Changes, func(c report.ChangeLine) bool { return c.What == report.BreakResolved }); i < 0 || r.Changes[i].Count != 3 {
		t.Errorf("%+v", r.Changes)
	}
}

// TestAGroupThatIsApprovedTomorrowWaitsTonight: officers approve it while the night is at work,
// and that counts on the open day.
func TestAGroupThatIsApprovedTomorrowWaitsTonight(t *testing.T) {
	waits := reconcile.Event{Evening: tuesday, State: reconcile.Open, What: reconcile.EventWaiting + "late-row", Group: "g"}
	r := told(t, tuesday, tuesday, tuesday, lived("bill/1", -100_00, waits), lived("bill/2", -100_00, waits, resolved(tuesday+1, 7)))
	if len(r.Automatic) != 1 || r.Automatic[0].Count != 2 || !r.Automatic[0].Waits {
		t.Errorf("%+v", r.Automatic)
	}
}
