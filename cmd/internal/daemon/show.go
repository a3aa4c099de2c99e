package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/cmd/internal/ops"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// Conditions of readiness.
const (
	conditionBooks  = "books"  // open and sound
	conditionBus    = "bus"    // connected, streams healthy
	conditionIntake = "intake" // every claims stream is followed
	conditionDisk   = "disk"   // free space above the floor
	conditionClock  = "clock"  // days close by themselves
)

// show starts what makes the daemon visible: metrics, readiness, the HTTP port, and the
// word with the service manager.
func (d *Daemon) show() error {
	d.metrics = ops.NewMetrics(Version)
	d.ready = ops.NewReadiness(d.metrics, conditionBooks, conditionBus, conditionIntake, conditionDisk)
	d.ready.OK(conditionDisk)
	d.ready.OK(conditionClock)
	d.notify = ops.NewNotifier(d.log, d.metrics)
	server, err := ops.NewServer(ops.ServerOptions{
		HTTP: d.cfg.HTTP, Metrics: d.metrics, Readiness: d.ready,
		Console: http.HandlerFunc(d.console), Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	d.http = server
	d.life.add("http", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), httpStop)
		defer cancel()
		return server.Shutdown(ctx)
	})
	go func() {
		if err := server.Serve(); err != nil {
			d.log.Error("http", zap.Error(err))
		}
	}()
	d.log.Info("http listens", zap.Stringer("address", server.Addr()))
	return nil
}

const httpStop = 5 * time.Second

// observe turns what the intake did into metrics and log lines.
func (d *Daemon) observe(e intake.Event) {
	if e.Fault != nil {
		d.log.Error("a message failed by our own fault", zap.Error(e.Fault))
		return
	}
	d.metrics.Redelivered(e.Passed)
	if len(e.Records) == 0 {
		return
	}
	for i := range e.Records {
		r := &e.Records[i]
		d.metrics.Answered(r.Outcome, 1)
		switch r.Outcome {
		case provinces.Refused:
			d.metrics.Refused(r.Code)
		case provinces.Quarantined:
			d.metrics.SetQuarantined(int(d.quarantined.Add(1)))
			d.log.Error("a message is quarantined: repair, then replay it",
				zap.String("stream", string(r.Stream)), zap.Uint64("sequence", r.Sequence), zap.Uint64("record", r.Number))
		}
		if r.Bill != nil && declared(r.Bill) {
			d.metrics.DeclaredBooked(1)
		}
	}
	last := &e.Records[len(e.Records)-1]
	d.metrics.Committed(e.Took, len(e.Records), last.Number)
}

func declared(b *clearing.Bill) bool {
	for _, w := range b.Benefit.Warnings {
		if w == benefit.WarnDeclared {
			return true
		}
	}
	return false
}

func (d *Daemon) clockHeld(reason string) {
	if reason == "" {
		d.metrics.SetClockLeap(0)
		d.ready.OK(conditionClock)
		return
	}
	d.ready.Fail(conditionClock, reason)
}

func (d *Daemon) plansLoaded(desk *clearing.Desk) {
	verified := 0
	plans := desk.Plans.Plans()
	for _, plan := range plans {
		if plan.Verified() {
			verified++
		}
	}
	hash := desk.Plans.Hash()
	d.metrics.PlansLoaded(time.Now(), fmt.Sprintf("%x", hash), verified, len(plans)-verified)
	d.log.Info("plans in force", zap.Int("plans", len(plans)), zap.Int("verified", verified), zap.String("set", fmt.Sprintf("%x", hash[:8])))
}

