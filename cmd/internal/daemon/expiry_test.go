package daemon

import (
	"slices"
	"testing"
	"time"

	"clearingd/provinces/bus"
)

// TestExpiryIsSaidInTime: at thirty, seven and one day and when it is over, each once, by
// a clock that the test turns.
func TestExpiryIsSaidInTime(t *testing.T) {
	end := time.Date(2027, time.June, 1, 12, 0, 0, 0, time.UTC)
	login := []bus.Expiry{{What: bus.ExpiryLogin, At: end}}
	var w expiryWatch
	var said []int
	for now := end.AddDate(0, 0, -40); now.Before(end.AddDate(0, 0, 3)); now = now.Add(time.Hour) {
		if len(w.look(now, login)) > 0 {
			said = append(said, daysLeft(now, end))
		}
	}
	if want := []int{29, 6, 0, -1}; !slices.Equal(said, want) { // the first look with less than 30, 7, 1 and 0 days
		t.Errorf("said with %d days left, want %d", said, want)
	}
	if last := w.last(); len(last) != 1 || !last[0].Expires.Equal(end) || last[0].What != bus.ExpiryLogin {
		t.Errorf("status: %+v", last)
	}
}

func TestExpiryAfterALateStartIsSaidOnce(t *testing.T) {
	end := time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)
	w, found := expiryWatch{}, []bus.Expiry{{What: bus.ExpiryCertificate, At: end}, {What: bus.ExpiryAuthority, At: end.AddDate(5, 0, 0)}}
	if say := w.look(end.Add(-time.Hour), found); len(say) != 1 || say[0] != found[0] {
		t.Errorf("an hour before the end: %v", say)
	}
	if say := w.look(end.Add(-time.Minute), found); len(say) != 0 {
		t.Errorf("again: %v", say)
	}
	renewed := []bus.Expiry{{What: bus.ExpiryCertificate, At: end.AddDate(0, 0, 20)}}
	if say := w.look(end, renewed); len(say) != 1 {
		t.Errorf("renewed for twenty days only: %v", say)
	}
	if say := w.look(end, nil); len(say) != 0 || w.last() != nil {
		t.Errorf("nothing expires any more: %v %v", say, w.last())
	}
}

func TestExpiryIsLookedAtHourlyWhateverTheClockDoes(t *testing.T) {
	var w expiryWatch
	now := time.Date(2027, time.June, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		passes time.Duration
		want   bool
	}{{0, true}, {time.Second, false}, {59 * time.Minute, false}, {time.Minute, true}, {-48 * time.Hour, true}, {time.Minute, false}} {
		now = now.Add(step.passes)
		if got := w.due(now); got != step.want {
			t.Errorf("%s: due %t, want %t", now, got, step.want)
		}
	}
}
