package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Act is what is done to the child.
type Act string

// Acts.
const (
	Kill       Act = "kill"        // SIGKILL, and at once a new start
	Early      Act = "kill early"  // SIGKILL before the new start was ready
	Terminate  Act = "term"        // SIGTERM; must end with 0 in time
	Freeze     Act = "stop"        // SIGSTOP for a while, then SIGCONT
	Reload     Act = "reload"      // SIGHUP with the same plans
	BadReload  Act = "bad reload"  // SIGHUP with a broken plan file beside the good ones
	DiskFloor  Act = "disk floor"  // a start with the floor above the free space, and one without
	CloseDay   Act = "close"       // the business day is closed
	BrokerKill Act = "broker kill" // SIGKILL of the broker alone, and at once a new start
	PointKill  Act = "kill at"     // the instrumented binary kills itself at a named point
)

// Step is one act, so long after the child was ready (for Early: was started).
type Step struct {
	After time.Duration
	Act   Act
	For   time.Duration // how long Freeze and DiskFloor last
	Point string        // of PointKill
	Nth   int           // of PointKill: at its so-manieth passing
}

func (s Step) String() string {
	text := fmt.Sprintf("%s after %d ms", s.Act, s.After.Milliseconds())
	if s.For > 0 {
		text += fmt.Sprintf(" for %d ms", s.For.Milliseconds())
	}
	if s.Point != "" {
		text += fmt.Sprintf(" %s #%d", s.Point, s.Nth)
	}
	return text
}

// Schedule is all that happens in one run.
type Schedule struct {
	Seed     uint64
	Focus    Act  // met several times
	Manual   bool // business days end by hand, not by the clock
	External bool // the broker is a process of its own
	Steps    []Step

	// What happens while the sides state what they believe, when the claims are answered.
	Late    [3][]Step // beside the statements, beside the late ones, and beside the officers
	Night   Step      // in the middle of the night that matches first: a kill, or a named point
	Rematch []Step    // in the middle of a match by hand: a kill, or nothing
}

// focuses take turns with the seeds, so that so many seeds in a row meet everything.
var focuses = []Act{Kill, CloseDay, Terminate, BrokerKill, Reload, Freeze, DiskFloor, Early}

// NewSchedule is the schedule of a seed. points are the named points of the instrumented
// binary, if it is one.
func NewSchedule(seed uint64, kills int, points []string) Schedule {
	dice := rand.New(rand.NewPCG(seed, 0x7363686564756c65))
	s := Schedule{Seed: seed, Focus: focuses[int(seed%uint64(len(focuses)))], Manual: seed%3 != 0}
	s.External = s.Focus == BrokerKill
	closed := false
	late := points
	points = slices.DeleteFunc(slices.Clone(points), ofSides)
	for len(s.Steps) < kills {
		step := Step{Act: Kill, After: time.Duration(60+dice.IntN(540)) * time.Millisecond}
		switch n := dice.IntN(100); {
		case n < 30, len(s.Steps) == 1: // whatever the dice say, it is met once
			step.Act = s.Focus
		case n < 42:
			step.Act = Early
		case n < 48:
			step.Act = Terminate
		case n < 53:
			step.Act = BadReload
		case n < 57:
			step.Act = Freeze
		}
		if len(points) > 0 && len(s.Steps) != 1 && dice.IntN(2) == 0 {
			step.Act, step.Point, step.Nth = PointKill, points[dice.IntN(len(points))], 1+dice.IntN(4)
			if step.Point == "created" { // only the first start passes it, see first
				step.Point = "committed"
			}
		}
		switch step.Act {
		case Freeze:
			step.For = time.Duration(300+dice.IntN(2200)) * time.Millisecond
		case DiskFloor:
			step.For = time.Duration(1200+dice.IntN(800)) * time.Millisecond
		case Early:
			step.After = time.Duration(30+dice.IntN(470)) * time.Millisecond
		case CloseDay:
			if closed {
				step.Act = Kill
			}
			closed = true
		}
		s.Steps = append(s.Steps, step)
	}
	s.stating(kills, late)
	return s
}

// Points that only statements, matches and acts come to, and when.
var (
	pointsOfSides = [3][]string{{"gathered", "stated", "decided"}, {"gathered", "stated", "decided"}, {"ordered", "decided"}}
	pointsOfNight = []string{"freezing", "matched", "carried", "reported", "sealing"}
)

// ofSides reports whether claims alone never come to the point.
func ofSides(point string) bool {
	return slices.Contains([]string{"gathered", "stated", "ordered", "matched", "carried"}, point)
}

// stating schedules what happens beside statements and acts. It has dice of its own: what
// happens to claims is as it was before there were statements.
func (s *Schedule) stating(kills int, points []string) {
	dice := rand.New(rand.NewPCG(s.Seed, 0x73746174696e6721))
	for i := range s.Late {
		n := kills / 10
		if n == 0 {
			n = dice.IntN(2) // so that a short run stays short
		}
		for range n {
			step := Step{Act: Kill, After: time.Duration(20+dice.IntN(300)) * time.Millisecond}
			switch n := dice.IntN(10); {
			case n < 2:
				step.Act = Early
			case n < 4:
				step.Act = Terminate
			case n < 7 && s.External:
				step.Act = BrokerKill
			}
			if len(points) > 0 && dice.IntN(4) > 0 {
				step.Act, step.Point, step.Nth = PointKill, pick(dice, pointsOfSides[i]), 1+dice.IntN(6)
			}
			s.Late[i] = append(s.Late[i], step)
		}
	}
	s.Night = Step{Act: Kill, After: time.Duration(5+dice.IntN(250)) * time.Millisecond}
	if len(points) > 0 {
		s.Night.Act, s.Night.Point, s.Night.Nth = PointKill, pick(dice, pointsOfNight), 1
	}
	if dice.IntN(2) == 0 || kills >= 10 {
		s.Rematch = []Step{{Act: Kill, After: time.Duration(2+dice.IntN(60)) * time.Millisecond}}
	}
}

// String is the schedule on a few lines.
func (s Schedule) String() string {
	mode, broker := "clock", "embedded"
	if s.Manual {
		mode = "manual"
	}
	if s.External {
		broker = "external"
	}
	steps := func(list []Step) string {
		if len(list) == 0 {
			return "nothing"
		}
		var words []string
		for _, step := range list {
			words = append(words, step.String())
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("focus %s, business day %s, broker %s\n  %s\n  statements: %s; night: %s; late ones: %s; match: %s; officers: %s",
		s.Focus, mode, broker, steps(s.Steps), steps(s.Late[0]), s.Night, steps(s.Late[1]), steps(s.Rematch), steps(s.Late[2]))
}
