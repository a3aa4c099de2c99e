package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"clearingd/ledger"
)

// ErrKey: two breaks have the same key.
var ErrKey = errors.New("reconcile: two breaks of one key")

// Turn is what carrying breaks forward needs to know besides them.
type Turn struct {
	Evening    ledger.Day
	Calendar   Calendar
	Caps       map[AutoKind]Cap // a kind without one is never resolved by itself
	Others     []Break          // breaks of this evening's groups that were not looked at in this turn: they count against the caps, too
	TimingDays int              // working days within which the two halves of a timing pair must lie; 0: any

	// Matched reports whether what a break is about was looked at in this turn: a break
	// that was, and was not found, is gone. Others stay as they are.
	Matched func(*Break) bool

	// Agreed reports whether the result of the key is now matched: then a row that was
	// missing has come, equal to the fen.
	Agreed func(key string) bool

	// Accepted reports whether two officers have the books follow a side's figures of what
	// the key is about: then nothing resolves itself, or their entry would stand unseen. nil:
	// of none.
	Accepted func(key string) bool
}

// Changes are the breaks that a turn has changed, whole, by key, and the groups that it
// has resolved or let wait.
type Changes struct {
	Breaks []Break
	Groups []Group
}

// Carry carries the breaks of before forward with what the match has found on this
// evening. Before new ones are made, old ones are found again by their keys: they keep
// their first evening and their history, and what people decided of them, unless the facts
// are not those that were decided upon; then they are opened again and say why. What is
// not found any more is gone. At last, what can resolve itself does, as groups.
//
// The order of both lists does not matter, and a second turn with the same findings
// changes nothing. Errors: [ErrKey], and the calendar's.
func Carry(previous, found []Break, turn Turn) (Changes, error) {
	c := &carrying{turn: turn}
	if err := c.join(previous, found); err != nil {
		return Changes{}, err
	}
	var changes Changes
	changes.Groups = c.resolve()
	for i, b := range c.breaks {
		if c.changed[i] {
			changes.Breaks = append(changes.Breaks, b)
		}
	}
	return changes, nil
}

// carrying is a turn on its way. The lists are parallel, by key.
type carrying struct {
	turn      Turn
	breaks    []Break
	changed   []bool
	candidate []AutoKind // for which the break could resolve itself
}

// join merges both lists by key.
func (c *carrying) join(previous, found []Break) error {
	previous, err := byKey(previous)
	if err != nil {
		return err
	}
	if found, err = byKey(found); err != nil {
		return err
	}
	for len(previous)+len(found) > 0 {
		order := 0
		switch {
		case len(previous) == 0:
			order = 1
		case len(found) == 0:
			order = -1
		default:
			order = cmp.Compare(previous[0].Key, found[0].Key)
		}
		switch {
		case order < 0:
			c.lost(previous[0])
		case order > 0:
			err = c.seen(found[0])
		default:
			err = c.again(previous[0], found[0])
		}
		if err != nil {
			return err
		}
		if order <= 0 {
			previous = previous[1:]
		}
		if order >= 0 {
			found = found[1:]
		}
	}
	return nil
}

func byKey(list []Break) ([]Break, error) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Break) int { return cmp.Compare(a.Key, b.Key) })
	for i := 1; i < len(list); i++ {
		if list[i].Key == list[i-1].Key {
			return nil, fmt.Errorf("%w: %s", ErrKey, list[i].Key)
		}
	}
	return list, nil
}

// put adds a break as it was and returns its place.
func (c *carrying) put(b Break) int {
	b.History = slices.Clone(b.History)
	c.breaks = append(c.breaks, b)
	c.changed = append(c.changed, false)
	c.candidate = append(c.candidate, "")
	return len(c.breaks) - 1
}

// event adds to the history of a break.
func (c *carrying) event(i int, e Event) {
	b := &c.breaks[i]
	e.Evening, e.Class = c.turn.Evening, b.Class
	b.State, b.History = e.State, append(b.History, e)
	c.changed[i] = true
}

