package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// statements is the one consumer of the STATEMENTS stream, and the one who answers them.
type statements struct {
	*intake.Statements
	wake chan struct{} // something may have come due

	mu   sync.Mutex // guards what follows: sums of the open day, read on from time to time
	open *clearing.DaySums
	day  ledger.Day
	last uint64 // last record in open
}

func (d *Daemon) newStatements() *statements {
	s := &statements{wake: make(chan struct{}, 1)}
	s.Statements = intake.NewStatements(intake.StatementsOptions{
		Store: d.store, Desk: d.intake.Desk, Observe: d.observeStatement,
		Fetch: func(ctx context.Context, sequence uint64) ([]byte, error) {
			body, ok, err := d.bus.StoredStatement(ctx, sequence)
			if err == nil && !ok {
				err = intake.ErrGone
			}
			return body, err
		},
	})
	return s
}

// due wakes whoever answers statements.
func (s *statements) due() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// adoptStatements gives the STATEMENTS stream its place in the books, as adoptRegistry does.
func (d *Daemon) adoptStatements(ctx context.Context) error {
	state, err := d.bus.StatementsState(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	err = d.store.Update(func(tx *store.Tx) error {
		at, err := tx.Position(store.StatementsStream)
		if err != nil {
			return err
		}
		created := state.Created.UnixNano()
		switch {
		case at == clearing.Position{}:
			at.Created = created
		case at.Created != created || state.Last < at.Sequence:
			return fmt.Errorf("%w: %w: %s was made %s and ends at %d; the books have read %d",
				ErrStorage, errForeignStream, bus.StatementsStream, state.Created.Format(time.DateTime), state.Last, at.Sequence)
		}
		if state.First > at.Sequence+1 { // statements age out of their stream after 400 days
			d.log.Warn("statements were dropped by the broker before they were read", zap.Uint64("from", at.Sequence+1), zap.Uint64("to", state.First-1))
			at.Sequence = state.First - 1
		}
		tx.SetPosition(store.StatementsStream, at)
		return nil
	})
	return d.storeError(err)
}

// followStatements takes statements in until ctx ends. One that is large takes its time
// here; claims go on beside it.
func (d *Daemon) followStatements(ctx context.Context) error {
	var at clearing.Position
	err := d.store.View(func(tx *store.Tx) (err error) {
		at, err = tx.Position(store.StatementsStream)
		return err
	})
	if err != nil {
		return err
	}
	return d.bus.FollowStatements(ctx, at.Sequence, func(messages []provinces.StatementMessage) error {
		if err := d.waitToBook(ctx); err != nil {
			return err
		}
		if err := d.statements.Commit(ctx, messages); err != nil {
			return d.storeError(err)
		}
		d.statements.due()
		return nil
	})
}

// statementsLook is how often somebody looks for results that can be made now, besides
// when a statement came.
const statementsLook = time.Second

// answerStatements publishes results until ctx ends.
func (d *Daemon) answerStatements(ctx context.Context) error {
	tick := time.NewTicker(statementsLook)
	defer tick.Stop()
	for {
		n, err := d.statements.Answer(ctx, d.bus.PublishAnswers)
		if err != nil && ctx.Err() == nil {
			return d.storeError(err)
		}
		d.metrics.StatementsAnswered(n)
		select {
		case <-ctx.Done():
			return nil
		case <-d.statements.wake:
		case <-tick.C:
		}
	}
}

// observeStatement counts and logs what was refused: place and code, never a value.
func (d *Daemon) observeStatement(e intake.StatementEvent) {
	switch {
	case e.Fault != nil:
		d.log.Error("a statement failed by our own fault", zap.Error(e.Fault))
	case e.Stranger != nil:
		d.metrics.StatementTaken(provinces.StatementRefused)
		d.log.Warn("a message of a statement is refused", zap.String("party", e.Stranger.Party.Key()), zap.String("statement", e.Stranger.ID),
			zap.Int("part", e.Stranger.Part), zap.Uint64("sequence", e.Stranger.Sequence), zap.Int("code", int(e.Stranger.Code)))
	default:
		d.metrics.StatementTaken(e.Decided.Outcome)
		if e.Decided.Outcome != provinces.StatementRefused {
			return
		}
		fields := make([]string, len(e.Decided.Errors))
		for i, f := range e.Decided.Errors {
			fields[i] = f.Field
		}
		d.log.Warn("a statement is refused", zap.String("party", e.Decided.Party.Key()), zap.String("statement", e.Decided.ID),
			zap.Uint64("number", e.Decided.Number), zap.Int("code", int(e.Decided.Code)),
			zap.String("reason", e.Decided.Code.Text().Name), zap.Strings("places", fields))
	}
}

// errNotClosed: a row result is asked for before it can be made.
var errNotClosed = errors.New("the statement has no row result: it is not applied, has no rows, or its days are not closed")
