package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// days is a closing over real books and one claims stream whose end the test sets.
type days struct {
	testing.TB
	closing
	first  ledger.Day
	last   uint64    // the stream's last sequence
	at     time.Time // and its broker timestamp
	nights []string  // closed days, in order
	stmt   uint64    // the last sequence of STATEMENTS
	reason string    // of a hold
}

func newDays(t testing.TB, manual bool) *days {
	t.Helper()
	d := &days{TB: t, first: ledger.NewDay(2026, time.September, 28)} // five days before a long holiday's end
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: d.first}); err != nil {
		t.Fatal(err)
	}
	books, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { books.Close() })
	d.closing = closing{
		store: books, cutoff: clearing.Midnight, manual: manual, log: zap.NewNop(),
		streams: map[ledger.Province]func(context.Context) (uint64, time.Time, error){
			"33": func(context.Context) (uint64, time.Time, error) { return d.last, d.at, nil },
		},
		stated: func(context.Context) (uint64, error) { return d.stmt, nil },
		night:  d.night,
		onLeap: func(time.Duration) {},
		onHold: func(reason string) { d.reason = reason },
	}
	d.update(func(tx *store.Tx) error { tx.SetPosition("33", clearing.Position{Day: d.first}); return nil })
	return d
}

func (d *days) night(_ context.Context, day ledger.Day) error {
	d.nights = append(d.nights, day.String())
	return d.store.Update(func(tx *store.Tx) error {
		state, err := tx.Day(day)
		state.Phase = store.DayClosed
		tx.SetDay(day, state)
		return err
	})
}

func (d *days) update(fn func(*store.Tx) error) {
	d.Helper()
	if err := d.store.Update(fn); err != nil {
		d.Fatal(err)
	}
}

// answer gives the stream's next message its outcome, on the day that the books say.
func (d *days) answer(received time.Time) ledger.Day {
	d.Helper()
	var day ledger.Day
	d.update(func(tx *store.Tx) error {
		at, err := tx.Position("33")
		if err != nil {
			return err
		}
		day, err = tx.MessageDay("33", at.Sequence+1, d.cutoff.DayAt(received))
		if err != nil {
			return err
		}
		return tx.Apply(clearing.Decision{Record: clearing.Record{
			Number: tx.Next(), Stream: "33", Sequence: at.Sequence + 1, Day: day, Received: received.UnixNano(),
			Subject: fmt.Sprintf("claims.33.65.H33010000001.m%d", at.Sequence+1), Outcome: provinces.Refused, Answer: []byte("no"),
		}})
	})
	return day
}

// clock is an instant on a day of the test, counted from its first.
func (d *days) clock(day int, hour time.Duration) time.Time {
	return d.cutoff.End(d.first + ledger.Day(day)).Add(-24*time.Hour + hour)
}

func (d *days) due(now time.Time) {
	d.Helper()
	if err := d.closeDue(context.Background(), now); err != nil {
		d.Fatal(err)
	}
}

func TestADayClosesOnceItsCutOffHasPassed(t *testing.T) {
	d := newDays(t, false)
	d.due(d.clock(0, 23*time.Hour))
	if len(d.nights) != 0 {
		t.Errorf("closed before the cut-off: %v", d.nights)
	}
	d.due(d.clock(1, time.Second))
	if len(d.nights) != 0 {
		t.Errorf("closed before late messages could arrive: %v", d.nights)
	}
	d.due(d.clock(1, 3*time.Second))
	if strings.Join(d.nights, " ") != "2026-09-28" {
		t.Errorf("closed %v", d.nights)
	}
}

// TestMissedDaysAreClosedOneByOne: five days of stop over a holiday (design section 8).
func TestMissedDaysAreClosedOneByOne(t *testing.T) {
	d := newDays(t, false)
	d.due(d.clock(5, time.Hour))
	if strings.Join(d.nights, " ") != "2026-09-28 2026-09-29 2026-09-30 2026-10-01 2026-10-02" {
		t.Errorf("closed %v", d.nights)
	}
}

func TestADayIsCutWhereTheBrokersClockCrossedIt(t *testing.T) {
	d := newDays(t, false)
	d.last, d.at = 2, d.clock(1, time.Minute) // the second message came after the cut-off
	closed := make(chan error, 1)
	go func() { closed <- d.closeDue(context.Background(), d.clock(1, time.Hour)) }()
	first := d.answer(d.clock(0, 12*time.Hour))
	second := d.answer(d.at)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if first != d.first || second != d.first+1 {
		t.Errorf("the messages are on %s and %s", first, second)
	}
	d.store.View(func(tx *store.Tx) error {
		if cut, decided, err := tx.Cut(d.first, "33"); err != nil || !decided || cut != 1 {
			t.Errorf("the day ends at %d, decided %v", cut, decided)
		}
		return nil
	})
}

