package ops

import (
	"errors"
	"slices"
	"testing"
)

func TestReadyOnlyWhenEveryConditionHolds(t *testing.T) {
	r := NewReadiness(nil, "books", "broker")
	expect := func(what string, ready bool, reasons ...string) {
		t.Helper()
		s := r.State()
		if s.Ready != ready || !slices.Equal(s.Reasons(), reasons) {
			t.Errorf("%s: ready %v, reasons %q", what, s.Ready, s.Reasons())
		}
	}
	expect("at first", false, "books: not reported yet", "broker: not reported yet")
	r.OK("books")
	expect("half of it", false, "broker: not reported yet")
	r.OK("broker")
	expect("all", true)
	r.Fail("disk", "below the floor") // not known before: counts all the same
	expect("a new one", false, "disk: below the floor")
	r.Report("disk", nil)
	r.Report("books", errors.New("closed"))
	expect("one lost", false, "books: closed")
}

func TestReadinessWithoutConditionsIsReady(t *testing.T) {
	if s := NewReadiness(nil).State(); !s.Ready || s.String() != "ready" {
		t.Errorf("got %+v", s)
	}
}

func TestWatchersSeeEachChangeOnce(t *testing.T) {
	r := NewReadiness(nil, "books")
	var seen []string
	r.OnChange(func(s State) { seen = append(seen, s.String()) })
	r.OK("books")
	r.OK("books") // no change
	r.Fail("books", "closed")
	r.Fail("books", "closed")
	r.Fail("books", "damaged")
	want := []string{
		"not ready: books: not reported yet", "ready",
		"not ready: books: closed", "not ready: books: damaged",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got %q", seen)
	}
}

// A state that was handed out does not change under its reader.
func TestStateIsACopy(t *testing.T) {
	r := NewReadiness(nil, "books")
	before := r.State()
	r.OK("books")
	if before.Conditions[0].OK {
		t.Error("an old state changed")
	}
}
