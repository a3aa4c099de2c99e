package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

const (
	// cutoffGrace lets messages that the broker stamped just before the cut-off arrive
	// in its stream before the day's last sequence is read.
	cutoffGrace = 2 * time.Second
	// leapMax is the step of the wall clock that holds the closing of days until
	// somebody has looked.
	leapMax = 5 * time.Minute
	// catchUpMax is how many missed days are closed without asking; a clock that is
	// wrong by years must not close years.
	catchUpMax = 31
	pollEvery  = 20 * time.Millisecond
)

// Refusals of a close by hand.
var (
	errNotOpenDay = errors.New("not the open business day")
	errTooEarly   = errors.New("the cut-off has not passed")
)

// closing moves business days: freeze, wait for the last answers, night, next day.
type closing struct {
	store   *store.Store
	streams map[ledger.Province]func(context.Context) (last uint64, at time.Time, err error)
	stated  func(context.Context) (last uint64, err error) // of the STATEMENTS stream
	cutoff  clearing.Cutoff
	manual  bool
	night   func(context.Context, ledger.Day) error
	log     *zap.Logger
	onLeap  func(time.Duration)
	onHold  func(reason string) // told when the automatic closing stops and, with "", when it goes on

	quit <-chan struct{} // closed when the daemon stops; nil never

	reading atomic.Uint64 // the statement up to which a close waits; 0: none does

	mu   sync.Mutex // one day is closed at a time
	held string     // why days are not closed by themselves; "" if they are
}

// openDay is the day new messages get: the one after the newest that is frozen.
func (c *closing) openDay() (open ledger.Day, err error) {
	open = c.store.Identity().FirstDay
	err = c.store.View(func(tx *store.Tx) error {
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if state.Phase == store.DayOpen {
				return true
			}
			open = day + 1
			return false
		})
	})
	return open, err
}

// unfinished is a day that was frozen and not closed; ok is false if there is none.
func (c *closing) unfinished() (day ledger.Day, ok bool, err error) {
	err = c.store.View(func(tx *store.Tx) error {
		return tx.Days(func(d ledger.Day, state store.DayState) bool {
			if state.Phase == store.DayFrozen {
				day, ok = d, true
			}
			return state.Phase != store.DayClosed
		})
	})
	return day, ok, err
}

// run closes days as the clock passes their cut-offs, until ctx ends. In manual mode
// it only finishes what a crash interrupted.
func (c *closing) run(ctx context.Context) error {
	if err := c.finishInterrupted(ctx); err != nil {
		return err
	}
	if c.manual {
		return nil
	}
	watch := newClockWatch(time.Now())
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := c.closeDue(ctx, time.Now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if leap := watch.leap(time.Now()); leap.Abs() > leapMax {
				c.onLeap(leap)
				c.hold(fmt.Sprintf("the clock leapt by %s", leap.Round(time.Second)))
			}
		}
	}
}