// watch looks after the disk, the broker and the lag every second, and feeds the
// service manager's watchdog, until ctx ends.
func (d *Daemon) watch(ctx context.Context) {
	go func() {
		if err := d.notify.Watch(ctx, d.probe); err != nil {
			d.log.Error("watchdog", zap.Error(err))
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		d.watchDisk()
		d.watchBroker(ctx)
		d.watchExpiry(time.Now())
		if d.store != nil {
			d.watchLag(ctx)
			d.watchDays()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// probe is what the watchdog rests on: a read of the books and a round trip through
// the broker's storage.
func (d *Daemon) probe(ctx context.Context) error {
	var err error
	if d.store != nil {
		err = d.store.View(func(tx *store.Tx) error {
			_, err := tx.Root(tx.Last())
			return err
		})
	}
	return errors.Join(err, d.bus.RoundTrip(ctx))
}

// watchDisk pauses the intake before anything fails for want of space. Messages stay
// in the broker meanwhile, and go on by themselves.
func (d *Daemon) watchDisk() {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.cfg.State.Dir, &fs); err != nil {
		d.ready.Fail(conditionDisk, err.Error())
		return
	}
	free := int64(fs.Bavail) * fs.Bsize
	low := free < d.cfg.Disk.FloorBytes
	d.metrics.SetDisk(free, d.cfg.Disk.FloorBytes)
	if low == d.paused.Load() {
		return
	}
	d.paused.Store(low)
	d.metrics.SetIntakePaused(low)
	if low {
		d.ready.Fail(conditionDisk, fmt.Sprintf("%d MiB free, the floor is %d MiB: intake paused", free>>20, d.cfg.Disk.FloorBytes>>20))
		d.log.Error("disk below its floor: intake paused", zap.Int64("free_bytes", free))
		return
	}
	d.ready.OK(conditionDisk)
	d.log.Info("disk above its floor again: intake goes on", zap.Int64("free_bytes", free))
}

func (d *Daemon) watchBroker(ctx context.Context) {
	switch {
	case !d.bus.Connected():
		d.ready.Fail(conditionBus, "not connected")
		return
	case d.server != nil:
		d.ready.Report(conditionBus, d.server.Healthy())
	default:
		d.ready.OK(conditionBus)
	}
}

// watchLag measures how far the books are behind the claims streams.
func (d *Daemon) watchLag(ctx context.Context) {
	oldest := time.Duration(0)
	for _, stream := range d.treatments {
		state, err := d.bus.ClaimsState(ctx, stream)
		if err != nil {
			continue // the condition above or the next second says so
		}
		var answered uint64
		if d.store.View(func(tx *store.Tx) error {
			at, err := tx.Position(stream)
			answered = at.Sequence
			return err
		}) != nil {
			continue
		}
		d.metrics.SetStream(bus.ClaimsStream(stream), state.Bytes, uint64(state.MaxBytes))
		lag := state.Last - min(answered, state.Last)
		if lag > 0 {
			oldest = max(oldest, time.Since(state.LastTime))
		}
		d.metrics.SetStreamLag(stream, lag)
	}
	d.metrics.SetOldestUnprocessed(oldest)
}

// watchDays counts the days past their cut-off that are still open.
func (d *Daemon) watchDays() {
	if d.closing.manual {
		return
	}
	oldest, frozen, err := d.closing.unfinished()
	if err == nil && !frozen {
		oldest, err = d.closing.openDay()
	}
	if err == nil {
		d.metrics.SetClosesDue(max(0, int(d.closing.cutoff.DayAt(time.Now())-oldest)))
	}
}

// seedMetrics takes over what the books say happened before this start.
func (d *Daemon) seedMetrics() error {
	if err := d.countBreaks(); err != nil {
		return err
	}
	return d.store.View(func(tx *store.Tx) error {
		quarantined, err := tx.Quarantined()
		if err != nil {
			return err
		}
		d.quarantined.Store(int64(quarantined))
		d.metrics.SetQuarantined(int(quarantined))
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if state.Phase == store.DayClosed {
				d.metrics.SetLastClosed(day)
			}
			return state.Phase != store.DayClosed
		})
	})
}

// closeNight runs the night of a day, and in clock mode has the whole books checked
// behind it, beside the next day's claims.
func (d *Daemon) closeNight(ctx context.Context, day ledger.Day) error {
	began := time.Now()
	d.metrics.SetUnmatched(false)
	if err := d.night.Close(ctx, day); err != nil {
		return err
	}
	d.metrics.DayClosed(day, time.Since(began))
	if err := d.countBreaks(); err != nil {
		return err
	}
	if !d.closing.manual && d.checking.CompareAndSwap(false, true) {
		go func() {
			defer d.checking.Store(false)
			if _, err := d.checkBooks(ctx); err != nil && ctx.Err() == nil {
				d.log.Error("the nightly check did not run", zap.Error(err))
			}
		}()
	}
	return nil
}

// checkBooks reads all the books and recomputes what can be.
func (d *Daemon) checkBooks(ctx context.Context) (store.CheckResult, error) {
	result, err := d.store.Check(ctx, nil)
	if err != nil {
		return result, err
	}
	d.metrics.BooksChecked(time.Now(), result.Imbalance, len(result.Faults))
	if len(result.Faults) > 0 {
		d.log.Error("the books fail their check", zap.Strings("faults", result.Faults[:min(len(result.Faults), 10)]))
		d.ready.Fail(conditionBooks, "the check found: "+result.Faults[0])
		d.doubt.Store(true) // nothing more is booked; messages wait in the broker
	}
	return result, nil
}
