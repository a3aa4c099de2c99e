package clearing_test

import (
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
)

func TestBusinessDayEndsAtTheCutOffInChina(t *testing.T) {
	evening := clearing.Cutoff(20*time.Hour + 30*time.Minute)
	for _, c := range []struct {
		name    string
		cutoff  clearing.Cutoff
		instant string
		want    string
	}{
		{"midnight in China is 16:00 UTC", clearing.Midnight, "2026-11-23T15:59:59Z", "2026-11-23"},
		{"and the next day begins there", clearing.Midnight, "2026-11-23T16:00:00Z", "2026-11-24"},
		{"the host's zone does not matter", clearing.Midnight, "2026-11-23T11:00:00-05:00", "2026-11-24"},
		{"a cut-off before midnight", evening, "2026-11-23T20:29:59+08:00", "2026-11-23"},
		{"sends the evening to the next day", evening, "2026-11-23T20:30:00+08:00", "2026-11-24"},
		{"also over the year's end", evening, "2026-12-31T23:00:00+08:00", "2027-01-01"},
		{"and into a leap day", evening, "2028-02-28T21:00:00+08:00", "2028-02-29"},
	} {
		instant, err := time.Parse(time.RFC3339, c.instant)
		if err != nil {
			t.Fatal(err)
		}
		day := c.cutoff.DayAt(instant)
		if day.String() != c.want {
			t.Errorf("%s: %s is on %s, want %s", c.name, c.instant, day, c.want)
		}
		if end := c.cutoff.End(day); !instant.Before(end) || instant.Before(c.cutoff.End(day-1)) {
			t.Errorf("%s: %s does not lie between the ends of %s and the day before", c.name, c.instant, day)
		}
	}
}

// TestMessageDay: a message's day is the later of its stream's day so far and of its
// broker timestamp's, and never one whose end is decided before it (design section 8).
func TestMessageDay(t *testing.T) {
	cuts := map[ledger.Day]uint64{10: 5, 11: 5, 12: 8}
	cut := func(day ledger.Day) (uint64, bool) { n, ok := cuts[day]; return n, ok }
	for _, c := range []struct {
		name     string
		at       ledger.Day
		sequence uint64
		byClock  ledger.Day
		want     ledger.Day
	}{
		{"within the day's cut", 10, 5, 10, 10},
		{"behind the cut of its own day and of an empty one", 10, 6, 10, 12},
		{"the clock went back: the stream's day stays", 12, 7, 3, 12},
		{"the clock went on", 13, 9, 15, 15},
		{"no cut decided yet", 13, 9, 13, 13},
		{"manual mode has no clock", 12, 9, 0, 13},
	} {
		got := clearing.MessageDay(clearing.Position{Day: c.at}, c.sequence, c.byClock, cut)
		if got != c.want {
			t.Errorf("%s: day %d, want %d", c.name, got, c.want)
		}
	}
}

func TestSettlementID(t *testing.T) {
	area, number, ok := clearing.ParseSettlementID("330100G0000000000042")
	if !ok || area != "330100" || number != 42 {
		t.Errorf("%s %d %v", area, number, ok)
	}
	for _, bad := range []string{"", "330100G000000000042", "330100H0000000000042", "33010xG0000000000042",
		"330100G00000000000-1", "330100G0000000000000", "330100G00000000000042"} {
		if _, _, ok := clearing.ParseSettlementID(bad); ok {
			t.Errorf("%q passes for a setl_id of this house", bad)
		}
	}
}
