package simulate

import (
	"bytes"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/sim/audit"
	"clearingd/ledger"
)

// someMoves are the bills of two days among a few provinces and hospitals: three in a stay
// of their own for each hospital and day, and one that was taken back.
func someMoves(last ledger.Day) (moves []audit.Move) {
	for _, day := range []ledger.Day{last - 1, last} {
		for t, treatment := range []string{"330100", "310100", "440100", "510100"} {
			for h := range 6 {
				for n := range 4 {
					number := uint64(len(moves) + 1)
					m := audit.Move{
						Number: number, Day: day.String(), SettlementID: fmt.Sprintf("%sG%013d", treatment, number), Alone: n > 0,
						Home: []string{"650100", "150200", "610100", "130100", "210100", "420100", "360100", "520100"}[(t+h+n)%8], Treatment: treatment, Provider: fmt.Sprintf("H%s%05d", treatment, h),
						Visit: fmt.Sprint("V", number), Person: fmt.Sprint("P", number), Insurance: "310",
						Total: big.NewRat(100, 1), Funds: big.NewRat(60, 1), Account: big.NewRat(10, 1), Cash: big.NewRat(30, 1),
						ByFund: map[string]*big.Rat{"310100": big.NewRat(60, 1)},
					}
					m.Of = m.SettlementID
					if moves = append(moves, m); n > 0 {
						continue
					}
					back := m
					back.Number, back.Refund, back.TakenBack = number+1, true, true
					back.SettlementID = fmt.Sprintf("%sG%013d", treatment, back.Number)
					back.Total, back.Funds, back.Account, back.Cash = big.NewRat(-100, 1), big.NewRat(-60, 1), big.NewRat(-10, 1), big.NewRat(-30, 1)
					back.ByFund = map[string]*big.Rat{"310100": big.NewRat(-60, 1)}
					moves = append(moves, back)
				}
			}
		}
	}
	return moves
}

func believed(seed uint64) *beliefs {
	day := ledger.NewDay(2026, time.November, 20)
	b := believe(seed, someMoves(day), day+1, day+1)
	for _, s := range slices.Concat(b.early, b.late) {
		s.write(b.dice)
	}
	return b
}

// A schedule that is replayed has the same truth: who states what, in which bytes, and what
// is planted in it.
func TestTheSeedFixesWhatSidesBelieve(t *testing.T) {
	for seed := range uint64(8) {
		first, again := believed(seed), believed(seed)
		same := slices.EqualFunc(slices.Concat(first.early, first.late), slices.Concat(again.early, again.late), func(a, b *statement) bool {
			return a.party == b.party && a.id == b.id && a.held == b.held && slices.EqualFunc(a.parts, b.parts, bytes.Equal)
		})
		if !same || len(first.early) < 20 {
			t.Errorf("seed %d: the same beliefs differ, or are only %d", seed, len(first.early))
		}
		one, other := first.truths(), again.truths()
		for stage := range one {
			if text := told(one[stage]); text != told(other[stage]) || text == "" {
				t.Errorf("seed %d, stage %d: two truths:\n%s\n%s", seed, stage, text, told(other[stage]))
			}
		}
	}
}

// told is a truth in words.
func told(truth truth) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(truth.planted)) {
		fmt.Fprintf(&b, "%s %s %s\n", key, truth.planted[key].party, truth.planted[key].expected())
	}
	for _, party := range slices.Sorted(maps.Keys(truth.said.Through)) {
		fmt.Fprintf(&b, "%s through %s\n", party, truth.said.Through[party])
	}
	return b.String()
}

// A few seeds meet every role and every kind of difference.
func TestSeedsMeetEveryRoleAndDifference(t *testing.T) {
	classes, met := map[string]bool{}, map[string]bool{}
	for seed := range uint64(8) {
		b := believed(seed)
		for _, truth := range b.truths() {
			for _, p := range truth.planted {
				classes[p.class] = true
			}
		}
		for _, s := range slices.Concat(b.early, b.late) {
			met["late part"] = met["late part"] || s.held >= 0
			met["totals alone"] = met["totals alone"] || s.totals
			met[fmt.Sprint(s.outcome, " ", s.code)] = true
		}
	}
	for _, class := range []string{"MISS_HOSP", "MISS_TREAT", "MISS_HOME", "AMT_OVER", "AMT_UNDER", "SURPLUS", "STATUS", "DUP_IN", "TOTALS", "SEQ_GAP", "VALID"} {
		if !classes[class] {
			t.Errorf("no seed plants a break of class %s", class)
		}
	}
	for _, what := range []string{"late part", "totals alone", "applied 0", "repeated 0", "refused 6009", "refused 6010"} {
		if !met[what] {
			t.Errorf("no seed has %q", what)
		}
	}
}

// What is planted is what the statement says otherwise than the books, and no more: the sums
// of rows and books differ by the planted amounts.
func TestWhatIsPlantedIsWhatDiffers(t *testing.T) {
	for seed := range uint64(8) {
		for _, s := range believed(seed).early {
			if s.outcome != applied || s.totals {
				continue
			}
			want := new(big.Rat)
			for _, p := range s.planted {
				if p.more != nil {
					want.Add(want, p.more)
				}
			}
			if got := new(big.Rat).Sub(s.owed(s.rows), s.owed(s.ours)); got.Cmp(want) != 0 {
				t.Errorf("seed %d, %s of %s: the rows are %s more than the books, planted are %s", seed, s.id, s.party, audit.Yuan(got), audit.Yuan(want))
			}
		}
	}
}

// Schedules of the nights come to every point between a statement and its match.
func TestSchedulesComeToThePointsOfSides(t *testing.T) {
	points := []string{"committed", "gathered", "stated", "ordered", "matched", "carried", "reported"}
	met := map[string]bool{}
	for seed := range uint64(40) {
		s := NewSchedule(seed, 20, points)
		for _, step := range append(slices.Concat(s.Late[0], s.Late[1], s.Late[2]), s.Night) {
			met[step.Point] = true
		}
		for _, step := range s.Steps {
			if ofSides(step.Point) {
				t.Fatalf("seed %d: %s beside claims alone", seed, step)
			}
		}
	}
	for _, point := range points[1:] {
		if !met[point] {
			t.Errorf("no schedule comes to %q", point)
		}
	}
}
