package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"clearingd/clearing/service"
	"clearingd/provinces/bus"
)

// first starts the daemon on its empty directory; an instrumented one is killed while
// it makes its books.
func (r *run) first(ctx context.Context) error {
	if len(r.Points) > 0 {
		if err := r.startDeadly(Step{Point: "created", Nth: 1}); err != nil {
			return err
		}
		if !r.daemon.endsWithin(10 * time.Second) {
			return errors.New("the binary has no kill points")
		}
	}
	return r.begin(ctx)
}

// begin starts the daemon and waits until it is ready, in time.
func (r *run) begin(ctx context.Context, more ...string) error {
	if err := r.daemon.start(more...); err != nil {
		return err
	}
	return r.awaitReady(ctx)
}

func (r *run) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	took, err := r.daemon.ready(ctx)
	if err != nil {
		return err
	}
	r.slowest = max(r.slowest, took)
	if took > r.Ready {
		r.fault("a start was ready after %s, promised are %s", took.Round(time.Millisecond), r.Ready)
	}
	return nil
}

// restart ends the daemon with a signal and starts it again.
func (r *run) restart(ctx context.Context, s syscall.Signal, more ...string) error {
	code, err := r.daemon.end(s, 15*time.Second)
	if err != nil {
		return err
	}
	if s == syscall.SIGTERM && code != 0 {
		r.fault("SIGTERM: exit code %d\n%s", code, r.daemon.tail())
	}
	return r.begin(ctx, more...)
}

// act takes the steps of a schedule.
func (r *run) act(ctx context.Context, steps []Step) error {
	for i, step := range steps {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(step.After):
		}
		if what, ended := r.daemon.ended(); ended && step.Act != BrokerKill {
			return fmt.Errorf("before step %d (%s): the daemon ended by itself: %s\n%s", i+1, step, what, r.daemon.tail())
		}
		if err := r.do(ctx, step); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, step, err)
		}
	}
	return nil
}

func (r *run) do(ctx context.Context, step Step) error {
	switch step.Act {
	case Kill:
		return r.restart(ctx, syscall.SIGKILL)
	case Early:
		return r.killEarly(ctx, step)
	case Terminate:
		return r.restart(ctx, syscall.SIGTERM)
	case Freeze:
		return r.freeze(step)
	case Reload:
		return r.reload("the plans were read again")
	case BadReload:
		return r.badReload()
	case DiskFloor:
		return r.diskFloor(ctx, step)
	case CloseDay:
		return r.closeDay(ctx, syscall.SIGKILL)
	case BrokerKill:
		return r.killBroker(ctx)
	case PointKill:
		return r.killAt(ctx, step)
	}
	return fmt.Errorf("unknown act %q", step.Act)
}

// killEarly kills the daemon while it starts.
func (r *run) killEarly(ctx context.Context, step Step) error {
	if _, err := r.daemon.end(syscall.SIGKILL, 10*time.Second); err != nil {
		return err
	}
	if err := r.daemon.start(); err != nil {
		return err
	}
	time.Sleep(step.After)
	return r.restart(ctx, syscall.SIGKILL)
}

func (r *run) freeze(step Step) error {
	if err := r.daemon.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(step.For)
	return r.daemon.signal(syscall.SIGCONT)
}

func (r *run) reload(says string) error {
	from := r.daemon.logSize()
	if err := r.daemon.signal(syscall.SIGHUP); err != nil {
		return err
	}
	if !r.daemon.says(says, from, 5*time.Second) {
		r.fault("after SIGHUP the log does not say %q", says)
	}
	return nil
}

// badReload offers plans of which one is broken: the old ones must stay in force.
func (r *run) badReload() error {
	bad := filepath.Join(r.dir, "plans", "65", "plans", "broken.toml")
	if err := os.WriteFile(bad, []byte("area = \"65\"\n[[version\n"), 0o600); err != nil {
		return err
	}
	err := r.reload("the plans were not read again; the old ones stay in force")
	return errors.Join(err, os.Remove(bad))
}

// diskFloor starts the daemon with a floor above all free space: nothing may be booked,
// readiness must say why, and hospitals may go on publishing.
func (r *run) diskFloor(ctx context.Context, step Step) error {
	if _, err := r.daemon.end(syscall.SIGKILL, 10*time.Second); err != nil {
		return err
	}
	from := r.daemon.logSize()
	if err := r.daemon.start("--set", "disk.floor_mib=4000000000"); err != nil {
		return err
	}
	if !r.daemon.says("disk below its floor", from, 15*time.Second) {
		r.fault("the daemon does not say that the disk is below its floor\n%s", r.daemon.tail())
	}
	before, beforeErr := r.status(ctx)
	for range 10 { // what was under way takes its time on a machine with much else to do
		time.Sleep(300 * time.Millisecond)
		now, err := r.status(ctx)
		if still := err == nil && beforeErr == nil && now.BooksNumber == before.BooksNumber; still {
			break
		}
		before, beforeErr = now, err
	}
	time.Sleep(step.For)
	after, afterErr := r.status(ctx)
	if beforeErr == nil && afterErr == nil && before.BooksNumber != after.BooksNumber {
		r.fault("%d messages were booked below the disk's floor", after.BooksNumber-before.BooksNumber)
	}
	client := http.Client{Timeout: 2 * time.Second}
	if code, body := get(&client, "http://"+r.daemon.http+"/readyz"); code != http.StatusServiceUnavailable {
		r.fault("/readyz says %d below the disk's floor: %s", code, body)
	}
	return r.restart(ctx, syscall.SIGTERM)
}

