package simulate

import (
	"fmt"
	"math/rand/v2"
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
	return s
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
	steps := make([]string, len(s.Steps))
	for i, step := range s.Steps {
		steps[i] = step.String()
	}
	return fmt.Sprintf("focus %s, business day %s, broker %s\n  %s", s.Focus, mode, broker, strings.Join(steps, ", "))
}
