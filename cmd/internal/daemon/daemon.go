// Package daemon wires clearingd together: it starts broker, books, intake, outbox,
// days and services in the order that lets each rely on the one before, and stops
// them in reverse. It decides nothing about claims or money.
//
// Starting: state directory, plans and adapters, broker, bus and streams, books (opened,
// or created by rename), answers the broker lost, then the followers of the claims
// streams. The daemon is ready when a claim published now would be kept and
// processed. Books that fail their check leave it intake-only: the broker keeps
// messages, nothing is booked, and readiness says why.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/calendar"
	"clearingd/clearing/evening"
	"clearingd/clearing/intake"
	"clearingd/clearing/night"
	"clearingd/clearing/store"
	"clearingd/cmd/internal/ops"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces/bus"
)

// Daemon is one running clearing house.
type Daemon struct {
	cfg     config.Config
	log     *zap.Logger
	metrics *ops.Metrics
	ready   *ops.Readiness
	notify  *ops.Notifier
	http    *ops.Server
	started time.Time

	life       lifecycle
	server     *bus.Server // nil with an external broker
	bus        *bus.Bus
	treatments []ledger.Province
	store      *store.Store // nil when intake-only
	pseudonyms clearing.Pseudonyms
	calendar   calendar.Calendar
	intake     *intake.Intake
	registry   *registry
	statements *statements
	verifier   clearing.Verifier // recomputes booked bills; keeps plans it has read
	outbox     *outbox
	night      *night.Night
	evening    *evening.Evening // matches what sides state
	closing    *closing

	checking    atomic.Bool  // the nightly check is at work
	quarantined atomic.Int64 // messages that wait for an operator

	periods periods

	doubt  atomic.Bool                  // a check found the books broken
	paused atomic.Bool                  // disk below its floor
	expiry expiryWatch                  // certificates and login
	pages  atomic.Pointer[http.Handler] // the console, once the books are open
}

// New starts everything up to, but not including, the taking of claims. When it fails,
// what it had started is stopped again.
func New(ctx context.Context, cfg config.Config, log *zap.Logger) (_ *Daemon, err error) {
	d := &Daemon{cfg: cfg, log: log, started: time.Now(), life: lifecycle{log: log}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.life.unwind())
		}
	}()
	if err := d.show(); err != nil {
		return nil, err
	}
	desk, err := d.newDesk()
	if err != nil {
		return nil, err
	}
	if err := d.openBooks(); err != nil {
		return nil, err
	}
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	if d.store == nil { // intake-only: the broker serves, and the status says why no more
		stop, err := d.serveStatus()
		if err != nil {
			return nil, err
		}
		d.life.add("services", stop)
		return d, nil
	}
	desk.Pseudonyms = d.pseudonyms // their key comes with the books
	if err := d.keepPlans(desk); err != nil {
		return nil, err
	}
	d.build(desk)
	if err := d.adoptStreams(ctx); err != nil {
		return nil, err
	}
	if err := d.adoptRegistry(ctx); err != nil {
		return nil, err
	}
	if err := d.adoptStatements(ctx); err != nil {
		return nil, err
	}
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	if err := d.seedMetrics(); err != nil {
		return nil, err
	}
	republished, err := republish(ctx, d.bus, d.store, time.Now(), log)
	d.metrics.AnswersRepublished(republished)
	if err != nil {
		return nil, err
	}
	stop, err := d.serve()
	if err != nil {
		return nil, err
	}
	d.life.add("services", stop)
	d.openPages()
	return d, nil
}