func (c *closing) finishInterrupted(ctx context.Context) error {
	day, ok, err := c.unfinished()
	if err != nil || !ok {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.finish(ctx, day)
}

// closeDue closes every day whose cut-off has passed, oldest first.
func (c *closing) closeDue(ctx context.Context, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ctx.Err() == nil && c.held == "" {
		day, err := c.openDay()
		if err != nil {
			return err
		}
		if now.Before(c.cutoff.End(day).Add(cutoffGrace)) {
			return nil
		}
		if missed := int(c.cutoff.DayAt(now) - day); missed > catchUpMax {
			c.setHold(fmt.Sprintf("%d days since %s are not closed; is the clock right?", missed, day))
			return nil
		}
		if err := c.closeDay(ctx, day, false); err != nil {
			return err
		}
	}
	return nil
}

// closeByHand closes the open day on an operator's word. In clock mode a day whose
// cut-off has not passed needs early. It also ends a hold.
func (c *closing) closeByHand(ctx context.Context, day ledger.Day, early bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	open, err := c.openDay()
	if err != nil {
		return err
	}
	if day != open {
		return fmt.Errorf("%w: %s is open", errNotOpenDay, open)
	}
	passed := !time.Now().Before(c.cutoff.End(day).Add(cutoffGrace))
	if !c.manual && !passed && !early {
		return fmt.Errorf("%w: %s ends at %s", errTooEarly, day, c.cutoff.End(day).Format(time.DateTime))
	}
	if err := c.closeDay(ctx, day, c.manual || !passed); err != nil {
		return err
	}
	c.setHold("")
	return nil
}

func (c *closing) closeDay(ctx context.Context, day ledger.Day, now bool) error {
	if err := c.freeze(ctx, day, now); err != nil {
		return fmt.Errorf("freeze %s: %w", day, err)
	}
	return c.finish(ctx, day)
}

// freeze decides, for every stream, the last sequence of the day: what is in the
// stream at this moment (now), or what the broker stamped before the cut-off. A
// stream that already holds later messages is left to the intake, which decides the
// cut where it crosses it.
func (c *closing) freeze(ctx context.Context, day ledger.Day, now bool) error {
	cuts := make(map[ledger.Province]uint64)
	for stream, state := range c.streams {
		last, at, err := state(ctx)
		if err != nil {
			return err
		}
		if now || last == 0 || at.Before(c.cutoff.End(day)) {
			cuts[stream] = last
		}
	}
	return c.store.Update(func(tx *store.Tx) error {
		for stream, last := range cuts {
			if err := tx.SetCut(day, stream, last); err != nil {
				return err
			}
		}
		state, err := tx.Day(day)
		if err != nil || state.Phase != store.DayOpen {
			return err
		}
		state.Phase, state.Frozen = store.DayFrozen, time.Now().UnixNano()
		tx.SetDay(day, state)
		return nil
	})
}

// finish waits until every stream is answered past the day, and what sides have stated by now
// is read, and runs the night: after a stop or with older books, statements that were
// acknowledged long ago would else come after the match of their evening.
func (c *closing) finish(ctx context.Context, day ledger.Day) error {
	stated, err := c.stated(ctx)
	if err != nil {
		return err
	}
	c.reading.Store(stated)
	defer c.reading.Store(0)
	for {
		waiting, err := c.waiting(day)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.quit:
			return context.Canceled
		case <-time.After(pollEvery):
		}
	}
	if err := c.night(ctx, day); err != nil {
		return fmt.Errorf("night of %s: %w", day, err)
	}
	c.log.Info("business day closed", zap.Stringer("day", day))
	return nil
}

// stopWith lets a close that waits end when ctx does.
func (c *closing) stopWith(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quit = ctx.Done()
}

// waiting names the streams that are not answered to the end of a frozen day, or not read.
func (c *closing) waiting(day ledger.Day) (waiting []string, err error) {
	err = c.store.View(func(tx *store.Tx) error {
		if at, err := tx.Position(store.StatementsStream); err != nil {
			return err
		} else if end := c.reading.Load(); at.Sequence < end {
			waiting = append(waiting, fmt.Sprintf("statements: read to %d of %d", at.Sequence, end))
		}
		for stream := range c.streams {
			cut, decided, cutErr := tx.Cut(day, stream)
			at, err := tx.Position(stream)
			if err := errors.Join(cutErr, err); err != nil {
				return err
			}
			switch {
			case !decided:
				waiting = append(waiting, fmt.Sprintf("%s: end of the day not reached", stream))
			case at.Sequence < cut:
				waiting = append(waiting, fmt.Sprintf("%s: answered to %d of %d", stream, at.Sequence, cut))
			}
		}
		return nil
	})
	return waiting, err
}

func (c *closing) hold(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setHold(reason)
}

func (c *closing) setHold(reason string) {
	if c.held == reason {
		return
	}
	c.held = reason
	if reason != "" {
		c.log.Error("business days are not closed by themselves any more; look, then: clearctl close DAY", zap.String("reason", reason))
	}
	c.onHold(reason)
}

// clockWatch compares the wall clock with the monotonic one.
type clockWatch struct{ before time.Time }

func newClockWatch(now time.Time) *clockWatch { return &clockWatch{before: now} }

// leap is how much further the wall clock moved since the last call than time did.
func (w *clockWatch) leap(now time.Time) time.Duration {
	wall := now.Round(0).Sub(w.before.Round(0)) // Round(0) drops the monotonic reading
	real := now.Sub(w.before)
	w.before = now
	return wall - real
}
