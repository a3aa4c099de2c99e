package plant_test

import (
	"fmt"
	"slices"
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/reconcile/plant"
	"clearingd/ledger"
)

var first = ledger.NewDay(2026, 11, 2)

// match runs one day and gives its broken results, proved, as breaks, and its sums.
func match(t testing.TB, w *plant.World, d *plant.Day, evening ledger.Day) ([]reconcile.Break, reconcile.DayResult) {
	t.Helper()
	var found []reconcile.Break
	day, err := w.Match(d, evening, func(r *reconcile.Result) error {
		if r.Standing == reconcile.Broken {
			found = append(found, reconcile.BreakOf(r))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, day
}

// told is what the breaks say of each side, in the form of a planted truth.
func told(found []reconcile.Break) (list []plant.Planted) {
	for _, b := range found {
		for _, s := range reconcile.Sides {
			p := plant.Planted{Key: b.Key, Side: s}
			unknown := false
			for _, f := range b.Findings {
				if f.Side != s {
					continue
				}
				if p.Class == "" || p.Owed == 0 && f.Owed != 0 {
					p.Class = f.Class
				}
				p.Owed += f.Owed
				if f.Cause != nil {
					p.Cause = f.Cause.Kind
				} else if f.Owed != 0 {
					unknown = true
				}
			}
			if unknown {
				p.Cause = ""
			}
			if p.Class != "" {
				list = append(list, p)
			}
		}
	}
	return list
}

func lines(list []plant.Planted) (text []string) {
	for _, p := range list {
		text = append(text, fmt.Sprintf("%s %s %s %s %q", p.Key, p.Side, p.Class, p.Owed, p.Cause))
	}
	slices.Sort(text)
	return text
}

// check compares what was found with what was planted: full recall, nothing invented.
func check(t *testing.T, c plant.Config) {
	t.Helper()
	w := plant.Build(c)
	var found []reconcile.Break
	var truth []plant.Planted
	for i := range w.Days {
		breaks, sums := match(t, w, &w.Days[i], first+ledger.Day(c.Days))
		found, truth = append(found, breaks...), append(truth, w.Days[i].Truth...)
		var counted uint64
		for _, p := range sums.Pairs {
			counted += p.Matched.Count + p.Expected.Count + p.Broken.Count
		}
		if int(counted) != len(w.Days[i].Books) {
			t.Errorf("%s: %d of %d bills are counted", w.Days[i].Day, counted, len(w.Days[i].Books))
		}
	}
	reconcile.Offset(found)
	got, want := lines(told(found)), lines(truth)
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("seed %d: found, but not planted: %s", c.Seed, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("seed %d: planted, but not found: %s", c.Seed, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("seed %d: %d found, %d planted", c.Seed, len(got), len(want))
	}
}

func TestEveryKindAlone(t *testing.T) {
	for _, kind := range plant.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			for seed := range uint64(4) {
				check(t, plant.Config{Seed: seed, First: first, Days: 3, Bills: 5, Plants: 6, Kinds: []plant.Kind{kind}})
			}
		})
	}
}

func TestAllKindsOverSeveralEvenings(t *testing.T) {
	for seed := range uint64(8) {
		check(t, plant.Config{Seed: seed, First: first, Days: 6, Bills: 30, Plants: 40})
		check(t, plant.Config{Seed: seed, First: first, Days: 4, Bills: 30, Plants: 40, Together: true})
		check(t, plant.Config{Seed: seed, First: first, Days: 3, Bills: 10, Plants: 10, Late: true})
	}
}