// closeDay asks for the day's close while messages come, kills the daemon during it, and
// asks again until it is closed.
func (r *run) closeDay(ctx context.Context, during syscall.Signal) error {
	return r.closeDayAfter(ctx, during, time.Duration(5+r.Options.Seed%40)*time.Millisecond)
}

func (r *run) closeDayAfter(ctx context.Context, during syscall.Signal, after time.Duration) error {
	waiting, enough := context.WithCancel(ctx)
	closing := make(chan struct{})
	go func() {
		defer close(closing)
		r.callClose(waiting)
	}()
	defer func() { enough(); <-closing }()
	if during != 0 {
		time.Sleep(after)
		if err := r.restart(ctx, during); err != nil {
			return err
		}
		enough() // nobody answers any more
	}
	<-closing
	for ctx.Err() == nil {
		if state, err := r.status(ctx); err == nil && state.LastClosed != nil && *state.LastClosed >= r.day {
			r.day++
			return nil
		}
		r.callClose(ctx)
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

// callClose asks once. Whether it worked is seen from the status.
func (r *run) callClose(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := json.Marshal(service.CloseRequest{Day: r.day, Early: !r.Manual})
	if err == nil {
		r.bus.Call(ctx, service.Close, request)
	}
}

// killBroker kills the broker alone. The daemon must live on; should it end with the
// code that asks for a new start, it gets one, as from a service manager.
func (r *run) killBroker(ctx context.Context) error {
	if _, err := r.broker.end(syscall.SIGKILL, 10*time.Second); err != nil {
		return err
	}
	if err := r.broker.start(); err != nil {
		return err
	}
	if what, ended := r.daemon.ended(); ended {
		return fmt.Errorf("without its broker the daemon ended: %s\n%s", what, r.daemon.tail())
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := r.daemon.ready(ctx) // measured from a start long ago: no promise about that
	return err
}

// killAt lets the instrumented binary kill itself at a named point; should it not come
// there in time, it is killed from outside. Points of a day's close are reached by one.
func (r *run) killAt(ctx context.Context, step Step) error {
	closes := slices.Contains([]string{"freezing", "matched", "carried", "reported", "sealing"}, step.Point)
	if closes {
		step.Nth = 1
	}
	if _, err := r.daemon.end(syscall.SIGKILL, 10*time.Second); err != nil {
		return err
	}
	if err := r.startDeadly(step); err != nil {
		return err
	}
	if closes {
		if _, err := r.daemon.ready(ctx); err != nil {
			return err
		}
		go r.callClose(ctx)
	}
	r.daemon.endsWithin(time.Second)
	if err := r.restart(ctx, syscall.SIGKILL); err != nil || !closes {
		return err
	}
	return r.closeDay(ctx, 0)
}

// startDeadly starts the daemon so that it kills itself at the step's point.
func (r *run) startDeadly(step Step) error {
	plain := r.daemon.env
	defer func() { r.daemon.env = plain }()
	r.daemon.env = append(slices.Clone(plain), fmt.Sprintf("CLEARINGD_KILL_AT=%s:%d", step.Point, step.Nth))
	return r.daemon.start()
}

// status asks the daemon how far it is.
func (r *run) status(ctx context.Context) (reply service.StatusReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return reply, call(ctx, r.bus, service.Status, struct{}{}, &reply)
}

func call(ctx context.Context, b *bus.Bus, subject string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if body, err = b.Call(ctx, subject, body); err != nil {
		return err
	}
	return json.Unmarshal(body, reply)
}

// answersState asks for the ANSWERS stream. A reply can be lost with the daemon, so it
// never waits for long.
func (r *run) answersState(ctx context.Context) (bus.StreamState, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return r.bus.AnswersState(ctx)
}

// stall is how long nothing may move before somebody is waiting in vain.
const stall = 20 * time.Second

// drained waits until every message that was sent is answered, in the books and on the
// bus. It outlives restarts.
func (r *run) drained(ctx context.Context) error {
	last, moved := "", time.Now()
	for ctx.Err() == nil && time.Since(moved) < stall {
		if state, err := r.status(ctx); err == nil {
			var held, read uint64
			for _, s := range state.Streams {
				held, read = held+s.Last, read+s.Answered
			}
			answers, err := r.answersState(ctx)
			if err == nil && held == uint64(r.known) && read == held && answers.Last == held+r.besides() {
				return nil
			}
			now := fmt.Sprintf("%d sent, %d in the streams, %d answered in the books, %d answers published", r.known, held, read, answers.Last)
			if now != last {
				last, moved = now, time.Now()
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("not everything is answered: %s\n%s", last, r.daemon.tail())
}