// build makes the parts that work on the open books.
func (d *Daemon) build(desk *clearing.Desk) {
	cutoff := clearing.Cutoff(d.cfg.CutOff)
	manual := d.cfg.BusinessDay == config.Manual
	d.intake = intake.New(intake.Options{
		Store: d.store, Desk: desk, Cutoff: cutoff, Manual: manual,
		BatchMax: d.cfg.Batch.MaxClaims, Observe: d.observe,
	})
	d.registry = d.newRegistry()
	d.statements = d.newStatements()
	d.outbox = newOutbox(d.bus)
	d.plansLoaded(desk)
	d.evening = d.newEvening(d.calendar)
	d.night = night.New(night.Options{
		Evening: d.evening, Unmatched: d.unmatched,
		Store: d.store, Streams: d.treatments, Dir: d.cfg.ReportDir(), Pseudonyms: d.pseudonyms,
		PlanSet: func() [32]byte { return d.intake.Desk().Plans.Hash() },
		CutOff:  d.cfg.CutOff.String(), Mode: string(d.cfg.BusinessDay), Demo: d.cfg.Report.DemoLabel,
	})
	d.closing = &closing{
		store: d.store, cutoff: cutoff, manual: manual, night: d.closeNight, log: d.log,
		streams: make(map[ledger.Province]func(context.Context) (uint64, time.Time, error)),
		stated: func(ctx context.Context) (uint64, error) {
			state, err := d.bus.StatementsState(ctx)
			return state.Last, err
		},
		onLeap: d.metrics.SetClockLeap,
		onHold: d.clockHeld,
	}
	for _, stream := range d.treatments {
		d.closing.streams[stream] = func(ctx context.Context) (uint64, time.Time, error) {
			state, err := d.bus.ClaimsState(ctx, stream)
			return state.Last, state.LastTime, err
		}
	}
}

// Run takes claims until ctx ends, and then stops taking them, finishes the open
// transaction and hands out what answers it can. The error says why it could not go
// on; nil when it was asked to stop.
func (d *Daemon) Run(ctx context.Context) error {
	if d.store == nil {
		d.notify.Ready("intake only: the books failed their check")
		d.watch(ctx)
		return nil
	}
	// Stopping goes with the flow: followers first, then the committer, then the outbox.
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	publishing, stopPublishing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopPublishing()

	failed := make(chan error, 1)
	fail := func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			select {
			case failed <- err:
				stopFollowing()
			default:
			}
		}
	}
	d.closing.stopWith(following)
	batches := make(chan []intake.Item)
	var followers, others, committer, outboxDone sync.WaitGroup
	for _, stream := range d.treatments {
		followers.Go(func() { fail(d.follow(following, stream, batches)) })
	}
	others.Go(func() { fail(d.closing.run(following)) })
	others.Go(func() { fail(d.followRegistry(following)) })
	others.Go(func() { fail(d.followStatements(following)) })
	others.Go(func() { fail(d.answerStatements(following)) })
	others.Go(func() { d.watch(following) })
	others.Go(func() { d.archiving(following) })
	committer.Go(func() {
		fail(d.intake.Run(publishing, batches, d.publish(publishing)))
		stopFollowing()
	})
	outboxDone.Go(func() { fail(d.outbox.run(publishing)) })

	d.ready.OK(conditionIntake)
	d.notify.Ready("taking claims")
	<-following.Done()
	d.ready.Fail(conditionIntake, "stopping")
	d.notify.Stopping("finishing what is open")
	others.Wait()
	drained := make(chan struct{})
	go func() {
		followers.Wait()
		close(batches)
		committer.Wait()
		close(d.outbox.waiting)
		outboxDone.Wait()
		close(drained)
	}()
	select {
	case <-drained:
	case <-time.After(drainTimeout):
		stopPublishing() // what is left unpublished goes out at the next start
		<-drained
	}
	select {
	case err := <-failed:
		return runError(err)
	default:
		return nil
	}
}

// drainTimeout bounds how long a stopping daemon waits for the broker to take the
// last answers.
const drainTimeout = 8 * time.Second

// Close stops what New started. It may be called again.
func (d *Daemon) Close() error { return d.life.unwind() }

// Reload reads the plans again and puts them in force between two transactions. Plans
// that do not pass leave the old ones in force.
func (d *Daemon) Reload(context.Context) error {
	if d.store == nil {
		return errIntakeOnly
	}
	d.notify.Reloading()
	defer d.notify.Ready("taking claims")
	desk, err := d.newDesk()
	if err == nil {
		err = d.keepPlans(desk)
	}
	if err != nil {
		d.metrics.PlansKept()
		return err
	}
	d.intake.SetDesk(desk)
	d.plansLoaded(desk)
	return nil
}

// runError gives what ended Run the sentinel that decides the exit code.
func runError(err error) error {
	var gap bus.ErrGap
	switch {
	case errors.Is(err, store.ErrCommit):
		return fmt.Errorf("%w: %w", ErrCommit, err)
	case errors.Is(err, bus.ErrRegressed), errors.As(err, &gap):
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return err
}
