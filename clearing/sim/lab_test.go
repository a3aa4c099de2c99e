package sim_test

import (
	"bytes"
	"testing"
	"time"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/nhsa"
)

// TestTheSouthernMonth: the same seed gives the same bytes, every day lies in the month, every
// message reads, all four prefectures are met, and there are further stays and reversals.
func TestTheSouthernMonth(t *testing.T) {
	config := sim.SouthernConfig{Seed: 7, First: ledger.NewDay(2016, time.November, 1), Count: 400}
	sample, again := sim.SouthernMonth(config), sim.SouthernMonth(config)
	homes, whats := map[ledger.Area]int{}, map[string]int{}
	claims, last := 0, config.First
	seen := map[string]bool{}
	for i, m := range sample.Messages {
		if !bytes.Equal(m.Body, again.Messages[i].Body) || m.Subject != again.Messages[i].Subject {
			t.Fatalf("message %d is another the second time", i)
		}
		if m.Day < last || m.Day > ledger.NewDay(2016, time.November, 30) {
			t.Errorf("message %d is meant for %s, after %s", i, m.Day, last)
		}
		last = m.Day
		request, err := nhsa.New(nhsa.Settings{}).Decode(m.Body)
		if err != nil {
			t.Fatalf("%s: %v", m.Subject, err)
		}
		whats[m.What]++
		if request.Infno == provinces.InfnoSettle {
			claims++
			homes[request.Home]++
			if today := m.Day.String() + request.Claim.PersonNo; seen[today] {
				t.Errorf("%s: two claims of one person on one day: which comes first would depend on the streams", m.Subject)
			} else {
				seen[today] = true
			}
		}
	}
	if claims != config.Count || len(homes) != 5 {
		t.Errorf("%d claims of %v", claims, homes)
	}
	for _, what := range []string{sim.WhatSouth, sim.WhatElsewhere, sim.WhatSouthAgain, sim.WhatSouthUndone} {
		if whats[what] < 3 {
			t.Errorf("%d messages %s", whats[what], what)
		}
	}
	if other := sim.SouthernMonth(sim.SouthernConfig{Seed: 8, First: config.First, Count: 400}); bytes.Equal(other.Messages[0].Body, sample.Messages[0].Body) {
		t.Error("another seed gives the same month")
	}
}