// seen begins a new break.
func (c *carrying) seen(b Break) (err error) {
	b.FirstSeen, b.History = c.turn.Evening, nil
	i := c.put(b)
	if err = c.date(i); err != nil {
		return err
	}
	c.event(i, Event{State: Open, What: EventSeen})
	return c.propose(i)
}

// date sets the due date by the class.
func (c *carrying) date(i int) (err error) {
	b := &c.breaks[i]
	b.Due, err = DeadlineOf(b.Class).Due(b.Day, b.FirstSeen, c.turn.Calendar)
	return err
}

// propose makes an open break a candidate, unless a person has the word on it.
func (c *carrying) propose(i int) (err error) {
	if b := &c.breaks[i]; b.State == Open && !b.held() && !c.accepted(b) {
		c.candidate[i], err = b.auto(c.turn.TimingDays, c.turn.Calendar)
	}
	return err
}

func (c *carrying) accepted(b *Break) bool { return c.turn.Accepted != nil && c.turn.Accepted(b.Key) }

// again carries a break forward that was found again.
func (c *carrying) again(was, now Break) error {
	next := now
	next.FirstSeen, next.Due, next.State, next.History = was.FirstSeen, was.Due, was.State, was.History
	if was.Class == now.Class {
		next.Owner = was.Owner // whoever it was assigned to
	}
	i := c.put(next)
	kind, _ := was.resolvedAs()
	back := was.State == Gone || was.State == Resolved && kind == AutoLateRow
	var stood *Stood
	if was.Facts != now.Facts {
		stood = was.Stood()
	}
	switch {
	case stood == nil && !back:
		c.changed[i] = !reflect.DeepEqual(was.Findings, now.Findings) // only where rows stand
	case back:
		c.event(i, Event{State: Open, What: EventReopened, Why: "found again", Was: stood})
	case was.State == Open:
		c.event(i, Event{State: Open, What: EventChanged, Why: difference(&was, &now), Was: stood})
	default:
		c.event(i, Event{State: Open, What: EventReopened, Why: difference(&was, &now), Was: stood})
	}
	if was.Class != now.Class {
		if err := c.date(i); err != nil {
			return err
		}
	}
	return c.propose(i)
}

// difference says in a word what of the facts is not as it was.
func difference(was, now *Break) string {
	switch {
	case was.Class != now.Class:
		return fmt.Sprintf("class %s, was %s", now.Class, was.Class)
	case was.Owed != now.Owed:
		return fmt.Sprintf("difference %s, was %s", now.Owed, was.Owed)
	case was.Books != now.Books:
		return fmt.Sprintf("books %s, was %s", now.Books, was.Books)
	case len(was.Findings) != len(now.Findings):
		return fmt.Sprintf("findings %d, was %d", len(now.Findings), len(was.Findings))
	}
	return "findings"
}

// lost carries a break forward that was not found. What was decided or resolved of it
// stays so.
func (c *carrying) lost(was Break) {
	i := c.put(was)
	if !c.turn.Matched(&was) || !was.State.Undecided() {
		return
	}
	late := was.missed() && c.turn.Agreed(was.Key) && !c.accepted(&was) // what was booked has a break of its own from now on
	switch {
	case late && was.held(): // undone, or waiting: a person has the word
	case late && was.State == Open:
		c.candidate[i] = AutoLateRow
	default:
		c.event(i, Event{State: Gone, What: EventGone})
	}
}

// missed reports whether the break is about rows that were not there.
func (b *Break) missed() bool {
	for _, f := range b.Findings {
		switch f.Class {
		case MissHospital, MissTreatment, MissHome, DuplicateOurs:
		case Status:
			if f.Field != "setl_id" {
				return false
			}
		default:
			return false
		}
	}
	return len(b.Findings) > 0
}