func TestAFrozenDayWaitsForItsLastAnswer(t *testing.T) {
	d := newDays(t, false)
	d.last, d.at = 1, d.clock(0, 12*time.Hour)
	ctx, cancel := context.WithTimeout(context.Background(), 5*pollEvery)
	defer cancel()
	if err := d.closeDue(ctx, d.clock(1, time.Hour)); !errors.Is(err, context.DeadlineExceeded) || len(d.nights) != 0 {
		t.Fatalf("closed %v, %v", d.nights, err)
	}
	waiting, err := d.waiting(d.first)
	if err != nil || strings.Join(waiting, "") != "33: answered to 0 of 1" {
		t.Errorf("waits for %v, %v", waiting, err)
	}
	d.answer(d.at)
	if err := d.finishInterrupted(context.Background()); err != nil || strings.Join(d.nights, " ") != "2026-09-28" {
		t.Errorf("after the restart: closed %v, %v", d.nights, err)
	}
}

// TestACloseWaitsForWhatWasStated: what the broker had acknowledged before the close belongs to
// the match of its evening, also where it is read late, as after a stop.
func TestACloseWaitsForWhatWasStated(t *testing.T) {
	d := newDays(t, false)
	d.stmt = 2
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- d.closeDue(ctx, d.clock(1, time.Hour)) }()
	for said := ""; said != "statements: read to 0 of 2"; {
		select {
		case err := <-closed:
			t.Fatalf("closed without the statements: %v, it waited for %q", err, said)
		case <-time.After(pollEvery):
		}
		waiting, err := d.waiting(d.first)
		if err != nil {
			t.Fatal(err)
		}
		said = strings.Join(waiting, "")
	}
	cancel()
	if err := <-closed; !errors.Is(err, context.Canceled) || len(d.nights) != 0 {
		t.Fatalf("closed %v, %v", d.nights, err)
	}
	d.update(func(tx *store.Tx) error {
		tx.SetPosition(store.StatementsStream, clearing.Position{Sequence: 2})
		return nil
	})
	if err := d.finishInterrupted(context.Background()); err != nil || strings.Join(d.nights, " ") != "2026-09-28" {
		t.Errorf("when they are read: closed %v, %v", d.nights, err)
	}
}

func TestLateMessagesOfAFrozenDayBelongToTheNext(t *testing.T) {
	d := newDays(t, false)
	d.due(d.clock(1, time.Hour))
	if day := d.answer(d.clock(0, 23*time.Hour)); day != d.first+1 {
		t.Errorf("a message behind the stored cut is on %s", day)
	}
}

func TestClosingByHand(t *testing.T) {
	ctx := context.Background()
	manual := newDays(t, true)
	if err := manual.closeByHand(ctx, manual.first+1, false); !errors.Is(err, errNotOpenDay) {
		t.Errorf("another day than the open one: %v", err)
	}
	if err := manual.closeByHand(ctx, manual.first, false); err != nil {
		t.Errorf("manual mode: %v", err)
	}
	clock := newDays(t, false)
	clock.closing.store = clock.store
	today := clock.cutoff.DayAt(time.Now())
	clock.update(func(tx *store.Tx) error {
		tx.SetDay(today-1, store.DayState{Phase: store.DayClosed})
		return nil
	})
	if err := clock.closeByHand(ctx, today, false); !errors.Is(err, errTooEarly) {
		t.Errorf("before the cut-off without --early: %v", err)
	}
	if err := clock.closeByHand(ctx, today, true); err != nil {
		t.Errorf("with --early: %v", err)
	}
}

func TestAClockThatLeapsHoldsTheClosing(t *testing.T) {
	d := newDays(t, false)
	d.hold("the clock leapt by 1h")
	d.due(d.clock(3, 0))
	if len(d.nights) != 0 || d.reason == "" {
		t.Errorf("closed %v while held (%q)", d.nights, d.reason)
	}
	years := newDays(t, false)
	years.due(years.clock(400, 0))
	if len(years.nights) != 0 || !strings.Contains(years.reason, "400 days") {
		t.Errorf("a clock wrong by a year closed %d days (%q)", len(years.nights), years.reason)
	}
}

func TestTheClockWatchTellsALeapFromAWait(t *testing.T) {
	now := time.Now()
	w := newClockWatch(now)
	if leap := w.leap(now.Add(time.Hour)); leap != 0 {
		t.Errorf("an hour that passed looks like a leap of %s", leap)
	}
}
